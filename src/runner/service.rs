//! The runner as a process.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{CommandFactory, Parser};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::clock::now;
use crate::hypervisor::{self, InterruptKind, OpenError};
use crate::queue::JobId;
use crate::queue::client::{needs_runner, start_program};
use crate::store::{Commit, Program, RunnerBegin, RunnerLock, StateDir, Store, StoreError};

use super::mail::{Mail, Post};
use super::pool::{Done, Message, Pool};
use super::state::{Effects, Reports, State};
use super::{load, log, notify};

/// Progress and lines of running opcodes are written at most four times a second.
const REPORT_EVERY: Duration = Duration::from_millis(250);

/// After a commit has failed, or while another runner is there, it is tried again so often.
const RETRY: Duration = Duration::from_secs(1);

/// How long running verbs are given when the runner is asked to leave.
const LEAVE_WITHIN: Duration = Duration::from_secs(20);

/// How long a lock that somebody holds is tried for, before it is believed that another runner is
/// there: an import, or a runner that is just leaving, lets go sooner.
const TAKE_LOCK_WITHIN: Duration = Duration::from_millis(200);

/// Deaths of runners within a minute after which the next one is careful, and how careful at most.
const DEATHS: usize = 3;
const MAX_BACK_OFF: Duration = Duration::from_secs(60);

/// Executes the jobs of a gnt state directory. Started by the tools; not by hand.
#[derive(Debug, Parser)]
#[command(name = "gnt-runner", version)]
struct Arguments {
    /// The state directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// Stay in the foreground, for a service manager
    #[arg(long)]
    foreground: bool,
    /// Stay when there is nothing to do, and wait for another runner to leave
    #[arg(long)]
    stay: bool,
}

/// The runner's command line, for its manual page.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

/// The runner's `main`.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::note(None, &format!("{}{error}", log::FATAL));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), StoreError> {
    // While this is still the working directory of whoever named it.
    let dir = StateDir::locate(Some(&arguments.state_dir))?;
    if !arguments.foreground {
        detach();
    }
    dir.check()?;
    log::open(dir.runner_log(), arguments.foreground)?;
    let Some(lock) = take_lock_or_wait(&dir, arguments.stay)? else {
        return Ok(());
    };
    let mail = Mail::open(&dir);
    listen(mail.post());
    let mut place = Some((lock, mail));
    while let Some((lock, mail)) = place {
        let mut store = Store::open(dir.clone())?;
        store.keep_log_short()?;
        // One that has given up its place and taken it again begins anew: somebody may have
        // replaced the cluster in between.
        place = Service::begin(store, lock, mail, arguments.stay)?.serve()?;
    }
    Ok(())
}

/// Leaves the terminal, its signals and whatever files the tool that started us had open.
fn detach() {
    // Fails only where this process leads a session of its own already.
    let _ = nix::unistd::setsid();
    // No file system is kept busy by it. (Here and not by whoever starts it: a statically linked tool
    // would have to copy itself first.) It can fail only where there is no root.
    let _ = nix::unistd::chdir("/");
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    let open = std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten();
    let open: Vec<i32> = open
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        // One of them was the directory that was just read, and is closed.
        let _ = nix::unistd::close(fd);
    }
}

/// This program.
fn own_program() -> Program {
    Program::ours(std::env::current_exe().unwrap_or_default())
}

/// The lock; `None` where another runner is there and stays. A runner that is to stay itself waits until
/// the other has left.
fn take_lock_or_wait(dir: &StateDir, stay: bool) -> Result<Option<RunnerLock>, StoreError> {
    let mut told = false;
    loop {
        let lock = take_lock(dir)?;
        if lock.is_some() || !stay {
            return Ok(lock);
        }
        if !std::mem::replace(&mut told, true) {
            log::note(None, "waits for another runner to leave");
            notify::waiting();
        }
        std::thread::sleep(RETRY);
    }
}

