//! A filter as it was understood, before anybody knows which fields there are.

use std::fmt::{self, Display, Write};

/// Which rows of a list are wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Those that all of these want: two at least, joined by `and`.
    All(Vec<Filter>),
    /// Those that one of these wants: two at least, joined by `or`.
    Any(Vec<Filter>),
    /// Those that this does not want.
    Not(Box<Filter>),
    /// Those whose field is so.
    Test(FieldName, Test),
}

/// Where in a filter's text something stands, in bytes. What a filter means does not depend on it:
/// any two places are equal.
#[derive(Debug, Clone, Copy)]
pub struct Place(pub usize);

impl PartialEq for Place {
    fn eq(&self, _: &Place) -> bool {
        true
    }
}

/// A field that a filter names.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldName {
    /// Its name.
    pub name: String,
    /// Where it is named.
    pub place: Place,
}

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// That it is true: yes, not zero, not empty.
    True,
    /// `==`, `<` and the like.
    Compare(Relation, Constant),
    /// `=~` and `!~`.
    Regex(Sense, Pattern),
    /// `=*` and `!*`.
    Glob(Sense, String),
    /// `in` and `not in`.
    Contains(Sense, Constant),
}

/// Whether something is to hold or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// It is to hold.
    Does,
    /// It is not to hold.
    DoesNot,
}

impl Sense {
    /// The outcome, from what was found.
    #[must_use]
    pub fn of(self, holds: bool) -> bool {
        match self {
            Sense::Does => holds,
            Sense::DoesNot => !holds,
        }
    }
}

/// How a field is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `==`, also written `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    AtMost,
    /// `>`.
    More,
    /// `>=`.
    AtLeast,
}

impl Relation {
    /// How it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Relation::Equal => "==",
            Relation::NotEqual => "!=",
            Relation::Less => "<",
            Relation::AtMost => "<=",
            Relation::More => ">",
            Relation::AtLeast => ">=",
        }
    }
}

/// A value that a filter gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// The value.
    pub value: Value,
    /// Where it is given.
    pub place: Place,
}

/// What a field can be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Number(i64),
    /// A text in quotes.
    Text(String),
}

/// A regular expression, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// What stands before and behind it; not in it, unless behind a backslash.
    pub delimiter: char,
    /// The expression.
    pub source: String,
    /// Whether the case of letters matters (`i`: it does not).
    pub case: Case,
    /// What a dot stands for (`s`: also the end of a line).
    pub dot: Dot,
    /// Where the expression begins.
    pub place: Place,
}

/// Whether the case of letters matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Case {
    /// It does.
    #[default]
    Matters,
    /// It does not.
    Ignored,
}

/// What a dot in a regular expression stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dot {
    /// Any character but the end of a line.
    #[default]
    InLine,
    /// Any character.
    Anything,
}

/// As it can be read again.
impl Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::All(parts) => joined(f, parts, "and", |part| {
                matches!(part, Filter::All(_) | Filter::Any(_))
            }),
            Filter::Any(parts) => joined(f, parts, "or", |part| matches!(part, Filter::Any(_))),
            Filter::Not(inner) => match **inner {
                Filter::All(_) | Filter::Any(_) => write!(f, "not ({inner})"),
                Filter::Not(_) | Filter::Test(..) => write!(f, "not {inner}"),
            },
            Filter::Test(field, test) => {
                let name = &field.name;
                match test {
                    Test::True => f.write_str(name),
                    Test::Compare(relation, constant) => {
                        write!(f, "{name} {} {}", relation.sign(), constant.value)
                    }
                    Test::Regex(Sense::Does, pattern) => write!(f, "{name} =~ {pattern}"),
                    Test::Regex(Sense::DoesNot, pattern) => write!(f, "{name} !~ {pattern}"),
                    Test::Glob(Sense::Does, glob) => write!(f, "{name} =* {}", Quoted(glob)),
                    Test::Glob(Sense::DoesNot, glob) => write!(f, "{name} !* {}", Quoted(glob)),
                    Test::Contains(Sense::Does, constant) => {
                        write!(f, "{} in {name}", constant.value)
                    }
                    Test::Contains(Sense::DoesNot, constant) => {
                        write!(f, "{} not in {name}", constant.value)
                    }
                }
            }
        }
    }
}

/// The parts with a word between them, those that bind less tightly in parentheses.
fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Filter],
    word: &str,
    looser: impl Fn(&Filter) -> bool,
) -> fmt::Result {
    for (nr, part) in parts.iter().enumerate() {
        if nr > 0 {
            write!(f, " {word} ")?;
        }
        match looser(part) {
            true => write!(f, "({part})")?,
            false => write!(f, "{part}")?,
        }
    }
    Ok(())
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "{}", Quoted(text)),
        }
    }
}

/// A text in quotes.
struct Quoted<'t>(&'t str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{0}{1}{0}", self.delimiter, self.source)?;
        if self.case == Case::Ignored {
            f.write_char('i')?;
        }
        if self.dot == Dot::Anything {
            f.write_char('s')?;
        }
        Ok(())
    }
}
