//! One story, from its seed to the judgement.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gnt::admin::{Existing, Founding, NewReality, found, simulator};
use gnt::cluster::sample::sample;
use gnt::hypervisor::CopyState;
use gnt::hypervisor::Snapshot;
use gnt::hypervisor::fake::FakeSettings;
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::answers::{Answers, Client, ids_told};
use crate::calamity::{CALAMITIES, Calamity};
use crate::common::{Lab, Running};
use crate::disk::Disk;
use crate::journal::Journal;
use crate::load::{Command, KINDS, Kind, Load, What};
use crate::motion::{MAX_STARTS, Observer};
use crate::picture::{ERROR, Eye, Op, Picture, is_final};
use crate::rest::{Rest, astray, guests};
use crate::spare::Spare;
use crate::steering::Steering;
use crate::wakes::Wakes;

/// How often the observer asks whether something was committed.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Clients at the same time: as many as still leave time to each other.
const MOST_CLIENTS: usize = 6;

/// Nothing takes longer when all that kept it has been cleared away.
const PATIENCE: Duration = Duration::from_secs(60);

/// One repair may be the condition of the next, as of a copy that is not in sync.
const MOST_REPAIRS: u32 = 8;

/// No sync of a story takes so long.
const SYNC_TIME: Duration = Duration::from_secs(2);

/// Jobs that each story ends with, when nothing befalls anybody any more.
const CALM_JOBS: u32 = 2;

/// While a story waits for its end it sees to a runner so often, as any tool does.
const NUDGE_EVERY: Duration = Duration::from_millis(300);

/// What one story is like.
struct Mix {
    nodes: usize,
    instances: usize,
    steps: u32,
    /// Of all steps, how many are calamities.
    share: f64,
    calamities: Vec<Calamity>,
    /// The longest pause between two steps, in milliseconds.
    pause: u64,
}

/// A client on its way: what was asked, by which signals it was disturbed.
pub struct Asked {
    pub command: Command,
    pub signals: Vec<Signal>,
    /// How many jobs were known when it was asked.
    known: usize,
}

pub struct Story<'a> {
    pub lab: &'a Lab,
    pub journal: &'a Journal,
    pub random: StdRng,
    pub clients: Vec<(Asked, Running)>,
    /// Runners that were started by hand.
    pub runners: Vec<std::process::Child>,
    /// Stopped processes, and until when.
    pub asleep: Vec<(nix::unistd::Pid, Instant)>,
    /// How often the runner was killed within what it takes for a minute.
    pub deaths: u32,
    pub steering: Steering,
    /// Something dies, or is stopped, without a signal of ours.
    pub disk_failed: bool,
    pub dies_by_itself: bool,
    pub stops_by_itself: bool,
    pub disk: Option<&'a Disk>,
    pub full_until: Option<Instant>,
    ended: Vec<Client>,
    load: Load,
    mix: Mix,
    /// The simulator was told to make things fail.
    pub faulty: bool,
}

/// How often what happened, and how often each failpoint was hit.
#[derive(Default)]
pub struct Counts {
    pub happened: BTreeMap<&'static str, u64>,
    pub hits: BTreeMap<String, u64>,
}

impl Counts {
    pub fn add(&mut self, other: Counts) {
        for (what, times) in other.happened {
            *self.happened.entry(what).or_default() += times;
        }
        for (point, times) in other.hits {
            *self.hits.entry(point).or_default() += times;
        }
    }
}

/// Tells the story of a seed.
pub fn tell(seed: u64) -> Counts {
    let mut lab = Lab::new();
    let steering = Steering::new(&mut lab);
    let journal = Journal::new(&lab.temp.path().join("journal"));
    journal.say(&format!("GNT_SEED={seed}"));
    match catch_unwind(AssertUnwindSafe(|| tell_in(&lab, &journal, steering, seed))) {
        Ok(hits) => Counts {
            happened: journal.counts(),
            hits: hits.into_iter().collect(),
        },
        Err(panic) => {
            lab.temp.disable_cleanup(true);
            eprintln!("GNT_SEED={seed}: see {}", lab.temp.path().display());
            resume_unwind(panic)
        }
    }
}

