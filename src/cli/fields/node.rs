//! Nodes.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::super::context::Context;
use super::super::exit::ExitCode;
use super::super::names;
use super::super::problem::Result;
use super::super::table::{Cell, Field};
use super::several::{NODE_PARAMETERS, parameters, set};
use super::{Listed, Now, count, field, info, moment, number, object, select, text};
use crate::cluster::{Config, Host, Node, NodeRole};
use crate::hypervisor::NodeNow;

/// A node, where it stands.
#[derive(Debug)]
pub struct Row {
    now: Rc<Now>,
    node: Arc<Node>,
}

impl Row {
    fn config(&self) -> &Config {
        &self.now.config
    }

    fn group(&self) -> String {
        let group = self.config().groups.get(&self.node.group);
        group.map_or_else(|| self.node.group.to_string(), |group| group.name.clone())
    }

    /// Whether it is switched on: known where the cluster has a program that asks.
    fn powered(&self) -> Cell {
        let program = self.config().ndparams(&self.node).get("oob_program");
        let program = program.and_then(Value::as_str).unwrap_or_default();
        match (
            program,
            self.node.rest.get("powered").and_then(Value::as_bool),
        ) {
            ("", _) | (_, None) => Cell::Unavailable,
            (_, Some(powered)) => Cell::Bool(powered),
        }
    }

    /// Spindles that are left by the instances that are meant to run on it.
    fn free_spindles(&self) -> u64 {
        let config = self.config();
        let used = (config.primaries(&self.node.uuid))
            .filter(|instance| Config::uses_memory(instance))
            .map(|instance| config.backend(instance).spindle_use)
            .fold(0, u64::saturating_add);
        self.node.capacity.spindles.saturating_sub(used)
    }

    /// What is known of the machine that it is.
    fn host(&self, get: impl Fn(&Host) -> Option<String>) -> Cell {
        Cell::text_or_unavailable(self.node.host.as_deref().and_then(get))
    }

    /// A value that only a node that answers can tell.
    fn live(&self, get: impl Fn(&NodeNow) -> u64) -> Cell {
        // Nobody is asked for that.
        if self.node.offline {
            return Cell::Offline;
        }
        let now = self
            .now
            .reality()
            .and_then(|r| r.nodes.get(&self.node.uuid));
        match now {
            Some(now) if now.alive => Cell::Mib(get(now)),
            _ => Cell::NoData,
        }
    }
}

