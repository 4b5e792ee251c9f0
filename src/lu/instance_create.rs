//! Creating an instance: its disks, itself, and usually its first start.

use std::sync::Arc;

use serde_json::{Value, json};

use super::advice::{check_allocator, is_named};
use super::copies::{Wait, add_copy, copies_of};
use super::instance_forthcoming::without;
use super::instance_move::start;
use super::instance_new::{Home, backend_parameters, identity_of, macs, objects};
use super::instance_place::disk_on_node;
use super::node::check_host_name;
use super::parameters::check_backend;
use super::settle::look_everywhere;
use super::shared::{
    Subject, about, check_answers, find_node, lock_group, lock_instance, reference, share_nodes,
};
use super::{Env, Failure, LogicalUnit, Outcome, UnitResult};
use crate::allocator::{Claim, World};
use crate::cluster::{Backend, Config, DiskTemplate, Edit, HvName, Node, with_tags};
use crate::hypervisor::{Hypervisor, InstanceRef};
use crate::limits::SIZE;
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, InstanceCreate, NewDisk, OpError};
use crate::queue::JobId;

/// Ganeti's limits of what one instance has.
pub(super) const MAX_DISKS: usize = 16;
const MAX_NICS: usize = 8;

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

fn state(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongState, text)
}

/// Refuses a disk without a size, too large for any node, or of a mode that there is not.
pub(super) fn check_new_disk(index: usize, disk: &NewDisk) -> Result<(), OpError> {
    if disk.size == 0 {
        return Err(wrong(format!("disk {index} has no size")));
    }
    if disk.size > SIZE {
        let size = disk.size;
        let text = format!("disk {index} of {size} MiB is larger than any node");
        return Err(wrong(text));
    }
    check_mode(index, disk.mode.as_deref())
}

/// Refuses a mode that a disk cannot have.
pub(super) fn check_mode(index: usize, mode: Option<&str>) -> Result<(), OpError> {
    match mode {
        None | Some("rw" | "ro") => Ok(()),
        Some(_) => Err(wrong(format!(
            "the mode of disk {index} is neither rw nor ro"
        ))),
    }
}

impl InstanceCreate {
    pub(super) fn name(&self) -> String {
        self.instance_name.to_lowercase()
    }

    fn template(&self, config: &Config) -> Result<DiskTemplate, OpError> {
        if self.definition.is_some() {
            // Its definition tells its disks: they say where it can go when it is there.
            return Ok(DiskTemplate::Diskless);
        }
        let enabled = config
            .cluster
            .as_ref()
            .map(|c| &c.enabled_disk_templates[..]);
        let enabled = enabled.unwrap_or_default();
        let Some(template) = self.disk_template.or(enabled.first().copied()) else {
            return Err(wrong(
                "no disk template was given, and the cluster has no default",
            ));
        };
        if !enabled.contains(&template) {
            let words: Vec<_> = enabled.iter().map(|template| template.word()).collect();
            return Err(state(format!("disk template {template} is not enabled"))
                .hint(format!("enabled are {}", words.join(", "))));
        }
        Ok(template)
    }

    fn hypervisor(&self, config: &Config) -> Result<HvName, OpError> {
        let enabled = config.cluster.as_ref().map(|c| &c.enabled_hypervisors[..]);
        let enabled = enabled.unwrap_or_default();
        match &self.hypervisor {
            None => Ok(enabled.first().cloned().unwrap_or_else(|| "fake".into())),
            Some(named) if enabled.contains(named) => Ok(named.clone()),
            Some(named) => Err(state(format!("hypervisor {named} is not enabled"))),
        }
    }

    /// Its backend parameters, filled from the cluster's.
    pub(super) fn backend(&self, config: &Config) -> Backend {
        let own = backend_parameters(&self.beparams);
        config.backend_of(&own)
    }

    fn check_parameters(&self, template: DiskTemplate) -> Result<(), OpError> {
        if self.mode.as_deref().is_some_and(|mode| mode != "create") {
            return Err(wrong("instances are only created, not imported"));
        }
        check_host_name(&self.name())?;
        self.check_definition()?;
        match (template, self.disks.len()) {
            (DiskTemplate::BlockDev | DiskTemplate::Ext, _) => {
                return Err(wrong(format!(
                    "instances of type {template} need devices made beforehand, which cannot be named yet"
                )));
            }
            (DiskTemplate::Diskless, 1..) => return Err(wrong("a diskless instance has no disks")),
            (DiskTemplate::Diskless, 0) => {}
            (_, 0) => {
                return Err(wrong(format!(
                    "an instance of type {template} needs a disk"
                )));
            }
            (_, count) if count > MAX_DISKS => {
                return Err(wrong(format!("{count} disks are more than {MAX_DISKS}")));
            }
            _ => {}
        }
        for (index, disk) in self.disks.iter().enumerate() {
            check_new_disk(index, disk)?;
        }
        if self.nics.len() > MAX_NICS {
            let count = self.nics.len();
            return Err(wrong(format!(
                "{count} network interfaces are more than {MAX_NICS}"
            )));
        }
        with_tags(&[], &self.tags).map_err(|error| wrong(error.to_string()))?;
        check_backend(&self.beparams)
    }

