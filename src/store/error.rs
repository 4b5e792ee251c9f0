//! What can be wrong with a state directory or its database.

use std::io;
use std::path::{Path, PathBuf};

/// Why the database could not be used. Each names the file and tells what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no cluster in the directory.
    #[error("there is no cluster in {0}")]
    NoCluster(PathBuf),
    /// There already is one.
    #[error("there is a cluster in {0} already")]
    Exists(PathBuf),
    /// The directory cannot be used: another user's, or on a network.
    #[error("{dir} cannot hold a cluster: {why}")]
    Unfit {
        /// Which directory.
        dir: PathBuf,
        /// Why.
        why: String,
    },
    /// A file or directory of ours that others can change, or that is something else.
    #[error("{path} cannot be trusted: {why}")]
    Untrusted {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// The file is not a database of ours, or not any more.
    #[error("{file} is damaged or not a gnt database: {why}")]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What was found.
        why: String,
    },
    /// The file was written by a newer program.
    #[error("{file} has schema {found}, this program knows up to {known}")]
    Newer {
        /// Which file.
        file: PathBuf,
        /// Its schema's number.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Somebody else keeps the writers' queue.
    #[error("waited {seconds} s for {file}: {holder}")]
    Busy {
        /// The lock file.
        file: PathBuf,
        /// How long it was waited.
        seconds: u64,
        /// Who holds it, such as `gnt-node, pid 31134, holds it and is stopped`.
        holder: String,
        /// What to do about it.
        hint: String,
    },
    /// No room on the disk.
    #[error("the disk of {0} is full")]
    Full(PathBuf),
    /// The operating system refused something.
    #[error("{file}: {error}")]
    Io {
        /// Which file.
        file: PathBuf,
        /// What it said.
        #[source]
        error: io::Error,
    },
    /// SQLite refused something.
    #[error("{file}: {error}")]
    Sqlite {
        /// Which file.
        file: PathBuf,
        /// What it said.
        #[source]
        error: rusqlite::Error,
    },
    /// A signal came before the transaction had begun.
    #[error("interrupted: nothing was submitted")]
    Interrupted,
    /// Another runner has taken over.
    #[error("another runner has taken over")]
    Deposed,
    /// A value in the database that this program did not write.
    #[error("{file}: {what}")]
    Content {
        /// Which file.
        file: PathBuf,
        /// What and where.
        what: String,
    },
    /// The caller's own reason to give the transaction up.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    /// Sorts SQLite's errors: damage, full disk, permissions.
    #[must_use]
    pub fn from_sqlite(error: rusqlite::Error, file: &Path) -> StoreError {
        use rusqlite::ErrorCode;
        let file = file.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
                file,
                why: error.to_string(),
            },
            Some(ErrorCode::DiskFull) => StoreError::Full(file),
            _ => StoreError::Sqlite { file, error },
        }
    }

    /// An error of the operating system on a file.
    #[must_use]
    pub fn io(file: &Path, error: impl Into<io::Error>) -> StoreError {
        let error = error.into();
        if error.kind() == io::ErrorKind::StorageFull {
            return StoreError::Full(file.to_owned());
        }
        StoreError::Io {
            file: file.to_owned(),
            error,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            StoreError::NoCluster(dir) if dir.join("replaced/gnt.db").exists() => format!(
                "a restore was interrupted: restore again, or move what is in {} back",
                dir.join("replaced").display()
            ),
            StoreError::NoCluster(_) => {
                "gnt-cluster init makes one; --state-dir or GNT_STATE_DIR names another directory"
                    .into()
            }
            StoreError::Exists(_) => {
                "name another directory with --state-dir, or see --replace of gnt-cluster import and restore"
                    .into()
            }
            StoreError::Unfit { .. } => {
                "name a directory of your own on a local disk with --state-dir".into()
            }
            StoreError::Damaged { file, .. } => format!(
                "nothing was changed; keep a copy of {} and the files beside it, and restore a backup",
                file.display()
            ),
            StoreError::Newer { .. } => "use the newer program that wrote it".into(),
            StoreError::Busy { hint, .. } | StoreError::Untrusted { hint, .. } => hint.clone(),
            StoreError::Full(_) => {
                "make room; what was accepted is kept and goes on by itself".into()
            }
            StoreError::Io { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                "run it as the user who owns the directory".into()
            }
            StoreError::Sqlite { error, .. }
                if matches!(
                    error.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen)
                ) =>
            {
                "the directory and its files must be writable for you".into()
            }
            StoreError::Content { file, .. } => format!(
                "nothing was changed; gnt-cluster verify-config tells what else is wrong; keep a copy of {} and the files beside it, and restore a backup",
                file.display()
            ),
            StoreError::Io { .. } | StoreError::Sqlite { .. } => {
                "see whether the disk is well, and try again; what was accepted is kept".into()
            }
            StoreError::Refused(_) => "nothing was changed; see to that, then try again".into(),
            // They say it all, or are said to nobody.
            StoreError::Interrupted | StoreError::Deposed => return None,
        })
    }

    /// Whether it is the kind that means: there is no usable cluster here.
    #[must_use]
    pub fn no_usable_cluster(&self) -> bool {
        match self {
            StoreError::NoCluster(_)
            | StoreError::Unfit { .. }
            | StoreError::Untrusted { .. }
            | StoreError::Damaged { .. }
            | StoreError::Newer { .. }
            | StoreError::Io { .. }
            | StoreError::Content { .. } => true,
            StoreError::Sqlite { error, .. } => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen)
            ),
            StoreError::Exists(_)
            | StoreError::Busy { .. }
            | StoreError::Full(_)
            | StoreError::Interrupted
            | StoreError::Deposed
            | StoreError::Refused(_) => false,
        }
    }
}
