//! What the shells offer for a name: the hidden command `__complete`.
//!
//! `completions/` holds scripts that know the commands and options. Where a name of the cluster is to
//! stand, they ask the tool itself: `gnt-node __complete WORDS…`, all words behind the tool's name up
//! to the cursor, the last one being completed. The names that fit are printed, one a line. Whatever
//! is in the way, such as that there is no cluster, there are none: nobody wants to read errors while
//! typing.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, Command};

use crate::cluster::Kind;
use crate::store::{Jobs, StateDir, Store};

use super::exit::ExitCode;
use super::printer::Printer;

/// The hidden command that the completions of the shells call.
const COMMAND: &str = "__complete";

/// So many jobs are offered at most, the newest: nobody reads more.
const MOST_JOBS: u32 = 200;

/// Options that take the names of `gnt-instance startup` and the like for nodes.
const TAKEN_FOR_NODES: [&str; 3] = ["node", "primary", "secondary"];

/// The words of a command line that is to be completed, if this one asks for that.
pub(super) fn asked(arguments: &[OsString]) -> Option<Vec<String>> {
    let words = arguments.get(1..)?.strip_prefix(&[COMMAND.into()])?;
    let text = |word: &OsString| word.to_string_lossy().into_owned();
    Some(words.iter().map(text).collect())
}

/// Prints what can stand where the cursor is.
pub(super) fn answer(tool: Command, words: &[String], mut printer: Printer) -> ExitCode {
    for name in names(tool, words) {
        // Who does not read them does not want them.
        let _ = printer.line(&name);
    }
    let _ = printer.flush();
    ExitCode::Done
}

fn names(mut tool: Command, words: &[String]) -> Vec<String> {
    tool.build();
    let Some((last, before)) = words.split_last() else {
        return vec![];
    };
    let line = Line::read(&tool, before);
    let Some(Blank {
        lead,
        begin,
        wanted,
    }) = line.blank(last)
    else {
        return vec![];
    };
    let known = known(line.state_dir.clone(), wanted, begin).unwrap_or_default();
    (known.into_iter())
        .filter(|name| is_plain(name) && !before.contains(name))
        .map(|name| format!("{lead}{name}"))
        .collect()
}

/// What is known of the cluster; nothing where that cannot be read.
fn known(state_dir: Option<PathBuf>, wanted: Wanted, begin: &str) -> Option<Vec<String>> {
    let dir = StateDir::locate(state_dir.as_deref()).ok()?;
    let store = Store::open(dir).ok()?;
    match wanted {
        Wanted::Object(kind) => {
            let mut names = store.names(kind).ok()?;
            names.retain(|name| name.starts_with(begin));
            names.sort();
            Some(names)
        }
        Wanted::Job(which) => {
            let ids = store.job_ids(which, begin, MOST_JOBS).ok()?;
            Some(ids.iter().map(ToString::to_string).collect())
        }
    }
}

/// Whether a shell takes a name for what it is. Names from elsewhere may hold anything; those that
/// need quotes are typed by hand.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@');
    !name.starts_with('-') && name.chars().all(plain)
}

/// What kind of name is to stand somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Object(Kind),
    Job(Jobs),
}

/// The place where a name is to stand.
#[derive(Debug, PartialEq, Eq)]
struct Blank<'w> {
    /// What stands before it in its word.
    lead: &'w str,
    /// How it begins.
    begin: &'w str,
    wanted: Wanted,
}

/// A command line up to the word that is being completed.
#[derive(Debug)]
struct Line<'c> {
    command: &'c Command,
    /// How many arguments without an option the command has so far.
    arguments: usize,
    /// The option whose value comes next.
    open: Option<&'c Arg>,
    /// Options cannot come any more.
    only_arguments: bool,
    /// Whether the names of instances are taken for something else.
    taken: Option<&'c Arg>,
    state_dir: Option<PathBuf>,
}

