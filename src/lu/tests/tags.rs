use super::*;
use crate::locking::{Level, Lock, LockSet, Mode};

fn tags(
    lab: &mut Lab,
    id: &str,
    kind: &str,
    name: Value,
    tags: &[&str],
) -> Result<Outcome, Failure> {
    lab.run(op(
        json!({"OP_ID": id, "kind": kind, "name": name, "tags": tags}),
    ))
}

fn get(lab: &mut Lab, kind: &str, name: Value) -> Value {
    let get = op(json!({"OP_ID": "OP_TAGS_GET", "kind": kind, "name": name}));
    result(lab.run(get).unwrap())
}

fn result(outcome: Outcome) -> Value {
    match outcome.result {
        UnitResult::Value(value) => value,
        UnitResult::Jobs(_) => panic!("jobs"),
    }
}

const OBJECTS: [(&str, Option<&str>); 4] = [
    ("cluster", None),
    ("nodegroup", Some("default")),
    ("node", Some("node1")),
    ("instance", Some("drbd1")),
];

#[test]
fn each_kind_of_object_gets_tags_and_loses_them() {
    let mut lab = Lab::new();
    for (kind, name) in OBJECTS {
        let name = json!(name);
        tags(&mut lab, "OP_TAGS_SET", kind, name.clone(), &["b", "a"]).unwrap();
        // Run again after a crash.
        tags(&mut lab, "OP_TAGS_SET", kind, name.clone(), &["b", "a"]).unwrap();
        assert_eq!(get(&mut lab, kind, name.clone()), json!(["a", "b"]));
    }
    let search = op(json!({"OP_ID": "OP_TAGS_SEARCH", "pattern": "^b$"}));
    let paths = [
        "/cluster",
        "/instances/drbd1",
        "/nodegroup/default",
        "/nodes/node1",
    ];
    let found: Vec<Value> = paths.iter().map(|path| json!([path, "b"])).collect();
    assert_eq!(result(lab.run(search).unwrap()), json!(found));
    for (kind, name) in OBJECTS {
        let name = json!(name);
        tags(&mut lab, "OP_TAGS_DEL", kind, name.clone(), &["b"]).unwrap();
        assert_eq!(get(&mut lab, kind, name.clone()), json!(["a"]));
        let again = tags(&mut lab, "OP_TAGS_DEL", kind, name.clone(), &["a", "b"]).unwrap_err();
        assert_eq!(code(&again.error), ErrorCode::UnknownEntity);
        assert_eq!(get(&mut lab, kind, name), json!(["a"]), "all or none");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut lab = Lab::new();
    for (kind, name, list, expected) in [
        ("cluster", json!("lab"), &["a"][..], ErrorCode::WrongInput),
        ("node", json!(null), &["a"], ErrorCode::WrongInput),
        ("node", json!("node9"), &["a"], ErrorCode::UnknownEntity),
        ("node", json!("node1"), &[], ErrorCode::WrongInput),
        (
            "node",
            json!("node1"),
            &["two words"],
            ErrorCode::WrongInput,
        ),
    ] {
        for id in ["OP_TAGS_SET", "OP_TAGS_DEL"] {
            let error = tags(&mut lab, id, kind, name.clone(), list)
                .unwrap_err()
                .error;
            let missing = id == "OP_TAGS_DEL" && list == ["two words"];
            let expected = match missing {
                true => ErrorCode::UnknownEntity,
                false => expected,
            };
            assert_eq!(code(&error), expected, "{id} {kind} {name} {list:?}");
        }
    }
    let error = lab.fails(op(json!({"OP_ID": "OP_TAGS_SEARCH", "pattern": "a("})));
    assert_eq!(error.message, "\"a(\" is not a pattern: unclosed group");
}

/// The whole opcode's locks.
fn locks(id: &str, kind: &str, name: Option<&str>) -> LockSet {
    let op = match id {
        "OP_TAGS_GET" => json!({"OP_ID": id, "kind": kind, "name": name, "use_locking": true}),
        _ => json!({"OP_ID": id, "kind": kind, "name": name, "tags": ["a"]}),
    };
    let op = Opcode::from_value(op).unwrap();
    unit(&op.op).locks(&config())
}

#[test]
fn the_object_is_locked_and_the_cluster_is_not() {
    for (id, mode) in [
        ("OP_TAGS_SET", Mode::Exclusive),
        ("OP_TAGS_DEL", Mode::Exclusive),
        ("OP_TAGS_GET", Mode::Shared),
    ] {
        let one = |level, name: &str| LockSet::new().with(Lock::one(level, name), mode);
        let expected = [
            LockSet::new(),
            one(Level::NodeGroup, "uuid-default"),
            one(Level::Node, "uuid-node1"),
            one(Level::Instance, "drbd1"),
        ];
        for ((kind, name), expected) in OBJECTS.into_iter().zip(expected) {
            assert_eq!(locks(id, kind, name), expected, "{id} {kind}");
        }
    }
}
