//! Asking a verb that is on its way to give up.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cluster::NodeUuid;

/// Why a verb is to give up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterruptKind {
    /// The job was cancelled: abort, and look what became of it.
    Cancel,
    /// The runner leaves: return at once, the verb goes on in reality.
    Leave,
    /// This node was marked offline: do not wait for it any longer.
    NodeOffline(NodeUuid),
}

/// A place where a verb waits, and where others tell it to stop waiting. One for each running
/// opcode.
#[derive(Debug, Default)]
pub struct Interrupt {
    state: Mutex<State>,
    raised: Condvar,
}

#[derive(Debug, Default)]
struct State {
    cancel: bool,
    leave: bool,
    offline: Vec<NodeUuid>,
}

impl Interrupt {
    /// Tells the verb. Cancel and leave stay raised; so does each node.
    pub fn raise(&self, kind: InterruptKind) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match kind {
            InterruptKind::Cancel => state.cancel = true,
            InterruptKind::Leave => state.leave = true,
            InterruptKind::NodeOffline(node) => state.offline.push(node),
        }
        drop(state);
        self.raised.notify_all();
    }

    /// Whether the job was cancelled.
    #[must_use]
    pub fn canceled(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.cancel
    }

    /// Waits until `until`, or until something is raised that concerns a verb towards `nodes`:
    /// leave before cancel before a node that went offline. `None` when the time has passed.
    #[must_use]
    pub fn wait(&self, until: Instant, nodes: &[&NodeUuid]) -> Option<InterruptKind> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.leave {
                return Some(InterruptKind::Leave);
            }
            if state.cancel {
                return Some(InterruptKind::Cancel);
            }
            if let Some(node) = state.offline.iter().find(|node| nodes.contains(node)) {
                return Some(InterruptKind::NodeOffline(node.clone()));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let wait = self.raised.wait_timeout(state, left);
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether something is raised now that concerns a verb towards `nodes`.
    #[must_use]
    pub fn check(&self, nodes: &[&NodeUuid]) -> Option<InterruptKind> {
        self.wait(Instant::now(), nodes)
    }

    /// Sleeps for `pause` unless interrupted; see [`Interrupt::wait`].
    #[must_use]
    pub fn sleep(&self, pause: Duration, nodes: &[&NodeUuid]) -> Option<InterruptKind> {
        self.wait(Instant::now() + pause, nodes)
    }
}
