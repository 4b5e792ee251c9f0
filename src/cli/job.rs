//! `gnt-job`.

mod list;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::queue::control::{self, CancelAnswer, PriorityAnswer, Reach};
use crate::queue::why::Reasons;
use crate::queue::{Client, JobId, Status};
use crate::signals;
use crate::store::{Archived, JobRow, OpRow};

use super::args::job::{
    AutoarchiveArgs, CancelArgs, ChangePriorityArgs, FollowArgs, JobCli, JobCommand, StateArgs,
};
use super::context::Context;
use super::deadline::{self, DeadlineState};
use super::document::{SCHEMA, Verdict};
use super::exit::ExitCode;
use super::fields::{self, info};
use super::follow::{Ending, Until, View, follow};
use super::operation;
use super::problem::{Problem, Result};
use super::prompt::confirm;
use super::purge::purge;
use super::table::{self, local_time};
use super::values::Age;
use super::verdict;

/// Autoarchive stops before this, as Ganeti does, and says what remains.
const AUTOARCHIVE_WITHIN: Duration = Duration::from_secs(89);

/// The tool's `main`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    super::main::<JobCli>("gnt-job", |cli| &cli.global, run)
}

fn run(cli: JobCli, cx: &mut Context) -> Result<ExitCode> {
    match cli.command {
        JobCommand::List(args) => list::list(args, cx),
        JobCommand::ListFields(args) => {
            let style = args.style();
            table::list_fields(&mut cx.printer, &fields::job::FIELDS, &args.fields, &style)
        }
        JobCommand::Info(args) => show(&args.jobs, cx),
        JobCommand::Wait(args) => wait(args, cx, View::Silent),
        JobCommand::Watch(args) => wait(args, cx, View::Log),
        JobCommand::Cancel(args) => cancel(args, cx),
        JobCommand::ChangePriority(args) => change_priority(args, cx),
        JobCommand::Archive(args) => archive(&args.jobs, cx),
        JobCommand::Autoarchive(args) => autoarchive(args, cx),
        JobCommand::Purge(args) => purge(&args, cx),
    }
}

fn unknown(id: JobId) -> Problem {
    Problem::unknown(format!("job {id} does not exist"))
        .hint("gnt-job list shows the jobs, gnt-job list --archived the old ones, too")
}

/// Who meets unfinished jobs and no runner starts one: nobody else may come by. If that fails, what
/// has to be said.
fn see_to_runner(client: &Client, jobs: &[JobRow]) -> Option<String> {
    if jobs.iter().all(|job| job.status.is_final()) {
        return None;
    }
    let started = client.ensure_runner();
    started.err().map(|error| format!("note: {error}"))
}

impl StateArgs {
    fn any(&self) -> bool {
        self.pending || self.queued || self.waiting
    }

    fn has(&self, status: Status) -> bool {
        let pending = [Status::Queued, Status::Waiting, Status::Canceling];
        (self.pending && pending.contains(&status))
            || (self.queued && status == Status::Queued)
            || (self.waiting && status == Status::Waiting)
    }
}

