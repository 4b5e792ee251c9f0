//! What several units need: finding what an opcode names, the checks that they have in common, and
//! the locks of the things that they touch.

use std::sync::Arc;

use uuid::Uuid;

use super::{Detail, Env, Move, Outcome};
use crate::allocator::{Claim, Role, Rules, check_room, choose_node, still_fits};
use crate::cluster::{
    AdminState, Config, DiskTemplate, Group, GroupUuid, Instance, Mirroring, Node, UnknownName,
    expand_group, expand_instance, expand_node,
};
use crate::hypervisor::{Hypervisor, InstanceRef, NodeRef, VerbError};
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, OpError};
use crate::queue::JobId;

// --- finding

/// The node of a name, and of a UUID if one is given.
pub(super) fn find_node<'a>(
    config: &'a Config,
    name: &str,
    uuid: Option<&str>,
) -> Result<&'a Arc<Node>, OpError> {
    let node = expand_node(config, name).map_err(unknown)?;
    same_identity("node", name, node.uuid.as_str(), uuid)?;
    Ok(node)
}

/// The instance of a name, and of a UUID if one is given.
pub(super) fn find_instance<'a>(
    config: &'a Config,
    name: &str,
    uuid: Option<&str>,
) -> Result<&'a Arc<Instance>, OpError> {
    let instance = expand_instance(config, name).map_err(unknown)?;
    same_identity("instance", name, instance.uuid.as_str(), uuid)?;
    Ok(instance)
}

/// The group of a name or UUID.
pub(super) fn find_group<'a>(config: &'a Config, name: &str) -> Result<&'a Arc<Group>, OpError> {
    expand_group(config, name).map_err(unknown)
}

fn unknown(name: UnknownName) -> OpError {
    OpError::prereq(ErrorCode::UnknownEntity, name.to_string()).hint(name.hint())
}

/// Guards against an object that was renamed, or removed and made anew, since the opcode was
/// submitted.
fn same_identity(kind: &str, name: &str, is: &str, wanted: Option<&str>) -> Result<(), OpError> {
    match wanted {
        Some(wanted) if wanted != is => Err(OpError::prereq(
            ErrorCode::ResourceNotUnique,
            format!("{kind} {name} has the UUID {is}, not {wanted}"),
        )
        .hint("the object was renamed or made anew meanwhile; look at it and submit again")),
        _ => Ok(()),
    }
}

/// The identity of an object that an opcode makes: the same each time the opcode is run, so that
/// one that is run again finds what it had begun.
pub(super) fn new_uuid(env: &Env<'_>, part: &str) -> String {
    new_uuid_of(env.config(), env.job, env.index, part)
}

/// The same, for an opcode that does not run yet.
pub(super) fn new_uuid_of(config: &Config, job: JobId, index: u32, part: &str) -> String {
    let cluster = config.cluster.as_ref();
    let space = cluster
        .and_then(|cluster| Uuid::parse_str(&cluster.uuid).ok())
        .unwrap_or(Uuid::NAMESPACE_OID);
    let name = format!("job-{job}-{index}{part}");
    Uuid::new_v5(&space, name.as_bytes()).to_string()
}

// --- an instance and the nodes that have to do with it

/// The instance that an opcode is about.
#[derive(Clone)]
pub(super) struct Subject<'a> {
    pub(super) instance: &'a Arc<Instance>,
    pub(super) reference: InstanceRef,
    pub(super) primary: &'a Arc<Node>,
    pub(super) secondary: Option<&'a Arc<Node>>,
}

