//! Each code is found in a database, or a reality, that was broken by hand; in the whole one nothing
//! is.

mod database;
mod reality;

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::json;

use super::*;
use crate::admin::{Existing, Founding, NewReality, found, simulator};
use crate::allocator::{Claim, Role};
use crate::cluster::Config;
use crate::cluster::sample::sample;
use crate::hypervisor::fake::FakeSettings;
use crate::locking::{Lock, Mode};
use crate::opcodes::{Dependency, JobRef, Opcode, Priority, TestDummy};
use crate::queue::Status;
use crate::store::{Commit, EventKind, InsertJob, LogEntry, StateDir, Store, Tx};
use database::BREAKS;
use reality::{MACHINES, SPOILS};

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
        verify(&self.store, Some(&self.reality), reading)
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
    let verdict = verify(&lab.store, Some(&lab.reality), Reading::Queue).unwrap();
    assert_eq!(verdict.busy, [JobId(2), JobId(6)]);
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
