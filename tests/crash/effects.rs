//! What opcodes owe to the configuration: names, tags, maintenance.
//!
//! Two pictures of it are held against the opcodes that succeeded between them. What is different was
//! wanted by one of them, and what one of them wanted is so, unless another one that is about the same
//! object has succeeded between the same pictures, or while it ran: whoever only plans shares his locks,
//! and who leaves a node that somebody is just about to enter may come before him.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::motion::{Law, must};
use crate::picture::Eye;

/// The kind of an object, as opcodes name it, and its uuid.
type Key = (&'static str, String);

/// A job and the place of an opcode in it.
type Opcode = (i64, u32);

/// The kinds of objects, as opcodes and as the database name them.
const KINDS: [(&str, &str); 4] = [
    ("cluster", "cluster"),
    ("nodegroup", "group"),
    ("node", "node"),
    ("instance", "instance"),
];

/// What is followed of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    name: String,
    tags: BTreeSet<String>,
    /// It is a node that has been entered and not left.
    maintained: bool,
    /// It is a node that takes no instances.
    idle: bool,
}

impl Object {
    fn read(kind: &str, value: &Value) -> Object {
        let name = value["name"].as_str().filter(|_| kind != "cluster");
        Object {
            name: name.unwrap_or_default().to_owned(),
            tags: words(&value["tags"]),
            maintained: !value["gnt_maintenance"].is_null(),
            idle: value["drained"] == true || value["offline"] == true,
        }
    }
}

/// A list of texts.
fn words(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    let words = list.iter().filter_map(Value::as_str);
    words.map(str::to_owned).collect()
}

/// What an opcode did to which object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Tagged,
    Untagged,
    Renamed,
    Entered,
    Left,
    /// Something else.
    Other,
}

/// An opcode that succeeded, or runs.
#[derive(Debug)]
struct Done<'a> {
    /// Which one it is.
    opcode: Opcode,
    deed: Deed,
    /// The kind of its object, and its name before.
    object: (&'static str, &'a str),
    input: &'a Value,
}

