//! A tool's way to the queue.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::allocator::external::Allocators;
use crate::executable;
use crate::failpoints;
use crate::opcodes::{ErrorCode, OpError};
use crate::store::{
    Commit, EventKind, Program, Settings, StateDir, Store, StoreError, runner_alive,
};

use super::submit::{Answers, NewJob, Origin, submit_many};
use super::submitter::Submitter;
use super::types::JobId;

/// The program that executes the jobs.
const RUNNER: &str = "gnt-runner";

/// A tool with an open queue.
#[derive(Debug)]
pub struct Client {
    store: Store,
    submitter: String,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// The jobs were looked at one by one.
    Answers(Answers),
    /// A job of this request id was there already: this one.
    Joined(JobId),
}

/// Why the runner could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the runner {} could not be started: {error}", program.display())]
pub struct NoRunner {
    /// What was tried.
    pub program: PathBuf,
    /// What the system said.
    #[source]
    pub error: io::Error,
}

impl Client {
    /// Opens the queue of a state directory for the tool of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(dir: StateDir, tool: &str) -> Result<Client, StoreError> {
        Ok(Client {
            store: Store::open(dir)?,
            submitter: Submitter::current(tool).to_json(),
        })
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// From now on the log is moved into the database whenever it has grown, as the runner does it:
    /// for a tool that writes much.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_log_short(&mut self) -> Result<(), StoreError> {
        self.store.keep_log_short()
    }

    /// Who submits, as JSON.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.submitter
    }

    /// Submits jobs. Those with an id are on disk when this returns. With a request id that a job
    /// has already, nothing is submitted.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was submitted then.
    pub fn submit(
        &self,
        jobs: Vec<NewJob>,
        request: Option<&str>,
    ) -> Result<Submitted, StoreError> {
        let origin = Origin {
            parent: None,
            submitter: &self.submitter,
            request,
        };
        self.store.write(Commit::Submit, |tx| {
            if let Some(name) = request
                && let Some(id) = self.store.job_by_request(name)?
            {
                return Ok(Submitted::Joined(id));
            }
            Ok(Submitted::Answers(submit_many(tx, jobs, &origin)?))
        })
    }

    /// Submits one job.
    ///
    /// # Errors
    /// The refusal, or [`StoreError`].
    pub fn submit_one(
        &self,
        job: NewJob,
        request: Option<&str>,
    ) -> Result<Result<JobId, OpError>, StoreError> {
        Ok(match self.submit(vec![job], request)? {
            Submitted::Joined(id) => Ok(id),
            Submitted::Answers(answers) => answers
                .into_iter()
                .next()
                .unwrap_or_else(|| Err(OpError::prereq(ErrorCode::InternalError, "no answer"))),
        })
    }

    /// Sees to it that a runner is there if there is work for one.
    ///
    /// # Errors
    /// [`NoRunner`] when it is needed and cannot be started; the jobs stay queued.
    pub fn ensure_runner(&self) -> Result<(), NoRunner> {
        let settings = self.store.settings();
        let idle = || needs_runner(&self.store).is_ok_and(|needed| !needed);
        if matches!(runner_alive(self.store.dir()), Ok(true)) {
            if let Ok(settings) = settings
                && let Some(ours) = newer_runner(&settings)
                && !idle()
            {
                self.want(&ours);
            }
            return Ok(());
        }
        match idle() {
            true => Ok(()),
            false => start_runner(self.store.dir()),
        }
    }

    /// Asks a runner that is older than this tool to give way to the one beside this tool. It does so
    /// when its running verbs allow; until then it goes on as it is, so nothing is lost if this fails.
    fn want(&self, ours: &Program) {
        let _ = self.store.write(Commit::WantProgram, |tx| {
            tx.want_program(ours)?;
            tx.record(
                &EventKind::Upgrade,
                None,
                Some(&ours.version),
                &self.submitter,
            )
        });
    }

    /// Takes no more jobs, or takes them again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_drained(&self, drained: bool) -> Result<(), StoreError> {
        let kind = if drained {
            EventKind::Drain
        } else {
            EventKind::Undrain
        };
        self.store.write(Commit::Drain, |tx| {
            tx.set_drained(drained)?;
            tx.record(&kind, None, None, &self.submitter)
        })
    }

    /// Starts no more jobs, or starts them again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_held(&self, held: bool) -> Result<(), StoreError> {
        let kind = if held {
            EventKind::Hold
        } else {
            EventKind::Release
        };
        self.store.write(Commit::Hold, |tx| {
            tx.set_held(held)?;
            tx.record(&kind, None, None, &self.submitter)
        })
    }

    /// Lets the watcher do nothing until a moment, in microseconds since 1970, or lets it go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_watcher_pause(&self, until: Option<i64>) -> Result<(), StoreError> {
        let kind = match until {
            Some(_) => EventKind::WatcherPause,
            None => EventKind::WatcherContinue,
        };
        self.store.write(Commit::WatcherPause, |tx| {
            tx.set_watcher_pause(until)?;
            tx.record(&kind, None, None, &self.submitter)
        })
    }

    /// Notes how far a rolling maintenance is, or that there is none any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_rolling(&self, text: Option<&str>) -> Result<(), StoreError> {
        (self.store).write(Commit::Rolling, |tx| tx.set_rolling(text))
    }

    /// Sets how long verbs may take, by name, in milliseconds; the others stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_verb_limits(&self, set: &BTreeMap<String, u64>) -> Result<(), StoreError> {
        let mut limits = self.store.settings()?.verb_limits;
        limits.extend(set.clone());
        self.store.write(Commit::VerbLimits, |tx| {
            tx.set_verb_limits(&limits)?;
            let value = format!("verb_limits={limits:?}");
            tx.record(&EventKind::Limits, None, Some(&value), &self.submitter)
        })
    }

    /// Sets what is set about external allocators.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_allocators(&self, allocators: &Allocators) -> Result<(), StoreError> {
        self.store.write(Commit::Allocators, |tx| {
            tx.set_allocators(allocators)?;
            let value = serde_json::json!({ "allocators": allocators }).to_string();
            tx.record(&EventKind::Limits, None, Some(&value), &self.submitter)
        })
    }

    /// Changes the queue's limits; what is `None` stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_limits(
        &self,
        queue_limit: Option<u64>,
        max_running_jobs: Option<u64>,
        runner_idle: Option<u64>,
    ) -> Result<(), StoreError> {
        self.store.write(Commit::Limits, |tx| {
            tx.set_limits(queue_limit, max_running_jobs, runner_idle)?;
            let value = format!(
                "queue_limit={queue_limit:?} max_running_jobs={max_running_jobs:?} runner_idle={runner_idle:?}"
            );
            tx.record(&EventKind::Limits, None, Some(&value), &self.submitter)
        })
    }
}

