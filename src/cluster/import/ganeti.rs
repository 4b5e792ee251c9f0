//! Ganeti's `config.data`, versions 2.10 to 3.1, and our own export.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::fields::{self, Shapes, into_object, take_object};
use super::{Fault, Imported, sizes};
use crate::cluster::export::{
    CAPACITY, KEPT, OWN, ROOT_STAMPS, SCHEMA, Settings, UNCERTAIN, VERSION,
};
use crate::cluster::{
    Capacity, Cluster, Config, Disk, DiskTemplate, DiskUuid, Group, Host, Instance, Node, NodeUuid,
    defaults,
};

/// The oldest version whose objects have the shape that is read here, 2.10.
const OLDEST: u64 = 2_100_000;

type Json = Map<String, Value>;

pub(super) fn read(mut root: Json) -> Result<Imported, Fault> {
    check_version(&root)?;
    let mut notes = vec![];
    let own = Own::take(&mut root)?;
    let mut cluster = take_object(&mut root, "cluster", "cluster")?;
    let max_running_jobs = cluster.get("max_running_jobs").and_then(Value::as_u64);
    let settings = Settings {
        max_running_jobs,
        ..own.settings.clone()
    };
    fields::check(&cluster, "cluster", fields::CLUSTER)?;
    fields::require(&cluster, "cluster", &["cluster_name", "uuid"])?;
    if let Some(default) =
        (cluster.get("beparams")).and_then(|params| params.get("default")?.as_object())
    {
        fields::check(default, "cluster.beparams.default", fields::BACKEND)?;
    }
    cluster.retain(|_, value| !value.is_null());
    defaults::fill_cluster(&mut cluster);

    let mut instances = rows(&mut root, &mut notes, &INSTANCES)?;
    let mut disks = rows(&mut root, &mut notes, &DISKS)?;
    lift_disks(&mut instances, &mut disks)?;
    let mut nodes = rows(&mut root, &mut notes, &NODES)?;
    let groups = rows(&mut root, &mut notes, &GROUPS)?;
    let sized = own.put_into(&mut nodes, &mut instances)?;

    let mut parts = Parts {
        cluster: made("cluster", cluster)?,
        groups: all_made("nodegroups", groups)?,
        nodes: all_made("nodes", nodes)?,
        instances: all_made("instances", instances)?,
        disks: all_made("disks", disks)?,
    };
    parts.drop_dangling(&mut notes);
    let other = take_other(&mut root)?;
    notes.extend(
        root.keys()
            .filter(|key| *key != "version")
            .map(|key| format!("{key} is no known part of a configuration: left out")),
    );
    let mut config = parts.into_config(other);
    let unsized_nodes: BTreeSet<NodeUuid> = (config.nodes.keys())
        .filter(|uuid| !sized.contains(uuid.as_str()))
        .cloned()
        .collect();
    notes.extend(sizes::make_up(&mut config, &unsized_nodes));
    notes.extend(drop_commands(&mut config));
    Ok(Imported {
        config,
        settings,
        notes,
    })
}

/// Takes away what a shell would run: a file is data, and commands are an operator's to choose.
fn drop_commands(config: &mut Config) -> Vec<String> {
    let with_command = |node: &&Arc<Node>| {
        let host = node.host.as_ref();
        host.is_some_and(|host| host.fence_cmd.is_some())
    };
    let nodes: Vec<Arc<Node>> = (config.nodes_by_name())
        .filter(with_command)
        .cloned()
        .collect();
    let mut notes = vec![];
    for node in nodes {
        notes.push(format!(
            "node {} had a fence command: left out, gnt-node modify --fence-cmd sets one",
            node.name
        ));
        let mut node = (*node).clone();
        node.host = node.host.map(|host| {
            Arc::new(Host {
                fence_cmd: None,
                ..(*host).clone()
            })
        });
        config.put_node(node);
    }
    notes
}

fn check_version(root: &Json) -> Result<(), Fault> {
    let version = root.get("version").and_then(Value::as_u64);
    let version = version.ok_or_else(|| Fault::new("version: expected a whole number"))?;
    if (OLDEST..=VERSION).contains(&version) {
        return Ok(());
    }
    Err(Fault::new(format!(
        "version {version} of the configuration is not known, {OLDEST} to {VERSION} are"
    ))
    .hint("upgrade the configuration with Ganeti's own cfgupgrade first"))
}

