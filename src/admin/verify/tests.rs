//! Each code is found in a database, or a reality, that was broken by hand; in the whole one nothing
//! is.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::json;

use super::*;
use crate::admin::{Existing, Founding, NewReality, found, simulator};
use crate::allocator::{Claim, Role};
use crate::cluster::sample::sample;
use crate::cluster::{AdminState, Config};
use crate::hypervisor::fake::FakeSettings;
use crate::hypervisor::{Activity, CopyState};
use crate::hypervisor::{Guest, GuestState, InstanceNow, NodeNow};
use crate::locking::{Lock, Mode};
use crate::opcodes::{Dependency, JobRef, Opcode, Priority, TestDummy};
use crate::queue::Status;
use crate::store::{Commit, EventKind, InsertJob, LogEntry, StateDir, Store, Tx};

struct Lab {
    _temp: tempfile::TempDir,
    store: Store,
    reality: Snapshot,
}

impl Lab {
    fn new() -> Lab {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::locate(Some(&temp.path().join("state"))).unwrap();
        let founding = Founding {
            config: sample("test", 3, 4, 0.0).unwrap(),
            reality: NewReality::Simulated(FakeSettings::ZERO),
            queue_limit: None,
            max_running_jobs: None,
            allocators: None,
        };
        found(&dir, &founding, Existing::Keep, "{}").unwrap();
        let store = Store::open(dir).unwrap();
        assert_eq!(store.settings().unwrap().driver, "fake");
        let config = store.config().unwrap();
        store
            .write(Commit::Step, |tx| {
                fill(tx, &config);
                Ok(())
            })
            .unwrap();
        let reality = simulator(&store).unwrap().snapshot().unwrap();
        Lab {
            _temp: temp,
            store,
            reality,
        }
    }

    fn findings(&self, reading: Reading) -> Vec<Finding> {
        verify(&self.store, &self.reality, reading)
            .unwrap()
            .findings
    }

    fn codes(&self) -> BTreeSet<Code> {
        self.findings(Reading::Everything)
            .iter()
            .map(|f| f.code)
            .collect()
    }

    /// Changes the database as nobody of ours would.
    fn breaks(&self, sql: &str) {
        let db = Connection::open(self.store.path()).unwrap();
        db.execute_batch(sql).unwrap();
    }
}

fn insert(
    tx: &mut Tx<'_>,
    parent: Option<JobId>,
    ops: usize,
    depends: Option<i64>,
    request: Option<&str>,
) -> JobId {
    let mut op: Opcode = TestDummy::default().into();
    op.common.depends.extend(depends.map(|id| Dependency {
        job: JobRef::Id(JobId(id)),
        statuses: vec![],
    }));
    let id = tx.next_job_id().unwrap();
    tx.insert_job(&InsertJob {
        id,
        parent: parent.map(|parent| (parent, parent)),
        priority: Priority::Normal,
        summary: "TEST_DUMMY",
        request,
        submitter: "{}",
        ops,
        received: 1_000_000,
    })
    .unwrap();
    for index in 0..ops {
        let index = u32::try_from(index).unwrap();
        tx.insert_op(id, index, &op.to_value().to_string()).unwrap();
    }
    id
}

fn run(tx: &mut Tx<'_>, id: JobId, root: JobId, index: u32) {
    tx.op_running(id, index, Status::Running).unwrap();
    tx.set_job_status(id, root, Status::Running).unwrap();
}

fn end(tx: &mut Tx<'_>, id: JobId, index: u32, status: Status, result: &serde_json::Value) {
    let detail = crate::lu::Detail::default();
    tx.op_ended(id, index, status, result, &detail, None)
        .unwrap();
}

