//! The talk with an allocator, shown.

use super::*;

#[test]
fn both_halves_of_a_talk_are_shown() {
    let mut lab = Lab::new();
    let talk = |lab: &mut Lab, direction: &str, more: Value| -> String {
        let mut value = json!({"OP_ID": "OP_TEST_ALLOCATOR", "direction": direction,
            "name": "drbd1", "memory": 512, "vcpus": 1, "disks": [{"size": 1024}],
            "nics": [{}]});
        for (key, part) in more.as_object().unwrap() {
            value[key] = part.clone();
        }
        let outcome = lab.run(op(value)).unwrap();
        assert!(outcome.edits.is_empty());
        let UnitResult::Value(Value::String(text)) = outcome.result else {
            panic!("no text")
        };
        text
    };
    let read = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let asked = read(talk(&mut lab, "in", json!({"mode": "relocate"})));
    assert_eq!(asked["request"]["relocate_from"], json!(["node2"]));
    assert_eq!(asked["cluster_name"], "lab");
    let new = json!({"mode": "allocate", "name": "new1", "disk_template": "drbd"});
    let answer = read(talk(&mut lab, "out", new.clone()));
    assert_eq!(answer["success"], true);
    assert_eq!(answer["result"].as_array().unwrap().len(), 2);
    let many = json!({"mode": "multi-allocate", "name": "new", "count": 2,
        "disk_template": "rbd"});
    let answer = read(talk(&mut lab, "out", many));
    assert_eq!(answer["result"][0][1][0], "new1");
    let evacuate = json!({"mode": "node-evacuate", "instances": ["drbd1", "plain1"],
        "evac_mode": "primary-only"});
    let answer = read(talk(&mut lab, "out", evacuate));
    assert_eq!(
        answer["result"][0],
        json!([["drbd1", "default", ["node2", "node1"]]])
    );
    assert_eq!(answer["result"][1][0][0], "plain1");
    assert_eq!(answer["result"][2][0][0]["OP_ID"], "OP_INSTANCE_MIGRATE");
    let regroup = json!({"mode": "change-group", "instances": ["rbd1"]});
    let answer = read(talk(&mut lab, "out", regroup));
    assert_eq!(answer["success"], true, "{answer}");
    // What an allocator prints is shown as it is, be it what it may.
    lab.allocator("echo anything");
    let asked = json!({"mode": "relocate", "iallocator": "mine"});
    assert_eq!(talk(&mut lab, "out", asked), "anything\n");
    for (wrong, expected) in [
        (
            json!({"mode": "allocate", "name": "drbd1"}),
            "instance drbd1 exists",
        ),
        (
            json!({"mode": "relocate", "name": "plain1"}),
            "it is nowhere else",
        ),
        (
            json!({"mode": "node-evacuate"}),
            "mode node-evacuate is about instances",
        ),
        (
            json!({"mode": "allocate", "name": "new1", "memory": null}),
            "memory is not given",
        ),
    ] {
        let mut value = json!({"OP_ID": "OP_TEST_ALLOCATOR", "direction": "in", "memory": 512,
            "vcpus": 1, "disks": [{"size": 1024}], "name": "x"});
        for (key, part) in wrong.as_object().unwrap() {
            value[key] = part.clone();
        }
        let error = lab.fails(op(value));
        assert!(error.message.contains(expected), "{wrong}: {error}");
    }
}
