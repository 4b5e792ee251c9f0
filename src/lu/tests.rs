//! Units against the real simulator: four nodes, a few instances of each kind.

mod advice;
mod batch;
mod change;
mod create;
mod disks;
mod fence;
mod forthcoming;
mod groups;
mod maintenance;
mod moves;
mod nodes;
mod params;
mod plans;
mod regroup;
mod run;
mod storage;
mod tags;
mod verify;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Callbacks, Env, Failure, Limits, Outcome, UnitResult, unit};
use crate::allocator::external::Allocators;
use crate::allocator::{Claim, World};
use crate::cluster::{
    AdminState, Capacity, Cluster, Config, Disk, Group, Instance, InstanceUuid, Node, NodeUuid,
};
use crate::hypervisor::fake::{Fake, FakeSettings, Fault, FaultKind, Verb, create};
use crate::hypervisor::{Call, Driver, Hypervisor, InstanceRef, Interrupt, NodeRef, Progress};
use crate::opcodes::{ErrorClass, ErrorCode, OpError, Opcode};
use crate::queue::JobId;

/// A cluster, its reality, and what a unit is told while it runs.
struct Lab {
    world: World,
    fake: Arc<Fake>,
    interrupt: Arc<Interrupt>,
    limits: Limits,
    attempt: u32,
    log: Log,
    allocators: Allocators,
    dir: tempfile::TempDir,
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Callbacks for Log {
    fn feedback(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }

    fn progress(&self, _progress: Progress) {}
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn node(name: &str, group: &str) -> Node {
    let mut node: Node =
        from(json!({"name": name, "uuid": format!("uuid-{name}"), "group": group}));
    node.capacity = Capacity {
        memory: 8192,
        disk: 100_000,
        cpus: 8,
        spindles: 1,
    };
    node
}

/// Everything that stands at the beginning. `drbd1` and `drbd3` run, `drbd2` is stopped; `rbd1`
/// runs, `plain1` too. `drbd3` has node1 as its secondary node. node5 is in another group.
fn config() -> Config {
    let cluster: Cluster = from(json!({
        "cluster_name": "lab", "uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "enabled_hypervisors": ["fake"],
        "enabled_disk_templates": ["drbd", "plain", "rbd", "diskless"],
        "volume_group_name": "vg0",
    }));
    let groups: Vec<Group> = ["default", "other"]
        .map(|name| from(json!({"name": name, "uuid": format!("uuid-{name}")})))
        .into();
    let mut nodes: Vec<Node> = (1..=4)
        .map(|number| node(&format!("node{number}"), "uuid-default"))
        .collect();
    nodes.push(node("node5", "uuid-other"));
    let mut instances = vec![];
    let mut disks = vec![];
    for (name, template, nodes, state) in [
        ("drbd1", "drbd", &["node1", "node2"][..], "up"),
        ("drbd2", "drbd", &["node1", "node3"], "down"),
        ("drbd3", "drbd", &["node2", "node1"], "up"),
        ("plain1", "plain", &["node3"], "up"),
        ("rbd1", "rbd", &["node1"], "up"),
    ] {
        let nodes: Vec<String> = nodes.iter().map(|node| format!("uuid-{node}")).collect();
        let instance: Instance = from(json!({
            "name": name, "uuid": format!("uuid-{name}"), "primary_node": nodes[0],
            "admin_state": state, "disks": [format!("disk-{name}")],
            "beparams": {"maxmem": 1024, "minmem": 1024, "vcpus": 1},
        }));
        let mut disk: Disk = from(json!({
            "uuid": format!("disk-{name}"), "dev_type": template, "size": 1000, "iv_name": "disk/0",
        }));
        if template != "rbd" {
            disk.nodes = nodes
                .iter()
                .map(|uuid| NodeUuid::from(uuid.as_str()))
                .collect();
        }
        if template == "drbd" {
            disk.logical_id = vec![
                json!(nodes[0]),
                json!(nodes[1]),
                json!(11_000),
                json!(0),
                json!(0),
                json!("secret"),
            ];
        }
        instances.push(instance);
        disks.push(disk);
    }
    Config::new(cluster, groups, nodes, instances, disks, Map::new())
}

impl Lab {
    fn new() -> Lab {
        Lab::of(config())
    }

    fn of(config: Config) -> Lab {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("reality");
        create(&path, &config, &FakeSettings::ZERO).unwrap();
        Lab {
            world: World {
                config,
                serial: 7,
                ..World::default()
            },
            fake: Arc::new(Fake::open(&path).unwrap()),
            interrupt: Arc::default(),
            limits: Limits::default(),
            attempt: 1,
            log: Log::default(),
            allocators: Allocators::default(),
            dir,
        }
    }

    /// Runs an opcode as the processor does: check, execute, and the edits either way.
    fn run(&mut self, op: impl Into<Opcode>) -> Result<Outcome, Failure> {
        let op = op.into();
        let env = Env {
            world: &self.world,
            driver: &Driver::new(self.fake.clone()),
            callbacks: &self.log,
            limits: &self.limits,
            allocators: &self.allocators,
            scratch: self.dir.path(),
            interrupt: &self.interrupt,
            job: JobId(17),
            index: 0,
            common: &op.common,
            attempt: self.attempt,
        };
        let unit = unit(&op.op);
        let end = match unit.check(&env) {
            Err(error) => Err(error.into()),
            Ok(()) if op.common.dry_run && !unit.plans() => Ok(Outcome::default()),
            Ok(()) => unit.execute(&env),
        };
        let edits = match &end {
            Ok(outcome) => &outcome.edits,
            Err(failure) => &failure.edits,
        };
        for edit in edits {
            edit.apply(&mut self.world.config, 1.0).unwrap();
        }
        end
    }

    fn fails(&mut self, op: impl Into<Opcode>) -> OpError {
        self.run(op).unwrap_err().error
    }

    /// Runs it again, as after a runner that died.
    fn again(&mut self, op: impl Into<Opcode>) -> Result<Outcome, Failure> {
        self.attempt += 1;
        self.run(op)
    }

    fn change_node(&mut self, name: &str, change: impl FnOnce(&mut Node)) {
        let mut node = (**self.world.config.node_named(name).unwrap()).clone();
        change(&mut node);
        self.world.config.put_node(node);
    }

    fn change_instance(&mut self, name: &str, change: impl FnOnce(&mut Instance)) {
        let mut instance = (*self.instance(name)).clone();
        change(&mut instance);
        self.world.config.put_instance(instance);
    }

    fn instance(&self, name: &str) -> Arc<Instance> {
        self.world.config.instance_named(name).unwrap().clone()
    }

    /// Primary and secondary node by the configuration.
    fn nodes_of(&self, name: &str) -> (String, Option<String>) {
        let config = &self.world.config;
        let instance = self.instance(name);
        let secondary = config.secondary(&instance);
        (
            config.node_name(&instance.primary_node).to_owned(),
            secondary.map(|node| config.node_name(node).to_owned()),
        )
    }

    /// Where it runs in reality.
    fn runs_on(&self, name: &str) -> Vec<String> {
        let now = self.fake.snapshot().unwrap();
        let uuid = InstanceUuid::from(format!("uuid-{name}"));
        let running = now.instances.get(&uuid).map(|now| now.running_on.clone());
        let running = running.unwrap_or_default();
        let name = |node: &NodeUuid| self.world.config.node_name(node).to_owned();
        running.iter().map(name).collect()
    }

    /// Which nodes hold a copy of its disks in reality, in order.
    fn copies_on(&self, name: &str) -> Vec<String> {
        let instance = InstanceRef::new(&self.world.config, &self.instance(name));
        let copies = self
            .verb(|fake, call| fake.copies(call, &instance))
            .unwrap();
        let mut names: Vec<_> = (copies.iter())
            .map(|(node, _)| self.world.config.node_name(node).to_owned())
            .collect();
        names.sort();
        names
    }

    fn verb<T>(&self, verb: impl FnOnce(&Fake, &Call<'_>) -> T) -> T {
        let call = Call {
            deadline: std::time::Instant::now() + Duration::from_secs(10),
            interrupt: &Interrupt::default(),
            progress: &|_| {},
        };
        verb(&self.fake, &call)
    }

    fn reference(&self, name: &str) -> InstanceRef {
        InstanceRef::new(&self.world.config, &self.instance(name))
    }

    fn node(&self, name: &str) -> NodeRef {
        NodeRef::from(&**self.world.config.node_named(name).unwrap())
    }

    /// Stops it in reality, behind the configuration's back.
    fn kill(&self, name: &str) {
        let node = self.node(&self.runs_on(name)[0]);
        let instance = self.reference(name);
        let stop = crate::hypervisor::Stop::Destroy;
        self.verb(|fake, call| fake.stop(call, &instance, &node, stop))
            .unwrap();
    }

    fn fault(&self, kind: FaultKind, set: impl FnOnce(&mut Fault)) {
        let mut fault = Fault::new(kind);
        set(&mut fault);
        self.fake.add_fault(&fault).unwrap();
    }

    fn kill_node(&self, name: &str) {
        self.fault(FaultKind::NodeDead, |fault| fault.node = Some(name.into()));
    }

    fn said(&self, text: &str) -> bool {
        let log = self.log.0.lock().unwrap();
        log.iter().any(|line| line.contains(text))
    }

    /// Which verbs reality has seen on an instance.
    fn verbs(&self, name: &str) -> Vec<Verb> {
        let log = self.fake.log().unwrap();
        (log.iter().filter(|entry| entry.instance == name))
            .map(|entry| entry.verb)
            .collect()
    }
}

fn op(value: Value) -> Opcode {
    Opcode::from_value(value).unwrap()
}

fn code(error: &OpError) -> ErrorCode {
    error.code.unwrap_or_else(|| panic!("{error} has no code"))
}

/// The same opcode with another parameter.
fn with(op: Opcode, key: &str, value: Value) -> Opcode {
    let mut map = op.to_value();
    map[key] = value;
    Opcode::from_value(map).unwrap()
}
