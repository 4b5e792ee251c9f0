//! Whoever carries a rolling maintenance out, step by step.

use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::admin;
use crate::clock::now;
use crate::cluster::{Config, Node};
use crate::opcodes::{Deadline, NodeMaintenanceEnter, NodeRestore, OnDeadline, Opcode};
use crate::queue::Client;
use crate::signals;

use super::super::args::cluster::RollingArgs;
use super::super::context::Context;
use super::super::document::SCHEMA;
use super::super::exit::ExitCode;
use super::super::names;
use super::super::operation::{self, Operation, SubmitOptions};
use super::super::problem::{Problem, Result};
use super::super::table::{local_time, utc_time};
use super::{Rolling, Stage, say};

/// Between looks whether a command has ended or a node is back: as long as nobody notices.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whoever does it.
pub(super) struct Roller<'a> {
    client: &'a Client,
    args: &'a RollingArgs,
    rolling: Rolling,
    /// Until when this one begins anything; whoever goes on with it later may have another one.
    deadline: Option<Deadline>,
    /// What came of the operations, for programs.
    operations: Vec<Value>,
    /// Whether the present stage has begun here.
    begun: bool,
}

/// What becomes of the whole when a step has not ended well.
enum Next {
    /// The step is begun once more.
    Again,
    /// Nothing more is done.
    Stop(ExitCode),
}

