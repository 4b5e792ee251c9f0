//! One opcode in, jobs out, the truth at the end: what every submitting command does.

use std::time::Duration;

use crate::clock::now;
use crate::opcodes::{OnDeadline, Op, OpError, Opcode, Priority, Reason};
use crate::queue::client::Submitted;
use crate::queue::follow::{Follower, Reach};
use crate::queue::submit::NewJob;
use crate::queue::{Client, FinalStatus, JobId, Status};
use crate::signals;

use super::context::Context;
use super::deadline::{self, DeadlineState, is_cut_off};
use super::document::{Answer, Document, Summary, Verdict};
use super::exit::ExitCode;
use super::follow::{Ending, Until, View, follow};
use super::plan;
use super::problem::{Problem, Result};
use super::verdict::{Family, document, exit_of, in_words, refused_result};

/// What all submitting commands can be told.
#[derive(Debug, Clone, Default)]
pub struct SubmitOptions {
    /// Submit, tell the id, do not wait.
    pub submit: bool,
    /// The id alone is the first line on standard output.
    pub print_jobid: bool,
    /// Make the plan and the checks, change nothing.
    pub dry_run: bool,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// Why, for the reason trail.
    pub reason: Option<String>,
    /// The name of this submission: a second one with it joins the first.
    pub request_id: Option<String>,
    /// How long to wait.
    pub timeout: Option<Duration>,
    /// Events as JSON, a line each.
    pub json_stream: bool,
}

/// What is submitted, and what is said when it is over.
#[derive(Debug)]
pub struct Operation {
    /// The jobs: mostly one of one opcode.
    pub jobs: Vec<Vec<Opcode>>,
    /// What the jobs are about, for commands that submit several.
    pub names: Vec<String>,
    /// The verdict lines.
    pub texts: Texts,
}

impl Operation {
    /// One job of one opcode, of which nothing is said but what went wrong.
    #[must_use]
    pub fn of(op: impl Into<Opcode>) -> Operation {
        Operation {
            jobs: vec![vec![op.into()]],
            names: vec![],
            texts: Texts::SILENT,
        }
    }
}

/// The verdict lines, from the numbers: what is said when all went well, and when not.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    /// All went well.
    pub done: fn(&Summary) -> Option<String>,
    /// So many errors.
    pub errors: fn(&Summary, usize) -> Option<String>,
    /// There was nothing to do.
    pub nothing: fn(&[Opcode]) -> Option<String>,
}

impl Texts {
    /// Says nothing but what went wrong.
    pub const SILENT: Texts = Texts {
        done: |_| None,
        errors: |_, _| None,
        nothing: |_| None,
    };
}

/// Submits an operation, follows it with all that descends from it, and tells the truth at the end.
///
/// # Errors
/// [`Problem`]; what was submitted by then goes on.
pub fn run(
    cx: &mut Context,
    client: &Client,
    options: &SubmitOptions,
    operation: Operation,
) -> Result<ExitCode> {
    run_for_results(cx, client, options, operation).map(|(exit, _)| exit)
}

/// The same, and the results of the opcodes on the wire, if they were waited for.
///
/// # Errors
/// As [`run`].
pub fn run_for_results(
    cx: &mut Context,
    client: &Client,
    options: &SubmitOptions,
    mut operation: Operation,
) -> Result<(ExitCode, Vec<serde_json::Value>)> {
    signals::catch();
    prepare(cx, options, &mut operation);
    let jobs: Vec<NewJob> = (operation.jobs.iter())
        .map(|ops| NewJob::of(ops.clone()))
        .collect();
    let submitted = client.submit(jobs, options.request_id.as_deref())?;
    let answers = match submitted {
        Submitted::Answers(answers) => answers,
        Submitted::Joined(id) => {
            let name = options.request_id.as_deref().unwrap_or_default();
            check_same(client, name, id, &operation)?;
            cx.printer
                .say(&format!("request {name} is job {id} already: joining it"));
            let mut ops = operation.jobs.iter().flatten();
            if ops.any(|op| op.common.deadline.is_some()) {
                cx.printer.say(&deadline::first(client.store(), id)?);
            }
            vec![Ok(id)]
        }
    };
    let ids: Vec<JobId> = answers
        .iter()
        .filter_map(|a| a.as_ref().ok().copied())
        .collect();
    announce(cx, options, &operation, &answers)?;
    if ids.is_empty() {
        return Ok((refused(cx, &operation, &answers)?, vec![]));
    }
    let followed = see_through(cx, client, options, &operation, &answers, &ids);
    followed.map_err(|problem| problem.after(&ids))
}

