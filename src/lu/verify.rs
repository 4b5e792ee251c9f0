//! Units that check a cluster: the configuration, and what nodes and instances of each group are.
//!
//! What is checked, and what is said of it, is what `gnt-cluster verify-config` has; here it is looked at
//! through the driver and under locks, so that no job is in between, and told by Ganeti's codes. What the
//! allocator knows beside it comes on top.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shared::{find_group, lock_group, lock_instance, share_nodes};
use super::verify_machines;
use super::{
    ChildJob, Detail, Env, Failure, LogicalUnit, Outcome, ResultWithJobs, Slot, UnitResult,
};
use crate::admin::{self, Code, check_configuration, check_reality};
use crate::allocator::{NewInstance, policy_breaches, strains};
use crate::cluster::{Config, Group, GroupUuid, InstanceUuid, Node, NodeUuid};
use crate::hypervisor::{Hypervisor, Snapshot};
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{
    ClusterVerify, ClusterVerifyConfig, ClusterVerifyGroup, Dependency, JobRef, OpError, Opcode,
    SkipCheck, VerifyCode, words,
};

words! {
    /// How bad what was found is.
    Severity {
        /// Something is wrong.
        Error = "ERROR",
        /// Something should be looked at.
        Warning = "WARNING",
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub code: VerifyCode,
    /// The kind of object, such as `instance`.
    pub kind: String,
    /// Its name; empty if it has none.
    pub name: String,
    /// What is wrong with it.
    pub text: String,
}

impl Finding {
    /// The line that Ganeti has for it: for people, or with codes for programs.
    #[must_use]
    pub fn line(&self, codes: bool) -> String {
        let Finding {
            severity,
            code,
            kind,
            name,
            text,
        } = self;
        match (codes, name.as_str()) {
            (true, "") => format!("  - {severity}:{code}:{kind}:None:{text}"),
            (true, _) => format!("  - {severity}:{code}:{kind}:{name}:{text}"),
            (false, _) => format!("  - {severity}: {kind} {name}: {text}"),
        }
    }
}

/// What one check says, while it looks.
struct Report<'a> {
    env: &'a Env<'a>,
    codes: bool,
    ignored: &'a [VerifyCode],
    findings: Vec<Finding>,
}

impl Report<'_> {
    fn heading(&self, text: &str) {
        self.env.feedback(format!("* {text}"));
    }

    fn say(&mut self, severity: Severity, code: VerifyCode, object: (&str, &str), text: String) {
        let finding = Finding {
            severity: match self.ignored.contains(&code) {
                true => Severity::Warning,
                false => severity,
            },
            code,
            kind: object.0.to_owned(),
            name: object.1.to_owned(),
            text,
        };
        self.env.feedback(finding.line(self.codes));
        self.findings.push(finding);
    }

    fn take(&mut self, findings: Vec<admin::Finding>) {
        for finding in findings {
            let object = finding.object.split_once(' ');
            let object = object.unwrap_or((&finding.object, ""));
            let severity = match finding.is_remark() {
                true => Severity::Warning,
                false => Severity::Error,
            };
            self.say(severity, code(finding.code), object, finding.text.clone());
        }
    }

    /// The result is whether nothing is wrong.
    fn end(self) -> Outcome {
        let bad = self
            .findings
            .iter()
            .any(|one| one.severity == Severity::Error);
        Outcome {
            result: UnitResult::Value(json!(!bad)),
            detail: Detail {
                findings: self.findings,
                ..Detail::default()
            },
            edits: vec![],
        }
    }
}

/// Ganeti's code of what was found.
fn code(code: Code) -> VerifyCode {
    match code {
        Code::NodeWithoutGroup => VerifyCode::DanglingNode,
        Code::InstanceWithoutNode => VerifyCode::DanglingInstance,
        Code::Overbooked => VerifyCode::NodeN1,
        Code::DiskMissing | Code::DiskShared | Code::DiskNodes => VerifyCode::InstanceLayout,
        Code::InstanceUncertain | Code::Activity => VerifyCode::InstanceBadNode,
        Code::NodeMissing | Code::NodeSilent => VerifyCode::NodeRpc,
        Code::NodeCapacity => VerifyCode::NodeHypervisor,
        Code::InstanceUnknown | Code::NodeUnknown | Code::LeftOver => VerifyCode::OrphanInstance,
        Code::RunsTwice | Code::RunsElsewhere | Code::RunsStopped => VerifyCode::InstanceWrongNode,
        Code::RunsNot => VerifyCode::InstanceDown,
        Code::CopyMissing => VerifyCode::InstanceMissingDisk,
        Code::CopyNotInSync => VerifyCode::InstanceFaultyDisk,
        Code::CopyExtra => VerifyCode::OrphanVolume,
        Code::Overcommitted => VerifyCode::NodeHypervisor,
        Code::GuestMissing => VerifyCode::InstanceDown,
        Code::GuestName | Code::GuestUnmarked | Code::Autostart => VerifyCode::InstanceBadNode,
        Code::GuestForeign => VerifyCode::OrphanInstance,
        // What is left is about the configuration by itself, or not checked by units.
        _ => VerifyCode::ClusterConfig,
    }
}