/// What can be shown of a node.
pub static FIELDS: LazyLock<Vec<Field<Row>>> = LazyLock::new(|| {
    let mut fields: Vec<Field<Row>> = vec![
        field!("name", "Node", Name, "Its name", |r| text(&r.node.name)),
        field!("pip", "PrimaryIP", Text, "Primary IP address", |r| text(
            &r.node.primary_ip
        )),
        field!(
            "sip",
            "SecondaryIP",
            Text,
            "Secondary IP address",
            |r| text(&r.node.secondary_ip)
        ),
        field!("group", "Group", Name, "Its group", |r| text(r.group())),
        field!("group.uuid", "GroupUUID", Text, "Its group's UUID", |r| {
            text(r.node.group.as_str())
        }),
        field!(
            "master_candidate",
            "MasterC",
            Bool,
            "Master candidate",
            |r| Cell::Bool(r.node.master_candidate)
        ),
        field!(
            "master_capable",
            "MasterCapable",
            Bool,
            "May become master",
            |r| Cell::Bool(r.node.master_capable)
        ),
        field!("vm_capable", "VMCapable", Bool, "May hold instances", |r| {
            Cell::Bool(r.node.vm_capable)
        }),
        field!("drained", "Drained", Bool, "Takes no new instances", |r| {
            Cell::Bool(r.node.drained)
        }),
        field!(
            "powered",
            "Powered",
            Bool,
            "Whether it is switched on, where a program tells",
            |r| r.powered()
        ),
        field!("master", "IsMaster", Bool, "Ganeti's master", |r| {
            Cell::Bool(r.config().role(&r.node) == NodeRole::Master)
        }),
        field!("offline", "Offline", Bool, "Declared dead", |r| Cell::Bool(
            r.node.offline
        )),
        field!(
            "role",
            "Role",
            Text,
            "M master, C candidate, D drained, O offline, R regular",
            |r| text(r.config().role(&r.node).word())
        ),
        field!(
            "pinst_cnt",
            "Pinst",
            Number,
            "Instances whose primary node it is",
            |r| count(r.config().primaries(&r.node.uuid).count())
        ),
        field!(
            "sinst_cnt",
            "Sinst",
            Number,
            "Instances whose secondary node it is",
            |r| count(r.config().secondaries(&r.node.uuid).count())
        ),
        field!(
            "pinst_list",
            "PriInstances",
            List,
            "Names of its primary instances",
            |r| Cell::List(
                r.config()
                    .primaries(&r.node.uuid)
                    .map(|i| i.name.clone())
                    .collect()
            )
        ),
        field!(
            "sinst_list",
            "SecInstances",
            List,
            "Names of its secondary instances",
            |r| Cell::List(
                r.config()
                    .secondaries(&r.node.uuid)
                    .map(|i| i.name.clone())
                    .collect()
            )
        ),
        field!("mtotal", "MTotal", Unit, "Memory", |r| r
            .live(|n| n.capacity.memory)),
        field!(
            "mnode",
            "MNode",
            Unit,
            "Memory that the node itself uses",
            |r| r.live(|_| 0)
        ),
        field!("mfree", "MFree", Unit, "Free memory", |r| r
            .live(|n| n.capacity.memory.saturating_sub(n.memory_used))),
        field!(
            "cnos",
            "CNOs",
            Number,
            "CPUs that the node itself uses",
            |r| match r.live(|_| 0) {
                Cell::Mib(_) => number(0),
                missing => missing,
            }
        ),
        field!("dtotal", "DTotal", Unit, "Disk", |r| r
            .live(|n| n.capacity.disk)),
        field!("dfree", "DFree", Unit, "Free disk", |r| r
            .live(|n| n.capacity.disk.saturating_sub(n.disk_used))),
        field!("ctotal", "CTotal", Number, "CPUs", |r| number(
            r.node.capacity.cpus
        )),
        field!("sptotal", "SpTotal", Number, "Spindles", |r| number(
            r.node.capacity.spindles
        )),
        field!(
            "spfree",
            "SpFree",
            Number,
            "Spindles that no instance uses",
            |r| number(r.free_spindles())
        ),
        field!(
            "ndparams",
            "NodeParameters",
            Other,
            "Its node parameters",
            |r| object(r.config().ndparams(&r.node).filled())
        ),
        field!(
            "custom_ndparams",
            "CustomNodeParameters",
            Other,
            "Those of them that are its own",
            |r| object(r.node.ndparams.clone())
        ),
        field!(
            "hv_state",
            "HypervisorState",
            Other,
            "Ganeti's; nobody keeps it",
            |_| Cell::Unavailable
        ),
        field!(
            "disk_state",
            "DiskState",
            Other,
            "Ganeti's; nobody keeps it",
            |_| Cell::Unavailable
        ),
        field!("tags", "Tags", List, "Tags", |r| Cell::List(
            r.node.tags.clone()
        )),
        field!("uuid", "UUID", Text, "UUID", |r| text(r.node.uuid.as_str())),
        field!(
            "uri",
            "URI",
            Text,
            "Where its machine is reached; ours, like the next five",
            |r| r.host(|host| Some(host.uri.clone()))
        ),
        field!(
            "peer_uri",
            "PeerURI",
            Text,
            "Where other nodes reach its machine when an instance moves there",
            |r| r.host(|host| Some(host.peer_uri().to_owned()))
        ),
        field!(
            "host_name",
            "HostName",
            Text,
            "What its machine calls itself",
            |r| r.host(|host| host.host_name.clone())
        ),
        field!(
            "host_uuid",
            "HostUUID",
            Text,
            "What tells its machine from every other",
            |r| r.host(|host| host.host_uuid.clone())
        ),
        field!(
            "fence_cmd",
            "FenceCommand",
            Text,
            "What cuts its machine's power",
            |r| r.host(|host| host.fence_cmd.clone())
        ),
        field!(
            "migration_bandwidth",
            "Bandwidth",
            Number,
            "MiB a second that one migration away from it may take",
            |r| {
                let host = r.node.host.as_ref();
                let given = host.and_then(|host| host.migration_bandwidth);
                given.map_or(Cell::Unavailable, number)
            }
        ),
        field!(
            "serial_no",
            "SerialNo",
            Number,
            "Raised at each change",
            |r| number(r.node.stamps.serial_no)
        ),
        field!("ctime", "CTime", Time, "When it was made", |r| moment(
            r.node.stamps.ctime
        )),
        field!("mtime", "MTime", Time, "When it was changed last", |r| {
            moment(r.node.stamps.mtime)
        }),
    ];
    fields.extend(parameters(
        "ndp",
        "Node parameter",
        NODE_PARAMETERS,
        |r: &Row, key| set(r.config().ndparams(&r.node).get(key)),
    ));
    fields
});