fn show(ids: &[JobId], cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let store = client.store();
    let mut items = vec![];
    let mut missing = None;
    for id in ids {
        let Some(job) = store.job(*id)? else {
            cx.printer.complain(&format!("Job ID {id} not found"));
            missing.get_or_insert(*id);
            continue;
        };
        if let Some(note) = see_to_runner(&client, std::slice::from_ref(&job)) {
            cx.printer.say(&note);
        }
        let waits = match job.status {
            Status::Queued | Status::Waiting => Reasons::load(store)?.of(*id),
            _ => None,
        };
        let deadline = DeadlineState::of(store, *id)?;
        let ops = store.ops(*id)?;
        let log = store.log_after(*id, 0)?;
        let lines = |index: u32| -> Vec<Value> {
            let own = log.iter().filter(|entry| entry.index == index);
            own.map(|entry| json!(format!("{} {}", local_time(entry.time), entry.message)))
                .collect()
        };
        let time = |micros: Option<i64>| micros.map_or(Value::Null, |t| json!(local_time(t)));
        let opcode = |op: &OpRow| {
            let name = op
                .input
                .get("OP_ID")
                .cloned()
                .unwrap_or(json!("INVALID_OP"));
            json!({
                "Opcode": name, "Status": op.status, "Starts": op.starts,
                "Processing start": time(op.started), "Execution start": time(op.executing),
                "Processing end": time(op.ended), "Input fields": op.input,
                "Result": op.result, "Execution log": lines(op.index),
            })
        };
        let total = job
            .started
            .zip(job.ended)
            .map(|(a, b)| (b - a) as f64 / 1e6);
        let children: Vec<JobId> = store.children(*id)?.iter().map(|job| job.id).collect();
        let submitter: Value = serde_json::from_str(&job.submitter).unwrap_or_default();
        items.push(vec![
            ("Job ID", json!(id)),
            ("Status", json!(job.status)),
            ("Waits for", json!(waits.map(|waits| waits.text))),
            ("Priority", json!(job.priority.word())),
            (
                "Deadline",
                json!(deadline.map(|deadline| deadline.to_string())),
            ),
            ("Parent", json!(job.parent)),
            ("Children", json!(children)),
            ("Submitted by", submitter),
            ("Received", time(Some(job.received))),
            ("Processing start", time(job.started)),
            ("Processing end", time(job.ended)),
            (
                "Total processing time",
                json!(total.map(|t| format!("{t:.6} seconds"))),
            ),
            ("Opcodes", Value::Array(ops.iter().map(opcode).collect())),
        ]);
    }
    info::print(cx, &items)?;
    Ok(match missing {
        None => ExitCode::Done,
        Some(_) => ExitCode::Failed,
    })
}

// ------------------------------------------------------------------- waiting

fn reach(no_children: bool) -> Reach {
    match no_children {
        true => Reach::Alone,
        false => Reach::Family,
    }
}

fn wait(args: FollowArgs, cx: &mut Context, view: View) -> Result<ExitCode> {
    let view = match (args.stream.json_stream, cx.printer.json) {
        (true, _) => View::Stream,
        (false, true) => View::Silent,
        (false, false) => view,
    };
    let client = cx.open()?;
    follow_to_end(
        &client,
        cx,
        &args.jobs,
        reach(args.no_children),
        view,
        args.timeout,
    )
}

/// Waits for jobs that somebody submitted, and gives the verdict that their submitter would have had.
fn follow_to_end(
    client: &Client,
    cx: &mut Context,
    ids: &[JobId],
    reach: Reach,
    view: View,
    timeout: Option<Duration>,
) -> Result<ExitCode> {
    signals::catch();
    client.ensure_runner()?;
    let until = Until::timeout(timeout);
    let (ending, follower) = follow(&mut cx.printer, client.store(), ids, reach, view, until)?;
    let named: Vec<(JobId, Option<String>)> = ids.iter().map(|id| (*id, None)).collect();
    let mut document = verdict::document(&cx.command, &follower, &named)?;
    if let [id] = ids {
        document.deadline = DeadlineState::of(client.store(), *id)?;
    }
    let exit = match ending {
        Ending::Over => match document.verdict {
            Verdict::Done => ExitCode::Done,
            Verdict::Partial => ExitCode::Partial,
            _ => ExitCode::Failed,
        },
        // Whoever follows jobs of others does so to their end.
        Ending::TimedOut | Ending::Deadline => {
            document.verdict = Verdict::Running;
            operation::tell_detached(cx, "The time is over.", &named);
            ExitCode::TimedOut
        }
        Ending::Detached(signal) => {
            document.verdict = Verdict::Detached;
            operation::tell_detached(cx, "Aborted.", &named);
            ExitCode::Detached(signal.number())
        }
    };
    document.exit = exit.number();
    if ending == Ending::Over {
        for (id, text) in verdict::wrongs(&document) {
            cx.printer.complain(&format!("Job {id} failed: {text}"));
        }
        if let Some(text) = deadline::verdict(&document) {
            cx.printer.complain(&text);
        }
    }
    if view == View::Log {
        cx.printer.verdict(&verdict::in_words(&document))?;
    }
    cx.printer.end(&document)?;
    Ok(exit)
}

