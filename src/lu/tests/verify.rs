//! Checks of the whole cluster.

use super::plans::jobs;
use super::*;
use crate::lu::{Finding, Severity};
use crate::opcodes::{JobRef, VerifyCode};

fn verify(id: &str) -> Opcode {
    op(json!({ "OP_ID": id }))
}

fn group(name: &str) -> Opcode {
    op(json!({"OP_ID": "OP_CLUSTER_VERIFY_GROUP", "group_name": name}))
}

/// The result, and what was found.
fn result(lab: &mut Lab, op: Opcode) -> (bool, Vec<Finding>) {
    let outcome = lab.run(op).unwrap();
    let UnitResult::Value(Value::Bool(result)) = outcome.result else {
        panic!("no result")
    };
    (result, outcome.detail.findings)
}

/// What was found by a check of the group `default`.
fn found(lab: &mut Lab) -> Vec<(Severity, VerifyCode, String)> {
    let (result, findings) = result(lab, group("default"));
    let bad = findings.iter().any(|one| one.severity == Severity::Error);
    assert_eq!(result, !bad);
    let of = |one: Finding| (one.severity, one.code, one.name);
    findings.into_iter().map(of).collect()
}

/// A lab whose instances keep to the policy.
fn lab() -> Lab {
    let mut lab = Lab::new();
    let mut cluster = (**lab.world.config.cluster.as_ref().unwrap()).clone();
    let minmax = json!([{"min": {"disk-size": 1, "nic-count": 0}, "max": {}}]);
    cluster.ipolicy.insert("minmax".into(), minmax);
    lab.world.config.put_cluster(cluster);
    lab
}

#[test]
fn the_configuration_first_then_each_group() {
    let mut lab = lab();
    let op = with(verify("OP_CLUSTER_VERIFY"), "error_codes", json!(true));
    let op = with(op, "ignore_errors", json!(["EINSTANCEDOWN"]));
    let planned = jobs(lab.run(op.clone()).unwrap());
    let summaries: Vec<_> = planned
        .jobs
        .iter()
        .map(|job| job.ops[0].summary())
        .collect();
    assert_eq!(
        summaries,
        [
            "CLUSTER_VERIFY_CONFIG",
            "CLUSTER_VERIFY_GROUP(default)",
            "CLUSTER_VERIFY_GROUP(other)"
        ]
    );
    let depends = |place: usize| planned.jobs[place].ops[0].common.depends.clone();
    assert!(depends(0).is_empty());
    assert_eq!(depends(1)[0].job, JobRef::Back(1));
    assert_eq!(depends(2)[0].job, JobRef::Back(2));
    assert!(planned.jobs.iter().all(|job| {
        let op = job.ops[0].to_value();
        op["error_codes"] == true && op["ignore_errors"] == json!(["EINSTANCEDOWN"])
    }));
    let planned = jobs(lab.run(with(op, "group_name", json!("other"))).unwrap());
    assert_eq!(planned.jobs.len(), 1);
    assert!(planned.jobs[0].ops[0].common.depends.is_empty());
    let op = with(verify("OP_CLUSTER_VERIFY"), "group_name", json!("nowhere"));
    assert_eq!(code(&lab.fails(op)), ErrorCode::UnknownEntity);
}

#[test]
fn a_cluster_that_is_well_has_nothing() {
    let mut lab = lab();
    assert_eq!(
        result(&mut lab, verify("OP_CLUSTER_VERIFY_CONFIG")),
        (true, vec![])
    );
    assert_eq!(found(&mut lab), []);
    assert_eq!(result(&mut lab, group("other")), (true, vec![]));
    assert!(lab.said("* Verifying group 'default'"));
}

