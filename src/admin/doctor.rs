//! What a person has to know of a cluster, on one page: how it is, what is wrong, and what to do about it.

use std::sync::Arc;

use crate::allocator::{Fill, World, fill};
use crate::cluster::{Config, Home, Node};
use crate::hypervisor::Snapshot;
use crate::queue::JobId;
use crate::store::{Program, Reading, Settings, Store, StoreError, runner_alive, stopped_runner};

use super::AdminError;
use super::verify::{Code, Finding, look_at_work, verify};
use super::watch::{Remedy, down};

/// MiB on the disk below which somebody has to make room: less than a busy day writes.
const LITTLE_ROOM: u64 = 512;

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Trouble {
    /// What it is about, such as `node node1`.
    pub object: String,
    /// What is wrong.
    pub text: String,
    /// What to do next.
    pub next: String,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Checkup {
    /// The cluster's name.
    pub cluster: String,
    /// All nodes, those that are offline, those that are drained.
    pub nodes: [usize; 3],
    /// All instances, those that are meant to run, those of them that run.
    pub instances: [usize; 3],
    /// How full it is.
    pub fill: Fill,
    /// What was set.
    pub settings: Settings,
    /// Jobs that have not ended.
    pub unfinished: u64,
    /// Jobs that run.
    pub busy: Vec<JobId>,
    /// Whether a runner is there.
    pub runner: bool,
    /// MiB that are free on the disk, if that can be told.
    pub free_mib: Option<u64>,
    /// Bytes of the database's file and of its log.
    pub database: (u64, u64),
    /// The program that asks.
    pub program: Program,
    /// What needs a person, the worst first.
    pub troubles: Vec<Trouble>,
}

/// Looks at everything of a cluster that may be at work; changes nothing.
///
/// # Errors
/// [`AdminError`] when the database or reality cannot be read.
pub fn examine_at_work(store: &Store) -> Result<Checkup, AdminError> {
    look_at_work(
        store,
        || super::reality(store),
        |reality| examine(store, reality),
        |checkup| !checkup.troubles.is_empty(),
    )
}

/// Looks at everything; changes nothing.
///
/// # Errors
/// [`StoreError`] when the database cannot be read.
pub fn examine(store: &Store, reality: &Snapshot) -> Result<Checkup, StoreError> {
    store.read(|store| {
        let verdict = verify(store, Some(reality), Reading::Queue)?;
        let config = store.config()?;
        let settings = store.settings()?;
        let world = World {
            config,
            claims: store.claims()?.into(),
            serial: settings.world_serial,
        };
        let fill = fill(&world);
        let config = &world.config;
        let mut checkup = Checkup {
            cluster: config.name().to_owned(),
            nodes: [
                config.nodes.len(),
                config.nodes.values().filter(|node| node.offline).count(),
                config.nodes.values().filter(|node| node.drained).count(),
            ],
            instances: instances(config, reality),
            fill,
            unfinished: store.unfinished_count()?,
            busy: verdict.busy,
            runner: runner_alive(store.dir())?,
            free_mib: store.dir().free_mib(),
            database: store.dir().database_bytes(),
            program: Program::ours(std::path::PathBuf::new()),
            settings,
            troubles: vec![],
        };
        checkup
            .troubles
            .extend(serious(&verdict.findings).map(of_finding));
        checkup.troubles.extend(homeless(store, reality, config)?);
        checkup.troubles.extend(of_fill(&checkup.fill));
        let stopped = stopped_runner(store.dir());
        checkup.troubles.extend(not_home(&world));
        let more = of_queue(&checkup, stopped);
        checkup.troubles.extend(more);
        Ok(checkup)
    })
}

/// The findings that something is wrong with.
fn serious(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| !finding.is_remark())
}

/// All, those that are meant to run, and those of them that do.
fn instances(config: &Config, reality: &Snapshot) -> [usize; 3] {
    let meant = config.instances.values().filter(|i| Config::uses_memory(i));
    let runs = |uuid| {
        let now = reality.instances.get(uuid);
        now.is_some_and(|now| !now.running_on.is_empty())
    };
    let up: Vec<_> = meant.collect();
    let running = up.iter().filter(|instance| runs(&instance.uuid)).count();
    [config.instances.len(), up.len(), running]
}

