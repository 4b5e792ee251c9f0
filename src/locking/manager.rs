//! Who holds which lock, who waits for it, and whom a change concerns.
//!
//! A job that [`enter`](LockManager::enter)s stands in the queue of each lock of its set, in the
//! order of [`Turn`]s. It is free to go when no lock of its set is held, or wanted by an earlier
//! turn, in a conflicting mode. In a lock's queue the free ones are therefore always the first few:
//! one exclusive, or a run of shared. A job that is not free watches *one* lock that stands in its
//! way; it is looked at again only when that lock lets it pass.

use std::collections::HashMap;

use super::small_set::SmallSet;
use super::{Level, Lock, LockSet, Mode, Turn};
use crate::queue::JobId;

/// One lock in one mode, in four bytes: the lock's number and a bit for the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want(u32);

impl Want {
    fn new(lock: u32, mode: Mode) -> Want {
        Want(lock << 1 | u32::from(mode == Mode::Exclusive))
    }

    fn lock(self) -> u32 {
        self.0 >> 1
    }

    fn mode(self) -> Mode {
        match self.0 & 1 {
            0 => Mode::Shared,
            _ => Mode::Exclusive,
        }
    }
}

/// A [`LockSet`] in the manager's numbers. It is counted: what [`LockManager::intern`] gave goes
/// back through [`LockManager::forget`].
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Interned(Box<[Want]>);

/// What stands in a job's way at one lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The lock.
    pub lock: Lock,
    /// The mode in which the job wants it (or, for the lock of a whole level, a part of it).
    pub mode: Mode,
    /// The running jobs that hold it in a conflicting mode.
    pub holders: Vec<JobId>,
    /// The nearest earlier job that waits for it in a conflicting mode.
    pub ahead: Option<JobId>,
}

/// One lock that somebody holds or wants.
#[derive(Debug)]
struct Entry {
    lock: Lock,
    /// Sets that name it; at 0 its place in the table is free.
    users: u32,
    /// How many of the holders hold it exclusively. More than one only if recovery says so.
    exclusive_holders: u32,
    holders: SmallSet<JobId>,
    shared: SmallSet<Turn>,
    exclusive: SmallSet<Turn>,
    watchers: Option<Box<Watchers>>,
}

/// The jobs that look at a lock because it stands in their way, by the mode they want.
#[derive(Debug, Default)]
struct Watchers {
    shared: SmallSet<Turn>,
    exclusive: SmallSet<Turn>,
}

impl Watchers {
    fn of(&mut self, mode: Mode) -> &mut SmallSet<Turn> {
        match mode {
            Mode::Shared => &mut self.shared,
            Mode::Exclusive => &mut self.exclusive,
        }
    }
}

impl Entry {
    fn new(lock: Lock) -> Entry {
        Entry {
            lock,
            users: 0,
            exclusive_holders: 0,
            holders: SmallSet::default(),
            shared: SmallSet::default(),
            exclusive: SmallSet::default(),
            watchers: None,
        }
    }

    fn queue(&mut self, mode: Mode) -> &mut SmallSet<Turn> {
        match mode {
            Mode::Shared => &mut self.shared,
            Mode::Exclusive => &mut self.exclusive,
        }
    }

    /// Whether this lock lets a job of that turn have it.
    fn lets_pass(&self, turn: Turn, mode: Mode) -> bool {
        let not_after = |first: Option<Turn>| first.is_none_or(|first| first >= turn);
        self.exclusive_holders == 0
            && not_after(self.exclusive.first())
            && (mode == Mode::Shared || (self.holders.is_empty() && not_after(self.shared.first())))
    }

    /// Collects those whom a newcomer of that turn may have overtaken: the ones behind it that
    /// this lock let pass until now, and possibly one more.
    fn overtaken(&self, turn: Turn, mode: Mode, lost: &mut Vec<Turn>) {
        if self.exclusive_holders > 0 || self.exclusive.first().is_some_and(|first| first < turn) {
            return;
        }
        let next_exclusive = self.exclusive.after(turn).next();
        lost.extend(next_exclusive);
        if mode == Mode::Exclusive {
            let run = self.shared.after(turn);
            lost.extend(run.take_while(|shared| next_exclusive.is_none_or(|end| *shared < end)));
        }
    }

    /// Moves the watchers that this lock lets pass now to `woken`.
    fn wake(&mut self, woken: &mut Vec<Turn>) {
        let Some(mut watchers) = self.watchers.take() else {
            return;
        };
        // Of two jobs that want it in the same mode, it never lets only the later one pass.
        for mode in [Mode::Shared, Mode::Exclusive] {
            let waiting = watchers.of(mode);
            while let Some(first) = waiting.first()
                && self.lets_pass(first, mode)
            {
                waiting.remove(first);
                woken.push(first);
            }
        }
        if !(watchers.shared.is_empty() && watchers.exclusive.is_empty()) {
            self.watchers = Some(watchers);
        }
    }
}

