//! Units that only exercise the queue.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::shared::find_node;
use super::{ChildJob, Env, Failure, LogicalUnit, Outcome, ResultWithJobs, UnitResult};
use crate::cluster::Config;
use crate::hypervisor::{InterruptKind, Progress, VerbError};
use crate::limits::DELAY_SECONDS;
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, OpError, TestDelay, TestDummy};

use super::settle::failed;

/// How often a delay tells how far it is: often enough for a bar, seldom enough to be free.
const TICK: Duration = Duration::from_millis(500);

impl TestDelay {
    fn once(&self, env: &Env<'_>) -> Result<(), Failure> {
        let begun = Instant::now();
        let end = begun + Duration::from_secs_f64(self.duration);
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            let left = (end - now).as_secs_f64();
            env.callbacks.progress(Progress {
                phase: "waiting".to_owned(),
                percent: Some(100.0 * (1.0 - left / self.duration)),
                eta: Some(left),
            });
            match env.interrupt.wait(end.min(now + TICK), &[]) {
                None => {}
                Some(InterruptKind::Leave) => {
                    return Err(failed(env, "wait", VerbError::LeftBehind));
                }
                Some(InterruptKind::Cancel | InterruptKind::NodeOffline(_)) => {
                    return Err(OpError::canceled().into());
                }
            }
        }
    }
}

impl LogicalUnit for TestDelay {
    fn locks(&self, config: &Config) -> LockSet {
        if self.no_locks {
            return LockSet::new();
        }
        let nodes = self.on_nodes.iter();
        nodes
            .filter_map(|name| find_node(config, name, None).ok())
            .map(|node| (Lock::one(Level::Node, node.uuid.as_str()), Mode::Exclusive))
            .collect()
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        if !(0.0..=DELAY_SECONDS as f64).contains(&self.duration) {
            return Err(OpError::prereq(
                ErrorCode::WrongInput,
                format!(
                    "a delay takes 0 to {DELAY_SECONDS} seconds, not {}",
                    self.duration
                ),
            ));
        }
        for name in &self.on_nodes {
            find_node(env.config(), name, None)?;
        }
        Ok(())
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        if self.repeat == 0 {
            self.once(env)?;
        }
        for round in 0..self.repeat {
            env.info(format!("Test delay iteration {round}/{}", self.repeat - 1));
            self.once(env)?;
        }
        Ok(Outcome::default())
    }
}

impl LogicalUnit for TestDummy {
    fn locks(&self, _config: &Config) -> LockSet {
        LockSet::new()
    }

    fn check(&self, _env: &Env<'_>) -> Result<(), OpError> {
        match self.parallel {
            Some(0) => Err(OpError::prereq(
                ErrorCode::WrongInput,
                "0 jobs at once would run nothing",
            )),
            _ => Ok(()),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        for message in &self.messages {
            env.feedback(message);
        }
        match &self.fail {
            Value::Null | Value::Bool(false) => {}
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => return Err(OpError::exec(text).into()),
            _ => return Err(OpError::exec("told to fail").into()),
        }
        let result = match &self.submit_jobs {
            None => UnitResult::Value(self.result.clone()),
            Some(jobs) => UnitResult::Jobs(ResultWithJobs {
                jobs: jobs.iter().map(|ops| plain(ops)).collect(),
                parallel: self.parallel,
                ..ResultWithJobs::default()
            }),
        };
        Ok(Outcome {
            result,
            ..Outcome::default()
        })
    }
}

/// A job that claims nothing.
fn plain(ops: &[crate::opcodes::Opcode]) -> ChildJob {
    ChildJob {
        ops: ops.to_vec(),
        claims: vec![],
    }
}
