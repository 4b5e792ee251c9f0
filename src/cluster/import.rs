//! Reading a cluster from a file: a Ganeti `config.data`, our own export, or an htools text.

mod bounds;
mod fields;
mod ganeti;
mod htools;
mod sizes;
#[cfg(test)]
mod tests;

use serde_json::Value;
use thiserror::Error;

use crate::limits::parse_json;

use super::Config;
use super::export::Settings;

/// A cluster read from a file.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Its objects.
    pub config: Config,
    /// What else the file tells.
    pub settings: Settings,
    /// What was left out or made up, a sentence each, for the operator.
    pub notes: Vec<String>,
}

/// Why a file is not a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot import {file}: {reason}")]
pub struct ImportError {
    /// The file, as it was called.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What is wrong with a file, before its name is put to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    reason: String,
    hint: Option<String>,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Fault {
        Fault {
            reason: reason.into(),
            hint: None,
        }
    }

    fn hint(self, hint: &str) -> Fault {
        Fault {
            hint: Some(hint.to_owned()),
            ..self
        }
    }
}

/// What a file has to be, for those whose file is not.
const EXPECTED: &str = "expected a Ganeti config.data of version 2.10 to 3.1, an export of this \
                        program, or an htools text file";

/// Reads the cluster in `text`, which is the content of `file`. What it is is seen from the content.
///
/// # Errors
///
/// If it is none of the known formats, or something in it does not have the type it should have.
pub fn read(text: &[u8], file: &str) -> Result<Imported, ImportError> {
    let read = recognise(text).and_then(|imported| {
        bounds::check(&imported)?;
        Ok(imported)
    });
    read.map_err(|fault| ImportError {
        file: file.to_owned(),
        reason: fault.reason,
        hint: fault.hint,
    })
}

fn recognise(text: &[u8]) -> Result<Imported, Fault> {
    let text = std::str::from_utf8(text)
        .map_err(|_| Fault::new("it is not a text file").hint(EXPECTED))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let begin = text.trim_start();
    if begin.is_empty() {
        return Err(Fault::new("it is empty").hint(EXPECTED));
    }
    if begin.starts_with('{') {
        return recognise_json(parse_json(text).map_err(Fault::new)?);
    }
    if htools::looks_like(text) {
        return htools::read(text);
    }
    Err(Fault::new("it is not the file of a cluster").hint(EXPECTED))
}

fn recognise_json(root: Value) -> Result<Imported, Fault> {
    let has = |key: &str| root.get(key).is_some();
    if has("request") || (has("nodegroups") && has("nodes") && !has("cluster")) {
        return Err(Fault::new("it is an allocator request, not a cluster").hint(EXPECTED));
    }
    if !has("cluster") || !has("version") {
        return Err(
            Fault::new("it is JSON, but not the configuration of a cluster").hint(EXPECTED),
        );
    }
    read_ganeti(root)
}

/// Reads a configuration in the shape of Ganeti's file.
pub(super) fn read_ganeti(root: Value) -> Result<Imported, Fault> {
    ganeti::read(fields::into_object(root, "the file")?)
}

pub(super) use fields::LARGEST;
pub(super) use ganeti::made_up_uuid;
