//! A guest that writes faster than its memory goes over, which stands still until it is there, and what
//! becomes of it when somebody dies meanwhile.

use gnt_lab::{Guest, Process};
use nix::sys::signal::{Signal, kill};

use crate::common::wait_for;
use crate::site::{Fate, Site};

/// Begins to move a guest that does not come to an end, and waits until it stands still for that.
fn standing_still(test: &str) -> Option<Site> {
    let mut guest = Guest::new("busy");
    (guest.memory, guest.fill, guest.window, guest.rate) = (64, 48, 48, 60);
    let site = Site::new(test, 2, vec![guest])?;
    let line = "gnt-instance migrate -f --bandwidth 8 --migration-timeout 2s --on-timeout suspend \
                -n node2 --submit busy";
    site.run(line).exits(0);
    wait_for("the guest stands still", || {
        let state = site.node("node1").virsh(&["domstate", "busy"]);
        (state.ok()? == "paused").then_some(())
    });
    Some(site)
}

/// Kills the runner, and what else there is, while the guest of a `test` stands still: it runs again,
/// wherever, since the next runner tries once more where the move has failed.
#[track_caller]
fn ends_well_without_its_runner(test: &str, more: impl FnOnce(&Site)) {
    let Some(site) = standing_still(test) else {
        return;
    };
    kill(site.state.runner_pid().unwrap(), Signal::SIGKILL).unwrap();
    more(&site);
    site.wait_until_idle();
    assert_eq!(site.faults(|_, _| Fate::Lives), [""; 0], "{}", site.told());
}

fn kill_daemon(site: &Site, name: &str) {
    let node = site.node(name);
    node.signal(Process::Libvirtd, "KILL").unwrap();
    node.start_libvirtd().unwrap();
}

#[test]
fn a_guest_that_stands_still_arrives_without_its_runner() {
    let test = "a_guest_that_stands_still_arrives_without_its_runner";
    ends_well_without_its_runner(test, |_| {});
}

#[test]
fn a_guest_that_stands_still_goes_on_when_its_move_fails_without_its_runner() {
    let test = "a_guest_that_stands_still_goes_on_when_its_move_fails_without_its_runner";
    ends_well_without_its_runner(test, |site| kill_daemon(site, "node2"));
}

#[test]
fn a_guest_that_stands_still_goes_on_when_its_daemon_dies() {
    let test = "a_guest_that_stands_still_goes_on_when_its_daemon_dies";
    ends_well_without_its_runner(test, |site| kill_daemon(site, "node1"));
}
