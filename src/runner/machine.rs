//! The whole queue, driven at random on a real database, against a plain model: submitting, steering,
//! starting and ending, runners that die and commits that fail. Workers do nothing here; how an
//! opcode ends is part of the sequence.

mod model;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::admin::{Existing, Founding, NewReality, found, simulator, verify};
use crate::cluster::sample::sample;
use crate::hypervisor::Snapshot;
use crate::hypervisor::fake::FakeSettings;
use crate::lu::{ChildJob, Outcome, ResultWithJobs, UnitResult};
use crate::opcodes::{Dependency, JobRef, OpError, Opcode, Priority, TestDelay};
use crate::queue::client::Submitted;
use crate::queue::control::{self, CancelAnswer, PriorityAnswer, Reach};
use crate::queue::submit::NewJob;
use crate::queue::{Client, FinalStatus, JobId, Status};
use crate::store::{Archived, Commit, Program, Reading, StateDir, StoreError};
use crate::testing::cases;

use super::load;
use super::pool::Done;
use super::state::{Reports, State};
use model::{After, Ending, Job, Model, Spec};

/// Sequences that are tried; the environment's `PROPTEST_CASES` says otherwise.
const CASES: u32 = 24;

#[derive(Debug, Clone)]
enum Step {
    Submit(Vec<Spec>, Option<String>),
    Cancel(JobId, Reach),
    Priority(JobId, Reach, Priority),
    Archive(JobId),
    Drain(bool),
    Hold(bool),
    Limits(u64, u64),
    /// The runner looks and starts what may start.
    Start,
    /// An opcode that a worker has ends; then the same.
    End(JobId, Ending),
    /// The same, but nothing reaches the disk.
    Lose(JobId, Ending),
    /// Another runner comes in the place of this one.
    Crash,
}

// ------------------------------------------------------------------ strategies

fn reaches() -> impl Strategy<Value = Reach> {
    select(vec![Reach::Family, Reach::Alone])
}

fn priorities() -> impl Strategy<Value = Priority> {
    select(vec![Priority::High, Priority::Normal, Priority::Low])
}

fn specs(jobs: i64) -> impl Strategy<Value = Vec<Spec>> {
    let nodes = prop::collection::btree_set(1..=3u8, 0..3);
    let ops = prop::collection::vec(nodes, 1..4);
    let ops = prop_oneof![20 => ops, 1 => Just(vec![])];
    // Now and then there is no such job.
    let on = prop_oneof![
        2 => (1..3u32).prop_map(After::Back),
        1 => (1..=jobs + 1).prop_map(After::Id),
    ];
    let wanted = prop_oneof![
        Just(vec![]),
        Just(vec![FinalStatus::Success]),
        Just(vec![FinalStatus::Error, FinalStatus::Canceled]),
    ];
    let after = prop::option::weighted(0.4, (0..3usize, on, wanted));
    let priority = prop::option::weighted(0.3, priorities());
    let spec = (ops, after, priority).prop_map(|(ops, after, priority)| Spec {
        ops,
        after,
        priority,
    });
    prop::collection::vec(spec, 1..5)
}

fn endings(jobs: i64) -> impl Strategy<Value = Ending> {
    prop_oneof![
        5 => Just(Ending::Success),
        3 => (specs(jobs), prop::option::of(1..3u32)).prop_map(|(s, p)| Ending::Children(s, p)),
        2 => Just(Ending::Failure),
        2 => Just(Ending::Canceled),
    ]
}

