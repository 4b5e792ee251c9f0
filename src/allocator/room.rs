//! Whether there is room: hard limits only, for nodes that are known.

use std::collections::BTreeMap;

use crate::cluster::{Config, InstanceUuid, NodeUuid};

use super::checks::{Fail, Failure};
use super::claim::{Claim, Role, World};
use super::nodes::{Amount, amount, claimed};

/// Memory and disk used on a node, MiB.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    memory: Amount,
    disk: Amount,
}

/// What has to be counted: to look up parameters and disks of all instances takes most of the time,
/// and few checks are about both.
#[derive(Debug, Clone, Copy)]
struct Count {
    memory: bool,
    disk: bool,
}

impl Count {
    const ALL: Count = Count {
        memory: true,
        disk: true,
    };
}

/// Whether `claims` still fit on top of `world` (hard limits only: memory and disk of each node).
///
/// They must not be among the world's own. One pass over the instances, whatever the number of
/// claims: ask for all claims at once.
///
/// # Errors
/// What does not fit where.
pub fn still_fits(world: &World, claims: &[Claim]) -> Result<(), String> {
    let mut more: BTreeMap<&NodeUuid, Taken> = BTreeMap::new();
    for claim in claims {
        let rest = not_shown(&world.config, claim, Count::ALL);
        let taken = more.entry(&claim.node).or_default();
        taken.memory += rest.memory;
        taken.disk += rest.disk;
    }
    more.retain(|_, taken| taken.memory > 0 || taken.disk > 0);
    let count = Count {
        memory: more.values().any(|taken| taken.memory > 0),
        disk: more.values().any(|taken| taken.disk > 0),
    };
    let mut used = more.keys().map(|node| (*node, Taken::default())).collect();
    add_all(world, &mut used, count);
    for (node, more) in more {
        let used = used.get(node).copied().unwrap_or_default();
        fits(&world.config, node, used, more)?;
    }
    Ok(())
}

/// Whether an instance fits on a node that someone named by hand: memory if it runs, disk. What it
/// has there already needs no room, and claims for this instance are taken to be the asker's own.
///
/// # Errors
/// What is missing.
pub fn check_room(
    world: &World,
    instance: &InstanceUuid,
    node: &NodeUuid,
    role: Role,
) -> Result<(), String> {
    let config = &world.config;
    let Some(object) = config.instances.get(instance) else {
        return Err(format!("instance {instance} is not in the configuration"));
    };
    let runs = role == Role::Primary && Config::uses_memory(object);
    let claim = Claim {
        node: node.clone(),
        instance: instance.clone(),
        role,
        memory: if runs {
            config.backend(object).maxmem
        } else {
            0
        },
        disk: config.disk_on_node(object),
        vcpus: 0,
    };
    let others = (world.claims.iter())
        .filter(|(_, claim)| claim.instance != *instance && claim.node == *node)
        .cloned()
        .collect::<Vec<_>>();
    let world = World {
        config: config.clone(),
        claims: others.into(),
        serial: world.serial,
    };
    still_fits(&world, &[claim])
}

/// Memory and disk in MiB that instances take on a node, those on their way to it included.
#[must_use]
pub fn taken_on(world: &World, node: &NodeUuid) -> (u64, u64) {
    let mut used = BTreeMap::from([(node, Taken::default())]);
    add_all(world, &mut used, Count::ALL);
    let taken = used.get(node).copied().unwrap_or_default();
    (claimed(taken.memory), claimed(taken.disk))
}

/// Adds what is used on the nodes in `used`, by the configuration and by claims.
fn add_all(world: &World, used: &mut BTreeMap<&NodeUuid, Taken>, count: Count) {
    add_used(&world.config, used, count);
    for (_, claim) in world.claims.iter() {
        if let Some(taken) = used.get_mut(&claim.node) {
            let rest = not_shown(&world.config, claim, count);
            taken.memory += rest.memory;
            taken.disk += rest.disk;
        }
    }
}

/// What of a claim the configuration does not show yet.
fn not_shown(config: &Config, claim: &Claim, count: Count) -> Taken {
    let mut rest = Taken {
        memory: match claim.role {
            Role::Primary if count.memory => amount(claim.memory),
            // A secondary's is kept free, not used.
            Role::Primary | Role::Secondary => 0,
        },
        disk: if count.disk { amount(claim.disk) } else { 0 },
    };
    if rest.memory == 0 && rest.disk == 0 {
        return rest;
    }
    if let Some(instance) = config.instances.get(&claim.instance) {
        let primary = instance.primary_node == claim.node;
        if rest.memory > 0 && primary && Config::uses_memory(instance) {
            rest.memory = (rest.memory - amount(config.backend(instance).maxmem)).max(0);
        }
        if rest.disk > 0 && (primary || config.secondary(instance) == Some(&claim.node)) {
            rest.disk = (rest.disk - amount(config.disk_on_node(instance))).max(0);
        }
    }
    rest
}

/// Adds what the instances of the configuration use on the nodes in `used`.
fn add_used(config: &Config, used: &mut BTreeMap<&NodeUuid, Taken>, count: Count) {
    if used.is_empty() {
        return;
    }
    for instance in config.instances.values() {
        let secondary = count.disk.then(|| config.secondary(instance)).flatten();
        let secondary = secondary.filter(|node| used.contains_key(*node));
        let primary = used.contains_key(&instance.primary_node);
        if !primary && secondary.is_none() {
            continue;
        }
        let disk = match count.disk {
            true => amount(config.disk_on_node(instance)),
            false => 0,
        };
        if let Some(taken) = used.get_mut(&instance.primary_node) {
            taken.disk += disk;
            if count.memory && Config::uses_memory(instance) {
                taken.memory += amount(config.backend(instance).maxmem);
            }
        }
        if let Some(taken) = secondary.and_then(|node| used.get_mut(node)) {
            taken.disk += disk;
        }
    }
}

fn fits(config: &Config, node: &NodeUuid, used: Taken, more: Taken) -> Result<(), String> {
    let Some(node) = config.nodes.get(node) else {
        return Err(format!("node {node} is not in the configuration"));
    };
    let missing = |used: Amount, more: Amount, has: u64| {
        let over = used + more - amount(has);
        (more > 0 && over > 0).then_some(over)
    };
    let memory = missing(used.memory, more.memory, node.capacity.memory);
    let disk = missing(used.disk, more.disk, node.capacity.disk);
    let failure = match (memory, disk) {
        (Some(over), _) => Failure::new(Fail::Mem, over),
        (None, Some(over)) => Failure::new(Fail::Disk, over),
        (None, None) => return Ok(()),
    };
    Err(format!("{}: {failure}", node.name))
}
