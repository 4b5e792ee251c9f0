//! `gnt-debug`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::common::{GlobalArgs, ListArgs, SubmitArgs};
use crate::cli::values;
use crate::cluster::DiskTemplate;
use crate::hypervisor::fake::{FaultKind, Verb};
use crate::limits::JOBS_PER_SUBMISSION;
use crate::opcodes::{AllocatorDirection, AllocatorMode, EvacMode};

/// Try the queue, the locks and the simulator
#[derive(Debug, Parser)]
#[command(
    name = "gnt-debug",
    version = super::VERSION,
    infer_long_args = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example: gnt-debug delay 10"
)]
pub struct DebugCli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: DebugCommand,
}

/// The commands of `gnt-debug`.
#[derive(Debug, Subcommand)]
pub enum DebugCommand {
    /// Run a job that only waits
    #[command(after_help = "Example: gnt-debug delay -n node1 -n node2 10")]
    Delay(DelayArgs),
    /// Submit jobs from files, each a JSON list of opcodes
    #[command(after_help = "Example: gnt-debug submit-job --job-repeat 100 delay.json")]
    SubmitJob(SubmitJobArgs),
    /// Make the simulator fail
    #[command(
        subcommand,
        after_help = "Example: gnt-debug fault add fails --verb migrate --at 60 --instance inst1"
    )]
    Fault(FaultCommand),
    /// Show what an allocator is asked, or what it answers
    #[command(
        visible_alias = "allocator",
        after_help = "Example: gnt-debug iallocator --dir out -I hail -m node-evacuate web1 web2"
    )]
    Iallocator(Box<IallocatorArgs>),
    /// List the locks that are held or waited for
    #[command(after_help = "Example: gnt-debug locks --interval 1")]
    Locks(LocksArgs),
}

/// `gnt-debug delay`.
#[derive(Debug, Args)]
pub struct DelayArgs {
    /// How long, 0 allowed
    #[arg(value_parser = values::seconds)]
    pub seconds: f64,
    /// Not on the master; accepted, without effect
    #[arg(long)]
    pub no_master: bool,
    /// Lock this node meanwhile; may be repeated
    #[arg(short = 'n', long = "node", value_name = "NODE")]
    pub nodes: Vec<String>,
    /// So many times more
    #[arg(short, long, value_name = "N", default_value_t = 0)]
    pub repeat: u32,
    /// Take no locks
    #[arg(short = 'l', long)]
    pub no_locks: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-debug submit-job`.
#[derive(Debug, Args)]
pub struct SubmitJobArgs {
    /// The files; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Submit each job so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub job_repeat: u32,
    /// Repeat the opcodes of each job so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub op_repeat: u32,
    /// Print how long it took
    #[arg(long)]
    pub timing_stats: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// The commands of `gnt-debug fault`.
#[derive(Debug, Subcommand)]
pub enum FaultCommand {
    /// Switch a fault on
    #[command(
        after_help = "Example: gnt-debug fault add fails --verb migrate --at 60 --instance inst1"
    )]
    Add(FaultAddArgs),
    /// List the faults that are on
    #[command(after_help = "Example: gnt-debug fault list")]
    List(ListArgs),
    /// Switch faults off
    #[command(after_help = "Example: gnt-debug fault clear")]
    Clear(FaultClearArgs),
}

/// `gnt-debug fault add`.
#[derive(Debug, Args)]
pub struct FaultAddArgs {
    /// What goes wrong
    pub kind: FaultKind,
    /// Only on this node
    #[arg(short = 'n', long, value_name = "NODE")]
    pub node: Option<String>,
    /// Only with this instance
    #[arg(short = 'i', long, value_name = "INSTANCE")]
    pub instance: Option<String>,
    /// Only this verb, such as migrate
    #[arg(long, value_name = "VERB")]
    pub verb: Option<Verb>,
    /// How far the verb gets, in per cent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub at: Option<u8>,
    /// How often, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = values::probability)]
    pub probability: Option<f64>,
    /// Where the chances start
    #[arg(long, value_name = "N", requires = "probability")]
    pub seed: Option<u64>,
    /// Switch it off after so many times
    #[arg(long, value_name = "N")]
    pub times: Option<u32>,
    /// How many times slower the node is
    #[arg(long, value_name = "N")]
    pub factor: Option<f64>,
}

/// `gnt-debug fault clear`.
#[derive(Debug, Args)]
pub struct FaultClearArgs {
    /// Numbers of the faults, as listed; all if none is given
    #[arg(value_name = "N")]
    pub faults: Vec<u64>,
}

/// `gnt-debug iallocator`.
#[derive(Debug, Args)]
pub struct IallocatorArgs {
    /// The instance that it is about, or the name of a new one; several with node-evacuate and change-group
    #[arg(value_name = "INSTANCE", required = true)]
    pub instances: Vec<String>,
    /// What is shown: in (what it is asked) or out (what it answers)
    #[arg(
        long = "dir",
        value_name = "DIRECTION",
        default_value = "in",
        hide_possible_values = true
    )]
    pub direction: AllocatorDirection,
    /// What is asked: allocate, multi-allocate, relocate, node-evacuate or change-group
    #[arg(
        short,
        long,
        value_name = "MODE",
        default_value = "relocate",
        hide_possible_values = true
    )]
    pub mode: AllocatorMode,
    /// Who is asked [else: whoever chooses by default]
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iallocator: Option<String>,
    /// Which role leaves: primary-only, secondary-only or all
    #[arg(
        long,
        value_name = "MODE",
        default_value = "all",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub evac_mode: EvacMode,
    /// The groups to which instances may go [else: all others]
    #[arg(
        long,
        value_name = "GROUP,…",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub target_groups: Vec<String>,
    /// Memory of a new instance
    #[arg(long, value_name = "SIZE", default_value = "128", value_parser = values::size, hide_short_help = true)]
    pub memory: u64,
    /// Disks of a new instance
    #[arg(long, value_name = "SIZE,…", default_value = "4096,4096", value_delimiter = ',', value_parser = values::size, hide_short_help = true)]
    pub disks: Vec<u64>,
    /// How the disks of a new instance are kept [else: as the cluster does first]
    #[arg(
        short = 't',
        long,
        value_name = "TEMPLATE",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub disk_template: Option<DiskTemplate>,
    /// MAC addresses of a new instance's network interfaces
    #[arg(
        long,
        value_name = "MAC,…",
        default_value = "00:11:22:33:44:55",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub nics: Vec<String>,
    /// Operating system of a new instance
    #[arg(short = 'o', long, value_name = "OS", hide_short_help = true)]
    pub os_type: Option<String>,
    /// Virtual CPUs of a new instance
    #[arg(
        short = 'p',
        long,
        value_name = "N",
        default_value_t = 1,
        hide_short_help = true
    )]
    pub vcpus: u64,
    /// Tags of a new instance
    #[arg(
        long,
        value_name = "TAG,…",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub tags: Vec<String>,
    /// Spindles that a new instance uses
    #[arg(long, value_name = "N", default_value_t = 1, hide_short_help = true)]
    pub spindle_use: u64,
    /// How many new instances
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=JOBS_PER_SUBMISSION as u64), hide_short_help = true)]
    pub count: u64,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-debug locks`.
#[derive(Debug, Args)]
pub struct LocksArgs {
    /// Show them again every so often
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub interval: Option<Duration>,
    /// How the list looks.
    #[command(flatten)]
    pub list: ListArgs,
}
