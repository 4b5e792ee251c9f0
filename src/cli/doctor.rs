//! `gnt-cluster doctor`: one page on how a cluster is.

use serde_json::{Value, json};

use crate::admin::{Checkup, examine_at_work};
use crate::allocator::Level;
use crate::clock::now;

use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::problem::Result;
use super::table::{Units, c_time, mib_text, tenths_of_mib, utc_time};

/// How wide the names before the facts are.
const WIDTH: usize = 10;

/// `gnt-cluster doctor`.
pub(super) fn doctor(cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let checkup = examine_at_work(client.store())?;
    let exit = match checkup.troubles.is_empty() {
        true => ExitCode::Done,
        false => ExitCode::Failed,
    };
    if cx.printer.json {
        cx.printer.line(&document(cx, &checkup, exit).to_string())?;
        return Ok(exit);
    }
    if cx.printer.quiet && exit == ExitCode::Done {
        return Ok(exit);
    }
    for (name, text) in facts(&checkup) {
        let name = format!("{name}:");
        cx.printer.verdict(&format!("{name:WIDTH$} {text}"))?;
    }
    cx.printer.verdict("")?;
    match checkup.troubles.len() {
        0 => cx.printer.verdict("All is well.")?,
        1 => cx.printer.verdict("1 thing needs a person:")?,
        count => cx
            .printer
            .verdict(&format!("{count} things need a person:"))?,
    }
    for trouble in &checkup.troubles {
        let text = format!("  - {}: {}", trouble.object, trouble.text);
        cx.printer.verdict(&text)?;
        cx.printer
            .verdict(&format!("      next: {}", trouble.next))?;
    }
    Ok(exit)
}

/// Name and text of each line.
fn facts(checkup: &Checkup) -> Vec<(&'static str, String)> {
    let settings = &checkup.settings;
    let [nodes, offline, drained] = checkup.nodes;
    let [instances, up, running] = checkup.instances;
    let level = |level: Level| {
        let size = |mib| mib_text(mib, Units::H);
        format!("{} of {}", size(level.used), size(level.total))
    };
    let redundancy = match checkup.fill.short.len() {
        0 => "any node may fail".to_owned(),
        1 => "1 node is short of memory if another one fails".to_owned(),
        count => format!("{count} nodes are short of memory if another one fails"),
    };
    let mut queue = format!(
        "{} of {} jobs are unfinished, {} run",
        checkup.unfinished,
        settings.limits.queue_limit,
        checkup.busy.len()
    );
    for (set, word) in [(settings.held, "held"), (settings.drained, "drained")] {
        if set {
            queue.push_str("; ");
            queue.push_str(word);
        }
    }
    if let Some(until) = settings.watcher_pause.filter(|until| *until > now()) {
        queue.push_str(&format!("; the watcher is paused until {}", c_time(until)));
    }
    let runner = match (checkup.runner, checkup.unfinished) {
        (true, _) => "is there",
        (false, 0) => "is not there, and not needed",
        (false, _) => "is not there",
    };
    let (database, log) = checkup.database;
    let disk = format!(
        "{} MiB are free, the database has {} MiB, its log {} MiB",
        checkup
            .free_mib
            .map_or("?".to_owned(), |mib| mib.to_string()),
        tenths_of_mib(database),
        tenths_of_mib(log)
    );
    let runs = settings.program.as_ref();
    let versions = format!(
        "gnt {}, runner {}, driver {}",
        checkup.program.version,
        runs.map_or("none yet", |program| &program.version),
        settings.driver
    );
    vec![
        (
            "Cluster",
            format!(
                "{}, {nodes} nodes ({offline} offline, {drained} drained), {instances} instances",
                checkup.cluster
            ),
        ),
        ("Instances", format!("{running} of {up} run that should")),
        (
            "Capacity",
            format!(
                "{} of memory are taken, {} of disk",
                level(checkup.fill.memory),
                level(checkup.fill.disk)
            ),
        ),
        ("N+1", redundancy),
        ("Queue", queue),
        ("Runner", runner.to_owned()),
        ("Disk", disk),
        ("Versions", versions),
    ]
}

fn document(cx: &Context, checkup: &Checkup, exit: ExitCode) -> Value {
    let Checkup {
        settings,
        fill,
        free_mib,
        ..
    } = checkup;
    let [nodes, offline, drained] = checkup.nodes;
    let [instances, up, running] = checkup.instances;
    let (database, log) = checkup.database;
    let level = |level: Level| json!({"total": level.total, "used": level.used});
    let short = |(node, missing): &(String, u64)| json!({"node": node, "missing": missing});
    json!({
        "schema": SCHEMA, "command": cx.command, "exit": exit.number(),
        "cluster": checkup.cluster,
        "nodes": {"all": nodes, "offline": offline, "drained": drained},
        "instances": {"all": instances, "up": up, "running": running},
        "memory": level(fill.memory), "disk": level(fill.disk),
        "n1": fill.short.iter().map(short).collect::<Vec<_>>(),
        "queue": {"unfinished": checkup.unfinished, "limit": settings.limits.queue_limit,
            "busy": checkup.busy, "held": settings.held, "drained": settings.drained},
        "watcher_paused_until": settings.watcher_pause.filter(|until| *until > now()).map(utc_time),
        "runner": {"alive": checkup.runner,
            "version": settings.program.as_ref().map(|program| &program.version)},
        "free_mib": free_mib,
        "database_mib": tenths_of_mib(database), "log_mib": tenths_of_mib(log),
        "version": checkup.program.version, "driver": settings.driver,
        "items": checkup.troubles,
    })
}
