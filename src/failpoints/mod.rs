//! Failpoints: places at which a test makes a process die, stand still, or fail.
//!
//! They stand before and after each commit and each verb of the driver, and nothing goes round them:
//! a commit has a name ([`Commit`], [`Change`]) or it cannot be made, and units reach the driver only
//! by [`crate::hypervisor::Driver`], which names each verb. [`Point::all`] follows from these names.
//!
//! Only builds with debug assertions have them. There a test names a directory in
//! `GNT_TEST_CONTROL`, and steers by it which point does what, the wall clock, and the version that
//! the program believes to be; see [`control`].

#[cfg(debug_assertions)]
pub mod control;
#[cfg(all(test, debug_assertions))]
mod tests;

use std::fmt;

use clap::ValueEnum;

use crate::hypervisor::VerbName;
use crate::hypervisor::fake::Change;
use crate::opcodes::words;
use crate::store::Commit;

words! {
    /// Where a transaction is.
    Stage {
        /// It is about to begin.
        Begin = "begin",
        /// All is done but the commit.
        Commit = "commit",
        /// It is on disk, and nobody was told.
        Committed = "committed",
        /// Those who wait were told, and nobody else has their place.
        Announced = "announced",
    }
}

words! {
    /// Where a verb is.
    Side {
        /// Nothing was asked of the driver.
        Before = "before",
        /// The driver has answered; the answer can still be lost.
        After = "after",
    }
}

/// One place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// A commit to the database.
    Commit(Commit, Stage),
    /// A commit to the simulator's reality.
    Change(Change, Stage),
    /// A verb of the driver.
    Verb(VerbName, Side),
}

impl Point {
    /// All that there are.
    #[must_use]
    pub fn all() -> Vec<Point> {
        let stages = Stage::value_variants();
        let of_commit = |commit| {
            stages
                .iter()
                .map(move |stage| Point::Commit(commit, *stage))
        };
        // Of reality nobody is told, whoever waits looks at it.
        let stages_but_last = &stages[..stages.len() - 1];
        let of_change = |change| {
            let stages = stages_but_last.iter();
            stages.map(move |stage| Point::Change(change, *stage))
        };
        let sides = Side::value_variants();
        let of_verb = |verb| sides.iter().map(move |side| Point::Verb(verb, *side));
        let commits = Commit::value_variants().iter().copied();
        let changes = Change::value_variants().iter().copied();
        let verbs = VerbName::value_variants().iter().copied();
        let points = commits.flat_map(of_commit);
        let points = points.chain(changes.flat_map(of_change));
        points.chain(verbs.flat_map(of_verb)).collect()
    }

    /// Whether it can fail. What is on disk does not fail any more.
    #[must_use]
    pub fn can_fail(self) -> bool {
        match self {
            Point::Commit(_, stage) | Point::Change(_, stage) => {
                matches!(stage, Stage::Begin | Stage::Commit)
            }
            Point::Verb(..) => true,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Point::Commit(commit, stage) => write!(f, "commit.{commit}.{stage}"),
            Point::Change(change, stage) => write!(f, "reality.{change}.{stage}"),
            Point::Verb(verb, side) => write!(f, "verb.{verb}.{side}"),
        }
    }
}

/// What a test made of a point that it let fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injected {
    /// As if the disk had failed.
    Io,
    /// As if it were full.
    Full,
}

impl From<Injected> for rusqlite::Error {
    /// What SQLite says of it.
    fn from(injected: Injected) -> rusqlite::Error {
        let (code, text) = match injected {
            Injected::Io => (rusqlite::ffi::SQLITE_IOERR, "disk I/O error"),
            Injected::Full => (rusqlite::ffi::SQLITE_FULL, "database or disk is full"),
        };
        let code = rusqlite::ffi::Error::new(code);
        rusqlite::Error::SqliteFailure(code, Some(text.to_owned()))
    }
}

/// Passes a point, if a test lets it.
///
/// # Errors
/// What the test wants to happen there.
#[cfg(debug_assertions)]
pub fn pass(point: Point) -> Result<(), Injected> {
    control::pass(point)
}

/// There are no points in this build.
///
/// # Errors
/// None.
#[cfg(not(debug_assertions))]
pub fn pass(_point: Point) -> Result<(), Injected> {
    Ok(())
}

/// How many seconds a test has moved the wall clock.
#[cfg(debug_assertions)]
#[must_use]
pub fn clock_offset() -> i64 {
    control::clock_offset()
}

/// Nobody moves the clock of this build.
#[cfg(not(debug_assertions))]
#[must_use]
pub fn clock_offset() -> i64 {
    0
}

/// The version that this process is to believe to be, if a test says so: the same for all its life.
#[cfg(debug_assertions)]
#[must_use]
pub fn version() -> Option<&'static str> {
    control::version()
}

/// This build knows its version.
#[cfg(not(debug_assertions))]
#[must_use]
pub fn version() -> Option<&'static str> {
    None
}

/// What the runner that this process starts has to be given so that the same test steers it.
#[cfg(debug_assertions)]
#[must_use]
pub fn environment() -> Option<(&'static str, &'static std::path::Path)> {
    control::environment()
}

/// Nothing steers this build.
#[cfg(not(debug_assertions))]
#[must_use]
pub fn environment() -> Option<(&'static str, &'static std::path::Path)> {
    None
}
