//! The scheduler against the rule itself: after every random step a scan of all jobs says who may
//! start, and the two must agree on every job.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use clap::ValueEnum;

use crate::locking::{Level, Lock, Mode};
use crate::testing::cases;

/// What the scan finds out about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Running,
    Dependencies,
    Cap,
    Lock,
    Free,
}

#[derive(Debug, Clone)]
struct Known {
    job: Pending,
    running: bool,
}

/// All jobs, and nothing clever.
#[derive(Debug, Default)]
struct Model {
    jobs: BTreeMap<JobId, Known>,
    caps: BTreeMap<JobId, Option<u32>>,
    limits: [usize; 2],
    held: bool,
}

impl Model {
    fn in_order(&self) -> Vec<&Known> {
        let mut jobs: Vec<&Known> = self.jobs.values().collect();
        jobs.sort_by_key(|known| {
            let urgency = known.job.urgency;
            let steps = urgency.received / 1800;
            (
                urgency.priority + i64::try_from(steps).unwrap(),
                known.job.id,
            )
        });
        jobs
    }

    fn scan(&self) -> BTreeMap<JobId, Found> {
        let mut room: BTreeMap<JobId, i64> = BTreeMap::new();
        for (parent, limit) in &self.caps {
            room.insert(*parent, limit.map_or(i64::MAX, i64::from));
        }
        let mut taken: Vec<&LockSet> = Vec::new();
        for known in self.jobs.values() {
            if known.running {
                taken.push(&known.job.locks);
            }
            if let Some(parent) = known.job.cap
                && (known.running || known.job.begun)
            {
                *room.entry(parent).or_insert(i64::MAX) -= 1;
            }
        }
        let mut found = BTreeMap::new();
        for Known { job, running } in self.in_order() {
            let room = job
                .cap
                .filter(|_| !job.begun)
                .map(|parent| room.entry(parent).or_insert(i64::MAX));
            let what = if *running {
                Found::Running
            } else if !job.depends.is_empty() {
                Found::Dependencies
            } else if room.as_ref().is_some_and(|room| **room <= 0) {
                Found::Cap
            } else {
                let blocked = taken.iter().any(|set| job.locks.conflict(set).is_some());
                taken.push(&job.locks);
                if blocked {
                    Found::Lock
                } else {
                    if let Some(room) = room {
                        *room -= 1;
                    }
                    Found::Free
                }
            };
            found.insert(job.id, what);
        }
        found
    }

    fn used(&self, slot: Slot) -> usize {
        let of_kind = |known: &&Known| known.running && known.job.slot == slot;
        self.jobs.values().filter(of_kind).count()
    }

    fn has_slot(&self, slot: Slot) -> bool {
        let limit = self.limits[usize::from(slot == Slot::Planning)];
        self.used(slot) < limit
    }

    fn next(&self) -> Option<JobId> {
        let found = self.scan();
        let may_start = |known: &&&Known| {
            found[&known.job.id] == Found::Free && !self.held && self.has_slot(known.job.slot)
        };
        Some(self.in_order().iter().find(may_start)?.job.id)
    }

    fn end(&mut self, id: JobId) -> BTreeSet<JobId> {
        if let Some(known) = self.jobs.remove(&id)
            && let Some(parent) = known.job.cap
            && !self
                .jobs
                .values()
                .any(|other| other.job.cap == Some(parent))
        {
            self.caps.remove(&parent);
        }
        let mut freed = BTreeSet::new();
        for known in self.jobs.values_mut() {
            let before = known.job.depends.len();
            known.job.depends.retain(|on| *on != id);
            if before > 0 && known.job.depends.is_empty() {
                freed.insert(known.job.id);
            }
        }
        freed
    }
}

#[derive(Debug, Clone)]
enum Step {
    Add { job: Draft, adopt: bool },
    Next,
    Drain,
    ReleaseNext(Index, Draft),
    Final(Index),
    Ended(Index),
    Urgency(Index, Urgency),
    Cap(i64, Option<u32>),
    Limits(usize, usize),
    Held(bool),
    Regrant(Index, LockSet),
    PutBack(Index),
}

/// A job but for its id; what it depends on is chosen among the known ones.
#[derive(Debug, Clone)]
struct Draft {
    urgency: Urgency,
    depends: Vec<Index>,
    cap: Option<i64>,
    slot: Slot,
    locks: LockSet,
    begun: bool,
}

