//! The processes of a driver: idle ones are kept and used again, and a node that does not answer is
//! remembered for a while.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use gnt_driver::{Ask, Opened, Outcome, PROTOCOL, Trouble};

use super::ask::waiting;
use super::channel::{Broken, Channel, Patience};
use super::notes::Notes;
use super::{NO_ANSWER, access, in_words, not_asked, refused, unreachable};
use crate::cluster::{Host, NodeUuid};
use crate::hypervisor::{Call, NodeRef, VerbError};

/// How long connecting to a node may take. One that is well takes milliseconds, over ssh with a slow
/// name server a few seconds; libvirt itself has no limit.
const OPEN_WITHIN: Duration = Duration::from_secs(8);

/// How long a process is kept that nobody asks anything: polls and steps of one job come closer together.
const IDLE_FOR: Duration = Duration::from_secs(60);

/// How many idle ones are kept for a node: what one move needs, twice.
const IDLE_AT_MOST: usize = 4;

/// How long a node is taken for silent that let somebody wait in vain: so many questions at once, or one
/// after the other, do not wait the whole limit each. Short enough that nobody minds who mends it.
const SILENT_FOR: Duration = Duration::from_secs(5);

/// A refusal that came sooner than this is not remembered, nor that there was no answer by then: asking
/// again costs little, and tells more.
pub(super) const SLOW: Duration = Duration::from_secs(2);

/// How long whoever waits for another's attempt sleeps before looking whether it is still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// All processes of a driver.
#[derive(Debug)]
pub(super) struct Pool {
    program: PathBuf,
    /// The driver's name.
    name: String,
    log: fn(&str),
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    places: Mutex<Places>,
    /// Something about a node has changed.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Places {
    nodes: BTreeMap<NodeUuid, Place>,
    /// What other processes tell of nodes that this one has not asked yet.
    notes: Notes,
    /// A thread ends what is idle for long.
    watched: bool,
}

impl Places {
    fn of(&mut self, node: &NodeUuid) -> &mut Place {
        let Places { nodes, notes, .. } = self;
        nodes.entry(node.clone()).or_insert_with(|| {
            let silence = notes.tells(node).then(|| Silence {
                // It is tried at once: somebody may have mended it since.
                until: Instant::now(),
                reason: NO_ANSWER.to_owned(),
            });
            Place {
                silence,
                ..Place::default()
            }
        })
    }

    /// A node is taken for silent from now on. What was idle hangs in the same way, and is to be ended.
    fn silent(&mut self, node: &NodeUuid, reason: &str, log: fn(&str)) -> Vec<Idle> {
        if let Err(error) = self.notes.leave(node) {
            log(&format!("no note of a node that hangs: {error}"));
        }
        let place = self.of(node);
        place.silence = Some(Silence {
            until: Instant::now() + SILENT_FOR,
            reason: reason.to_owned(),
        });
        place.answered = false;
        std::mem::take(&mut place.idle)
    }

    /// A node has answered.
    fn answered(&mut self, node: &NodeUuid) {
        let place = self.of(node);
        place.silence = None;
        if !std::mem::replace(&mut place.answered, true) {
            self.notes.remove(node);
        }
    }
}

/// What is kept of a node.
#[derive(Debug, Default)]
struct Place {
    /// The machine that all of this is about.
    host: Option<Arc<Host>>,
    idle: Vec<Idle>,
    silence: Option<Silence>,
    /// It has answered since it was last silent.
    answered: bool,
    /// Somebody tries whether it still is silent.
    trying: bool,
}

#[derive(Debug)]
struct Idle {
    channel: Channel,
    opened: Arc<Opened>,
    since: Instant,
}

#[derive(Debug)]
struct Silence {
    /// When it is asked again.
    until: Instant,
    reason: String,
}

/// A process that is connected to a node, for one user at a time. Unless it is given back it is ended.
pub(super) struct Lease<'a> {
    pub(super) channel: Channel,
    pub(super) opened: Arc<Opened>,
    /// It was used before, so that its connection may have died meanwhile.
    pub(super) used: bool,
    pool: &'a Pool,
    node: &'a NodeRef,
}

