//! `queue`: the flags that keep jobs out of the queue, or in it.

use serde_json::json;

use crate::cli::args::cluster::QueueCommand;
use crate::cli::context::Context;
use crate::cli::document::SCHEMA;
use crate::cli::exit::ExitCode;
use crate::cli::problem::Result;
use crate::queue::Client;

pub(super) fn queue(command: QueueCommand, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    match command {
        QueueCommand::Drain => client.set_drained(true)?,
        QueueCommand::Undrain => client.set_drained(false)?,
        QueueCommand::Hold => {
            client.set_held(true)?;
            // What waits may have a deadline, which passes all the same.
            client.ensure_runner()?;
        }
        QueueCommand::Release => {
            client.set_held(false)?;
            client.ensure_runner()?;
        }
        QueueCommand::Info => return queue_info(cx, &client),
    }
    if cx.printer.json {
        return queue_info(cx, &client);
    }
    Ok(ExitCode::Done)
}

fn queue_info(cx: &mut Context, client: &Client) -> Result<ExitCode> {
    let store = client.store();
    let settings = store.settings()?;
    let unfinished = store.unfinished_count()?;
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0,
            "drained": settings.drained, "held": settings.held, "unfinished": unfinished,
            "limit": settings.limits.queue_limit});
        cx.printer.line(&document.to_string())?;
        return Ok(ExitCode::Done);
    }
    let word = |set: bool| if set { "set" } else { "unset" };
    cx.printer
        .line(&format!("The drain flag is {}", word(settings.drained)))?;
    cx.printer
        .line(&format!("The hold flag is {}", word(settings.held)))?;
    let limit = settings.limits.queue_limit;
    cx.printer
        .line(&format!("{unfinished} of {limit} jobs are unfinished"))?;
    Ok(ExitCode::Done)
}
