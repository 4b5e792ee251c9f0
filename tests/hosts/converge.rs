//! A guest that writes faster than its memory goes over, among others that do not.

use gnt_lab::Guest;
use serde_json::Value;

use crate::common::wait_for;
use crate::site::{Fate, PATIENCE, Site};

/// The one: it never ends at 8 MiB a second.
const BUSY: &str = "busy";

fn guests() -> Vec<Guest> {
    let mut guests = ["web1", "web2", "web3", "web4", "web5"]
        .map(Guest::new)
        .to_vec();
    let mut busy = Guest::new(BUSY);
    (busy.memory, busy.fill, busy.window, busy.rate) = (64, 48, 40, 30);
    guests.push(busy);
    guests
}

impl Site {
    #[track_caller]
    fn all_is_well_with(&self, on_node1: &[&str]) {
        assert_eq!(self.faults(|_, _| Fate::Lives), [""; 0], "{}", self.told());
        assert_eq!(self.hosts.node(1).running().unwrap(), on_node1);
    }
}

#[test]
fn what_becomes_of_a_guest_that_does_not_converge_is_the_operators_choice() {
    let test = "what_becomes_of_a_guest_that_does_not_converge_is_the_operators_choice";
    let Some(site) = Site::new(test, 3, guests()) else {
        return;
    };
    // The others have that long, too, and a busy machine.
    let evacuate = "gnt-node evacuate -f --bandwidth 8 --migration-timeout 12s --on-timeout";
    let document = site.json(&format!("{evacuate} abort node1"));
    assert_eq!(document["verdict"], "partial", "{document}");
    assert_eq!(document["exit"], 3, "{document}");
    let text = document.to_string();
    assert!(
        text.contains("was given up: it is not over after"),
        "{text}"
    );
    site.all_is_well_with(&[BUSY]);

    let migrate = "gnt-instance migrate -f --bandwidth 8 --migration-timeout 2s --on-timeout";
    // It stands still until it is there.
    site.run(&format!("{migrate} suspend -n node2 {BUSY}"))
        .exits(0);
    site.all_is_well_with(&[]);

    // It goes on for as long as nobody minds.
    let moving = site.spawn(&format!("{migrate} wait -n node1 --json-stream {BUSY}"));
    let told = wait_for("a pass that comes long after the limit", || {
        let told = moving.stdout();
        told.contains("pass 3").then_some(told)
    });
    let first: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    site.run(&format!("gnt-job cancel {}", first["job"]));
    let ended = moving.finish_within(PATIENCE);
    assert_ne!(ended.code, 0, "{ended:?}");
    site.all_is_well_with(&[]);

    // And it is over soon where it may stand still long enough.
    let downtime = "gnt-instance migrate -f --migration-downtime 8000";
    site.run(&format!("{downtime} -n node1 {BUSY}")).exits(0);
    site.all_is_well_with(&[BUSY]);
}
