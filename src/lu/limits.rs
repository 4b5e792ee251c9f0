//! How long the verbs of a hypervisor may take before a unit gives them up.

use std::collections::BTreeMap;
use std::time::Duration;

/// The limit of each kind of verb. Where the opcode has one of its own (`shutdown_timeout`), that
/// one counts, and a margin is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Asking what is: a node that has not answered by then is as good as silent.
    pub look: Duration,
    /// Starting an instance.
    pub start: Duration,
    /// What stopping an instance may take beyond the time that its guest is given.
    pub stop_margin: Duration,
    /// Rebooting an instance.
    pub reboot: Duration,
    /// Moving the memory of a running instance.
    pub migrate: Duration,
    /// Bringing a copy of an instance's disks in sync.
    pub sync: Duration,
    /// Deleting a copy of an instance's disks, or beginning one.
    pub storage: Duration,
    /// Telling a node something about itself.
    pub node: Duration,
    /// Asking an external allocator.
    pub allocator: Duration,
    /// Cutting a dead node's power with its fence command.
    pub fence: Duration,
}

/// A node that is well answers in milliseconds; one that swaps may need seconds.
const LOOK: Duration = Duration::from_secs(10);
/// Disks are set up and a machine is created; what takes longer hangs.
const START: Duration = Duration::from_secs(120);
/// Cutting the power and taking the disks away.
const STOP_MARGIN: Duration = Duration::from_secs(60);
/// As starting.
const REBOOT: Duration = Duration::from_secs(120);
/// 512 GiB of memory over 10 Gbit/s take 8 minutes, written to meanwhile perhaps three times that.
const MIGRATE: Duration = Duration::from_secs(30 * 60);
/// 1 TiB at 100 MiB/s takes 3 hours.
const SYNC: Duration = Duration::from_secs(4 * 60 * 60);
/// Volumes of a terabyte are deleted in seconds unless they are wiped.
const STORAGE: Duration = Duration::from_secs(120);
/// A short question with a short answer.
const NODE: Duration = Duration::from_secs(30);
/// `hail` takes a second for a thousand instances; what takes minutes computes in vain or hangs.
const ALLOCATOR: Duration = Duration::from_secs(120);
/// A management controller answers in seconds, and is asked again until the power is off.
const FENCE: Duration = Duration::from_secs(60);

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            look: LOOK,
            start: START,
            stop_margin: STOP_MARGIN,
            reboot: REBOOT,
            migrate: MIGRATE,
            sync: SYNC,
            storage: STORAGE,
            node: NODE,
            allocator: ALLOCATOR,
            fence: FENCE,
        }
    }
}

impl Limits {
    /// The names by which single limits are set.
    pub const NAMES: [&'static str; 10] = [
        "look",
        "start",
        "stop",
        "reboot",
        "migrate",
        "sync",
        "storage",
        "node",
        "allocator",
        "fence",
    ];

    /// The default limits with some set otherwise: by name, in milliseconds. Unknown names have no
    /// effect.
    #[must_use]
    pub fn with(set: &BTreeMap<String, u64>) -> Limits {
        let mut limits = Limits::default();
        for (name, millis) in set {
            let limit = match name.as_str() {
                "look" => &mut limits.look,
                "start" => &mut limits.start,
                "stop" => &mut limits.stop_margin,
                "reboot" => &mut limits.reboot,
                "migrate" => &mut limits.migrate,
                "sync" => &mut limits.sync,
                "storage" => &mut limits.storage,
                "node" => &mut limits.node,
                "allocator" => &mut limits.allocator,
                "fence" => &mut limits.fence,
                _ => continue,
            };
            *limit = Duration::from_millis(*millis);
        }
        limits
    }
}
