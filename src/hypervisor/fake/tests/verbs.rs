//! What each verb does, refuses, and does not do twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;
use crate::hypervisor::{Activity, CopyState, InterruptKind, Stop};

fn failed(answer: &Result<(), VerbError>, with: &str) {
    match answer {
        Err(VerbError::Failed(reason)) => assert!(reason.contains(with), "{reason}"),
        other => panic!("{other:?} instead of a failure with {with:?}"),
    }
}

#[test]
fn instances_start_stop_and_move_at_once_with_zero_durations() {
    let lab = Lab::new(FakeSettings::ZERO);
    let web = lab.instance("web");
    long(|call| lab.fake.stop(call, &web, &node(1), Stop::Destroy)).unwrap();
    assert!(lab.runs("web").is_empty());
    long(|call| lab.fake.start(call, &web, &node(2), &[])).unwrap();
    assert_eq!(lab.runs("web"), ["n-2"]);
    long(|call| {
        lab.fake
            .migrate(call, &web, &node(2), &node(1), &MigrationPolicy::LIVE)
    })
    .unwrap();
    assert_eq!(lab.runs("web"), ["n-1"]);
    long(|call| lab.fake.reboot(call, &web, &node(1))).unwrap();
    assert_eq!(lab.runs("web"), ["n-1"]);
    let log = lab.fake.log().unwrap();
    let verbs: Vec<Verb> = log.iter().map(|entry| entry.verb).collect();
    assert_eq!(
        verbs,
        [Verb::Stop, Verb::Start, Verb::Migrate, Verb::Reboot]
    );
    let (from, to) = (log[2].from.as_deref(), log[2].to.as_deref());
    assert_eq!((from, to), (Some("node2"), Some("node1")));
    assert!(log.iter().all(|entry| entry.ended == Some(entry.began)));
}

