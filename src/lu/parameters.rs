//! What parameters may be: instance policies and node parameters, as Ganeti has them.

use serde_json::{Map, Value, json};

use crate::cluster::{Cluster, Config, DiskTemplate, builtin_disk_parameters};
use crate::limits::SIZE;
use crate::opcodes::{ErrorCode, OpError};

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

/// The parameters with `null` for what goes back to its default, also where that is written
/// `default`.
pub(super) fn resets_as_null(given: &Map<String, Value>) -> Map<String, Value> {
    let value = |value: &Value| match value {
        Value::String(text) if text == "default" => Value::Null,
        value => value.clone(),
    };
    let pairs = given.iter();
    pairs.map(|(key, v)| (key.clone(), value(v))).collect()
}

/// The parameters of something new, which has none yet that could go back to their defaults.
pub(super) fn without_resets(given: &Map<String, Value>) -> Map<String, Value> {
    let given = resets_as_null(given).into_iter();
    given.filter(|(_, value)| !value.is_null()).collect()
}

/// What a result tells of parameters that are changed: each under the name of what they are, and its new
/// value.
pub(super) fn told<'a>(
    what: &'a str,
    changes: &'a Map<String, Value>,
) -> impl Iterator<Item = Value> + use<'a> {
    let shown = |value: &Value| match value {
        Value::Null => "default".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let pairs = changes.iter();
    pairs.map(move |(key, value)| json!([format!("{what}/{key}"), shown(value)]))
}

/// What a parameter holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    Number,
    Fraction,
}

