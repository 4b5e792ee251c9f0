//! A guest: libvirt's domain.

use std::ffi::{c_char, c_int, c_uint};
use std::ptr::{self, NonNull};

use super::error::{Code, Error};
use super::functions::{
    Functions, VirDomain, VirDomainBlockInfo, VirDomainControlInfo, VirDomainInfo,
};
use super::parameters::{self, Parameters};
use super::{given_text, text_for_c};

/// `VIR_UUID_STRING_BUFLEN`.
const UUID_LENGTH: usize = 37;

/// `VIR_DOMAIN_METADATA_ELEMENT`.
const METADATA_ELEMENT: c_int = 2;

/// `VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE`: complete with passwords, as it is started next.
const XML_TO_KEEP: c_uint = 1 | 2;

/// `VIR_DOMAIN_UNDEFINE_KEEP_NVRAM`: the firmware's variables are no part of the definition.
const UNDEFINE_KEEP_NVRAM: c_uint = 8;

/// `VIR_DOMAIN_AFFECT_LIVE`, `VIR_DOMAIN_AFFECT_CONFIG`.
const AFFECT_LIVE: c_uint = 1;
const AFFECT_CONFIG: c_uint = 2;

/// `VIR_MIGRATE_PARAM_BANDWIDTH`, MiB a second.
const PARAM_BANDWIDTH: &str = "bandwidth";

/// A handle of a guest. It names the guest by its UUID, and keeps the connection open.
pub(crate) struct Domain {
    pub(super) functions: &'static Functions,
    pub(super) raw: NonNull<VirDomain>,
}

/// What a guest does, of `virDomainState` and the reasons that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It runs, or waits for a device.
    Running,
    /// It stands still.
    Paused,
    /// It stands still for a migration, out of here or into here.
    PausedForMigration,
    /// It is being started and has not run yet, by itself or for a migration.
    StartingUp,
    /// It is being shut down.
    ShuttingDown,
    /// It is off.
    Off,
    /// It is off since it, or what ran it, broke.
    Broken,
}

impl State {
    fn new(state: c_int, reason: c_int) -> State {
        match (state, reason) {
            // No state (some hypervisors, while it changes), running, blocked.
            (0..=2, _) => State::Running,
            // Before a migration's end, and after the memory of one that goes on by page faults.
            (3, 2 | 12 | 13) => State::PausedForMigration,
            (3, 11) => State::StartingUp,
            // Also suspended to memory by itself.
            (3 | 7, _) => State::Paused,
            (4, _) => State::ShuttingDown,
            // Crashed, failed to start, found dead when the daemon came back.
            (5, 3 | 6 | 8) | (6, _) => State::Broken,
            (_, _) => State::Off,
        }
    }

    /// Whether a process of its hypervisor exists.
    pub(crate) fn is_active(self) -> bool {
        !matches!(self, State::Off | State::Broken)
    }
}

/// Whether a guest's hypervisor can be asked something, of `virDomainControlInfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// It waits for questions. It may have a migration under way all the same.
    Free,
    /// It owes somebody an answer.
    Silent,
}

/// How big a guest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// KiB of memory, at most.
    pub(crate) memory: u64,
    /// Virtual processors.
    pub(crate) vcpus: u64,
}

/// A long operation on a guest, of `virDomainGetJobStats`.
#[derive(Debug)]
pub(crate) struct Job(Parameters);

/// `VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT`.
const MIGRATION_OUT: u64 = 5;

impl Job {
    /// Whether it moves the guest away.
    pub(crate) fn is_departure(&self) -> bool {
        self.get("operation") == Some(MIGRATION_OUT)
    }

    /// A number about it.
    pub(crate) fn get(&self, name: &str) -> Option<u64> {
        self.0.get(name)
    }
}

/// What a guest's power switch can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    /// Boots it.
    Start,
    /// Presses its power button.
    Shutdown,
    /// Cuts its power.
    Destroy,
    /// Asks it to reboot.
    Reboot,
    /// Stops its processors.
    Suspend,
    /// Lets them go on.
    Resume,
}

