use serde_json::json;

use super::super::fixture;
use super::*;

fn named<'a>(config: &'a Config, name: &str) -> &'a Arc<Instance> {
    config.instance_named(name).expect("it is in the fixture")
}

#[test]
fn a_template_is_that_of_the_disks() {
    let config = fixture::config();
    let of = |name| config.template(named(&config, name));
    assert_eq!(of("web"), DiskTemplate::Drbd);
    assert_eq!(of("db"), DiskTemplate::Rbd);
    assert_eq!(of("old"), DiskTemplate::Plain);
    assert_eq!(of("router"), DiskTemplate::Diskless);
}

#[test]
fn mixed_disks_count_as_their_least_movable_one() {
    let config = fixture::config();
    let mix = |disks: &[&str]| config.template(&fixture::instance("mix", "u-node1", disks));
    assert_eq!(mix(&["db0", "web0"]), DiskTemplate::Drbd);
    assert_eq!(mix(&["web0", "old0", "db0"]), DiskTemplate::Plain);
}

#[test]
fn the_secondary_is_the_other_node_of_the_mirror() {
    let config = fixture::config();
    let secondary = |name| config.secondary(named(&config, name)).map(NodeUuid::as_str);
    assert_eq!(secondary("web"), Some("u-node2"));
    assert_eq!(secondary("db"), None);
    assert_eq!(secondary("old"), None, "its node is the primary");
    let names = |found: Vec<&Arc<Instance>>| -> Vec<String> {
        found.iter().map(|i| i.name.clone()).collect()
    };
    let at = |node: &str| NodeUuid::from(node);
    assert_eq!(names(config.secondaries(&at("u-node2")).collect()), ["web"]);
    assert_eq!(names(config.secondaries(&at("u-node1")).collect()), [""; 0]);
    assert_eq!(
        names(config.primaries(&at("u-node3")).collect()),
        ["old", "router"]
    );
}

#[test]
fn only_local_disks_take_space_and_a_mirror_takes_its_metadata_too() {
    let config = fixture::config();
    let disk = |name| config.disk_on_node(named(&config, name));
    assert_eq!(disk("web"), 1024 + DRBD_META_MIB);
    assert_eq!(disk("db"), 0);
    assert_eq!(disk("old"), 1024);
    assert_eq!(disk("router"), 0);
}

#[test]
fn own_parameters_go_before_the_clusters_and_those_before_the_built_in_ones() {
    let config = fixture::config();
    let mut web = (**named(&config, "web")).clone();
    web.beparams.insert("vcpus".to_owned(), json!(4));
    web.beparams.insert("maxmem".to_owned(), json!(null));
    let backend = config.backend(&web);
    assert_eq!(backend.vcpus, 4, "its own");
    assert_eq!(backend.maxmem, 512, "null counts as not given");
    assert!(!backend.auto_balance, "the cluster's");
    assert_eq!(backend.minmem, 128, "built in");
}

#[test]
fn a_role_is_the_first_that_holds() {
    let config = fixture::config();
    let mut node = (**config.node_named("node2").expect("in the fixture")).clone();
    assert_eq!(config.role(&node), NodeRole::Regular);
    node.offline = true;
    assert_eq!(config.role(&node), NodeRole::Offline);
    node.drained = true;
    assert_eq!(config.role(&node), NodeRole::Drained);
    node.master_candidate = true;
    assert_eq!(config.role(&node), NodeRole::Candidate);
    node.uuid = NodeUuid::from("u-node1");
    assert_eq!(config.role(&node), NodeRole::Master);
}

#[test]
fn an_object_is_found_by_its_new_name_only() {
    let mut config = fixture::config();
    let before = config.clone();
    let mut node = (**config.node_named("node2").expect("in the fixture")).clone();
    node.name = "node9".to_owned();
    config.put_node(node);
    assert!(config.node_named("node2").is_none());
    assert_eq!(
        config.node_names().collect::<Vec<_>>(),
        ["node1", "node3", "node9"]
    );
    assert!(before.node_named("node2").is_some(), "the old value stands");
    config.remove_node(&NodeUuid::from("u-node2"));
    assert!(config.node_named("node9").is_none());
}

#[test]
fn names_are_listed_in_order() {
    let config = fixture::config();
    let names: Vec<&str> = config.instance_names().collect();
    assert_eq!(names, ["db", "old", "router", "web"]);
    let by_name: Vec<&str> = config
        .instances_by_name()
        .map(|i| i.name.as_str())
        .collect();
    assert_eq!(by_name, names);
}
