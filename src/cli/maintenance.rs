//! `gnt-node maintenance`: nodes that are emptied for a while, and their way back.

use std::sync::{Arc, LazyLock};

use crate::cluster::{Config, Node, NodeUuid, Places};
use crate::opcodes::{NodeMaintenanceEnter, NodeRestore, Op, Opcode};
use crate::queue::Client;

use super::args::common::ListArgs;
use super::args::maintenance::{EnterArgs, LeaveArgs, MaintenanceCommand};
use super::context::Context;
use super::document::Document;
use super::exit::ExitCode;
use super::fields::field;
use super::names;
use super::operation::{self, Operation, SubmitOptions, Texts};
use super::problem::Result;
use super::prompt::confirm;
use super::table::{self, Cell, Field};

/// The command.
pub(super) fn run(command: MaintenanceCommand, cx: &mut Context) -> Result<ExitCode> {
    match command {
        MaintenanceCommand::Enter(args) => enter(args, cx),
        MaintenanceCommand::Leave(args) => leave(args, cx),
        MaintenanceCommand::Status(args) => status(args, cx),
    }
}

/// What is said of nodes that are entered.
const ENTERED: Texts = Texts {
    done: |_| Some("Nothing is left there: in maintenance.".to_owned()),
    errors: |_, _| Some("Not everything has left. The same line again goes on.".to_owned()),
    nothing: |ops| Some(format!("{} is empty: in maintenance.", subject(ops))),
};

/// What is said of nodes that are left.
const LEFT: Texts = Texts {
    done: |_| Some("In use again, and home is what nobody has moved since.".to_owned()),
    errors: |_, _| {
        Some("In use again, but not everything is home. The same line again goes on.".to_owned())
    },
    nothing: |ops| {
        let node = subject(ops);
        Some(match ops.iter().all(restores) {
            true => format!("{node} is in use; there was nothing to bring home."),
            false => format!("{node} is in use; what was there stays where it is."),
        })
    },
};

fn restores(op: &Opcode) -> bool {
    !matches!(&op.op, Op::NodeRestore(op) if !op.restore)
}

fn subject(ops: &[Opcode]) -> String {
    let op = ops.first();
    op.and_then(|op| op.op.subject()).unwrap_or_default()
}

/// Nodes by their names, each once.
fn named<'a>(config: &'a Config, given: &[String]) -> Result<Vec<&'a Arc<Node>>> {
    let mut nodes: Vec<&Arc<Node>> = vec![];
    for name in given {
        let node = names::node(config, name)?;
        if nodes.iter().all(|known| known.uuid != node.uuid) {
            nodes.push(node);
        }
    }
    Ok(nodes)
}

/// Whether an instance has both its nodes among these: it can only go to the other one first.
fn share_instances(config: &Config, nodes: &[&Arc<Node>]) -> bool {
    let entered = |uuid: &NodeUuid| nodes.iter().any(|node| node.uuid == *uuid);
    let both = |node: &&Arc<Node>| {
        let mut instances = config.primaries(&node.uuid);
        instances.any(|instance| config.secondary(instance).is_some_and(entered))
    };
    nodes.iter().any(both)
}

fn list(nodes: &[&Arc<Node>]) -> String {
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    names.join(", ")
}

fn enter(args: EnterArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let nodes = named(&config, &args.nodes)?;
    if !args.operation.force.force && !args.submit.dry_run {
        let count = |node: &&Arc<Node>| {
            config.primaries(&node.uuid).count() + config.secondaries(&node.uuid).count()
        };
        let instances: usize = nodes.iter().map(count).sum();
        confirm(&format!(
            "Cluster {}: take {} into maintenance ({instances} instances and copies leave)?",
            config.name(),
            list(&nodes)
        ))?;
    }
    let shared = share_instances(&config, &nodes);
    if shared && !args.one_at_a_time {
        cx.printer
            .say("Instances go from one of them to the other: one node at a time.");
    }
    let in_turn = shared || args.one_at_a_time;
    let beside = |node: &Node| {
        let others = nodes.iter().filter(|other| other.uuid != node.uuid);
        others.map(|other| other.name.clone()).collect()
    };
    let deadline = args.operation.deadline.fixed();
    let op = |node: &Node| NodeMaintenanceEnter {
        node_name: node.name.clone(),
        node_uuid: Some(node.uuid.to_string()),
        beside: if in_turn { vec![] } else { beside(node) },
        iallocator: args.iallocator.clone(),
        early_release: args.early_release,
        ignore_soft_errors: args.operation.ignore_soft_errors,
        keep_redundancy: args.min_free.is_some(),
        allow_partial: args.operation.allow_partial,
        migration: args.migration.terms(),
        parallel: args.operation.parallel,
    };
    // Of one moment, however many they are and whenever they are submitted.
    let ops = nodes.iter().map(|node| (&***node, deadline.of(op(node))));
    let ops: Vec<(&Node, Opcode)> = ops.collect();
    let options: SubmitOptions = args.submit.into();
    match in_turn {
        true => one_by_one(cx, &client, &options, ops, ENTERED, Bad::Stop),
        false => at_once(cx, &client, &options, ops, ENTERED),
    }
}

