//! Who goes where when a node is to be emptied, by an external allocator.

use super::super::claim::{Role, World};
use super::super::departure::{Named, leavers, obstacles, plan_with};
use super::super::place::{Departure, Destination, Plan, Unmovable};
use super::answer::Moves;
use super::{Adviser, AskError};
use crate::cluster::{Edit, Instance, Mirroring};
use crate::opcodes::EvacMode;

/// Plans the departure of all instances that `departure` names with the nodes that an allocator chooses.
///
/// It is asked twice where both roles leave: for the primaries, then, in the state after their moves,
/// for the copies that are left on the node. That is how the moves are made, and `hail` has an answer for
/// it on every cluster. Instances that can go nowhere, by what they are, it is not asked about. What it
/// chose is held against our own rules, instance by instance.
///
/// # Errors
/// [`AskError`]; an instance for which the allocator has no node is no error but cannot move.
pub fn plan_departure_by(
    world: &World,
    departure: &Departure,
    adviser: &Adviser<'_>,
) -> Result<Plan, AskError> {
    let mut leaving: Vec<(&Instance, Role)> = leavers(&world.config, departure).collect();
    let mut obstacles = obstacles(world, &leaving);
    leaving.retain(|(instance, _)| !obstacles.contains_key(&instance.uuid));
    let of = |wanted: Role| {
        let those = leaving.iter().filter(move |(_, role)| *role == wanted);
        those.map(|(instance, _)| *instance)
    };
    let first = adviser.evacuate(world, EvacMode::PrimaryOnly, of(Role::Primary).collect())?;
    let after = state_after(world, &first);
    let copies: Vec<&Instance> = (leaving.iter())
        .filter(|(instance, role)| match role {
            Role::Secondary => true,
            Role::Primary => {
                let mirroring = world.config.template(instance).mirroring();
                departure.mode == EvacMode::All
                    && mirroring == Mirroring::Internal
                    && first.moved.contains_key(&instance.uuid)
            }
        })
        .filter_map(|(instance, _)| Some(&**after.config.instances.get(&instance.uuid)?))
        .collect();
    let second = adviser.evacuate(&after, EvacMode::SecondaryOnly, copies)?;
    let chosen = Chosen {
        world,
        first,
        second,
    };
    let mut plan = plan_with(world, departure, |instance, role| {
        match obstacles.remove(&instance.uuid) {
            Some(unmovable) => Err(unmovable),
            None => chosen.named(instance, role, departure.mode),
        }
    });
    adviser.sign(&mut plan, &[&chosen.first, &chosen.second]);
    Ok(plan)
}

/// The world when the primaries have moved.
fn state_after(world: &World, moves: &Moves) -> World {
    let mut after = world.clone();
    for (instance, end) in &moves.moved {
        let edit = Edit::SetPrimary {
            instance: instance.clone(),
            node: end.primary.clone(),
        };
        // Instance and node are of this configuration: the answer was read with it.
        let _ = edit.apply(&mut after.config, 0.0);
    }
    after
}

/// What the allocator said, question by question.
struct Chosen<'a> {
    world: &'a World,
    first: Moves,
    second: Moves,
}

impl Chosen<'_> {
    /// The nodes that it named for an instance.
    fn named(&self, instance: &Instance, role: Role, mode: EvacMode) -> Result<Named, Unmovable> {
        let config = &self.world.config;
        let refuse = |reason: String| {
            Err(Unmovable {
                instance: instance.uuid.clone(),
                reason,
                hint: None,
            })
        };
        let failed = (self.first.failed.get(&instance.uuid))
            .or_else(|| self.second.failed.get(&instance.uuid));
        if let Some(reason) = failed {
            return refuse(reason.clone());
        }
        let mirrored = config.template(instance).mirroring() == Mirroring::Internal;
        let secondary = config.secondary(instance);
        let mut named = Named::default();
        let mut runs = &instance.primary_node;
        if role == Role::Primary {
            let Some(end) = self.first.moved.get(&instance.uuid) else {
                return refuse("it was not asked about".to_owned());
            };
            let swapped = Destination {
                primary: secondary.unwrap_or(runs).clone(),
                secondary: Some(runs.clone()),
            };
            if mirrored && *end != swapped {
                let to = config.node_name(&end.primary);
                let only = config.node_name(&swapped.primary);
                return refuse(format!("it is to go to {to}, but can only go to {only}"));
            }
            runs = &end.primary;
            named.target = Some(end.primary.clone());
        }
        if mirrored && (role == Role::Secondary || mode == EvacMode::All) {
            let Some(end) = self.second.moved.get(&instance.uuid) else {
                return refuse("it was not asked about".to_owned());
            };
            if end.primary != *runs {
                let to = config.node_name(&end.primary);
                return refuse(format!(
                    "it is to run on {to}, but its copy alone is to move"
                ));
            }
            named.new_secondary.clone_from(&end.secondary);
        }
        Ok(named)
    }
}