#[test]
fn what_the_configuration_lacks_is_found() {
    let mut lab = lab();
    lab.change_instance("rbd1", |one| one.uncertain = Some("lost".into()));
    lab.change_node("node4", |node| node.group = "uuid-gone".into());
    let (result, findings) = result(&mut lab, verify("OP_CLUSTER_VERIFY_CONFIG"));
    assert!(!result);
    let lines: Vec<String> = findings.iter().map(|one| one.line(true)).collect();
    assert_eq!(
        lines,
        [
            "  - ERROR:ECLUSTERDANGLINGNODES:node:node4:its group uuid-gone does not exist",
            "  - ERROR:EINSTANCEBADNODE:instance:rbd1:uncertain: lost (gnt-instance migrate --cleanup finds out)",
        ]
    );
    assert_eq!(
        findings[0].line(false),
        "  - ERROR: node node4: its group uuid-gone does not exist"
    );
}

#[test]
fn what_nodes_and_instances_are_is_found() {
    use Severity::{Error, Warning};
    let mut lab = lab();
    lab.kill("drbd1");
    lab.change_node("node3", |node| node.capacity.cpus = 99);
    assert_eq!(
        found(&mut lab),
        [
            (Error, VerifyCode::NodeHypervisor, "node3".to_owned()),
            (Error, VerifyCode::InstanceDown, "drbd1".to_owned()),
        ]
    );
    let mut op = group("default");
    op = with(op, "ignore_errors", json!(["EINSTANCEDOWN", "ENODEHV"]));
    let (passed, findings) = result(&mut lab, op);
    assert!(passed);
    assert!(findings.iter().all(|one| one.severity == Warning));
    assert!(lab.said("  - WARNING: instance drbd1: is meant to run on node1 and does not"));

    let mut lab = self::lab();
    lab.kill_node("node4");
    assert_eq!(
        found(&mut lab),
        [(Error, VerifyCode::NodeRpc, "node4".to_owned())]
    );
    lab.change_node("node4", |node| node.offline = true);
    assert_eq!(found(&mut lab), []);
}

#[test]
fn what_should_not_stay_so_is_found() {
    use Severity::{Error, Warning};
    let mut lab = Lab::new();
    // All disks are smaller than the built-in policy allows, and have no network.
    let policy = found(&mut lab);
    assert_eq!(policy.len(), 5);
    assert!(policy.iter().all(|(severity, code, _)| {
        (*severity, *code) == (Warning, VerifyCode::InstancePolicy)
    }));
    let mut lab = self::lab();
    lab.change_node("node2", |node| node.group = "uuid-other".into());
    let split = (Warning, VerifyCode::InstanceSplitGroups, "drbd1".to_owned());
    assert_eq!(found(&mut lab), [split]);

    let mut lab = self::lab();
    // drbd1 could start on node2 only if drbd3, which runs there, were smaller.
    lab.change_node("node2", |node| node.capacity.memory = 1500);
    let op = with(group("default"), "ignore_errors", json!(["ENODEHV"]));
    let n1 = |findings: Vec<Finding>| -> Vec<_> {
        let those = findings
            .into_iter()
            .filter(|one| one.code == VerifyCode::NodeN1);
        those
            .map(|one| (one.severity, one.name, one.text))
            .collect()
    };
    let text = "lacks 548 MiB of memory for its instances if another node fails";
    let (passed, findings) = result(&mut lab, op.clone());
    assert!(!passed);
    assert_eq!(n1(findings), [(Error, "node2".to_owned(), text.to_owned())]);
    let (passed, findings) = result(&mut lab, with(op, "skip_checks", json!(["nplusone_mem"])));
    assert!(passed && n1(findings).is_empty());

    let mut lab = self::lab();
    let mut cluster = (**lab.world.config.cluster.as_ref().unwrap()).clone();
    cluster.tags = vec!["htools:iextags:service".into()];
    lab.world.config.put_cluster(cluster);
    for name in ["drbd1", "rbd1"] {
        lab.change_instance(name, |one| one.tags = vec!["service:db".into()]);
    }
    assert_eq!(
        found(&mut lab),
        [(Warning, VerifyCode::ExclusionTags, "node1".to_owned())]
    );
}

