//! Lists: a table of fields from which columns, `list-fields`, `-o` and the JSON document are made.
//!
//! The text follows Ganeti's rules, which scripts rely on: one space between columns, numbers to
//! the right, a last column to the left is not padded, `--separator` joins without padding.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::text::one_line;

use super::document::SCHEMA;
use super::exit::ExitCode;
use super::printer::Printer;
use super::problem::{Problem, Result};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A number.
    Number(i64),
    /// A number with a fraction.
    Float(f64),
    /// `Y` or `N`.
    Bool(bool),
    /// MiB, shown as `--units` says.
    Mib(u64),
    /// Microseconds since 1970, shown in local time, RFC 3339 UTC in documents.
    Time(i64),
    /// Several texts, shown joined by commas.
    List(Vec<String>),
    /// Any JSON value.
    Json(Value),
    /// Nobody could tell.
    NoData,
    /// It does not apply.
    Unavailable,
    /// The node is offline.
    Offline,
}

/// How MiB are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Units {
    /// For people: a unit that fits, with its letter.
    H,
    /// MiB.
    M,
    /// GiB.
    G,
    /// TiB.
    T,
}

/// What a field holds, and so how its column is aligned and what filters can ask of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Left; the name of an object, which filters take shortened up to a dot.
    Name,
    /// Left.
    Text,
    /// Right.
    Number,
    /// Right; MiB.
    Unit,
    /// Left; `Y` or `N`.
    Bool,
    /// Left; a moment.
    Time,
    /// Left; several texts.
    List,
    /// Left.
    Other,
}

/// A field that lists can show of a `T`.
pub struct Field<T> {
    /// Its name for `-o` and in documents.
    pub name: &'static str,
    /// Its column's title.
    pub title: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it means, for `list-fields`.
    pub doc: &'static str,
    /// Its value.
    pub get: fn(&T) -> Cell,
}

/// How a list is shown.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// `-o`: comma list of names; a leading `+` adds to the default ones.
    pub output: Option<String>,
    /// No line of titles.
    pub no_headers: bool,
    /// Join cells with this, without padding.
    pub separator: Option<String>,
    /// How MiB are shown.
    pub units: Option<Units>,
    /// Long words for missing values.
    pub verbose: bool,
}

/// Shows rows, as a table or, with `--json`, as a document. Unknown fields are said; the list is
/// shown all the same.
///
/// # Errors
/// When it cannot be written; [`ExitCode::UnknownField`] is a value, not an error.
pub fn show<T>(
    printer: &mut Printer,
    fields: &[Field<T>],
    default: &str,
    style: &Style,
    rows: &[T],
) -> Result<ExitCode> {
    let names = names(style.output.as_deref(), default);
    if names.is_empty() {
        return Err(Problem::input("-o names no field").exit(ExitCode::Usage));
    }
    let columns: Vec<(&str, Option<&Field<T>>)> = (names.iter())
        .map(|name| {
            (
                name.as_str(),
                fields.iter().find(|field| field.name == name),
            )
        })
        .collect();
    let unknown: Vec<&str> = (columns.iter())
        .filter(|(_, field)| field.is_none())
        .map(|(name, _)| *name)
        .collect();
    let text = match printer.json {
        true => document(&columns, rows),
        false => render(&columns, style, rows),
    };
    printer.data(&text)?;
    if unknown.is_empty() {
        return Ok(ExitCode::Done);
    }
    let list = unknown.join(", ");
    printer.complain(&format!("Warning: Queried for unknown fields {list}"));
    Ok(ExitCode::UnknownField)
}

