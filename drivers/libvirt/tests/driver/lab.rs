//! With real hosts and real guests: see `gnt_lab`.

use std::time::{Duration, Instant};

use crate::common::PATIENCE;
use crate::conformance::{Subject, conforms};
use crate::process::{Driver, access, open};
use gnt_driver::{
    Ask, Comparison, Definition, Disk, Facts, Guest as Known, GuestState, Migration, Opened,
    Storage, Transfer, Trouble,
};
use gnt_lab::{DiskPlace, Guest, Lab, Node, Process, wait_for};

/// How long a step may take.
const LIMIT: Duration = PATIENCE;

/// A lab of so many hosts, unless this machine cannot have one.
fn lab(test: &str, hosts: usize) -> Option<Lab> {
    match gnt_lab::missing() {
        None => Some(Lab::new(hosts).unwrap()),
        Some(why) => {
            eprintln!("skipped: {test}: {why}");
            None
        }
    }
}

fn driver(node: &Node) -> Driver {
    Driver::open(&node.uri())
}

fn look(driver: &mut Driver, guest: &Guest) -> Option<Known> {
    driver.ask(Ask::Look { guest: guest.id() }).unwrap()
}

fn state(driver: &mut Driver, guest: &Guest) -> Option<GuestState> {
    look(driver, guest).map(|known| known.state)
}

/// A running guest that takes some seconds to move: 48 MiB at 8 a second.
fn slow_guest(node: &Node) -> Guest {
    let mut guest = Guest::new("slow");
    guest.memory = 64;
    guest.fill = 48;
    node.boot(&guest).unwrap();
    guest
}

fn migrate(guest: &Guest, to: &Node, bandwidth: Option<u64>) -> Ask {
    Ask::Migrate {
        guest: guest.id(),
        to: access(&to.peer_uri()),
        how: Migration {
            live: true,
            trust_storage: true,
            bandwidth,
            downtime: None,
        },
    }
}

/// Waits until some memory went over.
fn wait_until_under_way(watcher: &mut Driver, guest: &Guest) -> Transfer {
    let mut last = None;
    wait_for(LIMIT, "the migration is under way", || {
        last = watcher
            .ask::<Option<Transfer>>(Ask::Transfer { guest: guest.id() })
            .unwrap();
        last.is_some_and(|transfer| transfer.processed > 2.0)
    })
    .unwrap();
    last.unwrap()
}

#[test]
fn it_does_what_every_driver_has_to() {
    let Some(lab) = lab("it_does_what_every_driver_has_to", 2) else {
        return;
    };
    let mut guest = Guest::new("web1");
    (guest.memory, guest.fill) = (64, 48);
    // Made by this for its disk alone; a driver is to make it known.
    lab.node(1).define(&guest).unwrap();
    lab.node(1).virsh(&["undefine", "web1"]).unwrap();
    conforms(&Subject {
        program: env!("CARGO_BIN_EXE_gnt-libvirt").into(),
        nodes: [1, 2].map(|number| access(&lab.node(number).uri())),
        peers: [1, 2].map(|number| access(&lab.node(number).peer_uri())),
        definition: guest.definition(&lab.shared()),
        guest: guest.id(),
        slow: 16,
    });
    assert!(
        lab.nodes()
            .iter()
            .all(|node| node.running().unwrap().is_empty())
    );
}

