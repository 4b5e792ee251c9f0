//! The file: what is built, what is refused, what several openers see.

#![expect(clippy::disallowed_methods, reason = "it breaks the file by hand")]

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::hypervisor::fake::deeds::Order;
use crate::hypervisor::fake::reality::Moment;
use crate::hypervisor::fake::{Change, FakeError};
use crate::hypervisor::{CopyState, InterruptKind};

#[test]
fn a_new_reality_agrees_with_its_configuration() {
    let lab = Lab::new(FakeSettings::default());
    let snapshot = lab.fake.snapshot().unwrap();
    assert_eq!(snapshot.nodes.len(), 4);
    let first = &snapshot.nodes["n-1"];
    assert_eq!(first.name, "node1");
    assert!(first.alive);
    assert_eq!(first.memory_used, 3 * 512);
    // drbd with its metadata, and plain; rbd takes nothing.
    assert_eq!(first.disk_used, 1024 + 128 + 1024);
    for name in ["web", "db", "log"] {
        let instance = &snapshot.instances[&*format!("i-{name}")];
        assert_eq!(instance.name, name);
        assert_eq!(instance.running_on, ["n-1".into()], "{name}");
    }
    let copies = |name: &str| snapshot.instances[name].copies.clone();
    let synced = |node: &str| (node.into(), CopyState::InSync);
    assert_eq!(copies("i-web"), [synced("n-1"), synced("n-2")]);
    assert_eq!(copies("i-log"), [synced("n-1")]);
    assert_eq!(copies("i-off"), [synced("n-2"), synced("n-3")]);
    assert!(copies("i-db").is_empty());
    assert!(snapshot.instances["i-off"].running_on.is_empty());
    // Its node is believed dead, so it runs nowhere and can be failed over.
    assert!(snapshot.instances["i-gone"].running_on.is_empty());
    assert!(lab.fake.log().unwrap().is_empty());
    assert_eq!(lab.fake.settings().unwrap(), FakeSettings::default());
}

#[test]
fn the_file_is_private_and_never_overwritten() {
    let lab = Lab::new(FakeSettings::ZERO);
    let path = lab.fake.path().to_owned();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let error = create(&path, &lab.config, &FakeSettings::ZERO).unwrap_err();
    assert!(matches!(error, FakeError::Exists { .. }), "{error}");
    let error = create(
        &lab.dir.path().join("no/x"),
        &lab.config,
        &FakeSettings::ZERO,
    );
    assert!(matches!(error, Err(FakeError::Io { .. })), "{error:?}");
    assert_eq!(lab.runs("web"), ["n-1"]);
}

#[test]
fn files_that_are_no_reality_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let refused = |path: &std::path::Path| {
        let error = Fake::open(path).unwrap_err();
        let name = path.display().to_string();
        assert!(error.to_string().contains(&name), "{error}");
        error
    };
    let missing = refused(&dir.path().join("missing"));
    assert!(matches!(missing, FakeError::Missing { .. }));
    let empty = refused(&file("empty", b""));
    assert!(matches!(empty, FakeError::Empty { .. }));
    let text = refused(&file("text", &[b'x'; 8192]));
    assert!(matches!(text, FakeError::Foreign { .. }));
    let folder = refused(dir.path());
    assert!(matches!(folder, FakeError::Untrusted { .. }));
    let other = dir.path().join("other");
    let db = rusqlite::Connection::open(&other).unwrap();
    db.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(db);
    assert!(matches!(refused(&other), FakeError::Foreign { .. }));
}

#[test]
fn a_damaged_file_or_another_layout_is_told() {
    let lab = Lab::new(FakeSettings::ZERO);
    let path = lab.fake.path().to_owned();
    let newer = path.with_file_name("newer");
    std::fs::copy(&path, &newer).unwrap();
    let db = rusqlite::Connection::open(&newer).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let error = Fake::open(&newer).unwrap_err();
    assert!(
        matches!(error, FakeError::Layout { layout: 99, .. }),
        "{error}"
    );

    let damaged = path.with_file_name("damaged");
    let mut bytes = std::fs::read(&path).unwrap();
    // The header survives, everything after it does not.
    bytes[100..].fill(0xa5);
    std::fs::write(&damaged, bytes).unwrap();
    let error = Fake::open(&damaged).unwrap_err();
    assert!(matches!(error, FakeError::Damaged { .. }), "{error}");
}

