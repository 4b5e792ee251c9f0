//! The functions of libvirt that are called, as its headers declare them.

use std::ffi::{
    c_char, c_int, c_longlong, c_uchar, c_uint, c_ulong, c_ulonglong, c_ushort, c_void,
};

use libloading::Library;

/// `virConnect`.
#[repr(C)]
pub(super) struct VirConnect {
    _opaque: [u8; 0],
}

/// `virDomain`.
#[repr(C)]
pub(super) struct VirDomain {
    _opaque: [u8; 0],
}

/// `virStoragePool`.
#[repr(C)]
pub(super) struct VirStoragePool {
    _opaque: [u8; 0],
}

/// `virStorageVol`.
#[repr(C)]
pub(super) struct VirStorageVol {
    _opaque: [u8; 0],
}

/// `virError`. Only libvirt makes them.
#[repr(C)]
pub(super) struct VirError {
    pub(super) code: c_int,
    pub(super) domain: c_int,
    pub(super) message: *mut c_char,
    pub(super) level: c_int,
    pub(super) conn: *mut VirConnect,
    pub(super) dom: *mut VirDomain,
    pub(super) str1: *mut c_char,
    pub(super) str2: *mut c_char,
    pub(super) str3: *mut c_char,
    /// The `errno` of a system error.
    pub(super) int1: c_int,
}

/// `virNodeInfo`.
#[repr(C)]
pub(super) struct VirNodeInfo {
    pub(super) model: [c_char; 32],
    /// KiB.
    pub(super) memory: c_ulong,
    pub(super) cpus: c_uint,
    pub(super) mhz: c_uint,
    pub(super) nodes: c_uint,
    pub(super) sockets: c_uint,
    pub(super) cores: c_uint,
    pub(super) threads: c_uint,
}

/// `virNodeMemoryStats`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct VirNodeMemoryStats {
    pub(super) field: [c_char; 80],
    /// KiB.
    pub(super) value: c_ulonglong,
}

/// `virDomainInfo`.
#[derive(Default)]
#[repr(C)]
pub(super) struct VirDomainInfo {
    pub(super) state: c_uchar,
    /// KiB.
    pub(super) max_mem: c_ulong,
    pub(super) memory: c_ulong,
    pub(super) vcpus: c_ushort,
    pub(super) cpu_time: c_ulonglong,
}

/// `virDomainControlInfo`.
#[derive(Default)]
#[repr(C)]
pub(super) struct VirDomainControlInfo {
    pub(super) state: c_uint,
    pub(super) details: c_uint,
    /// Milliseconds.
    pub(super) state_time: c_ulonglong,
}

/// `virDomainBlockInfo`.
#[derive(Default)]
#[repr(C)]
pub(super) struct VirDomainBlockInfo {
    /// Bytes.
    pub(super) capacity: c_ulonglong,
    pub(super) allocation: c_ulonglong,
    pub(super) physical: c_ulonglong,
}

/// `virTypedParameter`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct VirTypedParameter {
    pub(super) field: [c_char; 80],
    /// Which of `value` is meant.
    pub(super) kind: c_int,
    pub(super) value: VirTypedValue,
}

/// The union in `virTypedParameter`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) union VirTypedValue {
    pub(super) i: c_int,
    pub(super) ui: c_uint,
    pub(super) l: c_longlong,
    pub(super) ul: c_ulonglong,
    pub(super) d: f64,
    pub(super) b: c_char,
    pub(super) s: *mut c_char,
}

