//! `gnt-cluster watcher`: what cron calls.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;

use crate::admin::{self, Code, Finding, Muddle, Remedy, disorder, down, verify_at_work};
use crate::clock::now;
use crate::opcodes::{Opcode, Reason};
use crate::queue::client::Submitted;
use crate::queue::follow::Reach;
use crate::queue::submit::NewJob;
use crate::queue::{Client, JobId, Status, control};
use crate::signals;
use crate::store::{Duty, DutyLock, Reading, StoreError};

use super::args::cluster::{WatcherCommand, WatcherRunArgs};
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::follow::{Ending, Until, View, follow};
use super::problem::Result;
use super::table::{c_time, utc_time};
use super::values::Age;
use super::{purge, verdict};

/// The command.
pub(super) fn run(command: WatcherCommand, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    match command {
        WatcherCommand::Run(args) => watch(client, &args, cx),
        WatcherCommand::Pause(args) => {
            let time = i64::try_from(args.time.as_micros()).unwrap_or(i64::MAX);
            let until = now().saturating_add(time);
            client.set_watcher_pause(Some(until))?;
            tell_pause(Some(until), "", Said::Deed, cx)
        }
        WatcherCommand::Continue => {
            client.set_watcher_pause(None)?;
            tell_pause(None, "The watcher is no longer paused.", Said::Deed, cx)
        }
        WatcherCommand::Info => {
            let paused = paused_until(&client)?;
            tell_pause(paused, "The watcher is not paused.", Said::Answer, cx)
        }
    }
}

/// Until when it is paused, if it is.
fn paused_until(client: &Client) -> Result<Option<i64>> {
    let until = client.store().settings()?.watcher_pause;
    Ok(until.filter(|until| *until > now()))
}

/// Why something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// It was asked for.
    Answer,
    /// It was done, which nobody wants to read who wants quiet.
    Deed,
}

fn tell_pause(
    until: Option<i64>,
    otherwise: &str,
    said: Said,
    cx: &mut Context,
) -> Result<ExitCode> {
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0,
            "paused_until": until.map(utc_time)});
        cx.printer.line(&document.to_string())?;
    }
    let text = until.map_or_else(|| otherwise.to_owned(), paused);
    match said {
        Said::Answer => cx.printer.verdict(&text)?,
        Said::Deed => cx.printer.deed(&text)?,
    }
    Ok(ExitCode::Done)
}

fn paused(until: i64) -> String {
    format!("The watcher is paused until {}.", c_time(until))
}

/// What the watcher did about an instance that is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Deed {
    /// A job has started it.
    Started,
    /// A job has put it in order.
    Mended,
    /// It is not started now: another job is about it.
    Left,
    /// It could not be started, or somebody has to look at it.
    Failed,
    /// The job goes on.
    Running,
}

/// One thing that the watcher has to say.
#[derive(Debug, Serialize)]
struct Item {
    /// The instance.
    instance: String,
    /// What was done.
    deed: Deed,
    /// The job that did it, or is in the way.
    job: Option<JobId>,
    /// The same for people.
    text: String,
}

/// What a run came to.
#[derive(Debug, Default)]
struct Report {
    items: Vec<Item>,
    /// What is not in order and was not mended.
    findings: Vec<Finding>,
    archived: usize,
    purged: u64,
    /// Why nothing was done.
    rests: Option<String>,
}

