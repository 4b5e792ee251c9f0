//! What the watcher looks for: instances that are meant to run and do not, or that moves have left in
//! disorder, and what is to be done about each. Reads only.

use crate::cluster::{Config, Instance, Node};
use crate::hypervisor::{InstanceNow, Snapshot};
use crate::limits::WATCHER_STARTS;
use crate::locking::LockSet;
use crate::lu::unit;
use crate::opcodes::{InstanceMigrate, InstanceStartup, Opcode};
use crate::queue::{JobId, Submitter};
use crate::store::{Store, StoreError};

/// The command that submits the watcher's jobs, by which they are known again.
const WATCHER: (&str, &str) = ("gnt-cluster", "watcher run");

/// An instance that is meant to run and does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Down {
    /// Its name.
    pub instance: String,
    /// What is to be done about it.
    pub what: Remedy,
}

/// What is to be done about an instance that is down.
#[derive(Debug, Clone, PartialEq)]
pub enum Remedy {
    /// It is to be started.
    Start(Box<Opcode>),
    /// Nothing for now: this job holds it, or wants to.
    Leave(JobId),
    /// Its primary node, of this name, is declared dead: somebody has to fail it over.
    NodeOffline(String),
    /// Its primary node, of this name, does not answer: somebody has to find out why.
    NodeSilent(String),
    /// It was started so often and is down again: somebody has to look.
    StartedOften(usize),
}

/// Instances that are meant to run and do not, by name. Those of which nobody knows what became of them
/// are left out, and those with which something is on its way.
///
/// # Errors
/// [`StoreError`] of the database.
pub fn down(store: &Store, config: &Config, reality: &Snapshot) -> Result<Vec<Down>, StoreError> {
    let nothing = InstanceNow::default();
    let wanting = config.instances_by_name().filter(|instance| {
        let now = reality.instances.get(&instance.uuid).unwrap_or(&nothing);
        Config::uses_memory(instance)
            && instance.uncertain.is_none()
            && now.running_on.is_empty()
            && now.activity.is_none()
    });
    let wanting: Vec<_> = wanting.collect();
    if wanting.is_empty() {
        return Ok(vec![]);
    }
    let jobs = Jobs::read(store, config)?;
    let down = |instance: &Instance| Down {
        instance: instance.name.clone(),
        what: jobs.remedy(config, reality, instance),
    };
    Ok(wanting.into_iter().map(|instance| down(instance)).collect())
}

/// An instance that is not in order, and the opcode that finds out where it is and has the others forget it.
#[derive(Debug, Clone, PartialEq)]
pub struct Disorder {
    /// Its name.
    pub instance: String,
    /// What is not in order.
    pub what: Muddle,
    /// The cleanup.
    pub opcode: Opcode,
}

/// What a move that broke off may leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Muddle {
    /// Nobody knew where the instance was, and all nodes can be asked now.
    Uncertain,
    /// Other nodes, real machines, have a definition of it.
    LeftOver,
}

/// Instances that are not in order, by name. Those that a job holds, or wants to, are left to it, and those
/// that were cleaned up so often in vain to a person.
///
/// # Errors
/// [`StoreError`] of the database.
pub fn disorder(
    store: &Store,
    config: &Config,
    reality: &Snapshot,
) -> Result<Vec<Disorder>, StoreError> {
    let found: Vec<(&Instance, Muddle)> = config
        .instances_by_name()
        .filter_map(|instance| Some((&**instance, muddle(config, reality, instance)?)))
        .collect();
    if found.is_empty() {
        return Ok(vec![]);
    }
    let jobs = Jobs::read(store, config)?;
    let cleanup = |(instance, what): (&Instance, Muddle)| {
        let opcode: Opcode = InstanceMigrate {
            instance_uuid: Some(instance.uuid.as_str().to_owned()),
            cleanup: true,
            ..InstanceMigrate::of(&instance.name)
        }
        .into();
        let free = jobs.in_the_way(config, &opcode).is_none();
        (free && jobs.tried(&opcode) < WATCHER_STARTS).then(|| Disorder {
            instance: instance.name.clone(),
            what,
            opcode,
        })
    };
    Ok(found.into_iter().filter_map(cleanup).collect())
}