/// The locks of all unfinished jobs.
#[derive(Debug, Default)]
pub(crate) struct LockManager {
    entries: Vec<Entry>,
    numbers: HashMap<Lock, u32>,
    vacant: Vec<u32>,
    /// By level, the lock that stands for the whole of it.
    whole: HashMap<Level, u32>,
    /// Where the search for what is in the way of a whole level goes on.
    resume: usize,
    /// How many locks were looked at, for tests of the effort.
    #[cfg(test)]
    pub(crate) looks: u64,
}

impl LockManager {
    /// Gives the locks of a set their numbers.
    pub(crate) fn intern(&mut self, set: &LockSet) -> Interned {
        Interned(
            set.iter()
                .map(|(lock, mode)| Want::new(self.number(lock), mode))
                .collect(),
        )
    }

    fn number(&mut self, lock: &Lock) -> u32 {
        let number = match self.numbers.get(lock) {
            Some(number) => *number,
            None => {
                let entry = Entry::new(lock.clone());
                let number = match self.vacant.pop() {
                    Some(number) => {
                        self.entries[number as usize] = entry;
                        number
                    }
                    None => {
                        self.entries.push(entry);
                        // Two billion locks do not fit into memory.
                        u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
                    }
                };
                self.numbers.insert(lock.clone(), number);
                if lock.name.is_none() {
                    self.whole.insert(lock.level, number);
                }
                number
            }
        };
        self.entry(number).users += 1;
        number
    }

    fn entry(&mut self, number: u32) -> &mut Entry {
        &mut self.entries[number as usize]
    }

    /// Takes the numbers back. The set must be neither granted nor in the queues.
    pub(crate) fn forget(&mut self, set: Interned) {
        for want in set.0 {
            let number = want.lock();
            let entry = self.entry(number);
            entry.users -= 1;
            if entry.users == 0 {
                let lock = entry.lock.clone();
                self.numbers.remove(&lock);
                if lock.name.is_none() {
                    self.whole.remove(&lock.level);
                }
                self.vacant.push(number);
            }
        }
    }

    /// The set that the numbers stand for.
    pub(crate) fn set(&self, set: &Interned) -> LockSet {
        set.0
            .iter()
            .map(|want| {
                let lock = self.entries[want.lock() as usize].lock.clone();
                (lock, want.mode())
            })
            .collect()
    }

    /// Puts a job into the queues of its locks. Gives those behind it that may not be free any
    /// more.
    pub(crate) fn enter(&mut self, turn: Turn, set: &Interned) -> Vec<Turn> {
        let mut lost = Vec::new();
        for want in &set.0 {
            let (number, mode) = (want.lock(), want.mode());
            self.entry(number).queue(mode).insert(turn);
            let entry = &self.entries[number as usize];
            entry.overtaken(turn, mode, &mut lost);
            match self.relation(entry) {
                Relation::Alone => {}
                Relation::PartOf(whole) => {
                    let whole = &self.entries[whole as usize];
                    lost.extend(whole.shared.after(turn).chain(whole.exclusive.after(turn)));
                }
                Relation::Whole(level) => {
                    for part in self.parts(level) {
                        part.overtaken(turn, mode, &mut lost);
                    }
                }
            }
        }
        lost
    }

    /// Takes a job out of the queues of its locks. Gives those whom this lets pass somewhere;
    /// they watch nothing any more.
    pub(crate) fn leave(&mut self, turn: Turn, set: &Interned) -> Vec<Turn> {
        for want in &set.0 {
            self.entry(want.lock()).queue(want.mode()).remove(turn);
        }
        self.wake(set)
    }

    /// Hands the locks to a job that is in the queues and free (or was running before us).
    pub(crate) fn grant(&mut self, turn: Turn, set: &Interned) {
        self.take(turn.job(), set);
        // Whoever conflicts with it was held up by it in the queue and is so now: none to wake.
        for want in &set.0 {
            self.entry(want.lock()).queue(want.mode()).remove(turn);
        }
    }

    /// Makes a job a holder of locks that it has not queued for.
    pub(crate) fn take(&mut self, job: JobId, set: &Interned) {
        for want in &set.0 {
            let entry = self.entry(want.lock());
            entry.holders.insert(job);
            entry.exclusive_holders += u32::from(want.mode() == Mode::Exclusive);
        }
    }