/// The names of the groups that a look at the cluster is about: of the one that is given, or of all.
pub(super) fn groups_asked<'a>(
    config: &'a Config,
    given: Option<&String>,
) -> Result<Vec<&'a str>, OpError> {
    match given {
        Some(name) => Ok(vec![&find_group(config, name)?.name]),
        None => Ok(config.group_names().collect()),
    }
}

impl LogicalUnit for ClusterVerify {
    fn locks(&self, _config: &Config) -> LockSet {
        LockSet::new()
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        groups_asked(env.config(), self.group_name.as_ref()).map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let mut ops: Vec<Opcode> = vec![];
        if self.group_name.is_none() {
            let first = ClusterVerifyConfig {
                error_codes: self.error_codes,
                ignore_errors: self.ignore_errors.clone(),
                verbose: self.verbose,
            };
            ops.push(first.into());
        }
        for name in groups_asked(config, self.group_name.as_ref())? {
            let group = ClusterVerifyGroup {
                group_name: name.to_owned(),
                error_codes: self.error_codes,
                skip_checks: self.skip_checks.clone(),
                ignore_errors: self.ignore_errors.clone(),
                verbose: self.verbose,
            };
            let mut op = Opcode::from(group);
            // Whatever the configuration's check finds: it is only to be told first.
            op.common.depends = (u32::try_from(ops.len()).ok().filter(|places| *places > 0))
                .filter(|_| self.group_name.is_none())
                .map(|places| Dependency {
                    job: JobRef::Back(places),
                    statuses: vec![],
                })
                .into_iter()
                .collect();
            ops.push(op);
        }
        let job = |op| ChildJob {
            ops: vec![op],
            claims: vec![],
        };
        Ok(Outcome {
            result: UnitResult::Jobs(ResultWithJobs {
                jobs: ops.into_iter().map(job).collect(),
                ..ResultWithJobs::default()
            }),
            ..Outcome::default()
        })
    }
}

impl LogicalUnit for ClusterVerifyConfig {
    fn locks(&self, _config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        for level in [
            Level::Instance,
            Level::NodeGroup,
            Level::Node,
            Level::NodeRes,
        ] {
            locks.add(Lock::all(level), Mode::Shared);
        }
        locks
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, _env: &Env<'_>) -> Result<(), OpError> {
        Ok(())
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let mut report = Report {
            env,
            codes: self.error_codes,
            ignored: &self.ignore_errors,
            findings: vec![],
        };
        report.heading("Verifying cluster config");
        report.take(check_configuration(env.config(), &env.world.claims));
        Ok(report.end())
    }
}

/// The part of a configuration that a group's check is about: its nodes, the instances whose primary
/// nodes these are, and the nodes that have their second copies.
pub(super) fn part(config: &Config, group: &GroupUuid) -> Config {
    let in_group = |node: &NodeUuid| config.nodes.get(node).is_some_and(|n| n.group == *group);
    let mut part = config.clone();
    for instance in config.instances.values() {
        if !in_group(&instance.primary_node) {
            part.remove_instance(&instance.uuid);
        }
    }
    let copies: Vec<&NodeUuid> = (part.instances.values())
        .filter_map(|instance| config.secondary(instance))
        .collect();
    for node in config.nodes.keys() {
        if !in_group(node) && !copies.contains(&node) {
            part.remove_node(node);
        }
    }
    part
}