/// A section of the file.
struct Section {
    key: &'static str,
    shapes: &'static Shapes,
    required: &'static [&'static str],
    defaults: fn() -> Json,
    /// Whether two of its objects cannot have the same name.
    named: bool,
}

const GROUPS: Section = Section {
    key: "nodegroups",
    shapes: fields::GROUP,
    required: &["name"],
    defaults: defaults::group,
    named: true,
};

const NODES: Section = Section {
    key: "nodes",
    shapes: fields::NODE,
    required: &["name", "group"],
    defaults: defaults::node,
    named: true,
};

const INSTANCES: Section = Section {
    key: "instances",
    shapes: fields::INSTANCE,
    required: &["name", "primary_node"],
    defaults: defaults::instance,
    named: true,
};

const DISKS: Section = Section {
    key: "disks",
    shapes: fields::DISK,
    required: &["dev_type"],
    defaults: defaults::disk,
    named: false,
};

/// The objects of a section, checked and filled up, by UUID. Of objects with the same name only the
/// first stays.
fn rows(
    root: &mut Json,
    notes: &mut Vec<String>,
    section: &Section,
) -> Result<BTreeMap<String, Json>, Fault> {
    let mut rows = BTreeMap::new();
    let mut names = BTreeSet::new();
    for (uuid, row) in take_object(root, section.key, section.key)? {
        let path = format!("{}.{uuid}", section.key);
        let mut row = into_object(row, &path)?;
        row.retain(|_, value| !value.is_null());
        fields::check(&row, &path, section.shapes)?;
        if let Some(params) = row.get("beparams").and_then(Value::as_object) {
            fields::check(params, &format!("{path}.beparams"), fields::BACKEND)?;
        }
        if row.get("forthcoming") == Some(&Value::Bool(true)) && !row.contains_key("primary_node") {
            notes.push(format!("{path} is forthcoming and has no node: left out"));
            continue;
        }
        fields::require(&row, &path, section.required)?;
        let stated = row.insert("uuid".to_owned(), Value::String(uuid.clone()));
        if let Some(stated) = stated.filter(|stated| stated.as_str() != Some(&uuid)) {
            notes.push(format!("{path} says that its UUID is {stated}: not heeded"));
        }
        let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
        if section.named && name.is_empty() {
            return Err(Fault::new(format!("{path}.name: expected a name")));
        }
        if section.named && !names.insert(name.to_owned()) {
            notes.push(format!(
                "{path} has the name {name}, which is taken: left out"
            ));
            continue;
        }
        defaults::fill(&mut row, (section.defaults)());
        rows.insert(uuid, row);
    }
    Ok(rows)
}

/// Before 2.13 an instance's disks are inside it, and its template is stored.
fn lift_disks(
    instances: &mut BTreeMap<String, Json>,
    disks: &mut BTreeMap<String, Json>,
) -> Result<(), Fault> {
    for (owner, instance) in instances {
        instance.remove("disk_template");
        // Nothing told it from the state before 2.12.
        let runs = instance.get("admin_state").and_then(Value::as_str) == Some("up");
        (instance.entry("disks_active")).or_insert(Value::Bool(runs));
        let stamps = ["ctime", "mtime"].map(|key| (key, instance.get(key).cloned()));
        let primary = instance.get("primary_node").cloned().unwrap_or_default();
        let Some(listed) = instance.get_mut("disks").and_then(Value::as_array_mut) else {
            continue;
        };
        for (at, place) in listed.iter_mut().enumerate() {
            if place.is_string() {
                continue;
            }
            let path = format!("instances.{owner}.disks[{at}]");
            let mut disk = into_object(place.take(), &path)?;
            disk.retain(|_, value| !value.is_null());
            fields::check(&disk, &path, fields::DISK)?;
            fields::require(&disk, &path, &["dev_type"])?;
            derive_nodes(&mut disk, &primary);
            let uuid = disk.get("uuid").and_then(Value::as_str);
            let uuid = uuid.map_or_else(
                || made_up_uuid(&format!("disk {at} of instance {owner}")),
                str::to_owned,
            );
            disk.insert("uuid".to_owned(), Value::String(uuid.clone()));
            // Disks inside instances had no stamps of their own.
            disk.entry("serial_no").or_insert(Value::from(1));
            for (key, time) in &stamps {
                if let Some(time) = time {
                    disk.entry(*key).or_insert_with(|| time.clone());
                }
            }
            defaults::fill(&mut disk, defaults::disk());
            *place = Value::String(uuid.clone());
            disks.entry(uuid).or_insert(disk);
        }
    }
    Ok(())
}

