//! Units that change a node itself: its flags and size, adding it, removing it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::left_over::forget_left_overs;
use super::node_host::{changed, check_simulated, survey};
use super::parameters::{node_parameters, told, without_resets};
use super::settle::failed;
use super::shared::{check_answers, find_group, find_node, new_uuid, reference, silent_hint};
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::allocator::{World, taken_on};
use crate::cluster::{Capacity, Config, Edit, Group, Node, NodeChange, NodeUuid, Stamps};
use crate::hypervisor::{Hypervisor, NodeFacts, NodeRef, VerbError};
use crate::limits::SIZE;
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, HostParams, NodeAdd, NodeRemove, NodeSetParams, OpError};

/// The size of a new node of which neither the operator nor the driver says it: that of a small
/// server, so that something can be placed on it.
const DEFAULT_CAPACITY: Capacity = Capacity {
    memory: 64 * 1024,
    disk: 1024 * 1024,
    cpus: 16,
    spindles: 1,
};

pub(super) fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

pub(super) fn state(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongState, text)
}

/// Refuses sizes that no node has.
fn check_sizes(capacity: Option<Capacity>) -> Result<(), OpError> {
    let Some(Capacity {
        memory,
        disk,
        cpus,
        spindles,
    }) = capacity
    else {
        return Ok(());
    };
    match [memory, disk, cpus, spindles].into_iter().max() {
        Some(size) if size > SIZE => {
            Err(wrong(format!("a size of {size} is larger than any node")))
        }
        _ => Ok(()),
    }
}

/// What a node says of itself, if it can be asked.
fn reported(env: &Env<'_>, node: &NodeRef) -> Option<NodeFacts> {
    let facts = env.call(env.limits.look, |call| env.driver.node_facts(call, node));
    facts.ok()
}

/// Tells the driver how large a node is. Where the answer is lost the node is asked.
fn set_capacity(env: &Env<'_>, node: &NodeRef, capacity: Capacity) -> Result<(), Failure> {
    let end = env.call(env.limits.node, |call| {
        env.driver.set_capacity(call, node, capacity)
    });
    let what = format!("set the size of {}", node.name);
    let has = || reported(env, node).map(|facts| facts.granted(capacity));
    if matches!(end, Err(VerbError::Unknown(_))) && has() == Some(capacity) {
        return Ok(());
    }
    end.map_err(|error| failed(env, &what, error))
}

