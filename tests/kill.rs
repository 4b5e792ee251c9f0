//! The runner is killed at random moments: nothing is lost, doubled or done twice, and the client
//! that waits notices nothing of it.
//!
//! `GNT_SEEDS` says how many such stories are told (200 if it is not set), `GNT_SEED` tells a single
//! one again.

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{Lab, Running};
use gnt::admin::simulator;
use gnt::hypervisor::fake::{Outcome, Verb};
use gnt::queue::{JobId, Status};
use nix::sys::signal::{Signal, kill};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// How many stories are told at the same time.
const AT_ONCE: usize = 4;

/// Three deaths within a minute make the next runner wait.
const MOST_DEATHS: u32 = 2;

const COMMANDS: [&[&str]; 5] = [
    &["gnt-node", "evacuate", "-f", "--json", "node1"],
    &["gnt-node", "evacuate", "-f", "--json", "-p", "node1"],
    &["gnt-node", "evacuate", "-f", "--json", "-s", "node1"],
    &["gnt-node", "failover", "-f", "--json", "node1"],
    &["gnt-node", "migrate", "-f", "--json", "node1"],
];

/// Kills whatever runner there is after so long, unless the client has ended by then. Tells whether
/// one was killed.
fn kill_after(lab: &Lab, client: &mut Running, pause: Duration, signal: Signal) -> bool {
    let at = Instant::now() + pause;
    while Instant::now() < at {
        if client.is_over() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    while !client.is_over() {
        if let Some(pid) = lab.runner_pid() {
            // It may have ended since it was seen.
            return kill(pid, signal).is_ok();
        }
    }
    false
}

fn story(seed: u64) -> u32 {
    let mut random = StdRng::seed_from_u64(seed);
    let lab = Lab::sample(4, 16, random.random_range(20..=60));
    let words = COMMANDS[random.random_range(0..COMMANDS.len())];
    let leaving = lab.primaries("node1");
    let mut client = lab.spawn(words);
    let mut deaths = 0;
    for _ in 0..random.random_range(1..=MOST_DEATHS) {
        let pause = Duration::from_micros(random.random_range(0..80_000));
        let signal = match random.random_bool(0.5) {
            true => Signal::SIGKILL,
            false => Signal::SIGTERM,
        };
        deaths += u32::from(kill_after(&lab, &mut client, pause, signal));
    }
    let output = client.finish();
    assert_eq!(output.code, 0, "{words:?}: {output:#?}");
    let document = output.json();
    assert_eq!(document["verdict"], "done");

    // No child is lost or doubled: those in the parent's answer are all that there are.
    let parent = JobId(document["job"].as_i64().unwrap());
    let jobs = lab.store().jobs().unwrap();
    assert!(jobs.iter().all(|job| job.status == Status::Success));
    let answers = document["jobs"].as_array().unwrap().iter();
    let told: Vec<JobId> = answers.map(|a| JobId(a[1].as_i64().unwrap())).collect();
    let children: Vec<JobId> = lab.children(parent).iter().map(|job| job.id).collect();
    assert_eq!(told, children);
    assert_eq!(jobs.len(), 1 + children.len());
    let instances = document["results"].as_array().unwrap().iter();
    let instances: Vec<&str> = instances.map(|r| r["instance"].as_str().unwrap()).collect();
    assert_eq!(instances.iter().collect::<BTreeSet<_>>().len(), told.len());

    // Everything is where it should be, and nothing was done twice.
    lab.verify_clean();
    let stays = words.contains(&"-s");
    let expected = if stays { leaving } else { BTreeSet::new() };
    assert_eq!(lab.primaries("node1"), expected);
    let log = simulator(&lab.store()).unwrap().log().unwrap();
    let mut done = BTreeSet::new();
    for deed in log.iter().filter(|d| d.outcome == Some(Outcome::Done)) {
        let once = matches!(deed.verb, Verb::Migrate | Verb::Start | Verb::Sync);
        let new = done.insert((deed.verb.word(), deed.instance.as_str()));
        assert!(new || !once, "twice: {deed:?}");
    }
    deaths
}

#[test]
fn killed_at_any_moment() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    if let Some(seed) = number("GNT_SEED") {
        story(seed);
        return;
    }
    let seeds = number("GNT_SEEDS").unwrap_or(200);
    let next = AtomicU64::new(0);
    let deaths = AtomicU64::new(0);
    let tell = || {
        let mut broken = vec![];
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return broken;
            }
            match std::panic::catch_unwind(|| story(seed)) {
                Ok(died) => deaths.fetch_add(died.into(), Ordering::Relaxed),
                Err(_) => {
                    eprintln!("broken: GNT_SEED={seed}");
                    broken.push(seed);
                    0
                }
            };
        }
    };
    let broken: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(tell)).collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    assert!(
        broken.is_empty(),
        "end badly (GNT_SEED tells one again): {broken:?}"
    );
    // The stories are worth nothing if the runner was never met.
    let deaths = deaths.into_inner();
    assert!(
        deaths >= seeds * 3 / 4,
        "{deaths} deaths in {seeds} stories"
    );
}
