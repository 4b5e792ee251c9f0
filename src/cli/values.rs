//! How values are written on the command line: durations, sizes, lists of keys and values.
//!
//! Every function here is a clap value parser: it takes the text of one value and answers with what
//! is wrong with it in words that make sense after "invalid value '…' for '--option': ".

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::cluster::Capacity;
use crate::hypervisor::DriverName;
use crate::limits::{
    DURATION_SECONDS, MIGRATION_SECONDS, NAME_BYTES, REASON_BYTES, SIZE, WATCH_SECONDS,
};

/// Sizes are rounded up to a multiple of this many MiB: what volumes of a node are made of.
const SIZE_STEP_MIB: u64 = 4;

/// The longest duration that is understood.
const MAX_DURATION: Duration = Duration::from_secs(DURATION_SECONDS);

/// A duration: a whole number of seconds, or one with the unit s, m, h, d or w.
///
/// # Errors
/// What is wrong with the text.
pub fn duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected a whole number with an optional unit s, m, h, d or w";
    let (digits, factor) = match text.char_indices().next_back() {
        Some((at, unit)) if !unit.is_ascii_digit() => {
            let factor = match unit {
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                'w' => 604_800,
                _ => return Err(EXPECTED.into()),
            };
            (&text[..at], factor)
        }
        _ => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EXPECTED.into());
    }
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .map(Duration::from_secs)
        .filter(|duration| *duration <= MAX_DURATION)
        .ok_or_else(|| "longer than a hundred years".into())
}

/// How long a migration may take: a duration of a second at least and [`MIGRATION_SECONDS`] at most.
///
/// # Errors
/// What is wrong with the text.
pub fn migration_time(text: &str) -> Result<Duration, String> {
    let given = duration(text)?;
    match (1..=MIGRATION_SECONDS).contains(&given.as_secs()) {
        true => Ok(given),
        false => Err(format!("expected 1 to {MIGRATION_SECONDS} seconds")),
    }
}

/// The name of a driver.
///
/// # Errors
/// What is wrong with the text.
pub fn driver(text: &str) -> Result<DriverName, String> {
    let wrong = |_| "expected small letters, digits and hyphens, such as libvirt".to_owned();
    text.parse().map_err(wrong)
}

/// An absolute path, as text.
///
/// # Errors
/// What is wrong with the text.
pub fn absolute(text: &str) -> Result<String, String> {
    match text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => Err("expected an absolute path".into()),
    }
}

/// The time between two looks: a duration of a second at least and [`WATCH_SECONDS`] at most.
///
/// # Errors
/// What is wrong with the text.
pub fn interval(text: &str) -> Result<Duration, String> {
    let allowed = 1..=WATCH_SECONDS;
    (duration(text).ok())
        .filter(|duration| allowed.contains(&duration.as_secs()))
        .ok_or_else(|| format!("expected 1 to {WATCH_SECONDS} seconds; names stand before --watch"))
}

/// A size in MiB: a number with an optional unit M, G or T (also MB, MiB, …), MiB without one,
/// rounded up to a multiple of 4 MiB.
///
/// # Errors
/// What is wrong with the text.
pub fn size(text: &str) -> Result<u64, String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim_start());
    let factor: f64 = match unit.to_ascii_lowercase().as_str() {
        "" | "m" | "mb" | "mib" => 1.0,
        "g" | "gb" | "gib" => 1024.0,
        "t" | "tb" | "tib" => 1024.0 * 1024.0,
        _ => return Err("expected a number with an optional unit M, G or T".into()),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| "expected a number with an optional unit M, G or T".to_owned())?;
    let mib = (number * factor).ceil();
    if mib > SIZE as f64 {
        return Err("larger than any node".into());
    }
    // `mib` is a whole number between 0 and SIZE here.
    Ok((mib as u64).next_multiple_of(SIZE_STEP_MIB))
}

/// `yes` or `no`, also `true` or `false`, in any case.
///
/// # Errors
/// What is wrong with the text.
pub fn yes_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err("expected yes or no".into()),
    }
}

