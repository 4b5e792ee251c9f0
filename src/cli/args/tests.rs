//! The command lines are sound, and each command's help is complete and fits a screen.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::LazyLock;

use clap::{Command, Parser};
use proptest::prelude::*;
use proptest::sample::select;

use super::cluster::ClusterCli;
use super::instance::InstanceCli;
use super::job::JobCli;
use super::node::{NodeCli, NodeCommand};
use crate::cli::generate::tools;
use crate::opcodes::{EvacMode, MigrationMode};

/// Lines and columns of the screen that a short help has to fit on.
const SCREEN: (usize, usize) = (26, 80);

/// Tools whose commands, and commands whose own options alone are more than that.
const LONGER: [&str; 5] = [
    "gnt-cluster",
    "gnt-instance",
    "gnt-node",
    "gnt-instance add",
    "gnt-node modify",
];

/// The command and all below it, each with its path.
fn all(command: &Command, path: &str) -> Vec<(String, Command)> {
    let path = format!("{path} {}", command.get_name());
    let below = command.get_subcommands().filter(|c| c.get_name() != "help");
    let mut list: Vec<_> = below.flat_map(|c| all(c, &path)).collect();
    list.push((path.trim().to_owned(), command.clone()));
    list
}

#[test]
fn the_definitions_are_sound() {
    for tool in tools() {
        tool.debug_assert();
    }
}

#[test]
fn every_help_has_an_example_that_parses_and_fits_a_screen() {
    for tool in tools() {
        let mut tool = tool.term_width(SCREEN.1);
        tool.build();
        for (path, mut command) in all(&tool, "") {
            let help = command.render_help().to_string();
            let lines = help.lines().count();
            let fits = lines <= SCREEN.0 || LONGER.contains(&path.as_str());
            assert!(fits, "{path}: {lines} lines\n{help}");
            let after = command.get_after_help().map(ToString::to_string);
            let after = after.unwrap_or_default();
            let Some(example) = after.strip_prefix("Example: ") else {
                panic!("{path} has no example");
            };
            let line = example.split(" > ").next().unwrap().replace('\'', "");
            assert!(line.starts_with(path.as_str()), "{path}: {example}");
            if let Err(error) = tool.clone().try_get_matches_from(line.split(' ')) {
                panic!("{path}: the example is wrong: {error}");
            }
        }
    }
}

#[test]
fn versions_read_as_the_reference_has_them() {
    let error = NodeCli::try_parse_from(["gnt-node", "--version"]).unwrap_err();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        error.to_string(),
        format!("gnt-node (gnt {version}) {version}\n")
    );
}

fn exit_of<T: Parser>(line: &str) -> (i32, String) {
    match T::try_parse_from(line.split_whitespace()) {
        Ok(_) => (0, String::new()),
        Err(error) => (error.exit_code(), error.to_string()),
    }
}

#[test]
fn wrong_command_lines_are_refused_with_a_suggestion() {
    let (code, text) = exit_of::<NodeCli>("gnt-node evacuat node1");
    assert_eq!(code, 2);
    assert!(text.contains("'evacuate'"), "{text}");
    let (code, text) = exit_of::<NodeCli>("gnt-node evacuate --allow-partiel node1");
    assert_eq!(code, 2);
    assert!(text.contains("'--allow-partial'"), "{text}");
    for line in [
        "gnt-node",
        "gnt-node evacuate",
        "gnt-node evacuate -p -s node1",
        "gnt-node evacuate -p -n node2 node1",
        "gnt-node evacuate node1 node2",
        "gnt-node evacuate --timeout soon node1",
        "gnt-node evacuate --parallel 0 node1",
        "gnt-node migrate --non-live --migration-mode live node1",
        "gnt-node modify --offline maybe node1",
        "gnt-node modify -f node1",
        "gnt-node list --json --units x",
    ] {
        assert_eq!(exit_of::<NodeCli>(line).0, 2, "{line}");
    }
    for line in [
        "gnt-job cancel",
        "gnt-job cancel 1 --pending",
        "gnt-job wait 0",
        "gnt-job wait x",
    ] {
        assert_eq!(exit_of::<JobCli>(line).0, 2, "{line}");
    }
    for line in [
        "gnt-cluster modify",
        "gnt-cluster init --nodes 3",
        "gnt-cluster queue",
    ] {
        assert_eq!(exit_of::<ClusterCli>(line).0, 2, "{line}");
    }
    for line in [
        "gnt-instance replace-disks i",
        "gnt-instance replace-disks -p -s i",
        "gnt-instance replace-disks -a --disks 0 i",
        "gnt-instance startup",
        "gnt-instance startup --all i",
        "gnt-instance info",
    ] {
        assert_eq!(exit_of::<InstanceCli>(line).0, 2, "{line}");
    }
}

fn node(line: &str) -> NodeCommand {
    match NodeCli::try_parse_from(line.split_whitespace()) {
        Ok(cli) => cli.command,
        Err(error) => panic!("{line}: {error}"),
    }
}

