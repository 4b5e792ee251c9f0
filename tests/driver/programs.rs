//! The driver to begin with, whose guests are programs: what it claims it does, and the tools get along with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::cluster::{spawn, tools_beside};
use crate::common::{Lab, Output};
use crate::conformance::{Access, Subject, conforms};

/// The guest.
const UUID: &str = "6d1f1f1c-7f54-4bd1-9d66-4cf5f7d9b9a0";

/// A cluster of two directories.
struct Site {
    temp: tempfile::TempDir,
    lab: Lab,
    tools: tempfile::TempDir,
}

impl Site {
    /// Nothing where there is no Python, or no `/proc` in which it could find its guests.
    fn new() -> Option<Site> {
        let python = Command::new("python3").arg("--version").output();
        if python.is_err() || !Path::new("/proc/self/environ").exists() {
            eprintln!(
                "skipped: guests that are programs (python3 is not installed, or there is no /proc)"
            );
            return None;
        }
        let temp = tempfile::tempdir().unwrap();
        for node in ["node1", "node2"] {
            fs::create_dir(temp.path().join(node)).unwrap();
        }
        Some(Site {
            temp,
            lab: Lab::new(),
            tools: tools_beside(&driver()),
        })
    }

    fn node(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// Where the guest is known.
    fn known(&self) -> Vec<&'static str> {
        let nodes = ["node1", "node2"].into_iter();
        nodes
            .filter(|node| self.node(node).join(UUID).exists())
            .collect()
    }

    /// The guest's processes. There is one program, and it starts no other.
    fn processes(&self) -> usize {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let is_one = |path: PathBuf| {
            let environ = fs::read(path.join("environ")).unwrap_or_default();
            let environ = String::from_utf8_lossy(&environ).into_owned();
            let own = format!("GUEST={}/", self.temp.path().display());
            environ.split('\0').any(|word| word.starts_with(&own))
        };
        processes.filter(|process| is_one(process.path())).count()
    }

    fn run(&self, line: &str) -> Output {
        spawn(&self.lab, self.tools.path(), line.split(' ')).finish()
    }
}

fn driver() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/driver/gnt-programs")
}

fn definition() -> String {
    let run = ["sleep", "1000"];
    json!({"uuid": UUID, "name": "web", "memory": 64, "vcpus": 1, "run": run}).to_string()
}

#[test]
fn the_driver_of_programs_conforms() {
    let Some(site) = Site::new() else {
        return;
    };
    let access = |node| {
        let path = site.node(node).to_str().unwrap().to_owned();
        Access::from([("uri".to_owned(), path)])
    };
    let nodes = ["node1", "node2"].map(access);
    conforms(&Subject {
        program: driver(),
        peers: nodes.clone(),
        nodes,
        definition: definition(),
        guest: UUID.to_owned(),
        slow: 16,
    });
    assert_eq!(site.processes(), 0);
}

#[test]
fn a_cluster_does_without_what_its_driver_does_not_claim() {
    let Some(site) = Site::new() else {
        return;
    };
    site.run("gnt-cluster init --driver programs site").exits(0);
    for node in ["node1", "node2"] {
        let path = site.node(node);
        let path = path.display();
        site.run(&format!("gnt-node add --libvirt-uri {path} {node}"))
            .exits(0);
    }
    fs::write(site.node("node1").join(UUID), definition()).unwrap();
    site.run("gnt-instance adopt --all node1").exits(0);
    site.run("gnt-instance startup web").exits(0);
    assert_eq!((site.known(), site.processes()), (vec!["node1"], 1));
    let refused = site.run("gnt-instance migrate -f web").exits(1);
    let expected = "node1: the driver programs cannot migrate: gnt-instance failover stops a guest";
    assert!(refused.stderr.contains(expected), "{refused:?}");
    let refused = site.run("gnt-instance reboot -f web").exits(1);
    let expected = "node1: the driver programs cannot reboot";
    assert!(refused.stderr.contains(expected), "{refused:?}");
    site.run("gnt-instance failover -f web").exits(0);
    assert_eq!((site.known(), site.processes()), (vec!["node2"], 1));
    site.run("gnt-cluster verify").exits(0);
    site.run("gnt-cluster verify-config").exits(0);
    site.run("gnt-instance shutdown web").exits(0);
    assert_eq!((site.known(), site.processes()), (vec!["node2"], 0));
    site.run("gnt-instance startup web").exits(0);
    site.run("gnt-node failover -f node2").exits(0);
    assert_eq!((site.known(), site.processes()), (vec!["node1"], 1));
    site.run("gnt-instance shutdown web").exits(0);
    assert_eq!(site.processes(), 0);
}
