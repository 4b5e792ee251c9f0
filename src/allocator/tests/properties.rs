//! What holds for every plan on every cluster.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::fixture::{Lab, MODES, claim, leave, seats_after};
use crate::allocator::{Plan, Role, World, plan_departure, still_fits};
use crate::cluster::{Config, DiskTemplate, Instance, Mirroring};

/// A random cluster in two groups, with instances and claims of every kind, and often too small.
fn labs() -> impl Strategy<Value = Lab> {
    let node = (0..8u8, 0..2usize, 1_000..8_000u64, 2_000..20_000u64);
    let instance = (0..100usize, 0..100usize, 0..5u8, 1..2_000u64, any::<bool>());
    let claims = (0..100usize, 0..40usize, any::<bool>(), 0..2_000u64);
    (
        prop::collection::vec(node, 2..8),
        prop::collection::vec(instance, 0..25),
        prop::collection::vec(claims, 0..6),
    )
        .prop_map(|(nodes, instances, claims)| {
            let mut lab = Lab::new(0);
            lab.group("other");
            lab.cluster.tags = vec!["htools:iextags:x".into()];
            for (at, (kind, group, memory, disk)) in nodes.iter().enumerate() {
                let group = ["default", "other"][group * usize::from(at > 3)];
                let node = lab.add_node(&format!("node{}", at + 1), group);
                node.offline = *kind == 0;
                node.drained = *kind == 1;
                node.vm_capable = *kind != 2;
                node.capacity.memory = *memory;
                node.capacity.disk = *disk;
            }
            for (at, (first, second, kind, memory, runs)) in instances.iter().enumerate() {
                let name = format!("inst{at}");
                let primary = format!("node{}", 1 + first % nodes.len());
                let others = 1 + (first + 1 + second % (nodes.len() - 1)) % nodes.len();
                let secondary = format!("node{others}");
                match kind {
                    0 => lab.add(&name, DiskTemplate::Plain, &[&primary], *memory),
                    1 | 2 => lab.shared(&name, &primary, *memory),
                    _ => lab.drbd(&name, [&primary, &secondary], *memory),
                };
                lab.instance(&name).tags = vec![format!("x{}", memory % 7)];
                if !runs {
                    lab.stop(&name);
                }
            }
            for (at, (node, instance, primary, memory)) in claims.iter().enumerate() {
                let node = format!("node{}", 1 + node % nodes.len());
                let role = if *primary {
                    Role::Primary
                } else {
                    Role::Secondary
                };
                let instance = format!("inst{instance}");
                lab.claim(
                    at as i64,
                    claim(&node, &instance, role, *memory, memory / 2),
                );
            }
            lab
        })
}

/// Nodes whose free memory is less than what they back for some other node, counted anew from the
/// configuration and the claims, with the given instances elsewhere.
fn failing(world: &World, moved: &BTreeMap<String, (String, Option<String>)>) -> Vec<String> {
    let config = &world.config;
    let mut memory: BTreeMap<String, u64> = BTreeMap::new();
    let mut backs: BTreeMap<(String, String), u64> = BTreeMap::new();
    for instance in config.instances.values() {
        let here = || {
            let secondary = config.secondary(instance).map(ToString::to_string);
            (instance.primary_node.to_string(), secondary)
        };
        let (primary, secondary) = moved.get(&instance.name).cloned().unwrap_or_else(here);
        let size = running_size(config, instance);
        *memory.entry(primary.clone()).or_default() += size;
        if let Some(secondary) = secondary {
            *backs.entry((secondary, primary)).or_default() += size;
        }
    }
    let mut taking_over = BTreeSet::new();
    for (_, claim) in world.claims.iter() {
        let instance = config.instances.get(&claim.instance);
        let size = instance.map_or(0, |i| running_size(config, i));
        let peer = instance.map_or(String::new(), |i| i.primary_node.to_string());
        let secondary = instance.and_then(|i| config.secondary(i));
        let node = claim.node.to_string();
        match claim.role {
            Role::Primary => {
                let shown = if peer == node { size } else { 0 };
                if secondary == Some(&claim.node) && taking_over.insert(&claim.instance) {
                    let stays = !moved.contains_key(claim.instance.as_str());
                    let reserve = backs.entry((node.clone(), peer)).or_default();
                    *reserve -= if stays { size } else { 0 };
                }
                *memory.entry(node).or_default() += claim.memory.saturating_sub(shown);
            }
            Role::Secondary => {
                let shown = if secondary == Some(&claim.node) {
                    size
                } else {
                    0
                };
                *backs.entry((node, peer)).or_default() += claim.memory.saturating_sub(shown);
            }
        }
    }
    (config.nodes_by_name())
        .filter(|node| {
            let used = memory.get(&node.name).copied().unwrap_or(0);
            let reserved = (backs.iter())
                .filter(|((backing, _), _)| *backing == node.name)
                .map(|(_, size)| *size);
            used + reserved.max().unwrap_or(0) > node.capacity.memory
        })
        .map(|node| node.name.clone())
        .collect()
}