#[test]
fn a_guest_lives_and_is_told_of() {
    let Some(lab) = lab("a_guest_lives_and_is_told_of", 1) else {
        return;
    };
    let node = lab.node(1);
    let mut driver = Driver::start();
    let opened: Opened = driver.ask(open(&node.uri())).unwrap();
    assert_eq!(opened.host_name, "node1");
    assert_eq!(opened.host_uuid, "6e740000-1ab0-4000-8000-000000000001");
    let facts: Facts = driver.ask(Ask::Facts).unwrap();
    assert!(
        facts.memory > 512 && facts.memory_free < Some(facts.memory) && facts.cpus > 0,
        "{facts:?}"
    );
    let hypervisor = facts.hypervisor.unwrap();
    assert!(hypervisor.starts_with("QEMU "), "{hypervisor}");
    let same: Comparison = driver
        .ask(Ask::Compare {
            processor: facts.processor,
        })
        .unwrap();
    assert!(same.compatible, "{same:?}");
    for feature in ["3dnow", "not-invented-yet"] {
        let processor = format!(
            "<cpu><arch>x86_64</arch><model>qemu64</model><feature name='{feature}'/></cpu>"
        );
        let other: Comparison = driver.ask(Ask::Compare { processor }).unwrap();
        assert!(!other.compatible && other.reason.is_some(), "{other:?}");
    }

    let guest = Guest::new("web1");
    node.define(&guest).unwrap();
    driver.tell(Ask::Start { guest: guest.id() }).unwrap();
    driver.tell(Ask::Start { guest: guest.id() }).unwrap();
    lab.wait_for_life("web1").unwrap();
    driver
        .tell(Ask::Mark {
            guest: guest.id(),
            cluster: Some("c1".to_owned()),
        })
        .unwrap();
    driver
        .tell(Ask::Autostart {
            guest: guest.id(),
            on: true,
        })
        .unwrap();
    let known = look(&mut driver, &guest).unwrap();
    let expected = Known {
        uuid: guest.id(),
        name: "web1".to_owned(),
        state: GuestState::Running,
        leaving: false,
        persistent: true,
        autostart: true,
        memory: 32,
        vcpus: 1,
        cluster: Some("c1".to_owned()),
    };
    assert_eq!(known, expected);
    assert_eq!(driver.ask::<Vec<Known>>(Ask::List).unwrap(), [expected]);

    // Rebooted and shut down by its power button; its mark stays.
    driver.tell(Ask::Reboot { guest: guest.id() }).unwrap();
    wait_for(LIMIT, "web1 reboots", || {
        lab.said("web1").unwrap().boots == 2
    })
    .unwrap();
    lab.wait_for_life("web1").unwrap();
    driver.tell(Ask::Shutdown { guest: guest.id() }).unwrap();
    wait_for(LIMIT, "web1 stops", || {
        state(&mut driver, &guest) == Some(GuestState::Stopped)
    })
    .unwrap();
    assert_eq!(
        look(&mut driver, &guest).unwrap().cluster.as_deref(),
        Some("c1")
    );
    assert_eq!(node.running().unwrap(), [""; 0]);

    // One that is killed has crashed; one whose power is cut is off when that returns.
    driver.tell(Ask::Start { guest: guest.id() }).unwrap();
    node.signal(Process::Guest("web1"), "KILL").unwrap();
    wait_for(LIMIT, "web1 crashes", || {
        state(&mut driver, &guest) == Some(GuestState::Crashed)
    })
    .unwrap();
    driver.tell(Ask::Start { guest: guest.id() }).unwrap();
    driver.tell(Ask::Destroy { guest: guest.id() }).unwrap();
    assert_eq!(state(&mut driver, &guest), Some(GuestState::Stopped));
    assert_eq!(node.running().unwrap(), [""; 0]);
}

#[test]
fn a_running_guest_is_never_made_one_that_nobody_remembers() {
    let Some(lab) = lab("a_running_guest_is_never_made_one_that_nobody_remembers", 1) else {
        return;
    };
    let (node, guest) = (lab.node(1), Guest::new("web1"));
    node.boot(&guest).unwrap();
    let mut driver = driver(node);
    let refusal = driver.refused(Ask::Undefine { guest: guest.id() });
    assert_eq!(
        (refusal.trouble, refusal.text.as_str()),
        (Trouble::Failed, "web1 runs")
    );
    assert!(look(&mut driver, &guest).unwrap().persistent);
    driver.tell(Ask::Destroy { guest: guest.id() }).unwrap();
    driver.tell(Ask::Undefine { guest: guest.id() }).unwrap();
    assert_eq!(look(&mut driver, &guest), None);
}