/// Which of a guest's two definitions are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Affect {
    /// That of the running guest.
    pub(crate) live: bool,
    /// That of its next start.
    pub(crate) config: bool,
}

/// How a guest is moved, of `virDomainMigrateFlags`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MigrateFlags(c_uint);

impl MigrateFlags {
    /// From daemon to daemon, and for good: known there, unknown here.
    const ALWAYS: c_uint = 2 | 8 | 16;
    /// A running guest.
    pub(crate) const LIVE: MigrateFlags = MigrateFlags(MigrateFlags::ALWAYS | 1);
    /// A definition.
    pub(crate) const OFFLINE: MigrateFlags = MigrateFlags(MigrateFlags::ALWAYS | 1024);

    /// Without asking whether the other side sees the same storage.
    pub(crate) fn unsafely(self) -> MigrateFlags {
        MigrateFlags(self.0 | 512)
    }
}

impl Domain {
    /// Its name.
    pub(crate) fn name(&self) -> Result<String, Error> {
        // SAFETY: the handle is valid; the text is lent and lives as long as it.
        let name =
            unsafe { super::lent_text((self.functions.virDomainGetName)(self.raw.as_ptr())) };
        name.ok_or_else(|| Error::last(self.functions))
    }

    /// Its identity.
    pub(crate) fn uuid(&self) -> Result<String, Error> {
        let mut text: [c_char; UUID_LENGTH] = [0; UUID_LENGTH];
        // SAFETY: the handle is valid, and the buffer as long as libvirt asks for.
        self.check(unsafe {
            (self.functions.virDomainGetUUIDString)(self.raw.as_ptr(), text.as_mut_ptr())
        })?;
        // SAFETY: libvirt wrote a C string.
        unsafe { super::lent_text(text.as_ptr()) }.ok_or_else(|| Error::own("a UUID is missing"))
    }

    /// What it does. Answers even while its hypervisor hangs.
    pub(crate) fn state(&self) -> Result<State, Error> {
        let (mut state, mut reason) = (0, 0);
        // SAFETY: the handle is valid, and both are written.
        self.check(unsafe {
            (self.functions.virDomainGetState)(
                self.raw.as_ptr(),
                &raw mut state,
                &raw mut reason,
                0,
            )
        })?;
        Ok(State::new(state, reason))
    }

    /// Whether its hypervisor can be asked something. Answers even while that hangs.
    pub(crate) fn control(&self) -> Result<Control, Error> {
        let mut info = VirDomainControlInfo::default();
        // SAFETY: the handle is valid, and the structure is that of the header.
        self.check(unsafe {
            (self.functions.virDomainGetControlInfo)(self.raw.as_ptr(), &raw mut info, 0)
        })?;
        Ok(match info.state {
            2 => Control::Silent,
            _ => Control::Free,
        })
    }

    /// How big it is.
    pub(crate) fn size(&self) -> Result<Size, Error> {
        let mut info = VirDomainInfo::default();
        // SAFETY: the handle is valid, and the structure is that of the header.
        self.check(unsafe { (self.functions.virDomainGetInfo)(self.raw.as_ptr(), &raw mut info) })?;
        Ok(Size {
            memory: info.max_mem,
            vcpus: u64::from(info.vcpus),
        })
    }

    /// Whether it is known still when it has stopped.
    pub(crate) fn is_persistent(&self) -> Result<bool, Error> {
        // SAFETY: the handle is valid.
        let result = unsafe { (self.functions.virDomainIsPersistent)(self.raw.as_ptr()) };
        Ok(self.check(result)? == 1)
    }

    /// Whether its host starts it by itself.
    pub(crate) fn autostart(&self) -> Result<bool, Error> {
        let mut on = 0;
        // SAFETY: the handle is valid, and the answer is written.
        self.check(unsafe {
            (self.functions.virDomainGetAutostart)(self.raw.as_ptr(), &raw mut on)
        })?;
        Ok(on != 0)
    }

