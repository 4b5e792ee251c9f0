use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::testing::{cases, texts};
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

/// Locks of all levels, whole ones among them.
fn locks() -> impl Strategy<Value = (Lock, Mode)> {
    let name = select(vec![None, Some("a"), Some("b"), Some("c")]);
    let lock = (select(Level::value_variants()), name).prop_map(|(level, name)| match name {
        Some(name) => Lock::one(level, name),
        None => Lock::all(level),
    });
    (lock, select(vec![Shared, Exclusive]))
}

/// What is locked, object by object; `z` stands for all that nobody has named yet.
fn objects(set: &LockSet) -> BTreeMap<(Level, &str), Mode> {
    let mut objects: BTreeMap<_, Mode> = BTreeMap::new();
    for (lock, mode) in set.iter() {
        let names = match lock.name.as_deref() {
            Some(name) => vec![name],
            None => vec!["a", "b", "c", "z"],
        };
        for name in names {
            let held = objects.entry((lock.level, name)).or_insert(mode);
            *held = (*held).max(mode);
        }
    }
    objects
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// Two sets exclude each other if there is an object that both lock and one locks alone.
    #[test]
    fn sets_conflict_where_their_objects_do(
        mine in prop::collection::vec(locks(), 0..5),
        theirs in prop::collection::vec(locks(), 0..5),
    ) {
        let (mine, theirs) = (LockSet::from_iter(mine), LockSet::from_iter(theirs));
        let (ours, others) = (objects(&mine), objects(&theirs));
        let clash = ours.iter().any(|(object, mode)| {
            others.get(object).is_some_and(|other| *mode == Exclusive || *other == Exclusive)
        });
        prop_assert_eq!(mine.conflict(&theirs).is_some(), clash);
        prop_assert_eq!(theirs.conflict(&mine).is_some(), clash);
        if let Some(lock) = mine.conflict(&theirs) {
            prop_assert!(mine.iter().any(|(own, _)| own == lock));
        }
    }

    /// In whatever order and however often: each lock once, in the strongest mode.
    #[test]
    fn upgrades_come_in_any_order(
        (given, shuffled) in prop::collection::vec(locks(), 0..8)
            .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle())),
    ) {
        let set = LockSet::from_iter(given.clone());
        prop_assert_eq!(&set, &LockSet::from_iter(shuffled));
        let names: BTreeSet<&Lock> = given.iter().map(|(lock, _)| lock).collect();
        prop_assert_eq!(set.len(), names.len());
        for (lock, mode) in set.iter() {
            let strongest = given.iter().filter(|(l, _)| l == lock).map(|(_, mode)| *mode).max();
            prop_assert_eq!(Some(mode), strongest);
        }
    }
}

proptest! {
    #[test]
    fn any_lock_reads_as_it_is_written(text in texts(&["node", "/", "instance/", "[lockset]", "node-res/"])) {
        if let Some(lock) = Lock::parse(&text) {
            prop_assert_eq!(lock.to_string(), text);
        }
    }

    /// All that the manager does, against the sets themselves: who conflicts with a holder or an
    /// earlier turn is not free, everybody else is.
    #[test]
    fn the_manager_grants_what_the_sets_allow(
        steps in prop::collection::vec((prop::collection::vec(locks(), 0..4), 0..4u8, any::<prop::sample::Index>()), 1..40),
    ) {
        let mut manager = LockManager::default();
        let mut waiting: BTreeMap<Turn, (LockSet, Interned)> = BTreeMap::new();
        let mut holding: BTreeMap<Turn, (LockSet, Interned)> = BTreeMap::new();
        for (nr, (set, action, at)) in (1..).zip(steps) {
            let turns: Vec<Turn> = waiting.keys().copied().collect();
            let free: Vec<Turn> = (turns.iter().copied())
                .filter(|turn| is_free(&waiting, &holding, *turn))
                .collect();
            match action {
                0 if !holding.is_empty() => {
                    let turns: Vec<Turn> = holding.keys().copied().collect();
                    let turn = *at.get(&turns);
                    let (_, interned) = holding.remove(&turn).unwrap();
                    manager.release(turn.job(), &interned);
                    manager.forget(interned);
                }
                1 if !free.is_empty() => {
                    let turn = *at.get(&free);
                    let (set, interned) = waiting.remove(&turn).unwrap();
                    manager.grant(turn, &interned);
                    holding.insert(turn, (set, interned));
                }
                2 if !turns.is_empty() => {
                    let turn = *at.get(&turns);
                    let (_, interned) = waiting.remove(&turn).unwrap();
                    manager.leave(turn, &interned);
                    manager.forget(interned);
                }
                _ => {
                    let priority = i64::from(action) * 5 - 10;
                    let turn = Turn::new(crate::queue::JobId(nr), Urgency { priority, received: 0 });
                    let set = LockSet::from_iter(set);
                    let interned = manager.intern(&set);
                    prop_assert_eq!(&manager.set(&interned), &set);
                    manager.enter(turn, &interned);
                    waiting.insert(turn, (set, interned));
                }
            }
            for (turn, (_, interned)) in &waiting {
                let obstacle = manager.obstacle(*turn, interned);
                prop_assert_eq!(obstacle.is_none(), is_free(&waiting, &holding, *turn));
            }
        }
        for (turn, (_, interned)) in holding {
            manager.release(turn.job(), &interned);
            manager.forget(interned);
        }
        for (turn, (_, interned)) in waiting {
            manager.leave(turn, &interned);
            manager.forget(interned);
        }
        prop_assert!(manager.is_empty());
    }
}

fn is_free(
    waiting: &BTreeMap<Turn, (LockSet, Interned)>,
    holding: &BTreeMap<Turn, (LockSet, Interned)>,
    turn: Turn,
) -> bool {
    let mine = &waiting[&turn].0;
    let earlier = waiting.range(..turn);
    (holding.iter().chain(earlier)).all(|(_, (theirs, _))| mine.conflict(theirs).is_none())
}
