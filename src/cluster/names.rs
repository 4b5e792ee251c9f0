//! From what an operator writes to the object that is meant.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::{Config, Group, Instance, Node};
use crate::limits::NAME_BYTES;

/// A kind of object that operators name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A node.
    Node,
    /// An instance.
    Instance,
    /// A node group.
    Group,
}

impl Kind {
    /// The command that lists all objects of this kind.
    #[must_use]
    pub fn lister(self) -> &'static str {
        match self {
            Kind::Node => "gnt-node list",
            Kind::Instance => "gnt-instance list",
            Kind::Group => "gnt-group list",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Node => "node",
            Kind::Instance => "instance",
            Kind::Group => "group",
        })
    }
}

/// A name that no object has, or that several could be meant by.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} {name} is not known")]
pub struct UnknownName {
    /// What was looked for.
    pub kind: Kind,
    /// The name as it was given.
    pub name: String,
    /// The name that comes nearest, if one is near enough to be meant.
    pub nearest: Option<String>,
}

impl UnknownName {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match &self.nearest {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => format!("see {} for all {}s", self.kind.lister(), self.kind),
        }
    }
}

/// Whether a cluster can be called so.
#[must_use]
pub fn is_cluster_name(name: &str) -> bool {
    let odd = |c: char| c.is_control() || c == '/';
    !name.is_empty() && name.len() <= NAME_BYTES && !name.contains(odd)
}

/// The node that a full or shortened name means.
///
/// # Errors
///
/// If no node has this name, or several could be meant.
pub fn expand_node<'a>(config: &'a Config, name: &str) -> Result<&'a Arc<Node>, UnknownName> {
    config
        .node_named(name)
        .or_else(|| config.node_named(expand(name, config.node_names())?))
        .ok_or_else(|| unknown(Kind::Node, name, config.node_names()))
}

/// The instance that a full or shortened name means.
///
/// # Errors
///
/// If no instance has this name, or several could be meant.
pub fn expand_instance<'a>(
    config: &'a Config,
    name: &str,
) -> Result<&'a Arc<Instance>, UnknownName> {
    config
        .instance_named(name)
        .or_else(|| config.instance_named(expand(name, config.instance_names())?))
        .ok_or_else(|| unknown(Kind::Instance, name, config.instance_names()))
}

/// The group that a full or shortened name means, or a UUID.
///
/// # Errors
///
/// If no group has this name or UUID, or several could be meant.
pub fn expand_group<'a>(config: &'a Config, name: &str) -> Result<&'a Arc<Group>, UnknownName> {
    config
        .group_named(name)
        .or_else(|| config.group_named(expand(name, config.group_names())?))
        .ok_or_else(|| unknown(Kind::Group, name, config.group_names()))
}

fn unknown<'a>(kind: Kind, name: &str, known: impl Iterator<Item = &'a str>) -> UnknownName {
    UnknownName {
        kind,
        name: name.to_owned(),
        nearest: nearest(name, known).map(str::to_owned),
    }
}

/// The one name that `key` equals up to a dot, whatever the case of the letters.
fn expand<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut matching = names.filter(|name| is_short_for(key, name));
    match (matching.next(), matching.next()) {
        (Some(name), None) => Some(name),
        _ => None,
    }
}

/// Whether this is the name, or its beginning up to a dot, whatever the case of the letters.
pub(crate) fn is_short_for(key: &str, name: &str) -> bool {
    if key.is_empty() {
        return false;
    }
    let Some((start, rest)) = name.split_at_checked(key.len()) else {
        return false;
    };
    start.eq_ignore_ascii_case(key) && (rest.is_empty() || rest.starts_with('.'))
}

/// Names longer than this are not compared: the work grows with the square of the length, and what
/// is that long is no mistyped name.
const LONGEST_COMPARED: usize = 128;

/// The known name that needs the fewest letters changed, if so few that it may have been meant: one
/// in three, at most three. A known name that `wanted` is the first part of is compared by that
/// part, too.
pub fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().collect();
    if wanted.is_empty() || wanted.len() > LONGEST_COMPARED {
        return None;
    }
    let limit = (wanted.len() / 3).clamp(1, 3);
    known
        .filter(|name| name.len() <= LONGEST_COMPARED)
        .map(|name| {
            let whole = name.to_lowercase();
            let short = whole.split('.').next().unwrap_or_default();
            let distance = distance(&wanted, &whole).min(distance(&wanted, short));
            (distance, name)
        })
        .filter(|(distance, _)| *distance <= limit && *distance < wanted.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out, exchanged or swapped with their neighbour to make
/// one text of the other.
fn distance(left: &[char], right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before_last: Vec<usize> = vec![];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        for (j, b) in right.iter().enumerate() {
            let change = last[j] + usize::from(a != b);
            let mut best = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["node1", "node2.example.com", "node3.a", "node3.b"];

    #[test]
    fn a_shortened_name_ends_at_a_dot_and_means_one() {
        let find = |key| expand(key, NAMES.into_iter());
        assert_eq!(find("node2"), Some("node2.example.com"));
        assert_eq!(find("NODE2.Example"), Some("node2.example.com"));
        assert_eq!(find("NODE1"), Some("node1"));
        assert_eq!(find("node"), None);
        assert_eq!(find("node2.ex"), None);
        assert_eq!(find("node3"), None, "two could be meant");
        assert_eq!(find(""), None);
        assert_eq!(find("nodé"), None);
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_nearest() {
        let near = |wanted| nearest(wanted, NAMES.into_iter());
        assert_eq!(near("nod1"), Some("node1"));
        assert_eq!(near("ndoe1"), Some("node1"));
        assert_eq!(near("nodee2"), Some("node2.example.com"));
        assert_eq!(near("web"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"x".repeat(1000)), None);
    }

    #[test]
    fn distances_count_a_swap_once() {
        let distance = |a: &str, b| distance(&a.chars().collect::<Vec<_>>(), b);
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("ab", ""), 2);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn an_unknown_name_says_what_to_do() {
        let error = unknown(Kind::Node, "nod1", NAMES.into_iter());
        assert_eq!(error.to_string(), "node nod1 is not known");
        assert_eq!(error.hint(), "did you mean node1?");
        let error = unknown(Kind::Group, "x", NAMES.into_iter());
        assert_eq!(error.hint(), "see gnt-group list for all groups");
    }

    #[test]
    fn a_group_is_also_meant_by_its_uuid() {
        let config = crate::cluster::sample::empty("lab", 0.0).unwrap();
        let uuid = config.groups.keys().next().unwrap().as_str();
        for name in ["default", "Default", uuid] {
            assert_eq!(expand_group(&config, name).unwrap().name, "default");
        }
        let error = expand_group(&config, "defalt").unwrap_err();
        assert_eq!(error.to_string(), "group defalt is not known");
        assert_eq!(error.nearest.as_deref(), Some("default"));
    }

    #[test]
    fn an_exact_name_goes_before_a_shortened_one() {
        let mut config = crate::cluster::sample::sample("lab", 2, 0, 0.0).unwrap();
        let mut longer = (**config.node_named("node2").unwrap()).clone();
        longer.name = "node1.example.com".to_owned();
        config.put_node(longer);
        assert_eq!(expand_node(&config, "node1").unwrap().name, "node1");
    }
}
