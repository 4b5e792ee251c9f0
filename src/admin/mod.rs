//! Whole clusters: founding one, replacing it by an import, destroying it, backing it up, checking
//! that configuration, queue and reality agree. Here the three meet; each of them knows nothing of the
//! others.

mod backup;
mod container;
mod doctor;
mod found;
mod verify;
mod watch;

pub use backup::*;
pub use container::{ContainerError, Manifest, Member};
pub use doctor::*;
pub use found::*;
pub use verify::*;
pub use watch::*;
