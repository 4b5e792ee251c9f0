use super::fixture::{Lab, claim, leave, moves};
use crate::allocator::{Role, Rules, choose_node, plan_departure};
use crate::cluster::{AdminState, DiskTemplate, Node};
use crate::opcodes::EvacMode::{All, PrimaryOnly, SecondaryOnly};

#[test]
fn a_drbd_primary_goes_to_its_secondary() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node1", "node2"], 1000);
    let placed = lab.only_placed(PrimaryOnly);
    assert_eq!(moves(&placed), ["primary node1>node2"]);
    assert_eq!(
        placed.claims,
        [claim("node2", "web1", Role::Primary, 1000, 0)]
    );
}

#[test]
fn mode_all_adds_a_copy_on_a_third_node() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node1", "node2"], 1000);
    let placed = lab.only_placed(All);
    assert_eq!(
        moves(&placed),
        ["primary node1>node2", "secondary node1>node3"]
    );
    assert_eq!(
        placed.claims,
        [
            claim("node2", "web1", Role::Primary, 1000, 0),
            claim("node3", "web1", Role::Secondary, 1000, 1128),
        ]
    );
}

#[test]
fn mode_all_needs_a_third_node() {
    let mut lab = Lab::new(2);
    lab.drbd("web1", ["node1", "node2"], 1000);
    let plan = lab.plan("node1", All);
    assert_eq!(
        plan.unmovable[0].reason,
        "no third node for its second copy: can't find any good node: no other node of group \
         default is in use"
    );
    assert!(
        plan.unmovable[0]
            .hint
            .as_ref()
            .unwrap()
            .contains("--primary-only")
    );
}

#[test]
fn a_secondary_leaves_for_a_third_node() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node2", "node1"], 1000);
    for mode in [SecondaryOnly, All] {
        let placed = lab.only_placed(mode);
        assert_eq!(moves(&placed), ["secondary node1>node3"]);
    }
    assert!(lab.plan("node1", PrimaryOnly).placed.is_empty());
}

#[test]
fn modes_concern_their_role_only() {
    let mut lab = Lab::new(4);
    lab.drbd("first", ["node1", "node2"], 100);
    lab.drbd("second", ["node3", "node1"], 100);
    lab.shared("third", "node1", 100);
    lab.add("fourth", DiskTemplate::Plain, &["node1"], 100);
    lab.drbd("elsewhere", ["node3", "node2"], 100);
    let names = |mode| {
        let plan = lab.plan("node1", mode);
        let placed: Vec<String> = (plan.placed.iter())
            .map(|p| p.instance.to_string())
            .collect();
        let stays: Vec<String> = (plan.unmovable.iter())
            .map(|u| u.instance.to_string())
            .collect();
        (placed.join(" "), stays.join(" "))
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(names(PrimaryOnly), pair("first third", "fourth"));
    assert_eq!(names(SecondaryOnly), pair("second", ""));
    assert_eq!(names(All), pair("first second third", "fourth"));
}

#[test]
fn local_disks_stay() {
    for template in [DiskTemplate::Plain, DiskTemplate::File] {
        let mut lab = Lab::new(3);
        lab.add("web1", template, &["node1"], 100);
        let reason = lab.only_reason(All);
        assert_eq!(
            reason,
            format!("instances of type {template} cannot be relocated")
        );
    }
}

#[test]
fn externally_mirrored_instances_go_to_the_emptiest_node() {
    let mut lab = Lab::new(3);
    lab.shared("web1", "node1", 1000);
    lab.shared("web2", "node2", 1000);
    let placed = lab.only_placed(All);
    assert_eq!(moves(&placed), ["primary node1>node3"]);
    assert_eq!(
        placed.claims,
        [claim("node3", "web1", Role::Primary, 1000, 0)]
    );
}

#[test]
fn each_instance_sees_those_before_it() {
    let mut lab = Lab::new(4);
    for name in ["a", "b", "c", "d", "e", "f"] {
        lab.shared(name, "node1", 1000);
    }
    let plan = lab.plan("node1", All);
    let to: Vec<&str> = (plan.placed.iter())
        .map(|placed| placed.moves[0].to.as_str())
        .collect();
    // Of equal nodes the first; so they are filled in turn.
    assert_eq!(to, ["node2", "node3", "node4", "node2", "node3", "node4"]);
}

#[test]
fn nodes_out_of_use_and_of_other_groups_are_no_targets() {
    let mut lab = Lab::new(5);
    lab.group("other");
    lab.node("node2").offline = true;
    lab.node("node3").drained = true;
    lab.node("node4").vm_capable = false;
    lab.node("node5").group = "other".into();
    lab.shared("web1", "node1", 100);
    assert_eq!(
        lab.only_reason(All),
        "can't find any good node: no other node of group default is in use"
    );
    lab.node("node3").drained = false;
    assert_eq!(moves(&lab.only_placed(All)), ["primary node1>node3"]);
}

#[test]
fn an_unusable_secondary_keeps_the_primary() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node1", "node2"], 1000);
    lab.node("node2").drained = true;
    assert_eq!(
        lab.only_reason(PrimaryOnly),
        "its secondary node node2 is drained"
    );
    lab.node("node2").drained = false;
    lab.node("node2").offline = true;
    lab.node("node1").offline = true;
    assert_eq!(
        lab.only_reason(All),
        "its secondary node node2 is offline, and so is node1"
    );
}

