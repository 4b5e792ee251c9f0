//! See `gnt::cli`.
fn main() {}