/// A queue in all states: 1 has the children 2, which runs, and 3, which is queued and depends on
/// it; 4 is archived; 5 waits for a lock between two opcodes; 6 is being cancelled; 7 failed; 8 was
/// cancelled; 9 is archived.
fn fill(tx: &mut Tx<'_>, config: &Config) {
    let one = insert(tx, None, 1, None, None);
    run(tx, one, one, 0);
    let two = insert(tx, Some(one), 1, Some(1), None);
    let three = insert(tx, Some(one), 1, Some(2), None);
    let result = json!({"jobs": [[true, two], [false, "full"], [true, three]]});
    end(tx, one, 0, Status::Success, &result);
    tx.set_children(one, 0, Some((two, three)), Some(1))
        .unwrap();
    tx.set_job_status(one, one, Status::Success).unwrap();
    run(tx, two, one, 0);
    tx.set_progress(two, one, 0, "{}").unwrap();
    let locks = LockSet::new()
        .with(Lock::one(Level::Instance, "other"), Mode::Exclusive)
        .with(Lock::one(Level::Node, "x"), Mode::Shared);
    tx.hold(two, &locks).unwrap();
    let (node, _) = config.nodes.iter().next().unwrap();
    let (instance, _) = config.instances.iter().next().unwrap();
    let claim = Claim {
        node: node.clone(),
        instance: instance.clone(),
        role: Role::Primary,
        memory: 1,
        disk: 1,
        vcpus: 0,
    };
    tx.claim(three, &[claim]).unwrap();
    let four = insert(tx, None, 1, None, Some("a"));
    run(tx, four, four, 0);
    let entry = LogEntry {
        index: 0,
        serial: 1,
        time: 0,
        kind: "message".to_owned(),
        message: "hello".to_owned(),
    };
    tx.log(four, four, &entry).unwrap();
    end(tx, four, 0, Status::Success, &json!(null));
    tx.set_job_status(four, four, Status::Success).unwrap();
    let archive = EventKind::Archive;
    tx.record(&archive, Some(four), None, "{}").unwrap();
    tx.archive(four).unwrap();
    let five = insert(tx, None, 2, None, Some("b"));
    run(tx, five, five, 0);
    end(tx, five, 0, Status::Success, &json!(null));
    tx.op_waiting(five, 1).unwrap();
    tx.set_job_status(five, five, Status::Waiting).unwrap();
    let six = insert(tx, None, 2, None, None);
    run(tx, six, six, 0);
    tx.hold(
        six,
        &LockSet::new().with(Lock::one(Level::Node, "x"), Mode::Shared),
    )
    .unwrap();
    tx.mark_cancel(six, six).unwrap();
    tx.op_canceling(six).unwrap();
    tx.set_job_status(six, six, Status::Canceling).unwrap();
    for status in [Status::Error, Status::Canceled, Status::Canceled] {
        let id = insert(tx, None, 2, None, None);
        tx.end_rest(id, status, None).unwrap();
        tx.set_job_status(id, id, status).unwrap();
    }
    tx.archive(JobId(9)).unwrap();
}

#[test]
fn a_queue_in_all_states_is_whole() {
    let lab = Lab::new();
    for reading in [Reading::Queue, Reading::Everything] {
        assert_eq!(lab.findings(reading), []);
    }
    let verdict = verify(&lab.store, &lab.reality, Reading::Queue).unwrap();
    assert_eq!(verdict.busy, [JobId(2), JobId(6)]);
}

/// A way to break the database, the code that tells it, and about what.
type Break = (&'static str, Code, &'static str);

