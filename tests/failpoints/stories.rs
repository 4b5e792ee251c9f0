//! Stories that together pass every failpoint. Each is told by somebody who does not give up: what
//! was killed or failed is tried again until it is done.

use std::cell::Cell;
use std::collections::BTreeSet;

use gnt::admin::simulator;
use gnt::cluster::AdminState;
use gnt::failpoints::control::Control;
use gnt::hypervisor::fake::FakeSettings;
use gnt::queue::{JobId, Status};
use gnt::store::JobRow;
use nix::sys::signal::{Signal, kill};
use rusqlite::Connection;
use serde_json::Value;

use crate::common::{Lab, wait_for};

/// How often something is tried: a point does harm once, so that this is plenty.
const TRIES: u32 = 4;

/// A story and the cluster that it begins with.
#[derive(Clone, Copy)]
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) begin: fn() -> Lab,
    pub(crate) tell: fn(&Tale),
    pub(crate) end: End,
}

/// How much of a story's end is certain if a verb of it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All: it is done again.
    Certain,
    /// What was to be given up may have got through meanwhile, or not.
    Open,
}

/// All of them.
pub(crate) const STORIES: [Story; 16] = [
    story("founding", Lab::new, founding),
    story("replacing", ring, replacing),
    story("steering", ring, steering),
    story("history", ring, history),
    story("restoring", ring, restoring),
    story("instances", slow_sample, instances),
    story("nodes", ring, nodes),
    story("changes", ring, changes),
    story("relocating", slow_sample, relocating),
    story("a dead node", ring, dead_node),
    story("a migration that leaves something behind", ring, left_over),
    open_story("a cancelled migration", ring, canceled),
    open_story("a migration to a node that dies", ring, given_up),
    story("runners that leave", ring, leaving),
    story("a boot of the host", ring, boot),
    // Last, for what no other story reaches: a verb that fails in one of its jobs may leave what none of
    // them comes back to, such as a copy too many.
    story("a rolling maintenance", ring, rolling),
];

const fn story(name: &'static str, begin: fn() -> Lab, tell: fn(&Tale)) -> Story {
    let end = End::Certain;
    Story {
        name,
        begin,
        tell,
        end,
    }
}

const fn open_story(name: &'static str, begin: fn() -> Lab, tell: fn(&Tale)) -> Story {
    let end = End::Open;
    Story {
        name,
        begin,
        tell,
        end,
    }
}

fn ring() -> Lab {
    Lab::ring(4, 4, FakeSettings::ZERO)
}

/// Verbs take a moment, so that somebody looks when they are due.
fn slow_sample() -> Lab {
    Lab::sample(4, 4, 5)
}

/// A story while it is told.
pub(crate) struct Tale {
    pub(crate) lab: Lab,
    pub(crate) control: Control,
    /// Whether a verb may fail, and its job with it.
    pub(crate) verbs_fail: bool,
    jobs: Cell<u32>,
}

impl Tale {
    pub(crate) fn new(mut lab: Lab, verbs_fail: bool) -> Tale {
        let control = lab.steer();
        Tale {
            lab,
            control,
            verbs_fail,
            jobs: Cell::new(0),
        }
    }

    /// Runs a tool until it succeeds.
    #[track_caller]
    fn tool(&self, line: &str) {
        self.tool_until(line, || false);
    }

    /// Runs a tool until it succeeds, or what it is for is so.
    #[track_caller]
    fn tool_until(&self, line: &str, done: impl Fn() -> bool) {
        let mut last = None;
        for _ in 0..TRIES {
            let output = self.lab.run(line.split(' '));
            if output.code == 0 || done() {
                return;
            }
            last = Some(output);
        }
        panic!("{line}: {last:#?}");
    }

    /// Runs a tool that submits a job, until the job has succeeded. Tried again it joins the job
    /// that was submitted, so that there is never a second one. Where the job itself failed it is
    /// submitted anew, unless `done` says that it has done what it is for.
    #[track_caller]
    fn job(&self, line: &str, done: impl Fn(&Tale) -> bool) {
        let mut last = None;
        self.jobs.set(self.jobs.get() + 1);
        let mut request = format!("r{}", self.jobs.get());
        for _ in 0..TRIES {
            let words = line.split(' ').chain(["--request-id", &request]);
            let output = self.lab.run(words);
            if output.code == 0 {
                return;
            }
            let store = self.lab.store();
            let job = store.job_by_request(&request).unwrap();
            let family = job.map(|id| store.family(id).unwrap()).unwrap_or_default();
            let failed = family.iter().any(|job| job.status == Status::Error);
            if failed {
                assert!(self.verbs_fail, "{line}: {output:#?}");
                self.clear_up();
                if done(self) {
                    return;
                }
                request.push('a');
            }
            last = Some(output);
        }
        panic!("{line}: {last:#?}");
    }