#[test]
fn disks_are_seen_where_they_are() {
    let Some(lab) = lab("disks_are_seen_where_they_are", 2) else {
        return;
    };
    let (shared, mut local) = (Guest::new("shared"), Guest::new("local"));
    local.disk = DiskPlace::Local;
    lab.node(1).define(&shared).unwrap();
    lab.node(1).define(&local).unwrap();
    let (mut here, mut there) = (driver(lab.node(1)), driver(lab.node(2)));
    let mut definition =
        |guest: &Guest| -> Definition { here.ask(Ask::Definition { guest: guest.id() }).unwrap() };
    let (of_shared, of_local) = (definition(&shared), definition(&local));
    for (of, guest) in [(&of_shared, &shared), (&of_local, &local)] {
        let expected = Disk {
            target: "vda".to_owned(),
            storage: Storage::File,
            source: Some(guest.disk_path(&lab.shared()).display().to_string()),
            present: Some(true),
            size: Some(1),
            readonly: false,
        };
        assert_eq!(of.disks, [expected]);
    }
    // The other host sees only one of them.
    for (of, guest, present) in [(&of_shared, &shared, true), (&of_local, &local, false)] {
        let definition = of.definition.clone();
        there.tell(Ask::Define { definition }).unwrap();
        let there: Definition = there.ask(Ask::Definition { guest: guest.id() }).unwrap();
        assert_eq!(there.disks[0].present, Some(present));
    }

    let path = of_shared.disks[0].source.clone().unwrap();
    there.tell(Ask::DeleteDisk { path: path.clone() }).unwrap();
    there.tell(Ask::DeleteDisk { path: path.clone() }).unwrap();
    assert!(!std::path::Path::new(&path).exists());
    there
        .tell(Ask::DeleteDisk {
            path: "/nonexistent/a.img".to_owned(),
        })
        .unwrap();
    let gone: Definition = here.ask(Ask::Definition { guest: shared.id() }).unwrap();
    assert_eq!(gone.disks[0].present, Some(false));
    // Nothing was left lying that was made for the looks.
    for node in lab.nodes() {
        assert_eq!(node.virsh(&["pool-list", "--all"]).unwrap(), "");
    }
}

#[test]
fn a_guest_moves_alive_and_is_watched() {
    let Some(lab) = lab("a_guest_moves_alive_and_is_watched", 2) else {
        return;
    };
    let guest = slow_guest(lab.node(1));
    let (mut mover, mut watcher) = (driver(lab.node(1)), driver(lab.node(1)));
    let mut there = driver(lab.node(2));
    mover.send(migrate(&guest, lab.node(2), Some(8)));
    let transfer = wait_until_under_way(&mut watcher, &guest);
    assert!(
        transfer.total >= 64.0 && transfer.remaining > 0.0 && transfer.pass == 1,
        "{transfer:?}"
    );
    let source = look(&mut watcher, &guest).unwrap();
    assert_eq!((source.state, source.leaving), (GuestState::Running, true));
    let target = look(&mut there, &guest).unwrap();
    assert_eq!(
        (target.state, target.leaving),
        (GuestState::Incoming, false)
    );
    let all: Vec<Known> = watcher.ask(Ask::List).unwrap();
    assert!(all[0].leaving);
    // Faster, since somebody is in a hurry.
    watcher
        .tell(Ask::Tune {
            guest: guest.id(),
            downtime: None,
            bandwidth: Some(1024),
        })
        .unwrap();
    mover.receive().unwrap();
    assert_eq!(look(&mut watcher, &guest), None);
    let target = look(&mut there, &guest).unwrap();
    assert_eq!(
        (target.state, target.persistent),
        (GuestState::Running, true)
    );
    lab.wait_for_life("slow").unwrap();
    assert_eq!(lab.said("slow").unwrap().boots, 1);
}