/// What is not in order with an instance with which nothing is on its way.
fn muddle(config: &Config, reality: &Snapshot, instance: &Instance) -> Option<Muddle> {
    let nothing = InstanceNow::default();
    let now = reality.instances.get(&instance.uuid).unwrap_or(&nothing);
    let home = config.nodes.get(&instance.primary_node)?;
    // A person has to see to one that runs twice, and to a node that is declared dead.
    if now.activity.is_some() || now.running_on.len() > 1 || home.offline {
        return None;
    }
    let is_alive = |node: &Node| (reality.nodes.get(&node.uuid)).is_some_and(|now| now.alive);
    let mut asked = config.nodes_by_name().filter(|node| !node.offline);
    match instance.uncertain {
        Some(_) => asked
            .all(|node| is_alive(node))
            .then_some(Muddle::Uncertain),
        None if home.host.is_some() && !now.left_over.is_empty() => Some(Muddle::LeftOver),
        None => None,
    }
}

/// What the queue says of instances.
struct Jobs {
    /// The locks that unfinished jobs hold or want.
    wanted: Vec<(JobId, LockSet)>,
    /// The summaries of the watcher's jobs that are not archived.
    own: Vec<String>,
}

impl Jobs {
    fn read(store: &Store, config: &Config) -> Result<Jobs, StoreError> {
        let mut wanted: Vec<(JobId, LockSet)> = store.held()?.into_iter().collect();
        if let (Some(first), Some(last)) = {
            let jobs = store.unfinished()?;
            (
                jobs.first().map(|job| job.id),
                jobs.last().map(|job| job.id),
            )
        } {
            for (job, input) in store.unfinished_inputs(first, last)? {
                // One that cannot be read fails when it starts.
                if let Ok(opcode) = serde_json::from_str::<Opcode>(&input) {
                    wanted.push((job, unit(&opcode.op).locks(config)));
                }
            }
        }
        let own = store.jobs()?.into_iter();
        let own = own.filter(|job| is_ours(&job.submitter));
        Ok(Jobs {
            wanted,
            own: own.map(|job| job.summary).collect(),
        })
    }

    /// A job that holds, or wants to, what this opcode needs.
    fn in_the_way(&self, config: &Config, opcode: &Opcode) -> Option<JobId> {
        let locks = unit(&opcode.op).locks(config);
        let job = (self.wanted.iter()).find(|(_, wanted)| locks.conflict(wanted).is_some());
        job.map(|(job, _)| *job)
    }

    /// How often a watcher has submitted this opcode.
    fn tried(&self, opcode: &Opcode) -> usize {
        let summary = opcode.summary();
        self.own.iter().filter(|own| **own == summary).count()
    }

    fn remedy(&self, config: &Config, reality: &Snapshot, instance: &Instance) -> Remedy {
        let opcode: Opcode = InstanceStartup {
            instance_name: instance.name.clone(),
            instance_uuid: Some(instance.uuid.as_str().to_owned()),
            force: false,
            ignore_offline_nodes: false,
            no_remember: false,
            beparams: serde_json::Map::new(),
            hvparams: serde_json::Map::new(),
            only_if_up: true,
        }
        .into();
        let node = config.nodes.get(&instance.primary_node);
        let name = |node: &Node| node.name.clone();
        let alive = |node: &Node| reality.nodes.get(&node.uuid).is_some_and(|now| now.alive);
        let starts = self.tried(&opcode);
        match (self.in_the_way(config, &opcode), node) {
            (Some(job), _) => Remedy::Leave(job),
            (None, Some(node)) if node.offline => Remedy::NodeOffline(name(node)),
            (None, Some(node)) if !alive(node) => Remedy::NodeSilent(name(node)),
            _ if starts >= WATCHER_STARTS => Remedy::StartedOften(starts),
            _ => Remedy::Start(Box::new(opcode)),
        }
    }
}

/// Whether a job was submitted by a watcher.
fn is_ours(submitter: &str) -> bool {
    let (tool, command) = WATCHER;
    // Most are not: what they say need not be understood.
    submitter.contains(command)
        && serde_json::from_str::<Submitter>(submitter)
            .is_ok_and(|by| by.tool == tool && by.arguments.contains(command))
}
