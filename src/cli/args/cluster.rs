//! `gnt-cluster`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::cluster_params::ClusterParamsArgs;
use super::common::{DeadlineArgs, ForceArgs, GlobalArgs, ListArgs, PriorityArg, SubmitArgs};
use super::maintenance::MinFree;
use super::migration::MigrationArgs;
use super::tags::{SearchTagsArgs, TagsArgs};
use crate::cli::values::{self, Age, Numbers, OfGroup, ProgramOptions};
use crate::hypervisor::DriverName;
use crate::limits::{MAX_RUNNING_JOBS_MOST, QUEUE_LIMIT_MOST};
use crate::opcodes::VerifyCode;

/// Run a cluster as a whole
#[derive(Debug, Parser)]
#[command(
    name = "gnt-cluster",
    version = super::VERSION,
    infer_long_args = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example: gnt-cluster init --sample"
)]
pub struct ClusterCli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: ClusterCommand,
}

/// The commands of `gnt-cluster`.
#[derive(Debug, Subcommand)]
pub enum ClusterCommand {
    /// Make a new cluster
    #[command(after_help = "Example: gnt-cluster init --sample --nodes 6 --instances 60")]
    Init(InitArgs),
    /// Make a cluster from Ganeti's config.data or htools text
    #[command(after_help = "Example: gnt-cluster import config.data")]
    Import(ImportArgs),
    /// Print the cluster as config.data
    #[command(after_help = "Example: gnt-cluster export > config.data")]
    Export(ExportArgs),
    /// Write the cluster with its jobs to a file, while all goes on
    #[command(after_help = "Example: gnt-cluster backup /var/backups/gnt.tar")]
    Backup(BackupArgs),
    /// Make a cluster of a backup; it waits for its release
    #[command(after_help = "Example: gnt-cluster restore /var/backups/gnt.tar")]
    Restore(RestoreArgs),
    /// Show all that is known of the cluster
    #[command(visible_alias = "show", after_help = "Example: gnt-cluster info")]
    Info,
    /// Tell on one page how the cluster is and what to do next
    #[command(after_help = "Example: gnt-cluster doctor")]
    Doctor,
    /// Check the configuration, nodes and instances, in jobs that wait for those on their way
    #[command(after_help = "Example: gnt-cluster verify --node-group rack2")]
    Verify(VerifyArgs),
    /// Find disks that should be active and are not, and activate them
    #[command(after_help = "Example: gnt-cluster verify-disks --node-group rack2")]
    VerifyDisks(VerifyDisksArgs),
    /// Hold configuration, queue and reality against each other; changes nothing
    #[command(after_help = "Example: gnt-cluster verify-config --deep")]
    VerifyConfig(VerifyConfigArgs),
    /// Close, open, stop or start the job queue
    #[command(subcommand, after_help = "Example: gnt-cluster queue drain")]
    Queue(QueueCommand),
    /// Start what should run and does not, and clear up; for cron
    #[command(subcommand, after_help = "Example: gnt-cluster watcher run")]
    Watcher(WatcherCommand),
    /// Take one node after the other into maintenance, run a command for it, and bring it back
    #[command(
        after_help = "Example: gnt-cluster rolling -f --exec /etc/gnt/reboot-node --group rack2"
    )]
    Rolling(RollingArgs),
    /// Change the cluster's parameters
    #[command(after_help = "Example: gnt-cluster modify --max-running-jobs 40")]
    Modify(Box<ModifyArgs>),
    /// Show the command line that brings the cluster's instance policy about
    #[command(after_help = "Example: gnt-cluster show-ispecs-cmd")]
    ShowIspecsCmd,
    /// Forget the cluster with all its jobs
    #[command(after_help = "Example: gnt-cluster destroy --yes-do-it")]
    Destroy(DestroyArgs),
    /// List who steered the queue, when and how
    #[command(after_help = "Example: gnt-cluster history")]
    History(HistoryArgs),
    /// Give the cluster another name
    #[command(after_help = "Example: gnt-cluster rename north")]
    Rename(RenameArgs),
    /// List the tags of the cluster
    #[command(after_help = "Example: gnt-cluster list-tags")]
    ListTags,
    /// Add tags to the cluster
    #[command(after_help = "Example: gnt-cluster add-tags htools:iextags:service")]
    AddTags(TagsArgs),
    /// Remove tags from the cluster
    #[command(after_help = "Example: gnt-cluster remove-tags htools:iextags:service")]
    RemoveTags(TagsArgs),
    /// Find tags and whatever has them
    #[command(after_help = "Example: gnt-cluster search-tags ^service:")]
    SearchTags(SearchTagsArgs),
}

