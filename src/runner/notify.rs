//! What a service manager is told, where one asked to be told (`sd_notify`): a datagram to the socket
//! that it named.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use super::log;

/// Jobs are executed from now on.
pub(super) fn ready() {
    tell("READY=1\nSTATUS=executes jobs");
}

/// Another runner is at work, and is waited for.
pub(super) fn waiting() {
    tell("STATUS=waits for another runner to leave");
}

/// No more jobs are executed.
pub(super) fn stopping() {
    tell("STOPPING=1\nSTATUS=leaves");
}

fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    if let Err(error) = send(&socket, state) {
        let text = format!("the service manager cannot be told: {error}");
        log::note(None, &text);
    }
}

/// A name that begins with `@` is one without a file.
fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let to = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &to)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_with_a_file_and_one_without_are_reached() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("socket");
        let abstract_name = format!("gnt-test-{}", std::process::id());
        let addresses = [
            (
                path.clone().into_os_string(),
                SocketAddr::from_pathname(&path).unwrap(),
            ),
            (
                format!("@{abstract_name}").into(),
                SocketAddr::from_abstract_name(&abstract_name).unwrap(),
            ),
        ];
        for (name, address) in addresses {
            let socket = UnixDatagram::bind_addr(&address).unwrap();
            send(&name, "READY=1").unwrap();
            let mut bytes = [0; 16];
            let length = socket.recv(&mut bytes).unwrap();
            assert_eq!(&bytes[..length], b"READY=1");
        }
        assert!(send(temp.path().join("none").as_os_str(), "READY=1").is_err());
    }
}
