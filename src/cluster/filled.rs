//! Parameters as they count: an object's own before those of what it is in, before the built-in ones.

use serde_json::{Map, Value};

use super::config::Config;
use super::defaults;
use super::object::{Group, Node};

impl Config {
    /// The instance policy of the cluster, complete.
    #[must_use]
    pub fn cluster_ipolicy(&self) -> Map<String, Value> {
        let own = self.cluster.as_ref().map(|cluster| &cluster.ipolicy);
        whole_ranges(filled([own], defaults::ipolicy()))
    }

    /// The instance policy that counts in a group, complete. What a group has of its own replaces the
    /// cluster's key by key.
    #[must_use]
    pub fn group_ipolicy(&self, group: &Group) -> Map<String, Value> {
        let cluster = self.cluster_ipolicy();
        whole_ranges(filled([Some(&group.ipolicy)], Value::Object(cluster)))
    }

    /// The parameters of a node, complete.
    #[must_use]
    pub fn node_parameters(&self, node: &Node) -> Map<String, Value> {
        let group = self.groups.get(&node.group).map(|group| &group.ndparams);
        let cluster = self.cluster.as_ref().map(|cluster| &cluster.ndparams);
        filled([Some(&node.ndparams), group, cluster], defaults::ndparams())
    }
}

/// The policy with each of its ranges complete: what a limit does not say is built in.
fn whole_ranges(mut policy: Map<String, Value>) -> Map<String, Value> {
    let builtin = defaults::ipolicy();
    let ranges = policy.get_mut("minmax").and_then(Value::as_array_mut);
    for range in ranges
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        for end in ["min", "max"] {
            let limits = range
                .entry(end)
                .or_insert_with(|| Value::Object(Map::new()));
            if let (Some(limits), Some(builtin)) = (
                limits.as_object_mut(),
                builtin["minmax"][0][end].as_object(),
            ) {
                defaults::fill(limits, builtin.clone());
            }
        }
    }
    policy
}

/// The first that says something of a key counts; `null` says nothing.
fn filled<const N: usize>(
    own: [Option<&Map<String, Value>>; N],
    builtin: Value,
) -> Map<String, Value> {
    let mut map = Map::new();
    for part in own.into_iter().flatten() {
        defaults::fill(&mut map, part.clone());
    }
    if let Value::Object(builtin) = builtin {
        defaults::fill(&mut map, builtin);
    }
    map
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::sample;

    #[test]
    fn the_nearest_counts_and_what_nobody_says_is_built_in() {
        let mut config = sample::sample("demo", 2, 0, 0.0).unwrap();
        let mut cluster = (**config.cluster.as_ref().unwrap()).clone();
        cluster.ipolicy = Map::from_iter([("vcpu-ratio".into(), json!(2.0))]);
        cluster.ndparams = Map::from_iter([("spindle_count".into(), json!(3))]);
        config.put_cluster(cluster);
        let mut group = (**config.groups_by_name().next().unwrap()).clone();
        group.ipolicy = Map::from_iter([("vcpu-ratio".into(), json!(null))]);
        assert_eq!(config.group_ipolicy(&group)["vcpu-ratio"], 2.0);
        group.ipolicy = Map::from_iter([("vcpu-ratio".into(), json!(8.0))]);
        let policy = config.group_ipolicy(&group);
        assert_eq!(policy["vcpu-ratio"], 8.0);
        assert_eq!(policy["spindle-ratio"], 32.0);
        group.ipolicy = Map::from_iter([("minmax".into(), json!([{"max": {"cpu-count": 99}}]))]);
        let range = &config.group_ipolicy(&group)["minmax"][0];
        assert_eq!(range["max"]["cpu-count"], 99);
        assert_eq!(range["max"]["memory-size"], 32_768);
        assert_eq!(range["min"]["disk-size"], 1024);
        let mut node = (**config.nodes_by_name().next().unwrap()).clone();
        assert_eq!(config.node_parameters(&node)["spindle_count"], 3);
        assert_eq!(config.node_parameters(&node)["ssh_port"], 22);
        node.ndparams = Map::from_iter([("spindle_count".into(), json!(5))]);
        assert_eq!(config.node_parameters(&node)["spindle_count"], 5);
    }
}
