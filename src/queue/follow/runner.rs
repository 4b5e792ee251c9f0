//! What a follower does so that somebody executes the jobs that it waits for.

use std::time::{Duration, Instant};

use crate::queue::client::start_runner;
use crate::runner::log;
use crate::store::{StateDir, Woken, stopped_runner};

use super::FollowError;

/// Runners that are started one after the other without anything happening in between, before it is
/// believed that they cannot run. Some may follow at once; then there is a pause between them, so
/// that what was in their way for a moment is not taken for a runner that cannot run.
const MAX_STARTS: u32 = 10;
const QUICK_STARTS: u32 = 3;
const START_EVERY: Duration = Duration::from_millis(900);

/// After so long in which nothing happens it is looked whether the runner is stopped.
const QUIET: Duration = Duration::from_secs(10);

/// Whatever wakes those who wait, so often they look whether there is a runner.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// What is known of the runner.
#[derive(Debug)]
pub(super) struct Runner {
    /// Since when nothing has happened.
    quiet_since: Instant,
    /// When it was looked last whether there is one.
    looked: Instant,
    /// Runners that were started since anything happened, and when the last one was.
    starts: u32,
    started: Option<Instant>,
}

impl Runner {
    pub(super) fn new() -> Runner {
        Runner {
            quiet_since: Instant::now(),
            looked: Instant::now(),
            starts: 0,
            started: None,
        }
    }

    /// Whether to look if there is one, for somebody who was woken like this.
    pub(super) fn is_due(&mut self, woken: Woken) -> bool {
        // Where there are no events, or many, a runner's death is none.
        let due = woken != Woken::Look || self.looked.elapsed() >= LOOK_ANYWAY;
        if due {
            self.looked = Instant::now();
        }
        due
    }

    /// The runner that a signal has stopped, if nothing has happened for long.
    pub(super) fn stopped(&mut self, dir: &StateDir) -> Option<u32> {
        if self.quiet_since.elapsed() < QUIET {
            return None;
        }
        self.quiet_since = Instant::now();
        stopped_runner(dir)
    }

    /// Something has happened: a runner runs.
    pub(super) fn has_worked(&mut self) {
        self.starts = 0;
        self.quiet_since = Instant::now();
    }

    /// Starts one, where there is none. Says whether it did: not where the last one was started only
    /// just.
    pub(super) fn start(&mut self, dir: &StateDir) -> Result<bool, FollowError> {
        let soon = (self.started).is_some_and(|at| at.elapsed() < START_EVERY);
        if self.starts >= QUICK_STARTS && soon {
            return Ok(false);
        }
        self.starts += 1;
        self.started = Some(Instant::now());
        if self.starts > MAX_STARTS {
            let why = log::last_fatal(&dir.runner_log());
            return Err(FollowError::RunnerEnds {
                starts: MAX_STARTS,
                why: why.unwrap_or_else(|| "it did not say why".to_owned()),
            });
        }
        start_runner(dir)?;
        Ok(true)
    }
}
