//! Starting, stopping and rebooting a guest, and where it is defined.

use std::time::{Duration, Instant};

use gnt_driver::{Ask, Definition, GuestState};

use super::look::Look;
use super::{ProcessDriver, each, unreachable};
use crate::hypervisor::{Call, InstanceRef, InterruptKind, NodeRef, Progress, Stop, VerbError};

/// How often one that is shut down is looked at: a stop takes a quarter of a second, a look a millisecond.
const STOP_LOOK: Duration = Duration::from_millis(150);

/// How long a node may take to say whether it runs a guest that is to be started elsewhere: one that hangs
/// must not hold up every start. One that was silent last time has less.
const OTHER_WITHIN: Duration = Duration::from_secs(3);
const SUSPECT_WITHIN: Duration = Duration::from_millis(300);

impl ProcessDriver {
    pub(super) fn start_guest(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        others: &[NodeRef],
    ) -> Result<(), VerbError> {
        let name = &instance.name;
        let here = self.look(call, &instance.uuid, node)?;
        if here.comes() {
            return Err(VerbError::Failed(format!(
                "{name} comes to {} by a migration",
                node.name
            )));
        }
        if here.runs() && !here.is(GuestState::Paused) {
            return Ok(());
        }
        let doing = format!("the start of {name}");
        let guest = instance.uuid.as_str().to_owned();
        if here.is(GuestState::Paused) {
            return self.effect(call, node, Ask::Resume { guest }, &doing);
        }
        let looks = each(others, |other| {
            let within = match self.pool.suspects(other) {
                true => SUSPECT_WITHIN,
                false => OTHER_WITHIN,
            };
            let call = Call {
                deadline: call.deadline.min(Instant::now() + within),
                ..*call
            };
            self.look_or_silent(&call, &instance.uuid, other)
        });
        for (look, other) in looks.into_iter().zip(others) {
            let look = look?;
            if look.runs() || look.comes() {
                let text = format!("{name} is running on {}", other.name);
                return Err(VerbError::Failed(text));
            }
        }
        (call.progress)(Progress::phase("starting"));
        if here == Look::Absent {
            self.define_guest(call, instance, node)?;
        }
        let end = self.effect(call, node, Ask::Start { guest }, &doing);
        match end {
            // Somebody else may have been first.
            Err(VerbError::Failed(_)) if self.look_undisturbed(call, instance, node)?.runs() => {
                Ok(())
            }
            end => end,
        }
    }

