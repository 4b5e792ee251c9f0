//! What the runner makes of a driver: each verb, and what it says of moves that break off.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gnt::cluster::NodeUuid;
use gnt::hypervisor::{
    Activity, Call, GuestState, Hypervisor, InstanceRef, Interrupt, InterruptKind, MigrationPolicy,
    NodeRef, OnTimeout, ProcessDriver, Progress, Stop, VerbError,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::common::{PATIENCE, wait_for};
use crate::world::World;

/// One that has so much limit is not over when somebody looks.
fn slowly(policy: MigrationPolicy) -> MigrationPolicy {
    MigrationPolicy {
        bandwidth: Some(20),
        ..policy
    }
}

/// A driver, its nodes, and a guest `web` that runs on the first.
struct Scene {
    world: World,
    driver: ProcessDriver,
    interrupt: Interrupt,
    told: Mutex<Vec<Progress>>,
}

impl Scene {
    fn new(more: Value) -> Option<Scene> {
        let world = World::new(3)?;
        world.put(1, "web", "running", more);
        Some(Scene {
            driver: world.driver(),
            world,
            interrupt: Interrupt::default(),
            told: Mutex::default(),
        })
    }

    fn web(&self) -> InstanceRef {
        self.world.instance("web", json!({}))
    }

    fn nodes(&self) -> Vec<NodeRef> {
        (1..=3).map(|nr| self.world.node(nr)).collect()
    }

    fn within<T>(&self, limit: Duration, verb: impl FnOnce(&Call<'_>) -> T) -> T {
        verb(&Call {
            deadline: Instant::now() + limit,
            interrupt: &self.interrupt,
            progress: &|progress| self.told.lock().unwrap().push(progress),
        })
    }

    fn call<T>(&self, verb: impl FnOnce(&Call<'_>) -> T) -> T {
        self.within(PATIENCE, verb)
    }

    fn migrate(&self, policy: &MigrationPolicy) -> Result<(), VerbError> {
        let (from, to) = (self.world.node(1), self.world.node(2));
        self.call(|call| (self.driver).migrate(call, &self.web(), &from, &to, policy))
    }

    /// Does something when the migration is on its way.
    fn migrate_and(
        &self,
        policy: &MigrationPolicy,
        work: impl FnOnce(i32),
    ) -> Result<(), VerbError> {
        std::thread::scope(|scope| {
            let moving = scope.spawn(|| self.migrate(policy));
            let mover = wait_for("a move", || self.world.mover(1, "web"));
            wait_for("progress", || {
                let told = self.told.lock().unwrap();
                let some = |one: &Progress| one.percent.is_some_and(|percent| percent > 0.0);
                told.iter().any(some).then_some(())
            });
            work(mover);
            moving.join().unwrap()
        })
    }

    #[track_caller]
    fn is(&self, states: &[(&str, &str)]) {
        let expected: BTreeMap<String, String> = states
            .iter()
            .map(|(node, state)| ((*node).to_owned(), (*state).to_owned()))
            .collect();
        assert_eq!(self.world.states("web"), expected);
    }

    fn on(&self, nr: usize) -> NodeUuid {
        self.world.node(nr).uuid
    }
}

#[test]
fn a_guest_is_started_and_stopped_where_it_is_wanted() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    let (driver, web) = (&scene.driver, scene.web());
    let [one, two, three] = [1, 2, 3].map(|nr| scene.world.node(nr));
    let others = [one.clone(), three.clone()];
    let refused = scene.call(|call| driver.start(call, &web, &two, &others));
    let text = "web is running on node1".to_owned();
    assert_eq!(refused, Err(VerbError::Failed(text)));
    scene.is(&[("node1", "running")]);
    for _ in 0..2 {
        let how = Stop::Graceful(Duration::from_secs(30));
        scene
            .call(|call| driver.stop(call, &web, &one, how))
            .unwrap();
        scene.is(&[("node1", "stopped")]);
    }
    // It becomes known where it is started.
    scene
        .call(|call| driver.hand_over(call, &web, &one, &two))
        .unwrap();
    scene.is(&[("node2", "stopped")]);
    scene
        .call(|call| driver.undefine(call, &web, &two))
        .unwrap();
    for _ in 0..2 {
        scene
            .call(|call| driver.start(call, &web, &two, &others))
            .unwrap();
        scene.is(&[("node2", "running")]);
    }
    scene.call(|call| driver.reboot(call, &web, &two)).unwrap();
    assert!(scene.call(|call| driver.reboot(call, &web, &one)).is_err());
    assert!(
        scene
            .call(|call| driver.undefine(call, &web, &two))
            .is_err()
    );
    scene
        .call(|call| driver.stop(call, &web, &two, Stop::Destroy))
        .unwrap();
    scene.is(&[("node2", "stopped")]);
}

#[test]
fn the_power_is_cut_of_one_that_does_not_listen() {
    let Some(scene) = Scene::new(json!({"deaf": true})) else {
        return;
    };
    let begun = Instant::now();
    let limit = Duration::from_millis(600);
    let stop = |call: &Call<'_>| {
        (scene.driver).stop(
            call,
            &scene.web(),
            &scene.world.node(1),
            Stop::Graceful(limit),
        )
    };
    scene.call(stop).unwrap();
    assert!(begun.elapsed() >= limit);
    scene.is(&[("node1", "stopped")]);
}

#[test]
fn a_guest_whose_disks_are_not_there_stays_where_it_is() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    let disks = json!({"disks": ["/dev/null", "/nonexistent/web.img"]});
    scene.world.put(1, "web", "stopped", disks);
    let (one, two) = (scene.world.node(1), scene.world.node(2));
    let end = scene.call(|call| (scene.driver).hand_over(call, &scene.web(), &one, &two));
    let text = "node2 does not see /nonexistent/web.img, the disk vdb of web".to_owned();
    assert_eq!(end, Err(VerbError::Failed(text)));
    scene.is(&[("node1", "stopped")]);
}

