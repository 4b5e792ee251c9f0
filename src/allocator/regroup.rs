//! Who goes where when instances are to leave their group.

use crate::cluster::{Config, Group, Instance, Mirroring, NodeUuid};

use super::allocate::{Home, find_home};
use super::checks::{Fail, Failure, Strictness, check};
use super::claim::{Claim, Role, World};
use super::ledger::Ledger;
use super::nodes::{Seats, claimed, unusable};
use super::place::{Destination, NewInstance, Placed, Plan, Regrouping, Unmovable};
use super::planner::{Mover, Planner, refusal};
use super::policy::policy_breaches;

/// Plans the way of instances to other groups.
#[must_use]
pub fn plan_regrouping(world: &World, regrouping: &Regrouping) -> Plan {
    plan_with(world, regrouping, |_| Ok(None))
}

/// The same with the nodes that `chosen` has for an instance, or with its reason why it does not move.
pub(super) fn plan_with(
    world: &World,
    regrouping: &Regrouping,
    mut chosen: impl FnMut(&Instance) -> Result<Option<Destination>, Unmovable>,
) -> Plan {
    let mut planner = Planner {
        ledger: Ledger::new(world, None),
        rules: regrouping.rules,
    };
    let mut plan = Plan::default();
    for (instance, role) in leavers(&world.config, regrouping) {
        let placed = chosen(instance).and_then(|chosen| match role {
            Role::Primary => planner.regroup(instance, regrouping, chosen.as_ref()),
            Role::Secondary => planner.follow(instance, chosen.as_ref()),
        });
        match placed {
            Ok(placed) => plan.placed.push(placed),
            Err(unmovable) => plan.unmovable.push(unmovable),
        }
    }
    plan
}

/// The instances that are to leave, in the order of their names: with their primary node, or with their
/// second copy alone.
pub(super) fn leavers<'a>(
    config: &'a Config,
    regrouping: &Regrouping,
) -> impl Iterator<Item = (&'a Instance, Role)> {
    let in_group = |node: &NodeUuid| {
        let node = config.nodes.get(node);
        node.is_some_and(|node| regrouping.leaving.contains(&node.group))
    };
    let role = move |instance: &Instance| {
        if in_group(&instance.primary_node) {
            Some(Role::Primary)
        } else {
            let secondary = config.secondary(instance);
            secondary
                .filter(|node| in_group(node))
                .map(|_| Role::Secondary)
        }
    };
    (config.instances_by_name())
        .filter(|instance| regrouping.instances.contains(&instance.uuid))
        .filter_map(move |instance| Some((&**instance, role(instance)?)))
}

impl<'a> Planner<'a> {
    /// An instance goes to another group as a whole; if it cannot the ledger stays as it was.
    fn regroup(
        &mut self,
        instance: &'a Instance,
        regrouping: &Regrouping,
        chosen: Option<&Destination>,
    ) -> Result<Placed, Unmovable> {
        let mover = self.mover(instance)?;
        match mover.template.mirroring() {
            Mirroring::None => return Err(self.stays(&mover)),
            Mirroring::Internal => drop(self.secondary(&mover)?),
            Mirroring::External => {}
        }
        self.ledger.unseat(&mover.need, mover.seats);
        let found = match chosen {
            None => self.search(&mover, regrouping),
            Some(end) => self.chosen(&mover, regrouping, end),
        };
        let planned = found.and_then(|home| Ok((home, self.way(&mover, home)?)));
        let seats = (planned.as_ref()).map_or(mover.seats, |(home, _)| Seats {
            primary: Some(home.primary),
            secondary: home.secondary,
        });
        self.ledger.seat(&mover.need, seats);
        planned.map(|(_, placed)| placed)
    }

    /// The copy of an instance that stays goes to the group of its primary node.
    fn follow(
        &mut self,
        instance: &'a Instance,
        chosen: Option<&Destination>,
    ) -> Result<Placed, Unmovable> {
        let mover = self.mover(instance)?;
        if let Some(end) = chosen.filter(|end| end.primary != instance.primary_node) {
            let to = self.ledger.config.node_name(&end.primary);
            let text = format!("it is to run on {to}, but its copy alone is to move");
            return Err(refusal(instance, text, None));
        }
        let named = chosen.and_then(|end| end.secondary.as_ref());
        self.replace_secondary(&mover, named)
    }

    /// The best nodes in the groups that it may go to.
    fn search(&self, mover: &Mover<'_>, regrouping: &Regrouping) -> Result<Home, Unmovable> {
        let groups: Vec<&Group> = (regrouping.targets.iter())
            .filter_map(|uuid| Some(&**self.ledger.config.groups.get(uuid)?))
            .collect();
        let new = NewInstance::like(self.ledger.config, mover.instance);
        find_home(&self.ledger, &new, &groups).map_err(|why| {
            let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
            let hint = "gnt-node list -o +group shows what is free in which group";
            let text = format!("no room in {}: {why}", names.join(", "));
            refusal(mover.instance, text, Some(hint.to_owned()))
        })
    }