    /// Finds out what became of instances of which nobody knows.
    fn clear_up(&self) {
        let config = self.lab.store().config().unwrap();
        for instance in config.instances.values() {
            if instance.uncertain.is_some() {
                let name = &instance.name;
                self.tool(&format!("gnt-instance migrate -f --cleanup {name}"));
            }
        }
    }

    /// Sees to it that whatever was submitted has ended.
    pub(crate) fn finish(&self) {
        let unfinished = || -> Vec<String> {
            let jobs = self.lab.store().unfinished().unwrap();
            jobs.iter().map(|job| job.id.to_string()).collect()
        };
        for _ in 0..TRIES {
            let ids = unfinished();
            if ids.is_empty() {
                return;
            }
            let words = ["gnt-job", "wait"].into_iter();
            self.lab.run(words.chain(ids.iter().map(String::as_str)));
        }
        panic!("unfinished: {:?}", unfinished());
    }

    fn on(&self, instance: &str, node: &str) -> bool {
        self.lab.nodes_of(instance).0 == node
    }

    fn state(&self, instance: &str) -> Option<AdminState> {
        let config = self.lab.store().config().unwrap();
        let found = config.instance_named(instance);
        found.map(|instance| instance.admin_state)
    }

    /// The sizes of an instance's disks.
    fn disks(&self, instance: &str) -> Vec<u64> {
        let config = self.lab.store().config().unwrap();
        let found = config.instance_named(instance).into_iter();
        let disks = found.flat_map(|instance| config.disks_of(instance));
        disks.map(|disk| disk.size).collect()
    }

    fn has_node(&self, name: &str) -> bool {
        let config = self.lab.store().config().unwrap();
        config.node_named(name).is_some()
    }

    fn job_of(&self, request: &str) -> Option<JobId> {
        self.lab.store().job_by_request(request).unwrap()
    }

    fn wait_for_runners_end(&self) {
        wait_for("the runner's end", || {
            self.lab.runner_pid().is_none().then_some(())
        });
    }
}

impl Drop for Tale {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.lab.dir.runner_log()).unwrap_or_default();
            eprintln!("runner {:?}:\n{log}", self.lab.runner_pid());
        }
    }
}

/// Nothing that a job has done shows that it was done.
fn never(_: &Tale) -> bool {
    false
}

fn founding(tale: &Tale) {
    let init = "gnt-cluster init demo --sample --nodes 3 --instances 3";
    tale.tool_until(init, || tale.lab.dir.has_cluster());
    tale.job("gnt-debug delay 0", never);
}

fn replacing(tale: &Tale) {
    let file = tale.lab.temp.path().join("config.data");
    let file = file.to_str().unwrap();
    tale.tool(&format!("gnt-cluster export -o {file}"));
    tale.job("gnt-debug delay 0", never);
    // The runner, which has nothing to do, is asked to leave.
    tale.tool(&format!("gnt-cluster import --replace {file}"));
    tale.job("gnt-debug delay 0", never);
}

fn steering(tale: &Tale) {
    tale.tool("gnt-cluster queue hold");
    for request in ["a", "b", "c"] {
        tale.tool(&format!(
            "gnt-debug delay --submit 0 --request-id {request}"
        ));
    }
    let [a, b, c] = ["a", "b", "c"].map(|request| tale.job_of(request).unwrap());
    tale.tool(&format!("gnt-job change-priority --priority high {c}"));
    let canceled = || tale.lab.job(b).status == Status::Canceled;
    tale.tool_until(&format!("gnt-job cancel {b}"), canceled);
    tale.tool("gnt-cluster queue release");
    tale.tool(&format!("gnt-job wait {a} {c}"));
    tale.tool("gnt-cluster queue drain");
    tale.tool("gnt-cluster queue undrain");
    tale.tool("gnt-cluster watcher pause 1h");
    tale.tool("gnt-cluster watcher continue");
    tale.tool("gnt-cluster modify --queue-limit 77");
    tale.tool("gnt-cluster modify --verb-limit start=7777");
    tale.tool("gnt-cluster modify --iallocator-search-path /nowhere");
    tale.tool(&format!("gnt-job archive {a}"));
    tale.tool("gnt-job autoarchive all");
}

fn history(tale: &Tale) {
    tale.job("gnt-node migrate -f node1", |tale| {
        tale.lab.primaries("node1").is_empty()
    });
    tale.tool("gnt-job autoarchive all");
    let file = tale.lab.temp.path().join("jobs");
    tale.tool(&format!("gnt-job purge --export {} all", file.display()));
    let text = std::fs::read_to_string(&file).unwrap();
    let jobs: BTreeSet<i64> = (text.lines())
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|job| job["job"].as_i64().unwrap())
        .collect();
    let last = tale.lab.store().last_job().unwrap().0;
    assert_eq!(jobs, (1..=last).collect());
}