#[test]
fn what_is_so_already_is_not_done_again() {
    let lab = Lab::new(FakeSettings::ZERO);
    let web = lab.instance("web");
    let fake = &lab.fake;
    long(|call| fake.start(call, &web, &node(1), &[])).unwrap();
    long(|call| fake.stop(call, &web, &node(2), Stop::Destroy)).unwrap();
    long(|call| fake.migrate(call, &web, &node(2), &node(1), &MigrationPolicy::LIVE)).unwrap();
    long(|call| fake.add_copy(call, &web, &node(2), true)).unwrap();
    long(|call| fake.drop_copy(call, &web, &node(3))).unwrap();
    assert!(fake.log().unwrap().is_empty());
    assert_eq!(lab.runs("web"), ["n-1"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let lab = Lab::new(FakeSettings::ZERO);
    let fake = &lab.fake;
    let (web, db, log) = (lab.instance("web"), lab.instance("db"), lab.instance("log"));
    let (off, gone) = (lab.instance("off"), node(9));
    failed(
        &long(|call| fake.start(call, &web, &node(2), &[])),
        "web is running on node1",
    );
    failed(
        &long(|call| fake.start(call, &off, &node(1), &[])),
        "no copy of the disks of off on node1",
    );
    failed(
        &long(|call| fake.reboot(call, &off, &node(2))),
        "off does not run on node2",
    );
    failed(
        &long(|call| fake.migrate(call, &web, &node(1), &node(3), &MigrationPolicy::LIVE)),
        "no copy",
    );
    failed(
        &long(|call| fake.migrate(call, &log, &node(1), &node(2), &MigrationPolicy::LIVE)),
        "on node1 only",
    );
    failed(
        &long(|call| fake.migrate(call, &db, &node(2), &node(3), &MigrationPolicy::LIVE)),
        "not run on node2",
    );
    failed(
        &long(|call| fake.migrate(call, &db, &node(1), &node(1), &MigrationPolicy::LIVE)),
        "source and target",
    );
    failed(
        &long(|call| fake.drop_copy(call, &log, &node(1))),
        "last copy",
    );
    failed(&long(|call| fake.activate(call, &web, &node(3))), "no copy");
    failed(
        &long(|call| fake.start(call, &db, &gone, &[])),
        "node9 is not a node",
    );
    assert!(fake.log().unwrap().is_empty());
}

#[test]
fn a_second_verb_is_refused_while_one_is_on_its_way() {
    let lab = Lab::new(ENDLESS);
    let web = lab.instance("web");
    short(|call| lab.migrate(call, "web")).unwrap_err();
    let stop = long(|call| lab.fake.stop(call, &web, &node(1), Stop::Destroy));
    failed(&stop, "another migration of web is on its way");
    let elsewhere = long(|call| {
        lab.fake
            .migrate(call, &web, &node(1), &node(3), &MigrationPolicy::LIVE)
    });
    failed(&elsewhere, "another migration of web is on its way");
}

#[test]
fn what_is_on_its_way_is_seen_by_others() {
    let lab = Lab::new(ENDLESS);
    let (web, db, off) = (lab.instance("web"), lab.instance("db"), lab.instance("off"));
    short(|call| lab.migrate(call, "web")).unwrap_err();
    short(|call| lab.fake.stop(call, &db, &node(1), Stop::Destroy)).unwrap_err();
    short(|call| lab.fake.start(call, &off, &node(3), &[])).unwrap_err();
    let other = lab.again();
    let seen = |instance| {
        let all: Vec<NodeRef> = (1..=4).map(node).collect();
        let seen = long(|call| other.observe(call, instance, &all)).unwrap();
        (seen.running_on.len(), seen.activity.unwrap())
    };
    let (from, to) = (node(1).uuid, node(2).uuid);
    assert_eq!(seen(&web), (1, Activity::Migrating { from, to }));
    let node1 = node(1).uuid;
    assert_eq!(seen(&db), (1, Activity::Stopping { node: node1 }));
    let node3 = node(3).uuid;
    assert_eq!(seen(&off), (0, Activity::Starting { node: node3 }));
    let snapshot = other.snapshot().unwrap();
    assert_eq!(snapshot.instances["i-web"].activity, Some(seen(&web).1));
}

#[test]
fn progress_rises_and_stays_below_100() {
    let lab = Lab::new(FakeSettings {
        migrate: 500,
        ..FakeSettings::ZERO
    });
    let (answer, seen) = watched(|call| lab.migrate(call, "web"));
    answer.unwrap();
    assert!(seen.len() >= 2, "{seen:?}");
    let percents: Vec<f64> = seen.iter().map(|p| p.percent.unwrap()).collect();
    assert!(
        percents.is_sorted() && percents.iter().all(|p| *p < 100.0),
        "{percents:?}"
    );
    assert!(
        seen.iter()
            .all(|p| p.phase == "migrating" && p.eta.unwrap() <= 0.5)
    );
}

#[test]
fn a_cancelled_migration_leaves_the_instance_where_it_was() {
    let lab = Lab::new(ENDLESS);
    let interrupt = Interrupt::default();
    let answer = thread::scope(|scope| {
        let migration = scope.spawn(|| {
            within(Duration::from_secs(60), &interrupt, |call| {
                lab.migrate(call, "web")
            })
        });
        lab.await_activity("web");
        interrupt.raise(InterruptKind::Cancel);
        migration.join().unwrap()
    });
    assert_eq!(answer, Err(VerbError::Aborted));
    let seen = lab.observed("web");
    assert_eq!(
        (lab.runs("web"), seen.activity),
        (vec!["n-1".to_owned()], None)
    );
    assert_eq!(lab.outcomes(Verb::Migrate), [Some(Outcome::Aborted)]);
    // And it can be tried again.
    lab.fake.set_settings(&FakeSettings::ZERO).unwrap();
    long(|call| lab.migrate(call, "web")).unwrap();
    assert_eq!(lab.runs("web"), ["n-2"]);
}

#[test]
fn an_interrupt_before_the_beginning_begins_nothing() {
    let lab = Lab::new(FakeSettings::ZERO);
    let limit = Duration::from_secs(60);
    let raised = |kind| {
        let interrupt = Interrupt::default();
        interrupt.raise(kind);
        within(limit, &interrupt, |call| lab.migrate(call, "web"))
    };
    assert_eq!(raised(InterruptKind::Cancel), Err(VerbError::Aborted));
    assert_eq!(raised(InterruptKind::Leave), Err(VerbError::LeftBehind));
    let offline = raised(InterruptKind::NodeOffline(node(2).uuid));
    assert!(matches!(&offline, Err(VerbError::Unreachable { node, .. }) if node == "node2"));
    assert!(lab.fake.log().unwrap().is_empty());
    // A node that has nothing to do with it does not matter, and what has got through has.
    raised(InterruptKind::NodeOffline(node(3).uuid)).unwrap();
    raised(InterruptKind::Cancel).unwrap();
    assert_eq!(lab.runs("web"), ["n-2"]);
}

#[test]
fn a_short_verb_finishes_although_its_job_was_cancelled() {
    let lab = Lab::new(FakeSettings {
        stop: 50,
        ..FakeSettings::ZERO
    });
    let interrupt = Interrupt::default();
    interrupt.raise(InterruptKind::Cancel);
    let web = lab.instance("web");
    let limit = Duration::from_secs(60);
    within(limit, &interrupt, |call| {
        lab.fake.stop(call, &web, &node(1), Stop::Destroy)
    })
    .unwrap();
    assert!(lab.runs("web").is_empty());
}

#[test]
fn a_graceful_stop_takes_no_longer_than_the_guest_is_given() {
    let lab = Lab::new(ENDLESS);
    let web = lab.instance("web");
    let how = Stop::Graceful(Duration::from_millis(20));
    long(|call| lab.fake.stop(call, &web, &node(1), how)).unwrap();
    let entry = &lab.log(Verb::Stop)[0];
    assert_eq!(entry.ended.unwrap() - entry.began, 20_000);
}

#[test]
fn two_callers_of_one_migration_share_one_effect() {
    let lab = Lab::new(FakeSettings {
        migrate: 200,
        ..FakeSettings::ZERO
    });
    let other = lab.again();
    let web = lab.instance("web");
    thread::scope(|scope| {
        let first = scope.spawn(|| long(|call| lab.migrate(call, "web")));
        let second = scope.spawn(|| {
            long(|call| other.migrate(call, &web, &node(1), &node(2), &MigrationPolicy::LIVE))
        });
        assert_eq!(first.join().unwrap(), Ok(()));
        assert_eq!(second.join().unwrap(), Ok(()));
    });
    assert_eq!(lab.outcomes(Verb::Migrate), [Some(Outcome::Done)]);
}

#[test]
fn eight_migrations_run_at_the_same_time() {
    let lab = Lab::new(FakeSettings {
        migrate: LONG,
        ..FakeSettings::ZERO
    });
    let fake = &lab.fake;
    let interrupt = Interrupt::default();
    thread::scope(|scope| {
        for n in 0..8 {
            let mut instance = lab.instance("db");
            instance.uuid = format!("i-{n}").into();
            let interrupt = &interrupt;
            scope.spawn(move || {
                long(|call| fake.start(call, &instance, &node(1), &[])).unwrap();
                let limit = Duration::from_secs(60);
                let migrate = |call: &Call<'_>| {
                    fake.migrate(call, &instance, &node(1), &node(2), &MigrationPolicy::LIVE)
                };
                assert_eq!(within(limit, interrupt, migrate), Err(VerbError::Aborted));
            });
        }
        let limit = Instant::now() + Duration::from_secs(20);
        let under_way = |entry: &LogEntry| entry.ended.is_none();
        while lab
            .log(Verb::Migrate)
            .iter()
            .filter(|e| under_way(e))
            .count()
            < 8
        {
            assert!(Instant::now() < limit, "they wait for each other");
            thread::yield_now();
        }
        interrupt.raise(InterruptKind::Cancel);
    });
}

#[test]
fn twenty_threads_and_two_processes_lose_and_double_nothing() {
    const THREADS: usize = 20;
    const ROUNDS: usize = 20;
    let lab = Lab::new(FakeSettings::ZERO);
    let other = lab.again();
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let mut instance = lab.instance("db");
            instance.uuid = format!("i-{thread}").into();
            instance.name = format!("inst{thread}");
            let fake = if thread % 2 == 0 { &lab.fake } else { &other };
            let done = &done;
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    long(|call| fake.start(call, &instance, &node(1), &[])).unwrap();
                    long(|c| {
                        fake.migrate(c, &instance, &node(1), &node(2), &MigrationPolicy::LIVE)
                    })
                    .unwrap();
                    long(|c| fake.stop(c, &instance, &node(2), Stop::Destroy)).unwrap();
                    done.fetch_add(3, Ordering::Relaxed);
                }
            });
        }
    });
    let log = lab.fake.log().unwrap();
    assert_eq!(log.len(), THREADS * ROUNDS * 3);
    assert_eq!(log.len(), done.into_inner());
    assert!(log.iter().all(|entry| entry.outcome == Some(Outcome::Done)));
    let now = lab.fake.snapshot().unwrap();
    let mut left = now.instances.values().flat_map(|i| &i.running_on);
    assert!(left.all(|on| *on != node(2).uuid));
}