/// Some of a list, at least one.
fn some<T: Copy>(random: &mut StdRng, of: &[T], share: f64) -> Vec<T> {
    let mut chosen: Vec<T> = (of.iter().copied())
        .filter(|_| random.random_bool(share))
        .collect();
    if chosen.is_empty() {
        chosen.extend(of.choose(random));
    }
    chosen
}

fn tell_in(lab: &Lab, journal: &Journal, steering: Steering, seed: u64) -> Vec<(String, u64)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut mix = Mix {
        nodes: random.random_range(3..=5),
        instances: random.random_range(2..=10),
        steps: random.random_range(12..=40),
        share: random.random_range(0.1..0.5),
        calamities: some(&mut random, &CALAMITIES, 0.4),
        pause: *[2, 10, 30].choose(&mut random).unwrap_or(&10),
    };
    let mut kinds = some(&mut random, &KINDS, 0.5);
    // Most stories are without faults, and are judged the more strictly.
    if random.random_bool(0.6) {
        kinds.retain(|kind| *kind != Kind::Fault);
    }
    if !kinds
        .iter()
        .any(|k| matches!(k, Kind::Batch | Kind::Node | Kind::Instance))
    {
        kinds.push(Kind::Batch);
        kinds.push(Kind::Node);
    }
    journal.say(&format!(
        "{} nodes, {} instances, {kinds:?}, {:?}",
        mix.nodes, mix.instances, mix.calamities
    ));
    let disk = small_disk(lab, journal, &mut mix, &mut random);
    settle_down(lab, &mut random, &mix);
    let eye = Eye::open(&lab.dir.database()).unwrap();
    let sentry = Sentry::posted(lab, kinds.contains(&Kind::Import));
    let mut story = Story {
        lab,
        journal,
        load: Load::new(kinds, mix.nodes, mix.instances),
        random,
        clients: vec![],
        runners: vec![],
        asleep: vec![],
        deaths: 0,
        steering,
        disk_failed: false,
        dies_by_itself: false,
        stops_by_itself: false,
        disk: disk.as_ref(),
        full_until: None,
        ended: vec![],
        mix,
        faulty: false,
    };
    let watched = Watched::default();
    let mut observer = std::thread::scope(|scope| {
        let observer = scope.spawn(|| watched.observe(sentry, journal));
        let told = catch_unwind(AssertUnwindSafe(|| story.run(&watched, &eye)));
        watched.over.store(true, Ordering::Relaxed);
        let observer = observer.join().unwrap();
        match told {
            Ok(()) => observer,
            Err(panic) => resume_unwind(panic),
        }
    });
    watched.check();
    let laws = observer
        .remember_purged(lab.temp.path())
        .and_then(|()| story.judge(&eye, &observer));
    if let Err(law) = laws {
        journal.say(&format!("BROKEN {law}"));
        panic!("{law}");
    }
    story.steering.hits()
}

/// Few stories have a disk that can be filled: it costs seconds.
fn small_disk(lab: &Lab, journal: &Journal, mix: &mut Mix, random: &mut StdRng) -> Option<Disk> {
    let wanted = mix.calamities.contains(&Calamity::FillDisk) && random.random_bool(0.3);
    if !wanted {
        mix.calamities.retain(|c| *c != Calamity::FillDisk);
        return None;
    }
    let disk = Disk::mount(lab.path());
    journal.count(match disk.is_some() {
        true => "stories on a small disk",
        false => "full disk skipped: mounting is not allowed",
    });
    disk
}

/// Makes the cluster.
fn settle_down(lab: &Lab, random: &mut StdRng, mix: &Mix) {
    let mut millis = || random.random_range(0..25_u64);
    let simulator = FakeSettings {
        start: millis(),
        stop: millis(),
        reboot: millis(),
        migrate: millis(),
        sync: millis(),
        sync_per_gib: 0,
    };
    let founding = Founding {
        config: sample("demo", mix.nodes, mix.instances, 0.0).unwrap(),
        reality: NewReality::Simulated(simulator),
        queue_limit: random.random_bool(0.2).then(|| random.random_range(4..30)),
        max_running_jobs: random.random_bool(0.3).then(|| random.random_range(1..6)),
        allocators: None,
    };
    found(&lab.dir, &founding, Existing::Keep, "{}").unwrap();
    if random.random_bool(0.3) {
        let idle = random.random_range(0..=1_u32).to_string();
        lab.run(["gnt-cluster", "modify", "--runner-idle", &idle])
            .exits(0);
    }
}

