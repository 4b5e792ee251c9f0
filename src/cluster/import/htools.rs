//! htools' text file: five sections of lines with fields between bars.
//!
//! It is brought into the shape of Ganeti's own configuration and read as one, so that what is
//! missing or points nowhere is treated alike.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Fault, Imported, LARGEST, made_up_uuid, read_ganeti};
use crate::cluster::export::VERSION;
use crate::cluster::{DRBD_META_MIB, defaults};

/// Whether a text may be one: its first line is a group, of four fields or five.
pub(super) fn looks_like(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    matches!(first.split('|').count(), 4 | 5)
}

/// Reads the file.
pub(super) fn read(text: &str) -> Result<Imported, Fault> {
    let mut file = File::default();
    let mut sections = sections(text).into_iter();
    let mut next = || sections.next().unwrap_or_default();
    for line in next() {
        file.group(line)?;
    }
    for line in next() {
        file.node(line)?;
    }
    for line in next() {
        file.instance(line)?;
    }
    for line in next() {
        // Writers leave an empty section out rather than write two empty lines: a tag has no bars.
        match line.text.contains('|') {
            true => file.policy(line)?,
            false => file.tags.push(line.text.to_owned()),
        }
    }
    for line in next() {
        file.policy(line)?;
    }
    file.notes
        .extend((sections.next()).map(|_| "what follows the policies was left out".to_owned()));
    file.finish()
}

/// A line and its number, from 1.
#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// Its fields, if their number is allowed.
    fn fields(self, what: &str, least: usize, most: usize) -> Result<Vec<&'a str>, Fault> {
        let fields: Vec<&str> = self.text.split('|').collect();
        if (least..=most).contains(&fields.len()) {
            return Ok(fields);
        }
        let count = fields.len();
        Err(self.fault(&format!(
            "{what} has {least} to {most} fields, this has {count}"
        )))
    }

    fn fault(self, what: &str) -> Fault {
        Fault::new(format!("line {}: {what}", self.number))
    }

    fn whole(self, name: &str, text: &str) -> Result<u64, Fault> {
        let number = text.parse().ok().filter(|number| *number <= LARGEST);
        number.ok_or_else(|| {
            self.fault(&format!(
                "{name}: expected a whole number from 0 to 2^40, not {text:?}"
            ))
        })
    }

    fn ratio(self, name: &str, text: &str) -> Result<f64, Fault> {
        let ratio = text.parse().ok().filter(|ratio: &f64| ratio.is_finite());
        ratio.ok_or_else(|| self.fault(&format!("{name}: expected a number, not {text:?}")))
    }

    fn flag(self, name: &str, text: &str) -> Result<bool, Fault> {
        match text {
            "Y" => Ok(true),
            "N" => Ok(false),
            _ => Err(self.fault(&format!("{name}: expected Y or N, not {text:?}"))),
        }
    }
}

/// The lines between empty ones. Each empty line begins a section, which may have none.
fn sections(text: &str) -> Vec<Vec<Line<'_>>> {
    let mut sections = vec![vec![]];
    for (at, text) in text.trim_end().lines().enumerate() {
        let line = Line {
            number: at + 1,
            text,
        };
        match sections.last_mut() {
            Some(section) if !text.is_empty() => section.push(line),
            _ => sections.push(vec![]),
        }
    }
    sections
}

/// A comma-separated list; of an empty text there are no parts.
fn list(text: &str) -> Vec<&str> {
    text.split(',').filter(|part| !part.is_empty()).collect()
}

fn node_uuid(name: &str) -> String {
    made_up_uuid(&format!("htools node {name}"))
}

/// What is free on a node, MiB, and what else it has.
struct Room {
    memory: u64,
    disk: u64,
    cpus: u64,
    spindles: u64,
}

/// What has been read so far, by UUID where it is an object.
#[derive(Default)]
struct File {
    groups: Map<String, Value>,
    nodes: Map<String, Value>,
    rooms: BTreeMap<String, Room>,
    instances: Map<String, Value>,
    disks: Map<String, Value>,
    master: Option<String>,
    policy: Option<Value>,
    tags: Vec<String>,
    notes: Vec<String>,
}

impl File {
    fn group(&mut self, line: Line<'_>) -> Result<(), Fault> {
        let fields = line.fields("a group", 4, 5)?;
        let group = json!({
            "name": fields[0],
            "alloc_policy": fields[2],
            "tags": list(fields[3]),
        });
        if self.groups.insert(fields[1].to_owned(), group).is_some() {
            return Err(line.fault(&format!("the group UUID {} is there twice", fields[1])));
        }
        Ok(())
    }

