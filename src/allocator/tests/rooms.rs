use super::fixture::{Lab, claim};
use crate::allocator::{Role, check_room, still_fits, taken_on};

#[test]
fn claims_fit_on_top_of_everything() {
    let mut lab = Lab::new(2);
    lab.drbd("web1", ["node1", "node2"], 4000);
    lab.claim(7, claim("node1", "web2", Role::Primary, 3000, 50_000));
    let fits = |lab: &Lab, memory, disk| {
        let mine = claim("node1", "web3", Role::Primary, memory, disk);
        still_fits(&lab.world(), &[mine])
    };
    assert_eq!(fits(&lab, 3000, 48_872), Ok(()));
    assert_eq!(
        fits(&lab, 3001, 0).unwrap_err(),
        "node1: 1 MiB of memory missing (FailMem)"
    );
    assert_eq!(
        fits(&lab, 0, 48_873).unwrap_err(),
        "node1: 1 MiB of disk missing (FailDisk)"
    );
    let two = [
        claim("node1", "web3", Role::Primary, 2000, 0),
        claim("node1", "web4", Role::Primary, 2000, 0),
    ];
    assert!(still_fits(&lab.world(), &two).is_err());
    // What is kept free is not used, and a node that is too full already may get what costs nothing.
    let backs = claim("node1", "web3", Role::Secondary, 9000, 100);
    assert_eq!(still_fits(&lab.world(), &[backs]), Ok(()));
    lab.node("node1").capacity.memory = 1;
    assert_eq!(fits(&lab, 0, 100), Ok(()));
    let gone = claim("node9", "web3", Role::Primary, 1, 0);
    assert_eq!(
        still_fits(&lab.world(), &[gone]).unwrap_err(),
        "node node9 is not in the configuration"
    );
}

#[test]
fn a_claim_that_came_true_needs_no_room() {
    let mut lab = Lab::new(2);
    lab.drbd("web1", ["node1", "node2"], 10_000);
    let true_already = claim("node1", "web1", Role::Primary, 10_000, 0);
    assert_eq!(
        still_fits(&lab.world(), std::slice::from_ref(&true_already)),
        Ok(())
    );
    lab.claim(7, true_already);
    let stopped = claim("node1", "web2", Role::Primary, 0, 1000);
    assert_eq!(still_fits(&lab.world(), &[stopped]), Ok(()));
}

#[test]
fn what_is_on_its_way_to_a_node_takes_room_there() {
    let mut lab = Lab::new(2);
    lab.drbd("web1", ["node1", "node2"], 4000);
    let on = |lab: &Lab, node: &str| taken_on(&lab.world(), &node.into());
    assert_eq!(on(&lab, "node1"), (4000, 1128));
    assert_eq!(on(&lab, "node2"), (0, 1128));
    // What is kept free for web1 is not taken before it comes.
    lab.claim(7, claim("node2", "web1", Role::Primary, 4000, 0));
    lab.claim(8, claim("node2", "web2", Role::Secondary, 500, 200));
    assert_eq!(on(&lab, "node2"), (4000, 1328));
    assert_eq!(on(&lab, "node9"), (0, 0));
}

#[test]
fn room_on_a_node_named_by_hand() {
    let mut lab = Lab::new(3);
    lab.drbd("web1", ["node1", "node2"], 4000);
    lab.shared("web2", "node2", 7000);
    lab.node("node3").capacity.disk = 1127;
    let room =
        |lab: &Lab, node: &str, role| check_room(&lab.world(), &"web1".into(), &node.into(), role);
    assert_eq!(
        room(&lab, "node2", Role::Primary).unwrap_err(),
        "node2: 1000 MiB of memory missing (FailMem)"
    );
    assert_eq!(
        room(&lab, "node3", Role::Secondary).unwrap_err(),
        "node3: 1 MiB of disk missing (FailDisk)"
    );
    lab.stop("web1");
    assert_eq!(room(&lab, "node2", Role::Primary), Ok(()));
    // The asker's own claim is no one else's.
    lab.node("node3").capacity.disk = 1128;
    lab.claim(7, claim("node3", "web1", Role::Secondary, 4000, 1128));
    assert_eq!(room(&lab, "node3", Role::Secondary), Ok(()));
    lab.claim(8, claim("node3", "other", Role::Secondary, 0, 1));
    assert!(room(&lab, "node3", Role::Secondary).is_err());
}
