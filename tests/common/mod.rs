//! What the tests with real processes share: a state directory, a cluster in it, the tools.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by tests, none of which uses all of it")]

use std::path::{Path, PathBuf};

use gnt::admin::{Existing, Founding, found};
use gnt::cluster::{Capacity, Config};
use gnt::hypervisor::fake::FakeSettings;
use gnt::queue::Client;
use gnt::store::StateDir;
use serde_json::{Value, json};

/// A state directory that goes away.
pub struct Lab {
    pub temp: tempfile::TempDir,
    pub dir: StateDir,
}

impl Lab {
    /// An empty one.
    pub fn new() -> Lab {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("state");
        let dir = StateDir::locate(Some(&path)).unwrap();
        Lab { temp, dir }
    }

    /// One with a cluster of drbd instances, two roles spread round a ring of nodes.
    pub fn ring(nodes: usize, instances: usize, simulator: FakeSettings) -> Lab {
        let lab = Lab::new();
        let founding = Founding {
            config: ring(nodes, instances),
            simulator,
            queue_limit: None,
            max_running_jobs: None,
        };
        found(&lab.dir, &founding, Existing::Keep, "{}").unwrap();
        lab
    }

    pub fn client(&self) -> Client {
        Client::open(self.dir.clone(), "test").unwrap()
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Where the built tools are.
pub fn tool(name: &str) -> PathBuf {
    assert_cmd::cargo::cargo_bin(name)
}

pub fn ring(nodes: usize, instances: usize) -> Config {
    let uuid = |kind: u32, nr: usize| format!("{kind:08x}-0000-4000-8000-{nr:012x}");
    let parse = |value: Value| value;
    let cluster = serde_json::from_value(json!({
        "cluster_name": "ring", "uuid": uuid(0, 0),
        "beparams": {"default": {"maxmem": 128, "minmem": 128, "vcpus": 1}},
    }))
    .unwrap();
    let group = serde_json::from_value(json!({"name": "default", "uuid": uuid(1, 0)})).unwrap();
    let capacity = Capacity {
        memory: 128 * (instances as u64 + 1) * 2,
        disk: 2048 * (instances as u64 + 1) * 2,
        cpus: instances as u64 + 1,
        spindles: instances as u64 + 1,
    };
    let node = |nr: usize| {
        serde_json::from_value(parse(json!({
            "name": format!("node{}", nr + 1), "uuid": uuid(2, nr), "group": uuid(1, 0),
            "gnt_capacity": capacity,
        })))
        .unwrap()
    };
    let instance = |nr: usize| {
        serde_json::from_value(parse(json!({
            "name": format!("inst{}", nr + 1), "uuid": uuid(3, nr),
            "primary_node": uuid(2, nr % nodes), "admin_state": "up", "disks": [uuid(4, nr)],
        })))
        .unwrap()
    };
    let disk = |nr: usize| {
        let on = [uuid(2, nr % nodes), uuid(2, (nr + 1) % nodes)];
        serde_json::from_value(parse(json!({
            "uuid": uuid(4, nr), "dev_type": "drbd", "size": 1024, "iv_name": "disk/0",
            "nodes": on, "logical_id": [on[0], on[1], 11000 + nr, nr, nr, "secret"],
        })))
        .unwrap()
    };
    Config::new(
        cluster,
        vec![group],
        (0..nodes).map(node).collect(),
        (0..instances).map(instance).collect(),
        (0..instances).map(disk).collect(),
        serde_json::Map::new(),
    )
}
