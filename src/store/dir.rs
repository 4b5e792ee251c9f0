//! The state directory: where it is, what is in it, and whether it can be trusted.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::sys::statfs::{
    self, AFS_SUPER_MAGIC, CODA_SUPER_MAGIC, FUSE_SUPER_MAGIC, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC,
};

use super::StoreError;
use super::runner_lock::Duty;
use super::swap::remove_all;
use super::trust::{self, For};

/// File systems on which SQLite's log cannot be shared between processes, or locks mean nothing.
/// The numbers without a name in the library are CIFS, SMB2, Ceph, 9P and OCFS2.
const NETWORK: [(i64, &str); 5] = [
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x00c3_6400, "Ceph"),
    (0x0102_1997, "9P"),
    (0x7461_636f, "OCFS2"),
];

/// How the names of files begin that an external allocator reads: one a question, gone with the answer.
pub const SCRATCH: &str = "allocator-";

/// The directory that holds a cluster: configuration, queue, reality of the simulator, lock files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// The directory that the operator means: the one named, else `GNT_STATE_DIR`, else
    /// `/var/lib/gnt` for root and `$XDG_STATE_HOME/gnt` for others.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] when none of these tells.
    pub fn locate(named: Option<&Path>) -> Result<StateDir, StoreError> {
        let from_env = |key| std::env::var_os(key).filter(|v| !v.is_empty());
        let path = if let Some(path) = named {
            path.to_owned()
        } else if let Some(path) = from_env("GNT_STATE_DIR") {
            path.into()
        } else if nix::unistd::geteuid().is_root() {
            "/var/lib/gnt".into()
        } else if let Some(path) = from_env("XDG_STATE_HOME") {
            Path::new(&path).join("gnt")
        } else if let Some(home) = from_env("HOME") {
            Path::new(&home).join(".local/state/gnt")
        } else {
            return Err(StoreError::Unfit {
                dir: PathBuf::from("~"),
                why: "neither GNT_STATE_DIR nor HOME is set".into(),
            });
        };
        // The runner's working directory is another one: what is handed on is absolute.
        let path = std::path::absolute(&path).map_err(|error| StoreError::io(&path, error))?;
        Ok(StateDir(path))
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("gnt.db")
    }

    /// The database while it is being made.
    pub(super) fn unfinished_database(&self) -> PathBuf {
        self.0.join("gnt.db.new")
    }

    /// The lock that only runners take.
    #[must_use]
    pub fn runner_lock(&self) -> PathBuf {
        self.0.join("runner.lock")
    }

    /// The lock that only those take who have this duty.
    #[must_use]
    pub fn duty_lock(&self, duty: Duty) -> PathBuf {
        match duty {
            Duty::Watcher => self.0.join("watcher.lock"),
            Duty::Rolling => self.0.join("rolling.lock"),
        }
    }

    /// What the runner has to say.
    #[must_use]
    pub fn runner_log(&self) -> PathBuf {
        self.0.join("runner.log")
    }

    /// The two files on which writers queue: who is next, who writes.
    pub fn gates(&self) -> [PathBuf; 2] {
        [self.0.join("write.next"), self.0.join("write.lock")]
    }

    /// Where those who wait have their files.
    pub(super) fn wake_dir(&self) -> PathBuf {
        self.0.join("wake")
    }

    /// The file that is touched when something changed in the operation that begins with `root`.
    pub(super) fn wake_file(&self, root: i64) -> PathBuf {
        self.0.join(format!("wake/{root}"))
    }

    /// The file that is touched when something changed in any operation.
    pub(super) fn wake_all(&self) -> PathBuf {
        self.0.join("wake/all")
    }

    /// The file that is touched when there is something for the runner.
    pub(super) fn wake_runner(&self) -> PathBuf {
        self.0.join("wake/runner")
    }

    /// A file of the simulator's reality, by its generation.
    #[must_use]
    pub fn reality(&self, generation: u64) -> PathBuf {
        self.0.join(format!("reality-{generation}.db"))
    }

    /// Makes the directory and the small files in it, private whatever the umask; what is there
    /// stays.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be made or may not be used.
    pub fn create(&self) -> Result<(), StoreError> {
        let wrong = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| StoreError::io(&path, error)
        };
        if !self.0.exists() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.0)
                .map_err(wrong(&self.0))?;
            fs::set_permissions(&self.0, Permissions::from_mode(0o700)).map_err(wrong(&self.0))?;
        }
        self.check()?;
        self.close_if_empty()?;
        let wake = self.wake_dir();
        match DirBuilder::new().mode(0o700).create(&wake) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(StoreError::io(&wake, error));
            }
            _ => {}
        }
        let meta = fs::symlink_metadata(&wake).map_err(wrong(&wake))?;
        if !meta.is_dir() {
            let why = "it is not a directory".to_owned();
            return Err(trust::untrusted(&wake, &meta, why));
        }
        let files = [self.wake_runner(), self.runner_lock()];
        for path in files.into_iter().chain(self.gates()) {
            private_file(&path)?;
        }
        Ok(())
    }

    /// A directory that somebody made for us is closed to others. One that holds other things stays as
    /// it is: it may be in use, and our files are private by themselves.
    fn close_if_empty(&self) -> Result<(), StoreError> {
        let wrong = |error| StoreError::io(&self.0, error);
        if fs::read_dir(&self.0).map_err(wrong)?.next().is_none() {
            fs::set_permissions(&self.0, Permissions::from_mode(0o700)).map_err(wrong)?;
        }
        Ok(())
    }

    /// Whether the directory can be trusted: a real directory of ours, writable by nobody else, on
    /// a local file system.
    ///
    /// # Errors
    /// [`StoreError::NoCluster`] when it is not there, [`StoreError::Unfit`] when it may not be
    /// used.
    pub fn check(&self) -> Result<(), StoreError> {
        let unfit = |why: String| StoreError::Unfit {
            dir: self.0.clone(),
            why,
        };
        let meta = match fs::symlink_metadata(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NoCluster(self.0.clone()));
            }
            other => other.map_err(|error| StoreError::io(&self.0, error))?,
        };
        // A link is allowed as the way to the directory, not as what stands in it.
        let link = meta.is_symlink();
        let meta = match link {
            true => fs::metadata(&self.0).map_err(|error| StoreError::io(&self.0, error))?,
            false => meta,
        };
        if !meta.is_dir() {
            return Err(unfit("it is not a directory".into()));
        }
        let me = nix::unistd::geteuid().as_raw();
        if meta.uid() != me {
            return Err(unfit(format!(
                "it belongs to uid {}, and you are uid {me}",
                meta.uid()
            )));
        }
        if let Some(why) = trust::not_ours(&meta) {
            return Err(trust::untrusted(&self.0, &meta, why));
        }
        check_way(&self.0)?;
        if link {
            let real = fs::canonicalize(&self.0);
            check_way(&real.map_err(|error| StoreError::io(&self.0, error))?)?;
        }
        let kind = statfs::statfs(&self.0).map_err(|error| StoreError::io(&self.0, error))?;
        let kind = kind.filesystem_type();
        let named = [
            (NFS_SUPER_MAGIC, "NFS"),
            (SMB_SUPER_MAGIC, "SMB"),
            (AFS_SUPER_MAGIC, "AFS"),
            (CODA_SUPER_MAGIC, "Coda"),
            (FUSE_SUPER_MAGIC, "FUSE"),
        ];
        let network = (named
            .iter()
            .find(|(magic, _)| *magic == kind)
            .map(|(_, n)| *n))
        .or_else(|| {
            let number = NETWORK.iter().find(|(magic, _)| *magic == kind.0);
            number.map(|(_, name)| *name)
        });
        match network {
            Some(name) => Err(unfit(format!("{name} is not a local file system"))),
            None => Ok(()),
        }
    }

    /// Whether the database's file is there and could be one, and the files beside it can be trusted:
    /// said here, before anything is done, rather than by the runner, which can tell nobody without
    /// its log.
    pub(super) fn check_database(&self) -> Result<(), StoreError> {
        let file = self.database();
        let meta = match fs::symlink_metadata(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NoCluster(self.0.clone()));
            }
            other => other.map_err(|error| StoreError::io(&file, error))?,
        };
        let damaged = |why: &str| StoreError::Damaged {
            file: file.clone(),
            why: why.into(),
        };
        trust::check(&file, &meta)?;
        let beside = ["-wal", "-shm"].map(|suffix| with_suffix(&file, suffix));
        let others = [self.runner_lock(), self.runner_log()];
        for path in beside.iter().chain(&others).chain(&self.gates()) {
            trust::check_if_there(path)?;
        }
        if meta.len() == 0 {
            return Err(damaged("it is empty"));
        }
        Ok(())
    }

    /// Device and inode of the database's file.
    pub(super) fn database_identity(&self) -> Option<(u64, u64)> {
        let meta = fs::symlink_metadata(self.database()).ok()?;
        Some((meta.dev(), meta.ino()))
    }

    /// Whether there is a database, in whatever state.
    #[must_use]
    pub fn has_cluster(&self) -> bool {
        fs::symlink_metadata(self.database()).is_ok()
    }

    /// Bytes of the database's file and of its log.
    #[must_use]
    pub fn database_bytes(&self) -> (u64, u64) {
        let database = self.database();
        let size = |path: &Path| fs::symlink_metadata(path).map_or(0, |meta| meta.len());
        (size(&database), size(&with_suffix(&database, "-wal")))
    }

    /// MiB that are free on its file system.
    #[must_use]
    pub fn free_mib(&self) -> Option<u64> {
        let stat = nix::sys::statvfs::statvfs(&self.0).ok()?;
        Some(stat.blocks_available() * stat.fragment_size() / (1 << 20))
    }

    /// Removes realities of other generations than `keep` (all, if `None`), left by an import that
    /// was replaced or killed.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn remove_realities_but(&self, keep: Option<u64>) -> Result<(), StoreError> {
        let keep = keep.map(|generation| format!("reality-{generation}.db"));
        self.remove_beginning("reality-", keep.as_deref())
    }

    /// Removes files that programs were to read and that their runner has left, since it died.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn remove_scratch(&self) -> Result<(), StoreError> {
        self.remove_beginning(SCRATCH, None)
    }

    /// Removes the files whose names begin so, unless they begin with `keep`.
    fn remove_beginning(&self, beginning: &str, keep: Option<&str>) -> Result<(), StoreError> {
        for entry in fs::read_dir(&self.0).map_err(|error| StoreError::io(&self.0, error))? {
            let name = entry
                .map_err(|error| StoreError::io(&self.0, error))?
                .file_name();
            let Some(name) = name.to_str() else { continue };
            let kept = keep.is_some_and(|keep| name.starts_with(keep));
            if name.starts_with(beginning) && !kept {
                remove_if_there(&self.0.join(name))?;
            }
        }
        Ok(())
    }

    /// Removes everything: the cluster is gone.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn destroy(&self) -> Result<(), StoreError> {
        // The database goes first: without it nothing here is a cluster any more.
        remove_database(&self.database())?;
        remove_database(&self.unfinished_database())?;
        self.remove_realities_but(None)?;
        remove_all(&self.replaced())?;
        remove_all(&self.path().join("restoring"))?;
        self.remove_scratch()?;
        let log = self.runner_log();
        for path in [log.with_extension("log.1"), log] {
            remove_if_there(&path)?;
        }
        Ok(())
    }
}

