//! What is kept of jobs whose end was seen: they may be archived and deleted before anybody asks.

use std::collections::BTreeMap;

use crate::processor::children_in;
use crate::queue::JobId;
use crate::store::{JobRow, OpRow, Store, StoreError};

/// The opcodes of the followed jobs that have ended.
#[derive(Debug, Default)]
pub(super) struct Ends {
    ops: BTreeMap<JobId, Vec<OpRow>>,
    /// Jobs whose opcodes are still to be read.
    fresh: Vec<JobId>,
}

impl Ends {
    /// Asks once for nothing what is asked when a job ends: that the database has not met the question yet
    /// would hold up the word of the end.
    pub(super) fn get_ready(store: &Store) -> Result<(), StoreError> {
        store.ops_between(JobId(0), JobId(0)).map(drop)
    }

    /// Notes a job's end, if this is one.
    pub(super) fn note(&mut self, job: &JobRow) {
        if job.status.is_final() {
            self.fresh.push(job.id);
        }
    }

    /// Reads the opcodes of those that were noted since the last call, at the moment at which they were
    /// seen. Returns the jobs that these opcodes have submitted.
    pub(super) fn read(&mut self, store: &Store) -> Result<Vec<JobId>, StoreError> {
        let mut children = vec![];
        self.fresh.sort_unstable();
        for (first, last) in runs(self.fresh.drain(..)) {
            for op in store.ops_between(first, last)? {
                children.extend(children_in(&op.result));
                self.ops.entry(op.job).or_default().push(op);
            }
        }
        Ok(children)
    }

    /// The opcodes that were read, by job.
    pub(super) fn ops(&self) -> &BTreeMap<JobId, Vec<OpRow>> {
        &self.ops
    }
}

/// Ids, in order, as runs of consecutive ones.
pub(super) fn runs(ids: impl Iterator<Item = JobId>) -> Vec<(JobId, JobId)> {
    let mut runs: Vec<(JobId, JobId)> = vec![];
    for id in ids {
        match runs.last_mut() {
            Some((_, last)) if last.0 + 1 == id.0 => *last = id,
            _ => runs.push((id, id)),
        }
    }
    runs
}
