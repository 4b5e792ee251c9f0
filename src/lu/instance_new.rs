//! The objects of a new instance: itself, its disks and network interfaces, in the shapes that
//! Ganeti 3.1 gives them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Env;
use super::parameters::{backend_changes, without_resets};
use super::shared::{new_uuid, new_uuid_of};
use crate::cluster::{
    AdminSource, AdminState, Config, DRBD_META_MIB, Disk, DiskTemplate, DiskUuid, HvName, Instance,
    InstanceUuid, Node, NodeUuid, Stamps,
};
use crate::opcodes::{InstanceCreate, NewDisk};
use crate::queue::JobId;

/// Where Ganeti's drbd devices listen.
const PORTS: std::ops::Range<u64> = 11_000..15_000;
/// Numbers of drbd devices on one node that are tried; as many devices as one node may well have.
const MINORS: std::ops::Range<u64> = 0..4096;
/// The volume group of a cluster that names none: Ganeti's own default.
const VOLUME_GROUP: &str = "xenvg";
/// The pool of rbd volumes, likewise.
const RBD_POOL: &str = "rbd";
/// The beginning of MAC addresses of a cluster that names none, likewise.
const MAC_PREFIX: &str = "aa:00:00";

/// Where a new instance goes.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    pub(super) primary: &'a Node,
    pub(super) secondary: Option<&'a Node>,
}

impl<'a> Home<'a> {
    /// Its nodes, the primary first.
    pub(super) fn nodes(self) -> impl Iterator<Item = &'a Node> {
        std::iter::once(self.primary).chain(self.secondary)
    }
}

/// The identity of the instance that this opcode makes.
pub(super) fn identity(env: &Env<'_>) -> InstanceUuid {
    identity_of(env.config(), env.job, env.index)
}

/// The same, for an opcode that does not run yet.
pub(super) fn identity_of(config: &Config, job: JobId, index: u32) -> InstanceUuid {
    InstanceUuid::from(new_uuid_of(config, job, index, ""))
}

/// The backend parameters as they are kept: `memory` stands for both limits.
pub(super) fn backend_parameters(given: &Map<String, Value>) -> Map<String, Value> {
    let mut parameters = backend_changes(given);
    parameters.retain(|_, value| !value.is_null());
    parameters
}

/// The instance and its disks.
pub(super) fn objects(
    env: &Env<'_>,
    op: &InstanceCreate,
    template: DiskTemplate,
    hypervisor: HvName,
    home: Home<'_>,
) -> (Instance, Vec<Disk>) {
    let disks: Vec<Disk> = (op.disks.iter().enumerate())
        .map(|(index, new)| {
            let uuid = new_uuid(env, &format!("-disk{index}"));
            let owner = op.instance_name.to_lowercase();
            new_disk(env.config(), &owner, template, home, (uuid, index), new)
        })
        .collect();
    let instance = Instance {
        name: op.instance_name.to_lowercase(),
        uuid: op.identity(env),
        primary_node: home.primary.uuid.clone(),
        admin_state: match op.start && !op.forthcoming {
            true => AdminState::Up,
            false => AdminState::Down,
        },
        admin_state_source: AdminSource::Admin,
        disks: disks.iter().map(|disk| disk.uuid.clone()).collect(),
        disks_active: op.start && !op.forthcoming,
        hypervisor,
        os: op.os_type.clone().unwrap_or_default(),
        beparams: backend_parameters(&op.beparams),
        hvparams: op.hvparams.clone(),
        nics: nics(env, op),
        tags: op.tags.clone(),
        forthcoming: op.forthcoming,
        stamps: Stamps::default(),
        uncertain: None,
        definition: None,
        rest: Map::from_iter([
            ("osparams".to_owned(), json!(without_resets(&op.osparams))),
            ("osparams_private".to_owned(), json!({})),
        ]),
    };
    (instance, disks)
}

/// A new disk of an instance: `uuid` is its identity, `index` its place.
pub(super) fn new_disk(
    config: &Config,
    owner: &str,
    template: DiskTemplate,
    home: Home<'_>,
    (uuid, index): (String, usize),
    new: &NewDisk,
) -> Disk {
    let volume = format!("{uuid}.disk{index}");
    let path = |directory: &str, default: &str| {
        let directory = cluster_text(config, directory).unwrap_or(default);
        format!("{directory}/{owner}/{volume}")
    };
    let mut rest = Map::from_iter([
        (
            "mode".to_owned(),
            json!(new.mode.as_deref().unwrap_or("rw")),
        ),
        ("params".to_owned(), json!({})),
    ]);
    if let Some(name) = &new.name {
        rest.insert("name".to_owned(), json!(name));
    }
    let logical_id = match template {
        DiskTemplate::Drbd => {
            let group = volume_group(config);
            let nodes: Vec<&NodeUuid> = home.nodes().map(|node| &node.uuid).collect();
            rest.insert(
                "children".to_owned(),
                json!([
                    child(group, &format!("{volume}_data"), new.size, &nodes),
                    child(group, &format!("{volume}_meta"), DRBD_META_MIB, &nodes),
                ]),
            );
            drbd_id(config, home, &uuid, index)
        }
        DiskTemplate::Plain => vec![json!(volume_group(config)), json!(volume)],
        DiskTemplate::File => {
            let path = path("file_storage_dir", "/srv/ganeti/file-storage");
            vec![json!("loop"), json!(path)]
        }
        DiskTemplate::SharedFile | DiskTemplate::Gluster => {
            let path = path("shared_file_storage_dir", "/srv/ganeti/shared-file-storage");
            vec![json!("loop"), json!(path)]
        }
        DiskTemplate::Rbd => vec![json!(RBD_POOL), json!(format!("{uuid}.rbd.disk{index}"))],
        DiskTemplate::BlockDev | DiskTemplate::Ext | DiskTemplate::Diskless => vec![],
    };
    Disk {
        uuid: DiskUuid::from(uuid),
        dev_type: template,
        logical_id,
        nodes: match template.uses_node_disk() {
            true => home.nodes().map(|node| node.uuid.clone()).collect(),
            false => vec![],
        },
        size: new.size,
        iv_name: format!("disk/{index}"),
        stamps: Stamps::default(),
        rest,
    }
}

