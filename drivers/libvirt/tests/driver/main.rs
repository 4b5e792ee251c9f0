//! The driver as a process, as the runner has it: with the host that libvirt pretends to have, which needs
//! libvirt's library and nothing else, and with real hosts and guests. What is skipped where these cannot
//! be is said by name.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may end where it finds something amiss"
)]

mod common;
#[path = "../../../../tests/driver/conformance.rs"]
mod conformance;
mod lab;
mod pretended;
mod process;
