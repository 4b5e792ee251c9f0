//! Each finding has its next step, and each state of the queue is told.

use clap::ValueEnum;

use super::*;
use crate::admin::{Area, Existing, Founding, NewReality, found, simulator};
use crate::cluster::sample::sample;
use crate::hypervisor::fake::FakeSettings;
use crate::store::StateDir;

fn store() -> (tempfile::TempDir, Store) {
    let temp = tempfile::tempdir().unwrap();
    let dir = StateDir::locate(Some(&temp.path().join("state"))).unwrap();
    let founding = Founding {
        config: sample("test", 3, 6, 0.0).unwrap(),
        reality: NewReality::Simulated(FakeSettings::ZERO),
        queue_limit: None,
        max_running_jobs: None,
        allocators: None,
    };
    found(&dir, &founding, Existing::Keep, "{}").unwrap();
    let store = Store::open(dir).unwrap();
    (temp, store)
}

fn look(store: &Store) -> Checkup {
    let reality = simulator(store).unwrap().snapshot().unwrap();
    examine(store, &reality).unwrap()
}

#[test]
fn a_new_cluster_is_well() {
    let (_temp, store) = store();
    let checkup = look(&store);
    assert_eq!(checkup.troubles, []);
    assert_eq!(checkup.nodes, [3, 0, 0]);
    assert_eq!(checkup.instances, [6, 6, 6]);
    assert!(checkup.fill.memory.used > 0 && checkup.fill.disk.used > 0);
}

#[test]
fn every_finding_has_a_next_step_about_its_object() {
    for code in Code::value_variants() {
        let finding = Finding {
            area: Area::Reality,
            code: *code,
            object: "node n7".into(),
            text: "is odd".into(),
        };
        let trouble = of_finding(&finding);
        assert!(!trouble.next.is_empty(), "{code}");
        assert!(
            !trouble.next.contains("node n7"),
            "{code}: {}",
            trouble.next
        );
    }
}

#[test]
fn what_keeps_jobs_from_going_on_is_told() {
    let (_temp, store) = store();
    let told = |checkup: &Checkup, stopped| -> Vec<String> {
        let troubles = of_queue(checkup, stopped).into_iter();
        troubles
            .map(|t| format!("{}: {}", t.object, t.text))
            .collect()
    };
    let mut checkup = look(&store);
    checkup.unfinished = 3;
    assert_eq!(
        told(&checkup, None),
        ["runner: is not there, and 3 jobs are unfinished"]
    );
    assert_eq!(
        told(&checkup, Some(7)).first().unwrap(),
        "runner: pid 7 is stopped by a signal"
    );
    checkup.runner = true;
    assert_eq!(told(&checkup, None), [""; 0]);
    checkup.settings.held = true;
    checkup.settings.drained = true;
    checkup.settings.limits.queue_limit = 3;
    checkup.free_mib = Some(9);
    assert_eq!(
        told(&checkup, None),
        [
            "queue: is held: 3 jobs wait, and nothing starts",
            "queue: is drained: it takes no jobs",
            "queue: is full: 3 jobs are unfinished",
            "disk: 9 MiB are free, 512 should be",
        ]
    );
}
