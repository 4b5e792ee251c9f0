//! What must hold between two pictures of the database, and within each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::dependencies::Dependencies;
use crate::effects::Effects;
use crate::picture::{
    CANCELED, CANCELING, ERROR, Eye, Held, Job, Op, Picture, QUEUED, RUNNING, SUCCESS, WAITING,
    is_final, word,
};
use crate::purged::Purged;
use crate::wakes::Wake;

/// Fails the check with a text unless something holds.
macro_rules! must {
    ($holds:expr, $($text:tt)*) => {
        if !$holds {
            return Err(format!($($text)*));
        }
    };
}
pub(crate) use must;

/// A law that was broken, in words; or nothing.
pub type Law = Result<(), String>;

/// Jobs that run beside those that `max_running_jobs` allows: they only plan.
const PLANNING: usize = 2;

/// MiB that drbd keeps for itself beside each disk.
const DRBD_META: u64 = 128;

/// Starts that an opcode is given.
pub const MAX_STARTS: i64 = 3;

/// What was ever seen, and the last picture.
#[derive(Default)]
pub struct Observer {
    last: Picture,
    /// Jobs that were deleted.
    pub purged: Purged,
    dependencies: Dependencies,
    /// What each opcode was given, and its end.
    pub inputs: BTreeMap<(i64, u32), Value>,
    ends: BTreeMap<(i64, u32), String>,
    /// What each node has, and what the configuration puts there: memory and disk.
    nodes: BTreeMap<String, Room>,
    config_serial: i64,
    /// What opcodes owe to the configuration; not where another one may take its place.
    effects: Option<Effects>,
    /// The most jobs that were ever allowed to run.
    max_running: i64,
    /// Who is to be woken, since something is other than in the picture before.
    pub moved: BTreeSet<Wake>,
    /// How many pictures were seen.
    pub pictures: u64,
}

#[derive(Debug, Clone, Default)]
struct Room {
    name: String,
    offline: bool,
    /// MiB of memory and disk.
    has: (u64, u64),
    /// The same of each instance: what the configuration puts here.
    used: BTreeMap<String, (u64, u64)>,
}

fn database(error: rusqlite::Error) -> String {
    format!("the observer cannot read the database: {error}")
}

impl Observer {
    /// One of a cluster that is never replaced by another, or of one that is.
    pub fn new(replaced: bool) -> Observer {
        Observer {
            effects: (!replaced).then(Effects::default),
            ..Observer::default()
        }
    }

    /// Looks once more.
    pub fn look(&mut self, eye: &Eye) -> Law {
        self.pictures += 1;
        let seen = eye.at_once(|eye| {
            let now = eye.picture().map_err(database)?;
            self.learn(eye, &now)?;
            Ok::<_, String>(now)
        });
        let now = seen.map_err(database)??;
        self.purged.part(&self.last, &now)?;
        self.jobs_move_legally(&now)?;
        ops_move_legally(&self.last, &now)?;
        self.states_fit(&now)?;
        self.dependencies.look(&self.last, &now, &self.inputs)?;
        self.doors_hold(&now)?;
        locks_exclude(&now)?;
        self.runners_hold_their_instance(&now)?;
        self.claims_end(&now)?;
        self.nodes_have_room(&now)?;
        self.moved.clear();
        for (id, job) in &now.jobs {
            match self.last.jobs.get(id) {
                Some(before) if before.status != job.status => {
                    self.moved.insert(Wake::Operation(job.root));
                }
                None if job.parent.is_none() && self.pictures > 1 => {
                    self.moved.insert(Wake::Runner);
                }
                _ => {}
            }
        }
        self.last = now;
        Ok(())
    }

    /// Learns at the end of jobs that were deleted before anybody had seen them.
    pub fn remember_purged(&mut self, dir: &Path) -> Law {
        let inputs = self.purged.read(dir, &self.last)?;
        self.inputs.extend(inputs);
        self.dependencies.remember(&self.purged)
    }

    pub fn last(&self) -> &Picture {
        &self.last
    }

    /// A job that is there, or as it was last seen before it was deleted.
    pub fn job(&self, id: i64) -> Option<&Job> {
        self.last.jobs.get(&id).or_else(|| self.purged.job(id))
    }

    /// An opcode, likewise.
    pub fn op(&self, key: &(i64, u32)) -> Option<&Op> {
        self.last.ops.get(key).or_else(|| self.purged.op(key))
    }