fn urgencies() -> impl Strategy<Value = Urgency> {
    (-1i64..=1, 0u64..3).prop_map(|(priority, steps)| Urgency {
        priority: priority * 2,
        received: steps * 1800 + 17,
    })
}

fn lock_sets() -> impl Strategy<Value = LockSet> {
    let lock = prop_oneof![
        1 => select(Level::value_variants()).prop_map(Lock::all),
        2 => select(Level::value_variants()).prop_map(|level| Lock::one(level, "n0")),
        6 => (0..3u8).prop_map(|n| Lock::one(Level::Node, format!("n{n}"))),
        6 => (0..4u8).prop_map(|n| Lock::one(Level::Instance, format!("i{n}"))),
    ];
    let mode = prop_oneof![Just(Mode::Shared), Just(Mode::Exclusive)];
    prop::collection::vec((lock, mode), 0..4).prop_map(LockSet::from_iter)
}

fn drafts() -> impl Strategy<Value = Draft> {
    (
        urgencies(),
        prop_oneof![
            4 => Just(Vec::new()),
            1 => prop::collection::vec(any::<Index>(), 1..3)
        ],
        prop_oneof![Just(None), (900i64..903).prop_map(Some)],
        prop_oneof![4 => Just(Slot::Work), 1 => Just(Slot::Planning)],
        lock_sets(),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(urgency, depends, cap, slot, locks, begun)| Draft {
            urgency,
            depends,
            cap,
            slot,
            locks,
            begun,
        })
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (drafts(), prop::bool::weighted(0.05))
            .prop_map(|(job, adopt)| Step::Add { job, adopt }),
        6 => Just(Step::Next),
        3 => Just(Step::Drain),
        4 => (any::<Index>(), drafts()).prop_map(|(at, job)| Step::ReleaseNext(at, job)),
        8 => any::<Index>().prop_map(Step::Final),
        2 => any::<Index>().prop_map(Step::Ended),
        3 => (any::<Index>(), urgencies()).prop_map(|(at, urgency)| Step::Urgency(at, urgency)),
        3 => (900i64..903, prop::option::of(0u32..4)).prop_map(|(of, n)| Step::Cap(of, n)),
        1 => (0usize..6, 0usize..3).prop_map(|(work, planning)| Step::Limits(work, planning)),
        1 => prop::bool::weighted(0.3).prop_map(Step::Held),
        2 => (any::<Index>(), lock_sets()).prop_map(|(at, locks)| Step::Regrant(at, locks)),
        2 => any::<Index>().prop_map(Step::PutBack),
    ]
}

struct Pair {
    model: Model,
    real: Scheduler,
    last: i64,
}

impl Pair {
    fn new() -> Pair {
        Pair {
            model: Model {
                limits: [4, 2],
                ..Model::default()
            },
            real: Scheduler::new(Limits {
                work: 4,
                planning: 2,
            }),
            last: 0,
        }
    }

    fn pick(&self, at: Index, running: bool) -> Option<JobId> {
        let fits = |known: &&Known| known.running == running;
        let ids: Vec<JobId> = self
            .model
            .jobs
            .values()
            .filter(fits)
            .map(|known| known.job.id)
            .collect();
        (!ids.is_empty()).then(|| *at.get(&ids))
    }

    fn depends(&self, draft: &Draft, but: JobId) -> Vec<JobId> {
        let ids: Vec<JobId> = self
            .model
            .jobs
            .keys()
            .copied()
            .filter(|id| *id != but)
            .collect();
        let chosen: BTreeSet<JobId> = match ids.is_empty() {
            true => BTreeSet::new(),
            false => draft.depends.iter().map(|at| *at.get(&ids)).collect(),
        };
        chosen.into_iter().collect()
    }

    fn add(&mut self, draft: &Draft, adopt: bool) {
        self.last += 1;
        let id = JobId(self.last);
        let mut job = Pending {
            id,
            urgency: draft.urgency,
            depends: self.depends(draft, id),
            cap: draft.cap.map(JobId),
            slot: draft.slot,
            locks: draft.locks.clone(),
            begun: draft.begun,
        };
        // Recovery only ever adopts what ran side by side.
        let mut running = self.model.jobs.values().filter(|known| known.running);
        let adopt = adopt && running.all(|known| job.locks.conflict(&known.job.locks).is_none());
        if let Some(parent) = job.cap {
            self.model.caps.entry(parent).or_insert(None);
        }
        if adopt {
            job.depends.clear();
            self.real.adopt(job.clone());
            job.begun = true;
        } else {
            self.real.add(job.clone());
        }
        self.model.jobs.insert(
            id,
            Known {
                job,
                running: adopt,
            },
        );
    }

