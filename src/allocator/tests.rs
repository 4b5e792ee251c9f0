//! Placement on small clusters made for each test.

mod allocation;
mod departing;
mod fixture;
mod properties;
mod rooms;
mod speed;
