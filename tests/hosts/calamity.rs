//! What befalls an evacuation of real guests, and what has to hold when it is over.
//!
//! | Variable | |
//! |---|---|
//! | `GNT_SEED` | tells one story of each calamity |
//! | `GNT_SEEDS` | how many of each are told |
//! | `GNT_FIRST_SEED` | where they begin |
//! | `GNT_AT_ONCE` | how many are told at the same time |
//! | `GNT_CALAMITY` | which calamities, by a part of their name |
//!
//! A seed fixes the guests, the moment, whom it befalls and for how long; how the processes get on with each
//! other it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gnt::hypervisor::Progress;
use gnt::queue::JobId;
use gnt_lab::{Cable, Guest, Process};
use nix::sys::signal::{Signal, kill};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use crate::common::Running;
use crate::site::{Fate, PATIENCE, Sight, Site};

/// Where the guests are.
const SOURCE: &str = "node1";

/// Where they go.
const TARGETS: [&str; 2] = ["node2", "node3"];

/// MiB a second of each migration: the quickest then takes a second, the slowest five.
const BANDWIDTH: u32 = 8;

/// Longer than hosts believe in each other that do not answer (28 s).
const LONG: std::ops::Range<u64> = 32_000..40_000;
const SHORT: std::ops::Range<u64> = 200..5_000;

/// Stories of each calamity within `cargo test`.
const USUALLY: u64 = 1;

/// How many are told at the same time: most of a story is waiting.
const AT_ONCE: u64 = 4;

/// What befalls an evacuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Calamity {
    KillRunner,
    KillDrivers,
    KillClient,
    KillSourceDaemon,
    KillTargetDaemon,
    KillSourceGuest,
    KillTargetGuest,
    SourceOff,
    TargetOff,
    PullSourceCable,
    PullTargetCable,
    StopSourceDaemon,
    StopTargetDaemon,
}

const CALAMITIES: [Calamity; 13] = [
    Calamity::KillRunner,
    Calamity::KillDrivers,
    Calamity::KillClient,
    Calamity::KillSourceDaemon,
    Calamity::KillTargetDaemon,
    Calamity::KillSourceGuest,
    Calamity::KillTargetGuest,
    Calamity::SourceOff,
    Calamity::TargetOff,
    Calamity::PullSourceCable,
    Calamity::PullTargetCable,
    Calamity::StopSourceDaemon,
    Calamity::StopTargetDaemon,
];

impl Calamity {
    /// Whether it befalls nobody but ourselves.
    fn is_ours(self) -> bool {
        [Self::KillRunner, Self::KillDrivers, Self::KillClient].contains(&self)
    }

    /// Whether it goes on for a while.
    fn lasts(self) -> bool {
        !self.is_ours() && ![Self::KillSourceGuest, Self::KillTargetGuest].contains(&self)
    }
}

/// When it comes.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after the evacuation was asked for.
    After(Duration),
    /// When the guest that is furthest is so far.
    Percent(f64),
    /// So long after some guest has nearly arrived: they arrive one after the other.
    NearlyThere(Duration),
}

/// Who may be off afterwards, since it was killed itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Toll {
    Nobody,
    /// Those that stand on this host now.
    AllOn(String),
    /// This one, if it stands on this host now.
    OneOn(String, String),
}

impl Toll {
    fn fate(&self, guest: &str, sight: &Sight) -> Fate {
        let hit = match self {
            Toll::Nobody => false,
            Toll::AllOn(node) => sight.node == *node,
            Toll::OneOn(one, node) => guest == one && sight.node == *node,
        };
        match hit {
            true => Fate::MayBeOff,
            false => Fate::Lives,
        }
    }
}

/// One evacuation to which something happens.
struct Story {
    site: Site,
    calamity: Calamity,
    seed: u64,
    random: StdRng,
    began: Instant,
    /// What happened, in order.
    journal: Vec<String>,
}

/// How a story ended.
struct End {
    faults: Vec<String>,
    /// From the end of the calamity until nothing was done any more.
    settled: Duration,
    verdict: String,
}

/// Four guests that take one to five seconds.
fn guests(random: &mut StdRng) -> Vec<Guest> {
    let mut fills = [8, 16, 26, 40];
    fills.shuffle(random);
    (fills.iter().enumerate())
        .map(|(at, fill)| {
            let mut guest = Guest::new(&format!("web{}", at + 1));
            (guest.memory, guest.fill) = (48, *fill);
            (guest.window, guest.rate) = (4, random.random_range(0..3));
            guest
        })
        .collect()
}

impl Story {
    fn new(calamity: Calamity, seed: u64) -> Option<Story> {
        let mut random = StdRng::seed_from_u64(seed * 64 + calamity as u64);
        let guests = guests(&mut random);
        let site = Site::new("calamities", 1 + TARGETS.len(), guests)?;
        Some(Story {
            site,
            calamity,
            seed,
            random,
            began: Instant::now(),
            journal: vec![],
        })
    }