impl<'a> Done<'a> {
    /// One that is about an object with tags.
    fn of((opcode, input): (Opcode, &'a Value)) -> Option<Done<'a>> {
        let text = |key: &str| input[key].as_str();
        let deed = match text("OP_ID")? {
            "OP_TAGS_SET" => Deed::Tagged,
            "OP_TAGS_DEL" => Deed::Untagged,
            "OP_INSTANCE_RENAME" => Deed::Renamed,
            "OP_NODE_MAINTENANCE_ENTER" => Deed::Entered,
            "OP_NODE_RESTORE" => Deed::Left,
            _ => Deed::Other,
        };
        let object = match (text("kind"), text("instance_name"), text("node_name")) {
            (Some(kind), ..) => {
                let (kind, _) = KINDS.iter().find(|(wire, _)| *wire == kind)?;
                (*kind, text("name").unwrap_or_default())
            }
            (None, Some(name), _) => ("instance", name),
            (None, None, Some(name)) => ("node", name),
            (None, None, None) => return None,
        };
        Some(Done {
            opcode,
            deed,
            object,
            input,
        })
    }

    fn new_name(&self) -> Option<&'a str> {
        let name = self.input["new_name"].as_str();
        name.filter(|_| self.deed == Deed::Renamed)
    }

    /// Whether it is about the object of this name.
    fn touches(&self, kind: &str, name: &str) -> bool {
        self.object.0 == kind && (self.object.1 == name || self.new_name() == Some(name))
    }

    /// Whether it is about something that another one is about, too.
    fn meets(&self, other: &Done<'_>) -> bool {
        let (kind, name) = self.object;
        other.touches(kind, name)
            || self
                .new_name()
                .is_some_and(|name| other.touches(kind, name))
    }
}

/// The objects as they were last seen.
#[derive(Debug, Default)]
pub struct Effects {
    last: Option<BTreeMap<Key, Object>>,
    /// Opcodes that ran when another one succeeded that is about the same object.
    overtaken: BTreeSet<Opcode>,
}

impl Effects {
    /// Looks at the objects that are there now, when these opcodes have succeeded since the last time, and
    /// those run.
    pub fn look<'a>(
        &mut self,
        eye: &Eye,
        done: impl Iterator<Item = (Opcode, &'a Value)>,
        running: impl Iterator<Item = (Opcode, &'a Value)>,
    ) -> Result<Law, rusqlite::Error> {
        let mut now = BTreeMap::new();
        for (kind, table) in KINDS {
            for (uuid, value) in eye.objects(table)? {
                now.insert((kind, uuid), Object::read(kind, &value));
            }
        }
        let done: Vec<Done<'_>> = done.filter_map(Done::of).collect();
        let before = self.last.take().unwrap_or_else(|| now.clone());
        let law = names_are_unique(&now)
            .and_then(|()| changes_were_wanted(&before, &now, &done))
            .and_then(|()| wishes_are_met(&now, &done, &self.overtaken));
        let overtaken = running
            .filter_map(Done::of)
            .filter(|one| done.iter().any(|other| one.meets(other)));
        self.overtaken.extend(overtaken.map(|one| one.opcode));
        self.last = Some(now);
        Ok(law)
    }
}

fn names_are_unique(now: &BTreeMap<Key, Object>) -> Law {
    let mut names = BTreeSet::new();
    for ((kind, _), object) in now {
        let name = &object.name;
        must!(
            names.insert((kind, name)),
            "there are two of the name {kind} {name}"
        );
    }
    Ok(())
}

fn changes_were_wanted(
    before: &BTreeMap<Key, Object>,
    now: &BTreeMap<Key, Object>,
    done: &[Done<'_>],
) -> Law {
    for (key, was) in before {
        let Some(is) = now.get(key) else {
            continue;
        };
        let (kind, name) = (key.0, &was.name);
        let about = |deed: Deed| {
            let own = move |one: &&Done<'_>| {
                one.deed == deed && (one.touches(kind, &was.name) || one.touches(kind, &is.name))
            };
            done.iter().filter(own)
        };
        let tags = |deed: Deed| -> BTreeSet<String> {
            about(deed)
                .flat_map(|one| words(&one.input["tags"]))
                .collect()
        };
        let renamed = about(Deed::Renamed).any(|one| one.new_name() == Some(&is.name));
        must!(
            was.name == is.name || renamed,
            "{kind} {name} is called {}, and nobody wanted it",
            is.name
        );
        let added: BTreeSet<String> = is.tags.difference(&was.tags).cloned().collect();
        let removed: BTreeSet<String> = was.tags.difference(&is.tags).cloned().collect();
        must!(
            added.is_subset(&tags(Deed::Tagged)),
            "{kind} {name} has got the tags {added:?}, and nobody wanted it"
        );
        must!(
            removed.is_subset(&tags(Deed::Untagged)),
            "{kind} {name} has lost the tags {removed:?}, and nobody wanted it"
        );
        let (change, deed) = match is.maintained {
            true => ("in maintenance", Deed::Entered),
            false => ("in use again", Deed::Left),
        };
        must!(
            was.maintained == is.maintained || about(deed).next().is_some(),
            "{kind} {name} is {change}, and nobody wanted it"
        );
    }
    Ok(())
}

fn wishes_are_met(
    now: &BTreeMap<Key, Object>,
    done: &[Done<'_>],
    overtaken: &BTreeSet<Opcode>,
) -> Law {
    for one in done {
        let alone = done.iter().filter(|other| one.meets(other)).count() == 1;
        if !alone || overtaken.contains(&one.opcode) || one.deed == Deed::Other {
            continue;
        }
        let (kind, name) = one.object;
        let find = |name: &str| {
            let mut objects = now.iter();
            objects
                .find_map(|(key, object)| (key.0 == kind && object.name == name).then_some(object))
        };
        let tags = words(&one.input["tags"]);
        let met = match (one.deed, find(one.new_name().unwrap_or(name))) {
            (_, None) => false,
            (Deed::Tagged, Some(object)) => tags.is_subset(&object.tags),
            (Deed::Untagged, Some(object)) => tags.is_disjoint(&object.tags),
            (Deed::Renamed, Some(_)) => find(name).is_none(),
            (Deed::Entered, Some(object)) => object.maintained && object.idle,
            (Deed::Left, Some(object)) => !object.maintained,
            (Deed::Other, Some(_)) => true,
        };
        must!(
            met,
            "{:?} of {kind} {name} succeeded, and is not to be seen: {:?}",
            one.deed,
            find(one.new_name().unwrap_or(name))
        );
    }
    Ok(())
}
