#![expect(clippy::disallowed_methods, reason = "files to import")]

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

use super::*;
use crate::cluster::Host;
use crate::cluster::export::write;
use crate::cluster::sample::sample;
use crate::testing::{changes, says_something, texts};

fn exported() -> String {
    let settings = Settings {
        driver: "simulator".to_owned(),
        queue_limit: Some(500),
        max_running_jobs: Some(7),
        default_iallocator: None,
        simulator: json!({"speed": 2.5}),
    };
    write(&sample("lab", 4, 13, 1_700_000_000.25).unwrap(), &settings)
}

fn value() -> Value {
    serde_json::from_str(&exported()).unwrap()
}

fn read_value(value: &Value) -> Result<Imported, ImportError> {
    read(value.to_string().as_bytes(), "file")
}

#[test]
fn what_was_exported_comes_back_and_out_again_the_same() {
    let text = exported();
    let back = read(text.as_bytes(), "file").unwrap();
    assert_eq!(back.notes, Vec::<String>::new());
    assert_eq!(back.settings.driver, "simulator");
    assert_eq!(back.settings.max_running_jobs, Some(7));
    assert_eq!(write(&back.config, &back.settings), text);
}

#[test]
fn commands_are_not_taken_from_files() {
    let mut config = sample("lab", 2, 2, 1_700_000_000.0).unwrap();
    let mut node = (**config.node_named("node1").unwrap()).clone();
    node.host = Some(Arc::new(Host {
        uri: "qemu:///system".to_owned(),
        fence_cmd: Some("reboot".to_owned()),
        ..Host::default()
    }));
    config.put_node(node);
    let settings = read(exported().as_bytes(), "file").unwrap().settings;
    let back = read(write(&config, &settings).as_bytes(), "file").unwrap();
    let host = back
        .config
        .node_named("node1")
        .unwrap()
        .host
        .clone()
        .unwrap();
    assert_eq!(
        (host.uri.as_str(), &host.fence_cmd),
        ("qemu:///system", &None)
    );
    assert!(
        back.notes[0].contains("node1 had a fence command"),
        "{:?}",
        back.notes
    );
}

#[test]
fn our_own_keys_are_in_our_own_part_only() {
    let mut value = value();
    let own = value.as_object_mut().unwrap().remove("gnt").unwrap();
    assert_eq!(own["nodes"].as_object().unwrap().len(), 4);
    assert!(!value.to_string().contains("gnt_"));
}

/// Tries a file of one's own: `GNT_TRY_FILE=… cargo test -- --ignored --nocapture a_file_by_hand`.
#[test]
#[ignore = "reads the file that GNT_TRY_FILE names"]
fn a_file_by_hand() {
    let file = std::env::var("GNT_TRY_FILE").unwrap();
    let read = read(&std::fs::read(&file).unwrap(), &file).unwrap();
    let text = write(&read.config, &read.settings);
    let again = self::read(text.as_bytes(), "again").unwrap();
    assert_eq!(write(&again.config, &again.settings), text);
    assert_eq!(read.notes, Vec::<String>::new());
}

#[test]
fn a_wrong_type_is_told_with_its_path() {
    let mut value = value();
    let uuid = value["nodes"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    value["nodes"][&uuid]["name"] = json!(3);
    let error = read_value(&value).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot import file: nodes.{uuid}.name: expected a string")
    );
}

const HTOOLS: &str = "\
group-1|uuid-1|preferred|

node1|16384|0|15000|409600|200000|16|M|uuid-1|2|red,blue
node2|16384|0|15360|409600|204200|16|N|uuid-1|1|
node3|?|?|?|?|?|?|?|uuid-1|1|

web|1024|51200|2|running|Y|node1|node2|drbd|tag-1|1
db|2048|1024|1|ADMIN_down|N|node2||plain||1
db|2048|1024|1|ADMIN_down|N|node2||plain||1
gone|2048|1024|1|running|N|node9||plain||1

htools:iextags:a

|128,1,1024,1,1,1|128,1,1024,1,1,1;32768,8,1048576,16,8,12|drbd,plain|4.0|16.0
";

