//! What a cluster file tells beside the configuration.

use serde_json::Value;

/// What a cluster file tells beside the configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileSettings {
    /// What runs the instances.
    pub driver: String,
    /// Jobs that may be unfinished at once.
    pub queue_limit: Option<u64>,
    /// Jobs that may run at once.
    pub max_running_jobs: Option<u64>,
    /// The simulator's durations, as it writes them.
    pub simulator: Value,
}