#[test]
fn a_migration_tells_how_far_it_is() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    scene.migrate(&slowly(MigrationPolicy::LIVE)).unwrap();
    scene.is(&[("node2", "running")]);
    let told = scene.told.lock().unwrap();
    let percents: Vec<f64> = told.iter().filter_map(|one| one.percent).collect();
    assert!(percents.is_sorted(), "{percents:?}");
    assert!(percents.iter().all(|percent| *percent < 100.0));
    assert!(
        percents.iter().filter(|percent| **percent > 0.0).count() >= 3,
        "{told:?}"
    );
    let phase = |one: &Progress| one.phase.starts_with("migrating, pass 1, ");
    assert!(told.iter().any(phase), "{told:?}");
    drop(told);
    // It has got through already.
    scene.migrate(&MigrationPolicy::LIVE).unwrap();
}

#[test]
fn a_canceled_migration_is_given_up_and_the_guest_seen_at_its_source() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    let end = scene.migrate_and(&slowly(MigrationPolicy::LIVE), |_| {
        scene.interrupt.raise(InterruptKind::Cancel);
    });
    assert_eq!(end, Err(VerbError::Aborted));
    scene.is(&[("node1", "running")]);
}

#[test]
fn a_migration_to_a_node_that_is_marked_offline_is_given_up() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    let end = scene.migrate_and(&slowly(MigrationPolicy::LIVE), |_| {
        scene
            .interrupt
            .raise(InterruptKind::NodeOffline(scene.on(2)));
    });
    let text = "the migration of web from node1 to node2 was given up: node2 was marked offline";
    assert_eq!(end, Err(VerbError::Failed(text.to_owned())));
    scene.is(&[("node1", "running")]);
}

#[test]
fn a_migration_that_is_left_goes_on_and_is_joined() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    let end = scene.migrate_and(&slowly(MigrationPolicy::LIVE), |_| {
        scene.interrupt.raise(InterruptKind::Leave);
    });
    assert_eq!(end, Err(VerbError::LeftBehind));
    scene.is(&[("node1", "running"), ("node2", "incoming")]);
    let next = Scene {
        driver: scene.world.driver(),
        world: scene.world,
        interrupt: Interrupt::default(),
        told: Mutex::default(),
    };
    let seen = next.call(|call| next.driver.observe(call, &next.web(), &next.nodes()));
    let moving = Activity::Migrating {
        from: next.on(1),
        to: next.on(2),
    };
    assert_eq!(seen.unwrap().activity, Some(moving));
    next.migrate(&MigrationPolicy::LIVE).unwrap();
    next.is(&[("node2", "running")]);
    assert!(!next.told.lock().unwrap().is_empty());
}

#[test]
fn the_end_of_a_driver_that_moves_is_found_out_by_looking() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    let end = scene.migrate_and(&slowly(MigrationPolicy::LIVE), |mover| {
        kill(Pid::from_raw(mover), Signal::SIGKILL).unwrap();
    });
    let error = end.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, VerbError::Failed(_)), "{text}");
    assert!(text.contains("killed by signal 9"), "{text}");
    assert!(text.ends_with("web still runs on node1"), "{text}");
    scene.is(&[("node1", "running")]);
}

