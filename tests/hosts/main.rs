//! A cluster of real hosts and real guests, through the real tools: see `gnt_lab`.
//!
//! What is skipped where there can be no such hosts is said by name.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test may end where it finds something amiss; it reads /proc and what tools have printed"
)]

mod calamity;
#[path = "../common/mod.rs"]
mod common;
mod converge;
mod dead;
mod evacuate;
mod hung;
mod site;
mod suspend;

use gnt_lab::{Guest, Process};

use site::{Fate, Site};

fn guests() -> Vec<Guest> {
    ["web1", "web2", "web3", "web4"].map(Guest::new).to_vec()
}

#[test]
fn a_host_is_emptied() {
    let Some(site) = Site::new("a_host_is_emptied", 3, guests()) else {
        return;
    };
    let document = site.json("gnt-node evacuate -f node1");
    assert_eq!(document["verdict"], "done", "{document}");
    assert_eq!(site.faults(|_, _| Fate::Lives), [""; 0], "{}", site.told());
    assert_eq!(site.hosts.node(1).running().unwrap(), [""; 0]);
}

#[test]
fn a_guest_that_is_killed_is_missed_and_starts_again() {
    let Some(site) = Site::new(
        "a_guest_that_is_killed_is_missed_and_starts_again",
        1,
        guests(),
    ) else {
        return;
    };
    let node = site.node("node1");
    node.signal(Process::Guest("web2"), "KILL").unwrap();
    common::wait_for("its end is seen", || {
        let state = node.virsh(&["domstate", "web2"]).ok()?;
        (state != "running").then_some(())
    });
    let faults = site.faults(|_, _| Fate::Lives);
    assert!(faults[0].starts_with("web2 does not run"), "{faults:?}");
    site.run("gnt-instance shutdown web3").exits(0);
    site.run("gnt-instance startup web3 --submit").exits(0);
    site.wait_until_idle();
    let off = |name: &str, _: &_| match name {
        "web2" | "web3" => Fate::MayBeOff,
        _ => Fate::Lives,
    };
    assert_eq!(site.faults(off), [""; 0], "{}", site.told());
}