#[test]
fn it_waits_for_what_changes_and_for_nothing_else() {
    let config = config();
    let locks = |op: &Opcode| unit(&op.op).locks(&config);
    let here = locks(&group("default"));
    assert_eq!(here.conflict(&here), None);
    let migrate = |name: &str| op(json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": name}));
    assert!(here.conflict(&locks(&migrate("drbd1"))).is_some());
    assert_eq!(
        locks(&group("other")).conflict(&locks(&migrate("drbd1"))),
        None
    );
    let all = locks(&verify("OP_CLUSTER_VERIFY_CONFIG"));
    assert!(all.conflict(&locks(&migrate("rbd1"))).is_some());
}

fn disks(lab: &mut Lab) -> Value {
    let op = op(json!({"OP_ID": "OP_GROUP_VERIFY_DISKS", "group_name": "default"}));
    let UnitResult::Value(result) = lab.run(op).unwrap().result else {
        panic!("no result")
    };
    result
}

#[test]
fn the_disks_of_each_group_have_a_job_of_their_own() {
    let mut lab = lab();
    let summaries = |lab: &mut Lab, op: Opcode| -> Vec<String> {
        let jobs = jobs(lab.run(op).unwrap()).jobs.into_iter();
        jobs.map(|job| job.ops[0].summary()).collect()
    };
    let op = verify("OP_CLUSTER_VERIFY_DISKS");
    assert_eq!(
        summaries(&mut lab, op.clone()),
        ["GROUP_VERIFY_DISKS(default)", "GROUP_VERIFY_DISKS(other)"]
    );
    let of_one = with(op.clone(), "group_name", json!("other"));
    assert_eq!(summaries(&mut lab, of_one), ["GROUP_VERIFY_DISKS(other)"]);
    let nowhere = with(op, "group_name", json!("nowhere"));
    assert_eq!(code(&lab.fails(nowhere)), ErrorCode::UnknownEntity);
}

#[test]
fn disks_that_are_not_whole_are_told_and_activated() {
    let mut lab = lab();
    for name in ["drbd1", "drbd2", "drbd3", "plain1", "rbd1"] {
        lab.change_instance(name, |one| one.disks_active = true);
    }
    assert_eq!(disks(&mut lab), json!([{}, [], {}]));
    let (plain, home) = (lab.reference("plain1"), lab.node("node3"));
    // The copy of one falls behind while its node is dead, that of another is lost.
    lab.kill_node("node2");
    let dead = lab.fake.list_faults().unwrap()[0].id;
    lab.fault(FaultKind::Fails, |fault| fault.verb = Some(Verb::Sync));
    lab.fake.clear_faults(Some(dead)).unwrap();
    lab.kill("plain1");
    lab.verb(|fake, call| fake.drop_copy(call, &plain, &home))
        .unwrap();
    let volumes = json!({"plain1": [["uuid-node3", "disk/0"]]});
    assert_eq!(disks(&mut lab), json!([{}, ["drbd1"], volumes]));
    // What is not meant to be active is nobody's business.
    lab.change_instance("plain1", |one| one.disks_active = false);
    assert_eq!(disks(&mut lab), json!([{}, ["drbd1"], {}]));
    lab.fake.clear_faults(None).unwrap();
    let activate = json!({"OP_ID": "OP_INSTANCE_ACTIVATE_DISKS", "instance_name": "drbd1"});
    lab.run(op(activate)).unwrap();
    assert!(lab.said("the copy on node2 syncs"));
    assert_eq!(disks(&mut lab), json!([{}, [], {}]));
    // Of a node that does not answer nothing is known.
    lab.kill_node("node2");
    let result = disks(&mut lab);
    assert!(
        result[0]["uuid-node2"]
            .as_str()
            .unwrap()
            .contains("does not answer")
    );
    assert_eq!((&result[1], &result[2]), (&json!([]), &json!({})));
}
