//! One behaviour a test; that they hold together is for the model to show.

use super::*;
use crate::locking::Obstacle;
use crate::locking::{Level, Lock, Mode};
use Mode::{Exclusive, Shared};

const PARENT: JobId = JobId(900);

fn scheduler(work: usize) -> Scheduler {
    Scheduler::new(Limits { work, planning: 2 })
}

fn urgency(priority: i64, received: u64) -> Urgency {
    Urgency { priority, received }
}

fn job(id: i64, locks: &[(&str, Mode)]) -> Pending {
    Pending {
        id: JobId(id),
        urgency: urgency(0, 0),
        depends: Vec::new(),
        cap: None,
        slot: Slot::Work,
        locks: set(locks),
        begun: false,
    }
}

fn child(id: i64, locks: &[(&str, Mode)]) -> Pending {
    Pending {
        cap: Some(PARENT),
        ..job(id, locks)
    }
}

fn set(locks: &[(&str, Mode)]) -> LockSet {
    let lock = |(text, mode): &(&str, Mode)| (Lock::parse(text).unwrap(), *mode);
    locks.iter().map(lock).collect()
}

fn opcode(locks: &[(&str, Mode)]) -> NextOpcode {
    NextOpcode {
        depends: Vec::new(),
        slot: Slot::Work,
        locks: set(locks),
    }
}

fn start_all(scheduler: &mut Scheduler) -> Vec<i64> {
    std::iter::from_fn(|| scheduler.next())
        .map(|id| id.0)
        .collect()
}

fn ids(ids: &[i64]) -> Vec<JobId> {
    ids.iter().copied().map(JobId).collect()
}

#[test]
fn urgency_then_id_decide() {
    let mut it = scheduler(9);
    for (id, priority) in [(1, 10), (2, 0), (3, 0), (4, -10)] {
        it.add(Pending {
            urgency: urgency(priority, 0),
            ..job(id, &[])
        });
    }
    assert_eq!(start_all(&mut it), [4, 2, 3, 1]);
}

#[test]
fn half_an_hour_of_waiting_is_a_step() {
    let turn = |id, priority, received| Turn::new(JobId(id), urgency(priority, received));
    // Ten steps earlier with ten less priority: as urgent as the other, and its id is smaller.
    assert!(turn(1, 10, 0) < turn(2, 0, 10 * 1800));
    assert!(turn(3, 10, 0) > turn(2, 0, 10 * 1800));
    assert!(turn(3, 10, 0) < turn(2, 0, 11 * 1800));
    assert!(
        turn(1, 0, 1799) < turn(2, 0, 0),
        "less than a step does not count"
    );
    assert!(turn(9, i64::MIN, 0) < turn(1, i64::MAX, u64::MAX));
    assert_eq!(turn(4711, -10, 1_760_000_000).job(), JobId(4711));
}

#[test]
fn an_exclusive_job_is_not_starved_by_sharing_ones() {
    let mut it = scheduler(3);
    let node = |mode| [("node/a", mode)];
    it.add(job(1, &node(Shared)));
    assert_eq!(start_all(&mut it), [1]);
    it.add(job(2, &node(Exclusive)));
    for id in 3..100 {
        it.add(job(id, &node(Shared)));
        assert_eq!(it.next(), None, "job {id} overtook the exclusive one");
    }
    it.release(JobId(1), None);
    assert_eq!(start_all(&mut it), [2]);
    it.release(JobId(2), None);
    assert_eq!(start_all(&mut it), [3, 4, 5]);
}

#[test]
fn aging_brings_a_low_priority_job_before_a_stream_of_high_ones() {
    let mut it = scheduler(1);
    it.add(Pending {
        urgency: urgency(10, 0),
        ..job(1, &[])
    });
    for id in 2.. {
        let received = u64::try_from(id).unwrap() * 1800;
        it.add(Pending {
            urgency: urgency(-10, received),
            ..job(id, &[])
        });
        let next = it.next().unwrap();
        if next == JobId(1) {
            assert!((20..=23).contains(&id), "it went beside job {id}");
            break;
        }
        it.release(next, None);
    }
}

