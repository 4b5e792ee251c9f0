//! Which rows of a list are wanted: names, patterns of names, or a filter over all fields.
//!
//! A filter is read in three steps, a file each: `lexer` makes words of letters, `parser` a
//! [`Filter`] of words, `check` binds that to the fields of a list, so that whatever can be wrong
//! with it is said, with its place, before the first row is looked at.

mod check;
mod lexer;
mod parser;
mod tree;

pub use check::Checked;
pub use parser::parse;
pub use tree::{
    Case, Constant, Dot, FieldName, Filter, Pattern, Place, Relation, Sense, Test, Value,
};

use crate::opcodes::{ErrorClass, ErrorCode, OpError};

use super::exit::ExitCode;
use super::problem::{Problem, Result};
use super::table::Field;

/// What makes a single argument a filter rather than a name: no name has any of these.
const IN_FILTERS: [char; 17] = [
    '!', ' ', '"', '\'', '(', ')', '\u{b}', '\n', '\r', '\u{c}', '/', '<', '\t', '>', '=', '\\',
    '~',
];

/// So much of a filter is shown around what is wrong with it.
const SHOWN: usize = 60;

/// Whether an argument that could be a name is a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it looks.
    Guessed,
    /// It is (`-F`).
    Filter,
}

/// Which rows are wanted.
pub enum Query<T: 'static> {
    /// Those of these names, or that fit these patterns of names; all if there are none.
    Named(Vec<String>),
    /// Those that fit.
    Filter(Checked<T>),
}

impl<T> Query<T> {
    /// Understands the arguments of a list of these fields.
    ///
    /// # Errors
    /// A filter that makes no sense; `-F` with more or less than one argument.
    pub fn read(
        words: Vec<String>,
        reading: Reading,
        fields: &'static [Field<T>],
    ) -> Result<Query<T>> {
        let text = match (words.as_slice(), reading) {
            ([only], Reading::Filter) => only,
            ([only], Reading::Guessed) if only.contains(IN_FILTERS) => only,
            (_, Reading::Guessed) => return Ok(Query::Named(words)),
            (_, Reading::Filter) => {
                return Err(Problem::input("-F takes exactly one argument, the filter")
                    .hint("put it in quotes, such as 'offline or drained'")
                    .exit(ExitCode::Usage));
            }
        };
        let checked = parse(text).and_then(|filter| Checked::new(&filter, fields));
        Ok(Query::Filter(checked.map_err(|error| error.in_text(text))?))
    }

    /// The names and patterns that were given.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Query::Named(names) => names,
            Query::Filter(_) => &[],
        }
    }

    /// Whether a row of those that are named is wanted.
    #[must_use]
    pub fn wants(&self, row: &T) -> bool {
        match self {
            Query::Named(_) => true,
            Query::Filter(filter) => filter.fits(row),
        }
    }
}

/// Why a filter makes no sense.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterError {
    place: Place,
    what: String,
    hint: Option<String>,
    exit: ExitCode,
}

impl FilterError {
    fn new(place: Place, what: impl Into<String>) -> FilterError {
        FilterError {
            place,
            what: what.into(),
            hint: None,
            exit: ExitCode::Usage,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> FilterError {
        self.hint = Some(hint.into());
        self
    }

    fn unknown_field(mut self) -> FilterError {
        self.exit = ExitCode::UnknownField;
        self
    }

    /// As it is said of the text in which it was found.
    fn in_text(self, text: &str) -> Problem {
        let code = match self.exit {
            ExitCode::UnknownField => ErrorCode::UnknownEntity,
            _ => ErrorCode::WrongInput,
        };
        let mut error = OpError::new(ErrorClass::QueryFilterParseError, Some(code), self.what);
        error.hint = self.hint;
        let mut problem = Problem::new(error).exit(self.exit);
        problem.excerpt = Some(Box::new(excerpt(text, self.place)));
        problem
    }
}

/// The part of a text around a place, and below it a mark that points there.
fn excerpt(text: &str, Place(at): Place) -> [String; 2] {
    let at = text.floor_char_boundary(at);
    let before: Vec<char> = text[..at].chars().collect();
    let skipped = before.len().saturating_sub(SHOWN / 2);
    let shown = text.chars().skip(skipped).take(SHOWN);
    let lead = if skipped > 0 { "…" } else { "" };
    let more = text.chars().count() > skipped + SHOWN;
    let trail = if more { "…" } else { "" };
    let column = lead.chars().count() + before.len() - skipped;
    [
        format!("{lead}{}{trail}", shown.collect::<String>()),
        format!("{}^", " ".repeat(column)),
    ]
}

#[cfg(test)]
mod tests;
