//! `gnt-instance`.

use serde_json::{Map, Value};

use crate::allocator::external::DEFAULT;
use crate::cluster::Config;
use crate::limits::{DEFINITION_BYTES, JOB_FILE_BYTES, parse_json};
use crate::opcodes::{
    ErrorCode, InstanceChangeGroup, InstanceCreate, InstanceFailover, InstanceMigrate,
    InstanceReboot, InstanceRemove, InstanceReplaceDisks, InstanceShutdown, InstanceStartup,
    NewDisk, OpError, Opcode, ReplaceMode, TagKind,
};
use crate::queue::Client;

use super::args::common::power_off;
use super::args::instance::{
    AddArgs, BatchCreateArgs, ChangeGroupArgs, FailoverArgs, InstanceCli, InstanceCommand,
    MigrateArgs, RebootArgs, RemoveArgs, ReplaceDisksArgs, ShutdownArgs, StartupArgs,
};
use super::args::select::SelectArgs;
use super::context::Context;
use super::definition;
use super::exit::ExitCode;
use super::fields;
use super::input;
use super::instance_change;
use super::instance_disks;
use super::instance_guest;
use super::left_out;
use super::names;
use super::operation::{self, Operation, SubmitOptions, Texts};
use super::problem::{Problem, Result};
use super::prompt::confirm;
use super::select::selected;
use super::table;
use super::tags::{self, Change};
use super::values::{DiskArg, IdentKeyVals, KeyVal};

/// The tool's `main`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    super::main::<InstanceCli>("gnt-instance", |cli| &cli.global, run)
}

fn run(cli: InstanceCli, cx: &mut Context) -> Result<ExitCode> {
    match cli.command {
        InstanceCommand::Add(args) => add(*args, cx),
        InstanceCommand::Adopt(args) => instance_guest::adopt(args, cx),
        InstanceCommand::Forget(args) => instance_guest::forget(args, cx),
        InstanceCommand::Remove(args) => remove(args, cx),
        InstanceCommand::Startup(args) => startup(args, cx),
        InstanceCommand::Shutdown(args) => shutdown(args, cx),
        InstanceCommand::Reboot(args) => reboot(args, cx),
        InstanceCommand::BatchCreate(args) => batch_create(&args, cx),
        InstanceCommand::ChangeGroup(args) => change_group(args, cx),
        InstanceCommand::Migrate(args) => migrate(args, cx),
        InstanceCommand::Failover(args) => failover(args, cx),
        InstanceCommand::ReplaceDisks(args) => replace_disks(args, cx),
        InstanceCommand::Info(args) => {
            if args.instances.is_empty() && !args.all {
                return Err(Problem::input("no instance is named")
                    .hint("gnt-instance info NAME…, or --all")
                    .exit(ExitCode::Failed));
            }
            fields::instance::info(cx, &args.instances)
        }
        InstanceCommand::List(args) => {
            fields::list::<fields::instance::Row>(cx, args.instances, args.list)
        }
        InstanceCommand::ListFields(args) => {
            let style = args.style();
            let known = &fields::instance::FIELDS;
            table::list_fields(&mut cx.printer, known, &args.fields, &style)
        }
        InstanceCommand::Modify(args) => instance_change::modify(*args, cx),
        InstanceCommand::Rename(args) => instance_change::rename(args, cx),
        InstanceCommand::Move(args) => instance_disks::relocate(args, cx),
        InstanceCommand::ActivateDisks(args) => instance_disks::activate(args, cx),
        InstanceCommand::DeactivateDisks(args) => instance_disks::deactivate(args, cx),
        InstanceCommand::RecreateDisks(args) => instance_disks::recreate(args, cx),
        InstanceCommand::GrowDisk(args) => instance_disks::grow(args, cx),
        InstanceCommand::ListTags(args) => tags::list(cx, TagKind::Instance, &args),
        InstanceCommand::AddTags(args) => tags::change(cx, TagKind::Instance, args, Change::Add),
        InstanceCommand::RemoveTags(args) => {
            tags::change(cx, TagKind::Instance, args, Change::Remove)
        }
    }
}

/// One opcode on one instance.
fn one(
    cx: &mut Context,
    client: &Client,
    options: impl Into<SubmitOptions>,
    op: impl Into<Opcode>,
    texts: Texts,
) -> Result<ExitCode> {
    let op: Opcode = op.into();
    let names = op.op.subject().into_iter().collect();
    let operation = Operation {
        jobs: vec![vec![op]],
        names,
        texts,
    };
    operation::run(cx, client, &options.into(), operation)
}