/// An identity that is the same each time the same file is read.
pub(in crate::cluster) fn made_up_uuid(of: &str) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, of.as_bytes()).to_string()
}

/// Puts in which nodes hold a disk, in it and in its children.
fn derive_nodes(disk: &mut Json, primary: &Value) {
    let nodes = match disk.get("dev_type").and_then(Value::as_str) {
        Some("drbd") => {
            let place = disk.get("logical_id").and_then(Value::as_array);
            let ends = place.into_iter().flatten().take(2);
            ends.filter(|end| end.is_string()).cloned().collect()
        }
        Some("plain" | "file") => vec![primary.clone()],
        _ => vec![],
    };
    let nodes = Value::Array(nodes);
    let children = disk.get_mut("children").and_then(Value::as_array_mut);
    for child in children.into_iter().flatten() {
        if let Some(child) = child.as_object_mut() {
            child.entry("nodes").or_insert_with(|| nodes.clone());
        }
    }
    disk.entry("nodes").or_insert(nodes);
}

/// Our own part of the file.
#[derive(Default)]
struct Own {
    settings: Settings,
    nodes: Json,
    instances: Json,
}

impl Own {
    fn take(root: &mut Json) -> Result<Own, Fault> {
        let mut own = take_object(root, OWN, OWN)?;
        fields::check(
            &own,
            OWN,
            &[
                ("schema", fields::Shape::Whole),
                ("driver", fields::Shape::Text),
                ("queue_limit", fields::Shape::Whole),
            ],
        )?;
        let schema = own.get("schema").and_then(Value::as_u64).unwrap_or(SCHEMA);
        if schema > SCHEMA {
            return Err(Fault::new(format!(
                "gnt.schema {schema} is newer than this program, which knows {SCHEMA}"
            ))
            .hint("use the version of the program that wrote the file, or a later one"));
        }
        let driver = own.get("driver").and_then(Value::as_str);
        Ok(Own {
            settings: Settings {
                driver: driver.unwrap_or_default().to_owned(),
                queue_limit: own.get("queue_limit").and_then(Value::as_u64),
                max_running_jobs: None,
                default_iallocator: None,
                simulator: own.remove("simulator").unwrap_or_default(),
            },
            nodes: take_object(&mut own, "nodes", "gnt.nodes")?,
            instances: take_object(&mut own, "instances", "gnt.instances")?,
        })
    }

    /// Gives what it says of them to nodes and instances. Returns the nodes whose size it says.
    fn put_into(
        self,
        nodes: &mut BTreeMap<String, Json>,
        instances: &mut BTreeMap<String, Json>,
    ) -> Result<BTreeSet<String>, Fault> {
        let mut sized = BTreeSet::new();
        for (uuid, about) in self.nodes {
            let path = format!("gnt.nodes.{uuid}");
            let mut about = into_object(about, &path)?;
            let Some(capacity) = about.remove("capacity") else {
                continue;
            };
            let known: Capacity = serde_json::from_value(capacity.clone())
                .map_err(|error| Fault::new(format!("{path}.capacity: {error}")))?;
            let all = [known.memory, known.disk, known.cpus, known.spindles];
            if all.iter().any(|amount| *amount > fields::LARGEST) {
                return Err(Fault::new(format!("{path}.capacity: more than 2^40")));
            }
            if let Some(node) = nodes.get_mut(&uuid) {
                node.insert(CAPACITY.to_owned(), capacity);
                sized.insert(uuid);
            }
        }
        for (uuid, about) in self.instances {
            let path = format!("gnt.instances.{uuid}");
            let mut about = into_object(about, &path)?;
            fields::check(&about, &path, &[("uncertain", fields::Shape::Text)])?;
            if let Some(instance) = instances.get_mut(&uuid)
                && let Some(reason) = about.remove("uncertain")
            {
                instance.insert(UNCERTAIN.to_owned(), reason);
            }
        }
        Ok(sized)
    }
}

fn made<T: DeserializeOwned>(path: &str, object: Json) -> Result<T, Fault> {
    serde_json::from_value(Value::Object(object))
        .map_err(|error| Fault::new(format!("{path}: {error}")))
}

