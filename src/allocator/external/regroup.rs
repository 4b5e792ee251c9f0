//! Who goes where when instances are to leave their group, by an external allocator.

use super::super::claim::{Role, World};
use super::super::departure::obstacles;
use super::super::place::{Plan, Regrouping, Unmovable};
use super::super::regroup::{leavers, plan_with};
use super::answer::Moves;
use super::{Adviser, AskError, Request};
use crate::cluster::Instance;
use crate::opcodes::EvacMode;

/// Plans the way of instances to other groups with the nodes that an allocator chooses: in one question
/// for those that leave as a whole, in another for copies that follow their primary nodes. What it chose
/// is held against our own rules, instance by instance.
///
/// # Errors
/// [`AskError`]; an instance for which the allocator has no node is no error but cannot move.
pub fn plan_regrouping_by(
    world: &World,
    regrouping: &Regrouping,
    adviser: &Adviser<'_>,
) -> Result<Plan, AskError> {
    let mut leaving: Vec<(&Instance, Role)> = leavers(&world.config, regrouping).collect();
    let mut obstacles = obstacles(world, &leaving);
    leaving.retain(|(instance, _)| !obstacles.contains_key(&instance.uuid));
    let of = |wanted: Role| -> Vec<&Instance> {
        let those = leaving.iter().filter(|(_, role)| *role == wanted);
        those.map(|(instance, _)| *instance).collect()
    };
    let instances = of(Role::Primary);
    let whole = match instances.is_empty() {
        true => Moves::default(),
        false => {
            let targets = regrouping.targets.iter().collect();
            let request = Request::ChangeGroup { instances, targets };
            adviser.moves(world, &request)?
        }
    };
    let copies = adviser.evacuate(world, EvacMode::SecondaryOnly, of(Role::Secondary))?;
    let mut plan = plan_with(world, regrouping, |instance| {
        if let Some(unmovable) = obstacles.remove(&instance.uuid) {
            return Err(unmovable);
        }
        let mut answers = [&whole, &copies].into_iter();
        let answer = answers.find_map(|moves| {
            let failed = moves.failed.get(&instance.uuid).map(Err);
            failed.or_else(|| moves.moved.get(&instance.uuid).map(Ok))
        });
        match answer {
            Some(Ok(end)) => Ok(Some(end.clone())),
            Some(Err(reason)) => Err(Unmovable {
                instance: instance.uuid.clone(),
                reason: reason.clone(),
                hint: None,
            }),
            // Each instance that was asked about is in an answer.
            None => Ok(None),
        }
    });
    adviser.sign(&mut plan, &[&whole, &copies]);
    Ok(plan)
}
