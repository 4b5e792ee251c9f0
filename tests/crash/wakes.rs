//! Whoever changes the state of a job wakes those who follow it, and whoever submits one the runner.
//!
//! That a wake is missing shows nowhere else: who is not woken looks by himself a second later.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use gnt::store::{StateDir, WAKE_FILES};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

use crate::journal::Journal;

/// Files that are opened to wake those who follow; an operation has the one of its root's id.
const FILES: i64 = WAKE_FILES as i64;

/// A wake follows its commit at once, unless the machine is busy with others.
const PATIENCE: Duration = Duration::from_secs(10);

/// What may happen without anybody dying or standing still between commit and wake.
const HARMLESS: [&str; 6] = [
    "commands",
    "clock moved",
    "version changed",
    "copy damaged",
    "lock removed",
    "log removed",
];

/// Somebody who is to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// Who follows the operation of this root.
    Operation(i64),
    /// The runner.
    Runner,
}

impl Wake {
    fn file(self) -> String {
        match self {
            Wake::Operation(root) => format!("wake/{:02}", root % FILES),
            Wake::Runner => "wake/runner".to_owned(),
        }
    }
}

/// Hears who is woken.
pub struct Wakes {
    /// `None` where the system has no more of them: then nothing is heard, and nothing missed.
    inotify: Option<(Inotify, HashMap<WatchDescriptor, String>)>,
    /// Files that were not opened although they had to be, and why they had to.
    missing: BTreeMap<String, Wake>,
    calm: bool,
    waiting_since: Option<Instant>,
}

impl Wakes {
    pub fn of(dir: &StateDir) -> Wakes {
        let open = || -> nix::Result<_> {
            let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
            let mut files = HashMap::new();
            for wake in (0..FILES).map(Wake::Operation).chain([Wake::Runner]) {
                let path = dir.path().join(wake.file());
                let watch = inotify.add_watch(&path, AddWatchFlags::IN_OPEN)?;
                files.insert(watch, wake.file());
            }
            Ok((inotify, files))
        };
        Wakes {
            inotify: open().ok(),
            missing: BTreeMap::new(),
            calm: false,
            waiting_since: None,
        }
    }

    /// Which files were opened since the last call.
    pub fn hear(&mut self) -> BTreeSet<String> {
        let Some((inotify, files)) = &self.inotify else {
            return BTreeSet::new();
        };
        let events = inotify.read_events().unwrap_or_default();
        let heard: BTreeSet<String> = (events.iter())
            .filter_map(|event| files.get(&event.wd).cloned())
            .collect();
        self.missing.retain(|file, _| !heard.contains(file));
        heard
    }

    /// These have to be woken since the last look, in which time these files were opened.
    pub fn must_follow(&mut self, moved: &BTreeSet<Wake>, heard: &BTreeSet<String>) {
        if self.inotify.is_some() {
            let missing = moved.iter().filter(|wake| !heard.contains(&wake.file()));
            self.missing
                .extend(missing.map(|wake| (wake.file(), *wake)));
        }
    }

    /// From now on nobody dies or stands still. If somebody did he may have been about to wake.
    pub fn calm(&mut self, journal: &Journal) {
        let mut happened = journal.counts().into_keys();
        if !self.calm && !happened.all(|what| HARMLESS.contains(&what)) {
            self.missing.clear();
        }
        self.calm = true;
    }

    /// Whether nobody has to be waited for any more, at the end of a story.
    pub fn complete(&mut self) -> Result<bool, String> {
        if self.missing.is_empty() || !self.calm {
            return Ok(true);
        }
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        match since.elapsed() < PATIENCE {
            true => Ok(false),
            false => Err(format!("nobody has woken {:?}", self.missing.values())),
        }
    }
}
