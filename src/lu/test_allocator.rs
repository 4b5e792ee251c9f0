//! The unit that shows what an allocator is asked, or what it answers.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::advice::{allocator, ask, check_allocator};
use super::instance_new::identity;
use super::plan_jobs::{Manner, Terms};
use super::shared::{find_group, find_instance, new_uuid};
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::allocator::external::Request;
use crate::allocator::{
    Allocation, NewInstance, Placed, Plan, Regrouping, Role, Rules, allocate, allocate_all,
    choose_node, plan_evacuation, plan_regrouping,
};
use crate::cluster::{Config, Edit, GroupUuid, Instance, InstanceUuid, Mirroring};
use crate::locking::LockSet;
use crate::opcodes::{
    AllocatorDirection, AllocatorMode, ErrorCode, EvacMode, InstanceCreate, OpError, TestAllocator,
};

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

/// A question, with all that it is about.
enum Question<'a> {
    Allocate(String, NewInstance),
    AllocateAll(Vec<(String, NewInstance)>),
    Relocate(&'a Instance, Role),
    Evacuate(Vec<&'a Instance>, EvacMode),
    ChangeGroup(Vec<&'a Instance>, Vec<&'a GroupUuid>),
}

impl TestAllocator {
    /// The new instances of the modes that allocate, under their names.
    fn needs(&self, env: &Env<'_>) -> Result<Vec<(String, NewInstance)>, OpError> {
        let config = env.config();
        let number = |key: &str, value: Option<u64>| {
            let value = value.ok_or_else(|| wrong(format!("{key} is not given")))?;
            Ok::<_, OpError>((key.to_owned(), json!(value)))
        };
        let beparams = Map::from_iter([
            number("memory", self.memory)?,
            number("vcpus", self.vcpus)?,
            number("spindle_use", Some(self.spindle_use))?,
        ]);
        let names: Vec<String> = match self.mode {
            AllocatorMode::MultiAllocate => (0..self.count)
                .map(|index| format!("{}{index}", self.name))
                .collect(),
            _ => vec![self.name.clone()],
        };
        let need = |(place, name): (usize, String)| {
            let new = InstanceCreate {
                instance_name: name.clone(),
                mode: None,
                disks: self.disks.clone().unwrap_or_default(),
                nics: self.nics.clone().unwrap_or_default(),
                disk_template: self.disk_template,
                pnode: None,
                snode: None,
                iallocator: None,
                group_name: self.group_name.clone(),
                os_type: self.os.clone(),
                beparams: beparams.clone(),
                hvparams: Map::new(),
                hypervisor: self.hypervisor.clone(),
                start: true,
                wait_for_sync: true,
                ignore_ipolicy: false,
                tags: self.tags.clone(),
                osparams: Map::new(),
                definition: None,
                forthcoming: false,
                commit: false,
                committed: None,
            };
            let template = new.check_itself(config)?;
            let identity = match place {
                0 => identity(env),
                _ => InstanceUuid::from(new_uuid(env, &format!("-{place}"))),
            };
            Ok((name, new.need(config, identity, template)?))
        };
        names.into_iter().enumerate().map(need).collect()
    }

    /// The instances of the modes that move several.
    fn several<'a>(&self, config: &'a Config) -> Result<Vec<&'a Instance>, OpError> {
        let named = self.instances.as_deref().unwrap_or_default();
        if named.is_empty() {
            return Err(wrong(format!("mode {} is about instances", self.mode)));
        }
        let find = |name: &String| Ok(&**find_instance(config, name, None)?);
        named.iter().map(find).collect()
    }

    fn question<'a>(&self, env: &Env<'a>) -> Result<Question<'a>, OpError> {
        let config = env.config();
        Ok(match self.mode {
            AllocatorMode::Allocate => {
                let mut needs = self.needs(env)?.into_iter();
                let (name, new) = needs.next().ok_or_else(|| wrong("no name was given"))?;
                Question::Allocate(name, new)
            }
            AllocatorMode::MultiAllocate => Question::AllocateAll(self.needs(env)?),
            AllocatorMode::Relocate => {
                let instance = find_instance(config, &self.name, None)?;
                let template = config.template(instance);
                let role = match template.mirroring() {
                    Mirroring::Internal => Role::Secondary,
                    Mirroring::External => Role::Primary,
                    Mirroring::None => {
                        let name = &instance.name;
                        let text =
                            format!("instance {name} is kept as {template}: it is nowhere else");
                        return Err(wrong(text));
                    }
                };
                Question::Relocate(instance, role)
            }
            AllocatorMode::NodeEvacuate => {
                let mode = self.evac_mode.unwrap_or(EvacMode::All);
                Question::Evacuate(self.several(config)?, mode)
            }
            AllocatorMode::ChangeGroup => {
                let instances = self.several(config)?;
                let named = self.target_groups.as_deref().unwrap_or_default();
                let leaving: BTreeSet<&GroupUuid> = (instances.iter())
                    .filter_map(|one| config.nodes.get(&one.primary_node))
                    .map(|node| &node.group)
                    .collect();
                let others = || config.groups_by_name().map(|group| &group.uuid);
                let targets: Vec<&GroupUuid> = match named.is_empty() {
                    true => others().filter(|uuid| !leaving.contains(uuid)).collect(),
                    false => named
                        .iter()
                        .map(|name| Ok(&find_group(config, name)?.uuid))
                        .collect::<Result<_, OpError>>()?,
                };
                if targets.is_empty() {
                    return Err(wrong("there is no other group"));
                }
                Question::ChangeGroup(instances, targets)
            }
        })
    }
}

