//! What each fault does.

use std::thread;

use super::*;
use crate::hypervisor::fake::FakeError;
use crate::hypervisor::{CopyState, InterruptKind, Stop};

fn unknown(answer: &Result<(), VerbError>) -> bool {
    matches!(answer, Err(VerbError::Unknown(_)))
}

fn dead(lab: &Lab, n: u32) -> i64 {
    lab.fault(FaultKind::NodeDead, |fault| fault.node = Some(node(n).name))
}

#[test]
fn a_dead_node_loses_what_ran_there_and_does_not_answer() {
    let lab = Lab::new(FakeSettings::ZERO);
    let fake = &lab.fake;
    dead(&lab, 1);
    let (web, log) = (lab.instance("web"), lab.instance("log"));
    let seen = lab.observed("web");
    assert_eq!((seen.running_on, seen.silent), (vec![], vec![node(1).uuid]));
    for answer in [
        short(|call| fake.start(call, &log, &node(1), &[])),
        short(|call| fake.stop(call, &log, &node(1), Stop::Destroy)),
        short(|call| fake.migrate(call, &web, &node(1), &node(2), &MigrationPolicy::LIVE)),
        short(|call| fake.drop_copy(call, &web, &node(1))),
        short(|call| fake.node_facts(call, &node(1))).map(drop),
    ] {
        let node = match answer {
            Err(VerbError::Unreachable { node, .. }) => node,
            other => panic!("{other:?}"),
        };
        assert_eq!(node, "node1");
    }
    assert!(fake.log().unwrap().is_empty());
    assert!(!fake.snapshot().unwrap().nodes["n-1"].alive);
}

#[test]
fn a_failover_outdates_the_copies_on_the_dead_node() {
    let lab = Lab::new(FakeSettings::ZERO);
    let fake = &lab.fake;
    let web = lab.instance("web");
    let fault = dead(&lab, 1);
    let states = || {
        let copies = long(|call| fake.copies(call, &web)).unwrap();
        copies
            .into_iter()
            .map(|(_, state)| state)
            .collect::<Vec<_>>()
    };
    assert_eq!(states(), [CopyState::InSync, CopyState::InSync]);
    long(|call| fake.start(call, &web, &node(2), &[])).unwrap();
    assert_eq!(states(), [CopyState::Syncing(0.0), CopyState::InSync]);
    // It comes back empty, and what it missed is synced again.
    fake.set_settings(&ENDLESS).unwrap();
    assert_eq!(fake.clear_faults(Some(fault)).unwrap(), 1);
    assert_eq!(lab.runs("log"), Vec::<String>::new());
    assert_eq!(lab.runs("web"), ["n-2"]);
    assert_eq!(lab.outcomes(Verb::Sync), [None]);
    let back = long(|call| fake.migrate(call, &web, &node(2), &node(1), &MigrationPolicy::LIVE));
    assert!(matches!(back, Err(VerbError::Failed(reason)) if reason.contains("not in sync")));
}

#[test]
fn a_node_that_comes_back_having_missed_nothing_is_in_sync() {
    let lab = Lab::new(FakeSettings::ZERO);
    dead(&lab, 1);
    lab.fake.clear_faults(None).unwrap();
    let web = lab.instance("web");
    let copies = long(|call| lab.fake.copies(call, &web)).unwrap();
    assert!(copies.iter().all(|(_, state)| *state == CopyState::InSync));
    assert!(lab.log(Verb::Sync).is_empty());
    long(|call| lab.fake.start(call, &web, &node(1), &[])).unwrap();
}

