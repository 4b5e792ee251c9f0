//! What a check of a group does where its nodes are real machines, when it has looked at them: it puts in
//! order what needs nobody's decision, and brings the configuration's copies up to what they have.

use std::collections::BTreeSet;

use serde_json::Map;

use super::Env;
use super::guest::{backend, refreshed, runs};
use super::left_over::forget;
use super::remains::runs_at_home_alone;
use super::shared::reference;
use crate::cluster::{Config, Edit, InstanceChange, Node};
use crate::hypervisor::{Guest, Hypervisor, InstanceRef, Snapshot};

/// Makes nodes forget what they do not run, or what only stands still there, and is on others. What is left is told as wrong.
pub(super) fn mend(env: &Env<'_>, part: &Config, seen: &mut Snapshot) {
    for (uuid, now) in &mut seen.instances {
        let Some(instance) = part.instances.get(uuid).filter(|_| now.activity.is_none()) else {
            continue;
        };
        let of = InstanceRef::new(part, instance);
        if let Some(home) = part.nodes.get(&instance.primary_node)
            && now.running_on.len() > 1
            && now.running_on.contains(&home.uuid)
        {
            let others = now.running_on.iter().filter(|on| **on != home.uuid);
            let others: Vec<&Node> = (others.filter_map(|on| part.nodes.get(on)))
                .map(|node| &**node)
                .collect();
            match runs_at_home_alone(env, &of, home, &others) {
                Ok(true) => now.running_on.retain(|on| *on == home.uuid),
                Ok(false) => {}
                Err(failure) => env.warn(failure.error.to_string()),
            }
        }
        now.left_over.retain(|on| {
            let Some(node) = part.nodes.get(on).filter(|node| node.host.is_some()) else {
                return true;
            };
            match forget(env, &of, instance, node) {
                Ok(()) => false,
                Err(error) => {
                    env.warn(format!("{} keeps {}: {error}", node.name, instance.name));
                    true
                }
            }
        });
    }
}

/// What the configuration has to know of the guests as they are: their definitions and sizes.
pub(super) fn refresh(env: &Env<'_>, part: &Config, seen: &Snapshot) -> Vec<Edit> {
    let mut edits = vec![];
    for instance in part.instances_by_name() {
        let node = part.nodes.get(&instance.primary_node);
        let now = seen.nodes.get(&instance.primary_node);
        let (Some(node), Some(now)) = (node, now.filter(|now| now.alive)) else {
            continue;
        };
        let is_it = |guest: &&Guest| guest.uuid == instance.uuid.as_str();
        let Some(guest) = now.guests.iter().find(is_it) else {
            continue;
        };
        if env.interrupt.canceled() {
            break;
        }
        edits.extend(refreshed(env, instance, node));
        let known = part.backend(instance);
        if (guest.memory, guest.vcpus) != (known.maxmem, known.vcpus) {
            env.info(format!(
                "{} has {} MiB and {} VCPUs by now",
                instance.name, guest.memory, guest.vcpus
            ));
            edits.push(Edit::ChangeInstance {
                instance: instance.uuid.clone(),
                change: InstanceChange {
                    beparams: backend(guest),
                    os: None,
                    hvparams: Map::new(),
                    osparams: Map::new(),
                },
            });
        }
    }
    edits
}

/// Pairs of nodes between which guests cannot go on running, with the reason: from the first to the second.
pub(super) fn incompatible(
    env: &Env<'_>,
    part: &Config,
    seen: &Snapshot,
) -> Vec<(String, String, String)> {
    let machines: Vec<(&Node, bool, &str)> = (part.nodes_by_name())
        .filter_map(|node| {
            let now = seen.nodes.get(&node.uuid).filter(|now| now.alive)?;
            let machine = now.machine.as_ref()?;
            let has_guests = now.guests.iter().any(runs);
            Some((&**node, has_guests, machine.processor.as_str()))
        })
        .collect();
    let mut found = vec![];
    for (to, _, own) in &machines {
        // Machines of one kind are asked about once.
        let mut asked: BTreeSet<&str> = BTreeSet::from([*own]);
        for (from, has_guests, processor) in &machines {
            if !has_guests || !asked.insert(processor) {
                continue;
            }
            let compared = env.call(env.limits.look, |call| {
                env.driver.compare(call, &reference(to), processor)
            });
            if let Ok(answer) = compared
                && !answer.compatible
            {
                let why = answer
                    .reason
                    .unwrap_or_else(|| "its processor differs".into());
                found.push((from.name.clone(), to.name.clone(), why));
            }
        }
    }
    found
}