#[test]
fn a_migration_that_does_not_end_is_given_up_or_its_guest_stands_still() {
    for (on_timeout, states) in [
        (OnTimeout::Abort, [("node1", "running")]),
        (OnTimeout::Suspend, [("node2", "running")]),
    ] {
        // It writes faster than its memory goes over.
        let Some(scene) = Scene::new(json!({"dirty": 100})) else {
            return;
        };
        let end = scene.migrate(&slowly(MigrationPolicy {
            timeout: Some(Duration::from_secs(4)),
            on_timeout,
            ..MigrationPolicy::LIVE
        }));
        match on_timeout {
            OnTimeout::Abort => {
                let text = end.unwrap_err().to_string();
                let (why, pass) = ("was given up: it is not over after ", " s, pass ");
                assert!(text.contains(why) && text.contains(pass), "{text}");
            }
            _ => end.unwrap(),
        }
        scene.is(&states);
    }
}

#[test]
fn a_guest_that_may_stand_still_gets_over_whatever_it_writes() {
    let Some(scene) = Scene::new(json!({"dirty": 100})) else {
        return;
    };
    let policy = MigrationPolicy {
        live: false,
        ..MigrationPolicy::LIVE
    };
    scene.migrate(&slowly(policy)).unwrap();
    scene.is(&[("node2", "running")]);
}

#[test]
fn a_migration_is_given_up_before_its_limit_passes() {
    let Some(scene) = Scene::new(json!({"dirty": 100})) else {
        return;
    };
    let (from, to) = (scene.world.node(1), scene.world.node(2));
    let policy = slowly(MigrationPolicy::LIVE);
    let end = scene.within(Duration::from_secs(4), |call| {
        (scene.driver).migrate(call, &scene.web(), &from, &to, &policy)
    });
    let text = end.unwrap_err().to_string();
    assert!(text.contains("it is not over after 3 s"), "{text}");
    scene.is(&[("node1", "running")]);
}

#[test]
fn what_a_broken_move_left_is_mended() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    scene.world.put(2, "web", "stopped", json!({}));
    let seen = || scene.call(|call| scene.driver.observe(call, &scene.web(), &scene.nodes()));
    let before = seen().unwrap();
    assert_eq!(before.running_on, [scene.on(1)]);
    assert_eq!(before.defined_on, [scene.on(2)]);
    let (web, two) = (scene.web(), scene.world.node(2));
    scene
        .call(|call| scene.driver.undefine(call, &web, &two))
        .unwrap();
    assert_eq!(seen().unwrap().defined_on, []);
    // A move that is found to have got through forgets its source.
    scene.world.put(1, "web", "stopped", json!({}));
    scene.world.put(2, "web", "running", json!({}));
    scene.migrate(&MigrationPolicy::LIVE).unwrap();
    scene.is(&[("node2", "running")]);
}

#[test]
fn a_machine_that_is_another_one_is_refused() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    let mut node = scene.world.node(1);
    let mut host = (**node.host.as_ref().unwrap()).clone();
    host.host_uuid = Some("another".to_owned());
    node.host = Some(host.into());
    let error = scene
        .call(|call| scene.driver.answers(call, &node))
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("is another machine: node1 with the UUID"),
        "{text}"
    );
    let seen = scene.call(|call| scene.driver.observe(call, &scene.web(), &[node]));
    assert_eq!(seen.unwrap().silent, [scene.on(1)]);
}

#[test]
fn a_node_tells_what_it_is_and_what_it_knows() {
    let Some(scene) = Scene::new(json!({})) else {
        return;
    };
    scene.world.put(1, "db", "stopped", json!({"memory": 512}));
    let (driver, node) = (&scene.driver, scene.world.node(1));
    let facts = scene.call(|call| driver.node_facts(call, &node)).unwrap();
    assert_eq!((facts.capacity.memory, facts.capacity.cpus), (8192, 8));
    assert_eq!(facts.memory_used, 64);
    let machine = facts.machine.unwrap();
    assert_eq!(machine.host_uuid, scene.world.host_uuid(1));
    let guests = scene.call(|call| driver.guests(call, &node)).unwrap();
    let mut known: Vec<_> = guests.iter().map(|g| (g.name.as_str(), g.state)).collect();
    known.sort_by_key(|(name, _)| *name);
    assert_eq!(
        known,
        [("db", GuestState::Stopped), ("web", GuestState::Running)]
    );
    let uuid = &scene.web().uuid;
    scene
        .call(|call| driver.mark(call, uuid, &node, Some("c-1")))
        .unwrap();
    scene
        .call(|call| driver.autostart(call, uuid, &node, true))
        .unwrap();
    let guests = scene.call(|call| driver.guests(call, &node)).unwrap();
    let web = guests.iter().find(|guest| guest.name == "web").unwrap();
    assert_eq!((web.cluster.as_deref(), web.autostart), (Some("c-1"), true));
    let known = scene
        .call(|call| driver.definition(call, uuid, &node))
        .unwrap();
    assert!(known.definition.contains("\"name\":\"web\""), "{known:?}");
    let fits = scene.call(|call| driver.compare(call, &node, &machine.processor));
    assert!(fits.unwrap().compatible);
}