/// Follows what was submitted to its end.
fn see_through(
    cx: &mut Context,
    client: &Client,
    options: &SubmitOptions,
    operation: &Operation,
    answers: &[std::result::Result<JobId, OpError>],
    ids: &[JobId],
) -> Result<(ExitCode, Vec<serde_json::Value>)> {
    client.ensure_runner()?;
    if options.submit {
        return Ok((detached_at_once(cx, operation, answers)?, vec![]));
    }
    let view = match (options.json_stream, cx.printer.json && cx.printer.quiet) {
        (true, _) => View::Stream,
        (false, true) => View::Silent,
        (false, false) => View::Progress,
    };
    // That of the submission that counts, which may be one that was joined. Those that are submitted
    // together have the same.
    let deadline = match ids.first() {
        Some(id) => client.store().deadline(*id)?,
        None => None,
    };
    let leaves = deadline.filter(|deadline| deadline.action == OnDeadline::Leave);
    let until = Until {
        deadline: leaves.map(|deadline| deadline.at),
        ..Until::timeout(options.timeout)
    };
    let followed = follow(
        &mut cx.printer,
        client.store(),
        ids,
        Reach::Family,
        view,
        until,
    )?;
    let (ending, follower) = followed;
    let exit = conclude(cx, client, options, operation, answers, &follower, ending)?;
    let ops = follower.ops()?;
    let done = ops
        .into_values()
        .flatten()
        .filter(|op| op.status == Status::Success);
    Ok((exit, done.map(|op| op.result).collect()))
}

/// Whether a job of this request id is there already: then its subject may be gone by now, which is no
/// reason to refuse to join it.
///
/// # Errors
/// [`Problem`] of the database.
pub fn is_submitted(client: &Client, request: Option<&str>) -> Result<bool> {
    let job = request.map(|name| client.store().job_by_request(name));
    Ok(job.transpose()?.flatten().is_some())
}

/// Refuses to take for this operation another one that has its request id: the verdict would be
/// about something else.
fn check_same(client: &Client, name: &str, id: JobId, operation: &Operation) -> Result<()> {
    let wanted: Option<Vec<String>> =
        (operation.jobs.first()).map(|ops| ops.iter().map(Opcode::summary).collect());
    let wanted = wanted.unwrap_or_default().join(",");
    match client.store().job(id)? {
        Some(job) if job.summary != wanted => {
            let text = format!("request {name} is job {id}, {}, not {wanted}", job.summary);
            Err(Problem::input(text).hint("choose another request id"))
        }
        _ => Ok(()),
    }
}

/// What the operator said about how it is to be done goes into each opcode.
fn prepare(cx: &Context, options: &SubmitOptions, operation: &mut Operation) {
    let time = now().saturating_mul(1_000);
    let command = cx
        .command
        .strip_prefix(cx.tool)
        .unwrap_or(&cx.command)
        .trim();
    for op in operation.jobs.iter_mut().flatten() {
        let common = &mut op.common;
        common.dry_run = options.dry_run;
        common.priority = options.priority.or(common.priority);
        if let Some(reason) = &options.reason {
            (common.reason).push(Reason("gnt:user".to_owned(), reason.clone(), time));
        }
        let source = format!("gnt:client:{}", cx.tool);
        common.reason.push(Reason(source, command.to_owned(), time));
    }
}

