//! Deeds: verbs that were begun.
//!
//! A deed needs no process. How it ends, and when, is decided when it begins; whoever looks at
//! reality later carries out first what is due ([`Moment::settle`]). So a migration goes on when
//! its caller dies, and everybody sees it under way.

use rusqlite::{Row, params};

use super::faults::{End, Fate};
use super::reality::{Moment, Sql, bad_text};
use super::{Outcome, Verb};
use crate::clock;
use crate::cluster::{InstanceUuid, NodeUuid};
use crate::hypervisor::{Activity, InstanceRef, NodeRef};

/// How many ended deeds the log keeps: enough for the largest test, and under 10 MiB.
pub(super) const LOG_LIMIT: i64 = 20_000;

/// How many deeds pass between two cuts of the log, so that each cut is worth its cost.
const CUT_EVERY: i64 = 256;

/// A verb as it is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) verb: Verb,
    pub(super) instance: &'a InstanceRef,
    pub(super) source: Option<&'a NodeRef>,
    pub(super) target: Option<&'a NodeRef>,
    /// At most so many microseconds, whatever the settings say.
    pub(super) at_most: i64,
}

/// A verb that was begun.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    pub(super) id: i64,
    pub(super) verb: Verb,
    pub(super) instance: InstanceUuid,
    pub(super) source: Option<NodeUuid>,
    pub(super) target: Option<NodeUuid>,
    pub(super) began: i64,
    /// How long it would take undisturbed.
    pub(super) lasts: i64,
    /// When it ends by itself; `None` while it hangs.
    pub(super) ends: Option<i64>,
    plan: Outcome,
    plan_message: String,
    /// Beyond which per cent it does not get.
    stuck: Option<f64>,
    /// It made the copy that it brings in sync.
    fresh: bool,
    /// How it ended, if it has.
    pub(super) outcome: Option<(Outcome, String)>,
}

const COLUMNS: &str = "id, verb, instance, source, target, began, lasts, ends, plan, plan_message,
    stuck, fresh, outcome, message";

impl Deed {
    fn read(row: &Row<'_>) -> Sql<Deed> {
        let node = |index| -> Sql<Option<NodeUuid>> {
            Ok(row.get::<_, Option<String>>(index)?.map(NodeUuid::from))
        };
        let message: Option<String> = row.get(13)?;
        let outcome = match row.get::<_, Option<String>>(12)? {
            Some(word) => Some((parse(&word)?, message.unwrap_or_default())),
            None => None,
        };
        Ok(Deed {
            id: row.get(0)?,
            verb: parse(&row.get::<_, String>(1)?)?,
            instance: InstanceUuid::from(row.get::<_, String>(2)?),
            source: node(3)?,
            target: node(4)?,
            began: row.get(5)?,
            lasts: row.get(6)?,
            ends: row.get(7)?,
            plan: parse(&row.get::<_, String>(8)?)?,
            plan_message: row.get(9)?,
            stuck: row.get(10)?,
            fresh: row.get(11)?,
            outcome,
        })
    }

    /// How far it is: below 100 while it is on its way.
    pub(super) fn percent(&self, now: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        let share = (now - self.began).max(0) as f64 / self.lasts.max(1) as f64;
        (share * 100.0).min(self.stuck.unwrap_or(99.9)).min(99.9)
    }

    /// What others see of it.
    pub(super) fn activity(&self) -> Option<Activity> {
        let source = self.source.clone();
        let target = self.target.clone();
        match self.verb {
            Verb::Start => target.map(|node| Activity::Starting { node }),
            Verb::Stop => source.map(|node| Activity::Stopping { node }),
            Verb::Migrate => Some(Activity::Migrating {
                from: source?,
                to: target?,
            }),
            _ => None,
        }
    }
}

/// One of our words, as it is stored.
pub(super) fn parse<T: serde::de::DeserializeOwned>(word: &str) -> Sql<T> {
    serde_json::from_value(serde_json::Value::from(word)).map_err(bad_text)
}

