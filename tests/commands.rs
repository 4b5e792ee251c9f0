//! Every command is documented as it is: `docs/commands.md` names what works and what is left out, each
//! command has help with an example, a section in its manual page, completions and a transcript.
//!
//! The definitions of the command lines are the truth that all of it is held against.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command as Process;

use assert_cmd::cargo::cargo_bin;
use clap::{Args, Command};

#[path = "common/leaves.rs"]
mod leaves;

use gnt::cli::args::common::{ForceArgs, ListArgs, ObjectListArgs, SubmitArgs};
use gnt::cli::args::host::HostArgs;
use gnt::cli::args::migration::MigrationArgs;
use gnt::cli::args::policy::PolicyArgs;
use gnt::cli::args::select::SelectArgs;
use gnt::cli::generate::{completions, man_pages, tools};
use leaves::{Leaf, leaves, options};

/// Sets of options that the document names by one word, the larger before those that they contain.
fn sets() -> [(&'static str, BTreeSet<String>); 8] {
    fn of<A: Args>() -> BTreeSet<String> {
        options(&A::augment_args(Command::new("set")))
    }
    [
        ("submission", of::<SubmitArgs>()),
        ("list", of::<ObjectListArgs>()),
        ("table", of::<ListArgs>()),
        ("selection", of::<SelectArgs>()),
        ("policy", of::<PolicyArgs>()),
        ("force", of::<ForceArgs>()),
        ("migration", of::<MigrationArgs>()),
        ("machine", of::<HostArgs>()),
    ]
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What stands between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A row of the document about a command that is there.
struct Row {
    aliases: BTreeSet<String>,
    /// The options that Ganeti has, too.
    works: BTreeSet<String>,
    here: BTreeSet<String>,
    left_out: BTreeSet<String>,
}

/// The document: commands that are there, and names of those that are not.
struct Document {
    rows: BTreeMap<String, Row>,
    absent: BTreeSet<String>,
}

impl Document {
    fn read() -> Document {
        let (mut rows, mut absent) = (BTreeMap::new(), BTreeSet::new());
        let text = read("docs/commands.md");
        let mut tool = "";
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                tool = title;
            }
            if !line.starts_with("| `") {
                continue;
            }
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let names = quoted(cells[0]);
            match cells[..] {
                [_, works, here, left_out] => {
                    let row = Row {
                        aliases: names[1..].iter().map(|&name| name.to_owned()).collect(),
                        works: named(works),
                        here: named(here),
                        left_out: named(left_out),
                    };
                    let command = format!("{tool} {}", names[0]);
                    let before = rows.insert(command, row);
                    assert!(before.is_none(), "two rows: {line}");
                }
                [_, _] => absent.extend(names.iter().map(|name| format!("{tool} {name}"))),
                _ => {}
            }
        }
        Document { rows, absent }
    }
}

/// The options that a cell names, and the members of the sets that it names in emphasis.
fn named(cell: &str) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = (quoted(cell).into_iter())
        .filter(|word| word.starts_with('-'))
        .map(str::to_owned)
        .collect();
    for (word, set) in sets() {
        if cell.contains(&format!("*{word}*")) {
            found.extend(set);
        }
    }
    found
}

/// How the cell would have to read.
fn spelled(options: &BTreeSet<String>) -> String {
    let mut rest = options.clone();
    let mut words = vec![];
    for (word, set) in sets() {
        if set.is_subset(&rest) {
            rest.retain(|option| !set.contains(option));
            words.push(format!("*{word}*"));
        }
    }
    words.extend(rest.iter().map(|option| format!("`{option}`")));
    words.join(", ")
}

#[test]
fn the_table_tells_what_is_there() {
    let Document { mut rows, absent } = Document::read();
    let mut wrong = vec![];
    for leaf in leaves() {
        let (name, options) = (leaf.full(), leaf.options());
        let Some(row) = rows.remove(&name) else {
            wrong.push(format!("{name} has no row: {}", spelled(&options)));
            continue;
        };
        let told: BTreeSet<String> = row.works.union(&row.here).cloned().collect();
        let missing: BTreeSet<String> = options.difference(&told).cloned().collect();
        if !missing.is_empty() {
            wrong.push(format!("{name} lacks {}", spelled(&missing)));
        }
        for option in told.difference(&options) {
            wrong.push(format!("{name} does not have {option}"));
        }
        for option in row.works.intersection(&row.here) {
            wrong.push(format!("{name} names {option} twice"));
        }
        let there: BTreeSet<&str> = options.iter().flat_map(|all| all.split('/')).collect();
        for option in row.left_out.iter().flat_map(|all| all.split('/')) {
            // A letter may stand for something else here.
            if option.starts_with("--") && there.contains(option) {
                wrong.push(format!("{name} does have {option}"));
            }
        }
        if row.aliases != leaf.aliases() {
            wrong.push(format!("{name} is also {:?}", leaf.aliases()));
        }
        if absent.contains(&name) {
            wrong.push(format!("{name} is there and left out"));
        }
    }
    wrong.extend(rows.keys().map(|name| format!("{name} is not there")));
    assert!(
        wrong.is_empty(),
        "docs/commands.md:\n{}\n",
        wrong.join("\n")
    );
}