fn restoring(tale: &Tale) {
    tale.job("gnt-debug delay 0", never);
    let file = tale.lab.temp.path().join("backup");
    let file = file.display();
    tale.tool(&format!("gnt-cluster backup {file}"));
    tale.job("gnt-instance migrate -f inst1", |tale| {
        tale.on("inst1", "node2")
    });
    tale.tool(&format!("gnt-cluster restore --replace {file}"));
    assert!(tale.on("inst1", "node1"));
    tale.tool("gnt-cluster queue release");
    tale.job("gnt-debug delay 0", never);
}

fn instances(tale: &Tale) {
    let moved = |name, node| move |tale: &Tale| tale.on(name, node);
    let is = |state| move |tale: &Tale| tale.state("web1") == Some(state);
    let add = "gnt-instance add -t drbd -n node1:node2 --disk 0:size=1G -B memory=128M web1";
    tale.job(add, |tale| tale.state("web1").is_some());
    tale.job("gnt-instance shutdown web1", is(AdminState::Down));
    tale.job("gnt-instance startup web1", is(AdminState::Up));
    tale.job("gnt-instance reboot -f web1", never);
    tale.job("gnt-instance migrate -f web1", moved("web1", "node2"));
    tale.job("gnt-instance failover -f web1", moved("web1", "node1"));
    let secondary = |tale: &Tale| tale.lab.nodes_of("web1").1.as_deref() == Some("node4");
    tale.job("gnt-instance replace-disks -n node4 web1", secondary);
    tale.job("gnt-instance remove -f web1", |tale| {
        tale.state("web1").is_none()
    });
    let left = |tale: &Tale| tale.lab.primaries("node1").is_empty();
    tale.job("gnt-node migrate -f node1", left);
}

fn nodes(tale: &Tale) {
    let add = "gnt-node add --capacity memory=64G,disk=1T,cpus=32 node5";
    tale.job(add, |tale| tale.has_node("node5"));
    tale.job("gnt-node modify --capacity memory=32G node5", never);
    tale.job("gnt-node remove node5", |tale| !tale.has_node("node5"));
    // One that says itself how large it is.
    tale.job("gnt-node add node6", |tale| tale.has_node("node6"));
    // It ends well with what it found, so that asking for the same again would not look again.
    tale.tool("gnt-cluster verify");
}

fn changes(tale: &Tale) {
    let disks = |name, count| move |tale: &Tale| tale.disks(name).len() == count;
    let add = "gnt-instance modify --disk add:size=1G inst1";
    tale.job(add, disks("inst1", 2));
    tale.job(
        "gnt-instance modify --disk 0:remove -B vcpus=2 inst1",
        |tale| tale.disks("inst1").len() == 1,
    );
    tale.job("gnt-instance grow-disk --absolute inst1 0 2G", |tale| {
        tale.disks("inst1") == [2048]
    });
    tale.job("gnt-instance add-tags inst1 a b", never);
    tale.job("gnt-cluster add-tags c", never);
    let stopped = |tale: &Tale| tale.state("inst2") == Some(AdminState::Down);
    tale.job("gnt-instance shutdown inst2", stopped);
    tale.job("gnt-instance deactivate-disks inst2", never);
    tale.job("gnt-instance activate-disks inst2", never);
    tale.job("gnt-instance recreate-disks -f inst2", never);
    tale.job("gnt-instance rename inst2 web2", |tale| {
        tale.state("web2").is_some()
    });
    tale.job("gnt-group rename default north", |tale| {
        let config = tale.lab.store().config().unwrap();
        config.group_named("north").is_some()
    });
    tale.job("gnt-group modify --ipolicy-vcpu-ratio 7 north", never);
}

fn relocating(tale: &Tale) {
    let add = "gnt-instance add -t plain -n node1 --disk 0:size=1G -B memory=128M web1";
    tale.job(add, |tale| tale.state("web1").is_some());
    let moved = |tale: &Tale| tale.on("web1", "node2");
    tale.job("gnt-instance move -f -n node2 web1", moved);
    // It may have moved there without starting.
    tale.job("gnt-instance startup web1", never);
}

fn rolling(tale: &Tale) {
    // Whoever dies when all is done has nothing to go on with: the same line would begin another one.
    let done = || {
        let store = tale.lab.store();
        let over = store.rolling().is_ok_and(|rolling| rolling.is_none());
        let jobs = store.jobs().unwrap();
        let left =
            |job: &JobRow| job.summary == "NODE_RESTORE(node2)" && job.status == Status::Success;
        over && jobs.iter().any(left)
    };
    tale.tool_until(
        "gnt-cluster rolling -f --exec true --nodes node1,node2",
        done,
    );
}