/// A change of reality.
#[derive(Debug, Clone, Copy)]
pub(super) enum Effect<'a> {
    /// The instance runs on the node.
    Runs(&'a InstanceUuid, &'a NodeUuid),
    /// It does not run there any more.
    Stops(&'a InstanceUuid, &'a NodeUuid),
    /// It runs on the second node instead of the first.
    Moves(&'a InstanceUuid, &'a NodeUuid, &'a NodeUuid),
    /// A copy, not in sync yet.
    CopyMade(&'a InstanceUuid, &'a NodeUuid),
    /// A copy is in sync.
    CopyInSync(&'a InstanceUuid, &'a NodeUuid),
    /// A copy is gone.
    CopyGone(&'a InstanceUuid, &'a NodeUuid),
    /// The copy is declared the true one; the others are not in sync any more.
    CopyForced(&'a InstanceUuid, &'a NodeUuid),
    /// A definition stays on a node where the instance does not run.
    LeftOver(&'a InstanceUuid, &'a NodeUuid),
    /// Such a definition is gone.
    NotLeftOver(&'a InstanceUuid, &'a NodeUuid),
}

impl Moment<'_> {
    /// Changes reality. Every effect of every verb comes through here.
    pub(super) fn effect(&self, effect: Effect<'_>) -> Sql<()> {
        match effect {
            Effect::Runs(instance, node) => {
                let row = [instance.as_str(), node.as_str()];
                self.run("INSERT OR IGNORE INTO running VALUES (?1, ?2)", row)?;
                self.effect(Effect::NotLeftOver(instance, node))?;
                // It writes from now on, which copies on dead nodes do not see.
                let outdate = "UPDATE copies SET in_sync = 0 WHERE instance = ?1 AND in_sync
                    AND node IN (SELECT uuid FROM nodes WHERE NOT alive)";
                self.run(outdate, [instance.as_str()])?;
            }
            Effect::Stops(instance, node) => {
                let row = [instance.as_str(), node.as_str()];
                self.run("DELETE FROM running WHERE instance = ?1 AND node = ?2", row)?;
            }
            Effect::Moves(instance, from, to) => {
                self.effect(Effect::Stops(instance, from))?;
                self.effect(Effect::Runs(instance, to))?;
            }
            Effect::CopyMade(instance, node) => self.put_copy(instance, node, false)?,
            Effect::CopyInSync(instance, node) => self.put_copy(instance, node, true)?,
            Effect::CopyGone(instance, node) => {
                let row = [instance.as_str(), node.as_str()];
                self.run("DELETE FROM copies WHERE instance = ?1 AND node = ?2", row)?;
            }
            Effect::CopyForced(instance, node) => {
                let others = "UPDATE copies SET in_sync = 0 WHERE instance = ?1";
                self.run(others, [instance.as_str()])?;
                self.put_copy(instance, node, true)?;
            }
            Effect::LeftOver(instance, node) => {
                let row = [instance.as_str(), node.as_str()];
                self.run("INSERT OR IGNORE INTO left_over VALUES (?1, ?2)", row)?;
            }
            Effect::NotLeftOver(instance, node) => {
                let row = [instance.as_str(), node.as_str()];
                let sql = "DELETE FROM left_over WHERE instance = ?1 AND node = ?2";
                self.run(sql, row)?;
            }
        }
        Ok(())
    }

    /// Whether something has ended that nobody has looked at yet.
    pub(super) fn due(&self) -> Sql<bool> {
        let sql = "SELECT 1 FROM deeds WHERE ended IS NULL AND ends <= ?1";
        self.any(sql, [self.now])
    }

    /// Carries out what has ended by now, in the order of the ends.
    pub(super) fn settle(&self) -> Sql<()> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deeds WHERE ended IS NULL AND ends <= ?1 ORDER BY ends, id"
        );
        for deed in self.rows(&sql, [self.now], Deed::read)? {
            self.fulfil(&deed)?;
        }
        Ok(())
    }

    /// Ends a deed as it was decided.
    fn fulfil(&self, deed: &Deed) -> Sql<()> {
        match deed.plan {
            Outcome::Done => self.succeed(deed)?,
            Outcome::Failed => self.undo(deed)?,
            Outcome::Crashed => {
                if let Some(node) = &deed.source {
                    self.effect(Effect::Stops(&deed.instance, node))?;
                }
            }
            Outcome::LeftOver => {
                if let (Verb::Migrate, Some(node)) = (deed.verb, &deed.target) {
                    self.effect(Effect::LeftOver(&deed.instance, node))?;
                }
            }
            Outcome::Aborted | Outcome::Killed => {}
        }
        let ended = deed.ends.unwrap_or(self.now);
        self.close(deed, ended, deed.plan, &deed.plan_message)
    }

    fn succeed(&self, deed: &Deed) -> Sql<()> {
        let instance = &deed.instance;
        match (deed.verb, &deed.source, &deed.target) {
            (Verb::Start, _, Some(node)) => self.effect(Effect::Runs(instance, node)),
            (Verb::Stop, Some(node), _) => self.effect(Effect::Stops(instance, node)),
            (Verb::Migrate, Some(from), Some(to)) => self.effect(Effect::Moves(instance, from, to)),
            (Verb::Sync, _, Some(node)) => self.effect(Effect::CopyInSync(instance, node)),
            (Verb::BlankCopy, _, Some(node)) => self.effect(Effect::CopyForced(instance, node)),
            (Verb::DropCopy, Some(node), _) => {
                self.end_syncs(instance, node)?;
                self.effect(Effect::CopyGone(instance, node))
            }
            (Verb::Activate, _, Some(node)) if self.forces(instance, node)? => {
                self.effect(Effect::CopyForced(instance, node))
            }
            _ => Ok(()),
        }
    }

    /// Ends the syncs that the removal of the copy on `node` leaves without a target or a source.
    fn end_syncs(&self, instance: &InstanceUuid, node: &NodeUuid) -> Sql<()> {
        let sourceless = self.peer_in_sync(instance, node)?.is_none();
        for deed in self.syncs_of(instance)? {
            if deed.target.as_ref() == Some(node) {
                self.abort(&deed)?;
            } else if deed.source.as_ref() == Some(node) && sourceless {
                self.undo(&deed)?;
                let message = "the copy that it was made from was removed";
                self.close(&deed, self.now, Outcome::Failed, message)?;
            }
        }
        Ok(())
    }

    /// Whether making the disks usable on `node` means to declare its copy the true one: it is not
    /// in sync, and no living node has one that is.
    fn forces(&self, instance: &InstanceUuid, node: &NodeUuid) -> Sql<bool> {
        Ok(self.copy(instance, node)? == Some(false)
            && self.peer_in_sync(instance, node)?.is_none())
    }

    /// Takes back what a deed that failed or was aborted did when it began.
    fn undo(&self, deed: &Deed) -> Sql<()> {
        match (deed.verb, &deed.target) {
            (Verb::Sync | Verb::BlankCopy, Some(node)) if deed.fresh => {
                self.effect(Effect::CopyGone(&deed.instance, node))
            }
            _ => Ok(()),
        }
    }

    /// Writes a deed's end into the log.
    pub(super) fn close(
        &self,
        deed: &Deed,
        ended: i64,
        outcome: Outcome,
        message: &str,
    ) -> Sql<()> {
        let sql = "UPDATE deeds SET ended = ?2, outcome = ?3, message = ?4 WHERE id = ?1";
        self.run(sql, params![deed.id, ended, outcome.word(), message])
            .map(drop)
    }

    /// Ends a deed before its time and takes back what it did.
    pub(super) fn abort(&self, deed: &Deed) -> Sql<()> {
        self.undo(deed)?;
        self.close(deed, self.now, Outcome::Aborted, "")
    }

    /// Writes a deed down; it has begun now.
    pub(super) fn begin(
        &self,
        order: &Order<'_>,
        source: Option<&NodeRef>,
        fresh: bool,
        lasts: i64,
        fate: &Fate,
    ) -> Sql<i64> {
        let ended_at = |percent: f64| Some(self.now + share(lasts, percent));
        let (ends, plan, stuck, fault) = match &fate.end {
            End::Well => (Some(self.now + lasts), Outcome::Done, None, None),
            End::Fails(percent, plan) => (ended_at(*percent), *plan, None, None),
            End::Hangs(percent, fault) => (None, Outcome::Done, Some(*percent), Some(*fault)),
        };
        let wall = clock::now();
        let sql = "INSERT INTO deeds (verb, instance, instance_name, source, source_name, target,
                target_name, began, wall, lasts, ends, plan, plan_message, stuck, fault, fresh)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
        let instance = order.instance;
        let params = params![
            order.verb.word(),
            instance.uuid.as_str(),
            instance.name,
            source.map(|node| node.uuid.as_str()),
            source.map(|node| &node.name),
            order.target.map(|node| node.uuid.as_str()),
            order.target.map(|node| &node.name),
            self.now,
            wall,
            lasts,
            ends,
            plan.word(),
            fate.message,
            stuck,
            fault,
            fresh,
        ];
        self.run(sql, params)?;
        let id = self.db.last_insert_rowid();
        if let (true, Some(node)) = (fresh, order.target) {
            self.effect(Effect::CopyMade(&instance.uuid, &node.uuid))?;
        }
        if id % CUT_EVERY == 0 {
            let cut = "DELETE FROM deeds WHERE id <= ?1 AND ended IS NOT NULL";
            self.run(cut, [id - LOG_LIMIT])?;
        }
        Ok(id)
    }

    /// A deed by its number; `None` when the log has forgotten it.
    pub(super) fn deed(&self, id: i64) -> Sql<Option<Deed>> {
        let sql = format!("SELECT {COLUMNS} FROM deeds WHERE id = ?1");
        self.row(&sql, [id], Deed::read)
    }

    /// What is on its way with an instance, syncs aside.
    pub(super) fn under_way(&self, instance: &InstanceUuid) -> Sql<Option<Deed>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deeds WHERE instance = ?1 AND ended IS NULL AND verb <> 'sync'"
        );
        self.row(&sql, [instance.as_str()], Deed::read)
    }

    /// The sync that is on its way to a node.
    pub(super) fn sync_to(&self, instance: &InstanceUuid, node: &NodeUuid) -> Sql<Option<Deed>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deeds
             WHERE instance = ?1 AND target = ?2 AND ended IS NULL AND verb = 'sync'"
        );
        self.row(&sql, [instance.as_str(), node.as_str()], Deed::read)
    }

    /// The syncs of an instance that are on their way.
    pub(super) fn syncs_of(&self, instance: &InstanceUuid) -> Sql<Vec<Deed>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deeds
             WHERE instance = ?1 AND ended IS NULL AND verb = 'sync' ORDER BY id"
        );
        self.rows(&sql, [instance.as_str()], Deed::read)
    }

    /// Everything that is on its way.
    pub(super) fn all_under_way(&self) -> Sql<Vec<Deed>> {
        let sql = format!("SELECT {COLUMNS} FROM deeds WHERE ended IS NULL ORDER BY id");
        self.rows(&sql, [], Deed::read)
    }

    /// Whether the host was booted since the file was used last.
    pub(super) fn after_boot(&self, boot: &str) -> Sql<bool> {
        let sql = "SELECT 1 FROM deeds WHERE ended IS NULL AND began > ?1";
        Ok(self.fact("boot")?.as_deref() != Some(boot) || self.any(sql, [self.now])?)
    }

    /// After a boot of the host everything that was on its way has ended.
    pub(super) fn welcome(&self, boot: &str) -> Sql<()> {
        let sql = "UPDATE deeds SET ends = ?1, stuck = NULL WHERE ended IS NULL";
        self.run(sql, [self.now])?;
        self.settle()?;
        self.set_fact("boot", boot)
    }

    /// Lets what a fault holds up go on: it ends when it would have, or now.
    pub(super) fn release(&self, fault: i64) -> Sql<()> {
        let sql = "UPDATE deeds SET ends = MAX(began + lasts, ?2), stuck = NULL, fault = NULL
            WHERE fault = ?1 AND ended IS NULL";
        self.run(sql, [fault, self.now]).map(drop)
    }
}

/// So many per cent of a duration.
pub(super) fn share(lasts: i64, percent: f64) -> i64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "durations are far below 2^52 µs, and a cast saturates"
    )]
    let part = (lasts as f64 * percent / 100.0) as i64;
    part
}
