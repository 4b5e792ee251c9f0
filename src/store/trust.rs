//! Whether a file of the state directory is what it should be: a regular file of ours, which nobody
//! else can write. A link, a device or a pipe that somebody has put there is neither followed nor
//! waited for.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::libc;

use super::StoreError;

/// Permissions by which others could write.
const OTHERS_WRITE: u32 = 0o022;

/// What a small file of ours is opened for. The database is opened by SQLite alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// To read, or to ask about it.
    Reading,
    /// To lock it; it is made where it is missing.
    Locking,
    /// To write at its end; it is made where it is missing.
    Appending,
}

/// Opens a small file of the state directory: a wake file, a lock file, the runner's log.
///
/// # Errors
/// [`StoreError::Untrusted`] when it is not a regular file of ours, [`StoreError::Io`].
#[expect(clippy::disallowed_methods, reason = "files that are no database")]
pub(crate) fn open(path: &Path, what_for: For) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    match what_for {
        For::Reading => options.read(true),
        For::Locking => options.read(true).write(true).create(true).mode(0o600),
        For::Appending => options.append(true).create(true).mode(0o600),
    };
    // Without waiting: a pipe would keep us until somebody comes to its other end.
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options
        .open(path)
        .map_err(|error| not_opened(path, error))?;
    let meta = file
        .metadata()
        .map_err(|error| StoreError::io(path, error))?;
    check(path, &meta)?;
    Ok(file)
}

/// Opens a file that may be there, and closes it: who watches it wakes. Whatever else stands there is
/// neither followed nor waited for. Tells whether there was something.
#[expect(clippy::disallowed_methods, reason = "files that are no database")]
pub(super) fn touch(path: &Path) -> bool {
    let mut options = OpenOptions::new();
    options.read(true);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.open(path).is_ok()
}

/// Why a file could not be opened: what stands in its place, if it is that.
fn not_opened(path: &Path, error: io::Error) -> StoreError {
    let other = fs::symlink_metadata(path).ok();
    match other.filter(|meta| !meta.is_file()) {
        Some(meta) => untrusted(path, &meta, kind(&meta).to_owned()),
        None => StoreError::io(path, error),
    }
}

/// Checks a file by its name, if it is there.
///
/// # Errors
/// As [`open`].
pub(super) fn check_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(meta) => check(path, &meta),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io(path, error)),
    }
}

/// Checks what is known of a file.
///
/// # Errors
/// [`StoreError::Untrusted`].
pub(super) fn check(path: &Path, meta: &Metadata) -> Result<(), StoreError> {
    match distrust(meta) {
        None => Ok(()),
        Some(why) => Err(untrusted(path, meta, why)),
    }
}

/// Why a file cannot be trusted, if it cannot.
#[must_use]
pub(crate) fn distrust(meta: &Metadata) -> Option<String> {
    if !meta.is_file() {
        return Some(kind(meta).to_owned());
    }
    not_ours(meta)
}

/// Why a file or directory is not ours alone, if it is not.
pub(super) fn not_ours(meta: &Metadata) -> Option<String> {
    let me = nix::unistd::geteuid().as_raw();
    if meta.uid() != me {
        return Some(format!(
            "it belongs to uid {}, and you are uid {me}",
            meta.uid()
        ));
    }
    let mode = meta.mode() & 0o7777;
    (mode & OTHERS_WRITE != 0).then(|| format!("others can write it (mode {mode:04o})"))
}

fn kind(meta: &Metadata) -> &'static str {
    match meta.is_symlink() {
        true => "it is a symbolic link",
        false => "it is not a regular file",
    }
}

/// The error, with what helps against it.
pub(super) fn untrusted(path: &Path, meta: &Metadata, why: String) -> StoreError {
    let path = path.to_owned();
    let ours = meta.uid() == nix::unistd::geteuid().as_raw();
    let open_to_others = meta.mode() & OTHERS_WRITE != 0 && !meta.is_symlink();
    let hint = match ours && open_to_others {
        true => format!(
            "chmod go-w {} closes it; look first whether others have changed it",
            path.display()
        ),
        false => "find out who has put it there, and what else".to_owned(),
    };
    StoreError::Untrusted { path, why, hint }
}