    fn next(&mut self) -> bool {
        let expected = self.model.next();
        assert_eq!(self.real.next(), expected);
        if let Some(id) = expected {
            self.model.jobs.get_mut(&id).unwrap().running = true;
        }
        expected.is_some()
    }

    fn end(&mut self, id: JobId, through_release: bool) {
        let freed = match through_release {
            true => self.real.release(id, None),
            false => self.real.ended(id),
        };
        assert_eq!(BTreeSet::from_iter(freed), self.model.end(id));
    }

    fn regrant(&mut self, id: JobId, locks: &LockSet) {
        let granted = self.real.regrant(id, locks);
        let known = self.model.jobs.get_mut(&id).unwrap();
        known.running = false;
        known.job.locks = locks.clone();
        let slot = known.job.slot;
        let expected = self.model.scan()[&id] == Found::Free && self.model.has_slot(slot);
        assert_eq!(granted, expected, "regrant of {id}");
        self.model.jobs.get_mut(&id).unwrap().running = granted;
    }

    fn release_next(&mut self, id: JobId, draft: &Draft) {
        let depends = self.depends(draft, id);
        self.real.release(
            id,
            Some(NextOpcode {
                depends: depends.clone(),
                slot: draft.slot,
                locks: draft.locks.clone(),
            }),
        );
        let known = self.model.jobs.get_mut(&id).unwrap();
        known.running = false;
        known.job.begun = true;
        known.job.depends = depends;
        known.job.slot = draft.slot;
        known.job.locks = draft.locks.clone();
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Add { job, adopt } => self.add(job, *adopt),
            Step::Next => {
                self.next();
            }
            Step::Drain => while self.next() {},
            Step::ReleaseNext(at, draft) => {
                if let Some(id) = self.pick(*at, true) {
                    self.release_next(id, draft);
                }
            }
            Step::Final(at) => {
                if let Some(id) = self.pick(*at, true) {
                    self.end(id, true);
                }
            }
            Step::Ended(at) => {
                let id = self.pick(*at, false).unwrap_or(JobId(777));
                self.end(id, false);
            }
            Step::Urgency(at, urgency) => {
                let id = self.pick(*at, false).or_else(|| self.pick(*at, true));
                if let Some(id) = id {
                    self.real.set_urgency(id, *urgency);
                    self.model.jobs.get_mut(&id).unwrap().job.urgency = *urgency;
                }
            }
            Step::Cap(parent, limit) => {
                self.real.set_cap(JobId(*parent), *limit);
                self.model.caps.insert(JobId(*parent), *limit);
            }
            Step::Limits(work, planning) => {
                self.real.set_limits(Limits {
                    work: *work,
                    planning: *planning,
                });
                self.model.limits = [*work, *planning];
            }
            Step::Held(held) => {
                self.real.set_held(*held);
                self.model.held = *held;
            }
            Step::Regrant(at, locks) => {
                if let Some(id) = self.pick(*at, true) {
                    self.regrant(id, locks);
                }
            }
            Step::PutBack(at) => {
                if let Some(id) = self.pick(*at, true) {
                    self.real.put_back(id);
                    self.model.jobs.get_mut(&id).unwrap().running = false;
                }
            }
        }
    }

    /// The two agree on every job, and no two running jobs conflict.
    fn check(&mut self) {
        for (id, found) in self.model.scan() {
            let why = self.real.why(id);
            let agrees = match &why {
                Why::Running => found == Found::Running,
                Why::Dependencies { first, count } => {
                    let depends = &self.model.jobs[&id].job.depends;
                    found == Found::Dependencies
                        && depends.len() == *count
                        && depends.iter().min() == Some(first)
                }
                Why::Cap { .. } => found == Found::Cap,
                Why::Lock(obstacle) => {
                    found == Found::Lock
                        && (!obstacle.holders.is_empty() || obstacle.ahead.is_some())
                }
                Why::Held | Why::Slot { .. } | Why::Free => found == Found::Free,
                Why::Unknown => false,
            };
            assert!(agrees, "job {id}: {why:?}, but the scan says {found:?}");
        }
        let running: Vec<JobId> = self.real.running().collect();
        for (at, one) in running.iter().enumerate() {
            let mine = self.real.current_locks(*one).unwrap();
            assert_eq!(mine, self.model.jobs[one].job.locks);
            for other in &running[..at] {
                let theirs = self.real.current_locks(*other).unwrap();
                assert_eq!(mine.conflict(&theirs), None, "{one} and {other}");
            }
        }
        assert_eq!(
            self.real.pending_len() + running.len(),
            self.model.jobs.len()
        );
        for id in self.real.take_newly_waiting() {
            assert_eq!(self.model.scan()[&id], Found::Lock);
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn agrees_with_a_scan_of_all_jobs(steps in prop::collection::vec(steps(), 1..120)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.step(step);
            pair.check();
        }
        // Whatever is left comes to its end, and nothing stays behind.
        pair.step(&Step::Held(false));
        pair.step(&Step::Limits(4, 2));
        for parent in 900..903 {
            pair.step(&Step::Cap(parent, Some(2)));
        }
        // Two jobs may each depend on the other's next opcode; the queue never lets that happen.
        while !pair.model.jobs.is_empty() {
            while pair.next() {}
            let running = pair.real.running().next();
            let id = running.or_else(|| pair.model.jobs.keys().next().copied()).unwrap();
            pair.end(id, running.is_some());
            pair.check();
        }
        prop_assert!(pair.real.is_idle());
        prop_assert!(pair.real.leaves_nothing_behind());
    }
}

