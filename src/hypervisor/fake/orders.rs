//! Whether a verb may begin, and what it then is.

use super::deeds::{Deed, Effect, Order, share};
use super::reality::{Moment, Sql, has_copies};
use super::{FakeSettings, Verb};
use crate::cluster::Mirroring;
use crate::hypervisor::{InstanceRef, NodeRef};

/// What became of an order.
#[derive(Debug)]
pub(super) enum Answer {
    /// Reality is as it is wanted.
    Nothing,
    /// It cannot be done, for this reason. Nothing has changed.
    Refused(String),
    /// This node is dead and does not answer. Nothing has changed.
    Silent(NodeRef),
    /// It is on its way, or over already.
    Deed {
        /// As it stands now.
        deed: Deed,
        /// When its caller loses the connection, on the boot clock, and whether that is only
        /// after its end. `None` also for those who join.
        lost: Option<Lost>,
    },
}

/// When a caller loses the connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lost {
    /// At this time.
    At(i64),
    /// When the verb is over.
    AfterTheEnd,
}

/// What a verb that may begin needs to know.
struct Go {
    lasts: i64,
    source: Option<NodeRef>,
    /// It makes a copy.
    fresh: bool,
}

/// Whether a verb may begin.
enum Ready {
    Nothing,
    Refused(String),
    Go(Go),
}

impl FakeSettings {
    /// How long a verb takes, in microseconds.
    fn lasts(&self, verb: Verb, instance: &InstanceRef) -> i64 {
        const MIB_PER_GIB: u64 = 1024;
        let ms = match verb {
            Verb::Start => self.start,
            Verb::Stop => self.stop,
            Verb::Reboot => self.reboot,
            Verb::Migrate => self.migrate,
            Verb::Sync => {
                let size = self.sync_per_gib.saturating_mul(instance.disk) / MIB_PER_GIB;
                self.sync.saturating_add(size)
            }
            Verb::BlankCopy | Verb::DropCopy | Verb::Activate | Verb::Deactivate => 0,
        };
        super::reality::int(ms).saturating_mul(1000)
    }
}

