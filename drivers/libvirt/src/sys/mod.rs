//! Libvirt's C library, made safe: the only module with `unsafe` in it.
//!
//! Libvirt has no other interface that it promises to keep, so something has to call C. The library is
//! loaded when the program runs rather than linked, so that one build serves machines with and without
//! it. All that is unsafe about that is in here: the signatures in [`functions`] are those of the C
//! headers of soname 0, which has never changed one; pointers that C gives are checked, read once and
//! freed by their owner's `Drop`; no Rust value is lent to C beyond the call. What leaves this module is
//! handles, plain values, and [`Error`].

mod connection;
mod domain;
mod error;
mod functions;
mod library;
mod parameters;
mod storage;

pub(crate) use connection::{Comparison, Connection};
pub(crate) use domain::{Affect, Control, Domain, Job, MigrateFlags, Power, State};
pub(crate) use error::{Code, Error, Origin};
pub(crate) use library::Library;
pub(crate) use storage::{Pool, Volume};

use std::ffi::{CStr, CString, c_char};

use functions::Functions;

/// A text for C. Libvirt's texts have no NUL in them, so neither has one that it would understand.
fn text_for_c(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::own("there is a NUL in a text"))
}

/// A text that C lends.
///
/// # Safety
/// It is null, or a C string that lives until this returns.
unsafe fn lent_text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and a C string says the caller.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned())
}

/// A text that C gives away.
///
/// # Safety
/// It is null, or a C string from libvirt that the caller is to free.
unsafe fn given_text(functions: &Functions, text: *mut c_char) -> Result<String, Error> {
    // SAFETY: as the caller says.
    match unsafe { lent_text(text) } {
        Some(copy) => {
            functions.free(text.cast());
            Ok(copy)
        }
        None => Err(Error::last(functions)),
    }
}