#[test]
fn nothing_is_only_put_off() {
    let text = read("docs/commands.md");
    let mut lines = text.lines();
    let late = lines.find(|line| line.to_lowercase().contains("not yet"));
    assert_eq!(late, None, "it works, or there is a reason why it does not");
}

#[test]
fn the_table_names_sets_of_options_as_they_are() {
    let text = read("docs/commands.md");
    for (word, set) in sets() {
        let title = format!("\n| *{word}* | ");
        let (_, row) = text.split_once(&title).unwrap_or_else(|| panic!("{title}"));
        assert_eq!(named(row.lines().next().unwrap()), set, "{word}");
    }
}

#[test]
fn what_is_left_out_as_a_whole_says_so() {
    let absent = Document::read().absent;
    assert!(absent.contains("gnt-instance console"));
    for name in absent {
        let (tool, command) = name.split_once(' ').unwrap();
        let output = Process::new(cargo_bin(tool)).arg(command).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = format!("error: {name} is left out of this program: ");
        assert!(
            said.starts_with(&expected) && said.lines().count() == 1,
            "{said}"
        );
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

#[test]
fn every_command_has_help_with_an_example_of_itself() {
    for leaf in leaves() {
        let name = leaf.full();
        let help = leaf.command.get_after_help().unwrap_or_else(|| {
            panic!("{name} has no example");
        });
        let help = help.to_string();
        assert!(help.starts_with(&format!("Example: {name}")), "{help}");
        assert!(leaf.command.get_about().is_some(), "{name}");
        for arg in leaf.command.get_arguments() {
            let told = arg.get_help().is_some() || arg.is_hide_set();
            assert!(told, "{name}: {} is not explained", arg.get_id());
        }
    }
}

#[test]
fn every_command_has_a_section_in_the_manual() {
    let pages = man_pages().unwrap();
    for leaf in leaves() {
        let file = format!("{}.8", leaf.tool);
        let page = pages.iter().find(|page| page.name == file).unwrap();
        let text = page.text.replace("\\-", "-");
        let title = format!(".SH \"{}\"\n", leaf.full().to_uppercase());
        let (_, section) = text.split_once(&title).unwrap_or_else(|| panic!("{title}"));
        let section = section.split("\n.SH ").next().unwrap();
        for option in leaf.options().iter().flat_map(|all| all.split('/')) {
            // Of an option with two long names the page tells the first.
            let told = section.contains(option) || option == "--yes" || option == "--ya-rly";
            assert!(told, "{title}{option}");
        }
    }
}

#[test]
fn every_command_is_completed() {
    let scripts = completions().unwrap();
    for leaf in leaves() {
        let tool = &leaf.tool;
        for file in [tool.clone(), format!("_{tool}"), format!("{tool}.fish")] {
            let script = scripts.iter().find(|script| script.name == file).unwrap();
            let words: BTreeSet<&str> = (script.text)
                .split(|c: char| !(c.is_alphanumeric() || c == '-'))
                .map(|word| word.trim_start_matches('-'))
                .collect();
            let options = leaf.options();
            let longs = (options.iter().flat_map(|all| all.split('/')))
                .filter_map(|option| option.strip_prefix("--"));
            for word in leaf.path.split(' ').chain(longs) {
                assert!(words.contains(word), "{file} does not know {word}");
            }
        }
    }
}

/// The commands of a script: the words of each, without what the shell makes of them.
fn runs(script: &str, leaf: &Leaf) -> bool {
    let words: Vec<&str> = script
        .split(|c: char| c.is_whitespace() || ";|&()\"".contains(c))
        .collect();
    let (path, last) = match leaf.path.rsplit_once(' ') {
        Some((path, last)) => (format!("{path} "), last),
        None => (String::new(), leaf.path.as_str()),
    };
    let aliases = leaf.aliases();
    let names = std::iter::once(last).chain(aliases.iter().map(String::as_str));
    names.into_iter().any(|name| {
        let line = format!("{} {path}{name}", leaf.tool);
        let line: Vec<&str> = line.split(' ').collect();
        words.windows(line.len()).any(|window| window == line)
    })
}

#[test]
fn every_command_is_run_in_a_transcript() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let scripts: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "cli"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let never = leaves().into_iter().filter(|leaf| {
        let run = scripts.iter().any(|script| runs(script, leaf));
        !run
    });
    let never: Vec<String> = never.map(|leaf| leaf.full()).collect();
    assert!(never.is_empty(), "no transcript runs {never:?}");
}

#[test]
fn the_readme_names_the_commands_of_each_tool() {
    let readme = read("README.md");
    for tool in tools() {
        let mut names: Vec<&str> = tool.get_subcommands().map(Command::get_name).collect();
        names.sort_unstable();
        let row = format!("| `{}` | {} |", tool.get_name(), names.join(", "));
        assert!(readme.contains(&row), "README.md lacks\n{row}");
    }
}