#[test]
fn an_unusable_secondary_is_gone_round_where_both_roles_leave() {
    let mut lab = Lab::new(4);
    lab.drbd("web1", ["node1", "node2"], 1000);
    let around = [
        "secondary node2>node3",
        "primary node1>node3",
        "secondary node1>node4",
    ];
    let put: [fn(&mut Node); 3] = [
        |node| node.drained = true,
        |node| node.offline = true,
        |node| node.vm_capable = false,
    ];
    for put in put {
        let node = lab.node("node2").clone();
        put(lab.node("node2"));
        let placed = lab.only_placed(All);
        assert_eq!(moves(&placed), around);
        assert_eq!(
            placed.claims,
            [
                claim("node3", "web1", Role::Primary, 1000, 1128),
                claim("node4", "web1", Role::Secondary, 1000, 1128),
            ]
        );
        *lab.node("node2") = node;
    }
    lab.node("node2").drained = true;
    lab.node("node4").drained = true;
    let plan = lab.plan("node1", All);
    assert_eq!(
        plan.unmovable[0].reason,
        "its secondary node node2 is drained, and no third node for its second copy: can't find any \
         good node: no other node of group default is in use"
    );
    let hint = plan.unmovable[0].hint.as_ref().unwrap();
    assert!(hint.contains("let node2 take instances again"), "{hint}");
    // From a dead node it could only go to the copy that there is.
    lab.node("node4").drained = false;
    lab.node("node1").offline = true;
    assert_eq!(
        lab.only_reason(All),
        "its secondary node node2 is drained, and node1 is offline"
    );
}

#[test]
fn memory_is_a_hard_limit_for_the_present_secondary() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node1", "node2"], 1000);
    lab.shared("web2", "node2", 9500);
    let mut departure = leave("node1", PrimaryOnly);
    departure.rules.ignore_soft_errors = true;
    let plan = plan_departure(&lab.world(), &departure);
    assert_eq!(
        plan.unmovable[0].reason,
        "cannot go to its secondary node node2: 500 MiB of memory missing (FailMem)"
    );
    // A stopped instance needs none, and exactly full is not too full.
    lab.stop("web1");
    assert_eq!(lab.only_placed(PrimaryOnly).claims[0].memory, 0);
    lab.instance("web1").admin_state = AdminState::Up;
    lab.instance("web2").beparams["maxmem"] = 9000.into();
    assert_eq!(
        moves(&lab.only_placed(PrimaryOnly)),
        ["primary node1>node2"]
    );
}

