//! Checking a cluster.

use serde::{Deserialize, Serialize};

use super::types::{words, yes};

words! {
    /// What a check of a cluster can find, by Ganeti's codes; also of what is not checked here, so that
    /// it can be ignored.
    VerifyCode {
        /// The configuration contradicts itself.
        ClusterConfig = "ECLUSTERCFG",
        /// An instance is on a node that does not exist.
        DanglingInstance = "ECLUSTERDANGLINGINST",
        /// A node is in a group that does not exist.
        DanglingNode = "ECLUSTERDANGLINGNODES",
        /// It is not known what became of an instance, or somebody else does something with it.
        InstanceBadNode = "EINSTANCEBADNODE",
        /// An instance does not run although it is meant to.
        InstanceDown = "EINSTANCEDOWN",
        /// A copy of disks is not in sync.
        InstanceFaultyDisk = "EINSTANCEFAULTYDISK",
        /// Disks are not where they have to be.
        InstanceLayout = "EINSTANCELAYOUT",
        /// A copy of disks is missing.
        InstanceMissingDisk = "EINSTANCEMISSINGDISK",
        /// An instance is outside the policy of its group.
        InstancePolicy = "EINSTANCEPOLICY",
        /// The nodes of an instance are in several groups.
        InstanceSplitGroups = "EINSTANCESPLITGROUPS",
        /// An instance runs where it should not.
        InstanceWrongNode = "EINSTANCEWRONGNODE",
        /// A node has another size than it is said to have.
        NodeHypervisor = "ENODEHV",
        /// A node lacks memory for what it has, or would if another node failed.
        NodeN1 = "ENODEN1",
        /// Instances that exclude each other run on one node.
        ExclusionTags = "EEXTAGS",
        /// A node has an instance that the configuration has not.
        OrphanInstance = "ENODEORPHANINSTANCE",
        /// A node has a copy of disks that it should not have.
        OrphanVolume = "ENODEORPHANLV",
        /// A node does not answer.
        NodeRpc = "ENODERPC",
        /// The cluster's certificate is not in order. Not checked here.
        ClusterCert = "ECLUSTERCERT",
        /// A node's certificate is not in order. Not checked here.
        ClusterClientCert = "ECLUSTERCLIENTCERT",
        /// A file of the cluster is not in order. Not checked here.
        ClusterFile = "ECLUSTERFILECHECK",
        /// Physical volumes of a group differ in size. Not checked here.
        DifferentSizes = "EGROUPDIFFERENTPVSIZE",
        /// A parameter of an instance is missing. Not checked here.
        InstanceParameter = "EINSTANCEMISSINGCFGPARAMETER",
        /// An instance is on a node that cannot run it. Not checked here.
        InstanceUnsuitableNode = "EINSTANCEUNSUITABLENODE",
        /// The drbd devices of a node are not in order. Not checked here.
        NodeDrbd = "ENODEDRBD",
        /// The drbd helper of a node is another one. Not checked here.
        NodeDrbdHelper = "ENODEDRBDHELPER",
        /// The drbd version of a node is another one. Not checked here.
        NodeDrbdVersion = "ENODEDRBDVERSION",
        /// A file of a node is not in order. Not checked here.
        NodeFile = "ENODEFILECHECK",
        /// Paths for files of a node are not in order. Not checked here.
        NodeFilePaths = "ENODEFILESTORAGEPATHS",
        /// A path for files of a node cannot be used. Not checked here.
        NodeFilePath = "ENODEFILESTORAGEPATHUNUSABLE",
        /// A hook failed on a node. Not checked here.
        NodeHooks = "ENODEHOOKS",
        /// The volumes of a node are not in order. Not checked here.
        NodeLvm = "ENODELVM",
        /// A node cannot reach another one. Not checked here.
        NodeNet = "ENODENET",
        /// The out-of-band program of a node is not in order. Not checked here.
        NodeOob = "ENODEOOBPATH",
        /// The operating systems on a node are not in order. Not checked here.
        NodeOs = "ENODEOS",
        /// A node is not set up. Not checked here.
        NodeSetup = "ENODESETUP",
        /// A path for shared files of a node cannot be used. Not checked here.
        NodeSharedFilePath = "ENODESHAREDFILESTORAGEPATHUNUSABLE",
        /// A path for Gluster of a node cannot be used. Not checked here.
        NodeGlusterPath = "ENODEGLUSTERSTORAGEPATHUNUSABLE",
        /// A node cannot be reached by SSH. Not checked here.
        NodeSsh = "ENODESSH",
        /// The clock of a node differs. Not checked here.
        NodeTime = "ENODETIME",
        /// Scripts of users on a node are not in order. Not checked here.
        NodeScripts = "ENODEUSERSCRIPTS",
        /// The software of a node is of another version. Not checked here.
        NodeVersion = "ENODEVERSION",
    }
}

words! {
    /// A check that can be left out.
    SkipCheck {
        /// Whether nodes could bear the failure of another one.
        NPlusOne = "nplusone_mem",
        /// Whether the parameters of hypervisors are sound; nothing looks at them here.
        HvParameters = "hvparam_assessment",
    }
}

/// OP_CLUSTER_VERIFY: see [`super::Op::ClusterVerify`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterVerify {
    /// Lines for programs.
    #[serde(default)]
    pub error_codes: bool,
    /// Checks that are left out.
    #[serde(default)]
    pub skip_checks: Vec<SkipCheck>,
    /// What is told as a warning only.
    #[serde(default)]
    pub ignore_errors: Vec<VerifyCode>,
    /// Tell more; without effect here, all is told.
    #[serde(default)]
    pub verbose: bool,
    /// Only this group, and not the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
}

/// OP_CLUSTER_VERIFY_CONFIG: see [`super::Op::ClusterVerifyConfig`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterVerifyConfig {
    /// Lines for programs.
    #[serde(default)]
    pub error_codes: bool,
    /// What is told as a warning only.
    #[serde(default)]
    pub ignore_errors: Vec<VerifyCode>,
    /// Tell more; without effect here, all is told.
    #[serde(default)]
    pub verbose: bool,
}

/// OP_CLUSTER_VERIFY_GROUP: see [`super::Op::ClusterVerifyGroup`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterVerifyGroup {
    /// The group.
    pub group_name: String,
    /// Lines for programs.
    #[serde(default)]
    pub error_codes: bool,
    /// Checks that are left out.
    #[serde(default)]
    pub skip_checks: Vec<SkipCheck>,
    /// What is told as a warning only.
    #[serde(default)]
    pub ignore_errors: Vec<VerifyCode>,
    /// Tell more; without effect here, all is told.
    #[serde(default)]
    pub verbose: bool,
}

/// OP_CLUSTER_VERIFY_DISKS: see [`super::Op::ClusterVerifyDisks`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterVerifyDisks {
    /// Only this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// Wait for those who work on the disks; without effect here, where all locks are had at once.
    #[serde(default = "yes")]
    pub is_strict: bool,
}

/// OP_GROUP_VERIFY_DISKS: see [`super::Op::GroupVerifyDisks`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupVerifyDisks {
    /// The group.
    pub group_name: String,
    /// As of [`ClusterVerifyDisks`].
    #[serde(default = "yes")]
    pub is_strict: bool,
}
