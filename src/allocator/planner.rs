//! The moves of one instance that leaves a node: to which node it goes, if it may, and the room that it
//! needs there.

use crate::cluster::{DiskTemplate, Instance, Mirroring, NodeUuid};

use super::checks::{Fail, Failure, Strictness, check, explain};
use super::claim::{Claim, Role};
use super::ledger::Ledger;
use super::nodes::{Need, Seats, Use, claimed, unusable};
use super::place::{Placed, PlannedMove, Rules, Unmovable};
use super::search::{self, Arrival};

/// How one instance is to be moved.
pub(super) struct Way<'a> {
    /// The role that leaves its node.
    pub(super) role: Role,
    /// Whether the copy on a drbd primary's old node is to leave it, too.
    pub(super) new_copy: bool,
    /// Where an externally mirrored primary is to go.
    pub(super) target: Option<&'a NodeUuid>,
    /// Where a drbd secondary is to go.
    pub(super) new_secondary: Option<&'a NodeUuid>,
}

/// An instance on its way.
pub(super) struct Mover<'a> {
    pub(super) instance: &'a Instance,
    pub(super) template: DiskTemplate,
    pub(super) need: Need,
    pub(super) seats: Seats,
    /// The index of its primary node.
    pub(super) primary: usize,
}

/// Makes a plan, move by move.
pub(super) struct Planner<'a> {
    pub(super) ledger: Ledger<'a>,
    pub(super) rules: Rules,
}

impl<'a> Planner<'a> {
    /// Plans one instance and moves it in the ledger; if it cannot move the ledger stays as it was.
    pub(super) fn place(
        &mut self,
        instance: &'a Instance,
        way: &Way<'_>,
    ) -> Result<Placed, Unmovable> {
        let mover = self.mover(instance)?;
        match (way.role, mover.template.mirroring()) {
            (Role::Primary, Mirroring::External) => self.relocate(&mover, way.target),
            (Role::Primary, Mirroring::Internal) => self.fail_over(&mover, way),
            (Role::Secondary, _) => self.replace_secondary(&mover, way.new_secondary),
            (Role::Primary, Mirroring::None) => Err(self.stays(&mover)),
        }
    }

    /// Why an instance cannot give up its role, whoever chooses the next node.
    pub(super) fn obstacle(&mut self, instance: &'a Instance, role: Role) -> Option<Unmovable> {
        let mover = match self.mover(instance) {
            Ok(mover) => mover,
            Err(unmovable) => return Some(unmovable),
        };
        match (role, mover.template.mirroring()) {
            (Role::Primary, Mirroring::None) => Some(self.stays(&mover)),
            (_, Mirroring::Internal) => self.secondary(&mover).err(),
            (_, Mirroring::External) | (Role::Secondary, Mirroring::None) => None,
        }
    }

    /// Why an instance whose disks are on one node stays there.
    pub(super) fn stays(&self, mover: &Mover<'_>) -> Unmovable {
        let template = mover.template;
        refusal(
            mover.instance,
            format!("instances of type {template} cannot be relocated"),
            Some(format!(
                "its only disks are on {}: shut it down and leave it there, or move its \
                 data by other means",
                self.name(mover.primary)
            )),
        )
    }