impl Listed for Row {
    const DEFAULT: &'static str = "name,dtotal,dfree,mtotal,mnode,mfree,pinst_cnt,sinst_cnt";

    fn fields() -> &'static [Field<Row>] {
        &FIELDS
    }

    fn rows(now: &Rc<Now>, wanted: &[String]) -> Result<Vec<Row>> {
        let row = |node| Row {
            now: Rc::clone(now),
            node,
        };
        Ok(picked(now, wanted)?.into_iter().map(row).collect())
    }
}

fn picked(now: &Now, wanted: &[String]) -> Result<Vec<Arc<Node>>> {
    let all = now.config.nodes_by_name().cloned().collect::<Vec<_>>();
    select(
        all.into_iter(),
        wanted,
        |node| &node.name,
        |name| Ok(Arc::clone(names::node(&now.config, name)?)),
    )
}

/// `gnt-node info`.
///
/// # Errors
/// Unknown names; the output cannot be written.
pub fn info(cx: &mut Context, wanted: &[String]) -> Result<ExitCode> {
    let client = cx.open()?;
    let now = Rc::new(Now::read(&client)?);
    let items: Vec<_> = (Row::rows(&now, wanted)?.iter())
        .map(|row| {
            let node = &row.node;
            let config = row.config();
            let primaries: Vec<_> = config.primaries(&node.uuid).map(|i| &i.name).collect();
            let secondaries: Vec<_> = config.secondaries(&node.uuid).map(|i| &i.name).collect();
            let host = node.host.as_deref().map(|host| {
                (
                    "machine",
                    json!({
                        "URI": host.uri,
                        "peer URI": host.peer_uri(),
                        "name": host.host_name,
                        "UUID": host.host_uuid,
                        "fence command": host.fence_cmd,
                        "migration bandwidth": host.migration_bandwidth,
                    }),
                )
            });
            let pairs = vec![
                ("Node name", json!(node.name)),
                ("primary ip", json!(node.primary_ip)),
                ("secondary ip", json!(node.secondary_ip)),
                ("group", json!(row.group())),
                ("role", json!(config.role(node))),
                ("master candidate", json!(node.master_candidate)),
                ("drained", json!(node.drained)),
                ("offline", json!(node.offline)),
                ("master_capable", json!(node.master_capable)),
                ("vm_capable", json!(node.vm_capable)),
                ("capacity", json!(node.capacity)),
                ("primary for instances", json!(primaries)),
                ("secondary for instances", json!(secondaries)),
                ("node parameters", json!(node.ndparams)),
                ("tags", json!(node.tags)),
                ("UUID", json!(node.uuid)),
            ];
            pairs.into_iter().chain(host).collect::<Vec<_>>()
        })
        .collect();
    info::print(cx, &items)?;
    Ok(ExitCode::Done)
}
