//! The file that a backup is: a tar archive of these members, in this order.
//!
//! * `gnt.db`: the database.
//! * `reality.db`: what the simulator says is so. Real machines are no part of a backup of theirs.
//! * `gnt-backup.json`: a [`Manifest`]: of what the others are, and their checksums.
//!
//! `tar -xOf FILE gnt-backup.json` shows what a file is of. Reading trusts nothing: only these
//! members, of these names, and never where a name says.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::limits::MANIFEST_BYTES;
use crate::signals;

/// The members, in their order.
pub(super) const DATABASE: &str = "gnt.db";
pub(super) const REALITY: &str = "reality.db";
const MANIFEST: &str = "gnt-backup.json";

/// The version of the whole. Members are never given another meaning.
const SCHEMA: u32 = 1;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the form.
    pub schema: u32,
    /// The version of the program that made it.
    pub version: String,
    /// When, as RFC 3339.
    pub made: String,
    /// The cluster's name.
    pub cluster: String,
    /// What runs its instances.
    pub driver: String,
    /// Jobs that were unfinished.
    pub unfinished: u64,
    /// The members before this one.
    pub files: Vec<Member>,
}

/// A member as the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// Why a backup could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("it is no backup of a gnt cluster: {0}")]
    Foreign(String),
    /// It was one.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// A newer program made it.
    #[error("it has form {found}, this program knows up to {SCHEMA}")]
    Newer {
        /// Its form.
        found: u32,
    },
    /// It does not fit on the disk.
    #[error("{name} needs {needs} MiB, and {free} MiB are free")]
    Room {
        /// Which member.
        name: String,
        /// MiB.
        needs: u64,
        /// MiB.
        free: u64,
    },
}

/// A backup that is being written.
pub(super) struct Packer<W: Write> {
    tar: tar::Builder<W>,
    files: Vec<Member>,
    seconds: u64,
}

impl Manifest {
    /// Whether it holds what is so in reality, too: that of real machines is theirs.
    #[must_use]
    pub fn has_reality(&self) -> bool {
        self.files.iter().any(|member| member.name == REALITY)
    }
}

impl<W: Write> Packer<W> {
    /// Begins one that says that it was made at this moment, in seconds since 1970.
    pub(super) fn new(out: W, seconds: u64) -> Packer<W> {
        Packer {
            tar: tar::Builder::new(out),
            files: vec![],
            seconds,
        }
    }

    /// Adds a file under this name.
    pub(super) fn add(&mut self, name: &str, path: &Path) -> Result<(), ContainerError> {
        let file = open(path)?;
        let bytes = file.metadata()?.len();
        let mut sum = Sum::new(file);
        let header = self.header(name, bytes)?;
        self.tar.append(&header, &mut sum)?;
        if sum.bytes != bytes {
            let text = format!("{} changed while it was read", path.display());
            return Err(io::Error::other(text).into());
        }
        self.files.push(sum.member(name));
        Ok(())
    }

    /// Writes the manifest, whose members are put in, and tells what it is. The writer is flushed,
    /// and given back.
    pub(super) fn finish(
        mut self,
        mut manifest: Manifest,
    ) -> Result<(Manifest, W), ContainerError> {
        manifest.schema = SCHEMA;
        manifest.files = std::mem::take(&mut self.files);
        let text = serde_json::to_string_pretty(&manifest).map_err(io::Error::from)? + "\n";
        let header = self.header(MANIFEST, text.len() as u64)?;
        self.tar.append(&header, text.as_bytes())?;
        let mut out = self.tar.into_inner()?;
        out.flush()?;
        Ok((manifest, out))
    }

    fn header(&self, name: &str, bytes: u64) -> io::Result<tar::Header> {
        let mut header = tar::Header::new_gnu();
        header.set_path(name)?;
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(self.seconds);
        header.set_cksum();
        Ok(header)
    }
}