impl Question<'_> {
    /// In the allocator's terms.
    fn request(&self) -> Request<'_> {
        match self {
            Question::Allocate(name, new) => Request::Allocate { name, new },
            Question::AllocateAll(all) => Request::AllocateAll {
                all: all.iter().map(|(name, new)| (name.as_str(), new)).collect(),
            },
            Question::Relocate(instance, role) => Request::Relocate {
                instance,
                role: *role,
            },
            Question::Evacuate(instances, mode) => Request::Evacuate {
                instances: instances.clone(),
                mode: *mode,
            },
            Question::ChangeGroup(instances, targets) => Request::ChangeGroup {
                instances: instances.clone(),
                targets: targets.clone(),
            },
        }
    }

    /// What the built-in placement answers, in the form of the protocol.
    fn answer(&self, env: &Env<'_>) -> Result<Value, Failure> {
        let config = env.config();
        let nodes = |home: Allocation| -> Vec<String> {
            let nodes = std::iter::once(&home.primary).chain(&home.secondary);
            nodes
                .map(|node| config.node_name(node).to_owned())
                .collect()
        };
        let one = |end: Result<Vec<String>, String>| match end {
            Ok(nodes) => success(json!(nodes)),
            Err(why) => json!({"success": false, "info": why, "result": []}),
        };
        Ok(match self {
            Question::Allocate(_, new) => one(allocate(env.world, new).map(nodes)),
            Question::AllocateAll(all) => {
                let needs: Vec<&NewInstance> = all.iter().map(|(_, new)| new).collect();
                let homes = allocate_all(env.world, &needs).into_iter();
                let (mut placed, mut unplaced) = (vec![], vec![]);
                for ((name, _), home) in all.iter().zip(homes) {
                    match home {
                        Ok(home) => placed.push(json!([name, nodes(home)])),
                        Err(why) => unplaced.push(json!([name, why])),
                    }
                }
                success(json!([placed, unplaced]))
            }
            Question::Relocate(instance, role) => {
                let placed = choose_node(env.world, &instance.uuid, *role, Rules::default());
                let to = |placed: Placed| -> Vec<String> {
                    let moves = placed.moves.iter();
                    moves
                        .map(|step| config.node_name(&step.to).to_owned())
                        .collect()
                };
                one(placed.map(to).map_err(|unmovable| unmovable.reason))
            }
            Question::Evacuate(instances, mode) => {
                moves(env, &plan_evacuation(env.world, instances, *mode))?
            }
            Question::ChangeGroup(instances, targets) => {
                let group = |instance: &&Instance| {
                    let node = config.nodes.get(&instance.primary_node)?;
                    Some(node.group.clone())
                };
                let leaving: BTreeSet<GroupUuid> = instances.iter().filter_map(group).collect();
                let regrouping = Regrouping {
                    instances: instances.iter().map(|one| one.uuid.clone()).collect(),
                    targets: targets.iter().copied().cloned().collect(),
                    leaving,
                    rules: Rules::default(),
                };
                moves(env, &plan_regrouping(env.world, &regrouping))?
            }
        })
    }
}

fn success(result: Value) -> Value {
    json!({"success": true, "info": "", "result": result})
}

/// A plan as the triple of the protocol: who goes where, who does not, and the jobs.
fn moves(env: &Env<'_>, plan: &Plan) -> Result<Value, Failure> {
    let terms = Terms {
        verb: "move",
        nothing: String::new(),
        allow_partial: true,
        hint: "",
        parallel: None,
    };
    let outcome = terms.outcome(env, plan, |step| step.child(Manner::default()))?;
    let UnitResult::Jobs(jobs) = outcome.result else {
        return Ok(success(json!([[], [], []])));
    };
    let mut after = env.config().clone();
    let mut moved = vec![];
    for placed in &plan.placed {
        for step in &placed.moves {
            let (instance, node) = (placed.instance.clone(), step.to.clone());
            let edit = match step.role {
                Role::Primary => Edit::SetPrimary { instance, node },
                Role::Secondary => Edit::SetSecondary { instance, node },
            };
            // Both are of this configuration.
            let _ = edit.apply(&mut after, 0.0);
        }
        let Some(instance) = after.instances.get(&placed.instance) else {
            continue;
        };
        let group = (after.nodes.get(&instance.primary_node))
            .and_then(|node| after.groups.get(&node.group))
            .map(|group| &group.name);
        let nodes = std::iter::once(&instance.primary_node).chain(after.secondary(instance));
        let nodes: Vec<&str> = nodes.map(|node| after.node_name(node)).collect();
        moved.push(json!([instance.name, group, nodes]));
    }
    let failed: Vec<Value> = (outcome.detail.unmovable.iter())
        .map(|one| json!([one.instance, one.reason]))
        .collect();
    let jobs: Vec<Value> = (jobs.jobs.iter())
        .map(|job| job.ops.iter().map(|op| op.to_value()).collect())
        .collect();
    Ok(success(json!([moved, failed, jobs])))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

impl LogicalUnit for TestAllocator {
    fn locks(&self, _config: &Config) -> LockSet {
        // It looks at one moment of the configuration, and nothing comes of it.
        LockSet::new()
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        check_allocator(env, self.iallocator.as_ref(), None)?;
        self.question(env).map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let question = self.question(env)?;
        let request = question.request();
        let name = allocator(env, self.iallocator.as_ref(), None);
        let text = match (self.direction, name) {
            (AllocatorDirection::In, _) => pretty(&request.to_value(env.world)),
            (AllocatorDirection::Out, None) => pretty(&question.answer(env)?),
            (AllocatorDirection::Out, Some(name)) => {
                env.feedback(format!("* asking iallocator {name}"));
                ask(env, name, false, |adviser| {
                    adviser.printed(env.world, &request)
                })?
            }
        };
        Ok(Outcome {
            result: UnitResult::Value(json!(text)),
            ..Outcome::default()
        })
    }
}