const BREAKS: &[Break] = &[
    (
        "UPDATE job SET status = 3 WHERE id = 5",
        Code::JobStatus,
        "job 5",
    ),
    (
        "UPDATE opcode_archive SET status = 9 WHERE id = 4 * 1024",
        Code::JobStatus,
        "job 4",
    ),
    (
        "UPDATE job SET ops = 3 WHERE id = 6",
        Code::OpcodeCount,
        "job 6",
    ),
    (
        "UPDATE opcode SET id = id + 1 WHERE id = 3 * 1024",
        Code::OpcodeCount,
        "job 3",
    ),
    (
        "UPDATE opcode SET status = 8, started = 1, executing = 1, starts = 1, ended = 1
         WHERE id = 6 * 1024 + 1",
        Code::OpcodeOrder,
        "job 6",
    ),
    ("UPDATE job SET ended = 5 WHERE id = 3", Code::Times, "job 3"),
    (
        "UPDATE job SET ended = NULL WHERE id = 1",
        Code::Times,
        "job 1",
    ),
    (
        "UPDATE job SET started = NULL WHERE id = 2",
        Code::Times,
        "job 2",
    ),
    (
        "UPDATE opcode SET executing = NULL WHERE id = 2 * 1024",
        Code::Times,
        "job 2",
    ),
    (
        "UPDATE opcode SET started = 7 WHERE id = 3 * 1024",
        Code::Times,
        "job 3",
    ),
    (
        "UPDATE opcode_archive SET ended = NULL WHERE id = 4 * 1024",
        Code::Times,
        "job 4",
    ),
    (
        "UPDATE job SET cancel = 0 WHERE id = 6",
        Code::CancelMark,
        "job 6",
    ),
    (
        "UPDATE job SET root = 3 WHERE id = 3",
        Code::WrongParent,
        "job 3",
    ),
    (
        "UPDATE job SET root = 1 WHERE id = 5",
        Code::WrongParent,
        "job 5",
    ),
    (
        "UPDATE job SET parent = 88 WHERE id = 7",
        Code::WrongParent,
        "job 7",
    ),
    (
        "UPDATE opcode SET result = json_remove(result, '$.jobs[2]') WHERE id = 1024",
        Code::Children,
        "job 1",
    ),
    (
        "UPDATE opcode SET last_child = 2 WHERE id = 1024",
        Code::Children,
        "job 1",
    ),
    (
        "DELETE FROM job WHERE id = 3; DELETE FROM opcode WHERE id = 3 * 1024;
         DELETE FROM claim",
        Code::Children,
        "job 1",
    ),
    (
        "UPDATE job SET parent = 1, root = 1 WHERE id = 8",
        Code::Children,
        "job 1",
    ),
    (
        "UPDATE job SET parallel = 0 WHERE id = 1",
        Code::CapExceeded,
        "job 1",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.depends[0][0]', 6) WHERE id = 2 * 1024",
        Code::Dependency,
        "job 2",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.depends', json('[[-1, []]]'))
         WHERE id = 3 * 1024",
        Code::Dependency,
        "job 3",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.depends', json('[[0, []]]'))
         WHERE id = 3 * 1024",
        Code::Dependency,
        "job 3",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.depends', json('[[3, []]]'))
         WHERE id = 5 * 1024",
        Code::Dependency,
        "job 5",
    ),
    (
        "INSERT INTO job_archive SELECT id, parent, root, status, priority, received, started,
            ended, cancel, parallel, ops, summary, request, submitter FROM job WHERE id = 7;
         INSERT INTO opcode_archive SELECT * FROM opcode WHERE id / 1024 = 7",
        Code::Archive,
        "job 7",
    ),
    (
        "UPDATE job_archive SET status = 0, ended = NULL WHERE id = 4;
         UPDATE opcode_archive SET status = 0, started = NULL, executing = NULL, ended = NULL
         WHERE id = 4 * 1024",
        Code::Archive,
        "job 4",
    ),
    (
        "UPDATE job SET request = 'a' WHERE id = 7",
        Code::RequestTwice,
        "job 7",
    ),
    (
        "INSERT INTO held VALUES (5, 'node/y', 'shared')",
        Code::HoldNotRunning,
        "job 5",
    ),
    (
        "UPDATE held SET mode = 'exclusive' WHERE job = 6",
        Code::HoldsConflict,
        "job 2",
    ),
    (
        "UPDATE held SET lock = 'instance/[lockset]' WHERE job = 6",
        Code::HoldsConflict,
        "job 2",
    ),
    (
        "UPDATE claim SET job = 1 WHERE job = 3",
        Code::ClaimEnded,
        "job 1",
    ),
    (
        "UPDATE claim SET memory = 1 << 40 WHERE job = 3",
        Code::Overbooked,
        "node node",
    ),
    (
        "INSERT INTO progress VALUES (5 * 1024, 0, '{}')",
        Code::Stray,
        "job 5",
    ),
    (
        "DELETE FROM event; DELETE FROM job_archive WHERE id = 4",
        Code::Stray,
        "job 4",
    ),
    (
        "INSERT INTO log VALUES (5 * 1024 + 9, 1, 0, 'message', 'x')",
        Code::Stray,
        "job 5",
    ),
    (
        "INSERT INTO log VALUES (77 * 1024, 1, 0, 'message', 'x')",
        Code::Stray,
        "job 77",
    ),
    (
        "INSERT INTO event (time, what, job, who) VALUES (0, 'cancel', 77, '{}')",
        Code::Stray,
        "job 77",
    ),
    (
        "INSERT INTO opcode (id, status, input) VALUES (78 * 1024, 0, '{}')",
        Code::Stray,
        "job 78",
    ),
    (
        "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'job'",
        Code::IdOutOfBounds,
        "job 8",
    ),
    (
        "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'event'",
        Code::IdOutOfBounds,
        "event 2",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.OP_ID', 'OP_NONSENSE') WHERE id = 3 * 1024",
        Code::Unreadable,
        "job 3",
    ),
    (
        "UPDATE opcode SET result = '{' WHERE id = 7 * 1024",
        Code::Unreadable,
        "job 7",
    ),
    (
        "UPDATE job SET priority = 3 WHERE id = 7",
        Code::Unreadable,
        "job 7",
    ),
    (
        "UPDATE held SET lock = 'nonsense' WHERE job = 6",
        Code::Unreadable,
        "database",
    ),
    (
        "UPDATE object SET value = '{}' WHERE kind = 'cluster'",
        Code::Unreadable,
        "database",
    ),
    (
        "CREATE TABLE extra (job INTEGER REFERENCES job(id)); PRAGMA foreign_keys = OFF;
         INSERT INTO extra VALUES (99)",
        Code::Damaged,
        "database",
    ),
    (
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '< 7', '< 8')
         WHERE name = 'job_unfinished'; PRAGMA schema_version = 999",
        Code::Damaged,
        "database",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.group', 'x') WHERE kind = 'node'
            AND value ->> 'name' = 'node1'",
        Code::NodeWithoutGroup,
        "node node",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.drained', json('true'), '$.offline', json('true'))
         WHERE kind = 'node' AND value ->> 'name' = 'node1'",
        Code::NodeFlags,
        "node node",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.primary_node', 'x')
         WHERE kind = 'instance' AND value ->> 'name' = 'inst1'",
        Code::InstanceWithoutNode,
        "instance inst1",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.disks[0]', 'x')
         WHERE kind = 'instance' AND value ->> 'name' = 'inst1'",
        Code::DiskMissing,
        "instance inst1",
    ),
    (
        "INSERT INTO object SELECT 'disk', 'x', json_set(value, '$.uuid', 'x') FROM object
         WHERE kind = 'disk' LIMIT 1",
        Code::DiskUnused,
        "disk x",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.disks[0]', (
            SELECT value -> 'disks' ->> 0 FROM object
            WHERE kind = 'instance' AND value ->> 'name' = 'inst1'))
         WHERE kind = 'instance' AND value ->> 'name' = 'inst2'",
        Code::DiskShared,
        "instance inst",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.nodes', json('[\"x\"]'))
         WHERE kind = 'disk' AND value ->> 'dev_type' = 'drbd'",
        Code::DiskNodes,
        "instance inst",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.gnt_uncertain', 'because')
         WHERE kind = 'instance' AND value ->> 'name' = 'inst1'",
        Code::InstanceUncertain,
        "instance inst1",
    ),
];

