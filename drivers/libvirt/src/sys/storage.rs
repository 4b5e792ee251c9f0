//! Where disks lie: libvirt's storage pools and volumes.

use std::ptr::NonNull;

use super::connection::Connection;
use super::error::Error;
use super::functions::{Functions, VirStoragePool, VirStorageVol};
use super::{given_text, lent_text, text_for_c};

/// A place with volumes, such as a directory.
pub(crate) struct Pool {
    functions: &'static Functions,
    raw: NonNull<VirStoragePool>,
}

/// Something that a disk can lie in, such as a file.
pub(crate) struct Volume {
    functions: &'static Functions,
    raw: NonNull<VirStorageVol>,
}

impl Connection {
    /// The pool of that name.
    pub(crate) fn pool(&self, name: &str) -> Result<Pool, Error> {
        let name = text_for_c(name)?;
        // SAFETY: the connection is open; the text is a C string for the length of the call.
        let raw = unsafe {
            (self.functions.virStoragePoolLookupByName)(self.raw.as_ptr(), name.as_ptr())
        };
        Pool::own(self.functions, raw)
    }

    /// The pool that is mounted at, or is, that directory.
    pub(crate) fn pool_at(&self, path: &str) -> Result<Pool, Error> {
        let path = text_for_c(path)?;
        // SAFETY: the connection is open; the text is a C string for the length of the call.
        let raw = unsafe {
            (self.functions.virStoragePoolLookupByTargetPath)(self.raw.as_ptr(), path.as_ptr())
        };
        Pool::own(self.functions, raw)
    }

    /// Makes a pool that is forgotten when it is [closed](Pool::close).
    pub(crate) fn make_pool(&self, definition: &str) -> Result<Pool, Error> {
        let definition = text_for_c(definition)?;
        // SAFETY: the connection is open; the text is a C string for the length of the call.
        let raw = unsafe {
            (self.functions.virStoragePoolCreateXML)(self.raw.as_ptr(), definition.as_ptr(), 0)
        };
        Pool::own(self.functions, raw)
    }

    /// The volume that lies at a path, if one of the open pools knows it.
    pub(crate) fn volume_at(&self, path: &str) -> Result<Volume, Error> {
        let path = text_for_c(path)?;
        // SAFETY: the connection is open; the text is a C string for the length of the call.
        let raw =
            unsafe { (self.functions.virStorageVolLookupByPath)(self.raw.as_ptr(), path.as_ptr()) };
        Volume::own(self.functions, raw)
    }
}

impl Pool {
    fn own(functions: &'static Functions, raw: *mut VirStoragePool) -> Result<Pool, Error> {
        match NonNull::new(raw) {
            Some(raw) => Ok(Pool { functions, raw }),
            None => Err(Error::last(functions)),
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> Result<String, Error> {
        // SAFETY: the handle is valid; the text is lent and lives as long as it.
        let name = unsafe { lent_text((self.functions.virStoragePoolGetName)(self.raw.as_ptr())) };
        name.ok_or_else(|| Error::last(self.functions))
    }

    /// What it is, as XML.
    pub(crate) fn definition(&self) -> Result<String, Error> {
        // SAFETY: the handle is valid; the text is given to us.
        unsafe {
            given_text(
                self.functions,
                (self.functions.virStoragePoolGetXMLDesc)(self.raw.as_ptr(), 0),
            )
        }
    }

    /// Looks which volumes there are.
    pub(crate) fn refresh(&self) -> Result<(), Error> {
        // SAFETY: the handle is valid.
        let result = unsafe { (self.functions.virStoragePoolRefresh)(self.raw.as_ptr(), 0) };
        Error::unless(self.functions, result).map(drop)
    }

    /// Its volume of that name.
    pub(crate) fn volume(&self, name: &str) -> Result<Volume, Error> {
        let name = text_for_c(name)?;
        // SAFETY: the handle is valid; the text is a C string for the length of the call.
        let raw =
            unsafe { (self.functions.virStorageVolLookupByName)(self.raw.as_ptr(), name.as_ptr()) };
        Volume::own(self.functions, raw)
    }

    /// Closes it. What lies in it is not touched.
    pub(crate) fn close(&self) -> Result<(), Error> {
        // SAFETY: the handle is valid, and stays so.
        let result = unsafe { (self.functions.virStoragePoolDestroy)(self.raw.as_ptr()) };
        Error::unless(self.functions, result).map(drop)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: the handle is valid, and nothing uses it any more.
        unsafe { (self.functions.virStoragePoolFree)(self.raw.as_ptr()) };
    }
}

impl Volume {
    fn own(functions: &'static Functions, raw: *mut VirStorageVol) -> Result<Volume, Error> {
        match NonNull::new(raw) {
            Some(raw) => Ok(Volume { functions, raw }),
            None => Err(Error::last(functions)),
        }
    }

    /// The pool that it lies in.
    pub(crate) fn pool(&self) -> Result<Pool, Error> {
        // SAFETY: the handle is valid.
        let raw = unsafe { (self.functions.virStoragePoolLookupByVolume)(self.raw.as_ptr()) };
        Pool::own(self.functions, raw)
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> Result<String, Error> {
        // SAFETY: the handle is valid; the text is given to us.
        unsafe {
            given_text(
                self.functions,
                (self.functions.virStorageVolGetPath)(self.raw.as_ptr()),
            )
        }
    }

    /// Deletes it, and what is in it.
    pub(crate) fn delete(&self) -> Result<(), Error> {
        // SAFETY: the handle is valid, and stays so.
        let result = unsafe { (self.functions.virStorageVolDelete)(self.raw.as_ptr(), 0) };
        Error::unless(self.functions, result).map(drop)
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // SAFETY: the handle is valid, and nothing uses it any more.
        unsafe { (self.functions.virStorageVolFree)(self.raw.as_ptr()) };
    }
}
