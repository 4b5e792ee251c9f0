//! Small values of the queue and of the program: limits, drain, hold, counters.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::params;
use rusqlite::types::{ToSql, Value};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, Tx};
use crate::allocator::external::Allocators;
use crate::clock::now;
use crate::failpoints;
use crate::limits::{MAX_RUNNING_JOBS, QUEUE_LIMIT, RUNNER_IDLE};

/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;

/// What a runner learns when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunnerBegin {
    /// Its time: each of its transactions checks that it still is.
    pub epoch: u64,
    /// How many runners before it died within the last minute.
    pub deaths_in_last_minute: usize,
}

/// A program that can be the runner: its version and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Such as `0.1.0`.
    pub version: String,
    /// The runner's file.
    pub path: PathBuf,
}

impl Program {
    /// The program of this version at `path`.
    #[must_use]
    pub fn ours(path: PathBuf) -> Program {
        Program {
            version: failpoints::version()
                .unwrap_or(env!("CARGO_PKG_VERSION"))
                .to_owned(),
            path,
        }
    }

    /// Whether it is newer than another one, by the numbers of the version.
    #[must_use]
    pub fn is_newer_than(&self, other: &Program) -> bool {
        let numbers = |version: &str| -> Vec<u64> {
            version
                .split(['.', '-'])
                .map(|part| part.parse().unwrap_or(0))
                .collect()
        };
        numbers(&self.version) > numbers(&other.version)
    }
}

/// What an operator sets for the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Jobs that may be unfinished at once.
    pub queue_limit: u64,
    /// Jobs that may run at once.
    pub max_running_jobs: u64,
    /// Seconds that a runner without work stays.
    pub runner_idle: u64,
}

/// The settings at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Limits.
    pub limits: Limits,
    /// No job is taken.
    pub drained: bool,
    /// No job is started.
    pub held: bool,
    /// Until when the watcher does nothing, in microseconds since 1970.
    pub watcher_pause: Option<i64>,
    /// Raised by each runner at its start.
    pub epoch: u64,
    /// Raised with each commit that changed the configuration.
    pub config_serial: u64,
    /// Raised with each commit that changed the configuration or a claim.
    pub world_serial: u64,
    /// The generation of the simulator's reality that belongs to the configuration.
    pub reality: u64,
    /// What runs instances: the driver's name.
    pub driver: String,
    /// How long verbs may take, by name, in milliseconds; those that are not set otherwise are
    /// missing.
    pub verb_limits: BTreeMap<String, u64>,
    /// What is set about external allocators.
    pub allocators: Arc<Allocators>,
    /// The program that the runner is, or was last.
    pub program: Option<Program>,
    /// The program that a newer tool wants the runner to be.
    pub wanted_program: Option<Program>,
}

impl Store {
    /// Reads the settings: all at once, since they are few and a query each would cost far more.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn settings(&self) -> Result<Settings, StoreError> {
        let get = || {
            let mut query = (self.db).prepare_cached("SELECT key, value FROM setting")?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<BTreeMap<String, Value>>>()
        };
        let values = get().map_err(|error| self.wrong(error))?;
        let strange = |key: &str| StoreError::Content {
            file: self.path(),
            what: format!("the setting {key} is of another type"),
        };
        let number = |key: &str, default: u64| match values.get(key) {
            Some(Value::Integer(number)) => Ok(u64::try_from(*number).unwrap_or(default)),
            Some(_) => Err(strange(key)),
            None => Ok(default),
        };
        let text = |key: &str| match values.get(key) {
            Some(Value::Text(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(strange(key)),
            None => Ok(None),
        };
        let program = |key: &str| -> Result<Option<Program>, StoreError> {
            Ok(text(key)?.and_then(|text| serde_json::from_str(text).ok()))
        };
        Ok(Settings {
            program: program("program")?,
            wanted_program: program("wanted_program")?,
            limits: Limits {
                queue_limit: number("queue_limit", QUEUE_LIMIT)?,
                max_running_jobs: number("max_running_jobs", MAX_RUNNING_JOBS)?.max(1),
                runner_idle: number("runner_idle", RUNNER_IDLE)?,
            },
            drained: number("drained", 0)? != 0,
            held: number("held", 0)? != 0,
            watcher_pause: match number("watcher_pause", 0)? {
                0 => None,
                until => i64::try_from(until).ok(),
            },
            epoch: number("epoch", 0)?,
            config_serial: number("config_serial", 0)?,
            world_serial: number("world_serial", 0)?,
            reality: number("reality", 0)?,
            driver: text("driver")?.unwrap_or("fake").to_owned(),
            verb_limits: text("verb_limits")?
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default(),
            allocators: text("allocators")?
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default(),
        })
    }
}

impl Store {
    /// How far a rolling maintenance is, as whoever does it has written it; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn rolling(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM setting WHERE key = 'rolling'";
        let found: Vec<Option<String>> = self.rows(sql, [], |row| row.get(0))?;
        Ok(found.into_iter().flatten().next())
    }
}