/// What story and observer tell each other.
#[derive(Default)]
struct Watched {
    over: AtomicBool,
    /// Nothing befalls anybody any more.
    calm: AtomicBool,
    broken: Mutex<Option<String>>,
}

/// An observer at his post.
struct Sentry {
    observer: Observer,
    wakes: Wakes,
    eye: Eye,
}

impl Sentry {
    /// Takes his time, and has to see the story from its beginning. In some stories another cluster
    /// takes the place of the one that is there.
    fn posted(lab: &Lab, replaced: bool) -> Sentry {
        let mut sentry = Sentry {
            observer: Observer::new(replaced),
            wakes: Wakes::of(&lab.dir),
            eye: Eye::open(&lab.dir.database()).unwrap(),
        };
        sentry.observer.look(&sentry.eye).unwrap();
        sentry
    }
}

impl Watched {
    /// Looks after every commit until the story is over, and once more.
    fn observe(&self, sentry: Sentry, journal: &Journal) -> Observer {
        let Sentry {
            mut observer,
            mut wakes,
            eye,
        } = sentry;
        let mut version = None;
        loop {
            let over = self.over.load(Ordering::Relaxed);
            let calm = self.calm.load(Ordering::Relaxed);
            let heard = wakes.hear();
            let now = eye.version().ok();
            let mut law = Ok(());
            if over || now != version {
                version = now;
                law = observer.look(&eye);
                wakes.must_follow(&observer.moved, &heard);
                wakes.look_ahead(observer.last().last_job);
            }
            if calm {
                wakes.calm(journal);
            }
            let complete = law.and_then(|()| Ok(over && wakes.complete()?));
            match complete {
                Ok(false) => std::thread::sleep(LOOK_EVERY),
                Ok(true) => return observer,
                Err(law) => {
                    journal.say(&format!("BROKEN {law}"));
                    *self.broken.lock().unwrap() = Some(law);
                    return observer;
                }
            }
        }
    }

    fn check(&self) {
        if let Some(law) = self.broken.lock().unwrap().as_ref() {
            panic!("{law}");
        }
    }
}

impl Drop for Story<'_> {
    fn drop(&mut self) {
        for runner in &mut self.runners {
            // It may have ended.
            let _ = runner.kill();
            let _ = runner.wait();
        }
    }
}

