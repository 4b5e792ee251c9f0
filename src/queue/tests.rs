//! The queue on a real database in a temporary directory, without a runner: what runs is what a
//! test says runs.

mod control;
mod follow;
mod purge;
mod submit;
mod why;

use std::path::Path;

use serde_json::Value;

use crate::cluster::sample::sample;
use crate::opcodes::{Deadline, Dependency, JobRef, OnDeadline, Opcode, TestDelay, TestDummy};
use crate::store::{Commit, JobRow, StateDir, Store, Tx};

use super::submit::{Answers, NewJob, Origin, submit_many};
use super::{JobId, Status};

struct Lab {
    _temp: tempfile::TempDir,
    store: Store,
}

impl Lab {
    fn new() -> Lab {
        let temp = tempfile::tempdir().unwrap();
        let path: &Path = &temp.path().join("state");
        let dir = StateDir::locate(Some(path)).unwrap();
        dir.create().unwrap();
        let config = sample("test", 3, 6, 0.0).unwrap();
        Store::create(&dir, |tx| tx.replace_config(&config)).unwrap();
        Lab {
            _temp: temp,
            store: Store::open(dir).unwrap(),
        }
    }

    fn write<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> T) -> T {
        let done = self.store.write(Commit::Step, |tx| Ok(work(tx)));
        done.unwrap()
    }

    fn submit(&self, jobs: &[NewJob]) -> Answers {
        self.submit_for(None, jobs)
    }

    fn submit_for(&self, parent: Option<(JobId, JobId)>, jobs: &[NewJob]) -> Answers {
        let origin = Origin {
            parent,
            submitter: "{}",
            request: None,
        };
        self.write(|tx| submit_many(tx, jobs.to_vec(), &origin).unwrap())
    }

    /// A job of so many opcodes.
    fn queued(&self, ops: usize) -> JobId {
        self.submit(&[NewJob::of(vec![dummy(); ops])])
            .remove(0)
            .unwrap()
    }

    /// Children that an opcode of this job has submitted.
    fn children(&self, parent: JobId, count: usize) -> Vec<JobId> {
        let root = self.job(parent).root;
        let answers = self.submit_for(Some((parent, root)), &vec![job(); count]);
        let ids: Vec<JobId> = answers.into_iter().map(Result::unwrap).collect();
        let range = (ids[0], ids[count - 1]);
        self.write(|tx| tx.set_children(parent, 0, Some(range), None).unwrap());
        ids
    }

    /// The opcode at this place begins.
    fn run(&self, id: JobId, index: u32) {
        let root = self.job(id).root;
        self.write(|tx| {
            tx.op_running(id, index, Status::Running).unwrap();
            tx.set_job_status(id, root, Status::Running).unwrap();
        });
    }

    /// The opcode at this place ends, and the job with it if this is a state of a job.
    fn end(&self, id: JobId, index: u32, status: Status, job: Option<Status>) {
        let root = self.job(id).root;
        self.write(|tx| {
            let detail = crate::lu::Detail::default();
            tx.op_ended(id, index, status, &Value::Null, &detail, None)
                .unwrap();
            if let Some(status) = job {
                tx.set_job_status(id, root, status).unwrap();
            }
        });
    }

    /// A job that has ended like this.
    fn ended(&self, status: Status) -> JobId {
        let id = self.queued(1);
        self.run(id, 0);
        self.end(id, 0, status, Some(status));
        id
    }

    fn job(&self, id: JobId) -> JobRow {
        self.store.job(id).unwrap().unwrap()
    }
}

fn dummy() -> Opcode {
    TestDummy::default().into()
}

/// A job that holds one node, or waits for it.
fn on_node(node: &str) -> NewJob {
    NewJob::of(vec![
        TestDelay {
            on_nodes: vec![node.to_owned()],
            ..TestDelay::default()
        }
        .into(),
    ])
}

fn job() -> NewJob {
    NewJob::of(vec![dummy()])
}

/// A job that waits for another one.
fn after(job: JobRef) -> NewJob {
    let mut op = dummy();
    op.common.depends.push(Dependency {
        job,
        statuses: vec![],
    });
    NewJob::of(vec![op])
}
