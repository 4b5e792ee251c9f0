//! Realities that are not as they were configured.

use std::sync::Arc;

use super::*;
use crate::cluster::{AdminState, Instance};
use crate::hypervisor::{Activity, CopyState, Guest, GuestState, InstanceNow, NodeNow};

/// What reality can be like that it must not.
type Spoil = fn(&Config, &mut Snapshot);

pub(super) const SPOILS: [(Code, Spoil); 14] = [
    (Code::NodeMissing, |_, now| {
        now.nodes.pop_first();
    }),
    (Code::NodeUnknown, |_, now| {
        now.nodes.insert("x".into(), Default::default());
    }),
    (Code::NodeCapacity, |_, now| {
        now.nodes.first_entry().unwrap().get_mut().capacity.memory += 1;
    }),
    (Code::NodeSilent, |_, now| {
        now.nodes.first_entry().unwrap().get_mut().alive = false;
    }),
    (Code::InstanceUnknown, |_, now| {
        now.instances.insert("x".into(), InstanceNow::default());
    }),
    (Code::RunsTwice, |config, now| {
        one(config, now).running_on.push("x".into());
    }),
    (Code::RunsElsewhere, |config, now| {
        one(config, now).running_on = vec!["x".into()];
    }),
    (Code::RunsNot, |config, now| {
        one(config, now).running_on.clear();
    }),
    (Code::Activity, |config, now| {
        one(config, now).activity = Some(Activity::Starting { node: "x".into() });
    }),
    (Code::LeftOver, |config, now| {
        one(config, now).left_over.push("x".into());
    }),
    (Code::CopyMissing, |config, now| {
        one(config, now).copies.clear();
    }),
    (Code::CopyNotInSync, |config, now| {
        one(config, now).copies[0].1 = CopyState::Syncing(3.0);
    }),
    (Code::CopyExtra, |config, now| {
        let nodes: Vec<_> = now.nodes.keys().cloned().collect();
        let copies = &mut one(config, now).copies;
        copies.extend(nodes.into_iter().map(|node| (node, CopyState::InSync)));
    }),
    (Code::RunsStopped, |_, _| {}),
];

/// What is real of a drbd instance that runs.
fn one<'a>(config: &Config, now: &'a mut Snapshot) -> &'a mut InstanceNow {
    let is_it =
        |i: &&Arc<Instance>| config.secondary(i).is_some() && i.admin_state == AdminState::Up;
    let instance = config.instances.values().find(is_it).unwrap();
    now.instances.get_mut(&instance.uuid).unwrap()
}

