//! Nodes and guests of the driver in Python, in a file of a test's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use gnt::cluster::{DiskTemplate, Host, InstanceUuid, NodeUuid};
use gnt::hypervisor::{InstanceRef, NodeRef, ProcessDriver};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::conformance::Access;

/// The driver's name.
pub(crate) const NAME: &str = "json";

pub(crate) struct World {
    pub(crate) temp: tempfile::TempDir,
}

impl World {
    /// Nodes without guests; none where there is no Python.
    pub(crate) fn new(nodes: usize) -> Option<World> {
        let python = Command::new("python3").arg("--version").output();
        if python.is_err() {
            eprintln!("skipped: the driver in Python (python3 is not installed)");
            return None;
        }
        let temp = tempfile::tempdir().unwrap();
        let world = World { temp };
        let node = |_| json!({"memory": 8192, "cpus": 8, "guests": {}});
        let all: BTreeMap<String, Value> = (1..=nodes)
            .map(|nr| (format!("node{nr}"), node(nr)))
            .collect();
        fs::write(world.file(), json!(all).to_string()).unwrap();
        Some(world)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.temp.path().join("world.json")
    }

    pub(crate) fn program(&self) -> PathBuf {
        program()
    }

    pub(crate) fn driver(&self) -> ProcessDriver {
        ProcessDriver::at(program(), NAME)
    }

    pub(crate) fn uri(&self, node: usize) -> String {
        format!("{}#node{node}", self.file().display())
    }

    pub(crate) fn access(&self, node: usize) -> Access {
        Access::from([("uri".to_owned(), self.uri(node))])
    }

    /// As the driver names a machine.
    pub(crate) fn host_uuid(&self, node: usize) -> String {
        format!("node{node} of {}", self.file().display())
    }

    pub(crate) fn node(&self, nr: usize) -> NodeRef {
        NodeRef {
            uuid: NodeUuid::from(format!("uuid-node{nr}")),
            name: format!("node{nr}"),
            host: Some(Arc::new(Host {
                uri: self.uri(nr),
                host_uuid: Some(self.host_uuid(nr)),
                ..Host::default()
            })),
        }
    }

    pub(crate) fn uuid(&self, name: &str) -> String {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
    }

    pub(crate) fn definition(&self, name: &str, more: Value) -> String {
        let mut about = json!({"uuid": self.uuid(name), "name": name, "memory": 64, "vcpus": 1});
        let Value::Object(more) = more else {
            panic!("no object");
        };
        about.as_object_mut().unwrap().extend(more);
        about.to_string()
    }

    pub(crate) fn instance(&self, name: &str, more: Value) -> InstanceRef {
        InstanceRef {
            uuid: InstanceUuid::from(self.uuid(name)),
            name: name.to_owned(),
            memory: 64,
            vcpus: 1,
            disk: 0,
            template: DiskTemplate::SharedFile,
            definition: Some(self.definition(name, more).into()),
        }
    }

    /// Puts a guest on a node, behind everybody's back.
    pub(crate) fn put(&self, node: usize, name: &str, state: &str, more: Value) {
        let guest = json!({
            "definition": self.definition(name, more), "state": state, "autostart": false,
            "cluster": null, "mover": null, "transfer": null, "abort": false,
        });
        let uuid = self.uuid(name);
        self.change(|world| world[format!("node{node}")]["guests"][&uuid] = guest);
    }

    /// Changes the file as the driver does: under its lock, whole.
    pub(crate) fn change(&self, work: impl FnOnce(&mut Value)) {
        let lock = fs::File::create(self.file().with_extension("json.lock")).unwrap();
        lock.lock().unwrap();
        let mut world = self.read();
        work(&mut world);
        let new = self.file().with_extension("json.new");
        fs::write(&new, world.to_string()).unwrap();
        fs::rename(new, self.file()).unwrap();
    }

    pub(crate) fn read(&self) -> Value {
        serde_json::from_slice(&fs::read(self.file()).unwrap()).unwrap()
    }

    /// Where a guest is known, and what it does there.
    pub(crate) fn states(&self, name: &str) -> BTreeMap<String, String> {
        let (world, uuid) = (self.read(), self.uuid(name));
        let nodes = world.as_object().unwrap().iter();
        let state = |node: &Value| Some(node["guests"].get(&uuid)?["state"].as_str()?.to_owned());
        nodes
            .filter_map(|(name, node)| Some((name.clone(), state(node)?)))
            .collect()
    }

    /// The process that moves a guest away from a node, if one does.
    pub(crate) fn mover(&self, node: usize, name: &str) -> Option<i32> {
        let guest = &self.read()[format!("node{node}")]["guests"][self.uuid(name)];
        let mover = guest["mover"].as_i64()?;
        i32::try_from(mover).ok()
    }
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/driver/gnt-json")
}
