//! `--watch`: lists that are shown again when something changes, and when the time is over.

mod common;

use common::{Lab, Running, wait_for};
use nix::sys::signal::Signal;
use serde_json::Value;

/// An interval that no test waits for: what is shown comes of a change.
const NEVER: &str = "--watch=3600";

/// Waits until a list has shown so many tables, which are told.
#[track_caller]
fn tables(list: &Running, count: usize) -> Vec<String> {
    wait_for("the next table", || {
        let text = list.stdout();
        let tables: Vec<String> = text.split("\n\n").map(str::to_owned).collect();
        (tables.len() >= count && text.ends_with('\n')).then_some(tables)
    })
}

#[track_caller]
fn ends(list: Running, signal: Signal, code: i32) {
    list.signal(signal);
    list.finish().exits(code);
}

#[test]
fn a_list_of_jobs_is_shown_again_when_one_comes_and_ends() {
    let lab = Lab::sample(3, 3, 0);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let list = lab.spawn(["gnt-job", "list", NEVER, "--no-headers"]);
    wait_for("the first look", || {
        list.stderr().contains("the queue is held").then_some(())
    });
    let id = lab.submit(["gnt-debug", "delay", "0"]);
    let queued = format!("{id} queued TEST_DELAY(0 ns)\n");
    wait_for("the new job", || {
        list.stdout().contains(queued.trim_end()).then_some(())
    });
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    let done = format!("{id} success TEST_DELAY(0 ns)\n");
    wait_for("its end", || list.stdout().ends_with(&done).then_some(()));
    ends(list, Signal::SIGINT, 130);
}

#[test]
fn a_list_of_nodes_is_shown_again_when_the_configuration_changes_and_not_without() {
    let lab = Lab::sample(3, 3, 0);
    let words = [
        "gnt-node",
        "list",
        NEVER,
        "-o",
        "name,drained",
        "drained or name == \"node1\"",
    ];
    let list = lab.spawn(words);
    assert_eq!(tables(&list, 1), ["Node  Drained\nnode1 N\n"]);
    // A job that changes nothing of it.
    lab.run(["gnt-debug", "delay", "0"]).exits(0);
    lab.run(["gnt-node", "modify", "-D", "yes", "node2"])
        .exits(0);
    let shown = tables(&list, 2);
    assert_eq!(shown[1], "Node  Drained\nnode1 N\nnode2 Y\n");
    ends(list, Signal::SIGTERM, 143);
}

#[test]
fn without_a_change_a_list_is_shown_when_the_time_is_over() {
    let lab = Lab::sample(2, 1, 0);
    let list = lab.spawn(["gnt-instance", "list", "--watch", "1", "-o", "name"]);
    let shown = tables(&list, 3);
    assert!(
        shown
            .iter()
            .all(|table| table.trim_end() == "Instance\ninst1"),
        "{shown:?}"
    );
    ends(list, Signal::SIGINT, 130);
}

#[test]
fn programs_read_a_document_a_round() {
    let lab = Lab::sample(2, 1, 0);
    let list = lab.spawn([
        "gnt-group",
        "list",
        "--watch",
        "1",
        "--json",
        "-o",
        "name,what",
    ]);
    let documents = wait_for("the second document", || {
        let text = list.stdout();
        let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        let documents: Vec<Value> = documents.map_while(Result::ok).collect();
        (documents.len() >= 2).then_some(documents)
    });
    let item = serde_json::json!({"name": "default", "what": null});
    for document in documents {
        assert_eq!(document["items"], serde_json::json!([item]));
    }
    // Said once, not each time.
    assert_eq!(list.stderr(), "Warning: Queried for unknown fields what\n");
    ends(list, Signal::SIGINT, 130);
}

#[test]
fn a_cluster_that_goes_away_ends_the_list() {
    let lab = Lab::sample(2, 1, 0);
    let list = lab.spawn(["gnt-node", "list", "--watch", "1"]);
    tables(&list, 1);
    lab.run(["gnt-cluster", "destroy", "--yes-do-it"]).exits(0);
    list.finish().exits(5);
}