impl NodeSetParams {
    /// The flags of which at most one can be set, as they were asked for.
    fn roles(&self) -> [(&'static str, Option<bool>); 3] {
        [
            ("master_candidate", self.master_candidate),
            ("drained", self.drained),
            ("offline", self.offline),
        ]
    }

    fn check_shape(&self) -> Result<(), OpError> {
        let flags = [
            self.offline,
            self.master_candidate,
            self.drained,
            self.master_capable,
            self.vm_capable,
        ];
        let nothing = flags.iter().all(Option::is_none)
            && self.secondary_ip.is_none()
            && self.capacity.is_none()
            && self.host.is_none()
            && self.ndparams.is_empty();
        if nothing {
            return Err(wrong("nothing to change was given"));
        }
        if flags.iter().filter(|flag| **flag == Some(true)).count() > 1 {
            return Err(wrong("only one flag can be set at a time"));
        }
        node_parameters(&self.ndparams).map(drop)
    }

    fn check_capacity(&self, world: &World, node: &Node) -> Result<(), OpError> {
        check_sizes(self.capacity)?;
        let Some(capacity) = self.capacity.filter(|_| !self.force) else {
            return Ok(());
        };
        let (memory, disk) = taken_on(world, &node.uuid);
        if capacity.memory >= memory && capacity.disk >= disk {
            return Ok(());
        }
        Err(OpError::prereq(
            ErrorCode::InsufficientResources,
            format!(
                "instances on {} and on their way there take {memory} MiB of memory and {disk} MiB of disk: {} and {} are too little",
                node.name, capacity.memory, capacity.disk
            ),
        )
        .hint("move some away first, or --force"))
    }

    /// What changes, and what the result says about it.
    fn change(&self, env: &Env<'_>, node: &Node) -> Result<(NodeChange, Vec<Value>), OpError> {
        let host = (self.host.as_ref())
            .map(|params| changed(env, &reference(node), params, self.force))
            .transpose()?;
        let mut result = vec![];
        let mut tell = |name: &str, value: Option<bool>| {
            let word = |on| if on { "True" } else { "False" };
            result.extend(value.map(|on| json!([name, word(on)])));
        };
        tell("master_capable", self.master_capable);
        tell("vm_capable", self.vm_capable);

        // One of the three at most: setting one clears the others.
        let raised = self
            .roles()
            .into_iter()
            .find(|(_, flag)| *flag == Some(true));
        let is = [node.master_candidate, node.drained, node.offline];
        let mut becomes = [None; 3];
        for (place, (name, flag)) in self.roles().into_iter().enumerate() {
            let wanted = match (raised, flag) {
                (Some((which, _)), _) => Some(which == name),
                (None, Some(false)) if !is[place] => {
                    env.info(format!(
                        "Ignoring request to unset flag {name}, already unset"
                    ));
                    None
                }
                (None, flag) => flag,
            };
            becomes[place] = wanted.filter(|on| *on != is[place]);
            tell(name, becomes[place]);
        }
        // A node that cannot become master is no candidate.
        let demoted = self.master_capable == Some(false) && node.master_candidate;
        if demoted && becomes[0].is_none() {
            becomes[0] = Some(false);
            tell("master_candidate", Some(false));
        }
        if let Some(ip) = &self.secondary_ip {
            result.push(json!(["secondary_ip", ip]));
        }
        if let Some(size) = &self.capacity {
            let text = format!(
                "memory={},disk={},cpus={},spindles={}",
                size.memory, size.disk, size.cpus, size.spindles
            );
            result.push(json!(["capacity", text]));
        }
        let of_host = self.host.iter().flat_map(HostParams::told);
        result.extend(of_host.map(|(key, text)| json!([key, text])));
        // What cannot be was refused before.
        let ndparams = node_parameters(&self.ndparams).unwrap_or_default();
        result.extend(told("ndparams", &ndparams));
        let change = NodeChange {
            master_candidate: becomes[0],
            drained: becomes[1],
            offline: becomes[2],
            master_capable: self.master_capable,
            vm_capable: self.vm_capable,
            secondary_ip: self.secondary_ip.clone(),
            capacity: self.capacity,
            maintenance: None,
            homecoming: None,
            host: host.map(Arc::new),
            ndparams,
        };
        Ok((change, result))
    }
}

impl LogicalUnit for NodeSetParams {
    /// None for flags: each change is one edit, and that a node is dead has to be said while operations
    /// on it hang. Its address and its size are what operations on it go by; and what the driver is told
    /// of its size has to be what is written last.
    fn locks(&self, config: &Config) -> LockSet {
        let alone = self.secondary_ip.is_some() || self.capacity.is_some();
        let node = find_node(config, &self.node_name, None).ok();
        let node = node.filter(|_| alone);
        node.map(|node| (Lock::one(Level::Node, node.uuid.as_str()), Mode::Exclusive))
            .into_iter()
            .collect()
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.check_shape()?;
        let config = env.config();
        let node = find_node(config, &self.node_name, self.node_uuid.as_deref())?;
        let capable = self.master_capable.unwrap_or(node.master_capable);
        if self.master_candidate == Some(true) && !capable {
            return Err(state(format!(
                "{} is not master_capable: it cannot be a master candidate",
                node.name
            )));
        }
        if self.vm_capable == Some(false) {
            let held = held_by(config, &node.uuid);
            if !held.is_empty() {
                let text = format!("{} holds instances: {}", node.name, held.join(", "));
                return Err(state(text).hint(format!("gnt-node evacuate {}", node.name)));
            }
        }
        if let Some(ip) = &self.secondary_ip {
            check_address(config, Some(&node.uuid), ip)?;
        }
        if let Some(params) = &self.host {
            changed(env, &reference(node), params, self.force)?;
        }
        self.check_capacity(env.world, node)?;
        let returns = node.offline && self.offline == Some(false);
        if returns && !self.force {
            let back = check_answers(env, node, ErrorCode::WrongState);
            back.map_err(|error| error.hint(format!("start {} first", node.name)))?;
        }
        Ok(())
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let node = find_node(env.config(), &self.node_name, self.node_uuid.as_deref())?;
        if let Some(capacity) = self.capacity {
            set_capacity(env, &reference(node), capacity)?;
        }
        if node.offline && self.offline == Some(false) {
            forget_left_overs(env, node)?;
        }
        let (change, result) = self.change(env, node)?;
        Ok(Outcome {
            result: UnitResult::Value(Value::Array(result)),
            edits: vec![Edit::ChangeNode {
                node: node.uuid.clone(),
                change,
            }],
            ..Outcome::default()
        })
    }
}

/// Names of all instances on a node.
fn held_by<'a>(config: &'a Config, node: &'a NodeUuid) -> Vec<&'a str> {
    (config.primaries(node).chain(config.secondaries(node)))
        .map(|instance| instance.name.as_str())
        .collect()
}

/// Refuses an address that another node has.
fn check_address(config: &Config, own: Option<&NodeUuid>, ip: &str) -> Result<(), OpError> {
    if ip.parse::<std::net::IpAddr>().is_err() {
        return Err(wrong(format!("{ip:?} is not an IP address")));
    }
    let taken = config
        .nodes_by_name()
        .filter(|node| own != Some(&node.uuid))
        .find(|node| node.primary_ip == ip || node.secondary_ip == ip);
    match taken {
        Some(node) => Err(OpError::prereq(
            ErrorCode::ResourceNotUnique,
            format!("{ip} is the address of {}", node.name),
        )),
        None => Ok(()),
    }
}

impl NodeAdd {
    fn name(&self) -> String {
        self.node_name.to_lowercase()
    }

