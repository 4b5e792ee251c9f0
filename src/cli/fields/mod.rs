//! What lists and `info` show of nodes, instances, groups and jobs.

pub mod group;
pub mod info;
pub mod instance;
pub mod job;
pub mod node;

use serde_json::Value;

use crate::admin::simulator;
use crate::cluster::Config;
use crate::hypervisor::fake::Snapshot;
use crate::queue::Client;

use super::context::Context;
use super::names;
use super::problem::Result;

/// Configuration and reality, as a list shows them.
#[derive(Debug)]
pub struct Now {
    /// The configuration.
    pub config: Config,
    /// Reality, if it could be read: lists work without.
    pub reality: Option<Snapshot>,
}

impl Now {
    /// Reads both.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn read(client: &Client) -> Result<Now> {
        let config = client.store().config()?;
        let reality = simulator(client.store())
            .ok()
            .and_then(|fake| fake.snapshot().ok());
        Ok(Now { config, reality })
    }
}

/// Those of `all` that are named or fit a pattern; all if no name is given. `find` resolves a name.
fn select<T: Clone>(
    all: impl Iterator<Item = T> + Clone,
    wanted: &[String],
    name: impl Fn(&T) -> &str,
    find: impl Fn(&str) -> Result<T>,
) -> Result<Vec<T>> {
    if wanted.is_empty() {
        return Ok(all.collect());
    }
    let mut picked: Vec<T> = vec![];
    for want in wanted {
        let found: Vec<T> = match names::is_pattern(want) {
            true => all
                .clone()
                .filter(|item| names::matches(want, name(item)))
                .collect(),
            false => vec![find(want)?],
        };
        for item in found {
            if !picked.iter().any(|known| name(known) == name(&item)) {
                picked.push(item);
            }
        }
    }
    Ok(picked)
}

/// `Modified node X` and a line for each change, as Ganeti has it; nothing if nothing changed.
///
/// # Errors
/// When it cannot be written.
pub fn print_modified(cx: &mut Context, what: &str, results: &[Value]) -> Result<()> {
    let changes = results.iter().filter_map(Value::as_array).flatten();
    let changes: Vec<(&str, String)> = changes
        .filter_map(|change| {
            let value = match change.get(1)? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some((change.get(0)?.as_str()?, value))
        })
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    cx.printer.verdict(&format!("Modified {what}"))?;
    for (name, value) in changes {
        cx.printer.verdict(&format!(" - {name:<5} -> {value}"))?;
    }
    cx.printer.flush()
}
