//! Deadlines of operations: how they are written on the command line, and what is said of them.

use std::fmt;
use std::time::Duration;

use jiff::ZonedDateTime;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::clock;
use crate::opcodes::{Deadline, ErrorCode, OnDeadline};
use crate::queue::{FinalStatus, JobId};
use crate::store::{Store, StoreError};

use super::document::{Document, JobResult};
use super::table::{local_time, read_time, utc_time};
use super::values::duration;

/// A deadline as it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineArg {
    /// So long after the submission: whoever thinks about the question before it loses nothing.
    In(Duration),
    /// This moment, in microseconds since 1970.
    At(i64),
}

impl DeadlineArg {
    /// The moment, for what is submitted now.
    #[must_use]
    pub fn moment(self) -> i64 {
        match self {
            DeadlineArg::In(duration) => {
                let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
                clock::now().saturating_add(micros)
            }
            DeadlineArg::At(moment) => moment,
        }
    }
}

/// A deadline: a duration, a time of day, or a moment.
///
/// # Errors
/// What is wrong with the text.
pub fn deadline(text: &str) -> Result<DeadlineArg, String> {
    let now = clock::timestamp().to_zoned_datetime(TimeZone::system());
    read(text, &now)
}

fn read(text: &str, now: &ZonedDateTime) -> Result<DeadlineArg, String> {
    const EXPECTED: &str = "expected a duration such as 90m, a time such as 23:30, or a moment such \
        as 2026-11-26T23:30 or 2026-11-26T23:30:00Z";
    let moment = match (duration(text), time_of_day(text)) {
        (Ok(Duration::ZERO), _) => return Err("it passes at once".into()),
        (Ok(duration), _) => return Ok(DeadlineArg::In(duration)),
        (_, Some(time)) => next(time, now),
        _ => read_time(text),
    };
    match moment {
        Some(at) if at <= now.timestamp().as_microsecond() => {
            Err(format!("{} is past", local_time(at)))
        }
        Some(at) => Ok(DeadlineArg::At(at)),
        None => Err(EXPECTED.into()),
    }
}

/// Hours and minutes, and seconds if need be; nothing else that could be taken for a time.
fn time_of_day(text: &str) -> Option<Time> {
    let plain = |c: char| c.is_ascii_digit() || c == ':';
    let is_one = text.contains(':') && text.chars().all(plain);
    is_one.then(|| text.parse().ok()).flatten()
}

/// When it is this time next: today, or tomorrow if it is past.
fn next(time: Time, now: &ZonedDateTime) -> Option<i64> {
    let on = |date: jiff::civil::Date| {
        let zoned = date
            .to_datetime(time)
            .to_zoned_datetime(now.time_zone().clone());
        Some(zoned.ok()?.timestamp().as_microsecond())
    };
    let today = on(now.date())?;
    match today > now.timestamp().as_microsecond() {
        true => Some(today),
        false => on(now.date().tomorrow().ok()?),
    }
}

/// An operation's deadline and whether it has passed, for documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadlineState {
    /// When, in RFC 3339.
    pub at: String,
    /// What happens then.
    pub action: OnDeadline,
    /// Whether it passed while the operation went on.
    pub passed: bool,
    /// The same moment, for people.
    #[serde(skip)]
    pub local: String,
}

impl DeadlineState {
    /// That of operations that were submitted together. They have the same one; it has passed if one of
    /// them was not over by then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of_all(
        store: &Store,
        jobs: impl IntoIterator<Item = JobId>,
    ) -> Result<Option<DeadlineState>, StoreError> {
        let mut found = None;
        for job in jobs {
            let Some(state) = DeadlineState::of(store, job)? else {
                continue;
            };
            if state.passed {
                return Ok(Some(state));
            }
            found = found.or(Some(state));
        }
        Ok(found)
    }

    /// That of the operation to which this job belongs, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of(store: &Store, job: JobId) -> Result<Option<DeadlineState>, StoreError> {
        let root = store.job(job)?.map_or(job, |job| job.root);
        let Some(Deadline { at, action }) = store.deadline(root)? else {
            return Ok(None);
        };
        // Past it is what has not ended by then, whether a runner has been there to act on it or not.
        let is_past = at <= clock::now() && !store.is_operation_over(root)?;
        Ok(Some(DeadlineState {
            at: utc_time(at),
            action,
            passed: is_past || store.passed_deadlines()?.contains(&root),
            local: local_time(at),
        }))
    }

    /// What was left out, of an operation that has ended.
    fn left_out(&self, document: &Document) -> Option<String> {
        if !self.passed || self.action == OnDeadline::Leave {
            return None;
        }
        let error = document.error.as_ref();
        if error.and_then(|error| error.code) == Some(ErrorCode::DeadlinePassed) {
            return Some("nothing more was begun".to_owned());
        }
        let results = document.results.iter();
        let (cut_off, stopped): (Vec<_>, Vec<_>) = results
            .filter(|result| result.status == FinalStatus::Canceled.word())
            .partition(|result| is_cut_off(result));
        let stopped = match self.action {
            OnDeadline::Cancel => stopped.len(),
            // Somebody else has cancelled them.
            OnDeadline::Stop | OnDeadline::Leave => 0,
        };
        let jobs = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 job was {what}")),
            _ => Some(format!("{count} jobs were {what}")),
        };
        let parts = [
            jobs(cut_off.len(), "not begun"),
            jobs(stopped, "canceled on the way"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        Some(match parts.is_empty() {
            true => "no job was left out".to_owned(),
            false => parts.join(", "),
        })
    }
}