impl Moment<'_> {
    /// Begins a verb, or joins it, or says why not.
    pub(super) fn order(&self, order: &Order<'_>) -> Sql<Answer> {
        for node in [order.source, order.target].into_iter().flatten() {
            match self.node(&node.uuid)? {
                None => {
                    let reason = format!("{} is not a node of the simulator", node.name);
                    return Ok(Answer::Refused(reason));
                }
                Some(row) if !row.alive && self.arrived(order)? => return Ok(Answer::Nothing),
                Some(row) if !row.alive => return Ok(Answer::Silent(node.clone())),
                Some(_) => {}
            }
        }
        let going = match (order.verb, order.target) {
            (Verb::Sync, Some(node)) => self.sync_to(&order.instance.uuid, &node.uuid)?,
            _ => self.under_way(&order.instance.uuid)?,
        };
        if let Some(deed) = going {
            return Ok(if joins(&deed, order) {
                Answer::Deed { deed, lost: None }
            } else {
                let (name, noun) = (&order.instance.name, deed.verb.noun());
                Answer::Refused(format!("another {noun} of {name} is on its way"))
            });
        }
        match self.ready(order)? {
            Ready::Nothing => Ok(Answer::Nothing),
            Ready::Refused(reason) => Ok(Answer::Refused(reason)),
            Ready::Go(go) => self.go(order, &go),
        }
    }

    /// Whether reality is as an order wants it, whoever asks.
    pub(super) fn fulfilled(&self, order: &Order<'_>) -> Sql<bool> {
        let instance = &order.instance.uuid;
        match (order.verb, order.source, order.target) {
            (Verb::Start, _, Some(node)) => Ok(self.running_on(instance)? == [node.uuid.clone()]),
            (Verb::Stop, Some(node), _) => Ok(!self.running_on(instance)?.contains(&node.uuid)),
            (Verb::Migrate, ..) => self.arrived(order),
            (Verb::Sync, _, Some(node)) => Ok(self.copy(instance, &node.uuid)? == Some(true)),
            (Verb::DropCopy, Some(node), _) => Ok(self.copy(instance, &node.uuid)?.is_none()),
            _ => Ok(false),
        }
    }

    fn go(&self, order: &Order<'_>, go: &Go) -> Sql<Answer> {
        let source = go.source.as_ref().or(order.source);
        self.put_instance(order.instance)?;
        let fate = self.fate(order, source)?;
        let lasts = share(go.lasts.min(order.at_most), fate.slow * 100.0);
        let id = self.begin(order, source, go.fresh, lasts, &fate)?;
        self.settle()?;
        let lost = fate.lost.map(|percent| {
            if percent < 100.0 {
                Lost::At(self.now + share(lasts, percent))
            } else {
                Lost::AfterTheEnd
            }
        });
        let deed = self.deed(id)?;
        let deed = deed.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Answer::Deed { deed, lost })
    }

    /// Syncs a copy that has fallen behind, if there is one to sync it from.
    pub(super) fn resync(&self, instance: &InstanceRef, target: &NodeRef) -> Sql<()> {
        let order = Order {
            verb: Verb::Sync,
            instance,
            source: None,
            target: Some(target),
            at_most: i64::MAX,
        };
        self.order(&order).map(drop)
    }

    /// Takes note of another size of an instance's disks; or tells what is on its way with it, which
    /// counts on the present one.
    pub(super) fn resize(&self, instance: &InstanceRef) -> Sql<Option<String>> {
        let going = self.under_way(&instance.uuid)?;
        let going = going.or(self.syncs_of(&instance.uuid)?.into_iter().next());
        if let Some(deed) = going {
            let (name, noun) = (&instance.name, deed.verb.noun());
            return Ok(Some(format!("a {noun} of {name} is on its way")));
        }
        self.put_instance(instance)?;
        Ok(None)
    }

    /// Whether a migration has got through, so that its source is not needed any more.
    fn arrived(&self, order: &Order<'_>) -> Sql<bool> {
        match (order.verb, order.target) {
            (Verb::Migrate, Some(to)) => {
                Ok(self.running_on(&order.instance.uuid)? == [to.uuid.clone()])
            }
            _ => Ok(false),
        }
    }

    fn ready(&self, order: &Order<'_>) -> Sql<Ready> {
        match (order.verb, order.source, order.target) {
            (Verb::Start, _, Some(node)) => self.ready_to_start(order, node),
            (Verb::Stop, Some(node), _) => self.ready_to_stop(order, node),
            (Verb::Reboot, Some(node), _) => self.ready_to_reboot(order, node),
            (Verb::Migrate, Some(from), Some(to)) => self.ready_to_migrate(order, from, to),
            (Verb::Sync, _, Some(node)) => self.ready_to_sync(order, node),
            (Verb::BlankCopy, _, Some(node)) => self.ready_to_blank(order, node),
            (Verb::DropCopy, Some(node), _) => self.ready_to_drop(order, node),
            (Verb::Activate, _, Some(node)) => self.ready_to_activate(order, node),
            (Verb::Deactivate, Some(node), _) => self.ready_to_deactivate(order, node),
            // An order without its nodes is not made.
            _ => Ok(Ready::Nothing),
        }
    }

    /// The verb with its usual duration.
    fn usual(&self, order: &Order<'_>) -> Sql<Ready> {
        Ok(Ready::Go(Go {
            lasts: self.settings()?.lasts(order.verb, order.instance),
            source: None,
            fresh: false,
        }))
    }

    /// Why the disks cannot be used on a node, if so.
    fn lacks_disks(&self, instance: &InstanceRef, node: &NodeRef) -> Sql<Option<String>> {
        if !has_copies(instance.template) {
            return Ok(None);
        }
        let (disks, node_name) = (&instance.name, &node.name);
        Ok(match self.copy(&instance.uuid, &node.uuid)? {
            Some(true) => None,
            Some(false) => Some(format!(
                "the disks of {disks} on {node_name} are not in sync"
            )),
            None => Some(format!(
                "there is no copy of the disks of {disks} on {node_name}"
            )),
        })
    }

    fn ready_to_start(&self, order: &Order<'_>, node: &NodeRef) -> Sql<Ready> {
        let instance = order.instance;
        let running = self.running_on(&instance.uuid)?;
        if running.contains(&node.uuid) {
            return Ok(Ready::Nothing);
        }
        if let Some(other) = running.first() {
            let name = self.node(other)?.map_or(other.to_string(), |row| row.name);
            let reason = format!("{} is running on {name}", instance.name);
            return Ok(Ready::Refused(reason));
        }
        match self.lacks_disks(instance, node)? {
            Some(reason) => Ok(Ready::Refused(reason)),
            None => self.usual(order),
        }
    }

    fn ready_to_stop(&self, order: &Order<'_>, node: &NodeRef) -> Sql<Ready> {
        let instance = &order.instance.uuid;
        if self.running_on(instance)?.contains(&node.uuid) {
            return self.usual(order);
        }
        self.effect(Effect::NotLeftOver(instance, &node.uuid))?;
        Ok(Ready::Nothing)
    }

    fn ready_to_reboot(&self, order: &Order<'_>, node: &NodeRef) -> Sql<Ready> {
        if self.running_on(&order.instance.uuid)?.contains(&node.uuid) {
            return self.usual(order);
        }
        let (name, node) = (&order.instance.name, &node.name);
        Ok(Ready::Refused(format!("{name} does not run on {node}")))
    }

    fn ready_to_migrate(&self, order: &Order<'_>, from: &NodeRef, to: &NodeRef) -> Sql<Ready> {
        if from.uuid == to.uuid {
            let reason = format!("{} is both source and target", from.name);
            return Ok(Ready::Refused(reason));
        }
        let instance = order.instance;
        if self.arrived(order)? {
            return Ok(Ready::Nothing);
        }
        let running = self.running_on(&instance.uuid)?;
        if running.contains(&to.uuid) {
            let reason = format!("{} is running on {} already", instance.name, to.name);
            return Ok(Ready::Refused(reason));
        }
        if !running.contains(&from.uuid) {
            let reason = format!("{} does not run on {}", instance.name, from.name);
            return Ok(Ready::Refused(reason));
        }
        if instance.template.mirroring() == Mirroring::None {
            let reason = format!("the disks of {} are on {} only", instance.name, from.name);
            return Ok(Ready::Refused(reason));
        }
        match self.lacks_disks(instance, to)? {
            Some(reason) => Ok(Ready::Refused(reason)),
            None => self.usual(order),
        }
    }

    fn ready_to_sync(&self, order: &Order<'_>, node: &NodeRef) -> Sql<Ready> {
        let instance = order.instance;
        if !has_copies(instance.template) {
            return Ok(Ready::Nothing);
        }
        let copies = self.copies_of(&instance.uuid)?;
        let here = copies.iter().find(|(home, _)| *home == node.uuid);
        if here.is_some_and(|(_, in_sync)| *in_sync) {
            return Ok(Ready::Nothing);
        }
        let fresh = here.is_none();
        if copies.is_empty() {
            return Ok(Ready::Go(Go {
                lasts: 0,
                source: None,
                fresh,
            }));
        }
        let Some(peer) = self.peer_in_sync(&instance.uuid, &node.uuid)? else {
            let name = &instance.name;
            let reason = format!("no node that answers has a copy of the disks of {name} in sync");
            return Ok(Ready::Refused(reason));
        };
        Ok(Ready::Go(Go {
            lasts: self.settings()?.lasts(Verb::Sync, instance),
            source: Some(peer),
            fresh,
        }))
    }

    fn ready_to_blank(&self, order: &Order<'_>, node: &NodeRef) -> Sql<Ready> {
        let instance = order.instance;
        if !has_copies(instance.template) {
            return Ok(Ready::Nothing);
        }
        if !self.running_on(&instance.uuid)?.is_empty() {
            let reason = format!("{} is running on its disks", instance.name);
            return Ok(Ready::Refused(reason));
        }
        Ok(Ready::Go(Go {
            lasts: 0,
            source: None,
            fresh: self.copy(&instance.uuid, &node.uuid)?.is_none(),
        }))
    }

    fn ready_to_drop(&self, order: &Order<'_>, node: &NodeRef) -> Sql<Ready> {
        let instance = order.instance;
        if self.copy(&instance.uuid, &node.uuid)?.is_none() {
            return Ok(Ready::Nothing);
        }
        let runs = !self.running_on(&instance.uuid)?.is_empty();
        if runs && self.peer_in_sync(&instance.uuid, &node.uuid)?.is_none() {
            let (name, node) = (&instance.name, &node.name);
            let reason = format!("{name} is running on its last copy, which is on {node}");
            return Ok(Ready::Refused(reason));
        }
        self.usual(order)
    }

    fn ready_to_deactivate(&self, order: &Order<'_>, node: &NodeRef) -> Sql<Ready> {
        let instance = order.instance;
        if self.running_on(&instance.uuid)?.contains(&node.uuid) {
            let (name, node) = (&instance.name, &node.name);
            let reason = format!("{name} is running on {node}, with its disks in use");
            return Ok(Ready::Refused(reason));
        }
        self.usual(order)
    }

    fn ready_to_activate(&self, order: &Order<'_>, node: &NodeRef) -> Sql<Ready> {
        let instance = order.instance;
        let missing =
            has_copies(instance.template) && self.copy(&instance.uuid, &node.uuid)?.is_none();
        if missing && let Some(reason) = self.lacks_disks(instance, node)? {
            return Ok(Ready::Refused(reason));
        }
        self.usual(order)
    }
}

/// Whether an order is for what is on its way already.
fn joins(deed: &Deed, order: &Order<'_>) -> bool {
    let same = |node: Option<&NodeRef>, uuid| node.map(|node| &node.uuid) == uuid;
    deed.verb == order.verb
        && same(order.target, deed.target.as_ref())
        && (order.verb == Verb::Sync || same(order.source, deed.source.as_ref()))
}
