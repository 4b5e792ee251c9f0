use crate::opcodes::Priority;
use crate::queue::control::{
    CancelAnswer, PriorityAnswer, Reach, archive, autoarchive, cancel, change_priority,
};
use crate::store::{Archived, Store};

use super::*;

fn cancel_one(lab: &Lab, id: JobId) -> CancelAnswer {
    let answers = cancel(&lab.store, &[id], Reach::Alone, "{}").unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].0, id);
    answers[0].1
}

fn op_states(lab: &Lab, id: JobId) -> Vec<Status> {
    lab.store.op_states(id).unwrap()
}

#[test]
fn what_has_not_begun_is_cancelled_at_once() {
    let lab = Lab::new();
    let queued = lab.queued(2);
    let waiting = lab.queued(1);
    lab.write(|tx| {
        tx.op_waiting(waiting, 0).unwrap();
        tx.set_job_status(waiting, waiting, Status::Waiting)
            .unwrap();
    });
    for id in [queued, waiting] {
        assert_eq!(cancel_one(&lab, id), CancelAnswer::Canceled);
        let job = lab.job(id);
        assert_eq!(job.status, Status::Canceled);
        assert!(job.ended.is_some());
        assert!(op_states(&lab, id).iter().all(|s| *s == Status::Canceled));
    }
    assert_eq!(lab.store.unfinished_count().unwrap(), 0);
}

#[test]
fn what_runs_is_asked_to_stop() {
    let lab = Lab::new();
    let id = lab.queued(2);
    lab.run(id, 0);
    assert_eq!(cancel_one(&lab, id), CancelAnswer::Canceling);
    let job = lab.job(id);
    assert!(job.cancel && job.ended.is_none());
    assert_eq!(job.status, Status::Canceling);
    assert_eq!(op_states(&lab, id), [Status::Canceling, Status::Queued]);
    // A second wish changes nothing.
    assert_eq!(cancel_one(&lab, id), CancelAnswer::Canceling);
}

#[test]
fn between_two_opcodes_the_rest_does_not_begin() {
    let lab = Lab::new();
    let id = lab.queued(2);
    lab.run(id, 0);
    lab.end(id, 0, Status::Success, None);
    assert_eq!(cancel_one(&lab, id), CancelAnswer::Canceled);
    assert_eq!(op_states(&lab, id), [Status::Success, Status::Canceled]);
    assert_eq!(lab.job(id).status, Status::Canceled);
}

#[test]
fn what_has_ended_stays_as_it_is() {
    let lab = Lab::new();
    for status in [Status::Success, Status::Error, Status::Canceled] {
        let id = lab.ended(status);
        let before = lab.job(id);
        assert_eq!(cancel_one(&lab, id), CancelAnswer::Ended(status));
        assert_eq!(lab.job(id), before);
    }
    assert_eq!(cancel_one(&lab, JobId(99)), CancelAnswer::Unknown);
}

#[test]
fn a_family_is_cancelled_with_each_job_answered_once() {
    let lab = Lab::new();
    let parent = lab.ended(Status::Success);
    let children = lab.children(parent, 2);
    lab.run(children[0], 0);
    let ids = [parent, JobId(99), children[1]];
    let answers = cancel(&lab.store, &ids, Reach::Family, "{}").unwrap();
    assert_eq!(
        answers,
        [
            (parent, CancelAnswer::Ended(Status::Success)),
            (children[0], CancelAnswer::Canceling),
            (children[1], CancelAnswer::Canceled),
            (JobId(99), CancelAnswer::Unknown),
        ]
    );
}

#[test]
fn alone_means_without_the_children() {
    let lab = Lab::new();
    let parent = lab.queued(1);
    let child = lab.children(parent, 1)[0];
    assert_eq!(cancel_one(&lab, parent), CancelAnswer::Canceled);
    assert_eq!(lab.job(child).status, Status::Queued);
}

