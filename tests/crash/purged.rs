//! Jobs that were deleted. Each was written to a file before, with all that was known of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::motion::{Law, legal, must};
use crate::picture::{Job, Op, Picture, is_final, of_word, word};

/// The file, in a story's directory.
pub const PURGED: &str = "purged";

/// The setting that holds the highest id of all jobs that were deleted.
const MARK: &str = "purged";

/// Jobs that are gone with their opcodes: as they were last seen, and then as the file has them.
#[derive(Debug, Default)]
pub struct Purged {
    jobs: BTreeMap<i64, Job>,
    ops: BTreeMap<(i64, u32), Op>,
    results: BTreeMap<(i64, u32), Value>,
}

fn mark(picture: &Picture) -> i64 {
    picture.settings.get(MARK).copied().unwrap_or(0)
}

impl Purged {
    pub fn job(&self, id: i64) -> Option<&Job> {
        self.jobs.get(&id)
    }

    pub fn op(&self, key: &(i64, u32)) -> Option<&Op> {
        self.ops.get(key)
    }

    /// An opcode's result, as the file has it.
    pub fn result(&self, key: &(i64, u32)) -> Option<&Value> {
        self.results.get(key)
    }

    /// Whether this one may be among them, seen or not.
    pub fn may_hold(now: &Picture, id: i64) -> bool {
        id <= mark(now) && !now.jobs.contains_key(&id)
    }

    /// Notes the jobs that have gone between two pictures: what is left of their operation, if anything,
    /// begins with its first job.
    pub fn part(&mut self, last: &Picture, now: &Picture) -> Law {
        for (id, job) in &last.jobs {
            if now.jobs.contains_key(id) {
                continue;
            }
            must!(
                *id <= mark(now),
                "job {id} is gone; it was {}",
                word(job.status)
            );
            let whole = match now.jobs.get(&job.root) {
                Some(root) => root.archived,
                None => now.jobs.values().all(|left| left.root != job.root),
            };
            must!(
                whole,
                "job {id} is gone, and of job {}, from which it descends, not all",
                job.root
            );
            self.jobs.insert(*id, job.clone());
            let ops = last.ops.range((*id, 0)..=(*id, u32::MAX));
            self.ops.extend(ops.map(|(key, op)| (*key, *op)));
        }
        Ok(())
    }

    /// Reads the file: each job that is gone has to be in it, at its end. One may have come and gone
    /// between two pictures; those of the inputs that nobody has seen are returned.
    pub fn read(
        &mut self,
        dir: &Path,
        last: &Picture,
    ) -> Result<BTreeMap<(i64, u32), Value>, String> {
        let mut kept = lines(&dir.join(PURGED))?;
        // A purge that was killed has written down what it had no time to delete.
        kept.retain(|id, _| *id <= mark(last) && !last.jobs.contains_key(id));
        if let Some((id, job)) = self.jobs.iter().find(|(id, _)| !kept.contains_key(id)) {
            return Err(format!("job {id} is gone, and not in the file: {job:?}"));
        }
        let mut inputs = BTreeMap::new();
        for (id, line) in kept {
            let ops = line["ops"].as_array().map_or(&[][..], Vec::as_slice);
            for (index, op) in (0..).zip(ops) {
                let (status, starts) = (status(op)?, op["starts"].as_i64().unwrap_or_default());
                self.ops.insert((id, index), Op { status, starts });
                inputs.insert((id, index), op["input"].clone());
                self.results.insert((id, index), op["result"].clone());
            }
            let before = self.jobs.get(&id);
            let job = Job {
                parent: line["parent"].as_i64(),
                root: line["root"].as_i64().unwrap_or_default(),
                status: status(&line)?,
                // Whether somebody wished that the file does not say.
                cancel: before.is_none_or(|before| before.cancel),
                ops: u32::try_from(ops.len()).unwrap_or_default(),
                request: line["request"].as_str().map(str::to_owned),
                archived: true,
            };
            let fits = before.is_none_or(|before| {
                let seen = Job {
                    status: job.status,
                    archived: true,
                    ..before.clone()
                };
                seen == job && legal(before.status, job.status)
            });
            if !fits || !is_final(job.status) {
                return Err(format!("job {id} was {before:?} and deleted as {job:?}"));
            }
            self.jobs.insert(id, job);
        }
        Ok(inputs)
    }
}

fn status(line: &Value) -> Result<i64, String> {
    let known = line["status"].as_str().and_then(of_word);
    known.ok_or_else(|| format!("a state that there is not: {line}"))
}

/// The lines of the file by the ids of their jobs; none if nothing was ever written to it.
fn lines(file: &Path) -> Result<BTreeMap<i64, Value>, String> {
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(file).map_err(|error| format!("{PURGED}: {error}"))?;
    let job = |line: &str| {
        let job: Value =
            serde_json::from_str(line).map_err(|error| format!("{PURGED}: {error}: {line:?}"))?;
        Ok((job["job"].as_i64().unwrap_or_default(), job))
    };
    // The line that somebody had begun who was killed.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(job).collect()
}
