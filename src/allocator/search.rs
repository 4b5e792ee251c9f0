//! The search for one node.

use super::checks::{Fail, Failure, Strictness, check};
use super::ledger::Ledger;
use super::nodes::{Need, Room, Use};
use super::score::{Gauge, Totals};

/// As what an instance would come to a node. It has been taken out of the ledger before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arrival {
    /// As primary, from there.
    Primary { from: usize },
    /// As secondary of that primary.
    Secondary { peer: usize },
}

impl Arrival {
    fn after(self, room: &Room<'_>, need: &Need) -> Use {
        match self {
            Arrival::Primary { .. } => room.after_primary(need),
            Arrival::Secondary { peer } => room.after_secondary(need, Some(peer)),
        }
    }
}

/// Whether an instance may come to the node `to`, and the node's use then.
pub(super) fn try_node(
    ledger: &Ledger<'_>,
    need: &Need,
    arrival: Arrival,
    to: usize,
    strictness: Strictness,
) -> Result<Use, Failure> {
    let room = &ledger.rooms[to];
    let after = arrival.after(room, need);
    check(&room.limits, &room.used, &after, strictness)?;
    match arrival {
        Arrival::Primary { from } if !room.accepts_from(&ledger.rooms[from]) => {
            return Err(Failure::new(Fail::Mig, 0));
        }
        Arrival::Secondary { .. } if strictness == Strictness::Strict => {
            check_backup(room, need)?;
        }
        Arrival::Primary { .. } | Arrival::Secondary { .. } => {}
    }
    Ok(after)
}

/// Whether a node could start what it is to back. The N+1 check only sees nodes that were in order
/// before.
pub(super) fn check_backup(room: &Room<'_>, need: &Need) -> Result<(), Failure> {
    let missing = room.used.memory + need.reserve - room.limits.memory;
    if need.reserve > 0 && missing > 0 {
        return Err(Failure::new(Fail::N1, missing));
    }
    Ok(())
}

/// The candidate with the best score, of equal ones the first. `group` are the nodes that the score
/// is made of.
///
/// # Errors
/// Why not, for each candidate.
pub(super) fn best(
    ledger: &Ledger<'_>,
    need: &Need,
    arrival: Arrival,
    candidates: &[usize],
    group: &[usize],
    strictness: Strictness,
) -> Result<usize, Vec<(usize, Failure)>> {
    let totals = Totals::of(group.iter().map(|at| &ledger.rooms[*at].gauge));
    let mut best: Option<(f64, usize)> = None;
    let mut failures = vec![];
    for &at in candidates {
        let after = match try_node(ledger, need, arrival, at, strictness) {
            Ok(after) => after,
            Err(failure) => {
                failures.push((at, failure));
                continue;
            }
        };
        let room = &ledger.rooms[at];
        let gauge = Gauge::new(&room.limits, &after);
        let score = totals.with(&room.gauge, &gauge).score();
        if best.is_none_or(|(least, _)| score < least) {
            best = Some((score, at));
        }
    }
    best.map(|(_, at)| at).ok_or(failures)
}