#[test]
fn a_copy_is_made_and_brought_in_sync() {
    let lab = Lab::new(FakeSettings {
        sync: LONG,
        ..FakeSettings::ZERO
    });
    let web = lab.instance("web");
    let fake = &lab.fake;
    let state = || {
        let copies = long(|call| fake.copies(call, &web)).unwrap();
        copies.into_iter().find(|(home, _)| home.as_str() == "n-3")
    };
    assert_eq!(state(), None);
    long(|call| fake.add_copy(call, &web, &node(3), false)).unwrap();
    assert!(matches!(state(), Some((_, CopyState::Syncing(percent))) if percent < 50.0));
    failed(
        &long(|call| fake.migrate(call, &web, &node(1), &node(3), &MigrationPolicy::LIVE)),
        "not in sync",
    );
    // A sync does not keep the instance from moving.
    long(|call| lab.migrate(call, "web")).unwrap();
    // Cancelled, it takes the unfinished copy away.
    let interrupt = Interrupt::default();
    interrupt.raise(InterruptKind::Cancel);
    let limit = Duration::from_secs(60);
    let answer = within(limit, &interrupt, |call| {
        fake.add_copy(call, &web, &node(3), true)
    });
    assert_eq!((answer, state()), (Err(VerbError::Aborted), None));
    fake.set_settings(&FakeSettings::ZERO).unwrap();
    long(|call| fake.add_copy(call, &web, &node(3), true)).unwrap();
    assert_eq!(state(), Some((node(3).uuid, CopyState::InSync)));
    long(|call| fake.drop_copy(call, &web, &node(1))).unwrap();
    assert_eq!(long(|call| fake.copies(call, &web)).unwrap().len(), 2);
}