// ------------------------------------------------------------------ steering

/// The jobs that are named, or those in the states that are named, which are confirmed.
fn targets(
    client: &Client,
    cx: &mut Context,
    ids: &[JobId],
    states: &StateArgs,
    force: bool,
    verb: &str,
) -> Result<Vec<JobId>> {
    if !states.any() {
        return Ok(ids.to_vec());
    }
    let unfinished = client.store().unfinished()?;
    let picked: Vec<&JobRow> = unfinished
        .iter()
        .filter(|job| states.has(job.status))
        .collect();
    if picked.is_empty() {
        return Err(Problem::unknown("no job is in such a state"));
    }
    if !force {
        for job in &picked {
            cx.printer
                .say(&format!("{} {} {}", job.id, job.status, job.summary));
        }
        confirm(&format!("{verb} these {} jobs?", picked.len()))?;
    }
    Ok(picked.into_iter().map(|job| job.id).collect())
}

/// All accepted, some, none.
fn steered(accepted: usize, all: usize) -> ExitCode {
    match accepted {
        accepted if accepted == all => ExitCode::Done,
        0 => ExitCode::Failed,
        _ => ExitCode::Partial,
    }
}

/// The answers of a steering command: a line each, or a document.
fn tell(cx: &mut Context, answers: &[(JobId, bool, String)], exit: ExitCode) -> Result<ExitCode> {
    if cx.printer.json {
        let item = |(id, accepted, text): &(JobId, bool, String)| json!({"job": id, "accepted": accepted, "message": text});
        let items: Vec<Value> = answers.iter().map(item).collect();
        let document = json!({"schema": SCHEMA, "command": cx.command,
            "exit": exit.number(), "items": items});
        cx.printer.line(&document.to_string())?;
    } else {
        for (_, accepted, text) in answers {
            match accepted {
                true => cx.printer.deed(text)?,
                false => cx.printer.verdict(text)?,
            }
        }
    }
    cx.printer.flush()?;
    Ok(exit)
}

fn cancel(args: CancelArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let ids = targets(
        &client,
        cx,
        &args.jobs,
        &args.state,
        args.force.force,
        "Cancel",
    )?;
    let reach = reach(args.no_children);
    let answers = control::cancel(client.store(), &ids, reach, client.who())?;
    // A named job that has ended and whose children go on is no refusal.
    let family_goes_on = answers.iter().any(|(_, answer)| answer.accepted());
    let told: Vec<(JobId, bool, String)> = (answers.iter())
        .filter(|(_, answer)| {
            reach == Reach::Alone || !family_goes_on || !matches!(answer, CancelAnswer::Ended(_))
        })
        .map(|(id, answer)| {
            let text = match answer {
                CancelAnswer::Canceled => format!("Job {id} was canceled before it began"),
                CancelAnswer::Canceling => format!("Job {id} is being canceled"),
                CancelAnswer::Ended(status) => format!("Job {id} has ended already: {status}"),
                CancelAnswer::Unknown => format!("Job {id} not found in queue"),
            };
            (*id, answer.accepted(), text)
        })
        .collect();
    let accepted = told.iter().filter(|(_, accepted, _)| *accepted).count();
    let exit = steered(accepted, told.len());
    let waits = args.wait && accepted > 0;
    // A document is printed once, with the end that the tool has.
    let later = waits && cx.printer.json;
    if !later {
        tell(cx, &told, exit)?;
    }
    // The marks are on disk; a runner is needed to carry them out, not to accept them.
    if let Err(error) = client.ensure_runner() {
        cx.printer.complain(&format!("note: {error}"));
    }
    if !waits {
        return Ok(exit);
    }
    signals::catch();
    let ids: Vec<JobId> = told
        .iter()
        .filter(|(_, a, _)| *a)
        .map(|(id, ..)| *id)
        .collect();
    let until = Until::timeout(args.timeout);
    let store = client.store();
    let (ending, follower) = follow(&mut cx.printer, store, &ids, reach, View::Silent, until)?;
    let exit = match ending {
        Ending::Over => exit,
        Ending::TimedOut | Ending::Deadline => ExitCode::TimedOut,
        Ending::Detached(signal) => ExitCode::Detached(signal.number()),
    };
    for job in follower.jobs().filter(|job| job.status.is_final()) {
        if job.status != Status::Canceled {
            let text = format!("Job {} ended in {} all the same", job.id, job.status);
            cx.printer.say(&text);
        }
    }
    match later {
        true => tell(cx, &told, exit),
        false => Ok(exit),
    }
}

