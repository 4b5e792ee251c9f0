//! `gnt-debug`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::admin::simulator;
use crate::hypervisor::fake::{Fake, FakeError, Fault};
use crate::limits::{JOB_FILE_BYTES, JOBS_PER_SUBMISSION, OPCODES_PER_JOB, parse_json};
use crate::locking::{Lock, Mode};
use crate::opcodes::{ErrorCode, OpError, Opcode, TestDelay};
use crate::queue::why::lock_name;
use crate::runner::{load, scheduler::Why, state::State};
use crate::signals;
use crate::store::Store;

use super::args::debug::{
    DebugCli, DebugCommand, DelayArgs, FaultAddArgs, FaultCommand, LocksArgs, SubmitJobArgs,
};
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::fields::field;
use super::input;
use super::names;
use super::operation::{self, Operation, Texts};
use super::problem::{Problem, Result};
use super::table::{self, Cell, Field, Style};

/// The tool's `main`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    super::main::<DebugCli>("gnt-debug", |cli| &cli.global, run)
}

fn run(cli: DebugCli, cx: &mut Context) -> Result<ExitCode> {
    match cli.command {
        DebugCommand::Delay(args) => delay(args, cx),
        DebugCommand::SubmitJob(args) => submit_job(args, cx),
        DebugCommand::Fault(FaultCommand::Add(args)) => fault_add(args, cx),
        DebugCommand::Fault(FaultCommand::List(args)) => {
            let client = cx.open()?;
            let faults = simulator(client.store())?.list_faults()?;
            table::show(
                &mut cx.printer,
                &FAULTS,
                FAULT_FIELDS,
                &args.style(cx.verbose),
                &faults,
            )
        }
        DebugCommand::Fault(FaultCommand::Clear(args)) => {
            let client = cx.open()?;
            let fake = simulator(client.store())?;
            fault_clear(cx, &fake, &args.faults)
        }
        DebugCommand::Iallocator(args) => super::test_allocator::run(*args, cx),
        DebugCommand::Locks(args) => locks(args, cx),
    }
}

impl From<FakeError> for Problem {
    fn from(error: FakeError) -> Problem {
        if let FakeError::NoSuchFault(_) = error {
            return Problem::unknown(error.to_string()).hint("gnt-debug fault list shows them");
        }
        if let FakeError::BadFault(_) = error {
            return Problem::input(error.to_string());
        }
        crate::admin::AdminError::from(error).into()
    }
}

fn delay(args: DelayArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    // Read only for what it is needed for: of a large cluster it is most of what this tool does.
    let on_nodes = match args.nodes.is_empty() {
        true => vec![],
        false => {
            let config = client.store().config()?;
            let nodes = args.nodes.iter();
            let nodes = nodes.map(|name| Ok(names::node(&config, name)?.name.clone()));
            nodes.collect::<Result<_>>()?
        }
    };
    let op = TestDelay {
        duration: args.seconds,
        on_master: !args.no_master,
        on_nodes,
        repeat: args.repeat,
        no_locks: args.no_locks,
    };
    let operation = Operation::of(op);
    operation::run(cx, &client, &args.submit.into(), operation)
}

// ------------------------------------------------------------------ job files

