//! The whole of reality at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use gnt_driver::{Ask, Facts, Guest, Opened};

use super::look::{Look, judge, runs};
use super::{ProcessDriver, each};
use crate::cluster::{Capacity, Config, Instance, InstanceUuid, Node, NodeUuid};
use crate::hypervisor::{
    Call, CopyState, InstanceNow, Machine, NodeFacts, NodeNow, NodeRef, Snapshot, VerbError,
};

/// What a node tells, in the runner's terms.
pub(super) fn facts(facts: Facts, opened: &Opened, guests: &[Guest]) -> NodeFacts {
    let taken = taken(guests);
    NodeFacts {
        capacity: Capacity {
            memory: facts.memory,
            cpus: facts.cpus,
            disk: 0,
            spindles: 0,
        },
        memory_used: taken,
        disk_used: 0,
        machine: Some(Machine {
            host_name: opened.host_name.clone(),
            host_uuid: opened.host_uuid.clone(),
            memory_free: (facts.memory_free).unwrap_or(facts.memory.saturating_sub(taken)),
            driver: opened.driver.clone(),
            hypervisor: facts.hypervisor.unwrap_or_else(|| opened.driver.clone()),
            processor: facts.processor,
            markless: !opened.can("mark"),
        }),
    }
}

/// MiB of memory that running guests may take.
fn taken(guests: &[Guest]) -> u64 {
    let running = guests.iter().filter(|guest| runs(guest));
    running.fold(0, |sum, guest| sum.saturating_add(guest.memory))
}

impl ProcessDriver {
    /// What all nodes of a configuration tell that are not marked offline. One that hung a moment ago has
    /// until `suspect` to answer, if that is said; otherwise it is asked as if it had not, and may have been
    /// mended since.
    pub(in crate::hypervisor) fn whole(
        &self,
        call: &Call<'_>,
        config: &Config,
        suspect: Option<Instant>,
    ) -> Snapshot {
        let nodes: Vec<&Arc<Node>> = config.nodes.values().collect();
        let online = nodes.iter().filter(|node| !node.offline);
        let online: Vec<NodeRef> = online.map(|node| NodeRef::from(&***node)).collect();
        let told = each(&online, |node| {
            if suspect.is_none() {
                self.pool.doubt_silence(node);
            }
            let until = suspect.filter(|_| self.pool.suspects(node));
            let call = Call {
                deadline: until.map_or(call.deadline, |until| until.min(call.deadline)),
                ..*call
            };
            self.node_now(&call, node, config)
        });
        let names = online.iter().map(|node| node.uuid.clone());
        let mut told: BTreeMap<NodeUuid, NodeNow> = names.zip(told).collect();
        for node in nodes {
            told.entry(node.uuid.clone()).or_insert_with(|| NodeNow {
                name: node.name.clone(),
                capacity: node.capacity,
                ..NodeNow::default()
            });
        }
        Snapshot {
            instances: instances(config, &told),
            nodes: told,
        }
    }

    fn node_now(&self, call: &Call<'_>, node: &NodeRef, config: &Config) -> NodeNow {
        let promised = config.nodes.get(&node.uuid).map(|node| node.capacity);
        let promised = promised.unwrap_or_default();
        let now = NodeNow {
            name: node.name.clone(),
            capacity: promised,
            ..NodeNow::default()
        };
        let ask = || {
            let (about, opened) = self.facts(call, node)?;
            let guests: Vec<Guest> = self.question(call, node, Ask::List)?;
            Ok::<_, VerbError>((facts(about, &opened, &guests), guests))
        };
        match ask() {
            Err(error) => NodeNow {
                silence: Some(error.to_string()),
                ..now
            },
            Ok((facts, guests)) => NodeNow {
                alive: true,
                capacity: facts.granted(promised),
                memory_used: facts.memory_used,
                machine: facts.machine,
                guests,
                ..now
            },
        }
    }
}

/// The instances of which there is anything: those that the configuration has, and others that are marked
/// as the cluster's.
fn instances(
    config: &Config,
    nodes: &BTreeMap<NodeUuid, NodeNow>,
) -> BTreeMap<InstanceUuid, InstanceNow> {
    let cluster = config.cluster.as_ref().map(|cluster| &cluster.uuid);
    let mut known: BTreeMap<InstanceUuid, Vec<(NodeUuid, Look)>> = BTreeMap::new();
    for (node, now) in nodes {
        for guest in &now.guests {
            let uuid = InstanceUuid::from(guest.uuid.as_str());
            let ours = guest.cluster.is_some() && guest.cluster.as_ref() == cluster;
            if ours || config.instances.contains_key(&uuid) {
                let look = Look::Guest(guest.clone());
                known.entry(uuid).or_default().push((node.clone(), look));
            }
        }
    }
    let silent = nodes.iter().filter(|(_, now)| !now.alive);
    let silent: Vec<(NodeUuid, Look)> = silent
        .map(|(node, _)| (node.clone(), Look::Silent))
        .collect();
    let now = |(uuid, mut looks): (InstanceUuid, Vec<(NodeUuid, Look)>)| {
        let name = looks.iter().find_map(|(_, look)| look.guest());
        let name = name.map(|guest| guest.name.clone()).unwrap_or_default();
        let knows: Vec<NodeUuid> = looks.iter().map(|(node, _)| node.clone()).collect();
        looks.extend(silent.iter().cloned());
        let mut seen = judge(&looks);
        let instance = config.instances.get(&uuid);
        let home = instance.map(|instance| &instance.primary_node);
        let home = home.filter(|_| seen.running_on.is_empty());
        seen.defined_on.retain(|node| Some(node) != home);
        let now = InstanceNow {
            name: instance.map_or(name, |instance| instance.name.clone()),
            copies: instance.map_or(vec![], |instance| copies(config, instance, &knows)),
            running_on: seen.running_on,
            activity: seen.activity,
            left_over: seen.defined_on,
        };
        (uuid, now)
    };
    known.into_iter().map(now).collect()
}

/// Of disks that lie on one node it is believed that they lie where their guest is known.
fn copies(config: &Config, instance: &Instance, knows: &[NodeUuid]) -> Vec<(NodeUuid, CopyState)> {
    let here = |node: &&NodeUuid| **node == instance.primary_node;
    match config.template(instance).uses_node_disk() {
        false => vec![],
        true => (knows.iter().filter(here))
            .map(|node| (node.clone(), CopyState::InSync))
            .collect(),
    }
}
