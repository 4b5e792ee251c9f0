//! Instances.

mod disks;
mod nics;
mod row;

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

use super::super::context::Context;
use super::super::exit::ExitCode;
use super::super::names;
use super::super::problem::Result;
use super::super::table::{Cell, Field};
use super::several::{HYPERVISOR_PARAMETERS, parameters, set};
use super::{Listed, Now, field, info, moment, number, object, select, text};
use crate::cluster::{AdminState, Instance};
use crate::hypervisor::CopyState;

pub use row::Row;

/// What can be shown of an instance.
pub static FIELDS: LazyLock<Vec<Field<Row>>> = LazyLock::new(|| {
    let mut fields: Vec<Field<Row>> = vec![
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
            "pnode.group.uuid",
            "PrimaryNodeGroupUUID",
            Text,
            "The UUID of that",
            |r| Cell::text_or_unavailable(r.group(r.primary()).map(|g| g.uuid.as_str()))
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
        field!(
            "snodes.group.uuid",
            "SecondaryNodesGroupsUUID",
            List,
            "The UUIDs of these",
            |r| Cell::List(
                r.group(r.secondary())
                    .map(|g| g.uuid.to_string())
                    .into_iter()
                    .collect()
            )
        ),
        field!(
            "network_port",
            "Network_port",
            Number,
            "The port of its console; data only",
            |r| set(r.instance.rest.get("network_port"))
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
            "be/always_failover",
            "Always_failover",
            Bool,
            "Whether it is failed over where others migrate",
            |r| Cell::Bool(r.backend().always_failover)
        ),
        field!(
            "be/spindle_use",
            "ConfigSpindleUse",
            Number,
            "Spindles that it uses",
            |r| number(r.backend().spindle_use)
        ),
        field!(
            "beparams",
            "BackendParameters",
            Other,
            "Its backend parameters",
            |r| object(r.config().beparams(&r.instance).filled())
        ),
        field!(
            "custom_beparams",
            "CustomBackendParameters",
            Other,
            "Those of them that are its own",
            |r| object(r.instance.beparams.clone())
        ),
        field!(
            "hvparams",
            "HypervisorParameters",
            Other,
            "Its hypervisor parameters; data only",
            |r| object(r.config().hvparams(&r.instance).filled())
        ),
        field!(
            "custom_hvparams",
            "CustomHypervisorParameters",
            Other,
            "Those of them that are its own",
            |r| object(r.instance.hvparams.clone())
        ),
        field!(
            "osparams",
            "OpSysParameters",
            Other,
            "Parameters of its operating system; data only",
            |r| object(r.config().osparams(&r.instance).filled())
        ),
        field!(
            "custom_osparams",
            "CustomOpSysParameters",
            Other,
            "Those of them that are its own",
            |r| r
                .instance
                .rest
                .get("osparams")
                .map_or_else(|| object(Map::new()), |own| Cell::Json(own.clone()))
        ),
        field!(
            "forthcoming",
            "Forthcoming",
            Bool,
            "Whether it is a placeholder that does not exist yet",
            |r| Cell::Bool(r.instance.forthcoming)
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
        field!("ctime", "CTime", Time, "When it was made", |r| moment(
            r.instance.stamps.ctime
        )),
        field!("mtime", "MTime", Time, "When it was changed last", |r| {
            moment(r.instance.stamps.mtime)
        }),
    ];
    fields.extend(disks::fields());
    fields.extend(nics::fields());
    fields.extend(parameters(
        "hv",
        "Hypervisor parameter",
        HYPERVISOR_PARAMETERS,
        |r: &Row, key| set(r.config().hvparams(&r.instance).get(key)),
    ));
    fields
});

impl Listed for Row {
    const DEFAULT: &'static str = "name,hypervisor,os,pnode,status,oper_ram";

    fn fields() -> &'static [Field<Row>] {
        &FIELDS
    }

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
