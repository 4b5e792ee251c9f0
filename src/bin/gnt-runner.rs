//! See `gnt::runner`.
fn main() {}
