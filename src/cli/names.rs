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

/// The names of groups that are named by their names or UUIDs; `None` where none is.
///
/// # Errors
/// With the nearest name.
pub fn groups(config: &Config, names: &[String]) -> Result<Option<Vec<String>>> {
    let names = names
        .iter()
        .map(|name| Ok(group(config, name)?.name.clone()));
    let names: Vec<String> = names.collect::<Result<_>>()?;
    Ok(Some(names).filter(|names| !names.is_empty()))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    /// The definition, letter by letter.
    fn fits(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|skip| fits(rest, &name[skip..])),
            Some(('?', rest)) => !name.is_empty() && fits(rest, &name[1..]),
            Some((c, rest)) => name.first() == Some(c) && fits(rest, &name[1..]),
        }
    }

    proptest! {
        #![proptest_config(cases(1_000))]

        #[test]
        fn any_pattern_fits_what_it_is_defined_to(pattern in "[ab*?]{0,7}", name in "[ab]{0,7}") {
            let letters = |text: &str| text.chars().collect::<Vec<char>>();
            prop_assert_eq!(matches(&pattern, &name), fits(&letters(&pattern), &letters(&name)));
        }

        #[test]
        fn any_text_is_a_pattern(pattern in any::<String>(), name in any::<String>()) {
            prop_assert!(matches(&name, &name) || is_pattern(&name));
            let _ = matches(&pattern, &name);
            prop_assert!(matches("*", &name));
        }
    }
}
