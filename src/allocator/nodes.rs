//! What each node has, and what is used of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{
    AdminState, Config, GroupUuid, Instance, InstanceUuid, Mirroring, Node, NodeUuid,
};

use super::claim::{Claim, Role, World};
use super::policy::Policy;
use super::score::Gauge;

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

    fn change_primary(&mut self, need: &Need, sign: Amount) {
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

    fn change_secondary(&mut self, need: &Need, peer: Option<usize>, sign: Amount) {
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

/// All nodes, in the order of their names.
#[derive(Debug)]
pub(super) struct Ledger<'a> {
    pub(super) config: &'a Config,
    pub(super) rooms: Vec<Room<'a>>,
    index: BTreeMap<&'a NodeUuid, usize>,
    exclusive: Vec<&'a str>,
    /// Instances that claim to run on their present secondary: they use the memory that was kept
    /// free for them there, and do not count twice.
    taking_over: BTreeSet<&'a InstanceUuid>,
}

impl<'a> Ledger<'a> {
    /// The configuration and the claims on top of it, without those for the instance `except`.
    pub(super) fn new(world: &'a World, except: Option<&InstanceUuid>) -> Ledger<'a> {
        let config = &world.config;
        let tags = MigrationTags::new(config);
        let policies: BTreeMap<&GroupUuid, Policy<'_>> = (config.groups.keys())
            .map(|group| (group, Policy::new(config, group)))
            .collect();
        let rooms: Vec<Room<'a>> = (config.nodes_by_name())
            .map(|node| new_room(node, policies.get(&node.group), &tags))
            .collect();
        let index = (rooms.iter().enumerate())
            .map(|(at, room)| (&room.node.uuid, at))
            .collect();
        let mut ledger = Ledger {
            config,
            rooms,
            index,
            exclusive: cluster_tags(config, EXCLUSION_PREFIX).collect(),
            taking_over: BTreeSet::new(),
        };
        for instance in config.instances.values() {
            let need = ledger.need(instance);
            ledger.seat(&need, ledger.seats(instance));
        }
        ledger.add_claims(world, except);
        ledger
    }

    /// The index of a node.
    pub(super) fn at(&self, node: &NodeUuid) -> Option<usize> {
        self.index.get(node).copied()
    }

    /// The nodes of an instance.
    pub(super) fn seats(&self, instance: &Instance) -> Seats {
        Seats {
            primary: self.at(&instance.primary_node),
            secondary: (self.config.secondary(instance)).and_then(|node| self.at(node)),
        }
    }

    /// What an instance takes.
    pub(super) fn need(&self, instance: &Instance) -> Need {
        let backend = self.config.backend(instance);
        let runs = Config::uses_memory(instance);
        let memory = if runs { amount(backend.maxmem) } else { 0 };
        let mirroring = self.config.template(instance).mirroring();
        let local = mirroring != Mirroring::External;
        // htools counts the virtual CPUs of a stopped instance, not of one marked offline.
        let counts = instance.admin_state != AdminState::Offline;
        Need {
            memory,
            reserve: if backend.auto_balance { memory } else { 0 },
            disk: amount(self.config.disk_on_node(instance)),
            vcpus: if counts { amount(backend.vcpus) } else { 0 },
            spindles: if local {
                amount(backend.spindle_use)
            } else {
                0
            },
            tags: self.exclusion_tags(&instance.tags),
        }
    }

    /// Those of an instance's tags that keep it away from others with the same.
    pub(super) fn exclusion_tags(&self, tags: &[String]) -> Vec<String> {
        let mut tags: Vec<String> = (tags.iter())
            .filter(|tag| self.exclusive.iter().any(|prefix| tag.starts_with(prefix)))
            .cloned()
            .collect();
        tags.sort();
        tags.dedup();
        tags
    }

    /// Puts an instance in.
    pub(super) fn seat(&mut self, need: &Need, seats: Seats) {
        self.change(need, seats, 1);
    }

    /// Takes an instance out.
    pub(super) fn unseat(&mut self, need: &Need, seats: Seats) {
        self.change(need, seats, -1);
    }

    fn change(&mut self, need: &Need, seats: Seats, sign: Amount) {
        if let Some(room) = seats.primary.and_then(|at| self.rooms.get_mut(at)) {
            room.change_primary(need, sign);
        }
        if let Some(room) = seats.secondary.and_then(|at| self.rooms.get_mut(at)) {
            room.change_secondary(need, seats.primary, sign);
        }
    }

    /// The nodes of a group that take instances.
    pub(super) fn usable(&self, group: &GroupUuid) -> Vec<usize> {
        (self.rooms.iter().enumerate())
            .filter(|(_, room)| room.node.group == *group && unusable(room.node).is_none())
            .map(|(at, _)| at)
            .collect()
    }

    fn add_claims(&mut self, world: &World, except: Option<&InstanceUuid>) {
        let to_be_primary: BTreeMap<_, _> = (world.claims.iter())
            .filter(|(_, claim)| claim.role == Role::Primary)
            .map(|(job, claim)| ((*job, &claim.instance), &claim.node))
            .collect();
        for (job, claim) in world.claims.iter() {
            if Some(&claim.instance) == except {
                continue;
            }
            let primary = to_be_primary.get(&(*job, &claim.instance)).copied();
            self.add_claim(claim, primary);
            if let Some(instance) = self.config.instances.get(&claim.instance)
                && claim.role == Role::Primary
                && self.config.secondary(instance) == Some(&claim.node)
                && self.taking_over.insert(&instance.uuid)
            {
                self.change_reserve(instance, -1);
            }
        }
    }

    /// Makes an instance count as the configuration has it, whatever it is on its way to: before it
    /// is moved by a plan.
    pub(super) fn forget_way(&mut self, instance: &Instance) {
        if self.taking_over.remove(&instance.uuid) {
            self.change_reserve(instance, 1);
        }
    }

    fn change_reserve(&mut self, instance: &Instance, sign: Amount) {
        let seats = self.seats(instance);
        let reserve = Need {
            reserve: self.need(instance).reserve,
            ..Need::default()
        };
        if let Some(room) = seats.secondary.and_then(|at| self.rooms.get_mut(at)) {
            room.change_secondary(&reserve, seats.primary, sign);
        }
    }

    /// Adds what the configuration does not show yet of a claim. `primary` is where the instance
    /// will run, if it is on its way, too.
    fn add_claim(&mut self, claim: &Claim, primary: Option<&NodeUuid>) {
        let Some(at) = self.at(&claim.node) else {
            return;
        };
        let instance = self.config.instances.get(&claim.instance);
        let here = instance.map_or_else(Shown::default, |i| Shown::new(self.config, i, claim));
        let need = instance.map_or_else(Need::default, |i| self.need(i));
        let disk = here.disk_of(&need);
        let mut more = Need {
            disk: (amount(claim.disk) - disk).max(0),
            ..Need::default()
        };
        if more.disk > 0 {
            more.spindles = need.spindles;
        }
        match claim.role {
            Role::Primary => {
                let shown = if here.role { need.memory } else { 0 };
                more.memory = (amount(claim.memory) - shown).max(0);
                let shown = if here.role { need.vcpus } else { 0 };
                more.vcpus = (amount(claim.vcpus) - shown).max(0);
                if !here.role {
                    more.tags = need.tags;
                } else if more.memory == 0 && more.vcpus == 0 && more.disk == 0 {
                    return;
                }
                self.seat(
                    &more,
                    Seats {
                        primary: Some(at),
                        secondary: None,
                    },
                );
            }
            Role::Secondary => {
                let shown = if here.role { need.reserve } else { 0 };
                more.reserve = (amount(claim.memory) - shown).max(0);
                if here.role && more.reserve == 0 && more.disk == 0 {
                    return;
                }
                let primary = primary.or_else(|| instance.map(|i| &i.primary_node));
                let peer = primary.and_then(|node| self.at(node));
                if let Some(room) = self.rooms.get_mut(at) {
                    room.change_secondary(&more, peer, 1);
                }
            }
        }
    }
}

/// What the configuration shows already of what a claim says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shown {
    /// The instance has this role on this node.
    pub(super) role: bool,
    /// A copy of its disks is there.
    copy: bool,
}

impl Shown {
    pub(super) fn new(config: &Config, instance: &Instance, claim: &Claim) -> Shown {
        let primary = instance.primary_node == claim.node;
        let secondary = config.secondary(instance) == Some(&claim.node);
        Shown {
            role: match claim.role {
                Role::Primary => primary,
                Role::Secondary => secondary,
            },
            copy: primary || secondary,
        }
    }

    fn disk_of(self, need: &Need) -> Amount {
        if self.copy { need.disk } else { 0 }
    }
}

/// Cluster tags that make tags of instances exclusive: two primaries with one such tag should not
/// share a node.
const EXCLUSION_PREFIX: &str = "htools:iextags:";

/// Cluster tags that make tags of nodes migration tags.
const MIGRATION_PREFIX: &str = "htools:migration:";

/// Cluster tags `…A::B`: a node with the migration tag B takes instances from nodes with A.
const ALLOW_PREFIX: &str = "htools:allowmigration:";

fn cluster_tags<'a>(config: &'a Config, prefix: &'static str) -> impl Iterator<Item = &'a str> {
    (config.cluster.iter().flat_map(|cluster| &cluster.tags))
        .filter_map(move |tag| tag.strip_prefix(prefix))
        .filter(|rest| !rest.is_empty())
}

/// What cluster tags say about migration between nodes.
struct MigrationTags<'a> {
    prefixes: Vec<&'a str>,
    allowed: Vec<(&'a str, &'a str)>,
}