/// Whether there is work for a runner: jobs, or where the queue is held deadlines that are to be held to.
///
/// # Errors
/// [`StoreError`].
pub fn needs_runner(store: &Store) -> Result<bool, StoreError> {
    match store.settings()?.held {
        true => store.awaits_deadline(),
        false => Ok(store.unfinished_count()? > 0),
    }
}

/// Starts a runner unless one is there: detached from this process's terminal, directory and files.
///
/// # Errors
/// [`NoRunner`].
pub fn start_runner(dir: &StateDir) -> Result<(), NoRunner> {
    start_program(dir, runner_program())
}

/// Starts this program as the runner unless one is there.
///
/// # Errors
/// [`NoRunner`].
pub fn start_program(dir: &StateDir, program: PathBuf) -> Result<(), NoRunner> {
    if matches!(runner_alive(dir), Ok(true)) {
        return Ok(());
    }
    let mut command = Command::new(&program);
    command
        .arg("--state-dir")
        .arg(dir.path())
        .env_clear()
        .envs(executable::ENVIRONMENT)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.envs(failpoints::environment());
    let spawned = command.spawn();
    // The child is not waited for: it leaves this process's session at once and outlives it.
    spawned
        .map(drop)
        .map_err(|error| NoRunner { program, error })
}

/// The program beside this tool, if it is newer than the runner, which does not know of it yet.
fn newer_runner(settings: &Settings) -> Option<Program> {
    let running = settings.program.as_ref()?;
    let ours = Program::ours(runner_program());
    let news = ours.is_newer_than(running) && settings.wanted_program.as_ref() != Some(&ours);
    news.then_some(ours)
}

/// The runner beside this tool, else wherever PATH has it.
fn runner_program() -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .map(|me| me.with_file_name(RUNNER));
    match beside {
        Some(path) if path.exists() => path,
        _ => PathBuf::from(RUNNER),
    }
}