impl ReferenceStateMachine for Model {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model {
            jobs: vec![],
            requests: Default::default(),
            active: BTreeSet::new(),
            drained: false,
            held: false,
            queue_limit: 5_000,
            max_running: 20,
        })
        .boxed()
    }

    fn transitions(state: &Model) -> BoxedStrategy<Step> {
        let jobs = state.jobs.len() as i64;
        let id = || (1..=jobs + 1).prop_map(JobId);
        let request = prop::option::weighted(0.2, select(vec!["a".to_owned(), "b".to_owned()]));
        let others = prop_oneof![
            6 => (specs(jobs), request).prop_map(|(specs, name)| Step::Submit(specs, name)),
            2 => (id(), reaches()).prop_map(|(id, reach)| Step::Cancel(id, reach)),
            2 => (id(), reaches(), priorities()).prop_map(|(id, r, p)| Step::Priority(id, r, p)),
            2 => id().prop_map(Step::Archive),
            1 => prop::bool::weighted(0.3).prop_map(Step::Drain),
            1 => prop::bool::weighted(0.3).prop_map(Step::Hold),
            1 => (1..12u64, 1..6u64).prop_map(|(queue, running)| Step::Limits(queue, running)),
            4 => Just(Step::Start),
            1 => Just(Step::Crash),
        ];
        if state.active.is_empty() {
            return others.boxed();
        }
        let active: Vec<JobId> = state.active.iter().copied().collect();
        let ends = (select(active), endings(jobs), prop::bool::weighted(0.1)).prop_map(
            |(id, ending, lost)| match lost {
                true => Step::Lose(id, ending),
                false => Step::End(id, ending),
            },
        );
        prop_oneof![3 => others, 2 => ends].boxed()
    }

    fn preconditions(state: &Model, step: &Step) -> bool {
        match step {
            Step::End(id, _) | Step::Lose(id, _) => state.active.contains(id),
            _ => true,
        }
    }

    fn apply(mut state: Model, step: &Step) -> Model {
        match step {
            Step::Submit(specs, request) => {
                let known = request
                    .as_ref()
                    .is_some_and(|r| state.requests.contains_key(r));
                if !known {
                    let answers = state.submit(specs, None, None);
                    if let (Some(name), Some(first)) =
                        (request, answers.into_iter().flatten().next())
                    {
                        state.requests.insert(name.clone(), first);
                    }
                }
            }
            Step::Cancel(id, reach) => state.cancel(*id, *reach),
            Step::Priority(id, reach, priority) => state.set_priority(*id, *reach, *priority),
            Step::Archive(id) => state.archive(*id),
            Step::Drain(drained) => state.drained = *drained,
            Step::Hold(held) => state.held = *held,
            Step::Limits(queue, running) => {
                state.queue_limit = *queue;
                state.max_running = usize::try_from(*running).unwrap();
            }
            Step::Start => state.start_all(state.jobs.len()),
            Step::End(id, ending) => {
                // Children are seen at the next look.
                let seen = state.jobs.len();
                state.end(*id, ending);
                state.start_all(seen);
                state.start_all(state.jobs.len());
            }
            Step::Lose(..) => {}
            Step::Crash => state.crash(),
        }
        state
    }
}

// ------------------------------------------------------------------- the queue

struct Queue {
    _temp: tempfile::TempDir,
    client: Client,
    runner: State,
    reality: Snapshot,
}

fn job(spec: &Spec) -> Vec<Opcode> {
    let mut ops: Vec<Opcode> = (spec.ops.iter())
        .map(|nodes| {
            let on_nodes = nodes.iter().map(|node| format!("node{node}")).collect();
            TestDelay {
                on_nodes,
                ..TestDelay::default()
            }
            .into()
        })
        .collect();
    if let Some(first) = ops.first_mut() {
        first.common.priority = spec.priority;
        let count = ops.len();
        if let Some((at, after, wanted)) = &spec.after {
            ops[at % count].common.depends.push(Dependency {
                job: match after {
                    After::Back(places) => JobRef::Back(*places),
                    After::Id(id) => JobRef::Id(JobId(*id)),
                },
                statuses: wanted.clone(),
            });
        }
    }
    ops
}

fn done(model: &State, id: JobId, ending: &Ending) -> Done {
    let finished = match ending {
        Ending::Success => Ok(Outcome::default()),
        Ending::Children(specs, parallel) => Ok(Outcome {
            result: UnitResult::Jobs(ResultWithJobs {
                jobs: (specs.iter())
                    .map(|spec| ChildJob {
                        ops: job(spec),
                        claims: vec![],
                    })
                    .collect(),
                parallel: *parallel,
                ..ResultWithJobs::default()
            }),
            ..Outcome::default()
        }),
        Ending::Failure => Err(OpError::exec("it failed").into()),
        Ending::Canceled => Err(OpError::canceled().into()),
    };
    Done {
        job: id,
        index: model.active[&id].index,
        finished,
    }
}