#[test]
fn priorities_change_until_the_end() {
    let lab = Lab::new();
    let (queued, ended) = (lab.queued(1), lab.ended(Status::Error));
    let ids = [queued, ended, JobId(99)];
    let answers = change_priority(&lab.store, &ids, Reach::Alone, Priority::High, "{}");
    let answers: Vec<_> = answers.unwrap().into_iter().map(|(_, a)| a).collect();
    let wanted = [
        PriorityAnswer::Changed,
        PriorityAnswer::Ended(Status::Error),
        PriorityAnswer::Unknown,
    ];
    assert_eq!(answers, wanted);
    assert_eq!(lab.job(queued).priority, Priority::High);
    assert_eq!(lab.job(ended).priority, Priority::Normal);
}

#[test]
fn only_what_has_ended_is_archived() {
    let lab = Lab::new();
    let (ended, queued) = (lab.ended(Status::Success), lab.queued(1));
    let answers = archive(&lab.store, &[ended, queued, ended, JobId(99)], "{}").unwrap();
    assert_eq!(
        answers,
        [
            (ended, Archived::Done),
            (queued, Archived::Unfinished),
            (ended, Archived::Already),
            (JobId(99), Archived::Unknown),
        ]
    );
    let listed: Vec<JobId> = lab.store.jobs().unwrap().iter().map(|j| j.id).collect();
    assert_eq!(listed, [queued]);
    // It is still there for those who name it, with its opcodes.
    assert!(lab.job(ended).archived);
    assert_eq!(op_states(&lab, ended), [Status::Success]);
}

#[test]
fn the_archive_is_filled_in_steps_and_tells_what_remains() {
    const MANY: usize = 450;
    let lab = Lab::new();
    let open = lab.queued(1);
    let ids: Vec<JobId> = (lab.submit(&vec![job(); MANY]).into_iter())
        .map(Result::unwrap)
        .collect();
    lab.write(|tx| {
        for id in &ids {
            tx.end_rest(*id, Status::Success, None).unwrap();
            tx.set_job_status(*id, *id, Status::Success).unwrap();
        }
    });
    // Nothing is as old as an hour.
    let hour = Some(3_600_000_000);
    assert_eq!(
        autoarchive(&lab.store, hour, "{}", |_, _| true).unwrap(),
        (0, 0)
    );
    // Told to stop after the first step, the rest is left for another time.
    let mut steps = vec![];
    let (done, left) = autoarchive(&lab.store, None, "{}", |done, all| {
        steps.push((done, all));
        done == 0
    })
    .unwrap();
    assert_eq!(steps, [(0, MANY), (done, MANY)]);
    assert!(done > 0 && left > 0 && done + left == MANY);
    assert_eq!(lab.store.archived_jobs().unwrap().len(), done);
    let rest = autoarchive(&lab.store, None, "{}", |_, _| true).unwrap();
    assert_eq!(rest, (left, 0));
    let listed = lab.store.jobs().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, open);
}

#[test]
fn a_job_that_is_archived_meanwhile_is_seen_once() {
    let lab = Lab::new();
    let ids: Vec<JobId> = (0..60).map(|_| lab.ended(Status::Success)).collect();
    let dir = lab.store.dir().clone();
    let moved = ids.clone();
    let archiver = std::thread::spawn(move || {
        let store = Store::open(dir).unwrap();
        for id in moved {
            archive(&store, &[id], "{}").unwrap();
        }
    });
    while !archiver.is_finished() {
        let jobs = lab.store.jobs_between(ids[0], ids[59]).unwrap();
        assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), ids);
        let ops = lab.store.ops_between(ids[0], ids[59]).unwrap();
        assert_eq!(ops.iter().map(|op| op.job).collect::<Vec<_>>(), ids);
    }
    archiver.join().unwrap();
    assert_eq!(lab.store.archived_jobs().unwrap().len(), ids.len());
}
