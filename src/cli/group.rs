//! `gnt-group`.

use crate::cluster::Config;
use crate::opcodes::{
    GroupAdd, GroupAssignNodes, GroupEvacuate, GroupRemove, GroupRename, GroupSetParams, Opcode,
    TagKind,
};
use crate::queue::Client;

use super::args::cluster_params::by_name;
use super::args::common::SubmitArgs;
use super::args::group::{EvacuateArgs, GroupCli, GroupCommand, ModifyArgs};
use super::context::Context;
use super::exit::ExitCode;
use super::fields;
use super::names;
use super::operation::{self, Operation, SubmitOptions, Texts};
use super::problem::Result;
use super::table;
use super::tags::{self, Change};

/// The tool's `main`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    super::main::<GroupCli>("gnt-group", |cli| &cli.global, run)
}

fn run(cli: GroupCli, cx: &mut Context) -> Result<ExitCode> {
    match cli.command {
        GroupCommand::Add(args) => {
            let client = cx.open()?;
            let op = GroupAdd {
                group_name: args.group,
                alloc_policy: args.alloc_policy.map(|policy| policy.word().to_owned()),
                ndparams: args
                    .node_parameters
                    .map(|given| given.to_json())
                    .unwrap_or_default(),
                ipolicy: args.policy.parts().unwrap_or_default(),
                diskparams: by_name(args.disk_parameters).unwrap_or_default(),
            };
            submit(cx, &client, args.submit, op)
        }
        GroupCommand::AssignNodes(args) => {
            let client = cx.open()?;
            let config = client.store().config()?;
            let group = names::group(&config, &args.group)?;
            let nodes = args.nodes.iter();
            let nodes = nodes.map(|name| Ok(names::node(&config, name)?.name.clone()));
            let op = GroupAssignNodes {
                group_name: group.name.clone(),
                nodes: nodes.collect::<Result<_>>()?,
                force: args.force.force,
            };
            submit(cx, &client, args.submit, op)
        }
        GroupCommand::Evacuate(args) => evacuate(args, cx),
        GroupCommand::Info(args) => fields::group::info(cx, &args.groups),
        GroupCommand::List(args) => fields::list::<fields::group::Row>(cx, args.groups, args.list),
        GroupCommand::ListFields(args) => {
            let style = args.style();
            table::list_fields(
                &mut cx.printer,
                &fields::group::FIELDS,
                &args.fields,
                &style,
            )
        }
        GroupCommand::Remove(args) => {
            let client = cx.open()?;
            let config = client.store().config()?;
            let op = GroupRemove {
                group_name: names::group(&config, &args.group)?.name.clone(),
            };
            submit(cx, &client, args.submit, op)
        }
        GroupCommand::Modify(args) => modify(args, cx),
        GroupCommand::Rename(args) => {
            let client = cx.open()?;
            let config = client.store().config()?;
            let group = known(&client, &config, &args.group, &args.submit)?;
            let op = GroupRename {
                group_name: group,
                new_name: args.new_name,
            };
            submit(cx, &client, args.submit, op)
        }
        GroupCommand::ShowIspecsCmd(args) => super::ispecs::of_group(&args, cx),
        GroupCommand::ListTags(args) => tags::list(cx, TagKind::Group, &args),
        GroupCommand::AddTags(args) => tags::change(cx, TagKind::Group, args, Change::Add),
        GroupCommand::RemoveTags(args) => tags::change(cx, TagKind::Group, args, Change::Remove),
    }
}

fn evacuate(args: EvacuateArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |_| Some("All instances evacuated successfully.".to_owned()),
        errors: |_, errors| Some(format!("There were {errors} errors during the evacuation.")),
        nothing: |ops| {
            let group = ops.first().and_then(|op| op.op.subject());
            let group = group.unwrap_or_default();
            Some(format!(
                "No instances to evacuate in group {group}, exiting."
            ))
        },
    };
    let client = cx.open()?;
    let config = client.store().hosts()?;
    let op = GroupEvacuate {
        group_name: names::group(&config, &args.group)?.name.clone(),
        early_release: args.early_release,
        iallocator: args.iallocator,
        target_groups: names::groups(&config, &args.to)?,
        sequential: args.sequential,
        force_failover: args.force_failover,
        allow_partial: args.allow_partial,
        parallel: args.parallel,
        migration: args.migration.terms(),
    };
    let operation = Operation {
        texts: TEXTS,
        ..Operation::of(args.deadline.of(op))
    };
    operation::run(cx, &client, &args.submit.into(), operation)
}

/// The name of a group in full; or as it was given, where the job was submitted before and may have
/// renamed it.
fn known(client: &Client, config: &Config, name: &str, submit: &SubmitArgs) -> Result<String> {
    match names::group(config, name) {
        Ok(group) => Ok(group.name.clone()),
        Err(_) if operation::is_submitted(client, submit.request_id.as_deref())? => {
            Ok(name.to_owned())
        }
        Err(problem) => Err(problem),
    }
}

fn modify(args: ModifyArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let name = names::group(&config, &args.group)?.name.clone();
    let op = GroupSetParams {
        group_name: name.clone(),
        alloc_policy: args.alloc_policy,
        ndparams: args.node_parameters.map(|given| given.to_json()),
        ipolicy: args.policy.parts(),
        diskparams: by_name(args.disk_parameters),
    };
    let operation = Operation::of(op);
    let (code, results) = operation::run_for_results(cx, &client, &args.submit.into(), operation)?;
    fields::print_modified(cx, &format!("node group {name}"), &results)?;
    Ok(code)
}

fn submit(
    cx: &mut Context,
    client: &Client,
    options: impl Into<SubmitOptions>,
    op: impl Into<Opcode>,
) -> Result<ExitCode> {
    let operation = Operation::of(op);
    operation::run(cx, client, &options.into(), operation)
}
