//! Checking that configuration, queue and reality agree. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::allocator::{Claim, Role};
use crate::cluster::{
    AdminState, Config, DiskTemplate, Instance, InstanceUuid, Mirroring, NodeUuid,
};
use crate::hypervisor::CopyState;
use crate::hypervisor::fake::{InstanceNow, Snapshot};
use crate::locking::{Level, LockSet};
use crate::opcodes::words;
use crate::queue::{JobId, Status, job_status};
use crate::store::{Store, StoreError};

words! {
    /// Where something is wrong.
    Area {
        /// In the configuration itself.
        Config = "configuration",
        /// In the queue.
        Queue = "queue",
        /// Between configuration and reality.
        Reality = "reality",
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Where.
    pub area: Area,
    /// The object, such as `instance web1`.
    pub object: String,
    /// What is wrong with it.
    pub text: String,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Jobs on their way; the instances that they work on were left out.
    pub busy: Vec<JobId>,
}

/// Checks a cluster. Instances that a running job has locked are left out: they are between two
/// states.
///
/// # Errors
/// [`StoreError`] when the database cannot be read. What cannot be understood in it is a finding.
pub fn verify(store: &Store, reality: &Snapshot) -> Result<Verdict, StoreError> {
    let config = store.config()?;
    let held = store.held()?;
    let mut found = Findings::default();
    check_config(&config, &mut found);
    check_queue(store, &config, &held, &mut found)?;
    let busy = locked_instances(&held);
    check_reality(&config, reality, &busy, &mut found);
    found.0.sort();
    Ok(Verdict {
        findings: found.0,
        busy: held.keys().copied().collect(),
    })
}

#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn say(&mut self, area: Area, object: impl Into<String>, text: impl Into<String>) {
        self.0.push(Finding {
            area,
            object: object.into(),
            text: text.into(),
        });
    }
}

fn locked_instances(held: &BTreeMap<JobId, LockSet>) -> BTreeSet<String> {
    let names = held
        .values()
        .flat_map(LockSet::iter)
        .filter_map(|(lock, _)| {
            let name = lock
                .name
                .as_deref()
                .filter(|_| lock.level == Level::Instance)?;
            Some(name.to_owned())
        });
    names.collect()
}

fn check_config(config: &Config, found: &mut Findings) {
    for node in config.nodes.values() {
        if !config.groups.contains_key(&node.group) {
            let text = format!("its group {} does not exist", node.group);
            found.say(Area::Config, format!("node {}", node.name), text);
        }
        let flags = [node.offline, node.drained, node.master_candidate];
        if flags.iter().filter(|flag| **flag).count() > 1 {
            let text = "more than one of offline, drained and master candidate";
            found.say(Area::Config, format!("node {}", node.name), text);
        }
    }
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for instance in config.instances.values() {
        let object = || format!("instance {}", instance.name);
        if !config.nodes.contains_key(&instance.primary_node) {
            let text = format!("its primary node {} does not exist", instance.primary_node);
            found.say(Area::Config, object(), text);
        }
        for uuid in &instance.disks {
            if !config.disks.contains_key(uuid) {
                found.say(
                    Area::Config,
                    object(),
                    format!("its disk {uuid} does not exist"),
                );
            }
            if let Some(other) = owners.insert(uuid.as_str(), &instance.name) {
                let text = format!("its disk {uuid} belongs to {other}, too");
                found.say(Area::Config, object(), text);
            }
        }
        check_disks(config, instance, found);
        if let Some(reason) = &instance.uncertain {
            let text = format!("uncertain: {reason} (gnt-instance migrate --cleanup finds out)");
            found.say(Area::Config, object(), text);
        }
    }
    for disk in config.disks.values() {
        if !owners.contains_key(disk.uuid.as_str()) {
            let text = "no instance has it";
            found.say(Area::Config, format!("disk {}", disk.uuid), text);
        }
    }
}

fn check_disks(config: &Config, instance: &Instance, found: &mut Findings) {
    for disk in config.disks_of(instance) {
        let mut say = |text| found.say(Area::Config, format!("instance {}", instance.name), text);
        for node in &disk.nodes {
            if !config.nodes.contains_key(node) {
                say(format!(
                    "its disk {} is on node {node}, which does not exist",
                    disk.uuid
                ));
            }
        }
        if disk.dev_type != DiskTemplate::Drbd {
            continue;
        }
        let nodes: BTreeSet<_> = disk.nodes.iter().collect();
        if nodes.len() != 2 || disk.nodes.len() != 2 {
            say(format!("its drbd disk {} is not on two nodes", disk.uuid));
        } else if !nodes.contains(&instance.primary_node) {
            say(format!(
                "its drbd disk {} is not on its primary node",
                disk.uuid
            ));
        }
        let ids = disk.logical_id.iter().take(2).filter_map(|id| id.as_str());
        if ids.map(NodeUuid::from).collect::<BTreeSet<_>>() != nodes.into_iter().cloned().collect()
        {
            say(format!(
                "its drbd disk {} names other nodes in its id",
                disk.uuid
            ));
        }
    }
}

