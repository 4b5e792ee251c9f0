//! Whoever changes the state of a job wakes those who follow it, and whoever submits one the runner.
//!
//! That a wake is missing shows nowhere else: who is not woken looks by himself a second later.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gnt::store::StateDir;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

use crate::journal::Journal;

/// So many operations that are still to come have somebody who waits for them: no story submits more at
/// once.
const AHEAD: i64 = 200;

/// A wake follows its commit at once, unless the machine is busy with others.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who waits for an operation removes its file as soon as he sees the end of it, which may be before
/// the wake that tells of it.
const AS_GOOD_AS_WOKEN: Duration = Duration::from_millis(100);

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
            Wake::Operation(root) => format!("wake/{root}"),
            Wake::Runner => "wake/runner".to_owned(),
        }
    }
}

/// Hears who is woken.
pub struct Wakes {
    /// `None` where the system has no more of them: then nothing is heard, and nothing missed.
    inotify: Option<(Inotify, HashMap<WatchDescriptor, String>)>,
    dir: PathBuf,
    /// The highest operation that is waited for.
    reach: i64,
    /// Files that were not opened although they had to be, why they had to, and since when.
    missing: BTreeMap<String, (Wake, Instant)>,
    calm: bool,
    waiting_since: Option<Instant>,
}

impl Wakes {
    pub fn of(dir: &StateDir) -> Wakes {
        let mut wakes = Wakes {
            inotify: Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)
                .ok()
                .map(|inotify| (inotify, HashMap::new())),
            dir: dir.path().to_owned(),
            reach: 0,
            missing: BTreeMap::new(),
            calm: false,
            waiting_since: None,
        };
        wakes.listen(Wake::Runner.file());
        wakes.look_ahead(0);
        wakes
    }

    /// Waits for the operations that come after this job, too.
    pub fn look_ahead(&mut self, last_job: i64) {
        while self.reach < last_job + AHEAD {
            self.reach += 1;
            self.listen(Wake::Operation(self.reach).file());
        }
    }

    /// Waits at this file, which is made where it is missing.
    fn listen(&mut self, file: String) {
        let Some((inotify, files)) = &mut self.inotify else {
            return;
        };
        let path = self.dir.join(&file);
        let _ = OpenOptions::new().append(true).create(true).open(&path);
        let what = AddWatchFlags::IN_OPEN | AddWatchFlags::IN_DELETE_SELF;
        match inotify.add_watch(&path, what) {
            Ok(watch) => drop(files.insert(watch, file)),
            Err(_) => self.inotify = None,
        }
    }

    /// Which files were opened since the last call.
    pub fn hear(&mut self) -> BTreeSet<String> {
        let Some((inotify, files)) = &mut self.inotify else {
            return BTreeSet::new();
        };
        let mut heard = BTreeSet::new();
        let mut removed = vec![];
        for event in inotify.read_events().unwrap_or_default() {
            if event.mask.contains(AddWatchFlags::IN_OPEN) {
                heard.extend(files.get(&event.wd).cloned());
            }
            if event.mask.contains(AddWatchFlags::IN_DELETE_SELF) {
                removed.extend(files.remove(&event.wd));
            }
        }
        self.missing.retain(|file, (_, since)| {
            let over = removed.contains(file) && since.elapsed() < AS_GOOD_AS_WOKEN;
            !heard.contains(file) && !over
        });
        heard.extend(removed.iter().cloned());
        for file in removed {
            self.listen(file);
        }
        heard
    }

    /// These have to be woken since the last look, in which time these files were opened.
    pub fn must_follow(&mut self, moved: &BTreeSet<Wake>, heard: &BTreeSet<String>) {
        if self.inotify.is_some() {
            let missing = moved.iter().filter(|wake| !heard.contains(&wake.file()));
            for wake in missing {
                let noticed = (*wake, Instant::now());
                self.missing.entry(wake.file()).or_insert(noticed);
            }
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
            false => {
                let whom: Vec<_> = self.missing.values().map(|(wake, _)| wake).collect();
                Err(format!("nobody has woken {whom:?}"))
            }
        }
    }
}
