use crate::limits::{LOG_LINES, PURGE_ROWS, STEP_JOBS};
use crate::queue::control::{archive, autoarchive};
use crate::queue::purge::{Purge, Purged, Witness};
use crate::store::{EventKind, LogEntry, StoreError};

use super::*;

/// Remembers whom it said goodbye to, and stops after so many times.
struct Seen {
    jobs: Vec<JobId>,
    times: usize,
}

impl Witness for Seen {
    type Error = StoreError;

    fn goodbye(&mut self, jobs: &[JobRow]) -> Result<(), StoreError> {
        if self.times == 0 {
            return Err(StoreError::Refused("no more".into()));
        }
        self.times -= 1;
        self.jobs.extend(jobs.iter().map(|job| job.id));
        Ok(())
    }

    fn go_on(&mut self) -> bool {
        true
    }
}

fn purge_before(lab: &Lab, before: i64) -> (Purged, Vec<JobId>) {
    let mut seen = Seen {
        jobs: vec![],
        times: usize::MAX,
    };
    let purge = Purge {
        before,
        what: "all",
        who: "{}",
    };
    let purged = purge.run(&lab.store, &mut seen).unwrap();
    (purged, seen.jobs)
}

pub(super) fn purge(lab: &Lab) -> (Purged, Vec<JobId>) {
    purge_before(lab, i64::MAX)
}

pub(super) fn archive_all(lab: &Lab) {
    autoarchive(&lab.store, None, "{}", |_, _| true).unwrap();
}

fn archived(lab: &Lab) -> Vec<JobId> {
    let jobs = lab.store.archived_jobs().unwrap();
    jobs.iter().map(|job| job.id).collect()
}

/// A job with so many children, all ended.
fn family(lab: &Lab, children: usize) -> (JobId, Vec<JobId>) {
    let parent = lab.ended(Status::Success);
    let children = lab.children(parent, children);
    for child in &children {
        lab.run(*child, 0);
        lab.end(*child, 0, Status::Success, Some(Status::Success));
    }
    (parent, children)
}

#[test]
fn operations_go_as_a_whole_and_their_ids_with_them() {
    let lab = Lab::new();
    let (old, old_children) = family(&lab, 2);
    let (live, live_children) = family(&lab, 2);
    archive(&lab.store, &[old, live, live_children[0]], "{}").unwrap();
    archive(&lab.store, &old_children, "{}").unwrap();
    let (purged, seen) = purge(&lab);
    assert_eq!((purged.deleted, purged.left), (3, 2));
    // Parents outlive their children.
    assert_eq!(seen, [old_children[1], old_children[0], old]);
    assert_eq!(archived(&lab), [live, live_children[0]]);
    assert_eq!(lab.store.ops(old).unwrap(), []);
    assert_eq!(lab.store.purged().unwrap(), old_children[1]);
    assert_eq!(lab.queued(1).0, live_children[1].0 + 1);
    // The newest of all, too.
    archive_all(&lab);
    let last = lab.ended(Status::Error);
    archive_all(&lab);
    assert_eq!(purge(&lab).0.left, 0);
    assert!(lab.store.job(last).unwrap().is_none());
    assert_eq!(lab.queued(1).0, last.0 + 1);
    let events = lab.store.events_after(0).unwrap();
    let count = events.iter().filter(|e| e.kind == EventKind::Purge).count();
    assert_eq!(count, 2);
}

#[test]
fn what_is_not_old_enough_stays_with_its_relatives() {
    let lab = Lab::new();
    let (parent, children) = family(&lab, 2);
    archive_all(&lab);
    let first_end = lab.job(parent).ended.unwrap();
    assert_eq!(purge_before(&lab, first_end).0, Purged::default());
    let last_end = lab.job(children[1]).ended.unwrap();
    let (purged, _) = purge_before(&lab, last_end);
    assert_eq!((purged.deleted, archived(&lab).len()), (0, 3));
    assert_eq!(purge_before(&lab, last_end + 1).0.deleted, 3);
}