// --------------------------------------------------------------------- queue

fn check_queue(
    store: &Store,
    config: &Config,
    held: &BTreeMap<JobId, LockSet>,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let unfinished = store.unfinished_after(JobId(0))?;
    let status: BTreeMap<JobId, Status> = unfinished.iter().map(|j| (j.id, j.status)).collect();
    for job in &unfinished {
        let object = format!("job {}", job.id);
        let states = store.op_states(job.id)?;
        if states.len() != job.ops as usize {
            let text = format!("has {} opcodes, {} were submitted", states.len(), job.ops);
            found.say(Area::Queue, object.clone(), text);
        }
        let expected = job_status(states);
        if expected != job.status {
            let text = format!("is {}, its opcodes say {expected}", job.status);
            found.say(Area::Queue, object.clone(), text);
        }
        if job.parent.is_some_and(|parent| parent >= job.id) {
            found.say(Area::Queue, object, "is older than its parent");
        }
    }
    for job in held.keys() {
        let running = matches!(status.get(job), Some(Status::Running | Status::Canceling));
        if !running {
            let text = "holds locks and does not run";
            found.say(Area::Queue, format!("job {job}"), text);
        }
    }
    let sets: Vec<_> = held.iter().collect();
    for (place, (job, locks)) in sets.iter().enumerate() {
        for (other, theirs) in sets.iter().skip(place + 1) {
            if let Some(lock) = locks.conflict(theirs) {
                let text = format!("holds {lock} together with job {other}");
                found.say(Area::Queue, format!("job {job}"), text);
            }
        }
    }
    let claims = store.claims()?;
    for (job, claim) in &claims {
        if !status.contains_key(job) {
            let node = config.node_name(&claim.node);
            let text = format!("has ended and still claims room on {node}");
            found.say(Area::Queue, format!("job {job}"), text);
        }
    }
    check_room(config, &claims, found);
    check_families(store, found)
}

/// No node is promised more than it has: what the configuration puts there and what jobs on their way
/// will put there.
fn check_room(config: &Config, claims: &[(JobId, Claim)], found: &mut Findings) {
    let mut used: BTreeMap<&NodeUuid, (u64, u64)> = BTreeMap::new();
    for instance in config.instances.values() {
        let disk = config.disk_on_node(instance);
        let primary = used.entry(&instance.primary_node).or_default();
        if Config::uses_memory(instance) {
            primary.0 += config.backend(instance).maxmem;
        }
        primary.1 += disk;
        if let Some(secondary) = config.secondary(instance) {
            used.entry(secondary).or_default().1 += disk;
        }
    }
    for (_, claim) in claims {
        let node = used.entry(&claim.node).or_default();
        if claim.role == Role::Primary {
            node.0 += claim.memory;
        }
        node.1 += claim.disk;
    }
    for (uuid, (memory, disk)) in used {
        let Some(node) = config.nodes.get(uuid).filter(|node| !node.offline) else {
            continue;
        };
        let has = node.capacity;
        for (what, used, has) in [("memory", memory, has.memory), ("disk", disk, has.disk)] {
            if used > has {
                let text = format!("overbooked: {used} MiB of {what} promised, it has {has}");
                found.say(Area::Config, format!("node {}", node.name), text);
            }
        }
    }
}

/// The children of a job are exactly those that its result names.
fn check_families(store: &Store, found: &mut Findings) -> Result<(), StoreError> {
    let jobs = store.jobs()?;
    let mut children: BTreeMap<JobId, BTreeSet<JobId>> = BTreeMap::new();
    for job in &jobs {
        if let Some(parent) = job.parent {
            children.entry(parent).or_default().insert(job.id);
        }
    }
    for job in &jobs {
        let object = || format!("job {}", job.id);
        let mut named = BTreeSet::new();
        for op in store.ops(job.id)? {
            let answers = op
                .result
                .get(crate::processor::JOBS_KEY)
                .and_then(|v| v.as_array());
            let ids = answers
                .into_iter()
                .flatten()
                .filter_map(|answer| answer.get(1)?.as_i64());
            if op.children.is_some() || answers.is_some() {
                named.extend(ids.map(JobId));
            }
        }
        let have = children.remove(&job.id).unwrap_or_default();
        for lost in named.difference(&have) {
            // It may have been archived before its parent.
            if store
                .job(*lost)?
                .is_none_or(|child| child.parent != Some(job.id))
            {
                found.say(
                    Area::Queue,
                    object(),
                    format!("its child {lost} is not there"),
                );
            }
        }
        for extra in have.difference(&named) {
            found.say(
                Area::Queue,
                object(),
                format!("has a child {extra} that its result does not name"),
            );
        }
    }
    Ok(())
}

