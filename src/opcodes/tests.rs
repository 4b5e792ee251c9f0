//! The wire form: what is read, what is refused, and that both directions agree.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::queue::{FinalStatus, JobId};
use crate::testing::{changes, json, says_something};

/// Every opcode with the keys that it cannot do without.
fn minimal() -> Vec<Value> {
    vec![
        json!({"OP_ID": "OP_NODE_EVACUATE", "node_name": "node1", "mode": "all"}),
        json!({"OP_ID": "OP_NODE_FAILOVER", "node_name": "node1"}),
        json!({"OP_ID": "OP_NODE_MIGRATE", "node_name": "node1"}),
        json!({"OP_ID": "OP_NODE_MAINTENANCE_ENTER", "node_name": "node1"}),
        json!({"OP_ID": "OP_NODE_RESTORE", "node_name": "node1"}),
        json!({"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "node1"}),
        json!({"OP_ID": "OP_NODE_ADD", "node_name": "node1"}),
        json!({"OP_ID": "OP_NODE_REMOVE", "node_name": "node1"}),
        json!({"OP_ID": "OP_INSTANCE_CREATE", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_REMOVE", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_SHUTDOWN", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_REBOOT", "instance_name": "web1", "reboot_type": "hard"}),
        json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_FAILOVER", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": "web1", "mode": "replace_auto"}),
        json!({"OP_ID": "OP_INSTANCE_SET_PARAMS", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_RENAME", "instance_name": "web1", "new_name": "web2"}),
        json!({"OP_ID": "OP_INSTANCE_MOVE", "instance_name": "web1", "target_node": "node2"}),
        json!({"OP_ID": "OP_INSTANCE_ACTIVATE_DISKS", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_DEACTIVATE_DISKS", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_RECREATE_DISKS", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_GROW_DISK", "instance_name": "web1", "disk": 0, "amount": 1024}),
        json!({"OP_ID": "OP_INSTANCE_MULTI_ALLOC"}),
        json!({"OP_ID": "OP_INSTANCE_CHANGE_GROUP", "instance_name": "web1"}),
        json!({"OP_ID": "OP_INSTANCE_ADOPT", "node_name": "node1"}),
        json!({"OP_ID": "OP_INSTANCE_FORGET", "instance_name": "web1"}),
        json!({"OP_ID": "OP_GROUP_EVACUATE", "group_name": "rack1"}),
        json!({"OP_ID": "OP_GROUP_ADD", "group_name": "rack1"}),
        json!({"OP_ID": "OP_GROUP_REMOVE", "group_name": "rack1"}),
        json!({"OP_ID": "OP_GROUP_ASSIGN_NODES", "group_name": "rack1", "nodes": ["node1"]}),
        json!({"OP_ID": "OP_GROUP_SET_PARAMS", "group_name": "rack1"}),
        json!({"OP_ID": "OP_GROUP_RENAME", "group_name": "rack1", "new_name": "rack2"}),
        json!({"OP_ID": "OP_CLUSTER_RENAME", "name": "lab"}),
        json!({"OP_ID": "OP_CLUSTER_SET_PARAMS"}),
        json!({"OP_ID": "OP_TAGS_GET", "kind": "cluster"}),
        json!({"OP_ID": "OP_TAGS_SEARCH", "pattern": "^a"}),
        json!({"OP_ID": "OP_TAGS_SET", "kind": "node", "tags": ["a"]}),
        json!({"OP_ID": "OP_TAGS_DEL", "kind": "nodegroup", "tags": ["a"]}),
        json!({"OP_ID": "OP_CLUSTER_VERIFY"}),
        json!({"OP_ID": "OP_CLUSTER_VERIFY_CONFIG"}),
        json!({"OP_ID": "OP_CLUSTER_VERIFY_GROUP", "group_name": "rack1"}),
        json!({"OP_ID": "OP_CLUSTER_VERIFY_DISKS"}),
        json!({"OP_ID": "OP_GROUP_VERIFY_DISKS", "group_name": "rack1"}),
        json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.5}),
        json!({"OP_ID": "OP_TEST_ALLOCATOR", "direction": "in", "mode": "relocate", "name": "web1"}),
        json!({"OP_ID": "OP_TEST_DUMMY"}),
    ]
}

fn parse(value: Value) -> Result<Opcode, String> {
    Opcode::from_value(value).map_err(|error| error.to_string())
}

/// OP_TEST_DELAY with one key more.
fn delay_with(key: &str, value: Value) -> Result<Opcode, String> {
    parse(json!({"OP_ID": "OP_TEST_DELAY", "duration": 0, key: value}))
}

#[test]
fn every_opcode_has_a_minimal_form_that_comes_back() {
    let mut ids = Vec::new();
    for value in minimal() {
        let opcode = parse(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
        ids.push(opcode.op.id());
        let wire = opcode.to_value();
        assert_eq!(wire["OP_ID"], value["OP_ID"]);
        assert_eq!(parse(wire), Ok(opcode));
    }
    assert_eq!(ids, Op::IDS);
}

#[test]
fn no_given_key_gets_lost() {
    for value in minimal() {
        let wire = parse(value.clone()).unwrap().to_value();
        for (key, given) in value.as_object().unwrap() {
            assert_eq!(&wire[key], given, "{key} of {value}");
        }
    }
    let full = json!({
        "OP_ID": "OP_NODE_EVACUATE", "node_name": "node1", "node_uuid": "u-1",
        "mode": "secondary-only", "remote_node": "node2", "iallocator": "hail",
        "early_release": true, "ignore_soft_errors": true, "allow_partial": true, "parallel": 2,
        "dry_run": true, "debug_level": 3, "priority": -10, "depends": [[17, ["success"]]],
        "comment": "for the disks", "reason": [["gnt:user", "maintenance", 1_760_000_000_000_000_000_i64]],
    });
    assert_eq!(parse(full.clone()).unwrap().to_value(), full);
}

#[test]
fn unknown_keys_are_refused_by_name() {
    for mut value in minimal() {
        let id = value["OP_ID"].as_str().unwrap().to_owned();
        value["colour"] = json!("red");
        let error = parse(value).unwrap_err();
        assert!(error.contains(&id) && error.contains("colour"), "{error}");
    }
}

#[test]
fn null_is_the_same_as_a_missing_key() {
    for value in minimal() {
        let opcode = parse(value.clone()).unwrap();
        let mut with_nulls = value;
        let keys: Vec<String> = opcode
            .to_value()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for key in keys.iter().map(String::as_str).chain(COMMON_KEYS) {
            if with_nulls.get(key).is_none() {
                with_nulls[key] = Value::Null;
            }
        }
        assert_eq!(parse(with_nulls), Ok(opcode));
    }
}

#[test]
fn a_missing_key_is_named() {
    for value in minimal() {
        let id = value["OP_ID"].as_str().unwrap();
        let object = value.as_object().unwrap();
        for key in object.keys().filter(|key| *key != "OP_ID") {
            let mut less = object.clone();
            less.remove(key);
            let error = parse(Value::Object(less)).unwrap_err();
            assert!(
                error.contains(id) && error.contains(key.as_str()),
                "{error}"
            );
        }
    }
}

#[test]
fn what_is_no_opcode_is_refused_with_a_reason() {
    for (value, expected) in [
        (json!([]), "an opcode is a JSON object, not a list"),
        (json!(null), "an opcode is a JSON object, not null"),
        (json!({}), "an opcode has a key OP_ID"),
        (json!({"OP_ID": 3}), "OP_ID is a string, not a number"),
        (
            json!({"OP_ID": "OP_NODE_EXPLODE"}),
            "unknown opcode OP_NODE_EXPLODE",
        ),
        (
            json!({"OP_ID": "op_test_dummy"}),
            "unknown opcode op_test_dummy",
        ),
    ] {
        assert_eq!(parse(value).unwrap_err(), expected);
    }
}

#[test]
fn there_are_three_priorities() {
    for (number, priority) in [
        (-10, Priority::High),
        (0, Priority::Normal),
        (10, Priority::Low),
    ] {
        let opcode = delay_with("priority", json!(number)).unwrap();
        assert_eq!(opcode.common.priority, Some(priority));
        assert_eq!(opcode.to_value()["priority"], json!(number));
        assert_eq!(priority.number(), number);
    }
    let unsaid = delay_with("priority", Value::Null).unwrap();
    assert_eq!(
        (unsaid.common.priority, unsaid.priority()),
        (None, Priority::Normal)
    );
    for wrong in [json!(1), json!(-20), json!("high"), json!(0.5)] {
        assert!(delay_with("priority", wrong.clone()).is_err(), "{wrong}");
    }
    let error = delay_with("priority", json!(5)).unwrap_err();
    assert!(
        error.contains("10 (low), 0 (normal), -10 (high)"),
        "{error}"
    );
}

#[test]
fn dependencies_are_ids_or_places_back() {
    for (wire, job) in [
        (json!([17, []]), JobRef::Id(JobId(17))),
        (json!(["17", []]), JobRef::Id(JobId(17))),
        (json!([-2, []]), JobRef::Back(2)),
    ] {
        let opcode = delay_with("depends", json!([wire])).unwrap();
        let statuses = Vec::new();
        assert_eq!(opcode.common.depends, [Dependency { job, statuses }]);
    }
    let opcode = delay_with("depends", json!([[-1, ["success", "error", "canceled"]]])).unwrap();
    let statuses = vec![
        FinalStatus::Success,
        FinalStatus::Error,
        FinalStatus::Canceled,
    ];
    assert_eq!(opcode.common.depends[0].statuses, statuses);
    for wrong in [
        json!([17]),
        json!([[17]]),
        json!([["x", []]]),
        json!([[1.5, []]]),
        json!([[1, ["running"]]]),
        json!([[1, [], 2]]),
        json!([[i64::MIN, []]]),
        json!({}),
    ] {
        assert!(delay_with("depends", wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn changes_of_disks_have_a_longer_and_a_shorter_form() {
    let with = |disks: Value| {
        parse(json!({"OP_ID": "OP_INSTANCE_SET_PARAMS", "instance_name": "web1", "disks": disks}))
    };
    for (short, long) in [
        (json!(["add", {"size": 4}]), json!(["add", -1, {"size": 4}])),
        (json!(["remove", {}]), json!(["remove", -1, {}])),
        (
            json!([2, {"mode": "ro"}]),
            json!(["modify", 2, {"mode": "ro"}]),
        ),
        (
            json!(["modify", "data", {"name": "x"}]),
            json!(["modify", "data", {"name": "x"}]),
        ),
    ] {
        let opcode = with(json!([short])).unwrap();
        assert_eq!(opcode.to_value()["disks"], json!([long]));
        assert_eq!(with(json!([long])), Ok(opcode));
    }
    for wrong in [
        json!(["add", {}]),
        json!(["attach", {}]),
        json!(["add", -2, {"size": 4}]),
        json!(["modify", "", {}]),
        json!(["modify", 0, {"colour": 1}]),
        json!([1.5, {}]),
        json!(["remove"]),
        json!({}),
    ] {
        assert!(with(json!([wrong])).is_err(), "{wrong}");
    }
}

#[test]
fn the_summary_names_the_subject() {
    let summary = |value| parse(value).unwrap().summary();
    let evacuate = json!({"OP_ID": "OP_NODE_EVACUATE", "node_name": "node1", "mode": "all"});
    assert_eq!(summary(evacuate), "NODE_EVACUATE(node1)");
    let delay = json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.5});
    assert_eq!(summary(delay), "TEST_DELAY(500000000 ns)");
    assert_eq!(summary(json!({"OP_ID": "OP_TEST_DUMMY"})), "TEST_DUMMY");
}

#[test]
fn absurd_durations_have_a_summary() {
    for duration in [-1.0, 1e300, f64::MAX] {
        let opcode = json!({"OP_ID": "OP_TEST_DELAY", "duration": duration});
        assert!(parse(opcode).unwrap().summary().ends_with(" ns)"));
    }
}

/// Any JSON, with the keys and words of opcodes among it.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-20i64..20).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["all", "success", "drbd", "live", "17", "rw"])
            .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A minimal opcode of which some keys, known or not, have other values.
fn nearly_opcodes() -> impl Strategy<Value = Value> {
    let opcodes = minimal();
    let mut keys: Vec<String> = Vec::from(COMMON_KEYS.map(str::to_owned));
    for value in &opcodes {
        let wire = parse(value.clone()).unwrap().to_value();
        keys.extend(wire.as_object().unwrap().keys().cloned());
    }
    keys.extend(["parallel", "target_node", "capacity", "submit_jobs", "x"].map(str::to_owned));
    let changes = prop::collection::vec((prop::sample::select(keys), values()), 0..4);
    (prop::sample::select(opcodes), changes).prop_map(|(mut value, changes)| {
        for (key, new) in changes {
            value[key] = new;
        }
        value
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in json(&["OP_TEST_DUMMY", "OP_ID", "all"])) {
        if let Err(error) = Opcode::from_value(value) {
            prop_assert!(says_something(&error.to_string()), "{error}");
        }
    }

    /// A key somewhere in an opcode is changed or lost; the error names the opcode.
    #[test]
    fn any_damaged_opcode_is_read_or_refused_by_name(
        (mut value, changes) in (prop::sample::select(minimal()), changes(&["all", "live"]))
    ) {
        let id = value["OP_ID"].as_str().unwrap().to_owned();
        for change in &changes {
            change.apply(&mut value);
        }
        let is_one = value.get("OP_ID") == Some(&json!(id));
        match Opcode::from_value(value) {
            Ok(opcode) => prop_assert_eq!(Opcode::from_value(opcode.to_value()), Ok(opcode)),
            Err(ParseError(wrong)) => {
                prop_assert!(says_something(&wrong), "{wrong}");
                prop_assert!(!is_one || wrong.starts_with(&id), "{wrong}");
            }
        }
    }

    /// A job file's text, whole or cut.
    #[test]
    fn any_job_file_is_read_or_refused(
        ops in prop::collection::vec(nearly_opcodes(), 0..3),
        at in any::<prop::sample::Index>(),
        put in "[\\[\\]{}\",:0-9a-z]{0,3}",
    ) {
        let mut text = Value::from(ops).to_string();
        let place = text.floor_char_boundary(at.index(text.len() + 1));
        text.insert_str(place, &put);
        match crate::limits::parse_json(&text) {
            Ok(Value::Array(items)) => {
                for item in items {
                    let _ = Opcode::from_value(item);
                }
            }
            Ok(_) => {}
            Err(wrong) => prop_assert!(says_something(&wrong), "{wrong}"),
        }
    }

    #[test]
    fn what_was_read_is_written_so_that_it_reads_the_same(value in nearly_opcodes()) {
        if let Ok(opcode) = Opcode::from_value(value) {
            let wire = opcode.to_value();
            let again = Opcode::from_value(wire.clone());
            prop_assert_eq!(again.as_ref(), Ok(&opcode));
            prop_assert_eq!(again.map(|opcode| opcode.to_value()), Ok(wire));
            prop_assert!(!opcode.summary().is_empty());
        }
    }
}
