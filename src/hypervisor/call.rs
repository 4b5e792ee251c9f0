//! The conditions of one call of a verb, and how it ends.

use std::fmt;
use std::time::{Duration, Instant};

use super::Interrupt;

/// How far a verb is.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Progress {
    /// What is being done, such as `migrating` or `syncing`.
    pub phase: String,
    /// 0 to 100; never goes back within one verb, and is below 100 until the verb has returned.
    pub percent: Option<f64>,
    /// Seconds that are left, if that can be told.
    pub eta: Option<f64>,
}

/// How a phase begins in which nothing goes on until a node answers.
const WAITING: &str = "waiting for ";

impl Progress {
    /// What is being done, where nobody knows how far it is.
    pub fn phase(phase: impl Into<String>) -> Progress {
        Progress {
            phase: phase.into(),
            percent: None,
            eta: None,
        }
    }

    /// Nothing goes on until this node answers.
    #[must_use]
    pub fn waiting(node: &str) -> Progress {
        Progress::phase(format!("{WAITING}{node}"))
    }

    /// The node whose answer is waited for, if nothing goes on until then.
    #[must_use]
    pub fn waits_for(&self) -> Option<&str> {
        self.phase.strip_prefix(WAITING)
    }
}

/// The conditions of one call of a verb.
pub struct Call<'a> {
    /// The verb returns by then, whatever happened.
    pub deadline: Instant,
    /// Asks the verb to give up: cancel, shutdown of the runner, a node that was marked offline.
    pub interrupt: &'a Interrupt,
    /// Told from time to time how far the verb is.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Call<'_> {
    /// How long the verb still has.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

/// Why a verb did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerbError {
    /// It failed, and reality is as it was before.
    #[error("{0}")]
    Failed(String),
    /// It was given up as asked, and reality is as it was before: that was verified.
    #[error("aborted")]
    Aborted,
    /// A node did not answer; nothing was begun.
    #[error("{node} does not answer: {reason}")]
    Unreachable {
        /// Which node.
        node: String,
        /// What was tried.
        reason: String,
    },
    /// It was begun and its end is not known: an answer was lost or the limit passed.
    #[error("{0}")]
    Unknown(String),
    /// The runner is leaving; the verb goes on in reality and will be adopted.
    #[error("left behind")]
    LeftBehind,
}
