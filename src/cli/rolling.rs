//! `gnt-cluster rolling`: one node after the other is taken into maintenance, something is done to it,
//! and it comes back.
//!
//! How far it is stands in the database, written before each step: whoever starts the same line again
//! goes on with the step that was under way. The jobs of a step are submitted under a name, so that a
//! step that is begun again joins them; only the command may be run twice.

mod roller;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::now;
use crate::cluster::{Config, Node};
use crate::queue::Client;
use crate::signals;
use crate::store::{Duty, DutyLock};

use super::args::cluster::RollingArgs;
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::names;
use super::problem::{Problem, Result};
use super::prompt::confirm;
use super::table::{local_time, utc_time};
use roller::Roller;

/// How far a rolling maintenance is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rolling {
    /// When it began, in microseconds since 1970; the jobs of this one are known by it.
    begun: i64,
    /// What is run for each node.
    command: String,
    /// All its nodes, by name, in order.
    nodes: Vec<String>,
    /// How many of them are done.
    done: usize,
    /// What is under way with the next one.
    stage: Stage,
    /// How often the stage did not end well, so that its jobs have a name of their own when it is begun
    /// again.
    #[serde(default)]
    failed: u32,
}

/// What is done with one node, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    /// It is emptied.
    Enter,
    /// The command runs.
    Exec,
    /// It is to answer again.
    Back,
    /// It is taken into use again.
    Leave,
}

impl Stage {
    fn next(self) -> Option<Stage> {
        match self {
            Stage::Enter => Some(Stage::Exec),
            Stage::Exec => Some(Stage::Back),
            Stage::Back => Some(Stage::Leave),
            Stage::Leave => None,
        }
    }
}

impl Rolling {
    /// The node that is next.
    fn node(&self) -> Option<&str> {
        self.nodes.get(self.done).map(String::as_str)
    }

    /// The name under which the jobs of the present stage are submitted.
    fn request(&self, node: &str) -> String {
        let Rolling { begun, failed, .. } = self;
        let stage = match self.stage {
            Stage::Leave => "leave",
            _ => "enter",
        };
        format!("rolling-{begun}-{stage}-{node}-{failed}")
    }

    /// What programs are told.
    fn document(&self) -> Value {
        json!({"begun": utc_time(self.begun), "exec": self.command, "nodes": self.nodes,
            "done": self.done, "stage": self.stage})
    }

    /// The present stage ended well.
    fn step(&mut self) {
        self.failed = 0;
        match self.stage.next() {
            Some(next) => self.stage = next,
            None => {
                self.done += 1;
                self.stage = Stage::Enter;
            }
        }
    }
}

/// `gnt-cluster rolling`.
pub(super) fn run(args: RollingArgs, cx: &mut Context) -> Result<ExitCode> {
    signals::catch();
    let client = cx.open()?;
    let config = client.store().config()?;
    let Some(_lock) = DutyLock::try_take(client.store().dir(), Duty::Rolling)? else {
        return Err(
            Problem::input("another rolling maintenance is at work in this cluster")
                .exit(ExitCode::Failed)
                .hint("gnt-node maintenance status and gnt-job list show how far it is"),
        );
    };
    let rolling = begin(&client, &config, &args, cx)?;
    if args.dry_run {
        return tell_order(&rolling, cx);
    }
    if !args.force.force {
        confirm(&format!(
            "Cluster {}: take {} nodes into maintenance, one after the other, and run {:?} for each?",
            config.name(),
            rolling.nodes.len() - rolling.done,
            rolling.command
        ))?;
    }
    let mut roller = Roller::new(&client, &args, rolling);
    let code = roller.roll(cx)?;
    roller.conclude(code, cx)?;
    Ok(code)
}

/// One that goes on where it stopped, or a new one.
fn begin(
    client: &Client,
    config: &Config,
    args: &RollingArgs,
    cx: &mut Context,
) -> Result<Rolling> {
    let nodes = wanted(config, args)?;
    let known = client.store().rolling()?;
    let known: Option<Rolling> = known.and_then(|text| serde_json::from_str(&text).ok());
    if let Some(known) = known.filter(|_| !args.restart) {
        if known.command != args.command || (is_chosen(args) && known.nodes != nodes) {
            return Err(Problem::input(format!(
                "a rolling maintenance that was started with another line is not finished: {} of {} nodes are done",
                known.done,
                known.nodes.len()
            ))
            .exit(ExitCode::Failed)
            .hint(format!(
                "the same line (--exec {:?} --nodes {}) goes on with it; --restart forgets it and begins anew",
                known.command,
                known.nodes.join(",")
            )));
        }
        if !args.dry_run {
            let node = known.node().unwrap_or_default();
            let (done, all) = (known.done, known.nodes.len());
            say(
                cx,
                &format!("goes on with {node}: {done} of {all} nodes are done"),
            );
        }
        return Ok(known);
    }
    if let Some(node) = nodes.iter().find_map(|name| {
        let node = config.node_named(name)?;
        node.maintenance.as_ref().map(|_| &node.name)
    }) && !args.restart
    {
        return Err(Problem::input(format!("{node} is in maintenance already"))
            .exit(ExitCode::Failed)
            .hint(format!(
                "gnt-node maintenance leave {node} takes it into use; --restart goes on from there as if it was not"
            )));
    }
    Ok(Rolling {
        begun: now(),
        command: args.command.clone(),
        nodes,
        done: 0,
        stage: Stage::Enter,
        failed: 0,
    })
}

/// Whether nodes were named, one way or the other.
fn is_chosen(args: &RollingArgs) -> bool {
    !args.nodes.is_empty() || args.group.is_some()
}

/// The names of the nodes, in order.
fn wanted(config: &Config, args: &RollingArgs) -> Result<Vec<String>> {
    if !args.nodes.is_empty() {
        let mut wanted: Vec<String> = vec![];
        for name in &args.nodes {
            let name = &names::node(config, name)?.name;
            if !wanted.contains(name) {
                wanted.push(name.clone());
            }
        }
        return Ok(wanted);
    }
    let group = args.group.as_deref();
    let group = group.map(|name| names::group(config, name)).transpose()?;
    let in_use =
        |node: &&Arc<Node>| !node.offline && group.is_none_or(|group| node.group == group.uuid);
    let wanted = config.nodes_by_name().filter(in_use);
    let wanted: Vec<String> = wanted.map(|node| node.name.clone()).collect();
    match wanted.is_empty() {
        false => Ok(wanted),
        true => Err(Problem::input("there is no node that is not offline")
            .hint("gnt-node list shows the nodes")),
    }
}

fn tell_order(rolling: &Rolling, cx: &mut Context) -> Result<ExitCode> {
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0,
            "rolling": rolling.document(), "operations": []});
        cx.printer.line(&document.to_string())?;
        return Ok(ExitCode::Done);
    }
    for (place, node) in rolling.nodes.iter().enumerate() {
        let state = if place < rolling.done { " (done)" } else { "" };
        cx.printer.line(&format!("{node}{state}"))?;
    }
    Ok(ExitCode::Done)
}

/// A line of the log: with the time, since it may run all night.
fn say(cx: &mut Context, text: &str) {
    cx.printer.say(&format!("{} {text}", local_time(now())));
}
