//! Commands of Ganeti that this program leaves out: whoever tries one is told so, in one line, and why.
//! `docs/commands.md` lists them.

use clap::error::ContextKind;

use crate::opcodes::{ErrorClass, ErrorCode, OpError};

use super::context::Context;
use super::printer::Printer;
use super::problem::Problem;
use super::usage;

/// Why a group of commands is left out.
#[derive(Debug, Clone, Copy)]
struct Group {
    /// The tool.
    tool: &'static str,
    /// Its commands; none means the whole tool.
    commands: &'static [&'static str],
    /// The reason, as a sentence's second half.
    why: &'static str,
}

const SYSTEMS: &str = "operating systems are installed by other means, such as images";
const POWER: &str =
    "nodes are switched by other means; gnt-node modify --offline says that one is off";
const RELEASE: &str =
    "--version tells the release, and a newer one upgrades the database when it opens it";

/// Commands of one tool and why they are left out.
const fn group(tool: &'static str, commands: &'static [&'static str], why: &'static str) -> Group {
    Group {
        tool,
        commands,
        why,
    }
}

/// All of them.
const LEFT_OUT: [Group; 14] = [
    group(
        "gnt-network",
        &[],
        "networks are data of an imported cluster here, kept as they came",
    ),
    group("gnt-os", &[], SYSTEMS),
    group("gnt-instance", &["reinstall"], SYSTEMS),
    group(
        "gnt-instance",
        &["console"],
        "guests are reached through their own network",
    ),
    group("gnt-node", &["health", "power", "powercycle"], POWER),
    group(
        "gnt-node",
        &[
            "list-drbd",
            "list-storage",
            "modify-storage",
            "repair-storage",
            "volumes",
        ],
        "volumes are the driver's own business",
    ),
    group(
        "gnt-node",
        &["restricted-command"],
        "nodes are commanded by other means, such as ssh",
    ),
    group("gnt-cluster", &["epo"], POWER),
    group(
        "gnt-cluster",
        &[
            "activate-master-ip",
            "command",
            "copyfile",
            "deactivate-master-ip",
            "getmaster",
            "master-failover",
            "master-ping",
            "masterfailover",
            "redist-conf",
            "renew-crypto",
        ],
        "there is no master and nothing to be copied to nodes",
    ),
    group(
        "gnt-cluster",
        &["repair-disk-sizes"],
        "the sizes of disks are those of the configuration",
    ),
    group("gnt-cluster", &["upgrade", "version"], RELEASE),
    group(
        "gnt-debug",
        &["metad", "wconfd"],
        "there are no such daemons; gnt-debug locks lists the locks",
    ),
    group(
        "gnt-debug",
        &["test-jobqueue"],
        "the tests of this program try the queue",
    ),
    group("gnt-debug", &["test-osparams"], SYSTEMS),
];

/// What is said of a command that is left out; one line.
fn refusal(what: &str, why: &str) -> Problem {
    let text = format!("{what} is left out of this program: {why}");
    let (class, code) = (ErrorClass::GenericError, ErrorCode::WrongInput);
    Problem::new(OpError::new(class, Some(code), text))
}

/// What is said of an option that is left out.
pub(super) fn option(command: &str, option: &str, why: &str) -> Problem {
    refusal(&format!("{command} {option}"), why)
}

/// Whether a command line makes no sense because its command is left out.
pub(super) fn command(tool: &str, error: &clap::Error) -> Option<Problem> {
    let unknown = error.get(ContextKind::InvalidSubcommand)?.to_string();
    let group = (LEFT_OUT.iter())
        .find(|group| group.tool == tool && group.commands.contains(&unknown.as_str()))?;
    Some(refusal(&format!("{tool} {unknown}"), group.why))
}

/// The `main` of a tool that is left out as a whole.
#[must_use]
pub fn main(tool: &'static str) -> std::process::ExitCode {
    let words = usage::arguments(tool);
    let mut printer = Printer::new();
    printer.json = usage::wants("--json", &words);
    let why = LEFT_OUT.iter().find(|group| group.tool == tool);
    let problem = refusal(tool, why.map_or("", |group| group.why));
    Context::bare(tool, printer).end(Err(problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::generate::tools;

    #[test]
    fn what_is_left_out_is_documented_and_is_not_there() {
        let document = include_str!("../../docs/commands.md");
        for group in LEFT_OUT {
            let tool = tools()
                .into_iter()
                .find(|tool| tool.get_name() == group.tool);
            assert_eq!(tool.is_some(), !group.commands.is_empty(), "{}", group.tool);
            assert!(
                document.contains(&format!("`{}", group.tool)),
                "{}",
                group.tool
            );
            for command in group.commands {
                let tool = tool.as_ref().unwrap();
                assert!(
                    tool.find_subcommand(command).is_none(),
                    "{command} is there"
                );
                assert!(document.contains(&format!("`{command}`")), "{command}");
            }
        }
    }

    #[test]
    fn a_wrong_command_that_is_not_left_out_is_a_usage_error() {
        let error = |line: &str| {
            let mut tools = tools().into_iter();
            let tool = tools
                .find(|tool| tool.get_name() == "gnt-instance")
                .unwrap();
            tool.try_get_matches_from(line.split(' ')).unwrap_err()
        };
        let found = command(
            "gnt-instance",
            &error("gnt-instance console --show-cmd web1"),
        );
        assert_eq!(
            found.unwrap().error.message,
            "gnt-instance console is left out of this program: guests are reached through their own network"
        );
        assert!(command("gnt-instance", &error("gnt-instance consol web1")).is_none());
        assert!(command("gnt-instance", &error("gnt-instance list --consol")).is_none());
    }
}