#[test]
fn dropping_a_copy_ends_its_sync() {
    let lab = Lab::new(FakeSettings {
        sync: LONG,
        ..FakeSettings::ZERO
    });
    let web = lab.instance("web");
    long(|call| lab.fake.add_copy(call, &web, &node(3), false)).unwrap();
    long(|call| lab.fake.drop_copy(call, &web, &node(3))).unwrap();
    assert_eq!(long(|call| lab.fake.copies(call, &web)).unwrap().len(), 2);
    assert_eq!(lab.outcomes(Verb::Sync), [Some(Outcome::Aborted)]);
    // So does dropping the only copy that it is made from.
    let off = lab.instance("off");
    long(|call| lab.fake.drop_copy(call, &off, &node(3))).unwrap();
    long(|call| lab.fake.add_copy(call, &off, &node(1), false)).unwrap();
    long(|call| lab.fake.drop_copy(call, &off, &node(2))).unwrap();
    assert!(long(|call| lab.fake.copies(call, &off)).unwrap().is_empty());
    assert_eq!(lab.outcomes(Verb::Sync)[1], Some(Outcome::Failed));
}

#[test]
fn the_first_copy_is_in_sync_at_once_and_shared_disks_have_none() {
    let lab = Lab::new(ENDLESS);
    let fake = &lab.fake;
    let mut new = lab.instance("off");
    new.uuid = "i-new".into();
    long(|call| fake.add_copy(call, &new, &node(1), true)).unwrap();
    let copies = long(|call| fake.copies(call, &new)).unwrap();
    assert_eq!(copies, [(node(1).uuid, CopyState::InSync)]);
    let db = lab.instance("db");
    long(|call| fake.add_copy(call, &db, &node(1), true)).unwrap();
    assert!(long(|call| fake.copies(call, &db)).unwrap().is_empty());
}

