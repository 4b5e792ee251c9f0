//! What the tests that any driver has to pass need beside the driver.

use std::thread;
use std::time::{Duration, Instant};

/// How long something may take that takes a second, when others work here, too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a look finds something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
