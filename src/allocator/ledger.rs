//! All nodes and who is on them: by the configuration, by claims, by a plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{AdminState, Config, GroupUuid, Instance, InstanceUuid, Mirroring, NodeUuid};

use super::claim::{Claim, Role, World};
use super::nodes::{Amount, Need, Room, Seats, amount, unusable};
use super::policy::Policy;
use super::tags::{EXCLUSION_PREFIX, MigrationTags, cluster_tags};

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
            .map(|node| Room::new(node, policies.get(&node.group), &tags))
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
