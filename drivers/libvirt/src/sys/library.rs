//! The library itself: found, loaded, made quiet, and given a thread that keeps connections alive.

use std::ffi::{c_int, c_ulong, c_void};
use std::fmt;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::sync::OnceLock;
use std::thread;

use super::error::Error;
use super::functions::{Functions, VirError};

/// The library's name. Libvirt has kept its first soname to this day.
const NAME: &str = "libvirt.so.0";

/// Libvirt, loaded. It stays so: a thread of ours is in it.
#[derive(Clone, Copy)]
pub(crate) struct Library(pub(super) &'static Functions);

/// A version as libvirt counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(super) c_ulong);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Version(all) = self;
        write!(
            f,
            "{}.{}.{}",
            all / 1_000_000,
            all / 1000 % 1000,
            all % 1000
        )
    }
}

impl Library {
    /// Loads it, the first time that it is asked for.
    ///
    /// # Errors
    /// In words, when it is not installed, is too old, or does not start.
    pub(crate) fn load() -> Result<Library, String> {
        static LOADED: OnceLock<Result<Functions, String>> = OnceLock::new();
        match LOADED.get_or_init(load) {
            Ok(functions) => Ok(Library(functions)),
            Err(why) => Err(why.clone()),
        }
    }

    /// The library's own version.
    pub(crate) fn version(self) -> Result<Version, Error> {
        let mut version = 0;
        // SAFETY: it writes the version; no driver's is asked for.
        let result = unsafe {
            (self.0.virGetVersion)(&raw mut version, std::ptr::null(), std::ptr::null_mut())
        };
        Error::unless(self.0, result)?;
        Ok(Version(version))
    }
}

fn load() -> Result<Functions, String> {
    // SAFETY: what libvirt does when it is loaded needs nothing of us.
    let library = unsafe { libloading::Library::new(NAME) };
    let library = library.map_err(|error| format!("{NAME} cannot be loaded: {error}"))?;
    // Never unloaded: its own threads and ours go on in it.
    let library = ManuallyDrop::new(library);
    // SAFETY: it is libvirt, and stays.
    let functions = unsafe { Functions::find(&library) };
    let functions = functions.map_err(|error| format!("{NAME} is too old: {error}"))?;
    start(&functions).map_err(|error| format!("{NAME} does not start: {}", error.text))?;
    Ok(functions)
}

fn start(functions: &Functions) -> Result<(), Error> {
    // SAFETY: the handler is a function for the whole life of the program, and needs no data.
    unsafe { (functions.virSetErrorFunc)(std::ptr::null_mut(), Some(say_nothing)) };
    // SAFETY: neither has preconditions but that no connection has been opened yet, and none has.
    let results = unsafe {
        [
            (functions.virInitialize)(),
            (functions.virEventRegisterDefaultImpl)(),
        ]
    };
    for result in results {
        Error::unless(functions, result)?;
    }
    let run = functions.virEventRunDefaultImpl;
    thread::spawn(move || run_events(run));
    Ok(())
}

/// Answers the daemons' pings and sends ours, for ever.
fn run_events(run: unsafe extern "C" fn() -> c_int) {
    // SAFETY: the loop is registered, and this is the only thread that runs it.
    while unsafe { run() } >= 0 {}
    // Nobody to tell but the log: calls still work, a dead peer is noticed later.
    let _ = writeln!(
        io::stderr(),
        "libvirt's event loop broke; connections are not kept alive"
    );
}

/// Errors are values here; libvirt would print them.
unsafe extern "C" fn say_nothing(_: *mut c_void, _: *mut VirError) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_three_numbers() {
        assert_eq!(Version(9_000_000).to_string(), "9.0.0");
        assert_eq!(Version(7_002_022).to_string(), "7.2.22");
    }
}
