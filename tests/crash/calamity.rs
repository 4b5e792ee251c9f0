//! What befalls runner, clients and files.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::RngExt;
use rand::seq::IndexedRandom;

use crate::common::tool;
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
}

pub const CALAMITIES: [Calamity; 10] = [
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
];

/// Three deaths within a minute make the next runner wait for seconds.
const MOST_DEATHS: u32 = 2;

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
        }
    }

    fn start_runner(&mut self) {
        let runner = Command::new(tool("gnt-runner"))
            .arg("--state-dir")
            .arg(self.lab.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let runner = runner.unwrap();
        self.journal.say(&format!("runner {} started", runner.id()));
        self.runners.push(runner);
    }

    fn signal_runner(&mut self, signal: Signal) {
        if signal == Signal::SIGKILL && self.deaths >= MOST_DEATHS {
            return;
        }
        let Some(pid) = self.lab.runner_pid() else {
            return;
        };
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

    /// Lets those go on whose time has come.
    pub fn wake(&mut self, everybody: bool) {
        let now = Instant::now();
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
