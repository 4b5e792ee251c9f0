//! Names alone, for those who only want to say them.

use crate::cluster::Kind;
use crate::queue::JobId;

use super::{Store, StoreError};

/// Jobs that are not archived, by whether they have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// Whether they have or not.
    All,
    /// Those that have not.
    Unfinished,
    /// Those that have.
    Finished,
}

impl Store {
    /// The names of all objects of a kind, in no order, without reading the objects.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn names(&self, kind: Kind) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT value ->> 'name' FROM object WHERE kind = ?1";
        let names = self.rows(sql, [kind.to_string()], |row| {
            row.get::<_, Option<String>>(0)
        });
        Ok(names?.into_iter().flatten().collect())
    }

    /// The ids of jobs, the newest first: so many at most whose number begins with these digits.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn job_ids(&self, which: Jobs, digits: &str, most: u32) -> Result<Vec<JobId>, StoreError> {
        let from = match which {
            Jobs::All => "job WHERE true",
            Jobs::Unfinished => "job INDEXED BY job_unfinished WHERE status < 7",
            Jobs::Finished => "job WHERE status >= 7",
        };
        let sql = format!(
            "SELECT id FROM {from} AND substr(id, 1, length(?1)) = ?1 ORDER BY id DESC LIMIT ?2"
        );
        self.rows(&sql, (digits, most), |row| Ok(JobId(row.get(0)?)))
    }
}