    pub(super) fn mover(&mut self, instance: &'a Instance) -> Result<Mover<'a>, Unmovable> {
        self.ledger.forget_way(instance);
        if let Some(reason) = &instance.uncertain {
            return Err(refusal(
                instance,
                format!("where it runs is not known: {reason}"),
                Some(format!(
                    "gnt-instance migrate --cleanup {} finds out",
                    instance.name
                )),
            ));
        }
        if instance.forthcoming {
            return Err(refusal(
                instance,
                "it is forthcoming: it does not exist yet".to_owned(),
                Some(format!(
                    "gnt-instance add --commit {0} makes it, gnt-instance remove {0} forgets it",
                    instance.name
                )),
            ));
        }
        let seats = self.ledger.seats(instance);
        let Some(primary) = seats.primary else {
            return Err(refusal(
                instance,
                format!(
                    "its primary node {} is not in the configuration",
                    instance.primary_node
                ),
                None,
            ));
        };
        Ok(Mover {
            instance,
            template: self.ledger.config.template(instance),
            need: self.ledger.need(instance),
            seats,
            primary,
        })
    }

    /// An externally mirrored primary goes to another node.
    fn relocate(
        &mut self,
        mover: &Mover<'_>,
        target: Option<&NodeUuid>,
    ) -> Result<Placed, Unmovable> {
        let from = mover.primary;
        self.ledger.unseat(&mover.need, mover.seats);
        let arrival = Arrival::Primary { from };
        let found = self.find(mover, arrival, target, [from, from], from);
        let seats = Seats {
            primary: Some(*found.as_ref().unwrap_or(&from)),
            ..mover.seats
        };
        self.ledger.seat(&mover.need, seats);
        let to = found?;
        Ok(Placed {
            instance: mover.instance.uuid.clone(),
            moves: vec![self.planned(Role::Primary, from, to)],
            claims: vec![self.claim(mover, Role::Primary, to)],
        })
    }

    /// A drbd instance's secondary goes to another node.
    pub(super) fn replace_secondary(
        &mut self,
        mover: &Mover<'_>,
        named: Option<&NodeUuid>,
    ) -> Result<Placed, Unmovable> {
        let peer = mover.primary;
        let from = self.secondary(mover)?;
        self.ledger.unseat(&mover.need, mover.seats);
        let arrival = Arrival::Secondary { peer };
        let found = self.find(mover, arrival, named, [peer, from], from);
        let seats = Seats {
            secondary: Some(*found.as_ref().unwrap_or(&from)),
            ..mover.seats
        };
        self.ledger.seat(&mover.need, seats);
        let to = found?;
        Ok(Placed {
            instance: mover.instance.uuid.clone(),
            moves: vec![self.planned(Role::Secondary, from, to)],
            claims: vec![self.claim(mover, Role::Secondary, to)],
        })
    }

    /// A drbd primary goes to its present secondary, and, if the node is to be emptied, the copy
    /// that stayed behind goes to a third node.
    fn fail_over(&mut self, mover: &Mover<'_>, way: &Way<'_>) -> Result<Placed, Unmovable> {
        let from = mover.primary;
        let to = self.secondary(mover)?;
        if let Some(why) = self.detour(mover, to, way) {
            return self.go_round(mover, to, why);
        }
        self.check_present_secondary(mover, to)?;
        let mut placed = Placed {
            instance: mover.instance.uuid.clone(),
            moves: vec![self.planned(Role::Primary, from, to)],
            claims: vec![self.claim(mover, Role::Primary, to)],
        };
        let mut copy = from;
        if way.new_copy {
            copy = self.third_node(mover, to, way.new_secondary)?;
            placed.moves.push(self.planned(Role::Secondary, from, copy));
            placed.claims.push(self.claim(mover, Role::Secondary, copy));
        }
        self.ledger.unseat(&mover.need, mover.seats);
        let seats = Seats {
            primary: Some(to),
            secondary: Some(copy),
        };
        self.ledger.seat(&mover.need, seats);
        Ok(placed)
    }

    /// Whether a drbd instance can go to its present secondary. Only hard limits count: that memory
    /// was kept free for this, and there is no other node that it could go to.
    pub(super) fn check_present_secondary(
        &self,
        mover: &Mover<'_>,
        to: usize,
    ) -> Result<(), Unmovable> {
        let source = &self.ledger.rooms[mover.primary];
        let room = &self.ledger.rooms[to];
        let other = format!(
            "gnt-instance replace-disks -n NODE {} gives it another secondary node",
            mover.instance.name
        );
        if let Some(why) = unusable(room.node) {
            let back = format!("bring {} or {} back", source.node.name, room.node.name);
            let (source_too, hint) = match (source.node.offline, room.node.offline) {
                (true, true) => (format!(", and so is {}", source.node.name), back),
                (true, false) => (
                    format!(", and {} is offline", source.node.name),
                    format!("let {} take instances again", room.node.name),
                ),
                (false, _) => (String::new(), other),
            };
            return Err(refusal(
                mover.instance,
                format!("its secondary node {} {why}{source_too}", room.node.name),
                Some(hint),
            ));
        }
        let after = Use {
            memory: room.used.memory + mover.need.memory,
            ..room.used
        };
        let allowed =
            check(&room.limits, &room.used, &after, Strictness::HardOnly).and_then(|()| match room
                .accepts_from(source)
            {
                true => Ok(()),
                false => Err(Failure::new(Fail::Mig, 0)),
            });
        allowed.map_err(|failure| {
            refusal(
                mover.instance,
                format!(
                    "cannot go to its secondary node {}: {failure}",
                    room.node.name
                ),
                Some(format!("make room on {}, or: {other}", room.node.name)),
            )
        })
    }

    /// The new secondary of a drbd instance that goes from its primary to its secondary `runs`.
    pub(super) fn third_node(
        &mut self,
        mover: &Mover<'_>,
        runs: usize,
        named: Option<&NodeUuid>,
    ) -> Result<usize, Unmovable> {
        let from = mover.primary;
        self.ledger.unseat(&mover.need, mover.seats);
        let alone = Seats {
            primary: Some(runs),
            secondary: None,
        };
        self.ledger.seat(&mover.need, alone);
        let arrival = Arrival::Secondary { peer: runs };
        let found = self.find(mover, arrival, named, [from, runs], from);
        self.ledger.unseat(&mover.need, alone);
        self.ledger.seat(&mover.need, mover.seats);
        found.map_err(|mut unmovable| {
            unmovable.reason = format!("no third node for its second copy: {}", unmovable.reason);
            let alone = "--primary-only moves it to its secondary node alone";
            unmovable.hint = Some(match unmovable.hint {
                Some(hint) => format!("{hint}; {alone}"),
                None => alone.to_owned(),
            });
            unmovable
        })
    }

    /// A node for an instance that has been taken out of the ledger: the named one, or the best of
    /// the primary's group without the two `excluded` ones. `old` is the node that it leaves.
    pub(super) fn find(
        &self,
        mover: &Mover<'_>,
        arrival: Arrival,
        named: Option<&NodeUuid>,
        excluded: [usize; 2],
        old: usize,
    ) -> Result<usize, Unmovable> {
        if let Some(node) = named {
            return self.named(mover, arrival, node, excluded);
        }
        let group = &self.ledger.rooms[mover.primary].node.group;
        let usable = self.ledger.usable(group);
        let candidates: Vec<usize> = (usable.iter().copied())
            .filter(|at| !excluded.contains(at))
            .collect();
        let search = |strictness| {
            search::best(
                &self.ledger,
                &mover.need,
                arrival,
                &candidates,
                &usable,
                strictness,
            )
        };
        let forced = self.rules.ignore_soft_errors || self.ledger.rooms[old].node.offline;
        let found = match search(Strictness::Strict) {
            Err(_) if forced => search(Strictness::HardOnly),
            found => found,
        };
        found.map_err(|failures| self.no_node(mover, &failures))
    }

    fn named(
        &self,
        mover: &Mover<'_>,
        arrival: Arrival,
        node: &NodeUuid,
        excluded: [usize; 2],
    ) -> Result<usize, Unmovable> {
        let refuse = |reason: String, hint: &str| {
            Err(refusal(mover.instance, reason, Some(hint.to_owned())))
        };
        let another = "name another node, or none to have one chosen";
        let Some(to) = self.ledger.at(node) else {
            return refuse(format!("node {node} is not in the configuration"), another);
        };
        let room = &self.ledger.rooms[to];
        let name = &room.node.name;
        if excluded.contains(&to) {
            return refuse(format!("{name} holds it already"), another);
        }
        if let Some(why) = unusable(room.node) {
            return refuse(format!("{name} {why}"), another);
        }
        let primary = self.ledger.rooms[mover.primary].node;
        if room.node.group != primary.group {
            return refuse(
                format!("{name} is not in the group of {}", primary.name),
                another,
            );
        }
        match search::try_node(&self.ledger, &mover.need, arrival, to, Strictness::HardOnly) {
            Ok(_) => Ok(to),
            Err(failure) => refuse(format!("{name}: {failure}"), another),
        }
    }

    fn no_node(&self, mover: &Mover<'_>, failures: &[(usize, Failure)]) -> Unmovable {
        if failures.is_empty() {
            let group = &self.ledger.rooms[mover.primary].node.group;
            let group = (self.ledger.config.groups.get(group))
                .map_or(group.as_str(), |group| group.name.as_str());
            return refusal(
                mover.instance,
                format!("can't find any good node: no other node of group {group} is in use"),
                Some(format!(
                    "gnt-node list shows which nodes are offline or drained; gnt-group \
                     assign-nodes brings nodes into {group}"
                )),
            );
        }
        let hint = if failures.iter().any(|(_, failure)| failure.fail.is_soft()) {
            "--ignore-soft-errors breaks the rules that are not about room (N+1, ratios, exclusion \
             tags)"
        } else {
            "gnt-node list shows free memory and disk"
        };
        let failures = explain(&self.ledger, failures);
        refusal(
            mover.instance,
            format!("can't find any good node: {failures}"),
            Some(hint.to_owned()),
        )
    }

    pub(super) fn secondary(&self, mover: &Mover<'_>) -> Result<usize, Unmovable> {
        mover.seats.secondary.ok_or_else(|| {
            refusal(
                mover.instance,
                format!("it is of type {} but has no secondary node", mover.template),
                Some(format!(
                    "gnt-instance info {} shows its disks",
                    mover.instance.name
                )),
            )
        })
    }

    pub(super) fn planned(&self, role: Role, from: usize, to: usize) -> PlannedMove {
        PlannedMove {
            role,
            from: self.ledger.rooms[from].node.uuid.clone(),
            to: self.ledger.rooms[to].node.uuid.clone(),
        }
    }

    /// The room that an instance needs on a node where it comes as `role`.
    fn claim(&self, mover: &Mover<'_>, role: Role, to: usize) -> Claim {
        let need = &mover.need;
        let (memory, disk, vcpus) = match role {
            // A drbd instance's disks are there already, an externally mirrored one's nowhere.
            Role::Primary => (need.memory, 0, need.vcpus),
            Role::Secondary => (need.reserve, need.disk, 0),
        };
        Claim {
            node: self.ledger.rooms[to].node.uuid.clone(),
            instance: mover.instance.uuid.clone(),
            role,
            memory: claimed(memory),
            disk: claimed(disk),
            vcpus: claimed(vcpus),
        }
    }

    pub(super) fn name(&self, at: usize) -> &str {
        &self.ledger.rooms[at].node.name
    }
}

pub(super) fn refusal(instance: &Instance, reason: String, hint: Option<String>) -> Unmovable {
    Unmovable {
        instance: instance.uuid.clone(),
        reason,
        hint,
    }
}