#[test]
fn a_migration_is_given_up_from_another_process() {
    let Some(lab) = lab("a_migration_is_given_up_from_another_process", 2) else {
        return;
    };
    let guest = slow_guest(lab.node(1));
    let (mut mover, mut watcher) = (driver(lab.node(1)), driver(lab.node(1)));
    mover.send(migrate(&guest, lab.node(2), Some(8)));
    wait_until_under_way(&mut watcher, &guest);
    watcher.tell(Ask::Abort { guest: guest.id() }).unwrap();
    let refusal = mover.receive().unwrap_err();
    assert_eq!(
        (refusal.trouble, refusal.code),
        (Trouble::Aborted, Some(78))
    );
    watcher.tell(Ask::Abort { guest: guest.id() }).unwrap();
    let source = look(&mut watcher, &guest).unwrap();
    assert_eq!((source.state, source.leaving), (GuestState::Running, false));
    assert_eq!(look(&mut driver(lab.node(2)), &guest), None);
    // Nothing is in the way of another try.
    mover.ask::<()>(migrate(&guest, lab.node(2), None)).unwrap();
    assert_eq!(lab.node(2).running().unwrap(), ["slow"]);
    assert_eq!(lab.said("slow").unwrap().boots, 1);
}

#[test]
fn a_migration_goes_on_without_its_driver() {
    let Some(lab) = lab("a_migration_goes_on_without_its_driver", 2) else {
        return;
    };
    let guest = slow_guest(lab.node(1));
    let (mut mover, mut watcher) = (driver(lab.node(1)), driver(lab.node(1)));
    mover.send(migrate(&guest, lab.node(2), Some(16)));
    wait_until_under_way(&mut watcher, &guest);
    mover.kill();
    assert!(look(&mut watcher, &guest).unwrap().leaving);
    wait_for(LIMIT, "the guest has left", || {
        look(&mut watcher, &guest).is_none()
    })
    .unwrap();
    let mut there = driver(lab.node(2));
    wait_for(LIMIT, "it is there", || {
        state(&mut there, &guest) == Some(GuestState::Running)
    })
    .unwrap();
    assert_eq!(lab.said("slow").unwrap().boots, 1);
}

#[test]
fn a_guest_that_writes_too_fast_moves_when_it_may_stand_still() {
    let Some(lab) = lab(
        "a_guest_that_writes_too_fast_moves_when_it_may_stand_still",
        2,
    ) else {
        return;
    };
    let mut guest = Guest::new("busy");
    (guest.memory, guest.fill, guest.window, guest.rate) = (64, 48, 48, 60);
    lab.node(1).boot(&guest).unwrap();
    let (mut mover, mut watcher) = (driver(lab.node(1)), driver(lab.node(1)));
    mover.send(migrate(&guest, lab.node(2), Some(16)));
    wait_for(LIMIT, "the third pass", || {
        let transfer: Option<Transfer> = watcher.ask(Ask::Transfer { guest: guest.id() }).unwrap();
        transfer.is_some_and(|transfer| transfer.pass >= 3)
    })
    .unwrap();
    watcher
        .tell(Ask::Tune {
            guest: guest.id(),
            downtime: Some(20_000),
            bandwidth: None,
        })
        .unwrap();
    mover.receive().unwrap();
    assert_eq!(lab.node(2).running().unwrap(), ["busy"]);
    assert_eq!(lab.said("busy").unwrap().boots, 1);
}

#[test]
fn storage_is_trusted_only_when_somebody_says_so() {
    let Some(lab) = lab("storage_is_trusted_only_when_somebody_says_so", 2) else {
        return;
    };
    let guest = Guest::new("web1");
    lab.node(1).boot(&guest).unwrap();
    let mut driver = driver(lab.node(1));
    let how = Migration {
        live: true,
        ..Migration::default()
    };
    let to = access(&lab.node(2).peer_uri());
    let refusal = driver.refused(Ask::Migrate {
        guest: guest.id(),
        to,
        how,
    });
    assert_eq!((refusal.trouble, refusal.code), (Trouble::Failed, Some(81)));
    assert!(refusal.hint.unwrap().contains("shared"));
    assert_eq!(state(&mut driver, &guest), Some(GuestState::Running));

    let nowhere = Migration {
        live: true,
        trust_storage: true,
        ..Migration::default()
    };
    let to = access("qemu+tcp://nowhere/system");
    let refusal = driver.refused(Ask::Migrate {
        guest: guest.id(),
        to,
        how: nowhere.clone(),
    });
    assert_eq!((refusal.trouble, refusal.code), (Trouble::Failed, Some(38)));
    assert!(refusal.hint.unwrap().contains("peer URI"));
    let to = access(&lab.node(1).peer_uri());
    let refusal = driver.refused(Ask::Migrate {
        guest: guest.id(),
        to,
        how: nowhere,
    });
    assert!(
        refusal.hint.unwrap().contains("host_uuid"),
        "{}",
        refusal.text
    );
    assert_eq!(state(&mut driver, &guest), Some(GuestState::Running));
}

