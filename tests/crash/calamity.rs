//! What befalls runner, clients and files.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::RngExt;
use rand::seq::IndexedRandom;

use crate::damage::Damaged;
use crate::steering::Deed;
use crate::story::Story;

/// Kinds of calamities. Each story has some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calamity {
    /// The runner is killed.
    KillRunner,
    /// The runner is asked to leave.
    EndRunner,
    /// The runner is stopped for a while.
    StopRunner,
    /// A client is killed.
    KillClient,
    /// A client is interrupted.
    EndClient,
    /// A client is stopped for a while.
    StopClient,
    /// Runner and clients are killed.
    KillAll,
    /// Two runners are started at once.
    TwoRunners,
    /// The runner's lock file is removed.
    RemoveLock,
    /// The runner's log is removed.
    RemoveLog,
    /// A lock file of the writers' queue is removed.
    RemoveGate,
    /// The wall clock is set.
    MoveClock,
    /// Some process dies at a failpoint.
    DieAtPoint,
    /// Some process is stopped at a failpoint, or goes on late.
    StopAtPoint,
    /// The disk or the driver fails at a failpoint.
    FailAtPoint,
    /// The next tools are of another version.
    OtherVersion,
    /// A copy of everything is damaged, and used.
    Damage,
    /// The disk is full, if it is one that can be filled.
    FillDisk,
}

pub const CALAMITIES: [Calamity; 18] = [
    Calamity::KillRunner,
    Calamity::EndRunner,
    Calamity::StopRunner,
    Calamity::KillClient,
    Calamity::EndClient,
    Calamity::StopClient,
    Calamity::KillAll,
    Calamity::TwoRunners,
    Calamity::RemoveLock,
    Calamity::RemoveLog,
    Calamity::RemoveGate,
    Calamity::MoveClock,
    Calamity::DieAtPoint,
    Calamity::StopAtPoint,
    Calamity::FailAtPoint,
    Calamity::OtherVersion,
    Calamity::Damage,
    Calamity::FillDisk,
];

/// Three deaths within a minute make the next runner wait for seconds. So before a third one the
/// clock is moved by more than a minute.
const MOST_DEATHS: u32 = 2;
const A_MINUTE_LATER: i64 = 70;

const AN_HOUR: i64 = 3_600;

/// What other programs there are.
const VERSIONS: [Option<&str>; 4] = [None, Some("0.0.9"), Some("0.2.0"), Some("99.0.0")];

/// How long a process is stopped: mostly not for long, so that a story goes on.
const NAP: std::ops::Range<u64> = 5..150;
const LONG_NAP: std::ops::Range<u64> = 1_000..3_000;

