//! A cluster whose instances are run by a driver that is a program, through the real tools.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use gnt::admin::{Existing, Founding, NewReality, found};
use gnt::cluster::{Capacity, Config};
use gnt::queue::{JobId, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::common::{Lab, Output, Running, tool, wait_for};
use crate::world::{NAME, World};

/// Three nodes, and guests on the first.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) lab: Lab,
    /// The tools, and beside them the driver.
    tools: tempfile::TempDir,
}

/// The cluster's UUID, by which its guests are marked.
const CLUSTER: &str = "2f2c1f0a-52f5-4c3e-8f43-3f5b1a4f7a11";

const TOOLS: [&str; 6] = [
    "gnt-cluster",
    "gnt-instance",
    "gnt-job",
    "gnt-node",
    "gnt-debug",
    "gnt-runner",
];

impl Site {
    pub(crate) fn new(guests: &[&str], more: &Value) -> Option<Site> {
        let world = World::new(3)?;
        for name in guests {
            world.put(1, name, "running", more.clone());
            let uuid = world.uuid(name);
            world.change(|world| world["node1"]["guests"][&uuid]["cluster"] = CLUSTER.into());
        }
        let tools = tools_beside(&world.program());
        let lab = Lab::new();
        let founding = Founding {
            config: config(&world, guests, more),
            reality: NewReality::Machines(NAME.to_owned()),
            queue_limit: None,
            max_running_jobs: None,
            allocators: None,
        };
        found(&lab.dir, &founding, Existing::Keep, "{}").unwrap();
        Some(Site { world, lab, tools })
    }

    fn spawn<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Running {
        spawn(&self.lab, self.tools.path(), words)
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.spawn(line.split(' ')).finish()
    }

    /// Configuration and nodes agree, and each guest runs once.
    #[track_caller]
    pub(crate) fn verify_clean(&self, guests: &[&str]) {
        self.run("gnt-cluster verify-config").exits(0);
        let config = self.lab.store().config().unwrap();
        for name in guests {
            let instance = config.instance_named(name).unwrap();
            let home = config.node_name(&instance.primary_node).to_owned();
            let expected = BTreeMap::from([(home, "running".to_owned())]);
            assert_eq!(self.world.states(name), expected, "{name}");
        }
    }
}

/// The tools, in a directory of their own with a driver beside them.
pub(crate) fn tools_beside(driver: &Path) -> tempfile::TempDir {
    let beside = tool("gnt-node").parent().unwrap().to_owned();
    let tools = tempfile::tempdir_in(beside).unwrap();
    for name in TOOLS {
        fs::hard_link(tool(name), tools.path().join(name)).unwrap();
    }
    let program = tools.path().join(driver.file_name().unwrap());
    fs::copy(driver, &program).unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    tools
}

/// Starts one of such tools.
pub(crate) fn spawn<S: AsRef<OsStr>>(
    lab: &Lab,
    tools: &Path,
    words: impl IntoIterator<Item = S>,
) -> Running {
    let mut words = words.into_iter();
    let name = words.next().unwrap();
    lab.spawn_command(lab.command_of(&tools.join(name.as_ref()), words))
}

