//! The unit that changes the cluster's parameters: those that its objects inherit, and what is enabled.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::parameters::{
    backend_changes, check_backend, check_cluster_ipolicy, disk_parameters, node_parameters,
    resets_as_null,
};
use super::shared_paths::changed_paths;
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::allocator::{NewInstance, policy_breaches};
use crate::cluster::{ClusterChange, Config, DiskTemplate, Edit, HvName};
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ClusterSetParams, ErrorCode, OpError};

/// Ganeti's hypervisors.
const HYPERVISORS: [&str; 6] = ["chroot", "fake", "kvm", "lxc", "xen-hvm", "xen-pvm"];

/// How a network interface can be connected.
const NIC_MODES: [&str; 3] = ["bridged", "openvswitch", "routed"];

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

/// Parameters under names, each of which has some.
fn under(
    given: &Map<String, Value>,
    what: &str,
    read: impl Fn(&str, &Map<String, Value>) -> Result<Map<String, Value>, OpError>,
) -> Result<Map<String, Value>, OpError> {
    let one = |(name, values): (&String, &Value)| {
        let values = values
            .as_object()
            .ok_or_else(|| wrong(format!("{what} {name} has no parameters")))?;
        Ok((name.clone(), Value::Object(read(name, values)?)))
    };
    given.iter().map(one).collect()
}

/// Refuses a list that is empty or names something twice.
fn check_list<T: Ord>(list: &[T], what: &str) -> Result<(), OpError> {
    if list.is_empty() {
        return Err(wrong(format!("at least one {what} has to be enabled")));
    }
    let different: BTreeSet<&T> = list.iter().collect();
    match different.len() == list.len() {
        true => Ok(()),
        false => Err(wrong(format!("a {what} is named twice"))),
    }
}

/// Refuses parameters of network interfaces that there are not, and values that they cannot have.
fn nic_parameters(given: &Map<String, Value>) -> Result<Map<String, Value>, OpError> {
    let parameters = resets_as_null(given);
    for (key, value) in &parameters {
        let fits = match (key.as_str(), value) {
            (_, Value::Null) => true,
            ("mode", Value::String(mode)) => NIC_MODES.contains(&mode.as_str()),
            ("link", Value::String(link)) => !link.is_empty(),
            ("vlan", Value::String(_)) => true,
            ("mode" | "link" | "vlan", _) => false,
            (key, _) => {
                let text = format!(
                    "unknown parameter {key} of network interfaces, known are mode, link, vlan"
                );
                return Err(wrong(text));
            }
        };
        if !fits {
            let text = format!("parameter {key} of network interfaces cannot be {value}");
            return Err(wrong(text));
        }
    }
    Ok(parameters)
}

