//! Instances.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::context::Context;
use super::super::exit::ExitCode;
use super::super::names;
use super::super::problem::Result;
use super::super::table::{Cell, Field, Kind};
use super::node::field;
use super::{Listed, Now, info, select};
use crate::cluster::{AdminState, Backend, Config, Group, Instance, Node};
use crate::hypervisor::CopyState;
use crate::hypervisor::fake::InstanceNow;

/// An instance, where it stands.
#[derive(Debug)]
pub struct Row {
    now: Rc<Now>,
    instance: Arc<Instance>,
}

/// Where an instance was found to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Reality cannot be read, or the primary node does not answer.
    Unknown,
    /// On its primary node.
    Primary,
    /// On another node.
    Elsewhere,
    /// Nowhere.
    Nowhere,
}

impl Row {
    fn config(&self) -> &Config {
        &self.now.config
    }

    fn backend(&self) -> Backend {
        self.config().backend(&self.instance)
    }

    fn primary(&self) -> Option<&Arc<Node>> {
        self.config().nodes.get(&self.instance.primary_node)
    }

    fn group(&self, node: Option<&Arc<Node>>) -> Option<&Arc<Group>> {
        self.config().groups.get(&node?.group)
    }

    fn secondary(&self) -> Option<&Arc<Node>> {
        let uuid = self.config().secondary(&self.instance)?;
        self.config().nodes.get(uuid)
    }

    fn reality(&self) -> Option<&InstanceNow> {
        self.now
            .reality
            .as_ref()?
            .instances
            .get(&self.instance.uuid)
    }

    fn found(&self) -> Found {
        let Some(reality) = &self.now.reality else {
            return Found::Unknown;
        };
        let running = self.reality().map_or(&[][..], |now| &now.running_on);
        if running.contains(&self.instance.primary_node) {
            return Found::Primary;
        }
        if !running.is_empty() {
            return Found::Elsewhere;
        }
        match reality.nodes.get(&self.instance.primary_node) {
            Some(node) if node.alive => Found::Nowhere,
            _ => Found::Unknown,
        }
    }

    /// Ganeti's status words, in its order of precedence.
    fn status(&self) -> &'static str {
        if self.primary().is_some_and(|node| node.offline) {
            return "ERROR_nodeoffline";
        }
        match (self.found(), self.instance.admin_state) {
            (Found::Unknown, _) => "ERROR_nodedown",
            (Found::Elsewhere, _) => "ERROR_wrongnode",
            (Found::Primary, AdminState::Up) => "running",
            (Found::Primary, AdminState::Down | AdminState::Offline) => "ERROR_up",
            (Found::Nowhere, AdminState::Up) => "ERROR_down",
            (Found::Nowhere, AdminState::Down) => "ADMIN_down",
            (Found::Nowhere, AdminState::Offline) => "ADMIN_offline",
        }
    }

    /// A value that only a running instance has.
    fn live(&self, cell: Cell) -> Cell {
        match self.found() {
            _ if self.primary().is_some_and(|node| node.offline) => Cell::Offline,
            Found::Primary | Found::Elsewhere => cell,
            Found::Nowhere => Cell::Unavailable,
            Found::Unknown => Cell::NoData,
        }
    }
}

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

fn number(value: u64) -> Cell {
    Cell::Number(i64::try_from(value).unwrap_or(i64::MAX))
}