/// Reads a backup: writes its members to these files, which must not be there yet, each flushed to the
/// disk. `free` tells how many MiB there is room for. What is in them was not looked at. There is a
/// reality if the manifest has one among its files.
pub(super) fn unpack(
    from: impl Read,
    database: &Path,
    reality: &Path,
    free: impl Fn() -> Option<u64>,
) -> Result<Manifest, ContainerError> {
    let mut tar = tar::Archive::new(from);
    // As they stand: extensions of the form, which could name or size members otherwise, are members
    // that are not expected.
    let mut entries = tar.entries()?.raw(true);
    let mut found = vec![take(entries.next(), DATABASE, database, &free)?];
    let mut next = entries.next();
    if matches!(&next, Some(Ok(entry)) if is_named(entry, REALITY)) {
        found.push(take(next, REALITY, reality, &free)?);
        next = entries.next();
    }
    let entry = expect(next, MANIFEST)?;
    if entry.size() > MANIFEST_BYTES {
        let text = format!("{MANIFEST} has {} bytes", entry.size());
        return Err(ContainerError::Foreign(text));
    }
    let mut text = String::new();
    let mut entry = entry.take(MANIFEST_BYTES);
    entry.read_to_string(&mut text).map_err(cut_off)?;
    let wrong = |error| ContainerError::Damaged(format!("{MANIFEST}: {error}"));
    let manifest: Manifest = serde_json::from_str(&text).map_err(wrong)?;
    if manifest.schema > SCHEMA {
        let found = manifest.schema;
        return Err(ContainerError::Newer { found });
    }
    if let Some(more) = entries.next() {
        let text = match more {
            Ok(_) => format!("there is more behind {MANIFEST}"),
            Err(error) => error.to_string(),
        };
        return Err(ContainerError::Foreign(text));
    }
    for member in &found {
        if !manifest.files.contains(member) {
            let text = format!("{} is not what {MANIFEST} says", member.name);
            return Err(ContainerError::Damaged(text));
        }
    }
    if let Some(missing) = manifest.files.iter().find(|member| !found.contains(member)) {
        let text = format!("it has no {:?}, of which {MANIFEST} tells", missing.name);
        return Err(ContainerError::Damaged(text));
    }
    Ok(manifest)
}

/// Writes the next member, which has to be of this name, to a file of ours.
fn take<R: Read>(
    entry: Option<io::Result<tar::Entry<'_, R>>>,
    name: &str,
    path: &Path,
    free: impl Fn() -> Option<u64>,
) -> Result<Member, ContainerError> {
    let mut entry = expect(entry, name)?;
    let bytes = entry.size();
    let needs = bytes.div_ceil(1 << 20);
    if let Some(free) = free().filter(|free| needs > *free) {
        let name = name.to_owned();
        return Err(ContainerError::Room { name, needs, free });
    }
    let mut sum = Sum::new(&mut entry);
    let mut file = create(path)?;
    io::copy(&mut sum, &mut file).map_err(cut_off)?;
    file.sync_all()?;
    if sum.bytes != bytes {
        return Err(ContainerError::Damaged(format!("{name} is cut off")));
    }
    Ok(sum.member(name))
}

/// Whether a member has this name.
fn is_named<R: Read>(entry: &tar::Entry<'_, R>, name: &str) -> bool {
    *entry.path_bytes() == *name.as_bytes()
}

/// The next member, which has to be a regular file of this name.
fn expect<'a, R: Read>(
    entry: Option<io::Result<tar::Entry<'a, R>>>,
    name: &str,
) -> Result<tar::Entry<'a, R>, ContainerError> {
    let entry = match entry {
        Some(Ok(entry)) => entry,
        Some(Err(error)) if error.kind() == io::ErrorKind::Other => {
            return Err(ContainerError::Foreign(error.to_string()));
        }
        Some(Err(error)) => return Err(cut_off(error)),
        None => return Err(ContainerError::Foreign(format!("it has no {name}"))),
    };
    if !is_named(&entry, name) {
        let found = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let text = format!("where {name} should be is {found:?}");
        return Err(ContainerError::Foreign(text));
    }
    if entry.header().entry_type() != tar::EntryType::Regular {
        return Err(ContainerError::Foreign(format!("{name} is not a file")));
    }
    Ok(entry)
}

/// The end came too soon.
fn cut_off(error: io::Error) -> ContainerError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ContainerError::Damaged("it is cut off".into()),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            ContainerError::Damaged(error.to_string())
        }
        _ => ContainerError::Io(error),
    }
}

/// What is read through it is counted and summed; reading ends with a signal.
struct Sum<R> {
    from: R,
    bytes: u64,
    sum: Sha256,
}

impl<R: Read> Sum<R> {
    fn new(from: R) -> Sum<R> {
        Sum {
            from,
            bytes: 0,
            sum: Sha256::new(),
        }
    }

    /// What was read, as the manifest has it.
    fn member(self, name: &str) -> Member {
        let digits = self.sum.finalize();
        Member {
            name: name.to_owned(),
            bytes: self.bytes,
            sha256: digits.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

impl<R: Read> Read for Sum<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if signals::raised().is_some() {
            return Err(io::Error::other("interrupted"));
        }
        let length = self.from.read(into)?;
        self.bytes += length as u64;
        self.sum.update(into.get(..length).unwrap_or_default());
        Ok(length)
    }
}

#[expect(clippy::disallowed_methods, reason = "a copy that SQLite has closed")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[expect(clippy::disallowed_methods, reason = "a file that SQLite opens later")]
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}