/// Steps of half an hour by which the most urgent job is before the least urgent one.
const STEPS_APART: i64 = 20;

proptest! {
    #![proptest_config(cases(64))]

    /// One job in, one out, a step of the clock each: whoever came more than all steps of priority
    /// before another one, and is in its way, is not overtaken by it.
    #[test]
    fn nobody_starves(jobs in prop::collection::vec((select(vec![-10i64, 0, 10]), lock_sets()), 1..150),
                      work in 1usize..4) {
        let mut it = Scheduler::new(Limits { work, planning: 2 });
        let mut running = std::collections::VecDeque::new();
        let mut started: BTreeSet<JobId> = BTreeSet::new();
        let locks = |id: JobId| &jobs[usize::try_from(id.0 - 1).unwrap()].1;
        let mut arrived = 0i64;
        for (priority, set) in &jobs {
            let received = arrived.unsigned_abs() * 1800;
            arrived += 1;
            it.add(Pending {
                id: JobId(arrived),
                urgency: Urgency { priority: *priority, received },
                depends: vec![],
                cap: None,
                slot: Slot::Work,
                locks: set.clone(),
                begun: false,
            });
            while let Some(id) = it.next() {
                for early in (1..id.0 - STEPS_APART).map(JobId) {
                    let in_the_way = locks(early).conflict(locks(id)).is_some();
                    prop_assert!(started.contains(&early) || !in_the_way, "{id} overtook {early}");
                }
                started.insert(id);
                running.push_back(id);
            }
            if let Some(id) = running.pop_front() {
                it.release(id, None);
            }
        }
        while let Some(id) = running.pop_front() {
            it.release(id, None);
            while let Some(id) = it.next() {
                started.insert(id);
                running.push_back(id);
            }
        }
        prop_assert_eq!(started.len(), jobs.len());
        prop_assert!(it.is_idle());
    }

    /// The packed turn orders as the rule says.
    #[test]
    fn turns_order_by_effective_priority_then_id(
        one in (-10i64..=10, 0u64..4_000_000_000, 1i64..1 << 39),
        other in (-10i64..=10, 0u64..4_000_000_000, 1i64..1 << 39),
    ) {
        let turn = |(priority, received, id)| Turn::new(JobId(id), Urgency { priority, received });
        let rule = |(priority, received, id): (i64, u64, i64)| {
            (priority + i64::try_from(received / 1800).unwrap(), id)
        };
        prop_assert_eq!(turn(one).cmp(&turn(other)), rule(one).cmp(&rule(other)));
        prop_assert_eq!(turn(one).job(), JobId(one.2));
    }
}
