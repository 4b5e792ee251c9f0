//! `gnt-instance`.

use crate::cluster::Config;
use crate::opcodes::{InstanceReboot, InstanceShutdown, InstanceStartup, Opcode, TagKind};
use crate::queue::Client;

use super::args::instance::{InstanceCli, InstanceCommand, RebootArgs, ShutdownArgs, StartupArgs};
use super::args::select::SelectArgs;
use super::context::Context;
use super::exit::ExitCode;
use super::fields;
use super::instance_add;
use super::instance_change;
use super::instance_disks;
use super::instance_guest;
use super::instance_leave;
use super::left_out;
use super::names;
use super::operation::{self, Operation, SubmitOptions, Texts};
use super::problem::{Problem, Result};
use super::prompt::confirm;
use super::select::selected;
use super::table;
use super::tags::{self, Change};

/// The tool's `main`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    super::main::<InstanceCli>("gnt-instance", |cli| &cli.global, run)
}

fn run(cli: InstanceCli, cx: &mut Context) -> Result<ExitCode> {
    match cli.command {
        InstanceCommand::Add(args) => instance_add::add(*args, cx),
        InstanceCommand::Adopt(args) => instance_guest::adopt(args, cx),
        InstanceCommand::Forget(args) => instance_guest::forget(args, cx),
        InstanceCommand::Remove(args) => instance_add::remove(args, cx),
        InstanceCommand::Startup(args) => startup(args, cx),
        InstanceCommand::Shutdown(args) => shutdown(args, cx),
        InstanceCommand::Reboot(args) => reboot(args, cx),
        InstanceCommand::BatchCreate(args) => instance_add::batch_create(&args, cx),
        InstanceCommand::ChangeGroup(args) => instance_leave::change_group(args, cx),
        InstanceCommand::Migrate(args) => instance_leave::migrate(args, cx),
        InstanceCommand::Failover(args) => instance_leave::failover(args, cx),
        InstanceCommand::ReplaceDisks(args) => instance_leave::replace_disks(args, cx),
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
pub(super) fn one(
    cx: &mut Context,
    client: &Client,
    options: impl Into<SubmitOptions>,
    op: impl Into<Opcode>,
    texts: Texts,
) -> Result<ExitCode> {
    let op: Opcode = op.into();
    let names = op.op.subject().into_iter().collect();
    let operation = Operation {
        names,
        texts,
        ..Operation::of(op)
    };
    operation::run(cx, client, &options.into(), operation)
}

/// Asks about one instance, unless the answer is given or nothing is going to be done.
pub(super) fn ask(config: &Config, force: bool, dry_run: bool, question: &str) -> Result<()> {
    match force || dry_run {
        true => Ok(()),
        false => confirm(&format!("Cluster {}: {question}", config.name())),
    }
}

/// The whole name of a node, if one is given.
pub(super) fn node_name(config: &Config, name: Option<&str>) -> Result<Option<String>> {
    let node = name.map(|name| names::node(config, name)).transpose()?;
    Ok(node.map(|node| node.name.clone()))
}

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