impl<'a> Roller<'a> {
    /// One that goes on where this one is.
    pub(super) fn new(client: &'a Client, args: &'a RollingArgs, rolling: Rolling) -> Roller<'a> {
        Roller {
            client,
            args,
            rolling,
            deadline: args.deadline.given(),
            operations: vec![],
            begun: false,
        }
    }

    /// Whether the deadline has passed.
    fn is_due(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline.at <= now())
    }

    /// Whether nobody waits any more for what goes on.
    fn has_left(&self) -> bool {
        let leaves = |deadline: Deadline| deadline.action == OnDeadline::Leave;
        self.deadline.is_some_and(leaves) && self.is_due()
    }

    /// One node after the other, until one does not end well.
    pub(super) fn roll(&mut self, cx: &mut Context) -> Result<ExitCode> {
        self.note()?;
        let config = self.client.store().hosts()?;
        while let Some(name) = self.rolling.node().map(str::to_owned) {
            self.begun = !self.is_due();
            if !self.begun {
                return Ok(ExitCode::Partial);
            }
            let node = Arc::clone(names::node(&config, &name)?);
            let place = self.rolling.done + 1;
            if self.rolling.stage == Stage::Enter {
                let all = self.rolling.nodes.len();
                say(
                    cx,
                    &format!("{name} ({place} of {all}): maintenance begins"),
                );
            }
            let code = match self.rolling.stage {
                Stage::Enter => self.enter(&node, cx)?,
                Stage::Exec => self.exec(&config, &node, cx)?,
                Stage::Back => self.wait_for(&node, cx)?,
                Stage::Leave => self.leave(&node, cx)?,
            };
            if code != ExitCode::Done {
                match self.stumbled(&name, code, cx)? {
                    Next::Again => continue,
                    Next::Stop(code) => return Ok(code),
                }
            }
            if self.rolling.stage == Stage::Leave {
                say(cx, &format!("{name}: in use again"));
            }
            self.rolling.step();
            self.note()?;
        }
        Ok(ExitCode::Done)
    }

    /// A step that did not end well. The jobs of one who only stopped waiting go on, and are joined.
    fn stumbled(&mut self, name: &str, code: ExitCode, cx: &mut Context) -> Result<Next> {
        if !matches!(code, ExitCode::Failed | ExitCode::Partial) {
            return Ok(Next::Stop(code));
        }
        let store = self.client.store();
        let job = store.job_by_request(&self.rolling.request(name))?;
        let of_jobs = matches!(self.rolling.stage, Stage::Enter | Stage::Leave);
        let job = job.filter(|_| of_jobs);
        if let Some(job) = job
            && !store.is_operation_over(job)?
        {
            return Ok(Next::Stop(code));
        }
        self.rolling.failed += 1;
        self.note()?;
        // Whoever set another deadline has stopped it; this one goes on with what was left then.
        let theirs = job.map(|job| store.deadline(job)).transpose()?.flatten();
        let theirs = theirs.filter(|theirs| self.deadline.is_none_or(|own| own != *theirs));
        let passed = match job.filter(|_| theirs.is_some()) {
            Some(job) => store.passed_deadlines()?.contains(&job),
            None => false,
        };
        Ok(match (self.is_due(), passed) {
            (false, true) => {
                say(cx, &format!("{name}: was stopped by a deadline; goes on"));
                Next::Again
            }
            (true, _) => Next::Stop(ExitCode::Partial),
            (false, false) => Next::Stop(code),
        })
    }

    /// Writes down how far it is; of one that is done nothing is kept.
    fn note(&self) -> Result<()> {
        let text = serde_json::to_string(&self.rolling).unwrap_or_default();
        let goes_on = self.rolling.node().is_some();
        Ok(self.client.set_rolling(goes_on.then_some(&text))?)
    }

    fn operate(&mut self, op: impl Into<Opcode>, name: &str, cx: &mut Context) -> Result<ExitCode> {
        let mut op: Opcode = op.into();
        op.common.deadline = self.deadline;
        let options = SubmitOptions {
            request_id: Some(self.rolling.request(name)),
            reason: Some("rolling maintenance".to_owned()),
            ..SubmitOptions::default()
        };
        let operation = Operation::of(op);
        // The document is one of the whole.
        cx.printer.keep();
        let code = operation::run(cx, self.client, &options, operation);
        let stage = self.rolling.stage;
        for document in cx.printer.kept() {
            let step = json!({"node": name, "stage": stage, "operation": document});
            self.operations.push(step);
        }
        code
    }

    fn enter(&mut self, node: &Node, cx: &mut Context) -> Result<ExitCode> {
        let op = NodeMaintenanceEnter {
            node_name: node.name.clone(),
            node_uuid: Some(node.uuid.to_string()),
            beside: vec![],
            iallocator: None,
            early_release: false,
            ignore_soft_errors: false,
            keep_redundancy: self.args.min_free.is_some(),
            allow_partial: false,
            migration: self.args.migration.terms(),
            parallel: self.args.parallel,
        };
        let code = self.operate(op, &node.name, cx)?;
        if code == ExitCode::Done {
            say(cx, &format!("{}: empty, in maintenance", node.name));
        }
        Ok(code)
    }

    fn leave(&mut self, node: &Node, cx: &mut Context) -> Result<ExitCode> {
        let op = NodeRestore {
            node_name: node.name.clone(),
            node_uuid: Some(node.uuid.to_string()),
            restore: true,
            early_release: false,
            migration: self.args.migration.terms(),
            parallel: self.args.parallel,
        };
        self.operate(op, &node.name, cx)
    }

    /// Runs the command. What it prints goes where this tool's own errors go: standard output is for
    /// verdicts and documents. One that runs at the deadline comes to its end: what it does to a node is
    /// not to be cut off in the middle.
    fn exec(&self, config: &Config, node: &Node, cx: &mut Context) -> Result<ExitCode> {
        let (name, command) = (&node.name, &self.rolling.command);
        say(cx, &format!("{name}: runs {command:?}"));
        let wrong = |error: std::io::Error| {
            Problem::input(format!("/bin/sh cannot be run: {error}")).exit(ExitCode::Failed)
        };
        let begun = Instant::now();
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(command)
            .env("GNT_NODE", name)
            .env("GNT_CLUSTER", config.name())
            .env("GNT_STATE_DIR", self.client.store().dir().path())
            .stdin(Stdio::null())
            .stdout(std::io::stderr())
            .spawn()
            .map_err(wrong)?;
        let status: ExitStatus = loop {
            if let Some(status) = child.try_wait().map_err(wrong)? {
                break status;
            }
            let detached = signals::raised().map(|signal| ExitCode::Detached(signal.number()));
            if let Some(code) = detached.or(self.has_left().then_some(ExitCode::Partial)) {
                let text = format!("{name}: nobody waits for the command any more; it goes on");
                say(cx, &text);
                return Ok(code);
            }
            std::thread::sleep(LOOK_EVERY);
        };
        let took = begun.elapsed().as_secs();
        if status.success() {
            say(cx, &format!("{name}: the command is done after {took} s"));
            return Ok(ExitCode::Done);
        }
        let text = format!("{name}: the command failed ({status}) after {took} s");
        cx.printer.complain(&text);
        Ok(ExitCode::Failed)
    }

    /// Waits until a node answers.
    fn wait_for(&self, node: &Node, cx: &mut Context) -> Result<ExitCode> {
        let begun = Instant::now();
        let mut told = false;
        loop {
            let reality = admin::reality(self.client.store())?;
            if (reality.nodes.get(&node.uuid)).is_some_and(|now| now.alive) {
                return Ok(ExitCode::Done);
            }
            if !told {
                say(cx, &format!("{}: waits until it answers", node.name));
                told = true;
            }
            if let Some(signal) = signals::raised() {
                return Ok(ExitCode::Detached(signal.number()));
            }
            if self.is_due() {
                return Ok(ExitCode::Partial);
            }
            if begun.elapsed() >= self.args.back_within {
                let limit = self.args.back_within.as_secs();
                let text = format!("{}: no answer within {limit} s", node.name);
                cx.printer.complain(&text);
                return Ok(ExitCode::Failed);
            }
            std::thread::sleep(LOOK_EVERY.min(self.args.back_within));
        }
    }

    /// The end, in words or as a document.
    pub(super) fn conclude(&self, code: ExitCode, cx: &mut Context) -> Result<()> {
        let Rolling { nodes, done, .. } = &self.rolling;
        let (done, all) = (*done, nodes.len());
        if cx.printer.json {
            let mut document = json!({"schema": SCHEMA, "command": cx.command,
                "exit": code.number(), "rolling": self.rolling.document(),
                "operations": self.operations});
            if let Some(Deadline { at, action }) = self.deadline {
                // One that is done was done in time.
                let passed = code != ExitCode::Done && self.is_due();
                document["deadline"] =
                    json!({"at": utc_time(at), "action": action, "passed": passed});
            }
            cx.printer.line(&document.to_string())?;
        }
        if code == ExitCode::Done {
            let text = format!("Rolling maintenance is done: {all} nodes.");
            return cx.printer.deed(&text);
        }
        if let Some(deadline) = self.deadline.filter(|_| self.is_due()) {
            let at = local_time(deadline.at);
            cx.printer.complain(&format!(
                "The deadline passed at {at}: nothing more is begun."
            ));
        }
        let node = self.rolling.node().unwrap_or_default();
        let place = match (self.rolling.stage, self.begun) {
            (Stage::Enter, false) => format!("before {node}"),
            (Stage::Enter, true) => format!("at {node}, which was being emptied"),
            (Stage::Leave, true) => format!("at {node}, which was coming back"),
            (stage, begun) => {
                let last = match (stage, begun) {
                    (Stage::Back, true) => "it does not answer",
                    (Stage::Back | Stage::Leave, _) => "the command is done",
                    (Stage::Enter | Stage::Exec, _) => "the command is not done",
                };
                format!("at {node}, which is empty and in maintenance; {last}")
            }
        };
        cx.printer
            .complain(&format!("Stopped {place}. {done} of {all} nodes are done."));
        cx.printer.complain(
            "The same line again goes on from here; --restart forgets this and begins anew.",
        );
        Ok(())
    }
}