/// The names of the fields that are wanted.
fn names(output: Option<&str>, default: &str) -> Vec<String> {
    let list = match output {
        None => default.to_owned(),
        Some(more) if more.starts_with('+') => format!("{default},{}", &more[1..]),
        Some(only) => only.to_owned(),
    };
    let names = list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

fn document<T>(columns: &[(&str, Option<&Field<T>>)], rows: &[T]) -> String {
    // In the order of their names, each once, as in all documents.
    let columns: BTreeMap<&str, Option<&Field<T>>> = columns.iter().copied().collect();
    let keys: Vec<(String, Option<&Field<T>>)> = (columns.into_iter())
        .map(|(name, field)| (format!("{}:", json!(name)), field))
        .collect();
    let mut text = format!("{{\"schema\":{SCHEMA},\"items\":[");
    for (nr, row) in rows.iter().enumerate() {
        text.push_str(if nr == 0 { "\n" } else { ",\n" });
        for (nr, (key, field)) in keys.iter().enumerate() {
            text.push(if nr == 0 { '{' } else { ',' });
            text.push_str(key);
            let value = field.map_or(Value::Null, |field| (field.get)(row).to_json());
            // Writing to a string cannot fail.
            let _ = write!(text, "{value}");
        }
        text.push('}');
    }
    text.push_str(if rows.is_empty() { "]}\n" } else { "\n]}\n" });
    text
}

/// The texts of all cells, one behind the other: there may be a hundred thousand.
#[derive(Default)]
struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// The texts in order, row after row.
    fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        (self.ends.iter()).map(move |end| &self.text[std::mem::replace(&mut start, *end)..*end])
    }
}

fn render<T>(columns: &[(&str, Option<&Field<T>>)], style: &Style, rows: &[T]) -> String {
    let mut cells = Cells::default();
    if !style.no_headers {
        for (name, field) in columns {
            cells.push(field.map_or(*name, |field| field.title));
        }
    }
    for row in rows {
        for (_, field) in columns {
            match field {
                Some(field) => cells.push(&(field.get)(row).text(style)),
                None => cells.push(&missing(style.verbose, "??", "(unknown)")),
            }
        }
    }
    let mut text = String::with_capacity(2 * cells.text.len());
    let last = columns.len() - 1;
    if let Some(separator) = &style.separator {
        for (nr, cell) in cells.iter().enumerate() {
            text.push_str(cell);
            text.push_str(if nr % columns.len() == last {
                "\n"
            } else {
                separator
            });
        }
        return text;
    }
    let right = |(_, field): &(&str, Option<&Field<T>>)| {
        field.is_some_and(|field| matches!(field.kind, Kind::Number | Kind::Unit))
    };
    let right: Vec<bool> = columns.iter().map(right).collect();
    let mut widths: Vec<usize> = vec![0; columns.len()];
    for (nr, cell) in cells.iter().enumerate() {
        let width = &mut widths[nr % columns.len()];
        *width = (*width).max(cell.chars().count());
    }
    for (nr, cell) in cells.iter().enumerate() {
        let column = nr % columns.len();
        let pad = widths[column] - cell.chars().count();
        if right[column] {
            text.extend(std::iter::repeat_n(' ', pad));
        }
        text.push_str(cell);
        if column == last {
            text.push('\n');
            continue;
        }
        if !right[column] {
            text.extend(std::iter::repeat_n(' ', pad));
        }
        text.push(' ');
    }
    text
}

/// Shows which fields there are, or those of the given names.
///
/// # Errors
/// When it cannot be written.
pub fn list_fields<T>(
    printer: &mut Printer,
    fields: &[Field<T>],
    wanted: &[String],
    style: &Style,
) -> Result<ExitCode> {
    const FIELDS: [Field<(String, String, String)>; 3] = [
        Field {
            name: "name",
            title: "Name",
            kind: Kind::Text,
            doc: "Name for -o",
            get: |(name, ..)| Cell::Text(name.clone()),
        },
        Field {
            name: "title",
            title: "Title",
            kind: Kind::Text,
            doc: "Title of its column",
            get: |(_, title, _)| Cell::Text(title.clone()),
        },
        Field {
            name: "doc",
            title: "Description",
            kind: Kind::Text,
            doc: "What it means",
            get: |(.., doc)| Cell::Text(doc.clone()),
        },
    ];
    let row = |field: &Field<T>| {
        (
            field.name.to_owned(),
            field.title.to_owned(),
            field.doc.to_owned(),
        )
    };
    let known = fields
        .iter()
        .filter(|f| wanted.is_empty() || wanted.iter().any(|w| w == f.name));
    let rows: Vec<_> = known.map(row).collect();
    let unknown = wanted
        .iter()
        .filter(|w| !fields.iter().any(|f| f.name == **w));
    let unknown: Vec<&str> = unknown.map(String::as_str).collect();
    show(printer, &FIELDS, "name,title,doc", style, &rows)?;
    if unknown.is_empty() {
        return Ok(ExitCode::Done);
    }
    printer.complain(&format!("Warning: unknown fields {}", unknown.join(", ")));
    Ok(ExitCode::UnknownField)
}

