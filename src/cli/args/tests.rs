//! What holds for the command lines of all tools.

use clap::Command;

use crate::cli::generate::tools;

/// How many lines of short help a screen shows.
const SCREEN: usize = 24;

/// Commands whose own options alone are more than that.
const LONGER: [&str; 1] = ["gnt-instance add"];

/// Each command of each tool, and each tool.
fn commands() -> Vec<Command> {
    fn into(command: &Command, all: &mut Vec<Command>) {
        if command.get_name() == "help" {
            return;
        }
        all.push(command.clone());
        command.get_subcommands().for_each(|inner| into(inner, all));
    }
    let mut all = vec![];
    for mut tool in tools() {
        tool.build();
        into(&tool, &mut all);
    }
    all
}

fn name(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

#[test]
fn definitions_are_sound() {
    for tool in tools() {
        tool.debug_assert();
    }
    crate::runner::command().debug_assert();
}

#[test]
fn each_command_says_what_it_does_and_gives_an_example_of_itself() {
    for command in commands() {
        let name = name(&command);
        assert!(command.get_about().is_some(), "{name} says nothing");
        let example = command.get_after_help().map(ToString::to_string);
        let example = example.unwrap_or_default();
        let of_itself = format!("Example: {name}");
        assert!(example.starts_with(&of_itself), "{name}: {example:?}");
    }
}

#[test]
fn each_option_says_what_it_does() {
    for command in commands() {
        for arg in command.get_arguments() {
            let id = arg.get_id();
            assert!(arg.get_help().is_some(), "{} {id}", name(&command));
        }
    }
}

#[test]
fn short_help_fits_a_screen() {
    for mut command in commands() {
        let text = command.render_help().to_string();
        let lines = text.lines().count();
        let name = name(&command);
        assert!(
            lines <= SCREEN || LONGER.contains(&name),
            "{name} -h has {lines} lines:\n{text}"
        );
    }
}