fn all_made<T: DeserializeOwned>(
    section: &str,
    rows: BTreeMap<String, Json>,
) -> Result<Vec<T>, Fault> {
    (rows.into_iter())
        .map(|(uuid, row)| made(&format!("{section}.{uuid}"), row))
        .collect()
}

/// What is kept as it came: networks, filters, and the stamps of the root.
fn take_other(root: &mut Json) -> Result<Json, Fault> {
    let mut other = Json::new();
    for key in KEPT {
        let kept = take_object(root, key, key)?;
        other.insert(key.to_owned(), Value::Object(kept));
    }
    fields::check(root, "the file", &[])?;
    for key in ROOT_STAMPS {
        if let Some(stamp) = root.remove(key) {
            other.insert(key.to_owned(), stamp);
        }
    }
    Ok(other)
}

/// The objects of the file, before they are known to fit together.
struct Parts {
    cluster: Cluster,
    groups: Vec<Group>,
    nodes: Vec<Node>,
    instances: Vec<Instance>,
    disks: Vec<Disk>,
}

impl Parts {
    /// Leaves out what points nowhere.
    fn drop_dangling(&mut self, notes: &mut Vec<String>) {
        let groups: BTreeSet<_> = self.groups.iter().map(|group| &group.uuid).collect();
        self.nodes.retain(|node| {
            let known = groups.contains(&node.group);
            if !known {
                notes.push(format!("node {} is in no known group: left out", node.name));
            }
            known
        });
        let nodes: BTreeSet<_> = self.nodes.iter().map(|node| node.uuid.clone()).collect();
        if (self.cluster.master_node.as_ref()).is_some_and(|master| !nodes.contains(master)) {
            notes.push("the master node is not a known node: left out".to_owned());
            self.cluster.master_node = None;
        }
        self.instances.retain(|instance| {
            let known = nodes.contains(&instance.primary_node);
            if !known {
                let name = &instance.name;
                notes.push(format!("instance {name} is on no known node: left out"));
            }
            known
        });
        self.drop_torn(notes);
        self.drop_stray_disks(notes);
        for disk in &mut self.disks {
            let before = disk.nodes.len();
            disk.nodes.retain(|node| nodes.contains(node));
            if disk.nodes.len() < before {
                let note = format!(
                    "disk {} is said to be on an unknown node: not heeded",
                    disk.uuid
                );
                notes.push(note);
            }
            if disk.dev_type == DiskTemplate::Drbd && disk.nodes.len() < 2 {
                notes.push(format!("disk {} has no second node", disk.uuid));
            }
        }
    }

    /// Instances whose mirror is on other nodes than they are: no move of one can go well.
    fn drop_torn(&mut self, notes: &mut Vec<String>) {
        let mirrors: BTreeMap<&DiskUuid, &Disk> = (self.disks.iter())
            .filter(|disk| disk.dev_type == DiskTemplate::Drbd && !disk.nodes.is_empty())
            .map(|disk| (&disk.uuid, disk))
            .collect();
        self.instances.retain(|instance| {
            let mut own = instance.disks.iter().filter_map(|uuid| mirrors.get(uuid));
            let torn = own.find(|disk| !disk.nodes.contains(&instance.primary_node));
            if let Some(disk) = torn {
                notes.push(format!(
                    "instance {} is left out: its disk {} has no copy on its primary node",
                    instance.name, disk.uuid
                ));
            }
            torn.is_none()
        });
    }

    /// Disks that no instance has, and disks of instances that are not there or taken.
    fn drop_stray_disks(&mut self, notes: &mut Vec<String>) {
        let mut free: BTreeSet<DiskUuid> =
            (self.disks.iter()).map(|disk| disk.uuid.clone()).collect();
        for instance in &mut self.instances {
            let name = &instance.name;
            instance.disks.retain(|disk| {
                let had = free.remove(disk);
                if !had {
                    notes.push(format!(
                        "disk {disk} of instance {name} is not there or another's: left out"
                    ));
                }
                had
            });
        }
        self.disks.retain(|disk| !free.contains(&disk.uuid));
        notes.extend(
            free.iter()
                .map(|disk| format!("disk {disk} belongs to no instance: left out")),
        );
    }

    fn into_config(self, other: Json) -> Config {
        let (cluster, groups, nodes) = (self.cluster, self.groups, self.nodes);
        Config::new(cluster, groups, nodes, self.instances, self.disks, other)
    }
}
