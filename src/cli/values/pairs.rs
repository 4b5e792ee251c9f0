//! Lists of keys and values, and what is said by a name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One value of a list of keys and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyVal {
    /// `key=text`.
    Text(String),
    /// `key` alone means true, `no_key` means false.
    Flag(bool),
    /// `-key`: back to the default.
    Reset,
}

/// A list `k=v,k2,no_k3,-k4`; a comma inside a value is written `\,`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyVals(pub BTreeMap<String, KeyVal>);

impl KeyVals {
    /// The same as a JSON object: texts, booleans, null for what goes back to the default.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let value = |value: &KeyVal| match value {
            KeyVal::Text(text) => Value::String(text.clone()),
            KeyVal::Flag(flag) => Value::Bool(*flag),
            KeyVal::Reset => Value::Null,
        };
        let pairs = self.0.iter();
        pairs.map(|(key, v)| (key.clone(), value(v))).collect()
    }
}

/// Splits at `separator` where no backslash stands before it, and takes those backslashes out.
fn split_escaped(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = c == '\\' && matches!(chars.peek(), Some(&n) if n == separator || n == '\\');
        if c == separator {
            parts.push(String::new());
            continue;
        }
        let c = if escaped {
            chars.next().unwrap_or(c)
        } else {
            c
        };
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// A list of keys and values; see [`KeyVals`].
///
/// # Errors
/// What is wrong with the text.
pub fn key_vals(text: &str) -> Result<KeyVals, String> {
    let mut pairs = BTreeMap::new();
    for part in split_escaped(text, ',') {
        let (key, value) = match part.split_once('=') {
            Some((key, value)) => (key, KeyVal::Text(value.to_owned())),
            None => match (part.strip_prefix("no_"), part.strip_prefix('-')) {
                (Some(key), _) => (key, KeyVal::Flag(false)),
                (None, Some(key)) => (key, KeyVal::Reset),
                (None, None) => (part.as_str(), KeyVal::Flag(true)),
            },
        };
        if key.is_empty() {
            return Err("expected key=value, separated by commas".into());
        }
        if pairs.insert(key.to_owned(), value).is_some() {
            return Err(format!("the key {key} is given twice"));
        }
    }
    Ok(KeyVals(pairs))
}

/// `ident:k=v,…`, such as `kvm:kernel_path=/boot/vmlinuz` or `0:size=10G`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentKeyVals {
    /// What stands before the colon.
    pub ident: String,
    /// What stands after it; empty if there is no colon.
    pub values: KeyVals,
}

/// A name with keys and values of its own; see [`IdentKeyVals`].
///
/// # Errors
/// What is wrong with the text.
pub fn ident_key_vals(text: &str) -> Result<IdentKeyVals, String> {
    let (ident, values) = match text.split_once(':') {
        Some((ident, "")) => (ident, KeyVals::default()),
        Some((ident, values)) => (ident, key_vals(values)?),
        None => (text, KeyVals::default()),
    };
    if ident.is_empty() {
        return Err("expected NAME:key=value,…".into());
    }
    Ok(IdentKeyVals {
        ident: ident.to_owned(),
        values,
    })
}

/// Whole numbers by key: `start=100,migrate=0`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers(pub BTreeMap<String, u64>);

/// Whole numbers by key; see [`Numbers`].
///
/// # Errors
/// What is wrong with the text.
pub fn numbers(text: &str) -> Result<Numbers, String> {
    let mut numbers = BTreeMap::new();
    for (key, value) in key_vals(text)?.0 {
        let KeyVal::Text(text) = value else {
            return Err(format!("{key} needs a value, as in {key}=100"));
        };
        let number: u32 = text
            .parse()
            .map_err(|_| format!("{key} is a whole number, not {text:?}"))?;
        numbers.insert(key, number.into());
    }
    Ok(Numbers(numbers))
}

/// Options that a program is called with: `--key=value`, or `--key` where there is no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgramOptions(pub BTreeMap<String, Option<String>>);

/// Options of a program, from `key=value,key2`; see [`ProgramOptions`]. An empty text is none.
///
/// # Errors
/// What is wrong with the text.
pub fn program_options(text: &str) -> Result<ProgramOptions, String> {
    let mut options = BTreeMap::new();
    if text.is_empty() {
        return Ok(ProgramOptions(options));
    }
    for part in split_escaped(text, ',') {
        let (key, value) = match part.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (part.as_str(), None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if key.is_empty() || key.starts_with('-') || !key.chars().all(plain) {
            return Err(format!(
                "{key:?} is no name of an option; expected key=value,…"
            ));
        }
        if options.insert(key.to_owned(), value).is_some() {
            return Err(format!("the key {key} is given twice"));
        }
    }
    Ok(ProgramOptions(options))
}

/// What is set for a group, from `GROUP=TEXT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfGroup {
    /// The group's name.
    pub group: String,
    /// What is set; `None` where nothing stands behind the `=`.
    pub value: Option<String>,
}

/// What is set for a group; see [`OfGroup`].
///
/// # Errors
/// What is wrong with the text.
pub fn of_group(text: &str) -> Result<OfGroup, String> {
    match text.split_once('=') {
        Some((group, value)) if !group.is_empty() => Ok(OfGroup {
            group: group.to_owned(),
            value: Some(value.to_owned()).filter(|value| !value.is_empty()),
        }),
        _ => Err("expected GROUP=NAME".into()),
    }
}
