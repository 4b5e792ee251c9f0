//! `gnt-instance add`, `batch-create` and `remove`: making instances, and removing them.

use serde_json::{Map, Value};

use crate::allocator::external::DEFAULT;
use crate::limits::{DEFINITION_BYTES, JOB_FILE_BYTES, parse_json};
use crate::opcodes::{ErrorCode, InstanceCreate, InstanceRemove, NewDisk, OpError, Opcode};
use crate::queue::Client;

use super::args::instance::{AddArgs, BatchCreateArgs, RemoveArgs};
use super::context::Context;
use super::definition;
use super::exit::ExitCode;
use super::input;
use super::instance::{ask, one};
use super::names;
use super::operation::{self, Texts};
use super::problem::{Problem, Result};
use super::values::{DiskArg, IdentKeyVals, KeyVal};

/// `gnt-instance add`.
pub(super) fn add(args: AddArgs, cx: &mut Context) -> Result<ExitCode> {
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

/// `gnt-instance batch-create`.
pub(super) fn batch_create(args: &BatchCreateArgs, cx: &mut Context) -> Result<ExitCode> {
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

/// `gnt-instance remove`.
pub(super) fn remove(args: RemoveArgs, cx: &mut Context) -> Result<ExitCode> {
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
