//! Parameters that objects inherit: an object's own before its group's before the cluster's.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Config, Group, Instance, Node};

/// Parameters in layers, the most general first. What is null in a layer is not given there.
#[derive(Debug, Clone, Copy)]
pub struct Layers<'c, const N: usize>([Option<&'c Map<String, Value>>; N]);

impl<'c, const N: usize> Layers<'c, N> {
    /// A parameter, from the most special layer that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'c Value> {
        let layers = self.0.iter().rev().flatten();
        layers
            .filter_map(|layer| layer.get(key))
            .find(|value| !value.is_null())
    }

    /// All parameters.
    #[must_use]
    pub fn filled(&self) -> Map<String, Value> {
        let keys: BTreeSet<&String> = (self.0.iter().flatten())
            .flat_map(|layer| layer.keys())
            .collect();
        (keys.into_iter())
            .filter_map(|key| Some((key.clone(), self.get(key)?.clone())))
            .collect()
    }

    /// All parameters, those that are objects filled key by key.
    fn filled_deeper(&self) -> Map<String, Value> {
        let inner = |key: &str| self.0.map(|layer| layer?.get(key)?.as_object());
        let mut filled = self.filled();
        for (key, value) in &mut filled {
            if value.is_object() {
                *value = Value::Object(Layers(inner(key)).filled());
            }
        }
        filled
    }
}

/// The object under a path of keys.
fn at<'v>(map: &'v Map<String, Value>, path: &[&str]) -> Option<&'v Map<String, Value>> {
    let Some((first, rest)) = path.split_first() else {
        return Some(map);
    };
    at(map.get(*first)?.as_object()?, rest)
}

impl Config {
    /// What the cluster object says under a path of keys that only Ganeti uses.
    fn of_cluster(&self, path: &[&str]) -> Option<&Map<String, Value>> {
        at(&self.cluster.as_ref()?.rest, path)
    }

    /// Node parameters of a group.
    #[must_use]
    pub fn group_ndparams<'c>(&'c self, group: &'c Group) -> Layers<'c, 2> {
        let cluster = self.cluster.as_ref();
        Layers([cluster.map(|c| &c.ndparams), Some(&group.ndparams)])
    }

    /// Node parameters of a node.
    #[must_use]
    pub fn ndparams<'c>(&'c self, node: &'c Node) -> Layers<'c, 3> {
        let cluster = self.cluster.as_ref();
        let group = self.groups.get(&node.group);
        Layers([
            cluster.map(|c| &c.ndparams),
            group.map(|g| &g.ndparams),
            Some(&node.ndparams),
        ])
    }

    /// Backend parameters of an instance, as they are written. What they mean tells
    /// [`Config::backend`].
    #[must_use]
    pub fn beparams<'c>(&'c self, instance: &'c Instance) -> Layers<'c, 2> {
        let cluster = self.cluster.as_ref();
        let default = cluster.and_then(|c| at(&c.beparams, &["default"]));
        Layers([default, Some(&instance.beparams)])
    }

    /// Hypervisor parameters of an instance: those of its hypervisor, of that with its operating
    /// system, its own.
    #[must_use]
    pub fn hvparams<'c>(&'c self, instance: &'c Instance) -> Layers<'c, 3> {
        let hypervisor = instance.hypervisor.as_str();
        Layers([
            self.of_cluster(&["hvparams", hypervisor]),
            self.of_cluster(&["os_hvp", &instance.os, hypervisor]),
            Some(&instance.hvparams),
        ])
    }

    /// Operating system parameters of an instance; not the private ones.
    #[must_use]
    pub fn osparams<'c>(&'c self, instance: &'c Instance) -> Layers<'c, 2> {
        Layers([
            self.of_cluster(&["osparams", &instance.os]),
            at(&instance.rest, &["osparams"]),
        ])
    }

    /// Parameters of a network interface of an instance.
    #[must_use]
    pub fn nicparams<'c>(&'c self, nic: &'c Value) -> Layers<'c, 2> {
        let own = nic.get("nicparams").and_then(Value::as_object);
        Layers([self.of_cluster(&["nicparams", "default"]), own])
    }

    /// A group's instance policy.
    #[must_use]
    pub fn ipolicy(&self, group: &Group) -> Map<String, Value> {
        let cluster = self.cluster.as_ref();
        Layers([cluster.map(|c| &c.ipolicy), Some(&group.ipolicy)]).filled_deeper()
    }

    /// A group's disk parameters, by disk template.
    #[must_use]
    pub fn diskparams(&self, group: &Group) -> Map<String, Value> {
        let own = at(&group.rest, &["diskparams"]);
        Layers([self.of_cluster(&["diskparams"]), own]).filled_deeper()
    }

    /// The name of a network, if it is known.
    #[must_use]
    pub fn network_name(&self, uuid: &str) -> Option<&str> {
        at(&self.other, &["networks", uuid])?.get("name")?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> &Map<String, Value> {
        value.as_object().unwrap()
    }

    #[test]
    fn the_most_special_layer_that_gives_something_counts() {
        let cluster = json!({"a": 1, "b": 1, "c": 1, "std": {"x": 1, "y": 1}});
        let group = json!({"b": 2, "c": null, "d": 2, "std": {"y": 2}});
        let layers = Layers([Some(map(&cluster)), None, Some(map(&group))]);
        let filled = json!({"a": 1, "b": 2, "c": 1, "d": 2, "std": {"y": 2}});
        assert_eq!(json!(layers.filled()), filled);
        let deeper = json!({"a": 1, "b": 2, "c": 1, "d": 2, "std": {"x": 1, "y": 2}});
        assert_eq!(json!(layers.filled_deeper()), deeper);
        assert_eq!(layers.get("c"), Some(&json!(1)));
        assert_eq!(layers.get("e"), None);
    }
}