/// A share of 1: a number from 0 to 1.
///
/// # Errors
/// What is wrong with the text.
pub fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("expected a number from 0 to 1".into()),
    }
}

/// The name of a request: not empty, of a length that can be kept.
///
/// # Errors
/// What is wrong with the text.
pub fn request_id(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("it is empty".into()),
        length if length > NAME_BYTES => Err(format!("longer than {NAME_BYTES} bytes")),
        _ => Ok(text.into()),
    }
}

/// Why something is done: a text of a length that can be kept.
///
/// # Errors
/// What is wrong with the text.
pub fn reason(text: &str) -> Result<String, String> {
    match text.len() > REASON_BYTES {
        true => Err(format!("longer than {REASON_BYTES} bytes")),
        false => Ok(text.into()),
    }
}

/// A number of seconds, with a fraction if need be.
///
/// # Errors
/// What is wrong with the text.
pub fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=MAX_DURATION.as_secs_f64()).contains(&number) => Ok(number),
        _ => Err("expected a number of seconds, 0 or more".into()),
    }
}

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

/// One disk of a new instance, from `N:size=10G[,name=TEXT][,mode=rw|ro]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskArg {
    /// Its place, from 0.
    pub index: u32,
    /// MiB.
    pub size: u64,
    /// A name of its own.
    pub name: Option<String>,
    /// `rw` or `ro`.
    pub mode: Option<String>,
}

/// One disk of a new instance; see [`DiskArg`].
///
/// # Errors
/// What is wrong with the text.
pub fn disk(text: &str) -> Result<DiskArg, String> {
    let IdentKeyVals { ident, values } = ident_key_vals(text)?;
    let index = ident
        .parse()
        .map_err(|_| format!("{ident} is not the number of a disk"))?;
    let mut disk = DiskArg {
        index,
        size: 0,
        name: None,
        mode: None,
    };
    for (key, value) in values.0 {
        match (key.as_str(), value) {
            ("size", KeyVal::Text(text)) => disk.size = size(&text)?,
            ("name", KeyVal::Text(text)) => disk.name = Some(text),
            ("mode", KeyVal::Text(text)) if text == "rw" || text == "ro" => disk.mode = Some(text),
            ("mode", _) => return Err("the mode of a disk is rw or ro".into()),
            (key, _) => return Err(format!("{key}: a disk has size=, name= and mode=")),
        }
    }
    match disk.size {
        0 => Err("a disk needs a size, as in 0:size=10G".into()),
        _ => Ok(disk),
    }
}

/// Backend parameters, typed: `maxmem=1G,minmem=512M,vcpus=2`; `memory=` sets both memory sizes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Backend(pub Map<String, Value>);

/// Backend parameters; see [`Backend`].
///
/// # Errors
/// What is wrong with the text.
pub fn backend(text: &str) -> Result<Backend, String> {
    let mut map = Map::new();
    for (key, value) in key_vals(text)?.0 {
        let value = match (key.as_str(), value) {
            (key, KeyVal::Text(text)) if text == "default" && is_backend(key) => Value::Null,
            ("maxmem" | "minmem" | "memory", KeyVal::Text(text)) => Value::from(size(&text)?),
            ("vcpus" | "spindle_use", KeyVal::Text(text)) => {
                let number: u32 = text
                    .parse()
                    .map_err(|_| format!("{key} is a whole number, not {text:?}"))?;
                Value::from(number)
            }
            ("auto_balance" | "always_failover", KeyVal::Text(text)) => {
                Value::Bool(yes_no(&text).map_err(|wrong| format!("{key}: {wrong}"))?)
            }
            ("auto_balance" | "always_failover", KeyVal::Flag(flag)) => Value::Bool(flag),
            (key, KeyVal::Reset) if is_backend(key) => Value::Null,
            (key, _) if is_backend(key) => return Err(format!("{key} needs a value")),
            (key, _) => {
                return Err(format!(
                    "unknown parameter {key}, known are {}",
                    BACKEND_KEYS.join(", ")
                ));
            }
        };
        if key == "memory" {
            map.insert("maxmem".into(), value.clone());
            map.insert("minmem".into(), value);
        } else {
            map.insert(key, value);
        }
    }
    Ok(Backend(map))
}

