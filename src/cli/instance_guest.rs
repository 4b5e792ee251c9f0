//! `gnt-instance adopt` and `gnt-instance forget`: guests that come into the cluster and leave it.

use serde_json::Value;

use crate::opcodes::{InstanceAdopt, InstanceForget};

use super::args::instance::{AdoptArgs, ForgetArgs};
use super::context::Context;
use super::exit::ExitCode;
use super::names;
use super::operation::{self, Operation};
use super::problem::Result;
use super::prompt::confirm;

/// `gnt-instance adopt`.
pub(super) fn adopt(args: AdoptArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().hosts()?;
    let node = names::node(&config, &args.node)?;
    let dry_run = args.submit.dry_run;
    let op = InstanceAdopt {
        node_name: node.name.clone(),
        node_uuid: Some(node.uuid.to_string()),
        domains: args.domains,
        all: args.all,
        keep_autostart: args.keep_autostart,
    };
    let operation = Operation::of(op);
    let options = args.submit.into();
    let (exit, results) = operation::run_for_results(cx, &client, &options, operation)?;
    let verb = if dry_run { "Would adopt" } else { "Adopted" };
    let mut all_move = true;
    for result in &results {
        for guest in list(result, "adopted") {
            all_move &= guest.get("moves").and_then(Value::as_bool) == Some(true);
            cx.printer.deed(&format!("{verb} {}", described(guest)))?;
        }
        for pair in list(result, "skipped") {
            let text = |place| pair.get(place).and_then(Value::as_str).unwrap_or_default();
            cx.printer
                .deed(&format!("Left alone {}: {}", text(0), text(1)))?;
        }
    }
    cx.printer.flush()?;
    if !all_move {
        cx.printer.say(
            "hint: gnt-cluster modify --shared-path PATH declares what every node sees; with the next gnt-cluster verify \
             guests whose disks are there can move",
        );
    }
    Ok(exit)
}

fn list<'a>(result: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let list = result.get(key).and_then(Value::as_array);
    list.into_iter().flatten()
}

/// A guest in words.
fn described(guest: &Value) -> String {
    let text = |key: &str| match guest.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let is = |key: &str| guest.get(key).and_then(Value::as_bool) == Some(true);
    let mut parts = vec![
        if is("runs") { "running" } else { "stopped" }.to_owned(),
        format!("{} MiB", text("memory")),
        match text("vcpus").as_str() {
            "1" => "1 VCPU".to_owned(),
            several => format!("{several} VCPUs"),
        },
        text("disk_template"),
    ];
    if !is("moves") {
        parts.push("cannot move".to_owned());
    }
    if is("autostart") {
        parts.push("autostart off from now on".to_owned());
    }
    format!("{}: {}", text("name"), parts.join(", "))
}

/// `gnt-instance forget`.
pub(super) fn forget(args: ForgetArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let op = match names::instance(&config, &args.instance) {
        Ok(instance) => InstanceForget {
            instance_name: instance.name.clone(),
            instance_uuid: Some(instance.uuid.to_string()),
        },
        Err(_) if operation::is_submitted(&client, args.submit.request_id.as_deref())? => {
            InstanceForget {
                instance_name: args.instance.clone(),
                instance_uuid: None,
            }
        }
        Err(problem) => return Err(problem),
    };
    if !args.force.force && !args.submit.dry_run {
        confirm(&format!(
            "Cluster {}: forget instance {}? Its guest stays as it is.",
            config.name(),
            op.instance_name
        ))?;
    }
    let operation = Operation::of(op);
    operation::run(cx, &client, &args.submit.into(), operation)
}
