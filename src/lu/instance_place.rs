//! Where a new instance goes: to the nodes that are named, or that the placement or an external allocator
//! chooses.

use std::sync::Arc;

use super::advice::{allocator_instead, ask, bad_choice, chosen_node, goes_on_as, world_of_others};
use super::instance_new::Home;
use super::shared::{check_same_group, check_target, find_group, find_node, no_room};
use super::{Env, Failure, Move, Outcome};
use crate::allocator::external::Request;
use crate::allocator::{Claim, NewInstance, Role, World, allocate, policy_breaches, still_fits};
use crate::cluster::{Config, DRBD_META_MIB, DiskTemplate, GroupUuid, InstanceUuid, Node};
use crate::opcodes::{ErrorCode, InstanceCreate, OpError};

/// Where a new instance comes from, in a plan.
const NOWHERE: &str = "-";

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

impl InstanceCreate {
    /// The nodes that are named, if they are.
    pub(super) fn named_nodes<'a>(
        &self,
        config: &'a Config,
        template: DiskTemplate,
    ) -> Result<Option<Home<'a>>, OpError> {
        let (pnode, snode) = match (&self.pnode, &self.snode) {
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                return Err(wrong("a secondary node needs a primary node beside it"));
            }
            (Some(pnode), snode) => (pnode, snode),
        };
        if self.iallocator.is_some() {
            return Err(wrong(
                "an allocator and a node were given: only one of them can choose",
            ));
        }
        let primary = find_node(config, pnode, None)?;
        check_target(primary)?;
        let secondary = match (template, snode) {
            (DiskTemplate::Drbd, None) => {
                return Err(wrong("an instance of type drbd needs a secondary node"));
            }
            (DiskTemplate::Drbd, Some(name)) => Some(find_node(config, name, None)?),
            (_, None) => None,
            (_, Some(_)) => {
                return Err(wrong(format!(
                    "an instance of type {template} has no secondary node"
                )));
            }
        };
        if let Some(secondary) = secondary {
            if secondary.uuid == primary.uuid {
                return Err(wrong("the secondary node cannot be the primary node"));
            }
            check_target(secondary)?;
            check_same_group(config, primary, secondary)?;
        }
        if let Some(group) = &self.group_name
            && find_group(config, group)?.uuid != primary.group
        {
            return Err(wrong(format!("{} is not in group {group}", primary.name)));
        }
        Ok(Some(Home {
            primary,
            secondary: secondary.map(Arc::as_ref),
        }))
    }

    pub(super) fn need(
        &self,
        config: &Config,
        identity: InstanceUuid,
        template: DiskTemplate,
    ) -> Result<NewInstance, OpError> {
        let backend = self.backend(config);
        let group = self.group_name.as_ref();
        let group = group.map(|name| find_group(config, name)).transpose()?;
        Ok(NewInstance {
            instance: identity,
            memory: backend.maxmem,
            vcpus: backend.vcpus,
            spindle_use: backend.spindle_use,
            disks: self.disks.iter().map(|disk| disk.size).collect(),
            template,
            nics: self.nics.len() as u64,
            tags: self.tags.clone(),
            group: group.map(|group| group.uuid.clone()),
            start: self.start && !self.forthcoming,
        })
    }

    /// Where it goes: the nodes that are named, if they have room, else where the placement says.
    pub(super) fn home<'a>(
        &self,
        env: &Env<'a>,
        template: DiskTemplate,
    ) -> Result<Home<'a>, OpError> {
        let need = self.need(env.config(), self.identity(env), template)?;
        let home = self.place(env.world, &need)?;
        // A job that has claims found the room when they were made.
        if !env.world.claims.iter().any(|(job, _)| *job == env.job) {
            self.check_room(env.world, &need, home)?;
        }
        self.check_policy(env.config(), &need, home)?;
        Ok(home)
    }

    pub(super) fn check_policy(
        &self,
        config: &Config,
        need: &NewInstance,
        home: Home<'_>,
    ) -> Result<(), OpError> {
        let breaches = policy_breaches(config, &home.primary.group, need);
        if !breaches.is_empty() && !self.ignore_ipolicy {
            let text = format!(
                "instance {} violates the policy of its group: {}",
                self.name(),
                breaches.join(", ")
            );
            return Err(wrong(text).hint("--ignore-ipolicy creates it all the same"));
        }
        Ok(())
    }

    /// The nodes that are named, else those that the placement chooses.
    pub(super) fn place<'a>(
        &self,
        world: &'a World,
        need: &NewInstance,
    ) -> Result<Home<'a>, OpError> {
        let config = &world.config;
        Ok(match self.named_nodes(config, need.template)? {
            Some(home) => home,
            None => {
                let chosen = allocate(world, need).map_err(|why| {
                    OpError::prereq(
                        ErrorCode::InsufficientResources,
                        format!("no node can take instance {}: {why}", self.name()),
                    )
                    .hint("make room, or name nodes with -n")
                })?;
                let node = |uuid| config.nodes.get(uuid).map(Arc::as_ref);
                let primary = node(&chosen.primary);
                Home {
                    primary: primary.ok_or_else(|| {
                        OpError::prereq(ErrorCode::InternalError, "the placement chose no node")
                    })?,
                    secondary: chosen.secondary.as_ref().and_then(node),
                }
            }
        })
    }

    /// The group that it is to be in, if one is named.
    pub(super) fn group<'a>(&self, config: &'a Config) -> Option<&'a GroupUuid> {
        let group = find_group(config, self.group_name.as_ref()?).ok()?;
        Some(&group.uuid)
    }

    /// The external allocator that is to choose its nodes, if one is.
    pub(super) fn left_to<'a>(&'a self, env: &Env<'a>) -> Option<&'a str> {
        match (&self.pnode, &self.snode) {
            (None, None) => {
                let group = self.group(env.config());
                allocator_instead(env, self.iallocator.as_ref(), group)
            }
            _ => None,
        }
    }

    /// The same with the nodes that an external allocator chooses, as a job of its own.
    pub(super) fn goes_on(
        &self,
        env: &Env<'_>,
        template: DiskTemplate,
        allocator: &str,
    ) -> Result<Outcome, Failure> {
        let name = self.name();
        let need = self.need(env.config(), self.identity(env), template)?;
        let world = world_of_others(env);
        env.feedback(format!("* asking iallocator {allocator}"));
        let request = Request::Allocate {
            name: &name,
            new: &need,
        };
        let nodes = ask(env, allocator, false, |adviser| {
            adviser.nodes(&world, &request)
        })?;
        let nodes: Vec<&Arc<Node>> = (nodes.iter())
            .map(|node| chosen_node(env, allocator, node))
            .collect::<Result<_, _>>()?;
        let op = InstanceCreate {
            pnode: nodes.first().map(|node| node.name.clone()),
            snode: nodes.get(1).map(|node| node.name.clone()),
            iallocator: None,
            // It is looked up again when that job runs.
            committed: None,
            ..self.clone()
        };
        let claims = op.admitted(&world, &need).map_err(|error| {
            let code = error.code.unwrap_or(ErrorCode::InsufficientResources);
            bad_choice(allocator, &name, &nodes, &error.message, code)
        })?;
        Ok(goes_on_as(env, &name, op.into(), arrives(&nodes), claims))
    }

    /// The room that it needs on the nodes that are named, if they have it and the policy allows it.
    pub(super) fn admitted(
        &self,
        world: &World,
        need: &NewInstance,
    ) -> Result<Vec<Claim>, OpError> {
        let home = self.place(world, need)?;
        self.check_room(world, need, home)?;
        self.check_policy(&world.config, need, home)?;
        Ok(self.arrivals(need, home))
    }

    /// The room that it needs on its nodes.
    pub(super) fn arrivals(&self, need: &NewInstance, home: Home<'_>) -> Vec<Claim> {
        let disk = disk_on_node(need);
        let claim = |node: &Node| {
            let primary = node.uuid == home.primary.uuid;
            Claim {
                node: node.uuid.clone(),
                instance: need.instance.clone(),
                role: match primary {
                    true => Role::Primary,
                    false => Role::Secondary,
                },
                memory: match primary && need.start {
                    true => need.memory,
                    false => 0,
                },
                disk,
                vcpus: match primary {
                    true => need.vcpus,
                    false => 0,
                },
            }
        };
        home.nodes().map(claim).collect()
    }

    pub(super) fn check_room(
        &self,
        world: &World,
        need: &NewInstance,
        home: Home<'_>,
    ) -> Result<(), OpError> {
        for (claim, node) in self.arrivals(need, home).into_iter().zip(home.nodes()) {
            still_fits(world, &[claim]).map_err(|missing| no_room(&self.name(), node, &missing))?;
        }
        Ok(())
    }
}

/// MiB of disk that it takes on each of its nodes.
pub(super) fn disk_on_node(need: &NewInstance) -> u64 {
    let sizes = need.disks.iter();
    match need.template {
        DiskTemplate::Drbd => sizes.map(|size| size + DRBD_META_MIB).sum(),
        template if template.uses_node_disk() => sizes.sum(),
        _ => 0,
    }
}

/// The moves by which a new instance comes to its nodes, the primary first.
pub(super) fn arrives(nodes: &[&Arc<Node>]) -> Vec<Move> {
    let comes = |(role, node): (Role, &&Arc<Node>)| Move {
        role,
        from: NOWHERE.to_owned(),
        to: node.name.clone(),
    };
    let roles = [Role::Primary, Role::Secondary].into_iter();
    roles.zip(nodes).map(comes).collect()
}
