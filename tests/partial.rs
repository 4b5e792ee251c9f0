//! Operations of which a part succeeds: what is refused, fails, is cancelled or cannot move is told,
//! and the exit code is true.

#![expect(
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

mod common;

use common::{Lab, wait_for};
use gnt::queue::{JobId, Status};
use serde_json::{Value, json};

const EVACUATE: [&str; 5] = ["gnt-node", "evacuate", "-f", "--json", "node1"];

/// How many jobs it takes to empty node1 of the sample of six nodes and thirty instances.
const CHILDREN: usize = 7;

fn lab() -> Lab {
    Lab::sample(6, 30, 20)
}

/// The plan of an operation, as `--dry-run` shows it.
fn plan(lab: &Lab, words: &[&str]) -> Vec<Value> {
    let words = words.iter().copied().chain(["--dry-run"]);
    let document = lab.run(words).json();
    document["plan"].as_array().unwrap().clone()
}

fn job_of(answer: &Value) -> JobId {
    assert_eq!(answer[0], json!(true), "{answer}");
    JobId(answer[1].as_i64().unwrap())
}

#[test]
fn a_limit_in_the_middle_refuses_the_rest() {
    let lab = lab();
    let plan = plan(&lab, &EVACUATE);
    assert_eq!(plan.len(), CHILDREN);
    // The parent is unfinished itself while its children are counted.
    lab.run(["gnt-cluster", "modify", "--queue-limit", "4"])
        .exits(0);
    let output = lab.run(EVACUATE).exits(3);
    let document = output.json();

    let parent = JobId(document["job"].as_i64().unwrap());
    let children = lab.children(parent);
    let reason = "job queue is full (4 unfinished jobs)";
    let error = json!({
        "class": "JobQueueFull", "code": "queue_full", "message": reason,
        "hint": "wait until jobs have ended, or raise the limit: gnt-cluster modify --queue-limit N",
    });
    let mut jobs = vec![];
    let mut results = vec![];
    for (place, item) in plan.iter().enumerate() {
        let id = children.get(place).map(|job| job.id);
        assert_eq!(id.is_some(), place < 3);
        let status = if id.is_some() { "success" } else { "refused" };
        let ops = item["ops"].as_array().unwrap().iter();
        let ops: Vec<Value> = ops.map(|op| json!({"op": op, "status": status})).collect();
        jobs.push(id.map_or(json!([false, reason]), |id| json!([true, id])));
        results.push(json!({
            "job": id, "instance": item["instance"], "status": status, "moves": item["moves"],
            "ops": ops, "error": if id.is_some() { Value::Null } else { error.clone() },
        }));
    }
    assert_eq!(
        document,
        json!({
            "schema": 1, "command": "gnt-node evacuate", "verdict": "partial", "exit": 3,
            "job": parent, "status": "success", "error": null, "jobs": jobs, "unmovable": [],
            "results": results,
            "summary": {"submitted": 3, "refused": 4, "succeeded": 3, "failed": 0, "canceled": 0,
                "unmovable": 0},
        })
    );
    for item in &plan[3..] {
        let name = item["instance"].as_str().unwrap();
        let line = format!("Failed to submit job for {name}: {reason}");
        assert!(output.stderr.contains(&line), "{output:?}");
    }
    assert!(children.iter().all(|job| job.status == Status::Success));
    let result = &lab.store().ops(parent).unwrap()[0].result;
    assert_eq!(result["jobs"], document["jobs"]);
    lab.verify_clean();

    // What was refused is what is left.
    lab.run(["gnt-cluster", "modify", "--queue-limit", "5000"])
        .exits(0);
    let left = self::plan(&lab, &EVACUATE);
    let names =
        |plan: &[Value]| -> Vec<Value> { plan.iter().map(|i| i["instance"].clone()).collect() };
    assert_eq!(names(&left), names(&plan[3..]));
}

#[test]
fn a_full_queue_refuses_the_operation_itself() {
    let lab = lab();
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    lab.run(["gnt-cluster", "modify", "--queue-limit", "1"])
        .exits(0);
    lab.submit(["gnt-debug", "delay", "0"]);
    let document = lab.run(EVACUATE).exits(1).json();
    assert_eq!(document["verdict"], "refused");
    assert_eq!(document["job"], Value::Null);
    assert_eq!(document["error"]["code"], "queue_full");
    assert_eq!(lab.store().jobs().unwrap().len(), 1);
}

