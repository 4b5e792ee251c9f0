//! A connection to a node, and the way from a request to its answer.

use std::collections::BTreeMap;

use gnt_driver::{Ask, Opened, PROTOCOL, Refusal, Trouble};
use serde::Serialize;
use serde_json::Value;

use crate::reach::Reach;
use crate::sys::{Connection, Domain, Error, Library, Origin};
use crate::trouble::{self, Call, Line};
use crate::{definition, guests, lifecycle, mark, migration, node, storage};

/// A connection to a node.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    /// Whether this program runs on that node, as far as the URI tells.
    pub(crate) is_local: bool,
}

/// Answers a request.
pub(crate) fn answer(session: &mut Option<Session>, ask: Ask) -> Result<Value, Refusal> {
    if let Ask::Open {
        protocol, access, ..
    } = ask
    {
        // The old one first, whatever becomes of the new one.
        *session = None;
        let (opened, told) = Session::open(protocol, &access)?;
        *session = Some(opened);
        return value(told);
    }
    let Some(session) = session else {
        return Err(Refusal::new(Trouble::Failed, "nothing was opened yet"));
    };
    match ask {
        Ask::Open { .. } => Err(Refusal::new(Trouble::Failed, "it is open")),
        Ask::List => value(guests::list(session)?),
        Ask::Look { guest } => value(guests::look(session, &guest)?),
        Ask::Facts => value(node::facts(session)?),
        Ask::Compare { processor } => value(node::compare(session, &processor)?),
        Ask::Definition { guest } => value(definition::of(session, &guest)?),
        Ask::DeleteDisk { path } => value(storage::delete(session, &path)?),
        Ask::Define { definition } => value(lifecycle::define(session, &definition)?),
        Ask::Undefine { guest } => value(lifecycle::undefine(session, &guest)?),
        Ask::Start { guest } => value(lifecycle::start(session, &guest)?),
        Ask::Shutdown { guest } => value(lifecycle::shutdown(session, &guest)?),
        Ask::Destroy { guest } => value(lifecycle::destroy(session, &guest)?),
        Ask::Reboot { guest } => value(lifecycle::reboot(session, &guest)?),
        Ask::Suspend { guest } => value(lifecycle::suspend(session, &guest)?),
        Ask::Resume { guest } => value(lifecycle::resume(session, &guest)?),
        Ask::Autostart { guest, on } => value(lifecycle::autostart(session, &guest, on)?),
        Ask::Migrate { guest, to, how } => value(migration::migrate(session, &guest, &to, &how)?),
        Ask::Transfer { guest } => value(migration::transfer(session, &guest)?),
        Ask::Abort { guest } => value(migration::abort(session, &guest)?),
        Ask::Tune {
            guest,
            downtime,
            bandwidth,
        } => value(migration::tune(session, &guest, downtime, bandwidth)?),
        Ask::Mark { guest, cluster } => value(mark::set(session, &guest, cluster.as_deref())?),
    }
}

fn value(answer: impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(answer).map_err(|error| {
        Refusal::new(
            Trouble::Failed,
            format!("the answer cannot be written: {error}"),
        )
    })
}

impl Session {
    fn open(
        protocol: u32,
        access: &BTreeMap<String, String>,
    ) -> Result<(Session, Opened), Refusal> {
        if protocol != PROTOCOL {
            return Err(Refusal::new(
                Trouble::Unsupported,
                format!("this driver speaks version {PROTOCOL} of the protocol, not {protocol}"),
            )
            .hint("install gnt and gnt-libvirt of the same release"));
        }
        let reach = Reach::read(access)?;
        let library = Library::load().map_err(|why| {
            Refusal::new(Trouble::Unsupported, why)
                .hint("install libvirt's library where gnt-runner runs (Debian: apt-get install libvirt0)")
        })?;
        let unreachable = |error| trouble::refusal(error, Call::Open, Line::Down);
        let connection = Connection::open(library, &reach.uri).map_err(unreachable)?;
        connection
            .keep_alive(reach.keepalive_interval, reach.keepalive_count)
            .map_err(unreachable)?;
        let session = Session {
            connection,
            is_local: reach.is_local(),
        };
        let (host_name, host_uuid) = node::identity(&session)?;
        let version = session.ask(library.version())?;
        let driver = format!(
            "gnt-libvirt {} with libvirt {version}",
            env!("CARGO_PKG_VERSION")
        );
        let opened = Opened {
            driver,
            host_name,
            host_uuid,
            can: None,
        };
        Ok((session, opened))
    }

    /// The guest of that UUID.
    pub(crate) fn guest(&self, uuid: &str) -> Result<Domain, Refusal> {
        self.ask(self.connection.domain(uuid))
    }

    /// What came of a call that changes nothing.
    pub(crate) fn ask<T>(&self, result: Result<T, Error>) -> Result<T, Refusal> {
        result.map_err(|error| self.refusal(error, Call::Ask))
    }

    /// What came of a call that changes something.
    pub(crate) fn change<T>(&self, result: Result<T, Error>) -> Result<T, Refusal> {
        result.map_err(|error| self.refusal(error, Call::Change))
    }

    fn refusal(&self, error: Error, call: Call) -> Refusal {
        // The daemon's own connections to others break with the same words as ours to it.
        let line = match error.origin == Origin::RPC && !self.connection.is_alive() {
            true => Line::Down,
            false => Line::Up,
        };
        trouble::refusal(error, call, line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_protocol_is_refused_before_anything_is_opened() {
        let (trouble, hint) = match Session::open(PROTOCOL + 1, &BTreeMap::new()) {
            Ok(_) => panic!("opened"),
            Err(refusal) => (refusal.trouble, refusal.hint),
        };
        assert_eq!(trouble, Trouble::Unsupported);
        assert!(hint.is_some());
    }
}