    fn node(&mut self, line: Line<'_>) -> Result<(), Fault> {
        let fields = line.fields("a node", 9, 15)?;
        let name = fields[0];
        let uuid = node_uuid(name);
        let unknown = fields[1..8].contains(&"?");
        let field = |at: usize| fields.get(at).copied().filter(|text| !text.is_empty());
        let spindles = field(9).map_or(Ok(1), |text| line.whole("spindles", text))?;
        let room = if unknown {
            Room {
                memory: 0,
                disk: 0,
                cpus: 0,
                spindles,
            }
        } else {
            line.whole("total memory", fields[1])?;
            line.whole("node memory", fields[2])?;
            line.whole("total disk", fields[4])?;
            Room {
                memory: line.whole("free memory", fields[3])?,
                disk: line.whole("free disk", fields[5])?,
                cpus: line.whole("total cpus", fields[6])?,
                spindles,
            }
        };
        match fields[7] {
            "M" => self.master = Some(uuid.clone()),
            "Y" | "N" | "?" => {}
            other => {
                return Err(line.fault(&format!("status: expected Y, N or M, not {other:?}")));
            }
        }
        let exclusive = field(11).map_or(Ok(false), |text| line.flag("exclusive storage", text))?;
        let ndparams = match exclusive {
            true => json!({"exclusive_storage": true}),
            false => json!({}),
        };
        let node = json!({
            "name": name,
            "group": fields[8],
            "offline": unknown || fields[7] == "Y",
            "tags": field(10).map(list).unwrap_or_default(),
            "ndparams": ndparams,
        });
        if self.nodes.contains_key(&uuid) {
            self.notes
                .push(format!("node {name} is there twice: the second left out"));
            return Ok(());
        }
        self.nodes.insert(uuid.clone(), node);
        self.rooms.insert(uuid, room);
        Ok(())
    }

    fn instance(&mut self, line: Line<'_>) -> Result<(), Fault> {
        let fields = line.fields("an instance", 10, 13)?;
        let name = fields[0];
        let memory = line.whole("memory", fields[1])?;
        let disk = line.whole("disk", fields[2])?;
        let vcpus = line.whole("virtual cpus", fields[3])?;
        let (state, source) = admin_state(line, fields[4])?;
        let balanced = line.flag("auto-balance", fields[5])?;
        let (primary, secondary, template) = (fields[6], fields[7], fields[8]);
        if template == "drbd" && primary == secondary {
            return Err(line.fault(&format!("{primary} is both primary and secondary node")));
        }
        let use_of = |text: &&str| line.whole("spindle use", text);
        let spindle_use = fields.get(10).map_or(Ok(1), use_of)?;
        let forthcoming = fields
            .get(12)
            .map_or(Ok(false), |text| line.flag("forthcoming", text))?;
        let uuid = made_up_uuid(&format!("htools instance {name}"));
        if self.instances.contains_key(&uuid) {
            let note = format!("instance {name} is there twice: the second left out");
            self.notes.push(note);
            return Ok(());
        }
        let mut nodes = vec![node_uuid(primary)];
        if template == "drbd" && !secondary.is_empty() {
            nodes.push(node_uuid(secondary));
        }
        let runs = state == "up";
        self.fill_rooms(&nodes, template, disk, if runs { memory } else { 0 });
        let disks = match template {
            "diskless" => vec![],
            _ => vec![self.disk(&uuid, template, disk, &nodes)],
        };
        let instance = json!({
            "name": name,
            "primary_node": nodes[0],
            "admin_state": state,
            "admin_state_source": source,
            "disks_active": runs,
            "disks": disks,
            "forthcoming": forthcoming,
            "tags": list(fields[9]),
            "beparams": {
                "maxmem": memory,
                "minmem": memory,
                "vcpus": vcpus,
                "auto_balance": balanced,
                "spindle_use": spindle_use,
            },
        });
        self.instances.insert(uuid, instance);
        Ok(())
    }

    /// Raises what a node has by what this program counts as used on it, so that what is left is
    /// what the file calls free.
    fn fill_rooms(&mut self, nodes: &[String], template: &str, disk: u64, memory: u64) {
        if let Some(room) = nodes.first().and_then(|node| self.rooms.get_mut(node)) {
            room.memory = room.memory.saturating_add(memory).min(LARGEST);
        }
        let each = match template {
            "drbd" => disk + DRBD_META_MIB,
            "plain" | "file" => disk,
            _ => 0,
        };
        for node in nodes {
            if let Some(room) = self.rooms.get_mut(node) {
                room.disk = room.disk.saturating_add(each).min(LARGEST);
            }
        }
    }