/// What can be shown of an instance.
pub static FIELDS: [Field<Row>; 34] = [
    field!("name", "Instance", Name, "Its name", |r| text(
        &r.instance.name
    )),
    field!(
        "hypervisor",
        "Hypervisor",
        Text,
        "Hypervisor name; data only",
        |r| text(r.instance.hypervisor.as_str())
    ),
    field!("os", "OS", Text, "Operating system; data only", |r| text(
        &r.instance.os
    )),
    field!(
        "pnode",
        "Primary_node",
        Name,
        "The node that it runs on, if it runs",
        |r| text(r.config().node_name(&r.instance.primary_node))
    ),
    field!(
        "pnode.group",
        "PrimaryNodeGroup",
        Name,
        "Its primary node's group",
        |r| Cell::text_or_unavailable(r.group(r.primary()).map(|g| g.name.clone()))
    ),
    field!(
        "snodes",
        "Secondary_Nodes",
        List,
        "The nodes with the other copy of its disks",
        |r| Cell::List(r.secondary().map(|n| n.name.clone()).into_iter().collect())
    ),
    field!(
        "snodes.group",
        "SecondaryNodesGroups",
        List,
        "Their groups",
        |r| Cell::List(
            r.group(r.secondary())
                .map(|g| g.name.clone())
                .into_iter()
                .collect()
        )
    ),
    field!("status", "Status", Text, "How it is", |r| text(r.status())),
    field!("oper_state", "Running", Bool, "Whether it runs", |r| r
        .live(Cell::Bool(true))
        .or_no()),
    field!("oper_ram", "Memory", Unit, "Memory that it has now", |r| r
        .live(Cell::Mib(r.backend().maxmem))),
    field!(
        "oper_vcpus",
        "VCPUs",
        Number,
        "Virtual CPUs that it has now",
        |r| r.live(number(r.backend().vcpus))
    ),
    field!(
        "admin_state",
        "InstanceState",
        Text,
        "Whether it is meant to run",
        |r| text(r.instance.admin_state.word())
    ),
    field!(
        "admin_state_source",
        "InstanceStateSource",
        Text,
        "Who said so",
        |r| text(r.instance.admin_state_source.word())
    ),
    field!(
        "admin_up",
        "Autostart",
        Bool,
        "Whether it is meant to run",
        |r| Cell::Bool(r.instance.admin_state == AdminState::Up)
    ),
    field!(
        "disks_active",
        "DisksActive",
        Bool,
        "Whether its disks are meant to be active",
        |r| Cell::Bool(r.instance.disks_active)
    ),
    field!(
        "disk_template",
        "Disk_template",
        Text,
        "How its disks are kept",
        |r| text(r.config().template(&r.instance).word())
    ),
    field!(
        "disk_usage",
        "DiskUsage",
        Unit,
        "Disk that it takes on each of its nodes",
        |r| Cell::Mib(r.config().disk_on_node(&r.instance))
    ),
    field!(
        "disk.count",
        "Disks",
        Number,
        "How many disks it has",
        |r| number(r.instance.disks.len() as u64)
    ),
    field!(
        "disk.sizes",
        "Disk_sizes",
        List,
        "Their sizes in MiB",
        |r| Cell::List(
            r.config()
                .disks_of(&r.instance)
                .map(|d| d.size.to_string())
                .collect()
        )
    ),
    field!("disk.uuids", "Disk_UUIDs", List, "Their UUIDs", |r| {
        Cell::List(r.instance.disks.iter().map(ToString::to_string).collect())
    }),
    field!(
        "nic.count",
        "NICs",
        Number,
        "How many network interfaces it has",
        |r| number(r.instance.nics.len() as u64)
    ),
    field!("nic.macs", "NIC_MACs", List, "Their MAC addresses", |r| {
        Cell::List(
            r.instance
                .nics
                .iter()
                .filter_map(|n| n.get("mac")?.as_str())
                .map(str::to_owned)
                .collect(),
        )
    }),
    field!(
        "be/maxmem",
        "ConfigMaxMem",
        Unit,
        "Memory it has at most",
        |r| Cell::Mib(r.backend().maxmem)
    ),
    field!(
        "be/minmem",
        "ConfigMinMem",
        Unit,
        "Memory it needs at least",
        |r| Cell::Mib(r.backend().minmem)
    ),
    field!(
        "be/memory",
        "ConfigMaxMem",
        Unit,
        "The same as be/maxmem",
        |r| Cell::Mib(r.backend().maxmem)
    ),
    field!("be/vcpus", "ConfigVCPUs", Number, "Virtual CPUs", |r| {
        number(r.backend().vcpus)
    }),
    field!(
        "vcpus",
        "ConfigVCPUs",
        Number,
        "The same as be/vcpus",
        |r| number(r.backend().vcpus)
    ),
    field!(
        "be/auto_balance",
        "Auto_balance",
        Bool,
        "Whether it counts for N+1",
        |r| Cell::Bool(r.backend().auto_balance)
    ),
    field!(
        "uncertain",
        "Uncertain",
        Text,
        "Why it is not known where it is",
        |r| Cell::text_or_unavailable(r.instance.uncertain.clone())
    ),
    field!("tags", "Tags", List, "Tags", |r| Cell::List(
        r.instance.tags.clone()
    )),
    field!("uuid", "UUID", Text, "UUID", |r| text(
        r.instance.uuid.as_str()
    )),
    field!(
        "serial_no",
        "SerialNo",
        Number,
        "Raised at each change",
        |r| number(r.instance.stamps.serial_no)
    ),
    field!("ctime", "CTime", Time, "When it was made", |r| Cell::Time(
        (r.instance.stamps.ctime * 1e6) as i64
    )),
    field!("mtime", "MTime", Time, "When it was changed last", |r| {
        Cell::Time((r.instance.stamps.mtime * 1e6) as i64)
    }),
];

