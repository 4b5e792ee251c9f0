//! How instances come back to the nodes that they had before.

use std::collections::BTreeMap;

use crate::cluster::{InstanceUuid, Mirroring};

use super::allocate::Home;
use super::checks::{Strictness, check};
use super::claim::World;
use super::ledger::Ledger;
use super::nodes::{Seats, unusable};
use super::place::{Destination, Placed, Plan, Rules, Unmovable};
use super::planner::{Mover, Planner, refusal};

/// Plans the way of instances to nodes that are known. Only hard limits count, as where somebody names
/// a node by hand; an instance that is where it is to be has no way.
#[must_use]
pub fn plan_homecoming(world: &World, homes: &BTreeMap<InstanceUuid, Destination>) -> Plan {
    let mut planner = Planner {
        ledger: Ledger::new(world, None),
        rules: Rules::default(),
    };
    let mut plan = Plan::default();
    for instance in world.config.instances_by_name() {
        let Some(home) = homes.get(&instance.uuid) else {
            continue;
        };
        let mover = planner.mover(instance);
        match mover.and_then(|mover| planner.bring_home(&mover, home)) {
            Ok(placed) if placed.moves.is_empty() => {}
            Ok(placed) => plan.placed.push(placed),
            Err(unmovable) => plan.unmovable.push(unmovable),
        }
    }
    plan
}

impl Planner<'_> {
    /// One instance; if it cannot come home the ledger stays as it was.
    fn bring_home(&mut self, mover: &Mover<'_>, home: &Destination) -> Result<Placed, Unmovable> {
        let home = self.home(mover, home)?;
        let seats = Seats {
            primary: Some(home.primary),
            secondary: home.secondary,
        };
        if (seats.primary, seats.secondary) == (mover.seats.primary, mover.seats.secondary) {
            return Ok(Placed {
                instance: mover.instance.uuid.clone(),
                moves: vec![],
                claims: vec![],
            });
        }
        self.ledger.unseat(&mover.need, mover.seats);
        let placed = self
            .check_home(mover, home)
            .and_then(|()| self.way(mover, home));
        let seats = if placed.is_ok() { seats } else { mover.seats };
        self.ledger.seat(&mover.need, seats);
        placed
    }

    /// The nodes of its home.
    fn home(&self, mover: &Mover<'_>, home: &Destination) -> Result<Home, Unmovable> {
        let stays = |text| refusal(mover.instance, text, None);
        if mover.template.mirroring() == Mirroring::None {
            return Err(self.stays(mover));
        }
        let place = |node| {
            let at = self.ledger.at(node);
            let at = at.ok_or_else(|| stays(format!("its node {node} is no longer there")))?;
            let node = self.ledger.rooms[at].node;
            match unusable(node) {
                Some(why) => Err(stays(format!("{} {why}", node.name))),
                None => Ok(at),
            }
        };
        Ok(Home {
            primary: place(&home.primary)?,
            secondary: home.secondary.as_ref().map(place).transpose()?,
        })
    }

    /// Whether there is room at home for an instance that was taken out of the ledger.
    fn check_home(&self, mover: &Mover<'_>, home: Home) -> Result<(), Unmovable> {
        let fits = |at: usize, after| {
            let room = &self.ledger.rooms[at];
            check(&room.limits, &room.used, &after, Strictness::HardOnly).map_err(|failure| {
                let hint = format!("make room on {}", room.node.name);
                let text = format!("{}: {failure}", room.node.name);
                refusal(mover.instance, text, Some(hint))
            })
        };
        let runs = &self.ledger.rooms[home.primary];
        fits(home.primary, runs.after_primary(&mover.need))?;
        let Some(copy) = home.secondary else {
            return Ok(());
        };
        let room = &self.ledger.rooms[copy];
        fits(copy, room.after_secondary(&mover.need, Some(home.primary)))
    }
}