    fn note(&mut self, what: impl std::fmt::Display) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.journal.push(format!("{seconds:7.2} {what}"));
    }

    fn evacuate(&self, request: &str) -> Running {
        let line = format!(
            "gnt-node evacuate -f --json --bandwidth {BANDWIDTH} --request-id {request} {SOURCE}"
        );
        self.site.spawn(&line)
    }

    fn moment(&mut self) -> Moment {
        match self.random.random_range(0..10) {
            0..2 => Moment::After(Duration::from_millis(self.random.random_range(0..800))),
            2..7 => Moment::Percent(self.random.random_range(1.0..90.0)),
            _ => Moment::NearlyThere(Duration::from_millis(self.random.random_range(0..1500))),
        }
    }

    /// How far the guest is that is furthest.
    fn percent(&self) -> f64 {
        let all = (JobId(1), JobId(1000));
        let told = self.site.state.store().progress_between(all.0, all.1);
        (told.unwrap().iter())
            .filter_map(|(_, _, text)| serde_json::from_str::<Progress>(text).ok()?.percent)
            .fold(0.0, f64::max)
    }

    /// Waits for the moment, or for the end of the evacuation, which may come first.
    fn wait_for(&mut self, moment: Moment, client: &mut Running) {
        let least = match moment {
            Moment::After(_) => 0.0,
            Moment::Percent(percent) => percent,
            Moment::NearlyThere(_) => 90.0,
        };
        let until = Instant::now() + PATIENCE;
        while self.percent() < least && !client.is_over() {
            assert!(Instant::now() < until, "no guest gets to {least} %");
            std::thread::sleep(Duration::from_millis(5));
        }
        if let Moment::After(time) | Moment::NearlyThere(time) = moment {
            std::thread::sleep(time);
        }
    }

    /// Lets it happen, for a while where it lasts.
    fn befall(&mut self, client: &Running, outage: Duration) -> Toll {
        let target = (*TARGETS.choose(&mut self.random).unwrap()).to_owned();
        let source = SOURCE.to_owned();
        match self.calamity {
            Calamity::KillRunner => {
                if let Some(runner) = self.site.state.runner_pid() {
                    let _ = kill(runner, Signal::SIGKILL);
                }
                Toll::Nobody
            }
            Calamity::KillDrivers => {
                let mut drivers = self.site.driver_pids();
                drivers.shuffle(&mut self.random);
                drivers.truncate(self.random.random_range(1..=drivers.len().max(1)));
                self.note(format!("{} drivers", drivers.len()));
                for driver in drivers {
                    let _ = kill(driver, Signal::SIGKILL);
                }
                Toll::Nobody
            }
            Calamity::KillClient => {
                client.signal(Signal::SIGKILL);
                Toll::Nobody
            }
            Calamity::KillSourceDaemon => self.kill_daemon(&source, outage),
            Calamity::KillTargetDaemon => self.kill_daemon(&target, outage),
            Calamity::StopSourceDaemon => self.stop_daemon(&source, outage),
            Calamity::StopTargetDaemon => self.stop_daemon(&target, outage),
            Calamity::PullSourceCable => self.pull(&source, outage),
            Calamity::PullTargetCable => self.pull(&target, outage),
            Calamity::SourceOff => self.switch_off(&source, outage),
            Calamity::TargetOff => self.switch_off(&target, outage),
            Calamity::KillSourceGuest => self.kill_guest(&source),
            Calamity::KillTargetGuest => self.kill_guest(&target),
        }
    }

    fn kill_daemon(&mut self, node: &str, outage: Duration) -> Toll {
        self.note(format!("the daemon of {node} is killed"));
        let node = self.site.node(node);
        node.signal(Process::Libvirtd, "KILL").unwrap();
        std::thread::sleep(outage);
        node.start_libvirtd().unwrap();
        Toll::Nobody
    }

    fn stop_daemon(&mut self, node: &str, outage: Duration) -> Toll {
        self.note(format!("the daemon of {node} stands still"));
        let node = self.site.node(node);
        node.signal(Process::Libvirtd, "STOP").unwrap();
        std::thread::sleep(outage);
        node.signal(Process::Libvirtd, "CONT").unwrap();
        Toll::Nobody
    }

    fn pull(&mut self, node: &str, outage: Duration) -> Toll {
        self.note(format!("the cable of {node} is pulled"));
        let node = self.site.node(node);
        node.cable(Cable::Pulled).unwrap();
        std::thread::sleep(outage);
        node.cable(Cable::Plugged).unwrap();
        Toll::Nobody
    }

    fn switch_off(&mut self, node: &str, outage: Duration) -> Toll {
        self.note(format!("{node} is switched off"));
        let at = self
            .site
            .hosts
            .nodes()
            .iter()
            .position(|n| n.name() == node);
        let at = at.unwrap() + 1;
        self.site.hosts.node_mut(at).power_off().unwrap();
        std::thread::sleep(outage);
        self.site.hosts.node_mut(at).power_on().unwrap();
        Toll::AllOn(node.to_owned())
    }

    /// Kills the qemu of one of the guests that have one there.
    fn kill_guest(&mut self, node: &str) -> Toll {
        let mut there = self.site.node(node).running().unwrap();
        there.shuffle(&mut self.random);
        for guest in there {
            let killed = (self.site.node(node)).signal(Process::Guest(&guest), "KILL");
            if killed.is_ok() {
                self.note(format!("{guest} is killed on {node}"));
                return Toll::OneOn(guest, node.to_owned());
            }
        }
        self.note(format!("there is no guest on {node}"));
        Toll::Nobody
    }

    /// Tells it.
    fn tell(&mut self) -> End {
        let moment = self.moment();
        let outage = match self.seed % 2 {
            0 => SHORT,
            _ => LONG,
        };
        let outage = Duration::from_millis(self.random.random_range(outage));
        self.note(format!("{moment:?}, for {:.1} s", outage.as_secs_f64()));
        let mut client = self.evacuate("first");
        self.wait_for(moment, &mut client);
        let (percent, over) = (self.percent(), client.is_over());
        self.note(format!(
            "it comes at {percent:.0} %{}",
            if over { ", too late" } else { "" }
        ));
        let toll = self.befall(&client, outage);
        let since = Instant::now();
        self.note("it is over");
        let mut output = client.finish_within(PATIENCE);
        if output.killed {
            output = self.evacuate("first").finish_within(PATIENCE);
        }
        self.note(format!("the client ends with {}", output.code));
        self.site.wait_until_idle();
        let settled = since.elapsed();
        self.note("nothing is done any more");
        let document = output.json();
        let announced = self.announced();
        let mut faults = self.untrue(&document, output.code, &announced);
        if !announced.is_empty() {
            self.note(format!("what is left is told: {announced:?}"));
            // Guests that were killed are missed.
            self.site.run("gnt-cluster verify");
        }
        let is_short = outage.as_millis() < u128::from(SHORT.end) || !self.calamity.lasts();
        if self.calamity.is_ours() && document["verdict"] != "done" {
            faults.push(format!("the hosts were well: {document}"));
        }
        if is_short && !(announced.is_empty() && self.uncertain().is_empty()) {
            faults.push("the hosts were silent for a moment only".to_owned());
        }
        let uncertain = self.uncertain();
        if !uncertain.is_empty() {
            self.note(format!("nobody knew what became of {uncertain:?}"));
            // As cron does, now that all hosts answer again.
            let output = self.site.run("gnt-cluster watcher run --json");
            let still = self.uncertain();
            if !still.is_empty() {
                faults.push(format!("{still:?} are still uncertain: {output:#?}"));
            }
        }
        faults.extend(self.site.faults(|name, sight| toll.fate(name, sight)));
        if faults.is_empty() {
            // Nothing is in the way of another try.
            self.note("once more");
            let output = self.evacuate("second").finish_within(PATIENCE);
            self.site.wait_until_idle();
            let document = output.json();
            if document["verdict"] != "done" {
                faults.push(format!("the second evacuation: {document}"));
            }
            faults.extend(self.untrue(&document, output.code, &BTreeSet::new()));
            let off = |_: &str, _: &Sight| match toll {
                Toll::Nobody => Fate::Lives,
                _ => Fate::MayBeOff,
            };
            faults.extend(self.site.faults(off));
        }
        End {
            faults,
            settled,
            verdict: document["verdict"].as_str().unwrap_or_default().to_owned(),
        }
    }

    fn uncertain(&self) -> Vec<String> {
        let config = self.site.state.store().config().unwrap();
        let uncertain = config.instances_by_name();
        let uncertain = uncertain.filter(|instance| instance.uncertain.is_some());
        uncertain.map(|instance| instance.name.clone()).collect()
    }

    /// Where moves may have left something, as their jobs say: `gnt-cluster verify` removes that.
    fn announced(&self) -> BTreeSet<(String, String)> {
        let log = self.site.jobs_told();
        let lines = log.lines().filter_map(|line| {
            let (node, rest) = line.split_once(" does not answer: it may still have ")?;
            let node = node.rsplit(' ').next()?.to_owned();
            Some((rest.split(',').next()?.to_owned(), node))
        });
        lines.collect()
    }

    /// What a client was told that is not so. Of what was left on a side of a move it need not know if that
    /// was `announced`.
    fn untrue(
        &self,
        document: &Value,
        code: i32,
        announced: &BTreeSet<(String, String)>,
    ) -> Vec<String> {
        let sights = self.site.sights().unwrap();
        let uncertain = self.uncertain();
        let mut untrue = vec![];
        let mut succeeded = 0;
        let results = document["results"].as_array().cloned().unwrap_or_default();
        for result in &results {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (name, status) = (text(&result["instance"]), text(&result["status"]));
            let (from, to) = (
                text(&result["moves"][0]["from"]),
                text(&result["moves"][0]["to"]),
            );
            let on = sights.get(&name).cloned().unwrap_or_default();
            let is_left = |sight: &Sight| {
                let told = announced.contains(&(name.clone(), sight.node.clone()));
                told && sight.state != "running"
            };
            let mut on: Vec<Sight> = on;
            if on.len() > 1 {
                on.retain(|sight| !is_left(sight));
            }
            let on: Vec<String> = on.into_iter().map(|sight| sight.node).collect();
            let is_true = match status.as_str() {
                "success" => on == [to],
                _ if uncertain.contains(&name) => result["error"]["code"] == "unknown_outcome",
                _ if says(result, "has moved to") => on == [to],
                _ => on == [from],
            };
            succeeded += usize::from(status == "success");
            if !is_true {
                untrue.push(format!("{name} is on {on:?}; it was told: {result}"));
            }
        }
        let verdict = match (succeeded, results.len()) {
            (0, 0) => document["verdict"].as_str().unwrap_or_default(),
            (0, _) => "failed",
            (some, all) if some == all => "done",
            _ => "partial",
        };
        if document["verdict"] != verdict || (code == 0) != (verdict == "done") {
            untrue.push(format!(
                "the verdict should be {verdict}, the code {code}: {document}"
            ));
        }
        untrue
    }
}