#[test]
fn a_job_without_a_slot_keeps_later_ones_from_its_locks() {
    let mut it = scheduler(1);
    it.add(job(1, &[]));
    it.add(job(2, &[("node/a", Shared)]));
    it.add(Pending {
        slot: Slot::Planning,
        ..job(3, &[("node/a", Exclusive)])
    });
    assert_eq!(start_all(&mut it), [1]);
    assert_eq!(
        it.why(JobId(2)),
        Why::Slot {
            kind: Slot::Work,
            limit: 1
        }
    );
    let obstacle = Obstacle {
        lock: Lock::one(Level::Node, "a"),
        mode: Exclusive,
        holders: vec![],
        ahead: Some(JobId(2)),
    };
    assert_eq!(it.why(JobId(3)), Why::Lock(obstacle));
}

#[test]
fn planning_has_slots_of_its_own() {
    let mut it = scheduler(1);
    for id in 1..=6 {
        let slot = if id > 2 { Slot::Planning } else { Slot::Work };
        it.add(Pending {
            slot,
            ..job(id, &[])
        });
    }
    assert_eq!(start_all(&mut it), [1, 3, 4]);
    it.release(JobId(3), None);
    assert_eq!(start_all(&mut it), [5]);
}

#[test]
fn a_lowered_limit_starts_nothing_until_enough_has_ended() {
    let mut it = scheduler(3);
    for id in 1..=5 {
        it.add(job(id, &[]));
    }
    assert_eq!(start_all(&mut it), [1, 2, 3]);
    it.set_limits(Limits {
        work: 2,
        planning: 2,
    });
    it.release(JobId(1), None);
    assert_eq!(it.next(), None);
    it.release(JobId(2), None);
    assert_eq!(start_all(&mut it), [4]);
}

#[test]
fn a_held_queue_starts_nothing() {
    let mut it = scheduler(3);
    it.set_held(true);
    it.add(job(1, &[]));
    assert_eq!((it.next(), it.why(JobId(1))), (None, Why::Held));
    it.set_held(false);
    assert_eq!(start_all(&mut it), [1]);
}

#[test]
fn dependencies_come_before_everything_else() {
    let mut it = scheduler(3);
    it.add(job(1, &[]));
    it.add(Pending {
        depends: ids(&[1, 50, 1]),
        ..job(2, &[("node/a", Exclusive)])
    });
    it.add(job(3, &[("node/a", Exclusive)]));
    let why = Why::Dependencies {
        first: JobId(1),
        count: 2,
    };
    assert_eq!(it.why(JobId(2)), why);
    assert_eq!(
        start_all(&mut it),
        [1, 3],
        "a job that may not start stands in nobody's way"
    );
    assert_eq!(it.release(JobId(1), None), []);
    assert_eq!(
        it.ended(JobId(50)),
        ids(&[2]),
        "a job that is not known here may be final, too"
    );
    it.release(JobId(3), None);
    assert_eq!(start_all(&mut it), [2]);
}

#[test]
fn a_job_that_ended_while_pending_frees_dependents_and_locks() {
    let mut it = scheduler(3);
    it.add(job(1, &[("node/a", Shared)]));
    assert_eq!(start_all(&mut it), [1]);
    it.add(job(2, &[("node/a", Exclusive)]));
    it.add(job(3, &[("node/a", Shared)]));
    it.add(Pending {
        depends: ids(&[2]),
        ..job(4, &[])
    });
    assert_eq!(it.next(), None);
    assert_eq!(it.ended(JobId(2)), ids(&[4]));
    assert_eq!(start_all(&mut it), [3, 4]);
    assert_eq!(it.why(JobId(2)), Why::Unknown);
}

#[test]
fn a_cap_holds_and_is_kept_between_opcodes() {
    let mut it = scheduler(9);
    it.set_cap(PARENT, Some(2));
    for id in 1..=4 {
        it.add(child(id, &[]));
    }
    assert_eq!(start_all(&mut it), [1, 2]);
    let why = Why::Cap {
        parent: PARENT,
        limit: 2,
        running: 2,
    };
    assert_eq!(it.why(JobId(3)), why);
    it.add(job(9, &[("node/a", Exclusive)]));
    assert_eq!(start_all(&mut it), [9]);
    it.release(JobId(1), Some(opcode(&[("node/a", Shared)])));
    assert_eq!(
        it.next(),
        None,
        "job 1 waits for a lock and keeps its place"
    );
    it.release(JobId(9), None);
    assert_eq!(start_all(&mut it), [1]);
    it.release(JobId(1), None);
    assert_eq!(start_all(&mut it), [3]);
    it.set_cap(PARENT, None);
    assert_eq!(start_all(&mut it), [4]);
}