/// `gnt-cluster verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Only nodes and instances of this group
    #[arg(short = 'g', long, value_name = "GROUP")]
    pub node_group: Option<String>,
    /// Lines for programs, with a code each
    #[arg(long)]
    pub error_codes: bool,
    /// Take this for a warning, such as EINSTANCEDOWN; may be given several times
    #[arg(
        short = 'I',
        long,
        value_name = "CODE",
        hide_possible_values = true,
        ignore_case = true
    )]
    pub ignore_errors: Vec<VerifyCode>,
    /// Do not ask whether nodes could bear the failure of another one
    #[arg(long)]
    pub no_nplus1_mem: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-cluster verify-disks`.
#[derive(Debug, Args)]
pub struct VerifyDisksArgs {
    /// Only instances of this group
    #[arg(short = 'g', long, value_name = "GROUP")]
    pub node_group: Option<String>,
    /// Only tell, activate nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How urgent it is
    #[arg(
        long,
        value_name = "PRIORITY",
        hide_possible_values = true,
        help = "How urgent it is: low, normal or high"
    )]
    pub priority: Option<PriorityArg>,
}

/// `gnt-cluster verify-config`.
#[derive(Debug, Args)]
pub struct VerifyConfigArgs {
    /// Check the archive as well, and every page of the database's file; takes the longer the more
    /// jobs there ever were
    #[arg(long)]
    pub deep: bool,
}

/// `gnt-cluster init`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("changes").multiple(true)))]
pub struct InitArgs {
    /// The cluster's name
    pub name: Option<String>,
    /// What runs its instances: fake (a simulator), libvirt, or the NAME of a program gnt-NAME
    #[arg(long, value_name = "NAME", default_value_t = DriverName::Simulator, value_parser = values::driver)]
    pub driver: DriverName,
    /// Fill it with nodes and instances to try things on
    #[arg(long)]
    pub sample: bool,
    /// How many nodes
    #[arg(long, value_name = "N", default_value_t = 6, requires = "sample", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub nodes: u32,
    /// How many instances
    #[arg(long, value_name = "N", default_value_t = 30, requires = "sample", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub instances: u32,
    /// Who chooses nodes.
    #[command(flatten)]
    pub allocators: AllocatorArgs,
}

/// Which programs choose nodes where nobody names one.
#[derive(Debug, Args)]
pub struct AllocatorArgs {
    /// Let this allocator choose where none is named with -I; built-in is the built-in placement
    #[arg(short = 'I', long, value_name = "NAME", group = "changes")]
    pub default_iallocator: Option<String>,
    /// Options for every allocator: key=value,…, a key alone has no value
    #[arg(long, value_name = "KEY=VALUE,…", group = "changes", hide_short_help = true, value_parser = values::program_options)]
    pub default_iallocator_params: Option<ProgramOptions>,
    /// The directories in which allocators are looked for, in order
    #[arg(long, value_name = "DIR,…", group = "changes", hide_short_help = true, value_delimiter = ',', value_parser = values::absolute_path)]
    pub iallocator_search_path: Option<Vec<PathBuf>>,
}

/// `gnt-cluster import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; what it is is seen from its content
    pub file: PathBuf,
    /// Put it in place of the cluster that is there
    #[arg(long)]
    pub replace: bool,
}

/// `gnt-cluster export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `gnt-cluster backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file, which appears when it is whole; - for standard output
    pub file: PathBuf,
}

/// `gnt-cluster restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup; - for standard input
    pub file: PathBuf,
    /// Put it in place of the cluster that is there, which is kept beside it
    #[arg(long)]
    pub replace: bool,
    /// Restore it although verify-config finds it not in order
    #[arg(long)]
    pub accept_findings: bool,
}

/// The commands of `gnt-cluster queue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum QueueCommand {
    /// Take no more jobs
    #[command(after_help = "Example: gnt-cluster queue drain")]
    Drain,
    /// Take jobs again
    #[command(after_help = "Example: gnt-cluster queue undrain")]
    Undrain,
    /// Start no more jobs; those that run go on
    #[command(after_help = "Example: gnt-cluster queue hold")]
    Hold,
    /// Start jobs again
    #[command(after_help = "Example: gnt-cluster queue release")]
    Release,
    /// Show the state of the queue
    #[command(after_help = "Example: gnt-cluster queue info")]
    Info,
}

/// The commands of `gnt-cluster watcher`.
#[derive(Debug, Subcommand)]
pub enum WatcherCommand {
    /// Look once, start what should run and does not, archive old jobs
    #[command(after_help = "Example: gnt-cluster watcher run --purge-age 26w")]
    Run(WatcherRunArgs),
    /// Do nothing for so long
    #[command(after_help = "Example: gnt-cluster watcher pause 2h")]
    Pause(WatcherPauseArgs),
    /// End the pause
    #[command(after_help = "Example: gnt-cluster watcher continue")]
    Continue,
    /// Tell whether it is paused
    #[command(after_help = "Example: gnt-cluster watcher info")]
    Info,
}