const BACKEND_KEYS: [&str; 7] = [
    "memory",
    "maxmem",
    "minmem",
    "vcpus",
    "spindle_use",
    "auto_balance",
    "always_failover",
];

fn is_backend(key: &str) -> bool {
    BACKEND_KEYS.contains(&key)
}

/// What of a node's size is given: `memory=64G,disk=1T,cpus=32,spindles=4`, any of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CapacityArg {
    /// MiB.
    pub memory: Option<u64>,
    /// MiB.
    pub disk: Option<u64>,
    /// CPUs.
    pub cpus: Option<u64>,
    /// Spindles.
    pub spindles: Option<u64>,
}

impl CapacityArg {
    /// A node's size with the given parts put in place.
    #[must_use]
    pub fn over(self, now: Capacity) -> Capacity {
        Capacity {
            memory: self.memory.unwrap_or(now.memory),
            disk: self.disk.unwrap_or(now.disk),
            cpus: self.cpus.unwrap_or(now.cpus),
            spindles: self.spindles.unwrap_or(now.spindles),
        }
    }
}

/// A node's size; see [`CapacityArg`].
///
/// # Errors
/// What is wrong with the text.
pub fn capacity(text: &str) -> Result<CapacityArg, String> {
    let count = |key: &str, text: &str| -> Result<u64, String> {
        let number: u32 = text
            .parse()
            .map_err(|_| format!("{key} is a whole number, not {text:?}"))?;
        Ok(number.into())
    };
    let mut capacity = CapacityArg::default();
    for (key, value) in key_vals(text)?.0 {
        let KeyVal::Text(text) = value else {
            return Err(format!("{key} needs a value, as in memory=64G"));
        };
        match key.as_str() {
            "memory" => capacity.memory = Some(size(&text)?),
            "disk" => capacity.disk = Some(size(&text)?),
            "cpus" => capacity.cpus = Some(count("cpus", &text)?),
            "spindles" => capacity.spindles = Some(count("spindles", &text)?),
            _ => {
                return Err(format!(
                    "unknown part {key}, known are memory, disk, cpus, spindles"
                ));
            }
        }
    }
    Ok(capacity)
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

/// The path of a directory that means the same wherever it is used.
///
/// # Errors
/// What is wrong with the text.
pub fn absolute_path(text: &str) -> Result<PathBuf, String> {
    match text.starts_with('/') {
        true => Ok(PathBuf::from(text)),
        false => Err("expected a path that begins with /".into()),
    }
}

/// Where a new instance goes: `primary[:secondary]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Name of the primary node.
    pub primary: String,
    /// Name of the secondary node.
    pub secondary: Option<String>,
}

/// Where a new instance goes; see [`Placement`].
///
/// # Errors
/// What is wrong with the text.
pub fn placement(text: &str) -> Result<Placement, String> {
    let (primary, secondary) = match text.split_once(':') {
        Some((primary, secondary)) => (primary, Some(secondary)),
        None => (text, None),
    };
    if primary.is_empty() || secondary.is_some_and(|node| node.is_empty() || node.contains(':')) {
        return Err("expected NODE or NODE:NODE".into());
    }
    Ok(Placement {
        primary: primary.to_owned(),
        secondary: secondary.map(str::to_owned),
    })
}

/// How old: a duration, or `all` for any age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// At least so old.
    AtLeast(Duration),
    /// Any.
    All,
}

/// How old; see [`Age`].
///
/// # Errors
/// What is wrong with the text.
pub fn age(text: &str) -> Result<Age, String> {
    match text {
        "all" => Ok(Age::All),
        _ => duration(text)
            .map(Age::AtLeast)
            .map_err(|wrong| format!("{wrong}, or all")),
    }
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
