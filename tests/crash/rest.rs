//! What must hold when nothing is on its way any more.

use std::collections::{BTreeMap, BTreeSet};

use gnt::admin::{Code, simulator, verify};
use gnt::hypervisor::CopyState;
use gnt::hypervisor::Snapshot;
use gnt::hypervisor::fake::{LogEntry, Outcome, Verb};
use gnt::store::Reading;
use serde_json::Value;

use crate::common::Lab;
use crate::motion::{Law, Observer, must};
use crate::picture::{ERROR, Eye, Picture, SUCCESS, is_final, word};

/// What the story's end is judged by.
pub struct Rest<'a> {
    pub lab: &'a Lab,
    pub eye: &'a Eye,
    pub observer: &'a Observer,
    /// The simulator made things fail.
    pub faulty: bool,
    /// The configuration was replaced: the simulator's log tells of another cluster.
    pub replaced: bool,
}

fn database(error: rusqlite::Error) -> String {
    format!("the database cannot be read: {error}")
}

/// An instance as the configuration has it.
pub struct Guest {
    pub name: String,
    pub primary: String,
    pub up: bool,
    pub uncertain: bool,
    /// The nodes that hold its disks, if it is mirrored.
    mirrored_on: BTreeSet<String>,
}

/// The instances of the configuration, by uuid.
pub fn guests(eye: &Eye) -> rusqlite::Result<BTreeMap<String, Guest>> {
    let disks = eye.objects("disk")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mirrored_on = |instance: &Value| {
        let own = instance["disks"].as_array().map_or(&[][..], Vec::as_slice);
        (own.iter())
            .filter_map(|uuid| disks.get(uuid.as_str()?))
            .filter(|disk| disk["dev_type"] == "drbd")
            .filter_map(|disk| disk["nodes"].as_array())
            .flatten()
            .map(text)
            .collect()
    };
    let guests = eye
        .objects("instance")?
        .into_iter()
        .map(|(uuid, instance)| {
            let guest = Guest {
                name: text(&instance["name"]),
                primary: text(&instance["primary_node"]),
                up: instance["admin_state"] == "up",
                uncertain: !instance["gnt_uncertain"].is_null(),
                mirrored_on: mirrored_on(&instance),
            };
            (uuid, guest)
        });
    Ok(guests.collect())
}

/// What is wrong with where instances are; empty if nothing is. Where the simulator made things
/// fail, what was declared dead may still hold what nobody knows any more.
pub fn astray(guests: &BTreeMap<String, Guest>, reality: &Snapshot, faulty: bool) -> Vec<String> {
    let mut wrong = vec![];
    for (uuid, guest) in guests {
        let name = &guest.name;
        let found = reality.instances.get(uuid.as_str());
        let on: Vec<&str> = found.map_or(vec![], |now| {
            now.running_on.iter().map(|node| node.as_str()).collect()
        });
        if guest.uncertain {
            wrong.push(format!("{name} is uncertain"));
        }
        let expected = match guest.up {
            true => vec![guest.primary.as_str()],
            false => vec![],
        };
        if on != expected {
            wrong.push(format!(
                "{name} runs on {on:?}, it is to run on {expected:?}"
            ));
        }
        let Some(found) = found else {
            if !guest.mirrored_on.is_empty() {
                wrong.push(format!("{name} has no copies"));
            }
            continue;
        };
        if found.activity.is_some() {
            wrong.push(format!("{name}: {:?}", found.activity));
        }
        let copies: BTreeSet<String> = (found.copies.iter())
            .map(|(node, _)| node.as_str().to_owned())
            .collect();
        if !guest.mirrored_on.is_empty() && !copies.is_superset(&guest.mirrored_on) {
            wrong.push(format!(
                "{name} has copies on {copies:?}, not on {:?}",
                guest.mirrored_on
            ));
        }
        if let Some((node, state)) = (found.copies.iter()).find(|(_, s)| *s != CopyState::InSync) {
            wrong.push(format!("the copy of {name} on {node} is {state:?}"));
        }
    }
    for (uuid, now) in &reality.instances {
        let known = guests.contains_key(uuid.as_str());
        let exists = !now.running_on.is_empty() || !now.copies.is_empty();
        if exists && !known && !faulty {
            wrong.push(format!("{} exists, nobody knows it", now.name));
        }
    }
    wrong
}