impl ClusterVerifyGroup {
    /// What the driver says of all that is in `part`; nothing if it cannot be asked.
    fn look(&self, report: &mut Report<'_>, part: &Config) -> Option<Snapshot> {
        let env = report.env;
        let seen = env.call(env.limits.look, |call| env.driver.snapshot(call, part));
        match seen {
            Ok(mut seen) => {
                // What else there is belongs to other groups, but for what nobody has put anywhere.
                let whole = env.config();
                let foreign = |instance: &InstanceUuid| {
                    env.driver.has_machines() && !whole.instances.contains_key(instance)
                };
                seen.nodes.retain(|node, _| part.nodes.contains_key(node));
                seen.instances
                    .retain(|uuid, _| part.instances.contains_key(uuid) || foreign(uuid));
                Some(seen)
            }
            Err(error) => {
                let text = format!("cannot be looked at: {error}");
                let object = ("group", self.group_name.as_str());
                report.say(Severity::Error, VerifyCode::NodeRpc, object, text);
                None
            }
        }
    }

    /// What works, and should not stay so.
    fn strained(&self, report: &mut Report<'_>, part: &Config, group: &Group) {
        let config = report.env.config();
        for instance in part.instances_by_name() {
            let object = ("instance", instance.name.as_str());
            let new = NewInstance::like(config, instance);
            let breaches = policy_breaches(config, &group.uuid, &new);
            if !breaches.is_empty() {
                let text = breaches.join(", ");
                report.say(Severity::Warning, VerifyCode::InstancePolicy, object, text);
            }
            let copy = config
                .secondary(instance)
                .and_then(|node| config.nodes.get(node));
            if let Some(copy) = copy.filter(|copy| copy.group != group.uuid) {
                let text = format!("its second copy is in another group, on {}", copy.name);
                let code = VerifyCode::InstanceSplitGroups;
                report.say(Severity::Warning, code, object, text);
            }
        }
        for strain in strains(report.env.world, &group.uuid) {
            let name = config.node_name(&strain.node);
            if strain.lacks > 0 && !self.skip_checks.contains(&SkipCheck::NPlusOne) {
                let lacks = strain.lacks;
                let text =
                    format!("lacks {lacks} MiB of memory for its instances if another node fails");
                report.say(Severity::Error, VerifyCode::NodeN1, ("node", name), text);
            }
            if strain.sharing > 0 {
                let text = "instances that exclude each other by their tags run there".to_owned();
                report.say(
                    Severity::Warning,
                    VerifyCode::ExclusionTags,
                    ("node", name),
                    text,
                );
            }
        }
    }
}

/// The locks of a look at a group: itself, its nodes, the instances whose primary nodes these are, and the
/// nodes that have their second copies.
pub(super) fn group_locks(config: &Config, group: &str) -> LockSet {
    let mut locks = LockSet::new();
    let Ok(group) = find_group(config, group) else {
        return locks;
    };
    lock_group(&mut locks, &group.uuid, Mode::Shared);
    let in_group = |node: &&Arc<Node>| node.group == group.uuid;
    share_nodes(&mut locks, config.nodes.values().filter(in_group));
    for instance in config.instances.values() {
        let primary = config.nodes.get(&instance.primary_node);
        if primary.filter(in_group).is_some() {
            lock_instance(&mut locks, &instance.name, Mode::Shared);
            let copy = config.secondary(instance);
            share_nodes(&mut locks, copy.and_then(|node| config.nodes.get(node)));
        }
    }
    locks
}

impl LogicalUnit for ClusterVerifyGroup {
    fn locks(&self, config: &Config) -> LockSet {
        group_locks(config, &self.group_name)
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        find_group(env.config(), &self.group_name).map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let group = find_group(env.config(), &self.group_name)?;
        let part = part(env.config(), &group.uuid);
        let mut report = Report {
            env,
            codes: self.error_codes,
            ignored: &self.ignore_errors,
            findings: vec![],
        };
        report.heading(&format!("Verifying group '{}'", group.name));
        let mut seen = self.look(&mut report, &part);
        if env.interrupt.canceled() {
            return Err(OpError::canceled().into());
        }
        let mut edits = vec![];
        if let Some(seen) = &mut seen {
            if env.driver.has_machines() {
                verify_machines::mend(env, &part, seen);
                edits = verify_machines::refresh(env, &part, seen);
                for (from, to, why) in verify_machines::incompatible(env, &part, seen) {
                    let text = format!("guests of {from} cannot go on running here: {why}");
                    let code = VerifyCode::NodeHypervisor;
                    report.say(Severity::Warning, code, ("node", &to), text);
                }
            }
            report.take(check_reality(&part, env.config(), seen));
        }
        self.strained(&mut report, &part, group);
        Ok(Outcome {
            edits,
            ..report.end()
        })
    }
}
