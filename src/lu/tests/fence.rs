//! Dead machines: nothing that may still run there is started elsewhere before somebody vouches for its
//! being off.

use super::*;
use crate::cluster::Host;

/// A cluster in which node1 is a real machine, with this fence command.
fn lab(fence_cmd: Option<&str>) -> Lab {
    let mut lab = Lab::new();
    let host = Host {
        uri: "test:///default".to_owned(),
        fence_cmd: fence_cmd.map(str::to_owned),
        ..Host::default()
    };
    lab.change_node("node1", |node| node.host = Some(Arc::new(host)));
    lab
}

fn failover(name: &str) -> Opcode {
    op(json!({"OP_ID": "OP_INSTANCE_FAILOVER", "instance_name": name, "target_node": "node3"}))
}

fn power_off(op: Opcode, word: &str) -> Opcode {
    with(op, "power_off", json!(word))
}

fn is_offline(lab: &Lab) -> bool {
    lab.world.config.node_named("node1").unwrap().offline
}

#[test]
fn that_a_machine_does_not_answer_says_nothing() {
    let mut lab = lab(None);
    lab.kill_node("node1");
    for op in [
        failover("rbd1"),
        with(failover("rbd1"), "ignore_consistency", json!(true)),
        power_off(failover("rbd1"), "forced"),
    ] {
        let error = lab.fails(op);
        assert!(
            error.message.contains("nobody says that it is powered off"),
            "{error}"
        );
        let hint = error.hint.unwrap();
        assert!(hint.contains("--i-confirm-power-off"), "{hint}");
        assert!(hint.contains("--fence-cmd"), "{hint}");
        assert_eq!(lab.nodes_of("rbd1").0, "node1");
    }
}

#[test]
fn an_operator_vouches_for_it_and_it_is_marked_offline() {
    let mut lab = lab(None);
    lab.kill_node("node1");
    lab.run(power_off(failover("rbd1"), "confirmed")).unwrap();
    assert_eq!(lab.nodes_of("rbd1").0, "node3");
    assert_eq!(lab.runs_on("rbd1"), ["node3"]);
    assert!(is_offline(&lab) && lab.said("node1 is powered off: that was confirmed"));
}

#[test]
fn a_fence_command_that_succeeds_vouches_for_it() {
    let mut lab = lab(Some("test $GNT_NODE = node1 && test $GNT_CLUSTER = lab"));
    lab.kill_node("node1");
    lab.run(failover("rbd1")).unwrap();
    assert_eq!(lab.runs_on("rbd1"), ["node3"]);
    assert!(is_offline(&lab) && lab.said("its fence command succeeded"));
}

#[test]
fn one_that_fails_or_hangs_does_not() {
    let mut failing = lab(Some("echo no such outlet >&2; exit 3"));
    failing.kill_node("node1");
    let error = failing.fails(failover("rbd1"));
    assert!(
        error.message.contains("exit code 3: no such outlet"),
        "{error}"
    );
    assert!(!is_offline(&failing));

    let mut hanging = lab(Some("sleep 1000"));
    hanging.limits.fence = Duration::from_millis(50);
    hanging.kill_node("node1");
    let error = hanging.fails(failover("rbd1"));
    assert!(error.message.contains("no answer within"), "{error}");
    assert_eq!(hanging.nodes_of("rbd1").0, "node1");
}

#[test]
fn force_is_enough_for_one_that_is_marked_offline() {
    let mut lab = lab(None);
    lab.kill_node("node1");
    lab.change_node("node1", |node| node.offline = true);
    let error = lab.fails(failover("rbd1"));
    assert!(
        error.message.contains("is marked offline, but nobody"),
        "{error}"
    );
    lab.run(power_off(failover("rbd1"), "forced")).unwrap();
    assert_eq!(lab.runs_on("rbd1"), ["node3"]);
    assert!(lab.said("WARNING: node1 is marked offline; nobody has made sure"));
}

#[test]
fn one_that_is_marked_offline_and_runs_the_instance_keeps_it() {
    let mut lab = lab(None);
    lab.change_node("node1", |node| node.offline = true);
    let error = lab.fails(power_off(failover("rbd1"), "forced"));
    assert!(
        error.message.contains("it answers, and rbd1 runs there"),
        "{error}"
    );
    assert_eq!(lab.runs_on("rbd1"), ["node1"]);
}

#[test]
fn a_failover_of_a_machine_fences_once_and_tells_its_children() {
    let mut lab = lab(Some("true"));
    lab.kill_node("node1");
    let op = op(json!({"OP_ID": "OP_NODE_FAILOVER", "node_name": "node1", "allow_partial": true}));
    let UnitResult::Jobs(result) = lab.run(op).unwrap().result else {
        panic!("no jobs");
    };
    assert!(is_offline(&lab) && lab.said("* fencing node1: true"));
    let words: Vec<Value> = (result.jobs.iter().flat_map(|job| &job.ops))
        .map(|op| op.to_value()["power_off"].clone())
        .collect();
    assert!(
        !words.is_empty() && words.iter().all(|word| *word == "fenced"),
        "{words:?}"
    );
}

#[test]
fn a_failover_of_a_machine_that_answers_needs_no_fence() {
    let mut lab = lab(Some("exit 1"));
    lab.run(failover("rbd1")).unwrap();
    assert_eq!(lab.runs_on("rbd1"), ["node3"]);
    assert!(!is_offline(&lab));
}
