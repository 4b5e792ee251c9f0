//! Round a secondary node that takes nothing.
//!
//! A drbd instance goes from its primary to its secondary node. Where that takes nothing, since it is drained or
//! offline, the instance would stay, although all that is to leave a node can leave it: it only needs its
//! second copy elsewhere first. That costs one more copy, so it is done only where the node is to be emptied of
//! both roles, and nobody else has chosen the nodes.

use super::allocate::Home;
use super::nodes::{Seats, unusable};
use super::place::{Placed, Unmovable};
use super::planner::{Mover, Planner, Way, refusal};
use super::search::Arrival;

impl Planner<'_> {
    /// Why the way to the secondary node `next` is closed, if it is and there is one round it.
    pub(super) fn detour(
        &self,
        mover: &Mover<'_>,
        next: usize,
        way: &Way<'_>,
    ) -> Option<&'static str> {
        let free = way.new_copy && way.new_secondary.is_none();
        let alive = !self.ledger.rooms[mover.primary].node.offline;
        unusable(self.ledger.rooms[next].node).filter(|_| free && alive)
    }

    /// A copy is made on a third node, the instance goes there, and the copy that stayed behind goes to a
    /// fourth. If there are none the ledger stays as it was.
    pub(super) fn go_round(
        &mut self,
        mover: &Mover<'_>,
        avoided: usize,
        why: &str,
    ) -> Result<Placed, Unmovable> {
        let from = mover.primary;
        self.ledger.unseat(&mover.need, mover.seats);
        let arrival = Arrival::Primary { from };
        let found = self.find(mover, arrival, None, [from, avoided], from);
        self.ledger.seat(&mover.need, mover.seats);
        let home = found.and_then(|primary| {
            let secondary = Some(self.third_node(mover, primary, None)?);
            Ok(Home { primary, secondary })
        });
        let home = home.map_err(|other| {
            let name = self.name(avoided);
            refusal(
                mover.instance,
                format!("its secondary node {name} {why}, and {}", other.reason),
                Some(format!(
                    "let {name} take instances again, or make room on two other nodes of its group"
                )),
            )
        })?;
        let placed = self.way(mover, home)?;
        self.ledger.unseat(&mover.need, mover.seats);
        let seats = Seats {
            primary: Some(home.primary),
            secondary: home.secondary,
        };
        self.ledger.seat(&mover.need, seats);
        Ok(placed)
    }
}