    fn group<'a>(&self, config: &'a Config) -> Result<&'a Arc<Group>, OpError> {
        let mut groups = config.groups_by_name();
        match (&self.group, groups.next(), groups.next()) {
            (Some(name), _, _) => find_group(config, name),
            (None, Some(only), None) => Ok(only),
            (None, None, _) => Err(state("the cluster has no node group")),
            (None, Some(_), Some(_)) => Err(wrong(
                "the cluster has several node groups: one has to be named",
            )
            .hint("gnt-node add -g GROUP, see gnt-group list")),
        }
    }

    fn known<'a>(&self, config: &'a Config) -> Result<&'a Arc<Node>, OpError> {
        find_node(config, &self.name(), None)
    }

    /// The new node, as the driver is asked about it before it is there.
    fn candidate(&self, env: &Env<'_>) -> NodeRef {
        NodeRef {
            uuid: NodeUuid::from(new_uuid(env, "")),
            name: self.name(),
            host: None,
        }
    }

    fn check_new(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let name = self.name();
        check_host_name(&name)?;
        if config.node_named(&name).is_some() {
            return Err(
                OpError::prereq(ErrorCode::AlreadyExists, format!("node {name} exists"))
                    .hint("--readd brings a known node back"),
            );
        }
        self.group(config)?;
        for ip in [&self.primary_ip, &self.secondary_ip].into_iter().flatten() {
            check_address(config, None, ip)?;
        }
        match &self.host {
            Some(params) => survey(env, &self.candidate(env), params, false).map(drop),
            None => check_simulated(env, &name),
        }
    }

    fn check_known(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let node = self.known(config)?;
        if self.group.is_some() {
            return Err(wrong("a node that is brought back keeps its group")
                .hint("gnt-group assign-nodes moves it"));
        }
        if (self.secondary_ip.as_ref()).is_some_and(|ip| *ip != node.secondary_ip) {
            return Err(wrong(format!(
                "{} has the secondary address {}, which stays",
                node.name, node.secondary_ip
            )));
        }
        if self.host.is_some() {
            let hint = format!("gnt-node modify --libvirt-uri URI {} changes it", node.name);
            return Err(wrong("a node that is brought back is reached as before").hint(hint));
        }
        if self.vm_capable == Some(false) && !held_by(config, &node.uuid).is_empty() {
            return Err(state(format!("{} holds instances", node.name)));
        }
        check_answers(env, node, ErrorCode::EnvironmentError)
    }

    fn add(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let mut node = self.candidate(env);
        let name = node.name.clone();
        let capacity = match &self.host {
            None => {
                let own = || reported(env, &node).map(|facts| facts.capacity);
                self.capacity.or_else(own).unwrap_or(DEFAULT_CAPACITY)
            }
            Some(params) => {
                let found = survey(env, &node, params, false)?;
                node.host = Some(Arc::new(found.host));
                self.capacity_of(found.capacity)
            }
        };
        set_capacity(env, &node, capacity)?;
        let primary_ip = self.primary_ip.clone().unwrap_or_default();
        let new = Node {
            name,
            uuid: node.uuid,
            group: self.group(config)?.uuid.clone(),
            offline: false,
            drained: false,
            master_candidate: false,
            master_capable: self.master_capable.unwrap_or(true),
            vm_capable: self.vm_capable.unwrap_or(true),
            ndparams: without_resets(&node_parameters(&self.ndparams)?),
            secondary_ip: self.secondary_ip.clone().unwrap_or(primary_ip.clone()),
            primary_ip,
            tags: vec![],
            stamps: Stamps::default(),
            capacity,
            maintenance: None,
            homecoming: None,
            host: node.host,
            rest: Map::from_iter([("powered".to_owned(), Value::Bool(true))]),
        };
        Ok(Outcome {
            edits: vec![Edit::AddNode(Box::new(new))],
            ..Outcome::default()
        })
    }

    /// The size of a real machine: what it tells, unless the operator promises less or what it does not
    /// tell.
    fn capacity_of(&self, found: Capacity) -> Capacity {
        let given = self.capacity.unwrap_or_default();
        let or = |given: u64, found: u64| if given > 0 { given } else { found };
        Capacity {
            memory: or(given.memory, found.memory),
            disk: or(given.disk, found.disk),
            cpus: or(given.cpus, found.cpus),
            spindles: or(given.spindles, found.spindles.max(1)),
        }
    }

    fn bring_back(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let node = self.known(env.config())?;
        forget_left_overs(env, node)?;
        let capacity = self.capacity.unwrap_or(node.capacity);
        set_capacity(env, &reference(node), capacity)?;
        let change = NodeChange {
            offline: Some(false),
            drained: Some(false),
            master_capable: self.master_capable,
            vm_capable: self.vm_capable,
            capacity: Some(capacity),
            ndparams: node_parameters(&self.ndparams)?,
            ..NodeChange::default()
        };
        Ok(Outcome {
            edits: vec![Edit::ChangeNode {
                node: node.uuid.clone(),
                change,
            }],
            ..Outcome::default()
        })
    }
}