fn submit_job(args: SubmitJobArgs, cx: &mut Context) -> Result<ExitCode> {
    let started = Instant::now();
    let mut jobs = vec![];
    let mut names = vec![];
    // Before they are made: a slip of the hand must not fill the memory.
    let wanted = args.files.len().saturating_mul(args.job_repeat as usize);
    if wanted > JOBS_PER_SUBMISSION {
        return Err(Problem::input(format!(
            "{wanted} jobs are more than the {JOBS_PER_SUBMISSION} that one submission may have"
        )));
    }
    for file in &args.files {
        let ops = read_job(file)?;
        let wanted = ops.len().saturating_mul(args.op_repeat as usize);
        if wanted > OPCODES_PER_JOB {
            return Err(Problem::input(format!(
                "{}: {wanted} opcodes are more than the {OPCODES_PER_JOB} that one job may have",
                file.display()
            )));
        }
        for index in 0..args.job_repeat {
            let repeated = (0..args.op_repeat).flat_map(|_| ops.iter().cloned());
            jobs.push(repeated.collect());
            names.push(format!("file {}/{index}", file.display()));
        }
    }
    let read = started.elapsed();
    let client = cx.open()?;
    let (job_count, op_count) = (jobs.len(), jobs.iter().map(Vec::len).sum::<usize>());
    let operation = Operation {
        jobs,
        names,
        texts: Texts::SILENT,
    };
    let exit = operation::run(cx, &client, &args.submit.into(), operation)?;
    if args.timing_stats {
        let total = started.elapsed();
        cx.printer.say(&format!("C:op     {op_count}"));
        cx.printer.say(&format!("C:job    {job_count}"));
        cx.printer
            .say(&format!("T:submit {:.6}", read.as_secs_f64()));
        cx.printer
            .say(&format!("T:exec   {:.6}", (total - read).as_secs_f64()));
        cx.printer
            .say(&format!("T:total  {:.6}", total.as_secs_f64()));
    }
    Ok(exit)
}

/// The opcodes of a job file: a JSON list of them.
fn read_job(file: &Path) -> Result<Vec<Opcode>> {
    let text = input::read_text(file, JOB_FILE_BYTES)?;
    let invalid = |what: String| {
        let message = format!("{}: {what}", file.display());
        Problem::new(OpError::prereq(ErrorCode::InvalidOpcode, message))
            .hint("a job file is a JSON list of opcodes, such as [{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 1}]")
    };
    let value = parse_json(&text).map_err(invalid)?;
    let Value::Array(items) = value else {
        return Err(invalid("it is not a list".to_owned()));
    };
    let ops = items.into_iter().enumerate().map(|(nr, item)| {
        Opcode::from_value(item).map_err(|error| invalid(format!("opcode {nr}: {error}")))
    });
    let ops = ops.collect::<Result<Vec<Opcode>>>()?;
    match ops.is_empty() {
        true => Err(invalid("it has no opcodes".to_owned())),
        false => Ok(ops),
    }
}

// --------------------------------------------------------------------- faults

const FAULT_FIELDS: &str = "id,kind,node,instance,verb,percent,probability,seed,count";

static FAULTS: [Field<Fault>; 10] = [
    field!("id", "ID", Number, "Its number", |f| Cell::Number(f.id)),
    field!("kind", "Kind", Text, "What goes wrong", |f| Cell::Text(
        f.kind.word().to_owned()
    )),
    field!("node", "Node", Text, "On which node", |f| {
        Cell::text_or_unavailable(f.node.clone())
    }),
    field!("instance", "Instance", Text, "With which instance", |f| {
        Cell::text_or_unavailable(f.instance.clone())
    }),
    field!("verb", "Verb", Text, "Which verb", |f| {
        Cell::text_or_unavailable(f.verb.map(|v| v.word()))
    }),
    field!(
        "percent",
        "At",
        Number,
        "How far the verb gets, in per cent",
        |f| f.percent.map_or(Cell::Unavailable, Cell::Float)
    ),
    field!("probability", "Probability", Number, "How often", |f| f
        .probability
        .map_or(Cell::Unavailable, Cell::Float)),
    field!("seed", "Seed", Number, "Where the chances start", |f| f
        .seed
        .map_or(Cell::Unavailable, |s| Cell::Number(s as i64))),
    field!("count", "Times", Number, "How many times more", |f| f
        .count
        .map_or(Cell::Unavailable, |c| Cell::Number(c.into()))),
    field!("factor", "Factor", Number, "How many times slower", |f| f
        .factor
        .map_or(Cell::Unavailable, Cell::Float)),
];

fn fault_add(args: FaultAddArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let node = args
        .node
        .as_deref()
        .map(|name| names::node(&config, name))
        .transpose()?;
    let instance = args.instance.as_deref();
    let instance = instance
        .map(|name| names::instance(&config, name))
        .transpose()?;
    let mut fault = Fault::new(args.kind);
    fault.node = node.map(|node| node.name.clone());
    fault.instance = instance.map(|instance| instance.name.clone());
    fault.verb = args.verb;
    fault.percent = args.at.map(f64::from);
    fault.probability = args.probability;
    fault.seed = args.seed;
    fault.count = args.times;
    fault.factor = args.factor;
    let id = simulator(client.store())?.add_fault(&fault)?;
    tell_fault(cx, "fault", json!(id), &format!("fault {id} is on"))
}