impl Kind {
    /// The value as it is kept. As in Ganeti a text stands for what it says, too.
    fn read(self, value: &Value) -> Option<Value> {
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let ratio = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
        match (self, value) {
            (Kind::Text, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => Some(value.clone()),
            (Kind::Flag, Value::String(word)) => match word.as_str() {
                "yes" | "true" => Some(Value::Bool(true)),
                "no" | "false" => Some(Value::Bool(false)),
                _ => None,
            },
            (Kind::Number, value) => number(value).filter(|n| *n <= SIZE).map(Value::from),
            (Kind::Fraction, value) => ratio(value).filter(is_ratio).map(Value::from),
            (Kind::Text | Kind::Flag, _) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Flag => "true or false",
            Kind::Number => "a whole number",
            Kind::Fraction => "a number above 0",
        }
    }
}

/// Node parameters; data only.
const NDPARAMS: [(&str, Kind); 8] = [
    ("cpu_speed", Kind::Fraction),
    ("exclusive_storage", Kind::Flag),
    ("oob_program", Kind::Text),
    ("ovs", Kind::Flag),
    ("ovs_link", Kind::Text),
    ("ovs_name", Kind::Text),
    ("spindle_count", Kind::Number),
    ("ssh_port", Kind::Number),
];

/// Node parameters as they are kept; `null` for what goes back to its default.
///
/// # Errors
/// A parameter that there is not, or a value that it cannot have.
pub(super) fn node_parameters(given: &Map<String, Value>) -> Result<Map<String, Value>, OpError> {
    let mut parameters = resets_as_null(given);
    for (key, value) in &mut parameters {
        let Some((_, kind)) = NDPARAMS.iter().find(|(name, _)| name == key) else {
            let known = NDPARAMS.map(|(name, _)| name).join(", ");
            return Err(wrong(format!(
                "unknown node parameter {key}, known are {known}"
            )));
        };
        if value.is_null() {
            continue;
        }
        *value = kind.read(value).ok_or_else(|| {
            let kind = kind.name();
            wrong(format!("node parameter {key} is {kind}, not {value}"))
        })?;
    }
    Ok(parameters)
}

/// Disk parameters by template as they are kept; `null` for what goes back to its default.
///
/// # Errors
/// A template or a parameter that there is not, or a value that it cannot have.
pub(super) fn disk_parameters(given: &Map<String, Value>) -> Result<Map<String, Value>, OpError> {
    let builtin = builtin_disk_parameters();
    let mut all = Map::new();
    for (template, given) in given {
        let Some(known) = builtin.get(template).and_then(Value::as_object) else {
            return Err(wrong(format!("{template} is not a disk template")));
        };
        let given = given
            .as_object()
            .ok_or_else(|| wrong(format!("disk template {template} has no parameters")))?;
        let mut parameters = resets_as_null(given);
        for (key, value) in &mut parameters {
            let Some(builtin) = known.get(key) else {
                let known: Vec<&str> = known.keys().map(String::as_str).collect();
                let known = match known.is_empty() {
                    true => "it has none".to_owned(),
                    false => format!("known are {}", known.join(", ")),
                };
                return Err(wrong(format!(
                    "unknown parameter {key} of disk template {template}, {known}"
                )));
            };
            let kind = match builtin {
                Value::Bool(_) => Kind::Flag,
                Value::Number(_) => Kind::Number,
                _ => Kind::Text,
            };
            if !value.is_null() {
                *value = kind.read(value).ok_or_else(|| {
                    let kind = kind.name();
                    wrong(format!(
                        "parameter {key} of disk template {template} is {kind}, not {value}"
                    ))
                })?;
            }
        }
        all.insert(template.clone(), Value::Object(parameters));
    }
    Ok(all)
}

/// The parts of an instance policy that a group can have.
const IPOLICY: [&str; 4] = ["disk-templates", "minmax", "spindle-ratio", "vcpu-ratio"];

/// Backend parameters that are numbers; the others are flags.
const NUMBERS: [&str; 5] = ["memory", "maxmem", "minmem", "vcpus", "spindle_use"];
const FLAGS: [&str; 2] = ["auto_balance", "always_failover"];

/// Refuses backend parameters that there are not, and values that they cannot have.
pub(super) fn check_backend(given: &Map<String, Value>) -> Result<(), OpError> {
    for (key, value) in given {
        let number = NUMBERS.contains(&key.as_str());
        if !number && !FLAGS.contains(&key.as_str()) {
            return Err(wrong(format!("unknown backend parameter {key}")));
        }
        let fits = match number {
            true => value.as_u64().is_some_and(|number| number <= SIZE),
            false => value.is_boolean(),
        };
        if !fits && !value.is_null() && value != "default" {
            return Err(wrong(format!("backend parameter {key} cannot be {value}")));
        }
    }
    Ok(())
}

/// Changes of backend parameters: `memory` stands for both limits, `null` for the default.
pub(super) fn backend_changes(given: &Map<String, Value>) -> Map<String, Value> {
    let mut changes = resets_as_null(given);
    if let Some(memory) = changes.remove("memory") {
        for key in ["maxmem", "minmem"] {
            let place = changes.entry(key.to_owned());
            place.or_insert_with(|| memory.clone());
        }
    }
    changes
}

/// What each range of a policy limits.
const SPECS: [&str; 6] = [
    "cpu-count",
    "disk-count",
    "disk-size",
    "memory-size",
    "nic-count",
    "spindle-use",
];

fn is_ratio(ratio: &f64) -> bool {
    ratio.is_finite() && *ratio > 0.0
}

/// Refuses parts of a group's instance policy that there are not, and values that they cannot have.
pub(super) fn check_ipolicy(config: &Config, changes: &Map<String, Value>) -> Result<(), OpError> {
    for (key, value) in changes {
        match (key.as_str(), value) {
            ("std", _) => return Err(wrong("only the cluster's policy has standard values")),
            (key, _) if !IPOLICY.contains(&key) => {
                let known = IPOLICY.join(", ");
                return Err(wrong(format!(
                    "unknown part {key} of an instance policy, known are {known}"
                )));
            }
            (_, Value::Null) => {}
            ("disk-templates", value) => check_templates(config.cluster.as_deref(), value)?,
            ("minmax", value) => check_ranges(value)?,
            (_, value) if value.as_f64().is_some_and(|ratio| is_ratio(&ratio)) => {}
            (key, value) => {
                return Err(wrong(format!("{key} is a number above 0, not {value}")));
            }
        }
    }
    Ok(())
}

/// The same of the cluster's policy, which has standard values, too; `after` has what was given already.
pub(super) fn check_cluster_ipolicy(
    after: &Config,
    changes: &Map<String, Value>,
) -> Result<(), OpError> {
    let mut others = changes.clone();
    others.remove("std");
    check_ipolicy(after, &others)?;
    let policy = after.cluster_ipolicy();
    check_standard(&policy)?;
    let enabled = after.cluster.as_ref();
    let enabled = enabled.map_or(&[][..], |cluster| &cluster.enabled_disk_templates);
    let allowed: Vec<DiskTemplate> = policy
        .get("disk-templates")
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .unwrap_or_default();
    match enabled.is_empty() || enabled.iter().any(|one| allowed.contains(one)) {
        true => Ok(()),
        false => Err(
            wrong("no disk template would be both enabled and allowed by the policy")
                .hint("--ipolicy-disk-templates allows others"),
        ),
    }
}

/// Refuses standard values that are not whole, or in no range of the policy.
fn check_standard(policy: &Map<String, Value>) -> Result<(), OpError> {
    let std = policy.get("std").and_then(Value::as_object);
    let std = std.ok_or_else(|| wrong("std is a list of values"))?;
    if let Some(key) = std.keys().find(|key| !SPECS.contains(&key.as_str())) {
        let known = SPECS.join(", ");
        return Err(wrong(format!("std has {key}, known are {known}")));
    }
    let number = |map: &Map<String, Value>, spec: &str| map.get(spec).and_then(Value::as_u64);
    if let Some(spec) = SPECS.iter().find(|spec| number(std, spec).is_none()) {
        return Err(wrong(format!("std has no whole number for {spec}")));
    }
    let ranges = policy.get("minmax").and_then(Value::as_array);
    let is_in = |range: &Value| {
        SPECS.iter().all(|spec| {
            let bound = |name: &str| number(range.get(name)?.as_object()?, spec);
            let value = number(std, spec);
            bound("min") <= value && (bound("max").is_none() || value <= bound("max"))
        })
    };
    match ranges.into_iter().flatten().any(is_in) {
        true => Ok(()),
        false => Err(wrong("the standard values are in no range of the policy")
            .hint("--ipolicy-std-specs gives others, --ipolicy-bounds-specs other ranges")),
    }
}

fn check_templates(cluster: Option<&Cluster>, value: &Value) -> Result<(), OpError> {
    let templates: Vec<DiskTemplate> = serde_json::from_value(value.clone())
        .map_err(|error| wrong(format!("disk-templates: {error}")))?;
    if templates.is_empty() {
        return Err(wrong("disk-templates allows no template at all"));
    }
    let enabled = cluster.map_or(&[][..], |cluster| &cluster.enabled_disk_templates);
    match templates
        .iter()
        .find(|one| !enabled.contains(one) && !enabled.is_empty())
    {
        Some(other) => Err(wrong(format!(
            "the cluster has not enabled disk template {other}"
        ))),
        None => Ok(()),
    }
}

/// One or more ranges, each whole.
fn check_ranges(value: &Value) -> Result<(), OpError> {
    let ranges = value.as_array().filter(|ranges| !ranges.is_empty());
    let ranges = ranges.ok_or_else(|| wrong("minmax is a list of ranges, one at least"))?;
    for (place, range) in ranges.iter().enumerate() {
        let bounds = range.as_object().filter(|range| range.len() == 2);
        let (min, max) = bounds
            .and_then(|range| Some((range.get("min")?, range.get("max")?)))
            .ok_or_else(|| wrong(format!("range {place} of minmax has not just min and max")))?;
        for (name, bound) in [("min", min), ("max", max)] {
            let keys = bound.as_object().map(|bound| bound.keys());
            let unknown = keys.and_then(|mut keys| keys.find(|key| !SPECS.contains(&key.as_str())));
            if let Some(key) = unknown {
                let known = SPECS.join(", ");
                let text = format!("{name} of range {place} has {key}, known are {known}");
                return Err(wrong(text));
            }
        }
        for spec in SPECS {
            let get = |name: &str, bound: &Value| {
                let number = bound.get(spec).and_then(Value::as_u64);
                number.filter(|number| *number <= SIZE).ok_or_else(|| {
                    wrong(format!(
                        "{name} of range {place} has no whole number for {spec}"
                    ))
                })
            };
            let (least, most) = (get("min", min)?, get("max", max)?);
            if least > most {
                return Err(wrong(format!(
                    "range {place} of minmax: {spec} is at least {least} and at most {most}"
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::sample;

    fn ipolicy(value: Value) -> Result<(), String> {
        let config = sample::empty("lab", 0.0).unwrap();
        let changes = resets_as_null(value.as_object().unwrap());
        check_ipolicy(&config, &changes).map_err(|error| error.message)
    }

    fn range(change: impl FnOnce(&mut Value)) -> Value {
        let bound = |number: u64| -> Map<String, Value> {
            SPECS
                .map(|spec| (spec.to_owned(), json!(number)))
                .into_iter()
                .collect()
        };
        let mut range = json!({"min": bound(1), "max": bound(9)});
        change(&mut range);
        json!({"minmax": [range]})
    }

    #[test]
    fn policies_are_whole_and_make_sense() {
        for good in [
            json!({"vcpu-ratio": 2, "spindle-ratio": 0.5, "disk-templates": ["plain", "drbd"]}),
            json!({"vcpu-ratio": null, "minmax": "default"}),
            range(|_| {}),
        ] {
            assert_eq!(ipolicy(good.clone()), Ok(()), "{good}");
        }
        for (bad, expected) in [
            (
                json!({"vcpu-ratio": 0}),
                "vcpu-ratio is a number above 0, not 0",
            ),
            (json!({"vcpu-ratio": "2"}), "a number above 0, not \"2\""),
            (json!({"std": {}}), "only the cluster's policy"),
            (json!({"colour": 1}), "unknown part colour"),
            (json!({"colour": null}), "unknown part colour"),
            (json!({"disk-templates": []}), "no template at all"),
            (
                json!({"disk-templates": ["tape"]}),
                "unknown variant `tape`",
            ),
            (json!({"minmax": []}), "one at least"),
            (
                json!({"minmax": [{"min": {}}]}),
                "range 0 of minmax has not just min and max",
            ),
            (
                range(|r| r["min"]["nic-count"] = json!(10)),
                "nic-count is at least 10 and at most 9",
            ),
            (
                range(|r| r["max"]["nic-count"] = json!(-1)),
                "max of range 0 has no whole number for nic-count",
            ),
            (
                range(|r| r["max"]["colour"] = json!(1)),
                "max of range 0 has colour",
            ),
            (range(|r| r["mid"] = json!({})), "has not just min and max"),
        ] {
            let error = ipolicy(bad.clone()).unwrap_err();
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    fn node_parameters_have_names_and_kinds() {
        let read = |value: Value| {
            let read = node_parameters(value.as_object().unwrap());
            read.map(Value::from).map_err(|error| error.message)
        };
        let given = json!({"cpu_speed": "1.5", "ovs": "yes", "ovs_name": "x", "ssh_port": 22,
            "spindle_count": "default"});
        let kept = json!({"cpu_speed": 1.5, "ovs": true, "ovs_name": "x", "ssh_port": 22,
            "spindle_count": null});
        assert_eq!(read(given), Ok(kept));
        let error = read(json!({"ssh_port": "low"})).unwrap_err();
        assert_eq!(
            error,
            "node parameter ssh_port is a whole number, not \"low\""
        );
        assert!(read(json!({"colour": null})).is_err());
    }
}