/// Declares the table of functions and how it is filled from the library.
macro_rules! functions {
    ($($name:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// Where libvirt's functions lie.
        #[expect(non_snake_case, reason = "they are called as in C")]
        pub(super) struct Functions {
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            /// Looks all of them up.
            ///
            /// # Safety
            /// `library` is libvirt of soname 0, and stays loaded as long as the table lives.
            pub(super) unsafe fn find(library: &Library) -> Result<Functions, libloading::Error> {
                Ok(Functions {
                    // SAFETY: the signatures are those of the headers of soname 0.
                    $($name: *unsafe { library.get(concat!(stringify!($name), "\0")) }?,)*
                })
            }
        }
    };
}

/// Takes an error as libvirt's own default would print it.
pub(super) type ErrorHandler = unsafe extern "C" fn(*mut c_void, *mut VirError);

functions! {
    virInitialize() -> c_int;
    virGetVersion(*mut c_ulong, *const c_char, *mut c_ulong) -> c_int;
    virGetLastError() -> *mut VirError;
    virResetLastError();
    virSetErrorFunc(*mut c_void, Option<ErrorHandler>);
    virEventRegisterDefaultImpl() -> c_int;
    virEventRunDefaultImpl() -> c_int;
    virTypedParamsFree(*mut VirTypedParameter, c_int);

    virConnectOpen(*const c_char) -> *mut VirConnect;
    virConnectClose(*mut VirConnect) -> c_int;
    virConnectSetKeepAlive(*mut VirConnect, c_int, c_uint) -> c_int;
    virConnectIsAlive(*mut VirConnect) -> c_int;
    virConnectGetType(*mut VirConnect) -> *const c_char;
    virConnectGetVersion(*mut VirConnect, *mut c_ulong) -> c_int;
    virConnectGetLibVersion(*mut VirConnect, *mut c_ulong) -> c_int;
    virConnectGetHostname(*mut VirConnect) -> *mut c_char;
    virConnectGetCapabilities(*mut VirConnect) -> *mut c_char;
    virConnectCompareCPU(*mut VirConnect, *const c_char, c_uint) -> c_int;
    virConnectListAllDomains(*mut VirConnect, *mut *mut *mut VirDomain, c_uint) -> c_int;
    virNodeGetInfo(*mut VirConnect, *mut VirNodeInfo) -> c_int;
    virNodeGetFreeMemory(*mut VirConnect) -> c_ulonglong;
    virNodeGetMemoryStats(*mut VirConnect, c_int, *mut VirNodeMemoryStats, *mut c_int, c_uint) -> c_int;

    virDomainLookupByUUIDString(*mut VirConnect, *const c_char) -> *mut VirDomain;
    virDomainDefineXML(*mut VirConnect, *const c_char) -> *mut VirDomain;
    virDomainFree(*mut VirDomain) -> c_int;
    virDomainGetName(*mut VirDomain) -> *const c_char;
    virDomainGetUUIDString(*mut VirDomain, *mut c_char) -> c_int;
    virDomainGetState(*mut VirDomain, *mut c_int, *mut c_int, c_uint) -> c_int;
    virDomainGetInfo(*mut VirDomain, *mut VirDomainInfo) -> c_int;
    virDomainGetControlInfo(*mut VirDomain, *mut VirDomainControlInfo, c_uint) -> c_int;
    virDomainGetXMLDesc(*mut VirDomain, c_uint) -> *mut c_char;
    virDomainGetBlockInfo(*mut VirDomain, *const c_char, *mut VirDomainBlockInfo, c_uint) -> c_int;
    virDomainGetMetadata(*mut VirDomain, c_int, *const c_char, c_uint) -> *mut c_char;
    virDomainSetMetadata(*mut VirDomain, c_int, *const c_char, *const c_char, *const c_char, c_uint) -> c_int;
    virDomainIsPersistent(*mut VirDomain) -> c_int;
    virDomainGetAutostart(*mut VirDomain, *mut c_int) -> c_int;
    virDomainSetAutostart(*mut VirDomain, c_int) -> c_int;
    virDomainUndefineFlags(*mut VirDomain, c_uint) -> c_int;
    virDomainCreate(*mut VirDomain) -> c_int;
    virDomainShutdown(*mut VirDomain) -> c_int;
    virDomainDestroy(*mut VirDomain) -> c_int;
    virDomainReboot(*mut VirDomain, c_uint) -> c_int;
    virDomainSuspend(*mut VirDomain) -> c_int;
    virDomainResume(*mut VirDomain) -> c_int;
    virDomainMigrateToURI3(*mut VirDomain, *const c_char, *mut VirTypedParameter, c_uint, c_uint) -> c_int;
    virDomainMigrateSetMaxDowntime(*mut VirDomain, c_ulonglong, c_uint) -> c_int;
    virDomainMigrateSetMaxSpeed(*mut VirDomain, c_ulong, c_uint) -> c_int;
    virDomainGetJobStats(*mut VirDomain, *mut c_int, *mut *mut VirTypedParameter, *mut c_int, c_uint) -> c_int;
    virDomainAbortJob(*mut VirDomain) -> c_int;

    virStoragePoolCreateXML(*mut VirConnect, *const c_char, c_uint) -> *mut VirStoragePool;
    virStoragePoolLookupByName(*mut VirConnect, *const c_char) -> *mut VirStoragePool;
    virStoragePoolLookupByTargetPath(*mut VirConnect, *const c_char) -> *mut VirStoragePool;
    virStoragePoolLookupByVolume(*mut VirStorageVol) -> *mut VirStoragePool;
    virStoragePoolGetName(*mut VirStoragePool) -> *const c_char;
    virStoragePoolGetXMLDesc(*mut VirStoragePool, c_uint) -> *mut c_char;
    virStoragePoolRefresh(*mut VirStoragePool, c_uint) -> c_int;
    virStoragePoolDestroy(*mut VirStoragePool) -> c_int;
    virStoragePoolFree(*mut VirStoragePool) -> c_int;
    virStorageVolLookupByPath(*mut VirConnect, *const c_char) -> *mut VirStorageVol;
    virStorageVolLookupByName(*mut VirStoragePool, *const c_char) -> *mut VirStorageVol;
    virStorageVolGetPath(*mut VirStorageVol) -> *mut c_char;
    virStorageVolDelete(*mut VirStorageVol, c_uint) -> c_int;
    virStorageVolFree(*mut VirStorageVol) -> c_int;
}

unsafe extern "C" {
    /// Of the C library, which libvirt allocates with.
    fn free(memory: *mut c_void);
}

impl Functions {
    /// Frees what libvirt gave away.
    pub(super) fn free(&self, memory: *mut c_void) {
        // SAFETY: whoever calls it within `sys` has it from libvirt, and forgets it.
        unsafe { free(memory) }
    }
}
