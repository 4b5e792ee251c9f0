//! The options of whatever migrates instances.

use std::time::Duration;

use clap::Args;

use crate::cli::values;
use crate::hypervisor::OnTimeout;
use crate::limits::{MIGRATION_BANDWIDTH, MIGRATION_DOWNTIME_MS};
use crate::opcodes::MigrationTerms;

/// The terms of each migration.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Migration")]
pub struct MigrationArgs {
    /// Send at most so many MiB a second, in each migration
    #[arg(long, value_name = "MIB", hide_short_help = true, value_parser = clap::value_parser!(u64).range(1..=MIGRATION_BANDWIDTH))]
    pub bandwidth: Option<u64>,

    /// How many milliseconds a guest may stand still at the end
    #[arg(long, value_name = "MS", hide_short_help = true, value_parser = clap::value_parser!(u64).range(1..=MIGRATION_DOWNTIME_MS))]
    pub migration_downtime: Option<u64>,

    /// How long one migration may take, such as 10m
    #[arg(long, value_name = "DURATION", hide_short_help = true, value_parser = values::migration_time)]
    pub migration_timeout: Option<Duration>,

    /// What happens with a migration that takes longer.
    #[arg(
        long,
        value_name = "ACTION",
        requires = "migration_timeout",
        hide_possible_values = true,
        hide_short_help = true,
        help = "What then: abort (it stays), suspend (it stands still until it is there) or wait [else: abort]"
    )]
    pub on_timeout: Option<OnTimeout>,
}

impl MigrationArgs {
    /// The same for an opcode.
    #[must_use]
    pub fn terms(&self) -> MigrationTerms {
        MigrationTerms {
            downtime: self.migration_downtime,
            timeout: self.migration_timeout.map(|timeout| timeout.as_secs()),
            on_timeout: self.on_timeout,
            bandwidth: self.bandwidth,
        }
    }
}
