//! Making an instance's disks anew, empty, where they were or elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::advice::{
    allocator, ask, bad_choice, check_allocator, chosen_node, goes_on_as, world_of_others,
};
use super::copies::{Wait, add_copy, copies_of, drop_copy, droppable, state_on};
use super::disk_size::{check_room_for, room_of};
use super::instance_change::{check_meant_stopped, check_stopped};
use super::instance_create::{check_mode, check_new_disk};
use super::instance_plan::Plan;
use super::settle::ask_twice;
use super::shared::{
    Subject, about, check_answers, check_online, check_same_group, check_target, find_node,
    lock_group, lock_instance, moved, reference, share_nodes,
};
use super::{Env, Failure, LogicalUnit, Outcome};
use crate::allocator::external::Request;
use crate::allocator::{Claim, NewInstance, Role, World, allocate, still_fits};
use crate::cluster::{Config, DiskChange, Edit, Node, NodeUuid};
use crate::hypervisor::{CopyState, Hypervisor};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{ErrorCode, InstanceRecreateDisks, NewDisk, OpError};
use crate::queue::JobId;

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

impl InstanceRecreateDisks {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }

    fn nodes<'a>(&self, config: &'a Config) -> Result<Vec<&'a Arc<Node>>, OpError> {
        let nodes = self.nodes.iter();
        nodes.map(|name| find_node(config, name, None)).collect()
    }

    /// Which disks are meant, and whether they are all that there are.
    fn check_disks(&self, config: &Config, subject: &Subject<'_>) -> Result<(), OpError> {
        let (name, template) = (subject.name(), subject.template());
        if !template.uses_node_disk() {
            return Err(wrong(format!(
                "instance {name} is kept as {template}: no node has disks of it"
            )));
        }
        let count = subject.instance.disks.len();
        let mut named = BTreeSet::new();
        for disk in &self.disks {
            let index = disk.index as usize;
            if index >= count {
                return Err(wrong(format!(
                    "instance {name} has no disk {index}: it has {count}"
                )));
            }
            if !named.insert(index) {
                return Err(wrong(format!("disk {index} is named twice")));
            }
            if disk.change.name.is_some() {
                return Err(wrong(format!("disk {index} keeps its name")));
            }
            check_mode(index, disk.change.mode.as_deref())?;
            if let Some(size) = disk.change.size {
                let (mode, name) = (None, None);
                check_new_disk(index, &NewDisk { size, mode, name })?;
            }
        }
        if !named.is_empty() && named.len() < count {
            return Err(wrong(format!(
                "a node keeps all disks of instance {name} together: all of them are made anew, or none"
            ))
            .hint("without --disk they are all made anew"));
        }
        self.plan(config, subject).map(drop)
    }

    fn check_nodes(&self, env: &Env<'_>, subject: &Subject<'_>) -> Result<(), OpError> {
        let own: Vec<&Arc<Node>> = holders_of(subject);
        let nodes = self.nodes(env.config())?;
        if nodes.is_empty() {
            for node in own {
                check_online(node)?;
                check_answers(env, node, ErrorCode::EnvironmentError)?;
            }
            return Ok(());
        }
        if nodes.len() != own.len() {
            return Err(wrong(format!(
                "instance {} is on {} nodes, {} are named",
                subject.name(),
                own.len(),
                nodes.len()
            )));
        }
        let several: BTreeSet<&str> = nodes.iter().map(|node| node.uuid.as_str()).collect();
        if several.len() < nodes.len() {
            return Err(wrong("one node cannot hold both copies"));
        }
        for node in nodes {
            check_target(node)?;
            check_same_group(env.config(), subject.primary, node)?;
            check_answers(env, node, ErrorCode::EnvironmentError)?;
        }
        Ok(())
    }

    /// The same on the nodes that an allocator, or the built-in placement, chooses: as a job of its own.
    fn goes_on(&self, env: &Env<'_>, subject: &Subject<'_>) -> Result<Outcome, Failure> {
        let (config, name) = (env.config(), subject.name());
        let uuid = &subject.instance.uuid;
        let after = self.plan(config, subject)?.after;
        let instance = after.instances.get(uuid).unwrap_or(subject.instance);
        let group = &subject.primary.group;
        let new = NewInstance {
            group: Some(group.clone()),
            ..NewInstance::like(&after, instance)
        };
        // What it has now is given up.
        let mut world = world_of_others(env);
        Edit::RemoveInstance(uuid.clone())
            .apply(&mut world.config, 0.0)
            .map_err(|error| OpError::prereq(ErrorCode::InternalError, error.to_string()))?;
        let external = allocator(env, self.iallocator.as_ref(), Some(group));
        let nodes: Vec<&Arc<Node>> = match external {
            Some(external) => {
                env.feedback(format!("* asking iallocator {external}"));
                let request = Request::Allocate { name, new: &new };
                let nodes = ask(env, external, false, |adviser| {
                    adviser.nodes(&world, &request)
                })?;
                let nodes = nodes.iter().map(|node| chosen_node(env, external, node));
                nodes.collect::<Result<_, _>>()?
            }
            None => {
                let home = allocate(&world, &new).map_err(|why| {
                    let text = format!("no node can take instance {name}: {why}");
                    OpError::prereq(ErrorCode::InsufficientResources, text)
                        .hint("make room, or name nodes with -n")
                })?;
                let nodes = std::iter::once(&home.primary).chain(&home.secondary);
                nodes.filter_map(|node| config.nodes.get(node)).collect()
            }
        };
        let op = InstanceRecreateDisks {
            nodes: nodes.iter().map(|node| node.name.clone()).collect(),
            iallocator: None,
            ..self.clone()
        };
        let claims = room_of(&op.plan(config, subject)?.after, uuid);
        if let Some(external) = external {
            let code = ErrorCode::InsufficientResources;
            let bad = |why: &str| bad_choice(external, name, &nodes, why, code);
            op.check_nodes(env, subject)
                .map_err(|error| bad(&error.message))?;
            still_fits(&world, &claims).map_err(|why| bad(&why))?;
        }
        let roles = [Role::Primary, Role::Secondary].into_iter();
        let places = holders_of(subject).into_iter().zip(nodes);
        let moves = (roles.zip(places))
            .filter(|(_, (from, to))| from.uuid != to.uuid)
            .map(|(role, (from, to))| moved(role, from, to))
            .collect();
        Ok(goes_on_as(env, name, op.into(), moves, claims))
    }

    fn plan(&self, config: &Config, subject: &Subject<'_>) -> Result<Plan, OpError> {
        let mut plan = Plan::new(config);
        for disk in &self.disks {
            let uuid = subject.instance.disks.get(disk.index as usize);
            let change = DiskChange {
                size: disk.change.size,
                mode: disk.change.mode.clone(),
                name: None,
            };
            if let Some(disk) = uuid.cloned() {
                plan.edit(Edit::ChangeDisk { disk, change })?;
            }
        }
        let nodes = self.nodes(config)?;
        if !nodes.is_empty() {
            plan.edit(Edit::PlaceInstance {
                instance: subject.instance.uuid.clone(),
                nodes: nodes.iter().map(|node| node.uuid.clone()).collect(),
            })?;
        }
        Ok(plan)
    }
}

