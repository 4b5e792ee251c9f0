//! Faults that a test or an operator switches on.

use std::hash::Hasher;

use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::deeds::{Order, parse};
use super::reality::{Moment, Sql, bad_text};
use super::{FakeError, Outcome, Verb};
use crate::cluster::NodeUuid;
use crate::hypervisor::{InstanceRef, NodeRef};
use crate::opcodes::words;

words! {
    /// What goes wrong.
    FaultKind {
        /// A node is dead: what ran there is gone, and nothing there answers until the fault is
        /// cleared. It comes back empty; copies on it that missed something are synced again.
        NodeDead = "node-dead",
        /// Verbs towards a node take `factor` times as long.
        NodeSlow = "node-slow",
        /// A verb fails at `percent` of its way and leaves reality as it was.
        Fails = "fails",
        /// A verb gets to `percent` of its way and hangs there until the fault is cleared.
        Hangs = "hangs",
        /// A verb goes its way, but its caller loses the connection at `percent` of it; without
        /// `percent`, right after the effect.
        AnswerLost = "answer-lost",
        /// Starts are refused.
        StartFails = "start-fails",
        /// The virtual machine dies at `percent` of a stop, reboot or migration: it then runs
        /// nowhere.
        Crashes = "crashes",
        /// A migration fails at `percent` and leaves a definition on its target.
        LeftOver = "left-over",
    }
}

/// One fault. What is `None` matches everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its number; 0 before it was added.
    #[serde(default)]
    pub id: i64,
    /// What goes wrong.
    pub kind: FaultKind,
    /// Verbs towards or from this node, by name. `node-dead` and `node-slow` need it.
    #[serde(default)]
    pub node: Option<String>,
    /// Verbs on this instance, by name.
    #[serde(default)]
    pub instance: Option<String>,
    /// This verb.
    #[serde(default)]
    pub verb: Option<Verb>,
    /// Where on its way, 0 to 100; 50 if not given.
    #[serde(default)]
    pub percent: Option<f64>,
    /// How many times as long with `node-slow`; above 0.
    #[serde(default)]
    pub factor: Option<f64>,
    /// Of how many verbs that match, 0 to 1; all if not given. The dice are thrown by `seed`,
    /// instance, verb and how often it was tried, so a run can be repeated.
    #[serde(default)]
    pub probability: Option<f64>,
    /// See `probability`; 0 if not given.
    #[serde(default)]
    pub seed: Option<u64>,
    /// How often at most it strikes; without end if not given.
    #[serde(default)]
    pub count: Option<u32>,
}

impl Fault {
    /// A fault of this kind that matches everything.
    #[must_use]
    pub fn new(kind: FaultKind) -> Fault {
        Fault {
            id: 0,
            kind,
            node: None,
            instance: None,
            verb: None,
            percent: None,
            factor: None,
            probability: None,
            seed: None,
            count: None,
        }
    }

    fn percent(&self) -> f64 {
        self.percent.unwrap_or(50.0)
    }

    /// Whether its values make sense.
    fn check(&self) -> Result<(), FakeError> {
        let bad = |what: &str| Err(FakeError::BadFault(format!("{}: {what}", self.kind)));
        if self.percent.is_some_and(|p| !(0.0..=100.0).contains(&p)) {
            return bad("the per cent are from 0 to 100");
        }
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return bad("the probability is from 0 to 1");
        }
        match self.kind {
            FaultKind::NodeDead | FaultKind::NodeSlow if self.node.is_none() => {
                bad("it needs a node")
            }
            FaultKind::NodeSlow if !self.factor.is_some_and(|f| f > 0.0 && f.is_finite()) => {
                bad("it needs a factor above 0")
            }
            FaultKind::NodeDead
                if self.instance.is_some()
                    || self.verb.is_some()
                    || self.percent.is_some()
                    || self.probability.is_some()
                    || self.count.is_some() =>
            {
                bad("it takes nothing but a node")
            }
            _ => Ok(()),
        }
    }

    /// Whether a verb is one that it strikes.
    fn matches(&self, order: &Order<'_>, source: Option<&NodeRef>) -> bool {
        let verb = order.verb;
        let possible = match self.kind {
            FaultKind::NodeDead => false,
            FaultKind::StartFails => verb == Verb::Start,
            FaultKind::LeftOver => verb == Verb::Migrate,
            FaultKind::Crashes => matches!(verb, Verb::Stop | Verb::Reboot | Verb::Migrate),
            _ => true,
        };
        let at = |node: Option<&NodeRef>| {
            node.is_some_and(|node| self.node.as_deref() == Some(&*node.name))
        };
        possible
            && (self.node.is_none() || at(source) || at(order.target))
            && (self.instance.as_ref()).is_none_or(|name| *name == order.instance.name)
            && self.verb.is_none_or(|only| only == verb)
    }
}