    /// Checks all that is not about where it goes; gives its template.
    pub(super) fn check_itself(&self, config: &Config) -> Result<DiskTemplate, OpError> {
        let template = self.template(config)?;
        self.check_parameters(template)?;
        self.hypervisor(config)?;
        let name = self.name();
        if config.instance_named(&name).is_some() {
            let text = format!("instance {name} exists");
            return Err(OpError::prereq(ErrorCode::AlreadyExists, text));
        }
        let backend = self.backend(config);
        if backend.minmem > backend.maxmem {
            return Err(wrong(format!(
                "minmem ({}) is larger than maxmem ({})",
                backend.minmem, backend.maxmem
            )));
        }
        self.check_macs(config)?;
        Ok(template)
    }

    fn check_macs(&self, config: &Config) -> Result<(), OpError> {
        let mut taken = macs(config);
        for nic in &self.nics {
            let mac = nic.get("mac").and_then(Value::as_str);
            let Some(mac) = mac.filter(|mac| !matches!(*mac, "auto" | "generate")) else {
                continue;
            };
            if !taken.insert(mac.to_lowercase()) {
                let text = format!("MAC address {mac} is in use");
                return Err(OpError::prereq(ErrorCode::ResourceNotUnique, text));
            }
        }
        Ok(())
    }

    /// What a driver has to know of it.
    fn described(&self, env: &Env<'_>, template: DiskTemplate) -> Result<InstanceRef, OpError> {
        let need = self.need(env.config(), self.identity(env), template)?;
        Ok(InstanceRef {
            disk: disk_on_node(&need),
            uuid: need.instance,
            name: self.name(),
            memory: need.memory,
            vcpus: need.vcpus,
            template,
            definition: None,
        })
    }

    /// Where it goes if an earlier run of this opcode may have begun: where that one had started
    /// it, else where it would go now. What is left elsewhere is removed.
    fn home_again<'a>(
        &self,
        env: &Env<'a>,
        template: DiskTemplate,
        instance: &InstanceRef,
    ) -> Result<Home<'a>, Failure> {
        let config = env.config();
        let seen = look_everywhere(env, instance)?;
        let copies =
            env.call_undisturbed(env.limits.look, |call| env.driver.copies(call, instance));
        let copies = copies.unwrap_or_default();
        let node = |uuid| config.nodes.get(uuid).map(Arc::as_ref);
        if let Some(primary) = seen.running_on.first().and_then(node) {
            // It is started when its copies are there, not before.
            let others = copies.iter().map(|(node, _)| node).filter_map(node);
            let secondary = others.into_iter().find(|other| other.uuid != primary.uuid);
            return Ok(Home { primary, secondary });
        }
        let home = self.home(env, template);
        for (uuid, _) in &copies {
            let kept = |home: &Home<'_>| home.nodes().any(|node| node.uuid == *uuid);
            if !home.as_ref().is_ok_and(kept)
                && let Some(stale) = node(uuid)
            {
                drop_quietly(env, instance, stale);
            }
        }
        Ok(home?)
    }

    /// Makes the disks and starts the instance.
    fn make(&self, env: &Env<'_>, subject: &Subject<'_>, home: Home<'_>) -> Result<(), Failure> {
        if subject.template().uses_node_disk() {
            env.feedback("* creating instance disks...");
            for node in home.nodes() {
                let wait = match self.wait_for_sync || node.uuid == home.primary.uuid {
                    true => Wait::InSync,
                    false => Wait::No,
                };
                add_copy(env, subject, node, wait)?;
            }
        }
        if self.start {
            env.feedback("* starting instance...");
            start(env, subject, &reference(home.primary))?;
        }
        Ok(())
    }

    /// Takes back what was made of an instance that could not be made.
    fn unmake(&self, env: &Env<'_>, subject: &Subject<'_>, home: Home<'_>) {
        env.info("removing what was made of the instance");
        let instance = &subject.reference;
        let primary = reference(home.primary);
        let stopped = env.call_undisturbed(env.limits.stop_margin, |call| {
            (env.driver).stop(call, instance, &primary, crate::hypervisor::Stop::Destroy)
        });
        if let Err(error) = stopped {
            env.warn(format!("{} could not be stopped: {error}", instance.name));
        }
        for (uuid, _) in copies_of(env, subject).unwrap_or_default() {
            if let Some(node) = env.config().nodes.get(&uuid) {
                drop_quietly(env, instance, node);
            }
        }
    }
}