#[test]
fn an_htools_file_is_read() {
    let Imported { config, notes, .. } = read(HTOOLS.as_bytes(), "file").unwrap();
    let node = config.node_named("node1").unwrap();
    assert_eq!(node.capacity.memory, 15_000 + 1024);
    assert_eq!(node.capacity.disk, 200_000 + 51_200 + 128);
    assert_eq!((node.capacity.cpus, node.capacity.spindles), (16, 2));
    assert_eq!(node.tags, ["red", "blue"]);
    let second = config.node_named("node2").unwrap();
    assert_eq!(second.capacity.memory, 15_360, "db does not run");
    assert!(config.node_named("node3").unwrap().offline);
    let web = config.instance_named("web").unwrap();
    assert_eq!(web.primary_node, node.uuid);
    assert_eq!(config.secondary(web), Some(&second.uuid));
    assert_eq!(web.admin_state.word(), "up");
    let backend = config.backend(config.instance_named("db").unwrap());
    assert_eq!((backend.maxmem, backend.vcpus), (2048, 1));
    assert!(!backend.auto_balance);
    let cluster = config.cluster.as_ref().unwrap();
    assert_eq!(cluster.tags, ["htools:iextags:a"]);
    assert_eq!(cluster.ipolicy["spindle-ratio"], json!(16.0));
    assert_eq!(cluster.master_node.as_ref(), Some(&node.uuid));
    assert_eq!(notes[0], "instance db is there twice: the second left out");
    assert_eq!(notes[1], "instance gone is on no known node: left out");
}

#[test]
fn an_htools_fault_is_told_with_its_line() {
    let text = HTOOLS.replace("|51200|", "|x|");
    let error = read(text.as_bytes(), "file").unwrap_err().to_string();
    assert!(
        error.contains("line 7: disk: expected a whole number"),
        "{error}"
    );
    let text = HTOOLS.replace("node1|node2|drbd", "node1|node1|drbd");
    let error = read(text.as_bytes(), "file").unwrap_err().to_string();
    assert!(error.contains("both primary and secondary"), "{error}");
}

#[test]
fn an_allocator_request_is_called_so() {
    let request = json!({"nodes": {}, "nodegroups": {}, "request": {}});
    let error = read_value(&request).unwrap_err();
    assert_eq!(error.reason, "it is an allocator request, not a cluster");
    for text in ["", "hello", "{", "{}", "\u{0}"] {
        assert!(read(text.as_bytes(), "file").is_err());
    }
}

#[test]
fn disks_inside_instances_are_lifted_out() {
    let text = json!({
        "version": 2_100_000,
        "cluster": {"cluster_name": "old", "uuid": "c"},
        "nodegroups": {"g": {"name": "default"}},
        "nodes": {"n1": {"name": "one", "group": "g"}, "n2": {"name": "two", "group": "g"}},
        "instances": {"i": {"name": "web", "primary_node": "n2", "disk_template": "drbd",
            "disks": [{"dev_type": "drbd", "size": 1024, "uuid": "d",
                "logical_id": ["n1", "n2", 11000, 0, 0, "s"],
                "children": [{"dev_type": "plain"}, {"dev_type": "plain"}]}]}},
        "locks": {},
    });
    let read = read_value(&text).unwrap();
    let web = read.config.instance_named("web").unwrap();
    assert_eq!(read.config.secondary(web).unwrap().as_str(), "n1");
    assert_eq!(web.rest.get("disk_template"), None);
    let disk = read.config.disks_of(web).next().unwrap();
    assert_eq!(disk.rest["children"][0]["nodes"], json!(["n1", "n2"]));
    assert_eq!(read.notes.len(), 2);
    assert_eq!(
        read.notes[0],
        "locks is no known part of a configuration: left out"
    );
    assert!(read.notes[1].contains("gnt-node modify --capacity"));
}

/// A configuration with some of everything.
static SMALL: LazyLock<Value> = LazyLock::new(|| {
    let config = sample("lab", 3, 4, 1_700_000_000.25).unwrap();
    serde_json::from_str(&write(&config, &Settings::default())).unwrap()
});

/// What can be read is written so that it reads the same; what cannot is refused by the file's name.
fn comes_back(text: &[u8]) {
    match read(text, "file") {
        Ok(read) => {
            let text = write(&read.config, &read.settings);
            let again = self::read(text.as_bytes(), "again").unwrap();
            assert_eq!(write(&again.config, &again.settings), text);
        }
        Err(error) => {
            assert!(says_something(&error.reason), "{error}");
            assert!(error.to_string().starts_with("cannot import file: "));
        }
    }
}