    pub(super) fn stop_guest(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        how: Stop,
    ) -> Result<(), VerbError> {
        let name = &instance.name;
        let guest = || instance.uuid.as_str().to_owned();
        let here = self.look(call, &instance.uuid, node)?;
        if here.comes() {
            return Err(VerbError::Failed(format!(
                "{name} comes to {} by a migration",
                node.name
            )));
        }
        if !here.runs() {
            return Ok(());
        }
        let doing = format!("the stop of {name}");
        (call.progress)(Progress::phase("stopping"));
        if let Stop::Graceful(limit) = how {
            if here.is(GuestState::Paused) {
                // One that stands still hears nothing.
                self.effect(call, node, Ask::Resume { guest: guest() }, &doing)?;
            }
            let until = Instant::now() + limit;
            let ask = Ask::Shutdown { guest: guest() };
            match self.effect(call, node, ask, &doing) {
                // One that cannot be asked is not waited for.
                Err(VerbError::Failed(_)) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    if self.is_off_by(call, instance, node, until)? {
                        return Ok(());
                    }
                }
            }
        }
        let end = self.effect(call, node, Ask::Destroy { guest: guest() }, &doing);
        match (end, self.look_undisturbed(call, instance, node)) {
            // It may have stopped by itself in between.
            (Ok(()) | Err(VerbError::Failed(_)), Ok(look)) if !look.runs() => Ok(()),
            (Ok(()), Ok(_)) => Err(VerbError::Failed(format!(
                "{}: {name} runs on, its power was cut",
                node.name
            ))),
            (Ok(()), Err(error)) => Err(VerbError::Unknown(format!(
                "the power of {name} was cut; {error}"
            ))),
            (Err(error), _) => Err(error),
        }
    }

    /// Waits until a guest that was asked to shut itself down is off. A job that was cancelled waits, too:
    /// it cannot be asked not to.
    fn is_off_by(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        until: Instant,
    ) -> Result<bool, VerbError> {
        let unknown = |why: &dyn std::fmt::Display| {
            VerbError::Unknown(format!(
                "{why}; whether {} has shut itself down is unknown",
                instance.name
            ))
        };
        loop {
            match call.interrupt.check(&[&node.uuid]) {
                Some(InterruptKind::Leave) => return Err(VerbError::LeftBehind),
                Some(InterruptKind::NodeOffline(_)) => {
                    return Err(unknown(&format!("{} was marked offline", node.name)));
                }
                Some(InterruptKind::Cancel) | None => {}
            }
            match self.look_undisturbed(call, instance, node) {
                Ok(look) if !look.runs() => return Ok(true),
                Ok(_) => {}
                Err(error) => return Err(unknown(&error)),
            }
            let now = Instant::now();
            if now >= until.min(call.deadline) {
                return Ok(false);
            }
            std::thread::sleep(STOP_LOOK.min(until - now));
        }
    }

    /// A look that a cancelled job takes, too.
    pub(super) fn look_undisturbed(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<Look, VerbError> {
        let call = Call {
            deadline: call.deadline,
            interrupt: &crate::hypervisor::Interrupt::default(),
            progress: call.progress,
        };
        self.look(&call, &instance.uuid, node)
    }

    pub(super) fn reboot_guest(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        let name = &instance.name;
        if !self.look(call, &instance.uuid, node)?.runs() {
            let text = format!("{name} does not run on {}", node.name);
            return Err(VerbError::Failed(text));
        }
        let guest = instance.uuid.as_str().to_owned();
        let doing = format!("the reboot of {name}");
        (call.progress)(Progress::phase("rebooting"));
        self.effect(call, node, Ask::Reboot { guest }, &doing)
    }

    pub(super) fn define_guest(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        match &instance.definition {
            Some(definition) => self.define_as(call, instance, node, definition),
            None => Err(VerbError::Failed(format!(
                "{} does not know {}, and the configuration has no definition of it",
                node.name, instance.name
            ))),
        }
    }

    fn define_as(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        definition: &str,
    ) -> Result<(), VerbError> {
        let definition = definition.to_owned();
        let doing = format!("making {} known", instance.name);
        self.effect(call, node, Ask::Define { definition }, &doing)
    }

    pub(super) fn undefine_guest(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        let look = self.look(call, &instance.uuid, node)?;
        // Some hypervisors forget a running guest, and lose it when it stops.
        if look.runs() || look.comes() {
            return Err(VerbError::Failed(format!(
                "{} is on {}, and not to be forgotten there",
                instance.name, node.name
            )));
        }
        if look == Look::Absent {
            return Ok(());
        }
        let guest = instance.uuid.as_str().to_owned();
        let doing = format!("forgetting {}", instance.name);
        self.effect(call, node, Ask::Undefine { guest }, &doing)
    }

    pub(super) fn hand_over_guest(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        from: &NodeRef,
        to: &NodeRef,
    ) -> Result<(), VerbError> {
        let name = &instance.name;
        let failed = |text: String| Err(VerbError::Failed(text));
        let nodes = [from.clone(), to.clone()];
        let looks = each(&nodes, |node| self.look(call, &instance.uuid, node));
        let mut looks = looks.into_iter();
        let (Some(here), Some(there)) = (looks.next(), looks.next()) else {
            return Ok(());
        };
        let (here, there) = (here?, there?);
        for (look, node) in [(&here, from), (&there, to)] {
            if look.runs() || look.comes() {
                return failed(format!("{name} is running on {}", node.name));
            }
        }
        match (&here, &there) {
            (Look::Absent, Look::Guest(_)) => return Ok(()),
            (Look::Absent, _) => self.define_guest(call, instance, to)?,
            (_, _) => {
                let known: Definition = self.question(
                    call,
                    from,
                    Ask::Definition {
                        guest: instance.uuid.as_str().to_owned(),
                    },
                )?;
                self.define_as(call, instance, to, &known.definition)?;
            }
        }
        if let Err(error) = self.check_disks(call, instance, to) {
            if there == Look::Absent {
                self.undefine_guest(call, instance, to)?;
            }
            return Err(error);
        }
        match here {
            Look::Absent => Ok(()),
            _ => self.undefine_guest(call, instance, from),
        }
    }

    /// Refuses a node that does not see a guest's disks.
    fn check_disks(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        let guest = instance.uuid.as_str().to_owned();
        let known: Definition = self.question(call, node, Ask::Definition { guest })?;
        let missing = known.disks.iter().find(|disk| disk.present == Some(false));
        match missing {
            None => Ok(()),
            Some(disk) => Err(VerbError::Failed(format!(
                "{} does not see {}, the disk {} of {}",
                node.name,
                disk.source.as_deref().unwrap_or("anything"),
                disk.target,
                instance.name
            ))),
        }
    }

    /// The failure of a move towards a node that does not answer.
    pub(super) fn silent(&self, call: &Call<'_>, node: &NodeRef) -> VerbError {
        let why = self.facts(call, node).err();
        why.unwrap_or_else(|| unreachable(node, "it did not answer a moment ago"))
    }
}
