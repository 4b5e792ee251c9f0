//! A side of a move that did not see its end, and what it keeps of the guest.

use serde_json::json;

use gnt::queue::{JobId, Status};

use crate::cluster::Site;
use crate::common::wait_for;

/// How the job says that it waits for a side.
const LOOKING: &str = "does not answer: looking for";

/// Begins to move a guest from node1 to node2, of which one goes down at the end and keeps the guest in
/// that state.
fn lost(site: &Site, node: &str, keeps: &str) -> JobId {
    site.world
        .change(|world| world[node]["loses"] = keeps.into());
    let output = site.run("gnt-instance migrate -f -n node2 --submit --print-jobid web");
    output.exits(0).stdout.trim().parse().unwrap()
}

fn comes_back(site: &Site, node: &str) {
    site.world.change(|world| {
        let node = world[node].as_object_mut().unwrap();
        node.remove("loses");
        node.remove("down");
    });
}

fn log(site: &Site, job: JobId) -> String {
    site.run(&format!("gnt-job info {job}")).exits(0).stdout
}

/// The side comes back while the job looks for it.
fn is_cleared(node: &str, keeps: &str, ends: Status, home: &str) {
    let Some(site) = Site::new(&["web"], &json!({})) else {
        return;
    };
    let job = lost(&site, node, keeps);
    wait_for("a look for the lost side", || {
        log(&site, job).contains(LOOKING).then_some(())
    });
    assert_eq!(site.world.states("web")[node], keeps);
    assert_eq!(site.lab.job(job).status, Status::Running);
    comes_back(&site, node);
    site.lab.wait_for_status(job, &[ends]);
    assert_eq!(site.lab.nodes_of("web").0, home);
    site.verify_clean(&["web"]);
}

#[test]
fn a_source_that_comes_back_forgets_what_stands_still_there() {
    is_cleared("node1", "paused", Status::Success, "node2");
}

#[test]
fn a_source_that_comes_back_forgets_a_definition() {
    is_cleared("node1", "stopped", Status::Success, "node2");
}

#[test]
fn a_target_that_comes_back_forgets_a_move_that_was_given_up() {
    is_cleared("node2", "stopped", Status::Error, "node1");
}

#[test]
fn a_source_that_stays_away_is_told_and_verified_when_it_is_back() {
    let Some(site) = Site::new(&["web"], &json!({})) else {
        return;
    };
    let job = lost(&site, "node1", "paused");
    site.lab.wait_for_status(job, &[Status::Success]);
    let told = log(&site, job);
    assert!(
        told.contains("node1 does not answer: it may still have web"),
        "{told}"
    );
    comes_back(&site, "node1");
    assert_eq!(site.world.states("web")["node1"], "paused");
    site.run("gnt-cluster verify").exits(0);
    site.verify_clean(&["web"]);
}

#[test]
fn a_node_that_comes_back_forgets_what_stands_still_there() {
    let Some(site) = Site::new(&["web"], &json!({})) else {
        return;
    };
    site.run("gnt-node modify --offline yes -f node3").exits(0);
    site.world.put(3, "web", "paused", json!({}));
    site.run("gnt-node modify --offline no -f node3").exits(0);
    site.verify_clean(&["web"]);
}

#[test]
fn one_that_stops_where_it_has_moved_is_written_down_there() {
    let Some(site) = Site::new(&["web"], &json!({"dies": true})) else {
        return;
    };
    let output = site.run("gnt-instance migrate -f -n node2 web").exits(1);
    assert!(
        output.stderr.contains("web has moved to node2") && output.stderr.contains("startup web"),
        "{output:?}"
    );
    assert_eq!(site.lab.nodes_of("web").0, "node2");
    site.run("gnt-instance startup web").exits(0);
    site.verify_clean(&["web"]);
}

/// Nobody knows which of the two has what the guest is: nothing is stopped.
#[test]
fn two_that_stand_still_or_run_are_left_alone() {
    let Some(site) = Site::new(&["web"], &json!({})) else {
        return;
    };
    for (home, other) in [
        ("paused", "paused"),
        ("paused", "running"),
        ("running", "running"),
    ] {
        site.world.put(1, "web", home, json!({}));
        site.world.put(2, "web", other, json!({}));
        let output = site.run("gnt-cluster verify").exits(1);
        assert!(output.stdout.contains("web"), "{output:?}");
        let states = site.world.states("web");
        assert_eq!((&*states["node1"], &*states["node2"]), (home, other));
    }
}
