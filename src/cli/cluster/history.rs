//! `history`: what was done to the cluster outside of jobs.

use serde_json::Value;

use crate::cli::args::cluster::HistoryArgs;
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::fields::field;
use crate::cli::problem::Result;
use crate::cli::table::{self, Cell, Field};
use crate::store::Event;

struct EventRow(Event);

impl EventRow {
    fn who(&self, key: &str) -> Option<String> {
        let who: Value = serde_json::from_str(&self.0.who).ok()?;
        Some(who.get(key)?.as_str()?.to_owned())
    }
}

static EVENTS: [Field<EventRow>; 8] = [
    field!("id", "ID", Number, "Its number", |e| Cell::Number(e.0.id)),
    field!("time", "Time", Time, "When", |e| Cell::Time(e.0.time)),
    field!("what", "What", Text, "What was done", |e| Cell::Text(
        e.0.kind.word().to_owned()
    )),
    field!("job", "Job", Number, "To which job", |e| e
        .0
        .job
        .map_or(Cell::Unavailable, |j| Cell::Number(j.0))),
    field!("user", "User", Text, "Who did it", |e| {
        Cell::text_or_unavailable(e.who("user"))
    }),
    field!(
        "sudo_user",
        "Sudo_user",
        Text,
        "Who they were before sudo",
        |e| Cell::text_or_unavailable(e.who("sudo_user"))
    ),
    field!("command", "Command", Text, "By which command", |e| {
        Cell::text_or_unavailable(
            e.who("tool")
                .map(|t| format!("{t} {}", e.who("arguments").unwrap_or_default())),
        )
    }),
    field!("value", "Value", Text, "What was set", |e| {
        Cell::text_or_unavailable(e.0.value.clone())
    }),
];

pub(super) fn history(args: HistoryArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let mut rows: Vec<EventRow> = client
        .store()
        .events_after(0)?
        .into_iter()
        .map(EventRow)
        .collect();
    if let Some(limit) = args.limit {
        let cut = rows.len().saturating_sub(limit as usize);
        rows.drain(..cut);
    }
    let style = args.list.style(cx.verbose);
    table::show(
        &mut cx.printer,
        &EVENTS,
        "time,what,job,user,command,value",
        &style,
        &rows,
    )
}
