//! The configuration as a Ganeti 3.1 `config.data`.
//!
//! What Ganeti does not know (sizes of nodes, settings of the queue, the simulator) is under the one
//! key `gnt`, so that the rest is what Ganeti would have written.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::object::Stamps;
use super::{Config, defaults};

/// Ganeti's number for the version 3.1 of its configuration.
pub(super) const VERSION: u64 = 3_010_000;

/// The version of the shape of our own part.
pub(super) const SCHEMA: u64 = 1;

/// The key of our own part.
pub(super) const OWN: &str = "gnt";

/// Our own keys in objects, while they are not exported.
pub(super) const CAPACITY: &str = "gnt_capacity";
pub(super) const UNCERTAIN: &str = "gnt_uncertain";

/// Keys of the root beside the objects: they are kept with the configuration as they came.
pub(super) const ROOT_STAMPS: [&str; 3] = ["serial_no", "ctime", "mtime"];

/// Objects that are kept with the configuration as they came.
pub(super) const KEPT: [&str; 2] = ["networks", "filters"];

/// What is told of a cluster beside its configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// What runs the instances; empty if a file does not say.
    pub driver: String,
    /// How many jobs may be in the queue; `None` if a file does not say.
    pub queue_limit: Option<u64>,
    /// How many jobs may run at once; `None` if a file does not say.
    pub max_running_jobs: Option<u64>,
    /// The external allocator that is the default; `None` leaves what the configuration was imported with,
    /// and none comes from a file: which programs are run is set here, not by whoever wrote it.
    pub default_iallocator: Option<String>,
    /// What the simulator makes of its cluster; `null` if there is none.
    pub simulator: Value,
}

/// The file: keys sorted, indented, with a newline at its end.
#[must_use]
pub fn write(config: &Config, settings: &Settings) -> String {
    let mut root = Map::new();
    for key in KEPT {
        let kept = config.other.get(key).cloned();
        root.insert(key.to_owned(), kept.unwrap_or_else(|| json!({})));
    }
    let stamps = json!(root_stamps(config));
    for key in ROOT_STAMPS {
        let kept = config.other.get(key).or_else(|| stamps.get(key));
        root.insert(key.to_owned(), kept.cloned().unwrap_or_default());
    }
    root.insert("version".to_owned(), json!(VERSION));
    root.insert("cluster".to_owned(), cluster(config, settings));
    root.insert(
        "nodegroups".to_owned(),
        objects(config.groups.iter(), defaults::group),
    );
    root.insert(
        "nodes".to_owned(),
        objects(config.nodes.iter(), defaults::node),
    );
    root.insert(
        "instances".to_owned(),
        objects(config.instances.iter(), defaults::instance),
    );
    root.insert(
        "disks".to_owned(),
        objects(config.disks.iter(), defaults::disk),
    );
    root.insert(OWN.to_owned(), own(config, settings));
    // `{:#}` of a value cannot fail, unlike writing one that is yet to be made a value.
    let mut text = format!("{:#}", Value::Object(root));
    text.push('\n');
    text
}

/// For a configuration that was not imported: those of the cluster.
fn root_stamps(config: &Config) -> Stamps {
    let stamps = config.cluster.as_ref().map(|cluster| cluster.stamps);
    stamps.unwrap_or_default()
}

fn cluster(config: &Config, settings: &Settings) -> Value {
    let cluster = config.cluster.as_ref().map(Arc::as_ref).map(plain);
    let mut keys = cluster.unwrap_or_default();
    if let Some(limit) = settings.max_running_jobs {
        keys.insert("max_running_jobs".to_owned(), json!(limit));
    }
    if let Some(name) = &settings.default_iallocator {
        keys.insert("default_iallocator".to_owned(), json!(name));
    }
    defaults::fill_cluster(&mut keys);
    Value::Object(keys)
}

/// Objects by UUID, complete, without our own keys.
fn objects<'a, K, T>(
    all: impl Iterator<Item = (&'a K, &'a Arc<T>)>,
    defaults: fn() -> Map<String, Value>,
) -> Value
where
    K: ToString + 'a,
    T: Serialize + 'a,
{
    let entry = |(uuid, object): (&K, &Arc<T>)| {
        let mut keys = plain(object.as_ref());
        keys.remove(CAPACITY);
        keys.remove(UNCERTAIN);
        defaults::fill(&mut keys, defaults());
        (uuid.to_string(), Value::Object(keys))
    };
    Value::Object(all.map(entry).collect())
}

fn plain<T: Serialize>(object: &T) -> Map<String, Value> {
    match serde_json::to_value(object) {
        Ok(Value::Object(keys)) => keys,
        // The objects' fields are texts, numbers and JSON: they always make a JSON object.
        _ => Map::new(),
    }
}

fn own(config: &Config, settings: &Settings) -> Value {
    let sizes: BTreeMap<&str, Value> = (config.nodes.values())
        .map(|node| (node.uuid.as_str(), json!({"capacity": node.capacity})))
        .collect();
    let uncertain: BTreeMap<&str, Value> = (config.instances.values())
        .filter_map(|instance| {
            let reason = instance.uncertain.as_ref()?;
            Some((instance.uuid.as_str(), json!({"uncertain": reason})))
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "driver": settings.driver,
        "queue_limit": settings.queue_limit,
        "simulator": settings.simulator,
        "nodes": sizes,
        "instances": uncertain,
    })
}
