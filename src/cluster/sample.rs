//! Clusters made up: an empty one to begin with, and one to try things on.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use thiserror::Error;
use uuid::Uuid;

use super::object::{Capacity, Cluster, Disk, DiskTemplate, Group, Instance, Node};
use super::{Config, DRBD_META_MIB, defaults};
use crate::limits::{SAMPLE_INSTANCES, SAMPLE_NODES};

/// Why there is no such sample.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SampleError {
    /// Instances need a node.
    #[error("{0} instances cannot be without a node")]
    NoNodes(usize),
    /// More nodes than a sample may have.
    #[error("{0} nodes are too many for a sample, at most {SAMPLE_NODES} are made up")]
    TooManyNodes(usize),
    /// More instances than a sample may have.
    #[error("{0} instances are too many for a sample, at most {SAMPLE_INSTANCES} are made up")]
    TooManyInstances(usize),
    /// A default does not have the shape that it is read as.
    #[error("the {object} made up is not one: {reason}")]
    Shape {
        /// What was made up.
        object: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// A cluster with one group `default` and nothing else, made at `now` (seconds since 1970).
///
/// # Errors
///
/// Never in practice: only if the built-in defaults did not fit the objects.
pub fn empty(name: &str, now: f64) -> Result<Config, SampleError> {
    Maker::new(name, now).config(Content::default())
}

/// A cluster of real machines, none of which is known yet. Guests are marked by its UUID, so that it is
/// another one each time, whatever the name.
///
/// # Errors
///
/// None that would not be a mistake in this program.
pub fn of_machines(name: &str, driver: &str, now: f64) -> Result<Config, SampleError> {
    let mut config = empty(name, now)?;
    if let Some(cluster) = &config.cluster {
        let mut cluster = (**cluster).clone();
        cluster.uuid = Uuid::new_v4().to_string();
        cluster.enabled_hypervisors = vec![driver.into()];
        if let Value::Object(policy) = defaults::lenient_ipolicy() {
            cluster.ipolicy = policy;
        }
        cluster.enabled_disk_templates = vec![
            DiskTemplate::SharedFile,
            DiskTemplate::BlockDev,
            DiskTemplate::Ext,
            DiskTemplate::File,
            DiskTemplate::Plain,
            DiskTemplate::Diskless,
        ];
        config.put_cluster(cluster);
    }
    Ok(config)
}

/// A cluster of nodes `node1`… and instances `inst1`…, always the same for the same arguments.
///
/// From three nodes on each one can be emptied into the others: half of the instances are drbd with
/// their second copies spread, the rest is kept where every node sees it. With two nodes a second
/// copy has nowhere else to go, and with one there is no drbd.
///
/// # Errors
///
/// If there are too many of something, or instances but no node.
pub fn sample(name: &str, nodes: usize, instances: usize, now: f64) -> Result<Config, SampleError> {
    if nodes > SAMPLE_NODES {
        return Err(SampleError::TooManyNodes(nodes));
    }
    if instances > SAMPLE_INSTANCES {
        return Err(SampleError::TooManyInstances(instances));
    }
    if nodes == 0 && instances > 0 {
        return Err(SampleError::NoNodes(instances));
    }
    let maker = Maker::new(name, now);
    let homes = spread(nodes, instances);
    let guests: Vec<Guest> = homes.into_iter().enumerate().map(Guest::new).collect();
    let capacity = capacity_for(nodes, &guests);
    let mut content = Content::default();
    for at in 0..nodes {
        content.nodes.push(maker.node(at, capacity)?);
    }
    let mut wiring = Wiring::default();
    for guest in &guests {
        content.instances.push(maker.instance(guest)?);
        for at in 0..guest.disks.len() {
            let disk = maker.disk(guest, at, &mut wiring)?;
            content.disks.push(disk);
        }
    }
    content.ports = wiring.disks;
    maker.config(content)
}

/// How the disks of one instance are kept, and on which nodes it is.
#[derive(Debug, Clone, Copy)]
struct Home {
    template: DiskTemplate,
    primary: usize,
    secondary: Option<usize>,
}

/// Who is where. Drbd instances are dealt out from the first node, the others from the last, so
/// that a few of each do not meet on the same nodes.
fn spread(nodes: usize, instances: usize) -> Vec<Home> {
    let mut mirrored = 0;
    let mut shared = 0;
    (0..instances)
        .map(|at| {
            if at % 2 == 0 && nodes > 1 {
                let primary = mirrored % nodes;
                // Each round of the nodes has its second copies one node further off.
                let distance = 1 + (mirrored / nodes) % (nodes - 1);
                mirrored += 1;
                Home {
                    template: DiskTemplate::Drbd,
                    primary,
                    secondary: Some((primary + distance) % nodes),
                }
            } else {
                shared += 1;
                Home {
                    template: match shared % 2 {
                        1 => DiskTemplate::Rbd,
                        _ => DiskTemplate::SharedFile,
                    },
                    primary: nodes - 1 - (shared - 1) % nodes,
                    secondary: None,
                }
            }
        })
        .collect()
}

/// An instance to be made.
#[derive(Debug)]
struct Guest {
    /// Its number, from 0.
    at: usize,
    home: Home,
    /// MiB.
    memory: u64,
    vcpus: u64,
    /// MiB each.
    disks: Vec<u64>,
    runs: bool,
}

/// Sizes to choose from. Their numbers have no common divisor with each other, so that sizes meet in
/// all combinations.
const MEMORY_MIB: [u64; 5] = [1024, 512, 2048, 1024, 4096];
const DISKS_MIB: [&[u64]; 4] = [&[10_240], &[5120], &[20_480], &[4096, 8192]];
const VCPUS: [u64; 3] = [1, 2, 1];

/// One in so many instances is stopped.
const STOPPED: usize = 11;

impl Guest {
    fn new((at, home): (usize, Home)) -> Guest {
        Guest {
            at,
            home,
            memory: MEMORY_MIB[at / 2 % MEMORY_MIB.len()],
            vcpus: VCPUS[at / 2 % VCPUS.len()],
            disks: DISKS_MIB[at / 2 % DISKS_MIB.len()].to_vec(),
            runs: at % STOPPED != STOPPED - 1,
        }
    }

    /// MiB of disk on each node that holds its disks.
    fn disk_on_node(&self) -> u64 {
        match self.home.secondary {
            Some(_) => self.disks.iter().map(|size| size + DRBD_META_MIB).sum(),
            None => 0,
        }
    }
}

/// The least that a node has, MiB and CPUs.
const LEAST: Capacity = Capacity {
    memory: 16 * 1024,
    disk: 100 * 1024,
    cpus: 4,
    spindles: 1,
};

/// How many virtual CPUs a CPU takes by the built-in policy, and how many instances a spindle.
const VCPUS_PER_CPU: u64 = 4;
const USES_PER_SPINDLE: u64 = 32;

/// The size of each node, so that everything on any one of them has room on any other.
///
/// With `m` the most that the instances of one node need, a node that gets all of another's has at
/// most 2 m in use, and at most 2 m to be kept free for the instances of a third: those that were
/// kept free for before, and those that went there meanwhile.
fn capacity_for(nodes: usize, guests: &[Guest]) -> Capacity {
    let mut most = Capacity {
        spindles: 0,
        ..Capacity::default()
    };
    let mut used = vec![most; nodes];
    for guest in guests {
        if let Some(node) = used.get_mut(guest.home.primary) {
            node.memory += guest.memory;
            node.cpus += guest.vcpus;
        }
        let copies = guest
            .home
            .secondary
            .map(|other| [guest.home.primary, other]);
        for at in copies.into_iter().flatten() {
            if let Some(node) = used.get_mut(at) {
                node.disk += guest.disk_on_node();
                node.spindles += 1;
            }
        }
    }
    for node in used {
        most.memory = most.memory.max(node.memory);
        most.disk = most.disk.max(node.disk);
        most.cpus = most.cpus.max(node.cpus);
        most.spindles = most.spindles.max(node.spindles);
    }
    Capacity {
        memory: LEAST.memory.max((4 * most.memory).next_multiple_of(1024)),
        disk: LEAST.disk.max((2 * most.disk).next_multiple_of(10 * 1024)),
        cpus: (LEAST.cpus).max((2 * most.cpus).div_ceil(VCPUS_PER_CPU)),
        spindles: (LEAST.spindles).max((2 * most.spindles).div_ceil(USES_PER_SPINDLE)),
    }
}

/// What the drbd disks made so far have taken.
#[derive(Debug, Default)]
struct Wiring {
    /// How many there are; each has its own port.
    disks: u64,
    /// The next device number of each node.
    minors: BTreeMap<usize, u64>,
}

impl Wiring {
    fn port(&mut self) -> u64 {
        self.disks += 1;
        defaults::FIRST_DRBD_PORT + self.disks - 1
    }

    fn minor(&mut self, node: usize) -> u64 {
        let next = self.minors.entry(node).or_default();
        *next += 1;
        *next - 1
    }
}

/// What is in a cluster beside itself and its group.
#[derive(Debug, Default)]
struct Content {
    nodes: Vec<Node>,
    instances: Vec<Instance>,
    disks: Vec<Disk>,
    /// How many ports are in use.
    ports: u64,
}

/// Makes the objects of one cluster.
struct Maker {
    name: String,
    space: Uuid,
    now: f64,
}

impl Maker {
    fn new(name: &str, now: f64) -> Maker {
        Maker {
            name: name.to_owned(),
            space: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("cluster {name}").as_bytes()),
            now,
        }
    }

    fn uuid(&self, of: &str) -> String {
        Uuid::new_v5(&self.space, of.as_bytes()).to_string()
    }

    fn node_uuid(&self, at: usize) -> String {
        self.uuid(&format!("node {}", at + 1))
    }

    fn disk_uuid(&self, guest: &Guest, at: usize) -> String {
        self.uuid(&format!("instance {} disk {at}", guest.at + 1))
    }

    fn mac(&self, guest: &Guest) -> String {
        let number = guest.at + 1;
        let [a, b, c] = [number >> 16, number >> 8, number].map(|part| part & 0xff);
        format!("aa:00:00:{a:02x}:{b:02x}:{c:02x}")
    }

    /// An object with these keys, the default ones and its stamps.
    fn object<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        keys: Value,
        defaults: Map<String, Value>,
    ) -> Result<T, SampleError> {
        let mut keys = match keys {
            Value::Object(keys) => keys,
            _ => Map::new(),
        };
        keys.insert("serial_no".to_owned(), json!(1));
        keys.insert("ctime".to_owned(), json!(self.now));
        keys.insert("mtime".to_owned(), json!(self.now));
        defaults::fill(&mut keys, defaults);
        serde_json::from_value(Value::Object(keys)).map_err(|error| SampleError::Shape {
            object: kind,
            reason: error.to_string(),
        })
    }

    fn node(&self, at: usize, capacity: Capacity) -> Result<Node, SampleError> {
        let number = at + 1;
        // 198.18.0.0/15 is set aside for networks that are made up.
        let address = |net: u8| format!("198.{net}.{}.{}", at / 250, at % 250 + 1);
        let keys = json!({
            "name": format!("node{number}"),
            "uuid": self.node_uuid(at),
            "group": self.uuid("group default"),
            "master_candidate": number as u64 <= CANDIDATES,
            "primary_ip": address(18),
            "secondary_ip": address(19),
            "gnt_capacity": capacity,
        });
        self.object("node", keys, defaults::node())
    }

    fn instance(&self, guest: &Guest) -> Result<Instance, SampleError> {
        let name = format!("inst{}", guest.at + 1);
        let disks: Vec<String> = (0..guest.disks.len())
            .map(|at| self.disk_uuid(guest, at))
            .collect();
        let keys = json!({
            "name": name,
            "uuid": self.uuid(&format!("instance {}", guest.at + 1)),
            "primary_node": self.node_uuid(guest.home.primary),
            "admin_state": if guest.runs { "up" } else { "down" },
            "disks_active": guest.runs,
            "disks": disks,
            "hypervisor": "fake",
            "os": "debian-image",
            "beparams": {
                "maxmem": guest.memory,
                "minmem": guest.memory,
                "vcpus": guest.vcpus,
            },
            "nics": [{
                "mac": self.mac(guest),
                "nicparams": {},
                "uuid": self.uuid(&format!("instance {} nic 0", guest.at + 1)),
            }],
        });
        self.object("instance", keys, defaults::instance())
    }

    fn disk(&self, guest: &Guest, at: usize, wiring: &mut Wiring) -> Result<Disk, SampleError> {
        let size = guest.disks[at];
        let uuid = self.disk_uuid(guest, at);
        let mut keys = json!({
            "uuid": uuid,
            "dev_type": guest.home.template,
            "size": size,
            "iv_name": format!("disk/{at}"),
        });
        match (guest.home.template, guest.home.secondary) {
            (DiskTemplate::Drbd, Some(secondary)) => {
                let primary = guest.home.primary;
                let nodes = [self.node_uuid(primary), self.node_uuid(secondary)];
                let volume = |part: &str, size: u64| {
                    json!({
                        "dev_type": "plain",
                        "logical_id": [defaults::VOLUME_GROUP, format!("{uuid}.disk{at}_{part}")],
                        "nodes": nodes,
                        "params": {},
                        "size": size,
                        "serial_no": 1,
                        "ctime": self.now,
                        "mtime": self.now,
                    })
                };
                keys["children"] = json!([volume("data", size), volume("meta", DRBD_META_MIB)]);
                keys["nodes"] = json!(nodes);
                keys["logical_id"] = json!([
                    nodes[0],
                    nodes[1],
                    wiring.port(),
                    wiring.minor(primary),
                    wiring.minor(secondary),
                    self.uuid(&format!("secret of disk {uuid}"))
                        .replace('-', ""),
                ]);
            }
            (DiskTemplate::SharedFile, _) => {
                let instance = format!("inst{}", guest.at + 1);
                let path = format!("{}/{instance}/{uuid}.disk{at}", defaults::SHARED_FILE_DIR);
                keys["logical_id"] = json!(["loop", path]);
            }
            _ => keys["logical_id"] = json!(["rbd", format!("{uuid}.rbd.disk{at}")]),
        }
        self.object("disk", keys, defaults::disk())
    }

    fn config(&self, content: Content) -> Result<Config, SampleError> {
        let mut keys = json!({
            "cluster_name": self.name,
            "uuid": self.space.to_string(),
            "highest_used_port": defaults::FIRST_DRBD_PORT + content.ports,
        });
        if let Some(first) = content.nodes.first() {
            keys["master_node"] = json!(first.uuid);
        }
        let cluster: Cluster = self.object("cluster", keys, defaults::cluster())?;
        let group = json!({"name": "default", "uuid": self.uuid("group default")});
        let group: Group = self.object("group", group, defaults::group())?;
        let root = json!({"serial_no": 1, "ctime": self.now, "mtime": self.now});
        let other = root.as_object().cloned().unwrap_or_default();
        Ok(Config::new(
            cluster,
            vec![group],
            content.nodes,
            content.instances,
            content.disks,
            other,
        ))
    }
}

/// The size of the candidate pool of a new cluster.
const CANDIDATES: u64 = 10;

#[cfg(test)]
mod tests;
