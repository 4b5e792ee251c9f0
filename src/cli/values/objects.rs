//! What an instance or a node is made of, and where one goes.

use serde_json::{Map, Value};

use super::{IdentKeyVals, KeyVal, ident_key_vals, key_vals, size, yes_no};
use crate::cluster::Capacity;

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
