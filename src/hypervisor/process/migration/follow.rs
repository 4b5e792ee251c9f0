//! Following a move to its end, and what is done about one that has none.

use std::time::{Duration, Instant};

use gnt_driver::{Ask, GuestState, Outcome, Refusal, Transfer, Trouble};

use super::super::channel::{Broken, Patience};
use super::super::course::Course;
use super::super::look::{KEEPALIVE, Look, judge};
use super::super::pool::Lease;
use super::super::{in_doubt, in_words, refused};
use super::Move;
use crate::hypervisor::{InterruptKind, NodeRef, OnTimeout, VerbError};

/// How often it is asked how far a migration is: a bar that follows it looks alive, and an answer costs a
/// millisecond.
const TICK: Duration = Duration::from_millis(200);

/// How often a migration is told to be given up that goes on all the same: one told before it had quite
/// begun was not heard.
const ABORT_EVERY: Duration = Duration::from_secs(2);

/// How long one that was given up may go on. Towards a host that hangs it ends only by the hosts' own
/// keepalive.
const ABORT_WITHIN: Duration = Duration::from_secs(40);

/// How long a guest has to be seen at rest at its source before it is believed that a migration of which
/// nobody told the end has failed, and not just not begun.
const SURE: Duration = Duration::from_secs(1);

/// Why a move was given up.
enum GivenUp {
    Canceled,
    /// For this reason.
    Because(String),
}

/// A move on its way.
struct Way {
    course: Course,
    given_up: Option<(GivenUp, Instant)>,
    /// When it was last told to be given up.
    told: Option<Instant>,
    suspended: bool,
    /// What was answered, if it is not that it is done.
    answer: Option<VerbError>,
    /// Since when the sides tell only half of it.
    unsettled: Option<Instant>,
    /// Since when it rests at its source.
    rests: Option<Instant>,
}

impl Way {
    /// Whether nothing new is said by this.
    fn knows(&self, kind: &InterruptKind) -> bool {
        *kind != InterruptKind::Leave && self.given_up.is_some()
    }

    fn give_up(&mut self, why: GivenUp) {
        self.given_up.get_or_insert((why, Instant::now()));
    }
}

impl<'a> Move<'a> {
    /// Follows the move to its end: by what the process that does it answers, and by looking.
    pub(super) fn follow(&self, mut lease: Option<Lease<'a>>) -> Result<(), VerbError> {
        let mut way = Way {
            course: Course::new(Instant::now()),
            given_up: None,
            told: None,
            suspended: false,
            answer: None,
            unsettled: None,
            rests: None,
        };
        loop {
            match lease.take() {
                Some(doing) => lease = self.listen(doing, &mut way)?,
                None => {
                    if let Some(end) = self.look(&mut way)? {
                        return end;
                    }
                    let until = self.call.deadline.min(Instant::now() + TICK);
                    self.sleep(until, &way);
                }
            }
            match self.interrupted() {
                Some(InterruptKind::Leave) => {
                    if let Some(lease) = lease {
                        lease.channel.release();
                    }
                    return Err(VerbError::LeftBehind);
                }
                Some(InterruptKind::Cancel) => way.give_up(GivenUp::Canceled),
                Some(InterruptKind::NodeOffline(node)) if node == self.to.uuid => {
                    let text = format!("{} was marked offline", self.to.name);
                    way.give_up(GivenUp::Because(text));
                }
                Some(InterruptKind::NodeOffline(_)) => {
                    let text = format!("{} was marked offline", self.from.name);
                    return Err(self.unknown(&text));
                }
                None => {}
            }
            if Instant::now() >= self.call.deadline {
                let seconds = self.begun.elapsed().as_secs_f64();
                return Err(self.unknown(&format!("it is not over after {seconds:.0} s")));
            }
            match &way.given_up {
                Some((_, since)) if since.elapsed() > ABORT_WITHIN => {
                    return Err(self.unknown("it was given up and goes on"));
                }
                Some(_) => self.abort(&mut way),
                None => self.steer(&mut way),
            }
        }
    }