fn htools_texts() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = HTOOLS.lines().collect();
    let line = prop_oneof![
        8 => select(lines),
        1 => Just(""),
    ];
    let field = texts(&[
        "|", "?", "-1", "node1", "uuid-1", "drbd", "\n", ",", "M", "running", ".",
    ]);
    let damage = prop::option::weighted(0.5, (any::<Index>(), field));
    let line = (line, damage).prop_map(|(line, damage)| {
        let mut fields: Vec<String> = line.split('|').map(str::to_owned).collect();
        if let Some((at, field)) = damage {
            let place = at.index(fields.len());
            fields[place] = field;
        }
        fields.join("|")
    });
    let line = line.boxed();
    let whole = prop::collection::vec((any::<Index>(), line.clone()), 0..3).prop_map(|changes| {
        let mut lines: Vec<String> = HTOOLS.lines().map(str::to_owned).collect();
        for (at, line) in changes {
            let place = at.index(lines.len());
            lines[place] = line;
        }
        lines.join("\n")
    });
    prop_oneof![
        2 => whole,
        1 => prop::collection::vec(line, 0..15).prop_map(|lines| lines.join("\n")),
    ]
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, "file");
    }

    /// Keys anywhere in a configuration are changed or lost. What is read all the same is written so
    /// that it reads the same.
    #[test]
    fn any_configuration_is_read_or_refused(changes in changes(&["drbd", "up", "plain", "lvm", "node1"])) {
        let mut value = SMALL.clone();
        for change in &changes {
            change.apply(&mut value);
        }
        comes_back(value.to_string().as_bytes());
    }

    /// The same with htools' text: lines and fields in any order, also wrong ones.
    #[test]
    fn any_htools_text_is_read_or_refused(text in htools_texts()) {
        comes_back(text.as_bytes());
    }

    #[test]
    fn no_damage_panics(at in any::<usize>(), put in "[0-9a-z{}\\[\\]|,\"\n-]{0,6}", htools in any::<bool>()) {
        let mut text = if htools { HTOOLS.to_owned() } else { exported() };
        let at = at % text.len();
        let end = (at + put.len()).min(text.len());
        text.replace_range(at..end, &put);
        if let Ok(read) = read(text.as_bytes(), "file") {
            let text = write(&read.config, &read.settings);
            let again = self::read(text.as_bytes(), "again").unwrap();
            prop_assert_eq!(write(&again.config, &again.settings), text);
        }
    }
}

#[test]
fn an_object_needs_a_name() {
    let mut value = value();
    let nodes = value["nodes"].as_object_mut().unwrap();
    nodes.values_mut().next().unwrap()["name"] = json!("");
    let error = read_value(&value).unwrap_err().to_string();
    assert!(error.ends_with(".name: expected a name"), "{error}");
}

#[test]
fn an_instance_without_a_copy_on_its_primary_is_left_out_with_its_disk() {
    let config = sample("lab", 4, 1, 1_700_000_000.0).unwrap();
    let instance = config.instance_named("inst1").unwrap();
    let elsewhere = (config.nodes.keys())
        .find(|node| **node != instance.primary_node && config.secondary(instance) != Some(*node))
        .unwrap();
    let mut value: Value = serde_json::from_str(&write(&config, &Settings::default())).unwrap();
    value["instances"][instance.uuid.as_str()]["primary_node"] = json!(elsewhere);
    let back = read_value(&value).unwrap();
    assert!(back.config.instances.is_empty());
    assert!(back.config.disks.is_empty());
    let note = &back.notes[0];
    assert!(note.contains("no copy on its primary node"), "{note}");
}

#[test]
fn what_an_older_file_does_not_tell_of_disks_comes_from_their_instance() {
    let mut value = value();
    let mut disks = value["disks"].take();
    for instance in value["instances"].as_object_mut().unwrap().values_mut() {
        let instance = instance.as_object_mut().unwrap();
        instance.remove("disks_active");
        instance.insert("ctime".to_owned(), json!(5.0));
        for place in instance["disks"].as_array_mut().unwrap() {
            let mut disk = disks[place.as_str().unwrap()].take();
            disk.as_object_mut().unwrap().remove("ctime");
            *place = disk;
        }
    }
    value["disks"] = json!({});
    let config = read_value(&value).unwrap().config;
    assert!(config.disks.values().all(|disk| disk.stamps.ctime == 5.0));
    assert_eq!(config.instances.len(), 13);
    for instance in config.instances.values() {
        assert_eq!(instance.disks_active, Config::uses_memory(instance));
    }
}