    /// An opcode's result.
    pub fn result(&self, eye: &Eye, key: (i64, u32)) -> Result<Value, String> {
        match self.purged.result(&key) {
            Some(result) => Ok(result.clone()),
            None => Ok(eye.op(key.0, key.1).map_err(database)?.result),
        }
    }

    /// Reads what is new: inputs, ends, the configuration.
    fn learn(&mut self, eye: &Eye, now: &Picture) -> Law {
        let mut done = vec![];
        for (key, op) in &now.ops {
            let new = !self.inputs.contains_key(key);
            let ended = is_final(op.status) && !self.ends.contains_key(key);
            if !new && !ended {
                continue;
            }
            let full = eye.op(key.0, key.1).map_err(database)?;
            if ended && op.status == SUCCESS {
                done.push(*key);
            }
            self.inputs.insert(*key, full.input);
            if ended {
                self.ends.insert(*key, full.end);
            }
        }
        let serial = now.settings.get("config_serial").copied().unwrap_or(0);
        must!(serial >= self.config_serial, "the configuration went back");
        let changed = serial != self.config_serial || self.nodes.is_empty();
        if changed {
            self.config_serial = serial;
            self.nodes = rooms(eye).map_err(database)?;
        }
        if let Some(effects) = &mut self.effects
            && (changed || !done.is_empty())
        {
            let inputs = &self.inputs;
            let input = |key: (i64, u32)| Some((key, inputs.get(&key)?));
            let running =
                (now.ops.iter()).filter(|(_, op)| matches!(op.status, RUNNING | CANCELING));
            let running = running.filter_map(|(key, _)| input(*key));
            let done = done.iter().filter_map(|key| input(*key));
            effects.look(eye, done, running).map_err(database)??;
        }
        let running = now.settings.get("max_running_jobs").copied().unwrap_or(20);
        self.max_running = self.max_running.max(running);
        Ok(())
    }

    /// No end that was on disk is ever another one.
    pub fn ends_stay(&self, eye: &Eye) -> Law {
        let there = |(key, _): &(&(i64, u32), &String)| self.purged.job(key.0).is_none();
        for (key, end) in self.ends.iter().filter(there) {
            let full = eye.op(key.0, key.1).map_err(database)?;
            must!(
                full.end == *end,
                "opcode {key:?} had ended as {end}, and now is {}",
                full.end
            );
        }
        Ok(())
    }

    fn jobs_move_legally(&self, now: &Picture) -> Law {
        let last = &self.last;
        must!(
            now.last_job >= last.last_job,
            "ids went back from {} to {}",
            last.last_job,
            now.last_job
        );
        let epoch = |picture: &Picture| picture.settings.get("epoch").copied().unwrap_or(0);
        must!(epoch(now) >= epoch(last), "the epoch went back");
        for (id, before) in &last.jobs {
            let Some(job) = now.jobs.get(id) else {
                // It was noted as deleted.
                continue;
            };
            must!(
                legal(before.status, job.status),
                "job {id} went from {} to {}",
                word(before.status),
                word(job.status)
            );
            must!(
                job.archived || !before.archived,
                "job {id} came back from the archive"
            );
            must!(
                job.cancel || !before.cancel,
                "the wish to cancel job {id} is forgotten"
            );
            let same = (job.parent, job.root, job.ops, &job.request)
                == (before.parent, before.root, before.ops, &before.request);
            must!(same, "job {id} was {before:?} and is {job:?}");
        }
        for (id, job) in &now.jobs {
            let new = !last.jobs.contains_key(id);
            must!(
                !new || self.pictures == 1 || *id > last.last_job,
                "job {id} appeared below {}",
                last.last_job
            );
            must!(*id <= now.last_job, "job {id} is above {}", now.last_job);
            must!(
                !job.archived || is_final(job.status),
                "job {id} was archived {}",
                word(job.status)
            );
        }
        Ok(())
    }

    /// A job's state follows from its opcodes', and none is without its opcodes.
    fn states_fit(&self, now: &Picture) -> Law {
        for (id, job) in &now.jobs {
            let ops: Vec<Op> = (now.ops.range((*id, 0)..=(*id, u32::MAX)))
                .map(|(_, op)| *op)
                .collect();
            must!(
                ops.len() == job.ops as usize,
                "job {id} has {} opcodes, {} were submitted",
                ops.len(),
                job.ops
            );
            let expected = state_of(&ops);
            must!(
                job.status == expected,
                "job {id} is {}, its opcodes say {}: {ops:?}",
                word(job.status),
                word(expected)
            );
            let on_their_way = (ops.iter())
                .filter(|op| matches!(op.status, RUNNING | CANCELING))
                .count();
            must!(
                on_their_way <= 1,
                "job {id} runs {on_their_way} opcodes at once"
            );
            for pair in ops.windows(2) {
                must!(
                    pair[1].starts == 0 || pair[0].status == SUCCESS,
                    "job {id} began an opcode after one that was {}",
                    word(pair[0].status)
                );
            }
        }
        Ok(())
    }

