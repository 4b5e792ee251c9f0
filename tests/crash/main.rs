//! The crash tester: random stories of a cluster to which everything happens, and what must hold all
//! the same.
//!
//! A story is made from its seed: a small cluster, operators who submit and steer at random
//! (`load`), calamities that befall runner, clients and files (`calamity`). While it is told an
//! observer reads the database after every commit and holds each picture (`picture`) against the one
//! before it (`motion`); at its end everything is repaired that the simulator's faults broke, and
//! what is left is held against what the clients were told (`answers`) and what the simulator did
//! (`rest`). All of this reads the tables with SQL of its own, so that it shares no mistake with the
//! program; the program's own check, `gnt-cluster verify-config`, has to agree.
//!
//! Which of all that happens in one story is chosen first, so that stories differ as much as they can.
//!
//! | Variable | |
//! |---|---|
//! | `GNT_SEED` | tells one story |
//! | `GNT_SEEDS` | how many are told |
//! | `GNT_FIRST_SEED` | where they begin |
//! | `GNT_AT_ONCE` | how many are told at the same time |
//!
//! A story that breaks says its seed and keeps its directory with a journal of its steps. The seed
//! fixes what is tried and when, not how the processes get on with each other, so it may take several
//! tries to see the same again.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "a test may end where it finds something amiss, and reads what tools have printed"
)]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod calamity;
mod damage;
mod dependencies;
mod disk;
mod effects;
mod journal;
mod load;
mod motion;
mod picture;
mod purged;
mod rest;
mod spare;
mod steering;
mod story;
mod wakes;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Stories within `cargo test`: about a minute on two cores.
const USUALLY: u64 = 60;

/// How many are told at the same time: most of a story is waiting.
const AT_ONCE: u64 = 4;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn nothing_is_lost() {
    let (first, count) = match number("GNT_SEED") {
        Some(seed) => (seed, 1),
        None => (
            number("GNT_FIRST_SEED").unwrap_or(0),
            number("GNT_SEEDS").unwrap_or(USUALLY),
        ),
    };
    let begun = Instant::now();
    let next = AtomicU64::new(first);
    let broken = Mutex::new(vec![]);
    let counts: Mutex<story::Counts> = Mutex::default();
    let tell = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return;
            }
            match catch_unwind(AssertUnwindSafe(|| story::tell(seed))) {
                Ok(more) => counts.lock().unwrap().add(more),
                Err(_) => {
                    eprintln!("broken: GNT_SEED={seed}");
                    broken.lock().unwrap().push(seed);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..number("GNT_AT_ONCE").unwrap_or(AT_ONCE) {
            scope.spawn(tell);
        }
    });
    let took = begun.elapsed().as_secs_f64();
    println!("{count} stories in {took:.0} s");
    let counts = counts.into_inner().unwrap();
    for (what, times) in counts.happened {
        println!("{times:8} {what}");
    }
    let missed = counts.hits.iter().filter(|(_, times)| **times == 0);
    let missed: Vec<&str> = missed.map(|(point, _)| point.as_str()).collect();
    let points = counts.hits.len();
    println!("{points} failpoints, never hit: {missed:?}");
    let broken = broken.into_inner().unwrap();
    assert!(
        broken.is_empty(),
        "end badly (GNT_SEED tells one again): {broken:?}"
    );
}