/// `gnt-cluster watcher run`.
#[derive(Debug, Args)]
pub struct WatcherRunArgs {
    /// Archive jobs that ended so long ago
    #[arg(long, value_name = "AGE", default_value = "6h", value_parser = values::age)]
    pub archive_age: Age,
    /// Delete archived jobs that ended so long ago
    #[arg(long, value_name = "AGE", value_parser = values::age)]
    pub purge_age: Option<Age>,
    /// Append each to this file as a line of JSON before it is deleted
    #[arg(long, value_name = "FILE", requires = "purge_age")]
    pub purge_export: Option<PathBuf>,
    /// Wait so long for the jobs that start instances (exit 4); they go on
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration)]
    pub timeout: Duration,
}

/// `gnt-cluster watcher pause`.
#[derive(Debug, Args)]
pub struct WatcherPauseArgs {
    /// How long, such as 2h
    #[arg(value_name = "DURATION", value_parser = values::duration)]
    pub time: Duration,
}

/// `gnt-cluster rolling`.
#[derive(Debug, Args)]
pub struct RollingArgs {
    /// What is run for each node by /bin/sh -c, with GNT_NODE and GNT_CLUSTER
    #[arg(long = "exec", value_name = "CMD")]
    pub command: String,
    /// These nodes, separated by commas [else: all that are not offline]
    #[arg(long, value_name = "NODES", value_delimiter = ',')]
    pub nodes: Vec<String>,
    /// The nodes of this group
    #[arg(long, value_name = "GROUP", conflicts_with = "nodes")]
    pub group: Option<String>,
    /// Forget how far an unfinished one came, and begin anew
    #[arg(long)]
    pub restart: bool,
    /// Only tell which nodes it would be, in which order
    #[arg(long)]
    pub dry_run: bool,
    /// Refuse if less than this is free without a node: N+1, room for the loss of one more
    #[arg(long, value_name = "N+1", hide_possible_values = true)]
    pub min_free: Option<MinFree>,
    /// Run at most so many jobs at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
    /// Wait so long for a node to answer again
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = values::duration, hide_short_help = true)]
    pub back_within: Duration,
    /// How they migrate.
    #[command(flatten)]
    pub migration: MigrationArgs,
    /// Until when it begins anything.
    #[command(flatten)]
    pub deadline: DeadlineArgs,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
}

/// `gnt-cluster modify`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("changes").required(true).multiple(true)))]
pub struct ModifyArgs {
    /// How many jobs run at once at most
    #[arg(long, value_name = "N", group = "changes", value_parser = clap::value_parser!(u32).range(1..=MAX_RUNNING_JOBS_MOST as i64))]
    pub max_running_jobs: Option<u32>,
    /// How many unfinished jobs the queue holds at most
    #[arg(long, value_name = "N", group = "changes", value_parser = clap::value_parser!(u32).range(1..=QUEUE_LIMIT_MOST as i64))]
    pub queue_limit: Option<u32>,
    /// How long the simulator takes, in milliseconds: start=100,migrate=0
    #[arg(long, value_name = "VERB=MS,…", group = "changes", value_parser = values::numbers)]
    pub simulator: Option<Numbers>,
    /// How long verbs may take, in milliseconds: look, start, stop, reboot, migrate, sync, storage, node, allocator, fence
    #[arg(long, value_name = "VERB=MS,…", group = "changes", value_parser = values::numbers, hide_short_help = true)]
    pub verb_limit: Option<Numbers>,
    /// A path that every node sees, such as a mount of NFS; may be given several times
    #[arg(long, value_name = "PATH", group = "changes", hide_short_help = true, value_parser = values::absolute)]
    pub shared_path: Vec<String>,
    /// A path that is not to be taken for shared any more
    #[arg(long, value_name = "PATH", group = "changes", hide_short_help = true, value_parser = values::absolute)]
    pub unshared_path: Vec<String>,
    /// How many seconds a runner without work stays
    #[arg(long, value_name = "SECONDS", group = "changes", hide_short_help = true, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub runner_idle: Option<u32>,
    /// Who chooses nodes.
    #[command(flatten)]
    pub allocators: AllocatorArgs,
    /// Let this allocator choose for what is in a group, instead of the default; without a name the
    /// default does again
    #[arg(long, value_name = "GROUP=NAME", group = "changes", hide_short_help = true, value_parser = values::of_group)]
    pub group_iallocator: Vec<OfGroup>,
    /// What is changed of the configuration.
    #[command(flatten)]
    pub params: ClusterParamsArgs,
    /// Do not ask; accepted, without effect
    #[arg(short, long, hide_short_help = true)]
    pub force: bool,
    /// How that is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-cluster destroy`.
#[derive(Debug, Args)]
pub struct DestroyArgs {
    /// I know what this does
    #[arg(long, visible_alias = "ya-rly")]
    pub yes_do_it: bool,
}

/// `gnt-cluster rename`.
#[derive(Debug, Args)]
pub struct RenameArgs {
    /// The cluster's new name
    pub name: String,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-cluster history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Only the newest so many
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// How the list looks.
    #[command(flatten)]
    pub list: ListArgs,
}
