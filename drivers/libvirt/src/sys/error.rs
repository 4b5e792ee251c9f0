//! What libvirt says when it refuses.

use std::ffi::c_int;
use std::fmt;

use super::functions::Functions;
use super::lent_text;

/// An error of libvirt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    /// Its number.
    pub(crate) code: Code,
    /// Which part of libvirt it comes from.
    pub(crate) origin: Origin,
    /// What it says.
    pub(crate) text: String,
    /// That of the system, where it is a [`Code::SYSTEM_ERROR`].
    pub(crate) errno: Option<i32>,
}

/// A number of `virErrorNumber`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) i32);

impl Code {
    pub(crate) const INTERNAL_ERROR: Code = Code(1);
    pub(crate) const NO_SUPPORT: Code = Code(3);
    pub(crate) const NO_CONNECT: Code = Code(5);
    pub(crate) const INVALID_ARG: Code = Code(8);
    pub(crate) const OPERATION_FAILED: Code = Code(9);
    pub(crate) const XML_ERROR: Code = Code(27);
    pub(crate) const OPERATION_DENIED: Code = Code(29);
    pub(crate) const SYSTEM_ERROR: Code = Code(38);
    pub(crate) const NO_DOMAIN: Code = Code(42);
    pub(crate) const AUTH_FAILED: Code = Code(45);
    pub(crate) const NO_STORAGE_POOL: Code = Code(49);
    pub(crate) const NO_STORAGE_VOL: Code = Code(50);
    pub(crate) const OPERATION_INVALID: Code = Code(55);
    pub(crate) const CONFIG_UNSUPPORTED: Code = Code(67);
    pub(crate) const OPERATION_TIMEOUT: Code = Code(68);
    pub(crate) const MIGRATE_PERSIST_FAILED: Code = Code(69);
    pub(crate) const OPERATION_ABORTED: Code = Code(78);
    pub(crate) const AUTH_CANCELLED: Code = Code(79);
    pub(crate) const NO_DOMAIN_METADATA: Code = Code(80);
    pub(crate) const MIGRATE_UNSAFE: Code = Code(81);
    pub(crate) const OPERATION_UNSUPPORTED: Code = Code(84);
    pub(crate) const ACCESS_DENIED: Code = Code(88);
    pub(crate) const CPU_INCOMPATIBLE: Code = Code(91);
    pub(crate) const MIGRATE_FINISH_OK: Code = Code(93);
    pub(crate) const AUTH_UNAVAILABLE: Code = Code(94);
}

/// A number of `virErrorDomain`: which part of libvirt an error comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin(pub(crate) i32);

impl Origin {
    pub(crate) const RPC: Origin = Origin(7);
    pub(crate) const QEMU: Origin = Origin(10);
    pub(crate) const STORAGE: Origin = Origin(18);
    pub(crate) const CPU: Origin = Origin(31);
}

/// What the numbers of [`Origin`] are called, in their order.
const ORIGINS: [&str; 73] = [
    "NONE",
    "XEN",
    "XEND",
    "XENSTORE",
    "SEXPR",
    "XML",
    "DOM",
    "RPC",
    "PROXY",
    "CONF",
    "QEMU",
    "NET",
    "TEST",
    "REMOTE",
    "OPENVZ",
    "XENXM",
    "STATS_LINUX",
    "LXC",
    "STORAGE",
    "NETWORK",
    "DOMAIN",
    "UML",
    "NODEDEV",
    "XEN_INOTIFY",
    "SECURITY",
    "VBOX",
    "INTERFACE",
    "ONE",
    "ESX",
    "PHYP",
    "SECRET",
    "CPU",
    "XENAPI",
    "NWFILTER",
    "HOOK",
    "DOMAIN_SNAPSHOT",
    "AUDIT",
    "SYSINFO",
    "STREAMS",
    "VMWARE",
    "EVENT",
    "LIBXL",
    "LOCKING",
    "HYPERV",
    "CAPABILITIES",
    "URI",
    "AUTH",
    "DBUS",
    "PARALLELS",
    "DEVICE",
    "SSH",
    "LOCKSPACE",
    "INITCTL",
    "IDENTITY",
    "CGROUP",
    "ACCESS",
    "SYSTEMD",
    "BHYVE",
    "CRYPTO",
    "FIREWALL",
    "POLKIT",
    "THREAD",
    "ADMIN",
    "LOGGING",
    "XENXL",
    "PERF",
    "LIBSSH",
    "RESCTRL",
    "FIREWALLD",
    "DOMAIN_CHECKPOINT",
    "TPM",
    "BPF",
    "CH",
];

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = usize::try_from(self.0).ok().and_then(|at| ORIGINS.get(at));
        match name {
            Some(name) => write!(f, "VIR_FROM_{name}"),
            None => write!(f, "VIR_FROM_{}", self.0),
        }
    }
}

impl Error {
    /// Takes the last error of this thread.
    pub(super) fn last(functions: &Functions) -> Error {
        // SAFETY: it has no preconditions; what it returns is this thread's own until its next call.
        let error = unsafe { (functions.virGetLastError)().as_ref() };
        let Some(error) = error else {
            return Error::own("it failed, and libvirt does not say why");
        };
        let code = Code(error.code);
        let taken = Error {
            code,
            origin: Origin(error.domain),
            // SAFETY: the message of an error is null or a C string that lives as long as the error.
            text: unsafe { lent_text(error.message) }.unwrap_or_else(|| "no text".to_owned()),
            errno: (code == Code::SYSTEM_ERROR && error.int1 != 0).then_some(error.int1),
        };
        // SAFETY: it has no preconditions, and `error` is not used any more.
        unsafe { (functions.virResetLastError)() };
        taken
    }

    /// An error that this program makes itself, in libvirt's clothes.
    pub(super) fn own(text: &str) -> Error {
        Error {
            code: Code::INTERNAL_ERROR,
            origin: Origin(0),
            text: text.to_owned(),
            errno: None,
        }
    }

    /// What a C function says that returns less than zero when it fails.
    pub(super) fn unless(functions: &Functions, result: c_int) -> Result<c_int, Error> {
        match result < 0 {
            true => Err(Error::last(functions)),
            false => Ok(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_the_names_of_the_headers() {
        assert_eq!(Origin::RPC.to_string(), "VIR_FROM_RPC");
        assert_eq!(Origin::QEMU.to_string(), "VIR_FROM_QEMU");
        assert_eq!(Origin::STORAGE.to_string(), "VIR_FROM_STORAGE");
        assert_eq!(Origin(55).to_string(), "VIR_FROM_ACCESS");
        assert_eq!(Origin(72).to_string(), "VIR_FROM_CH");
        assert_eq!(Origin(73).to_string(), "VIR_FROM_73");
    }
}