/// Refuses what is not a host's name: letters, digits, dots and hyphens.
pub(super) fn check_host_name(name: &str) -> Result<(), OpError> {
    /// The longest name that the domain name system has.
    const LONGEST: usize = 253;
    let part = |part: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !part.is_empty() && part.chars().all(inner) && !part.starts_with('-')
    };
    if name.len() <= LONGEST && name.split('.').all(part) {
        return Ok(());
    }
    Err(wrong(format!("{name:?} is not a host name")))
}

impl LogicalUnit for NodeAdd {
    fn locks(&self, config: &Config) -> LockSet {
        // A new node has no UUID yet: its name keeps a second one of the same name away.
        let name = self.name();
        let known = self.known(config).ok().filter(|_| self.readd);
        let lock = known.map_or(name.as_str(), |node| node.uuid.as_str());
        LockSet::new().with(Lock::one(Level::Node, lock), Mode::Exclusive)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        check_sizes(self.capacity)?;
        node_parameters(&self.ndparams)?;
        match self.readd {
            true => self.check_known(env),
            false => self.check_new(env),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        match self.readd {
            true => self.bring_back(env),
            false => self.add(env),
        }
    }
}

impl LogicalUnit for NodeRemove {
    fn locks(&self, config: &Config) -> LockSet {
        let node = find_node(config, &self.node_name, None).ok();
        let levels = [Level::Node, Level::NodeRes];
        node.into_iter()
            .flat_map(|node| levels.map(|level| Lock::one(level, node.uuid.as_str())))
            .map(|lock| (lock, Mode::Exclusive))
            .collect()
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let node = find_node(config, &self.node_name, self.node_uuid.as_deref())?;
        let held = held_by(config, &node.uuid);
        if !held.is_empty() {
            let text = format!("{} holds instances: {}", node.name, held.join(", "));
            return Err(wrong(text).hint(format!("gnt-node evacuate {}", node.name)));
        }
        let claims = env.world.claims.iter();
        if let Some((job, _)) = claims.into_iter().find(|(_, c)| c.node == node.uuid) {
            return Err(state(format!(
                "job {job} is about to bring an instance to {}",
                node.name
            ))
            .hint(format!("gnt-job wait {job}, or gnt-job cancel {job}")));
        }
        Ok(())
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let node = find_node(env.config(), &self.node_name, self.node_uuid.as_deref())?;
        let end = env.call(env.limits.node, |call| {
            env.driver.remove_node(call, &reference(node))
        });
        match end {
            Err(error @ VerbError::Unreachable { .. }) if node.offline => {
                env.warn(format!("{error}; forgetting it all the same"));
            }
            Err(error) => {
                let mut failure = failed(env, &format!("remove {}", node.name), error);
                failure.error.hint.get_or_insert(silent_hint(&node.name));
                return Err(failure);
            }
            Ok(()) => {}
        }
        Ok(Outcome {
            edits: vec![Edit::RemoveNode(node.uuid.clone())],
            ..Outcome::default()
        })
    }
}