#[test]
fn only_a_definition_moves_of_a_guest_that_is_off() {
    let Some(lab) = lab("only_a_definition_moves_of_a_guest_that_is_off", 2) else {
        return;
    };
    let guest = Guest::new("web1");
    lab.node(1).boot(&guest).unwrap();
    let (mut here, mut there) = (driver(lab.node(1)), driver(lab.node(2)));
    let offline = || Ask::Migrate {
        guest: guest.id(),
        to: access(&lab.node(2).peer_uri()),
        how: Migration {
            trust_storage: true,
            ..Migration::default()
        },
    };
    let runs = here.refused(offline());
    assert_eq!(
        runs.text,
        "web1 runs, so more than its definition has to move"
    );
    assert_eq!(look(&mut there, &guest), None);
    here.tell(Ask::Destroy { guest: guest.id() }).unwrap();
    let off = here.refused(migrate(&guest, lab.node(2), None));
    assert_eq!(off.text, "web1 does not run, so it cannot be moved alive");
    here.tell(offline()).unwrap();
    assert_eq!(look(&mut here, &guest), None);
    assert_eq!(state(&mut there, &guest), Some(GuestState::Stopped));
    there.tell(Ask::Start { guest: guest.id() }).unwrap();
    assert_eq!(lab.node(2).running().unwrap(), ["web1"]);
}

#[test]
fn a_lost_daemon_leaves_a_migration_unknown_and_a_question_unanswered() {
    let Some(lab) = lab(
        "a_lost_daemon_leaves_a_migration_unknown_and_a_question_unanswered",
        2,
    ) else {
        return;
    };
    let guest = slow_guest(lab.node(1));
    let (mut mover, mut watcher) = (driver(lab.node(1)), driver(lab.node(1)));
    mover.send(migrate(&guest, lab.node(2), Some(8)));
    wait_until_under_way(&mut watcher, &guest);
    lab.node(1).signal(Process::Libvirtd, "KILL").unwrap();
    let refusal = mover.receive().unwrap_err();
    assert_eq!(refusal.trouble, Trouble::Unknown, "{refusal:?}");
    assert_eq!(watcher.refused(Ask::List).trouble, Trouble::Unreachable);
    assert_eq!(
        Driver::start().refused(open(&lab.node(1).uri())).trouble,
        Trouble::Unreachable
    );
    lab.node(1).start_libvirtd().unwrap();
    let mut again = driver(lab.node(1));
    let known = look(&mut again, &guest).unwrap();
    assert_eq!((known.state, known.leaving), (GuestState::Running, false));
    let mut there = driver(lab.node(2));
    wait_for(LIMIT, "the other host gives it up", || {
        look(&mut there, &guest).is_none()
    })
    .unwrap();

    // The other host's daemon is none of ours: this one tells what became of it.
    again.send(migrate(&guest, lab.node(2), Some(8)));
    wait_until_under_way(&mut driver(lab.node(1)), &guest);
    lab.node(2).signal(Process::Libvirtd, "KILL").unwrap();
    assert_eq!(again.receive().unwrap_err().trouble, Trouble::Failed);
    assert_eq!(state(&mut again, &guest), Some(GuestState::Running));
    assert_eq!(lab.said("slow").unwrap().boots, 1);
}

