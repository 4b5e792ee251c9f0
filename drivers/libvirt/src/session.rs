//! A connection to a node, and the way from a request to its answer.

use std::collections::BTreeMap;
use std::str::FromStr;

use gnt_driver::{Ask, Opened, PROTOCOL, Refusal, Trouble};
use serde::Serialize;
use serde_json::Value;

use crate::sys::{Connection, Domain, Error, Library, Origin};
use crate::trouble::{self, Call, Line};
use crate::{definition, guests, lifecycle, mark, migration, node, storage};

/// Seconds between two signs of life that a daemon is asked for. `access` may say otherwise under
/// `keepalive_interval`. Short, since a daemon that hangs is to be noticed while somebody waits.
const KEEPALIVE_INTERVAL: i32 = 2;

/// How many of them may be owed; `keepalive_count`. With the interval 8 seconds, which a daemon under
/// load, and a network that finds another way, come back within.
const KEEPALIVE_COUNT: u32 = 3;

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
        let uri = uri(access)?;
        let interval = number(access, "keepalive_interval", KEEPALIVE_INTERVAL)?;
        let count = number(access, "keepalive_count", KEEPALIVE_COUNT)?;
        let library = Library::load().map_err(|why| {
            Refusal::new(Trouble::Unsupported, why)
                .hint("install libvirt's library where gnt-runner runs (Debian: apt-get install libvirt0)")
        })?;
        let unreachable = |error| trouble::refusal(error, Call::Open, Line::Down);
        let connection = Connection::open(library, &uri).map_err(unreachable)?;
        connection
            .keep_alive(interval, count)
            .map_err(unreachable)?;
        let session = Session {
            connection,
            is_local: is_local(&uri),
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

/// The URI among what says how to reach a node, made such that nobody is asked for a password: a driver
/// has no terminal.
pub(crate) fn uri(access: &BTreeMap<String, String>) -> Result<String, Refusal> {
    let Some(uri) = access.get("uri") else {
        return Err(Refusal::new(
            Trouble::Failed,
            "no `uri` says how to reach the node",
        ));
    };
    let scheme = uri.split("://").next().unwrap_or_default();
    let over_ssh = ["+ssh", "+libssh", "+libssh2"]
        .iter()
        .any(|end| scheme.ends_with(end));
    Ok(match over_ssh && !uri.contains("no_tty=") {
        true if uri.contains('?') => format!("{uri}&no_tty=1"),
        true => format!("{uri}?no_tty=1"),
        false => uri.clone(),
    })
}

/// Whether a URI is that of the machine itself. One with a socket of its own may lead anywhere.
fn is_local(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return false;
    };
    rest.starts_with('/')
        && !rest.contains("socket=")
        && matches!(scheme.split_once('+'), None | Some((_, "unix")))
}

fn number<T: FromStr + PartialOrd + Default>(
    access: &BTreeMap<String, String>,
    key: &str,
    default: T,
) -> Result<T, Refusal> {
    let Some(text) = access.get(key) else {
        return Ok(default);
    };
    match text.parse() {
        Ok(number) if number > T::default() => Ok(number),
        _ => Err(Refusal::new(
            Trouble::Failed,
            format!("`{key}` is to be a whole number above 0, not '{text}'"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(uri: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("uri".to_owned(), uri.to_owned())])
    }

    #[test]
    fn nobody_is_asked_for_a_password() {
        let batch = |given: &str| uri(&access(given)).unwrap();
        assert_eq!(batch("qemu+ssh://n/system"), "qemu+ssh://n/system?no_tty=1");
        assert_eq!(
            batch("qemu+ssh://n/system?keyfile=/k"),
            "qemu+ssh://n/system?keyfile=/k&no_tty=1"
        );
        assert_eq!(
            batch("qemu+ssh://n/system?no_tty=0"),
            "qemu+ssh://n/system?no_tty=0"
        );
        assert_eq!(batch("qemu:///system"), "qemu:///system");
        assert!(uri(&BTreeMap::new()).is_err());
    }

    #[test]
    fn a_local_uri_is_one_without_a_host() {
        assert!(is_local("qemu:///system"));
        assert!(is_local("qemu+unix:///system"));
        assert!(!is_local("qemu+unix:///system?socket=/run/forwarded"));
        assert!(!is_local("qemu+tls://node1/system"));
        assert!(!is_local("node1"));
    }

    #[test]
    fn numbers_are_above_zero() {
        let mut access = access("qemu:///system");
        assert_eq!(number(&access, "keepalive_count", 3u32).unwrap(), 3);
        access.insert("keepalive_count".to_owned(), "7".to_owned());
        assert_eq!(number(&access, "keepalive_count", 3u32).unwrap(), 7);
        for wrong in ["0", "-1", "x"] {
            access.insert("keepalive_count".to_owned(), wrong.to_owned());
            assert!(number(&access, "keepalive_count", 3u32).is_err());
        }
    }

    #[test]
    fn another_protocol_is_refused_before_anything_is_opened() {
        let (trouble, hint) = match Session::open(PROTOCOL + 1, &access("test:///default")) {
            Ok(_) => panic!("opened"),
            Err(refusal) => (refusal.trouble, refusal.hint),
        };
        assert_eq!(trouble, Trouble::Unsupported);
        assert!(hint.is_some());
    }
}
