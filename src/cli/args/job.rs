//! `gnt-job`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::common::{
    ForceArgs, GlobalArgs, ListFieldsArgs, ObjectListArgs, PriorityArg, StreamArgs,
};
use crate::cli::values::{self, Age};
use crate::queue::JobId;

/// Watch and steer jobs
#[derive(Debug, Parser)]
#[command(
    name = "gnt-job",
    version = super::VERSION,
    infer_long_args = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example: gnt-job watch 4711"
)]
pub struct JobCli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: JobCommand,
}

/// The commands of `gnt-job`.
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// List jobs
    #[command(after_help = "Example: gnt-job list --pending --running")]
    List(JobListArgs),
    /// Explain the fields of the list
    #[command(after_help = "Example: gnt-job list-fields status summary")]
    ListFields(ListFieldsArgs),
    /// Show all that is known of jobs
    #[command(visible_alias = "show", after_help = "Example: gnt-job info 4711")]
    Info(JobInfoArgs),
    /// Wait for jobs and their children in silence
    #[command(after_help = "Example: gnt-job wait --timeout 1h 4711")]
    Wait(FollowArgs),
    /// Show what jobs and their children do until they end
    #[command(after_help = "Example: gnt-job watch 4711")]
    Watch(FollowArgs),
    /// Cancel jobs and their children
    #[command(after_help = "Example: gnt-job cancel --wait 4711")]
    Cancel(CancelArgs),
    /// Make jobs and their children more or less urgent
    #[command(after_help = "Example: gnt-job change-priority --priority high 4711")]
    ChangePriority(ChangePriorityArgs),
    /// Put finished jobs away
    #[command(after_help = "Example: gnt-job archive 4711 4712")]
    Archive(ArchiveArgs),
    /// Put away all jobs that ended so long ago
    #[command(after_help = "Example: gnt-job autoarchive 1w")]
    Autoarchive(AutoarchiveArgs),
    /// Delete jobs that were put away and ended so long ago
    #[command(after_help = "Example: gnt-job purge --export /var/backups/jobs 26w")]
    Purge(PurgeArgs),
}

/// Jobs by their state.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct StateArgs {
    /// Those that have not begun, or are being cancelled
    #[arg(long)]
    pub pending: bool,
    /// Those that are submitted and no more
    #[arg(long)]
    pub queued: bool,
    /// Those that wait for locks
    #[arg(long)]
    pub waiting: bool,
}

/// `gnt-job list`.
#[derive(Debug, Args)]
pub struct JobListArgs {
    /// The jobs, or one filter; all if none is given
    #[arg(value_name = "ID")]
    pub words: Vec<String>,
    /// Which jobs.
    #[command(flatten)]
    pub listed: ListedArgs,
    /// How the list looks.
    #[command(flatten)]
    pub list: ObjectListArgs,
}

/// Which jobs are listed, and in which order.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ListedArgs {
    /// Jobs by their state.
    #[command(flatten)]
    pub state: StateArgs,
    /// Those that run
    #[arg(long)]
    pub running: bool,
    /// Those that failed
    #[arg(long)]
    pub error: bool,
    /// Those that have ended
    #[arg(long)]
    pub finished: bool,
    /// Also those that were put away
    #[arg(long)]
    pub archived: bool,
    /// The children of this job
    #[arg(long, value_name = "ID")]
    pub children_of: Option<JobId>,
    /// Each job below its parent
    #[arg(long)]
    pub tree: bool,
}

/// `gnt-job info`.
#[derive(Debug, Args)]
pub struct JobInfoArgs {
    /// The jobs
    #[arg(value_name = "ID", required = true)]
    pub jobs: Vec<JobId>,
}

/// `gnt-job wait` and `gnt-job watch`.
#[derive(Debug, Args)]
pub struct FollowArgs {
    /// The jobs
    #[arg(value_name = "ID", required = true)]
    pub jobs: Vec<JobId>,
    /// Stop waiting after so long (exit 4); the jobs go on
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub timeout: Option<Duration>,
    /// Only these jobs, not their children
    #[arg(long)]
    pub no_children: bool,
    /// What is printed while waiting.
    #[command(flatten)]
    pub stream: StreamArgs,
}

/// `gnt-job cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The jobs
    #[arg(value_name = "ID", required_unless_present_any = ["pending", "queued", "waiting"], conflicts_with_all = ["pending", "queued", "waiting"])]
    pub jobs: Vec<JobId>,
    /// Jobs by their state.
    #[command(flatten)]
    pub state: StateArgs,
    /// Wait until they have ended
    #[arg(long)]
    pub wait: bool,
    /// Stop waiting after so long (exit 4)
    #[arg(long, value_name = "DURATION", value_parser = values::duration, requires = "wait")]
    pub timeout: Option<Duration>,
    /// Only these jobs, not their children
    #[arg(long)]
    pub no_children: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
}

/// `gnt-job change-priority`.
#[derive(Debug, Args)]
pub struct ChangePriorityArgs {
    /// The jobs
    #[arg(value_name = "ID", required_unless_present_any = ["pending", "queued", "waiting"], conflicts_with_all = ["pending", "queued", "waiting"])]
    pub jobs: Vec<JobId>,
    /// low, normal or high
    #[arg(long, value_name = "PRIORITY", hide_possible_values = true)]
    pub priority: PriorityArg,
    /// Jobs by their state.
    #[command(flatten)]
    pub state: StateArgs,
    /// Only these jobs, not their children
    #[arg(long)]
    pub no_children: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
}

/// `gnt-job archive`.
#[derive(Debug, Args)]
pub struct ArchiveArgs {
    /// The jobs
    #[arg(value_name = "ID", required = true)]
    pub jobs: Vec<JobId>,
}

/// `gnt-job autoarchive`.
#[derive(Debug, Args)]
pub struct AutoarchiveArgs {
    /// How long ago they ended, such as 2d, or all
    #[arg(value_parser = values::age)]
    pub age: Age,
}

/// `gnt-job purge`.
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// How long ago they ended, such as 26w, or all
    #[arg(value_parser = values::age)]
    pub age: Age,
    /// Append each job to this file as a line of JSON before it is deleted
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
}