/// What was done about faults: a line, or a document with this field.
fn tell_fault(cx: &mut Context, field: &str, value: Value, text: &str) -> Result<ExitCode> {
    if cx.printer.json {
        let mut document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0});
        document[field] = value;
        cx.printer.line(&document.to_string())?;
        return Ok(ExitCode::Done);
    }
    cx.printer.deed(text)?;
    Ok(ExitCode::Done)
}

fn fault_clear(cx: &mut Context, fake: &Fake, ids: &[u64]) -> Result<ExitCode> {
    let mut cleared = 0;
    if ids.is_empty() {
        cleared = fake.clear_faults(None)?;
    }
    for id in ids {
        cleared += fake.clear_faults(Some(i64::try_from(*id).unwrap_or(i64::MAX)))?;
    }
    let text = match cleared {
        1 => "1 fault is off".to_owned(),
        _ => format!("{cleared} faults are off"),
    };
    tell_fault(cx, "cleared", json!(cleared), &text)
}

// ---------------------------------------------------------------------- locks

/// A lock that somebody has or wants.
struct LockRow {
    name: String,
    mode: Option<Mode>,
    owner: Vec<String>,
    pending: Vec<String>,
}

static LOCKS: [Field<LockRow>; 4] = [
    field!("name", "Name", Text, "The lock", |l| Cell::Text(
        l.name.clone()
    )),
    field!("mode", "Mode", Text, "How it is held", |l| {
        Cell::text_or_unavailable(l.mode.map(Mode::word))
    }),
    field!("owner", "Owner", List, "The jobs that hold it", |l| {
        list_or_unavailable(&l.owner)
    }),
    field!(
        "pending",
        "Pending",
        List,
        "The jobs that wait for it",
        |l| list_or_unavailable(&l.pending)
    ),
];

fn list_or_unavailable(items: &[String]) -> Cell {
    match items.is_empty() {
        true => Cell::Unavailable,
        false => Cell::List(items.to_vec()),
    }
}

fn locks(args: LocksArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    signals::catch();
    let style = args.list.style(cx.verbose);
    loop {
        let exit = show_locks(cx, client.store(), &style)?;
        cx.printer.flush()?;
        let Some(pause) = args.interval else {
            return Ok(exit);
        };
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if let Some(signal) = signals::raised() {
                return Ok(ExitCode::Detached(signal.number()));
            }
            let left = until.saturating_duration_since(Instant::now());
            std::thread::sleep(left.min(std::time::Duration::from_millis(100)));
        }
        cx.printer.verdict("")?;
    }
}

fn show_locks(cx: &mut Context, store: &Store, style: &Style) -> Result<ExitCode> {
    let mut state = State::new(0, store.settings()?);
    load::load(&mut state, store)?;
    let mut rows: BTreeMap<Lock, LockRow> = BTreeMap::new();
    let config = &state.config;
    let row = |lock: &Lock| LockRow {
        name: format!("{}/{}", lock.level, lock_name(config, lock)),
        mode: None,
        owner: vec![],
        pending: vec![],
    };
    for (job, locks) in store.held()? {
        for (lock, mode) in locks.iter() {
            let entry = rows.entry(lock.clone()).or_insert_with(|| row(lock));
            entry.mode = Some(mode);
            entry.owner.push(job.to_string());
        }
    }
    for job in store.unfinished()? {
        if let Why::Lock(obstacle) = state.scheduler.why(job.id) {
            let lock = &obstacle.lock;
            let entry = rows.entry(lock.clone()).or_insert_with(|| row(lock));
            entry.pending.push(format!("{}:{}", obstacle.mode, job.id));
        }
    }
    let rows: Vec<LockRow> = rows.into_values().collect();
    table::show(
        &mut cx.printer,
        &LOCKS,
        "name,mode,owner,pending",
        style,
        &rows,
    )
}
