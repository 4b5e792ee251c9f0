//! Manual pages and completions, made from the definitions of the command lines.
//!
//! They are checked in; a test compares them with what is made here.

use std::path::PathBuf;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::cluster::ClusterCli;
use super::args::debug::DebugCli;
use super::args::group::GroupCli;
use super::args::instance::InstanceCli;
use super::args::job::JobCli;
use super::args::node::NodeCli;
use super::exit::ExitCode;

/// The directory of the completions, in the repository.
pub const COMPLETIONS: &str = "completions";

/// The directory of the manual pages, in the repository.
pub const MAN: &str = "man";

/// The command lines of all tools.
#[must_use]
pub fn tools() -> [Command; 6] {
    [
        ClusterCli::command(),
        DebugCli::command(),
        GroupCli::command(),
        InstanceCli::command(),
        JobCli::command(),
        NodeCli::command(),
    ]
}

/// A file of the repository that is made, by its path there, and its text.
pub type Made = (PathBuf, String);

/// Every file that is made from the definitions.
///
/// # Errors
/// A page could not be written into memory or is not UTF-8: a bug of what makes them.
pub fn files() -> Result<Vec<Made>, std::io::Error> {
    let mut files = vec![];
    for tool in tools() {
        // The pages tell the crate's version, not the long form that `--version` prints.
        let mut tool = tool.version(env!("CARGO_PKG_VERSION"));
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            files.push(completion(&tool, shell)?);
        }
        tool.build();
        pages(&tool, &mut files)?;
    }
    Ok(files)
}

fn text(bytes: Vec<u8>) -> Result<String, std::io::Error> {
    String::from_utf8(bytes).map_err(std::io::Error::other)
}

fn completion(tool: &Command, shell: Shell) -> Result<Made, std::io::Error> {
    let name = tool.get_name().to_owned();
    let file = match shell {
        Shell::Zsh => format!("_{name}"),
        Shell::Fish => format!("{name}.fish"),
        _ => format!("{name}.{shell}"),
    };
    let mut bytes = vec![];
    clap_complete::generate(shell, &mut tool.clone(), name, &mut bytes);
    Ok((PathBuf::from(COMPLETIONS).join(file), text(bytes)?))
}

/// The page of a command and those of the commands below it.
fn pages(command: &Command, files: &mut Vec<Made>) -> Result<(), std::io::Error> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let man = Man::new(command.clone())
        .title(name)
        .manual("Virtual machine clusters")
        .source(concat!("gnt ", env!("CARGO_PKG_VERSION")));
    let mut bytes = vec![];
    man.render_title(&mut bytes)?;
    man.render_name_section(&mut bytes)?;
    man.render_synopsis_section(&mut bytes)?;
    man.render_description_section(&mut bytes)?;
    man.render_options_section(&mut bytes)?;
    let mut below = command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
        .peekable();
    if below.peek().is_some() {
        man.render_subcommands_section(&mut bytes)?;
    }
    man.render_extra_section(&mut bytes)?;
    let page = text(bytes)? + &exit_section();
    files.push((PathBuf::from(MAN).join(format!("{name}.1")), page));
    below.try_for_each(|inner| pages(inner, files))
}

/// The table of exit codes, in the language of manual pages.
fn exit_section() -> String {
    let mut section = String::from(".SH \"EXIT STATUS\"\n");
    for exit in ExitCode::ALL {
        let meaning = exit.meaning().replace('-', "\\-");
        section.push_str(&format!(".TP\n\\fB{}\\fR\n{meaning}\n", exit.number()));
    }
    section
}
