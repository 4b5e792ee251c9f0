//! From the letters of a filter to its words.

use super::FilterError;
use super::tree::{Case, Dot, Pattern, Place, Relation, Sense};

/// What a filter consists of. Regular expressions stand only behind their operators, where
/// [`Lexer::pattern`] reads them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word<'t> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// A field, or one of `and`, `or`, `not`, `in`.
    Name(&'t str),
    /// A whole number.
    Number(i64),
    /// A text in quotes, without them.
    Text(String),
    /// Something that stands between a field and what it is compared with.
    Operator(Operator),
    /// There is no more.
    End,
}

/// What stands behind a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Compare(Relation),
    Regex(Sense),
    Glob(Sense),
}

/// Longer ones first: each stands for itself only where no longer one does.
const OPERATORS: [(&str, Operator); 11] = [
    ("==", Operator::Compare(Relation::Equal)),
    ("!=", Operator::Compare(Relation::NotEqual)),
    ("<=", Operator::Compare(Relation::AtMost)),
    (">=", Operator::Compare(Relation::AtLeast)),
    ("=~", Operator::Regex(Sense::Does)),
    ("!~", Operator::Regex(Sense::DoesNot)),
    ("=*", Operator::Glob(Sense::Does)),
    ("!*", Operator::Glob(Sense::DoesNot)),
    ("=", Operator::Compare(Relation::Equal)),
    ("<", Operator::Compare(Relation::Less)),
    (">", Operator::Compare(Relation::More)),
];

/// What can stand around a regular expression.
pub(super) const DELIMITERS: [char; 4] = ['/', '#', '^', '|'];

/// Whether a name can begin with this.
fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic()
}

/// Whether a name can go on with this.
fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.')
}

/// Reads a filter from its beginning.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Lexer<'t> {
        Lexer { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes what fits from here on.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// The next word, and where it begins.
    ///
    /// # Errors
    /// What can be no word.
    pub(super) fn word(&mut self) -> Result<(Word<'t>, Place), FilterError> {
        self.skip_blanks();
        let place = Place(self.at);
        let Some(first) = self.rest().chars().next() else {
            return Ok((Word::End, place));
        };
        let operator = OPERATORS
            .iter()
            .find(|(sign, _)| self.rest().starts_with(sign));
        let word = match (first, operator) {
            (_, Some((sign, operator))) => {
                self.at += sign.len();
                Word::Operator(*operator)
            }
            ('(', None) => {
                self.at += 1;
                Word::Open
            }
            (')', None) => {
                self.at += 1;
                Word::Close
            }
            ('"' | '\'', None) => Word::Text(self.quoted(first, place)?),
            (c, None) if c.is_ascii_digit() || c == '-' => self.number(place)?,
            (c, None) if begins_name(c) => Word::Name(self.take(in_name)),
            (c, None) => return Err(unexpected(c, place)),
        };
        Ok((word, place))
    }

    fn number(&mut self, place: Place) -> Result<Word<'t>, FilterError> {
        let start = self.at;
        self.at += usize::from(self.rest().starts_with('-'));
        self.take(|c| c.is_ascii_digit());
        let digits = &self.text[start..self.at];
        if let Some(c) = self.rest().chars().next().filter(|c| in_name(*c)) {
            let what = format!("a whole number has no {c:?} in it");
            return Err(FilterError::new(Place(self.at), what));
        }
        match digits.parse() {
            Ok(number) => Ok(Word::Number(number)),
            Err(_) if digits == "-" => Err(unexpected('-', place)),
            Err(_) => Err(FilterError::new(place, "the number is too large")),
        }
    }

    /// A text that ends with the quote that it begins with. A backslash before a quote or a
    /// backslash stands for nothing.
    fn quoted(&mut self, quote: char, place: Place) -> Result<String, FilterError> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match (c, chars.peek()) {
                (c, _) if c == quote => {
                    self.at += at + 1;
                    return Ok(text);
                }
                ('\\', Some((_, next @ ('"' | '\'' | '\\')))) => {
                    text.push(*next);
                    chars.next();
                }
                (c, _) => text.push(c),
            }
        }
        Err(FilterError::new(
            place,
            "the quote that begins here has no end",
        ))
    }

    /// The regular expression that is to stand here.
    ///
    /// # Errors
    /// What is there instead.
    pub(super) fn pattern(&mut self) -> Result<Pattern, FilterError> {
        self.skip_blanks();
        let start = Place(self.at);
        let mut chars = self.rest().chars();
        let begin = (chars.next(), chars.next());
        let (Some('m'), Some(delimiter)) = begin else {
            let what = "a regular expression is expected here";
            return Err(FilterError::new(start, what).hint("write it as m/EXPRESSION/"));
        };
        if !DELIMITERS.contains(&delimiter) {
            let what = "a regular expression stands between / / or # # or ^ ^ or | |";
            return Err(FilterError::new(start, what).hint("write it as m/EXPRESSION/"));
        }
        self.at += 2;
        let place = Place(self.at);
        let source = self.until(delimiter).ok_or_else(|| {
            FilterError::new(start, "the regular expression that begins here has no end")
        })?;
        let (mut case, mut dot) = (Case::default(), Dot::default());
        loop {
            match self.rest().chars().next() {
                Some('i') => case = Case::Ignored,
                Some('s') => dot = Dot::Anything,
                Some(c) if in_name(c) => {
                    let what = format!("a regular expression has no flag {c:?}");
                    let error = FilterError::new(Place(self.at), what);
                    return Err(error.hint("there are i (either case) and s (a dot is anything)"));
                }
                _ => break,
            }
            self.at += 1;
        }
        Ok(Pattern {
            delimiter,
            source: source.to_owned(),
            case,
            dot,
            place,
        })
    }

    /// What stands before the next delimiter that has no backslash before it, and goes on behind it.
    fn until(&mut self, delimiter: char) -> Option<&'t str> {
        let rest = self.rest();
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == '\\' {
                chars.next();
            } else if c == delimiter {
                self.at += at + delimiter.len_utf8();
                return Some(&rest[..at]);
            }
        }
        None
    }
}

fn unexpected(c: char, place: Place) -> FilterError {
    let error = FilterError::new(place, format!("nothing can begin with {c:?}"));
    match c {
        '&' => error.hint("write and"),
        '|' => error.hint("write or"),
        '!' => error.hint("write not"),
        _ => error,
    }
}
