//! Which driver a cluster has: the only place that chooses.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::fake::{Fake, FakeError};
use super::process::{NoProgram, ProcessDriver};
use super::{Call, Driver, Interrupt, Snapshot};
use crate::cluster::Config;

/// The simulator's name.
const SIMULATOR: &str = "fake";

/// How long the name of a driver may be: it is part of a file's name.
const NAME_BYTES: usize = 32;

/// How long a look at all nodes lasts at most. A node that is well answers in milliseconds, over ssh in a
/// second; one that has not by then counts as silent.
const SNAPSHOT_WITHIN: Duration = Duration::from_secs(5);

/// The same where somebody only wants to see a list, and sits and waits for it.
const GLANCE_WITHIN: Duration = Duration::from_secs(3);

/// The same for a node that hung a moment ago, so that not every list waits as long as the first one.
const SUSPECT_WITHIN: Duration = Duration::from_secs(1);

/// What runs a cluster's instances, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriverName {
    /// The simulator.
    Simulator,
    /// The program `gnt-NAME`.
    Program(String),
}

impl FromStr for DriverName {
    type Err = OpenError;

    fn from_str(name: &str) -> Result<DriverName, OpenError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name == SIMULATOR {
            Ok(DriverName::Simulator)
        } else if (1..=NAME_BYTES).contains(&name.len())
            && name.chars().all(plain)
            && !name.starts_with('-')
        {
            Ok(DriverName::Program(name.to_owned()))
        } else {
            Err(OpenError::NoName(name.to_owned()))
        }
    }
}

impl fmt::Display for DriverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DriverName::Simulator => SIMULATOR,
            DriverName::Program(name) => name,
        })
    }
}

/// Why what runs a cluster's instances cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The simulator's reality.
    #[error(transparent)]
    Fake(#[from] FakeError),
    /// This cannot be the name of a driver.
    #[error("{0:?} is no name of a driver")]
    NoName(String),
    /// The driver's program.
    #[error(transparent)]
    NoProgram(#[from] NoProgram),
    /// What was asked for is a matter of the simulator.
    #[error("the cluster's instances are run by the driver {0}, not by the simulator")]
    NotSimulated(DriverName),
}

impl OpenError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            OpenError::Fake(error) => error.hint(),
            OpenError::NoName(_) => {
                Some("it has small letters, digits and hyphens, such as libvirt".to_owned())
            }
            OpenError::NoProgram(error) => Some(error.hint()),
            OpenError::NotSimulated(_) => None,
        }
    }
}

/// What runs a cluster's instances, opened.
#[derive(Debug)]
pub enum Opened {
    /// The simulator.
    Simulator(Fake),
    /// Real machines, reached by a program.
    Machines(ProcessDriver),
}

/// Opens the driver of this name. `reality` is the simulator's file; others have none.
///
/// # Errors
/// [`OpenError`]. No node is asked yet.
pub fn open(name: &str, reality: &Path) -> Result<Opened, OpenError> {
    Ok(match name.parse()? {
        DriverName::Simulator => Opened::Simulator(Fake::open(reality)?),
        DriverName::Program(name) => Opened::Machines(ProcessDriver::find(&name)?),
    })
}

impl Opened {
    /// As units get it. What a driver's programs say goes to `log`.
    #[must_use]
    pub fn into_driver(self, log: fn(&str)) -> Driver {
        match self {
            Opened::Simulator(fake) => Driver::new(Arc::new(fake)),
            Opened::Machines(mut machines) => {
                machines.log_to(log);
                Driver::new(Arc::new(machines))
            }
        }
    }

    /// Shares with other processes which nodes hang, by small files in this directory.
    #[must_use]
    pub fn with_notes_in(self, directory: &Path) -> Opened {
        if let Opened::Machines(machines) = &self {
            machines.keep_notes_in(directory.to_owned());
        }
        self
    }

    /// The simulator, for what only it has.
    ///
    /// # Errors
    /// [`OpenError::NotSimulated`] when it is another one.
    pub fn into_simulator(self) -> Result<Fake, OpenError> {
        match self {
            Opened::Simulator(fake) => Ok(fake),
            Opened::Machines(machines) => Err(OpenError::NotSimulated(machines.name())),
        }
    }

    /// The whole of reality at one moment. Only real machines have to be told by `config` who they are.
    ///
    /// # Errors
    /// When the simulator's reality or the configuration cannot be read.
    pub fn snapshot<E: From<FakeError>>(
        &self,
        config: impl FnOnce() -> Result<Config, E>,
    ) -> Result<Snapshot, E> {
        self.look(config, SNAPSHOT_WITHIN, None)
    }

    /// The same for whoever sits and waits: shorter, shorter still for nodes that hung a moment ago.
    ///
    /// # Errors
    /// Those of [`Opened::snapshot`].
    pub fn glance<E: From<FakeError>>(
        &self,
        config: impl FnOnce() -> Result<Config, E>,
    ) -> Result<Snapshot, E> {
        self.look(config, GLANCE_WITHIN, Some(SUSPECT_WITHIN))
    }

    fn look<E: From<FakeError>>(
        &self,
        config: impl FnOnce() -> Result<Config, E>,
        within: Duration,
        suspect: Option<Duration>,
    ) -> Result<Snapshot, E> {
        match self {
            Opened::Simulator(fake) => Ok(fake.snapshot()?),
            Opened::Machines(machines) => {
                let config = config()?;
                let now = Instant::now();
                let call = Call {
                    deadline: now + within,
                    interrupt: &Interrupt::default(),
                    progress: &|_| {},
                };
                Ok(machines.whole(&call, &config, suspect.map(|within| now + within)))
            }
        }
    }
}