fn drop_quietly(env: &Env<'_>, instance: &InstanceRef, node: &Node) {
    let end = env.call_undisturbed(env.limits.storage, |call| {
        env.driver.drop_copy(call, instance, &reference(node))
    });
    if let Err(error) = end {
        env.warn(format!(
            "the disks of {} on {} could not be removed: {error}",
            instance.name, node.name
        ));
    }
}

impl LogicalUnit for InstanceCreate {
    fn plans(&self) -> bool {
        is_named(self.iallocator.as_ref())
    }

    fn claims(&self, world: &World, job: JobId, index: u32) -> Vec<Claim> {
        if self.commits() {
            let Ok(whole) = self.with_noted(&world.config) else {
                return vec![];
            };
            let world = without(world, whole.committed.as_ref());
            return whole.claims(&world, job, index);
        }
        let config = &world.config;
        // One that is left to an allocator has no need of them: the job that comes of it has.
        if is_named(self.iallocator.as_ref()) {
            return vec![];
        }
        let claims = || {
            let template = self.template(config)?;
            self.check_parameters(template)?;
            check_backend(&self.beparams)?;
            let made = || identity_of(config, job, index);
            let identity = self.committed.clone().unwrap_or_else(made);
            let need = self.need(config, identity, template)?;
            let home = self.place(world, &need)?;
            Ok::<_, OpError>(self.arrivals(&need, home))
        };
        // What is wrong the check will say.
        claims().unwrap_or_default()
    }

    fn locks(&self, config: &Config) -> LockSet {
        if self.commits()
            && let Ok(whole) = self.with_noted(config)
        {
            return whole.locks(config);
        }
        let mut locks = LockSet::new();
        lock_instance(&mut locks, &self.name(), Mode::Exclusive);
        let named = [&self.pnode, &self.snode];
        let named: Vec<_> = named.into_iter().flatten().collect();
        if named.is_empty() {
            for level in [Level::NodeGroup, Level::Node, Level::NodeRes] {
                locks.add(Lock::all(level), Mode::Shared);
            }
        }
        for name in named {
            if let Ok(node) = find_node(config, name, None) {
                lock_group(&mut locks, &node.group, Mode::Shared);
                share_nodes(&mut locks, [node]);
            }
        }
        locks
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        if self.commits() {
            return self.committing(env, |whole, env| whole.check(env));
        }
        let config = env.config();
        check_allocator(env, self.iallocator.as_ref(), self.group(config))?;
        let template = self.check_itself(config)?;
        if self.left_to(env).is_some() {
            return self.need(config, self.identity(env), template).map(drop);
        }
        match env.attempt {
            1 => self.check_kind(self.home(env, template)?.primary),
            // What an earlier run has begun is looked at first.
            _ => Ok(()),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        if self.commits() {
            let outcome = self.committing(env, |whole, env| whole.execute(env))?;
            return self.in_its_place(env, outcome);
        }
        let config = env.config();
        let template = self.template(config)?;
        let hypervisor = self.hypervisor(config)?;
        if let Some(name) = self.left_to(env) {
            return self.goes_on(env, template, name);
        }
        if env.common.dry_run {
            return Ok(Outcome::default());
        }
        if let Some(definition) = &self.definition {
            let begun = match env.attempt {
                1 => None,
                _ => self.begun(env, &self.described(env, template)?)?,
            };
            let home = match begun {
                Some(node) => node,
                None => self.home(env, template)?.primary,
            };
            check_answers(env, home, ErrorCode::EnvironmentError)?;
            return self.define(env, definition, home);
        }
        let home = match env.attempt {
            1 => self.home(env, template)?,
            _ => {
                let instance = self.described(env, template)?;
                self.home_again(env, template, &instance)?
            }
        };
        if self.forthcoming {
            return Ok(self.note(env, template, hypervisor, home));
        }
        for node in home.nodes() {
            check_answers(env, node, ErrorCode::EnvironmentError)?;
        }
        let (instance, disks) = objects(env, self, template, hypervisor, home);
        let names: Vec<&str> = home.nodes().map(|node| node.name.as_str()).collect();
        let text = names.join(", ");
        env.feedback(format!("* placing instance {} on {text}", instance.name));
        let reference = self.described(env, template)?;
        let shared = Arc::new(instance);
        let primary = Arc::new(home.primary.clone());
        let subject = Subject {
            instance: &shared,
            reference,
            primary: &primary,
            secondary: None,
        };
        if let Err(mut failure) = self.make(env, &subject, home) {
            // An instance that is not in the configuration cannot be marked there.
            failure.edits.clear();
            if !failure.left_behind {
                self.unmake(env, &subject, home);
            }
            return Err(failure);
        }
        env.feedback(format!(
            "* adding instance {} to cluster config",
            shared.name
        ));
        Ok(Outcome {
            result: UnitResult::Value(json!(names)),
            detail: about(&shared.name),
            edits: vec![Edit::AddInstance {
                instance: Box::new((*shared).clone()),
                disks,
            }],
        })
    }
}