/// What a check has found, with what helps.
fn of_finding(finding: &Finding) -> Trouble {
    let name = finding.object.split_once(' ').map_or("", |(_, name)| name);
    let next = match finding.code {
        Code::Damaged
        | Code::Unreadable
        | Code::Stray
        | Code::IdOutOfBounds
        | Code::OpcodeCount
        | Code::OpcodeOrder
        | Code::JobStatus
        | Code::Times
        | Code::CancelMark
        | Code::WrongParent
        | Code::Children
        | Code::CapExceeded
        | Code::Dependency
        | Code::Archive
        | Code::RequestTwice
        | Code::HoldNotRunning
        | Code::HoldsConflict
        | Code::ClaimEnded => {
            "keep a copy of the state directory; gnt-cluster restore --replace brings a backup"
                .into()
        }
        Code::NodeWithoutGroup
        | Code::InstanceWithoutNode
        | Code::DiskMissing
        | Code::DiskShared
        | Code::DiskUnused
        | Code::DiskNodes
        | Code::NodeMissing
        | Code::NodeUnknown
        | Code::InstanceUnknown => {
            "gnt-cluster export, mend it by hand, gnt-cluster import --replace".into()
        }
        Code::NodeFlags => format!("gnt-node modify -O no, -D no or -C no {name}"),
        Code::NodeCapacity => format!("gnt-node modify --capacity SIZES {name}"),
        Code::NodeSilent => format!(
            "if it is dead: gnt-node modify --offline yes {name}, then gnt-node failover {name}"
        ),
        Code::Overbooked => format!("gnt-node migrate {name}, or gnt-instance replace-disks"),
        Code::InstanceUncertain
        | Code::RunsTwice
        | Code::RunsElsewhere
        | Code::LeftOver
        | Code::Activity => format!("gnt-instance migrate --cleanup {name}"),
        Code::RunsNot => format!("gnt-cluster watcher run, or gnt-instance startup {name}"),
        Code::RunsStopped => format!("gnt-instance shutdown {name}"),
        Code::CopyMissing => format!("gnt-instance replace-disks --auto {name}"),
        Code::CopyNotInSync => {
            format!("wait; if it stands still: gnt-instance replace-disks --auto {name}")
        }
        Code::Overcommitted => format!("gnt-node migrate {name}, or shut some of them down"),
        Code::GuestMissing => {
            format!(
                "gnt-instance startup {name} makes it known there, gnt-instance remove {name} forgets it"
            )
        }
        Code::GuestName => {
            format!("virsh domrename, or gnt-instance forget {name} and adopt it anew")
        }
        Code::GuestUnmarked => format!("gnt-instance forget {name}, then gnt-instance adopt"),
        Code::GuestForeign => "gnt-instance adopt takes it in; or leave it".into(),
        Code::Autostart => format!("virsh autostart --disable {name}"),
        Code::CopyExtra => format!(
            "it only takes room; gnt-instance replace-disks -n NODE {name} makes it the second copy"
        ),
    };
    Trouble {
        object: finding.object.clone(),
        text: finding.text.clone(),
        next,
    }
}

/// Instances that have lost a node that was declared dead.
fn homeless(
    store: &Store,
    reality: &Snapshot,
    config: &Config,
) -> Result<Vec<Trouble>, StoreError> {
    let mut troubles = vec![];
    for down in down(store, config, reality)? {
        if let Remedy::NodeOffline(node) = down.what {
            troubles.push(Trouble {
                object: format!("instance {}", down.instance),
                text: format!("is meant to run, and its node {node} is offline"),
                next: format!(
                    "gnt-node failover {node}, or gnt-instance failover {}",
                    down.instance
                ),
            });
        }
    }
    for node in config.nodes_by_name().filter(|node| node.offline) {
        let alone = config.secondaries(&node.uuid).count();
        if alone > 0 {
            troubles.push(Trouble {
                object: format!("node {}", node.name),
                text: format!("is offline, and has the second copy of {alone} instances"),
                next: format!("gnt-node evacuate --secondary-only {}", node.name),
            });
        }
    }
    Ok(troubles)
}

/// Nodes in use again whose instances a maintenance has left away, unless a job is on the way with them.
fn not_home(world: &World) -> Vec<Trouble> {
    let config = &world.config;
    let trouble = |node: &Arc<Node>| {
        let known = node.homecoming.as_ref()?;
        let on_its_way = |home: &&Home| {
            let mut claims = world.claims.iter();
            claims.any(|(_, claim)| claim.instance == home.instance)
        };
        let away: Vec<&str> = (known.homes.iter())
            .filter(|home| !on_its_way(home))
            .filter_map(|home| config.instances.get(&home.instance))
            .map(|instance| instance.name.as_str())
            .collect();
        let first = away.first()?;
        let others = match away.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(Trouble {
            object: format!("node {}", node.name),
            text: format!("is in use again after maintenance without {first}{others}"),
            next: format!(
                "gnt-node maintenance leave {} goes on; with --no-restore they stay",
                node.name
            ),
        })
    };
    config.nodes_by_name().filter_map(trouble).collect()
}

fn of_fill(fill: &Fill) -> Vec<Trouble> {
    let trouble = |(node, missing): &(String, u64)| Trouble {
        object: format!("node {node}"),
        text: format!("lacks {missing} MiB of memory if another node fails (N+1)"),
        next: "more memory or nodes, or gnt-instance replace-disks moves second copies".into(),
    };
    fill.short.iter().map(trouble).collect()
}

/// What keeps jobs from going on.
fn of_queue(checkup: &Checkup, stopped: Option<u32>) -> Vec<Trouble> {
    let mut troubles = vec![];
    let mut say = |object: &str, text: String, next: String| {
        let object = object.to_owned();
        troubles.push(Trouble { object, text, next });
    };
    let Checkup {
        settings,
        unfinished,
        ..
    } = checkup;
    if settings.held {
        let text = format!("is held: {unfinished} jobs wait, and nothing starts");
        say("queue", text, "gnt-cluster queue release".into());
    }
    if settings.drained {
        let text = "is drained: it takes no jobs".into();
        say("queue", text, "gnt-cluster queue undrain".into());
    }
    if *unfinished >= settings.limits.queue_limit {
        let text = format!("is full: {unfinished} jobs are unfinished");
        let next = "gnt-job cancel --pending, or gnt-cluster modify --queue-limit N";
        say("queue", text, next.into());
    }
    if let Some(pid) = stopped {
        let text = format!("pid {pid} is stopped by a signal");
        say("runner", text, format!("kill -CONT {pid}"));
    }
    if *unfinished > 0 && !checkup.runner && !settings.held {
        let text = format!("is not there, and {unfinished} jobs are unfinished");
        let next = "gnt-job list starts it; if it does not stay, see runner.log";
        say("runner", text, next.into());
    }
    let (database, log) = checkup.database;
    let needs = LITTLE_ROOM.max((database + log) >> 20);
    if let Some(free) = checkup.free_mib.filter(|free| *free < needs) {
        let text = format!("{free} MiB are free, {needs} should be");
        say(
            "disk",
            text,
            "make room; gnt-job purge deletes old jobs".into(),
        );
    }
    troubles
}

#[cfg(test)]
#[path = "doctor_tests.rs"]
mod tests;
