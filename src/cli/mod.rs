//! The command line: arguments, commands, and what they share.
//!
//! One file a tool ([`node`], [`job`], …) over the shared parts: [`printer`] (the only place that
//! writes to the terminal), [`table`] and [`fields`] (lists), [`operation`] (one opcode in, jobs
//! out, the truth at the end), [`verdict`] (what became of it), [`deadline`] (until when), [`follow`] (bars,
//! lines and JSON from the follower's events), [`tags`] (which four tools have), [`left_out`] (what
//! none has), [`document`] (what `--json` prints), [`exit`] (what the exit codes mean).

pub mod args;
mod backup;
pub mod cluster;
mod complete;
pub mod context;
pub mod deadline;
pub mod debug;
mod definition;
mod doctor;
pub mod document;
pub mod exit;
pub mod fields;
pub mod follow;
pub mod generate;
pub mod group;
pub mod input;
pub mod instance;
mod instance_add;
mod instance_change;
mod instance_disks;
mod instance_guest;
mod instance_leave;
mod ispecs;
pub mod job;
pub mod left_out;
mod maintenance;
pub mod names;
pub mod node;
pub mod operation;
pub mod output;
pub mod plan;
pub mod printer;
pub mod problem;
pub mod prompt;
mod purge;
pub mod query;
mod rolling;
mod select;
pub mod table;
pub mod tags;
mod test_allocator;
mod usage;
pub mod values;
pub mod verdict;
mod verify_disks;
mod watch;
mod watcher;

use clap::Parser;

use args::common::GlobalArgs;
use context::Context;
use exit::ExitCode;
use printer::Printer;
use problem::Result;

/// A tool's `main`: reads the arguments, runs the command, ends with its code.
fn main<T: Parser>(
    tool: &'static str,
    global: fn(&T) -> &GlobalArgs,
    run: fn(T, &mut Context) -> Result<ExitCode>,
) -> std::process::ExitCode {
    let command = T::command();
    let words = usage::arguments(tool);
    let mut printer = Printer::new();
    if let Some(words) = complete::asked(&words) {
        return complete::answer(command, &words, printer).into();
    }
    printer.json = usage::wants("--json", &words);
    printer.stream = usage::wants("--json-stream", &words);
    let matches = match command.try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => {
            return match left_out::command(tool, &error) {
                Some(problem) => Context::bare(tool, printer).end(Err(problem)),
                None => usage::tell(tool, &error, printer).into(),
            };
        }
    };
    let name = match matches.subcommand() {
        Some((name, inner)) => match inner.subcommand() {
            Some((inner, _)) => format!("{tool} {name} {inner}"),
            None => format!("{tool} {name}"),
        },
        None => tool.to_owned(),
    };
    let arguments = match T::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => return usage::tell(tool, &error, printer).into(),
    };
    let global = global(&arguments);
    printer.quiet = global.quiet;
    printer.json = global.json;
    let mut cx = Context {
        tool,
        command: name,
        printer,
        state_dir: global.state_dir.clone(),
        verbose: global.verbose,
    };
    let result = run(arguments, &mut cx);
    cx.end(result)
}
