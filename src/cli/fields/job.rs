//! Jobs.

use std::cell::OnceCell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::super::table::{Cell, Field};
use super::{field, text};
use crate::hypervisor::Progress;
use crate::queue::why::Reasons;
use crate::queue::{Client, Status};
use crate::store::{JobRow, LogEntry, OpRow, Store};

/// The fields of a list unless others are named.
pub const DEFAULT: &str = "id,status,summary";

/// The queue in which jobs stand, from which is read what a field asks for.
#[derive(Debug)]
pub struct Queue {
    client: Rc<Client>,
    /// Why jobs wait, once looked at: that means reading the whole queue.
    reasons: OnceCell<Option<Reasons>>,
}

impl Queue {
    /// This client's.
    #[must_use]
    pub fn new(client: Rc<Client>) -> Rc<Queue> {
        let reasons = OnceCell::new();
        Rc::new(Queue { client, reasons })
    }
}

/// A job, where it stands.
#[derive(Debug)]
pub struct Row {
    /// The job.
    pub job: JobRow,
    /// How deep it stands under its ancestors, for `--tree`.
    pub depth: usize,
    queue: Rc<Queue>,
    ops: OnceCell<Vec<OpRow>>,
}

impl Row {
    /// A job of this queue.
    #[must_use]
    pub fn new(job: JobRow, queue: Rc<Queue>) -> Row {
        let (depth, ops) = (0, OnceCell::new());
        Row {
            job,
            depth,
            queue,
            ops,
        }
    }

    fn store(&self) -> &Store {
        self.queue.client.store()
    }

    /// Why it waits: for its turn, or as it runs for a node that does not answer.
    fn waits(&self) -> Cell {
        match self.job.status {
            Status::Queued | Status::Waiting => {}
            Status::Running | Status::Canceling => {
                return Cell::text_or_unavailable(self.awaited().map(|n| format!("answer of {n}")));
            }
            Status::Success | Status::Error | Status::Canceled => return Cell::Unavailable,
        }
        let load = || Reasons::load(self.store()).ok();
        match self.queue.reasons.get_or_init(load) {
            Some(reasons) => Cell::text_or_unavailable(reasons.of(self.job.id).map(|w| w.text)),
            None => Cell::NoData,
        }
    }

    /// The node whose answer its opcode waits for.
    fn awaited(&self) -> Option<String> {
        let id = self.job.id;
        let told = self.store().progress_between(id, id).ok()?;
        let (_, _, text) = told.last()?;
        let progress: Progress = serde_json::from_str(text).ok()?;
        progress.waits_for().map(str::to_owned)
    }

    fn ops(&self) -> &[OpRow] {
        self.ops
            .get_or_init(|| self.store().ops(self.job.id).unwrap_or_default())
    }

    fn each(&self, get: impl Fn(&OpRow) -> Value) -> Cell {
        Cell::Json(Value::Array(self.ops().iter().map(get).collect()))
    }

    fn log(&self) -> Vec<LogEntry> {
        self.store().log_after(self.job.id, 0).unwrap_or_default()
    }
}

/// Microseconds since 1970 as Ganeti has them on the wire: seconds and microseconds.
fn wire_time(micros: Option<i64>) -> Value {
    micros.map_or(Value::Null, |t| {
        json!([t.div_euclid(1_000_000), t.rem_euclid(1_000_000)])
    })
}

fn indented(row: &Row, value: String) -> Cell {
    text("  ".repeat(row.depth) + &value)
}

/// What can be shown of a job.
pub static FIELDS: [Field<Row>; 23] = [
    field!("id", "ID", Number, "Its id", |r| Cell::Number(r.job.id.0)),
    field!("status", "Status", Text, "Its state", |r| text(
        r.job.status.word()
    )),
    field!("summary", "Summary", Text, "Its opcodes in short", |r| {
        indented(r, r.job.summary.clone())
    }),
    field!(
        "priority",
        "Priority",
        Number,
        "-10 high, 0 normal, 10 low",
        |r| Cell::Number(r.job.priority.number())
    ),
    field!(
        "archived",
        "Archived",
        Bool,
        "Whether it was put away",
        |r| Cell::Bool(r.job.archived)
    ),
    field!(
        "parent",
        "Parent",
        Number,
        "The job that returned it",
        |r| r
            .job
            .parent
            .map_or(Cell::Unavailable, |p| Cell::Number(p.0))
    ),
    field!(
        "root",
        "Root",
        Number,
        "The first job of its operation",
        |r| Cell::Number(r.job.root.0)
    ),
    field!("why", "Waits_for", Text, "Why it waits", |r| r.waits()),
    field!(
        "received_ts",
        "Received",
        Time,
        "When it was submitted",
        |r| Cell::Time(r.job.received)
    ),
    field!("start_ts", "Start", Time, "When it began", |r| {
        Cell::time_or_unavailable(r.job.started)
    }),
    field!("end_ts", "End", Time, "When it ended", |r| {
        Cell::time_or_unavailable(r.job.ended)
    }),
    field!(
        "parallel",
        "Parallel",
        Number,
        "How many of its children run at once at most",
        |r| r
            .job
            .parallel
            .map_or(Cell::Unavailable, |p| Cell::Number(p.into()))
    ),
    field!(
        "request_id",
        "RequestID",
        Text,
        "The name under which it was submitted",
        |r| Cell::text_or_unavailable(r.job.request.clone())
    ),
    field!("submitter", "Submitter", Other, "Who submitted it", |r| {
        Cell::Json(serde_json::from_str(&r.job.submitter).unwrap_or_default())
    }),
    field!("ops", "OpCodes", Other, "Its opcodes", |r| r
        .each(|op| op.input.clone())),
    field!("opresult", "OpCode_result", Other, "Their results", |r| r
        .each(|op| op.result.clone())),
    field!("opstatus", "OpCode_status", Other, "Their states", |r| r
        .each(|op| json!(op.status))),
    field!(
        "opstart",
        "OpCode_start",
        Other,
        "When they began, before their locks",
        |r| r.each(|op| wire_time(op.started))
    ),
    field!(
        "opexec",
        "OpCode_exec",
        Other,
        "When they had their locks",
        |r| r.each(|op| wire_time(op.executing))
    ),
    field!("opend", "OpCode_end", Other, "When they ended", |r| r
        .each(|op| wire_time(op.ended))),
    field!(
        "opstarts",
        "OpCode_starts",
        Other,
        "How often they were started",
        |r| r.each(|op| json!(op.starts))
    ),
    field!(
        "oppriority",
        "OpCode_prio",
        Other,
        "Their priorities",
        |r| r.each(|op| op.input.get("priority").cloned().unwrap_or(json!(0)))
    ),
    field!("oplog", "OpCode_log", Other, "What they logged", |r| {
        Cell::Json(json!(
            r.log()
                .iter()
                .map(|e| json!([e.serial, wire_time(Some(e.time)), e.kind, e.message]))
                .collect::<Vec<_>>()
        ))
    }),
];
