//! Where a new instance goes.

use std::collections::BTreeMap;

use crate::cluster::{AllocPolicy, DRBD_META_MIB, DiskTemplate, Group};

use super::checks::{Fail, Failure, Strictness, check, count};
use super::claim::World;
use super::ledger::Ledger;
use super::nodes::{Need, Seats, Use, amount};
use super::place::{Allocation, NewInstance};
use super::policy::Policy;
use super::score::{Gauge, Totals};
use super::search::check_backup;

/// Chooses nodes for a new instance.
///
/// In the named group, else in the best group that takes new instances: a preferred one before a
/// last resort, then by score. All rules are strict.
///
/// # Errors
/// The reasons why there are none, counted, as in
/// `no valid allocation solutions, failure reasons: FailMem: 3, FailDisk: 1`.
pub fn allocate(world: &World, new: &NewInstance) -> Result<Allocation, String> {
    let ledger = Ledger::new(world, Some(&new.instance));
    let groups = groups(world, new)?;
    let home = find_home(&ledger, new, &groups)?;
    let uuid = |at: usize| ledger.rooms[at].node.uuid.clone();
    Ok(Allocation {
        primary: uuid(home.primary),
        secondary: home.secondary.map(uuid),
    })
}

/// Chooses nodes for several new instances, each beside those before it.
///
/// For each its nodes, or the reason why there are none, as of [`allocate`].
#[must_use]
pub fn allocate_all(world: &World, all: &[&NewInstance]) -> Vec<Result<Allocation, String>> {
    let mut ledger = Ledger::new(world, None);
    let place = |new: &&NewInstance| {
        let home = find_home(&ledger, new, &groups(world, new)?)?;
        let seats = Seats {
            primary: Some(home.primary),
            secondary: home.secondary,
        };
        ledger.seat(&need(&ledger, new), seats);
        let uuid = |at: usize| ledger.rooms[at].node.uuid.clone();
        Ok(Allocation {
            primary: uuid(home.primary),
            secondary: home.secondary.map(uuid),
        })
    };
    all.iter().map(place).collect()
}

/// The best nodes in one of these groups for an instance that is in none of the ledger's rooms: a
/// preferred group before a last resort, then by score.
///
/// # Errors
/// As [`allocate`].
pub(super) fn find_home(
    ledger: &Ledger<'_>,
    new: &NewInstance,
    groups: &[&Group],
) -> Result<Home, String> {
    let search = Search {
        scored: scored(ledger, new),
        need: need(ledger, new),
        ledger,
        new,
    };
    let mut failures: BTreeMap<Fail, usize> = BTreeMap::new();
    let mut too_small = vec![];
    let mut best: Option<(AllocPolicy, f64, Home)> = None;
    for group in groups {
        let found = match search.group(group, &mut failures) {
            Ok(found) => found,
            Err(reason) => {
                too_small.push(format!("group {}: {reason}", group.name));
                continue;
            }
        };
        let Some((score, home)) = found else {
            continue;
        };
        let better = |(policy, least, _): &(AllocPolicy, f64, Home)| {
            group.alloc_policy < *policy || (group.alloc_policy == *policy && score < *least)
        };
        if best.as_ref().is_none_or(better) {
            best = Some((group.alloc_policy, score, home));
        }
    }
    match best {
        Some((_, _, home)) => Ok(home),
        None if failures.is_empty() => Err(too_small.join("; ")),
        None => {
            let all = (failures.iter()).flat_map(|(fail, n)| std::iter::repeat_n(*fail, *n));
            let counted = count(all);
            Err(format!(
                "no valid allocation solutions, failure reasons: {counted}"
            ))
        }
    }
}

/// The groups that the instance may go to. A named one may even be unallocable.
fn groups<'a>(world: &'a World, new: &NewInstance) -> Result<Vec<&'a Group>, String> {
    if let Some(group) = &new.group {
        return match world.config.groups.get(group) {
            Some(group) => Ok(vec![group]),
            None => Err(format!("group {group} is not in the configuration")),
        };
    }
    let groups: Vec<&Group> = (world.config.groups_by_name())
        .map(|group| &**group)
        .filter(|group| group.alloc_policy != AllocPolicy::Unallocable)
        .collect();
    if groups.is_empty() {
        return Err("no group takes new instances".to_owned());
    }
    Ok(groups)
}