    /// A drained or full queue takes nothing, and no more run than may.
    fn doors_hold(&self, now: &Picture) -> Law {
        let get = |picture: &Picture, key: &str| picture.settings.get(key).copied();
        let drained = |picture: &Picture| get(picture, "drained").unwrap_or(0) != 0;
        let closed = drained(now) && drained(&self.last) && now.last_drain == self.last.last_drain;
        must!(
            !closed || now.last_job == self.last.last_job,
            "the queue was drained and took job {}",
            now.last_job
        );
        let unfinished = |picture: &Picture| {
            picture
                .jobs
                .values()
                .filter(|j| !is_final(j.status))
                .count()
        };
        if let Some(limit) = get(now, "queue_limit")
            && now.last_limits == self.last.last_limits
            && now.last_job > self.last.last_job
        {
            must!(
                unfinished(now) as i64 <= limit,
                "{} jobs are unfinished, {limit} may be",
                unfinished(now)
            );
        }
        let running = (now.jobs.values())
            .filter(|job| matches!(job.status, RUNNING | CANCELING))
            .count();
        must!(
            running <= self.max_running as usize + PLANNING,
            "{running} jobs run, {} may",
            self.max_running
        );
        Ok(())
    }

    /// Two jobs never work on one instance, since whoever works on it holds its lock.
    fn runners_hold_their_instance(&self, now: &Picture) -> Law {
        for (key, op) in &now.ops {
            if !matches!(op.status, RUNNING | CANCELING) {
                continue;
            }
            let input = self.inputs.get(key);
            let text = |name: &str| input.and_then(|input| input.get(name)?.as_str());
            let Some(instance) = text("instance_name") else {
                continue;
            };
            let lock = format!("instance/{instance}");
            let holds = (now.held.iter())
                .any(|held| held.job == key.0 && held.exclusive && held.lock == lock);
            must!(
                holds || !self.knows_instance(instance),
                "job {} works on {instance} without its lock",
                key.0
            );
        }
        Ok(())
    }

    fn knows_instance(&self, name: &str) -> bool {
        // Those of the beginning are there unless somebody removes or renames them.
        let gone = |input: &Value| {
            let gone = ["OP_INSTANCE_REMOVE", "OP_INSTANCE_RENAME"].map(Value::from);
            gone.contains(&input["OP_ID"]) && input["instance_name"] == name
        };
        name.starts_with("inst") && !self.inputs.values().any(gone)
    }

    /// Who has ended claims nothing.
    fn claims_end(&self, now: &Picture) -> Law {
        for claim in &now.claims {
            let status = now.jobs.get(&claim.job).map(|job| job.status);
            must!(
                status.is_some_and(|status| !is_final(status)),
                "job {} is {} and claims room",
                claim.job,
                status.map_or("not there", word)
            );
        }
        Ok(())
    }

    /// No node is promised more than it has.
    fn nodes_have_room(&self, now: &Picture) -> Law {
        let mut nodes = self.nodes.clone();
        for claim in &now.claims {
            let Some(node) = nodes.get_mut(&claim.node) else {
                continue;
            };
            // It runs once, and has one copy of its disks here, whoever promises that, and how often.
            let used = node.used.entry(claim.instance.clone()).or_default();
            used.0 = used.0.max(if claim.primary { claim.memory } else { 0 });
            used.1 = used.1.max(claim.disk);
        }
        for node in nodes.values().filter(|node| !node.offline) {
            let memory: u64 = node.used.values().map(|used| used.0).sum();
            let disk: u64 = node.used.values().map(|used| used.1).sum();
            must!(
                memory <= node.has.0 && disk <= node.has.1,
                "node {} is overbooked: {:?} MiB of memory and disk are promised, it has {:?}",
                node.name,
                (memory, disk),
                node.has
            );
        }
        Ok(())
    }
}

/// Whether a job's state may become another one, with states in between that nobody saw.
pub fn legal(from: i64, to: i64) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (from, _) if is_final(from) => false,
        // Between two opcodes a job is queued again.
        (QUEUED | WAITING | RUNNING, _) => true,
        (CANCELING, to) => is_final(to),
        _ => false,
    }
}

