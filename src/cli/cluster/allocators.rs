//! What is set about external allocators.

use crate::allocator::external::{Allocators, BUILT_IN};
use crate::cli::args::cluster::AllocatorArgs;
use crate::cli::names;
use crate::cli::problem::{Problem, Result};
use crate::cli::values::OfGroup;
use crate::cluster::Config;

impl AllocatorArgs {
    /// What is set about external allocators with some of it changed, if anything is. A default one is
    /// looked for at once: who sets it wants to know now.
    pub(super) fn over(self, old: &Allocators) -> Result<Option<Allocators>> {
        let mut new = old.clone();
        if let Some(path) = self.iallocator_search_path {
            new.path = path;
        }
        if let Some(parameters) = self.default_iallocator_params {
            new.parameters = parameters.0;
        }
        if let Some(name) = self.default_iallocator {
            new.default = Some(name).filter(|name| !name.is_empty() && name != BUILT_IN);
        }
        if new == *old {
            return Ok(None);
        }
        check_allocator(&new, new.default.as_deref())?;
        Ok(Some(new))
    }
}

/// Looks for an allocator that is to be used from now on.
fn check_allocator(allocators: &Allocators, name: Option<&str>) -> Result<()> {
    let Some(name) = name.filter(|name| *name != BUILT_IN) else {
        return Ok(());
    };
    allocators.find(name).map(drop).map_err(|error| {
        Problem::input(error.to_string())
            .hint("--iallocator-search-path names the directories in which it is looked for")
    })
}

/// What is set about external allocators with that of some groups changed. What was set for groups that
/// are gone goes, too.
pub(super) fn of_groups(
    config: &Config,
    changes: Vec<OfGroup>,
    mut allocators: Allocators,
) -> Result<Allocators> {
    for OfGroup { group, value } in changes {
        let group = &names::group(config, &group)?.uuid;
        check_allocator(&allocators, value.as_deref())?;
        match value {
            Some(name) => allocators.groups.insert(group.clone(), name),
            None => allocators.groups.remove(group),
        };
    }
    allocators
        .groups
        .retain(|group, _| config.groups.contains_key(group));
    Ok(allocators)
}
