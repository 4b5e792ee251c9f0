//! What keeps a cluster: the watcher, purges, backups, exports.

use std::path::Path;

use rand::RngExt;
use rand::rngs::StdRng;

use super::{Command, Load, What, short, words};
use crate::purged::PURGED;

impl Load {
    /// Each backup has a file of its own.
    pub(super) fn backup(&mut self, dir: &Path) -> Command {
        self.files += 1;
        let file = dir.join(format!("backup-{}", self.files));
        let mut line = words(&["gnt-cluster", "backup", "--json"]);
        line.push(file.to_str().unwrap().to_owned());
        Command {
            words: line,
            what: What::Backup(file),
            short: false,
        }
    }

    /// What was written first comes back again and again.
    pub(super) fn import(&mut self, random: &mut StdRng, dir: &Path) -> Command {
        let file = dir.join("exported");
        if !file.exists() || random.random_bool(0.2) {
            let line = words(&["gnt-cluster", "export"]);
            return short(line, What::Export(file));
        }
        self.imports += 1;
        let file = file.to_str().unwrap();
        short(
            words(&["gnt-cluster", "import", "--replace", file]),
            What::Other,
        )
    }
}

pub(super) fn watcher(random: &mut StdRng, dir: &Path) -> Command {
    let mut line = words(&["gnt-cluster", "watcher"]);
    let what = match random.random_range(0..8) {
        0 => {
            line.extend(words(&["pause", "--json", "1s"]));
            What::Other
        }
        1 => {
            line.extend(words(&["continue", "--json"]));
            What::Other
        }
        more => {
            line.extend(words(&["run", "--json", "--timeout", "5s"]));
            if more == 2 {
                line.extend(words(&["--archive-age", "all", "--purge-age", "all"]));
                let file = dir.join(PURGED).to_str().unwrap().to_owned();
                line.extend(["--purge-export".to_owned(), file]);
            }
            What::Watcher
        }
    };
    Command {
        words: line,
        what,
        short: false,
    }
}

pub(super) fn purge(random: &mut StdRng, dir: &Path) -> Command {
    let line = match random.random_range(0..5) {
        0 | 1 => words(&["gnt-job", "autoarchive", "--json", "all"]),
        more => {
            let age = if more == 2 { "1s" } else { "all" };
            let mut line = words(&["gnt-job", "purge", "--json", age, "--export"]);
            line.push(dir.join(PURGED).to_str().unwrap().to_owned());
            line
        }
    };
    Command {
        words: line,
        what: What::Other,
        short: random.random_bool(0.5),
    }
}
