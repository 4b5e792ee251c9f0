//! One node: what it has, and what is used of it.

use std::collections::BTreeMap;

use crate::cluster::Node;

use super::policy::Policy;
use super::score::Gauge;
use super::tags::MigrationTags;

/// MiB, CPUs or spindles.
pub(super) type Amount = i64;

/// The largest amount that is believed, an exbibyte in MiB: sums of millions of them still fit, so
/// that a nonsensical number in an imported file cannot overflow one.
const LARGEST: Amount = 1 << 40;

/// A number of the configuration or of a claim.
pub(super) fn amount(value: u64) -> Amount {
    Amount::try_from(value).map_or(LARGEST, |value| value.min(LARGEST))
}

/// An amount as claims have it.
pub(super) fn claimed(value: Amount) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// What one instance takes of the nodes that hold it.
#[derive(Debug, Clone, Default)]
pub(super) struct Need {
    /// MiB of memory on its primary; 0 when it does not run.
    pub(super) memory: Amount,
    /// MiB of memory to be kept free on its secondary.
    pub(super) reserve: Amount,
    /// MiB of disk on each node that holds a copy.
    pub(super) disk: Amount,
    /// Virtual CPUs on its primary.
    pub(super) vcpus: Amount,
    /// Spindles on each node that holds a copy.
    pub(super) spindles: Amount,
    /// Its exclusion tags.
    pub(super) tags: Vec<String>,
}

/// The nodes of one instance, as indices of the ledger; `None` where it has none or the
/// configuration does not know it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seats {
    pub(super) primary: Option<usize>,
    pub(super) secondary: Option<usize>,
}

/// What a node may be filled with.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) memory: Amount,
    pub(super) disk: Amount,
    pub(super) cpus: Amount,
    /// Virtual CPUs, by the policy's ratio; none where the number of CPUs is not told.
    pub(super) vcpus: Option<f64>,
    /// Use of spindles, by the policy's ratio; none where their number is not told.
    pub(super) spindle_use: Option<f64>,
}

/// What a node is filled with.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Use {
    pub(super) memory: Amount,
    pub(super) disk: Amount,
    pub(super) vcpus: Amount,
    pub(super) spindles: Amount,
    /// Number of instances that it is primary of.
    pub(super) primaries: Amount,
    /// Number of instances that it is secondary of.
    pub(super) secondaries: Amount,
    /// MiB of memory to be kept free: the largest sum over one other node, for any one may fail.
    pub(super) reserved: Amount,
    /// Number of primaries beyond the first of each exclusion tag.
    pub(super) surplus: Amount,
}

/// One node.
#[derive(Debug)]
pub(super) struct Room<'a> {
    pub(super) node: &'a Node,
    pub(super) limits: Limits,
    pub(super) used: Use,
    /// What the score sees of `used`.
    pub(super) gauge: Gauge,
    /// MiB to be kept free, by the primary node of the instances that they are for.
    peers: BTreeMap<Option<usize>, Amount>,
    /// Number of primaries by exclusion tag.
    tags: BTreeMap<String, Amount>,
    /// Migration tags.
    sends: Vec<&'a str>,
    /// Migration tags of nodes that it takes instances from.
    accepts: Vec<&'a str>,
}

impl<'a> Room<'a> {
    /// An empty one. Without a policy there are no ratios.
    pub(super) fn new(
        node: &'a Node,
        policy: Option<&Policy<'_>>,
        tags: &MigrationTags<'a>,
    ) -> Room<'a> {
        let cpus = amount(node.capacity.cpus);
        let spindles = amount(node.capacity.spindles);
        let limits = Limits {
            memory: amount(node.capacity.memory),
            disk: amount(node.capacity.disk),
            cpus,
            vcpus: (policy.filter(|_| cpus > 0)).map(|policy| policy.vcpu_ratio * cpus as f64),
            spindle_use: (policy.filter(|_| spindles > 0))
                .map(|policy| policy.spindle_ratio * spindles as f64),
        };
        let sends = tags.of(node);
        Room {
            node,
            limits,
            used: Use::default(),
            gauge: Gauge::new(&limits, &Use::default()),
            peers: BTreeMap::new(),
            tags: BTreeMap::new(),
            accepts: tags.accepted_by(&sends),
            sends,
        }
    }
}

impl Room<'_> {
    /// Its use when an instance has come as primary.
    pub(super) fn after_primary(&self, need: &Need) -> Use {
        let shared = need.tags.iter().filter(|tag| self.tags.contains_key(*tag));
        Use {
            memory: self.used.memory + need.memory,
            disk: self.used.disk + need.disk,
            vcpus: self.used.vcpus + need.vcpus,
            spindles: self.used.spindles + need.spindles,
            primaries: self.used.primaries + 1,
            surplus: self.used.surplus + amount(shared.count() as u64),
            ..self.used
        }
    }

    /// Its use when an instance with the primary node `peer` has come as secondary.
    pub(super) fn after_secondary(&self, need: &Need, peer: Option<usize>) -> Use {
        let for_peer = self.peers.get(&peer).copied().unwrap_or(0) + need.reserve;
        Use {
            disk: self.used.disk + need.disk,
            spindles: self.used.spindles + need.spindles,
            secondaries: self.used.secondaries + 1,
            reserved: self.used.reserved.max(for_peer),
            ..self.used
        }
    }

    /// Whether instances may migrate here from there.
    pub(super) fn accepts_from(&self, source: &Room<'_>) -> bool {
        (source.sends.iter()).all(|tag| self.accepts.contains(tag))
    }

    pub(super) fn change_primary(&mut self, need: &Need, sign: Amount) {
        self.used.memory += sign * need.memory;
        self.used.disk += sign * need.disk;
        self.used.vcpus += sign * need.vcpus;
        self.used.spindles += sign * need.spindles;
        self.used.primaries += sign;
        for tag in &need.tags {
            let count = self.tags.entry(tag.clone()).or_insert(0);
            self.used.surplus -= (*count - 1).max(0);
            *count += sign;
            self.used.surplus += (*count - 1).max(0);
            if *count <= 0 {
                self.tags.remove(tag);
            }
        }
        self.gauge = Gauge::new(&self.limits, &self.used);
    }

    pub(super) fn change_secondary(&mut self, need: &Need, peer: Option<usize>, sign: Amount) {
        self.used.disk += sign * need.disk;
        self.used.spindles += sign * need.spindles;
        self.used.secondaries += sign;
        if need.reserve != 0 {
            let for_peer = self.peers.entry(peer).or_insert(0);
            *for_peer += sign * need.reserve;
            if *for_peer == 0 {
                self.peers.remove(&peer);
            }
            self.used.reserved = self.peers.values().copied().max().unwrap_or(0);
        }
        self.gauge = Gauge::new(&self.limits, &self.used);
    }
}

/// Why a node takes no instances, if so, as the end of a sentence.
pub(super) fn unusable(node: &Node) -> Option<&'static str> {
    if node.offline {
        Some("is offline")
    } else if node.drained {
        Some("is drained")
    } else if !node.vm_capable {
        Some("is not for instances (not vm_capable)")
    } else {
        None
    }
}
