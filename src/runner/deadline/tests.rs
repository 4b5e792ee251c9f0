//! Deadlines on a real database, by a clock of the test's own. Workers do nothing here.

use crate::admin::{Existing, Founding, NewReality, found, simulator, verify};
use crate::cluster::sample::sample;
use crate::hypervisor::fake::FakeSettings;
use crate::lu::{ChildJob, Outcome, ResultWithJobs, UnitResult};
use crate::opcodes::{ErrorCode, Opcode, TestDummy};
use crate::queue::Client;
use crate::queue::submit::NewJob;
use crate::runner::load;
use crate::runner::pool::Done;
use crate::runner::state::Reports;
use crate::store::{Commit, Program, Reading, StateDir};

use super::*;

/// Further away than the clock of any machine on which this runs.
const MOMENT: i64 = 32_503_680_000_000_000;

struct Lab {
    _temp: tempfile::TempDir,
    client: Client,
    runner: State,
}

fn dummy() -> Opcode {
    TestDummy::default().into()
}

fn begin(client: &Client) -> State {
    let store = client.store();
    let program = Program::ours("gnt-runner".into());
    let begun = store.write(Commit::Begin, |tx| tx.begin_runner(&program));
    let mut runner = State::new(begun.unwrap().epoch, store.settings().unwrap());
    load::load(&mut runner, store).unwrap();
    runner
}

impl Lab {
    /// A cluster in which one job runs at a time.
    fn new() -> Lab {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::locate(Some(&temp.path().join("state"))).unwrap();
        let founding = Founding {
            config: sample("test", 3, 2, 0.0).unwrap(),
            reality: NewReality::Simulated(FakeSettings::ZERO),
            queue_limit: None,
            max_running_jobs: Some(1),
            allocators: None,
        };
        found(&dir, &founding, Existing::Keep, "{}").unwrap();
        let client = Client::open(dir, "test").unwrap();
        Lab {
            _temp: temp,
            runner: begin(&client),
            client,
        }
    }

    /// A job of so many opcodes whose operation has this deadline.
    fn submit(&mut self, ops: usize, action: OnDeadline) -> JobId {
        let mut ops = vec![dummy(); ops];
        ops[0].common.deadline = Some(Deadline { at: MOMENT, action });
        let answer = self.client.submit_one(NewJob::of(ops), None);
        self.turn(&[]);
        answer.unwrap().unwrap()
    }

    /// A running parent's opcode submits so many children, of which one begins.
    fn end_with_children(&mut self, parent: JobId, count: usize) {
        let child = ChildJob {
            ops: vec![dummy()],
            claims: vec![],
        };
        let jobs = ResultWithJobs {
            jobs: vec![child; count],
            ..ResultWithJobs::default()
        };
        self.end(parent, UnitResult::Jobs(jobs));
    }

    fn family(&mut self, action: OnDeadline) -> JobId {
        let parent = self.submit(1, action);
        self.end_with_children(parent, 3);
        assert_eq!(
            self.children(parent),
            [Status::Running, Status::Queued, Status::Queued]
        );
        parent
    }

    fn end(&mut self, job: JobId, result: UnitResult) {
        let outcome = Outcome {
            result,
            ..Outcome::default()
        };
        let index = self.runner.active[&job].index;
        let finished = Ok(outcome);
        self.turn(&[Done {
            job,
            index,
            finished,
        }]);
        self.turn(&[]);
    }

    fn turn(&mut self, done: &[Done]) {
        let (store, runner) = (self.client.store(), &mut self.runner);
        load::news(runner, store).unwrap();
        let step = store.write(Commit::Step, |tx| {
            runner.step(tx, None, &[], done, &Reports::default(), true)
        });
        runner.committed(&mut step.unwrap());
    }

    /// The clock says this. Tells which running jobs are to give up.
    fn pass(&mut self, now: i64) -> Vec<JobId> {
        let (store, runner) = (self.client.store(), &mut self.runner);
        let passed = store.write(Commit::Step, |tx| {
            let mut effects = Effects::default();
            runner.pass_deadlines(tx, now, &mut effects)?;
            Ok(effects)
        });
        passed.unwrap().canceling
    }

