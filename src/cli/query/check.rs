//! A filter that is bound to the fields of a list: each name is a field, and each comparison is one
//! that this kind of field can stand.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;

use crate::cluster::{is_short_for, nearest};
use crate::limits::REGEX_BYTES;

use super::super::names;
use super::super::table::{Cell, Field, Kind, read_time};
use super::FilterError;
use super::tree::{Case, Constant, Dot, FieldName, Filter, Pattern, Relation, Sense, Test, Value};

/// A filter over rows of a list.
///
/// What a row does not have, or nobody can tell, equals nothing, is neither less nor more, fits no
/// pattern and is not true. `!=`, `!~`, `!*`, `not in` and `not` want all rows that the plain test
/// does not.
pub enum Checked<T: 'static> {
    /// All of these.
    All(Vec<Checked<T>>),
    /// One of these.
    Any(Vec<Checked<T>>),
    /// Not this.
    Not(Box<Checked<T>>),
    /// This field is so.
    Test(&'static Field<T>, Check),
}

/// What is asked of a cell.
pub enum Check {
    /// That it is true.
    True,
    /// That it stands so to a value.
    Compare(Relation, Operand),
    /// That a regular expression is found in it.
    Regex(Sense, Regex),
    /// That it fits a pattern.
    Glob(Sense, String),
    /// That it contains a value.
    Contains(Sense, Value),
}

/// What a cell is compared with, as its kind of field needs it.
pub enum Operand {
    /// A text or a number as it is.
    Plain(Value),
    /// A name, which may be short for the whole one.
    Name(String),
    /// A moment, in microseconds since 1970.
    Moment(i64),
}

impl<T> Checked<T> {
    /// Binds a filter to fields.
    ///
    /// # Errors
    /// There is no such field, or it cannot be compared so.
    pub fn new(filter: &Filter, fields: &'static [Field<T>]) -> Result<Checked<T>, FilterError> {
        let all = |parts: &[Filter]| -> Result<Vec<Checked<T>>, FilterError> {
            parts
                .iter()
                .map(|part| Checked::new(part, fields))
                .collect()
        };
        Ok(match filter {
            Filter::All(parts) => Checked::All(all(parts)?),
            Filter::Any(parts) => Checked::Any(all(parts)?),
            Filter::Not(inner) => Checked::Not(Box::new(Checked::new(inner, fields)?)),
            Filter::Test(name, test) => {
                let field = find(name, fields)?;
                Checked::Test(field, check(name, field.kind, test)?)
            }
        })
    }

    /// Whether a row fits.
    #[must_use]
    pub fn fits(&self, row: &T) -> bool {
        match self {
            Checked::All(parts) => parts.iter().all(|part| part.fits(row)),
            Checked::Any(parts) => parts.iter().any(|part| part.fits(row)),
            Checked::Not(inner) => !inner.fits(row),
            Checked::Test(field, check) => check.holds(&field.of(row)),
        }
    }
}

fn find<T>(
    name: &FieldName,
    fields: &'static [Field<T>],
) -> Result<&'static Field<T>, FilterError> {
    let known = fields.iter().find(|field| field.name == name.name);
    known.ok_or_else(|| {
        let what = format!("there is no field {}", name.name);
        let error = FilterError::new(name.place, what).unknown_field();
        match nearest(&name.name, fields.iter().map(|field| field.name.as_ref())) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("list-fields shows all fields"),
        }
    })
}

/// Whether a field of this kind can be asked this.
fn check(field: &FieldName, kind: Kind, test: &Test) -> Result<Check, FilterError> {
    let name = &field.name;
    Ok(match test {
        Test::True => Check::True,
        Test::Compare(relation, constant) => {
            Check::Compare(*relation, operand(field, kind, constant)?)
        }
        Test::Regex(..) | Test::Glob(..) if !has_text(kind) => {
            let what = format!("{name} is {}, which fits no pattern", said(kind));
            return Err(FilterError::new(field.place, what));
        }
        Test::Regex(sense, pattern) => Check::Regex(*sense, compiled(pattern)?),
        Test::Glob(sense, glob) => Check::Glob(*sense, glob.clone()),
        Test::Contains(..) if !matches!(kind, Kind::List | Kind::Other) => {
            let what = format!("{name} is {}, no list", said(kind));
            return Err(FilterError::new(field.place, what));
        }
        Test::Contains(sense, constant) => Check::Contains(*sense, constant.value.clone()),
    })
}

fn has_text(kind: Kind) -> bool {
    matches!(kind, Kind::Name | Kind::Text | Kind::List | Kind::Other)
}

/// What a kind is called.
fn said(kind: Kind) -> &'static str {
    match kind {
        Kind::Name | Kind::Text => "a text",
        Kind::Number => "a number",
        Kind::Unit => "a size in MiB",
        Kind::Bool => "yes or no",
        Kind::Time => "a moment",
        Kind::List => "a list",
        Kind::Other => "a structure",
    }
}

/// What a field of this kind is compared with.
fn operand(field: &FieldName, kind: Kind, constant: &Constant) -> Result<Operand, FilterError> {
    let name = &field.name;
    let wrong = |hint: String| {
        let what = format!("{name} is {}", said(kind));
        Err(FilterError::new(constant.place, what).hint(hint))
    };
    match (kind, &constant.value) {
        (Kind::Name, Value::Text(text)) => Ok(Operand::Name(text.clone())),
        (Kind::Text, Value::Text(_))
        | (Kind::Number | Kind::Unit, Value::Number(_))
        | (Kind::Other, _) => Ok(Operand::Plain(constant.value.clone())),
        (Kind::Time, Value::Number(seconds)) => {
            Ok(Operand::Moment(seconds.saturating_mul(1_000_000)))
        }
        (Kind::Time, Value::Text(text)) => match read_time(text) {
            Some(micros) => Ok(Operand::Moment(micros)),
            None => wrong("write it as \"2026-01-31 12:00:00\" or in seconds since 1970".into()),
        },
        (Kind::Name | Kind::Text, Value::Number(number)) => wrong(format!("write \"{number}\"")),
        (Kind::Number | Kind::Unit, Value::Text(_)) => {
            wrong("write a whole number without quotes".into())
        }
        (Kind::Bool, _) => wrong(format!("write {name} or not {name}")),
        (Kind::List, value) => wrong(format!("write {value} in {name}")),
    }
}