/// Tells the ids and the refusals.
fn announce(
    cx: &mut Context,
    options: &SubmitOptions,
    operation: &Operation,
    answers: &[std::result::Result<JobId, OpError>],
) -> Result<()> {
    let several = operation.jobs.len() > 1;
    for (place, answer) in answers.iter().enumerate() {
        let name = operation.names.get(place).filter(|_| several);
        match answer {
            Ok(id) => {
                if options.print_jobid && !cx.printer.json && !cx.printer.stream {
                    cx.printer.line(&id.to_string())?;
                }
                if options.submit && several && !options.print_jobid {
                    let name = name.map_or("", String::as_str);
                    cx.printer.verdict(&format!("{id}: {name}"))?;
                } else if options.submit {
                    cx.printer.say(&format!("JobID: {id}"));
                }
            }
            Err(error) => {
                let name = name.map_or(String::new(), |name| format!(" for {name}"));
                let text = format!("Failed to submit job{name}: {error}");
                cx.printer.complain(&text);
            }
        }
    }
    cx.printer.flush()
}

/// The queue took none of it.
fn refused(
    cx: &mut Context,
    operation: &Operation,
    answers: &[std::result::Result<JobId, OpError>],
) -> Result<ExitCode> {
    let error = answers.iter().find_map(|answer| answer.as_ref().err());
    if let Some(hint) = error.and_then(|error| error.hint.as_deref()) {
        cx.printer.complain(&format!("hint: {hint}"));
    }
    let mut document = Document::new(&cx.command, Verdict::Refused, ExitCode::Failed.number());
    document.error = error.cloned();
    fill_answers(&mut document, operation, answers);
    cx.printer.end(&document)?;
    Ok(ExitCode::Failed)
}

/// `--submit`: the jobs are on disk, nobody waits.
fn detached_at_once(
    cx: &mut Context,
    operation: &Operation,
    answers: &[std::result::Result<JobId, OpError>],
) -> Result<ExitCode> {
    let refused = answers.iter().any(|answer| answer.is_err());
    let exit = match refused {
        true => ExitCode::Partial,
        false => ExitCode::Done,
    };
    let mut document = Document::new(&cx.command, Verdict::Running, exit.number());
    document.job = match answers {
        [Ok(id)] => Some(*id),
        _ => None,
    };
    document.status = document.job.map(|_| Status::Queued);
    fill_answers(&mut document, operation, answers);
    cx.printer.end(&document)?;
    Ok(exit)
}

/// Answers of a command that submitted its jobs itself.
fn fill_answers(
    document: &mut Document,
    operation: &Operation,
    answers: &[std::result::Result<JobId, OpError>],
) {
    if answers.len() > 1 {
        document.jobs = answers.iter().map(Answer::of).collect();
    }
    document.summary.submitted = answers.iter().filter(|answer| answer.is_ok()).count();
    document.summary.refused = answers.len() - document.summary.submitted;
    for (place, answer) in answers.iter().enumerate() {
        if let Err(error) = answer {
            let name = operation.names.get(place).cloned();
            let ops = operation.jobs.get(place);
            let ops = ops.into_iter().flatten().map(|op| op.op.id().to_owned());
            document
                .results
                .push(refused_result(name, vec![], ops, error));
        }
    }
}