impl Cell {
    /// `N` for what does not apply.
    fn or_no(self) -> Cell {
        match self {
            Cell::Unavailable => Cell::Bool(false),
            other => other,
        }
    }
}

impl Listed for Row {
    const DEFAULT: &'static str = "name,hypervisor,os,pnode,status,oper_ram";
    const FIELDS: &'static [Field<Row>] = &FIELDS;

    fn rows(now: &Rc<Now>, wanted: &[String]) -> Result<Vec<Row>> {
        let row = |instance| Row {
            now: Rc::clone(now),
            instance,
        };
        Ok(picked(now, wanted)?.into_iter().map(row).collect())
    }
}

fn picked(now: &Now, wanted: &[String]) -> Result<Vec<Arc<Instance>>> {
    let all = now.config.instances_by_name().cloned().collect::<Vec<_>>();
    select(
        all.into_iter(),
        wanted,
        |instance| &instance.name,
        |name| Ok(Arc::clone(names::instance(&now.config, name)?)),
    )
}

/// `gnt-instance info`.
///
/// # Errors
/// Unknown names; the output cannot be written.
pub fn info(cx: &mut Context, wanted: &[String]) -> Result<ExitCode> {
    let client = cx.open()?;
    let now = Rc::new(Now::read(&client)?);
    let items: Vec<_> = (Row::rows(&now, wanted)?.iter())
        .map(|row| {
            let config = row.config();
            let backend = row.backend();
            let disk = |disk: &Arc<crate::cluster::Disk>| {
                let nodes: Vec<_> = disk.nodes.iter().map(|n| config.node_name(n)).collect();
                json!({"name": disk.iv_name, "type": disk.dev_type, "size": disk.size,
                       "nodes": nodes, "uuid": disk.uuid})
            };
            let disks: Vec<Value> = config.disks_of(&row.instance).map(disk).collect();
            let copies = row.reality().map_or(&[][..], |now| &now.copies);
            let copy = |(node, state): &(crate::cluster::NodeUuid, CopyState)| {
                let state = match state {
                    CopyState::InSync => "in sync".to_owned(),
                    CopyState::Syncing(percent) => format!("syncing {percent:.0} %"),
                };
                (config.node_name(node).to_owned(), json!(state))
            };
            let copies: serde_json::Map<String, Value> = copies.iter().map(copy).collect();
            let instance = &row.instance;
            let secondary = row.secondary().map(|node| &node.name);
            vec![
                ("Instance name", json!(instance.name)),
                ("UUID", json!(instance.uuid)),
                (
                    "State",
                    json!({"configured": instance.admin_state, "actual": row.status()}),
                ),
                ("primary", json!(config.node_name(&instance.primary_node))),
                ("secondaries", json!(secondary)),
                ("Operating system", json!(instance.os)),
                ("Hypervisor", json!(instance.hypervisor)),
                (
                    "Memory",
                    json!({"maxmem": backend.maxmem, "minmem": backend.minmem}),
                ),
                ("VCPUs", json!(backend.vcpus)),
                ("Disk template", json!(config.template(instance))),
                ("Disks", json!(disks)),
                ("Copies", json!(copies)),
                ("NICs", json!(instance.nics)),
                ("Tags", json!(instance.tags)),
                ("Uncertain", json!(instance.uncertain)),
            ]
        })
        .collect();
    info::print(cx, &items)?;
    Ok(ExitCode::Done)
}