#[test]
fn what_an_unfinished_job_depends_on_stays() {
    let lab = Lab::new();
    let (parent, children) = family(&lab, 1);
    let other = lab.ended(Status::Success);
    archive_all(&lab);
    let mut waits = after(JobRef::Id(children[0]));
    waits.ops.as_mut().unwrap().push(dummy());
    let waits = lab.submit(&[waits]).remove(0).unwrap();
    assert_eq!(purge(&lab).0.deleted, 1);
    assert_eq!(archived(&lab), [parent, children[0]]);
    assert!(lab.store.job(other).unwrap().is_none());
    lab.run(waits, 0);
    lab.end(waits, 0, Status::Success, None);
    assert_eq!(purge(&lab).0.deleted, 0);
    lab.run(waits, 1);
    lab.end(waits, 1, Status::Success, Some(Status::Success));
    assert_eq!(purge(&lab).0.deleted, 2);
    // What it says of those that are gone stays, and is no disorder.
    assert!(lab.store.job(children[0]).unwrap().is_none());
    assert_eq!(
        lab.store.ops(waits).unwrap()[0].input["depends"][0][0],
        children[0].0
    );
}

#[test]
fn a_large_operation_goes_in_steps_from_its_end() {
    let lab = Lab::new();
    let (parent, children) = family(&lab, 2 * STEP_JOBS);
    archive_all(&lab);
    let mut seen = Seen {
        jobs: vec![],
        times: 1,
    };
    let everything = Purge {
        before: i64::MAX,
        what: "all",
        who: "{}",
    };
    let error = everything.run(&lab.store, &mut seen).unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)));
    // The first step stands, and nothing that was not seen is gone.
    assert_eq!(seen.jobs.len(), STEP_JOBS);
    assert_eq!(archived(&lab).len(), children.len() + 1 - STEP_JOBS);
    assert!(lab.store.job(parent).unwrap().is_some());
    let (purged, _) = purge(&lab);
    assert_eq!(purged.deleted as usize, children.len() + 1 - STEP_JOBS);
    assert_eq!(archived(&lab), []);
}

#[test]
fn lines_go_in_steps_and_the_file_gets_shorter() {
    let lab = Lab::new();
    let id = lab.ended(Status::Success);
    let lines = LOG_LINES as usize;
    assert!(lines > 2 * PURGE_ROWS);
    lab.write(|tx| {
        for serial in (1..).take(lines) {
            let entry = LogEntry {
                index: 0,
                serial,
                time: 0,
                kind: "message".into(),
                message: "x".repeat(400),
            };
            tx.log(id, id, &entry).unwrap();
        }
    });
    archive_all(&lab);
    lab.store.shorten_log();
    let (before, _) = lab.store.dir().database_bytes();
    assert_eq!(purge(&lab).0.deleted, 1);
    let events = lab.store.events_after(0).unwrap();
    let count = events.iter().filter(|e| e.kind == EventKind::Purge).count();
    assert_eq!(count, 1);
    assert_eq!(lab.store.log_after(id, 0).unwrap(), []);
    assert_eq!(lab.store.free_pages().unwrap(), 0);
    lab.store.shorten_log();
    let (after, _) = lab.store.dir().database_bytes();
    assert!(after * 4 < before, "{before} bytes, then {after}");
}

#[test]
fn two_at_once_delete_each_job_once() {
    let lab = Lab::new();
    for _ in 0..3 {
        lab.ended(Status::Success);
    }
    archive_all(&lab);

    /// Lets somebody else delete what it says goodbye to.
    struct Overtaken<'a>(&'a Lab, u64);

    impl Witness for Overtaken<'_> {
        type Error = StoreError;

        fn goodbye(&mut self, _: &[JobRow]) -> Result<(), StoreError> {
            self.1 += purge(self.0).0.deleted;
            Ok(())
        }

        fn go_on(&mut self) -> bool {
            true
        }
    }

    let everything = Purge {
        before: i64::MAX,
        what: "all",
        who: "{}",
    };
    let mut other = Overtaken(&lab, 0);
    let purged = everything.run(&lab.store, &mut other).unwrap();
    assert_eq!((purged.deleted, other.1), (0, 3));
}
