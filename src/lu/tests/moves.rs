//! Migrate, failover, cleanup.

use super::*;
use crate::hypervisor::{InterruptKind, MigrationPolicy};

fn migrate(name: &str) -> Opcode {
    op(json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": name}))
}

fn failover(name: &str) -> Opcode {
    op(json!({"OP_ID": "OP_INSTANCE_FAILOVER", "instance_name": name}))
}

fn cleanup(name: &str) -> Opcode {
    with(migrate(name), "cleanup", json!(true))
}

fn at(primary: &str, secondary: &str) -> (String, Option<String>) {
    (primary.into(), Some(secondary.into()))
}

#[test]
fn a_drbd_instance_migrates_to_its_secondary() {
    let mut lab = Lab::new();
    let outcome = lab.run(migrate("drbd1")).unwrap();
    assert_eq!(lab.nodes_of("drbd1"), at("node2", "node1"));
    assert_eq!(lab.runs_on("drbd1"), ["node2"]);
    assert_eq!(outcome.detail.moves.len(), 1);
    assert_eq!(outcome.detail.moves[0].from, "node1");
    assert_eq!(outcome.detail.moves[0].to, "node2");
}

#[test]
fn an_external_instance_goes_where_it_is_sent_or_where_there_is_room() {
    let mut lab = Lab::new();
    lab.run(with(migrate("rbd1"), "target_node", json!("node4")))
        .unwrap();
    assert_eq!(lab.runs_on("rbd1"), ["node4"]);
    lab.run(migrate("rbd1")).unwrap();
    assert_ne!(lab.nodes_of("rbd1").0, "node4");
    assert_eq!(lab.runs_on("rbd1"), [lab.nodes_of("rbd1").0]);
}

#[test]
fn what_cannot_migrate_is_refused_before_anything_happens() {
    let mut lab = Lab::new();
    lab.change_node("node4", |node| node.drained = true);
    let target = |name: &str, node: &str| with(migrate(name), "target_node", json!(node));
    for (op, expected) in [
        (migrate("nobody"), ErrorCode::UnknownEntity),
        (migrate("plain1"), ErrorCode::WrongState),
        (migrate("drbd2"), ErrorCode::WrongState),
        (target("drbd1", "node3"), ErrorCode::WrongInput),
        (target("rbd1", "node1"), ErrorCode::WrongState),
        (target("rbd1", "node4"), ErrorCode::WrongState),
        (target("rbd1", "node5"), ErrorCode::WrongInput),
        (target("rbd1", "node9"), ErrorCode::UnknownEntity),
        (
            with(migrate("rbd1"), "iallocator", json!("no-such")),
            ErrorCode::EnvironmentError,
        ),
        (
            with(migrate("rbd1"), "instance_uuid", json!("another")),
            ErrorCode::ResourceNotUnique,
        ),
    ] {
        let error = lab.fails(op.clone());
        assert_eq!(code(&error), expected, "{}: {error}", op.summary());
        assert_eq!(error.class, ErrorClass::OpPrereqError, "{error}");
    }
    assert!(lab.fake.log().unwrap().is_empty());
}

#[test]
fn names_are_expanded_and_mistyped_ones_get_the_nearest() {
    let mut lab = Lab::new();
    lab.change_instance("drbd1", |one| one.name = "web.example.org".into());
    lab.run(migrate("WEB")).unwrap();
    assert_eq!(lab.nodes_of("web.example.org"), at("node2", "node1"));
    let hint = lab.fails(migrate("rdb1")).hint.unwrap();
    assert!(hint.contains("rbd1"), "{hint}");
}

#[test]
fn a_full_target_is_refused_but_not_for_the_room_promised_to_the_job_itself() {
    let mut lab = Lab::new();
    lab.change_node("node2", |node| node.capacity.memory = 2048);
    let claim = |instance: &str, memory| Claim {
        node: "uuid-node2".into(),
        instance: instance.into(),
        role: crate::allocator::Role::Primary,
        memory,
        disk: 0,
        vcpus: 1,
    };
    lab.world.claims = vec![(JobId(3), claim("uuid-rbd1", 1024))].into();
    let error = lab.fails(migrate("drbd1"));
    assert_eq!(code(&error), ErrorCode::InsufficientResources, "{error}");
    lab.world.claims = vec![(JobId(17), claim("uuid-drbd1", 1024))].into();
    lab.run(migrate("drbd1")).unwrap();
}

#[test]
fn an_instance_that_has_left_is_not_brought_back() {
    let mut lab = Lab::new();
    for op in [migrate("drbd1"), failover("drbd1")] {
        let op = with(op, "source_node", json!("node2"));
        let outcome = lab.run(op).unwrap();
        let why = outcome.detail.nothing_to_do.unwrap();
        assert_eq!(why, "drbd1 has left node2 already");
        assert!(outcome.edits.is_empty());
    }
    assert!(lab.verbs("drbd1").is_empty());
    // Also when it is uncertain where it is now, or its old node is no more.
    lab.change_instance("drbd1", |one| one.uncertain = Some("lost".into()));
    let op = with(migrate("drbd1"), "source_node", json!("node9"));
    assert!(lab.run(op).unwrap().detail.nothing_to_do.is_some());
}

#[test]
fn a_migration_that_was_on_its_way_is_followed_even_to_a_node_drained_since() {
    let mut lab = Lab::new();
    let slow = FakeSettings {
        migrate: 200,
        ..FakeSettings::ZERO
    };
    lab.fake.set_settings(&slow).unwrap();
    lab.interrupt.raise(InterruptKind::Leave);
    let (instance, from, to) = (lab.reference("drbd1"), lab.node("node1"), lab.node("node2"));
    // The caller dies at once: what it began goes on.
    let left = Call {
        deadline: std::time::Instant::now(),
        interrupt: &Interrupt::default(),
        progress: &|_| {},
    };
    lab.fake
        .migrate(&left, &instance, &from, &to, &MigrationPolicy::LIVE)
        .unwrap_err();
    lab.interrupt = Arc::default();
    lab.change_node("node2", |node| node.drained = true);
    lab.again(migrate("drbd1")).unwrap();
    assert_eq!(lab.nodes_of("drbd1"), at("node2", "node1"));
    assert_eq!(lab.verbs("drbd1"), [Verb::Migrate]);
}

#[test]
fn a_migration_that_had_ended_is_only_written_down() {
    let mut lab = Lab::new();
    let before = lab.world.config.clone();
    for name in ["drbd1", "rbd1"] {
        lab.run(migrate(name)).unwrap();
        let there = lab.runs_on(name);
        lab.world.config = before.clone();
        lab.again(migrate(name)).unwrap();
        assert_eq!(lab.runs_on(name), there);
        assert_eq!(lab.nodes_of(name).0, there[0]);
        assert_eq!(lab.verbs(name), [Verb::Migrate]);
    }
}

#[test]
fn a_runner_that_leaves_leaves_the_migration_behind() {
    let mut lab = Lab::new();
    lab.interrupt.raise(InterruptKind::Leave);
    let failure = lab.run(migrate("drbd1")).unwrap_err();
    assert!(failure.left_behind);
    assert!(failure.edits.is_empty());
}

#[test]
fn a_cancelled_migration_stays_where_it_was() {
    let mut lab = Lab::new();
    lab.interrupt.raise(InterruptKind::Cancel);
    let error = lab.fails(migrate("drbd1"));
    assert_eq!(error, OpError::canceled());
    assert_eq!(lab.nodes_of("drbd1"), at("node1", "node2"));
    assert_eq!(lab.runs_on("drbd1"), ["node1"]);
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    let mut lab = Lab::new();
    lab.fault(FaultKind::Fails, |fault| fault.verb = Some(Verb::Migrate));
    let failure = lab.run(migrate("drbd1")).unwrap_err();
    assert_eq!(failure.error.class, ErrorClass::OpExecError);
    assert!(failure.edits.is_empty(), "{:?}", failure.edits);
    assert_eq!(lab.runs_on("drbd1"), ["node1"]);
}

#[test]
fn a_lost_answer_is_looked_up() {
    let mut lab = Lab::new();
    lab.fault(FaultKind::AnswerLost, |fault| {
        fault.percent = None;
        fault.verb = Some(Verb::Migrate);
    });
    lab.run(migrate("drbd1")).unwrap();
    assert_eq!(lab.nodes_of("drbd1"), at("node2", "node1"));
}

#[test]
fn an_instance_that_crashed_on_the_way_is_known_to_run_nowhere() {
    let mut lab = Lab::new();
    lab.fault(FaultKind::Crashes, |fault| fault.verb = Some(Verb::Migrate));
    let failure = lab.run(migrate("drbd1")).unwrap_err();
    assert!(
        failure.error.message.contains("runs on neither"),
        "{}",
        failure.error
    );
    assert!(lab.instance("drbd1").uncertain.is_none());
}

/// A migration that hangs beyond its limit.
fn hang(lab: &mut Lab) {
    lab.limits.migrate = Duration::from_millis(20);
    lab.fault(FaultKind::Hangs, |fault| fault.verb = Some(Verb::Migrate));
    let failure = lab.run(migrate("drbd1")).unwrap_err();
    assert_eq!(code(&failure.error), ErrorCode::Unknown);
    assert!(
        failure
            .error
            .message
            .ends_with("whether drbd1 moved is unknown")
    );
    let hint = failure.error.hint.unwrap();
    assert_eq!(hint, "gnt-instance migrate --cleanup drbd1 finds out");
    assert!(lab.instance("drbd1").uncertain.is_some());
}

#[test]
fn a_migration_that_hangs_makes_the_instance_uncertain_until_a_cleanup() {
    let mut lab = Lab::new();
    hang(&mut lab);
    for id in ["MIGRATE", "FAILOVER", "STARTUP", "SHUTDOWN", "REMOVE"] {
        let error = lab.fails(op(
            json!({"OP_ID": format!("OP_INSTANCE_{id}"), "instance_name": "drbd1"}),
        ));
        assert_eq!(code(&error), ErrorCode::WrongState, "{id}: {error}");
        assert!(error.hint.unwrap().contains("--cleanup"));
    }
    // While it still hangs nobody knows more.
    lab.run(cleanup("drbd1")).unwrap_err();
    assert!(lab.instance("drbd1").uncertain.is_some());
    lab.fake.clear_faults(None).unwrap();
    lab.limits = Limits::default();
    lab.run(cleanup("drbd1")).unwrap();
    assert!(lab.instance("drbd1").uncertain.is_none());
    assert_eq!(lab.runs_on("drbd1"), [lab.nodes_of("drbd1").0]);
}

#[test]
fn a_cleanup_needs_the_answer_of_every_node_that_is_not_offline() {
    let mut lab = Lab::new();
    lab.change_instance("drbd1", |one| one.uncertain = Some("lost".into()));
    lab.kill_node("node3");
    let error = lab.fails(cleanup("drbd1"));
    assert_eq!(code(&error), ErrorCode::Unknown, "{error}");
    assert_eq!(
        error.hint.as_deref(),
        Some("if the node is dead: gnt-node modify --offline yes node3")
    );
    lab.change_node("node3", |node| node.offline = true);
    lab.run(cleanup("drbd1")).unwrap();
    assert!(lab.instance("drbd1").uncertain.is_none());
}

#[test]
fn a_cleanup_finds_an_instance_at_its_target_or_nowhere() {
    let mut lab = Lab::new();
    let before = lab.world.config.clone();
    lab.run(migrate("drbd1")).unwrap();
    lab.world.config = before;
    lab.change_instance("drbd1", |one| one.uncertain = Some("lost".into()));
    lab.run(cleanup("drbd1")).unwrap();
    assert_eq!(lab.nodes_of("drbd1"), at("node2", "node1"));
    lab.kill("drbd1");
    lab.change_instance("drbd1", |one| one.uncertain = Some("lost".into()));
    lab.run(cleanup("drbd1")).unwrap();
    let instance = lab.instance("drbd1");
    assert_eq!(instance.uncertain, None);
    assert_eq!(instance.admin_state, AdminState::Up);
    assert_eq!(lab.nodes_of("drbd1"), at("node2", "node1"));
}

#[test]
fn allow_failover_moves_what_cannot_migrate() {
    let mut lab = Lab::new();
    let op = |name| with(migrate(name), "allow_failover", json!(true));
    lab.run(op("drbd2")).unwrap();
    assert_eq!(lab.nodes_of("drbd2"), at("node3", "node1"));
    lab.change_instance("drbd1", |one| {
        one.beparams.insert("always_failover".into(), json!(true));
    });
    assert_eq!(code(&lab.fails(migrate("drbd1"))), ErrorCode::WrongState);
    lab.run(op("drbd1")).unwrap();
    assert_eq!(lab.verbs("drbd1"), [Verb::Stop, Verb::Start]);
}

#[test]
fn an_instance_that_should_run_and_does_not_cannot_migrate() {
    let mut lab = Lab::new();
    lab.kill("drbd1");
    let error = lab.fails(migrate("drbd1"));
    assert_eq!(code(&error), ErrorCode::WrongState);
    assert!(error.hint.unwrap().contains("gnt-instance startup drbd1"));
}

#[test]
fn a_failover_stops_and_starts() {
    let mut lab = Lab::new();
    lab.run(failover("drbd1")).unwrap();
    assert_eq!(lab.nodes_of("drbd1"), at("node2", "node1"));
    assert_eq!(lab.runs_on("drbd1"), ["node2"]);
    lab.run(failover("drbd2")).unwrap();
    assert_eq!(lab.nodes_of("drbd2"), at("node3", "node1"));
    assert!(lab.runs_on("drbd2").is_empty());
}

#[test]
fn a_failover_goes_on_where_it_was_interrupted() {
    let mut lab = Lab::new();
    // Between the stop and the start.
    lab.kill("drbd1");
    lab.again(failover("drbd1")).unwrap();
    assert_eq!(lab.runs_on("drbd1"), ["node2"]);
    // After the start, before it was written down.
    let mut lab = Lab::new();
    let before = lab.world.config.clone();
    lab.run(failover("rbd1")).unwrap();
    let there = lab.runs_on("rbd1");
    lab.world.config = before;
    lab.again(failover("rbd1")).unwrap();
    assert_eq!(lab.runs_on("rbd1"), there);
    assert_eq!(lab.nodes_of("rbd1").0, there[0]);
    assert_eq!(lab.verbs("rbd1"), [Verb::Stop, Verb::Start]);
}

#[test]
fn a_dead_node_must_be_declared_dead_first() {
    let mut lab = Lab::new();
    lab.kill_node("node1");
    let error = lab.fails(failover("drbd1"));
    assert!(error.message.contains("node1 does not answer"), "{error}");
    assert!(error.hint.unwrap().contains("--offline yes node1"));
    assert_eq!(lab.nodes_of("drbd1"), at("node1", "node2"));
    lab.change_node("node1", |node| node.offline = true);
    lab.run(failover("drbd1")).unwrap();
    assert_eq!(lab.runs_on("drbd1"), ["node2"]);
}

#[test]
fn a_silent_target_is_refused_at_once() {
    let mut lab = Lab::new();
    lab.kill_node("node2");
    for op in [migrate("drbd1"), failover("drbd1")] {
        let error = lab.fails(op);
        assert_eq!(code(&error), ErrorCode::EnvironmentError, "{error}");
    }
    assert_eq!(lab.runs_on("drbd1"), ["node1"]);
}

#[test]
fn a_start_that_fails_leaves_the_instance_at_its_target_and_says_so() {
    let mut lab = Lab::new();
    lab.fault(FaultKind::StartFails, |_| {});
    let failure = lab.run(failover("drbd1")).unwrap_err();
    assert_eq!(lab.nodes_of("drbd1"), at("node2", "node1"));
    let hint = failure.error.hint.unwrap();
    assert!(hint.contains("gnt-instance startup drbd1"), "{hint}");
    assert!(lab.instance("drbd1").uncertain.is_none());
}

#[test]
fn a_cancelled_failover_does_not_leave_the_instance_stopped() {
    let mut lab = Lab::new();
    lab.kill("drbd1");
    lab.interrupt.raise(InterruptKind::Cancel);
    lab.run(failover("drbd1")).unwrap();
    assert_eq!(lab.runs_on("drbd1"), ["node2"]);
}

#[test]
fn a_copy_that_is_missing_is_no_target_without_ignore_consistency() {
    let mut lab = Lab::new();
    let (instance, node) = (lab.reference("drbd1"), lab.node("node2"));
    lab.verb(|fake, call| fake.drop_copy(call, &instance, &node))
        .unwrap();
    for op in [migrate("drbd1"), failover("drbd1")] {
        let error = lab.fails(op);
        assert!(error.message.contains("copy"), "{error}");
        assert!(error.hint.unwrap().contains("replace-disks --auto drbd1"));
    }
    assert_eq!(lab.runs_on("drbd1"), ["node1"]);
    let op = with(failover("drbd1"), "ignore_consistency", json!(true));
    lab.run(op).unwrap_err();
    assert!(lab.verbs("drbd1").contains(&Verb::Stop));
}

#[test]
fn moves_share_their_nodes_and_exclude_each_other_by_instance() {
    let config = config();
    let locks = |op: &Opcode| unit(&op.op).locks(&config);
    let (a, b) = (locks(&migrate("drbd1")), locks(&failover("drbd3")));
    assert_eq!(a.conflict(&b), None);
    assert!(locks(&failover("drbd1")).conflict(&a).is_some());
    let delay = op(json!({"OP_ID": "OP_TEST_DELAY", "duration": 0, "on_nodes": ["node2"]}));
    assert!(locks(&delay).conflict(&a).is_some());
    assert!(locks(&migrate("nobody")).is_empty());
}

#[test]
fn what_was_begun_and_cannot_be_seen_is_uncertain() {
    let mut lab = Lab::new();
    let reality = rusqlite::Connection::open(lab.fake.path()).unwrap();
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        reality.execute_batch(&sql).unwrap();
    };
    let migrate = op(json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "drbd1"}));
    rename("running", "hidden");
    // Nothing was begun: it is where it was.
    lab.fails(migrate.clone());
    assert!(lab.instance("drbd1").uncertain.is_none());
    let failure = lab.again(migrate).unwrap_err();
    assert_eq!(code(&failure.error), ErrorCode::Unknown);
    assert!(lab.instance("drbd1").uncertain.is_some());
}