#[test]
fn a_child_that_waits_for_a_lock_leaves_its_place_to_the_next() {
    let mut it = scheduler(9);
    it.add(job(1, &[("node/a", Exclusive)]));
    assert_eq!(start_all(&mut it), [1]);
    it.set_cap(PARENT, Some(1));
    it.add(child(2, &[("node/a", Shared), ("node/b", Exclusive)]));
    it.add(job(9, &[("node/b", Exclusive)]));
    assert_eq!(
        it.next(),
        None,
        "job 2 is before job 9 while its cap has room"
    );
    it.add(child(3, &[]));
    assert_eq!(
        start_all(&mut it),
        [3, 9],
        "with the cap full, job 2 may not keep node b"
    );
    assert!(matches!(it.why(JobId(2)), Why::Cap { .. }));
    it.release(JobId(1), None);
    it.release(JobId(9), None);
    assert_eq!(it.next(), None);
    it.release(JobId(3), None);
    assert_eq!(start_all(&mut it), [2]);
}

#[test]
fn a_more_urgent_child_that_comes_to_a_full_cap_is_not_forgotten() {
    let mut it = scheduler(9);
    it.set_cap(PARENT, Some(1));
    it.add(child(1, &[]));
    assert_eq!(start_all(&mut it), [1]);
    it.add(Pending {
        urgency: urgency(-10, 0),
        ..child(2, &[])
    });
    assert_eq!(it.next(), None);
    it.release(JobId(1), None);
    assert_eq!(start_all(&mut it), [2]);
}

#[test]
fn the_lock_of_a_level_and_those_of_its_objects_exclude_each_other() {
    let all = "node/[lockset]";
    for (first, second, together) in [
        ((all, Shared), ("node/a", Shared), true),
        ((all, Shared), ("node/a", Exclusive), false),
        ((all, Exclusive), ("node/a", Shared), false),
        (("node/a", Shared), (all, Shared), true),
        (("node/a", Shared), (all, Exclusive), false),
        (("node/a", Exclusive), (all, Shared), false),
        ((all, Exclusive), ("instance/a", Exclusive), true),
    ] {
        let mut it = scheduler(9);
        it.add(job(1, &[first]));
        it.add(job(2, &[second]));
        assert_eq!(
            start_all(&mut it).len(),
            1 + usize::from(together),
            "{first:?} {second:?}"
        );
        it.release(JobId(1), None);
        assert_eq!(
            start_all(&mut it).len(),
            usize::from(!together),
            "{first:?} {second:?}"
        );
    }
}

#[test]
fn adopted_jobs_hold_their_locks_and_their_place() {
    let mut it = scheduler(2);
    it.set_cap(PARENT, Some(1));
    it.add(job(3, &[("node/a", Shared)]));
    it.add(child(4, &[]));
    it.adopt(child(2, &[("node/a", Exclusive)]));
    it.adopt(job(1, &[]));
    assert_eq!(it.running().collect::<Vec<_>>(), ids(&[1, 2]));
    assert_eq!(it.pending_len(), 2);
    it.release(JobId(1), None);
    assert_eq!(it.next(), None);
    it.release(JobId(2), None);
    assert_eq!(start_all(&mut it), [3, 4]);
}

#[test]
fn a_changed_set_is_granted_or_waits_in_the_old_place() {
    let mut it = scheduler(9);
    it.add(job(1, &[("node/b", Exclusive)]));
    it.add(job(2, &[("node/a", Exclusive)]));
    assert_eq!(start_all(&mut it), [1, 2]);
    it.add(job(3, &[("node/b", Exclusive)]));
    assert!(it.regrant(JobId(2), &set(&[("node/c", Exclusive)])));
    assert_eq!(
        it.current_locks(JobId(2)),
        Some(set(&[("node/c", Exclusive)]))
    );
    assert!(!it.regrant(JobId(2), &set(&[("node/b", Exclusive)])));
    assert_eq!(it.take_newly_waiting(), ids(&[3, 2]));
    assert_eq!(it.running().collect::<Vec<_>>(), ids(&[1]));
    it.release(JobId(1), None);
    assert_eq!(start_all(&mut it), [2]);
    assert!(
        !it.regrant(JobId(3), &LockSet::new()),
        "job 3 was not given"
    );
}