/// The end of an operation: the verdict in words, as a document, as exit code.
fn conclude(
    cx: &mut Context,
    client: &Client,
    options: &SubmitOptions,
    operation: &Operation,
    answers: &[std::result::Result<JobId, OpError>],
    follower: &Follower<'_>,
    ending: Ending,
) -> Result<ExitCode> {
    let named: Vec<(JobId, Option<String>)> = (answers.iter().enumerate())
        .filter_map(|(place, answer)| {
            let id = *answer.as_ref().ok()?;
            Some((id, operation.names.get(place).cloned()))
        })
        .collect();
    let mut document = document(&cx.command, follower, &named)?;
    if answers.len() > 1 {
        fill_answers(&mut document, operation, answers);
        document.judge(false);
    }
    let ids = named.iter().map(|(id, _)| *id);
    document.deadline = DeadlineState::of_all(client.store(), ids)?;
    let exit = match ending {
        Ending::Over => exit_of(&document),
        Ending::TimedOut | Ending::Deadline | Ending::Detached(_) => {
            return detach(cx, document, &named, ending);
        }
    };
    if options.dry_run {
        return dry_run(cx, client, document, follower, exit);
    }
    tell_findings(cx, &document, operation)?;
    tell_wrongs(cx, &document, operation);
    let first = operation.jobs.first().map_or(&[][..], Vec::as_slice);
    let errors = document.errors();
    let nothing = errors == 0 && document.status == Some(Status::Success) && {
        let family = Family::of(follower)?;
        named.iter().any(|(id, _)| family.is_parent(*id)) && document.jobs.is_empty()
    };
    // A job that failed by itself has said why; there are no moves to count.
    let alone = document.error.is_some() && document.jobs.is_empty();
    let text = match (nothing, errors) {
        _ if alone => None,
        (true, _) => (operation.texts.nothing)(first),
        (false, 0) => (operation.texts.done)(&document.summary),
        (false, errors) => (operation.texts.errors)(&document.summary, errors),
    };
    // Quiet means silent where all went well.
    if document.results.len() > 1 || !document.jobs.is_empty() {
        let cluster = client.store().cluster_name()?;
        cx.printer
            .say(&format!("Cluster {cluster}: {}", in_words(&document)));
    }
    if let Some(text) = deadline::verdict(&document) {
        cx.printer.complain(&text);
    }
    if let Some(text) = text.filter(|_| !cx.printer.quiet || exit != ExitCode::Done) {
        cx.printer.verdict(&text)?;
    }
    cx.printer.end(&document)?;
    Ok(exit)
}

/// Nobody waits any longer; the jobs go on.
fn detach(
    cx: &mut Context,
    mut document: Document,
    named: &[(JobId, Option<String>)],
    ending: Ending,
) -> Result<ExitCode> {
    let (exit, verdict, why) = match ending {
        Ending::Detached(signal) => (
            ExitCode::Detached(signal.number()),
            Verdict::Detached,
            "Aborted.",
        ),
        Ending::Deadline => (
            ExitCode::Partial,
            Verdict::Running,
            "The deadline has passed.",
        ),
        Ending::TimedOut | Ending::Over => {
            (ExitCode::TimedOut, Verdict::Running, "The time is over.")
        }
    };
    if ending == Ending::Deadline
        && let Some(deadline) = &mut document.deadline
    {
        // Whether the runner has written it down already does not matter here.
        deadline.passed = true;
    }
    tell_detached(cx, why, named);
    document.verdict = verdict;
    document.exit = exit.number();
    cx.printer.end(&document)?;
    Ok(exit)
}

/// Says that the jobs go on without the one who waited, and how to see the rest.
pub fn tell_detached(cx: &mut Context, why: &str, named: &[(JobId, Option<String>)]) {
    let ids: Vec<String> = named.iter().map(|(id, _)| id.to_string()).collect();
    let ids = ids.join(" ");
    let text = format!("{why} The jobs go on; gnt-job cancel {ids} stops them.");
    cx.printer.complain(&text);
    cx.printer
        .complain(&format!("To see the rest: gnt-job watch {ids}"));
}

