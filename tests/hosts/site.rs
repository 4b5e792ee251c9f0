//! A cluster of real hosts: a lab, a state directory, and the tools as an operator has them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use gnt::cluster::AdminState;
use gnt_lab::{Failure, Guest, Node};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{Lab, Output, Running, tool};

/// How long an operation may take until it is believed to hang: the hosts' own keepalive, then the
/// longest that a job looks for a host that is silent, then as much again for a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Hosts with libvirt, node1 and so on, that are the nodes of a cluster.
pub(crate) struct Site {
    /// The state directory. It goes first, and the runner with it.
    pub(crate) state: Lab,
    /// The hosts.
    pub(crate) hosts: gnt_lab::Lab,
    /// The guests, all of which were booted on node1 and are instances.
    pub(crate) guests: Vec<Guest>,
}

/// What a host knows of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sight {
    /// The host.
    pub(crate) node: String,
    /// As libvirt tells it: `running`, `paused`, `shut off`.
    pub(crate) state: String,
    /// Whether the host still knows it when it has stopped.
    pub(crate) persistent: bool,
}

/// What may have become of a guest to whose host, or to whose qemu something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It runs, and was never interrupted.
    Lives,
    /// It was killed itself, where it stands now, and may be off there.
    MayBeOff,
}

impl Site {
    /// Brings up so many hosts and boots `guests` on the first, which is made a cluster's with the others.
    /// Nothing where this machine cannot have them; it is said then which `test` is skipped.
    pub(crate) fn new(test: &str, hosts: usize, guests: Vec<Guest>) -> Option<Site> {
        if let Some(why) = gnt_lab::missing() {
            eprintln!("skipped: {test}: {why}");
            return None;
        }
        let site = Site {
            state: with_driver(),
            hosts: gnt_lab::Lab::new(hosts).unwrap(),
            guests,
        };
        let first = site.hosts.node(1);
        std::thread::scope(|scope| {
            for guest in &site.guests {
                scope.spawn(|| first.boot(guest).unwrap());
            }
        });
        site.run("gnt-cluster init --driver libvirt site").exits(0);
        let shared = site.hosts.shared();
        let shared = ["gnt-cluster", "modify", "--shared-path"]
            .map(PathBuf::from)
            .into_iter()
            .chain([shared]);
        site.state.run(shared).exits(0);
        for node in site.hosts.nodes() {
            let (uri, peer) = (node.uri(), node.peer_uri());
            site.run(&format!(
                "gnt-node add --libvirt-uri {uri} --peer-uri {peer} {}",
                node.name()
            ))
            .exits(0);
        }
        if !site.guests.is_empty() {
            site.run("gnt-instance adopt --all node1").exits(0);
        }
        Some(site)
    }

    /// Starts a tool; the line is parted at its blanks.
    pub(crate) fn spawn(&self, line: &str) -> Running {
        self.state.spawn(line.split(' '))
    }