#[test]
fn reasons_name_nodes_and_what_is_missing() {
    let mut lab = Lab::new(4);
    lab.drbd("web1", ["node2", "node1"], 1000);
    lab.shared("web2", "node3", 9_200);
    lab.node("node4").capacity.disk = 1_000;
    let plan = lab.plan("node1", SecondaryOnly);
    assert_eq!(
        plan.unmovable[0].reason,
        "can't find any good node: node3: 200 MiB of memory missing if another node fails \
         (FailN1); node4: 128 MiB of disk missing (FailDisk)"
    );
    assert!(
        plan.unmovable[0]
            .hint
            .as_ref()
            .unwrap()
            .contains("--ignore-soft-errors")
    );
}

#[test]
fn long_reasons_count_the_rest() {
    let mut lab = Lab::new(9);
    lab.shared("web1", "node1", 20_000);
    let reason = lab.only_reason(All);
    assert!(reason.contains("node6: 10000 MiB of memory missing (FailMem)"));
    assert!(reason.ends_with("; and 3 more (FailMem: 3)"), "{reason}");
}

#[test]
fn soft_rules_are_broken_only_if_need_be() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node2", "node1"], 1000);
    lab.shared("web2", "node3", 9_200);
    let mut departure = leave("node1", SecondaryOnly);
    departure.rules.ignore_soft_errors = true;
    let plan = plan_departure(&lab.world(), &departure);
    assert_eq!(moves(&plan.placed[0]), ["secondary node1>node3"]);

    lab.node("node1").offline = true;
    assert_eq!(
        moves(&lab.only_placed(SecondaryOnly)),
        ["secondary node1>node3"]
    );

    // A node that keeps the rules goes first, however bad its score.
    lab.add_node("node4", "default");
    for number in 0..9 {
        lab.shared(&format!("small{number}"), "node4", 10);
    }
    let plan = plan_departure(&lab.world(), &departure);
    assert_eq!(moves(&plan.placed[0]), ["secondary node1>node4"]);
}