// ------------------------------------------------------------------- reality

fn check_reality(
    config: &Config,
    reality: &Snapshot,
    busy: &BTreeSet<String>,
    found: &mut Findings,
) {
    for node in config.nodes.values() {
        let object = format!("node {}", node.name);
        match reality.nodes.get(&node.uuid) {
            None => found.say(Area::Reality, object, "the simulator does not have it"),
            Some(now) if now.capacity != node.capacity => {
                let text = format!(
                    "has {:?}, the configuration says {:?}",
                    now.capacity, node.capacity
                );
                found.say(Area::Reality, object, text);
            }
            Some(now) if !now.alive && !node.offline => {
                let text = "does not answer and is not marked offline";
                found.say(Area::Reality, object, text);
            }
            Some(_) => {}
        }
    }
    for (uuid, node) in &reality.nodes {
        if !config.nodes.contains_key(uuid) {
            let text = "the simulator has it, the configuration has not";
            found.say(Area::Reality, format!("node {}", node.name), text);
        }
    }
    let nothing = InstanceNow::default();
    for instance in config.instances.values() {
        if !busy.contains(&instance.name) && instance.uncertain.is_none() {
            let now = reality.instances.get(&instance.uuid).unwrap_or(&nothing);
            check_instance(config, reality, instance, now, found);
        }
    }
    let known: BTreeSet<&InstanceUuid> = config.instances.keys().collect();
    for (uuid, now) in &reality.instances {
        if !known.contains(uuid) && !busy.contains(&now.name) {
            let text = "exists in reality, not in the configuration";
            found.say(Area::Reality, format!("instance {}", now.name), text);
        }
    }
}

fn check_instance(
    config: &Config,
    reality: &Snapshot,
    instance: &Instance,
    now: &InstanceNow,
    found: &mut Findings,
) {
    let mut say = |text: String| {
        found.say(Area::Reality, format!("instance {}", instance.name), text);
    };
    let names = |nodes: &[NodeUuid]| {
        let names: Vec<_> = nodes.iter().map(|node| config.node_name(node)).collect();
        names.join(", ")
    };
    let primary = config.node_name(&instance.primary_node);
    let answers = |node: &NodeUuid| {
        let offline = config.nodes.get(node).is_some_and(|node| node.offline);
        !offline && reality.nodes.get(node).is_some_and(|node| node.alive)
    };
    match (instance.admin_state, now.running_on.as_slice()) {
        (_, several @ [_, _, ..]) => say(format!("runs on several nodes: {}", names(several))),
        (AdminState::Up, [node]) if *node == instance.primary_node => {}
        (AdminState::Up, [node]) => say(format!(
            "runs on {}, its primary node is {primary}",
            config.node_name(node)
        )),
        (AdminState::Up, []) if answers(&instance.primary_node) => {
            say(format!("is meant to run on {primary} and does not"));
        }
        (AdminState::Down | AdminState::Offline, [node]) => say(format!(
            "is meant to be stopped and runs on {}",
            config.node_name(node)
        )),
        (_, []) => {}
    }
    if now.activity.is_some() {
        say("something is on its way with it, and no job works on it".to_owned());
    }
    if !now.left_over.is_empty() {
        say(format!(
            "a definition was left on {}",
            names(&now.left_over)
        ));
    }
    if config.template(instance).mirroring() == Mirroring::External {
        return;
    }
    let mut wanted: BTreeSet<&NodeUuid> = BTreeSet::from([&instance.primary_node]);
    wanted.extend(config.secondary(instance));
    for node in &wanted {
        let copy = now.copies.iter().find(|(on, _)| on == *node);
        let name = config.node_name(node);
        match copy {
            None if answers(node) => say(format!("has no copy of its disks on {name}")),
            Some((_, CopyState::Syncing(percent))) if answers(node) => {
                say(format!("its copy on {name} is {percent:.0} % in sync"));
            }
            _ => {}
        }
    }
    for (node, _) in now.copies.iter().filter(|(node, _)| !wanted.contains(node)) {
        if answers(node) {
            say(format!(
                "has a copy of its disks on {} too many",
                config.node_name(node)
            ));
        }
    }
}
