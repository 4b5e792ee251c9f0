//! Drivers that are programs: their language and its document, what the runner makes of them, and a cluster
//! on one.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test says when it is skipped, reads /proc and its own files, and ends where it finds something amiss"
)]

mod backup;
mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod conformance;
mod document;
mod hung;
mod lost;
mod programs;
mod verbs;
mod world;

use std::fs;

use conformance::{Access, Subject, conforms};
use world::World;

#[test]
fn the_driver_in_python_conforms() {
    let Some(world) = World::new(2) else {
        return;
    };
    conforms(&Subject {
        program: world.program(),
        nodes: [world.access(1), world.access(2)],
        peers: [world.access(1), world.access(2)],
        definition: world.definition("web", serde_json::json!({"disks": ["/dev/null"]})),
        guest: world.uuid("web"),
        slow: 8,
    });
}

/// See docs/driver-protocol.md.
#[test]
fn the_named_driver_conforms() {
    let named = |name: &str| std::env::var(name).ok();
    let Some(program) = named("GNT_DRIVER_PROGRAM") else {
        eprintln!("skipped: GNT_DRIVER_PROGRAM names no driver");
        return;
    };
    let accesses = |text: &str| -> [Access; 2] { serde_json::from_str(text).unwrap() };
    let nodes = named("GNT_DRIVER_NODES").unwrap();
    conforms(&Subject {
        program: program.into(),
        nodes: accesses(&nodes),
        peers: accesses(&named("GNT_DRIVER_PEERS").unwrap_or(nodes)),
        definition: fs::read_to_string(named("GNT_DRIVER_GUEST").unwrap()).unwrap(),
        guest: named("GNT_DRIVER_GUEST_UUID").unwrap(),
        slow: named("GNT_DRIVER_SLOW").map_or(16, |slow| slow.parse().unwrap()),
    });
}