/// The nodes that make up the score: of the named group, else of the cluster, so that groups
/// compare.
fn scored(ledger: &Ledger<'_>, new: &NewInstance) -> Totals {
    let groups: Vec<_> = match &new.group {
        Some(group) => vec![group],
        None => ledger.config.groups.keys().collect(),
    };
    let nodes = groups.into_iter().flat_map(|group| ledger.usable(group));
    let gauges: Vec<Gauge> = nodes.map(|at| ledger.rooms[at].gauge).collect();
    Totals::of(&gauges)
}

fn need(ledger: &Ledger<'_>, new: &NewInstance) -> Need {
    let memory = if new.start { amount(new.memory) } else { 0 };
    let local = new.template.uses_node_disk();
    let extra = match new.template {
        DiskTemplate::Drbd => amount(DRBD_META_MIB),
        _ => 0,
    };
    let disk = new.disks.iter().map(|size| amount(*size) + extra).sum();
    Need {
        memory,
        reserve: memory,
        disk: if local { disk } else { 0 },
        vcpus: amount(new.vcpus),
        spindles: if local { amount(new.spindle_use) } else { 0 },
        tags: ledger.exclusion_tags(&new.tags),
    }
}

/// A primary and, for drbd, a secondary node, as indices of the ledger.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home {
    pub(super) primary: usize,
    pub(super) secondary: Option<usize>,
}

struct Search<'a> {
    ledger: &'a Ledger<'a>,
    scored: Totals,
    need: Need,
    new: &'a NewInstance,
}

impl Search<'_> {
    /// The best nodes of a group with their score, of equal ones the first; none if no candidate
    /// will do, and then `failures` tells why.
    fn group(
        &self,
        group: &Group,
        failures: &mut BTreeMap<Fail, usize>,
    ) -> Result<Option<(f64, Home)>, &'static str> {
        let nodes = self.ledger.usable(&group.uuid);
        let mirrored = self.new.template == DiskTemplate::Drbd;
        match (nodes.len(), mirrored) {
            (0, _) => return Err("no online nodes"),
            (1, true) => return Err("not enough online nodes"),
            _ => {}
        }
        let policy = Policy::new(self.ledger.config, &group.uuid);
        let mut fail = |fail: Fail, candidates: usize| {
            *failures.entry(fail).or_insert(0) += candidates;
        };
        let seconds = if mirrored { nodes.len() - 1 } else { 1 };
        if let Some(breach) = policy.failure(self.new) {
            fail(breach, nodes.len() * seconds);
            return Ok(None);
        }
        let mut best: Option<(f64, Home)> = None;
        for &primary in &nodes {
            let with_primary = match self.with_primary(primary) {
                Ok(totals) => totals,
                Err(failure) => {
                    fail(failure.fail, seconds);
                    continue;
                }
            };
            let mut keep = |score: f64, secondary: Option<usize>| {
                if best.is_none_or(|(least, _)| score < least) {
                    best = Some((score, Home { primary, secondary }));
                }
            };
            if !mirrored {
                keep(with_primary.score(), None);
                continue;
            }
            for &secondary in nodes.iter().filter(|at| **at != primary) {
                match self.with_secondary(&with_primary, primary, secondary) {
                    Ok(totals) => keep(totals.score(), Some(secondary)),
                    Err(failure) => fail(failure.fail, 1),
                }
            }
        }
        Ok(best)
    }

    fn with_primary(&self, at: usize) -> Result<Totals, Failure> {
        let after = self.ledger.rooms[at].after_primary(&self.need);
        self.with(&self.scored, at, &after)
    }

    fn with_secondary(&self, totals: &Totals, peer: usize, at: usize) -> Result<Totals, Failure> {
        let room = &self.ledger.rooms[at];
        let after = room.after_secondary(&self.need, Some(peer));
        let totals = self.with(totals, at, &after)?;
        check_backup(room, &self.need)?;
        Ok(totals)
    }

    fn with(&self, totals: &Totals, at: usize, after: &Use) -> Result<Totals, Failure> {
        let room = &self.ledger.rooms[at];
        check(&room.limits, &room.used, after, Strictness::Strict)?;
        Ok(totals.with(&room.gauge, &Gauge::new(&room.limits, after)))
    }
}