impl<'a> MigrationTags<'a> {
    fn new(config: &'a Config) -> MigrationTags<'a> {
        MigrationTags {
            prefixes: cluster_tags(config, MIGRATION_PREFIX).collect(),
            allowed: (cluster_tags(config, ALLOW_PREFIX))
                .filter_map(|tag| tag.split_once("::"))
                .collect(),
        }
    }

    fn of(&self, node: &'a Node) -> Vec<&'a str> {
        let is_migration_tag = |tag: &&str| {
            (self.prefixes.iter())
                .filter_map(|prefix| tag.strip_prefix(prefix))
                .any(|rest| rest.starts_with(':'))
        };
        (node.tags.iter().map(String::as_str))
            .filter(is_migration_tag)
            .collect()
    }
}

fn new_room<'a>(node: &'a Node, policy: Option<&Policy<'_>>, tags: &MigrationTags<'a>) -> Room<'a> {
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
    let mut accepts = sends.clone();
    accepts.extend(
        (tags.allowed.iter())
            .filter(|(_, to)| sends.contains(to))
            .map(|(from, _)| *from),
    );
    Room {
        node,
        limits,
        used: Use::default(),
        gauge: Gauge::new(&limits, &Use::default()),
        peers: BTreeMap::new(),
        tags: BTreeMap::new(),
        sends,
        accepts,
    }
}