/// What a dry run found.
fn dry_run(
    cx: &mut Context,
    client: &Client,
    mut document: Document,
    follower: &Follower<'_>,
    exit: ExitCode,
) -> Result<ExitCode> {
    let ops = follower.ops()?;
    let planned = ops.values().flatten().map(|op| &op.detail);
    let plan: Vec<_> = planned
        .flat_map(|detail| detail.plan.iter().cloned())
        .collect();
    if !cx.printer.json
        && !cx.printer.stream
        && (!plan.is_empty() || !document.unmovable.is_empty())
    {
        let text = plan::render(&plan, &document.unmovable);
        let cluster = client.store().cluster_name()?;
        cx.printer.say(&format!("Plan for cluster {cluster}:"));
        cx.printer.data(&text)?;
    }
    // With something unmovable the deed would have moved the rest, if it may.
    let exit = match (
        exit,
        document.error.is_none(),
        document.unmovable.is_empty(),
    ) {
        (_, true, false) if !plan.is_empty() => ExitCode::Partial,
        (other, ..) => other,
    };
    if let Some(error) = document.error.clone() {
        cx.printer.problem(&Problem::new(error));
    }
    document.exit = exit.number();
    document.verdict = match exit {
        ExitCode::Done => Verdict::Done,
        ExitCode::Partial => Verdict::Partial,
        _ => Verdict::Failed,
    };
    document.plan = Some(plan);
    cx.printer.end(&document)?;
    Ok(exit)
}

/// Prints what a check found, a line each: that is what it was asked for.
fn tell_findings(cx: &mut Context, document: &Document, operation: &Operation) -> Result<()> {
    let mut ops = operation.jobs.iter().flatten();
    let codes = ops.any(|op| matches!(&op.op, Op::ClusterVerify(op) if op.error_codes));
    for finding in document.findings.iter().flatten() {
        cx.printer.verdict(&finding.line(codes))?;
    }
    Ok(())
}

/// So many obstacles are told with a hint of their own.
const MOST_HINTS: usize = 5;

/// Says which instances cannot move, and what to do about each. Where the whole was refused because of them
/// the error has named them with their reasons.
fn tell_unmovable(cx: &mut Context, document: &Document) {
    if document.error.is_none() {
        let was_not = document.deed().was_not();
        for item in &document.unmovable {
            let text = format!("Instance {} {was_not}: {}", item.instance, item.reason);
            cx.printer.complain(&text);
            if let Some(hint) = &item.hint {
                cx.printer.complain(&format!("hint: {hint}"));
            }
        }
        return;
    }
    let mut told: Vec<&str> = vec![];
    for item in &document.unmovable {
        let Some(hint) = item.hint.as_deref().filter(|hint| !told.contains(hint)) else {
            continue;
        };
        told.push(hint);
        if told.len() > MOST_HINTS {
            cx.printer
                .complain("hint: --json tells what to do about each of the others");
            return;
        }
        cx.printer
            .complain(&format!("hint: {}: {hint}", item.instance));
    }
}

/// Says on standard error what went wrong, job by job.
fn tell_wrongs(cx: &mut Context, document: &Document, operation: &Operation) {
    let alone = operation.jobs.len() == 1 && document.jobs.is_empty();
    if let Some(error) = document
        .error
        .as_ref()
        .filter(|_| alone || document.results.is_empty())
    {
        cx.printer.problem(&Problem::new(error.clone()));
    }
    tell_unmovable(cx, document);
    if alone {
        return;
    }
    let mut hints: Vec<&str> = vec![];
    for result in &document.results {
        let name = result
            .instance
            .as_ref()
            .map_or(String::new(), |name| format!(" for {name}"));
        let Some(error) = &result.error else { continue };
        let text = match result.job {
            None => format!("Failed to submit job{name}: {error}"),
            Some(id) if is_cut_off(result) => {
                format!("Job {id}{name} was not begun before the deadline")
            }
            Some(id) if result.status == FinalStatus::Canceled.word() => {
                format!("Job {id}{name} was canceled")
            }
            Some(id) => format!("Job {id}{name} has failed: {error}"),
        };
        // Refusals of jobs that the client submitted itself were told when they came.
        if result.job.is_some() || operation.jobs.len() == 1 {
            cx.printer.complain(&text);
            // The same for many: said once, after all of them.
            hints.extend(error.hint.as_deref().filter(|hint| !hints.contains(hint)));
        }
    }
    for hint in hints {
        cx.printer.complain(&format!("hint: {hint}"));
    }
}