#[test]
fn what_is_put_back_starts_again() {
    let mut it = scheduler(1);
    it.set_cap(PARENT, Some(1));
    it.add(child(1, &[("node/a", Exclusive)]));
    it.add(child(2, &[("node/a", Exclusive)]));
    assert_eq!(start_all(&mut it), [1]);
    it.put_back(JobId(1));
    assert_eq!(start_all(&mut it), [1]);
    it.put_back(JobId(1));
    it.ended(JobId(1));
    assert_eq!(start_all(&mut it), [2]);
}

#[test]
fn waiting_is_told_once_an_opcode() {
    let mut it = scheduler(9);
    it.add(job(1, &[("node/a", Exclusive)]));
    it.add(Pending {
        depends: ids(&[77]),
        ..job(2, &[("node/a", Shared)])
    });
    assert_eq!(start_all(&mut it), [1]);
    assert_eq!(it.take_newly_waiting(), []);
    it.ended(JobId(77));
    assert_eq!(it.take_newly_waiting(), ids(&[2]));
    it.set_urgency(JobId(2), urgency(-10, 0));
    assert_eq!(it.take_newly_waiting(), []);
    it.release(JobId(1), None);
    assert_eq!(start_all(&mut it), [2]);
    it.add(job(3, &[("node/a", Exclusive)]));
    it.release(JobId(2), Some(opcode(&[("node/a", Exclusive)])));
    assert_eq!(
        start_all(&mut it),
        [2],
        "priority −10 keeps it before job 3"
    );
    it.add(job(4, &[("node/b", Exclusive)]));
    assert_eq!(start_all(&mut it), [4]);
    it.release(JobId(2), Some(opcode(&[("node/b", Exclusive)])));
    assert_eq!(
        it.take_newly_waiting(),
        ids(&[2]),
        "job 3 is free meanwhile"
    );
}

#[test]
fn a_job_that_waited_only_for_a_moment_is_not_told() {
    let mut it = scheduler(9);
    it.add(job(1, &[("node/a", Exclusive)]));
    it.add(job(2, &[("node/a", Exclusive)]));
    assert_eq!(start_all(&mut it), [1]);
    it.release(JobId(1), None);
    assert_eq!(it.take_newly_waiting(), []);
    it.put_back(JobId(1));
    assert_eq!(start_all(&mut it), [2]);
}

#[test]
fn a_raised_job_goes_before_those_that_were_free() {
    let mut it = scheduler(1);
    it.add(job(1, &[]));
    assert_eq!(start_all(&mut it), [1]);
    it.add(job(2, &[("node/a", Shared)]));
    it.add(job(3, &[("node/a", Shared)]));
    it.add(job(4, &[("node/a", Exclusive)]));
    it.set_urgency(JobId(4), urgency(-10, 0));
    assert!(matches!(
        it.why(JobId(2)),
        Why::Lock(Obstacle {
            ahead: Some(JobId(4)),
            ..
        })
    ));
    it.release(JobId(1), None);
    assert_eq!(start_all(&mut it), [4]);
    it.release(JobId(4), None);
    assert_eq!(start_all(&mut it), [2]);
}

#[test]
fn why_names_the_holders() {
    let mut it = scheduler(9);
    it.add(job(1, &[("node/a", Shared)]));
    it.add(job(2, &[("node/a", Shared)]));
    assert_eq!(it.why(JobId(1)), Why::Free);
    assert_eq!(start_all(&mut it), [1, 2]);
    assert_eq!(it.why(JobId(1)), Why::Running);
    it.add(job(3, &[("node/a", Exclusive)]));
    let obstacle = Obstacle {
        lock: Lock::one(Level::Node, "a"),
        mode: Exclusive,
        holders: ids(&[1, 2]),
        ahead: None,
    };
    assert_eq!(it.why(JobId(3)), Why::Lock(obstacle));
    it.add(job(4, &[("node/a", Shared)]));
    let obstacle = Obstacle {
        lock: Lock::one(Level::Node, "a"),
        mode: Shared,
        holders: vec![],
        ahead: Some(JobId(3)),
    };
    assert_eq!(it.why(JobId(4)), Why::Lock(obstacle));
}