/// Hypervisor parameters; data, of which only the shape is looked at.
fn hypervisor_parameters(
    name: &str,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, OpError> {
    let parameters = resets_as_null(given);
    match parameters
        .iter()
        .find(|(_, value)| value.is_object() || value.is_array())
    {
        Some((key, _)) => Err(wrong(format!(
            "parameter {key} of {name} is no plain value"
        ))),
        None => Ok(parameters),
    }
}

impl ClusterSetParams {
    fn change(&self) -> Result<ClusterChange, OpError> {
        fn some(given: &Option<Map<String, Value>>) -> Map<String, Value> {
            given.clone().unwrap_or_default()
        }
        let beparams = some(&self.beparams);
        check_backend(&beparams)?;
        let mut ipolicy = resets_as_null(&some(&self.ipolicy));
        if let Some(Value::Object(std)) = ipolicy.get_mut("std") {
            *std = resets_as_null(std);
        }
        Ok(ClusterChange {
            enabled_hypervisors: self.enabled_hypervisors.clone(),
            enabled_disk_templates: self.enabled_disk_templates.clone(),
            beparams: backend_changes(&beparams),
            hvparams: under(&some(&self.hvparams), "hypervisor", hypervisor_parameters)?,
            nicparams: nic_parameters(&some(&self.nicparams))?,
            ndparams: node_parameters(&some(&self.ndparams))?,
            diskparams: disk_parameters(&some(&self.diskparams))?,
            ipolicy,
            enabled_user_shutdown: self.enabled_user_shutdown,
        })
    }

    /// The paths that every node sees, if they change.
    fn paths(&self, config: &Config) -> Result<Option<Vec<String>>, OpError> {
        let (add, remove) = (&self.add_shared_paths, &self.remove_shared_paths);
        match add.is_empty() && remove.is_empty() {
            true => Ok(None),
            false => changed_paths(config, add, remove).map(Some),
        }
    }

    /// The configuration as it would be.
    fn after(config: &Config, change: &ClusterChange) -> Result<Config, OpError> {
        let mut after = config.clone();
        Edit::ChangeCluster(Box::new(change.clone()))
            .apply(&mut after, 0.0)
            .map_err(|error| OpError::prereq(ErrorCode::InternalError, error.to_string()))?;
        Ok(after)
    }

    fn check_hypervisors(config: &Config, enabled: &[HvName]) -> Result<(), OpError> {
        check_list(enabled, "hypervisor")?;
        let before = config.cluster.as_ref();
        let before = before.map_or(&[][..], |cluster| &cluster.enabled_hypervisors);
        let known = |name: &&HvName| HYPERVISORS.contains(&name.as_str()) || before.contains(name);
        if let Some(name) = enabled.iter().find(|name| !known(name)) {
            let known = HYPERVISORS.join(", ");
            return Err(wrong(format!(
                "unknown hypervisor {name}, known are {known}"
            )));
        }
        let user = (config.instances_by_name())
            .find(|one| before.contains(&one.hypervisor) && !enabled.contains(&one.hypervisor));
        match user {
            Some(user) => Err(wrong(format!(
                "hypervisor {} cannot be disabled: instance {} uses it",
                user.hypervisor, user.name
            ))),
            None => Ok(()),
        }
    }

    fn check_templates(config: &Config, enabled: &[DiskTemplate]) -> Result<(), OpError> {
        check_list(enabled, "disk template")?;
        let user = (config.instances_by_name())
            .map(|instance| (instance, config.template(instance)))
            .find(|(_, template)| !enabled.contains(template));
        match user {
            Some((user, template)) => Err(wrong(format!(
                "disk template {template} cannot be disabled: instance {} uses it",
                user.name
            ))),
            None => Ok(()),
        }
    }

    /// Instances that a policy allows now and would not allow afterwards.
    fn violating<'a>(config: &'a Config, after: &Config) -> Vec<&'a str> {
        let breaks = |config: &Config, group, new: &NewInstance| {
            !policy_breaches(config, group, new).is_empty()
        };
        (config.instances_by_name())
            .filter(|instance| {
                let Some(node) = config.nodes.get(&instance.primary_node) else {
                    return false;
                };
                let now = NewInstance::like(config, instance);
                let then = NewInstance::like(after, instance);
                breaks(after, &node.group, &then) && !breaks(config, &node.group, &now)
            })
            .map(|instance| instance.name.as_str())
            .collect()
    }
}

impl LogicalUnit for ClusterSetParams {
    fn locks(&self, _config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        for level in [Level::Instance, Level::NodeGroup, Level::Node] {
            locks.add(Lock::all(level), Mode::Shared);
        }
        // Two of them do not look at what the other one changes.
        locks.with(Lock::all(Level::Cluster), Mode::Exclusive)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let change = self.change()?;
        let paths = self.paths(config)?;
        if change == ClusterChange::default() && paths.is_none() {
            return Err(wrong("nothing to change was given"));
        }
        if let Some(enabled) = &change.enabled_hypervisors {
            ClusterSetParams::check_hypervisors(config, enabled)?;
        }
        if let Some(enabled) = &change.enabled_disk_templates {
            ClusterSetParams::check_templates(config, enabled)?;
        }
        let after = ClusterSetParams::after(config, &change)?;
        let backend = after.backend_of(&Map::new());
        if backend.minmem > backend.maxmem {
            let (min, max) = (backend.minmem, backend.maxmem);
            return Err(wrong(format!(
                "minmem ({min}) is larger than maxmem ({max})"
            )));
        }
        check_cluster_ipolicy(&after, &change.ipolicy)?;
        let violating = ClusterSetParams::violating(config, &after);
        if !violating.is_empty() {
            env.warn(format!(
                "instances that violate the policy of their group from now on: {}",
                violating.join(", ")
            ));
        }
        Ok(())
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::default();
        let change = self.change()?;
        if change != ClusterChange::default() {
            outcome.edits.push(Edit::ChangeCluster(Box::new(change)));
        }
        if let Some(paths) = self.paths(env.config())? {
            let told = json!([["shared_paths", paths.join(", ")]]);
            outcome.result = UnitResult::Value(told);
            outcome.edits.push(Edit::SetSharedPaths(paths));
        }
        Ok(outcome)
    }
}