impl Story<'_> {
    /// Lets something happen; it may find nobody whom it could befall.
    pub fn befall(&mut self, calamity: Calamity) {
        match calamity {
            Calamity::KillRunner => self.signal_runner(Signal::SIGKILL),
            Calamity::EndRunner => self.signal_runner(Signal::SIGTERM),
            Calamity::StopRunner => {
                if let Some(pid) = self.lab.runner_pid() {
                    self.stop(pid, "runner stopped");
                }
            }
            Calamity::KillClient => self.signal_client(Signal::SIGKILL),
            Calamity::EndClient => {
                let signals = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
                let signal = *signals.choose(&mut self.random).unwrap_or(&Signal::SIGTERM);
                self.signal_client(signal);
            }
            Calamity::StopClient => {
                let pids: Vec<u32> = self.clients.iter().map(|(_, c)| c.id()).collect();
                if let Some(pid) = pids.choose(&mut self.random) {
                    self.stop(Pid::from_raw(pid.cast_signed()), "client stopped");
                }
            }
            Calamity::KillAll => {
                for at in 0..self.clients.len() {
                    self.signal_client_at(at, Signal::SIGKILL);
                }
                self.signal_runner(Signal::SIGKILL);
            }
            Calamity::TwoRunners => {
                self.happens("two runners started");
                for _ in 0..2 {
                    self.start_runner();
                }
            }
            Calamity::RemoveLock => {
                if fs::remove_file(self.lab.dir.runner_lock()).is_ok() {
                    self.happens("lock removed");
                }
            }
            Calamity::RemoveLog => {
                if fs::remove_file(self.lab.dir.runner_log()).is_ok() {
                    self.happens("log removed");
                }
            }
            Calamity::RemoveGate => {
                let gates = self.lab.dir.gates();
                let gate = gates.choose(&mut self.random);
                if gate.is_some_and(|gate| fs::remove_file(gate).is_ok()) {
                    self.happens("gate removed");
                }
            }
            Calamity::MoveClock => {
                let seconds = match self.random.random_bool(0.5) {
                    true => AN_HOUR,
                    false => -AN_HOUR,
                };
                self.steering.move_clock(seconds);
                self.happens("clock moved");
            }
            Calamity::DieAtPoint => {
                self.let_time_pass();
                self.deaths += 1;
                self.arm(Deed::Kill);
            }
            Calamity::StopAtPoint => {
                let deed = match self.random.random_bool(0.5) {
                    true => Deed::Stop,
                    false => Deed::Pause,
                };
                self.arm(deed);
            }
            Calamity::FailAtPoint => self.arm(Deed::Fail),
            Calamity::OtherVersion => {
                let version = *VERSIONS.choose(&mut self.random).unwrap_or(&None);
                self.steering.version(version);
                self.journal.say(&format!("version {version:?}"));
                self.happens("version changed");
            }
            Calamity::Damage => self.damage_a_copy(),
            Calamity::FillDisk => self.fill_disk(),
        }
    }

    /// Deaths so far are forgotten.
    pub fn let_time_pass(&mut self) {
        if self.deaths >= MOST_DEATHS {
            self.steering.move_clock(A_MINUTE_LATER);
            self.deaths = 0;
        }
    }

    fn arm(&mut self, deed: Deed) {
        if let Some(order) = self.steering.arm(&mut self.random, deed) {
            self.journal.say(&order.text);
            self.faulty |= deed == Deed::Fail && order.of_driver;
            self.disk_failed |= deed == Deed::Fail;
            self.dies_by_itself |= deed == Deed::Kill;
            self.stops_by_itself |= deed == Deed::Stop;
        }
    }

    /// Nothing happens at failpoints any more.
    pub fn disarm(&mut self) {
        for deed in self.steering.disarm() {
            self.happens(match deed {
                Deed::Kill => "killed at a failpoint",
                Deed::Stop => "stopped at a failpoint",
                Deed::Pause => "paused at a failpoint",
                Deed::Fail => "failed at a failpoint",
            });
        }
    }

    fn damage_a_copy(&mut self) {
        let damaged = Damaged::copy(self.lab, &mut self.random);
        self.journal.say(&damaged.text);
        self.happens("copy damaged");
        let journal = self.journal;
        let law = damaged.check(self.lab, &mut self.random, |text| journal.say(text));
        if let Err(law) = law {
            panic!("{law}");
        }
    }

    fn fill_disk(&mut self) {
        let Some(disk) = self.disk else {
            return;
        };
        disk.fill();
        // The simulator's machines are on the same disk, and fail with it.
        self.faulty = true;
        let nap = Duration::from_millis(self.random.random_range(NAP));
        self.full_until = Some(Instant::now() + nap);
        self.happens("disk filled");
    }

    fn start_runner(&mut self) {
        let words = ["gnt-runner", "--state-dir"];
        let mut runner = self.lab.command(words);
        runner.arg(self.lab.path());
        runner.stdout(Stdio::null()).stderr(Stdio::null());
        let runner = runner.spawn().unwrap();
        self.journal.say(&format!("runner {} started", runner.id()));
        self.runners.push(runner);
    }

    fn signal_runner(&mut self, signal: Signal) {
        let Some(pid) = self.lab.runner_pid() else {
            return;
        };
        self.let_time_pass();
        // It may have ended since it was seen.
        if kill(pid, signal).is_ok() {
            self.deaths += u32::from(signal == Signal::SIGKILL);
            self.happens(match signal {
                Signal::SIGKILL => "runner killed",
                _ => "runner asked to leave",
            });
        }
    }

    fn signal_client(&mut self, signal: Signal) {
        if !self.clients.is_empty() {
            let at = self.random.random_range(0..self.clients.len());
            self.signal_client_at(at, signal);
        }
    }

    fn signal_client_at(&mut self, at: usize, signal: Signal) {
        let (client, running) = &mut self.clients[at];
        if running.is_over() {
            return;
        }
        client.signals.push(signal);
        running.signal(signal);
        let text = format!("{signal} to {}", running.id());
        self.journal.say(&text);
        self.happens(match signal {
            Signal::SIGKILL => "client killed",
            _ => "client interrupted",
        });
    }

    fn stop(&mut self, pid: Pid, what: &'static str) {
        if kill(pid, Signal::SIGSTOP).is_err() {
            return;
        }
        let range = match self.random.random_bool(0.03) {
            true => LONG_NAP,
            false => NAP,
        };
        let nap = Duration::from_millis(self.random.random_range(range));
        self.journal.say(&format!("{pid} stopped for {nap:?}"));
        self.asleep.push((pid, Instant::now() + nap));
        self.happens(what);
    }

    /// Lets those go on whose time has come, and gives back the room on the disk.
    pub fn wake(&mut self, everybody: bool) {
        let now = Instant::now();
        if self
            .full_until
            .is_some_and(|until| until <= now || everybody)
        {
            self.full_until = None;
            self.disk.inspect(|disk| disk.empty());
            self.journal.say("disk emptied");
        }
        if self.stops_by_itself {
            for pid in self.lab.stopped_pids() {
                if !self.asleep.iter().any(|(known, _)| *known == pid) {
                    let nap = Duration::from_millis(self.random.random_range(NAP));
                    self.asleep.push((pid, now + nap));
                }
            }
        }
        self.asleep.retain(|(pid, until)| {
            let stays = *until > now && !everybody;
            if !stays {
                // It may have been killed meanwhile.
                let _ = kill(*pid, Signal::SIGCONT);
            }
            stays
        });
    }
}