#[test]
fn options_stand_anywhere_and_may_be_shortened() {
    for line in [
        "gnt-node --state-dir /s evacuate --yes --paral 2 node1 -q --json",
        "gnt-node evacuate node1 -f --parallel=2 --state-dir=/s --json -q",
        "gnt-node -q --json evacuate --force --parallel 2 --node node1 --state-dir /s",
    ] {
        let cli = NodeCli::try_parse_from(line.split_whitespace()).unwrap();
        assert!(cli.global.quiet && cli.global.json, "{line}");
        assert_eq!(
            cli.global.state_dir.as_deref(),
            Some("/s".as_ref()),
            "{line}"
        );
        let NodeCommand::Evacuate(args) = cli.command else {
            panic!("{line}");
        };
        assert_eq!(args.node(), "node1");
        assert_eq!(args.operation.parallel, Some(2));
        assert!(args.operation.force.force);
    }
}

#[test]
fn modes_follow_from_options() {
    for (options, mode) in [
        ("", EvacMode::All),
        ("-p", EvacMode::PrimaryOnly),
        ("-s", EvacMode::SecondaryOnly),
        ("-n node2", EvacMode::SecondaryOnly),
        ("-s --new-secondary node2", EvacMode::SecondaryOnly),
    ] {
        let NodeCommand::Evacuate(args) = node(&format!("gnt-node evacuate {options} node1"))
        else {
            panic!("{options}");
        };
        assert_eq!(args.mode(), mode, "{options}");
    }
    for (options, mode) in [
        ("", None),
        ("--non-live", Some(MigrationMode::NonLive)),
        ("--migration-mode live", Some(MigrationMode::Live)),
    ] {
        let NodeCommand::Migrate(args) = node(&format!("gnt-node migrate {options} node1")) else {
            panic!("{options}");
        };
        assert_eq!(args.mode(), mode, "{options}");
    }
}

#[test]
fn aliases() {
    assert!(matches!(node("gnt-node show node1"), NodeCommand::Info(_)));
    for line in [
        "gnt-instance start i",
        "gnt-instance stop i",
        "gnt-instance show i",
    ] {
        assert_eq!(exit_of::<InstanceCli>(line).0, 0, "{line}");
    }
}

#[test]
fn lists_take_plus_fields_and_any_separator() {
    let NodeCommand::List(args) = node("gnt-node list -o +role --separator - --units g node*")
    else {
        panic!();
    };
    assert_eq!(args.list.list.output.as_deref(), Some("+role"));
    assert_eq!(args.list.list.separator.as_deref(), Some("-"));
}

/// Every word that a command line may have: commands, options in both forms, their values, and some
/// that none has.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut words: BTreeSet<String> = [
        "",
        "-",
        "--",
        "-x",
        "--nonsense",
        "=",
        "node1",
        "inst*",
        "17",
        "-1",
        "0",
        "5m",
        "99999999999999999999",
        "1G",
        "0:size=1G",
        "kvm:a=b",
        "yes",
        "all",
        "a,b",
        "+name",
        "node1:node2",
        "é",
    ]
    .map(str::to_owned)
    .into();
    for tool in tools() {
        let mut tool = tool;
        tool.build();
        for (_, command) in all(&tool, "") {
            words.insert(command.get_name().to_owned());
            for arg in command.get_arguments() {
                words.extend(arg.get_long().map(|long| format!("--{long}")));
                words.extend(arg.get_long().map(|long| format!("--{long}=1")));
                words.extend(arg.get_short().map(|short| format!("-{short}")));
                words.extend(
                    arg.get_possible_values()
                        .iter()
                        .map(|value| value.get_name().to_owned()),
                );
            }
        }
    }
    words.into_iter().collect()
});

/// The commands of each tool.
static COMMANDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let names = |tool: &Command| {
        let commands = tool.get_subcommands();
        commands
            .map(|command| command.get_name().to_owned())
            .collect()
    };
    tools().iter().map(names).collect()
});

fn lines() -> impl Strategy<Value = Vec<OsString>> {
    let word = prop_oneof![
        12 => select(WORDS.as_slice()).prop_map(OsString::from),
        1 => any::<String>().prop_map(OsString::from),
        1 => prop::collection::vec(any::<u8>(), 0..6)
            .prop_map(std::os::unix::ffi::OsStringExt::from_vec),
    ];
    prop::collection::vec(word, 0..7)
}

/// Reads a line as a tool does; a wrong one is a usage error that says something.
fn understands<T: Parser>(command: Option<&str>, line: &[OsString]) {
    let words = [OsString::from("gnt")].into_iter();
    let words = words
        .chain(command.map(OsString::from))
        .chain(line.iter().cloned());
    if let Err(error) = T::try_parse_from(words) {
        let text = error.render().to_string();
        assert!(!text.trim().is_empty());
        assert_eq!(
            error.exit_code(),
            if error.use_stderr() { 2 } else { 0 },
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn any_line_is_understood_or_a_usage_error(line in lines(), at in any::<prop::sample::Index>()) {
        let of = |tool: usize| at.get(&COMMANDS[tool]).clone();
        match at.index(6) {
            0 => understands::<ClusterCli>(Some(&of(0)), &line),
            1 => understands::<super::debug::DebugCli>(Some(&of(1)), &line),
            2 => understands::<super::group::GroupCli>(Some(&of(2)), &line),
            3 => understands::<InstanceCli>(Some(&of(3)), &line),
            4 => understands::<JobCli>(Some(&of(4)), &line),
            _ => understands::<NodeCli>(Some(&of(5)), &line),
        }
    }
}
