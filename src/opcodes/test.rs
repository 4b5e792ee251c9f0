//! Operations that only exercise the queue.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Opcode;

/// OP_TEST_DELAY: see [`super::Op::TestDelay`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestDelay {
    /// Seconds to wait, 0 allowed.
    pub duration: f64,
    /// Ganeti's flag; accepted, without effect here since there is no master.
    #[serde(default)]
    pub on_master: bool,
    /// Nodes that are locked exclusively meanwhile.
    #[serde(default)]
    pub on_nodes: Vec<String>,
    /// How many times more, each with a message; 0 means once, without.
    #[serde(default)]
    pub repeat: u32,
    /// Take no locks even if nodes are given.
    #[serde(default)]
    pub no_locks: bool,
}

impl TestDelay {
    /// The duration in whole nanoseconds, as the summary shows it.
    #[must_use]
    pub fn nanoseconds(&self) -> u64 {
        // `as` saturates: a negative or absurd duration is refused by the unit, not here.
        (self.duration * 1e9) as u64
    }
}

/// OP_TEST_DUMMY: see [`super::Op::TestDummy`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestDummy {
    /// The result to give.
    #[serde(default)]
    pub result: Value,
    /// Messages to log first.
    #[serde(default)]
    pub messages: Vec<String>,
    /// Fail with this text (a string), or with a standard one (`true`).
    #[serde(default)]
    pub fail: Value,
    /// Jobs to return: a list of lists of opcodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submit_jobs: Option<Vec<Vec<Opcode>>>,
    /// How many of the returned jobs run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
}
