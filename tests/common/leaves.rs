//! The commands of all tools, from the definitions of their command lines.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "shared by tests, none of which uses all of it"
)]

use std::collections::BTreeSet;

use clap::Command;

use gnt::cli::generate::tools;

/// A command that does something itself, such as `gnt-cluster queue drain`.
pub struct Leaf {
    pub tool: String,
    /// `queue drain`.
    pub path: String,
    pub command: Command,
}

impl Leaf {
    pub fn full(&self) -> String {
        format!("{} {}", self.tool, self.path)
    }

    /// The visible options in the form of the document, such as `-n/--new-secondary`.
    pub fn options(&self) -> BTreeSet<String> {
        options(&self.command)
    }

    pub fn aliases(&self) -> BTreeSet<String> {
        let aliases = self.command.get_visible_aliases();
        aliases.map(str::to_owned).collect()
    }
}

pub fn options(command: &Command) -> BTreeSet<String> {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let own = shown.filter(|arg| !arg.is_global_set());
    let spelled = own.filter_map(|arg| {
        let aliases = arg.get_visible_aliases().unwrap_or_default();
        let short = arg.get_short().map(|short| format!("-{short}"));
        let long = arg.get_long().map(|long| format!("--{long}"));
        let aliases = aliases.into_iter().map(|alias| format!("--{alias}"));
        let all: Vec<String> = short.into_iter().chain(long).chain(aliases).collect();
        (!all.is_empty()).then(|| all.join("/"))
    });
    spelled.collect()
}

pub fn leaves() -> Vec<Leaf> {
    fn walk(tool: &str, path: &str, command: &Command, found: &mut Vec<Leaf>) {
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name());
            match inner.has_subcommands() {
                true => walk(tool, &path, inner, found),
                false => found.push(Leaf {
                    tool: tool.to_owned(),
                    path: path.trim_start().to_owned(),
                    command: inner.clone(),
                }),
            }
        }
    }
    let mut found = vec![];
    for tool in tools() {
        walk(tool.get_name(), "", &tool, &mut found);
    }
    found
}