fn leave(args: LeaveArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let nodes = named(&config, &args.nodes)?;
    if !args.force.force && !args.submit.dry_run {
        let what = match args.no_restore {
            true => "what was there stays away",
            false => "what was there comes home",
        };
        confirm(&format!(
            "Cluster {}: take {} into use again ({what})?",
            config.name(),
            list(&nodes)
        ))?;
    }
    let deadline = args.deadline.fixed();
    let op = |node: &Node| NodeRestore {
        node_name: node.name.clone(),
        node_uuid: Some(node.uuid.to_string()),
        restore: !args.no_restore,
        early_release: args.early_release,
        migration: args.migration.terms(),
        parallel: args.parallel,
    };
    // The last one that was entered is the first to come back: what went from one of them to the other
    // goes the way back.
    let mut nodes = nodes;
    nodes.sort_by_key(|node| std::cmp::Reverse(node.remembered_since()));
    let ops = nodes.iter().map(|node| (&***node, deadline.of(op(node))));
    one_by_one(
        cx,
        &client,
        &args.submit.into(),
        ops.collect(),
        LEFT,
        Bad::GoOn,
    )
}

/// What happens to the nodes after one that did not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bad {
    /// Nothing.
    Stop,
    /// What would have happened to them.
    GoOn,
}

/// A job for each node.
fn at_once(
    cx: &mut Context,
    client: &Client,
    options: &SubmitOptions,
    ops: Vec<(&Node, Opcode)>,
    texts: Texts,
) -> Result<ExitCode> {
    let (nodes, ops): (Vec<&Node>, Vec<Opcode>) = ops.into_iter().unzip();
    let names = match nodes.len() {
        1 => vec![],
        _ => nodes.iter().map(|node| node.name.clone()).collect(),
    };
    let operation = Operation {
        jobs: ops.into_iter().map(|op| vec![op]).collect(),
        names,
        texts,
    };
    operation::run(cx, client, options, operation)
}

/// One node after the other, with one document.
fn one_by_one(
    cx: &mut Context,
    client: &Client,
    options: &SubmitOptions,
    ops: Vec<(&Node, Opcode)>,
    texts: Texts,
    bad: Bad,
) -> Result<ExitCode> {
    if ops.len() == 1 || !cx.printer.json {
        return each(cx, client, options, ops, texts, bad);
    }
    cx.printer.keep();
    let end = each(cx, client, options, ops, texts, bad);
    let parts = cx.printer.kept();
    let code = end?;
    let document = Document::of_several(&cx.command, code.number(), parts);
    cx.printer.end(&document)?;
    Ok(code)
}

/// One node after the other. Those that are done already have nothing to do: the same line goes on where
/// it stopped.
fn each(
    cx: &mut Context,
    client: &Client,
    options: &SubmitOptions,
    ops: Vec<(&Node, Opcode)>,
    texts: Texts,
    bad: Bad,
) -> Result<ExitCode> {
    let several = ops.len() > 1;
    let mut worst = ExitCode::Done;
    for (node, op) in ops {
        let request = options.request_id.as_ref().map(|id| match several {
            true => format!("{id}/{}", node.name),
            false => id.clone(),
        });
        let options = SubmitOptions {
            request_id: request,
            ..options.clone()
        };
        let code = at_once(cx, client, &options, vec![(node, op)], texts)?;
        if code != ExitCode::Done {
            worst = code;
            let goes_on = matches!(code, ExitCode::Failed | ExitCode::Partial);
            if bad == Bad::Stop || !goes_on {
                break;
            }
        }
    }
    Ok(worst)
}

/// A node in maintenance, or one that waits for what is not home since.
struct Row {
    config: Config,
    node: Arc<Node>,
}

impl Row {
    fn state(&self) -> &'static str {
        match self.node.maintenance {
            Some(_) => "maintenance",
            None => "in use",
        }
    }

    /// Instances and copies that are still there.
    fn left(&self) -> usize {
        let node = &self.node.uuid;
        self.config.primaries(node).count() + self.config.secondaries(node).count()
    }

    /// Names of those that are not where they were.
    fn away(&self) -> Vec<String> {
        let away = self.node.homes().iter().filter_map(|home| {
            let instance = self.config.instances.get(&home.instance)?;
            let is_home = home.is_at(&Places::of(&self.config, instance));
            (!is_home).then(|| instance.name.clone())
        });
        away.collect()
    }
}

static FIELDS: LazyLock<[Field<Row>; 7]> = LazyLock::new(|| {
    [
        field!("name", "Node", Name, "Its name", |r| Cell::Text(
            r.node.name.clone()
        )),
        field!(
            "since",
            "Since",
            Time,
            "When it was entered, or left if it is in use",
            |r| Cell::time_or_unavailable(r.node.remembered_since())
        ),
        field!(
            "empty",
            "Empty",
            Bool,
            "Whether nothing is left on it",
            |r| Cell::Bool(r.left() == 0)
        ),
        field!(
            "left",
            "Left",
            Number,
            "Instances and copies that are still there",
            |r| Cell::Number(i64::try_from(r.left()).unwrap_or(i64::MAX))
        ),
        field!(
            "away",
            "Away",
            Number,
            "Instances that are not where they were",
            |r| Cell::Number(i64::try_from(r.away().len()).unwrap_or(i64::MAX))
        ),
        field!("away_list", "AwayList", Text, "Their names", |r| {
            Cell::List(r.away())
        }),
        field!(
            "state",
            "State",
            Text,
            "\"maintenance\", or \"in use\" where something is not home yet",
            |r| Cell::Text(r.state().to_owned())
        ),
    ]
});

fn status(args: ListArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let rows: Vec<Row> = (config.nodes_by_name())
        .filter(|node| node.is_remembered())
        .map(|node| Row {
            config: config.clone(),
            node: Arc::clone(node),
        })
        .collect();
    let style = args.style(cx.verbose);
    let default = "name,since,empty,left,away,state";
    table::show(&mut cx.printer, &*FIELDS, default, &style, &rows)
}