fn running_size(config: &Config, instance: &Instance) -> u64 {
    match Config::uses_memory(instance) {
        true => config.backend(instance).maxmem,
        false => 0,
    }
}

fn moved(config: &Config, plan: &Plan) -> BTreeMap<String, (String, Option<String>)> {
    (plan.placed.iter())
        .map(|placed| (placed.instance.to_string(), seats_after(config, placed)))
        .collect()
}

proptest! {
    #[test]
    fn every_plan_is_sound(lab in labs(), mode in 0..3usize, soft in any::<bool>()) {
        let mode = MODES[mode];
        let world = lab.world();
        let config = &world.config;
        let mut departure = leave("node1", mode);
        departure.rules.ignore_soft_errors = soft;
        let plan = plan_departure(&world, &departure);
        prop_assert_eq!(&plan, &plan_departure(&world, &departure));

        // Each instance that is concerned is named once, in order, no other.
        let mut named: Vec<String> = (plan.placed.iter().map(|p| p.instance.to_string()))
            .chain(plan.unmovable.iter().map(|u| u.instance.to_string()))
            .collect();
        named.sort();
        let node = "node1".into();
        let mut concerned: Vec<String> = vec![];
        if mode != MODES[1] {
            concerned.extend(config.primaries(&node).map(|i| i.name.clone()));
        }
        if mode != MODES[0] {
            concerned.extend(config.secondaries(&node).map(|i| i.name.clone()));
        }
        concerned.sort();
        prop_assert_eq!(named, concerned);

        // Nobody comes to a node that takes nobody, or stays on the one to be emptied.
        let group = &config.nodes[&node].group;
        for placed in &plan.placed {
            let instance = &config.instances[&placed.instance];
            let mirroring = config.template(instance).mirroring();
            prop_assert!(mirroring != Mirroring::None);
            for step in &placed.moves {
                let to = &config.nodes[&step.to];
                prop_assert!(!to.offline && !to.drained && to.vm_capable && to.uuid != node);
                let chosen = step.role == Role::Secondary || mirroring == Mirroring::External;
                if chosen && instance.primary_node == node {
                    prop_assert_eq!(&to.group, group);
                }
            }
            let (primary, secondary) = seats_after(config, placed);
            prop_assert!(Some(&primary) != secondary.as_ref());
            let leaves_wholly = mode != MODES[0];
            prop_assert!(!leaves_wholly || (primary != "node1" && secondary.as_deref() != Some("node1")));
        }

        // All that the plan claims fits beside what is there and what others claim.
        let claims: Vec<_> = plan.placed.iter().flat_map(|p| p.claims.clone()).collect();
        prop_assert_eq!(still_fits(&world, &claims), Ok(()));

        // A node that was chosen could still take over what it backs.
        if !soft && !config.nodes[&node].offline {
            let before = failing(&world, &BTreeMap::new());
            let taken_over: Vec<&str> = (plan.placed.iter())
                .filter(|p| config.secondary(&config.instances[&p.instance]).is_some())
                .flat_map(|p| &p.moves)
                .filter(|step| step.role == Role::Primary)
                .map(|step| step.to.as_str())
                .collect();
            for name in failing(&world, &moved(config, &plan)) {
                prop_assert!(
                    before.contains(&name) || taken_over.contains(&name.as_str()) || name == "node1",
                    "{name} newly fails N+1"
                );
            }
        }
    }
}
