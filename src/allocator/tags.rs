//! Tags that steer the placement.

use crate::cluster::{Config, Node};

/// Cluster tags that make tags of instances exclusive: two primaries with one such tag should not
/// share a node.
pub(super) const EXCLUSION_PREFIX: &str = "htools:iextags:";

/// Cluster tags that make tags of nodes migration tags.
const MIGRATION_PREFIX: &str = "htools:migration:";

/// Cluster tags `…A::B`: a node with the migration tag B takes instances from nodes with A.
const ALLOW_PREFIX: &str = "htools:allowmigration:";

pub(super) fn cluster_tags<'a>(
    config: &'a Config,
    prefix: &'static str,
) -> impl Iterator<Item = &'a str> {
    (config.cluster.iter().flat_map(|cluster| &cluster.tags))
        .filter_map(move |tag| tag.strip_prefix(prefix))
        .filter(|rest| !rest.is_empty())
}

/// What cluster tags say about migration between nodes.
pub(super) struct MigrationTags<'a> {
    prefixes: Vec<&'a str>,
    allowed: Vec<(&'a str, &'a str)>,
}

impl<'a> MigrationTags<'a> {
    pub(super) fn new(config: &'a Config) -> MigrationTags<'a> {
        MigrationTags {
            prefixes: cluster_tags(config, MIGRATION_PREFIX).collect(),
            allowed: (cluster_tags(config, ALLOW_PREFIX))
                .filter_map(|tag| tag.split_once("::"))
                .collect(),
        }
    }

    pub(super) fn of(&self, node: &'a Node) -> Vec<&'a str> {
        let is_migration_tag = |tag: &&str| {
            (self.prefixes.iter())
                .filter_map(|prefix| tag.strip_prefix(prefix))
                .any(|rest| rest.starts_with(':'))
        };
        (node.tags.iter().map(String::as_str))
            .filter(is_migration_tag)
            .collect()
    }

    /// The migration tags of nodes that a node with `own` ones takes instances from.
    pub(super) fn accepted_by(&self, own: &[&'a str]) -> Vec<&'a str> {
        let allowed = (self.allowed.iter())
            .filter(|(_, to)| own.contains(to))
            .map(|(from, _)| *from);
        own.iter().copied().chain(allowed).collect()
    }
}
