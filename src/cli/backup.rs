//! `gnt-cluster backup` and `gnt-cluster restore`.

use std::io::IsTerminal;
use std::path::Path;

use serde_json::json;

use crate::admin::{self, AdminError, Existing, Manifest, Unsound};
use crate::queue::Submitter;
use crate::signals;

use super::args::cluster::RestoreArgs;
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::input;
use super::output::{self, Unfinished};
use super::problem::{Problem, Result};
use super::table::{local_time, read_time, tenths_of_mib};

/// The unfinished file of a backup to standard output, in the state directory: it keeps the place for
/// the copy that stands there meanwhile.
const STREAMED: &str = "backup";

/// Writes the cluster to a file or to standard output.
pub(super) fn backup(file: &Path, cx: &mut Context) -> Result<ExitCode> {
    signals::catch();
    if file == Path::new("-") {
        return stream(cx);
    }
    let client = cx.open()?;
    output::outside(client.store().dir(), file)?;
    let unfinished = Unfinished::begin(file)?;
    let written = admin::backup(client.store(), &unfinished.scratch(), unfinished.file());
    let (manifest, _) = written.map_err(|error| wrong(file, error))?;
    let bytes = unfinished.file().metadata().map(|meta| meta.len());
    let bytes = bytes.map_err(|error| Problem::file(file, &error))?;
    unfinished.keep()?;
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0,
            "file": file, "bytes": bytes, "backup": manifest});
        cx.printer.line(&document.to_string())?;
    }
    cx.printer.deed(&format!(
        "{} is in {}: {} MiB",
        subject(&manifest),
        file.display(),
        tenths_of_mib(bytes)
    ))?;
    Ok(ExitCode::Done)
}

/// Writes the cluster to standard output.
fn stream(cx: &mut Context) -> Result<ExitCode> {
    let usage = |text: &str, hint: &str| Problem::input(text).hint(hint).exit(ExitCode::Usage);
    if cx.printer.json {
        let text = "a backup on standard output leaves no room for a document";
        return Err(usage(text, "name a file, or leave --json out"));
    }
    if std::io::stdout().is_terminal() {
        let text = "a backup is nothing for a terminal";
        return Err(usage(text, "name a file, or send it to a program"));
    }
    let client = cx.open()?;
    let dir = client.store().dir();
    let unfinished = Unfinished::begin(&dir.path().join(STREAMED))?;
    let out = cx.printer.bytes();
    let written = admin::backup(client.store(), &unfinished.scratch(), out);
    let (manifest, _) = written.map_err(|error| wrong(Path::new("-"), error))?;
    let text = format!("{} is written", subject(&manifest));
    cx.printer.say(&text);
    Ok(ExitCode::Done)
}

/// The cluster and its moment.
fn subject(manifest: &Manifest) -> String {
    let Manifest {
        cluster,
        made,
        unfinished,
        ..
    } = manifest;
    let moment = read_time(made).map_or_else(|| made.clone(), local_time);
    format!("Cluster {cluster} of {moment} with {unfinished} unfinished jobs")
}

/// Makes a cluster of a backup.
pub(super) fn restore(args: &RestoreArgs, cx: &mut Context) -> Result<ExitCode> {
    signals::catch();
    let dir = cx.dir()?;
    let from = input::reader(&args.file)?;
    let existing = match args.replace {
        true => Existing::Replace,
        false => Existing::Keep,
    };
    let unsound = match args.accept_findings {
        true => Unsound::Accept,
        false => Unsound::Refuse,
    };
    let who = Submitter::current(cx.tool).to_json();
    let restored = admin::restore(&dir, from, existing, unsound, &who).map_err(|error| {
        if let AdminError::Unsound(findings) = &error {
            for finding in findings {
                cx.printer.complain(&format!("  - ERROR: {finding}"));
            }
        }
        wrong(&args.file, error)
    })?;
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0,
            "backup": restored.manifest, "nodes": restored.nodes,
            "instances": restored.instances, "replaced": restored.replaced,
            "items": restored.findings});
        cx.printer.line(&document.to_string())?;
    }
    for finding in &restored.findings {
        cx.printer.say(&format!("note: {finding}"));
    }
    if let Some(old) = &restored.replaced {
        let text = format!("note: what was there before is in {}", old.display());
        cx.printer.say(&text);
    }
    if !restored.manifest.has_reality() {
        let text = "note: the machines may have gone on since; gnt-cluster verify-config tells what is different";
        cx.printer.say(text);
    }
    cx.printer.deed(&format!(
        "{} is in {}: {} nodes, {} instances.",
        subject(&restored.manifest),
        dir.path().display(),
        restored.nodes,
        restored.instances
    ))?;
    cx.printer
        .deed("Nothing starts before: gnt-cluster queue release")?;
    Ok(ExitCode::Done)
}

/// What went wrong with the backup in this file, or with what is around it.
fn wrong(file: &Path, error: AdminError) -> Problem {
    let about = matches!(error, AdminError::Container(_) | AdminError::Unsound(_));
    let mut problem = Problem::from(error);
    if about {
        problem.error.message = format!("{}: {}", file.display(), problem.error.message);
    }
    match signals::raised() {
        Some(signal) => problem.exit(ExitCode::Detached(signal.number())),
        None => problem,
    }
}
