//! Fields of JSON objects and the types that they must have, so that an error can say where it is.

use serde_json::{Map, Value};

use super::Fault;

/// The largest whole number that is believed, an exbibyte in MiB: sums of it cannot overflow.
pub(in crate::cluster) const LARGEST: u64 = 1 << 40;

/// What a field has to be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Text,
    Texts,
    /// Not negative, at most [`LARGEST`].
    Whole,
    Number,
    Flag,
    List,
    Object,
}

impl Shape {
    fn fits(self, value: &Value) -> bool {
        match self {
            Shape::Text => value.is_string(),
            Shape::Texts => {
                (value.as_array()).is_some_and(|items| items.iter().all(Value::is_string))
            }
            Shape::Whole => value.as_u64().is_some_and(|number| number <= LARGEST),
            Shape::Number => value.is_number(),
            Shape::Flag => value.is_boolean(),
            Shape::List => value.is_array(),
            Shape::Object => value.is_object(),
        }
    }

    fn called(self) -> &'static str {
        match self {
            Shape::Text => "a string",
            Shape::Texts => "a list of strings",
            Shape::Whole => "a whole number from 0 to 2^40",
            Shape::Number => "a number",
            Shape::Flag => "true or false",
            Shape::List => "a list",
            Shape::Object => "an object",
        }
    }
}

/// Names of fields and what they have to be, if they are there.
pub(super) type Shapes = [(&'static str, Shape)];

use Shape::{Flag, List, Number, Object, Text, Texts, Whole};

/// What every object has.
const STAMPS: &Shapes = &[("serial_no", Whole), ("ctime", Number), ("mtime", Number)];

pub(super) const CLUSTER: &Shapes = &[
    ("cluster_name", Text),
    ("uuid", Text),
    ("enabled_hypervisors", Texts),
    ("enabled_disk_templates", Texts),
    ("beparams", Object),
    ("ndparams", Object),
    ("ipolicy", Object),
    ("master_node", Text),
    ("candidate_pool_size", Whole),
    ("max_running_jobs", Whole),
    ("tags", Texts),
];

pub(super) const GROUP: &Shapes = &[
    ("name", Text),
    ("uuid", Text),
    ("alloc_policy", Text),
    ("ipolicy", Object),
    ("ndparams", Object),
    ("tags", Texts),
];

pub(super) const NODE: &Shapes = &[
    ("name", Text),
    ("uuid", Text),
    ("group", Text),
    ("offline", Flag),
    ("drained", Flag),
    ("master_candidate", Flag),
    ("master_capable", Flag),
    ("vm_capable", Flag),
    ("ndparams", Object),
    ("primary_ip", Text),
    ("secondary_ip", Text),
    ("tags", Texts),
];

pub(super) const INSTANCE: &Shapes = &[
    ("name", Text),
    ("uuid", Text),
    ("primary_node", Text),
    ("admin_state", Text),
    ("admin_state_source", Text),
    ("disks", List),
    ("disks_active", Flag),
    ("hypervisor", Text),
    ("os", Text),
    ("beparams", Object),
    ("hvparams", Object),
    ("nics", List),
    ("tags", Texts),
    ("forthcoming", Flag),
];

pub(super) const DISK: &Shapes = &[
    ("uuid", Text),
    ("dev_type", Text),
    ("logical_id", List),
    ("nodes", Texts),
    ("size", Whole),
    ("iv_name", Text),
    ("children", List),
];

pub(super) const BACKEND: &Shapes = &[
    ("maxmem", Whole),
    ("minmem", Whole),
    ("vcpus", Whole),
    ("spindle_use", Whole),
    ("auto_balance", Flag),
    ("always_failover", Flag),
];

/// Checks the fields of an object that is called `path`.
pub(super) fn check(object: &Map<String, Value>, path: &str, shapes: &Shapes) -> Result<(), Fault> {
    for (key, shape) in shapes.iter().chain(STAMPS) {
        if let Some(value) = object.get(*key)
            && !value.is_null()
            && !shape.fits(value)
        {
            return Err(expected(&format!("{path}.{key}"), shape.called()));
        }
    }
    Ok(())
}

/// Checks that an object has fields.
pub(super) fn require(object: &Map<String, Value>, path: &str, keys: &[&str]) -> Result<(), Fault> {
    match keys.iter().find(|key| !object.contains_key(**key)) {
        Some(key) => Err(Fault::new(format!("{path}.{key} is missing"))),
        None => Ok(()),
    }
}

fn expected(path: &str, what: &str) -> Fault {
    Fault::new(format!("{path}: expected {what}"))
}

/// A value that has to be an object.
pub(super) fn into_object(value: Value, path: &str) -> Result<Map<String, Value>, Fault> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(expected(path, "an object")),
    }
}

/// Takes a member that has to be an object; an empty one if it is not there.
pub(super) fn take_object(
    from: &mut Map<String, Value>,
    key: &str,
    path: &str,
) -> Result<Map<String, Value>, Fault> {
    match from.remove(key) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(value) => into_object(value, path),
    }
}
