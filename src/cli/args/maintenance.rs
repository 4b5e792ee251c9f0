//! `gnt-node maintenance`.

use clap::{Args, Subcommand, ValueEnum};

use super::common::{DeadlineArgs, ForceArgs, ListArgs, OperationArgs, SubmitArgs};
use super::migration::MigrationArgs;

/// The commands of `gnt-node maintenance`.
#[derive(Debug, Subcommand)]
pub enum MaintenanceCommand {
    /// Empty nodes, let nothing new onto them, and remember what was on them
    #[command(after_help = "Example: gnt-node maintenance enter --min-free N+1 node3")]
    Enter(EnterArgs),
    /// Take nodes into use again, and bring home what was on them
    ///
    /// What does not come home at once, such as what a deadline has left out, is not forgotten: the same
    /// line again goes on with it. --no-restore gives it up.
    #[command(after_help = "Example: gnt-node maintenance leave node3")]
    Leave(LeaveArgs),
    /// Show which nodes are in maintenance, and what has not come home to those in use again
    #[command(after_help = "Example: gnt-node maintenance status")]
    Status(ListArgs),
}

/// What has to be free on the nodes that stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MinFree {
    /// Enough for the loss of one more node
    #[value(name = "N+1")]
    OneNode,
}

/// `gnt-node maintenance enter`.
#[derive(Debug, Args)]
pub struct EnterArgs {
    /// The nodes
    #[arg(value_name = "NODE", required = true)]
    pub nodes: Vec<String>,
    /// Enter the next node when the one before is empty
    #[arg(long)]
    pub one_at_a_time: bool,
    /// Refuse if less than this is free afterwards: N+1, room for the loss of one more node
    #[arg(long, value_name = "N+1", hide_possible_values = true)]
    pub min_free: Option<MinFree>,
    /// Ask this allocator where instances go
    #[arg(short = 'I', long, value_name = "NAME", hide_short_help = true)]
    pub iallocator: Option<String>,
    /// Release old copies before the new ones are in sync
    #[arg(long, hide_short_help = true)]
    pub early_release: bool,
    /// How they migrate.
    #[command(flatten)]
    pub migration: MigrationArgs,
    /// How it is done.
    #[command(flatten)]
    pub operation: OperationArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-node maintenance leave`.
#[derive(Debug, Args)]
pub struct LeaveArgs {
    /// The nodes
    #[arg(value_name = "NODE", required = true)]
    pub nodes: Vec<String>,
    /// Leave instances where they are, and forget where they were
    #[arg(long)]
    pub no_restore: bool,
    /// Run at most so many jobs at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
    /// Release old copies before the new ones are in sync
    #[arg(long, hide_short_help = true)]
    pub early_release: bool,
    /// How they migrate.
    #[command(flatten)]
    pub migration: MigrationArgs,
    /// Until when it begins jobs.
    #[command(flatten)]
    pub deadline: DeadlineArgs,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}