/// A driver does not claim that it can do this.
fn cannot(node: &NodeRef, driver: &str, what: &str) -> VerbError {
    VerbError::Failed(format!("{}: the driver {driver} cannot {what}", node.name))
}

impl Lease<'_> {
    /// Why this is not asked: the driver does not claim that it can do it.
    pub(super) fn cannot(&self, ask: &Ask) -> Option<VerbError> {
        let what = ask.name();
        (!self.opened.can(what)).then(|| cannot(self.node, self.pool.name(), what))
    }

    /// Gives it back, for the next one.
    pub(super) fn give_back(self) {
        let Lease {
            channel,
            opened,
            pool,
            node,
            ..
        } = self;
        let mut places = pool.shared.lock();
        places.answered(&node.uuid);
        let place = places.of(&node.uuid);
        if place.host == node.host && place.idle.len() < IDLE_AT_MOST {
            place.idle.push(Idle {
                channel,
                opened,
                since: Instant::now(),
            });
            pool.watch(&mut places);
            drop(places);
            pool.shared.changed.notify_all();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out what was idle for long. Tells whether anything idle is left.
    fn expired(&self) -> (Vec<Idle>, bool) {
        let mut places = self.lock();
        let mut expired = vec![];
        let mut left = false;
        for place in places.nodes.values_mut() {
            let old = |idle: &mut Idle| idle.since.elapsed() >= IDLE_FOR;
            expired.extend(place.idle.extract_if(.., old));
            left |= !place.idle.is_empty();
        }
        places.watched = left;
        (expired, left)
    }
}

impl Pool {
    pub(super) fn new(program: PathBuf, name: String) -> Pool {
        let shared = Arc::default();
        Pool {
            program,
            name,
            log: |_| {},
            shared,
        }
    }

    /// Sends what processes say to a log.
    pub(super) fn log_to(&mut self, log: fn(&str)) {
        self.log = log;
    }

    /// Shares with other processes which nodes hang.
    pub(super) fn keep_notes(&self, notes: Notes) {
        self.shared.lock().notes = notes;
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A process that is connected to a node.
    pub(super) fn take<'a>(
        &'a self,
        call: &Call<'_>,
        node: &'a NodeRef,
    ) -> Result<Lease<'a>, VerbError> {
        let stop = waiting(call, node);
        let until = call.deadline.min(Instant::now() + OPEN_WITHIN);
        let patience = Patience { until, stop: &stop };
        let Some(host) = &node.host else {
            let reason = "the configuration does not say how to reach it";
            return Err(unreachable(node, reason));
        };
        let mut places = self.shared.lock();
        let tries = loop {
            let place = places.of(&node.uuid);
            if place.host != node.host {
                // What another process tells is about the machine of now.
                let told = place.host.is_none().then(|| place.silence.take());
                *place = Place {
                    host: node.host.clone(),
                    trying: place.trying,
                    silence: told.flatten(),
                    ..Place::default()
                };
            }
            let mut idle = std::iter::from_fn(|| place.idle.pop());
            if let Some(idle) = idle.find_map(|mut idle| idle.channel.is_alive().then_some(idle)) {
                return Ok(Lease {
                    channel: idle.channel,
                    opened: idle.opened,
                    used: true,
                    pool: self,
                    node,
                });
            }
            match &place.silence {
                None => break false,
                Some(silence) if Instant::now() < silence.until => {
                    return Err(unreachable(node, &*silence.reason));
                }
                Some(_) if !place.trying => {
                    place.trying = true;
                    break true;
                }
                Some(_) => {}
            }
            if let Some(kind) = (stop)() {
                return Err(not_asked(node, Broken::Interrupted(kind)));
            }
            if Instant::now() >= until {
                return Err(unreachable(node, "it has not answered for a while"));
            }
            let wait = self.shared.changed.wait_timeout(places, LOOK);
            places = wait.unwrap_or_else(PoisonError::into_inner).0;
        };
        drop(places);
        let begun = Instant::now();
        let opened = self.open(node, host, patience);
        let mut places = self.shared.lock();
        if tries {
            places.of(&node.uuid).trying = false;
        }
        let hung = match &opened {
            Ok(_) => {
                places.answered(&node.uuid);
                vec![]
            }
            Err(VerbError::Unreachable { reason, .. }) if begun.elapsed() > SLOW => {
                places.silent(&node.uuid, reason, self.log)
            }
            Err(_) => vec![],
        };
        drop(places);
        drop(hung);
        self.shared.changed.notify_all();
        let (channel, opened) = opened?;
        Ok(Lease {
            channel,
            opened: Arc::new(opened),
            used: false,
            pool: self,
            node,
        })
    }

    /// A node has let somebody wait in vain who was connected to it.
    pub(super) fn found_silent(&self, node: &NodeRef, reason: &str) {
        let hung = (self.shared.lock()).silent(&node.uuid, reason, self.log);
        drop(hung);
    }

    /// Whether a node was silent when it was asked last.
    pub(super) fn suspects(&self, node: &NodeRef) -> bool {
        self.shared.lock().of(&node.uuid).silence.is_some()
    }

    /// A node that was silent is asked again by the next one, however short the time since: for those to
    /// whom a wrong word matters more than the wait.
    pub(super) fn doubt_silence(&self, node: &NodeRef) {
        let mut places = self.shared.lock();
        if let Some(silence) = &mut places.of(&node.uuid).silence {
            silence.until = Instant::now();
        }
    }

    /// Nothing is kept of a node any more.
    pub(super) fn forget(&self, node: &NodeUuid) {
        let mut places = self.shared.lock();
        places.notes.remove(node);
        let place = places.nodes.remove(node);
        drop(places);
        drop(place);
    }

    /// Starts a process and connects it.
    fn open(
        &self,
        node: &NodeRef,
        host: &Host,
        patience: Patience<'_>,
    ) -> Result<(Channel, Opened), VerbError> {
        let name = format!("gnt-{} ({})", self.name, node.name);
        let started = Channel::start(&self.program, name, self.log);
        let mut channel = started.map_err(|error| {
            let program = self.program.display();
            VerbError::Failed(format!("{program} cannot be started: {error}"))
        })?;
        let ask = Ask::Open {
            protocol: PROTOCOL,
            node: node.name.clone(),
            access: access(&host.uri),
        };
        let opened: Opened = match channel.ask(ask, patience) {
            Ok(Outcome::Ok(value)) => serde_json::from_value(value)
                .map_err(|error| not_asked(node, Broken::Nonsense(error.to_string())))?,
            // Whatever it is called: nothing was begun.
            Ok(Outcome::Error(refusal)) => {
                return Err(match refusal.trouble {
                    Trouble::Unknown | Trouble::Unreachable => {
                        unreachable(node, in_words(&refusal))
                    }
                    _ => refused(node, &refusal),
                });
            }
            Err(broken) => return Err(not_asked(node, broken)),
        };
        if let Some(missing) = Ask::NEEDED.iter().find(|name| !opened.can(name)) {
            return Err(cannot(node, &self.name, missing));
        }
        match &host.host_uuid {
            Some(known) if !known.eq_ignore_ascii_case(&opened.host_uuid) => {
                let reason = format!(
                    "{} is another machine: {} with the UUID {}, not {known}",
                    host.uri, opened.host_name, opened.host_uuid
                );
                Err(unreachable(node, reason))
            }
            _ => Ok((channel, opened)),
        }
    }

    /// Sees to it that what is idle is ended some time.
    fn watch(&self, places: &mut Places) {
        if std::mem::replace(&mut places.watched, true) {
            return;
        }
        let shared = Arc::downgrade(&self.shared);
        let thread = std::thread::Builder::new().name("drivers".into());
        let watch = move || end_idle(&shared);
        if let Err(error) = thread.stack_size(64 << 10).spawn(watch) {
            places.watched = false;
            (self.log)(&format!("no thread to end idle drivers: {error}"));
        }
    }
}

/// Ends what is idle for long, until nothing idle is left or nobody has the pool any more.
fn end_idle(shared: &Weak<Shared>) {
    loop {
        std::thread::sleep(IDLE_FOR / 4);
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let (expired, left) = shared.expired();
        drop(expired);
        if !left {
            return;
        }
    }
}