impl<'a> Subject<'a> {
    /// Finds it and its nodes.
    pub(super) fn find(
        config: &'a Config,
        name: &str,
        uuid: Option<&str>,
    ) -> Result<Subject<'a>, OpError> {
        let instance = find_instance(config, name, uuid)?;
        let primary = config.nodes.get(&instance.primary_node).ok_or_else(|| {
            let text = format!(
                "instance {} has a primary node that is not known",
                instance.name
            );
            OpError::prereq(ErrorCode::InternalError, text).hint("see gnt-cluster verify-config")
        })?;
        Ok(Subject {
            instance,
            reference: InstanceRef::new(config, instance),
            primary,
            secondary: config
                .secondary(instance)
                .and_then(|uuid| config.nodes.get(uuid)),
        })
    }

    /// Its name.
    pub(super) fn name(&self) -> &'a str {
        &self.instance.name
    }

    /// How its disks are kept.
    pub(super) fn template(&self) -> DiskTemplate {
        self.reference.template
    }

    /// Whether it is meant to run.
    pub(super) fn is_up(&self) -> bool {
        self.instance.admin_state == AdminState::Up
    }

    /// Refuses an instance of which nobody knows where it is, and one that is not there yet.
    pub(super) fn check_known(&self) -> Result<(), OpError> {
        let name = self.name();
        if self.instance.forthcoming {
            return Err(OpError::prereq(
                ErrorCode::WrongState,
                format!("instance {name} is forthcoming: it does not exist yet"),
            )
            .hint(format!("gnt-instance add --commit {name} makes it")));
        }
        match &self.instance.uncertain {
            Some(reason) => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!("it is uncertain where instance {name} is: {reason}"),
            )
            .hint(cleanup_hint(name))),
            None => Ok(()),
        }
    }

    /// Refuses an instance that is marked offline.
    pub(super) fn check_not_offline(&self) -> Result<(), OpError> {
        match self.instance.admin_state {
            AdminState::Up | AdminState::Down => Ok(()),
            AdminState::Offline => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!("instance {} is marked offline", self.name()),
            )),
        }
    }

    /// Refuses to change what a guest of a real machine is made of: `what` completes "… is changed".
    pub(super) fn check_changeable(&self, what: &str) -> Result<(), OpError> {
        match self.primary.host.is_some() {
            false => Ok(()),
            true => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!(
                    "{} is a guest of a real machine: {what} is changed with the machine's own tools",
                    self.name()
                ),
            )
            .hint("such as virsh edit; then gnt-cluster verify takes it over")),
        }
    }

    /// How it moves, or why it does not.
    pub(super) fn check_movable(&self) -> Result<Mirroring, OpError> {
        match self.template().mirroring() {
            Mirroring::None => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!(
                    "instance {} cannot move: its disks are kept as {} on {} alone",
                    self.name(),
                    self.template(),
                    self.primary.name
                ),
            )
            .hint("only instances with mirrored or shared disks move")),
            mirroring => Ok(mirroring),
        }
    }

    /// Where a drbd instance can run beside its primary node.
    pub(super) fn secondary_or_fail(&self) -> Result<&'a Arc<Node>, OpError> {
        self.secondary.ok_or_else(|| {
            OpError::prereq(
                ErrorCode::InternalError,
                format!(
                    "instance {} should have one secondary node, but has none that is known",
                    self.name()
                ),
            )
            .hint("see gnt-cluster verify-config")
        })
    }
}

/// What an operator does about an uncertain instance.
pub(super) fn cleanup_hint(name: &str) -> String {
    format!("gnt-instance migrate --cleanup {name} finds out")
}

/// What an operator does about a node that does not answer.
pub(super) fn silent_hint(node: &str) -> String {
    format!("if the node is dead: gnt-node modify --offline yes {node}")
}

// --- checks

/// Refuses a node that does not take instances: offline, drained or not for instances.
pub(super) fn check_target(node: &Node) -> Result<(), OpError> {
    check_online(node)?;
    let name = &node.name;
    let state = |text: String| OpError::prereq(ErrorCode::WrongState, text);
    if node.drained {
        return Err(state(format!("{name} is drained")).hint(format!(
            "gnt-node modify --drained no {name}, or name another node"
        )));
    }
    if !node.vm_capable {
        return Err(state(format!(
            "{name} is not vm_capable: it holds no instances"
        )));
    }
    Ok(())
}

/// Refuses a node that is declared dead.
pub(super) fn check_online(node: &Node) -> Result<(), OpError> {
    if node.offline {
        let text = format!("{} is offline", node.name);
        return Err(OpError::prereq(ErrorCode::WrongState, text).hint(format!(
            "gnt-node modify --offline no {} once it is back",
            node.name
        )));
    }
    Ok(())
}

