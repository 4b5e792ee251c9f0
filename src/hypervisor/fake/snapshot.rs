//! The whole of reality at one moment, and its log.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::deeds::{LOG_LIMIT, parse};
use super::reality::{Moment, Sql, uint};
use super::{Fake, FakeError, Outcome, Verb};
use crate::cluster::{Capacity, InstanceUuid, NodeUuid};
use crate::hypervisor::{CopyState, Guest, GuestState, InstanceNow, NodeNow, Snapshot};

/// A verb in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// Its number; they rise in the order in which verbs began.
    pub id: i64,
    /// Which verb.
    pub verb: Verb,
    /// On which instance, by name.
    pub instance: String,
    /// From which node, by name.
    pub from: Option<String>,
    /// To which node, by name.
    pub to: Option<String>,
    /// When it began, microseconds of the host's boot clock.
    pub began: i64,
    /// When it ended, on the same clock; `None` while it is on its way.
    pub ended: Option<i64>,
    /// When it began, microseconds since 1970.
    pub wall: i64,
    /// How it ended; `None` while it is on its way.
    pub outcome: Option<Outcome>,
    /// Why, if it did not end well.
    pub message: Option<String>,
}

impl Fake {
    /// The whole of reality, read at one moment.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, FakeError> {
        self.read(|at| at.snapshot())
    }

    /// The verbs that were begun, oldest first; the newest 20,000 are kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> Result<Vec<LogEntry>, FakeError> {
        let mut log = self.read(|at| at.log())?;
        log.reverse();
        Ok(log)
    }
}

impl Moment<'_> {
    fn snapshot(&self) -> Sql<Snapshot> {
        let mut nodes = self.all_nodes()?;
        let known = self.all_instances()?;
        let mut instances: BTreeMap<InstanceUuid, InstanceNow> = BTreeMap::new();
        let mut syncing = HashMap::new();
        for deed in self.all_under_way()? {
            if let (Verb::Sync, Some(node)) = (deed.verb, &deed.target) {
                let percent = deed.percent(self.now);
                syncing.insert((deed.instance.clone(), node.clone()), percent);
            } else {
                let activity = deed.activity();
                instances.entry(deed.instance).or_default().activity = activity;
            }
        }
        for (instance, node) in self.pairs("SELECT instance, node FROM running")? {
            if let Some(node) = nodes.get_mut(&node) {
                node.memory_used += known.get(&instance).map_or(0, |known| known.memory);
            }
            let entry = instances.entry(instance).or_default();
            entry.running_on.push(node);
        }
        let sql = "SELECT instance, node FROM copies WHERE in_sync = ?1";
        for in_sync in [true, false] {
            for (instance, node) in self.pairs_where(sql, [in_sync])? {
                if let Some(node) = nodes.get_mut(&node) {
                    node.disk_used += known.get(&instance).map_or(0, |known| known.disk);
                }
                let key = (instance, node);
                let state = match syncing.get(&key) {
                    _ if in_sync => CopyState::InSync,
                    Some(percent) => CopyState::Syncing(*percent),
                    None => CopyState::Syncing(0.0),
                };
                let (instance, node) = key;
                instances
                    .entry(instance)
                    .or_default()
                    .copies
                    .push((node, state));
            }
        }
        for (instance, node) in self.pairs("SELECT instance, node FROM left_over")? {
            let entry = instances.entry(instance).or_default();
            entry.left_over.push(node);
        }
        for (uuid, instance) in &mut instances {
            if let Some(known) = known.get(uuid) {
                instance.name.clone_from(&known.name);
            }
        }
        Ok(Snapshot { nodes, instances })
    }

    /// What a node runs, and what a broken migration left there.
    pub(super) fn guests(&self, node: &NodeUuid) -> Sql<Vec<Guest>> {
        let sql = "SELECT i.uuid, i.name, i.memory, i.vcpus, r.node IS NOT NULL
            FROM instances i LEFT JOIN running r ON r.instance = i.uuid AND r.node = ?1
            WHERE r.node IS NOT NULL OR i.uuid IN (SELECT instance FROM left_over WHERE node = ?1)
            ORDER BY i.name";
        self.rows(sql, [node.as_str()], |row| {
            Ok(Guest {
                uuid: row.get(0)?,
                name: row.get(1)?,
                memory: uint(row.get(2)?),
                vcpus: uint(row.get(3)?),
                state: match row.get(4)? {
                    true => GuestState::Running,
                    false => GuestState::Stopped,
                },
                leaving: false,
                persistent: true,
                autostart: false,
                cluster: None,
            })
        })
    }

    fn all_nodes(&self) -> Sql<BTreeMap<NodeUuid, NodeNow>> {
        let sql = "SELECT uuid, name, alive, memory, disk, cpus, spindles FROM nodes";
        let rows = self.rows(sql, [], |row| {
            let node = NodeNow {
                name: row.get(1)?,
                alive: row.get(2)?,
                capacity: Capacity {
                    memory: uint(row.get(3)?),
                    disk: uint(row.get(4)?),
                    cpus: uint(row.get(5)?),
                    spindles: uint(row.get(6)?),
                },
                ..NodeNow::default()
            };
            Ok((NodeUuid::from(row.get::<_, String>(0)?), node))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn all_instances(&self) -> Sql<HashMap<InstanceUuid, Known>> {
        let sql = "SELECT uuid, name, memory, disk FROM instances";
        let rows = self.rows(sql, [], |row| {
            let known = Known {
                name: row.get(1)?,
                memory: uint(row.get(2)?),
                disk: uint(row.get(3)?),
            };
            Ok((InstanceUuid::from(row.get::<_, String>(0)?), known))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn pairs(&self, sql: &str) -> Sql<Vec<(InstanceUuid, NodeUuid)>> {
        self.pairs_where(sql, [])
    }

    fn pairs_where(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Sql<Vec<(InstanceUuid, NodeUuid)>> {
        self.rows(sql, params, |row| {
            let instance = InstanceUuid::from(row.get::<_, String>(0)?);
            Ok((instance, NodeUuid::from(row.get::<_, String>(1)?)))
        })
    }

    /// Newest first.
    fn log(&self) -> Sql<Vec<LogEntry>> {
        let sql = "SELECT id, verb, instance_name, source_name, target_name, began, ended, wall,
            outcome, message FROM deeds ORDER BY id DESC LIMIT ?1";
        self.rows(sql, [LOG_LIMIT], |row| {
            let outcome: Option<String> = row.get(8)?;
            let message: Option<String> = row.get(9)?;
            Ok(LogEntry {
                id: row.get(0)?,
                verb: parse(&row.get::<_, String>(1)?)?,
                instance: row.get(2)?,
                from: row.get(3)?,
                to: row.get(4)?,
                began: row.get(5)?,
                ended: row.get(6)?,
                wall: row.get(7)?,
                outcome: outcome.map(|word| parse(&word)).transpose()?,
                message: message.filter(|text| !text.is_empty()),
            })
        })
    }
}

/// What the snapshot takes from an instance's row.
struct Known {
    name: String,
    memory: u64,
    disk: u64,
}
