use crate::limits::*;
use crate::opcodes::{ErrorClass, ErrorCode, OpError};

use super::*;

fn code(answer: &Result<JobId, OpError>) -> Option<ErrorCode> {
    answer.as_ref().err().and_then(|error| error.code)
}

#[test]
fn each_answer_stands_at_the_place_of_its_job() {
    let lab = Lab::new();
    let invalid = NewJob {
        ops: Err(OpError::prereq(ErrorCode::InvalidOpcode, "what is that")),
        claims: vec![],
    };
    let answers = lab.submit(&[job(), invalid, NewJob::of(vec![]), job()]);
    assert_eq!(answers[0], Ok(JobId(1)));
    assert_eq!(code(&answers[1]), Some(ErrorCode::InvalidOpcode));
    assert_eq!(answers[1].as_ref().unwrap_err().message, "what is that");
    assert_eq!(code(&answers[2]), Some(ErrorCode::InvalidOpcode));
    assert_eq!(answers[3], Ok(JobId(2)), "no id is lost on a refusal");
    assert_eq!(lab.store.jobs().unwrap().len(), 2);
}

#[test]
fn a_queue_that_becomes_full_in_the_middle_takes_what_it_can() {
    let lab = Lab::new();
    lab.ended(Status::Success);
    lab.write(|tx| tx.set_limits(Some(2), None, None).unwrap());
    let answers = lab.submit(&[job(), job(), job(), job()]);
    assert!(answers[0].is_ok() && answers[1].is_ok());
    for answer in &answers[2..] {
        let error = answer.as_ref().unwrap_err();
        assert_eq!(error.class, ErrorClass::JobQueueFull);
        assert!(error.hint.is_some());
    }
    // What has ended takes no room.
    let id = *answers[0].as_ref().unwrap();
    lab.end(id, 0, Status::Success, Some(Status::Success));
    assert!(lab.submit(&[job()])[0].is_ok());
}

#[test]
fn a_drained_queue_takes_nothing() {
    let lab = Lab::new();
    lab.write(|tx| tx.set_drained(true).unwrap());
    for answer in lab.submit(&[job(), job()]) {
        assert_eq!(answer.unwrap_err().class, ErrorClass::JobQueueDrainError);
    }
    lab.write(|tx| tx.set_drained(false).unwrap());
    assert_eq!(lab.submit(&[job()]), [Ok(JobId(1))]);
}

#[test]
fn places_back_become_ids() {
    let lab = Lab::new();
    lab.queued(1);
    let answers = lab.submit(&[job(), job(), after(JobRef::Back(2))]);
    assert_eq!(answers[2], Ok(JobId(4)));
    let ops = lab.store.ops(JobId(4)).unwrap();
    assert_eq!(ops[0].input["depends"][0][0], 2);
}

#[test]
fn dependencies_on_nothing_are_refused() {
    let lab = Lab::new();
    let answers = lab.submit(&[
        job(),
        after(JobRef::Id(JobId(99))),
        // There is one job fewer before it.
        after(JobRef::Back(3)),
        after(JobRef::Back(3)),
    ]);
    assert_eq!(code(&answers[1]), Some(ErrorCode::BadDependency));
    assert_eq!(code(&answers[2]), Some(ErrorCode::BadDependency));
    assert_eq!(answers[3], Ok(JobId(2)));
}

#[test]
fn what_depends_on_a_refused_job_is_refused_with_its_reason() {
    let lab = Lab::new();
    let answers = lab.submit(&[
        NewJob::of(vec![]),
        after(JobRef::Back(1)),
        after(JobRef::Back(1)),
        job(),
    ]);
    for answer in &answers[1..3] {
        assert_eq!(code(answer), Some(ErrorCode::BadDependency));
        let text = &answer.as_ref().unwrap_err().message;
        assert!(text.contains("at least one opcode"), "{text}");
    }
    assert!(answers[3].is_ok());
}

#[test]
fn a_job_may_depend_on_one_that_has_ended() {
    let lab = Lab::new();
    let id = lab.ended(Status::Success);
    assert!(lab.submit(&[after(JobRef::Id(id))])[0].is_ok());
}

#[test]
fn opcodes_of_a_job_are_limited() {
    let lab = Lab::new();
    let answers = lab.submit(&[
        NewJob::of(vec![dummy(); OPCODES_PER_JOB]),
        NewJob::of(vec![dummy(); OPCODES_PER_JOB + 1]),
        job(),
    ]);
    assert!(answers[0].is_ok());
    assert_eq!(code(&answers[1]), Some(ErrorCode::InvalidOpcode));
    assert!(answers[2].is_ok());
    let ops = lab.store.ops(JobId(1)).unwrap();
    assert_eq!(ops.len(), OPCODES_PER_JOB);
}