fn ask(config: &Config, force: bool, dry_run: bool, question: &str) -> Result<()> {
    match force || dry_run {
        true => Ok(()),
        false => confirm(&format!("Cluster {}: {question}", config.name())),
    }
}

fn node_name(config: &Config, name: Option<&str>) -> Result<Option<String>> {
    let node = name.map(|name| names::node(config, name)).transpose()?;
    Ok(node.map(|node| node.name.clone()))
}

// ------------------------------------------------------------- making, removing

fn add(args: AddArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let mut disks: Vec<DiskArg> = args.disks;
    disks.sort_by_key(|disk| disk.index);
    if let Some((place, disk)) = (disks.iter().enumerate()).find(|(n, d)| d.index as usize != *n) {
        let index = disk.index;
        return Err(
            Problem::input(format!("disk {index} is given, disk {place} is not"))
                .hint("number the disks from 0, each once"),
        );
    }
    let new = |disk: DiskArg| NewDisk {
        size: disk.size,
        mode: disk.mode.map(|mode| mode.to_string()),
        name: disk.name,
    };
    let one_disk = args.os_size.map(|size| NewDisk {
        size,
        mode: None,
        name: None,
    });
    let definition = match &args.definition {
        Some(file) => Some(input::read_text(file, DEFINITION_BYTES as u64)?),
        None if args.adopt_disk.is_empty() => None,
        None => {
            refuse_other_drivers(&client)?;
            let hypervisor = args.hypervisor_parameters.as_ref();
            let hypervisor = hypervisor.map(|given| given.ident.as_str());
            let text = definition::of_disks(hypervisor, &args.adopt_disk, &args.nets)?;
            Some(text)
        }
    };
    let (hypervisor, hvparams) = match args.hypervisor_parameters {
        // It stands in the definition.
        Some(_) if definition.is_some() => (None, Map::new()),
        Some(given) => (Some(given.ident.as_str().into()), given.values.to_json()),
        None => (None, Map::new()),
    };
    let nics = match (args.no_nics || definition.is_some(), args.nets.is_empty()) {
        (true, _) => vec![],
        // One that was noted before has those that were noted.
        (false, true) if args.commit => vec![],
        (false, true) => vec![Map::new()],
        (false, false) => args.nets.iter().map(nic).collect(),
    };
    let op = InstanceCreate {
        instance_name: args.instance.to_lowercase(),
        mode: Some("create".to_owned()),
        disks: disks.into_iter().map(new).chain(one_disk).collect(),
        nics,
        disk_template: args.disk_template,
        pnode: args.node.as_ref().map(|node| node.primary.clone()),
        snode: args.node.and_then(|node| node.secondary),
        iallocator: args.iallocator.filter(|name| name != DEFAULT),
        group_name: args.node_group,
        os_type: args.os_type,
        beparams: args.backend_parameters.map(|b| b.0).unwrap_or_default(),
        hvparams,
        hypervisor,
        start: !args.no_start,
        wait_for_sync: !args.no_wait_for_sync,
        ignore_ipolicy: args.ignore_ipolicy,
        tags: args.tags,
        osparams: args
            .os_parameters
            .map(|given| given.to_json())
            .unwrap_or_default(),
        definition,
        forthcoming: args.forthcoming,
        commit: args.commit,
        committed: None,
    };
    one(cx, &client, args.submit, op, Texts::SILENT)
}

/// Only of libvirt's guests it is known here what they are made of.
fn refuse_other_drivers(client: &Client) -> Result<()> {
    let driver = client.store().settings()?.driver;
    match driver == definition::DRIVER {
        true => Ok(()),
        false => Err(Problem::input(format!(
            "a guest of the driver {driver} cannot be made of a disk alone"
        ))
        .hint("--definition FILE says what it is made of")),
    }
}

