//! Guests as the runner sees them.

use std::thread;
use std::time::{Duration, Instant};

use gnt_driver::{Guest, GuestState, Refusal};

use crate::mark;
use crate::session::Session;
use crate::sys::{Code, Control, Domain, Error, Job, State};

/// How long a hypervisor may owe an answer before it is taken to hang. Answers take milliseconds; one
/// that hangs would hold up everybody who asks it for half a minute.
const SILENCE: Duration = Duration::from_secs(1);

/// How often a hypervisor that owes an answer to another is looked at until then.
const SILENCE_LOOK: Duration = Duration::from_millis(20);

/// Where a guest is going, as far as its host knows.
#[derive(Debug)]
pub(crate) enum Journey {
    /// Nowhere.
    Stays,
    /// Away, by this migration.
    Leaves(Job),
    /// Here.
    Arrives,
    /// Its hypervisor hangs, so nobody can tell.
    Untold,
}

/// All guests that the node knows. One whose hypervisor hangs is not waited for.
pub(crate) fn list(session: &Session) -> Result<Vec<Guest>, Refusal> {
    let journey = |domain: &Domain| match hangs(domain) {
        true => Ok(Journey::Untold),
        false => journey(domain),
    };
    let mut guests = Vec::new();
    for domain in session.ask(session.connection.domains())? {
        match describe(&domain, journey) {
            Ok(guest) => guests.push(guest),
            // It went while the others were asked.
            Err(error) if error.code == Code::NO_DOMAIN => (),
            Err(error) => return session.ask(Err(error)),
        }
    }
    Ok(guests)
}

/// One guest. A hypervisor that hangs is waited for, since who asks for one guest wants to know.
pub(crate) fn look(session: &Session, uuid: &str) -> Result<Option<Guest>, Refusal> {
    let domain = session.connection.domain(uuid);
    match domain.and_then(|domain| describe(&domain, journey)) {
        Err(error) if error.code == Code::NO_DOMAIN => Ok(None),
        guest => session.ask(guest.map(Some)),
    }
}

fn describe(
    domain: &Domain,
    journey: impl FnOnce(&Domain) -> Result<Journey, Error>,
) -> Result<Guest, Error> {
    let journey = match domain.state()?.is_active() {
        true => journey(domain)?,
        false => Journey::Stays,
    };
    // The journey may have ended since, and with it the guest's time here.
    let state = domain.state()?;
    let persistent = domain.is_persistent()?;
    let size = domain.size()?;
    let leaves = matches!(journey, Journey::Leaves(_) | Journey::Untold);
    Ok(Guest {
        uuid: domain.uuid()?,
        name: domain.name()?,
        state: guest_state(state, &journey, persistent),
        leaving: leaves && state.is_active(),
        persistent,
        autostart: persistent && domain.autostart()?,
        memory: size.memory / 1024,
        vcpus: size.vcpus,
        cluster: mark::of(domain)?,
    })
}

fn guest_state(state: State, journey: &Journey, persistent: bool) -> GuestState {
    match (state, journey) {
        (State::Running, _) => GuestState::Running,
        (State::ShuttingDown, _) => GuestState::Stopping,
        (State::Off, _) => GuestState::Stopped,
        (State::Broken, _) => GuestState::Crashed,
        (State::PausedForMigration | State::StartingUp, Journey::Arrives) => GuestState::Incoming,
        // What arrives is made persistent only at the end. What stays was left so by a migration of which
        // the daemon lost the end: it did not come here.
        (State::PausedForMigration | State::StartingUp, Journey::Stays) if !persistent => {
            GuestState::Incoming
        }
        (State::Paused | State::PausedForMigration | State::StartingUp, _) => GuestState::Paused,
    }
}

/// Where a guest is going.
pub(crate) fn journey(domain: &Domain) -> Result<Journey, Error> {
    match domain.job() {
        Ok(Some(job)) if job.is_departure() => Ok(Journey::Leaves(job)),
        Ok(_) => Ok(Journey::Stays),
        // Libvirt tells how far a migration is only where it comes from.
        Err(error) if error.code == Code::OPERATION_UNSUPPORTED => Ok(Journey::Arrives),
        // It stopped, or its hypervisor has no such thing as migrations.
        Err(error) if [Code::OPERATION_INVALID, Code::NO_SUPPORT].contains(&error.code) => {
            Ok(Journey::Stays)
        }
        Err(error) => Err(error),
    }
}

/// Whether a guest's hypervisor has owed an answer for so long that it must be taken to hang.
pub(crate) fn hangs(domain: &Domain) -> bool {
    let began = Instant::now();
    while matches!(domain.control(), Ok(Control::Silent)) {
        if began.elapsed() > SILENCE {
            return true;
        }
        thread::sleep(SILENCE_LOOK);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_comes_in_is_told_from_one_that_leaves() {
        let (paused, starts) = (State::PausedForMigration, State::StartingUp);
        for state in [paused, starts] {
            let incoming = guest_state(state, &Journey::Arrives, true);
            assert_eq!(incoming, GuestState::Incoming);
            let left_over = guest_state(state, &Journey::Stays, true);
            assert_eq!(left_over, GuestState::Paused);
            let transient = guest_state(state, &Journey::Stays, false);
            assert_eq!(transient, GuestState::Incoming);
        }
        let hangs = guest_state(paused, &Journey::Untold, true);
        assert_eq!(hangs, GuestState::Paused);
    }
}
