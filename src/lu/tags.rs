//! Units on tags. None of them touches reality.

use regex::Regex;
use serde_json::json;

use super::shared::{find_group, find_instance, find_node};
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::cluster::{Config, Edit, Tagged, with_tags};
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, OpError, TagKind, TagsDel, TagsGet, TagsSearch, TagsSet};

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

/// The object that is meant.
fn find(config: &Config, kind: TagKind, name: Option<&String>) -> Result<Tagged, OpError> {
    match (kind, name) {
        (TagKind::Cluster, None) => Ok(Tagged::Cluster),
        (TagKind::Cluster, Some(_)) => {
            Err(wrong("the cluster's tags are asked for without a name"))
        }
        (kind, None) => Err(wrong(format!("no {kind} is named"))),
        (TagKind::Group, Some(name)) => {
            find_group(config, name).map(|group| Tagged::Group(group.uuid.clone()))
        }
        (TagKind::Node, Some(name)) => {
            find_node(config, name, None).map(|node| Tagged::Node(node.uuid.clone()))
        }
        (TagKind::Instance, Some(name)) => {
            find_instance(config, name, None).map(|one| Tagged::Instance(one.uuid.clone()))
        }
    }
}

/// The object's lock; the cluster as a whole is not locked for its tags.
fn locks(config: &Config, kind: TagKind, name: Option<&String>, mode: Mode) -> LockSet {
    let lock = match find(config, kind, name) {
        Ok(Tagged::Group(uuid)) => Some(Lock::one(Level::NodeGroup, uuid.as_str())),
        Ok(Tagged::Node(uuid)) => Some(Lock::one(Level::Node, uuid.as_str())),
        Ok(Tagged::Instance(uuid)) => (config.instances.get(&uuid))
            .map(|instance| Lock::one(Level::Instance, instance.name.as_str())),
        Ok(Tagged::Cluster) | Err(_) => None,
    };
    lock.map(|lock| (lock, mode)).into_iter().collect()
}

impl LogicalUnit for TagsGet {
    fn locks(&self, config: &Config) -> LockSet {
        match self.use_locking {
            true => locks(config, self.kind, self.name.as_ref(), Mode::Shared),
            false => LockSet::new(),
        }
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        find(env.config(), self.kind, self.name.as_ref()).map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let object = find(config, self.kind, self.name.as_ref())?;
        Ok(Outcome {
            result: UnitResult::Value(json!(config.tags(&object))),
            ..Outcome::default()
        })
    }
}

impl TagsSearch {
    /// What is looked for.
    ///
    /// # Errors
    /// Why the pattern is none.
    pub fn regex(&self) -> Result<Regex, OpError> {
        Regex::new(&self.pattern).map_err(|error| {
            // The library draws the pattern and points at the place; its last line says what is wrong.
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            wrong(format!("{:?} is not a pattern: {why}", self.pattern))
        })
    }
}

impl LogicalUnit for TagsSearch {
    fn locks(&self, _config: &Config) -> LockSet {
        LockSet::new()
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, _env: &Env<'_>) -> Result<(), OpError> {
        self.regex().map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let pattern = self.regex()?;
        let found = env.config().search_tags(|tag| pattern.is_match(tag));
        Ok(Outcome {
            result: UnitResult::Value(json!(found)),
            ..Outcome::default()
        })
    }
}

/// The outcome of an opcode that gives an object other tags.
fn changed(object: Tagged, add: &[String], remove: &[String]) -> Outcome {
    Outcome {
        edits: vec![Edit::ChangeTags {
            object,
            add: add.to_vec(),
            remove: remove.to_vec(),
        }],
        ..Outcome::default()
    }
}

impl LogicalUnit for TagsSet {
    fn locks(&self, config: &Config) -> LockSet {
        locks(config, self.kind, self.name.as_ref(), Mode::Exclusive)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let object = find(config, self.kind, self.name.as_ref())?;
        if self.tags.is_empty() {
            return Err(wrong("no tags were given"));
        }
        with_tags(config.tags(&object), &self.tags)
            .map(drop)
            .map_err(|error| wrong(error.to_string()))
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let object = find(env.config(), self.kind, self.name.as_ref())?;
        Ok(changed(object, &self.tags, &[]))
    }
}

impl LogicalUnit for TagsDel {
    fn locks(&self, config: &Config) -> LockSet {
        locks(config, self.kind, self.name.as_ref(), Mode::Exclusive)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let object = find(config, self.kind, self.name.as_ref())?;
        if self.tags.is_empty() {
            return Err(wrong("no tags were given"));
        }
        let has = config.tags(&object);
        let missing = self.tags.iter().filter(|tag| !has.contains(tag));
        let missing: Vec<&str> = missing.map(String::as_str).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let whose = match &self.name {
            Some(name) => format!("{} {name}", self.kind),
            None => self.kind.to_string(),
        };
        Err(OpError::prereq(
            ErrorCode::UnknownEntity,
            format!("{whose} does not have the tags {}", missing.join(", ")),
        )
        .hint("nothing was removed; list-tags shows those that it has"))
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let object = find(env.config(), self.kind, self.name.as_ref())?;
        Ok(changed(object, &[], &self.tags))
    }
}
