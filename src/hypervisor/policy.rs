//! How a running instance is to be moved, and what becomes of a move that does not end.

use std::time::Duration;

use crate::opcodes::words;

words! {
    /// What becomes of a migration that does not end: its guest writes faster than its memory goes over.
    OnTimeout {
        /// It is given up: the instance runs on where it was.
        Abort = "abort",
        /// The guest stands still until it is over; it runs where it was moved to.
        Suspend = "suspend",
        /// It goes on.
        Wait = "wait",
    }
}

/// How a running instance is to be moved. The simulator's guests converge, and cost no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationPolicy {
    /// The guest runs on while its memory is copied. Otherwise it stands still from the beginning.
    pub live: bool,
    /// The operator says that its disks can be seen from the other node, whatever the hypervisor thinks.
    pub trust_storage: bool,
    /// MiB a second at most; that of the node it leaves counts, too.
    pub bandwidth: Option<u64>,
    /// How long the guest may stand still at the end; the hypervisor's own rule where it is not given.
    pub downtime: Option<Duration>,
    /// How long it may take. Where it is not given, as long as it gains something, within the verb's limit.
    pub timeout: Option<Duration>,
    /// What is done then.
    pub on_timeout: OnTimeout,
}

/// How long a move may take whose operator said that it is to be waited for. It is not without an end,
/// so that nothing waits for what nobody remembers.
const WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Default for MigrationPolicy {
    fn default() -> MigrationPolicy {
        MigrationPolicy::LIVE
    }
}

impl MigrationPolicy {
    /// The guest runs on; nothing stops it for longer than its hypervisor thinks fit.
    pub const LIVE: MigrationPolicy = MigrationPolicy {
        live: true,
        trust_storage: false,
        bandwidth: None,
        downtime: None,
        timeout: None,
        on_timeout: OnTimeout::Abort,
    };

    /// How long the verb may take where a move usually may take `usual`: the policy has to come into
    /// effect before.
    #[must_use]
    pub fn limit(&self, usual: Duration) -> Duration {
        match (self.on_timeout, self.timeout) {
            (OnTimeout::Wait, _) => WAIT,
            (OnTimeout::Abort | OnTimeout::Suspend, Some(timeout)) => timeout.saturating_add(usual),
            (OnTimeout::Abort | OnTimeout::Suspend, None) => usual,
        }
    }
}
