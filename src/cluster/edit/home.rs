//! Instances that come home after a maintenance: the nodes that wait for them strike them out.

use std::sync::Arc;

use super::super::config::Config;
use super::super::maintenance::{Home, Places};
use super::super::object::{InstanceUuid, Node, NodeUuid};
use super::{Touched, changed};

/// An instance is somewhere else by now: adds the nodes that have waited for it there to what was touched.
/// Only who has something of it can have waited for that.
pub(super) fn arrived(
    config: &mut Config,
    uuid: &InstanceUuid,
    mut touched: Vec<Touched>,
    now: f64,
) -> Vec<Touched> {
    let Some(instance) = config.instances.get(uuid) else {
        return touched;
    };
    let place = Places::of(config, instance);
    for node in std::iter::once(&place.primary).chain(&place.secondary) {
        let is_home = |home: &Home| home.instance == *uuid && home.is_at(&place);
        touched.extend(strike_out(config, node, is_home, now));
    }
    touched
}

/// An instance is gone: nobody waits for it any more.
pub(super) fn forget(config: &mut Config, uuid: &InstanceUuid, now: f64) -> Vec<Touched> {
    let awaiting = config
        .nodes
        .values()
        .filter(|node| node.homecoming.is_some());
    let nodes: Vec<NodeUuid> = awaiting.map(|node| node.uuid.clone()).collect();
    let waits = |home: &Home| home.instance == *uuid;
    (nodes.iter())
        .filter_map(|node| strike_out(config, node, waits, now))
        .collect()
}

/// A node waits for these no more; with the last one it waits for nothing.
fn strike_out(
    config: &mut Config,
    node: &NodeUuid,
    gone: impl Fn(&Home) -> bool,
    now: f64,
) -> Option<Touched> {
    let node = config.nodes.get(node)?;
    let known = node.homecoming.as_ref()?;
    if !known.homes.iter().any(&gone) {
        return None;
    }
    let mut left = (**known).clone();
    left.homes.retain(|home| !gone(home));
    let mut node = Node::clone(node);
    node.homecoming = (!left.homes.is_empty()).then(|| Arc::new(left));
    changed(&mut node.stamps, now);
    let uuid = node.uuid.clone();
    config.put_node(node);
    Some(Touched::Node(uuid))
}