/// Whether nobody else can put another directory in the place of this one: no directory above it
/// is one in which everybody can rename what belongs to others. That a group can is its own
/// choice.
fn check_way(path: &Path) -> Result<(), StoreError> {
    for above in path.ancestors().skip(1) {
        let meta = fs::metadata(above).map_err(|error| StoreError::io(above, error))?;
        let mode = meta.mode() & 0o7777;
        if mode & 0o1002 == 0o0002 {
            return Err(StoreError::Untrusted {
                path: path.to_owned(),
                why: format!(
                    "everybody can replace it in {} (mode {mode:04o})",
                    above.display()
                ),
                hint: format!(
                    "chmod +t {0} or chmod o-w {0} keeps others from it",
                    above.display()
                ),
            });
        }
    }
    Ok(())
}

/// Makes an empty file of mode 0600 unless it is there; never follows a link.
///
/// # Errors
/// [`StoreError::Untrusted`], [`StoreError::Io`].
pub(crate) fn private_file(path: &Path) -> Result<(), StoreError> {
    let file = trust::open(path, For::Locking)?;
    // The umask may have taken from us what we need.
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(|error| StoreError::io(path, error))
}

/// The name of a file that SQLite keeps beside a database.
pub(super) fn with_suffix(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.to_owned().into_os_string();
    path.push(suffix);
    path.into()
}

/// Removes a database that nobody has open, with its log, as far as it is there.
pub(super) fn remove_database(path: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm"] {
        remove_if_there(&with_suffix(path, suffix))?;
    }
    Ok(())
}

/// Removes a file if it is there.
///
/// # Errors
/// [`StoreError::Io`].
pub(crate) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path, error)),
        _ => Ok(()),
    }
}

/// Renames a file, and makes sure that it stays renamed.
#[expect(clippy::disallowed_methods, reason = "a directory")]
pub(super) fn rename_durably(from: &Path, to: &Path) -> Result<(), StoreError> {
    let wrong = |error: io::Error| StoreError::io(to, error);
    fs::rename(from, to).map_err(wrong)?;
    let dir = to.parent().unwrap_or(Path::new("/"));
    let dir = fs::File::open(dir).map_err(wrong)?;
    dir.sync_all().map_err(wrong)
}
