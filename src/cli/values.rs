//! How values are written on the command line: durations, sizes, lists of keys and values.
//!
//! Every function here is a clap value parser: it takes the text of one value and answers with what
//! is wrong with it in words that make sense after "invalid value '…' for '--option': ".

mod objects;
mod pairs;

use std::path::PathBuf;
use std::time::Duration;

use crate::hypervisor::DriverName;
use crate::limits::{
    DURATION_SECONDS, MIGRATION_SECONDS, NAME_BYTES, REASON_BYTES, SIZE, WATCH_SECONDS,
};

pub use objects::{Backend, CapacityArg, DiskArg, Placement, backend, capacity, disk, placement};
pub use pairs::{
    IdentKeyVals, KeyVal, KeyVals, Numbers, OfGroup, ProgramOptions, ident_key_vals, key_vals,
    numbers, of_group, program_options,
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