    /// Whether its host is to start it by itself.
    pub(crate) fn set_autostart(&self, on: bool) -> Result<(), Error> {
        // SAFETY: the handle is valid.
        let result =
            unsafe { (self.functions.virDomainSetAutostart)(self.raw.as_ptr(), c_int::from(on)) };
        self.check(result).map(drop)
    }

    /// Its definition, as it is to be started next time.
    pub(crate) fn definition(&self) -> Result<String, Error> {
        // SAFETY: the handle is valid; the text is given to us.
        unsafe {
            let text = (self.functions.virDomainGetXMLDesc)(self.raw.as_ptr(), XML_TO_KEEP);
            given_text(self.functions, text)
        }
    }

    /// How many bytes a disk holds, by its path.
    pub(crate) fn disk_capacity(&self, path: &str) -> Result<u64, Error> {
        let path = text_for_c(path)?;
        let mut info = VirDomainBlockInfo::default();
        // SAFETY: the handle is valid, the path a C string, and the structure that of the header.
        self.check(unsafe {
            (self.functions.virDomainGetBlockInfo)(
                self.raw.as_ptr(),
                path.as_ptr(),
                &raw mut info,
                0,
            )
        })?;
        Ok(info.capacity)
    }

    /// The element of a name space that is kept with it.
    pub(crate) fn metadata(&self, namespace: &str) -> Result<Option<String>, Error> {
        let namespace = text_for_c(namespace)?;
        // SAFETY: the handle is valid, the name space a C string; the text is given to us.
        let text = unsafe {
            let text = (self.functions.virDomainGetMetadata)(
                self.raw.as_ptr(),
                METADATA_ELEMENT,
                namespace.as_ptr(),
                0,
            );
            given_text(self.functions, text)
        };
        match text {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.code == Code::NO_DOMAIN_METADATA => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps an element of a name space with it, under a prefix, or removes it.
    pub(crate) fn set_metadata(
        &self,
        element: Option<&str>,
        prefix: &str,
        namespace: &str,
        affect: Affect,
    ) -> Result<(), Error> {
        let element = element.map(text_for_c).transpose()?;
        let (prefix, namespace) = (text_for_c(prefix)?, text_for_c(namespace)?);
        let flags = [(affect.live, AFFECT_LIVE), (affect.config, AFFECT_CONFIG)];
        let flags = flags
            .iter()
            .filter(|(meant, _)| *meant)
            .map(|(_, flag)| flag)
            .sum();
        // SAFETY: the handle is valid; the texts are C strings for the length of the call, or null.
        let result = unsafe {
            (self.functions.virDomainSetMetadata)(
                self.raw.as_ptr(),
                METADATA_ELEMENT,
                element
                    .as_ref()
                    .map_or(ptr::null(), |element| element.as_ptr()),
                prefix.as_ptr(),
                namespace.as_ptr(),
                flags,
            )
        };
        self.check(result).map(drop)
    }

    /// Makes its host forget it. One that runs is not stopped, and forgotten when it stops.
    pub(crate) fn undefine(&self) -> Result<(), Error> {
        let undefine = |flags| {
            // SAFETY: the handle is valid.
            self.check(unsafe { (self.functions.virDomainUndefineFlags)(self.raw.as_ptr(), flags) })
        };
        match undefine(UNDEFINE_KEEP_NVRAM) {
            // Hypervisors whose guests have no such firmware do not know the flag.
            Err(error) if error.code == Code::INVALID_ARG => undefine(0),
            result => result,
        }
        .map(drop)
    }

    /// Does something to its power.
    pub(crate) fn power(&self, what: Power) -> Result<(), Error> {
        let (functions, raw) = (self.functions, self.raw.as_ptr());
        // SAFETY: the handle is valid.
        let result = unsafe {
            match what {
                Power::Start => (functions.virDomainCreate)(raw),
                Power::Shutdown => (functions.virDomainShutdown)(raw),
                Power::Destroy => (functions.virDomainDestroy)(raw),
                Power::Reboot => (functions.virDomainReboot)(raw, 0),
                Power::Suspend => (functions.virDomainSuspend)(raw),
                Power::Resume => (functions.virDomainResume)(raw),
            }
        };
        self.check(result).map(drop)
    }

    /// Moves it to the host that its own reaches under `uri`, at most so many MiB a second; returns when
    /// it is there, or is not.
    pub(crate) fn migrate(
        &self,
        uri: &str,
        bandwidth: Option<u64>,
        flags: MigrateFlags,
    ) -> Result<(), Error> {
        let uri = text_for_c(uri)?;
        let mut list: Vec<_> = (bandwidth.iter())
            .map(|most| parameters::number(PARAM_BANDWIDTH, *most))
            .collect();
        let count = c_uint::try_from(list.len()).unwrap_or_default();
        // SAFETY: the handle is valid; the URI is a C string and the list as long as it says, both for
        // the length of the call.
        let result = unsafe {
            (self.functions.virDomainMigrateToURI3)(
                self.raw.as_ptr(),
                uri.as_ptr(),
                list.as_mut_ptr(),
                count,
                flags.0,
            )
        };
        self.check(result).map(drop)
    }

    /// How many milliseconds it may stand still at the end of a migration.
    pub(crate) fn set_migration_downtime(&self, most: u64) -> Result<(), Error> {
        // SAFETY: the handle is valid.
        let result =
            unsafe { (self.functions.virDomainMigrateSetMaxDowntime)(self.raw.as_ptr(), most, 0) };
        self.check(result).map(drop)
    }

    /// How many MiB a second a migration may take.
    pub(crate) fn set_migration_bandwidth(&self, most: u64) -> Result<(), Error> {
        // SAFETY: the handle is valid.
        let result =
            unsafe { (self.functions.virDomainMigrateSetMaxSpeed)(self.raw.as_ptr(), most, 0) };
        self.check(result).map(drop)
    }

    /// What long operation is under way. Does not answer while its hypervisor hangs.
    pub(crate) fn job(&self) -> Result<Option<Job>, Error> {
        let (mut kind, mut list, mut count) = (0, ptr::null_mut(), 0);
        // SAFETY: the handle is valid; kind, list and its length are written.
        self.check(unsafe {
            (self.functions.virDomainGetJobStats)(
                self.raw.as_ptr(),
                &raw mut kind,
                &raw mut list,
                &raw mut count,
                0,
            )
        })?;
        let length = usize::try_from(count).unwrap_or_default();
        let parameters = match list.is_null() {
            true => Parameters::default(),
            // SAFETY: libvirt wrote a list of that length, which is ours.
            false => Parameters::read(unsafe { std::slice::from_raw_parts(list, length) }),
        };
        // SAFETY: the list is null, or ours and not used any more.
        unsafe { (self.functions.virTypedParamsFree)(list, count) };
        // Bounded or not; what has ended, however it did, is no longer under way.
        Ok(matches!(kind, 1 | 2).then_some(Job(parameters)))
    }

    /// Gives up what long operation is under way; returns before that has happened.
    pub(crate) fn abort_job(&self) -> Result<(), Error> {
        // SAFETY: the handle is valid.
        let result = unsafe { (self.functions.virDomainAbortJob)(self.raw.as_ptr()) };
        self.check(result).map(drop)
    }

    fn check(&self, result: c_int) -> Result<c_int, Error> {
        Error::unless(self.functions, result)
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        // SAFETY: the handle is valid, and nothing uses it any more.
        unsafe { (self.functions.virDomainFree)(self.raw.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_what_it_means_for_the_guest() {
        assert_eq!(State::new(1, 1), State::Running);
        assert_eq!(State::new(3, 2), State::PausedForMigration);
        assert_eq!(State::new(3, 11), State::StartingUp);
        assert_eq!(State::new(3, 1), State::Paused);
        assert_eq!(State::new(5, 0), State::Off);
        assert_eq!(State::new(5, 3), State::Broken);
        assert!(!State::Broken.is_active() && State::ShuttingDown.is_active());
    }
}
