//! How far a migration is, and whether it gets any further. Nothing here asks.

use std::time::{Duration, Instant};

use gnt_driver::Transfer;

use crate::hypervisor::Progress;

/// How many passes over a guest's memory in a row may leave no less to do than the best before them, and
/// for how long: bursts of writing end, and on a fast network passes are short.
const PASSES: u64 = 5;
const NO_GAIN_FOR: Duration = Duration::from_secs(30);

/// What a pass has to leave of the best one before it to count as a gain.
const GAIN: f64 = 0.9;

/// Nothing is over before the verb has returned.
const ALMOST: f64 = 99.0;

/// How far a migration is.
#[derive(Debug)]
pub(super) struct Course {
    /// The most that was told. A new pass begins with more that is left.
    percent: f64,
    /// The pass that was seen last.
    pass: u64,
    /// The least that a pass began with, MiB.
    least: f64,
    gained_in: u64,
    gained: Instant,
    last: Option<Transfer>,
}

impl Course {
    pub(super) fn new(now: Instant) -> Course {
        Course {
            percent: 0.0,
            pass: 0,
            least: f64::INFINITY,
            gained_in: 0,
            gained: now,
            last: None,
        }
    }

    /// Takes note of what is told.
    pub(super) fn see(&mut self, transfer: Transfer, now: Instant) {
        if transfer.total > 0.0 {
            let over = (transfer.total - transfer.remaining).max(0.0) / transfer.total;
            self.percent = self.percent.max(over * 100.0).min(ALMOST);
        }
        if transfer.pass > self.pass {
            self.pass = transfer.pass;
            if transfer.remaining < self.least * GAIN {
                self.least = transfer.remaining;
                self.gained_in = transfer.pass;
                self.gained = now;
            }
        }
        self.last = Some(transfer);
    }

    /// Whether it does not come nearer to its end.
    pub(super) fn stalls(&self, now: Instant) -> bool {
        self.pass >= self.gained_in + PASSES && now - self.gained >= NO_GAIN_FOR
    }

    /// As it is told to whoever follows it.
    pub(super) fn progress(&self, now: Instant) -> Progress {
        let stalls = match self.stalls(now) {
            true => ", does not converge",
            false => "",
        };
        let speed = self.last.and_then(|last| last.speed);
        let eta = self.last.zip(speed.filter(|speed| *speed > 0.0));
        Progress {
            phase: format!("migrating{stalls}{}", self.in_words()),
            percent: Some(self.percent),
            eta: eta.map(|(last, speed)| last.remaining / speed),
        }
    }

    /// Where it is, after a comma; nothing before that is known.
    pub(super) fn in_words(&self) -> String {
        let Some(last) = self.last.filter(|last| last.total > 0.0) else {
            return String::new();
        };
        let speed = last.speed.map(|speed| format!(" at {speed:.0} MiB/s"));
        format!(
            ", pass {}, {:.0} MiB left{}",
            last.pass,
            last.remaining,
            speed.unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pass: u64, remaining: f64) -> Transfer {
        Transfer {
            total: 64.0,
            remaining,
            processed: 64.0 - remaining,
            pass,
            speed: Some(8.0),
            downtime: None,
        }
    }

    #[test]
    fn per_cent_never_goes_back_and_is_not_over_before_the_end() {
        let now = Instant::now();
        let mut course = Course::new(now);
        let mut last = 0.0;
        for (pass, remaining) in [
            (0, 0.0),
            (1, 64.0),
            (1, 16.0),
            (2, 40.0),
            (2, 24.0),
            (3, 0.0),
        ] {
            let mut transfer = told(pass, remaining);
            // Before it begins nothing is known.
            if pass == 0 {
                transfer.total = 0.0;
            }
            course.see(transfer, now);
            let progress = course.progress(now);
            let percent = progress.percent.unwrap();
            assert!((last..=ALMOST).contains(&percent), "{percent} after {last}");
            last = percent;
        }
        assert_eq!(last, ALMOST);
        assert_eq!(
            course.progress(now).phase,
            "migrating, pass 3, 0 MiB left at 8 MiB/s"
        );
    }

    #[test]
    fn passes_without_gain_are_seen_when_there_were_enough_of_them() {
        let begin = Instant::now();
        let mut course = Course::new(begin);
        let at = |seconds| begin + Duration::from_secs(seconds);
        course.see(told(1, 64.0), at(0));
        course.see(told(2, 40.0), at(7));
        for pass in 3..=6 {
            course.see(told(pass, 39.0), at(pass * 5));
        }
        assert!(!course.stalls(at(60)), "too few passes");
        course.see(told(7, 41.0), at(35));
        assert!(!course.stalls(at(36)), "too short a time");
        assert!(course.stalls(at(38)));
        assert!(course.progress(at(38)).phase.contains("does not converge"));
        // Its guest writes less now.
        course.see(told(8, 20.0), at(40));
        assert!(!course.stalls(at(90)));
    }
}