#[test]
fn cpu_ratio_is_a_soft_rule() {
    let mut lab = Lab::new(2);
    let web1 = lab.shared("web1", "node1", 100);
    web1.beparams.insert("vcpus".into(), 65.into());
    assert!(lab.only_reason(All).contains("1 virtual CPUs above"));
    lab.cluster.ipolicy = serde_json::from_str(r#"{"vcpu-ratio": 5}"#).unwrap();
    lab.only_placed(All);
    // A node whose CPUs are not told has no ratio.
    lab.cluster.ipolicy.clear();
    lab.node("node2").capacity.cpus = 0;
    lab.only_placed(All);
}

#[test]
fn exclusion_tags_keep_instances_apart() {
    let mut lab = Lab::new(3);
    lab.cluster.tags = vec!["htools:iextags:service:".into()];
    lab.shared("web1", "node1", 100).tags = vec!["service:dns".into()];
    lab.shared("web2", "node2", 100).tags = vec!["service:dns".into()];
    for name in ["a", "b", "c"] {
        lab.shared(name, "node3", 100);
    }
    assert_eq!(moves(&lab.only_placed(All)), ["primary node1>node3"]);
    lab.node("node3").drained = true;
    assert!(lab.only_reason(All).contains("(FailTags)"));
    lab.cluster.tags.clear();
    assert_eq!(moves(&lab.only_placed(All)), ["primary node1>node2"]);
}

#[test]
fn migration_tags_keep_primaries_from_nodes() {
    let mut lab = Lab::new(2);
    lab.cluster.tags = vec!["htools:migration:os".into()];
    lab.node("node1").tags = vec!["os:new".into()];
    lab.node("node2").tags = vec!["os:old".into()];
    lab.shared("web1", "node1", 100);
    assert!(lab.only_reason(All).contains("(FailMig)"));
    lab.cluster
        .tags
        .push("htools:allowmigration:os:new::os:old".into());
    lab.only_placed(All);
}

#[test]
fn claims_count() {
    let mut lab = Lab::new(3);
    lab.shared("web1", "node1", 1000);
    assert_eq!(moves(&lab.only_placed(All)), ["primary node1>node2"]);
    lab.claim(7, claim("node2", "new", Role::Primary, 9_500, 0));
    assert_eq!(moves(&lab.only_placed(All)), ["primary node1>node3"]);
    lab.claim(8, claim("node3", "other", Role::Primary, 9_500, 0));
    assert!(lab.only_reason(All).contains("FailMem"));
}

#[test]
fn a_claim_that_came_true_counts_once() {
    let mut lab = Lab::new(2);
    lab.shared("web1", "node1", 4000);
    lab.shared("web2", "node2", 6000);
    lab.claim(7, claim("node2", "web2", Role::Primary, 6000, 0));
    lab.only_placed(All);
}

#[test]
fn an_instance_on_its_way_to_its_secondary_counts_there_once() {
    let mut lab = Lab::new(2);
    lab.add_node("node3", "default").drained = true;
    lab.drbd("web1", ["node3", "node2"], 4000);
    lab.shared("web2", "node1", 6000);
    lab.claim(7, claim("node2", "web1", Role::Primary, 4000, 0));
    // 4000 that are used and no longer kept free leave 6000.
    assert_eq!(moves(&lab.only_placed(All)), ["primary node1>node2"]);
    lab.claim(8, claim("node2", "web3", Role::Primary, 1, 0));
    assert!(lab.only_reason(All).contains("1 MiB of memory missing"));
}

#[test]
fn secondary_claims_reserve_memory_for_the_primary_to_be() {
    // web2 is on its way from node3/node4 to node4/node2: node2 backs it for node4.
    let mut lab = Lab::new(4);
    lab.drbd("web1", ["node4", "node1"], 6000);
    lab.drbd("web2", ["node3", "node4"], 3000);
    lab.node("node3").drained = true;
    lab.claim(7, claim("node4", "web2", Role::Primary, 3000, 0));
    lab.claim(7, claim("node2", "web2", Role::Secondary, 3000, 1128));
    lab.node("node2").capacity.memory = 8_500;
    // 6000 + 3000 for the one peer node4 is more than 8500 …
    assert!(lab.only_reason(SecondaryOnly).contains("500 MiB"));
    // … but for the two peers node4 and node3 it would not be added up.
    lab.claim(7, claim("node3", "web2", Role::Primary, 3000, 0));
    lab.only_placed(SecondaryOnly);
}

#[test]
fn a_named_secondary_is_taken_or_refused() {
    let mut lab = Lab::new(4);
    lab.group("other");
    lab.add_node("far", "other");
    lab.drbd("web1", ["node2", "node1"], 1000);
    lab.shared("web2", "node3", 9_900);
    lab.node("node4").capacity.disk = 100;
    let to = |lab: &Lab, name: &str| {
        let mut departure = leave("node1", SecondaryOnly);
        departure.new_secondary = Some(name.into());
        let plan = plan_departure(&lab.world(), &departure);
        match plan.placed.first() {
            Some(placed) => moves(placed).join(" "),
            None => plan.unmovable[0].reason.clone(),
        }
    };
    // Only hard limits hold for it.
    assert_eq!(to(&lab, "node3"), "secondary node1>node3");
    assert_eq!(to(&lab, "node2"), "node2 holds it already");
    assert_eq!(
        to(&lab, "node4"),
        "node4: 1028 MiB of disk missing (FailDisk)"
    );
    assert_eq!(to(&lab, "far"), "far is not in the group of node2");
    assert_eq!(to(&lab, "none"), "node none is not in the configuration");
    lab.node("node3").drained = true;
    assert_eq!(to(&lab, "node3"), "node3 is drained");
}

#[test]
fn a_named_target_is_for_externally_mirrored_primaries() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node1", "node2"], 1000);
    lab.shared("web2", "node1", 1000);
    let mut departure = leave("node1", PrimaryOnly);
    departure.target = Some("node3".into());
    let plan = plan_departure(&lab.world(), &departure);
    assert_eq!(moves(&plan.placed[0]), ["primary node1>node2"]);
    assert_eq!(moves(&plan.placed[1]), ["primary node1>node3"]);
}

