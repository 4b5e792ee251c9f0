//! A connection to a host, and what can be asked of the host.

use std::ffi::c_uint;
use std::ptr::{self, NonNull};

use super::domain::Domain;
use super::error::{Code, Error, Origin};
use super::functions::{Functions, VirConnect, VirNodeInfo, VirNodeMemoryStats};
use super::library::{Library, Version};
use super::{given_text, lent_text, text_for_c};

/// `VIR_NODE_MEMORY_STATS_ALL_CELLS`.
const ALL_CELLS: i32 = -1;

/// `VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE`: what does not fit is an error that says why.
const FAIL_INCOMPATIBLE: c_uint = 1;

/// A connection to a host. It belongs to the thread that opened it.
pub(crate) struct Connection {
    pub(super) functions: &'static Functions,
    pub(super) raw: NonNull<VirConnect>,
}

/// How much memory a host has, KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// In all.
    pub(crate) total: u64,
    /// That nothing uses, or that a cache would give away.
    pub(crate) free: u64,
}

/// Whether guests of another processor could go on here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// They could.
    Compatible,
    /// They could not, for a reason.
    Incompatible(String),
}

impl Connection {
    /// Connects. This can take for ever: nothing but the caller's patience bounds it.
    pub(crate) fn open(library: Library, uri: &str) -> Result<Connection, Error> {
        let Library(functions) = library;
        let uri = text_for_c(uri)?;
        // SAFETY: the URI is a C string for the length of the call.
        let raw = unsafe { (functions.virConnectOpen)(uri.as_ptr()) };
        match NonNull::new(raw) {
            Some(raw) => Ok(Connection { functions, raw }),
            None => Err(Error::last(functions)),
        }
    }

