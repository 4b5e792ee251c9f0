//! Signals that ask a process to stop, as something to look at.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// A signal that asks to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The terminal is gone.
    HangUp,
    /// Ctrl-C.
    Interrupt,
    /// `kill`.
    Terminate,
}

impl Signal {
    const ALL: [(i32, Signal); 3] = [
        (SIGHUP, Signal::HangUp),
        (SIGINT, Signal::Interrupt),
        (SIGTERM, Signal::Terminate),
    ];

    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Signal::HangUp => 1,
            Signal::Interrupt => 2,
            Signal::Terminate => 15,
        }
    }
}

static RAISED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// From now on these signals end nothing by themselves; [`raised`] tells of them. They end waits in
/// the kernel, so that a sleeping program looks soon.
pub fn catch() {
    let raised = RAISED.get_or_init(Arc::default);
    for (number, _) in Signal::ALL {
        // Refused only for signals that cannot be caught, which these are not.
        let _ = signal_hook::flag::register_usize(
            number,
            Arc::clone(raised),
            usize::try_from(number).unwrap_or(0),
        );
    }
}

/// The last signal that has arrived since [`catch`].
#[must_use]
pub fn raised() -> Option<Signal> {
    let number = RAISED.get()?.load(Ordering::Relaxed);
    let known = Signal::ALL
        .iter()
        .find(|(signal, _)| usize::try_from(*signal) == Ok(number));
    known.map(|(_, signal)| *signal)
}
