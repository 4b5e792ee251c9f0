//! Guests on their way to another host.

use std::collections::BTreeMap;

use gnt_driver::{Migration, Refusal, Transfer, Trouble};

use crate::guests::{Journey, journey};
use crate::lifecycle::refused;
use crate::reach::Reach;
use crate::session::Session;
use crate::sys::{Code, Domain, Job, MigrateFlags};

/// Moves a guest; returns when it is there, or is not.
pub(crate) fn migrate(
    session: &Session,
    guest: &str,
    to: &BTreeMap<String, String>,
    how: &Migration,
) -> Result<(), Refusal> {
    let Reach { uri, .. } = Reach::read(to)?;
    let domain = session.guest(guest)?;
    let runs = session.ask(domain.state())?.is_active();
    match (how.live, runs) {
        (true, false) => {
            return Err(refused(
                &domain,
                "does not run, so it cannot be moved alive",
            ));
        }
        // Libvirt would say that it is done, leave the guest running here, and define it there, too.
        (false, true) => {
            return Err(refused(
                &domain,
                "runs, so more than its definition has to move",
            ));
        }
        (true, true) | (false, false) => (),
    }
    if let (true, Some(downtime)) = (how.live, how.downtime) {
        session.change(domain.set_migration_downtime(downtime))?;
    }
    let flags = match how.live {
        true => MigrateFlags::LIVE,
        false => MigrateFlags::OFFLINE,
    };
    let bandwidth = how.bandwidth.filter(|_| how.live);
    let result = match domain.migrate(&uri, bandwidth, flags) {
        // Only what libvirt itself calls unsafe is done without its checks: they look at more than storage.
        Err(error) if error.code == Code::MIGRATE_UNSAFE && how.trust_storage => {
            domain.migrate(&uri, bandwidth, flags.unsafely())
        }
        result => result,
    };
    session.change(result)?;
    match how.live {
        true => Ok(()),
        false => stayed_off(&domain),
    }
}

/// A guest that was started here while its definition went away runs here, and is known there.
fn stayed_off(domain: &Domain) -> Result<(), Refusal> {
    match domain.state() {
        Ok(state) if state.is_active() => {
            let mut refusal = refused(domain, "was started while its definition moved");
            refusal.trouble = Trouble::Unknown;
            Err(refusal.hint("it runs here still; the other host knows it, too"))
        }
        _ => Ok(()),
    }
}

/// How far a guest is that leaves.
pub(crate) fn transfer(session: &Session, guest: &str) -> Result<Option<Transfer>, Refusal> {
    let Some((_, job)) = leaving(session, guest)? else {
        return Ok(None);
    };
    let mib = |name: &str| job.get(name).map(|bytes| bytes as f64 / f64::from(1 << 20));
    Ok(Some(Transfer {
        total: mib("memory_total").unwrap_or_default(),
        remaining: mib("memory_remaining").unwrap_or_default(),
        processed: mib("memory_processed").unwrap_or_default(),
        // Before the first pass there is none.
        pass: job.get("memory_iteration").unwrap_or_default().max(1),
        speed: mib("memory_bps"),
        downtime: job.get("downtime"),
    }))
}

/// Gives a migration up.
pub(crate) fn abort(session: &Session, guest: &str) -> Result<(), Refusal> {
    let Some((domain, _)) = leaving(session, guest)? else {
        return Ok(());
    };
    match domain.abort_job() {
        // It came to its end meanwhile.
        Err(error) if [Code::OPERATION_INVALID, Code::NO_DOMAIN].contains(&error.code) => Ok(()),
        result => session.change(result),
    }
}

/// Changes a migration on its way.
pub(crate) fn tune(
    session: &Session,
    guest: &str,
    downtime: Option<u64>,
    bandwidth: Option<u64>,
) -> Result<(), Refusal> {
    let Some((domain, _)) = leaving(session, guest)? else {
        // What libvirt is told now it would keep for the next one.
        return Err(Refusal::new(
            Trouble::Failed,
            "no migration takes the guest away",
        ));
    };
    if let Some(downtime) = downtime {
        session.change(domain.set_migration_downtime(downtime))?;
    }
    if let Some(bandwidth) = bandwidth {
        session.change(domain.set_migration_bandwidth(bandwidth))?;
    }
    Ok(())
}

/// A guest that leaves, and the migration that takes it away.
fn leaving(session: &Session, guest: &str) -> Result<Option<(Domain, Job)>, Refusal> {
    let found = session.connection.domain(guest).and_then(|domain| {
        let journey = journey(&domain)?;
        Ok(match journey {
            Journey::Leaves(job) => Some((domain, job)),
            Journey::Stays | Journey::Arrives | Journey::Untold => None,
        })
    });
    match found {
        // One that has left does not leave.
        Err(error) if error.code == Code::NO_DOMAIN => Ok(None),
        found => session.ask(found),
    }
}
