//! Operations on tags.

use serde::{Deserialize, Serialize};

use super::types::words;

words! {
    /// What kind of object has the tags.
    TagKind {
        /// The cluster.
        Cluster = "cluster",
        /// A node group.
        Group = "nodegroup",
        /// A node.
        Node = "node",
        /// An instance.
        Instance = "instance",
    }
}

/// OP_TAGS_GET: see [`super::Op::TagsGet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagsGet {
    /// The kind of object.
    pub kind: TagKind,
    /// Lock the object meanwhile.
    #[serde(default)]
    pub use_locking: bool,
    /// The object's name; none for the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// OP_TAGS_SEARCH: see [`super::Op::TagsSearch`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagsSearch {
    /// A regular expression that is to be found somewhere in the tag.
    pub pattern: String,
}

/// OP_TAGS_SET: see [`super::Op::TagsSet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagsSet {
    /// The kind of object.
    pub kind: TagKind,
    /// The tags that it is to have, too.
    pub tags: Vec<String>,
    /// The object's name; none for the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// OP_TAGS_DEL: see [`super::Op::TagsDel`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagsDel {
    /// The kind of object.
    pub kind: TagKind,
    /// The tags that it is to lose.
    pub tags: Vec<String>,
    /// The object's name; none for the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
