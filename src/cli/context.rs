//! What every command has: its name, the printer, the way to the cluster.

use std::path::PathBuf;

use crate::queue::Client;
use crate::store::StateDir;

use super::document::{Document, Verdict};
use super::exit::ExitCode;
use super::printer::Printer;
use super::problem::{Problem, Result};

/// What every command has.
#[derive(Debug)]
pub struct Context {
    /// The tool, such as `gnt-node`.
    pub tool: &'static str,
    /// The command with its tool, such as `gnt-node evacuate`.
    pub command: String,
    /// Where words go.
    pub printer: Printer,
    /// The state directory, if it was named.
    pub state_dir: Option<PathBuf>,
    /// Long words in lists.
    pub verbose: bool,
}

impl Context {
    /// That of a tool of which only the name and the printer are known.
    #[must_use]
    pub fn bare(tool: &'static str, printer: Printer) -> Context {
        Context {
            tool,
            command: tool.to_owned(),
            printer,
            state_dir: None,
            verbose: false,
        }
    }

    /// The state directory that is meant.
    ///
    /// # Errors
    /// When none is named and none can be guessed.
    pub fn dir(&self) -> Result<StateDir> {
        Ok(StateDir::locate(self.state_dir.as_deref())?)
    }

    /// Opens the cluster.
    ///
    /// # Errors
    /// When there is none that can be used.
    pub fn open(&self) -> Result<Client> {
        Ok(Client::open(self.dir()?, self.tool)?)
    }

    /// Ends the tool: says what went wrong, in words or as a document, and gives the exit code.
    #[must_use]
    pub fn end(mut self, result: Result<ExitCode>) -> std::process::ExitCode {
        let result = result.and_then(|code| self.printer.flush().map(|()| code));
        match result {
            Ok(code) => code.into(),
            Err(problem) => {
                self.printer.problem(&problem);
                if !problem.error.message.is_empty() {
                    // There is nobody left to tell if this fails.
                    let _ = self.printer.end(&failure(&self.command, &problem));
                }
                problem.exit.into()
            }
        }
    }
}

/// The document of a command that failed before it had one of its own.
fn failure(command: &str, problem: &Problem) -> Document {
    let verdict = match problem.exit {
        ExitCode::Declined => Verdict::Declined,
        ExitCode::Detached(_) => Verdict::Detached,
        _ => Verdict::Failed,
    };
    let mut document = Document::new(command, verdict, problem.exit.number());
    document.error = Some(problem.error.clone());
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(dir: Option<PathBuf>) -> Context {
        Context {
            tool: "gnt-node",
            command: "gnt-node list".into(),
            printer: Printer::new(),
            state_dir: dir,
            verbose: false,
        }
    }

    #[test]
    fn a_directory_that_is_named_is_meant_and_made_absolute() {
        let dir = context(Some("here".into())).dir().unwrap();
        assert_eq!(dir.path(), std::env::current_dir().unwrap().join("here"));
        let temp = tempfile::tempdir().unwrap();
        let problem = context(Some(temp.path().join("none"))).open().unwrap_err();
        assert_eq!(problem.exit, ExitCode::NoCluster);
    }

    #[test]
    fn a_failure_has_the_document_of_its_end() {
        for (exit, verdict) in [
            (ExitCode::Failed, Verdict::Failed),
            (ExitCode::NoCluster, Verdict::Failed),
            (ExitCode::Declined, Verdict::Declined),
            (ExitCode::Detached(2), Verdict::Detached),
        ] {
            let problem = Problem::input("why").hint("how").exit(exit);
            let document = failure("gnt-node list", &problem);
            assert_eq!(document.verdict, verdict);
            assert_eq!(document.exit, exit.number());
            assert_eq!(document.command, "gnt-node list");
            assert_eq!(document.error, Some(problem.error));
        }
    }
}
