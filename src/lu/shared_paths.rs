//! Which paths every node sees, and how that is changed.

use super::guest::shared_paths;
use super::node::wrong;
use crate::cluster::Config;
use crate::limits::{HOST_BYTES, SHARED_PATHS};
use crate::opcodes::OpError;

/// A path as it is kept: without slashes at its end. `None` where it is not absolute, has parts that lead
/// elsewhere, or is everything.
fn kept(path: &str) -> Option<String> {
    let odd = |part: &str| part.is_empty() || part == "." || part == "..";
    let parts = path.strip_prefix('/')?.trim_end_matches('/');
    let plain = !parts.split('/').any(odd) && !path.contains(char::is_control);
    (plain && path.len() <= HOST_BYTES).then(|| format!("/{parts}"))
}

/// The same of several, or what is wrong with one.
fn all_kept(paths: &[String]) -> Result<Vec<String>, OpError> {
    let one = |path: &String| {
        kept(path).ok_or_else(|| {
            wrong(format!("{path:?} is no path that every node can see"))
                .hint("give an absolute path below / without . and .., such as /srv/vms")
        })
    };
    paths.iter().map(one).collect()
}

/// The paths that every node sees, as they are when some are added and some taken away.
///
/// # Errors
/// What is wrong with one of them.
pub(super) fn changed_paths(
    config: &Config,
    add: &[String],
    remove: &[String],
) -> Result<Vec<String>, OpError> {
    let mut paths = shared_paths(config).to_vec();
    for path in all_kept(remove)? {
        match paths.iter().position(|known| *known == path) {
            Some(place) => drop(paths.remove(place)),
            None => {
                let known = match paths.is_empty() {
                    true => "none is".to_owned(),
                    false => format!("those are: {}", paths.join(", ")),
                };
                return Err(wrong(format!("{path} is not declared to be shared")).hint(known));
            }
        }
    }
    paths.extend(all_kept(add)?);
    paths.sort();
    paths.dedup();
    match paths.len() > SHARED_PATHS {
        true => Err(wrong(format!("more than {SHARED_PATHS} shared paths"))),
        false => Ok(paths),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_plain() {
        for (given, is) in [
            ("/srv/vms", Some("/srv/vms")),
            ("/srv/vms//", Some("/srv/vms")),
            ("/", None),
            ("srv", None),
            ("/srv/../etc", None),
            ("/srv//vms", None),
            ("/srv/./vms", None),
            ("/srv/a\nb", None),
        ] {
            assert_eq!(kept(given).as_deref(), is, "{given:?}");
        }
    }
}
