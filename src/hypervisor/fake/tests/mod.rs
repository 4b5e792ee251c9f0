//! Tests of the simulator, on real files.

mod faults;
mod file;
mod verbs;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::{Fake, FakeSettings, Fault, FaultKind, LogEntry, Outcome, Verb, create};
use crate::cluster::{Capacity, Cluster, Config, Disk, Group, Instance, Node};
use crate::hypervisor::{
    Call, Hypervisor, InstanceRef, Interrupt, MigrationPolicy, NodeRef, Observed, Progress,
    VerbError,
};

/// A long time: no test waits for it.
const LONG: u64 = 60_000;

fn object<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// Three nodes; `web` (drbd on node1 and node2), `db` (rbd on node1), `log` (plain on node1) run,
/// `off` (drbd on node2 and node3) does not, `gone` is meant to run on node4, which is offline.
fn config() -> Config {
    let cluster: Cluster = object(json!({"cluster_name": "c", "uuid": "c-1"}));
    let group: Group = object(json!({"name": "default", "uuid": "g-1"}));
    let nodes = (1..=4).map(|n| {
        object::<Node>(json!({
            "name": format!("node{n}"), "uuid": format!("n-{n}"), "group": "g-1",
            "offline": n == 4,
            "gnt_capacity": {"memory": 4096, "disk": 100_000, "cpus": 8},
        }))
    });
    let mut instances = vec![];
    let mut disks = vec![];
    let table = [
        ("web", "drbd", "n-1", "up", vec!["n-1", "n-2"]),
        ("db", "rbd", "n-1", "up", vec![]),
        ("log", "plain", "n-1", "up", vec!["n-1"]),
        ("off", "drbd", "n-2", "down", vec!["n-2", "n-3"]),
        ("gone", "drbd", "n-4", "up", vec!["n-4", "n-3"]),
    ];
    for (name, template, primary, state, homes) in table {
        instances.push(object::<Instance>(json!({
            "name": name, "uuid": format!("i-{name}"), "primary_node": primary,
            "admin_state": state, "disks": [format!("d-{name}")],
            "beparams": {"maxmem": 512, "vcpus": 1},
        })));
        disks.push(object::<Disk>(json!({
            "uuid": format!("d-{name}"), "dev_type": template, "size": 1024, "nodes": homes,
        })));
    }
    Config::new(
        cluster,
        vec![group],
        nodes.collect(),
        instances,
        disks,
        serde_json::Map::new(),
    )
}

/// A reality in a folder of its own.
struct Lab {
    dir: TempDir,
    config: Config,
    fake: Fake,
}

impl Lab {
    fn new(settings: FakeSettings) -> Lab {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("reality");
        let config = config();
        create(&path, &config, &settings).unwrap();
        let fake = Fake::open(&path).unwrap();
        Lab { dir, config, fake }
    }

    /// Another process's view.
    fn again(&self) -> Fake {
        Fake::open(&self.dir.path().join("reality")).unwrap()
    }

    fn instance(&self, name: &str) -> InstanceRef {
        InstanceRef::new(&self.config, self.config.instance_named(name).unwrap())
    }

    fn fault(&self, kind: FaultKind, set: impl FnOnce(&mut Fault)) -> i64 {
        let mut fault = Fault::new(kind);
        set(&mut fault);
        self.fake.add_fault(&fault).unwrap()
    }

    fn observed(&self, name: &str) -> Observed {
        let nodes: Vec<NodeRef> = (1..=4).map(node).collect();
        let instance = self.instance(name);
        let fake = &self.fake;
        long(|call| fake.observe(call, &instance, &nodes)).unwrap()
    }

    /// Where it runs, by the nodes' numbers.
    fn runs(&self, name: &str) -> Vec<String> {
        let running = self.observed(name).running_on;
        running
            .iter()
            .map(|node| node.as_str().to_owned())
            .collect()
    }

    fn log(&self, verb: Verb) -> Vec<LogEntry> {
        let log = self.fake.log().unwrap();
        log.into_iter().filter(|entry| entry.verb == verb).collect()
    }

    fn outcomes(&self, verb: Verb) -> Vec<Option<Outcome>> {
        self.log(verb).iter().map(|entry| entry.outcome).collect()
    }

    fn migrate(&self, call: &Call<'_>, name: &str) -> Result<(), VerbError> {
        let instance = self.instance(name);
        self.fake
            .migrate(call, &instance, &node(1), &node(2), &MigrationPolicy::LIVE)
    }

    /// Waits until something is on its way with it, as another process sees it.
    fn await_activity(&self, name: &str) {
        let limit = Instant::now() + Duration::from_secs(20);
        while self.observed(name).activity.is_none() {
            assert!(Instant::now() < limit, "nothing was begun");
            std::thread::yield_now();
        }
    }
}

fn node(n: u32) -> NodeRef {
    NodeRef {
        uuid: format!("n-{n}").into(),
        name: format!("node{n}"),
        host: None,
    }
}

/// Calls with a limit and an interrupt.
fn within<T>(limit: Duration, interrupt: &Interrupt, verb: impl FnOnce(&Call<'_>) -> T) -> T {
    verb(&Call {
        deadline: Instant::now() + limit,
        interrupt,
        progress: &|_| {},
    })
}

/// Calls with all the time in the world.
fn long<T>(verb: impl FnOnce(&Call<'_>) -> T) -> T {
    within(Duration::from_secs(60), &Interrupt::default(), verb)
}

/// Calls with hardly any.
fn short<T>(verb: impl FnOnce(&Call<'_>) -> T) -> T {
    within(Duration::from_millis(50), &Interrupt::default(), verb)
}

/// Collects what a verb tells on its way.
fn watched<T>(verb: impl FnOnce(&Call<'_>) -> T) -> (T, Vec<Progress>) {
    let seen = Mutex::new(vec![]);
    let interrupt = Interrupt::default();
    let answer = verb(&Call {
        deadline: Instant::now() + Duration::from_secs(60),
        interrupt: &interrupt,
        progress: &|progress| seen.lock().unwrap().push(progress),
    });
    (answer, seen.into_inner().unwrap())
}

/// Every verb takes so long that only a test's doing ends it.
const ENDLESS: FakeSettings = FakeSettings {
    start: LONG,
    stop: LONG,
    reboot: LONG,
    migrate: LONG,
    sync: LONG,
    sync_per_gib: 0,
};

#[test]
fn a_fixture_capacity_is_read() {
    let capacity = config().node_named("node1").map(|node| node.capacity);
    let wanted = Capacity {
        memory: 4096,
        disk: 100_000,
        cpus: 8,
        spindles: 1,
    };
    assert_eq!(capacity, Some(wanted));
}