/// Refuses a node that is silent, at once: a verb towards it would wait until its limit.
pub(super) fn check_answers(env: &Env<'_>, node: &Node, code: ErrorCode) -> Result<(), OpError> {
    let answer = env.call_undisturbed(env.limits.look, |call| {
        env.driver.answers(call, &reference(node))
    });
    match answer {
        Err(VerbError::Unreachable { reason, .. }) if node.host.is_some() => {
            let text = format!("{} does not answer: {reason}", node.name);
            Err(OpError::prereq(code, text).hint(silent_hint(&node.name)))
        }
        Err(VerbError::Unreachable { .. }) => Err(silent(&node.name, code)),
        _ => Ok(()),
    }
}

/// The refusal of a node that does not answer.
pub(super) fn silent(node: &str, code: ErrorCode) -> OpError {
    OpError::prereq(code, format!("{node} does not answer")).hint(silent_hint(node))
}

/// Refuses a node outside the group that an instance or a node is in.
pub(super) fn check_same_group(config: &Config, home: &Node, node: &Node) -> Result<(), OpError> {
    if home.group == node.group {
        return Ok(());
    }
    let group = |node: &Node| match config.groups.get(&node.group) {
        Some(group) => group.name.clone(),
        None => node.group.to_string(),
    };
    Err(OpError::prereq(
        ErrorCode::WrongInput,
        format!(
            "{} is in group {}, {} in group {}: instances move inside one group only",
            node.name,
            group(node),
            home.name,
            group(home)
        ),
    ))
}

/// Refuses a node without room for a role of an instance. Room that its own job was promised does
/// not stand in its way.
pub(super) fn check_room_on(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &Node,
    role: Role,
) -> Result<(), OpError> {
    if is_promised(env, subject, node, role) {
        return Ok(());
    }
    check_room(env.world, &subject.instance.uuid, &node.uuid, role)
        .map_err(|missing| no_room(&subject.instance.name, node, &missing))
}

/// The room that an instance needs on a node that it comes to in this role.
pub(super) fn arrival(config: &Config, subject: &Subject<'_>, node: &Node, role: Role) -> Claim {
    let backend = config.backend(subject.instance);
    let runs = subject.is_up();
    // A secondary node keeps memory free for the day on which the instance has to run there.
    Claim {
        node: node.uuid.clone(),
        instance: subject.instance.uuid.clone(),
        role,
        memory: if runs { backend.maxmem } else { 0 },
        disk: match role {
            Role::Primary if subject.template().mirroring() == Mirroring::Internal => 0,
            _ => config.disk_on_node(subject.instance),
        },
        vcpus: match role {
            Role::Primary => backend.vcpus,
            Role::Secondary => 0,
        },
    }
}

/// Whether this job has a claim: then the room was found when the claim was made, and is kept.
fn is_promised(env: &Env<'_>, subject: &Subject<'_>, node: &Node, role: Role) -> bool {
    env.world.claims.iter().any(|(job, claim)| {
        *job == env.job
            && claim.role == role
            && claim.node == node.uuid
            && claim.instance == subject.instance.uuid
    })
}

/// The memory that an instance that is meant to be stopped needs when it is started.
pub(super) fn memory_at_home(config: &Config, subject: &Subject<'_>) -> Claim {
    Claim {
        node: subject.primary.uuid.clone(),
        instance: subject.instance.uuid.clone(),
        role: Role::Primary,
        memory: config.backend(subject.instance).maxmem,
        disk: 0,
        vcpus: 0,
    }
}

/// Refuses to start an instance that is meant to be stopped where its memory is not free.
pub(super) fn check_memory(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), OpError> {
    if is_promised(env, subject, subject.primary, Role::Primary) {
        return Ok(());
    }
    still_fits(env.world, &[memory_at_home(env.config(), subject)])
        .map_err(|missing| no_room(subject.name(), subject.primary, &missing))
}

/// The refusal of a node that is too full.
pub(super) fn no_room(name: &str, node: &Node, missing: &str) -> OpError {
    OpError::prereq(
        ErrorCode::InsufficientResources,
        format!("{} has no room for instance {name}: {missing}", node.name),
    )
    .hint("gnt-node list shows what is free on which node")
}

/// Refuses what violates a policy, as `text` says; where that is to be ignored, it is only told.
pub(super) fn violates(
    env: &Env<'_>,
    text: String,
    ignored: bool,
    all_the_same: &str,
) -> Result<(), OpError> {
    if ignored {
        env.warn(text);
        return Ok(());
    }
    let hint = format!("--ignore-ipolicy {all_the_same} all the same");
    Err(OpError::prereq(ErrorCode::WrongInput, text).hint(hint))
}

