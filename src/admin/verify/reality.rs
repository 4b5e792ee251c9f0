//! Whether what runs is what is configured.

use std::collections::BTreeSet;

use crate::cluster::{AdminState, Config, Instance, InstanceUuid, Mirroring, NodeUuid};
use crate::hypervisor::{CopyState, InstanceNow, Snapshot};

use super::Busy;
use super::finding::{Code, Findings};

pub(super) fn check(config: &Config, reality: &Snapshot, busy: &Busy, found: &mut Findings) {
    for node in config.nodes.values() {
        if busy.nodes.contains(node.uuid.as_str()) {
            continue;
        }
        let object = format!("node {}", node.name);
        match reality.nodes.get(&node.uuid) {
            None => found.say(Code::NodeMissing, object, "the simulator does not have it"),
            Some(now) if now.capacity != node.capacity => {
                let text = format!(
                    "has {:?}, the configuration says {:?}",
                    now.capacity, node.capacity
                );
                found.say(Code::NodeCapacity, object, text);
            }
            Some(now) if !now.alive && !node.offline => {
                let text = "does not answer and is not marked offline";
                let text = match &now.silence {
                    None => text.to_owned(),
                    Some(why) => format!("{text}: {why}"),
                };
                found.say(Code::NodeSilent, object, text);
            }
            Some(_) => {}
        }
    }
    for (uuid, node) in &reality.nodes {
        if !config.nodes.contains_key(uuid) && !busy.nodes.contains(&node.name) {
            let text = "the simulator has it, the configuration has not";
            found.say(Code::NodeUnknown, format!("node {}", node.name), text);
        }
    }
    let nothing = InstanceNow::default();
    for instance in config.instances.values() {
        if busy.leaves(instance) {
            let now = reality.instances.get(&instance.uuid).unwrap_or(&nothing);
            check_instance(config, reality, instance, now, found);
        }
    }
    let known: BTreeSet<&InstanceUuid> = config.instances.keys().collect();
    for (uuid, now) in &reality.instances {
        if !known.contains(uuid) && !busy.instances.contains(&now.name) {
            let text = "exists in reality, not in the configuration";
            found.say(
                Code::InstanceUnknown,
                format!("instance {}", now.name),
                text,
            );
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
    let mut say = |code, text: String| {
        found.say(code, format!("instance {}", instance.name), text);
    };
    let names = |nodes: &[NodeUuid]| {
        let mut names: Vec<_> = nodes.iter().map(|node| config.node_name(node)).collect();
        names.sort_unstable();
        names.join(", ")
    };
    let primary = config.node_name(&instance.primary_node);
    let answers = |node: &NodeUuid| {
        let offline = config.nodes.get(node).is_some_and(|node| node.offline);
        !offline && reality.nodes.get(node).is_some_and(|node| node.alive)
    };
    match (instance.admin_state, now.running_on.as_slice()) {
        (_, several @ [_, _, ..]) => say(
            Code::RunsTwice,
            format!("runs on several nodes: {}", names(several)),
        ),
        (AdminState::Up, [node]) if *node == instance.primary_node => {}
        (AdminState::Up, [node]) => say(
            Code::RunsElsewhere,
            format!(
                "runs on {}, its primary node is {primary}",
                config.node_name(node)
            ),
        ),
        (AdminState::Up, []) if answers(&instance.primary_node) => {
            say(
                Code::RunsNot,
                format!("is meant to run on {primary} and does not"),
            );
        }
        (AdminState::Down | AdminState::Offline, [node]) => say(
            Code::RunsStopped,
            format!(
                "is meant to be stopped and runs on {}",
                config.node_name(node)
            ),
        ),
        (_, []) => {}
    }
    if now.activity.is_some() {
        say(
            Code::Activity,
            "something is on its way with it, and no job works on it".to_owned(),
        );
    }
    if !now.left_over.is_empty() {
        say(
            Code::LeftOver,
            format!("a definition was left on {}", names(&now.left_over)),
        );
    }
    let home = config.nodes.get(&instance.primary_node);
    let on_machine = home.is_some_and(|home| home.host.is_some());
    if on_machine || config.template(instance).mirroring() == Mirroring::External {
        return;
    }
    let mut wanted: BTreeSet<&NodeUuid> = BTreeSet::from([&instance.primary_node]);
    wanted.extend(config.secondary(instance));
    for node in &wanted {
        let copy = now.copies.iter().find(|(on, _)| on == *node);
        let name = config.node_name(node);
        match copy {
            None if answers(node) => say(
                Code::CopyMissing,
                format!("has no copy of its disks on {name}"),
            ),
            Some((_, CopyState::Syncing(percent))) if answers(node) => {
                say(
                    Code::CopyNotInSync,
                    format!("its copy on {name} is {percent:.0} % in sync"),
                );
            }
            _ => {}
        }
    }
    for (node, _) in now.copies.iter().filter(|(node, _)| !wanted.contains(node)) {
        if answers(node) {
            say(
                Code::CopyExtra,
                format!(
                    "has a copy of its disks on {} too many",
                    config.node_name(node)
                ),
            );
        }
    }
}