impl Rest<'_> {
    pub fn check(&self) -> Law {
        let picture = self.observer.last();
        for (id, job) in &picture.jobs {
            must!(
                is_final(job.status),
                "job {id} is {} at the end",
                word(job.status)
            );
        }
        must!(
            picture.held.is_empty(),
            "locks are held: {:?}",
            picture.held
        );
        must!(
            picture.claims.is_empty(),
            "room is claimed: {:?}",
            picture.claims
        );
        let progress = self.eye.progress_rows().map_err(database)?;
        must!(progress == 0, "{progress} opcodes tell how far they are");
        self.observer.ends_stay(self.eye)?;
        self.families(picture)?;
        self.failures_have_reasons(picture)?;
        self.said_once(picture)?;
        self.reality()
    }

    /// The children of a job are those that its results name, and no others.
    fn families(&self, picture: &Picture) -> Law {
        let mut named: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for (job, index) in picture.ops.keys() {
            let op = self.eye.op(*job, *index).map_err(database)?;
            let answers = op.result.get("jobs").and_then(Value::as_array);
            // The result of a dummy may be anything, but none is such an object.
            for answer in answers.into_iter().flatten() {
                must!(
                    op.status == SUCCESS,
                    "opcode {job}/{index} is {} and has children",
                    word(op.status)
                );
                if let (Some(true), Some(id)) = (answer[0].as_bool(), answer[1].as_i64()) {
                    let new = named.entry(*job).or_default().insert(id);
                    must!(new, "job {job} names its child {id} twice");
                }
            }
        }
        let mut are: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for (id, job) in &picture.jobs {
            if let Some(parent) = job.parent {
                are.entry(parent).or_default().insert(*id);
                let root = picture.jobs.get(&parent).map(|parent| parent.root);
                must!(
                    root == Some(job.root),
                    "job {id} has another root than its parent"
                );
            }
        }
        for children in named.values_mut() {
            children.retain(|child| self.observer.purged.job(*child).is_none());
        }
        named.retain(|_, children| !children.is_empty());
        must!(
            named == are,
            "the results name the children {named:?}, there are {are:?}"
        );
        Ok(())
    }

    /// Nothing fails because somebody died or was stopped: only for what was asked, or for faults.
    fn failures_have_reasons(&self, picture: &Picture) -> Law {
        for ((job, index), op) in &picture.ops {
            if op.status != ERROR {
                continue;
            }
            let full = self.eye.op(*job, *index).map_err(database)?;
            let code = full.error["code"].as_str().unwrap_or_default();
            must!(
                code != "internal_error",
                "opcode {job}/{index} failed of a bug: {}",
                full.error
            );
            let of_the_world = ["environment_error", "timeout", "unknown"];
            must!(
                self.faulty || !of_the_world.contains(&code),
                "opcode {job}/{index} failed, and nothing was broken: {}",
                full.error
            );
        }
        Ok(())
    }

    /// An opcode says what it has to say once each time that it is started.
    fn said_once(&self, picture: &Picture) -> Law {
        for ((job, index), input) in &self.observer.inputs {
            let Some(messages) = input["messages"].as_array().filter(|m| !m.is_empty()) else {
                continue;
            };
            let ops = (picture.ops.range((*job, 0)..=(*job, u32::MAX))).count();
            let Some(op) = picture.ops.get(&(*job, *index)).filter(|_| ops == 1) else {
                continue;
            };
            let log = self.eye.log(*job).map_err(database)?;
            let first = messages[0].as_str().unwrap_or_default();
            let said = log.iter().filter(|line| *line == first).count() as i64;
            must!(
                op.status != SUCCESS || said >= 1,
                "job {job} succeeded and has said nothing"
            );
            must!(
                op.starts != 1 || said <= 1,
                "job {job} was started {} times and spoke {said} times",
                op.starts
            );
        }
        Ok(())
    }

    fn reality(&self) -> Law {
        let store = self.lab.store();
        let simulator = simulator(&store).map_err(|error| error.to_string())?;
        let reality = simulator.snapshot().map_err(|error| error.to_string())?;
        let guests = guests(self.eye).map_err(database)?;
        let wrong = astray(&guests, &reality, self.faulty);
        must!(wrong.is_empty(), "instances are astray: {wrong:?}");
        let verdict = verify(&store, Some(&reality), Reading::Everything)
            .map_err(|error| error.to_string())?;
        // What a migration that a fault broke has left on its target stays until the next one, and
        // what a node holds that was declared dead until somebody sees to it.
        let rubbish = |code| {
            let left = matches!(
                code,
                Code::LeftOver | Code::CopyExtra | Code::InstanceUnknown
            );
            left && self.faulty
        };
        let wrong = verdict
            .findings
            .iter()
            .any(|finding| !rubbish(finding.code));
        must!(
            !wrong && verdict.busy.is_empty(),
            "verify-config finds {verdict:?}"
        );
        if self.replaced {
            return Ok(());
        }
        let log = simulator.log().map_err(|error| error.to_string())?;
        self.deeds_have_reasons(&log)
    }

    /// Nothing was done oftener than somebody wanted it: each verb at most once an opcode. (A reboot
    /// that its runner did not live to write down may be done again: it leaves no trace.)
    fn deeds_have_reasons(&self, log: &[LogEntry]) -> Law {
        let mut done: BTreeMap<(&str, Verb), i64> = BTreeMap::new();
        for deed in log
            .iter()
            .filter(|deed| deed.outcome == Some(Outcome::Done))
        {
            // Copies are also synced when a node comes back.
            let asked_for = matches!(
                deed.verb,
                Verb::Start | Verb::Stop | Verb::Migrate | Verb::Reboot
            );
            if !asked_for {
                continue;
            }
            *done.entry((&deed.instance, deed.verb)).or_default() += 1;
        }
        for ((instance, verb), times) in done {
            let wanted: i64 = (self.observer.inputs.iter())
                .filter(|(_, input)| input["instance_name"] == instance)
                .filter_map(|(key, input)| Some((self.observer.op(key)?, input)))
                .filter(|(op, _)| op.starts > 0)
                .map(|(op, input)| {
                    let id = input["OP_ID"].as_str().unwrap_or("");
                    may_do(verb, id, op.starts, self.faulty)
                })
                .sum();
            must!(
                times <= wanted,
                "{} of {instance} was done {times} times, {wanted} opcodes could want it",
                verb.word()
            );
        }
        Ok(())
    }
}

/// How often an opcode that was started so many times may do a verb, in a story in which verbs may fail.
fn may_do(verb: Verb, op: &str, starts: i64, faulty: bool) -> i64 {
    let may = match (verb, op) {
        (_, "OP_INSTANCE_REBOOT") => return starts,
        // One that could not hand its instance over starts it where it was. Whoever finds it there after the
        // runner died, before that was written down, begins anew.
        (Verb::Start | Verb::Stop, "OP_INSTANCE_FAILOVER" | "OP_INSTANCE_MIGRATE") if faulty => {
            return starts;
        }
        (Verb::Start | Verb::Stop, "OP_INSTANCE_FAILOVER" | "OP_INSTANCE_MIGRATE") => true,
        (Verb::Start | Verb::Stop, "OP_INSTANCE_CREATE" | "OP_INSTANCE_MOVE") => true,
        (Verb::Start, "OP_INSTANCE_STARTUP") => true,
        (Verb::Stop, "OP_INSTANCE_SHUTDOWN" | "OP_INSTANCE_REMOVE") => true,
        (Verb::Migrate, "OP_INSTANCE_MIGRATE") => true,
        _ => false,
    };
    i64::from(may)
}