// --- locks

/// Adds an instance, which is locked by its name.
pub(super) fn lock_instance(locks: &mut LockSet, name: &str, mode: Mode) {
    locks.add(Lock::one(Level::Instance, name), mode);
}

/// Adds a group, without its nodes.
pub(super) fn lock_group(locks: &mut LockSet, group: &GroupUuid, mode: Mode) {
    locks.add(Lock::one(Level::NodeGroup, group.as_str()), mode);
}

/// Adds nodes, shared, and what they hold.
pub(super) fn share_nodes<'a>(locks: &mut LockSet, nodes: impl IntoIterator<Item = &'a Arc<Node>>) {
    for node in nodes {
        for level in [Level::Node, Level::NodeRes] {
            locks.add(Lock::one(level, node.uuid.as_str()), Mode::Shared);
        }
    }
}

/// The nodes of the group that `node` is in, in the order of their names.
pub(super) fn group_mates<'a>(
    config: &'a Config,
    node: &'a Node,
) -> impl Iterator<Item = &'a Arc<Node>> {
    config
        .nodes_by_name()
        .filter(move |other| other.group == node.group)
}

/// The other nodes that might run an instance that is to be started on `node`: a driver of real machines
/// asks them before. The simulator sees all of them anyway.
pub(super) fn others(config: &Config, subject: &Subject<'_>, node: &NodeRef) -> Vec<NodeRef> {
    group_mates(config, subject.primary)
        .filter(|other| other.host.is_some() && !other.offline && other.uuid != node.uuid)
        .map(|other| reference(other))
        .collect()
}

// --- outcomes

/// A node for the hypervisor.
pub(super) fn reference(node: &Node) -> NodeRef {
    NodeRef::from(node)
}

/// What is told about an opcode on one instance.
pub(super) fn about(name: &str) -> Detail {
    Detail {
        instance: Some(name.to_owned()),
        ..Detail::default()
    }
}

/// One role went from one node to another.
pub(super) fn moved(role: Role, from: &Node, to: &Node) -> Move {
    Move {
        role,
        from: from.name.clone(),
        to: to.name.clone(),
    }
}

/// If `source` is named and no longer is `holder`: the outcome of an opcode that was to take a role
/// away from a node that has lost it already.
pub(super) fn has_left(
    config: &Config,
    name: &str,
    source: Option<&String>,
    holder: Option<&Arc<Node>>,
) -> Result<Option<Outcome>, OpError> {
    let Some(source) = source else {
        return Ok(None);
    };
    // A source that was removed meanwhile has lost every role.
    let source = match find_node(config, source, None) {
        Ok(node) if holder.is_some_and(|holder| holder.uuid == node.uuid) => return Ok(None),
        Ok(node) => &node.name,
        Err(_) => source,
    };
    Ok(Some(nothing_to_do(
        name,
        format!("{name} has left {source} already"),
    )))
}

/// The outcome of an opcode that found its work done.
pub(super) fn nothing_to_do(name: &str, why: String) -> Outcome {
    Outcome {
        detail: Detail {
            nothing_to_do: Some(why),
            ..about(name)
        },
        ..Outcome::default()
    }
}

/// The node that the placement chooses for this role of the instance, or why there is none.
pub(super) fn place<'a>(
    env: &Env<'a>,
    subject: &Subject<'a>,
    role: Role,
) -> Result<&'a Arc<Node>, OpError> {
    let name = subject.name();
    let placed = choose_node(env.world, &subject.instance.uuid, role, Rules::default());
    let placed = placed.map_err(|none| {
        let text = match role {
            Role::Primary => format!("no node can take instance {name}: {}", none.reason),
            Role::Secondary => format!(
                "no node can be the secondary node of instance {name}: {}",
                none.reason
            ),
        };
        let hint = none.hint.unwrap_or_else(|| "name a node with -n".into());
        OpError::prereq(ErrorCode::InsufficientResources, text).hint(hint)
    })?;
    let to = placed.moves.first().map(|step| &step.to);
    to.and_then(|to| env.config().nodes.get(to))
        .ok_or_else(|| OpError::prereq(ErrorCode::InternalError, "the placement chose no node"))
}
