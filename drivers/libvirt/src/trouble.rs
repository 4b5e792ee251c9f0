//! What libvirt's errors mean, and what can be done about them.

use gnt_driver::{Refusal, Trouble};

use crate::sys::{Code, Error, Origin};

/// What a call was about, which decides what it means that its answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// It connects.
    Open,
    /// It asks.
    Ask,
    /// It changes something.
    Change,
}

/// Where an error leaves the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// The host answered.
    Up,
    /// The connection is gone.
    Down,
}

/// An error as the runner is told it.
pub(crate) fn refusal(error: Error, call: Call, line: Line) -> Refusal {
    let refusal = Refusal {
        trouble: trouble(&error, call, line),
        code: Some(i64::from(error.code.0)),
        domain: Some(error.origin.to_string()),
        hint: None,
        text: error.text.clone(),
    };
    match hint(&error, call, line) {
        Some(hint) => refusal.hint(hint),
        None => refusal,
    }
}

fn trouble(error: &Error, call: Call, line: Line) -> Trouble {
    match (call, line) {
        (Call::Open, _) | (Call::Ask, Line::Down) => return Trouble::Unreachable,
        (Call::Change, Line::Down) => return Trouble::Unknown,
        (Call::Ask | Call::Change, Line::Up) => (),
    }
    match error.code {
        Code::NO_DOMAIN => Trouble::Absent,
        Code::OPERATION_ABORTED => Trouble::Aborted,
        // The guest moved, and something afterwards failed.
        Code::MIGRATE_PERSIST_FAILED | Code::MIGRATE_FINISH_OK => Trouble::Unknown,
        Code::NO_SUPPORT | Code::OPERATION_UNSUPPORTED => Trouble::Unsupported,
        _ => Trouble::Failed,
    }
}

fn hint(error: &Error, call: Call, line: Line) -> Option<&'static str> {
    Some(match (error.code, error.origin) {
        (Code::AUTH_FAILED | Code::AUTH_CANCELLED | Code::AUTH_UNAVAILABLE, _) => {
            "who runs gnt-runner needs the rights to manage libvirt there: docs/libvirt.md lists them for each kind of URI"
        }
        (Code::ACCESS_DENIED | Code::OPERATION_DENIED, _) => {
            "libvirt lets this user only look: give it the right org.libvirt.unix.manage, or connect as another"
        }
        (Code::NO_CONNECT, _) => {
            "the URI names a hypervisor that libvirt does not have there: look at its scheme"
        }
        (_, _) if call == Call::Open => {
            "see whether virsh -c URI list works there, and systemctl status libvirtd (or virtqemud)"
        }
        (_, _) if line == Line::Down => {
            "the connection to libvirt broke: see whether the host and its libvirtd (or virtqemud) run"
        }
        (Code::MIGRATE_UNSAFE, _) => {
            "if the other node sees the same disks, say so by declaring their storage as shared"
        }
        (Code::OPERATION_TIMEOUT, _) => {
            "something else is being done to the guest, or its hypervisor hangs: virsh domcontrol GUEST tells; cutting its power works in any case"
        }
        (Code::SYSTEM_ERROR, Origin::STORAGE) => {
            "make the disk reachable under the same path on that host"
        }
        (Code::SYSTEM_ERROR, Origin::RPC) => {
            "the host reaches the other one under its peer URI: try virsh -c PEER_URI list on the host itself"
        }
        (Code::CPU_INCOMPATIBLE, _) => {
            "give the guest a CPU model that both hosts have, such as mode='custom'"
        }
        (Code::CONFIG_UNSUPPORTED, _) => "the definition asks for what that host does not have",
        (Code::XML_ERROR, _) => "virt-xml-validate says what is wrong with a definition",
        (Code::OPERATION_FAILED, _) if error.text.contains("already exists with uuid") => {
            "another guest of that name is known there: rename or undefine one of the two"
        }
        (Code::INTERNAL_ERROR, Origin::QEMU) if error.text.contains("to the same host") => {
            "both hosts have the same UUID: set host_uuid in /etc/libvirt/libvirtd.conf of one, and restart it"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: Code, origin: Origin) -> Error {
        Error {
            code,
            origin,
            text: "it failed".to_owned(),
            errno: None,
        }
    }

    #[test]
    fn a_lost_answer_leaves_unknown_only_what_was_begun() {
        let lost = || error(Code::SYSTEM_ERROR, Origin::RPC);
        let trouble = |call, line| refusal(lost(), call, line).trouble;
        assert_eq!(trouble(Call::Open, Line::Down), Trouble::Unreachable);
        assert_eq!(trouble(Call::Ask, Line::Down), Trouble::Unreachable);
        assert_eq!(trouble(Call::Change, Line::Down), Trouble::Unknown);
        // The other host did not answer ours, which lives.
        assert_eq!(trouble(Call::Change, Line::Up), Trouble::Failed);
    }

    #[test]
    fn an_error_is_told_with_its_number_and_origin() {
        let told = refusal(error(Code::NO_DOMAIN, Origin::QEMU), Call::Ask, Line::Up);
        assert_eq!(told.trouble, Trouble::Absent);
        assert_eq!(told.code, Some(42));
        assert_eq!(told.domain.as_deref(), Some("VIR_FROM_QEMU"));
        let told = refusal(
            error(Code::MIGRATE_UNSAFE, Origin::QEMU),
            Call::Change,
            Line::Up,
        );
        assert!(told.hint.unwrap().contains("shared"));
    }
}