fn child(group: &str, volume: &str, size: u64, nodes: &[&NodeUuid]) -> Value {
    json!({
        "dev_type": "plain",
        "logical_id": [group, volume],
        "nodes": nodes,
        "params": {},
        "serial_no": 1,
        "size": size,
    })
}

/// Both nodes, port, a device number on each, and the secret that the two share.
fn drbd_id(config: &Config, home: Home<'_>, uuid: &str, index: usize) -> Vec<Value> {
    let secondary = home.secondary.unwrap_or(home.primary);
    // Instances that are created at the same time do not see each other: each begins its search
    // elsewhere, at a place that follows from its identity.
    let start = (uuid.bytes()).fold(index as u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    let ids = || {
        (config.disks.values())
            .filter(|disk| disk.dev_type == DiskTemplate::Drbd)
            .map(|disk| &disk.logical_id)
    };
    let ports: BTreeSet<u64> = ids().filter_map(|id| id.get(2)?.as_u64()).collect();
    let minor = |node: &Node| {
        let on = |id: &Vec<Value>, place: usize| {
            (id.get(place)?.as_str()? == node.uuid.as_str())
                .then(|| id.get(place + 3)?.as_u64())
                .flatten()
        };
        let used = ids()
            .flat_map(|id| [on(id, 0), on(id, 1)])
            .flatten()
            .collect();
        free(MINORS, start, &used)
    };
    vec![
        json!(home.primary.uuid),
        json!(secondary.uuid),
        json!(free(PORTS, start, &ports)),
        json!(minor(home.primary)),
        json!(minor(secondary)),
        json!(secret()),
    ]
}

/// The first number of `range` from `start` on, around its end, that is not used; `start` itself if
/// all are.
fn free(range: std::ops::Range<u64>, start: u64, used: &BTreeSet<u64>) -> u64 {
    let count = range.end - range.start;
    let place = |step: u64| range.start + (start % count + step) % count;
    (0..count)
        .map(place)
        .find(|number| !used.contains(number))
        .unwrap_or_else(|| place(0))
}

/// 160 random bits in hexadecimal, as Ganeti's secrets are.
fn secret() -> String {
    let bytes: [u8; 20] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Network interfaces as they were given, with an identity and a MAC address.
fn nics(env: &Env<'_>, op: &InstanceCreate) -> Vec<Value> {
    let mut taken = macs(env.config());
    let make = |(index, given): (usize, &Map<String, Value>)| {
        let mut nic = Map::new();
        let mut parameters = Map::new();
        for (key, value) in given {
            let own = matches!(key.as_str(), "mode" | "link" | "vlan" | "bridge");
            let into = if own { &mut parameters } else { &mut nic };
            let key = if key == "bridge" { "link" } else { key };
            into.insert(key.to_owned(), value.clone());
        }
        let mac = nic.get("mac").and_then(Value::as_str);
        if mac.is_none_or(|mac| matches!(mac, "auto" | "generate")) {
            let mac = new_mac(env.config(), &taken);
            taken.insert(mac.clone());
            nic.insert("mac".to_owned(), json!(mac));
        }
        nic.insert("nicparams".to_owned(), Value::Object(parameters));
        let uuid = new_uuid(env, &format!("-nic{index}"));
        nic.insert("uuid".to_owned(), json!(uuid));
        Value::Object(nic)
    };
    op.nics.iter().enumerate().map(make).collect()
}

/// All MAC addresses that are in use, in lower case.
pub(super) fn macs(config: &Config) -> BTreeSet<String> {
    (config.instances.values())
        .flat_map(|instance| &instance.nics)
        .filter_map(|nic| Some(nic.get("mac")?.as_str()?.to_lowercase()))
        .collect()
}

fn new_mac(config: &Config, taken: &BTreeSet<String>) -> String {
    let prefix = cluster_text(config, "mac_prefix").unwrap_or(MAC_PREFIX);
    loop {
        let [a, b, c]: [u8; 3] = rand::random();
        let mac = format!("{prefix}:{a:02x}:{b:02x}:{c:02x}");
        if !taken.contains(&mac) {
            return mac;
        }
    }
}

fn volume_group(config: &Config) -> &str {
    cluster_text(config, "volume_group_name").unwrap_or(VOLUME_GROUP)
}

/// A text among the cluster's own parameters; an empty one is none.
fn cluster_text<'a>(config: &'a Config, key: &str) -> Option<&'a str> {
    let text = config.cluster.as_ref()?.rest.get(key)?.as_str()?;
    (!text.is_empty()).then_some(text)
}
