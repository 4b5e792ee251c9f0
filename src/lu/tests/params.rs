//! Parameters of the cluster, and of groups and nodes.

use super::*;
use crate::cluster::DiskTemplate;

fn modify(more: Value) -> Opcode {
    let mut value = more;
    value["OP_ID"] = json!("OP_CLUSTER_SET_PARAMS");
    op(value)
}

fn cluster(lab: &Lab) -> Arc<Cluster> {
    lab.world.config.cluster.clone().unwrap()
}

#[test]
fn the_cluster_gives_what_others_do_not_have_of_their_own() {
    let mut lab = Lab::new();
    lab.change_instance("drbd2", |one| drop(one.beparams.remove("vcpus")));
    let changes = json!({
        "beparams": {"memory": 256, "vcpus": 2}, "ndparams": {"ssh_port": "2222"},
        "nicparams": {"mode": "routed", "link": "main"}, "hvparams": {"kvm": {"acpi": false}},
        "diskparams": {"drbd": {"resync-rate": "1024"}}, "enabled_user_shutdown": true,
        "ipolicy": {"vcpu-ratio": 2.0, "std": {"memory-size": 512}},
    });
    lab.run(modify(changes)).unwrap();
    let config = &lab.world.config;
    let drbd2 = config.instance_named("drbd2").unwrap();
    assert_eq!(
        (config.backend(drbd2).vcpus, config.backend(drbd2).maxmem),
        (2, 1024)
    );
    assert_eq!(config.cluster_ipolicy()["vcpu-ratio"], 2.0);
    assert_eq!(config.cluster_ipolicy()["std"]["memory-size"], 512);
    assert_eq!(config.cluster_ipolicy()["std"]["cpu-count"], 1);
    let now = cluster(&lab);
    assert_eq!(now.ndparams["ssh_port"], 2222);
    assert_eq!(now.rest["nicparams"]["default"]["link"], "main");
    assert_eq!(now.rest["hvparams"]["kvm"]["acpi"], false);
    assert_eq!(now.rest["diskparams"]["drbd"]["resync-rate"], 1024);
    assert_eq!(now.rest["diskparams"]["drbd"]["protocol"], "C");
    assert_eq!(now.rest["enabled_user_shutdown"], true);
    // Back to what is built in.
    let back = json!({"beparams": {"vcpus": "default"}, "ndparams": {"ssh_port": null},
        "hvparams": {"kvm": {"acpi": null}}, "ipolicy": {"vcpu-ratio": "default"}});
    lab.run(modify(back)).unwrap();
    let now = cluster(&lab);
    assert_eq!(now.beparams["default"]["vcpus"], 1);
    assert_eq!(now.ndparams["ssh_port"], 22);
    assert_eq!(now.rest["hvparams"], json!({}));
    assert_eq!(now.ipolicy["vcpu-ratio"], 4.0);
}

#[test]
fn what_is_in_use_stays_enabled() {
    let mut lab = Lab::new();
    let enable = |templates: Value| modify(json!({ "enabled_disk_templates": templates }));
    lab.run(enable(json!(["rbd", "drbd", "plain"]))).unwrap();
    assert_eq!(cluster(&lab).enabled_disk_templates[0], DiskTemplate::Rbd);
    let kvm = modify(json!({"enabled_hypervisors": ["fake", "kvm"]}));
    lab.run(kvm).unwrap();
    lab.change_instance("drbd1", |one| one.hypervisor = "kvm".into());
    for (change, expected) in [
        (
            json!({"enabled_disk_templates": ["drbd", "plain"]}),
            "disk template rbd cannot be disabled: instance rbd1 uses it",
        ),
        (
            json!({"enabled_disk_templates": []}),
            "at least one disk template",
        ),
        (
            json!({"enabled_hypervisors": ["fake"]}),
            "hypervisor kvm cannot be disabled: instance drbd1 uses it",
        ),
        (
            json!({"enabled_hypervisors": ["kvm", "kvm", "fake"]}),
            "is named twice",
        ),
        (
            json!({"enabled_hypervisors": ["vmx"]}),
            "unknown hypervisor vmx",
        ),
        (
            json!({"ipolicy": {"disk-templates": ["tape"]}}),
            "unknown variant `tape`",
        ),
        (
            json!({"ipolicy": {"disk-templates": ["ext"]}}),
            "the cluster has not enabled disk template ext",
        ),
        (
            json!({"ipolicy": {"std": {"cpu-count": 99}}}),
            "in no range of the policy",
        ),
        (json!({"ipolicy": {"std": {"colour": 1}}}), "std has colour"),
        (
            json!({"beparams": {"colour": 1}}),
            "unknown backend parameter colour",
        ),
        (
            json!({"beparams": {"minmem": 4096}}),
            "minmem (4096) is larger than maxmem (128)",
        ),
        (
            json!({"nicparams": {"mode": "wireless"}}),
            "cannot be \"wireless\"",
        ),
        (
            json!({"nicparams": {"colour": "red"}}),
            "unknown parameter colour",
        ),
        (
            json!({"ndparams": {"colour": "red"}}),
            "unknown node parameter colour",
        ),
        (
            json!({"diskparams": {"tape": {}}}),
            "tape is not a disk template",
        ),
        (
            json!({"diskparams": {"drbd": {"stripes": 2}}}),
            "unknown parameter stripes of disk template drbd",
        ),
        (
            json!({"diskparams": {"plain": {"stripes": "many"}}}),
            "parameter stripes of disk template plain is a whole number",
        ),
        (
            json!({"hvparams": {"kvm": {"acpi": []}}}),
            "is no plain value",
        ),
        (json!({}), "nothing to change was given"),
    ] {
        let error = lab.fails(modify(change.clone()));
        assert!(error.message.contains(expected), "{change}: {error}");
    }
}

