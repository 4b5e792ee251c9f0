//! The terms of a migration: what is said of those whose guest writes faster than its memory goes over.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::hypervisor::{MigrationPolicy, OnTimeout};
use crate::limits::{MIGRATION_BANDWIDTH, MIGRATION_DOWNTIME_MS, MIGRATION_SECONDS};

/// The terms of each migration of an opcode. Ours: Ganeti has hypervisor parameters for some of them. The
/// default asks for nothing, and stops no guest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationTerms {
    /// How long the guest may stand still at the end, in milliseconds; absent means what the hypervisor
    /// thinks right.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "at_most::<_, MIGRATION_DOWNTIME_MS>"
    )]
    pub downtime: Option<u64>,
    /// Seconds that it may take; absent means as long as it gains something.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "at_most::<_, MIGRATION_SECONDS>"
    )]
    pub timeout: Option<u64>,
    /// What happens then; absent means [`OnTimeout::Abort`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<OnTimeout>,
    /// MiB a second at most; that of the node it leaves counts, too.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "at_most::<_, MIGRATION_BANDWIDTH>"
    )]
    pub bandwidth: Option<u64>,
}

/// Reads a number from 1 to `MOST`; `null` is none.
fn at_most<'de, D: Deserializer<'de>, const MOST: u64>(from: D) -> Result<Option<u64>, D::Error> {
    match Option::<u64>::deserialize(from)? {
        Some(number) if !(1..=MOST).contains(&number) => Err(serde::de::Error::custom(format!(
            "{number} is not between 1 and {MOST}"
        ))),
        number => Ok(number),
    }
}

impl MigrationTerms {
    /// Whether they ask for nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == MigrationTerms::default()
    }

    /// The same for a driver.
    #[must_use]
    pub fn policy(&self) -> MigrationPolicy {
        let default = MigrationPolicy::default();
        MigrationPolicy {
            bandwidth: self.bandwidth,
            downtime: self.downtime.map(Duration::from_millis),
            timeout: self.timeout.map(Duration::from_secs),
            on_timeout: self.on_timeout.unwrap_or(default.on_timeout),
            ..default
        }
    }
}