#[test]
fn an_uncertain_instance_waits_for_its_cleanup() {
    let mut lab = Lab::new(3);
    lab.shared("web1", "node1", 1000).uncertain = Some("no answer from node1".into());
    assert_eq!(
        lab.only_reason(All),
        "where it runs is not known: no answer from node1"
    );
}

#[test]
fn one_role_of_one_instance() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node1", "node2"], 1000);
    lab.shared("web2", "node1", 6000);
    // The asker's own claim does not stand in its way.
    lab.claim(7, claim("node3", "web1", Role::Secondary, 9_500, 99_000));
    let choose = |name: &str, role| {
        choose_node(&lab.world(), &name.into(), role, Rules::default())
            .map(|placed| moves(&placed).join(" "))
            .map_err(|unmovable| unmovable.reason)
    };
    let secondary = choose("web1", Role::Secondary);
    assert_eq!(secondary.unwrap(), "secondary node2>node3");
    assert_eq!(
        choose("web1", Role::Primary).unwrap_err(),
        "an instance of type drbd can only move to its secondary node"
    );
    assert_eq!(
        choose("web2", Role::Secondary).unwrap_err(),
        "instances with disk template 'rbd' have no secondary node"
    );
    // It does stand in the way of others: node3 could not start web1 beside web2.
    assert_eq!(
        choose("web2", Role::Primary).unwrap(),
        "primary node1>node2"
    );
}

#[test]
fn numbers_beyond_reason_do_no_harm() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node1", "node2"], u64::MAX);
    lab.shared("web2", "node1", u64::MAX);
    lab.claim(7, claim("node3", "web3", Role::Primary, u64::MAX, u64::MAX));
    assert_eq!(lab.plan("node1", All).unmovable.len(), 2);
}

#[test]
fn no_copy_goes_where_the_instance_could_not_start() {
    let mut lab = Lab::new(4);
    lab.node("node4").drained = true;
    lab.drbd("web1", ["node2", "node1"], 1000);
    // node3 lacks memory for what it backs already, which alone would not speak against more.
    lab.shared("web2", "node3", 9200);
    lab.drbd("web3", ["node4", "node3"], 2000);
    assert!(lab.only_reason(SecondaryOnly).contains("200 MiB"));
    lab.instance("web2")
        .beparams
        .insert("maxmem".into(), 9000.into());
    assert_eq!(
        moves(&lab.only_placed(SecondaryOnly)),
        ["secondary node1>node3"]
    );
}

#[test]
fn a_plan_for_an_instance_that_is_on_its_way_counts_its_reserve_once() {
    let mut lab = Lab::new(2);
    lab.drbd("a", ["node1", "node2"], 4000);
    lab.shared("b", "node1", 1000);
    lab.drbd("c", ["node1", "node2"], 1500);
    lab.claim(7, claim("node2", "a", Role::Primary, 4000, 0));
    // node2: 4000 claimed and 4000 planned for a, 1500 kept free for c.
    let plan = lab.plan("node1", PrimaryOnly);
    assert_eq!(plan.unmovable[0].instance.as_str(), "b");
    assert!(plan.unmovable[0].reason.contains("500 MiB"));
}

#[test]
fn an_instance_that_cannot_move_counts_where_it_is() {
    let mut lab = Lab::new(2);
    lab.drbd("a", ["node1", "node2"], 4000);
    lab.shared("b", "node1", 7000);
    let mut departure = leave("node1", All);
    departure.rules.ignore_soft_errors = true;
    let plan = plan_departure(&lab.world(), &departure);
    assert_eq!(plan.unmovable[0].instance.as_str(), "a");
    assert_eq!(moves(&plan.placed[0]), ["primary node1>node2"]);
}