/// Looks once, and does what can be done.
fn watch(mut client: Client, args: &WatcherRunArgs, cx: &mut Context) -> Result<ExitCode> {
    signals::catch();
    let mut report = Report::default();
    let lock = DutyLock::try_take(client.store().dir(), Duty::Watcher)?;
    report.rests = match (&lock, paused_until(&client)?) {
        (None, _) => Some("Another watcher is at work.".to_owned()),
        (Some(_), Some(until)) => Some(paused(until)),
        (Some(_), None) if client.store().settings()?.held => {
            Some("The queue is held: nothing is started, archived or purged.".to_owned())
        }
        (Some(_), None) => None,
    };
    if report.rests.is_some() {
        return tell(&report, ExitCode::Done, cx);
    }
    client.ensure_runner()?;
    start(&client, args, &mut report, cx)?;
    let names: BTreeSet<String> = (report.items.iter())
        .map(|item| format!("instance {}", item.instance))
        .collect();
    let verdict = verify_at_work(client.store(), Reading::Queue)?;
    let said = |finding: &Finding| finding.code == Code::RunsNot && names.contains(&finding.object);
    report.findings = verdict.findings;
    // What may well be meant so is no reason to call somebody.
    report
        .findings
        .retain(|finding| !said(finding) && !finding.is_remark());
    if signals::raised().is_none() {
        let age = match args.archive_age {
            Age::All => None,
            Age::AtLeast(age) => Some(i64::try_from(age.as_micros()).unwrap_or(i64::MAX)),
        };
        let go_on = |_, _| signals::raised().is_none();
        (report.archived, _) = control::autoarchive(client.store(), age, client.who(), go_on)?;
    }
    if let Some(age) = args.purge_age.filter(|_| signals::raised().is_none()) {
        let purged = purge::delete(&mut client, age, args.purge_export.as_deref())?;
        report.purged = purged.deleted;
    }
    let has = |deed| report.items.iter().any(|item| item.deed == deed);
    let exit = match signals::raised() {
        Some(signal) => ExitCode::Detached(signal.number()),
        None if has(Deed::Failed) || !report.findings.is_empty() => ExitCode::Failed,
        None if has(Deed::Running) => ExitCode::TimedOut,
        None => ExitCode::Done,
    };
    tell(&report, exit, cx)
}

/// Starts what should run and does not, and waits for it.
fn start(
    client: &Client,
    args: &WatcherRunArgs,
    report: &mut Report,
    cx: &mut Context,
) -> Result<()> {
    let reality = admin::reality(client.store())?;
    let (muddled, wanting) = client.store().read(|store| {
        let config = store.config()?;
        let muddled = disorder(store, &config, &reality)?;
        Ok::<_, StoreError>((muddled, down(store, &config, &reality)?))
    })?;
    let mut jobs: Vec<(String, Aim, Opcode)> = muddled
        .into_iter()
        .map(|disorder| (disorder.instance, Aim::Mend(disorder.what), disorder.opcode))
        .collect();
    for down in wanting {
        let instance = down.instance;
        let mut say = |deed, job, text: String| {
            report.items.push(Item {
                instance: instance.clone(),
                deed,
                job,
                text,
            });
        };
        let failed = Deed::Failed;
        match down.what {
            Remedy::Start(opcode) => jobs.push((instance, Aim::Start, *opcode)),
            Remedy::Leave(job) => say(
                Deed::Left,
                Some(job),
                format!("does not run, left to job {job}"),
            ),
            Remedy::NodeOffline(node) => {
                let hint = format!("gnt-instance failover {instance} starts it elsewhere");
                say(failed, None, format!("its node {node} is offline; {hint}"));
            }
            Remedy::NodeSilent(node) => {
                say(failed, None, format!("its node {node} does not answer"));
            }
            Remedy::StartedOften(starts) => say(
                failed,
                None,
                format!("was started {starts} times and is down again: left to you"),
            ),
        }
    }
    if jobs.is_empty() {
        return Ok(());
    }
    let new = |(_, aim, opcode): &(String, Aim, Opcode)| {
        let mut opcode = opcode.clone();
        let why = match aim {
            Aim::Mend(Muddle::Uncertain) => "nobody knew where it is, and all nodes answer now",
            Aim::Mend(Muddle::LeftOver) => "other nodes have it left over",
            Aim::Start => "it should run and does not",
        };
        let time = now().saturating_mul(1_000);
        let reason = Reason("gnt:watcher".to_owned(), why.to_owned(), time);
        opcode.common.reason.push(reason);
        NewJob::of(vec![opcode])
    };
    let new: Vec<NewJob> = jobs.iter().map(new).collect();
    let Submitted::Answers(answers) = client.submit(new, None)? else {
        return Ok(());
    };
    let mut taken = vec![];
    for ((instance, aim, _), answer) in jobs.into_iter().zip(answers) {
        match answer {
            Ok(id) => taken.push((id, instance, aim)),
            Err(error) => report.items.push(Item {
                instance,
                deed: Deed::Failed,
                job: None,
                text: error.message,
            }),
        }
    }
    let ids: Vec<JobId> = taken.iter().map(|(id, ..)| *id).collect();
    client.ensure_runner()?;
    let until = Until::timeout(Some(args.timeout));
    let store = client.store();
    let view = View::Silent;
    let (ending, follower) = follow(&mut cx.printer, store, &ids, Reach::Alone, view, until)?;
    let named: Vec<(JobId, Option<String>)> = ids.iter().map(|id| (*id, None)).collect();
    let document = verdict::document(&cx.command, &follower, &named)?;
    let wrong = verdict::wrongs(&document);
    let states: BTreeMap<JobId, Status> =
        (follower.jobs().map(|job| (job.id, job.status))).collect();
    for (id, instance, aim) in taken {
        let status = states.get(&id).copied();
        let why = wrong.iter().find(|(job, _)| *job == id);
        let (was, is, done) = aim.words();
        let (deed, text) = match (status, why) {
            (Some(Status::Success), _) => (aim.done(), format!("{was}: job {id} {done}")),
            (Some(status), _) if !status.is_final() && ending != Ending::Over => {
                (Deed::Running, format!("{is}: job {id} is {status}"))
            }
            (_, Some((_, why))) => (Deed::Failed, format!("{is}: job {id} failed: {why}")),
            (_, None) => (Deed::Failed, format!("{is}: job {id} was canceled")),
        };
        report.items.push(Item {
            instance,
            deed,
            job: Some(id),
            text,
        });
    }
    Ok(())
}

