use serde_json::json;

use super::super::fixture;
use super::super::maintenance::{Home, Places};
use super::*;

/// When the edits of these tests are made.
const NOW: f64 = 1000.0;

fn node(name: &str) -> NodeUuid {
    NodeUuid::from(format!("u-{name}"))
}

fn instance(name: &str) -> InstanceUuid {
    InstanceUuid::from(format!("u-{name}"))
}

fn apply(config: &mut Config, edit: &Edit) -> Vec<Touched> {
    edit.apply(config, NOW).expect("the edit applies")
}

/// Why the edit is refused; the configuration must be as before.
fn refused(edit: &Edit) -> String {
    let mut config = fixture::config();
    let EditError(reason) = edit.apply(&mut config, NOW).expect_err("it is refused");
    let before = fixture::config();
    assert_eq!(config.groups, before.groups);
    assert_eq!(config.nodes, before.nodes);
    assert_eq!(config.instances, before.instances);
    assert_eq!(config.disks, before.disks);
    reason
}

fn stamps_of(config: &Config, name: &str) -> Stamps {
    config.instance_named(name).expect("in the fixture").stamps
}

#[test]
fn a_change_raises_the_serial_number_and_the_time_and_no_change_does_not() {
    let mut config = fixture::config();
    let edit = Edit::SetAdminState {
        instance: instance("web"),
        state: AdminState::Down,
    };
    assert_eq!(
        apply(&mut config, &edit),
        [Touched::Instance(instance("web"))]
    );
    let once = stamps_of(&config, "web");
    assert_eq!((once.serial_no, once.ctime, once.mtime), (8, 100.0, NOW));
    assert_eq!(edit.apply(&mut config, NOW + 1.0), Ok(vec![]));
    assert_eq!(stamps_of(&config, "web"), once);
    assert_eq!(stamps_of(&config, "db").serial_no, 7, "nobody else's");
}

