//! One JSON object a line, for programs. It begins with a `state` event for each job, so that
//! whoever attaches again needs no memory.

use serde_json::{Value, json};

use crate::clock::now;
use crate::queue::follow::Event;
use crate::store::JobRow;

use super::super::document::SCHEMA;
use super::super::printer::Printer;
use super::super::problem::Result;
use super::super::table::utc_time;
use super::Renderer;

/// Shows events as JSON.
#[derive(Debug, Default)]
pub struct Stream;

impl Stream {
    /// A stream.
    #[must_use]
    pub fn new() -> Stream {
        Stream
    }
}

impl Renderer for Stream {
    fn show(&mut self, printer: &mut Printer, events: &[Event], _: &[&JobRow]) -> Result<()> {
        for event in events {
            printer.line(&line(event).to_string())?;
        }
        printer.flush()
    }
}

fn line(event: &Event) -> Value {
    let mut value = match event {
        Event::State(job) => json!({
            "event": "state", "job": job.id, "parent": job.parent, "status": job.status,
            "summary": job.summary, "received": utc_time(job.received),
            "started": job.started.map(utc_time), "ended": job.ended.map(utc_time),
        }),
        Event::Log(id, entry) => json!({
            "event": "log", "job": id, "op": entry.index, "serial": entry.serial,
            "logged": utc_time(entry.time), "message": entry.message,
        }),
        Event::Progress(id, op, progress) => json!({
            "event": "progress", "job": id, "op": op, "phase": progress.phase,
            "percent": progress.percent, "eta": progress.eta,
        }),
        Event::Waits(id, why) => json!({
            "event": "waits", "job": id, "why": why.text, "for": why.jobs,
        }),
        Event::NewRunner => json!({"event": "runner"}),
        Event::RunnerStopped(pid) => json!({"event": "runner_stopped", "pid": pid}),
        Event::DiskFull => json!({"event": "disk_full"}),
    };
    value["schema"] = json!(SCHEMA);
    value["time"] = json!(utc_time(now()));
    value
}
