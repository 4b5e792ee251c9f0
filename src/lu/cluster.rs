//! The unit that changes parameters of the cluster: which paths every node sees.

use serde_json::json;

use super::node::wrong;
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::cluster::{Config, Edit};
use crate::limits::{HOST_BYTES, SHARED_PATHS};
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ClusterSetParams, OpError};

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

impl ClusterSetParams {
    /// The paths as they are afterwards.
    fn paths(&self, config: &Config) -> Result<Vec<String>, OpError> {
        if self.add_shared_paths.is_empty() && self.remove_shared_paths.is_empty() {
            return Err(wrong("nothing to change was given"));
        }
        let known = config.cluster.as_ref();
        let mut paths = known.map_or(vec![], |cluster| cluster.shared_paths.clone());
        for path in all_kept(&self.remove_shared_paths)? {
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
        paths.extend(all_kept(&self.add_shared_paths)?);
        paths.sort();
        paths.dedup();
        match paths.len() > SHARED_PATHS {
            true => Err(wrong(format!("more than {SHARED_PATHS} shared paths"))),
            false => Ok(paths),
        }
    }
}

impl LogicalUnit for ClusterSetParams {
    fn locks(&self, _config: &Config) -> LockSet {
        LockSet::new().with(Lock::all(Level::Cluster), Mode::Exclusive)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.paths(env.config()).map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let paths = self.paths(env.config())?;
        Ok(Outcome {
            result: UnitResult::Value(json!([["shared_paths", paths.join(", ")]])),
            edits: vec![Edit::SetSharedPaths(paths)],
            ..Outcome::default()
        })
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
