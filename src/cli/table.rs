//! Lists: a table of fields from which columns, `list-fields`, `-o` and the JSON document are made.
//!
//! The text follows Ganeti's rules, which scripts rely on: one space between columns, numbers to
//! the right, a last column to the left is not padded, `--separator` joins without padding.

mod cell;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::document::SCHEMA;
use super::exit::ExitCode;
use super::printer::Printer;
use super::problem::{Problem, Result};
use cell::missing;

pub use cell::{Cell, Units, c_time, local_time, mib_text, read_time, tenths_of_mib, utc_time};

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
    pub name: Cow<'static, str>,
    /// Its column's title.
    pub title: Cow<'static, str>,
    /// What it is.
    pub kind: Kind,
    /// What it means, for `list-fields`.
    pub doc: Cow<'static, str>,
    /// Where its value comes from.
    pub get: Get<T>,
}

/// Where a field's value comes from.
pub enum Get<T> {
    /// From the row.
    Row(fn(&T) -> Cell),
    /// From the row and what the field was made with.
    Bound(Box<dyn Fn(&T) -> Cell + Send + Sync>),
}

impl<T> Field<T> {
    /// A field that is known beforehand.
    pub const fn new(
        name: &'static str,
        title: &'static str,
        kind: Kind,
        doc: &'static str,
        get: fn(&T) -> Cell,
    ) -> Field<T> {
        Field {
            name: Cow::Borrowed(name),
            title: Cow::Borrowed(title),
            kind,
            doc: Cow::Borrowed(doc),
            get: Get::Row(get),
        }
    }

    /// A field that is made of something.
    pub fn bound(
        name: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        kind: Kind,
        doc: impl Into<Cow<'static, str>>,
        get: impl Fn(&T) -> Cell + Send + Sync + 'static,
    ) -> Field<T> {
        Field {
            name: name.into(),
            title: title.into(),
            kind,
            doc: doc.into(),
            get: Get::Bound(Box::new(get)),
        }
    }

    /// Its value.
    #[must_use]
    pub fn of(&self, row: &T) -> Cell {
        match &self.get {
            Get::Row(get) => get(row),
            Get::Bound(get) => get(row),
        }
    }
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

/// A list as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The table, or the document.
    pub text: String,
    /// The fields that were asked for and that there are not.
    pub unknown: Vec<String>,
}

/// Makes a table of rows or, if `json` is wanted, a document.
///
/// # Errors
/// When no field is named.
pub fn listing<T>(
    json: bool,
    fields: &[Field<T>],
    default: &str,
    style: &Style,
    rows: &[T],
) -> Result<Listing> {
    let names = names(style.output.as_deref(), default);
    if names.is_empty() {
        return Err(Problem::input("-o names no field").exit(ExitCode::Usage));
    }
    let columns: Vec<(&str, Option<&Field<T>>)> = (names.iter())
        .map(|name| {
            (
                name.as_str(),
                fields.iter().find(|field| field.name == *name),
            )
        })
        .collect();
    let unknown = columns.iter().filter(|(_, field)| field.is_none());
    Ok(Listing {
        unknown: unknown.map(|(name, _)| (*name).to_owned()).collect(),
        text: match json {
            true => document(&columns, rows),
            false => render(&columns, style, rows),
        },
    })
}

impl Listing {
    /// Says which fields are unknown, if any are, and how the list ends therefore.
    pub fn complain(&self, printer: &mut Printer) -> ExitCode {
        if self.unknown.is_empty() {
            return ExitCode::Done;
        }
        let list = self.unknown.join(", ");
        printer.complain(&format!("Warning: Queried for unknown fields {list}"));
        ExitCode::UnknownField
    }
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
    let listing = listing(printer.json, fields, default, style, rows)?;
    printer.data(&listing.text)?;
    Ok(listing.complain(printer))
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
            let value = field.map_or(Value::Null, |field| field.of(row).to_json());
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
            cells.push(field.map_or(*name, |field| field.title.as_ref()));
        }
    }
    for row in rows {
        for (_, field) in columns {
            match field {
                Some(field) => cells.push(&field.of(row).text(style)),
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
        Field::new("name", "Name", Kind::Text, "Name for -o", |(name, ..)| {
            Cell::Text(name.clone())
        }),
        Field::new(
            "title",
            "Title",
            Kind::Text,
            "Title of its column",
            |(_, title, _)| Cell::Text(title.clone()),
        ),
        Field::new(
            "doc",
            "Description",
            Kind::Text,
            "What it means",
            |(.., doc)| Cell::Text(doc.clone()),
        ),
    ];
    let row = |field: &Field<T>| {
        (
            field.name.to_string(),
            field.title.to_string(),
            field.doc.to_string(),
        )
    };
    let known = fields
        .iter()
        .filter(|f| wanted.is_empty() || wanted.iter().any(|w| *w == f.name));
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

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