#[test]
fn a_copy_whose_peer_runs_on_is_outdated_by_its_nodes_death() {
    let lab = Lab::new(FakeSettings::ZERO);
    let fake = &lab.fake;
    let web = lab.instance("web");
    dead(&lab, 2);
    let copies = long(|call| fake.copies(call, &web)).unwrap();
    assert_eq!(copies[1], (node(2).uuid, CopyState::Syncing(0.0)));
    // With both nodes gone only the copy that saw everything starts, unless it is forced.
    fake.clear_faults(None).unwrap();
    dead(&lab, 2);
    let first = dead(&lab, 1);
    fake.clear_faults(Some(fake.list_faults().unwrap()[0].id))
        .unwrap();
    let refused = long(|call| fake.start(call, &web, &node(2), &[]));
    assert!(matches!(refused, Err(VerbError::Failed(_))), "{refused:?}");
    long(|call| fake.activate(call, &web, &node(2))).unwrap();
    long(|call| fake.start(call, &web, &node(2), &[])).unwrap();
    fake.clear_faults(Some(first)).unwrap();
    assert_eq!(
        lab.log(Verb::Sync).last().unwrap().to.as_deref(),
        Some("node1")
    );
}

#[test]
fn a_verb_towards_a_dead_node_goes_on_when_it_comes_back() {
    let lab = Lab::new(FakeSettings::ZERO);
    dead(&lab, 2);
    let db = lab.instance("db");
    thread::scope(|scope| {
        let migration = scope.spawn(|| {
            long(|call| {
                lab.fake
                    .migrate(call, &db, &node(1), &node(2), &MigrationPolicy::LIVE)
            })
        });
        lab.again().clear_faults(None).unwrap();
        assert_eq!(migration.join().unwrap(), Ok(()));
    });
    assert_eq!(lab.runs("db"), ["n-2"]);
}

/// A migration that is on its way when `strike` happens.
fn struck(lab: &Lab, strike: impl FnOnce(&Interrupt)) -> Result<(), VerbError> {
    let interrupt = Interrupt::default();
    thread::scope(|scope| {
        let migration = scope.spawn(|| {
            within(Duration::from_secs(60), &interrupt, |call| {
                lab.migrate(call, "web")
            })
        });
        lab.await_activity("web");
        strike(&interrupt);
        migration.join().unwrap()
    })
}

#[test]
fn a_node_that_dies_during_a_migration() {
    let lab = Lab::new(ENDLESS);
    let target = struck(&lab, |_| _ = dead(&lab, 2));
    assert!(matches!(target, Err(VerbError::Failed(_))), "{target:?}");
    assert_eq!(lab.runs("web"), ["n-1"]);

    let lab = Lab::new(ENDLESS);
    let source = struck(&lab, |_| _ = dead(&lab, 1));
    assert!(unknown(&source), "{source:?}");
    let seen = lab.observed("web");
    assert_eq!((seen.running_on, seen.activity), (vec![], None));
    assert_eq!(lab.outcomes(Verb::Migrate), [Some(Outcome::Killed)]);
}

#[test]
fn a_node_that_is_marked_offline_during_a_migration() {
    let offline = |n: u32| {
        move |interrupt: &Interrupt| interrupt.raise(InterruptKind::NodeOffline(node(n).uuid))
    };
    let lab = Lab::new(ENDLESS);
    let target = struck(&lab, offline(2));
    assert!(matches!(target, Err(VerbError::Failed(_))), "{target:?}");
    assert_eq!(
        (lab.runs("web"), lab.observed("web").activity),
        (vec!["n-1".into()], None)
    );

    let lab = Lab::new(ENDLESS);
    let source = struck(&lab, offline(1));
    assert!(unknown(&source), "{source:?}");
    assert!(lab.observed("web").activity.is_some());
}