/// The nodes that hold the disks, the primary first.
fn holders_of<'a>(subject: &Subject<'a>) -> Vec<&'a Arc<Node>> {
    std::iter::once(subject.primary)
        .chain(subject.secondary)
        .collect()
}

/// Not all copies were made. Where the first one was, it is the instance's disks from now on.
fn unfinished(subject: &Subject<'_>, made: usize, edits: &[Edit], mut failure: Failure) -> Failure {
    let name = subject.name();
    let hint = match made {
        0 => format!("{name} has no disks until gnt-instance recreate-disks {name} has made them"),
        _ => format!("gnt-instance replace-disks --auto {name} makes the copy that is missing"),
    };
    failure.error.hint.get_or_insert(hint);
    if made > 0 && !failure.left_behind {
        failure.edits.extend_from_slice(edits);
    }
    failure
}

/// Makes the first copy, empty. It counts whatever copies there are on nodes that do not answer.
fn blank_copy(env: &Env<'_>, subject: &Subject<'_>, node: &Node) -> Result<(), Failure> {
    let what = format!("make empty disks of {} on {}", subject.name(), node.name);
    ask_twice(env, &what, |call| {
        (env.driver).blank_copy(call, &subject.reference, &reference(node))
    })
}

/// Whether an earlier run has made the first copy: it is whole and alone, as none of the old ones can be.
fn is_begun(env: &Env<'_>, before: &Subject<'_>, after: &Subject<'_>) -> Result<bool, Failure> {
    let copies = copies_of(env, before)?;
    let in_sync = |node: &Arc<Node>| state_on(&copies, node) == Some(CopyState::InSync);
    let elsewhere = |uuid: &NodeUuid| {
        let dead = |node: &Arc<Node>| node.offline;
        let homes = holders_of(after);
        let home = homes.iter().any(|node| node.uuid == *uuid);
        !home && !env.config().nodes.get(uuid).is_some_and(dead)
    };
    let alone = match after.secondary {
        Some(secondary) => !in_sync(secondary),
        None => !holders_of(before)
            .iter()
            .any(|node| node.uuid == after.primary.uuid),
    };
    let scattered = copies.iter().any(|(uuid, _)| elsewhere(uuid));
    Ok(in_sync(after.primary) && alone && !scattered)
}

