//! Writing what an operator names: files that outlast the cluster.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::libc;

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

/// A file that appears under its name when it is whole: until then it stands beside it, locked, under
/// the name with `.new`. It is for nobody else to read, whatever the umask or the file before it.
#[derive(Debug)]
pub struct Unfinished {
    name: PathBuf,
    unfinished: PathBuf,
    file: File,
    /// It is in its place.
    kept: bool,
}

impl Unfinished {
    /// Begins a file of this name. What somebody who was killed had begun is overwritten.
    ///
    /// # Errors
    /// When somebody else writes it, or the system refuses.
    pub fn begin(name: &Path) -> Result<Unfinished> {
        let unfinished = beside(name, ".new");
        let wrong = |error: io::Error| Problem::file(&unfinished, &error);
        let file = create(&unfinished).map_err(wrong)?;
        let meta = file.metadata().map_err(wrong)?;
        if !meta.is_file() {
            let text = format!("{}: it is not a regular file", unfinished.display());
            return Err(Problem::input(text).hint("remove what stands there, or name another file"));
        }
        // Whoever had it may just have given it its name.
        let there = std::fs::symlink_metadata(&unfinished).map(|there| (there.dev(), there.ino()));
        let ours = there.is_ok_and(|there| there == (meta.dev(), meta.ino()));
        if file.try_lock().is_err() || !ours {
            let text = format!("{}: somebody else writes it", name.display());
            return Err(Problem::input(text).hint("wait for them, or name another file"));
        }
        file.set_permissions(Permissions::from_mode(0o600))
            .and_then(|()| file.set_len(0))
            .map_err(wrong)?;
        Ok(Unfinished {
            name: name.to_owned(),
            unfinished,
            file,
            kept: false,
        })
    }

    /// Where to write.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Another name beside it, of which nobody else makes use meanwhile.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        beside(&self.unfinished, ".copy")
    }

    /// It is whole: flushed to the disk, it gets its name.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn keep(mut self) -> Result<()> {
        let keep = || {
            self.file.sync_all()?;
            std::fs::rename(&self.unfinished, &self.name)?;
            keep_name(&self.name)
        };
        keep().map_err(|error| Problem::file(&self.name, &error))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept {
            // It is of no use to anybody; what cannot be removed is overwritten next time.
            let _ = std::fs::remove_file(&self.unfinished);
        }
    }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    file.with_file_name(name)
}

#[expect(clippy::disallowed_methods, reason = "a file that an operator names")]
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
    options.open(path)
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
