//! Room on nodes that jobs on their way have been promised.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cluster::{Config, InstanceUuid, NodeUuid};
use crate::opcodes::words;
use crate::queue::JobId;

words! {
    /// What a node is to an instance.
    Role {
        /// It runs there.
        Primary = "primary",
        /// The second copy of its disks is there.
        Secondary = "secondary",
    }
}

/// Room on a node that one instance will need when a job has put it there.
///
/// It is inserted with the job and ends with the job, when the configuration itself shows the
/// instance there. Until then placement counts both: where the instance is and where it will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Where.
    pub node: NodeUuid,
    /// Which instance.
    pub instance: InstanceUuid,
    /// As what.
    pub role: Role,
    /// MiB of memory: as primary what it uses when it runs (0 for a stopped one); as secondary
    /// what has to be kept free for it (N+1).
    pub memory: u64,
    /// MiB of disk.
    pub disk: u64,
    /// Virtual CPUs; 0 as secondary.
    pub vcpus: u64,
}

/// What plans are made on: the configuration and the claims at one moment.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The configuration.
    pub config: Config,
    /// Claims of unfinished jobs.
    pub claims: Arc<Vec<(JobId, Claim)>>,
    /// Raised by one with every commit that changed the configuration or a claim.
    pub serial: u64,
}