    /// Takes granted locks back. Gives those whom this lets pass somewhere; they watch nothing any
    /// more.
    pub(crate) fn release(&mut self, job: JobId, set: &Interned) -> Vec<Turn> {
        for want in &set.0 {
            let entry = self.entry(want.lock());
            if entry.holders.remove(job) {
                entry.exclusive_holders -= u32::from(want.mode() == Mode::Exclusive);
            }
        }
        self.wake(set)
    }

    fn wake(&mut self, set: &Interned) -> Vec<Turn> {
        let mut woken = Vec::new();
        for want in &set.0 {
            self.entry(want.lock()).wake(&mut woken);
        }
        woken
    }

    /// What is in the way of a job that is in the queues, or `None` if it is free.
    pub(crate) fn obstacle(&mut self, turn: Turn, set: &Interned) -> Option<Want> {
        set.0.iter().find_map(|want| {
            let (number, mode) = (want.lock(), want.mode());
            #[cfg(test)]
            {
                self.looks += 1;
            }
            let entry = &self.entries[number as usize];
            if !entry.lets_pass(turn, mode) {
                return Some(*want);
            }
            match self.relation(entry) {
                Relation::Alone => None,
                Relation::PartOf(whole) => {
                    let passes = self.entries[whole as usize].lets_pass(turn, mode);
                    (!passes).then(|| Want::new(whole, mode))
                }
                Relation::Whole(level) => self.obstacle_within(level, turn, mode),
            }
        })
    }

    /// What is in the way of a whole level, among its parts. The search goes on where the last one
    /// ended: jobs mostly go in the order in which their locks got their numbers, and from the
    /// start it would look at every lock each time one of them has ended.
    fn obstacle_within(&mut self, level: Level, turn: Turn, mode: Mode) -> Option<Want> {
        let count = self.entries.len();
        let mut places = (0..count).map(|step| (self.resume + step) % count);
        let found = places.find(|at| {
            #[cfg(test)]
            {
                self.looks += 1;
            }
            let entry = &self.entries[*at];
            entry.users > 0 && entry.lock.level == level && !entry.lets_pass(turn, mode)
        })?;
        self.resume = found;
        Some(Want::new(u32::try_from(found).unwrap_or(u32::MAX), mode))
    }

    /// Makes a job that is not free watch what is in its way.
    pub(crate) fn watch(&mut self, turn: Turn, obstacle: Want) {
        let watchers = &mut self.entry(obstacle.lock()).watchers;
        let watchers = watchers.get_or_insert_default();
        watchers.of(obstacle.mode()).insert(turn);
    }

    /// The opposite of [`watch`](Self::watch).
    pub(crate) fn unwatch(&mut self, turn: Turn, obstacle: Want) {
        let slot = &mut self.entry(obstacle.lock()).watchers;
        if let Some(watchers) = slot {
            watchers.of(obstacle.mode()).remove(turn);
            if watchers.shared.is_empty() && watchers.exclusive.is_empty() {
                *slot = None;
            }
        }
    }

    /// Tells a person what is in the way.
    pub(crate) fn describe(&self, turn: Turn, obstacle: Want) -> Obstacle {
        let entry = &self.entries[obstacle.lock() as usize];
        let mode = obstacle.mode();
        let held = entry.exclusive_holders > 0 || mode == Mode::Exclusive;
        let shared = match mode {
            Mode::Shared => None,
            Mode::Exclusive => entry.shared.before(turn),
        };
        Obstacle {
            lock: entry.lock.clone(),
            mode,
            holders: entry.holders.iter().filter(|_| held).collect(),
            ahead: entry.exclusive.before(turn).max(shared).map(Turn::job),
        }
    }

    fn relation(&self, entry: &Entry) -> Relation {
        let level = entry.lock.level;
        match (&entry.lock.name, self.whole.get(&level)) {
            (None, _) => Relation::Whole(level),
            (Some(_), Some(whole)) => Relation::PartOf(*whole),
            (Some(_), None) => Relation::Alone,
        }
    }

    /// The locks of a level's objects.
    fn parts(&self, level: Level) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| {
            entry.users > 0 && entry.lock.level == level && entry.lock.name.is_some()
        })
    }
}

/// How a lock relates to those of its level.
enum Relation {
    /// Nobody speaks of the whole level.
    Alone,
    /// Somebody does: this is the number of that lock.
    PartOf(u32),
    /// It is the lock of the whole level.
    Whole(Level),
}

#[cfg(test)]
impl LockManager {
    /// Whether it knows no lock.
    pub(crate) fn is_empty(&self) -> bool {
        let quiet = |entry: &Entry| {
            entry.users == 0
                && entry.holders.is_empty()
                && entry.shared.is_empty()
                && entry.exclusive.is_empty()
                && entry.watchers.is_none()
        };
        self.numbers.is_empty() && self.whole.is_empty() && self.entries.iter().all(quiet)
    }
}