    /// Adds the one disk of an instance and returns its UUID.
    fn disk(&mut self, owner: &str, template: &str, size: u64, nodes: &[String]) -> String {
        let uuid = made_up_uuid(&format!("htools disk of {owner}"));
        let number = self.disks.len();
        let (place, nodes) = match (template, nodes) {
            ("drbd", [primary, secondary]) => {
                let port = defaults::FIRST_DRBD_PORT + number as u64;
                // Device numbers are not told; these are at least not shared.
                let ends = json!([primary, secondary, port, number, number, uuid]);
                (ends, nodes)
            }
            ("plain" | "file" | "drbd", _) => (json!([]), nodes),
            _ => (json!([]), &[][..]),
        };
        let disk = json!({
            "dev_type": template,
            "size": size,
            "iv_name": "disk/0",
            "logical_id": place,
            "nodes": nodes,
        });
        self.disks.insert(uuid.clone(), disk);
        uuid
    }

    fn policy(&mut self, line: Line<'_>) -> Result<(), Fault> {
        let fields = line.fields("a policy", 6, 6)?;
        let ranges: Vec<&str> = fields[2].split(';').collect();
        let mut minmax = vec![];
        for range in ranges.chunks(2) {
            let [min, max] = range else {
                return Err(line.fault("each minimum needs a maximum"));
            };
            minmax.push(json!({"min": spec(line, min)?, "max": spec(line, max)?}));
        }
        let mut policy = json!({
            "minmax": minmax,
            "disk-templates": list(fields[3]),
            "vcpu-ratio": line.ratio("vcpu ratio", fields[4])?,
            "spindle-ratio": line.ratio("spindle ratio", fields[5])?,
        });
        let std = spec(line, fields[1])?;
        if fields[0].is_empty() {
            policy["std"] = std;
            self.policy = Some(policy);
            return Ok(());
        }
        let owner = (self.groups.values_mut()).find(|group| group["name"] == fields[0]);
        match owner {
            Some(group) => group["ipolicy"] = policy,
            None => {
                let note = format!(
                    "the policy of {}, which is no group, was left out",
                    fields[0]
                );
                self.notes.push(note);
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Imported, Fault> {
        let sizes: Map<String, Value> = (self.rooms.into_iter())
            .map(|(node, room)| {
                let capacity = json!({
                    "memory": room.memory,
                    "disk": room.disk,
                    "cpus": room.cpus,
                    "spindles": room.spindles,
                });
                (node, json!({"capacity": capacity}))
            })
            .collect();
        let root = json!({
            "version": VERSION,
            "cluster": {
                "cluster_name": "htools",
                "uuid": made_up_uuid("htools cluster"),
                "master_node": self.master,
                "ipolicy": self.policy,
                "tags": self.tags,
            },
            "nodegroups": self.groups,
            "nodes": self.nodes,
            "instances": self.instances,
            "disks": self.disks,
            "gnt": {"nodes": sizes},
        });
        let mut imported = read_ganeti(root)?;
        imported.notes.splice(0..0, self.notes);
        Ok(imported)
    }
}

/// The admin state that a status is seen with, and who set it.
fn admin_state(line: Line<'_>, status: &str) -> Result<(&'static str, &'static str), Fault> {
    match status {
        "running" | "ERROR_down" | "ERROR_nodedown" | "ERROR_nodeoffline" | "ERROR_wrongnode" => {
            Ok(("up", "admin"))
        }
        "ADMIN_down" | "ERROR_up" => Ok(("down", "admin")),
        "USER_down" => Ok(("down", "user")),
        "ADMIN_offline" => Ok(("offline", "admin")),
        _ => Err(line.fault(&format!("status {status:?} is not known"))),
    }
}

/// The quantities of a spec, in the order of the file.
const SPEC: [&str; 6] = [
    "memory-size",
    "cpu-count",
    "disk-size",
    "disk-count",
    "nic-count",
    "spindle-use",
];

fn spec(line: Line<'_>, text: &str) -> Result<Value, Fault> {
    let parts = list(text);
    if parts.len() != SPEC.len() {
        return Err(line.fault(&format!("expected six numbers, not {text:?}")));
    }
    let mut spec = Map::new();
    for (key, part) in SPEC.into_iter().zip(parts) {
        spec.insert(key.to_owned(), json!(line.whole(key, part)?));
    }
    Ok(Value::Object(spec))
}