    /// The nodes that somebody else chose, if it may go there: all but the soft rules hold.
    fn chosen(
        &self,
        mover: &Mover<'_>,
        regrouping: &Regrouping,
        end: &Destination,
    ) -> Result<Home, Unmovable> {
        let refuse = |text: String| refusal(mover.instance, text, None);
        let place = |node: &NodeUuid| {
            let at = self.ledger.at(node);
            let at =
                at.ok_or_else(|| refuse(format!("node {node} is not in the configuration")))?;
            let node = self.ledger.rooms[at].node;
            match unusable(node) {
                Some(why) => Err(refuse(format!("{} {why}", node.name))),
                None if !regrouping.targets.contains(&node.group) => {
                    let text = format!("{} is in none of the groups that it may go to", node.name);
                    Err(refuse(text))
                }
                None => Ok(at),
            }
        };
        let home = Home {
            primary: place(&end.primary)?,
            secondary: end.secondary.as_ref().map(place).transpose()?,
        };
        let runs = &self.ledger.rooms[home.primary];
        let fits = |room: &super::nodes::Room<'_>, after| {
            check(&room.limits, &room.used, &after, Strictness::HardOnly)
                .map_err(|failure| refuse(format!("{}: {failure}", room.node.name)))
        };
        fits(runs, runs.after_primary(&mover.need))?;
        if let Some(secondary) = home.secondary {
            let copy = &self.ledger.rooms[secondary];
            if secondary == home.primary || copy.node.group != runs.node.group {
                let (one, other) = (&runs.node.name, &copy.node.name);
                let text = format!("{one} and {other} are not two nodes of one group");
                return Err(refuse(text));
            }
            fits(copy, copy.after_secondary(&mover.need, Some(home.primary)))?;
        }
        let new = NewInstance::like(self.ledger.config, mover.instance);
        match policy_breaches(self.ledger.config, &runs.node.group, &new).first() {
            Some(breach) => Err(refuse(format!("the policy of its new group: {breach}"))),
            None => Ok(home),
        }
    }

    /// The moves that bring an instance to another home. A drbd instance moves by its copies: the second one is
    /// made where it is to run, it goes there, and the one that stayed behind is made where the second is
    /// to be. What runs on a dead node goes to its secondary first.
    pub(super) fn way(&self, mover: &Mover<'_>, home: Home) -> Result<Placed, Unmovable> {
        let source = &self.ledger.rooms[mover.primary];
        let target = &self.ledger.rooms[home.primary];
        if !target.accepts_from(source) {
            let failure = Failure::new(Fail::Mig, 0);
            let text = format!("{}: {failure}", target.node.name);
            return Err(refusal(mover.instance, text, None));
        }
        let mut moves = vec![];
        if mover.template.mirroring() == Mirroring::Internal {
            let mut runs = mover.primary;
            let mut copy = self.secondary(mover)?;
            if source.node.offline {
                self.check_present_secondary(mover, copy)?;
                moves.push(self.planned(Role::Primary, runs, copy));
                std::mem::swap(&mut runs, &mut copy);
            }
            if copy != home.primary && runs != home.primary {
                moves.push(self.planned(Role::Secondary, copy, home.primary));
                copy = home.primary;
            }
            if runs != home.primary {
                moves.push(self.planned(Role::Primary, runs, home.primary));
                copy = runs;
            }
            let secondary = home.secondary.unwrap_or(copy);
            if copy != secondary {
                moves.push(self.planned(Role::Secondary, copy, secondary));
            }
        } else if mover.primary != home.primary {
            moves.push(self.planned(Role::Primary, mover.primary, home.primary));
        }
        let secondary = (home.secondary).map(|at| self.room_for(mover, Role::Secondary, at));
        let claims = std::iter::once(self.room_for(mover, Role::Primary, home.primary));
        Ok(Placed {
            instance: mover.instance.uuid.clone(),
            moves,
            claims: claims.chain(secondary).collect(),
        })
    }

    /// The room that an instance needs on a node that has nothing of it yet.
    fn room_for(&self, mover: &Mover<'_>, role: Role, at: usize) -> Claim {
        let need = &mover.need;
        let (memory, vcpus) = match role {
            Role::Primary => (need.memory, need.vcpus),
            Role::Secondary => (need.reserve, 0),
        };
        Claim {
            node: self.ledger.rooms[at].node.uuid.clone(),
            instance: mover.instance.uuid.clone(),
            role,
            memory: claimed(memory),
            disk: claimed(need.disk),
            vcpus: claimed(vcpus),
        }
    }
}
