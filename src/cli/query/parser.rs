//! From the words of a filter to its meaning.
//!
//! ```text
//! either  = both { "or" both }
//! both    = one { "and" one }
//! one     = "not" one | "(" either ")" | value ["not"] "in" field | field [operator value]
//! ```

use crate::limits::{FILTER_BYTES, FILTER_DEPTH};

use super::FilterError;
use super::lexer::{Lexer, Operator, Word};
use super::tree::{Constant, FieldName, Filter, Place, Sense, Test, Value};

/// Understands a filter.
///
/// # Errors
/// What makes no sense, and where.
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    if text.len() > FILTER_BYTES {
        let what = format!(
            "it has {} bytes, and at most {FILTER_BYTES} are read",
            text.len()
        );
        return Err(FilterError::new(Place(FILTER_BYTES), what));
    }
    let mut parser = Parser {
        lexer: Lexer::new(text),
        next: None,
        depth: 0,
    };
    let filter = parser.either()?;
    match parser.take()? {
        (Word::End, _) => Ok(filter),
        (Word::Close, place) => Err(FilterError::new(
            place,
            "this parenthesis closes nothing that was opened",
        )),
        (_, place) => Err(FilterError::new(
            place,
            "and, or, or the end is expected here",
        )),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// A word that was looked at and not taken.
    next: Option<(Word<'t>, Place)>,
    /// How many parentheses and `not` are around what is read.
    depth: usize,
}

impl<'t> Parser<'t> {
    fn take(&mut self) -> Result<(Word<'t>, Place), FilterError> {
        match self.next.take() {
            Some(word) => Ok(word),
            None => self.lexer.word(),
        }
    }

    fn peek(&mut self) -> Result<&Word<'t>, FilterError> {
        let word = self.take()?;
        Ok(&self.next.insert(word).0)
    }

    /// Takes the next word if it is this one.
    fn took(&mut self, word: &Word<'_>) -> Result<bool, FilterError> {
        let there = self.peek()? == word;
        if there {
            self.next = None;
        }
        Ok(there)
    }

    fn either(&mut self) -> Result<Filter, FilterError> {
        self.joined("or", Parser::both, Filter::Any)
    }

    fn both(&mut self) -> Result<Filter, FilterError> {
        self.joined("and", Parser::one, Filter::All)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Filter, FilterError>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter, FilterError> {
        let first = part(self)?;
        let mut parts = vec![];
        while self.took(&Word::Name(word))? {
            parts.push(part(self)?);
        }
        if parts.is_empty() {
            return Ok(first);
        }
        parts.insert(0, first);
        Ok(join(parts))
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        let (word, place) = self.take()?;
        match word {
            Word::Name("not") => {
                let inner = self.deeper(place, Parser::one)?;
                Ok(Filter::Not(Box::new(inner)))
            }
            Word::Open => {
                let inner = self.deeper(place, Parser::either)?;
                match self.took(&Word::Close)? {
                    true => Ok(inner),
                    false => Err(FilterError::new(
                        place,
                        "the parenthesis that is opened here is not closed",
                    )),
                }
            }
            Word::Number(number) => self.contained(Value::Number(number), place),
            Word::Text(text) => self.contained(Value::Text(text), place),
            Word::Name(word @ ("and" | "or" | "in")) => Err(FilterError::new(
                place,
                format!("a field is expected before {word}"),
            )),
            Word::Name(name) => self.tested(field(name, place)),
            Word::Operator(_) | Word::Close | Word::End => {
                Err(FilterError::new(place, "a field is expected here"))
            }
        }
    }

    /// Reads something that is one level further inside.
    fn deeper(
        &mut self,
        place: Place,
        inner: fn(&mut Self) -> Result<Filter, FilterError>,
    ) -> Result<Filter, FilterError> {
        if self.depth == FILTER_DEPTH {
            let what = format!("it is nested deeper than {FILTER_DEPTH} levels");
            return Err(FilterError::new(place, what));
        }
        self.depth += 1;
        let filter = inner(self);
        self.depth -= 1;
        filter
    }

    /// What is asked of a field that was named.
    fn tested(&mut self, field: FieldName) -> Result<Filter, FilterError> {
        let &Word::Operator(operator) = self.peek()? else {
            return Ok(Filter::Test(field, Test::True));
        };
        self.next = None;
        let test = match operator {
            Operator::Regex(sense) => Test::Regex(sense, self.lexer.pattern()?),
            Operator::Compare(relation) => Test::Compare(relation, self.constant()?),
            Operator::Glob(sense) => match self.constant()? {
                Constant {
                    value: Value::Text(glob),
                    ..
                } => Test::Glob(sense, glob),
                Constant { place, .. } => {
                    return Err(FilterError::new(place, "a pattern stands in quotes"));
                }
            },
        };
        Ok(Filter::Test(field, test))
    }

    fn constant(&mut self) -> Result<Constant, FilterError> {
        let (word, place) = self.take()?;
        let value = match word {
            Word::Number(number) => Value::Number(number),
            Word::Text(text) => Value::Text(text),
            Word::Name(name) => {
                let error = FilterError::new(place, "a text stands in quotes");
                return Err(error.hint(format!("write \"{name}\"")));
            }
            Word::Open | Word::Close | Word::Operator(_) | Word::End => {
                return Err(FilterError::new(
                    place,
                    "a number or a text in quotes is expected here",
                ));
            }
        };
        Ok(Constant { value, place })
    }

    /// In which field a value is to be.
    fn contained(&mut self, value: Value, place: Place) -> Result<Filter, FilterError> {
        let (word, at) = self.take()?;
        let sense = match word {
            Word::Name("in") => Sense::Does,
            Word::Name("not") if self.took(&Word::Name("in"))? => Sense::DoesNot,
            Word::Operator(Operator::Compare(_)) => {
                let error = FilterError::new(place, "the field comes first in a comparison");
                return Err(error.hint(format!("write FIELD == {value}")));
            }
            _ => {
                return Err(FilterError::new(
                    at,
                    "in or not in is expected behind a value",
                ));
            }
        };
        match self.take()? {
            (Word::Name(name), at) if !matches!(name, "and" | "or" | "not" | "in") => {
                let test = Test::Contains(sense, Constant { value, place });
                Ok(Filter::Test(field(name, at), test))
            }
            (_, at) => Err(FilterError::new(at, "a field is expected here")),
        }
    }
}

fn field(name: &str, place: Place) -> FieldName {
    FieldName {
        name: name.to_owned(),
        place,
    }
}
