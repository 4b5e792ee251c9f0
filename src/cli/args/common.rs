//! Options that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::deadline::{self, DeadlineArg};
use crate::cli::operation::SubmitOptions;
use crate::cli::query::Reading;
use crate::cli::table::{Style, Units};
use crate::cli::values;
use crate::opcodes::{Deadline, OnDeadline, Opcode, PowerOff, Priority};

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct GlobalArgs {
    /// Where the cluster is kept [else: $GNT_STATE_DIR]
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub state_dir: Option<PathBuf>,

    /// Say more about what happens inside; repeat for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, hide_short_help = true)]
    pub debug: u8,

    /// Say nothing if all goes well
    #[arg(short, long, global = true, hide_short_help = true)]
    pub quiet: bool,

    /// Say more; in lists, long words for missing values
    #[arg(short, long, global = true, hide_short_help = true)]
    pub verbose: bool,

    /// Print one JSON document
    #[arg(long, global = true, hide_short_help = true)]
    pub json: bool,
}

/// How urgent a job is, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PriorityArg {
    /// After all others
    Low,
    /// As usual
    Normal,
    /// Before all others
    High,
}

impl From<PriorityArg> for Priority {
    fn from(priority: PriorityArg) -> Priority {
        match priority {
            PriorityArg::Low => Priority::Low,
            PriorityArg::Normal => Priority::Normal,
            PriorityArg::High => Priority::High,
        }
    }
}

/// One event a line while following jobs.
#[derive(Debug, Clone, Default, Args)]
pub struct StreamArgs {
    /// Print one JSON event a line while waiting
    #[arg(long, conflicts_with = "json", hide_short_help = true)]
    pub json_stream: bool,
}

/// Options of every command that submits a job.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Submission")]
pub struct SubmitArgs {
    /// Submit and leave at once
    #[arg(long)]
    pub submit: bool,

    /// Print the job's id alone on the first line
    #[arg(long, hide_short_help = true)]
    pub print_jobid: bool,

    /// Show what would be done, change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// How urgent it is
    #[arg(
        long,
        value_name = "PRIORITY",
        hide_possible_values = true,
        hide_short_help = true,
        help = "low, normal or high"
    )]
    pub priority: Option<PriorityArg>,

    /// Why, kept with the job
    #[arg(long, value_name = "TEXT", value_parser = values::reason, hide_short_help = true)]
    pub reason: Option<String>,

    /// Join the job that was submitted with this id before
    #[arg(long, value_name = "ID", value_parser = values::request_id, hide_short_help = true)]
    pub request_id: Option<String>,

    /// Stop waiting after so long (exit 4); the jobs go on
    #[arg(long, value_name = "DURATION", value_parser = values::duration, hide_short_help = true)]
    pub timeout: Option<Duration>,

    /// What is printed while waiting.
    #[command(flatten)]
    pub stream: StreamArgs,
}

/// Do not ask.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ForceArgs {
    /// Do not ask for confirmation
    #[arg(short, long, visible_alias = "yes")]
    pub force: bool,
}

/// How it is known that a dead node is powered off, by what is said on the command line. `--force` is
/// enough for one that is marked offline.
#[must_use]
pub fn power_off(confirmed: bool, force: ForceArgs) -> Option<PowerOff> {
    match (confirmed, force.force) {
        (true, _) => Some(PowerOff::Confirmed),
        (false, true) => Some(PowerOff::Forced),
        (false, false) => None,
    }
}

/// Until when an operation may begin jobs.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct DeadlineArgs {
    /// Begin no job after this: 90m, 23:30, 2026-11-26T23:30
    #[arg(long, value_name = "TIME", value_parser = deadline::deadline, hide_short_help = true)]
    pub deadline: Option<DeadlineArg>,

    /// What is done with the jobs then.
    #[arg(
        long,
        value_name = "ACTION",
        requires = "deadline",
        hide_possible_values = true,
        hide_short_help = true,
        help = "What then: stop, cancel (what runs, too) or leave (all goes on) [else: stop]"
    )]
    pub on_deadline: Option<OnDeadline>,
}

impl DeadlineArgs {
    /// The same for several operations: a duration counts from now for all of them.
    #[must_use]
    pub fn fixed(self) -> DeadlineArgs {
        DeadlineArgs {
            deadline: self.deadline.map(|d| DeadlineArg::At(d.moment())),
            ..self
        }
    }