/// Removes every copy that there is, that on the primary node first; what is on them is given up.
fn clear(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), Failure> {
    let mut copies = copies_of(env, subject)?;
    copies.sort_by_key(|(uuid, _)| *uuid != subject.primary.uuid);
    for node in copies.iter().filter_map(|(uuid, _)| droppable(env, uuid)) {
        check_answers(env, node, ErrorCode::EnvironmentError)?;
        drop_copy(env, subject, node)?;
    }
    Ok(())
}

impl LogicalUnit for InstanceRecreateDisks {
    fn plans(&self) -> bool {
        self.iallocator.is_some()
    }

    fn claims(&self, world: &World, _: JobId, _: u32) -> Vec<Claim> {
        let config = &world.config;
        // One that is left to an allocator has no need of them: the job that comes of it has.
        if self.iallocator.is_some() {
            return vec![];
        }
        let after = |subject: Subject<'_>| {
            let plan = self.plan(config, &subject).ok()?;
            Some(room_of(&plan.after, &subject.instance.uuid))
        };
        self.subject(config)
            .ok()
            .and_then(after)
            .unwrap_or_default()
    }

    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        if let Ok(subject) = self.subject(config) {
            lock_instance(&mut locks, subject.name(), Mode::Exclusive);
            share_nodes(&mut locks, holders_of(&subject));
            share_nodes(&mut locks, self.nodes(config).unwrap_or_default());
            if self.iallocator.is_some() {
                let group = &subject.primary.group;
                lock_group(&mut locks, group, Mode::Shared);
                let mates = config.nodes.values().filter(|node| node.group == *group);
                share_nodes(&mut locks, mates);
            }
        }
        locks
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let subject = self.subject(config)?;
        subject.check_known()?;
        subject.check_changeable("what disks it has")?;
        self.check_disks(config, &subject)?;
        // Away from a dead node it is no matter what it is meant to do.
        let stays = self.nodes.is_empty() && self.iallocator.is_none();
        if stays || !subject.primary.offline {
            check_meant_stopped(&subject, "gets new disks")?;
        }
        if self.iallocator.is_some() {
            if !self.nodes.is_empty() {
                return Err(wrong(
                    "an allocator and nodes were given: only one of them can choose",
                ));
            }
            let group = &subject.primary.group;
            return check_allocator(env, self.iallocator.as_ref(), Some(group));
        }
        self.check_nodes(env, &subject)?;
        let plan = self.plan(config, &subject)?;
        let room = room_of(&plan.after, &subject.instance.uuid);
        check_room_for(env, subject.name(), &room)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let before = self.subject(env.config())?;
        if self.iallocator.is_some() {
            return self.goes_on(env, &before);
        }
        let Plan { after, edits, .. } = self.plan(env.config(), &before)?;
        let subject = self.subject(&after)?;
        check_stopped(env, &before)?;
        let begun = env.attempt > 1 && is_begun(env, &before, &subject)?;
        if !begun {
            env.feedback(format!("* removing the disks of {}", before.name()));
            clear(env, &before)?;
        }
        for (place, node) in holders_of(&subject).into_iter().enumerate() {
            env.feedback(format!("* making new disks on {}", node.name));
            let end = match place {
                0 if begun => continue,
                0 => blank_copy(env, &subject, node),
                _ => add_copy(env, &subject, node, Wait::ToTheEnd),
            };
            end.map_err(|failure| unfinished(&before, place, &edits, failure))?;
        }
        let mut detail = about(before.name());
        let roles = [Role::Primary, Role::Secondary].into_iter();
        let places = holders_of(&before).into_iter().zip(holders_of(&subject));
        detail.moves = (roles.zip(places))
            .filter(|(_, (from, to))| from.uuid != to.uuid)
            .map(|(role, (from, to))| moved(role, from, to))
            .collect();
        Ok(Outcome {
            detail,
            edits,
            ..Outcome::default()
        })
    }
}
