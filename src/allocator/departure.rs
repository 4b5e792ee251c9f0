//! Who goes where when a node is to be emptied.

use std::collections::BTreeMap;

use crate::cluster::{Config, Instance, InstanceUuid, Mirroring, NodeUuid};
use crate::opcodes::EvacMode;

use super::claim::{Role, World};
use super::ledger::Ledger;
use super::place::{Departure, Placed, Plan, Rules, Unmovable};
use super::planner::{Planner, Way, refusal};

/// Plans the departure of all instances that `departure` names.
#[must_use]
pub fn plan_departure(world: &World, departure: &Departure) -> Plan {
    let named = Named {
        target: departure.target.clone(),
        new_secondary: departure.new_secondary.clone(),
    };
    plan_with(world, departure, |_, _| Ok(named.clone()))
}

/// Plans how these instances give up a role each, in their order, wherever they are. With
/// [`EvacMode::All`] both nodes of one are left.
#[must_use]
pub fn plan_evacuation(world: &World, instances: &[&Instance], mode: EvacMode) -> Plan {
    let mut planner = Planner {
        ledger: Ledger::new(world, None),
        rules: Rules::default(),
    };
    let mut plan = Plan::default();
    for instance in instances {
        let alone = world.config.secondary(instance).is_none();
        let placed = match mode {
            EvacMode::SecondaryOnly if alone => Err(refusal(
                instance,
                "it has no secondary node".to_owned(),
                None,
            )),
            EvacMode::PrimaryOnly | EvacMode::SecondaryOnly | EvacMode::All => {
                let way = Way {
                    role: match mode {
                        EvacMode::SecondaryOnly => Role::Secondary,
                        EvacMode::PrimaryOnly | EvacMode::All => Role::Primary,
                    },
                    new_copy: mode == EvacMode::All,
                    target: None,
                    new_secondary: None,
                };
                planner.place(instance, &way)
            }
        };
        match placed {
            Ok(placed) => plan.placed.push(placed),
            Err(unmovable) => plan.unmovable.push(unmovable),
        }
    }
    plan
}

/// The nodes that somebody names for an instance; where there is none it is chosen here.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    /// Where an externally mirrored primary goes.
    pub(super) target: Option<NodeUuid>,
    /// Where the copy of a drbd instance goes.
    pub(super) new_secondary: Option<NodeUuid>,
}

/// Plans a departure with the nodes that `named` has for each instance and the role that leaves, or with
/// its reason why it does not move.
pub(super) fn plan_with(
    world: &World,
    departure: &Departure,
    mut named: impl FnMut(&Instance, Role) -> Result<Named, Unmovable>,
) -> Plan {
    let mut planner = Planner {
        ledger: Ledger::new(world, None),
        rules: departure.rules,
    };
    let mut plan = Plan::default();
    for (instance, role) in leavers(&world.config, departure) {
        let placed = named(instance, role).and_then(|named| {
            let way = Way {
                role,
                new_copy: departure.mode == EvacMode::All,
                target: named.target.as_ref(),
                new_secondary: named.new_secondary.as_ref(),
            };
            planner.place(instance, &way)
        });
        match placed {
            Ok(placed) => plan.placed.push(placed),
            Err(unmovable) => plan.unmovable.push(unmovable),
        }
    }
    plan
}

/// The instances that are to leave and the role that does, in the order of their names.
pub(super) fn leavers<'a>(
    config: &'a Config,
    departure: &Departure,
) -> impl Iterator<Item = (&'a Instance, Role)> {
    (config.instances_by_name())
        .filter_map(|instance| Some((&**instance, leaving(config, instance, departure)?)))
}

/// The instances that cannot give up their role whoever chooses the next node, by what they are.
pub(super) fn obstacles<'a>(
    world: &'a World,
    leaving: &[(&'a Instance, Role)],
) -> BTreeMap<InstanceUuid, Unmovable> {
    let mut planner = Planner {
        ledger: Ledger::new(world, None),
        rules: Rules::default(),
    };
    let obstacle = |&(instance, role): &(&'a Instance, Role)| {
        let unmovable = planner.obstacle(instance, role)?;
        Some((unmovable.instance.clone(), unmovable))
    };
    leaving.iter().filter_map(obstacle).collect()
}

/// Which role an instance has on the node, if it is to leave it.
fn leaving(config: &Config, instance: &Instance, departure: &Departure) -> Option<Role> {
    let primaries = departure.mode != EvacMode::SecondaryOnly;
    let secondaries = departure.mode != EvacMode::PrimaryOnly;
    if primaries && instance.primary_node == departure.node {
        Some(Role::Primary)
    } else if secondaries && config.secondary(instance) == Some(&departure.node) {
        Some(Role::Secondary)
    } else {
        None
    }
}

/// Chooses a new node for one role of one instance: the primary of an externally mirrored one, or
/// the secondary of a drbd one. Claims for this instance are taken to be the asker's own and do not
/// count.
///
/// # Errors
/// The reason why there is none.
pub fn choose_node(
    world: &World,
    instance: &InstanceUuid,
    role: Role,
    rules: Rules,
) -> Result<Placed, Unmovable> {
    place_one(world, instance, role, rules, None)
}

/// Whether a node that somebody else chose for a role of one instance can have it; otherwise as
/// [`choose_node`].
///
/// # Errors
/// The reason why it cannot.
pub fn check_choice(
    world: &World,
    instance: &InstanceUuid,
    role: Role,
    node: &NodeUuid,
) -> Result<Placed, Unmovable> {
    place_one(world, instance, role, Rules::default(), Some(node))
}

fn place_one(
    world: &World,
    instance: &InstanceUuid,
    role: Role,
    rules: Rules,
    node: Option<&NodeUuid>,
) -> Result<Placed, Unmovable> {
    let Some(object) = world.config.instances.get(instance) else {
        return Err(Unmovable {
            instance: instance.clone(),
            reason: format!("instance {instance} is not in the configuration"),
            hint: None,
        });
    };
    let template = world.config.template(object);
    match (role, template.mirroring()) {
        (Role::Primary, Mirroring::Internal) => {
            return Err(refusal(
                object,
                format!("an instance of type {template} can only move to its secondary node"),
                Some(format!(
                    "gnt-instance replace-disks gives {} another secondary node",
                    object.name
                )),
            ));
        }
        (Role::Secondary, Mirroring::External | Mirroring::None) => {
            return Err(refusal(
                object,
                format!("instances with disk template '{template}' have no secondary node"),
                None,
            ));
        }
        (Role::Primary, Mirroring::External | Mirroring::None)
        | (Role::Secondary, Mirroring::Internal) => {}
    }
    let mut planner = Planner {
        ledger: Ledger::new(world, Some(instance)),
        rules,
    };
    let way = Way {
        role,
        new_copy: false,
        target: node,
        new_secondary: node,
    };
    planner.place(object, &way)
}