    fn status(&self, job: JobId) -> Status {
        self.client.store().job(job).unwrap().unwrap().status
    }

    fn children(&self, parent: JobId) -> Vec<Status> {
        let children = self.client.store().children(parent).unwrap();
        children.iter().map(|job| job.status).collect()
    }

    fn error(&self, job: JobId) -> Option<ErrorCode> {
        let ops = self.client.store().ops(job).unwrap();
        ops.iter().find_map(|op| op.error.as_ref()?.code)
    }

    /// What the history says of deadlines.
    fn history(&self) -> Vec<(JobId, String)> {
        let events = self.client.store().events_after(0).unwrap();
        let of_deadlines = events.into_iter().filter(|e| e.kind == EventKind::Deadline);
        of_deadlines
            .map(|event| (event.job.unwrap(), event.value.unwrap()))
            .collect()
    }

    fn is_in_order(&self) {
        let store = self.client.store();
        let reality = simulator(store).unwrap().snapshot().unwrap();
        let verdict = verify(store, Some(&reality), Reading::Everything).unwrap();
        assert_eq!(verdict.findings, []);
    }
}

#[test]
fn stop_lets_nothing_more_begin() {
    let mut lab = Lab::new();
    let parent = lab.family(OnDeadline::Stop);
    let other = lab.client.submit_one(NewJob::of(vec![dummy()]), None);
    let other = other.unwrap().unwrap();
    assert_eq!(lab.runner.deadlines.next(), Some(MOMENT));
    assert!(lab.pass(MOMENT - 1).is_empty());
    assert_eq!(lab.history(), []);
    assert!(lab.pass(MOMENT).is_empty());
    assert_eq!(lab.history(), [(parent, "stop".to_owned())]);
    assert_eq!(
        lab.children(parent),
        [Status::Running, Status::Canceled, Status::Canceled]
    );
    assert_eq!(lab.error(JobId(3)), Some(ErrorCode::DeadlinePassed));
    assert_eq!(lab.status(parent), Status::Success);
    assert!(!lab.runner.scheduler.knows(JobId(3)));
    lab.is_in_order();
    lab.end(JobId(2), UnitResult::default());
    assert_eq!(lab.status(JobId(2)), Status::Success);
    assert_eq!(lab.status(other), Status::Running);
    assert_eq!(lab.runner.deadlines.next(), None);
    lab.is_in_order();
}

#[test]
fn cancel_stops_what_runs_too() {
    let mut lab = Lab::new();
    let parent = lab.family(OnDeadline::Cancel);
    assert_eq!(lab.pass(MOMENT), [JobId(2)]);
    assert_eq!(
        lab.children(parent),
        [Status::Canceling, Status::Canceled, Status::Canceled]
    );
    assert_eq!(lab.history(), [(parent, "cancel".to_owned())]);
    lab.is_in_order();
}

#[test]
fn leave_lets_all_go_on() {
    let mut lab = Lab::new();
    let parent = lab.family(OnDeadline::Leave);
    assert!(lab.pass(MOMENT).is_empty());
    assert_eq!(lab.history(), [(parent, "leave".to_owned())]);
    for child in [2, 3, 4] {
        lab.end(JobId(child), UnitResult::default());
    }
    assert_eq!(lab.children(parent), [Status::Success; 3]);
}

#[test]
fn an_operation_that_has_ended_is_left_alone() {
    let mut lab = Lab::new();
    let job = lab.submit(1, OnDeadline::Cancel);
    lab.end(job, UnitResult::default());
    lab.pass(MOMENT);
    assert_eq!((lab.status(job), lab.history()), (Status::Success, vec![]));
}

#[test]
fn what_has_not_begun_at_all_is_cancelled_whole() {
    let mut lab = Lab::new();
    let first = lab.submit(1, OnDeadline::Leave);
    let second = lab.submit(2, OnDeadline::Stop);
    lab.pass(MOMENT);
    assert_eq!(lab.status(first), Status::Running);
    assert_eq!(lab.status(second), Status::Canceled);
    lab.is_in_order();
}