#[test]
fn nodes_join_grow_tell_and_leave() {
    let lab = Lab::new(FakeSettings::ZERO);
    let fake = &lab.fake;
    let size = Capacity {
        memory: 100,
        ..Capacity::default()
    };
    long(|call| fake.set_capacity(call, &node(9), size)).unwrap();
    let db = lab.instance("db");
    long(|call| fake.migrate(call, &db, &node(1), &node(9), &MigrationPolicy::LIVE)).unwrap();
    // More than it has: hypervisors do not ask.
    let facts = long(|call| fake.node_facts(call, &node(9))).unwrap();
    assert_eq!(
        (facts.capacity, facts.memory_used, facts.disk_used),
        (size, 512, 0)
    );
    failed(
        &long(|call| fake.remove_node(call, &node(9))),
        "node9 is in use: db",
    );
    long(|call| fake.migrate(call, &db, &node(9), &node(1), &MigrationPolicy::LIVE)).unwrap();
    long(|call| fake.remove_node(call, &node(9))).unwrap();
    long(|call| fake.remove_node(call, &node(9))).unwrap();
    assert!(long(|call| fake.node_facts(call, &node(9))).is_err());
    assert_eq!(fake.snapshot().unwrap().nodes.len(), 4);
}

#[test]
fn an_empty_copy_counts_whatever_others_there_are() {
    let lab = Lab::new(FakeSettings::ZERO);
    let (fake, web, off) = (&lab.fake, lab.instance("web"), lab.instance("off"));
    failed(
        &long(|call| fake.blank_copy(call, &web, &node(1))),
        "web is running on its disks",
    );
    // Its copies are on node2 and node3, of which one is dead.
    lab.fault(FaultKind::NodeDead, |fault| {
        fault.node = Some("node3".into())
    });
    long(|call| fake.blank_copy(call, &off, &node(1))).unwrap();
    let copies = long(|call| fake.copies(call, &off)).unwrap();
    let in_sync: Vec<_> = (copies.iter())
        .filter(|(_, state)| *state == CopyState::InSync)
        .map(|(node, _)| node.as_str())
        .collect();
    assert_eq!((copies.len(), in_sync), (3, vec!["n-1"]));
}

#[test]
fn disks_in_use_are_not_let_go_of() {
    let lab = Lab::new(FakeSettings::ZERO);
    let (fake, web) = (&lab.fake, lab.instance("web"));
    failed(
        &long(|call| fake.deactivate(call, &web, &node(1))),
        "web is running on node1, with its disks in use",
    );
    long(|call| fake.deactivate(call, &web, &node(2))).unwrap();
}

#[test]
fn disks_get_another_size_when_nothing_is_on_its_way_with_them() {
    let lab = Lab::new(ENDLESS);
    let fake = &lab.fake;
    let used = |number: u32| fake.snapshot().unwrap().nodes[&node(number).uuid].disk_used;
    let mut web = lab.instance("web");
    let before = (used(1), used(2));
    web.disk += 1000;
    for _ in 0..2 {
        long(|call| fake.resize(call, &web, &[node(1), node(2)])).unwrap();
        assert_eq!((used(1), used(2)), (before.0 + 1000, before.1 + 1000));
    }
    long(|call| fake.add_copy(call, &web, &node(3), false)).unwrap();
    let syncing = long(|call| fake.resize(call, &web, &[node(1)]));
    failed(&syncing, "a sync of web is on its way");
    lab.fault(FaultKind::NodeDead, |fault| {
        fault.node = Some("node2".into())
    });
    let silent = short(|call| fake.resize(call, &web, &[node(1), node(2)]));
    assert!(
        matches!(silent, Err(VerbError::Unreachable { .. })),
        "{silent:?}"
    );
}
