//! What a plan becomes: a child job an instance, or the refusal of the whole.

use serde_json::json;

use super::{
    ChildJob, Detail, Env, Failure, Move, Outcome, PlanItem, ResultWithJobs, UnitResult,
    UnmovableItem, net_moves,
};
use crate::allocator::{Placed, Plan, PlannedMove, Role};
use crate::cluster::{AdminState, Config, Instance, Mirroring, Node};
use crate::opcodes::{
    ErrorCode, InstanceFailover, InstanceMigrate, InstanceReplaceDisks, MigrationTerms, OpError,
    Opcode, ReplaceMode, shutdown_timeout,
};

/// What an operation was asked for beside the plan.
pub(super) struct Terms {
    /// Completes `Unable to … instances`.
    pub(super) verb: &'static str,
    /// What is said where the plan is empty.
    pub(super) nothing: String,
    pub(super) allow_partial: bool,
    /// What to do when it fails because of some.
    pub(super) hint: &'static str,
    pub(super) parallel: Option<u32>,
}

/// The hint of operations that can be allowed a part.
pub(super) const PARTIAL: &str = "nothing was moved; --allow-partial moves those that can move";

impl Terms {
    /// The jobs of a plan, their opcodes made with `child`. An instance that cannot move makes the whole
    /// fail, unless a part is allowed.
    pub(super) fn outcome(
        &self,
        env: &Env<'_>,
        plan: &Plan,
        child: impl Fn(&Step<'_>) -> Opcode,
    ) -> Result<Outcome, Failure> {
        let config = env.config();
        let mut stuck = vec![];
        let mut resources = false;
        for one in &plan.unmovable {
            let Some(instance) = config.instances.get(&one.instance) else {
                continue;
            };
            resources |= instance.uncertain.is_none()
                && config.template(instance).mirroring() != Mirroring::None;
            stuck.push(UnmovableItem {
                instance: instance.name.clone(),
                reason: one.reason.clone(),
                hint: one.hint.clone(),
            });
        }
        let mut jobs = vec![];
        let mut items = vec![];
        for placed in &plan.placed {
            let Some(instance) = config.instances.get(&placed.instance) else {
                continue;
            };
            let steps = placed.moves.iter().filter_map(|step| {
                Some(Step {
                    config,
                    node: config.nodes.get(&step.from)?,
                    instance,
                    step,
                })
            });
            let ops: Vec<Opcode> = steps.map(|step| child(&step)).collect();
            items.push(item(config, instance, placed, &ops));
            jobs.push(ChildJob {
                ops,
                claims: placed.claims.clone(),
            });
        }
        let detail = Detail {
            nothing_to_do: (items.is_empty() && stuck.is_empty()).then(|| self.nothing.clone()),
            plan: items,
            unmovable: stuck,
            ..Detail::default()
        };
        if !detail.unmovable.is_empty() && !self.allow_partial {
            return Err(Failure {
                error: self.refusal(&detail.unmovable, resources),
                detail: Box::new(detail),
                edits: vec![],
                left_behind: false,
            });
        }
        for one in &detail.unmovable {
            env.warn(format!("{} stays: {}", one.instance, one.reason));
        }
        Ok(self.submit(env, jobs, detail))
    }

    fn submit(&self, env: &Env<'_>, jobs: Vec<ChildJob>, detail: Detail) -> Outcome {
        let mut result = ResultWithJobs {
            jobs: if env.common.dry_run { vec![] } else { jobs },
            parallel: self.parallel,
            planned_on: Some(env.world.serial),
            ..ResultWithJobs::default()
        };
        if self.allow_partial {
            let pairs = detail
                .unmovable
                .iter()
                .map(|one| json!([one.instance, one.reason]));
            let pairs = pairs.collect();
            result.other.insert("unmovable".to_owned(), pairs);
        }
        Outcome {
            result: UnitResult::Jobs(result),
            detail,
            edits: vec![],
        }
    }

    fn refusal(&self, stuck: &[UnmovableItem], resources: bool) -> OpError {
        let names: Vec<String> = stuck
            .iter()
            .map(|one| format!("{} ({})", one.instance, one.reason))
            .collect();
        let code = match resources {
            true => ErrorCode::InsufficientResources,
            false => ErrorCode::WrongState,
        };
        OpError::exec(format!(
            "Unable to {} instances {}",
            self.verb,
            names.join(", ")
        ))
        .code(code)
        .hint(self.hint)
    }
}

fn item(config: &Config, instance: &Instance, placed: &Placed, ops: &[Opcode]) -> PlanItem {
    let name = |step: &PlannedMove| Move {
        role: step.role,
        from: config.node_name(&step.from).to_owned(),
        to: config.node_name(&step.to).to_owned(),
    };
    PlanItem {
        instance: instance.name.clone(),
        moves: net_moves(placed.moves.iter().map(name).collect()),
        ops: ops.iter().map(|op| op.op.id().to_owned()).collect(),
    }
}

/// What those who empty a node or group, or bring instances home, say of the way of each.
#[derive(Clone, Copy, Default)]
pub(super) struct Manner {
    /// Old copies are released before the new ones are in sync.
    pub(super) early_release: bool,
    /// One that comes to run where its second copy was to leave is moved away again.
    pub(super) vacate: bool,
    /// The terms of each migration.
    pub(super) migration: MigrationTerms,
}

/// One planned move of one instance, about to become an opcode.
pub(super) struct Step<'a> {
    config: &'a Config,
    /// The node that loses the role.
    node: &'a Node,
    instance: &'a Instance,
    pub(super) step: &'a PlannedMove,
}

