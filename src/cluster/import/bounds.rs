//! What a cluster's file may hold: the same limits as for what is made by opcodes.

use crate::limits::{MAX_RUNNING_JOBS_MOST, NAME_BYTES, QUEUE_LIMIT_MOST, TAG_BYTES, TAGS};

use crate::text::steers;

use super::{Fault, Imported};

/// Refuses names and tags that are too long or too many, and settings that no operator may make.
pub(super) fn check(imported: &Imported) -> Result<(), Fault> {
    let config = &imported.config;
    name_and_tags(
        "cluster",
        config.name(),
        config.cluster.iter().flat_map(|c| &c.tags),
    )?;
    for group in config.groups.values() {
        name_and_tags("group", &group.name, &group.tags)?;
    }
    for node in config.nodes.values() {
        name_and_tags("node", &node.name, &node.tags)?;
    }
    for instance in config.instances.values() {
        name_and_tags("instance", &instance.name, &instance.tags)?;
    }
    let settings = &imported.settings;
    within("gnt.queue_limit", settings.queue_limit, QUEUE_LIMIT_MOST)?;
    within(
        "cluster.max_running_jobs",
        settings.max_running_jobs,
        MAX_RUNNING_JOBS_MOST,
    )
}

fn name_and_tags<'a>(
    kind: &str,
    name: &str,
    tags: impl IntoIterator<Item = &'a String>,
) -> Result<(), Fault> {
    if name.len() > NAME_BYTES {
        let start: String = name.chars().take(40).collect();
        return Err(Fault::new(format!(
            "a name has at most {NAME_BYTES} bytes, that of {kind} {start}… has {}",
            name.len()
        )));
    }
    if name.contains(steers) {
        return Err(Fault::new(format!(
            "the name of {kind} {name:?} has control characters"
        )));
    }
    let mut count = 0;
    for tag in tags {
        count += 1;
        if tag.len() > TAG_BYTES {
            return Err(Fault::new(format!(
                "{kind} {name} has a tag of more than {TAG_BYTES} bytes"
            )));
        }
    }
    match count > TAGS {
        true => Err(Fault::new(format!(
            "{kind} {name} has more than {TAGS} tags"
        ))),
        false => Ok(()),
    }
}

fn within(what: &str, value: Option<u64>, most: u64) -> Result<(), Fault> {
    match value {
        Some(value) if !(1..=most).contains(&value) => Err(Fault::new(format!(
            "{what}: expected a number from 1 to {most}, not {value}"
        ))),
        _ => Ok(()),
    }
}
