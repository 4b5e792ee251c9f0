//! Which of several nodes is the best: htools' cluster score.
//!
//! The score of a set of nodes is a weighted sum of how unevenly they are filled (standard
//! deviations over the nodes) and of how much is wrong with them. Lower is better. What no choice of
//! a node changes (instances on offline nodes) and what the model has no data for (locations,
//! measured load) is left out.

use super::nodes::{Limits, Use};

/// Number of quantities that ought to be the same on all nodes.
const SPREAD: usize = 7;

/// Their weights: htools', in the order of [`Gauge::new`].
///
/// htools' four loads are, without measurements, numbers of instances: CPU, memory and network load
/// count primaries (three times 1), disk load counts copies.
const WEIGHTS: [f64; SPREAD] = [0.5, 0.5, 1.0, 0.5, 3.0, 1.0, 0.5];

/// Weight of each instance on a node that could not take over what it backs.
const N1_WEIGHT: f64 = 1.0;
/// Weight of each primary that shares an exclusion tag with another one.
const TAGS_WEIGHT: f64 = 2.0;
/// Weight of the share of memory that is kept free.
const RESERVED_WEIGHT: f64 = 0.25;

/// What the score sees of one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gauge {
    spread: [f64; SPREAD],
    /// What is wrong with the node by itself, weighted.
    wrong: f64,
}

impl Gauge {
    pub(super) fn new(limits: &Limits, used: &Use) -> Gauge {
        let reserved = share(used.reserved as f64, limits.memory as f64);
        let failing = used.memory + used.reserved > limits.memory;
        let instances = (used.primaries + used.secondaries) as f64;
        let n1 = if failing { instances } else { 0.0 };
        Gauge {
            spread: [
                share((limits.memory - used.memory) as f64, limits.memory as f64),
                share((limits.disk - used.disk) as f64, limits.disk as f64),
                reserved,
                share(used.vcpus as f64, limits.cpus as f64),
                used.primaries as f64,
                instances,
                share(used.spindles as f64, limits.spindle_use.unwrap_or(0.0)),
            ],
            wrong: N1_WEIGHT * n1 + TAGS_WEIGHT * used.surplus as f64 + RESERVED_WEIGHT * reserved,
        }
    }
}

/// `part` of `whole`; 0 of a node that has none.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Sums over a set of nodes, from which the score follows whatever its size: so a candidate costs
/// the same on a cluster of three nodes and of a thousand.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    nodes: f64,
    sums: [f64; SPREAD],
    squares: [f64; SPREAD],
    wrong: f64,
}

impl Totals {
    pub(super) fn of<'a>(gauges: impl IntoIterator<Item = &'a Gauge>) -> Totals {
        let mut totals = Totals::default();
        for gauge in gauges {
            totals.nodes += 1.0;
            totals.add(gauge, 1.0);
        }
        totals
    }

    /// The same with one node changed.
    #[must_use]
    pub(super) fn with(mut self, before: &Gauge, after: &Gauge) -> Totals {
        self.add(before, -1.0);
        self.add(after, 1.0);
        self
    }

    pub(super) fn score(&self) -> f64 {
        if self.nodes == 0.0 {
            return 0.0;
        }
        let deviations = (self.sums.iter().zip(&self.squares)).map(|(sum, squares)| {
            let mean = sum / self.nodes;
            // Rounding may leave a variance of nothing a little below it.
            (squares / self.nodes - mean * mean).max(0.0).sqrt()
        });
        let spread: f64 = (deviations.zip(WEIGHTS))
            .map(|(deviation, weight)| weight * deviation)
            .sum();
        spread + self.wrong
    }

    fn add(&mut self, gauge: &Gauge, sign: f64) {
        for (at, value) in gauge.spread.iter().enumerate() {
            self.sums[at] += sign * value;
            self.squares[at] += sign * value * value;
        }
        self.wrong += sign * gauge.wrong;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(memory: i64, primaries: i64, reserved: i64) -> Gauge {
        let limits = Limits {
            memory: 1000,
            disk: 1000,
            cpus: 8,
            ..Limits::default()
        };
        let used = Use {
            memory,
            primaries,
            reserved,
            ..Use::default()
        };
        Gauge::new(&limits, &used)
    }

    #[test]
    fn even_nodes_score_what_is_wrong_with_them() {
        let even = [gauge(500, 2, 0), gauge(500, 2, 0)];
        assert_eq!(Totals::of(&even).score(), 0.0);
        // Two nodes that lack 100 MiB for what they back, 4 instances, 1.2 of memory to be kept free.
        let failing = [gauge(500, 2, 600), gauge(500, 2, 600)];
        let score = Totals::of(&failing).score();
        assert!((score - (4.0 + 0.25 * 1.2)).abs() < 1e-6, "{score}");
    }

    #[test]
    fn uneven_nodes_score_their_weighted_deviations() {
        // Free memory 0.8 and 0.4, deviation 0.2; primaries 1 and 3, deviation 1 in all four loads.
        let uneven = [gauge(200, 1, 0), gauge(600, 3, 0)];
        let score = Totals::of(&uneven).score();
        assert!((score - (0.5 * 0.2 + 4.0)).abs() < 1e-6, "{score}");
    }

    #[test]
    fn a_changed_node_scores_as_if_counted_anew() {
        let before = [gauge(200, 1, 0), gauge(600, 3, 100), gauge(0, 0, 0)];
        let mut after = before;
        after[1] = gauge(900, 4, 300);
        let changed = Totals::of(&before).with(&before[1], &after[1]).score();
        assert!((changed - Totals::of(&after).score()).abs() < 1e-6);
    }
}
