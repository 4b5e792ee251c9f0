//! Whether a guest is known, and whether it runs.

use gnt_driver::{Refusal, Trouble};

use crate::session::Session;
use crate::sys::{Code, Domain, Power, State};
use crate::xml;

/// Makes a guest known, or replaces what is known of it.
pub(crate) fn define(session: &Session, definition: &str) -> Result<(), Refusal> {
    let document = xml::parse("the definition", definition)?;
    let uuid = xml::child(document.root_element(), "uuid").and_then(|uuid| uuid.text());
    if let Some(domain) = uuid.and_then(|uuid| session.connection.domain(uuid.trim()).ok()) {
        // A migration makes it known by itself when it ends, and forgets it when it fails.
        if session.ask(domain.state())? == State::PausedForMigration {
            return Err(refused(&domain, "is moved by a migration just now"));
        }
    }
    session
        .change(session.connection.define(definition))
        .map(drop)
}

/// Makes the node forget a guest that does not run.
pub(crate) fn undefine(session: &Session, guest: &str) -> Result<(), Refusal> {
    let domain = match session.guest(guest) {
        Err(refusal) if refusal.trouble == Trouble::Absent => return Ok(()),
        domain => domain?,
    };
    // Libvirt would undefine a running guest, too, and lose it when it stops.
    if session.ask(domain.state())?.is_active() {
        return Err(refused(&domain, "runs").hint("stop it, or move it away"));
    }
    let definition = session.ask(domain.definition())?;
    match domain.undefine() {
        Err(error) if error.code == Code::NO_DOMAIN => return Ok(()),
        result => session.change(result)?,
    }
    // One that was started at this very moment runs now, and nothing else remembers it.
    if domain.state().is_ok_and(State::is_active) {
        session.change(session.connection.define(&definition))?;
        return Err(refused(&domain, "was started meanwhile").hint("stop it, or move it away"));
    }
    Ok(())
}

/// Starts a guest.
pub(crate) fn start(session: &Session, guest: &str) -> Result<(), Refusal> {
    let domain = session.guest(guest)?;
    match session.ask(domain.state())? {
        State::Running | State::ShuttingDown => Ok(()),
        State::Paused => Err(refused(&domain, "is suspended").hint("resume it")),
        State::PausedForMigration => Err(refused(&domain, "is moved by a migration just now")),
        // Whoever else is starting it has it locked, and is waited for.
        State::StartingUp | State::Off | State::Broken => match domain.power(Power::Start) {
            Err(error) if error.code == Code::OPERATION_INVALID && runs(&domain) => Ok(()),
            result => session.change(result),
        },
    }
}

/// Presses a guest's power button.
pub(crate) fn shutdown(session: &Session, guest: &str) -> Result<(), Refusal> {
    let domain = session.guest(guest)?;
    match session.ask(domain.state())? {
        State::Off | State::Broken | State::ShuttingDown => Ok(()),
        State::Paused => {
            Err(refused(&domain, "is suspended and cannot notice")
                .hint("resume it, or cut its power"))
        }
        State::Running | State::StartingUp | State::PausedForMigration => {
            match domain.power(Power::Shutdown) {
                Err(error) if error.code == Code::OPERATION_INVALID && is_off(&domain) => Ok(()),
                result => session.change(result),
            }
        }
    }
}

/// Cuts a guest's power, and returns when it is off.
pub(crate) fn destroy(session: &Session, guest: &str) -> Result<(), Refusal> {
    let domain = session.guest(guest)?;
    if !session.ask(domain.state())?.is_active() {
        return Ok(());
    }
    match domain.power(Power::Destroy) {
        // A guest that is not known any more but for running is gone with that.
        Err(error) if error.code == Code::NO_DOMAIN => Ok(()),
        Err(error) if error.code == Code::OPERATION_INVALID && is_off(&domain) => Ok(()),
        result => session.change(result),
    }
}

/// Asks a guest to reboot.
pub(crate) fn reboot(session: &Session, guest: &str) -> Result<(), Refusal> {
    let domain = session.guest(guest)?;
    session.change(domain.power(Power::Reboot))
}

/// Stops a guest's processors.
pub(crate) fn suspend(session: &Session, guest: &str) -> Result<(), Refusal> {
    let domain = session.guest(guest)?;
    match session.ask(domain.state())? {
        State::Paused => Ok(()),
        _ => session.change(domain.power(Power::Suspend)),
    }
}

/// Lets a guest's processors go on.
pub(crate) fn resume(session: &Session, guest: &str) -> Result<(), Refusal> {
    let domain = session.guest(guest)?;
    match session.ask(domain.state())? {
        State::Running => Ok(()),
        _ => session.change(domain.power(Power::Resume)),
    }
}

/// Whether the node starts a guest by itself.
pub(crate) fn autostart(session: &Session, guest: &str, on: bool) -> Result<(), Refusal> {
    let domain = session.guest(guest)?;
    if session.ask(domain.is_persistent())? || on {
        return session.change(domain.set_autostart(on));
    }
    // What is forgotten when it stops is started by nobody.
    Ok(())
}

fn runs(domain: &Domain) -> bool {
    domain.state().is_ok_and(|state| state == State::Running)
}

fn is_off(domain: &Domain) -> bool {
    match domain.state() {
        Ok(state) => !state.is_active(),
        Err(error) => error.code == Code::NO_DOMAIN,
    }
}

/// A refusal of this program's own, about a guest.
pub(crate) fn refused(domain: &Domain, why: &str) -> Refusal {
    let name = domain.name().unwrap_or_else(|_| "the guest".to_owned());
    Refusal::new(Trouble::Failed, format!("{name} {why}"))
}
