use super::*;
use Mode::{Exclusive, Shared};

fn set(locks: &[(&str, Mode)]) -> LockSet {
    let lock = |(text, mode): &(&str, Mode)| (Lock::parse(text).unwrap(), *mode);
    locks.iter().map(lock).collect()
}

#[test]
fn the_text_form_is_read_and_written() {
    for (text, lock) in [
        ("node/3f2a", Lock::one(Level::Node, "3f2a")),
        ("node-res/3f2a", Lock::one(Level::NodeRes, "3f2a")),
        ("instance/web/1", Lock::one(Level::Instance, "web/1")),
        ("cluster/[lockset]", Lock::all(Level::Cluster)),
    ] {
        assert_eq!(lock.to_string(), text);
        assert_eq!(Lock::parse(text), Some(lock));
    }
    for text in ["", "node", "nodes/a", "Node/a"] {
        assert_eq!(Lock::parse(text), None, "{text:?}");
    }
}

#[test]
fn one_exclusive_holder_or_many_sharing_ones() {
    let a = Lock::one(Level::Node, "a");
    let b = Lock::one(Level::Node, "b");
    for (mine, theirs, expected) in [
        (Shared, Shared, false),
        (Shared, Exclusive, true),
        (Exclusive, Shared, true),
        (Exclusive, Exclusive, true),
    ] {
        assert_eq!(a.conflicts(mine, &a, theirs), expected, "{mine} {theirs}");
        let all = Lock::all(Level::Node);
        assert_eq!(a.conflicts(mine, &all, theirs), expected, "{mine} {theirs}");
        assert_eq!(all.conflicts(mine, &a, theirs), expected, "{mine} {theirs}");
        assert!(!a.conflicts(mine, &b, theirs));
        assert!(!a.conflicts(mine, &Lock::one(Level::NodeRes, "a"), theirs));
        assert!(!all.conflicts(mine, &Lock::all(Level::Instance), theirs));
    }
}

#[test]
fn exclusive_wins_over_shared_in_either_order() {
    let expected = set(&[("node/a", Exclusive)]);
    assert_eq!(set(&[("node/a", Exclusive), ("node/a", Shared)]), expected);
    assert_eq!(set(&[("node/a", Shared), ("node/a", Exclusive)]), expected);
    assert_eq!(expected.len(), 1);
}

#[test]
fn locks_come_by_level_the_whole_one_first() {
    let texts = [
        "cluster/x",
        "instance/z",
        "nodegroup/g",
        "node/[lockset]",
        "node/a",
        "node-res/a",
    ];
    let shuffled = texts.iter().rev().map(|text| (*text, Shared));
    let set = set(&shuffled.collect::<Vec<_>>());
    let order: Vec<String> = set.iter().map(|(lock, _)| lock.to_string()).collect();
    assert_eq!(order, texts);
}

#[test]
fn the_first_lock_in_the_way_is_named() {
    let mine = set(&[
        ("instance/web1", Exclusive),
        ("node/a", Shared),
        ("node/b", Shared),
    ]);
    let sharing = set(&[("instance/web2", Exclusive), ("node/a", Shared)]);
    assert_eq!(mine.conflict(&sharing), None);
    assert_eq!(mine.conflict(&LockSet::new()), None);
    let nodes = set(&[("node/[lockset]", Exclusive)]);
    assert_eq!(mine.conflict(&nodes), Some(&Lock::one(Level::Node, "a")));
    assert_eq!(nodes.conflict(&mine), Some(&Lock::all(Level::Node)));
}