impl<'c> Line<'c> {
    fn read(tool: &'c Command, words: &[String]) -> Line<'c> {
        let mut line = Line {
            command: tool,
            arguments: 0,
            open: None,
            only_arguments: false,
            taken: None,
            state_dir: None,
        };
        for word in words {
            line.take(word);
        }
        line
    }

    fn take(&mut self, word: &str) {
        if let Some(option) = self.open {
            // Some shells make a word of it.
            if word != "=" {
                self.value(option, word);
                self.open = None;
            }
        } else if self.only_arguments {
            self.arguments += 1;
        } else if word == "--" {
            self.only_arguments = true;
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            if let Some(option) = self.long(name) {
                self.option(option, value);
            }
        } else if let Some(letters) = word.strip_prefix('-').filter(|word| !word.is_empty()) {
            self.letters(letters);
        } else if let Some(command) = self.command.find_subcommand(word) {
            self.command = command;
        } else {
            self.arguments += 1;
        }
    }

    /// Options of one letter each; the first that takes a value takes the rest for it.
    fn letters(&mut self, letters: &str) {
        for (at, letter) in letters.char_indices() {
            let mut options = self.command.get_arguments();
            let Some(option) = options.find(|arg| arg.get_short() == Some(letter)) else {
                return;
            };
            let rest = Some(&letters[at + letter.len_utf8()..]).filter(|rest| !rest.is_empty());
            self.option(option, rest);
            if option.get_action().takes_values() {
                return;
            }
        }
    }

    fn option(&mut self, option: &'c Arg, value: Option<&str>) {
        match value {
            _ if !option.get_action().takes_values() => {
                if TAKEN_FOR_NODES.contains(&option.get_id().as_str()) || is(option, "tags") {
                    self.taken = Some(option);
                }
            }
            Some(value) => self.value(option, value),
            None => self.open = Some(option),
        }
    }

    fn value(&mut self, option: &Arg, value: &str) {
        if is(option, "state_dir") {
            self.state_dir = Some(value.into());
        }
    }

    /// The option of this name, which may be shortened.
    fn long(&self, name: &str) -> Option<&'c Arg> {
        let names = |arg: &Arg| {
            let aliases = arg.get_all_aliases().unwrap_or_default();
            arg.get_long()
                .into_iter()
                .chain(aliases)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let all = || self.command.get_arguments();
        if let Some(exact) = all().find(|arg| names(arg).iter().any(|own| own == name)) {
            return Some(exact);
        }
        let mut near = all().filter(|arg| names(arg).iter().any(|own| own.starts_with(name)));
        match (near.next(), near.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// What name is to stand where the cursor is, if one is.
    fn blank<'w>(&self, word: &'w str) -> Option<Blank<'w>> {
        let (lead, begin, arg) = if let Some(option) = self.open {
            ("", if word == "=" { "" } else { word }, option)
        } else if !self.only_arguments && word.starts_with('-') {
            let (name, value) = word.strip_prefix("--")?.split_once('=')?;
            let lead = &word[..word.len() - value.len()];
            (lead, value, self.long(name)?)
        } else {
            ("", word, self.argument()?)
        };
        let wanted = self.wanted(arg)?;
        Some(Blank {
            lead,
            begin,
            wanted,
        })
    }

    /// The argument without an option that comes next.
    fn argument(&self) -> Option<&'c Arg> {
        let mut all = self.command.get_positionals();
        all.nth(self.arguments).or_else(|| {
            let last = self.command.get_positionals().last()?;
            let many = last.get_num_args()?.max_values() > 1;
            many.then_some(last)
        })
    }

    /// What stands for an argument: its value's name tells.
    fn wanted(&self, arg: &Arg) -> Option<Wanted> {
        let command = self.command.get_name();
        // What is added has a name that there is not yet.
        if arg.is_positional() && command == "add" {
            return None;
        }
        let value = arg.get_value_names()?.first()?.as_str();
        match value {
            "NODE" | "NODE[:NODE]" => Some(Wanted::Object(Kind::Node)),
            "INSTANCE" => Some(Wanted::Object(Kind::Instance)),
            "GROUP" => Some(Wanted::Object(Kind::Group)),
            "ID" if !is(arg, "request_id") => Some(Wanted::Job(match command {
                "cancel" | "change-priority" => Jobs::Unfinished,
                "archive" => Jobs::Finished,
                _ => Jobs::All,
            })),
            "NAME" if is(arg, "names") => match self.taken {
                None => Some(Wanted::Object(Kind::Instance)),
                Some(option) if is(option, "tags") => None,
                Some(_) => Some(Wanted::Object(Kind::Node)),
            },
            _ => None,
        }
    }
}

