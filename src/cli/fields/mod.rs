//! What lists and `info` show of nodes, instances, groups and jobs.

pub mod group;
pub mod info;
pub mod instance;
pub mod job;
pub mod node;
mod several;

use std::cell::OnceCell;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::admin::{self, AdminError};
use crate::cluster::Config;
use crate::hypervisor::{Opened, Snapshot};
use crate::queue::Client;
use crate::store::Store;

use super::args::common::ObjectListArgs;
use super::context::Context;
use super::exit::ExitCode;
use super::names;
use super::problem::Result;
use super::query::Query;
use super::table::{self, Cell, Field};
use super::watch::{self, Round};

/// A field: its name, title, kind, meaning, and a closure that gives its value.
macro_rules! field {
    ($name:literal, $title:literal, $kind:ident, $doc:literal, $get:expr) => {
        $crate::cli::table::Field::new($name, $title, $crate::cli::table::Kind::$kind, $doc, $get)
    };
}
pub(in crate::cli) use field;

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

fn number(value: u64) -> Cell {
    Cell::Number(i64::try_from(value).unwrap_or(i64::MAX))
}

fn count(value: usize) -> Cell {
    number(value as u64)
}

/// A moment of an object's life, in seconds since 1970.
fn moment(seconds: f64) -> Cell {
    Cell::Time((seconds * 1e6) as i64)
}

fn object(map: Map<String, Value>) -> Cell {
    Cell::Json(Value::Object(map))
}

/// Configuration and reality, as a list shows them.
#[derive(Debug)]
pub struct Now {
    /// The configuration.
    pub config: Config,
    /// What to ask, if it could be opened: lists work without.
    driver: Option<Opened>,
    /// What it has answered, when it was asked.
    reality: OnceCell<Option<Snapshot>>,
}

impl Now {
    /// Reads the configuration.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(client: &Client) -> Result<Now> {
        // At one moment, so that the serial number is that of what was read.
        let config = client.store().read(Store::config)?;
        Ok(Now {
            config,
            driver: admin::hypervisor(client.store()).ok(),
            reality: OnceCell::new(),
        })
    }

    /// Reality, if it can be read. It is asked when something is to be shown that only it knows: what
    /// the configuration tells is not waited for, whoever hangs.
    pub fn reality(&self) -> Option<&Snapshot> {
        let ask = || {
            let config = || Ok::<_, AdminError>(self.config.clone());
            self.driver.as_ref()?.glance(config).ok()
        };
        self.reality.get_or_init(ask).as_ref()
    }

    /// Which nodes were asked and did not answer, where that can be told.
    fn silences(&self) -> Vec<String> {
        let asked = self.reality.get().and_then(Option::as_ref);
        let nodes = asked.map(|reality| reality.nodes.values());
        nodes
            .into_iter()
            .flatten()
            .filter_map(|node| node.silence.clone())
            .collect()
    }

    #[cfg(test)]
    fn pretended(config: Config, reality: Snapshot) -> Now {
        Now {
            config,
            driver: None,
            reality: OnceCell::from(Some(reality)),
        }
    }
}

/// A kind of object of the configuration that can be listed: a row is one of them, where it stands.
pub trait Listed: Sized + 'static {
    /// The fields of a list unless others are named.
    const DEFAULT: &'static str;

    /// What can be shown of it.
    fn fields() -> &'static [Field<Self>];

    /// Those that are named or fit a pattern; all if no name is given.
    ///
    /// # Errors
    /// Unknown names.
    fn rows(now: &Rc<Now>, wanted: &[String]) -> Result<Vec<Self>>;
}

/// `list`.
///
/// # Errors
/// Unknown names, a filter that makes no sense; the output cannot be written.
pub fn list<R: Listed>(
    cx: &mut Context,
    wanted: Vec<String>,
    args: ObjectListArgs,
) -> Result<ExitCode> {
    let query = Query::read(wanted, args.reading(), R::fields())?;
    let client = cx.open()?;
    let style = args.list.style(cx.verbose);
    watch::show(cx, &client, args.watch, |cx| {
        let now = Rc::new(Now::read(&client)?);
        let mut rows = R::rows(&now, query.names())?;
        rows.retain(|row| query.wants(row));
        let json = cx.printer.json;
        let listing = table::listing(json, R::fields(), R::DEFAULT, &style, &rows)?;
        Ok(Round {
            listing,
            notes: now.silences(),
            serial: Some(now.config.serial),
        })
    })
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
    cx.printer.deed(&format!("Modified {what}"))?;
    for (name, value) in changes {
        cx.printer.deed(&format!(" - {name:<5} -> {value}"))?;
    }
    cx.printer.flush()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::query::{Filter, Test, parse};
    use super::*;

    fn names<T>(fields: &[Field<T>]) -> Vec<&str> {
        fields.iter().map(|field| field.name.as_ref()).collect()
    }

    #[test]
    fn each_field_has_a_name_of_its_own_that_a_filter_can_say() {
        for names in [
            names(node::Row::fields()),
            names(instance::Row::fields()),
            names(group::Row::fields()),
            names(&job::FIELDS),
        ] {
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
            for name in names {
                let Ok(Filter::Test(field, Test::True)) = parse(name) else {
                    panic!("{name}");
                };
                assert_eq!(field.name, name);
            }
        }
    }

    #[test]
    fn the_usual_fields_are_there() {
        fn all_known<R: Listed>() -> bool {
            let known = names(R::fields());
            R::DEFAULT.split(',').all(|name| known.contains(&name))
        }
        assert!(all_known::<node::Row>());
        assert!(all_known::<instance::Row>());
        assert!(all_known::<group::Row>());
    }
}
