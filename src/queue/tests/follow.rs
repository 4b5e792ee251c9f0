use std::time::Instant;

use serde_json::json;

use crate::lu::Detail;
use crate::queue::follow::{Depth, FollowError, Follower, Reach};

use super::purge::{archive_all, purge};
use super::*;

fn follow<'a>(lab: &'a Lab, ids: &[JobId], reach: Reach) -> Result<Follower<'a>, FollowError> {
    Follower::new(&lab.store, ids, reach, Depth::Log)
}

/// Ends a job that has such children.
fn end_with(lab: &Lab, parent: JobId, children: &[JobId]) {
    let answers: Vec<_> = children.iter().map(|id| json!([true, id])).collect();
    let result = json!({ "jobs": answers });
    let root = lab.job(parent).root;
    lab.run(parent, 0);
    lab.write(|tx| {
        tx.op_ended(
            parent,
            0,
            Status::Success,
            &result,
            &Detail::default(),
            None,
        )
        .unwrap();
        tx.set_job_status(parent, root, Status::Success).unwrap();
    });
}

fn end(lab: &Lab, id: JobId) {
    lab.run(id, 0);
    lab.end(id, 0, Status::Success, Some(Status::Success));
}

/// Looks once more.
fn look(follower: &mut Follower<'_>) -> Result<(), FollowError> {
    follower.take_events();
    follower.wait(Some(Instant::now()))
}

#[track_caller]
fn assert_deleted<T>(told: Result<T, FollowError>, id: JobId) {
    match told {
        Err(FollowError::Deleted(which)) => assert_eq!(which, id),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("job {id} is deleted"),
    }
}

#[test]
fn what_was_seen_to_end_is_known_when_it_is_deleted() {
    let lab = Lab::new();
    let parent = lab.queued(1);
    let mut follower = follow(&lab, &[parent], Reach::Family).unwrap();
    let children = lab.children(parent, 3);
    end_with(&lab, parent, &children);
    look(&mut follower).unwrap();
    children.iter().for_each(|id| end(&lab, *id));
    look(&mut follower).unwrap();
    assert!(follower.is_over());
    archive_all(&lab);
    assert_eq!(purge(&lab).0.deleted, 4);
    look(&mut follower).unwrap();
    let ops = follower.ops().unwrap();
    assert_eq!(ops.len(), 4);
    assert_eq!(
        ops[&parent][0].result["jobs"][2],
        json!([true, children[2]])
    );
}

#[test]
fn who_comes_too_late_is_told_so() {
    let lab = Lab::new();
    let (one, other) = (lab.queued(1), lab.queued(1));
    let mut follower = follow(&lab, &[one, other], Reach::Family).unwrap();
    end(&lab, other);
    archive_all(&lab);
    assert_eq!(purge(&lab).0.deleted, 1);
    assert_deleted(look(&mut follower), other);
    assert_deleted(follow(&lab, &[other], Reach::Alone), other);
    // Nobody was ever given this one.
    let never = JobId(other.0 + 1);
    let told = follow(&lab, &[never], Reach::Alone);
    assert!(matches!(told, Err(FollowError::NoSuchJob(id)) if id == never));
}

/// Children are deleted before their parent, and a purge may have been killed between the two.
#[test]
fn half_an_operation_has_no_end_that_could_be_told() {
    let lab = Lab::new();
    let parent = lab.queued(1);
    let mut follower = follow(&lab, &[parent], Reach::Family).unwrap();
    let children = lab.children(parent, 2);
    end_with(&lab, parent, &children);
    children.iter().for_each(|id| end(&lab, *id));
    archive_all(&lab);
    lab.write(|tx| tx.purge(children[1], usize::MAX).unwrap());
    assert_deleted(look(&mut follower), children[1]);
    assert_deleted(follow(&lab, &[parent], Reach::Family), children[1]);
    // Who did not ask for them is not concerned.
    let alone = follow(&lab, &[parent], Reach::Alone).unwrap();
    assert!(alone.is_over());
}
