//! Whole clusters: founding one, replacing it by an import, destroying it, checking that
//! configuration, queue and reality agree. Here the three meet; each of them knows nothing of the
//! others.

mod found;
mod verify;

pub use found::*;
pub use verify::*;
