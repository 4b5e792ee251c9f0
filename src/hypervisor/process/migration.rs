//! Moving a running guest.
//!
//! One process says nothing until the move is over; another is asked how far it is, and told to give it
//! up. Whatever is answered, and also where nothing is, both nodes are looked at before it is said how it
//! ended: a guest is where it is seen to run.

mod follow;

use std::time::{Duration, Instant};

use gnt_driver::{Ask, Migration};

use super::channel::{Broken, Patience};
use super::look::Look;
use super::pool::Lease;
use super::{ProcessDriver, access, each, not_asked};
use crate::hypervisor::{
    Call, InstanceRef, Interrupt, InterruptKind, MigrationPolicy, NodeRef, VerbError,
};

/// How long what is asked beside a migration may take: it is asked again soon.
const BRIEF: Duration = Duration::from_secs(1);

/// How long before its limit a migration is given up, so that its end is still seen; of a short limit a
/// quarter.
const BEFORE_THE_LIMIT: Duration = Duration::from_secs(10);

/// One move.
pub(super) struct Move<'a> {
    driver: &'a ProcessDriver,
    call: &'a Call<'a>,
    instance: &'a InstanceRef,
    from: &'a NodeRef,
    to: &'a NodeRef,
    policy: &'a MigrationPolicy,
    begun: Instant,
    /// When it is given up at the latest, unless it is to be waited for.
    last: Instant,
    /// Never raised: for what a cancelled job does, too.
    calm: Interrupt,
}

impl<'a> Move<'a> {
    pub(super) fn new(
        driver: &'a ProcessDriver,
        call: &'a Call<'a>,
        instance: &'a InstanceRef,
        from: &'a NodeRef,
        to: &'a NodeRef,
        policy: &'a MigrationPolicy,
    ) -> Move<'a> {
        let begun = Instant::now();
        let before = BEFORE_THE_LIMIT.min(call.remaining() / 4);
        Move {
            driver,
            call,
            instance,
            from,
            to,
            policy,
            begun,
            last: call.deadline.checked_sub(before).unwrap_or(begun),
            calm: Interrupt::default(),
        }
    }

    fn guest(&self) -> String {
        self.instance.uuid.as_str().to_owned()
    }

    /// As a noun, for messages.
    fn named(&self) -> String {
        let (from, to) = (&self.from.name, &self.to.name);
        format!(
            "the migration of {} from {from} to {to}",
            self.instance.name
        )
    }

    fn failed(&self, text: String) -> VerbError {
        VerbError::Failed(text)
    }

    /// A call that nothing disturbs.
    fn calmly(&self, deadline: Instant) -> Call<'_> {
        Call {
            deadline,
            interrupt: &self.calm,
            progress: self.call.progress,
        }
    }

    /// Both nodes' words on the guest; cancelled jobs look, too. The target is asked by itself: towards one
    /// that hangs some hypervisors would wait without end.
    fn looks(&self) -> Result<(Look, Look), VerbError> {
        let call = self.calmly(self.call.deadline);
        let nodes = [self.from.clone(), self.to.clone()];
        let looks = each(&nodes, |node| {
            (self.driver).look_or_silent(&call, &self.instance.uuid, node)
        });
        let mut looks = looks.into_iter().collect::<Result<Vec<Look>, _>>()?;
        let there = looks.pop().unwrap_or(Look::Silent);
        Ok((looks.pop().unwrap_or(Look::Silent), there))
    }

    /// Moves the guest, or joins its move.
    pub(super) fn carry_out(&self) -> Result<(), VerbError> {
        let (name, from, to) = (&self.instance.name, &self.from.name, &self.to.name);
        if self.from.uuid == self.to.uuid {
            return Err(self.failed(format!("{from} is both source and target")));
        }
        let (here, there) = self.looks()?;
        // It leaves for a moment still when it runs there.
        if here.leaves() || there.comes() {
            self.tune();
            return self.follow(None);
        }
        if there.runs() && here.runs() {
            return Err(self.failed(format!("{name} is running on {to} already")));
        }
        if there.runs() {
            self.forget(&here, self.from);
            return Ok(());
        }
        match (&here, &there) {
            (Look::Silent, _) => return Err(self.driver.silent(self.call, self.from)),
            _ if !here.runs() => {
                return Err(self.failed(format!("{name} does not run on {from}")));
            }
            (_, Look::Silent) => return Err(self.driver.silent(self.call, self.to)),
            _ => {}
        }
        if let Some(kind) = self.interrupted() {
            return Err(not_asked(self.to, Broken::Interrupted(kind)));
        }
        let lease = self.begin()?;
        self.follow(lease)
    }

    /// A move that somebody else began goes on as it is wanted now.
    fn tune(&self) {
        let (downtime, bandwidth) = (self.downtime(), self.bandwidth());
        if downtime.is_some() || bandwidth.is_some() {
            let ask = Ask::Tune {
                guest: self.guest(),
                downtime,
                bandwidth,
            };
            let _: Option<serde_json::Value> = self.briefly(ask);
        }
    }

    /// MiB a second at most.
    fn bandwidth(&self) -> Option<u64> {
        let of_node = self.from.host.as_ref().and_then(|h| h.migration_bandwidth);
        let limits = [self.policy.bandwidth, of_node].into_iter().flatten();
        limits.min()
    }

    /// Milliseconds.
    fn downtime(&self) -> Option<u64> {
        let time = self.policy.downtime?;
        Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    fn interrupted(&self) -> Option<InterruptKind> {
        let nodes = [&self.from.uuid, &self.to.uuid];
        self.call.interrupt.check(&nodes)
    }

    /// Begins the move. There is no process any more if it ended while it was told.
    fn begin(&self) -> Result<Option<Lease<'a>>, VerbError> {
        let Some(host) = &self.to.host else {
            return Err(self.failed(format!("it is not known how to reach {}", self.to.name)));
        };
        let ask = Ask::Migrate {
            guest: self.guest(),
            to: access(host.peer_uri()),
            how: Migration {
                live: true,
                trust_storage: self.policy.trust_storage,
                bandwidth: self.bandwidth(),
                downtime: self.downtime(),
            },
        };
        let patience = Patience {
            until: self.call.deadline.min(Instant::now() + BRIEF),
            stop: &|| None,
        };
        loop {
            let mut lease = self.driver.pool.take(self.call, self.from)?;
            if let Some(error) = lease.cannot(&ask) {
                let hint = "gnt-instance failover stops a guest and starts it elsewhere";
                return Err(self.failed(format!("{error}: {hint}")));
            }
            match lease.channel.send(ask.clone(), patience) {
                Ok(()) => return Ok(Some(lease)),
                Err(_) if lease.used => {}
                Err(_) => return Ok(None),
            }
        }
    }

    /// Asks the source something that costs little, and does without an answer.
    fn briefly<T: serde::de::DeserializeOwned>(&self, ask: Ask) -> Option<T> {
        let call = self.calmly(self.call.deadline.min(Instant::now() + BRIEF));
        self.driver.question(&call, self.from, ask).ok()
    }
}