fn compiled(pattern: &Pattern) -> Result<Regex, FilterError> {
    let built = RegexBuilder::new(&pattern.source)
        .case_insensitive(pattern.case == Case::Ignored)
        .dot_matches_new_line(pattern.dot == Dot::Anything)
        .size_limit(REGEX_BYTES)
        .build();
    built.map_err(|error| {
        let what = match error {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
            // The last line says what is wrong; those before it show where, in their own way.
            other => {
                let text = other.to_string();
                let last = text.lines().last().unwrap_or_default();
                let why = last.trim_start_matches("error: ");
                format!("the regular expression makes no sense: {why}")
            }
        };
        FilterError::new(pattern.place, what)
    })
}

impl Check {
    /// Whether a cell is so.
    fn holds(&self, cell: &Cell) -> bool {
        match self {
            Check::True => is_true(cell),
            Check::Compare(relation, operand) => operand.compared(cell, *relation),
            Check::Regex(sense, regex) => sense.of(any_text(cell, |text| regex.is_match(text))),
            Check::Glob(sense, glob) => sense.of(any_text(cell, |text| names::matches(glob, text))),
            Check::Contains(sense, value) => sense.of(contains(cell, value)),
        }
    }
}

fn is_true(cell: &Cell) -> bool {
    match cell {
        Cell::Bool(value) => *value,
        Cell::Text(text) => !text.is_empty(),
        Cell::Number(number) => *number != 0,
        Cell::Float(number) => *number != 0.0,
        Cell::Mib(mib) => *mib != 0,
        Cell::Time(_) => true,
        Cell::List(texts) => !texts.is_empty(),
        Cell::Json(json) => match json {
            Json::Null => false,
            Json::Bool(value) => *value,
            Json::Number(number) => number.as_f64() != Some(0.0),
            Json::String(text) => !text.is_empty(),
            Json::Array(items) => !items.is_empty(),
            Json::Object(map) => !map.is_empty(),
        },
        Cell::NoData | Cell::Unavailable | Cell::Offline => false,
    }
}

/// Whether one of the texts of a cell is so.
fn any_text(cell: &Cell, is_so: impl Fn(&str) -> bool) -> bool {
    match cell {
        Cell::Text(text) | Cell::Json(Json::String(text)) => is_so(text),
        Cell::List(texts) => texts.iter().any(|text| is_so(text)),
        Cell::Json(Json::Array(items)) => items.iter().filter_map(Json::as_str).any(is_so),
        _ => false,
    }
}

fn contains(cell: &Cell, value: &Value) -> bool {
    match (cell, value) {
        (Cell::List(texts), Value::Text(text)) => texts.contains(text),
        (Cell::List(texts), Value::Number(number)) => texts.contains(&number.to_string()),
        (Cell::Json(Json::Array(items)), value) => items.iter().any(|item| equals(item, value)),
        (Cell::Json(Json::Object(map)), Value::Text(text)) => map.contains_key(text),
        _ => false,
    }
}

fn equals(item: &Json, value: &Value) -> bool {
    match value {
        Value::Text(text) => item.as_str() == Some(text),
        Value::Number(number) => item.as_i64() == Some(*number),
    }
}

impl Operand {
    /// Whether a cell stands so to it.
    fn compared(&self, cell: &Cell, relation: Relation) -> bool {
        if let (Operand::Name(short), Cell::Text(name)) = (self, cell)
            && matches!(relation, Relation::Equal | Relation::NotEqual)
        {
            return (relation == Relation::Equal) == is_short_for(short, name);
        }
        let order = self.order(cell);
        match relation {
            Relation::Equal => order == Some(Ordering::Equal),
            Relation::NotEqual => order != Some(Ordering::Equal),
            Relation::Less => order == Some(Ordering::Less),
            Relation::AtMost => order.is_some_and(Ordering::is_le),
            Relation::More => order == Some(Ordering::Greater),
            Relation::AtLeast => order.is_some_and(Ordering::is_ge),
        }
    }

    /// How a cell stands to it, where there is an order.
    fn order(&self, cell: &Cell) -> Option<Ordering> {
        match (cell, self) {
            (Cell::Text(a), Operand::Name(b)) => Some(a.as_str().cmp(b)),
            (Cell::Time(a), Operand::Moment(b)) => Some(a.cmp(b)),
            (Cell::Text(a) | Cell::Json(Json::String(a)), Operand::Plain(Value::Text(b))) => {
                Some(a.cmp(b))
            }
            (Cell::Number(a), Operand::Plain(Value::Number(b))) => Some(a.cmp(b)),
            (Cell::Mib(a), Operand::Plain(Value::Number(b))) => {
                Some(i128::from(*a).cmp(&i128::from(*b)))
            }
            (Cell::Float(a), Operand::Plain(Value::Number(b))) => a.partial_cmp(&(*b as f64)),
            (Cell::Json(Json::Number(a)), Operand::Plain(Value::Number(b))) => match a.as_i64() {
                Some(a) => Some(a.cmp(b)),
                None => a.as_f64()?.partial_cmp(&(*b as f64)),
            },
            _ => None,
        }
    }
}