fn is(arg: &Arg, id: &str) -> bool {
    arg.get_id() == id
}

#[cfg(test)]
mod tests {
    use super::super::generate::tools;
    use super::*;

    /// What is wanted at the end of a line, and what stands before and of it in its word.
    fn wanted(line: &str) -> Option<(Wanted, String, String)> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let mut tools = tools().into_iter();
        let mut tool = tools.find(|tool| tool.get_name() == words[0]).unwrap();
        tool.build();
        let (last, before) = words[1..].split_last().unwrap();
        let line = Line::read(&tool, before);
        let Blank {
            lead,
            begin,
            wanted,
        } = line.blank(last)?;
        Some((wanted, lead.to_owned(), begin.to_owned()))
    }

    const NODE: Wanted = Wanted::Object(Kind::Node);
    const INSTANCE: Wanted = Wanted::Object(Kind::Instance);
    const GROUP: Wanted = Wanted::Object(Kind::Group);
    const JOB: Wanted = Wanted::Job(Jobs::All);

    #[test]
    fn names_are_wanted_where_the_definitions_say() {
        for (line, kind) in [
            ("gnt-node evacuate ", NODE),
            ("gnt-node evacuate -p --yes ", NODE),
            ("gnt-node --json evacuate --parallel 2 ", NODE),
            ("gnt-node evacuate --parallel=2 --reason text ", NODE),
            ("gnt-node evacuate -n ", NODE),
            ("gnt-node evacuate --new-sec ", NODE),
            ("gnt-node evacuate --new-secondary = ", NODE),
            ("gnt-node evacuate -- ", NODE),
            ("gnt-node list ", NODE),
            ("gnt-node list -o name node1 ", NODE),
            ("gnt-node show node1 node2 ", NODE),
            ("gnt-node add -g ", GROUP),
            ("gnt-group assign-nodes ", GROUP),
            ("gnt-group assign-nodes rack2 ", NODE),
            ("gnt-group assign-nodes rack2 node1 ", NODE),
            ("gnt-instance migrate ", INSTANCE),
            ("gnt-instance migrate -n ", NODE),
            ("gnt-instance add -n ", NODE),
            ("gnt-instance startup inst1 ", INSTANCE),
            ("gnt-instance startup --primary ", NODE),
            ("gnt-instance startup --node node1 ", NODE),
            ("gnt-debug fault add -i ", INSTANCE),
            ("gnt-debug delay -n ", NODE),
            ("gnt-job info ", JOB),
            ("gnt-job list --children-of ", JOB),
            ("gnt-job archive ", Wanted::Job(Jobs::Finished)),
            ("gnt-job cancel --wait ", Wanted::Job(Jobs::Unfinished)),
        ] {
            let empty = String::new();
            assert_eq!(wanted(line), Some((kind, empty.clone(), empty)), "{line}");
        }
        let value = wanted("gnt-node evacuate --new-secondary=no");
        let lead = "--new-secondary=".to_owned();
        assert_eq!(value, Some((NODE, lead, "no".to_owned())));
        let value = wanted("gnt-node evacuate -n no");
        assert_eq!(value, Some((NODE, String::new(), "no".to_owned())));
    }

    #[test]
    fn nothing_is_wanted_elsewhere() {
        for line in [
            "gnt-node ",
            "gnt-node ev",
            "gnt-node evacuate -",
            "gnt-node evacuate --new",
            "gnt-node evacuate --timeout ",
            "gnt-node evacuate node1 ",
            "gnt-node add ",
            "gnt-node list --watch ",
            "gnt-node list -o ",
            "gnt-node list --state-dir ",
            "gnt-instance startup --tags ",
            "gnt-instance add ",
            "gnt-instance migrate --request-id ",
            "gnt-job list --request-id",
            "gnt-cluster import ",
        ] {
            assert_eq!(wanted(line), None, "{line}");
        }
    }

    #[test]
    fn names_that_a_shell_would_read_differently_are_not_offered() {
        for name in ["node1", "node-1.example.org", "größe_2", "4711"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "a b", "$(id)", "`id`", "a;b", "-f", "a\u{1b}", "a*", "a'b", "a\nb",
        ] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