/// A dummy with a result.
fn with_result(result: serde_json::Value) -> crate::opcodes::Opcode {
    crate::opcodes::TestDummy {
        result,
        ..Default::default()
    }
    .into()
}

/// An opcode of so many bytes.
fn sized(bytes: usize) -> crate::opcodes::Opcode {
    let empty = with_result("".into()).to_value().to_string().len();
    with_result("x".repeat(bytes - empty).into())
}

#[test]
fn an_opcode_that_is_too_large_refuses_its_job_alone() {
    let lab = Lab::new();
    let sized = |bytes| NewJob::of(vec![dummy(), sized(bytes)]);
    let answers = lab.submit(&[job(), sized(OPCODE_BYTES), sized(OPCODE_BYTES + 1), job()]);
    assert!(answers[0].is_ok() && answers[1].is_ok() && answers[3].is_ok());
    assert_eq!(code(&answers[2]), Some(ErrorCode::InvalidOpcode));
    let text = &answers[2].as_ref().unwrap_err().message;
    assert!(text.contains("opcode 1"), "{text}");
}

#[test]
fn a_job_is_as_urgent_as_its_most_urgent_opcode() {
    use crate::opcodes::Priority;
    let lab = Lab::new();
    let with = |priority| {
        let mut op = dummy();
        op.common.priority = priority;
        op
    };
    let ops = vec![
        with(Some(Priority::Low)),
        with(Some(Priority::High)),
        with(None),
    ];
    lab.submit(&[NewJob::of(ops), job()]);
    assert_eq!(lab.job(JobId(1)).priority, Priority::High);
    assert_eq!(lab.job(JobId(2)).priority, Priority::Normal);
}

#[test]
fn children_know_their_parent_and_the_first_of_their_line() {
    let lab = Lab::new();
    let root = lab.queued(1);
    let child = lab.children(root, 2)[1];
    let grandchild = lab.children(child, 1)[0];
    let row = lab.job(grandchild);
    assert_eq!((row.parent, row.root), (Some(child), root));
    let family = lab.store.family(root).unwrap();
    assert_eq!(family.len(), 4);
    assert_eq!(family[3].id, grandchild);
}

#[test]
fn jobs_of_a_submission_are_limited() {
    let lab = Lab::new();
    let none = NewJob::of(vec![]);
    let mut jobs = vec![none; JOBS_PER_SUBMISSION - 1];
    jobs.extend([job(), job(), after(JobRef::Back(1))]);
    let answers = lab.submit(&jobs);
    assert_eq!(answers.len(), JOBS_PER_SUBMISSION + 2);
    assert_eq!(answers[JOBS_PER_SUBMISSION - 1], Ok(JobId(1)));
    for answer in &answers[JOBS_PER_SUBMISSION..] {
        let error = answer.as_ref().unwrap_err();
        assert_eq!(error.code, Some(ErrorCode::InvalidOpcode));
        assert_eq!(error.message, "more than 100000 jobs in one submission");
    }
}

#[test]
fn bytes_of_a_job_are_limited() {
    let lab = Lab::new();
    let mut ops = vec![sized(OPCODE_BYTES); JOB_BYTES / OPCODE_BYTES];
    let answers = lab.submit(&[NewJob::of(ops.clone())]);
    assert_eq!(answers, [Ok(JobId(1))]);
    ops[0] = sized(OPCODE_BYTES - 1_000);
    ops.push(sized(1_001));
    let answers = lab.submit(&[NewJob::of(ops)]);
    let error = answers[0].as_ref().unwrap_err();
    assert_eq!(
        error.message,
        "the opcodes of a job have at most 16777216 bytes, these have 16777217"
    );
}

#[test]
fn depth_is_limited_whoever_submits() {
    let lab = Lab::new();
    let nested = |levels: usize| {
        let value = (1..levels).fold(serde_json::json!([]), |v, _| serde_json::json!([v]));
        NewJob::of(vec![with_result(value)])
    };
    let answers = lab.submit(&[nested(JSON_DEPTH - 1), nested(JSON_DEPTH)]);
    assert_eq!(answers[0], Ok(JobId(1)));
    let text = &answers[1].as_ref().unwrap_err().message;
    assert!(text.contains("nested deeper than 64 levels"), "{text}");
}
