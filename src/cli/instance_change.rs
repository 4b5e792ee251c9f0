//! The commands of `gnt-instance` that change an instance where it is.

use serde_json::Value;

use crate::cluster::Config;
use crate::opcodes::{InstanceRename, InstanceSetParams};

use super::args::instance_change::{ModifyArgs, RenameArgs};
use super::context::Context;
use super::exit::ExitCode;
use super::fields;
use super::left_out;
use super::names;
use super::operation::{self, Operation};
use super::problem::{Problem, Result};
use super::values::KeyVals;

/// What `modify` says after it: an instance that runs has what it was started with.
const LATER: &str = "note: most parameters count from the next start of the instance on; a reboot from inside it is none";

/// Whether a result tells of a parameter with which a virtual machine is started.
fn counts_later(result: &Value) -> bool {
    let later = |name: &str| {
        ["be/", "hv/", "os"]
            .iter()
            .any(|kind| name.starts_with(kind))
    };
    let changes = result.as_array().into_iter().flatten();
    let mut names = changes.filter_map(|change| change.get(0)?.as_str());
    names.any(later)
}

/// `gnt-instance modify`.
pub(super) fn modify(args: ModifyArgs, cx: &mut Context) -> Result<ExitCode> {
    if let Some((option, instead)) = args.left_out.given() {
        return Err(left_out::option(&cx.command, option, instead));
    }
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let runs = Config::uses_memory(instance);
    let parameters =
        |given: Option<KeyVals>| given.map(|given| given.to_json()).unwrap_or_default();
    let op = InstanceSetParams {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        force: args.force.force,
        ignore_ipolicy: args.ignore_ipolicy,
        disks: args.disks,
        beparams: args
            .backend_parameters
            .map(|given| given.0)
            .unwrap_or_default(),
        hvparams: parameters(args.hypervisor_parameters),
        osparams: parameters(args.os_parameters),
        os_name: args.os_type,
        wait_for_sync: !args.no_wait_for_sync,
        offline: match (args.offline, args.online) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        },
    };
    if op.changes_nothing() {
        return Err(Problem::input("nothing to change was given")
            .hint("gnt-instance modify -h shows what can be changed")
            .exit(ExitCode::Usage));
    }
    let operation = Operation {
        names: vec![instance.name.clone()],
        ..Operation::of(op)
    };
    let options = args.submit.into();
    let (exit, results) = operation::run_for_results(cx, &client, &options, operation)?;
    fields::print_modified(cx, &format!("instance {}", instance.name), &results)?;
    if runs && results.iter().any(counts_later) {
        cx.printer.say(LATER);
    }
    Ok(exit)
}

/// `gnt-instance rename`.
pub(super) fn rename(args: RenameArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let (old, uuid) = match names::instance(&config, &args.instance) {
        Ok(instance) => (instance.name.clone(), Some(instance.uuid.to_string())),
        // It may have another name by now.
        Err(_) if operation::is_submitted(&client, args.submit.request_id.as_deref())? => {
            (args.instance, None)
        }
        Err(problem) => return Err(problem),
    };
    let op = InstanceRename {
        instance_name: old.clone(),
        instance_uuid: uuid,
        new_name: args.new_name,
    };
    let operation = Operation {
        names: vec![old.clone()],
        ..Operation::of(op)
    };
    let options = args.submit.into();
    let (exit, results) = operation::run_for_results(cx, &client, &options, operation)?;
    if let Some(new) = results.first().and_then(Value::as_str) {
        let text = format!("Instance '{old}' was renamed to '{new}'");
        cx.printer.deed(&text)?;
        cx.printer.flush()?;
    }
    Ok(exit)
}