#[test]
fn tags_change_one_by_one_and_nothing_else_does() {
    let mut config = fixture::config();
    let edit = |add: &[&str], remove: &[&str]| Edit::ChangeTags {
        object: Tagged::Instance(instance("web")),
        add: add.iter().map(|tag| (*tag).to_owned()).collect(),
        remove: remove.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    let touched = [Touched::Instance(instance("web"))];
    assert_eq!(apply(&mut config, &edit(&["b", "a"], &[])), touched);
    assert_eq!(apply(&mut config, &edit(&["a"], &["z"])), []);
    assert_eq!(apply(&mut config, &edit(&["c"], &["a"])), touched);
    let web = &config.instances[&instance("web")];
    assert_eq!(web.tags, ["b", "c"]);
    assert_eq!(web.stamps.serial_no, 9);
    let cluster = Edit::ChangeTags {
        object: Tagged::Cluster,
        add: vec!["x".to_owned()],
        remove: vec![],
    };
    assert_eq!(apply(&mut config, &cluster), [Touched::Cluster]);
    assert_eq!(apply(&mut config, &cluster), []);
    assert_eq!(config.tags(&Tagged::Cluster), ["x"]);
}

#[test]
fn offline_turns_the_disks_off_and_down_leaves_them() {
    let mut config = fixture::config();
    for (state, active) in [
        (AdminState::Down, true),
        (AdminState::Offline, false),
        (AdminState::Down, false),
        (AdminState::Up, true),
    ] {
        let web = instance("web");
        apply(
            &mut config,
            &Edit::SetAdminState {
                instance: web.clone(),
                state,
            },
        );
        assert_eq!(config.instances[&web].disks_active, active, "{state}");
    }
}

#[test]
fn an_operator_takes_over_the_state_that_a_user_set() {
    let mut config = fixture::config();
    let mut web = (*config.instances[&instance("web")]).clone();
    web.admin_state = AdminState::Down;
    web.admin_state_source = AdminSource::User;
    config.put_instance(web);
    let edit = Edit::SetAdminState {
        instance: instance("web"),
        state: AdminState::Down,
    };
    assert_eq!(apply(&mut config, &edit).len(), 1);
    let web = &config.instances[&instance("web")];
    assert_eq!(web.admin_state_source, AdminSource::Admin);
}

#[test]
fn a_failover_swaps_the_roles_and_leaves_the_disk_alone() {
    let mut config = fixture::config();
    let disk = config.disks["web0"].clone();
    let edit = Edit::SetPrimary {
        instance: instance("web"),
        node: node("node2"),
    };
    assert_eq!(
        apply(&mut config, &edit),
        [Touched::Instance(instance("web"))]
    );
    let web = &config.instances[&instance("web")];
    assert_eq!(web.primary_node, node("node2"));
    assert_eq!(config.secondary(web), Some(&node("node1")));
    assert_eq!(config.disks["web0"], disk);
    assert_eq!(apply(&mut config, &edit), []);
}

#[test]
fn a_new_secondary_takes_the_place_of_the_old_one_wherever_it_stands() {
    let mut config = fixture::config();
    let edit = Edit::SetSecondary {
        instance: instance("web"),
        node: node("node3"),
    };
    let web0 = DiskUuid::from("web0");
    assert_eq!(apply(&mut config, &edit), [Touched::Disk(web0)]);
    let disk = &config.disks["web0"];
    assert_eq!(disk.nodes, [node("node1"), node("node3")]);
    assert_eq!(
        json!(disk.logical_id),
        json!(["u-node3", "u-node1", 11000, 0, 1, "secret"])
    );
    assert_eq!(
        disk.rest["children"][0]["nodes"],
        json!(["u-node1", "u-node3"])
    );
    assert_eq!((disk.stamps.serial_no, disk.stamps.mtime), (8, NOW));
    let web = &config.instances[&instance("web")];
    assert_eq!(config.secondary(web), Some(&node("node3")));
    assert_eq!(web.stamps.serial_no, 7, "the instance itself is as it was");
    assert_eq!(apply(&mut config, &edit), []);
}

#[test]
fn the_primary_cannot_be_the_secondary_too() {
    let reason = refused(&Edit::SetSecondary {
        instance: instance("web"),
        node: node("node1"),
    });
    assert_eq!(
        reason,
        "node1 cannot be both primary and secondary node of web"
    );
}

#[test]
fn an_edit_of_what_is_gone_is_refused() {
    let gone = node("node9");
    let web = instance("web");
    let lost = instance("lost");
    let spare = GroupUuid::from("u-spare");
    for edit in [
        Edit::RemoveNode(gone.clone()),
        Edit::ChangeNode {
            node: gone.clone(),
            change: NodeChange::default(),
        },
        Edit::SetPrimary {
            instance: web.clone(),
            node: gone.clone(),
        },
        Edit::SetSecondary {
            instance: web,
            node: gone.clone(),
        },
        Edit::RemoveInstance(lost.clone()),
        Edit::SetUncertain {
            instance: lost,
            reason: None,
        },
        Edit::RemoveGroup(GroupUuid::from("u-none")),
        Edit::AssignNodes {
            group: GroupUuid::from("u-none"),
            nodes: vec![],
        },
        // The first node is there: it must not have moved when the second is found missing.
        Edit::AssignNodes {
            group: spare,
            nodes: vec![node("node1"), gone],
        },
    ] {
        let reason = refused(&edit);
        assert!(reason.ends_with("is gone"), "{reason}");
    }
}

#[test]
fn nothing_is_added_twice() {
    let config = fixture::config();
    let mut other_name = (*config.nodes[&node("node1")]).clone();
    other_name.name = "other".to_owned();
    let mut other_uuid = (*config.nodes[&node("node1")]).clone();
    other_uuid.uuid = node("other");
    let mut group = (*config.groups["u-spare"]).clone();
    group.name = "other".to_owned();
    let web = (*config.instances[&instance("web")]).clone();
    let mut stranger = fixture::instance("new", "u-node1", &["web0"]);
    stranger.disks = vec![DiskUuid::from("web0")];
    let web0 = (*config.disks["web0"]).clone();
    for edit in [
        Edit::AddNode(Box::new(other_name)),
        Edit::AddNode(Box::new(other_uuid)),
        Edit::AddGroup(Box::new(group)),
        Edit::AddInstance {
            instance: Box::new(web),
            disks: vec![],
        },
        Edit::AddInstance {
            instance: Box::new(stranger),
            disks: vec![web0],
        },
    ] {
        let reason = refused(&edit);
        assert!(reason.ends_with("exists"), "{reason}");
    }
}

#[test]
fn a_node_is_added_to_a_group_that_is_there() {
    let mut new = (*fixture::config().nodes[&node("node1")]).clone();
    new.name = "node4".to_owned();
    new.uuid = node("node4");
    new.group = GroupUuid::from("u-none");
    assert_eq!(
        refused(&Edit::AddNode(Box::new(new.clone()))),
        "group u-none is gone"
    );
    new.group = GroupUuid::from("u-spare");
    let mut config = fixture::config();
    let touched = apply(&mut config, &Edit::AddNode(Box::new(new)));
    assert_eq!(touched, [Touched::Node(node("node4"))]);
    let stamps = config.node_named("node4").expect("it was added").stamps;
    let born = Stamps {
        serial_no: 1,
        ctime: NOW,
        mtime: NOW,
    };
    assert_eq!(stamps, born, "its life begins here");
}

#[test]
fn what_holds_something_does_not_go() {
    assert_eq!(
        refused(&Edit::RemoveNode(node("node1"))),
        "node node1 holds instance web"
    );
    let as_secondary = refused(&Edit::RemoveNode(node("node2")));
    assert!(as_secondary.contains("holds instance"), "{as_secondary}");
    assert_eq!(
        refused(&Edit::RemoveGroup(GroupUuid::from("u-default"))),
        "group default holds node node1"
    );
    let mut config = fixture::config();
    let spare = GroupUuid::from("u-spare");
    apply(&mut config, &Edit::RemoveGroup(spare));
    assert!(config.group_named("spare").is_none());
}

#[test]
fn a_node_that_is_only_secondary_does_not_go_either() {
    let mut config = fixture::config();
    apply(&mut config, &Edit::RemoveInstance(instance("db")));
    let error = Edit::RemoveNode(node("node2")).apply(&mut config, NOW);
    let text = "node node2 holds instance web".to_owned();
    assert_eq!(error, Err(EditError(text)));
}

#[test]
fn an_instance_comes_and_goes_with_its_disks() {
    let mut config = fixture::config();
    let new = fixture::instance("new", "u-node1", &["new0"]);
    let disk = fixture::disk("new0", "rbd", &[], json!(["rbd", "new0"]));
    let rows = [
        Touched::Instance(instance("new")),
        Touched::Disk(DiskUuid::from("new0")),
    ];
    let add = Edit::AddInstance {
        instance: Box::new(new),
        disks: vec![disk],
    };
    assert_eq!(apply(&mut config, &add), rows);
    assert_eq!(stamps_of(&config, "new").serial_no, 1);
    assert_eq!(config.disks["new0"].stamps.ctime, NOW);
    let touched = apply(&mut config, &Edit::RemoveInstance(instance("new")));
    assert_eq!(touched, rows);
    assert!(config.instance_named("new").is_none());
    assert!(!config.disks.contains_key("new0"));
}

#[test]
fn nodes_change_their_group_and_those_that_are_in_it_stay_untouched() {
    let mut config = fixture::config();
    let edit = |nodes: &[&str]| Edit::AssignNodes {
        group: GroupUuid::from("u-spare"),
        nodes: nodes.iter().map(|name| node(name)).collect(),
    };
    apply(&mut config, &edit(&["node1"]));
    let touched = apply(&mut config, &edit(&["node1", "node2"]));
    assert_eq!(touched, [Touched::Node(node("node2"))]);
    assert_eq!(config.nodes[&node("node1")].stamps.serial_no, 8);
}

#[test]
fn a_node_change_sets_what_it_names() {
    let mut config = fixture::config();
    let capacity = Capacity {
        memory: 4096,
        ..Capacity::default()
    };
    let change = NodeChange {
        drained: Some(true),
        capacity: Some(capacity),
        ..NodeChange::default()
    };
    let edit = Edit::ChangeNode {
        node: node("node1"),
        change,
    };
    let before = (*config.nodes[&node("node1")]).clone();
    apply(&mut config, &edit);
    let mut wanted = before;
    wanted.drained = true;
    wanted.capacity = capacity;
    changed(&mut wanted.stamps, NOW);
    assert_eq!(*config.nodes[&node("node1")], wanted);
    assert_eq!(apply(&mut config, &edit), []);
}

#[test]
fn uncertainty_is_noted_and_lifted() {
    let mut config = fixture::config();
    let mut set = |reason: Option<&str>| {
        let edit = Edit::SetUncertain {
            instance: instance("web"),
            reason: reason.map(str::to_owned),
        };
        apply(&mut config, &edit).len()
    };
    assert_eq!(set(None), 0);
    assert_eq!(set(Some("no answer from node1")), 1);
    assert_eq!(set(Some("no answer from node1")), 0);
    assert_eq!(set(None), 1);
}

/// A node that waits for `web`, which was at home there on these.
fn waiting(config: &mut Config, at: &str, before: Places, instead: Option<Places>) {
    let web = config.instance_named("web").expect("in the fixture");
    let home = Home {
        instance: web.uuid.clone(),
        away: Places::of(config, web),
        before,
        stops: vec![],
        instead,
        admin_state: AdminState::Up,
    };
    let homes = vec![home];
    let change = NodeChange {
        homecoming: Some(Some(Arc::new(Homecoming { since: 1, homes }))),
        ..NodeChange::default()
    };
    let edit = Edit::ChangeNode {
        node: node(at),
        change,
    };
    apply(config, &edit);
}

fn on(primary: &str, secondary: &str) -> Places {
    Places {
        primary: node(primary),
        secondary: Some(node(secondary)),
    }
}

fn waits(config: &Config, name: &str) -> bool {
    let node = config.node_named(name).expect("in the fixture");
    node.homecoming.is_some()
}

#[test]
fn whoever_comes_home_is_no_longer_waited_for() {
    let mut config = fixture::config();
    let web = config.instance_named("web").expect("in the fixture");
    let now = Places::of(&config, web);
    let (primary, secondary) = (now.primary, now.secondary.expect("it is mirrored"));
    let names = [&primary, &secondary].map(|uuid| config.node_name(uuid).to_owned());
    let [first, second] = names.each_ref().map(String::as_str);
    // It is home when both are in their places, there and not elsewhere.
    waiting(&mut config, second, on(second, first), None);
    waiting(&mut config, first, on(first, second), None);
    let flip = |to: &NodeUuid| Edit::SetPrimary {
        instance: instance("web"),
        node: to.clone(),
    };
    let touched = apply(&mut config, &flip(&secondary));
    assert_eq!(
        touched,
        [
            Touched::Instance(instance("web")),
            Touched::Node(secondary.clone())
        ]
    );
    assert!(!waits(&config, second) && waits(&config, first));
    // As close as it comes is home, too.
    let before = on("elsewhere", first);
    waiting(&mut config, first, before, Some(on(first, second)));
    apply(&mut config, &flip(&primary));
    assert!(!waits(&config, first));
}

#[test]
fn nobody_waits_for_an_instance_that_is_gone() {
    let mut config = fixture::config();
    waiting(&mut config, "node1", on("node1", "elsewhere"), None);
    let touched = apply(&mut config, &Edit::RemoveInstance(instance("web")));
    assert!(touched.contains(&Touched::Node(node("node1"))));
    assert!(!waits(&config, "node1"));
}