fn batch_create(args: &BatchCreateArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |_| Some("All instances created successfully.".to_owned()),
        errors: |_, errors| Some(format!("There were {errors} errors during the creation.")),
        nothing: |_| None,
    };
    let text = input::read_text(&args.file, JOB_FILE_BYTES)?;
    let invalid = |what: String| {
        let message = format!("{}: {what}", args.file.display());
        Problem::new(OpError::prereq(ErrorCode::InvalidOpcode, message))
            .hint("it is a JSON list of instances, such as [{\"instance_name\": \"web1\", \"disk_template\": \"rbd\", \"disks\": [{\"size\": 1024}]}]")
    };
    let mut op = serde_json::json!({
        "OP_ID": "OP_INSTANCE_MULTI_ALLOC",
        "instances": parse_json(&text).map_err(invalid)?,
    });
    if let Some(name) = &args.iallocator {
        op["iallocator"] = name.as_str().into();
    }
    let op = Opcode::from_value(op).map_err(|error| invalid(error.to_string()))?;
    let client = cx.open()?;
    one(
        cx,
        &client,
        args.submit.clone(),
        args.deadline.of(op),
        TEXTS,
    )
}

fn nic(given: &IdentKeyVals) -> Map<String, Value> {
    let text = |value: &KeyVal| match value {
        KeyVal::Text(text) => Some(Value::from(text.clone())),
        KeyVal::Flag(flag) => Some(Value::from(*flag)),
        KeyVal::Reset => None,
    };
    let pairs = given.values.0.iter();
    pairs
        .filter_map(|(key, value)| Some((key.clone(), text(value)?)))
        .collect()
}

fn remove(args: RemoveArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let (instance_name, instance_uuid) = match names::instance(&config, &args.instance) {
        Ok(instance) => (instance.name.clone(), Some(instance.uuid.to_string())),
        Err(_) if operation::is_submitted(&client, args.submit.request_id.as_deref())? => {
            (args.instance.clone(), None)
        }
        Err(problem) => return Err(problem),
    };
    let real = config.nodes.values().any(|node| node.host.is_some());
    let question = match real && !args.delete_disks {
        true => format!("remove instance {instance_name}? Its disks stay."),
        false => format!("remove instance {instance_name} and its disks?"),
    };
    ask(&config, args.force.force, args.submit.dry_run, &question)?;
    let op = InstanceRemove {
        instance_name,
        instance_uuid,
        shutdown_timeout: args.shutdown_timeout,
        ignore_failures: args.ignore_failures,
        delete_disks: args.delete_disks,
    };
    one(cx, &client, args.submit, op, Texts::SILENT)
}

// ------------------------------------------------------------ running, several

/// One job an instance.
fn several(
    cx: &mut Context,
    options: SubmitOptions,
    select: &SelectArgs,
    verb: &str,
    op: impl Fn(String, String) -> Opcode,
) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let names = selected(&config, select)?;
    if names.is_empty() {
        cx.printer.verdict("There are no instances.")?;
        return Ok(ExitCode::Done);
    }
    let by_filter = select.all || select.tags || select.by_nodes().is_some();
    if (names.len() > 1 || by_filter) && !select.force_multiple && !options.dry_run {
        let list = names.join(", ");
        let count = names.len();
        confirm(&format!(
            "Cluster {}: {verb} {count} instances ({list})?",
            config.name()
        ))
        .map_err(|problem| match problem.error.hint {
            Some(_) => problem.hint("--force-multiple goes on without asking"),
            None => problem,
        })?;
    }
    let uuid = |name: &str| {
        let instance = config.instance_named(name);
        instance
            .map(|instance| instance.uuid.to_string())
            .unwrap_or_default()
    };
    let jobs = names
        .iter()
        .map(|name| vec![op(name.clone(), uuid(name))])
        .collect();
    let operation = Operation {
        jobs,
        names,
        texts: Texts::SILENT,
    };
    operation::run(cx, &client, &options, operation)
}

fn startup(args: StartupArgs, cx: &mut Context) -> Result<ExitCode> {
    if args.paused {
        let why = "a guest that stands still is let go on at its console, and there is none";
        return Err(left_out::option(&cx.command, "--paused", why));
    }
    let beparams = args.backend_parameters.map(|given| given.0);
    let beparams = beparams.unwrap_or_default();
    let hvparams = args.hypervisor_parameters.map(|given| given.to_json());
    let hvparams = hvparams.unwrap_or_default();
    let (force, ignore_offline) = (args.force.force, args.ignore_offline);
    let no_remember = args.no_remember;
    several(
        cx,
        args.submit.into(),
        &args.select,
        "start",
        |name, uuid| {
            InstanceStartup {
                instance_name: name,
                instance_uuid: Some(uuid),
                force,
                ignore_offline_nodes: ignore_offline,
                no_remember,
                beparams: beparams.clone(),
                hvparams: hvparams.clone(),
                only_if_up: false,
            }
            .into()
        },
    )
}