fn change_priority(args: ChangePriorityArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let verb = "Change the priority of";
    let ids = targets(&client, cx, &args.jobs, &args.state, args.force.force, verb)?;
    let reach = reach(args.no_children);
    let priority = args.priority.into();
    let answers = control::change_priority(client.store(), &ids, reach, priority, client.who())?;
    let changed = answers
        .iter()
        .any(|(_, answer)| *answer == PriorityAnswer::Changed);
    let told: Vec<(JobId, bool, String)> = (answers.iter())
        .filter(|(_, answer)| {
            reach == Reach::Alone || !changed || !matches!(answer, PriorityAnswer::Ended(_))
        })
        .map(|(id, answer)| {
            let text = match answer {
                PriorityAnswer::Changed => format!(
                    "Priorities of pending opcodes for job {id} have been changed to {}",
                    priority.number()
                ),
                PriorityAnswer::Ended(status) => format!("Job {id} has ended already: {status}"),
                PriorityAnswer::Unknown => format!("Job {id} not found in queue"),
            };
            (*id, *answer == PriorityAnswer::Changed, text)
        })
        .collect();
    let accepted = told.iter().filter(|(_, accepted, _)| *accepted).count();
    tell(cx, &told, steered(accepted, told.len()))
}

fn archive(ids: &[JobId], cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let answers = control::archive(client.store(), ids, client.who())?;
    let mut done = 0;
    for (id, answer) in &answers {
        let why = match answer {
            Archived::Done | Archived::Already => {
                done += 1;
                continue;
            }
            Archived::Unfinished => "it has not ended",
            Archived::Unknown => "it does not exist",
        };
        cx.printer
            .complain(&format!("Failed to archive job with ID '{id}': {why}"));
    }
    let exit = steered(done, answers.len());
    if cx.printer.json {
        let item = |(id, answer): &(JobId, Archived)| {
            let archived = matches!(answer, Archived::Done | Archived::Already);
            json!({"job": id, "archived": archived})
        };
        let items: Vec<Value> = answers.iter().map(item).collect();
        let document = json!({"schema": SCHEMA, "command": cx.command,
            "exit": exit.number(), "items": items});
        cx.printer.line(&document.to_string())?;
    }
    Ok(exit)
}

fn autoarchive(args: AutoarchiveArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let age = match args.age {
        Age::All => None,
        Age::AtLeast(age) => Some(i64::try_from(age.as_micros()).unwrap_or(i64::MAX)),
    };
    signals::catch();
    let until = Instant::now() + AUTOARCHIVE_WITHIN;
    let (done, left) = control::autoarchive(client.store(), age, client.who(), |_, _| {
        Instant::now() < until && signals::raised().is_none()
    })?;
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0,
            "archived": done, "remaining": left});
        cx.printer.line(&document.to_string())?;
    }
    cx.printer
        .deed(&format!("Archived {done} jobs, {left} unchecked left"))?;
    Ok(ExitCode::Done)
}
