//! Names on the command line: what they stand for, and what is meant by a wrong one.

use std::sync::Arc;

use crate::cluster::{
    Config, Group, Instance, Node, UnknownName, expand_group, expand_instance, expand_node,
};
use crate::opcodes::ErrorCode;

use super::problem::{Problem, Result};

impl From<UnknownName> for Problem {
    fn from(error: UnknownName) -> Problem {
        let problem = Problem::unknown(error.to_string());
        debug_assert_eq!(problem.error.code, Some(ErrorCode::UnknownEntity));
        problem.hint(error.hint())
    }
}

/// A node by its name.
///
/// # Errors
/// With the nearest name.
pub fn node<'a>(config: &'a Config, name: &str) -> Result<&'a Arc<Node>> {
    Ok(expand_node(config, name)?)
}

/// An instance by its name.
///
/// # Errors
/// With the nearest name.
pub fn instance<'a>(config: &'a Config, name: &str) -> Result<&'a Arc<Instance>> {
    Ok(expand_instance(config, name)?)
}

/// A group by its name or UUID.
///
/// # Errors
/// With the nearest name.
pub fn group<'a>(config: &'a Config, name: &str) -> Result<&'a Arc<Group>> {
    Ok(expand_group(config, name)?)
}

/// Whether a name fits a pattern of `*` (any text) and `?` (any character).
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // Where to go on if a star turns out to stand for one character more.
    let (mut p, mut n, mut back) = (0, 0, None);
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            back = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == '?' || *c == name[n]) {
            p += 1;
            n += 1;
        } else if let Some((star, at)) = back {
            back = Some((star, at + 1));
            p = star + 1;
            n = at + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether a name argument is a pattern.
#[must_use]
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?'])
}