#[test]
fn a_hung_daemon_holds_up_only_who_asked_it() {
    let Some(lab) = lab("a_hung_daemon_holds_up_only_who_asked_it", 2) else {
        return;
    };
    let (mut asked, mut other) = (driver(lab.node(1)), driver(lab.node(2)));
    lab.node(1).signal(Process::Libvirtd, "STOP").unwrap();
    asked.send(Ask::List);
    // Nothing bounds a connection but whoever waits for it.
    let mut opening = Driver::start();
    opening.send(open(&lab.node(1).uri()));
    assert_eq!(other.ask::<Vec<Known>>(Ask::List), Ok(Vec::new()));
    let began = Instant::now();
    let refusal = asked.receive().unwrap_err();
    assert_eq!(refusal.trouble, Trouble::Unreachable, "{refusal:?}");
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(!opening.has_ended());
    opening.kill();
    lab.node(1).signal(Process::Libvirtd, "CONT").unwrap();
    assert_eq!(
        driver(lab.node(1)).ask::<Vec<Known>>(Ask::List),
        Ok(Vec::new())
    );
}

#[test]
fn a_blocked_driver_ends_with_whoever_started_it() {
    let Some(lab) = lab("a_blocked_driver_ends_with_whoever_started_it", 1) else {
        return;
    };
    lab.node(1).signal(Process::Libvirtd, "STOP").unwrap();
    let mut opening = Driver::start();
    opening.send(open(&lab.node(1).uri()));
    opening.abandon();
    wait_for(LIMIT, "it ends", || opening.has_ended()).unwrap();
    lab.node(1).signal(Process::Libvirtd, "CONT").unwrap();
}

#[test]
fn one_hung_guest_does_not_hide_the_others() {
    let Some(lab) = lab("one_hung_guest_does_not_hide_the_others", 1) else {
        return;
    };
    let (node, hung, well) = (lab.node(1), Guest::new("hung"), Guest::new("well"));
    node.boot(&hung).unwrap();
    node.boot(&well).unwrap();
    node.signal(Process::Guest("hung"), "STOP").unwrap();
    let mut stopper = driver(node);
    stopper.send(Ask::Shutdown { guest: hung.id() });
    let mut asked = driver(node);
    wait_for(LIMIT, "the shutdown hangs", || {
        node.virsh(&["domcontrol", "hung"])
            .is_ok_and(|said| said.starts_with("occupied"))
    })
    .unwrap();
    let began = Instant::now();
    let mut guests: Vec<Known> = asked.ask(Ask::List).unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    guests.sort_by(|a, b| a.name.cmp(&b.name));
    let states: Vec<_> = guests
        .iter()
        .map(|guest| (guest.name.as_str(), guest.state))
        .collect();
    assert_eq!(
        states,
        [("hung", GuestState::Running), ("well", GuestState::Running)]
    );
    // Its power can be cut all the same.
    asked.tell(Ask::Destroy { guest: hung.id() }).unwrap();
    assert_eq!(
        state(&mut asked, &hung).map(|state| state == GuestState::Running),
        Some(false)
    );
    assert!(stopper.receive().is_err());
    assert_eq!(node.running().unwrap(), ["well"]);
}

#[test]
fn a_dead_host_is_taken_over_and_its_leftovers_are_forgotten() {
    let Some(mut lab) = lab(
        "a_dead_host_is_taken_over_and_its_leftovers_are_forgotten",
        2,
    ) else {
        return;
    };
    let guest = Guest::new("web1");
    lab.node(1).boot(&guest).unwrap();
    let mut here = driver(lab.node(1));
    let kept: Definition = here.ask(Ask::Definition { guest: guest.id() }).unwrap();
    lab.node_mut(1).power_off().unwrap();
    assert_eq!(here.refused(Ask::List).trouble, Trouble::Unreachable);
    let mut there = driver(lab.node(2));
    there
        .tell(Ask::Define {
            definition: kept.definition,
        })
        .unwrap();
    there.tell(Ask::Start { guest: guest.id() }).unwrap();
    wait_for(LIMIT, "it boots anew", || {
        lab.said("web1").unwrap().boots == 2
    })
    .unwrap();
    lab.node_mut(1).power_on().unwrap();
    let mut again = driver(lab.node(1));
    assert_eq!(state(&mut again, &guest), Some(GuestState::Stopped));
    again.tell(Ask::Undefine { guest: guest.id() }).unwrap();
    assert_eq!(look(&mut again, &guest), None);
    assert_eq!(state(&mut there, &guest), Some(GuestState::Running));
}
