//! Taking guests of real machines into the configuration, and giving them back.

use serde_json::{Value, json};

use super::guest::{instance, refuse_too_long, runs};
use super::node::{check_host_name, state, wrong};
use super::settle::{failed, look};
use super::shared::{
    Subject, about, check_answers, check_online, find_node, lock_instance, reference, share_nodes,
    silent_hint,
};
use super::{Env, Failure, LogicalUnit, Outcome, UnitResult};
use crate::cluster::{Config, Disk, Edit, Instance, InstanceUuid, Mirroring, Node};
use crate::hypervisor::{Definition, Guest, GuestState, Hypervisor, NodeRef, VerbError};
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, InstanceAdopt, InstanceForget, OpError};

/// The refusal where nodes have no guests but the cluster's own.
fn simulated(hint: &str) -> OpError {
    wrong("the cluster is simulated: its nodes have no guests but its instances").hint(hint)
}

/// A guest that is not taken, and why.
struct Skipped {
    name: String,
    reason: String,
}

/// Who is to be taken, and who is not.
#[derive(Default)]
struct Choice {
    taken: Vec<Guest>,
    skipped: Vec<Skipped>,
}

/// A guest as it would be.
struct Candidate {
    guest: Guest,
    instance: Instance,
    disks: Vec<Disk>,
}

impl Candidate {
    /// What the result tells of it.
    fn told(&self, config: &Config) -> Value {
        let mut with = config.clone();
        for disk in &self.disks {
            with.put_disk(disk.clone());
        }
        let template = with.template(&self.instance);
        json!({
            "name": self.guest.name,
            "uuid": self.guest.uuid,
            "runs": runs(&self.guest),
            "memory": self.guest.memory,
            "vcpus": self.guest.vcpus,
            "disk_template": template,
            "moves": template.mirroring() != Mirroring::None,
            "autostart": self.guest.autostart,
        })
    }
}