#[test]
fn what_is_broken_by_hand_is_found() {
    for (sql, code, object) in BREAKS {
        let lab = Lab::new();
        lab.breaks(sql);
        let findings = lab.findings(Reading::Everything);
        assert!(
            findings
                .iter()
                .any(|found| found.code == *code && found.object.starts_with(object)),
            "{sql}: {findings:#?}"
        );
    }
}

#[test]
fn what_grows_with_history_is_read_only_if_asked_for() {
    let lab = Lab::new();
    lab.breaks("UPDATE opcode_archive SET ended = NULL");
    assert_eq!(lab.findings(Reading::Queue), []);
    assert_eq!(lab.codes(), BTreeSet::from([Code::Times]));
    // What live jobs and the newest events are about is looked at always.
    let lab = Lab::new();
    lab.breaks(
        "INSERT INTO log VALUES (5 * 1024 + 9, 1, 0, 'message', 'x');
        INSERT INTO log VALUES (77 * 1024, 1, 0, 'message', 'x');
        INSERT INTO event (time, what, job, who) VALUES (0, 'cancel', 78, '{}')",
    );
    let found = lab.findings(Reading::Queue);
    let objects: Vec<&str> = found.iter().map(|found| found.object.as_str()).collect();
    assert_eq!(objects, ["job 5", "job 77", "job 78"]);
}

/// What reality can be like that it must not.
type Spoil = fn(&Config, &mut Snapshot);

