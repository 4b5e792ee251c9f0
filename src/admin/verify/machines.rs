//! What real machines know that the configuration does not, and the other way round.

use std::collections::BTreeMap;

use gnt_driver::Guest;

use crate::cluster::{Config, InstanceUuid, Node};
use crate::hypervisor::{NodeNow, Snapshot};

use super::Busy;
use super::finding::{Code, Findings};

/// `whole` is what `config` is a part of: a guest that belongs to another part is no stranger.
pub(super) fn check(
    config: &Config,
    whole: &Config,
    reality: &Snapshot,
    busy: &Busy,
    found: &mut Findings,
) {
    for node in config.nodes_by_name().filter(|node| node.host.is_some()) {
        let now = reality.nodes.get(&node.uuid).filter(|now| now.alive);
        let Some(now) = now.filter(|_| !busy.nodes.contains(node.uuid.as_str())) else {
            continue;
        };
        check_machine(node, now, found);
        let guests: BTreeMap<&str, &Guest> = (now.guests.iter())
            .map(|guest| (guest.uuid.as_str(), guest))
            .collect();
        let markless = now.machine.as_ref().is_some_and(|one| one.markless);
        check_homes(config, node, &guests, markless, busy, found);
        for guest in &now.guests {
            check_guest(whole, node, guest, busy, found);
        }
    }
}

/// Whether it bears what runs there.
fn check_machine(node: &Node, now: &NodeNow, found: &mut Findings) {
    let (used, has) = (now.memory_used, now.capacity.memory);
    if has > 0 && used > has {
        let text = format!("its guests have {used} MiB of memory, and it has {has} MiB");
        found.say(Code::Overcommitted, format!("node {}", node.name), text);
    }
}

/// Whether it knows the instances that are on it.
fn check_homes(
    config: &Config,
    node: &Node,
    guests: &BTreeMap<&str, &Guest>,
    markless: bool,
    busy: &Busy,
    found: &mut Findings,
) {
    for instance in (config.primaries(&node.uuid)).filter(|one| busy.leaves(one)) {
        let object = || format!("instance {}", instance.name);
        match guests.get(instance.uuid.as_str()) {
            None => {
                let text = format!("{} does not know it", node.name);
                found.say(Code::GuestMissing, object(), text);
            }
            Some(guest) if guest.name != instance.name => {
                let text = format!("{} calls it {}", node.name, guest.name);
                found.say(Code::GuestName, object(), text);
            }
            Some(guest) if guest.cluster.is_none() && !markless => {
                let text = format!("it is not marked as the cluster's on {}", node.name);
                found.say(Code::GuestUnmarked, object(), text);
            }
            Some(_) => {}
        }
    }
}

/// Whether a guest is one that should be there, and is left to the cluster.
fn check_guest(config: &Config, node: &Node, guest: &Guest, busy: &Busy, found: &mut Findings) {
    if busy.instances.contains(&guest.name) {
        return;
    }
    let object = || format!("instance {}", guest.name);
    let uuid = InstanceUuid::from(guest.uuid.as_str());
    let own = config.cluster.as_ref().map(|cluster| &cluster.uuid);
    let marked = guest.cluster.is_some() && guest.cluster.as_ref() == own;
    match config.instances.contains_key(&uuid) {
        true if guest.autostart => {
            let text = format!(
                "{} starts it by itself when it boots, also when it runs on another node by then",
                node.name
            );
            found.say(Code::Autostart, object(), text);
        }
        true => {}
        // That is one of reality's findings already.
        false if marked => {}
        false => {
            let text = format!("{} has it, and it is not the cluster's", node.name);
            found.say(Code::GuestForeign, object(), text);
        }
    }
}
