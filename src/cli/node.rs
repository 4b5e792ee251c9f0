//! `gnt-node`.

use serde_json::{Map, Value};

use crate::cluster::{Config, Node};
use crate::opcodes::{
    EvacMode, NodeAdd, NodeEvacuate, NodeFailover, NodeMigrate, NodeRemove, NodeSetParams, Op,
    Opcode, TagKind,
};
use crate::queue::Client;

use super::args::common::power_off;
use super::args::node::{
    AddArgs, EvacuateArgs, FailoverArgs, MigrateArgs, ModifyArgs, NodeCli, NodeCommand, RemoveArgs,
};
use super::context::Context;
use super::document::Summary;
use super::exit::ExitCode;
use super::fields;
use super::names;
use super::operation::{self, Operation, SubmitOptions, Texts};
use super::problem::Result;
use super::prompt::confirm;
use super::table;
use super::tags::{self, Change};
use super::values::KeyVals;

/// The tool's `main`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    super::main::<NodeCli>("gnt-node", |cli| &cli.global, run)
}

fn run(cli: NodeCli, cx: &mut Context) -> Result<ExitCode> {
    match cli.command {
        NodeCommand::Add(args) => add(args, cx),
        NodeCommand::Evacuate(args) => evacuate(args, cx),
        NodeCommand::Failover(args) => failover(args, cx),
        NodeCommand::Maintenance(command) => super::maintenance::run(command, cx),
        NodeCommand::Migrate(args) => migrate(args, cx),
        NodeCommand::Info(args) => fields::node::info(cx, &args.nodes),
        NodeCommand::List(args) => fields::list::<fields::node::Row>(cx, args.nodes, args.list),
        NodeCommand::ListFields(args) => {
            let style = args.style();
            table::list_fields(&mut cx.printer, &fields::node::FIELDS, &args.fields, &style)
        }
        NodeCommand::Modify(args) => modify(args, cx),
        NodeCommand::Remove(args) => remove(args, cx),
        NodeCommand::ListTags(args) => tags::list(cx, TagKind::Node, &args),
        NodeCommand::AddTags(args) => tags::change(cx, TagKind::Node, args, Change::Add),
        NodeCommand::RemoveTags(args) => tags::change(cx, TagKind::Node, args, Change::Remove),
    }
}

/// One opcode and how it is told.
fn submit(
    cx: &mut Context,
    client: &Client,
    options: impl Into<SubmitOptions>,
    op: impl Into<Opcode>,
    texts: Texts,
) -> Result<ExitCode> {
    let operation = Operation {
        texts,
        ..Operation::of(op)
    };
    operation::run(cx, client, &options.into(), operation)
}

/// The configuration; without instances unless somebody is asked about them.
fn config(client: &Client, asks: bool) -> Result<Config> {
    match asks {
        true => Ok(client.store().config()?),
        false => Ok(client.store().hosts()?),
    }
}

/// Asks before several instances move.
fn ask(config: &Config, verb: &str, node: &Node, mode: EvacMode) -> Result<()> {
    let primaries = config.primaries(&node.uuid).count();
    let secondaries = config.secondaries(&node.uuid).count();
    let what = match mode {
        EvacMode::PrimaryOnly => format!("{primaries} primary instances"),
        EvacMode::SecondaryOnly => format!("{secondaries} secondary instances"),
        EvacMode::All => format!("{primaries} primary and {secondaries} secondary instances"),
    };
    confirm(&format!(
        "Cluster {}: {verb} node {} ({what})?",
        config.name(),
        node.name
    ))
}

fn evacuate(args: EvacuateArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |_| Some("All instances evacuated successfully.".to_owned()),
        errors: |_, errors| Some(format!("There were {errors} errors during the evacuation.")),
        nothing: |ops| {
            let node = subject(ops);
            Some(format!(
                "No instances to evacuate on node(s) {node}, exiting."
            ))
        },
    };
    let client = cx.open()?;
    let asks = !args.operation.force.force && !args.submit.dry_run;
    let config = config(&client, asks)?;
    let node = names::node(&config, args.node())?;
    let mode = args.mode();
    let remote = args.new_secondary.as_deref();
    let remote = remote.map(|name| names::node(&config, name)).transpose()?;
    if asks {
        ask(&config, "evacuate", node, mode)?;
    }
    let op = NodeEvacuate {
        node_name: node.name.clone(),
        node_uuid: Some(node.uuid.to_string()),
        mode,
        remote_node: remote.map(|node| node.name.clone()),
        iallocator: args.iallocator,
        early_release: args.early_release,
        ignore_soft_errors: args.operation.ignore_soft_errors,
        allow_partial: args.operation.allow_partial,
        migration: args.migration.terms(),
        parallel: args.operation.parallel,
    };
    let op = args.operation.deadline.of(op);
    submit(cx, &client, args.submit, op, TEXTS)
}