/// How far an opcode is: it never goes back.
fn stage(status: i64) -> u8 {
    match status {
        QUEUED => 0,
        WAITING => 1,
        RUNNING => 2,
        CANCELING => 3,
        _ => 4,
    }
}

fn ops_move_legally(last: &Picture, now: &Picture) -> Law {
    for (key, before) in &last.ops {
        let Some(op) = now.ops.get(key) else {
            must!(!now.jobs.contains_key(&key.0), "opcode {key:?} is gone");
            continue;
        };
        let forward = stage(op.status) > stage(before.status) || op.status == before.status;
        must!(
            forward,
            "opcode {key:?} went from {} to {}",
            word(before.status),
            word(op.status)
        );
        // A runner that leaves takes its start back, and the next one starts again.
        must!(
            op.starts >= before.starts - 1 && op.starts <= MAX_STARTS,
            "opcode {key:?} had {} starts and has {}",
            before.starts,
            op.starts
        );
        must!(
            op.starts >= 1 || before.starts == 0,
            "opcode {key:?} was started, which is forgotten"
        );
        must!(
            !is_final(before.status) || op.starts == before.starts,
            "opcode {key:?} was started after its end"
        );
    }
    Ok(())
}

/// A job's state, as Ganeti computes it.
fn state_of(ops: &[Op]) -> i64 {
    let mut state = QUEUED;
    for op in ops {
        match op.status {
            ERROR | CANCELING | CANCELED => return op.status,
            WAITING | RUNNING => state = op.status,
            _ => {}
        }
    }
    match ops.iter().all(|op| op.status == SUCCESS) {
        true => SUCCESS,
        false => state,
    }
}

/// No lock is held by two, unless both share it; and only who runs holds any.
fn locks_exclude(now: &Picture) -> Law {
    for held in &now.held {
        let status = now.jobs.get(&held.job).map(|job| job.status);
        must!(
            matches!(status, Some(RUNNING | CANCELING)),
            "job {} is {} and holds {}",
            held.job,
            status.map_or("not there", word),
            held.lock
        );
    }
    for (place, one) in now.held.iter().enumerate() {
        for other in now.held.iter().skip(place + 1) {
            must!(
                one.job == other.job || !conflict(one, other),
                "jobs {} and {} hold {} and {} together",
                one.job,
                other.job,
                one.lock,
                other.lock
            );
        }
    }
    Ok(())
}

fn conflict(one: &Held, other: &Held) -> bool {
    let level = |held: &Held| held.lock.split_once('/').map(|(level, _)| level.to_owned());
    let whole = one.lock.ends_with("/[lockset]") || other.lock.ends_with("/[lockset]");
    let meet = one.lock == other.lock || (whole && level(one) == level(other));
    meet && (one.exclusive || other.exclusive)
}

/// What the configuration puts on each node.
fn rooms(eye: &Eye) -> rusqlite::Result<BTreeMap<String, Room>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut rooms = BTreeMap::new();
    for (uuid, node) in eye.objects("node")? {
        let has = &node["gnt_capacity"];
        let room = Room {
            name: text(&node["name"]),
            offline: node["offline"] == true,
            has: (
                has["memory"].as_u64().unwrap_or(0),
                has["disk"].as_u64().unwrap_or(0),
            ),
            used: BTreeMap::new(),
        };
        rooms.insert(uuid, room);
    }
    let default = (eye.objects("cluster")?.into_values().next())
        .and_then(|cluster| cluster["beparams"]["default"]["maxmem"].as_u64());
    let disks = eye.objects("disk")?;
    for (uuid, instance) in &eye.objects("instance")? {
        let memory = instance["beparams"]["maxmem"].as_u64().or(default);
        if let Some(room) = rooms.get_mut(&text(&instance["primary_node"]))
            && instance["admin_state"] == "up"
        {
            room.used.entry(uuid.clone()).or_default().0 += memory.unwrap_or(128);
        }
        let own = instance["disks"].as_array().map_or(&[][..], Vec::as_slice);
        for disk in own.iter().filter_map(|uuid| disks.get(uuid.as_str()?)) {
            let size = disk["size"].as_u64().unwrap_or(0);
            let size = match disk["dev_type"].as_str() {
                Some("drbd") => size + DRBD_META,
                Some("plain" | "file") => size,
                _ => 0,
            };
            let nodes = disk["nodes"].as_array().map_or(&[][..], Vec::as_slice);
            for node in nodes {
                if let Some(room) = rooms.get_mut(&text(node)) {
                    room.used.entry(uuid.clone()).or_default().1 += size;
                }
            }
        }
    }
    Ok(rooms)
}