impl InstanceAdopt {
    fn node<'a>(&self, config: &'a Config) -> Result<&'a Node, OpError> {
        Ok(find_node(
            config,
            &self.node_name,
            self.node_uuid.as_deref(),
        )?)
    }

    fn check_shape(&self) -> Result<(), OpError> {
        match (self.all, self.domains.is_empty()) {
            (true, true) | (false, false) => Ok(()),
            (true, false) => Err(wrong(
                "either all guests are adopted, or those that are named",
            )),
            (false, true) => Err(wrong("no guest is named")
                .hint("gnt-instance adopt NODE DOMAIN…, or --all; --dry-run shows who there is")),
        }
    }

    /// Why a guest cannot be adopted, if it cannot.
    fn unfit(&self, config: &Config, node: &Node, guest: &Guest) -> Option<String> {
        let uuid = InstanceUuid::from(guest.uuid.as_str());
        if let Some(known) = config.instances.get(&uuid) {
            return Some(match known.primary_node == node.uuid {
                true => "it is adopted already".to_owned(),
                false => format!(
                    "it is what instance {} has left behind, which is on {}",
                    known.name,
                    config.node_name(&known.primary_node)
                ),
            });
        }
        if config.instance_named(&guest.name).is_some() {
            return Some("there is another instance of that name".to_owned());
        }
        if let Err(error) = check_host_name(&guest.name) {
            return Some(format!(
                "{error}: rename it first, such as with virsh domrename"
            ));
        }
        let own = config.cluster.as_ref().map(|cluster| &cluster.uuid);
        if let Some(other) = guest.cluster.as_ref().filter(|of| Some(*of) != own) {
            return Some(format!("it is marked as belonging to the cluster {other}"));
        }
        if guest.leaving || guest.state == GuestState::Incoming {
            return Some("it is migrating".to_owned());
        }
        if !guest.persistent {
            return Some("it is transient: nothing is left of it when it stops".to_owned());
        }
        if guest.autostart && self.keep_autostart {
            return Some(
                "its node starts it by itself, and would also when it runs on another one"
                    .to_owned(),
            );
        }
        None
    }

    /// All guests of the node.
    fn guests(&self, env: &Env<'_>, node: &Node) -> Result<Vec<Guest>, Failure> {
        let asked = env.call(env.limits.look, |call| {
            env.driver.guests(call, &reference(node))
        });
        let mut guests = asked
            .map_err(|error| failed(env, &format!("see the guests of {}", node.name), error))?;
        guests.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(guests)
    }

    /// Who is to be adopted. Those that are named have to be fit.
    fn choose(&self, env: &Env<'_>, node: &Node) -> Result<Choice, Failure> {
        let config = env.config();
        let guests = self.guests(env, node)?;
        let mut choice = Choice::default();
        if self.all {
            for guest in guests {
                match self.unfit(config, node, &guest) {
                    None => choice.taken.push(guest),
                    Some(reason) => choice.skipped.push(Skipped {
                        name: guest.name,
                        reason,
                    }),
                }
            }
            return Ok(choice);
        }
        for name in &self.domains {
            let is_named = |guest: &&Guest| guest.name == *name || guest.uuid == *name;
            let Some(guest) = guests.iter().find(is_named) else {
                let names: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
                let text = format!("{} has no guest {name}", node.name);
                let error = OpError::prereq(ErrorCode::UnknownEntity, text);
                return Err(error.hint(format!("it has {}", names.join(", "))).into());
            };
            if choice.taken.iter().any(|taken| taken.uuid == guest.uuid) {
                continue;
            }
            if let Some(reason) = self.unfit(config, node, guest) {
                let text = format!("{} cannot be adopted: {reason}", guest.name);
                return Err(state(text).into());
            }
            choice.taken.push(guest.clone());
        }
        Ok(choice)
    }

    /// What a guest would be in the configuration.
    fn candidate(&self, env: &Env<'_>, node: &Node, guest: Guest) -> Result<Candidate, Failure> {
        let definition = read_definition(env, &guest, &reference(node))?;
        let (instance, disks) = instance(env.config(), node, &guest, &definition);
        Ok(Candidate {
            guest,
            instance,
            disks,
        })
    }

    /// Makes a guest the cluster's. It may have been made so before by a run that died.
    fn take(&self, env: &Env<'_>, node: &Node, guest: Guest) -> Result<Candidate, Failure> {
        let (name, at) = (guest.name.clone(), reference(node));
        let uuid = InstanceUuid::from(guest.uuid.as_str());
        let cluster = env.config().cluster.as_ref();
        let cluster = cluster.map_or("", |cluster| cluster.uuid.as_str());
        if guest.autostart {
            env.info(format!(
                "{name}: {} does not start it by itself any more",
                node.name
            ));
            again(env, &format!("turn off the autostart of {name}"), |call| {
                env.driver.autostart(call, &uuid, &at, false)
            })?;
        }
        again(env, &format!("mark {name}"), |call| {
            env.driver.mark(call, &uuid, &at, Some(cluster))
        })?;
        self.candidate(env, node, guest)
    }
}