    /// Runs a tool to its end.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Output {
        self.spawn(line).finish_within(PATIENCE)
    }

    /// The document that a tool prints.
    #[track_caller]
    pub(crate) fn json(&self, line: &str) -> Value {
        self.run(&format!("{line} --json")).json()
    }

    /// The host of a name.
    pub(crate) fn node(&self, name: &str) -> &Node {
        let node = self.hosts.nodes().iter().find(|node| node.name() == name);
        node.unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// The processes by which the runner reaches the hosts.
    pub(crate) fn driver_pids(&self) -> Vec<Pid> {
        let Some(runner) = self.state.runner_pid() else {
            return vec![];
        };
        let tasks = format!("/proc/{runner}/task");
        let tasks = std::fs::read_dir(tasks).into_iter().flatten().flatten();
        tasks
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|pids| -> Vec<Pid> {
                let pids = pids.split_whitespace().filter_map(|pid| pid.parse().ok());
                pids.map(Pid::from_raw).collect()
            })
            .collect()
    }

    /// Waits until all jobs have ended, and tells how long that took.
    #[track_caller]
    pub(crate) fn wait_until_idle(&self) -> Duration {
        let (begun, store) = (Instant::now(), self.state.store());
        loop {
            let jobs = store.jobs().unwrap();
            let unfinished: Vec<String> = (jobs.iter())
                .filter(|job| !job.status.is_final())
                .map(|job| format!("job {} {} is {}", job.id, job.summary, job.status))
                .collect();
            if unfinished.is_empty() {
                return begun.elapsed();
            }
            let waits = begun.elapsed() > PATIENCE;
            assert!(!waits, "does not end: {unfinished:?}\n{}", self.told());
            // What a client does that has not been killed: it sees to a runner.
            self.run("gnt-job list").exits(0);
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What each host that is on knows of each guest, by the guest's name.
    pub(crate) fn sights(&self) -> Result<BTreeMap<String, Vec<Sight>>, Failure> {
        let names: BTreeMap<String, &str> = (self.guests.iter())
            .map(|guest| (guest.id(), guest.name.as_str()))
            .collect();
        let mut sights: BTreeMap<String, Vec<Sight>> = (self.guests.iter())
            .map(|guest| (guest.name.clone(), vec![]))
            .collect();
        for node in self.hosts.nodes() {
            let list = |which: &[&str]| -> Result<BTreeSet<String>, Failure> {
                let text = node.virsh(&[&["list", "--uuid"], which].concat())?;
                Ok(text.split_whitespace().map(str::to_owned).collect())
            };
            let persistent = list(&["--all", "--persistent"])?;
            for id in list(&["--all"])? {
                let name = names.get(&id).copied().unwrap_or(id.as_str());
                let sight = Sight {
                    node: node.name().to_owned(),
                    state: node.virsh(&["domstate", &id])?,
                    persistent: persistent.contains(&id),
                };
                sights.entry(name.to_owned()).or_default().push(sight);
            }
        }
        Ok(sights)
    }

    /// Looks whether all is in order when nothing is done any more and all hosts are up, and tells what is
    /// not: each guest is known to one host, its primary node, and runs there, unless its `fate` allows
    /// otherwise; it was never interrupted; nothing else is known anywhere; configuration and hosts agree.
    pub(crate) fn faults(&self, fate: impl Fn(&str, &Sight) -> Fate) -> Vec<String> {
        let mut faults = vec![];
        let sights = match self.sights() {
            Ok(sights) => sights,
            Err(failure) => return vec![failure.to_string()],
        };
        let config = self.state.store().config().unwrap();
        let mut off = BTreeSet::new();
        for (name, sights) in &sights {
            let [sight] = sights.as_slice() else {
                faults.push(format!("{name} is not on one host: {sights:?}"));
                continue;
            };
            let fate = fate(name, sight);
            match (sight.state.as_str(), fate) {
                ("running", _) => {}
                ("shut off" | "crashed", Fate::MayBeOff) => {
                    off.insert(name.clone());
                }
                _ => faults.push(format!("{name} does not run: {sight:?}")),
            }
            if !sight.persistent {
                faults.push(format!("{name} is forgotten when it stops: {sight:?}"));
            }
            if fate == Fate::Lives {
                let boots = self.hosts.said(name).map(|said| said.boots);
                if boots.as_ref().ok() != Some(&1) {
                    faults.push(format!("{name} did not boot once, but {boots:?}"));
                }
            }
            match config.instance_named(name) {
                None => faults.push(format!("{name} is no instance any more")),
                Some(instance) => {
                    let home = config.node_name(&instance.primary_node);
                    if home != sight.node {
                        faults.push(format!("{name} belongs to {home}, and is here: {sight:?}"));
                    }
                    if let Some(why) = &instance.uncertain {
                        faults.push(format!("{name} is uncertain: {why}"));
                    }
                    if instance.admin_state != AdminState::Up {
                        faults.push(format!("{name} is not meant to run any more"));
                    }
                }
            }
        }
        faults.extend(self.kernels_word(&off));
        // What has just been killed is started again first: it is right that it is missed.
        for name in &off {
            let output = self.run(&format!("gnt-instance startup {name}"));
            if output.code != 0 {
                faults.push(format!("{name} does not start again: {output:#?}"));
            }
        }
        for guest in &self.guests {
            if let Err(failure) = self.hosts.wait_for_life(&guest.name) {
                faults.push(failure.to_string());
            }
        }
        for check in ["gnt-cluster verify", "gnt-cluster verify-config"] {
            let output = self.run(&format!("{check} --json"));
            let document = output.json();
            let found = |key: &str| document[key].as_array().is_some_and(|all| !all.is_empty());
            if output.code != 0 || found("findings") || found("items") || found("busy") {
                faults.push(format!("{check}: {document}"));
            }
        }
        faults
    }

    /// Whether the kernel sees one qemu of each guest that is not `off`, whatever libvirt says.
    fn kernels_word(&self, off: &BTreeSet<String>) -> Option<String> {
        let seen = self
            .hosts
            .nodes()
            .iter()
            .map(|node| node.running().unwrap());
        let mut seen: Vec<String> = seen.flatten().collect();
        seen.sort();
        let guests = self.guests.iter().map(|guest| guest.name.clone());
        let mut expected: Vec<String> = guests.filter(|name| !off.contains(name)).collect();
        expected.sort();
        (seen != expected).then(|| format!("the kernel runs {seen:?}, and not {expected:?}"))
    }

    /// All that jobs have told so far.
    pub(crate) fn jobs_told(&self) -> String {
        let jobs = self.state.store().jobs().unwrap();
        let infos = jobs.iter().map(|job| {
            let output = self.run(&format!("gnt-job info {}", job.id));
            output.stdout
        });
        infos.collect::<Vec<_>>().join("\n")
    }

    /// The same, what the runner has told, and where the guests are: for whoever has to find out what went wrong.
    pub(crate) fn told(&self) -> String {
        let log = std::fs::read_to_string(self.state.path().join("runner.log"));
        let sights = self.sights();
        format!(
            "{}\nrunner.log:\n{}\n{sights:#?}",
            self.jobs_told(),
            log.unwrap_or_default()
        )
    }
}

/// An empty state directory; the driver is beside the tools.
///
/// It is a package of its own, so nobody builds it with this test. Where it is not cargo that runs the test it
/// has to be there.
fn with_driver() -> Lab {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let Some(cargo) = std::env::var_os("CARGO") else {
            return;
        };
        let beside = tool("gnt-node");
        let directory = beside.parent().unwrap();
        let profile = match directory.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--offline", "--bin", "gnt-libvirt"])
            .args(["--profile", profile, "--target-dir"])
            .arg(directory.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success(), "the driver cannot be built");
    });
    Lab::new()
}