/// What is said to who has given a deadline and joins an operation that was submitted before.
///
/// # Errors
/// [`StoreError`].
pub fn first(store: &Store, job: JobId) -> Result<String, StoreError> {
    Ok(match DeadlineState::of(store, job)? {
        Some(first) => format!("its deadline stays that of the first submission: {first}"),
        None => "it was submitted without a deadline, and has none now".to_owned(),
    })
}

/// What is said at the end of an operation whose deadline has passed, and where it left something out
/// or could have.
#[must_use]
pub fn verdict(document: &Document) -> Option<String> {
    let deadline = document.deadline.as_ref()?;
    let left_out = deadline.left_out(document)?;
    let at = &deadline.local;
    Some(format!("The deadline passed at {at}: {left_out}."))
}

/// As it stands among all that is known of a job.
impl fmt::Display for DeadlineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = if self.passed { " (passed)" } else { "" };
        write!(f, "{}, {}{passed}", self.local, self.action)
    }
}

/// Whether a job was not begun because its operation's deadline passed.
#[must_use]
pub fn is_cut_off(result: &JobResult) -> bool {
    let code = result.error.as_ref().and_then(|error| error.code);
    code == Some(ErrorCode::DeadlinePassed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, now: &str) -> Result<String, String> {
        let now: ZonedDateTime = now.parse().unwrap();
        read(text, &now).map(|arg| match arg {
            DeadlineArg::In(duration) => format!("in {} s", duration.as_secs()),
            DeadlineArg::At(moment) => utc_time(moment),
        })
    }

    #[test]
    fn durations_count_from_the_submission() {
        let now = "2026-11-26T22:00[UTC]";
        assert_eq!(at("90m", now).unwrap(), "in 5400 s");
        assert_eq!(at("90", now).unwrap(), "in 90 s");
        assert!(at("0", now).is_err());
        let before = clock::now();
        let moment = DeadlineArg::In(Duration::from_secs(60)).moment();
        assert!((60_000_000..90_000_000).contains(&(moment - before)));
    }

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let now = "2026-11-26T22:00[Europe/Berlin]";
        assert_eq!(at("23:30", now).unwrap(), "2026-11-26T22:30:00Z");
        assert_eq!(at("22:00", now).unwrap(), "2026-11-27T21:00:00Z");
        assert_eq!(at("06:00:30", now).unwrap(), "2026-11-27T05:00:30Z");
        // The clocks went back in between.
        let now = "2026-10-24T22:00[Europe/Berlin]";
        assert_eq!(at("21:00", now).unwrap(), "2026-10-25T20:00:00Z");
        // They went forth, and this time was left out: it is the moment at which it would have been.
        let now = "2026-03-28T22:00[Europe/Berlin]";
        assert_eq!(at("02:30", now).unwrap(), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_moment_is_in_the_future() {
        let now = "2026-11-26T22:00[UTC]";
        let zoned = at("2026-11-26T23:30+01:00", now).unwrap();
        assert_eq!(zoned, "2026-11-26T22:30:00Z");
        assert!(at("2026-11-27T23:30", now).is_ok());
        assert!(
            at("2026-11-26T21:59:59Z", now)
                .unwrap_err()
                .contains("past")
        );
        for text in [
            "",
            "soon",
            "25:00",
            "23",
            "23:",
            "T23:30",
            "2026-13-01T00:00",
            "-5m",
        ] {
            let answer = at(text, now);
            assert!(answer.is_err() || text == "23", "{text}: {answer:?}");
        }
    }
}