impl Story<'_> {
    pub fn happens(&self, what: &'static str) {
        self.journal.say(what);
        self.journal.count(what);
    }

    fn run(&mut self, watched: &Watched, eye: &Eye) {
        for _ in 0..self.mix.steps {
            watched.check();
            self.wake(false);
            self.reap();
            let calamity = self.random.random_bool(self.mix.share);
            match self.mix.calamities.choose(&mut self.random) {
                Some(which) if calamity => {
                    let which = *which;
                    self.befall(which);
                }
                _ => self.ask(),
            }
            let pause = self.random.random_range(0..=self.mix.pause);
            std::thread::sleep(Duration::from_millis(pause));
        }
        self.end(watched, eye);
    }

    /// Somebody does something.
    fn ask(&mut self) {
        if self.clients.len() >= MOST_CLIENTS {
            return;
        }
        let dir = self.lab.temp.path().to_owned();
        let command = self.load.next(&mut self.random, Path::new(&dir));
        // Declaring a node dead that is not leaves those in doubt who deal with it.
        let dead = command.words.windows(2).any(|w| w == ["--offline", "yes"]);
        self.faulty |= dead || command.words[1] == "fault";
        let running = self.spawn(&command);
        let short = command.short;
        let asked = Asked {
            command,
            signals: vec![],
            known: self.load.ids.len(),
        };
        if short && self.asleep.is_empty() && !self.stops_by_itself {
            self.finish(asked, running);
        } else {
            self.clients.push((asked, running));
        }
    }

    fn spawn(&self, command: &Command) -> Running {
        let running = self.lab.spawn(&command.words);
        self.journal
            .say(&format!("{}: {}", running.id(), command.words.join(" ")));
        self.journal.count("commands");
        running
    }

    /// Collects who has ended.
    fn reap(&mut self) {
        (self.runners).retain_mut(|runner| matches!(runner.try_wait(), Ok(None)));
        let mut at = 0;
        while at < self.clients.len() {
            if self.clients[at].1.is_over() {
                let (asked, running) = self.clients.swap_remove(at);
                self.finish(asked, running);
            } else {
                at += 1;
            }
        }
    }

    fn finish(&mut self, asked: Asked, running: Running) {
        let id = running.id();
        let output = running.finish();
        let mut asked = asked;
        if self.dies_by_itself && output.killed {
            asked.signals.push(Signal::SIGKILL);
        }
        let (ids, _) = ids_told(&asked.command, &output.stdout);
        self.journal
            .say(&format!("{id} ended with {}, told of {ids:?}", output.code));
        self.load.ids.extend(ids);
        if let (What::Export(file), 0) = (&asked.command.what, output.code) {
            std::fs::write(file, &output.stdout).unwrap();
        }
        if let (What::Backup(file), 0) = (&asked.command.what, output.code) {
            self.check_backup(file, asked.known);
        }
        self.ended.push(Client {
            command: asked.command,
            output,
            signals: asked.signals,
        });
    }

    /// Makes a cluster of a backup, beside the story, and looks at it.
    fn check_backup(&self, file: &Path, known: usize) {
        self.happens("backup restored");
        let spare = Spare {
            file,
            known: &self.load.ids[..known],
            faulty: self.faulty,
        };
        if let Err(law) = spare.check() {
            self.journal.say(&format!("BROKEN {law}"));
            panic!("{}: {law}", file.display());
        }
        std::fs::remove_file(file).unwrap();
    }

    /// Runs a tool of which the story needs the effect.
    fn must_run(&self, words: &[&str]) {
        self.journal.say(&words.join(" "));
        let output = self.lab.run(words);
        assert_eq!(output.code, 0, "{words:?}: {output:#?}");
    }

    /// Clears away what keeps jobs from ending, and waits for all of them and for all clients.
    fn end(&mut self, watched: &Watched, eye: &Eye) {
        self.journal.say("the end");
        self.disarm();
        self.steering.version(None);
        self.let_time_pass();
        self.wake(true);
        if self.faulty {
            self.must_run(&["gnt-debug", "fault", "clear"]);
        }
        self.must_run(&["gnt-cluster", "modify", "--queue-limit", "5000"]);
        let until = Instant::now() + PATIENCE;
        // Who was slow may hold or drain the queue, or submit something, even now.
        while !self.clients.is_empty() {
            self.rest(watched, eye);
            assert!(Instant::now() < until, "clients do not end");
            std::thread::sleep(Duration::from_millis(1));
            self.wake(true);
            self.reap();
        }
        // Or have switched a fault on that nothing hangs on yet.
        if self.faulty {
            self.must_run(&["gnt-debug", "fault", "clear"]);
        }
        self.rest(watched, eye);
        self.repair(watched, eye);
        // From now on nobody dies or stands still, so whoever commits has to wake who waits.
        watched.calm.store(true, Ordering::Relaxed);
        for _ in 0..CALM_JOBS {
            self.must_run(&["gnt-debug", "delay", "0"]);
        }
    }

    /// Waits until no job is unfinished. Only tools start a runner, so one looks from time to time.
    fn rest(&mut self, watched: &Watched, eye: &Eye) {
        let until = Instant::now() + PATIENCE;
        let mut nudge = Instant::now();
        loop {
            watched.check();
            let picture = eye.look().unwrap();
            for (key, verb) in [("held", "release"), ("drained", "undrain")] {
                if picture.settings.get(key).is_some_and(|set| *set != 0) {
                    self.must_run(&["gnt-cluster", "queue", verb]);
                }
            }
            let unfinished = picture.jobs.iter().filter(|(_, job)| !is_final(job.status));
            let unfinished: Vec<_> = unfinished.map(|(id, _)| *id).collect();
            if unfinished.is_empty() {
                return;
            }
            assert!(
                Instant::now() < until,
                "jobs {unfinished:?} do not end: {picture:#?}"
            );
            if Instant::now() >= nudge {
                self.lab.run(["gnt-job", "list", "--pending"]);
                // A client that was slow may have switched one on after the others were cleared.
                if self.faulty {
                    self.must_run(&["gnt-debug", "fault", "clear"]);
                }
                nudge = Instant::now() + NUDGE_EVERY;
                // One may have come to its failpoint just before that was disarmed.
                self.wake(true);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Brings order into what the simulator's faults have left, as an operator would. Without faults
    /// there is nothing to do.
    fn repair(&mut self, watched: &Watched, eye: &Eye) {
        let nodes: Vec<String> = (eye.objects("node").unwrap().into_values())
            .filter(|node| node["offline"] == true)
            .filter_map(|node| Some(node["name"].as_str()?.to_owned()))
            .collect();
        for node in nodes {
            self.must_run(&["gnt-node", "modify", "-f", "--offline", "no", &node]);
        }
        if !self.lenient(&eye.look().unwrap()) {
            return;
        }
        for round in 0.. {
            let reality = self.reality_at_rest();
            let guests = guests(eye).unwrap();
            let wrong = astray(&guests, &reality, true);
            if wrong.is_empty() {
                return;
            }
            assert!(round < MOST_REPAIRS, "cannot be repaired: {wrong:?}");
            self.journal.say(&format!("to be repaired: {wrong:?}"));
            for (uuid, guest) in &guests {
                let name = &guest.name;
                let now = reality
                    .instances
                    .get(uuid.as_str())
                    .cloned()
                    .unwrap_or_default();
                let runs = !now.running_on.is_empty();
                let gone = format!("{name} has no copies");
                let line: &[&str] = if guest.uncertain {
                    &["gnt-instance", "migrate", "-f", "--cleanup", name]
                } else if wrong.contains(&gone) {
                    // Its removal was broken off.
                    &["gnt-instance", "remove", "-f", name]
                } else if guest.up && !runs {
                    &["gnt-instance", "startup", name]
                } else if !guest.up && runs {
                    &["gnt-instance", "shutdown", name]
                } else if wrong
                    .iter()
                    .any(|text| text.starts_with(&format!("{name} has copies")))
                {
                    &["gnt-instance", "replace-disks", "--auto", name]
                } else {
                    continue;
                };
                let output = self.lab.run(line);
                self.journal.say(&format!("{line:?}: {output:?}"));
            }
            self.rest(watched, eye);
        }
    }

    /// Reality when the copies that are on their way by themselves have arrived, or do not.
    fn reality_at_rest(&self) -> Snapshot {
        let until = Instant::now() + SYNC_TIME;
        loop {
            let store = self.lab.store();
            let reality = simulator(&store).unwrap().snapshot().unwrap();
            let mut copies = reality.instances.values().flat_map(|now| &now.copies);
            let syncs = copies.any(|(_, state)| matches!(state, CopyState::Syncing(_)));
            if !syncs || Instant::now() >= until {
                return reality;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Whether something was broken that only an operator can put in order: by a fault, or since an
    /// opcode was given up after the last death of a runner.
    fn lenient(&self, picture: &Picture) -> bool {
        let given_up = |op: &Op| op.starts >= MAX_STARTS && op.status == ERROR;
        self.faulty || picture.ops.values().any(given_up)
    }

    /// Holds everything against everything.
    fn judge(&self, eye: &Eye, observer: &Observer) -> Result<(), String> {
        let log = std::fs::read_to_string(self.lab.dir.runner_log()).unwrap_or_default();
        if log.contains("panicked") {
            return Err("the runner panicked".to_owned());
        }
        let rest = Rest {
            lab: self.lab,
            eye,
            observer,
            faulty: self.lenient(observer.last()),
            replaced: self.load.imports > 0,
        };
        rest.check()?;
        let answers = Answers::new(
            eye,
            observer,
            self.lenient(observer.last()),
            self.disk_failed || self.disk.is_some(),
        );
        for client in &self.ended {
            answers.check(client)?;
        }
        Ok(())
    }
}
