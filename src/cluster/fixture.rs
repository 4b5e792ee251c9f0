//! A small cluster for the tests of this module: three nodes, `web` on drbd, `db` on rbd, `old` on
//! a logical volume, `router` without a disk.

use serde_json::{Map, Value, json};

use super::{Config, Disk, Instance};

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a fixture has its object's shape")
}

fn stamped(mut value: Value) -> Value {
    value["serial_no"] = json!(7);
    value["ctime"] = json!(100.0);
    value["mtime"] = json!(200.0);
    value
}

/// An instance that runs on `primary`.
pub(super) fn instance(name: &str, primary: &str, disks: &[&str]) -> Instance {
    read(stamped(json!({
        "name": name, "uuid": format!("u-{name}"), "primary_node": primary, "admin_state": "up",
        "disks": disks, "disks_active": true,
    })))
}

/// A disk of 1 GiB.
pub(super) fn disk(uuid: &str, template: &str, nodes: &[&str], logical_id: Value) -> Disk {
    read(stamped(json!({
        "uuid": uuid, "dev_type": template, "nodes": nodes, "size": 1024,
        "logical_id": logical_id, "iv_name": "disk/0",
    })))
}

/// The cluster.
pub(super) fn config() -> Config {
    let node = |name: &str| {
        read(stamped(json!({
            "name": name, "uuid": format!("u-{name}"), "group": "u-default",
        })))
    };
    let group = |name: &str| read(stamped(json!({"name": name, "uuid": format!("u-{name}")})));
    // The order of the nodes in a logical id says nothing of their roles.
    let mut mirrored = disk(
        "web0",
        "drbd",
        &["u-node1", "u-node2"],
        json!(["u-node2", "u-node1", 11000, 0, 1, "secret"]),
    );
    mirrored.rest.insert(
        "children".to_owned(),
        json!([{"dev_type": "plain", "nodes": ["u-node1", "u-node2"], "size": 1024}]),
    );
    Config::new(
        read(stamped(json!({
            "cluster_name": "test", "uuid": "u-test", "master_node": "u-node1",
            "beparams": {"default": {"maxmem": 512, "vcpus": 2, "auto_balance": false}},
        }))),
        vec![group("default"), group("spare")],
        vec![node("node1"), node("node2"), node("node3")],
        vec![
            instance("web", "u-node1", &["web0"]),
            instance("db", "u-node2", &["db0"]),
            instance("old", "u-node3", &["old0"]),
            instance("router", "u-node3", &[]),
        ],
        vec![
            mirrored,
            disk("db0", "rbd", &[], json!(["rbd", "db0"])),
            disk("old0", "plain", &["u-node3"], json!(["xenvg", "old0"])),
        ],
        Map::new(),
    )
}