fn says(result: &Value, what: &str) -> bool {
    let message = result["error"]["message"].as_str();
    message.is_some_and(|message| message.contains(what))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Tells one, and whether it ended well.
fn tell(calamity: Calamity, seed: u64) -> Option<bool> {
    let mut story = Story::new(calamity, seed)?;
    let end = catch_unwind(AssertUnwindSafe(|| story.tell()));
    let took = story.began.elapsed().as_secs();
    let (faults, told) = match end {
        Ok(end) => (
            end.faults,
            format!(
                "{}, settled in {:.0} s",
                end.verdict,
                end.settled.as_secs_f64()
            ),
        ),
        Err(_) => (vec!["it panicked".to_owned()], String::new()),
    };
    let well = faults.is_empty();
    let how = if well { "well" } else { "BROKEN" };
    eprintln!(
        "{calamity:?} {seed}: {how}, {told}, {took} s; {}",
        story.journal.join("; ")
    );
    if !well {
        let told = catch_unwind(AssertUnwindSafe(|| story.site.told()));
        eprintln!("{faults:#?}\n{}", told.unwrap_or_default());
        eprintln!("broken: GNT_CALAMITY={calamity:?} GNT_SEED={seed}");
    }
    Some(well)
}

#[test]
fn whatever_befalls_an_evacuation_no_guest_is_lost_or_runs_twice() {
    let (first, count) = match number("GNT_SEED") {
        Some(seed) => (seed, 1),
        None => (
            number("GNT_FIRST_SEED").unwrap_or(0),
            number("GNT_SEEDS").unwrap_or(USUALLY),
        ),
    };
    let named = std::env::var("GNT_CALAMITY").unwrap_or_default();
    let stories: Vec<(Calamity, u64)> = (CALAMITIES.iter())
        .filter(|calamity| format!("{calamity:?}").contains(&named))
        .flat_map(|calamity| (first..first + count).map(|seed| (*calamity, seed)))
        .collect();
    assert!(!stories.is_empty(), "no story is of {named:?}");
    let next = AtomicUsize::new(0);
    let ends: Mutex<BTreeMap<Calamity, Vec<(u64, bool)>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..number("GNT_AT_ONCE").unwrap_or(AT_ONCE) {
            scope.spawn(|| {
                while let Some((calamity, seed)) = stories.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let Some(well) = tell(*calamity, *seed) else {
                        return;
                    };
                    ends.lock()
                        .unwrap()
                        .entry(*calamity)
                        .or_default()
                        .push((*seed, well));
                }
            });
        }
    });
    let ends = ends.into_inner().unwrap();
    let mut broken = vec![];
    for (calamity, ends) in &ends {
        let bad = ends.iter().filter(|(_, well)| !well);
        let bad: Vec<u64> = bad.map(|(seed, _)| *seed).collect();
        println!("{calamity:?}: {} stories, broken: {bad:?}", ends.len());
        broken.extend(
            bad.iter()
                .map(|seed| format!("GNT_CALAMITY={calamity:?} GNT_SEED={seed}")),
        );
    }
    assert!(broken.is_empty(), "end badly: {broken:#?}");
}