impl Tx<'_> {
    /// Notes how far a rolling maintenance is, or that there is none.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_rolling(&mut self, text: Option<&str>) -> Result<(), StoreError> {
        self.set("rolling", text)
    }

    pub(super) fn set<T: ToSql>(&mut self, key: &str, value: T) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO setting (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            params![key, value],
        )
    }

    pub(super) fn get_number(&self, key: &str) -> Result<Option<i64>, StoreError> {
        self.row("SELECT value FROM setting WHERE key = ?1", [key], |row| {
            row.get(0)
        })
    }

    /// Sets the limits; what is `None` stays.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_limits(
        &mut self,
        queue_limit: Option<u64>,
        max_running_jobs: Option<u64>,
        runner_idle: Option<u64>,
    ) -> Result<(), StoreError> {
        let values = [
            ("queue_limit", queue_limit),
            ("max_running_jobs", max_running_jobs),
            ("runner_idle", runner_idle),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                self.set(key, i64::try_from(value).unwrap_or(i64::MAX))?;
            }
        }
        self.wakes().runner();
        Ok(())
    }

    /// Sets how long verbs may take, by name, in milliseconds.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_verb_limits(&mut self, limits: &BTreeMap<String, u64>) -> Result<(), StoreError> {
        self.wakes().runner();
        self.set("verb_limits", serde_json::json!(limits).to_string())
    }

    /// Sets what is set about external allocators.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_allocators(&mut self, allocators: &Allocators) -> Result<(), StoreError> {
        self.wakes().runner();
        self.set("allocators", serde_json::json!(allocators).to_string())
    }

    /// Takes no more jobs, or takes them again.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_drained(&mut self, drained: bool) -> Result<(), StoreError> {
        self.set("drained", i64::from(drained))
    }

    /// Starts no more jobs, or starts them again.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_held(&mut self, held: bool) -> Result<(), StoreError> {
        self.wakes().runner();
        self.set("held", i64::from(held))
    }

    /// The watcher does nothing until this moment (microseconds since 1970), or goes on.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_watcher_pause(&mut self, until: Option<i64>) -> Result<(), StoreError> {
        self.set("watcher_pause", until.unwrap_or(0))
    }

    /// Names the reality that belongs to the configuration, and what drives it.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_reality(&mut self, generation: u64, driver: &str) -> Result<(), StoreError> {
        self.set("reality", i64::try_from(generation).unwrap_or(i64::MAX))?;
        self.set("driver", driver)
    }

    /// What came from a backup, with the reality of this generation, waits for its release: nothing
    /// starts before. Of the runners that were there nothing is known.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn settle_restored(&mut self, generation: u64, driver: &str) -> Result<(), StoreError> {
        self.set_reality(generation, driver)?;
        self.set_held(true)?;
        self.set("runner", 0)?;
        self.run(
            "DELETE FROM setting WHERE key IN ('deaths', 'wanted_program')",
            [],
        )
    }

    /// Begins the time of a new runner; the ones before it commit nothing any more.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn begin_runner(&mut self, program: &Program) -> Result<RunnerBegin, StoreError> {
        self.set("program", serde_json::json!(program).to_string())?;
        // Whoever was wanted has had its turn: one that is not what it was said to be must not be
        // called again and again.
        self.run("DELETE FROM setting WHERE key = 'wanted_program'", [])?;
        let epoch = self.get_number("epoch")?.unwrap_or(0) + 1;
        self.set("epoch", epoch)?;
        let time = now();
        let recent = |death: &i64| (time - MINUTE..=time).contains(death);
        let deaths = self.row("SELECT value FROM setting WHERE key = 'deaths'", [], |r| {
            r.get::<_, String>(0)
        })?;
        let deaths = deaths.and_then(|text| serde_json::from_str::<Vec<i64>>(&text).ok());
        let mut deaths: Vec<i64> = deaths
            .unwrap_or_default()
            .into_iter()
            .filter(recent)
            .collect();
        // A runner that ended well has said so.
        if self.get_number("runner")?.unwrap_or(0) != 0 {
            deaths.push(time);
        }
        self.set("deaths", serde_json::json!(deaths).to_string())?;
        self.set("runner", 1)?;
        Ok(RunnerBegin {
            epoch: epoch.unsigned_abs(),
            deaths_in_last_minute: deaths.len(),
        })
    }

    /// The runner of this time ends well.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn end_runner(&mut self, epoch: u64) -> Result<(), StoreError> {
        match self.check_epoch(epoch) {
            Ok(()) => self.set("runner", 0),
            Err(StoreError::Deposed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether it is still the time of this runner.
    ///
    /// # Errors
    /// [`StoreError::Deposed`] when it is another's.
    pub fn check_epoch(&self, epoch: u64) -> Result<(), StoreError> {
        match self.get_number("epoch")? {
            Some(now) if now.unsigned_abs() == epoch => Ok(()),
            _ => Err(StoreError::Deposed),
        }
    }

    /// Whether the queue takes jobs, and how many it may hold.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn admission(&self) -> Result<(bool, u64), StoreError> {
        let drained = self.get_number("drained")?.unwrap_or(0) != 0;
        let limit = self.get_number("queue_limit")?;
        let limit = limit.and_then(|l| u64::try_from(l).ok());
        Ok((drained, limit.unwrap_or(QUEUE_LIMIT)))
    }

    /// A newer tool wants the runner to be this program.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn want_program(&mut self, program: &Program) -> Result<(), StoreError> {
        self.wakes().runner();
        self.set("wanted_program", serde_json::json!(program).to_string())
    }

    /// Stores the counters of the world after a change.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_serials(&mut self, config: u64, world: u64) -> Result<(), StoreError> {
        self.set("config_serial", i64::try_from(config).unwrap_or(i64::MAX))?;
        self.set("world_serial", i64::try_from(world).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::texts;

    fn program(version: &str) -> Program {
        Program {
            version: version.to_owned(),
            path: PathBuf::new(),
        }
    }

    proptest! {
        #[test]
        fn any_versions_are_in_order(
            one in texts(&[".", "-", "0", "rc1"]),
            other in texts(&[".", "-", "0", "rc1"]),
            numbers in [any::<u32>(), any::<u32>(), any::<u32>()],
            more in [any::<u32>(), any::<u32>(), any::<u32>()],
        ) {
            let (one, other) = (program(&one), program(&other));
            prop_assert!(!(one.is_newer_than(&other) && other.is_newer_than(&one)));
            prop_assert!(!one.is_newer_than(&one));
            let of = |[a, b, c]: [u32; 3]| program(&format!("{a}.{b}.{c}"));
            prop_assert_eq!(of(numbers).is_newer_than(&of(more)), numbers > more);
        }
    }
}