fn config(world: &World, guests: &[&str], more: &Value) -> Config {
    let cluster = serde_json::from_value(json!({
        "cluster_name": "site", "uuid": CLUSTER,
        "enabled_disk_templates": ["sharedfile"],
        "beparams": {"default": {"maxmem": 64, "minmem": 64, "vcpus": 1}},
    }));
    let group = json!({"name": "default", "uuid": "g-1"});
    let node = |nr: usize| {
        let capacity = Capacity {
            memory: 8192,
            disk: 100_000,
            cpus: 8,
            spindles: 1,
        };
        let node = json!({
            "name": format!("node{nr}"), "uuid": format!("uuid-node{nr}"), "group": "g-1",
            "gnt_capacity": capacity,
            "gnt_host": {"uri": world.uri(nr), "host_uuid": world.host_uuid(nr)},
        });
        serde_json::from_value(node).unwrap()
    };
    let instance = |name: &&str| {
        let instance = json!({
            "name": name, "uuid": world.uuid(name), "primary_node": "uuid-node1",
            "admin_state": "up", "disks": [format!("disk-{name}")],
            "gnt_definition": world.definition(name, more.clone()),
        });
        serde_json::from_value(instance).unwrap()
    };
    let disk = |name: &&str| {
        let disk = json!({"uuid": format!("disk-{name}"), "dev_type": "sharedfile", "size": 1024,
            "iv_name": "disk/0"});
        serde_json::from_value(disk).unwrap()
    };
    Config::new(
        cluster.unwrap(),
        vec![serde_json::from_value(group).unwrap()],
        (1..=3).map(node).collect(),
        guests.iter().map(instance).collect(),
        guests.iter().map(disk).collect(),
        serde_json::Map::new(),
    )
}

#[test]
fn a_node_is_evacuated() {
    let guests = ["web", "db", "mail", "shell"];
    let Some(site) = Site::new(&guests, &json!({})) else {
        return;
    };
    site.verify_clean(&guests);
    let list = site
        .run("gnt-instance list --no-headers -o name,status")
        .exits(0);
    assert_eq!(list.stdout.matches("running").count(), 4, "{list:?}");
    let output = site.run("gnt-node evacuate -f --json node1").exits(0);
    let document = output.json();
    assert_eq!(document["exit"], 0, "{document}");
    site.verify_clean(&guests);
    let homes: BTreeSet<String> = (guests.iter())
        .flat_map(|name| site.world.states(name).into_keys())
        .collect();
    assert!(!homes.contains("node1"), "{homes:?}");
    // All that the driver is needed for beside that.
    site.run("gnt-instance shutdown web").exits(0);
    assert_eq!(
        site.world.states("web").into_values().next().unwrap(),
        "stopped"
    );
    site.run("gnt-instance startup web").exits(0);
    site.run("gnt-instance reboot -f web").exits(0);
    site.run("gnt-cluster verify").exits(0);
    site.run("gnt-cluster doctor").exits(0);
    site.run("gnt-instance failover -f web").exits(0);
    site.verify_clean(&guests);
    site.run("gnt-cluster info").exits(0);
    let export = site.run("gnt-cluster export").exits(0);
    assert!(export.stdout.contains("\"driver\": \"json\""));
}

#[test]
fn a_canceled_move_leaves_its_guest_where_it_was() {
    let Some(site) = Site::new(&["web"], &json!({"memory": 4000})) else {
        return;
    };
    let output = site.run("gnt-instance migrate -f -n node2 --submit --print-jobid web");
    let job = output.exits(0).stdout.trim().parse().unwrap();
    wait_for("a move", || site.world.mover(1, "web"));
    site.run(&format!("gnt-job cancel {job}"));
    site.lab.wait_for_status(job, &[Status::Canceled]);
    site.verify_clean(&["web"]);
    assert_eq!(site.lab.nodes_of("web").0, "node1");
}

#[test]
fn a_driver_that_is_killed_in_a_move_fails_that_move_alone() {
    let guests = ["web", "db"];
    let Some(site) = Site::new(&guests, &json!({"memory": 4000})) else {
        return;
    };
    let evacuation = site.spawn(["gnt-node", "evacuate", "-f", "node1"]);
    let mover = wait_for("a move", || site.world.mover(1, "web"));
    kill(Pid::from_raw(mover), Signal::SIGKILL).unwrap();
    let output = evacuation.finish();
    assert_ne!(output.code, 0, "{output:?}");
    assert!(
        output.stderr.contains("web still runs on node1"),
        "{output:?}"
    );
    site.verify_clean(&guests);
    assert_eq!(site.lab.nodes_of("web").0, "node1");
    assert_ne!(site.lab.nodes_of("db").0, "node1");
}

