//! What processes tell each other of nodes that hang.
//!
//! Whoever lists the cluster asks all nodes and ends; without more, each such tool would wait for a hung
//! node anew, whatever the runner or another tool has found out a moment ago. So a node that let somebody
//! wait in vain has a small file in the state directory, as old as that is, until it answers. Whoever has
//! not asked it yet knows by the file that waiting long is not worth it. It is a hint: the node is asked
//! all the same, and where a file cannot be written or read one waits once more.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::cluster::NodeUuid;

/// How the files' names begin.
const PREFIX: &str = "silent-";

/// How long such a file tells anything: in a minute somebody has looked again, or it is time to.
const FRESH_FOR: Duration = Duration::from_secs(60);

/// Where the notes are kept; nowhere unless it is told where.
#[derive(Debug, Default)]
pub(super) struct Notes {
    directory: Option<PathBuf>,
}

impl Notes {
    /// Those of a state directory.
    pub(super) fn in_directory(directory: PathBuf) -> Notes {
        let directory = Some(directory);
        Notes { directory }
    }

    fn file(&self, node: &NodeUuid) -> Option<PathBuf> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let name = node.as_str();
        // One that somebody else made up is not looked for in other directories.
        let known = self.directory.as_ref().filter(|_| name.chars().all(plain));
        known.map(|directory| directory.join(format!("{PREFIX}{name}")))
    }

    /// Whether a node has let somebody wait in vain a moment ago.
    pub(super) fn tells(&self, node: &NodeUuid) -> bool {
        let meta = self.file(node).map(fs::symlink_metadata);
        let since = meta.and_then(|meta| meta.ok()?.modified().ok());
        // A clock that was put back tells nothing.
        let age = since.and_then(|since| since.elapsed().ok());
        age.is_some_and(|age| age < FRESH_FOR)
    }

    /// A node has let somebody wait in vain.
    #[expect(clippy::disallowed_methods, reason = "a note of a hung node")]
    pub(super) fn leave(&self, node: &NodeUuid) -> io::Result<()> {
        let Some(file) = self.file(node) else {
            return Ok(());
        };
        self.remove(node);
        // Made anew, so that it is as old as what it tells.
        let mut options = OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(file);
        match made {
            // Somebody else tells the same.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made.map(drop),
        }
    }

    /// A node answers, or is no node any more.
    pub(super) fn remove(&self, node: &NodeUuid) {
        if let Some(file) = self.file(node) {
            // Where it was not there, or stays, nothing is lost.
            let _ = fs::remove_file(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_found_by_others_until_the_node_answers() {
        let temp = tempfile::tempdir().unwrap();
        let notes = || Notes::in_directory(temp.path().to_owned());
        let node = NodeUuid::from("n-1");
        assert!(!notes().tells(&node));
        for _ in 0..2 {
            notes().leave(&node).unwrap();
            assert!(notes().tells(&node));
        }
        assert!(!notes().tells(&NodeUuid::from("n-2")));
        notes().remove(&node);
        assert!(!notes().tells(&node));
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let directory = temp.path().join("state");
        fs::create_dir(&directory).unwrap();
        let notes = Notes::in_directory(directory);
        let node = NodeUuid::from("/../../n-1");
        notes.leave(&node).unwrap();
        assert!(!notes.tells(&node));
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
        Notes::default().leave(&NodeUuid::from("n-1")).unwrap();
    }
}