#[test]
fn drained_while_the_parent_waits_for_its_locks() {
    let lab = lab();
    let holder = lab.submit(["gnt-debug", "delay", "60", "-n", "node1"]);
    lab.wait_for_status(holder, &[Status::Running]);
    let client = lab.spawn(EVACUATE);
    let store = lab.store();
    let parent = wait_for("the parent waits", || {
        let jobs = store.jobs().unwrap();
        let parent = jobs.iter().find(|job| job.id != holder)?;
        (parent.status == Status::Waiting).then_some(parent.id)
    });
    lab.run(["gnt-cluster", "queue", "drain"]).exits(0);
    // Steering works on a drained queue.
    lab.run(["gnt-job", "cancel", "--wait", &holder.to_string()])
        .exits(0);
    let document = client.finish().exits(1).json();

    assert_eq!(document["verdict"], "failed");
    assert_eq!(document["status"], "success");
    assert_eq!(document["error"], Value::Null);
    let summary = &document["summary"];
    assert_eq!(summary["refused"], json!(CHILDREN));
    assert_eq!(summary["submitted"], json!(0));
    let reason = "job queue is drained, it takes no jobs";
    assert_eq!(
        document["jobs"],
        json!(vec![json!([false, reason]); CHILDREN])
    );
    for result in document["results"].as_array().unwrap() {
        assert_eq!(result["status"], "refused");
        assert_eq!(result["job"], Value::Null);
        assert_eq!(result["error"]["class"], "JobQueueDrainError");
        assert_eq!(result["error"]["code"], "queue_drained");
        assert!(!result["moves"].as_array().unwrap().is_empty());
        assert!(!result["ops"].as_array().unwrap().is_empty());
    }
    assert_eq!(lab.job(parent).status, Status::Success);
    assert_eq!(lab.children(parent), []);
    lab.verify_clean();
    // Nothing is submitted to a drained queue.
    let document = lab.run(EVACUATE).exits(1).json();
    assert_eq!(document["verdict"], "refused");
    assert_eq!(document["error"]["code"], "queue_drained");
}

#[test]
fn one_child_fails() {
    let lab = lab();
    // inst1 migrates first and then gets a new secondary: it fails on the way.
    let fault = [
        "gnt-debug",
        "fault",
        "add",
        "fails",
        "--verb",
        "migrate",
        "--at",
        "60",
    ];
    lab.run(fault.into_iter().chain(["-i", "inst1"])).exits(0);
    let output = lab.run(EVACUATE).exits(3);
    let document = output.json();
    assert_eq!(document["verdict"], "partial");
    assert_eq!(document["status"], "success");
    let summary = &document["summary"];
    assert_eq!(summary["succeeded"], json!(CHILDREN - 1));
    assert_eq!(summary["failed"], json!(1));
    for result in document["results"].as_array().unwrap() {
        let failed = result["instance"] == "inst1";
        assert_eq!(result["status"], if failed { "error" } else { "success" });
        assert_eq!(result["error"].is_null(), !failed);
        if failed {
            assert_eq!(result["ops"][0]["status"], "error");
            assert_eq!(result["ops"][1]["status"], "error");
            let line = format!("Job {} for inst1 has failed", result["job"]);
            assert!(output.stderr.contains(&line), "{output:?}");
        }
    }
    assert_eq!(lab.nodes_of("inst1").0, "node1");
    lab.verify_clean();

    // It can be moved when the fault is gone.
    lab.run(["gnt-debug", "fault", "clear"]).exits(0);
    lab.run(EVACUATE).exits(0);
    assert_eq!(lab.primaries("node1"), [].into());
    lab.verify_clean();
}

#[test]
fn all_children_fail() {
    let lab = lab();
    lab.run(["gnt-debug", "fault", "add", "fails"]).exits(0);
    let document = lab.run(EVACUATE).exits(1).json();
    assert_eq!(document["verdict"], "failed");
    assert_eq!(document["status"], "success");
    assert_eq!(document["summary"]["failed"], json!(CHILDREN));
    assert_eq!(document["summary"]["succeeded"], json!(0));
    let parent = document["job"].to_string();
    // Whoever looks at it later is told the same.
    lab.run(["gnt-job", "wait", &parent]).exits(1);
    lab.run(["gnt-job", "watch", &parent]).exits(1);
    lab.run(["gnt-debug", "fault", "clear"]).exits(0);
    lab.verify_clean();
}

