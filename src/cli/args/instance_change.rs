//! The commands of `gnt-instance` that change an instance where it is.

use clap::Args;

use super::common::{ForceArgs, SubmitArgs};
use crate::cli::values::{self, Backend, IdentKeyVals, KeyVal, KeyVals};
use crate::opcodes::{DiskAt, DiskOp, DiskParams, NewDisk};

/// `gnt-instance modify`.
#[derive(Debug, Args)]
pub struct ModifyArgs {
    /// The instance
    pub instance: String,
    /// Backend parameters, such as memory=2G; -KEY resets one
    #[arg(short = 'B', long, value_name = "BE", value_parser = values::backend, allow_hyphen_values = true)]
    pub backend_parameters: Option<Backend>,
    /// A disk: add:size=10G, remove, 0:mode=ro, 1:remove; may be repeated
    #[arg(long = "disk", value_name = "DISK", value_parser = disk_op)]
    pub disks: Vec<DiskOp>,
    /// Hypervisor parameters, such as acpi=true; kept as data
    #[arg(short = 'H', long, value_name = "HV", value_parser = values::key_vals, allow_hyphen_values = true, hide_short_help = true)]
    pub hypervisor_parameters: Option<KeyVals>,
    /// Parameters of its operating system; kept as data
    #[arg(short = 'O', long, value_name = "OS", value_parser = values::key_vals, allow_hyphen_values = true, hide_short_help = true)]
    pub os_parameters: Option<KeyVals>,
    /// Operating system; kept as data
    #[arg(
        short = 'o',
        long,
        value_name = "OS",
        group = "changes",
        hide_short_help = true
    )]
    pub os_type: Option<String>,
    /// Mark it offline: it is stopped and stays so
    #[arg(long, conflicts_with = "online")]
    pub offline: bool,
    /// Mark it as not offline
    #[arg(long)]
    pub online: bool,
    /// Do not wait until its disks are in sync
    #[arg(long, hide_short_help = true)]
    pub no_wait_for_sync: bool,
    /// Do not check the group's instance policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// What this program leaves out.
    #[command(flatten)]
    pub left_out: ModifyLeftOut,
    /// Whether to mind that its node has no room for its memory.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// Options of Ganeti that are known in order to be refused in words.
#[derive(Debug, Clone, Default, Args)]
pub struct ModifyLeftOut {
    /// Network interfaces
    #[arg(long = "net", hide = true, value_name = "NIC")]
    pub nets: Vec<String>,
    /// Another disk template
    #[arg(short = 't', long, hide = true)]
    pub disk_template: Option<String>,
    /// Another primary node without moving anything
    #[arg(long, hide = true)]
    pub new_primary: Option<String>,
    /// Memory of the running instance
    #[arg(short = 'm', long, hide = true)]
    pub runtime_memory: Option<String>,
}

impl ModifyLeftOut {
    /// The first that was given, and what to do instead.
    #[must_use]
    pub fn given(&self) -> Option<(&'static str, &'static str)> {
        [
            (
                !self.nets.is_empty(),
                "--net",
                "network interfaces are data, which come with gnt-instance add and gnt-cluster import",
            ),
            (
                self.disk_template.is_some(),
                "--disk-template",
                "only a new instance has another template",
            ),
            (
                self.new_primary.is_some(),
                "--new-primary",
                "gnt-instance migrate, failover and move change the primary node",
            ),
            (
                self.runtime_memory.is_some(),
                "--runtime-memory",
                "-B memory=SIZE counts from the next start on",
            ),
        ]
        .into_iter()
        .find_map(|(given, option, instead)| given.then_some((option, instead)))
    }
}

/// `gnt-instance rename`.
#[derive(Debug, Args)]
pub struct RenameArgs {
    /// The instance
    pub instance: String,
    /// Its new name
    pub new_name: String,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// One change of the disks: `add:size=10G`, `remove`, `N:add,size=10G`, `N:remove`,
/// `N[:modify],mode=ro,name=TEXT`. `N` is a number, -1, a name or a UUID.
fn disk_op(text: &str) -> Result<DiskOp, String> {
    let IdentKeyVals { ident, values } = values::ident_key_vals(text)?;
    let mut values = values.0;
    let mut verb = None;
    for word in ["add", "remove", "modify", "attach", "detach"] {
        if values.get(word) == Some(&KeyVal::Flag(true)) {
            values.remove(word);
            if verb.replace(word).is_some() {
                return Err("more than one of add, remove and modify".to_owned());
            }
        }
    }
    let (verb, at) = match (verb, ident.as_str()) {
        (None, "add" | "remove" | "attach" | "detach") => (ident.as_str(), DiskAt::Last),
        (verb, ident) => {
            let at = match (ident, ident.parse()) {
                ("-1", _) => DiskAt::Last,
                (_, Ok(index)) => DiskAt::Index(index),
                (name, Err(_)) => DiskAt::Named(name.to_owned()),
            };
            (verb.unwrap_or("modify"), at)
        }
    };
    let mut params = DiskParams::default();
    for (key, value) in values {
        match (key.as_str(), value) {
            ("size", KeyVal::Text(text)) => params.size = Some(values::size(&text)?),
            ("name", KeyVal::Text(text)) => params.name = Some(text),
            ("mode", KeyVal::Text(text)) if text == "rw" || text == "ro" => {
                params.mode = Some(text);
            }
            ("mode", _) => return Err("the mode of a disk is rw or ro".into()),
            (key, _) => return Err(format!("{key}: a disk has size=, name= and mode=")),
        }
    }
    match (verb, params) {
        ("add", DiskParams { size: None, .. }) => {
            Err("a new disk needs a size, as in add:size=10G".into())
        }
        ("add", DiskParams { mode, name, size }) => Ok(DiskOp::Add {
            at,
            disk: NewDisk {
                size: size.unwrap_or_default(),
                mode,
                name,
            },
        }),
        ("remove", params) if params == DiskParams::default() => Ok(DiskOp::Remove { at }),
        ("remove", _) => Err("a disk that is removed has no parameters".into()),
        ("attach" | "detach", _) => Err("disks are added and removed only".into()),
        (_, params) if params == DiskParams::default() => {
            Err("what is to change: mode= or name=".into())
        }
        (_, change) => Ok(DiskOp::Modify { at, change }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_of_disks_as_they_are_written() {
        for (text, wire) in [
            ("add:size=1G", json!(["add", -1, {"size": 1024}])),
            (
                "0:add,size=1G,name=x",
                json!(["add", 0, {"size": 1024, "name": "x"}]),
            ),
            ("remove", json!(["remove", -1, {}])),
            ("1:remove", json!(["remove", 1, {}])),
            ("data:remove", json!(["remove", "data", {}])),
            ("0:mode=ro", json!(["modify", 0, {"mode": "ro"}])),
            (
                "-1:modify,name=none",
                json!(["modify", -1, {"name": "none"}]),
            ),
            ("0:size=2G", json!(["modify", 0, {"size": 2048}])),
        ] {
            let op = disk_op(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}"));
            assert_eq!(json!(op), wire, "{text}");
        }
        for wrong in [
            "",
            "add",
            "0",
            "0:add",
            "0:mode=x",
            "0:remove,mode=ro",
            "0:add,remove",
            "detach",
            "0:colour=red",
            "add:size=much",
        ] {
            assert!(disk_op(wrong).is_err(), "{wrong}");
        }
    }
}
