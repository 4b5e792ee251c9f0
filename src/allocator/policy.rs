//! Instance policies: what an instance of a group may look like.

use serde_json::{Map, Value};

use crate::cluster::{Config, DiskTemplate, GroupUuid};

use super::checks::Fail;
use super::place::NewInstance;

/// What a policy limits, with Ganeti's built-in limits.
struct Spec {
    key: &'static str,
    min: u64,
    max: u64,
}

const MEMORY: Spec = Spec {
    key: "memory-size",
    min: 128,
    max: 32_768,
};
const CPUS: Spec = Spec {
    key: "cpu-count",
    min: 1,
    max: 8,
};
const NICS: Spec = Spec {
    key: "nic-count",
    min: 1,
    max: 8,
};
const SPINDLE_USE: Spec = Spec {
    key: "spindle-use",
    min: 1,
    max: 12,
};
const DISK_SIZE: Spec = Spec {
    key: "disk-size",
    min: 1024,
    max: 1_048_576,
};
const DISK_COUNT: Spec = Spec {
    key: "disk-count",
    min: 1,
    max: 16,
};

/// Ganeti's built-in ratios.
const VCPU_RATIO: f64 = 4.0;
const SPINDLE_RATIO: f64 = 32.0;

/// A group's policy, filled from the cluster's.
pub(super) struct Policy<'a> {
    minmax: Vec<MinMax<'a>>,
    /// Names of the allowed templates; all if the policy does not say.
    templates: Option<Vec<&'a str>>,
    /// Virtual CPUs per CPU of a node.
    pub(super) vcpu_ratio: f64,
    /// Spindle use per spindle of a node.
    pub(super) spindle_ratio: f64,
}

/// One range; an instance has to be in one of them.
#[derive(Default)]
struct MinMax<'a> {
    min: Option<&'a Map<String, Value>>,
    max: Option<&'a Map<String, Value>>,
}

impl<'a> Policy<'a> {
    pub(super) fn new(config: &'a Config, group: &GroupUuid) -> Policy<'a> {
        let own = config.groups.get(group).map(|group| &group.ipolicy);
        let cluster = config.cluster.as_ref().map(|cluster| &cluster.ipolicy);
        let get = |key: &str| {
            let given = |policy: &'a Map<String, Value>| policy.get(key).filter(|v| !v.is_null());
            own.and_then(given).or_else(|| cluster.and_then(given))
        };
        let ratio = |key: &str, builtin: f64| get(key).and_then(Value::as_f64).unwrap_or(builtin);
        let pairs = get("minmax").and_then(Value::as_array);
        let mut minmax: Vec<MinMax<'a>> = (pairs.into_iter().flatten())
            .map(|pair| MinMax {
                min: pair.get("min").and_then(Value::as_object),
                max: pair.get("max").and_then(Value::as_object),
            })
            .collect();
        if minmax.is_empty() {
            minmax.push(MinMax::default());
        }
        Policy {
            minmax,
            templates: (get("disk-templates").and_then(Value::as_array))
                .map(|names| names.iter().filter_map(Value::as_str).collect()),
            vcpu_ratio: ratio("vcpu-ratio", VCPU_RATIO),
            spindle_ratio: ratio("spindle-ratio", SPINDLE_RATIO),
        }
    }

    fn allows_template(&self, template: DiskTemplate) -> bool {
        (self.templates.as_ref()).is_none_or(|allowed| allowed.contains(&template.word()))
    }

    /// Why htools would refuse the instance, if it would. Network interfaces are not looked at.
    pub(super) fn failure(&self, new: &NewInstance) -> Option<Fail> {
        if !self.allows_template(new.template) {
            return Some(Fail::Disk);
        }
        let breaches = |range: &MinMax<'_>| {
            let failing = |(_, fail, _): &(String, Fail, String)| *fail;
            (range.breaches(new).iter())
                .filter(|(key, _, _)| key != NICS.key)
                .map(failing)
                .next()
        };
        let mut first = None;
        for range in &self.minmax {
            let fail = breaches(range)?;
            first.get_or_insert(fail);
        }
        first
    }
}

impl MinMax<'_> {
    /// What of an instance is outside: quantity, htools' name for it, Ganeti's sentence.
    fn breaches(&self, new: &NewInstance) -> Vec<(String, Fail, String)> {
        let mut breaches = vec![];
        let mut test = |spec: &Spec, name: String, value: u64, fail: Fail| {
            let limit = |limits: Option<&Map<String, Value>>, builtin: u64| {
                (limits.and_then(|limits| limits.get(spec.key)?.as_u64())).unwrap_or(builtin)
            };
            let (min, max) = (limit(self.min, spec.min), limit(self.max, spec.max));
            if value < min || value > max {
                let text = format!("{name} value {value} is not in range [{min}, {max}]");
                breaches.push((name, fail, text));
            }
        };
        let plain = |spec: &Spec| spec.key.to_owned();
        test(&MEMORY, plain(&MEMORY), new.memory, Fail::Mem);
        test(&CPUS, plain(&CPUS), new.vcpus, Fail::Cpu);
        test(&NICS, plain(&NICS), new.nics, Fail::Cpu);
        let spindles = (plain(&SPINDLE_USE), new.spindle_use, Fail::Spindles);
        test(&SPINDLE_USE, spindles.0, spindles.1, spindles.2);
        for (at, size) in new.disks.iter().enumerate() {
            let name = format!("{}/{at}", DISK_SIZE.key);
            test(&DISK_SIZE, name, *size, Fail::Disk);
        }
        if new.template != DiskTemplate::Diskless {
            let count = new.disks.len() as u64;
            test(&DISK_COUNT, plain(&DISK_COUNT), count, Fail::DiskCount);
        }
        breaches
    }
}

/// Breaches of a group's instance policy by a new or moved instance, in Ganeti's wording; empty if
/// there are none.
///
/// Of several ranges the one with the fewest breaches is told, of equal ones the first.
#[must_use]
pub fn policy_breaches(config: &Config, group: &GroupUuid, new: &NewInstance) -> Vec<String> {
    let policy = Policy::new(config, group);
    let mut breaches = vec![];
    if !policy.allows_template(new.template) {
        let template = new.template;
        let allowed = policy.templates.as_deref().unwrap_or_default().join(", ");
        let colon = match template {
            DiskTemplate::Diskless => "",
            _ => ":",
        };
        breaches.push(format!(
            "Disk template {template} is not allowed (allowed templates{colon} {allowed})"
        ));
    }
    let fewest = (policy.minmax.iter())
        .map(|range| range.breaches(new))
        .min_by_key(Vec::len);
    breaches.extend((fewest.into_iter().flatten()).map(|(_, _, text)| text));
    breaches
}