impl Queue {
    fn new_runner(client: &Client) -> State {
        let store = client.store();
        let begun = store
            .write(Commit::Begin, |tx| {
                tx.begin_runner(&Program::ours("gnt-runner".into()))
            })
            .unwrap();
        let mut runner = State::new(begun.epoch, store.settings().unwrap());
        load::load(&mut runner, store).unwrap();
        runner
    }

    fn turn(&mut self, done: &[Done]) {
        load::news(&mut self.runner, self.client.store()).unwrap();
        let runner = &mut self.runner;
        let step = self.client.store().write(Commit::Step, |tx| {
            runner.step(tx, None, &[], done, &Reports::default(), true)
        });
        let mut effects = step.unwrap();
        let handed: BTreeSet<JobId> = effects.tasks.iter().map(|task| task.job).collect();
        let begun: BTreeSet<JobId> = effects.begun.iter().map(|(id, _)| *id).collect();
        assert_eq!(handed, begun, "workers get what begins, and nothing else");
        runner.committed(&mut effects);
    }

    /// A turn whose commit fails: the runner reads anew what is on disk.
    fn lose(&mut self, done: &[Done]) {
        load::news(&mut self.runner, self.client.store()).unwrap();
        let runner = &mut self.runner;
        let step = self.client.store().write(Commit::Step, |tx| {
            runner.step(tx, None, &[], done, &Reports::default(), true)?;
            Err::<(), _>(StoreError::Refused("it is lost".to_owned()))
        });
        assert!(step.is_err());
        load::load(&mut self.runner, self.client.store()).unwrap();
    }

    fn submit(&mut self, specs: &[Spec], request: Option<&str>, model: &Model) {
        let jobs: Vec<NewJob> = specs.iter().map(|spec| NewJob::of(job(spec))).collect();
        match self.client.submit(jobs, request).unwrap() {
            Submitted::Joined(id) => assert_eq!(model.requests[request.unwrap()], id),
            Submitted::Answers(answers) => {
                assert_eq!(answers.len(), specs.len());
                let last = answers.iter().flatten().max();
                assert!(last.is_none_or(|id| id.0 == model.jobs.len() as i64));
                assert!(answers.iter().flatten().is_sorted(), "ids grow");
            }
        }
    }

    /// Does what has made the model what it is now.
    fn step(&mut self, model: &Model, step: &Step) {
        match step {
            Step::Submit(specs, request) => self.submit(specs, request.as_deref(), model),
            Step::Start => self.turn(&[]),
            Step::End(id, ending) => {
                let done = done(&self.runner, *id, ending);
                self.turn(&[done]);
                self.turn(&[]);
            }
            Step::Lose(id, ending) => {
                let done = done(&self.runner, *id, ending);
                self.lose(&[done]);
            }
            Step::Crash => self.runner = Queue::new_runner(&self.client),
            _ => self.steer(step, model),
        }
    }

    /// What an operator does, and what is answered.
    fn steer(&mut self, step: &Step, model: &Model) {
        let (store, who) = (self.client.store(), self.client.who());
        match step {
            Step::Cancel(id, reach) => {
                for (id, answer) in control::cancel(store, &[*id], *reach, who).unwrap() {
                    let now = model.job(id).map(Job::status);
                    let fits = match answer {
                        CancelAnswer::Unknown => now.is_none(),
                        CancelAnswer::Canceled => now == Some(Status::Canceled),
                        CancelAnswer::Canceling => now == Some(Status::Canceling),
                        CancelAnswer::Ended(status) => now == Some(status),
                    };
                    assert!(fits, "job {id}: {answer:?}, {now:?}");
                }
            }
            Step::Priority(id, reach, priority) => {
                let answers = control::change_priority(store, &[*id], *reach, *priority, who);
                for (id, answer) in answers.unwrap() {
                    let now = model.job(id).map(Job::status);
                    let fits = match answer {
                        PriorityAnswer::Unknown => now.is_none(),
                        PriorityAnswer::Changed => now.is_some_and(|s| !s.is_final()),
                        PriorityAnswer::Ended(status) => now == Some(status),
                    };
                    assert!(fits, "job {id}: {answer:?}, {now:?}");
                }
            }
            Step::Archive(id) => {
                let answer = control::archive(store, &[*id], who).unwrap().remove(0).1;
                let archived = model.job(*id).map(|job| job.archived);
                let fits = match answer {
                    Archived::Done | Archived::Already => archived == Some(true),
                    Archived::Unfinished => archived == Some(false),
                    Archived::Unknown => archived.is_none(),
                };
                assert!(fits, "job {id}: {answer:?}");
            }
            Step::Drain(drained) => self.client.set_drained(*drained).unwrap(),
            Step::Hold(held) => self.client.set_held(*held).unwrap(),
            Step::Limits(queue, running) => {
                (self.client.set_limits(Some(*queue), Some(*running), None)).unwrap();
            }
            _ => unreachable!("{step:?} is no operator's"),
        }
    }
}

