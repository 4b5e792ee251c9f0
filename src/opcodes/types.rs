//! The words and small values that opcodes are made of.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::queue::{FinalStatus, JobId};

/// How urgent a job is. Smaller numbers go first on the wire and in the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i8)]
pub enum Priority {
    /// −10.
    High = -10,
    /// 0.
    #[default]
    Normal = 0,
    /// 10.
    Low = 10,
}

impl Priority {
    /// The number on the wire: −10, 0 or 10.
    #[must_use]
    pub fn number(self) -> i64 {
        self as i8 as i64
    }

    /// The priority of a number on the wire.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Priority> {
        match number {
            -10 => Some(Priority::High),
            0 => Some(Priority::Normal),
            10 => Some(Priority::Low),
            _ => None,
        }
    }

    /// The word on the command line: `high`, `normal` or `low`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
        }
    }
}

impl Serialize for Priority {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(self.number())
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Priority, D::Error> {
        let number = i64::deserialize(from)?;
        Priority::from_number(number).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "priority {number} is none of 10 (low), 0 (normal), -10 (high)"
            ))
        })
    }
}

/// The job that another one waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobRef {
    /// A job by its id.
    Id(JobId),
    /// The job this many places before this one in the submitted list; at least 1. Only before
    /// submission: what is stored has ids.
    Back(u32),
}

/// A job that must have ended before an opcode starts, and how.
///
/// On the wire `[job, [status…]]`, a negative job counting places back in the submitted list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Which job.
    pub job: JobRef,
    /// The ends that are accepted; an empty list accepts any but `canceled`.
    pub statuses: Vec<FinalStatus>,
}

impl Serialize for Dependency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let job = match self.job {
            JobRef::Id(id) => id.0,
            JobRef::Back(places) => -i64::from(places),
        };
        (job, &self.statuses).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Dependency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Dependency, D::Error> {
        use serde::de::Error;
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Id {
            Number(i64),
            Text(String),
        }
        let (job, statuses) = <(Id, Vec<FinalStatus>)>::deserialize(from)?;
        let job = match job {
            Id::Number(number) => number,
            Id::Text(text) => text
                .parse()
                .map_err(|_| D::Error::custom(format!("{text:?} is not a job id")))?,
        };
        let job = if job >= 0 {
            JobRef::Id(JobId(job))
        } else {
            let places = u32::try_from(job.unsigned_abs());
            JobRef::Back(places.map_err(|_| D::Error::custom(format!("{job} is not a job id")))?)
        };
        Ok(Dependency { job, statuses })
    }
}

/// One entry of a reason trail: `[source, text, nanoseconds since 1970]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason(
    /// Where the entry comes from, such as `gnt:user` or `gnt:client:gnt-node`.
    pub String,
    /// The text.
    pub String,
    /// When, in nanoseconds since 1970.
    pub i64,
);

impl Reason {
    /// The wire form.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] #[value(name = $word)] $variant,)*
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Which role is to leave a node in an evacuation.
    EvacMode {
        /// Instances whose primary node it is move away.
        PrimaryOnly = "primary-only",
        /// Instances whose secondary node it is get another one.
        SecondaryOnly = "secondary-only",
        /// Both.
        All = "all",
    }
}

words! {
    /// Which copy of a mirrored instance's disks is replaced.
    ReplaceMode {
        /// The copy on the primary node is made anew.
        OnPrimary = "replace_on_primary",
        /// The copy on the secondary node is made anew.
        OnSecondary = "replace_on_secondary",
        /// The secondary moves to another node.
        NewSecondary = "replace_new_secondary",
        /// Whichever copy is found faulty is made anew.
        Auto = "replace_auto",
    }
}

words! {
    /// How an instance migrates.
    MigrationMode {
        /// It runs on while its memory is copied.
        Live = "live",
        /// It stands still while its memory is copied.
        NonLive = "non-live",
    }
}

words! {
    /// How it is known that a node is powered off which cannot be told to stop anything.
    PowerOff {
        /// Its operator says so.
        Confirmed = "confirmed",
        /// That it is marked offline is enough.
        Forced = "forced",
        /// Its fence command has said so to the operation that this opcode is part of.
        Fenced = "fenced",
    }
}

words! {
    /// How an instance is rebooted.
    RebootType {
        /// The guest is asked.
        Soft = "soft",
        /// The virtual machine is reset.
        Hard = "hard",
        /// It is shut down and started.
        Full = "full",
    }
}

/// Serde default for parameters that are on unless said otherwise.
pub(crate) fn yes() -> bool {
    true
}

/// Serde default of `shutdown_timeout`: seconds a guest is given to stop by itself.
pub(crate) fn shutdown_timeout() -> u32 {
    120
}