#[test]
fn a_runner_that_is_killed_in_a_move_leaves_it_to_the_next() {
    let Some(site) = Site::new(&["web"], &json!({"memory": 4000})) else {
        return;
    };
    let output = site.run("gnt-instance migrate -f -n node2 --submit --print-jobid web");
    let job = output.exits(0).stdout.trim().parse().unwrap();
    wait_for("a move", || site.world.mover(1, "web"));
    kill(site.lab.runner_pid().unwrap(), Signal::SIGKILL).unwrap();
    // Whoever looks starts the next one.
    wait_for("the end of the job", || {
        site.run("gnt-job list");
        site.lab.job(job).status.is_final().then_some(())
    });
    assert_eq!(site.lab.job(job).status, Status::Success);
    site.verify_clean(&["web"]);
    assert_eq!(site.lab.nodes_of("web").0, "node2");
}

#[test]
fn a_hung_node_delays_what_needs_it_and_nothing_else() {
    let guests = ["web", "db"];
    let Some(site) = Site::new(&guests, &json!({})) else {
        return;
    };
    site.world
        .change(|world| world["node2"]["hangs"] = true.into());
    let output = site.run("gnt-instance migrate -f -n node2 --submit --print-jobid web");
    let job: JobId = output.exits(0).stdout.trim().parse().unwrap();
    let waits = format!("gnt-job list --no-headers -o why {job}");
    wait_for("what the job waits for", || {
        let list = site.run(&waits).exits(0).stdout;
        (list.trim() == "answer of node2").then_some(())
    });
    site.run("gnt-instance migrate -f -n node3 db").exits(0);
    assert_eq!(site.lab.job(job).status, Status::Running);
    // What the configuration tells is not waited for.
    let silent = "node2 does not answer";
    let told = site.run("gnt-instance list -o name,pnode").exits(0);
    assert!(!told.stderr.contains(silent), "{told:?}");
    let told = site.run("gnt-instance list").exits(0);
    assert!(told.stderr.contains(silent), "{told:?}");
    // The next one need not wait as long.
    let note = site.lab.path().join("silent-uuid-node2");
    assert!(note.exists());
    site.lab.wait_for_status(job, &[Status::Error]);
    assert_eq!(site.lab.nodes_of("web").0, "node1");
    site.world
        .change(|world| world["node2"]["hangs"] = false.into());
    site.verify_clean(&guests);
    let told = site.run("gnt-instance list").exits(0);
    assert!(!told.stderr.contains(silent) && !note.exists(), "{told:?}");
}

#[test]
fn a_dead_node_is_failed_over_and_looked_at_when_it_comes_back() {
    let guests = ["web", "db"];
    let Some(site) = Site::new(&guests, &json!({})) else {
        return;
    };
    let mut dead = Value::Null;
    site.world.change(|world| {
        dead = world.as_object_mut().unwrap().remove("node1").unwrap();
    });
    // The configuration has all that is needed to start them elsewhere.
    site.run("gnt-node modify --offline yes -f node1").exits(0);
    site.run("gnt-node failover -f node1").exits(0);
    site.verify_clean(&guests);
    for guest in dead["guests"].as_object_mut().unwrap().values_mut() {
        guest["state"] = "stopped".into();
    }
    site.world.change(|world| world["node1"] = dead);
    site.run("gnt-node modify --offline no -f node1").exits(0);
    // It has forgotten them before anything starts there.
    site.verify_clean(&guests);
    assert_eq!(site.world.read()["node1"]["guests"], json!({}));
}

#[test]
fn a_definition_that_a_broken_move_left_is_found_and_removed() {
    let Some(site) = Site::new(&["web"], &json!({})) else {
        return;
    };
    site.world.put(3, "web", "stopped", json!({}));
    let output = site.run("gnt-cluster verify-config").exits(1);
    let left = "a definition was left on node3";
    assert!(output.stdout.contains(left), "{output:?}");
    site.run("gnt-instance migrate --cleanup -f web").exits(0);
    site.verify_clean(&["web"]);
}
