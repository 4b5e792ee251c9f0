//! What a cluster is like that is made of a backup, whatever went on while that was taken.

use std::path::Path;

use gnt::admin::simulator;

use crate::common::Lab;
use crate::motion::{Law, must};
use crate::picture::{Eye, Picture};

/// A backup that was taken.
pub struct Spare<'a> {
    pub file: &'a Path,
    /// Jobs that somebody was told of before it was begun.
    pub known: &'a [i64],
    /// The simulator made things fail, so that it may hold what is not in order.
    pub faulty: bool,
}

/// The states of all jobs.
fn states(picture: &Picture) -> Vec<(i64, i64)> {
    let jobs = picture.jobs.iter();
    jobs.map(|(id, job)| (*id, job.status)).collect()
}

impl Spare<'_> {
    /// It is in order, holds whatever was answered before, and starts nothing.
    pub fn check(&self) -> Law {
        let lab = Lab::new();
        let mut line = vec!["gnt-cluster", "restore"];
        if self.faulty {
            line.push("--accept-findings");
        }
        line.extend(self.file.to_str());
        let output = lab.run(line);
        must!(output.code == 0, "it cannot be restored: {output:#?}");
        let wrong = |error: rusqlite::Error| format!("a restored database: {error}");
        let eye = Eye::open(&lab.dir.database()).map_err(wrong)?;
        let before = eye.look().map_err(wrong)?;
        let held = before.settings.get("held").copied().unwrap_or(0);
        must!(held != 0, "the queue of a restored cluster is not held");
        let purged = before.settings.get("purged").copied().unwrap_or(0);
        for id in self.known {
            must!(
                before.jobs.contains_key(id) || *id <= purged,
                "job {id} was answered before the backup was begun, and is not in it"
            );
        }
        let deeds = || -> Result<usize, String> {
            let simulator = simulator(&lab.store()).map_err(|error| error.to_string())?;
            Ok(simulator.log().map_err(|error| error.to_string())?.len())
        };
        let done = deeds()?;
        for words in [&["gnt-job", "list"][..], &["gnt-cluster", "verify-config"]] {
            let output = lab.run(words);
            must!(
                output.code == 0 || self.faulty,
                "{words:?} in a restored cluster: {output:#?}"
            );
        }
        let after = eye.look().map_err(wrong)?;
        must!(
            states(&after) == states(&before) && deeds()? == done,
            "a restored cluster went on before it was released"
        );
        Ok(())
    }
}
