//! The only place that writes to standard output and standard error.
//!
//! Standard output carries data: tables, documents, the verdict line. Everything else goes to
//! standard error, and is left out by `--quiet`.

use std::io::{self, IsTerminal, Write};

use crate::opcodes::{ErrorClass, ErrorCode, OpError};
use crate::text::one_line;

use super::document::Document;
use super::problem::{Problem, Result};

/// Where a tool's words go.
#[derive(Debug)]
pub struct Printer {
    out: io::BufWriter<io::Stdout>,
    /// Nothing but errors on standard error.
    pub quiet: bool,
    /// Standard output is a document: no lines for people there.
    pub json: bool,
    /// Standard output is a stream of events: none there either.
    pub stream: bool,
    /// Documents that become parts of another one, while they are to.
    kept: Option<Vec<Document>>,
}

impl Printer {
    /// A printer that is neither quiet nor bound to documents.
    #[must_use]
    pub fn new() -> Printer {
        Printer {
            out: io::BufWriter::with_capacity(1 << 16, io::stdout()),
            quiet: false,
            json: false,
            stream: false,
            kept: None,
        }
    }

    /// Data, as it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn data(&mut self, text: &str) -> Result<()> {
        let written = self.out.write_all(text.as_bytes());
        written.map_err(|error| Problem::output(&error))
    }

    /// What takes the place of what stands on the terminal of standard output.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn redraw(&mut self, text: &str) -> Result<()> {
        self.data(text)?;
        self.flush()
    }

    /// Where bytes go that are no text.
    pub fn bytes(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// A line of data.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn line(&mut self, text: &str) -> Result<()> {
        self.data(text)?;
        self.data("\n")
    }

    /// From now on the documents of operations are kept for another one.
    pub fn keep(&mut self) {
        self.kept = Some(vec![]);
    }

    /// The documents that were kept; those to come are printed again.
    #[must_use]
    pub fn kept(&mut self) -> Vec<Document> {
        self.kept.take().unwrap_or_default()
    }

    /// How an operation ended: the last event of a stream, or the document, where one is wanted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(&mut self, document: &Document) -> Result<()> {
        if let Some(kept) = &mut self.kept {
            kept.push(document.clone());
            return self.flush();
        }
        match (self.stream, self.json) {
            (true, _) => self.line(&document.event())?,
            (false, true) => self.data(&document.text())?,
            (false, false) => {}
        }
        self.flush()
    }

    /// A line for people on standard output, which documents and streams leave no place for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn verdict(&mut self, text: &str) -> Result<()> {
        match self.json || self.stream {
            true => Ok(()),
            false => self.line(&one_line(text)),
        }
    }

    /// The same of a deed that went well, which nobody wants to read who wants quiet.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn deed(&mut self, text: &str) -> Result<()> {
        match self.quiet {
            true => Ok(()),
            false => self.verdict(text),
        }
    }

    /// What was written so far reaches its reader.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(|error| Problem::output(&error))
    }

    /// A line on standard error, unless quiet. Nobody is told if that fails.
    pub fn say(&mut self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// A line on standard error, even if quiet.
    pub fn complain(&mut self, text: &str) {
        let _ = self.out.flush();
        let _ = writeln!(io::stderr().lock(), "{}", one_line(text));
    }

    /// Bytes for the terminal of standard error, as they are. Nobody is told if that fails: a
    /// terminal that went away sends a signal.
    pub fn draw(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// An error in the house style, with what lies behind it and what to do.
    pub fn problem(&mut self, problem: &Problem) {
        if problem.error.message.is_empty() {
            return;
        }
        self.op_error(&problem.error);
        for line in problem.excerpt.iter().flat_map(|lines| lines.iter()) {
            self.complain(&format!("  {line}"));
        }
        for cause in &problem.causes {
            self.complain(&format!("caused by: {cause}"));
        }
        if let Some(hint) = &problem.error.hint {
            self.complain(&format!("hint: {hint}"));
        }
    }

    /// What scripts match in Ganeti's messages, for the failures of opcodes; else one line.
    fn op_error(&mut self, error: &OpError) {
        let text = &error.message;
        match (error.class, error.code) {
            (ErrorClass::OpPrereqError, Some(code)) => {
                self.complain("Failure: prerequisites not met for this operation:");
                self.complain(&format!("error type: {code}, error details:"));
                self.complain(text);
            }
            (ErrorClass::OpPrereqError, None) => {
                self.complain("Failure: prerequisites not met for this operation:");
                self.complain(text);
            }
            (ErrorClass::OpExecError, _) => {
                self.complain("Failure: command execution error:");
                self.complain(text);
            }
            (ErrorClass::JobCanceled, Some(ErrorCode::DeadlinePassed)) => {
                self.complain(&format!("error: job was canceled: {text}"));
            }
            (ErrorClass::JobCanceled, _) => self.complain("error: job was canceled"),
            (ErrorClass::JobQueueFull | ErrorClass::JobQueueDrainError, _) => {
                self.complain(&format!("Failure: {text}"));
            }
            (ErrorClass::QueryFilterParseError, _) => {
                self.complain(&format!("Error while parsing query filter: {text}"));
            }
            (ErrorClass::GenericError, _) => self.complain(&format!("error: {text}")),
        }
    }
}

impl Default for Printer {
    fn default() -> Printer {
        Printer::new()
    }
}

/// Whether somebody sits there: standard input and standard error are terminals.
#[must_use]
pub fn interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether colours are wanted on standard error.
#[must_use]
pub fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && io::stderr().is_terminal()
}

/// Columns and rows of the terminal of standard error, or 80 and 24. What is drawn in place needs
/// what the terminal says now, not what a variable said at the start.
#[must_use]
pub fn terminal_size() -> (usize, usize) {
    size_of(terminal_size::terminal_size_of(io::stderr()))
}

/// The same of standard output.
#[must_use]
pub fn output_size() -> (usize, usize) {
    size_of(terminal_size::terminal_size_of(io::stdout()))
}

fn size_of(known: Option<(terminal_size::Width, terminal_size::Height)>) -> (usize, usize) {
    let known = known.map(|(width, height)| (width.0.into(), height.0.into()));
    let known = known.filter(|(columns, rows)| *columns > 0 && *rows > 0);
    known.unwrap_or((80, 24))
}

/// Whether tables are read at a terminal, and can be drawn over.
#[must_use]
pub fn output_is_terminal() -> bool {
    io::stdout().is_terminal()
}