fn dead_node(tale: &Tale) {
    tale.tool("gnt-debug fault add node-dead -n node1");
    tale.job("gnt-node modify --offline yes -f node1", never);
    let failover = "gnt-instance failover -f --ignore-consistency inst1";
    tale.job(failover, |tale| tale.on("inst1", "node2"));
    // It may have moved there without starting.
    tale.job("gnt-instance startup inst1", never);
    tale.tool_until("gnt-debug fault clear", || {
        let simulator = simulator(&tale.lab.store()).unwrap();
        simulator.list_faults().unwrap().is_empty()
    });
    tale.job("gnt-node modify --offline no -f node1", never);
}

fn left_over(tale: &Tale) {
    tale.tool("gnt-debug fault add left-over --verb migrate");
    let migrate = "gnt-instance migrate -f --request-id left inst1";
    let failed = (0..TRIES).any(|_| tale.lab.run(migrate.split(' ')).code == 1);
    assert!(failed, "it did not fail");
    tale.tool_until("gnt-debug fault clear", || {
        let simulator = simulator(&tale.lab.store()).unwrap();
        simulator.list_faults().unwrap().is_empty()
    });
    tale.job("gnt-instance migrate --cleanup -f inst1", never);
}

fn canceled(tale: &Tale) {
    tale.tool("gnt-debug fault add hangs --verb migrate");
    let id = begin_migration(tale);
    let over = || tale.lab.job(id).status.is_final();
    tale.tool_until(&format!("gnt-job cancel --wait {id}"), over);
    tale.tool("gnt-debug fault clear");
    tale.clear_up();
}

fn given_up(tale: &Tale) {
    tale.tool("gnt-debug fault add hangs --verb migrate");
    let id = begin_migration(tale);
    tale.job("gnt-node modify --offline yes -f node2", never);
    tale.tool_until(&format!("gnt-job wait {id}"), || {
        tale.lab.job(id).status.is_final()
    });
    tale.tool("gnt-debug fault clear");
    tale.job("gnt-node modify --offline no -f node2", never);
    tale.clear_up();
}

/// Begins a migration that hangs, and waits until it does; or until it has failed, if it may.
fn begin_migration(tale: &Tale) -> JobId {
    let mut request = "m".to_owned();
    for _ in 0..TRIES {
        let line = format!("gnt-instance migrate -f --submit --request-id {request} inst1");
        tale.tool(&line);
        let id = tale.job_of(&request).unwrap();
        // Whoever waits starts a runner where there is none.
        let waits = tale.lab.spawn(["gnt-job", "wait", &id.to_string()]);
        wait_for("the migration", || {
            let log = simulator(&tale.lab.store()).unwrap().log().unwrap();
            let hangs = log.iter().any(|deed| deed.outcome.is_none());
            (hangs || tale.lab.job(id).status.is_final()).then_some(())
        });
        drop(waits);
        if !tale.lab.job(id).status.is_final() {
            return id;
        }
        assert!(tale.verbs_fail, "{:?}", tale.lab.job(id));
        tale.clear_up();
        request.push('a');
    }
    panic!("no migration begins");
}

fn leaving(tale: &Tale) {
    tale.control.set_version(Some("7.0.0")).unwrap();
    tale.job("gnt-debug delay 0", never);
    // A newer program takes the place of the runner. It is wished for by whoever meets work to do; a
    // wish may be lost, and the next one has it, too.
    tale.control.set_version(Some("7.1.0")).unwrap();
    let newer = || {
        let program = tale.lab.store().settings().unwrap().program;
        program.is_some_and(|program| program.version == "7.1.0")
    };
    for _ in 0..3 {
        tale.job("gnt-debug delay 0.3", never);
    }
    wait_for("the newer program", || newer().then_some(()));
    // One is asked to leave by a signal.
    if let Some(runner) = tale.lab.runner_pid() {
        let _ = kill(runner, Signal::SIGTERM);
    }
    tale.job("gnt-debug delay 0", never);
    // One has nothing to do.
    tale.tool("gnt-cluster modify --runner-idle 0");
    tale.job("gnt-debug delay 0", never);
    tale.wait_for_runners_end();
}

fn boot(tale: &Tale) {
    tale.tool("gnt-cluster modify --simulator migrate=50");
    let reality = tale.lab.dir.reality(1);
    let db = Connection::open(reality).unwrap();
    db.execute("UPDATE facts SET value = 'another' WHERE key = 'boot'", [])
        .unwrap();
    db.close().unwrap();
    let moved = |tale: &Tale| tale.on("inst1", "node2");
    tale.job("gnt-instance migrate -f inst1", moved);
}
