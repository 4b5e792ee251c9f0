use crate::queue::why::Reasons;

use super::*;

fn why(lab: &Lab, id: JobId) -> Option<String> {
    let reasons = Reasons::load(&lab.store).unwrap();
    reasons.of(id).map(|waits| waits.text)
}

#[test]
fn what_is_free_or_over_waits_for_nothing() {
    let lab = Lab::new();
    let (free, ended) = (lab.queued(1), lab.ended(Status::Success));
    for id in [free, ended, JobId(99)] {
        assert_eq!(why(&lab, id), None);
    }
}

#[test]
fn a_held_queue_is_the_reason() {
    let lab = Lab::new();
    let id = lab.queued(1);
    lab.write(|tx| tx.set_held(true).unwrap());
    let text = why(&lab, id).unwrap();
    assert!(text.contains("gnt-cluster queue release"), "{text}");
}

#[test]
fn what_is_past_its_deadline_does_not_begin() {
    let lab = Lab::new();
    let of = |at, action| {
        let mut op = dummy();
        op.common.deadline = Some(Deadline { at, action });
        NewJob::of(vec![op])
    };
    let [stop, leave, to_come] = &lab.submit(&[
        of(1, OnDeadline::Stop),
        of(1, OnDeadline::Leave),
        of(i64::MAX, OnDeadline::Stop),
    ])[..] else {
        panic!("three were submitted");
    };
    lab.write(|tx| tx.set_held(true).unwrap());
    let why = |answer: &Result<JobId, _>| why(&lab, *answer.as_ref().unwrap()).unwrap();
    assert!(why(stop).contains("does not begin any more"));
    for other in [leave, to_come] {
        assert!(why(other).contains("is held"));
    }
}

#[test]
fn dependencies_are_named() {
    let lab = Lab::new();
    let first = lab.queued(1);
    let id = lab.submit(&[after(JobRef::Id(first))]).remove(0).unwrap();
    assert_eq!(why(&lab, id).unwrap(), format!("waiting for job {first}"));
    lab.run(first, 0);
    lab.end(first, 0, Status::Success, Some(Status::Success));
    assert_eq!(why(&lab, id), None);
}

#[test]
fn the_job_before_it_in_the_line_for_a_lock_is_named() {
    let lab = Lab::new();
    let answers = lab.submit(&[on_node("node1"), on_node("node1"), on_node("node2")]);
    let ids: Vec<JobId> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(why(&lab, ids[0]), None);
    let text = why(&lab, ids[1]).unwrap();
    assert!(text.starts_with("waiting for node node1, "), "{text}");
    assert!(text.contains(&format!("job {}", ids[0])), "{text}");
    assert_eq!(why(&lab, ids[2]), None);
}