const SPOILS: [(Code, Spoil); 14] = [
    (Code::NodeMissing, |_, now| {
        now.nodes.pop_first();
    }),
    (Code::NodeUnknown, |_, now| {
        now.nodes.insert("x".into(), Default::default());
    }),
    (Code::NodeCapacity, |_, now| {
        now.nodes.first_entry().unwrap().get_mut().capacity.memory += 1;
    }),
    (Code::NodeSilent, |_, now| {
        now.nodes.first_entry().unwrap().get_mut().alive = false;
    }),
    (Code::InstanceUnknown, |_, now| {
        now.instances.insert("x".into(), InstanceNow::default());
    }),
    (Code::RunsTwice, |config, now| {
        one(config, now).running_on.push("x".into());
    }),
    (Code::RunsElsewhere, |config, now| {
        one(config, now).running_on = vec!["x".into()];
    }),
    (Code::RunsNot, |config, now| {
        one(config, now).running_on.clear();
    }),
    (Code::Activity, |config, now| {
        one(config, now).activity = Some(Activity::Starting { node: "x".into() });
    }),
    (Code::LeftOver, |config, now| {
        one(config, now).left_over.push("x".into());
    }),
    (Code::CopyMissing, |config, now| {
        one(config, now).copies.clear();
    }),
    (Code::CopyNotInSync, |config, now| {
        one(config, now).copies[0].1 = CopyState::Syncing(3.0);
    }),
    (Code::CopyExtra, |config, now| {
        let nodes: Vec<_> = now.nodes.keys().cloned().collect();
        let copies = &mut one(config, now).copies;
        copies.extend(nodes.into_iter().map(|node| (node, CopyState::InSync)));
    }),
    (Code::RunsStopped, |_, _| {}),
];

/// What is real of a drbd instance that runs.
fn one<'a>(config: &Config, now: &'a mut Snapshot) -> &'a mut InstanceNow {
    let is_it = |i: &&Arc<crate::cluster::Instance>| {
        config.secondary(i).is_some() && i.admin_state == AdminState::Up
    };
    let instance = config.instances.values().find(is_it).unwrap();
    now.instances.get_mut(&instance.uuid).unwrap()
}