fn failover(args: FailoverArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |summary| {
            let all = summary.succeeded;
            Some(format!("All {all} instance(s) failed over successfully."))
        },
        errors: |summary, errors| {
            let all = total(summary);
            Some(format!(
                "There were errors during the failover:\n{errors} error(s) out of {all} instance(s)."
            ))
        },
        nothing: |ops| Some(nothing(ops)),
    };
    let client = cx.open()?;
    let asks = !args.operation.force.force && !args.submit.dry_run;
    let config = config(&client, asks)?;
    let node = names::node(&config, &args.node)?;
    let target = target(&config, args.target_node.as_deref())?;
    if asks {
        ask(&config, "fail over", node, EvacMode::PrimaryOnly)?;
    }
    let op = NodeFailover {
        node_name: node.name.clone(),
        node_uuid: Some(node.uuid.to_string()),
        iallocator: args.iallocator,
        target_node: target,
        ignore_consistency: args.ignore_consistency,
        ignore_ipolicy: args.ignore_ipolicy,
        ignore_soft_errors: args.operation.ignore_soft_errors,
        shutdown_timeout: args.shutdown_timeout,
        power_off: power_off(args.i_confirm_power_off, args.operation.force),
        allow_partial: args.operation.allow_partial,
        parallel: args.operation.parallel,
    };
    let op = args.operation.deadline.of(op);
    submit(cx, &client, args.submit, op, TEXTS)
}

fn migrate(args: MigrateArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |_| Some("All instances migrated successfully.".to_owned()),
        errors: |_, errors| {
            Some(format!(
                "There were {errors} errors during the node migration."
            ))
        },
        nothing: |ops| Some(nothing(ops)),
    };
    let client = cx.open()?;
    let asks = !args.operation.force.force && !args.submit.dry_run;
    let config = config(&client, asks)?;
    let node = names::node(&config, &args.node)?;
    let target = target(&config, args.target_node.as_deref())?;
    if asks {
        ask(&config, "migrate", node, EvacMode::PrimaryOnly)?;
    }
    let op = NodeMigrate {
        node_name: node.name.clone(),
        node_uuid: Some(node.uuid.to_string()),
        mode: args.mode(),
        target_node: target,
        allow_runtime_changes: !args.no_runtime_changes,
        ignore_ipolicy: args.ignore_ipolicy,
        ignore_soft_errors: args.operation.ignore_soft_errors,
        iallocator: args.iallocator,
        allow_partial: args.operation.allow_partial,
        migration: args.migration.terms(),
        parallel: args.operation.parallel,
    };
    let op = args.operation.deadline.of(op);
    submit(cx, &client, args.submit, op, TEXTS)
}

fn target(config: &Config, name: Option<&str>) -> Result<Option<String>> {
    let node = name.map(|name| names::node(config, name)).transpose()?;
    Ok(node.map(|node| node.name.clone()))
}

fn total(summary: &Summary) -> usize {
    summary.submitted + summary.refused + summary.unmovable
}

fn subject(ops: &[Opcode]) -> String {
    ops.first()
        .and_then(|op| op.op.subject())
        .unwrap_or_default()
}

fn nothing(ops: &[Opcode]) -> String {
    format!("No primary instances on node {}, exiting.", subject(ops))
}

fn parameters(given: Option<KeyVals>) -> Map<String, Value> {
    given.map(|given| given.to_json()).unwrap_or_default()
}

fn add(args: AddArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let op = NodeAdd {
        node_name: args.node,
        primary_ip: args.primary_ip,
        secondary_ip: args.secondary_ip,
        readd: args.readd,
        group: args.node_group,
        master_capable: args.master_capable,
        vm_capable: args.vm_capable,
        capacity: args
            .capacity
            .map(|capacity| capacity.over(Default::default())),
        host: args.host.params(),
        ndparams: parameters(args.node_parameters),
    };
    submit(cx, &client, args.submit, op, Texts::SILENT)
}

fn modify(args: ModifyArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let node = names::node(&config, &args.node)?;
    if args.offline == Some(false) && node.offline && !args.force.force && !args.submit.dry_run {
        confirm(&format!(
            "Cluster {}: bring node {} back? Instances that were failed over must not run on it.",
            config.name(),
            node.name
        ))?;
    }
    let op = NodeSetParams {
        node_name: node.name.clone(),
        node_uuid: Some(node.uuid.to_string()),
        force: args.force.force,
        master_candidate: args.master_candidate,
        offline: args.offline,
        drained: args.drained,
        master_capable: args.master_capable,
        vm_capable: args.vm_capable,
        secondary_ip: args.secondary_ip,
        capacity: args.capacity.map(|change| change.over(node.capacity)),
        host: args.host.params(),
        ndparams: parameters(args.node_parameters),
    };
    let options: SubmitOptions = args.submit.into();
    let name = node.name.clone();
    let operation = Operation::of(Op::from(op));
    let (code, results) = operation::run_for_results(cx, &client, &options, operation)?;
    fields::print_modified(cx, &format!("node {name}"), &results)?;
    Ok(code)
}

fn remove(args: RemoveArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let op = match names::node(&config, &args.node) {
        Ok(node) => NodeRemove {
            node_name: node.name.clone(),
            node_uuid: Some(node.uuid.to_string()),
        },
        Err(_) if operation::is_submitted(&client, args.submit.request_id.as_deref())? => {
            NodeRemove {
                node_name: args.node.clone(),
                node_uuid: None,
            }
        }
        Err(problem) => return Err(problem),
    };
    submit(cx, &client, args.submit, op, Texts::SILENT)
}
