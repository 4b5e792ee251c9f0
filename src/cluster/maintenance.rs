//! What the cluster remembers of a node in maintenance: what was where before, so that it can come
//! home; and of one that is in use again, what is not home yet.

use serde::{Deserialize, Serialize};

use super::config::Config;
use super::object::{AdminState, Instance, InstanceUuid, Node, NodeUuid};

/// A node that was entered for maintenance and not left yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Since when, in microseconds since 1970.
    pub since: i64,
    /// Whether it took no new instances before, either.
    #[serde(default)]
    pub was_drained: bool,
    /// Whether it was a master candidate before; data only.
    #[serde(default)]
    pub was_candidate: bool,
    /// The instances that had something on it.
    #[serde(default)]
    pub homes: Vec<Home>,
}

/// What a node that is in use again after its maintenance still waits for. Whoever comes home is
/// struck out in the transaction in which he does, and with the last one nothing is left of it: what
/// a job could not bring home, or did not get to, is not forgotten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Homecoming {
    /// Since when, in microseconds since 1970.
    pub since: i64,
    /// The instances that are not home yet.
    #[serde(default)]
    pub homes: Vec<Home>,
}

/// An instance that had something on a node before that was entered for maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Which instance.
    pub instance: InstanceUuid,
    /// Its nodes before.
    pub before: Places,
    /// Where it was sent. Who finds it elsewhere knows that somebody has moved it since.
    pub away: Places,
    /// Where else it may be found, on its way there or from there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Places>,
    /// Where it is brought instead of all the way home, since a node of that is not to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Places>,
    /// What it was meant to do before.
    pub admin_state: AdminState,
}

/// The nodes of an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Places {
    /// Where it runs.
    pub primary: NodeUuid,
    /// Where its second copy is, for drbd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<NodeUuid>,
}

impl Places {
    /// Where an instance is.
    #[must_use]
    pub fn of(config: &Config, instance: &Instance) -> Places {
        Places {
            primary: instance.primary_node.clone(),
            secondary: config.secondary(instance).cloned(),
        }
    }

    /// Whether one of them is this node.
    #[must_use]
    pub fn hold(&self, node: &NodeUuid) -> bool {
        self.primary == *node || self.secondary.as_ref() == Some(node)
    }
}

impl Home {
    /// Whether who is there is home.
    #[must_use]
    pub fn is_at(&self, now: &Places) -> bool {
        self.before == *now || self.instead.as_ref() == Some(now)
    }

    /// Whether who is there was brought there on behalf of this node, as far as he came. Anybody else was
    /// moved since.
    #[must_use]
    pub fn was_sent_to(&self, now: &Places, node: &NodeUuid) -> bool {
        self.away == *now || self.stops.contains(now) || now.hold(node)
    }

    /// It is sent from the first of these places to the last one.
    pub fn send(&mut self, mut way: Vec<Places>) {
        if let Some(away) = way.pop() {
            self.away = away;
            self.stops = way;
        }
    }
}

impl Node {
    /// Whether something is remembered of it: it is in maintenance, or not all is home since.
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        self.maintenance.is_some() || self.homecoming.is_some()
    }

    /// The instances whose home is remembered.
    #[must_use]
    pub fn homes(&self) -> &[Home] {
        match (&self.maintenance, &self.homecoming) {
            (Some(known), _) => &known.homes,
            (None, Some(known)) => &known.homes,
            (None, None) => &[],
        }
    }

    /// Since when it is in maintenance, or waits for what is not home yet; in microseconds since 1970.
    #[must_use]
    pub fn remembered_since(&self) -> Option<i64> {
        let entered = self.maintenance.as_ref().map(|known| known.since);
        entered.or_else(|| self.homecoming.as_ref().map(|known| known.since))
    }
}
