//! `gnt-cluster modify`: what is changed of the configuration.

use clap::Args;
use serde_json::{Map, Value, json};

use super::policy::PolicyArgs;
use crate::cli::values::{self, Backend, IdentKeyVals, KeyVal, KeyVals};
use crate::cluster::{DiskTemplate, HvName};
use crate::opcodes::ClusterSetParams;

/// Parameters of the cluster that its objects inherit, and what is enabled.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Parameters of the configuration")]
pub struct ClusterParamsArgs {
    /// Backend parameters, such as memory=1G,vcpus=2
    #[arg(short = 'B', long, value_name = "BE", group = "changes", value_parser = values::backend, allow_hyphen_values = true)]
    pub backend_parameters: Option<Backend>,
    /// Hypervisor parameters, such as kvm:acpi=true; kept as data; may be repeated
    #[arg(short = 'H', long, value_name = "HV", group = "changes", value_parser = values::ident_key_vals, hide_short_help = true)]
    pub hypervisor_parameters: Vec<IdentKeyVals>,
    /// Parameters of network interfaces, such as mode=bridged,link=br0; kept as data
    #[arg(short = 'N', long, value_name = "NIC", group = "changes", value_parser = values::key_vals, hide_short_help = true)]
    pub nic_parameters: Option<KeyVals>,
    /// Disk parameters, such as drbd:resync-rate=61440; kept as data; may be repeated
    #[arg(short = 'D', long, value_name = "DISK", group = "changes", value_parser = values::ident_key_vals, hide_short_help = true)]
    pub disk_parameters: Vec<IdentKeyVals>,
    /// Node parameters, such as ssh_port=22
    #[arg(long, value_name = "KEY=VALUE,…", group = "changes", value_parser = values::key_vals, hide_short_help = true)]
    pub node_parameters: Option<KeyVals>,
    /// How disks can be kept, the default first, separated by commas
    #[arg(
        long,
        value_name = "TEMPLATES",
        group = "changes",
        value_delimiter = ',',
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub enabled_disk_templates: Option<Vec<DiskTemplate>>,
    /// Hypervisors that instances can have, the default first, separated by commas
    #[arg(
        long,
        value_name = "NAMES",
        group = "changes",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub enabled_hypervisors: Option<Vec<HvName>>,
    /// May users shut their instances down from inside: yes or no
    #[arg(long, value_name = "YES|NO", group = "changes", value_parser = values::yes_no, hide_short_help = true)]
    pub user_shutdown: Option<bool>,
    /// What a new instance is taken to have, such as cpu-count=1,memory-size=1G
    #[arg(long, value_name = "SPECS", group = "changes", value_parser = specs, hide_short_help = true)]
    pub ipolicy_std_specs: Option<Value>,
    /// Parts of the instance policy.
    #[command(flatten)]
    pub policy: PolicyArgs,
}

/// Parameters under names, such as those of several templates.
#[must_use]
pub fn by_name(given: Vec<IdentKeyVals>) -> Option<Map<String, Value>> {
    let mut all: Map<String, Value> = Map::new();
    for IdentKeyVals { ident, values } in given {
        let values = values.to_json();
        match all.get_mut(&ident).and_then(Value::as_object_mut) {
            Some(known) => known.extend(values),
            None => drop(all.insert(ident, Value::Object(values))),
        }
    }
    (!all.is_empty()).then_some(all)
}

impl ClusterParamsArgs {
    /// The opcode of what is given.
    #[must_use]
    pub fn opcode(self) -> ClusterSetParams {
        let mut ipolicy = self.policy.parts().unwrap_or_default();
        if let Some(std) = self.ipolicy_std_specs {
            ipolicy.insert("std".to_owned(), std);
        }
        ClusterSetParams {
            force: false,
            enabled_hypervisors: self.enabled_hypervisors,
            enabled_disk_templates: self.enabled_disk_templates,
            beparams: self.backend_parameters.map(|given| given.0),
            hvparams: by_name(self.hypervisor_parameters),
            nicparams: self.nic_parameters.map(|given| given.to_json()),
            ndparams: self.node_parameters.map(|given| given.to_json()),
            diskparams: by_name(self.disk_parameters),
            ipolicy: (!ipolicy.is_empty()).then_some(ipolicy),
            enabled_user_shutdown: self.user_shutdown,
            ..ClusterSetParams::default()
        }
    }
}

/// Values of a policy by their names: sizes where they are sizes.
///
/// # Errors
/// What is wrong with the text.
pub fn specs(text: &str) -> Result<Value, String> {
    let mut specs = Map::new();
    for (key, value) in values::key_vals(text)?.0 {
        let KeyVal::Text(text) = value else {
            return Err(format!("{key} needs a number"));
        };
        let number: Option<u64> = match key.as_str() {
            _ if text == "default" => None,
            "memory-size" | "disk-size" => Some(values::size(&text)?),
            _ => Some((text.parse()).map_err(|_| format!("{key} is a number, not {text:?}"))?),
        };
        specs.insert(key, json!(number));
    }
    Ok(Value::Object(specs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_several_names_add_up() {
        let given = [
            "drbd:protocol=C",
            "plain:stripes=2",
            "drbd:metavg=x,resync-rate=default",
        ];
        let given = given.map(|text| values::ident_key_vals(text).unwrap());
        let expected = json!({
            "drbd": {"protocol": "C", "metavg": "x", "resync-rate": "default"},
            "plain": {"stripes": "2"},
        });
        assert_eq!(by_name(given.into()).map(Value::from), Some(expected));
        assert_eq!(by_name(vec![]), None);
        let nothing = ClusterParamsArgs::default().opcode();
        assert_eq!(nothing, ClusterSetParams::default());
    }

    #[test]
    fn specs_are_numbers_and_sizes() {
        let expected = json!({"cpu-count": 2, "memory-size": 1024, "nic-count": null});
        let text = "cpu-count=2,memory-size=1G,nic-count=default";
        assert_eq!(specs(text), Ok(expected));
        for wrong in ["cpu-count", "cpu-count=x", "disk-size=x"] {
            assert!(specs(wrong).is_err(), "{wrong}");
        }
    }
}
