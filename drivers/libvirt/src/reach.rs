//! How a host is reached: its URI, and what in that is for this program rather than for libvirt.

use std::collections::BTreeMap;
use std::str::FromStr;

use gnt_driver::{Refusal, Trouble};

/// Seconds between two signs of life that a daemon is asked for. Short, since one that hangs is to be
/// noticed while somebody waits.
const KEEPALIVE_INTERVAL: i32 = 2;

/// How many of them may be owed. With the interval 8 seconds, which a daemon under load, and a network that
/// finds another way, come back within.
const KEEPALIVE_COUNT: u32 = 3;

/// What both are called, in a URI's query or beside the URI.
const INTERVAL_KEY: &str = "keepalive_interval";
const COUNT_KEY: &str = "keepalive_count";

/// How a host is reached.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// As libvirt gets it.
    pub(crate) uri: String,
    /// Seconds.
    pub(crate) keepalive_interval: i32,
    /// Signs of life.
    pub(crate) keepalive_count: u32,
}

impl Reach {
    /// Reads what the runner knows of a host, made such that nobody is asked for a password: a driver has no
    /// terminal.
    pub(crate) fn read(access: &BTreeMap<String, String>) -> Result<Reach, Refusal> {
        let Some(uri) = access.get("uri") else {
            return Err(refused("no `uri` says how to reach the host".to_owned()));
        };
        let (address, query) = uri.split_once('?').unwrap_or((uri, ""));
        let mut for_libvirt: Vec<&str> = Vec::new();
        let mut settings = access.clone();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some((key @ (INTERVAL_KEY | COUNT_KEY), value)) => {
                    settings.insert(key.to_owned(), value.to_owned());
                }
                _ => for_libvirt.push(pair),
            }
        }
        if over_ssh(address) && !for_libvirt.iter().any(|pair| pair.starts_with("no_tty=")) {
            for_libvirt.push("no_tty=1");
        }
        let query = match for_libvirt.is_empty() {
            true => String::new(),
            false => format!("?{}", for_libvirt.join("&")),
        };
        Ok(Reach {
            uri: format!("{address}{query}"),
            keepalive_interval: number(&settings, INTERVAL_KEY, KEEPALIVE_INTERVAL)?,
            keepalive_count: number(&settings, COUNT_KEY, KEEPALIVE_COUNT)?,
        })
    }

    /// Whether it is the machine itself, as far as the URI tells. One with a socket of its own may lead
    /// anywhere.
    pub(crate) fn is_local(&self) -> bool {
        let Some((scheme, rest)) = self.uri.split_once("://") else {
            return false;
        };
        rest.starts_with('/')
            && !rest.contains("socket=")
            && matches!(scheme.split_once('+'), None | Some((_, "unix")))
    }
}

fn over_ssh(address: &str) -> bool {
    let scheme = address.split("://").next().unwrap_or_default();
    let transport = scheme.split_once('+').map(|(_, transport)| transport);
    transport.is_some_and(|transport| ["ssh", "libssh", "libssh2"].contains(&transport))
}

fn number<T: FromStr + PartialOrd + Default>(
    settings: &BTreeMap<String, String>,
    key: &str,
    default: T,
) -> Result<T, Refusal> {
    let Some(text) = settings.get(key) else {
        return Ok(default);
    };
    match text.parse() {
        Ok(number) if number > T::default() => Ok(number),
        _ => Err(refused(format!(
            "`{key}` is to be a whole number above 0, not '{text}'"
        ))),
    }
}

fn refused(why: String) -> Refusal {
    Refusal::new(Trouble::Failed, why).hint("see docs/libvirt.md for what a URI can be")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(uri: &str) -> Result<Reach, Refusal> {
        Reach::read(&BTreeMap::from([("uri".to_owned(), uri.to_owned())]))
    }

    #[test]
    fn nobody_is_asked_for_a_password() {
        for (given, made) in [
            ("qemu+ssh://n/system", "qemu+ssh://n/system?no_tty=1"),
            (
                "qemu+ssh://n/system?keyfile=/k",
                "qemu+ssh://n/system?keyfile=/k&no_tty=1",
            ),
            (
                "qemu+libssh2://n/system?no_tty=0",
                "qemu+libssh2://n/system?no_tty=0",
            ),
            ("qemu:///system", "qemu:///system"),
            (
                "qemu+unix:///system?socket=/s",
                "qemu+unix:///system?socket=/s",
            ),
        ] {
            assert_eq!(reach(given).unwrap().uri, made);
        }
        assert!(Reach::read(&BTreeMap::new()).is_err());
    }

    #[test]
    fn a_local_uri_is_one_without_a_host() {
        for (uri, local) in [
            ("qemu:///system", true),
            ("qemu+unix:///system", true),
            ("qemu:///system?keepalive_count=9", true),
            ("qemu+unix:///system?socket=/run/forwarded", false),
            ("qemu+tls://node1/system", false),
            ("node1", false),
        ] {
            assert_eq!(reach(uri).unwrap().is_local(), local, "{uri}");
        }
    }

    #[test]
    fn what_is_for_this_program_is_kept_from_libvirt() {
        let tuned = reach("qemu+tls://n/system?keepalive_interval=5&pkipath=/p&keepalive_count=7");
        let expected = Reach {
            uri: "qemu+tls://n/system?pkipath=/p".to_owned(),
            keepalive_interval: 5,
            keepalive_count: 7,
        };
        assert_eq!(tuned.unwrap(), expected);
        let usual = reach("qemu:///system").unwrap();
        assert_eq!((usual.keepalive_interval, usual.keepalive_count), (2, 3));
        for wrong in ["0", "-1", "x", ""] {
            assert!(reach(&format!("qemu:///system?keepalive_count={wrong}")).is_err());
        }
    }
}