    /// Waits for something new.
    fn sleep(&self, until: Instant, way: &Way) {
        let nodes = [&self.from.uuid, &self.to.uuid];
        match way.given_up {
            // What was raised stays raised.
            Some(_) => std::thread::sleep(until.saturating_duration_since(Instant::now())),
            None => {
                let _ = self.call.interrupt.wait(until, &nodes);
            }
        }
    }

    /// Listens to the process that does it; there is none any more when it has answered or ended.
    fn listen(&self, mut doing: Lease<'a>, way: &mut Way) -> Result<Option<Lease<'a>>, VerbError> {
        let stop = || self.interrupted().filter(|kind| !way.knows(kind));
        let patience = Patience {
            until: self.call.deadline.min(Instant::now() + TICK),
            stop: &stop,
        };
        let answer = doing.channel.answer(patience);
        match answer {
            Ok(None) | Err(Broken::Interrupted(_)) => return Ok(Some(doing)),
            Ok(Some(Outcome::Ok(_))) => doing.give_back(),
            // Its connection had died since it was used last, and nothing was begun.
            Ok(Some(Outcome::Error(refusal)))
                if doing.used && refusal.trouble == Trouble::Unreachable =>
            {
                drop(doing);
                return self.begin();
            }
            Ok(Some(Outcome::Error(refusal))) => {
                way.answer = Some(self.answered(&refusal));
                if !matches!(refusal.trouble, Trouble::Unknown | Trouble::Unreachable) {
                    doing.give_back();
                }
            }
            Err(broken) => {
                let error = in_doubt(self.from, broken, &self.named());
                way.answer = Some(error);
            }
        }
        Ok(None)
    }

    fn answered(&self, refusal: &Refusal) -> VerbError {
        match refusal.trouble {
            Trouble::Aborted => {
                let text = in_words(refusal);
                VerbError::Failed(format!("{}: {text}", self.from.name))
            }
            _ => refused(self.from, refusal),
        }
    }

    fn unknown(&self, why: &str) -> VerbError {
        VerbError::Unknown(format!("{why}; how {} ends is unknown", self.named()))
    }

    /// Looks at both sides. Nothing if it is still on its way.
    fn look(&self, way: &mut Way) -> Result<Option<Result<(), VerbError>>, VerbError> {
        let (here, there) = self.looks()?;
        let (name, from, to) = (&self.instance.name, &self.from.name, &self.to.name);
        if here.leaves() {
            (way.unsettled, way.rests) = (None, None);
            return Ok(None);
        }
        let waits = |since: &mut Option<Instant>, within: Duration| {
            since.get_or_insert_with(Instant::now).elapsed() < within
        };
        let within = judge(&[
            (self.from.uuid.clone(), here.clone()),
            (self.to.uuid.clone(), there.clone()),
        ])
        .unsettled;
        if there.comes() {
            let within = within.unwrap_or(KEEPALIVE);
            return Ok(match waits(&mut way.unsettled, within) {
                true => None,
                false => Some(Err(self.unknown(&format!("{to} still awaits {name}")))),
            });
        }
        if there.runs() && here.runs() {
            if within.is_some_and(|within| waits(&mut way.unsettled, within)) {
                return Ok(None);
            }
            return Ok(Some(Err(
                self.unknown(&format!("{name} runs on {from} and on {to}"))
            )));
        }
        if there.runs() {
            self.forget(&here, self.from);
            return Ok(Some(self.resume(self.to, &there)));
        }
        if here.runs() {
            // Only of one of which nobody told the end it can be that it has not quite begun.
            let told = matches!(
                way.answer,
                Some(VerbError::Failed(_) | VerbError::Unreachable { .. })
            );
            if !told && waits(&mut way.rests, SURE) {
                return Ok(None);
            }
            self.forget(&there, self.to);
            self.resume(self.from, &here)?;
            return Ok(Some(Err(self.stayed(way))));
        }
        let silent = [(&here, self.from), (&there, self.to)];
        let mut silent = silent.iter().filter(|(look, _)| **look == Look::Silent);
        if let Some((_, node)) = silent.next() {
            return Ok(match waits(&mut way.unsettled, KEEPALIVE) {
                true => None,
                false => Some(Err(self.unknown(&format!("{} does not answer", node.name)))),
            });
        }
        if waits(&mut way.rests, SURE) {
            return Ok(None);
        }
        let why = match &way.answer {
            Some(error) => format!("{error}; {name} runs on neither {from} nor {to}"),
            None => format!("{name} runs on neither {from} nor {to}"),
        };
        Ok(Some(Err(VerbError::Unknown(why))))
    }

    /// Why it has not moved, which runs where it was.
    fn stayed(&self, way: &mut Way) -> VerbError {
        match (way.given_up.take(), way.answer.take()) {
            (Some((GivenUp::Canceled, _)), _) => VerbError::Aborted,
            (Some((GivenUp::Because(why), _)), _) => {
                self.failed(format!("{} was given up: {why}", self.named()))
            }
            (None, Some(VerbError::Unknown(why))) => self.failed(format!(
                "{why}; {} still runs on {}",
                self.instance.name, self.from.name
            )),
            (None, Some(error)) => error,
            (None, None) => self.failed(format!(
                "{} failed: it still runs on {}",
                self.named(),
                self.from.name
            )),
        }
    }

    /// A side that the guest is not on forgets it: what is left there would be in its way later. Where that
    /// fails, whoever verifies the cluster finds it.
    pub(super) fn forget(&self, look: &Look, node: &NodeRef) {
        if look.rests() {
            let call = self.calmly(self.call.deadline);
            let _ = self.driver.undefine_guest(&call, self.instance, node);
        }
    }

    /// A guest that stood still to be moved goes on.
    fn resume(&self, node: &NodeRef, look: &Look) -> Result<(), VerbError> {
        let stands = self.policy.on_timeout == OnTimeout::Suspend || !self.policy.live;
        if !stands || !look.is(GuestState::Paused) {
            return Ok(());
        }
        let guest = self.guest();
        let call = self.calmly(self.call.deadline);
        self.driver
            .effect(&call, node, Ask::Resume { guest }, &self.named())
    }

    /// Tells the source to give it up.
    fn abort(&self, way: &mut Way) {
        if way.told.is_some_and(|told| told.elapsed() < ABORT_EVERY) {
            return;
        }
        way.told = Some(Instant::now());
        let guest = self.guest();
        // Whether it was heard is seen by what becomes of it.
        let _: Option<serde_json::Value> = self.briefly(Ask::Abort { guest });
    }

    /// Tells how far it is, and what becomes of one that does not end.
    fn steer(&self, way: &mut Way) {
        let guest = self.guest();
        let transfer: Option<Option<Transfer>> = self.briefly(Ask::Transfer { guest });
        let now = Instant::now();
        if let Some(Some(transfer)) = transfer {
            way.course.see(transfer, now);
            if !self.policy.live {
                self.suspend(way);
            }
        }
        (self.call.progress)(way.course.progress(now));
        let late = match self.policy.timeout {
            Some(timeout) => now - self.begun >= timeout,
            None => way.course.stalls(now),
        };
        let seconds = (now - self.begun).as_secs();
        let at = way.course.in_words();
        match self.policy.on_timeout {
            OnTimeout::Wait => {}
            OnTimeout::Suspend if late => self.suspend(way),
            OnTimeout::Abort if late => way.give_up(GivenUp::Because(format!(
                "it is not over after {seconds} s{at}; with --on-timeout suspend its guest stands still until it is"
            ))),
            OnTimeout::Suspend | OnTimeout::Abort => {}
        }
        if self.policy.on_timeout != OnTimeout::Wait && now >= self.last {
            let why = format!("it is not over after {seconds} s{at}");
            way.give_up(GivenUp::Because(why));
        }
    }

    /// Lets the guest stand still until it is over.
    fn suspend(&self, way: &mut Way) {
        let guest = self.guest();
        if !way.suspended {
            let done: Option<serde_json::Value> = self.briefly(Ask::Suspend { guest });
            way.suspended = done.is_some();
        }
    }
}
