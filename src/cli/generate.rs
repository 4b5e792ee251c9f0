//! Manual pages and completions, made from the definitions of the command lines.
//!
//! They are checked in under `man/` and `completions/`; `tests/generated.rs` compares them with what
//! is made here and, with `GNT_BLESS=1`, writes them anew. Nothing in them depends on the day or
//! the machine.

use std::io;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::{cluster, debug, group, instance, job, node};
use super::exit::ExitCode;

/// The section of the manual: commands of the system's administrator.
const SECTION: &str = "8";

/// The shells that completions are made for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Its name, such as `gnt-node.8`.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// The command lines of the tools that people call, in alphabetical order.
#[must_use]
pub fn tools() -> Vec<Command> {
    vec![
        cluster::ClusterCli::command(),
        debug::DebugCli::command(),
        group::GroupCli::command(),
        instance::InstanceCli::command(),
        job::JobCli::command(),
        node::NodeCli::command(),
    ]
}

/// A manual page a tool, and the runner's.
///
/// # Errors
/// None in practice: they are written to memory.
pub fn man_pages() -> io::Result<Vec<Generated>> {
    let mut pages = vec![];
    for mut tool in tools().into_iter().chain([crate::runner::command()]) {
        tool.build();
        pages.push(Generated {
            name: format!("{}.{SECTION}", tool.get_name()),
            text: page(&tool)?,
        });
    }
    Ok(pages)
}

/// The completions of each tool for each shell, under the names by which the shells look for them.
///
/// # Errors
/// When one is not made of text, which none is.
pub fn completions() -> io::Result<Vec<Generated>> {
    let mut files = vec![];
    for tool in tools() {
        for shell in SHELLS {
            let name = tool.get_name().to_owned();
            let mut text = vec![];
            clap_complete::generate(shell, &mut tool.clone(), name.as_str(), &mut text);
            let text = with_names(shell, &name, utf8(text)?);
            files.push(Generated {
                name: match shell {
                    Shell::Zsh => format!("_{name}"),
                    Shell::Fish => format!("{name}.fish"),
                    _ => name,
                },
                text,
            });
        }
    }
    Ok(files)
}

/// A script that asks the tool for the names that can stand somewhere (see [`super::complete`]), and
/// goes on as it was made where there are none.
fn with_names(shell: Shell, tool: &str, script: String) -> String {
    // How clap writes the name of a tool in that of a function.
    let function = format!("_{}", tool.replace('-', "__"));
    match shell {
        Shell::Bash => {
            // Where clap looks for commands it splits the tool's name, where it remembers them it does
            // not, so that it would find none.
            let split = tool.replace('-', "__subcmd__");
            let script = script.replace(&split, &function[1..]);
            let own = format!(
                r#"
{function}_names() {{
    mapfile -t COMPREPLY < <("$1" __complete "${{COMP_WORDS[@]:1:COMP_CWORD-1}}" "$2" 2>/dev/null)
    [[ ${{#COMPREPLY[@]}} -gt 0 ]] || {function} "$@"
}}

if [["#
            );
            let script = script.replacen("\nif [[", &own, 1);
            script.replace(&format!("-F {function} "), &format!("-F {function}_names "))
        }
        Shell::Zsh => {
            let own = format!(
                r#"_{tool}() {{
    local -a names
    names=("${{(@f)$(${{(Q)words[1]}} __complete "${{(@Q)words[2,CURRENT-1]}}" "${{(Q)PREFIX}}" 2>/dev/null)}}")
    if [[ -n $names[1] ]]; then
        compadd -- $names
    else
        _{tool}_words "$@"
    fi
}}

_{tool}_words() {{"#
            );
            script.replacen(&format!("_{tool}() {{"), &own, 1)
        }
        _ => {
            let function = format!("__fish_{}_names", tool.replace('-', "_"));
            // What an option takes is asked of that option alone.
            let options = format!(" -r -f -a '({function})'\n");
            let script = script.replace(" -r\n", &options);
            format!(
                r#"{script}
function {function}
    set -l words (commandline -opc)
    $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null | string replace -r -- '^--[^=]*=' ''
end
complete -c {tool} -n 'set -g {function} ({function}); test -n "${function}"' -f -a '${function}'
"#
            )
        }
    }
}

/// The page of one tool: itself, then each of its commands with its options.
fn page(tool: &Command) -> io::Result<String> {
    let mut text = vec![];
    let man = Man::new(tool.clone()).section(SECTION);
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    for command in tool.get_subcommands() {
        commands(command, &mut text)?;
    }
    ending(tool).to_writer(&mut text)?;
    utf8(text)
}

/// A command, or the commands that it consists of.
fn commands(command: &Command, text: &mut Vec<u8>) -> io::Result<()> {
    // `help` needs no explanation.
    if command.get_name() == "help" {
        return Ok(());
    }
    if command.has_subcommands() {
        return (command.get_subcommands()).try_for_each(|inner| commands(inner, text));
    }
    // The options of every command stand at the tool.
    let own = (command.clone()).mut_args(|arg| {
        let global = arg.is_global_set();
        arg.hide(global)
    });
    let name = own.get_bin_name().unwrap_or_default().to_uppercase();
    Roff::new().control("SH", [name.as_str()]).to_writer(text)?;
    let man = Man::new(own.clone());
    let mut sections = vec![];
    man.render_synopsis_section(&mut sections)?;
    man.render_description_section(&mut sections)?;
    if own.get_arguments().any(|arg| !arg.is_hide_set()) {
        man.render_options_section(&mut sections)?;
    }
    // What is a section on a page of its own is a part of a section here.
    text.extend_from_slice(utf8(sections)?.replace(".SH ", ".SS ").as_bytes());
    if let Some(example) = own.get_after_help() {
        let example = example.to_string();
        let mut roff = Roff::new();
        roff.control("PP", []).text([roman(example)]);
        roff.to_writer(text)?;
    }
    Ok(())
}

/// What stands at the end of a tool's page.
fn ending(tool: &Command) -> Roff {
    let mut roff = Roff::new();
    if tool.has_subcommands() {
        roff.control("SH", ["EXIT STATUS"]);
        for code in ExitCode::ALL {
            roff.control("TP", [])
                .text([bold(code.number().to_string())])
                .text([roman(code.meaning())]);
        }
        roff.control("SH", ["ENVIRONMENT"])
            .control("TP", [])
            .text([bold("GNT_STATE_DIR")])
            .text([roman(
                "The state directory, unless --state-dir names it. Without both it is \
                 /var/lib/gnt for root and $XDG_STATE_HOME/gnt for others.",
            )])
            .control("TP", [])
            .text([bold("NO_COLOR")])
            .text([roman("If set, no colours.")]);
    }
    roff
}

fn utf8(text: Vec<u8>) -> io::Result<String> {
    String::from_utf8(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