#[test]
fn a_verb_goes_on_when_its_process_dies() {
    let lab = Lab::new(FakeSettings::ZERO);
    lab.fault(FaultKind::Hangs, |_| {});
    let other = lab.again();
    let web = lab.instance("web");
    let leaver = Interrupt::default();
    // Begun by a process that leaves...
    let answer = std::thread::scope(|scope| {
        let migration = scope.spawn(|| {
            within(Duration::from_secs(60), &leaver, |call| {
                other.migrate(call, &web, &node(1), &node(2), &MigrationPolicy::LIVE)
            })
        });
        lab.await_activity("web");
        leaver.raise(InterruptKind::Leave);
        migration.join().unwrap()
    });
    assert_eq!(answer, Err(VerbError::LeftBehind));
    drop(other);
    // ... it is followed to its end by the next one, and happens once.
    let next = lab.again();
    std::thread::scope(|scope| {
        let (told, tell) = std::sync::mpsc::channel();
        let follower = scope.spawn(|| {
            let told = Mutex::new(told);
            let interrupt = Interrupt::default();
            next.migrate(
                &Call {
                    deadline: Instant::now() + Duration::from_secs(60),
                    interrupt: &interrupt,
                    progress: &move |progress| _ = told.lock().unwrap().send(progress),
                },
                &web,
                &node(1),
                &node(2),
                &MigrationPolicy::LIVE,
            )
        });
        // It has joined once it tells how far that is.
        let progress = tell.recv().unwrap();
        assert_eq!(progress.phase, "migrating");
        lab.fake.clear_faults(None).unwrap();
        assert_eq!(follower.join().unwrap(), Ok(()));
    });
    assert_eq!(lab.runs("web"), ["n-2"]);
    assert_eq!(lab.outcomes(Verb::Migrate), [Some(Outcome::Done)]);
}

#[test]
fn a_boot_of_the_host_ends_what_was_on_its_way() {
    let lab = Lab::new(ENDLESS);
    let answer = short(|call| lab.migrate(call, "web"));
    assert!(matches!(answer, Err(VerbError::Unknown(_))), "{answer:?}");
    assert_eq!(lab.runs("web"), ["n-1"]);
    lab.fake
        .write(Change::Settings, |at| at.set_fact("boot", "another"))
        .unwrap();
    let after = lab.again();
    assert_eq!(lab.runs("web"), ["n-2"]);
    assert_eq!(after.log().unwrap()[0].outcome, Some(Outcome::Done));
}

#[test]
fn who_opens_it_while_a_verb_begins_sees_no_boot() {
    const ROUNDS: usize = 3_000;
    let lab = Lab::new(ENDLESS);
    let (web, from, to) = (lab.instance("web"), node(1), node(2));
    let order = Order {
        verb: Verb::Migrate,
        instance: &web,
        source: Some(&from),
        target: Some(&to),
        at_most: i64::MAX,
    };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    lab.again();
                }
            });
        }
        for _ in 0..ROUNDS {
            let begin = |at: &Moment<'_>| at.order(&order).map(drop);
            lab.fake.write(Change::Order, begin).unwrap();
            let end = |at: &Moment<'_>| {
                let deed = at.under_way(&web.uuid)?;
                deed.as_ref().map_or(Ok(()), |deed| at.abort(deed))
            };
            lab.fake.write(Change::Cancel, end).unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    let outcomes = lab.outcomes(Verb::Migrate);
    assert_eq!(outcomes.len(), ROUNDS);
    assert!((outcomes.iter()).all(|end| *end == Some(Outcome::Aborted)));
}

#[test]
fn settings_are_shared_and_kept() {
    let lab = Lab::new(FakeSettings::default());
    let other = lab.again();
    other.set_settings(&ENDLESS).unwrap();
    assert_eq!(lab.fake.settings().unwrap(), ENDLESS);
    let partial: FakeSettings = object(json!({"migrate": 7}));
    assert_eq!((partial.migrate, partial.start), (7, 200));
    assert!(serde_json::from_value::<FakeSettings>(json!({"migrat": 7})).is_err());
}

#[test]
fn the_log_keeps_the_newest() {
    let lab = Lab::new(FakeSettings::ZERO);
    let reboot = || {
        let web = lab.instance("web");
        long(|call| lab.fake.reboot(call, &web, &node(1))).unwrap();
        let ids = lab.fake.log().unwrap().into_iter().map(|entry| entry.id);
        ids.collect::<Vec<i64>>()
    };
    let jump = |id: i64| {
        let sql = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'deeds'";
        lab.fake
            .write(Change::Settings, |at| at.run(sql, [id]))
            .unwrap();
    };
    assert_eq!(reboot(), [1]);
    jump(20_000);
    assert_eq!(reboot(), [1, 20_001]);
    // The next cut is at a multiple of 256.
    jump(20_223);
    assert_eq!(reboot(), [20_001, 20_224]);
}