/// Queued and waiting are one to the model: when a wait is written down is the runner's choice.
fn plain(status: Status) -> Status {
    match status {
        Status::Waiting => Status::Queued,
        other => other,
    }
}

impl StateMachineTest for Queue {
    type SystemUnderTest = Queue;
    type Reference = Model;

    fn init_test(_: &Model) -> Queue {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::locate(Some(&temp.path().join("state"))).unwrap();
        let founding = Founding {
            config: sample("test", 3, 2, 0.0).unwrap(),
            reality: NewReality::Simulated(FakeSettings::ZERO),
            queue_limit: None,
            max_running_jobs: None,
            allocators: None,
        };
        found(&dir, &founding, Existing::Keep, "{}").unwrap();
        let client = Client::open(dir, "test").unwrap();
        let reality = simulator(client.store()).unwrap().snapshot().unwrap();
        Queue {
            _temp: temp,
            runner: Queue::new_runner(&client),
            client,
            reality,
        }
    }

    fn apply(mut queue: Queue, model: &Model, step: Step) -> Queue {
        queue.step(model, &step);
        queue
    }

    fn check_invariants(queue: &Queue, model: &Model) {
        let store = queue.client.store();
        assert_eq!(store.last_job().unwrap().0, model.jobs.len() as i64);
        assert_eq!(store.unfinished_count().unwrap(), model.unfinished());
        let held = store.held().unwrap();
        for (id, want) in model.ids().zip(&model.jobs) {
            let have = store.job(id).unwrap().unwrap();
            assert_eq!(plain(have.status), want.status(), "job {id}");
            assert_eq!(have.priority, want.priority, "job {id}");
            assert_eq!(have.parent, want.parent, "job {id}");
            assert_eq!(have.cancel, want.cancel, "job {id}");
            assert_eq!(have.parallel, want.parallel, "job {id}");
            assert_eq!(have.archived, want.archived, "job {id}");
            let ops: Vec<_> = (store.ops(id).unwrap().iter())
                .map(|op| (plain(op.status), op.starts))
                .collect();
            let expected: Vec<_> = want.ops.iter().map(|op| (op.status, op.starts)).collect();
            assert_eq!(ops, expected, "job {id}");
            let locks = held.get(&id).map_or(0, |locks| locks.len());
            let nodes = if want.is_running() {
                want.nodes().len()
            } else {
                0
            };
            assert_eq!(locks, nodes, "job {id} holds {:?}", held.get(&id));
        }
        let active: BTreeSet<JobId> = queue.runner.active.keys().copied().collect();
        assert_eq!(active, model.active);
        let verdict = verify(store, Some(&queue.reality), Reading::Everything).unwrap();
        assert_eq!(verdict.findings, []);
    }

    /// Whatever was done, with an open queue everything comes to its end.
    fn teardown(mut queue: Queue, mut model: Model) {
        let mut go = |step: Step, model: &mut Model| {
            *model = Model::apply(model.clone(), &step);
            queue.step(model, &step);
            Queue::check_invariants(&queue, model);
        };
        go(Step::Hold(false), &mut model);
        go(Step::Limits(5_000, 3), &mut model);
        go(Step::Start, &mut model);
        while let Some(id) = model.active.first().copied() {
            go(Step::End(id, Ending::Success), &mut model);
        }
        assert_eq!(model.unfinished(), 0, "{model:#?}");
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        max_shrink_iters: 4_000,
        ..cases(CASES)
    })]

    #[test]
    fn the_queue_does_what_the_model_says(sequential 1..50 => Queue);
}