/// Asks for something that can be asked for twice, again if its answer was lost.
fn again(
    env: &Env<'_>,
    what: &str,
    verb: impl Fn(&crate::hypervisor::Call<'_>) -> Result<(), VerbError>,
) -> Result<(), Failure> {
    let mut end = env.call(env.limits.node, &verb);
    if let Err(VerbError::Unknown(text)) = &end {
        env.warn(format!("{text}; asking again"));
        end = env.call(env.limits.node, &verb);
    }
    end.map_err(|error| failed(env, what, error))
}

/// The definition that a guest has now.
fn read_definition(env: &Env<'_>, guest: &Guest, at: &NodeRef) -> Result<Definition, Failure> {
    let uuid = InstanceUuid::from(guest.uuid.as_str());
    let read = env.call(env.limits.look, |call| {
        env.driver.definition(call, &uuid, at)
    });
    let name = &guest.name;
    let definition = read.map_err(|error| failed(env, &format!("read what {name} is"), error))?;
    refuse_too_long(name, definition.definition.len())?;
    Ok(definition)
}

impl LogicalUnit for InstanceAdopt {
    /// The node alone: nothing moves to it or away from it meanwhile, so that who is there is not on its
    /// way.
    fn locks(&self, config: &Config) -> LockSet {
        match self.node(config) {
            Ok(node) => {
                LockSet::new().with(Lock::one(Level::Node, node.uuid.as_str()), Mode::Exclusive)
            }
            Err(_) => LockSet::new(),
        }
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.check_shape()?;
        let node = self.node(env.config())?;
        if node.host.is_none() {
            return Err(simulated("gnt-instance add makes a new one"));
        }
        check_online(node)?;
        check_answers(env, node, ErrorCode::EnvironmentError)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let node = self.node(config)?;
        let Choice { taken, skipped } = self.choose(env, node)?;
        for one in &skipped {
            env.info(format!("{} is left alone: {}", one.name, one.reason));
        }
        let mut outcome = Outcome::default();
        let mut adopted = vec![];
        for guest in taken {
            let name = guest.name.clone();
            let candidate = match (env.common.dry_run, env.interrupt.canceled()) {
                (_, true) => Err(OpError::canceled().into()),
                (true, false) => self.candidate(env, node, guest),
                (false, false) => self.take(env, node, guest),
            };
            let candidate = match candidate {
                Ok(candidate) => candidate,
                Err(mut failure) => {
                    // Those before it are the cluster's.
                    failure.edits.append(&mut outcome.edits);
                    return Err(failure);
                }
            };
            adopted.push(candidate.told(config));
            if !env.common.dry_run {
                env.feedback(format!("* adopted {name}"));
                outcome.edits.push(Edit::AddInstance {
                    instance: Box::new(candidate.instance),
                    disks: candidate.disks,
                });
            }
        }
        if adopted.is_empty() {
            let why = format!("{} has no guest that could be adopted", node.name);
            outcome.detail.nothing_to_do = Some(why);
        }
        let skipped: Vec<Value> = (skipped.iter())
            .map(|one| json!([one.name, one.reason]))
            .collect();
        outcome.result = UnitResult::Value(json!({"adopted": adopted, "skipped": skipped}));
        Ok(outcome)
    }

    fn plans(&self) -> bool {
        true
    }
}

impl InstanceForget {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }
}

impl LogicalUnit for InstanceForget {
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        if let Ok(subject) = self.subject(config) {
            lock_instance(&mut locks, subject.name(), Mode::Exclusive);
            share_nodes(&mut locks, [subject.primary]);
        }
        locks
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let subject = self.subject(env.config())?;
        match subject.primary.host.is_some() {
            true => subject.check_known(),
            false => Err(simulated("gnt-instance remove deletes an instance")),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let subject = self.subject(env.config())?;
        let (name, node) = (subject.name(), subject.primary);
        let at = reference(node);
        if node.offline {
            env.warn(format!(
                "{} is offline: {name} stays marked there",
                node.name
            ));
        } else {
            let seen = look(env, &subject.reference, std::slice::from_ref(&at))?;
            if seen.silent.contains(&node.uuid) {
                let text = format!("{} does not answer: {name} cannot be unmarked", node.name);
                let error = OpError::exec(text).code(ErrorCode::EnvironmentError);
                return Err(error.hint(silent_hint(&node.name)).into());
            }
            let known = [&seen.running_on, &seen.defined_on];
            match known.into_iter().flatten().any(|on| *on == node.uuid) {
                false => env.info(format!("{} does not know {name} any more", node.name)),
                true => again(env, &format!("unmark {name}"), |call| {
                    (env.driver).mark(call, &subject.instance.uuid, &at, None)
                })?,
            }
        }
        env.info(format!(
            "{name} is not the cluster's any more; nobody starts it when {} boots",
            node.name
        ));
        Ok(Outcome {
            detail: about(name),
            edits: vec![Edit::RemoveInstance(subject.instance.uuid.clone())],
            ..Outcome::default()
        })
    }
}