impl Step<'_> {
    fn target(&self) -> Option<String> {
        Some(self.config.node_name(&self.step.to).to_owned())
    }

    fn source(&self) -> Option<String> {
        Some(self.node.name.clone())
    }

    /// Whether this node loses the role.
    pub(super) fn leaves(&self, node: &str) -> bool {
        self.node.name == node
    }

    /// Whether it can be moved while it runs.
    pub(super) fn migrates(&self) -> bool {
        self.instance.admin_state == AdminState::Up
            && !self.node.offline
            && !self.config.backend(self.instance).always_failover
    }

    /// The opcode of a step of those who empty a node or group, or bring instances home.
    pub(super) fn child(&self, manner: Manner) -> Opcode {
        match self.step.role {
            Role::Secondary => self.replace_disks(manner).into(),
            Role::Primary if self.migrates() => InstanceMigrate {
                migration: manner.migration,
                ..self.migrate(true)
            }
            .into(),
            Role::Primary => self.failover().into(),
        }
    }

    pub(super) fn failover(&self) -> InstanceFailover {
        InstanceFailover {
            instance_name: self.instance.name.clone(),
            instance_uuid: Some(self.instance.uuid.to_string()),
            shutdown_timeout: shutdown_timeout(),
            ignore_consistency: false,
            target_node: self.target(),
            source_node: self.source(),
            iallocator: None,
            ignore_ipolicy: false,
            power_off: None,
        }
    }

    /// `allow_failover`: one that is stopped by then is moved all the same.
    pub(super) fn migrate(&self, allow_failover: bool) -> InstanceMigrate {
        InstanceMigrate {
            instance_uuid: Some(self.instance.uuid.to_string()),
            target_node: self.target(),
            source_node: self.source(),
            allow_failover,
            ..InstanceMigrate::of(&self.instance.name)
        }
    }

    fn replace_disks(&self, manner: Manner) -> InstanceReplaceDisks {
        InstanceReplaceDisks {
            instance_name: self.instance.name.clone(),
            instance_uuid: Some(self.instance.uuid.to_string()),
            mode: ReplaceMode::NewSecondary,
            disks: vec![],
            remote_node: self.target(),
            source_node: self.source(),
            vacate: manner.vacate,
            iallocator: None,
            early_release: manner.early_release,
            ignore_ipolicy: false,
        }
    }
}