fn missing(verbose: bool, short: &str, long: &str) -> String {
    if verbose { long } else { short }.to_owned()
}

impl Cell {
    /// A text, or that it does not apply.
    #[must_use]
    pub fn text_or_unavailable(text: Option<impl Into<String>>) -> Cell {
        text.map_or(Cell::Unavailable, |text| Cell::Text(text.into()))
    }

    /// A moment, or that it does not apply.
    #[must_use]
    pub fn time_or_unavailable(micros: Option<i64>) -> Cell {
        micros.map_or(Cell::Unavailable, Cell::Time)
    }

    fn text(&self, style: &Style) -> String {
        let text = self.raw_text(style);
        match one_line(&text) {
            Cow::Owned(harmless) => harmless,
            Cow::Borrowed(_) => text,
        }
    }

    /// The same with whatever controls those who chose the names put into them.
    fn raw_text(&self, style: &Style) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Float(number) => number.to_string(),
            Cell::Bool(true) => "Y".to_owned(),
            Cell::Bool(false) => "N".to_owned(),
            Cell::Mib(mib) => {
                let default = match style.separator {
                    Some(_) => Units::M,
                    None => Units::H,
                };
                mib_text(*mib, style.units.unwrap_or(default))
            }
            Cell::Time(micros) => local_time(*micros),
            Cell::List(texts) => texts.join(","),
            Cell::Json(Value::Object(map)) if map.is_empty() => "(empty)".to_owned(),
            Cell::Json(value) => value.to_string(),
            Cell::NoData => missing(style.verbose, "?", "(nodata)"),
            Cell::Unavailable => missing(style.verbose, "-", "(unavail)"),
            Cell::Offline => missing(style.verbose, "*", "(offline)"),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Cell::Text(text) => json!(text),
            Cell::Number(number) => json!(number),
            Cell::Float(number) => json!(number),
            Cell::Bool(value) => json!(value),
            Cell::Mib(mib) => json!(mib),
            Cell::Time(micros) => json!(utc_time(*micros)),
            Cell::List(texts) => json!(texts),
            Cell::Json(value) => value.clone(),
            Cell::NoData | Cell::Unavailable | Cell::Offline => Value::Null,
        }
    }
}

/// MiB as `--units` says.
#[must_use]
pub fn mib_text(mib: u64, units: Units) -> String {
    let in_units = |factor: f64| format!("{:.1}", mib as f64 / factor);
    match units {
        Units::H if mib < 1 << 10 => format!("{mib}M"),
        Units::H if mib < 1 << 20 => format!("{}G", in_units(1024.0)),
        Units::H => format!("{}T", in_units(1024.0 * 1024.0)),
        Units::M => mib.to_string(),
        Units::G => in_units(1024.0),
        Units::T => in_units(1024.0 * 1024.0),
    }
}

/// A moment for people: `YYYY-MM-DD HH:MM:SS` in local time.
#[must_use]
pub fn local_time(micros: i64) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(time) => {
            let zoned = time.to_zoned_datetime(jiff::tz::TimeZone::system());
            zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        Err(_) => micros.to_string(),
    }
}

/// A moment as people and programs are shown it.
#[must_use]
pub fn read_time(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_microsecond());
    }
    let time: jiff::civil::DateTime = text.parse().ok()?;
    let zoned = time.to_zoned_datetime(jiff::tz::TimeZone::system()).ok()?;
    Some(zoned.timestamp().as_microsecond())
}

/// A moment for programs: RFC 3339, UTC.
#[must_use]
pub fn utc_time(micros: i64) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(time) => time.to_string(),
        Err(_) => micros.to_string(),
    }
}

/// A problem of a list that names something which is not there.
#[must_use]
pub fn no_such(kind: &str, name: &str) -> Problem {
    Problem::unknown(format!("{kind} {name} is not known"))
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