#[test]
fn a_sync_whose_source_is_marked_offline_is_not_waited_for() {
    let lab = Lab::new(ENDLESS);
    let off = lab.instance("off");
    let copied = |interrupt: &Interrupt| {
        let limit = Duration::from_secs(60);
        within(limit, interrupt, |call| {
            lab.fake.add_copy(call, &off, &node(1), true)
        })
    };
    let interrupt = Interrupt::default();
    interrupt.raise(InterruptKind::NodeOffline(node(2).uuid));
    match copied(&interrupt) {
        Err(VerbError::Unknown(reason)) => assert!(reason.starts_with("node2"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(lab.outcomes(Verb::Sync), [None]);
}

#[test]
fn a_slow_node_takes_longer() {
    let lab = Lab::new(FakeSettings {
        migrate: 20,
        ..FakeSettings::ZERO
    });
    lab.fault(FaultKind::NodeSlow, |fault| {
        fault.node = Some("node2".into());
        fault.factor = Some(3.0);
    });
    long(|call| lab.migrate(call, "web")).unwrap();
    let entry = &lab.log(Verb::Migrate)[0];
    assert_eq!(entry.ended.unwrap() - entry.began, 60_000);
}

#[test]
fn a_verb_fails_on_its_way() {
    let lab = Lab::new(FakeSettings {
        migrate: 50,
        ..FakeSettings::ZERO
    });
    lab.fault(FaultKind::Fails, |fault| {
        fault.verb = Some(Verb::Migrate);
        fault.percent = Some(60.0);
        fault.count = Some(1);
    });
    let answer = long(|call| lab.migrate(call, "web"));
    let reason = VerbError::Failed("migration of web failed at 60 %".into());
    assert_eq!(answer, Err(reason));
    let entry = &lab.log(Verb::Migrate)[0];
    assert_eq!(entry.ended.unwrap() - entry.began, 30_000);
    assert_eq!(lab.runs("web"), ["n-1"]);
    // It was to strike once.
    long(|call| lab.migrate(call, "web")).unwrap();
    assert_eq!(lab.fake.list_faults().unwrap()[0].count, Some(0));
}

#[test]
fn a_failed_sync_leaves_no_copy() {
    let lab = Lab::new(FakeSettings::ZERO);
    lab.fault(FaultKind::Fails, |fault| fault.verb = Some(Verb::Sync));
    let web = lab.instance("web");
    let answer = long(|call| lab.fake.add_copy(call, &web, &node(3), true));
    assert!(matches!(answer, Err(VerbError::Failed(_))));
    assert_eq!(long(|call| lab.fake.copies(call, &web)).unwrap().len(), 2);
}

#[test]
fn a_verb_hangs_until_its_fault_is_cleared() {
    let lab = Lab::new(FakeSettings::ZERO);
    let fault = lab.fault(FaultKind::Hangs, |fault| fault.percent = Some(40.0));
    let begun = Instant::now();
    assert!(unknown(&short(|call| lab.migrate(call, "web"))));
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert!(lab.observed("web").activity.is_some());
    lab.again().clear_faults(Some(fault)).unwrap();
    assert_eq!(lab.runs("web"), ["n-2"]);
    let gone = lab.fake.clear_faults(Some(fault));
    assert!(matches!(gone, Err(FakeError::NoSuchFault(_))));
}

#[test]
fn hung_verbs_are_given_up_when_cancelled() {
    let lab = Lab::new(FakeSettings::ZERO);
    lab.fault(FaultKind::Hangs, |_| {});
    let answer = struck(&lab, |interrupt| interrupt.raise(InterruptKind::Cancel));
    assert_eq!(answer, Err(VerbError::Aborted));
    let web = lab.instance("web");
    let interrupt = Interrupt::default();
    interrupt.raise(InterruptKind::Cancel);
    let stop = within(Duration::from_secs(60), &interrupt, |call| {
        lab.fake.stop(call, &web, &node(1), Stop::Destroy)
    });
    assert_eq!(stop, Err(VerbError::Aborted));
    let seen = lab.observed("web");
    assert_eq!((lab.runs("web"), seen.activity), (vec!["n-1".into()], None));
}

#[test]
fn a_hung_stop_ends_at_its_deadline() {
    let lab = Lab::new(FakeSettings::ZERO);
    lab.fault(FaultKind::Hangs, |fault| {
        fault.instance = Some("web".into())
    });
    let (web, db) = (lab.instance("web"), lab.instance("db"));
    let stop = |instance| short(|call| lab.fake.stop(call, instance, &node(1), Stop::Destroy));
    match stop(&web) {
        Err(VerbError::Unknown(reason)) => assert!(reason.contains("node1"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(stop(&db), Ok(()));
}

#[test]
fn an_answer_is_lost_but_not_the_effect() {
    let lab = Lab::new(FakeSettings::ZERO);
    lab.fault(FaultKind::AnswerLost, |fault| fault.count = Some(1));
    assert!(unknown(&long(|call| lab.migrate(call, "web"))));
    assert_eq!(lab.runs("web"), ["n-2"]);
    long(|call| lab.migrate(call, "web")).unwrap();
    assert_eq!(lab.outcomes(Verb::Migrate), [Some(Outcome::Done)]);
}

#[test]
fn a_connection_is_lost_and_the_verb_goes_on() {
    let lab = Lab::new(ENDLESS);
    lab.fault(FaultKind::AnswerLost, |fault| fault.percent = Some(0.0));
    assert!(unknown(&long(|call| lab.migrate(call, "web"))));
    assert!(lab.observed("web").activity.is_some());
    // One who joins has a connection of its own: it sees the end, here the abort.
    let answer = struck(&lab, |interrupt| interrupt.raise(InterruptKind::Cancel));
    assert_eq!(answer, Err(VerbError::Aborted));
}

#[test]
fn starts_are_refused_on_request() {
    let lab = Lab::new(FakeSettings::ZERO);
    lab.fault(FaultKind::StartFails, |fault| {
        fault.node = Some("node2".into())
    });
    let off = lab.instance("off");
    let answer = long(|call| lab.fake.start(call, &off, &node(2), &[]));
    assert!(matches!(answer, Err(VerbError::Failed(_))));
    long(|call| lab.fake.start(call, &off, &node(3), &[])).unwrap();
    assert_eq!(lab.runs("off"), ["n-3"]);
}

#[test]
fn a_guest_crashes_during_its_migration() {
    let lab = Lab::new(FakeSettings::ZERO);
    lab.fault(FaultKind::Crashes, |_| {});
    assert!(unknown(&long(|call| lab.migrate(call, "web"))));
    assert!(lab.runs("web").is_empty());
}

#[test]
fn a_broken_migration_leaves_a_definition_until_it_is_cleaned_up() {
    let lab = Lab::new(FakeSettings::ZERO);
    lab.fault(FaultKind::LeftOver, |_| {});
    let left = || {
        lab.fake.snapshot().unwrap().instances["i-web"]
            .left_over
            .clone()
    };
    let answer = long(|call| lab.migrate(call, "web"));
    assert!(matches!(answer, Err(VerbError::Failed(_))));
    assert_eq!(
        (lab.runs("web"), left()),
        (vec!["n-1".into()], vec![node(2).uuid])
    );
    let web = lab.instance("web");
    long(|call| lab.fake.stop(call, &web, &node(2), Stop::Destroy)).unwrap();
    assert_eq!((lab.runs("web"), left()), (vec!["n-1".into()], vec![]));
}

#[test]
fn dice_fall_the_same_way_for_the_same_seed() {
    let run = |seed| {
        let lab = Lab::new(FakeSettings::ZERO);
        lab.fault(FaultKind::Fails, |fault| {
            fault.probability = Some(0.5);
            fault.seed = Some(seed);
        });
        let db = lab.instance("db");
        let mut at = 1;
        let tries = (0..40).map(|_| {
            let moved = long(|c| {
                lab.fake
                    .migrate(c, &db, &node(at), &node(3 - at), &MigrationPolicy::LIVE)
            })
            .is_ok();
            at = if moved { 3 - at } else { at };
            moved
        });
        tries.collect::<Vec<bool>>()
    };
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
    let moved = first.iter().filter(|moved| **moved).count();
    assert!((10..=30).contains(&moved), "{moved} of 40");
}

#[test]
fn faults_that_make_no_sense_are_refused() {
    let lab = Lab::new(FakeSettings::ZERO);
    let refused = |kind, set: fn(&mut Fault)| {
        let mut fault = Fault::new(kind);
        set(&mut fault);
        lab.fake.add_fault(&fault).unwrap_err().to_string()
    };
    let unknown = refused(FaultKind::NodeDead, |fault| {
        fault.node = Some("nodeX".into())
    });
    assert!(unknown.contains("nodeX"), "{unknown}");
    refused(FaultKind::NodeDead, |_| {});
    refused(FaultKind::NodeSlow, |fault| {
        fault.node = Some("node1".into())
    });
    refused(FaultKind::Fails, |fault| fault.percent = Some(101.0));
    refused(FaultKind::Fails, |fault| fault.probability = Some(f64::NAN));
    assert!(lab.fake.list_faults().unwrap().is_empty());
}

/// Whatever goes wrong, no instance ever runs on two nodes, and what a verb answers is true.
#[test]
fn random_faults_never_run_an_instance_twice() {
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    for seed in 0..20 {
        let mut dice = StdRng::seed_from_u64(seed);
        let lab = Lab::new(FakeSettings {
            migrate: 1,
            sync: 1,
            ..FakeSettings::ZERO
        });
        let kinds = [
            FaultKind::NodeDead,
            FaultKind::Fails,
            FaultKind::Hangs,
            FaultKind::AnswerLost,
            FaultKind::Crashes,
            FaultKind::LeftOver,
        ];
        let limit = Duration::from_millis(3);
        for step in 0..60 {
            let name = ["web", "db", "off"][dice.random_range(0..3)];
            let instance = lab.instance(name);
            let (a, b) = (node(dice.random_range(1..4)), node(dice.random_range(1..4)));
            let interrupt = Interrupt::default();
            if dice.random_bool(0.1) {
                interrupt.raise(InterruptKind::Cancel);
            }
            let fake = &lab.fake;
            let at = format!("seed {seed}, step {step}, {name}");
            let on = |node: &NodeRef| lab.runs(name).contains(&node.uuid.to_string());
            match dice.random_range(0..7) {
                0 => lab.fault(kinds[dice.random_range(0..6)], |fault| {
                    if fault.kind == FaultKind::NodeDead {
                        fault.node = Some(a.name.clone());
                    } else {
                        fault.count = Some(2);
                    }
                }),
                1 => fake.clear_faults(None).map(|_| 0).unwrap(),
                2 => {
                    let start = |call: &Call<'_>| fake.start(call, &instance, &a, &[]);
                    let answer = within(limit, &interrupt, start);
                    assert!(answer.is_err() || on(&a), "{at}");
                    0
                }
                3 => {
                    let stop = |call: &Call<'_>| fake.stop(call, &instance, &a, Stop::Destroy);
                    let answer = within(limit, &interrupt, stop);
                    assert!(answer.is_err() || !on(&a), "{at}");
                    0
                }
                4 => {
                    let add = |call: &Call<'_>| fake.add_copy(call, &instance, &a, true);
                    _ = within(limit, &interrupt, add);
                    0
                }
                _ => {
                    let before = on(&a);
                    let go = |call: &Call<'_>| {
                        fake.migrate(call, &instance, &a, &b, &MigrationPolicy::LIVE)
                    };
                    match within(limit, &interrupt, go) {
                        Ok(()) => assert!(on(&b), "{at}"),
                        Err(VerbError::Failed(_) | VerbError::Aborted) => {
                            assert_eq!(on(&a), before, "{at}");
                        }
                        Err(_) => {}
                    }
                    0
                }
            };
            for (uuid, instance) in fake.snapshot().unwrap().instances {
                assert!(instance.running_on.len() < 2, "{at}: {uuid} {instance:?}");
            }
        }
    }
}