#[test]
fn what_is_not_as_configured_is_found() {
    let mut lab = Lab::new();
    let config = lab.store.config().unwrap();
    let whole = lab.reality.clone();
    for (code, spoil) in SPOILS {
        lab.reality = whole.clone();
        spoil(&config, &mut lab.reality);
        if code == Code::RunsStopped {
            lab.breaks(
                "UPDATE object SET value = json_set(value, '$.admin_state', 'down')
                 WHERE kind = 'instance'",
            );
        }
        let codes = lab.codes();
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
}

/// What machines can be like that they must not.
const MACHINES: [(Code, Spoil); 6] = [
    (Code::Overcommitted, |_, now| {
        now.nodes.first_entry().unwrap().get_mut().memory_used = 1 << 40;
    }),
    (Code::GuestMissing, |_, now| {
        some_guests(now).pop();
    }),
    (Code::GuestName, |_, now| {
        some_guests(now)[0].name.push('x');
    }),
    (Code::GuestUnmarked, |_, now| {
        some_guests(now)[0].cluster = None;
    }),
    (Code::GuestForeign, |_, now| {
        let mut guest = some_guests(now)[0].clone();
        (guest.uuid, guest.cluster) = ("x".to_owned(), None);
        some_guests(now).push(guest);
    }),
    (Code::Autostart, |_, now| {
        some_guests(now)[0].autostart = true;
    }),
];

fn some_guests(now: &mut Snapshot) -> &mut Vec<Guest> {
    let mut nodes = now.nodes.values_mut().map(|node| &mut node.guests);
    nodes.find(|guests| !guests.is_empty()).unwrap()
}

/// The same cluster, had its nodes been real machines.
fn on_machines() -> Lab {
    let mut lab = Lab::new();
    lab.breaks(
        "UPDATE object SET value = json_set(value, '$.gnt_host', json('{\"uri\": \"test:///\"}'))
         WHERE kind = 'node'",
    );
    let config = lab.store.config().unwrap();
    let cluster = config.cluster.as_ref().map(|cluster| cluster.uuid.clone());
    for instance in config.instances.values() {
        let backend = config.backend(instance);
        let guest = Guest {
            uuid: instance.uuid.to_string(),
            name: instance.name.clone(),
            state: GuestState::Running,
            leaving: false,
            persistent: true,
            autostart: false,
            memory: backend.maxmem,
            vcpus: backend.vcpus,
            cluster: cluster.clone(),
        };
        let home = lab.reality.nodes.get_mut(&instance.primary_node);
        home.unwrap().guests.push(guest);
    }
    lab
}

#[test]
fn what_machines_know_otherwise_is_found() {
    let mut lab = on_machines();
    let config = lab.store.config().unwrap();
    let whole = lab.reality.clone();
    assert_eq!(lab.codes(), [].into());
    for (code, spoil) in MACHINES {
        lab.reality = whole.clone();
        spoil(&config, &mut lab.reality);
        assert_eq!(lab.codes(), [code].into(), "{code}");
        let remarks = lab.findings(Reading::Queue).iter().all(Finding::is_remark);
        assert_eq!(remarks, code == Code::GuestForeign, "{code}");
    }
}

#[test]
fn every_code_has_its_test() {
    use clap::ValueEnum;
    let tested: BTreeSet<Code> = (BREAKS.iter().map(|(_, code, _)| *code))
        .chain(SPOILS.iter().map(|(code, _)| *code))
        .chain(MACHINES.iter().map(|(code, _)| *code))
        .collect();
    let all: BTreeSet<Code> = Code::value_variants().iter().copied().collect();
    assert_eq!(tested, all);
}

#[test]
fn a_clock_put_back_ends_nothing_before_it_began() {
    let lab = Lab::new();
    lab.breaks("UPDATE job SET received = 1 << 60, started = NULL WHERE id = 3");
    lab.breaks("UPDATE opcode SET started = 1 << 60, executing = 1 << 60 WHERE id = 2 * 1024");
    let done = lab.store.write(Commit::Step, |tx| {
        end(tx, JobId(2), 0, Status::Success, &json!(null));
        tx.unhold(JobId(2))?;
        tx.set_job_status(JobId(2), JobId(1), Status::Success)?;
        run(tx, JobId(3), JobId(1), 0);
        end(tx, JobId(3), 0, Status::Success, &json!(null));
        tx.unclaim(JobId(3))?;
        tx.set_job_status(JobId(3), JobId(1), Status::Success)
    });
    done.unwrap();
    assert_eq!(lab.findings(Reading::Everything), []);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a document")]
fn the_document_explains_every_code() {
    use clap::ValueEnum;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md");
    let text = std::fs::read_to_string(path).unwrap();
    for code in Code::value_variants() {
        let row = format!("| `{}` | `{code}` |", code.area());
        assert!(text.contains(&row), "{row}");
    }
}

/// A node that is just being added is in reality before it is in the configuration.
#[test]
fn nodes_that_come_are_on_their_way() {
    let mut lab = Lab::new();
    let new = NodeNow {
        name: "new".to_owned(),
        ..NodeNow::default()
    };
    lab.reality.nodes.insert("x".into(), new);
    // Who only moves something there makes no node.
    lab.breaks("UPDATE held SET lock = 'node/new' WHERE job = 6");
    assert_eq!(lab.codes(), [Code::NodeUnknown].into());
    lab.breaks("UPDATE held SET mode = 'exclusive' WHERE job = 6");
    assert_eq!(lab.codes(), [].into());
}

fn look_at(
    lab: &Lab,
    see: impl FnMut() -> Result<Snapshot, AdminError>,
) -> Result<Verdict, AdminError> {
    let look = |reality: &Snapshot| verify(&lab.store, reality, Reading::Queue);
    look_at_work(&lab.store, see, look, |verdict| {
        !verdict.findings.is_empty()
    })
}

/// Reality is looked at first, the queue then: a job that ends in between has left things that nobody
/// works on any more.
#[test]
fn what_ends_between_two_looks_is_looked_at_again() {
    let lab = Lab::new();
    let config = lab.store.config().unwrap();
    let other = Store::open(lab.store.dir().clone()).unwrap();
    let commit = |serial| {
        let done = other.write(Commit::Step, |tx| tx.set_serials(serial, serial));
        done.unwrap();
    };
    let mut on_its_way = lab.reality.clone();
    one(&config, &mut on_its_way).running_on.clear();
    let mut looks = 0;
    let verdict = look_at(&lab, || {
        looks += 1;
        match looks {
            1 => {
                commit(100);
                Ok(on_its_way.clone())
            }
            _ => Ok(lab.reality.clone()),
        }
    });
    assert_eq!(verdict.unwrap().findings, []);
    assert_eq!(looks, 2);
    // What stays wrong is said, whatever else goes on.
    let mut looks = 0;
    let verdict = look_at(&lab, || {
        looks += 1;
        commit(100 + u64::from(looks));
        Ok(on_its_way.clone())
    });
    assert_eq!(verdict.unwrap().findings.len(), 1);
    assert_eq!(looks, LOOKS);
}