fn take_lock(dir: &StateDir) -> Result<Option<RunnerLock>, StoreError> {
    let until = Instant::now() + TAKE_LOCK_WITHIN;
    loop {
        if let Some(lock) = RunnerLock::try_take(dir)? {
            return Ok(Some(lock));
        }
        if Instant::now() > until {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

struct Service {
    store: Store,
    lock: RunnerLock,
    state: State,
    pool: Pool,
    mail: Mail,
    /// Outcomes that are not on disk yet.
    done: Vec<Done>,
    reports: Reports,
    reported: Instant,
    look: bool,
    leaving: Option<Instant>,
    failing: bool,
    /// It does not leave because there is nothing to do.
    stay: bool,
}

impl Service {
    fn begin(
        store: Store,
        lock: RunnerLock,
        mail: Mail,
        stay: bool,
    ) -> Result<Service, StoreError> {
        // Before the epoch: one that cannot open what runs the instances has not begun, and has not
        // died.
        let settings = store.settings()?;
        let reality = store.dir().reality(settings.reality);
        let opened = hypervisor::open(&settings.driver, &reality).map_err(|error| match error {
            OpenError::Fake(error) => StoreError::Content {
                file: reality,
                what: error.to_string(),
            },
            other => StoreError::Refused(other.to_string()),
        })?;
        let opened = opened.with_notes_in(store.dir().path());
        let driver = opened.into_driver(|line| log::note(None, line));
        let begin = begin_epoch(&store, &lock, &mail)?;
        let settings = store.settings()?;
        log::note(
            None,
            &format!(
                "gnt-runner {} begins, epoch {}",
                own_program().version,
                begin.epoch
            ),
        );
        if let Err(error) = store.dir().remove_scratch() {
            log::note(None, &error.to_string());
        }
        back_off(begin.deaths_in_last_minute);
        let mut state = State::new(begin.epoch, settings);
        load::load(&mut state, &store)?;
        Ok(Service {
            pool: Pool::new(driver, store.dir().path(), mail.post()),
            store,
            lock,
            state,
            mail,
            done: vec![],
            reports: Reports::default(),
            reported: Instant::now(),
            look: true,
            leaving: None,
            failing: false,
            stay,
        })
    }

    /// Works until there is nothing to do, it is asked to leave, or another runner takes over. Gives
    /// the lock if it is to begin anew.
    fn serve(mut self) -> Result<Option<(RunnerLock, Mail)>, StoreError> {
        notify::ready();
        let mut idle_since = Instant::now();
        loop {
            match self.turn() {
                Ok(true) => idle_since = Instant::now(),
                Ok(false) => {}
                Err(StoreError::Deposed) => {
                    log::note(None, "another runner has taken over");
                    return Ok(None);
                }
                Err(error) => self.failed(&error)?,
            }
            let busy = !self.state.active.is_empty() || !self.done.is_empty();
            let rests = !busy && self.at_rest();
            if !rests {
                idle_since = Instant::now();
            }
            self.give_way_to_newer();
            if self.leaving.is_some() && (self.state.active.is_empty() || self.time_to_leave()) {
                return self.leave().map(|()| None);
            }
            let idle = Duration::from_secs(self.state.settings.limits.runner_idle);
            let mut left = idle.saturating_sub(idle_since.elapsed());
            // A queue that is held has jobs, too, and their deadlines pass.
            let may_rest = self.state.scheduler.is_idle() || self.state.deadlines.next().is_none();
            if self.stay || !may_rest {
                left = Duration::MAX;
            }
            let yields = rests && std::mem::take(&mut self.state.asked_to_yield);
            if yields {
                left = Duration::ZERO;
            }
            // Somebody may have set its patience to nothing: that is no reason to leave work.
            if rests && left.is_zero() && !self.failing {
                return self.give_up(yields);
            }
            if !rests {
                left = Duration::MAX;
            }
            self.receive(left);
        }
    }

    /// Whether lock and database are still the files at their paths.
    fn check_place(&self) -> Result<(), StoreError> {
        match self.lock.in_place(self.store.dir()) && self.store.in_place() {
            true => Ok(()),
            false => Err(StoreError::Deposed),
        }
    }

    /// Whether nothing is to be done until somebody says so.
    fn at_rest(&self) -> bool {
        let State {
            scheduler,
            settings,
            orphans,
            ..
        } = &self.state;
        scheduler.is_idle()
            || (settings.held && scheduler.running().all(|id| orphans.contains(&id)))
    }

    /// Collects messages: waits for the first, takes those that have arrived meanwhile.
    fn receive(&mut self, idle_left: Duration) {
        let report_in = match self.reports.is_empty() {
            true => Duration::from_secs(1),
            false => REPORT_EVERY.saturating_sub(self.reported.elapsed()),
        };
        let wait = match self.failing {
            true => RETRY,
            false if self.state.scheduler.more_wait() => Duration::ZERO,
            false => {
                (report_in.min(idle_left).min(self.until_deadline())).max(Duration::from_millis(1))
            }
        };
        match self.mail.wait(wait) {
            Some(message) => self.take(message),
            // The net under the events, and a lock or database that is no longer in place.
            None => self.look = true,
        }
        let arrived: Vec<Message> = self.mail.arrived().collect();
        for message in arrived {
            self.take(message);
        }
    }

    /// How long it is until the next deadline. The clock may be moved meanwhile; it is asked again
    /// whenever the runner wakes, every second at least.
    fn until_deadline(&self) -> Duration {
        let next = self.state.deadlines.next();
        let left = next.map(|at| u64::try_from(at.saturating_sub(now())).unwrap_or(0));
        left.map_or(Duration::MAX, Duration::from_micros)
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Done(done) => self.done.push(*done),
            Message::Log {
                job,
                index,
                time,
                text,
            } => self.reports.lines.push((job, index, time, text)),
            Message::Progress {
                job,
                index,
                progress,
            } => {
                self.reports.progress.insert(job, (index, progress));
            }
            Message::Look => self.look = true,
            Message::Leave => {
                if self.leaving.is_none() {
                    log::note(None, "asked to leave");
                    self.leaving = Some(Instant::now());
                }
            }
        }
    }

    /// One turn: takes notice, decides, commits, acts. Tells whether anything was done.
    fn turn(&mut self) -> Result<bool, StoreError> {
        if std::mem::take(&mut self.look) {
            self.check_place()?;
            for job in load::news(&mut self.state, &self.store)? {
                if let Some(active) = self.state.active.get(&job) {
                    active.interrupt.raise(InterruptKind::Cancel);
                }
            }
        }
        let start_more = self.leaving.is_none();
        let first = match start_more {
            true => self.state.scheduler.next(),
            false => None,
        };
        let report = !self.reports.is_empty() && self.reported.elapsed() >= REPORT_EVERY;
        let orphans = !self.state.orphans.is_empty() && start_more && !self.state.settings.held;
        let waiting = self.state.scheduler.take_newly_waiting();
        let due = self.state.deadlines.is_due(now());
        let nothing = first.is_none() && self.done.is_empty() && waiting.is_empty() && !due;
        if nothing && !report && !orphans {
            return Ok(false);
        }
        let Service {
            store,
            state,
            done,
            reports,
            ..
        } = self;
        let effects = store.write(Commit::Step, |tx| {
            state.step(tx, first, &waiting, done, reports, start_more)
        })?;
        self.done.clear();
        self.reports = Reports::default();
        self.reported = Instant::now();
        if self.failing {
            log::note(None, "the database takes commits again");
            self.failing = false;
        }
        self.act(effects);
        Ok(true)
    }

    /// What follows a commit.
    fn act(&mut self, mut effects: Effects) {
        self.state.committed(&mut effects);
        for node in effects.offline {
            for active in self.state.active.values() {
                let kind = InterruptKind::NodeOffline(node.clone());
                active.interrupt.raise(kind);
            }
        }
        for job in effects.canceling {
            if let Some(active) = self.state.active.get(&job) {
                active.interrupt.raise(InterruptKind::Cancel);
            }
        }
        for task in effects.tasks {
            self.pool.run(task);
        }
        // Children that were just inserted, dependents, and the like.
        self.look = true;
    }

    /// A commit has failed: nothing was written. Memory is made anew from the disk; what the workers
    /// have goes on, and what they have handed over is kept.
    fn failed(&mut self, error: &StoreError) -> Result<(), StoreError> {
        if !self.failing {
            log::note(
                None,
                &format!("cannot commit, trying every second: {error}"),
            );
        }
        self.failing = true;
        self.check_place()?;
        std::thread::sleep(RETRY);
        load::load(&mut self.state, &self.store)
    }

    fn time_to_leave(&self) -> bool {
        self.leaving
            .is_some_and(|since| since.elapsed() >= LEAVE_WITHIN)
    }

    /// Leaves: what still runs goes on in reality, and the next runner adopts it.
    fn leave(mut self) -> Result<(), StoreError> {
        let on_their_way: Vec<(JobId, u32)> = (self.state.active.iter())
            .map(|(job, active)| (*job, active.index))
            .collect();
        for active in self.state.active.values() {
            active.interrupt.raise(InterruptKind::Leave);
        }
        let until = Instant::now() + Duration::from_secs(1);
        while !self.state.active.is_empty() && Instant::now() < until {
            self.receive(Duration::from_millis(50));
            // Those that ended well at the last moment are still written down.
            for done in &self.done {
                if done
                    .finished
                    .as_ref()
                    .is_err_and(|failure| failure.left_behind)
                {
                    self.state.active.remove(&done.job);
                }
            }
            if let Err(error) = self.turn() {
                log::note(None, &format!("leaving without a last commit: {error}"));
                break;
            }
        }
        log::note(None, "leaves");
        notify::stopping();
        self.store.tidy_wakes();
        let dir = self.store.dir().clone();
        // One that stays is started anew by whoever wants it to stay.
        let successor = self.newer_program().filter(|_| !self.stay);
        self.end(&on_their_way)?;
        // The lock is free now.
        if let Some(program) = successor {
            log::note(None, &format!("version {} takes over", program.version));
            if let Err(error) = start_program(&dir, program.path) {
                log::note(None, &error.to_string());
            }
        }
        Ok(())
    }

    /// A newer program that is to be the runner.
    fn newer_program(&self) -> Option<Program> {
        let wanted = self.state.settings.wanted_program.clone()?;
        wanted.is_newer_than(&own_program()).then_some(wanted)
    }

    /// Leaves as when asked to, if a newer program is to take over.
    fn give_way_to_newer(&mut self) {
        if self.leaving.is_none() && self.newer_program().is_some() {
            log::note(None, "a newer program is to take over");
            self.leaving = Some(Instant::now());
        }
    }

    /// Nothing to do for a while: gives up the lock, then looks once more, so that no job is left
    /// lying that came between. Gives the lock if there was one. Whoever yields leaves the deadlines of a
    /// queue that is held to the next one.
    fn give_up(self, yields: bool) -> Result<Option<(RunnerLock, Mail)>, StoreError> {
        let Service {
            store,
            lock,
            state,
            mail,
            ..
        } = self;
        store.shorten_log();
        store.write(Commit::GiveUp, |tx| tx.end_runner(state.epoch))?;
        drop(lock);
        if (yields && store.settings()?.held) || !needs_runner(&store)? {
            store.tidy_wakes();
            log::note(None, "nothing to do, ends");
            notify::stopping();
            return Ok(None);
        }
        Ok(take_lock(store.dir())?.map(|lock| (lock, mail)))
    }

    fn end(self, on_their_way: &[(JobId, u32)]) -> Result<(), StoreError> {
        let epoch = self.state.epoch;
        self.store.shorten_log();
        self.store.write(Commit::Leave, |tx| {
            tx.end_runner(epoch)?;
            // Nobody died of them.
            for (job, index) in on_their_way {
                tx.op_left(*job, *index)?;
            }
            Ok(())
        })
    }
}

/// Begins this runner's time. Where the disk is full it is tried again every second: a runner that
/// gave up would only be followed by the next one.
fn begin_epoch(store: &Store, lock: &RunnerLock, mail: &Mail) -> Result<RunnerBegin, StoreError> {
    let program = own_program();
    let mut told = false;
    loop {
        let error = match store.write(Commit::Begin, |tx| tx.begin_runner(&program)) {
            Err(error @ StoreError::Full(_)) => error,
            other => return other,
        };
        let asked_to_leave = mail.arrived().any(|m| matches!(m, Message::Leave));
        if asked_to_leave || !lock.in_place(store.dir()) || !store.in_place() {
            return Err(error);
        }
        if !std::mem::replace(&mut told, true) {
            log::note(None, &format!("cannot begin, trying every second: {error}"));
        }
        std::thread::sleep(RETRY);
    }
}

/// After several deaths in a minute the next runner waits before it tries again what may have killed
/// them.
fn back_off(deaths: usize) {
    if deaths < DEATHS {
        return;
    }
    let exponent = u32::try_from(deaths - DEATHS).unwrap_or(u32::MAX).min(6);
    let pause = Duration::from_secs(1 << exponent).min(MAX_BACK_OFF);
    log::note(
        None,
        &format!(
            "{deaths} runners died within a minute: waits {} s",
            pause.as_secs()
        ),
    );
    std::thread::sleep(pause);
}

/// A thread that turns signals into messages.
fn listen(post: Post) {
    let mut signals = match Signals::new([SIGHUP, SIGINT, SIGTERM]) {
        Ok(signals) => signals,
        Err(error) => {
            log::note(None, &format!("signals are not handled: {error}"));
            return;
        }
    };
    let listen = move || {
        for _ in signals.forever() {
            if !post.send(Message::Leave) {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("signals".into());
    if let Err(error) = thread.stack_size(128 << 10).spawn(listen) {
        log::note(None, &format!("no thread for signals: {error}"));
    }
}
