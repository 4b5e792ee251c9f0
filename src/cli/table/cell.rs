//! What stands in one field of one row, and how it is shown.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::text::one_line;

use super::Style;

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

    /// As a part of a list: as it is shown, and nothing for what is missing.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Cell::NoData | Cell::Unavailable | Cell::Offline => String::new(),
            other => other.raw_text(&Style {
                units: Some(Units::M),
                ..Style::default()
            }),
        }
    }

    pub(super) fn text(&self, style: &Style) -> String {
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
            Cell::Json(Value::Object(map)) => {
                key_values(map).unwrap_or_else(|| json!(map).to_string())
            }
            Cell::Json(value) => value.to_string(),
            Cell::NoData => missing(style.verbose, "?", "(nodata)"),
            Cell::Unavailable => missing(style.verbose, "-", "(unavail)"),
            Cell::Offline => missing(style.verbose, "*", "(offline)"),
        }
    }

    pub(super) fn to_json(&self) -> Value {
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

/// Parameters as options take them, such as `maxmem=1024,vcpus=1`; none where there are values inside
/// values.
fn key_values(map: &Map<String, Value>) -> Option<String> {
    let pair = |(key, value): (&String, &Value)| match value {
        Value::Object(_) | Value::Array(_) => None,
        Value::String(text) => Some(format!("{key}={}", text.replace(',', "\\,"))),
        other => Some(format!("{key}={other}")),
    };
    Some(map.iter().map(pair).collect::<Option<Vec<_>>>()?.join(","))
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

/// MiB with one digit after the point, rounded up: what is there is more than nothing.
#[must_use]
pub fn tenths_of_mib(bytes: u64) -> f64 {
    bytes.saturating_mul(10).div_ceil(1 << 20) as f64 / 10.0
}

/// A moment for people: `YYYY-MM-DD HH:MM:SS` in local time.
#[must_use]
pub fn local_time(micros: i64) -> String {
    in_local_time(micros, "%Y-%m-%d %H:%M:%S")
}

/// A moment for people in local time, as C's `ctime` writes it.
#[must_use]
pub fn c_time(micros: i64) -> String {
    in_local_time(micros, "%a %b %e %H:%M:%S %Y")
}

fn in_local_time(micros: i64, format: &str) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(time) => {
            let zoned = time.to_zoned_datetime(jiff::tz::TimeZone::system());
            zoned.strftime(format).to_string()
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

/// The sign for something that is missing, or the word.
pub(super) fn missing(verbose: bool, short: &str, long: &str) -> String {
    if verbose { long } else { short }.to_owned()
}