/// What one of the watcher's jobs is for.
#[derive(Debug, Clone, Copy)]
enum Aim {
    Start,
    Mend(Muddle),
}

impl Aim {
    /// What the job has done if it succeeds.
    fn done(self) -> Deed {
        match self {
            Aim::Start => Deed::Started,
            Aim::Mend(_) => Deed::Mended,
        }
    }

    /// How it was, how it is as long as nothing has changed, and what the job has done, in words.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Aim::Start => ("did not run", "does not run", "started it"),
            Aim::Mend(Muddle::LeftOver) => (
                "was left over on another node",
                "is left over on another node",
                "removed it there",
            ),
            Aim::Mend(Muddle::Uncertain) => ("was uncertain", "is uncertain", "found where it is"),
        }
    }
}

/// A line a thing, or a document.
fn tell(report: &Report, exit: ExitCode, cx: &mut Context) -> Result<ExitCode> {
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": exit.number(),
            "rests": report.rests, "items": report.items, "findings": report.findings,
            "archived": report.archived, "purged": report.purged});
        cx.printer.line(&document.to_string())?;
        return Ok(exit);
    }
    let mut lines: Vec<String> = report.rests.iter().cloned().collect();
    let item = |item: &Item| format!("instance {}: {}", item.instance, item.text);
    lines.extend(report.items.iter().map(item));
    let finding = |finding: &Finding| format!("{}: {}", finding.object, finding.text);
    lines.extend(report.findings.iter().map(finding));
    if report.archived > 0 {
        lines.push(format!("{} jobs are archived", report.archived));
    }
    if report.purged > 0 {
        lines.push(format!("{} jobs are purged", report.purged));
    }
    if report.rests.is_none() && exit == ExitCode::Done {
        lines.push("All is well.".to_owned());
    }
    let quiet = cx.printer.quiet && exit == ExitCode::Done;
    for line in lines.iter().filter(|_| !quiet) {
        cx.printer.verdict(line)?;
    }
    Ok(exit)
}