#[test]
fn a_job_that_has_begun_is_not_left_half_done() {
    let mut lab = Lab::new();
    let job = lab.submit(2, OnDeadline::Stop);
    lab.pass(MOMENT);
    lab.end(job, UnitResult::default());
    lab.end(job, UnitResult::default());
    assert_eq!(lab.status(job), Status::Success);
}

#[test]
fn between_two_opcodes_cancel_says_that_it_had_begun() {
    let mut lab = Lab::new();
    let job = lab.submit(2, OnDeadline::Cancel);
    let outcome = Outcome::default();
    let (index, finished) = (0, Ok(outcome));
    lab.client.set_held(true).unwrap();
    lab.turn(&[Done {
        job,
        index,
        finished,
    }]);
    assert!(lab.pass(MOMENT).is_empty());
    assert_eq!(lab.status(job), Status::Canceled);
    assert_eq!(lab.error(job), Some(ErrorCode::Canceled));
    lab.is_in_order();
}

#[test]
fn who_plans_past_the_deadline_submits_nothing() {
    for action in [OnDeadline::Stop, OnDeadline::Cancel, OnDeadline::Leave] {
        let mut lab = Lab::new();
        let parent = lab.submit(1, action);
        lab.pass(MOMENT);
        lab.end_with_children(parent, 3);
        let (status, children) = match action {
            OnDeadline::Leave => (Status::Success, 3),
            OnDeadline::Stop | OnDeadline::Cancel => (Status::Canceled, 0),
        };
        assert_eq!(lab.status(parent), status, "{action}");
        assert_eq!(lab.children(parent).len(), children, "{action}");
        lab.is_in_order();
    }
}

#[test]
fn the_next_runner_holds_to_it_and_it_passes_once() {
    let mut lab = Lab::new();
    let parent = lab.family(OnDeadline::Stop);
    // Its first job has ended, and may even be put away.
    crate::queue::control::archive(lab.client.store(), &[parent], "{}").unwrap();
    lab.runner = begin(&lab.client);
    assert_eq!(lab.runner.deadlines.next(), Some(MOMENT));
    lab.pass(MOMENT + 1);
    assert_eq!(
        lab.children(parent),
        [Status::Running, Status::Canceled, Status::Canceled]
    );
    // By its clock the deadline may be to come: it has passed all the same.
    lab.runner = begin(&lab.client);
    assert_eq!(lab.runner.deadlines.next(), None);
    assert!(lab.runner.deadlines.forbids(parent));
    lab.pass(MOMENT + 2);
    assert_eq!(lab.history().len(), 1);
}

#[test]
fn a_commit_that_is_lost_is_made_up_for() {
    let mut lab = Lab::new();
    let parent = lab.family(OnDeadline::Stop);
    let (store, runner) = (lab.client.store(), &mut lab.runner);
    let lost = store.write(Commit::Step, |tx| {
        runner.pass_deadlines(tx, MOMENT, &mut Effects::default())?;
        Err::<(), _>(StoreError::Refused("it is lost".to_owned()))
    });
    assert!(lost.is_err());
    load::load(runner, store).unwrap();
    assert_eq!(lab.children(parent)[1], Status::Queued);
    lab.pass(MOMENT);
    assert_eq!(lab.children(parent)[1], Status::Canceled);
    assert_eq!(lab.history().len(), 1);
}

#[test]
fn the_earliest_of_several_counts() {
    let with = |at| {
        let mut op = dummy();
        let action = OnDeadline::Stop;
        op.common.deadline = Some(Deadline { at, action });
        op.to_text()
    };
    let texts = [dummy().to_text(), with(7), with(5), "\"deadline\"".into()];
    let found = Deadline::of_inputs(texts.iter().map(String::as_str));
    assert_eq!(found.map(|deadline| deadline.at), Some(5));
}