/// What the faults have in store for one verb.
#[derive(Debug)]
pub(super) struct Fate {
    /// How many times as long it takes.
    pub(super) slow: f64,
    pub(super) end: End,
    /// Why it fails; empty if it does not.
    pub(super) message: String,
    /// At which per cent its caller loses the connection; 100 is after the effect.
    pub(super) lost: Option<f64>,
}

/// How a verb ends.
#[derive(Debug)]
pub(super) enum End {
    /// By itself, well.
    Well,
    /// At so many per cent, in this way.
    Fails(f64, Outcome),
    /// Not at all: it hangs at so many per cent, held by a fault.
    Hangs(f64, i64),
}

impl Moment<'_> {
    /// All faults, and how often each may still strike.
    pub(super) fn faults(&self) -> Sql<Vec<Fault>> {
        let sql = "SELECT id, fault, left FROM faults ORDER BY id";
        self.rows(sql, [], |row| {
            let fault: Fault = serde_json::from_str(&row.get::<_, String>(1)?).map_err(bad_text)?;
            Ok(Fault {
                id: row.get(0)?,
                count: row.get(2)?,
                ..fault
            })
        })
    }

    /// Decides what happens to a verb that begins. The first fault that strikes decides how it
    /// ends; a slow node and a lost answer come on top.
    pub(super) fn fate(&self, order: &Order<'_>, source: Option<&NodeRef>) -> Sql<Fate> {
        let mut fate = Fate {
            slow: 1.0,
            end: End::Well,
            message: String::new(),
            lost: None,
        };
        for fault in self.faults()? {
            let decides = !matches!(fault.kind, FaultKind::NodeSlow | FaultKind::AnswerLost);
            if !fault.matches(order, source)
                || (decides && !matches!(fate.end, End::Well))
                || !self.strikes(&fault, order)?
            {
                continue;
            }
            let name = &order.instance.name;
            let doing = order.verb.noun();
            match fault.kind {
                FaultKind::NodeDead => {}
                FaultKind::NodeSlow => fate.slow *= fault.factor.unwrap_or(1.0),
                FaultKind::AnswerLost => fate.lost = Some(fault.percent.unwrap_or(100.0)),
                FaultKind::Hangs => fate.end = End::Hangs(fault.percent(), fault.id),
                FaultKind::Fails => {
                    fate.message = format!("{doing} of {name} failed at {} %", fault.percent());
                    fate.end = End::Fails(fault.percent(), Outcome::Failed);
                }
                FaultKind::StartFails => {
                    fate.message = format!("{name} could not be started");
                    fate.end = End::Fails(fault.percent.unwrap_or(0.0), Outcome::Failed);
                }
                FaultKind::Crashes => {
                    fate.message = format!("{name} crashed during its {doing}");
                    fate.end = End::Fails(fault.percent(), Outcome::Crashed);
                }
                FaultKind::LeftOver => {
                    fate.message = format!("{doing} of {name} failed at {} %", fault.percent());
                    fate.end = End::Fails(fault.percent(), Outcome::LeftOver);
                }
            }
        }
        Ok(fate)
    }

    /// Throws the dice, and counts.
    fn strikes(&self, fault: &Fault, order: &Order<'_>) -> Sql<bool> {
        if fault.count == Some(0) {
            return Ok(false);
        }
        if let Some(probability) = fault.probability {
            let sql = "INSERT INTO throws VALUES (?1, ?2, ?3, 1)
                ON CONFLICT (fault, instance, verb) DO UPDATE SET tries = tries + 1
                RETURNING tries";
            let instance = order.instance.uuid.as_str();
            let params = params![fault.id, instance, order.verb.word()];
            let tries: i64 = self.row(sql, params, |row| row.get(0))?.unwrap_or_default();
            let seed = fault.seed.unwrap_or(0);
            if dice(seed, &order.instance.name, order.verb, tries) >= probability {
                return Ok(false);
            }
        }
        if fault.count.is_some() {
            let sql = "UPDATE faults SET left = left - 1 WHERE id = ?1";
            self.run(sql, [fault.id])?;
        }
        Ok(true)
    }

    /// Adds a fault.
    pub(super) fn add_fault(&self, fault: &Fault) -> Sql<Result<i64, FakeError>> {
        if let Err(error) = fault.check() {
            return Ok(Err(error));
        }
        let node = match &fault.node {
            Some(name) => match self.node_named(name)? {
                Some(node) => Some(node),
                None => return Ok(Err(FakeError::UnknownNode(name.clone()))),
            },
            None => None,
        };
        let text = serde_json::to_string(fault).map_err(bad_text)?;
        let sql = "INSERT INTO faults (kind, fault, left) VALUES (?1, ?2, ?3)";
        self.run(sql, params![fault.kind.word(), text, fault.count])?;
        let id = self.db.last_insert_rowid();
        if let (FaultKind::NodeDead, Some(node)) = (fault.kind, node) {
            self.kill(&node)?;
        }
        Ok(Ok(id))
    }

    /// Removes a fault, or all; tells how many. What they held up goes on, and dead nodes come
    /// back.
    pub(super) fn clear_faults(&self, id: Option<i64>) -> Sql<usize> {
        let mut faults = self.faults()?;
        if let Some(id) = id {
            faults.retain(|fault| fault.id == id);
        }
        for fault in &faults {
            self.run("DELETE FROM faults WHERE id = ?1", [fault.id])?;
            self.run("DELETE FROM throws WHERE fault = ?1", [fault.id])?;
            self.release(fault.id)?;
        }
        for fault in &faults {
            if let (FaultKind::NodeDead, Some(name)) = (fault.kind, &fault.node)
                && !self.is_dead(name)?
                && let Some(node) = self.node_named(name)?
            {
                self.revive(&node)?;
            }
        }
        self.settle()?;
        Ok(faults.len())
    }

    /// Whether a fault keeps the node of this name dead.
    pub(super) fn is_dead(&self, name: &str) -> Sql<bool> {
        let faults = self.faults()?;
        Ok(faults
            .iter()
            .any(|fault| fault.kind == FaultKind::NodeDead && fault.node.as_deref() == Some(name)))
    }

    /// The power of a node is cut.
    fn kill(&self, node: &NodeUuid) -> Sql<()> {
        self.run(
            "UPDATE nodes SET alive = 0 WHERE uuid = ?1",
            [node.as_str()],
        )?;
        self.run("DELETE FROM running WHERE node = ?1", [node.as_str()])?;
        for deed in self.all_under_way()? {
            if deed.source.as_ref() == Some(node) || deed.target.as_ref() == Some(node) {
                let survives = deed.verb == Verb::Migrate && deed.source.as_ref() != Some(node);
                let outcome = if survives {
                    Outcome::Failed
                } else {
                    Outcome::Killed
                };
                let name = self.node(node)?.map_or(node.to_string(), |row| row.name);
                let message = format!("{name} died during the {}", deed.verb.noun());
                self.close(&deed, self.now, outcome, &message)?;
            }
        }
        // Instances that run elsewhere write from now on what the copies here do not see.
        let outdate = "UPDATE copies SET in_sync = 0 WHERE node = ?1
            AND instance IN (SELECT instance FROM running)";
        self.run(outdate, [node.as_str()]).map(drop)
    }

    /// A node comes back. Each copy that was held up by its absence is synced again.
    fn revive(&self, node: &NodeUuid) -> Sql<()> {
        self.run(
            "UPDATE nodes SET alive = 1 WHERE uuid = ?1",
            [node.as_str()],
        )?;
        let sql = "SELECT i.uuid, i.name, i.memory, i.vcpus, i.disk, i.template, n.uuid, n.name
            FROM copies c JOIN instances i ON i.uuid = c.instance JOIN nodes n ON n.uuid = c.node
            WHERE NOT c.in_sync AND n.alive
                AND c.instance IN (SELECT instance FROM copies WHERE node = ?1)";
        let stale = self.rows(sql, [node.as_str()], |row| {
            let instance = InstanceRef {
                uuid: row.get::<_, String>(0)?.into(),
                name: row.get(1)?,
                memory: super::reality::uint(row.get(2)?),
                vcpus: super::reality::uint(row.get(3)?),
                disk: super::reality::uint(row.get(4)?),
                template: parse(&row.get::<_, String>(5)?)?,
                definition: None,
            };
            let node = NodeRef {
                uuid: row.get::<_, String>(6)?.into(),
                name: row.get(7)?,
                host: None,
            };
            Ok((instance, node))
        })?;
        for (instance, target) in &stale {
            self.resync(instance, target)?;
        }
        Ok(())
    }
}

/// A number from 0 (included) to 1 (not) that depends on nothing but its arguments.
fn dice(seed: u64, instance: &str, verb: Verb, tries: i64) -> f64 {
    // FNV-1a, whose result does not change with the compiler's version as the standard hasher's
    // may, with a last mixing since its high bits are weak.
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.write(&seed.to_le_bytes());
    hash.write(instance.as_bytes());
    hash.write(verb.word().as_bytes());
    hash.write(&tries.to_le_bytes());
    let mut mixed = hash.finish();
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^= mixed >> 33;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    let share = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
    share
}

struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