    /// Asks the other side for a sign of life every `interval` seconds, and gives it up when `count`
    /// were not answered. Connections within this process need none.
    pub(crate) fn keep_alive(&self, interval: i32, count: u32) -> Result<(), Error> {
        // SAFETY: the connection is open.
        let result =
            unsafe { (self.functions.virConnectSetKeepAlive)(self.raw.as_ptr(), interval, count) };
        match Error::unless(self.functions, result) {
            Err(error) if error.code != Code::NO_SUPPORT => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether the other side is there still, asked by a call that needs its answer.
    pub(crate) fn is_alive(&self) -> bool {
        // SAFETY: the connection is open, as far as this side is concerned.
        let open = unsafe { (self.functions.virConnectIsAlive)(self.raw.as_ptr()) };
        open == 1 && self.library_version().is_ok()
    }

    /// What the driver within libvirt is called, such as `QEMU`.
    pub(crate) fn kind(&self) -> Result<String, Error> {
        // SAFETY: the connection is open; the text is a static one of libvirt.
        let kind = unsafe { lent_text((self.functions.virConnectGetType)(self.raw.as_ptr())) };
        kind.ok_or_else(|| Error::last(self.functions))
    }

    /// The hypervisor's version.
    pub(crate) fn version(&self) -> Result<Version, Error> {
        let mut version = 0;
        // SAFETY: the connection is open, and the version is written.
        let result =
            unsafe { (self.functions.virConnectGetVersion)(self.raw.as_ptr(), &raw mut version) };
        Error::unless(self.functions, result)?;
        Ok(Version(version))
    }

    /// The version of libvirt on the other side.
    pub(crate) fn library_version(&self) -> Result<Version, Error> {
        let mut version = 0;
        // SAFETY: the connection is open, and the version is written.
        let result = unsafe {
            (self.functions.virConnectGetLibVersion)(self.raw.as_ptr(), &raw mut version)
        };
        Error::unless(self.functions, result)?;
        Ok(Version(version))
    }

    /// What the host calls itself.
    pub(crate) fn host_name(&self) -> Result<String, Error> {
        // SAFETY: the connection is open; the text is given to us.
        unsafe {
            given_text(
                self.functions,
                (self.functions.virConnectGetHostname)(self.raw.as_ptr()),
            )
        }
    }

    /// What the host can do, as XML.
    pub(crate) fn capabilities(&self) -> Result<String, Error> {
        // SAFETY: the connection is open; the text is given to us.
        unsafe {
            given_text(
                self.functions,
                (self.functions.virConnectGetCapabilities)(self.raw.as_ptr()),
            )
        }
    }

    /// How many processors the host has.
    pub(crate) fn processors(&self) -> Result<u64, Error> {
        Ok(u64::from(self.node_info()?.cpus))
    }

    /// How much memory the host has. What the sum over the NUMA nodes says is wrong on some machines;
    /// the statistics are the kernel's own. A libvirt that has none is asked for the former.
    pub(crate) fn memory(&self) -> Result<Memory, Error> {
        match self.memory_statistics() {
            Err(error) if error.code == Code::NO_SUPPORT => (),
            other => return other,
        }
        // SAFETY: the connection is open.
        let free = unsafe { (self.functions.virNodeGetFreeMemory)(self.raw.as_ptr()) };
        Ok(Memory {
            total: self.node_info()?.memory,
            free: free / 1024,
        })
    }

    fn node_info(&self) -> Result<VirNodeInfo, Error> {
        let mut info = VirNodeInfo {
            model: [0; 32],
            memory: 0,
            cpus: 0,
            mhz: 0,
            nodes: 0,
            sockets: 0,
            cores: 0,
            threads: 0,
        };
        // SAFETY: the connection is open, and the structure is that of the header.
        let result = unsafe { (self.functions.virNodeGetInfo)(self.raw.as_ptr(), &raw mut info) };
        Error::unless(self.functions, result)?;
        Ok(info)
    }

    fn memory_statistics(&self) -> Result<Memory, Error> {
        let ask = |list: *mut VirNodeMemoryStats, count: &mut i32| {
            // SAFETY: the connection is open; the list is null, or has room for `count`.
            let result = unsafe {
                (self.functions.virNodeGetMemoryStats)(self.raw.as_ptr(), ALL_CELLS, list, count, 0)
            };
            Error::unless(self.functions, result)
        };
        // First how many there are, then they.
        let mut count = 0;
        ask(ptr::null_mut(), &mut count)?;
        let nothing = VirNodeMemoryStats {
            field: [0; 80],
            value: 0,
        };
        let mut list = vec![nothing; usize::try_from(count).unwrap_or_default()];
        ask(list.as_mut_ptr(), &mut count)?;
        list.truncate(usize::try_from(count).unwrap_or_default());
        let of = |wanted: &str| {
            let mut named = list
                .iter()
                .filter(|one| super::parameters::name(&one.field) == wanted);
            named.next().map_or(0, |one| one.value)
        };
        Ok(Memory {
            total: of("total"),
            free: of("free") + of("buffers") + of("cached"),
        })
    }

    /// Whether guests of that processor, as [`Connection::capabilities`] of their host has it, could
    /// go on here.
    pub(crate) fn compare_processor(&self, processor: &str) -> Result<Comparison, Error> {
        let processor = text_for_c(processor)?;
        // SAFETY: the connection is open; the text is a C string for the length of the call.
        let result = unsafe {
            (self.functions.virConnectCompareCPU)(
                self.raw.as_ptr(),
                processor.as_ptr(),
                FAIL_INCOMPATIBLE,
            )
        };
        match Error::unless(self.functions, result) {
            Ok(0) => Ok(Comparison::Incompatible("the processors differ".to_owned())),
            Ok(_) => Ok(Comparison::Compatible),
            // Also a model or feature that the libvirt of this host has not heard of.
            Err(error) if error.code == Code::CPU_INCOMPATIBLE || error.origin == Origin::CPU => {
                Ok(Comparison::Incompatible(error.text))
            }
            Err(error) => Err(error),
        }
    }

    /// All guests that the host knows.
    pub(crate) fn domains(&self) -> Result<Vec<Domain>, Error> {
        let mut list = ptr::null_mut();
        // SAFETY: the connection is open, and the list is written.
        let count = unsafe {
            (self.functions.virConnectListAllDomains)(self.raw.as_ptr(), &raw mut list, 0)
        };
        let count = Error::unless(self.functions, count)?;
        let count = usize::try_from(count).unwrap_or_default();
        // SAFETY: the list has that many handles, each of which is given to us, as the list is.
        let handles = (0..count).filter_map(|at| NonNull::new(unsafe { *list.add(at) }));
        let domains = handles
            .map(|raw| Domain {
                functions: self.functions,
                raw,
            })
            .collect();
        self.functions.free(list.cast());
        Ok(domains)
    }

    /// The guest of that UUID.
    pub(crate) fn domain(&self, uuid: &str) -> Result<Domain, Error> {
        let uuid = text_for_c(uuid)?;
        // SAFETY: the connection is open; the text is a C string for the length of the call.
        let raw = unsafe {
            (self.functions.virDomainLookupByUUIDString)(self.raw.as_ptr(), uuid.as_ptr())
        };
        self.own(raw)
    }

    /// Makes a guest known, or changes what is known of it.
    pub(crate) fn define(&self, definition: &str) -> Result<Domain, Error> {
        let definition = text_for_c(definition)?;
        // SAFETY: the connection is open; the text is a C string for the length of the call.
        let raw =
            unsafe { (self.functions.virDomainDefineXML)(self.raw.as_ptr(), definition.as_ptr()) };
        self.own(raw)
    }

    fn own(&self, raw: *mut super::functions::VirDomain) -> Result<Domain, Error> {
        match NonNull::new(raw) {
            Some(raw) => Ok(Domain {
                functions: self.functions,
                raw,
            }),
            None => Err(Error::last(self.functions)),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: it is open, and nothing uses this handle any more. Domains hold it open by
        // themselves.
        unsafe { (self.functions.virConnectClose)(self.raw.as_ptr()) };
    }
}
