//! Writing what an operator names: files that outlast the cluster.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::store::StateDir;

use super::problem::{Problem, Result};

/// Refuses a file in the state directory: what is written there would be in the way of what is ours,
/// and would be lost with it.
///
/// # Errors
/// When it is there, or its directory cannot be looked at.
pub fn outside(dir: &StateDir, file: &Path) -> Result<()> {
    let folder = folder(file);
    let real = std::fs::canonicalize(folder).map_err(|error| Problem::file(folder, &error))?;
    let ours = std::fs::canonicalize(dir.path());
    match ours.is_ok_and(|ours| real.starts_with(ours)) {
        true => Err(
            Problem::input(format!("{} is in the state directory", file.display()))
                .hint("name a file elsewhere, at best on another disk"),
        ),
        false => Ok(()),
    }
}

/// Makes sure that a file's name outlasts a failure of power, too.
///
/// # Errors
/// When its directory cannot be flushed.
#[expect(clippy::disallowed_methods, reason = "a directory")]
pub fn keep_name(file: &Path) -> io::Result<()> {
    File::open(folder(file))?.sync_all()
}

/// The directory that a file is in.
fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