    /// The deadline of what begins now.
    #[must_use]
    pub fn given(self) -> Option<Deadline> {
        self.deadline.map(|deadline| Deadline {
            at: deadline.moment(),
            action: self.on_deadline.unwrap_or(OnDeadline::Stop),
        })
    }

    /// An operation that is submitted now, with its deadline.
    #[must_use]
    pub fn of(self, op: impl Into<Opcode>) -> Opcode {
        let mut opcode = op.into();
        opcode.common.deadline = self.given();
        opcode
    }
}

/// Options of the operations that start a job an instance.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Operation")]
pub struct OperationArgs {
    /// Run at most so many jobs at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,

    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,

    /// Move those that can move even if others cannot
    #[arg(long)]
    pub allow_partial: bool,

    /// Until when it begins jobs.
    #[command(flatten)]
    pub deadline: DeadlineArgs,

    /// Accept placements that break only soft rules
    #[arg(long, hide_short_help = true)]
    pub ignore_soft_errors: bool,
}

/// The unit in which sizes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnitsArg {
    /// Whichever reads best, with the unit's letter
    H,
    /// MiB
    M,
    /// GiB
    G,
    /// TiB
    T,
}

/// Options of every list.
#[derive(Debug, Clone, Default, Args)]
pub struct ListArgs {
    /// Fields to show, separated by commas; +FIELDS adds to the usual ones
    #[arg(short, long, value_name = "FIELDS", allow_hyphen_values = false)]
    pub output: Option<String>,

    /// No line of titles
    #[arg(long)]
    pub no_headers: bool,

    /// Put this between fields, and no padding
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub separator: Option<String>,

    /// Show sizes in h (readable), m, g or t
    #[arg(long, value_name = "UNIT", hide_possible_values = true)]
    pub units: Option<UnitsArg>,
}

/// Options of the lists of nodes, instances, groups and jobs.
#[derive(Debug, Clone, Default, Args)]
pub struct ObjectListArgs {
    /// The argument is a filter, even if it could be a name
    #[arg(short = 'F', long)]
    pub filter: bool,

    /// Show it again on changes and every SECONDS [else: 2]
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        default_missing_value = "2",
        value_parser = values::interval
    )]
    pub watch: Option<Duration>,

    /// How the list looks.
    #[command(flatten)]
    pub list: ListArgs,
}

impl ObjectListArgs {
    /// How the arguments are read.
    #[must_use]
    pub fn reading(&self) -> Reading {
        match self.filter {
            true => Reading::Filter,
            false => Reading::Guessed,
        }
    }
}

/// Options and arguments of every `list-fields`.
#[derive(Debug, Clone, Default, Args)]
pub struct ListFieldsArgs {
    /// Fields to explain; all if none is given
    #[arg(value_name = "FIELD")]
    pub fields: Vec<String>,

    /// No line of titles
    #[arg(long)]
    pub no_headers: bool,

    /// Put this between columns, and no padding
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub separator: Option<String>,
}

impl From<SubmitArgs> for SubmitOptions {
    fn from(args: SubmitArgs) -> SubmitOptions {
        SubmitOptions {
            submit: args.submit,
            print_jobid: args.print_jobid,
            dry_run: args.dry_run,
            priority: args.priority.map(Priority::from),
            reason: args.reason,
            request_id: args.request_id,
            timeout: args.timeout,
            json_stream: args.stream.json_stream,
        }
    }
}

impl ListArgs {
    /// How a list is shown.
    #[must_use]
    pub fn style(self, verbose: bool) -> Style {
        Style {
            output: self.output,
            no_headers: self.no_headers,
            separator: self.separator,
            units: self.units.map(|units| match units {
                UnitsArg::H => Units::H,
                UnitsArg::M => Units::M,
                UnitsArg::G => Units::G,
                UnitsArg::T => Units::T,
            }),
            verbose,
        }
    }
}

impl ListFieldsArgs {
    /// How the list of fields is shown.
    #[must_use]
    pub fn style(&self) -> Style {
        Style {
            no_headers: self.no_headers,
            separator: self.separator.clone(),
            ..Style::default()
        }
    }
}