#[test]
fn what_is_not_as_configured_is_found() {
    let mut lab = Lab::new();
    let config = lab.store.config().unwrap();
    let whole = lab.reality.clone();
    for (code, spoil) in SPOILS {
        lab.reality = whole.clone();
        spoil(&config, &mut lab.reality);
        if code == Code::RunsStopped {
            lab.breaks(
                "UPDATE object SET value = json_set(value, '$.admin_state', 'down')
                 WHERE kind = 'instance'",
            );
        }
        let codes = lab.codes();
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
}

/// What machines can be like that they must not.
pub(super) const MACHINES: [(Code, Spoil); 6] = [
    (Code::Overcommitted, |_, now| {
        now.nodes.first_entry().unwrap().get_mut().memory_used = 1 << 40;
    }),
    (Code::GuestMissing, |_, now| {
        some_guests(now).pop();
    }),
    (Code::GuestName, |_, now| {
        some_guests(now)[0].name.push('x');
    }),
    (Code::GuestUnmarked, |_, now| {
        some_guests(now)[0].cluster = None;
    }),
    (Code::GuestForeign, |_, now| {
        let mut guest = some_guests(now)[0].clone();
        (guest.uuid, guest.cluster) = ("x".to_owned(), None);
        some_guests(now).push(guest);
    }),
    (Code::Autostart, |_, now| {
        some_guests(now)[0].autostart = true;
    }),
];

fn some_guests(now: &mut Snapshot) -> &mut Vec<Guest> {
    let mut nodes = now.nodes.values_mut().map(|node| &mut node.guests);
    nodes.find(|guests| !guests.is_empty()).unwrap()
}

/// The same cluster, had its nodes been real machines.
fn on_machines() -> Lab {
    let mut lab = Lab::new();
    lab.breaks(
        "UPDATE object SET value = json_set(value, '$.gnt_host', json('{\"uri\": \"test:///\"}'))
         WHERE kind = 'node'",
    );
    let config = lab.store.config().unwrap();
    let cluster = config.cluster.as_ref().map(|cluster| cluster.uuid.clone());
    for instance in config.instances.values() {
        let backend = config.backend(instance);
        let guest = Guest {
            uuid: instance.uuid.to_string(),
            name: instance.name.clone(),
            state: GuestState::Running,
            leaving: false,
            persistent: true,
            autostart: false,
            memory: backend.maxmem,
            vcpus: backend.vcpus,
            cluster: cluster.clone(),
        };
        let home = lab.reality.nodes.get_mut(&instance.primary_node);
        home.unwrap().guests.push(guest);
    }
    lab
}

#[test]
fn what_machines_know_otherwise_is_found() {
    let mut lab = on_machines();
    let config = lab.store.config().unwrap();
    let whole = lab.reality.clone();
    assert_eq!(lab.codes(), [].into());
    for (code, spoil) in MACHINES {
        lab.reality = whole.clone();
        spoil(&config, &mut lab.reality);
        assert_eq!(lab.codes(), [code].into(), "{code}");
        let remarks = lab.findings(Reading::Queue).iter().all(Finding::is_remark);
        assert_eq!(remarks, code == Code::GuestForeign, "{code}");
    }
}

/// A node that is just being added is in reality before it is in the configuration.
#[test]
fn nodes_that_come_are_on_their_way() {
    let mut lab = Lab::new();
    let new = NodeNow {
        name: "new".to_owned(),
        ..NodeNow::default()
    };
    lab.reality.nodes.insert("x".into(), new);
    // Who only moves something there makes no node.
    lab.breaks("UPDATE held SET lock = 'node/new' WHERE job = 6");
    assert_eq!(lab.codes(), [Code::NodeUnknown].into());
    lab.breaks("UPDATE held SET mode = 'exclusive' WHERE job = 6");
    assert_eq!(lab.codes(), [].into());
}

fn look_at(
    lab: &Lab,
    see: impl FnMut() -> Result<Snapshot, AdminError>,
) -> Result<Verdict, AdminError> {
    let look = |reality: &Snapshot| verify(&lab.store, Some(reality), Reading::Queue);
    look_at_work(&lab.store, see, look, |verdict| {
        !verdict.findings.is_empty()
    })
}

/// Reality is looked at first, the queue then: a job that ends in between has left things that nobody
/// works on any more.
#[test]
fn what_ends_between_two_looks_is_looked_at_again() {
    let lab = Lab::new();
    let config = lab.store.config().unwrap();
    let other = Store::open(lab.store.dir().clone()).unwrap();
    let commit = |serial| {
        let done = other.write(Commit::Step, |tx| tx.set_serials(serial, serial));
        done.unwrap();
    };
    let mut on_its_way = lab.reality.clone();
    one(&config, &mut on_its_way).running_on.clear();
    let mut looks = 0;
    let verdict = look_at(&lab, || {
        looks += 1;
        match looks {
            1 => {
                commit(100);
                Ok(on_its_way.clone())
            }
            _ => Ok(lab.reality.clone()),
        }
    });
    assert_eq!(verdict.unwrap().findings, []);
    assert_eq!(looks, 2);
    // What stays wrong is said, whatever else goes on.
    let mut looks = 0;
    let verdict = look_at(&lab, || {
        looks += 1;
        commit(100 + u64::from(looks));
        Ok(on_its_way.clone())
    });
    assert_eq!(verdict.unwrap().findings.len(), 1);
    assert_eq!(looks, LOOKS);
}
