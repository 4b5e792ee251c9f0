//! The output of `info` commands: nested keys, as Ganeti prints them and YAML reads them.

use std::borrow::Cow;

use serde_json::Value;

use crate::text::steers;

use super::super::context::Context;
use super::super::document::SCHEMA;
use super::super::problem::Result;

/// Prints objects, one after the other, or with `--json` as a document.
///
/// # Errors
/// When it cannot be written.
pub fn print(cx: &mut Context, items: &[Vec<(&str, Value)>]) -> Result<()> {
    if cx.printer.json {
        let item = |pairs: &Vec<(&str, Value)>| {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (json_key(key), value.clone()));
            Value::Object(pairs.collect())
        };
        let items: Vec<Value> = items.iter().map(item).collect();
        let text = serde_json::json!({"schema": SCHEMA, "items": items}).to_string();
        return cx.printer.line(&text);
    }
    let mut text = String::new();
    for pairs in items {
        let mut first = items.len() > 1;
        for (key, value) in pairs {
            let lead = match (items.len() > 1, first) {
                (false, _) => "",
                (true, true) => "- ",
                (true, false) => "  ",
            };
            first = false;
            text.push_str(lead);
            let depth = usize::from(items.len() > 1);
            entry(&mut text, key, value, depth);
        }
    }
    cx.printer.data(&text)
}

/// `Total processing time` is `total_processing_time` in documents.
fn json_key(title: &str) -> String {
    title.to_lowercase().replace([' ', '-'], "_")
}

fn entry(text: &mut String, key: &str, value: &Value, depth: usize) {
    text.push_str(&quoted(key));
    text.push(':');
    below(text, value, depth);
}

/// A value behind its key: short ones on the same line, others below it, deeper.
fn below(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth + 1);
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            for (key, value) in map {
                text.push_str(&indent);
                entry(text, key, value, depth + 1);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                text.push_str(&indent);
                text.push('-');
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        for (nr, (key, value)) in map.iter().enumerate() {
                            match nr {
                                0 => text.push(' '),
                                _ => text.push_str(&format!("{indent}  ")),
                            }
                            entry(text, key, value, depth + 2);
                        }
                    }
                    other => below(text, other, depth + 1),
                }
            }
        }
        other => {
            let short = scalar(other);
            if !short.is_empty() {
                text.push(' ');
                text.push_str(&short);
            }
            text.push('\n');
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text).into_owned(),
        Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// A text as YAML reads it, on one line whatever is in it.
fn quoted(text: &str) -> Cow<'_, str> {
    if plain(text) {
        return text.into();
    }
    let json = Value::from(text).to_string();
    // JSON lets some characters stand that a terminal obeys.
    let escaped = |c: char| match steers(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    json.chars().map(escaped).collect()
}

/// Whether YAML reads the text as it stands.
fn plain(text: &str) -> bool {
    let special = |c: char| steers(c) || matches!(c, '#' | '"' | '{' | '[' | '&' | '*' | '!');
    !text.is_empty() && !text.contains(special) && !text.contains(": ") && text.trim() == text
}