fn shutdown(args: ShutdownArgs, cx: &mut Context) -> Result<ExitCode> {
    let (force, ignore_offline) = (args.force.force, args.ignore_offline);
    let (no_remember, timeout) = (args.no_remember, args.shutdown_timeout);
    several(
        cx,
        args.submit.into(),
        &args.select,
        "stop",
        |name, uuid| {
            InstanceShutdown {
                instance_name: name,
                instance_uuid: Some(uuid),
                force,
                timeout,
                ignore_offline_nodes: ignore_offline,
                no_remember,
            }
            .into()
        },
    )
}

fn reboot(args: RebootArgs, cx: &mut Context) -> Result<ExitCode> {
    let (reboot_type, ignore_secondaries) = (args.reboot_type, args.ignore_secondaries);
    let shutdown_timeout = args.shutdown_timeout;
    several(
        cx,
        args.submit.into(),
        &args.select,
        "reboot",
        |name, uuid| {
            InstanceReboot {
                instance_name: name,
                instance_uuid: Some(uuid),
                reboot_type,
                ignore_secondaries,
                shutdown_timeout,
            }
            .into()
        },
    )
}

// --------------------------------------------------------------------- moving

fn migrate(args: MigrateArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let question = match args.cleanup {
        true => format!(
            "find out where instance {} is, and put it in order?",
            instance.name
        ),
        false => format!("migrate instance {}?", instance.name),
    };
    ask(&config, args.force.force, args.submit.dry_run, &question)?;
    let op = InstanceMigrate {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        mode: args.mode(),
        target_node: node_name(&config, args.target_node.as_deref())?,
        source_node: None,
        iallocator: args.iallocator.filter(|name| name != DEFAULT),
        allow_runtime_changes: !args.no_runtime_changes,
        ignore_ipolicy: args.ignore_ipolicy,
        cleanup: args.cleanup,
        allow_failover: args.allow_failover,
        ignore_hvversions: args.ignore_hvversions,
        migration: args.migration.terms(),
    };
    one(cx, &client, args.submit, op, Texts::SILENT)
}

fn failover(args: FailoverArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let question = format!(
        "fail instance {} over? It is stopped where it is and started on another node.",
        instance.name
    );
    ask(&config, args.force.force, args.submit.dry_run, &question)?;
    let op = InstanceFailover {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        shutdown_timeout: args.shutdown_timeout,
        ignore_consistency: args.ignore_consistency,
        target_node: node_name(&config, args.target_node.as_deref())?,
        source_node: None,
        iallocator: args.iallocator.filter(|name| name != DEFAULT),
        ignore_ipolicy: args.ignore_ipolicy,
        power_off: power_off(args.i_confirm_power_off, args.force),
    };
    one(cx, &client, args.submit, op, Texts::SILENT)
}

fn change_group(args: ChangeGroupArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |_| Some("The instance changed its group successfully.".to_owned()),
        errors: |_, errors| {
            Some(format!(
                "There were {errors} errors while changing its group."
            ))
        },
        nothing: |_| None,
    };
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let op = InstanceChangeGroup {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        early_release: args.early_release,
        iallocator: args.iallocator,
        target_groups: names::groups(&config, &args.to)?,
    };
    one(cx, &client, args.submit, args.deadline.of(op), TEXTS)
}

fn replace_disks(args: ReplaceDisksArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let mode = if args.on_primary {
        ReplaceMode::OnPrimary
    } else if args.on_secondary {
        ReplaceMode::OnSecondary
    } else if args.auto {
        ReplaceMode::Auto
    } else {
        ReplaceMode::NewSecondary
    };
    let op = InstanceReplaceDisks {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        mode,
        disks: args.disks,
        remote_node: node_name(&config, args.new_secondary.as_deref())?,
        source_node: None,
        vacate: false,
        iallocator: args.iallocator.filter(|name| name != DEFAULT),
        early_release: args.early_release,
        ignore_ipolicy: args.ignore_ipolicy,
    };
    one(cx, &client, args.submit, op, Texts::SILENT)
}
