//! `gnt-group`.

use crate::opcodes::{GroupAdd, GroupAssignNodes, GroupRemove, Opcode, TagKind};
use crate::queue::Client;

use super::args::group::{GroupCli, GroupCommand};
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
        GroupCommand::Info(args) => fields::group::info(cx, &args.groups),
        GroupCommand::List(args) => fields::group::list(cx, &args.groups, args.list),
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
        GroupCommand::ListTags(args) => tags::list(cx, TagKind::Group, &args),
        GroupCommand::AddTags(args) => tags::change(cx, TagKind::Group, args, Change::Add),
        GroupCommand::RemoveTags(args) => tags::change(cx, TagKind::Group, args, Change::Remove),
    }
}

fn submit(
    cx: &mut Context,
    client: &Client,
    options: impl Into<SubmitOptions>,
    op: impl Into<Opcode>,
) -> Result<ExitCode> {
    let operation = Operation {
        jobs: vec![vec![op.into()]],
        names: vec![],
        texts: Texts::SILENT,
    };
    operation::run(cx, client, &options.into(), operation)
}
