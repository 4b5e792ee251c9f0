//! `gnt-debug`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::common::{GlobalArgs, ListArgs, SubmitArgs};
use crate::cli::values;
use crate::hypervisor::fake::{FaultKind, Verb};

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
