//! `export`: the cluster as a file that `import` reads.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::json;

use super::durations_of;
use crate::cli::args::cluster::ExportArgs;
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::problem::{Problem, Result};
use crate::cluster::export;

pub(super) fn export_file(args: ExportArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let store = client.store();
    let config = store.config()?;
    let settings = store.settings()?;
    let durations = durations_of(store, &settings)?;
    let file_settings = export::Settings {
        driver: settings.driver,
        queue_limit: Some(settings.limits.queue_limit),
        max_running_jobs: Some(settings.limits.max_running_jobs),
        default_iallocator: settings.allocators.default.clone(),
        simulator: json!(durations),
    };
    let text = export::write(&config, &file_settings);
    match args.output.as_deref() {
        None => cx.printer.data(&text)?,
        Some(path) if path == Path::new("-") => cx.printer.data(&text)?,
        Some(path) => write_file(path, &text)?,
    }
    Ok(ExitCode::Done)
}

/// Writes a file whole or not at all: under another name first. It holds secrets of disks and of guests,
/// so it is for nobody else to read, whatever the umask or the file before it.
#[expect(clippy::disallowed_methods, reason = "the file to export to")]
fn write_file(path: &Path, text: &str) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let unfinished = path.with_file_name(name);
    let write = || {
        // Left by an export that was killed, or put there by somebody else: never written through.
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(&unfinished)?.write_all(text.as_bytes())?;
        std::fs::rename(&unfinished, path)
    };
    write().map_err(|error| {
        // What was begun is of no use to anybody.
        let _ = std::fs::remove_file(&unfinished);
        Problem::file(path, &error)
    })
}
