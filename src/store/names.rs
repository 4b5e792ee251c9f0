//! Names alone, for those who only want to say them.

use serde::Deserialize;

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

/// How an object begins as it is written: with its name.
const BEGINNING: &[u8] = br#"{"name":"#;

/// The name of an object. Of thousands of objects to read no more than that is nearly all of the time.
fn name_in(object: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    match object.strip_prefix(BEGINNING) {
        Some(rest) => {
            let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
            values.next()?.ok()
        }
        None => (serde_json::from_slice(object).ok()).map(|Named { name }| name),
    }
}

impl Store {
    /// The names of all objects of a kind, in no order, without reading the objects.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn names(&self, kind: Kind) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT value FROM object WHERE kind = ?1";
        let names = self.rows(sql, [kind.to_string()], |row| {
            Ok(name_in(row.get_ref(0)?.as_bytes().unwrap_or_default()))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::sample::sample;

    #[test]
    fn the_name_is_read_wherever_it_stands() {
        let config = sample("lab", 3, 2, 0.0).unwrap();
        let instance = config.instance_named("inst1").unwrap();
        let written = serde_json::to_vec(&**instance).unwrap();
        assert!(written.starts_with(BEGINNING));
        let later = json!({"a": "{", "name": "größe \"2\""}).to_string();
        for (text, name) in [
            (&written[..], Some("inst1")),
            (later.as_bytes(), Some("größe \"2\"")),
            (br#"{"name":"a\"b\\","x":1}"#, Some("a\"b\\")),
            (br#"{"name":3}"#, None),
            (b"", None),
            (br#"{"name":"#, None),
        ] {
            assert_eq!(name_in(text).as_deref(), name);
        }
    }
}
