//! The instances that a command is about, as its options and names say.

use std::collections::BTreeSet;

use crate::cluster::{Config, Node};

use super::args::select::{NodeRoles, SelectArgs};
use super::names;
use super::problem::{Problem, Result};

/// The names of the instances that are meant, in order.
pub(super) fn selected(config: &Config, select: &SelectArgs) -> Result<Vec<String>> {
    let mut picked: BTreeSet<String> = BTreeSet::new();
    if select.all {
        picked.extend(config.instance_names().map(str::to_owned));
    } else if let Some(roles) = select.by_nodes() {
        for node in selected_nodes(config, select)? {
            if roles != NodeRoles::Secondary {
                picked.extend(config.primaries(&node.uuid).map(|i| i.name.clone()));
            }
            if roles != NodeRoles::Primary {
                picked.extend(config.secondaries(&node.uuid).map(|i| i.name.clone()));
            }
        }
    } else if select.tags {
        let tagged = config.instances_by_name();
        let tagged = tagged.filter(|i| i.tags.iter().any(|tag| select.names.contains(tag)));
        picked.extend(tagged.map(|i| i.name.clone()));
    } else {
        // As they were named.
        let mut named = vec![];
        for name in &select.names {
            let name = names::instance(config, name)?.name.clone();
            if !named.contains(&name) {
                named.push(name);
            }
        }
        return Ok(named);
    }
    match picked.is_empty() && !select.all {
        true => Err(Problem::input(
            "Selection filter does not match any instances",
        )),
        false => Ok(picked.into_iter().collect()),
    }
}

/// The nodes that are meant: by their names, or by one of the tags.
fn selected_nodes<'c>(config: &'c Config, select: &SelectArgs) -> Result<Vec<&'c Node>> {
    if select.by_node_tags() {
        let nodes = config.nodes_by_name().map(AsRef::as_ref);
        let tagged = |node: &&Node| node.tags.iter().any(|tag| select.names.contains(tag));
        return Ok(nodes.filter(tagged).collect());
    }
    let names = select.names.iter();
    names
        .map(|name| Ok(names::node(config, name)?.as_ref()))
        .collect()
}