#[test]
fn one_child_is_cancelled_from_another_terminal() {
    let lab = lab();
    // Long enough that it is cancelled in the middle.
    lab.run(["gnt-cluster", "modify", "--simulator", "migrate=600"])
        .exits(0);
    let client = lab.spawn(["gnt-node", "evacuate", "-f", "--json", "-p", "node1"]);
    let store = lab.store();
    let child = wait_for("a child that runs", || {
        let children = store.jobs().unwrap().into_iter();
        let mut running =
            children.filter(|job| job.parent.is_some() && job.status == Status::Running);
        running.next().map(|job| job.id)
    });
    lab.run(["gnt-job", "cancel", "--wait", &child.to_string()])
        .exits(0);
    let document = client.finish().exits(3).json();
    assert_eq!(document["verdict"], "partial");
    assert_eq!(document["summary"]["canceled"], json!(1));
    assert_eq!(document["summary"]["failed"], json!(0));
    let results = document["results"].as_array().unwrap();
    let canceled: Vec<&Value> = results
        .iter()
        .filter(|r| r["status"] == "canceled")
        .collect();
    assert_eq!(canceled.len(), 1);
    assert_eq!(canceled[0]["job"], json!(child));
    let stayed = canceled[0]["instance"].as_str().unwrap();
    assert_eq!(lab.primaries("node1"), [stayed.to_owned()].into());
    assert_eq!(lab.job(child).status, Status::Canceled);
    lab.verify_clean();
}

#[test]
fn an_instance_that_cannot_move() {
    let lab = lab();
    let add = [
        "gnt-instance",
        "add",
        "-t",
        "plain",
        "-s",
        "1G",
        "-n",
        "node1",
        "-o",
        "debian",
    ];
    lab.run(add.into_iter().chain(["stuck1"])).exits(0);
    lab.run(add.into_iter().chain(["stuck2"])).exits(0);
    let before = lab.primaries("node1");

    // Nothing moves, and all that cannot are named.
    let output = lab.run(EVACUATE).exits(1);
    let document = output.json();
    assert_eq!(document["verdict"], "failed");
    assert_eq!(document["status"], "error");
    assert_eq!(document["jobs"], json!([]));
    let names: Vec<&Value> = (document["unmovable"].as_array().unwrap().iter())
        .map(|item| &item["instance"])
        .collect();
    assert_eq!(names, ["stuck1", "stuck2"]);
    let message = document["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("stuck1 (") && message.contains("stuck2 ("),
        "{message}"
    );
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("--allow-partial"), "{hint}");
    assert_eq!(lab.primaries("node1"), before);
    let parent = JobId(document["job"].as_i64().unwrap());
    assert_eq!(lab.children(parent), []);
    lab.run(EVACUATE.into_iter().chain(["--dry-run"])).exits(1);
    lab.run(EVACUATE.into_iter().chain(["--dry-run", "--allow-partial"]))
        .exits(3);

    // The others move.
    let document = lab
        .run(EVACUATE.into_iter().chain(["--allow-partial"]))
        .exits(3)
        .json();
    assert_eq!(document["verdict"], "partial");
    assert_eq!(document["summary"]["succeeded"], json!(CHILDREN));
    assert_eq!(document["summary"]["unmovable"], json!(2));
    assert_eq!(
        lab.primaries("node1"),
        ["stuck1".to_owned(), "stuck2".to_owned()].into()
    );
    let parent = JobId(document["job"].as_i64().unwrap());
    let result = &lab.store().ops(parent).unwrap()[0].result;
    assert_eq!(result["unmovable"][0][0], "stuck1");
    assert!(result["unmovable"][0][1].is_string());
    assert_eq!(result["unmovable"][1][0], "stuck2");

    // Where only such are left nothing succeeds.
    lab.run(EVACUATE.into_iter().chain(["--allow-partial"]))
        .exits(1);
    lab.verify_clean();
}

#[test]
fn nothing_to_do() {
    let lab = lab();
    lab.run(EVACUATE).exits(0);
    let output = lab.run(["gnt-node", "evacuate", "-f", "node1"]).exits(0);
    assert!(output.stdout.contains("node1"), "{output:?}");
    let document = lab.run(EVACUATE).exits(0).json();
    assert_eq!(document["verdict"], "done");
    assert_eq!(document["jobs"], json!([]));
    assert_eq!(document["results"], json!([]));
    for command in ["migrate", "failover"] {
        lab.run(["gnt-node", command, "-f", "node1"]).exits(0);
    }
    let parent = job_of(&json!([true, document["job"]])).to_string();
    lab.run(["gnt-job", "wait", &parent]).exits(0);
}