#[test]
fn instances_that_a_new_policy_does_not_allow_are_named() {
    let mut lab = Lab::new();
    let bound = |n: u64| {
        json!({"memory-size": n, "cpu-count": n, "disk-size": n, "disk-count": n,
            "nic-count": n, "spindle-use": n})
    };
    let minmax = |most: u64| json!([{"min": bound(0), "max": bound(most)}]);
    let change = |most| modify(json!({"ipolicy": {"minmax": minmax(most), "std": bound(1)}}));
    let wide = modify(json!({"ipolicy": {"minmax": minmax(4096)}}));
    lab.run(wide).unwrap();
    assert!(!lab.said("violate"));
    lab.run(change(1024)).unwrap();
    assert!(!lab.said("violate"));
    lab.run(change(1023)).unwrap();
    assert!(lab.said("from now on: drbd1, drbd2, drbd3, plain1, rbd1"));
}

#[test]
fn groups_and_nodes_have_parameters_of_their_own() {
    let mut lab = Lab::new();
    let of_group = |diskparams: Value| {
        op(
            json!({"OP_ID": "OP_GROUP_SET_PARAMS", "group_name": "default",
            "diskparams": diskparams}),
        )
    };
    let outcome = lab
        .run(of_group(json!({"drbd": {"protocol": "A"}})))
        .unwrap();
    let UnitResult::Value(told) = outcome.result else {
        panic!("no result")
    };
    assert_eq!(told, json!([["diskparams/drbd/protocol", "A"]]));
    let own =
        |lab: &Lab| lab.world.config.group_named("default").unwrap().rest["diskparams"].clone();
    assert_eq!(own(&lab), json!({"drbd": {"protocol": "A"}}));
    lab.run(of_group(json!({"drbd": {"protocol": "default"}})))
        .unwrap();
    assert_eq!(own(&lab), json!({}));
    let add = json!({"OP_ID": "OP_GROUP_ADD", "group_name": "new",
        "diskparams": {"plain": {"stripes": 2}}});
    lab.run(op(add)).unwrap();
    let group = lab.world.config.group_named("new").unwrap();
    assert_eq!(group.rest["diskparams"], json!({"plain": {"stripes": 2}}));

    let of_node = |ndparams: Value| {
        op(json!({"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "node1", "ndparams": ndparams}))
    };
    let outcome = lab.run(of_node(json!({"spindle_count": 3}))).unwrap();
    let UnitResult::Value(told) = outcome.result else {
        panic!("no result")
    };
    assert_eq!(told, json!([["ndparams/spindle_count", "3"]]));
    let node = |lab: &Lab| (**lab.world.config.node_named("node1").unwrap()).clone();
    assert_eq!(
        lab.world.config.node_parameters(&node(&lab))["spindle_count"],
        3
    );
    lab.run(of_node(json!({"spindle_count": "default"})))
        .unwrap();
    assert!(node(&lab).ndparams.is_empty());
    assert!(
        lab.fails(of_node(json!({"colour": 1})))
            .message
            .contains("colour")
    );
    let add = json!({"OP_ID": "OP_NODE_ADD", "node_name": "node6", "group": "default",
        "ndparams": {"ssh_port": 2222}, "capacity": {"memory": 1024, "disk": 1024, "cpus": 1,
        "spindles": 1}});
    lab.run(op(add)).unwrap();
    let new = lab.world.config.node_named("node6").unwrap();
    assert_eq!(new.ndparams["ssh_port"], 2222);
}
