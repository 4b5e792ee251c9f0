//! The configuration's rows: one an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::allocator::{Claim, Role, World};
use crate::cluster::{Cluster, Config, Disk, Group, Instance, Node, Touched};
use crate::locking::{Lock, LockSet, Mode};
use crate::queue::JobId;

use super::{Store, StoreError, Tx};

/// The key under which the one cluster object and the one object of other things stand.
const ONLY: &str = "";

/// All claims, by job.
const CLAIMS: &str =
    "SELECT job, node, instance, role, memory, disk, vcpus FROM claim ORDER BY job, nr";

fn claim_of(row: &Row<'_>) -> rusqlite::Result<(JobId, Claim)> {
    let role: String = row.get(3)?;
    let text = |nr| row.get::<_, String>(nr);
    let claim = Claim {
        node: text(1)?.into(),
        instance: text(2)?.into(),
        role: match role == Role::Primary.word() {
            true => Role::Primary,
            false => Role::Secondary,
        },
        memory: row.get::<_, i64>(4)?.unsigned_abs(),
        disk: row.get::<_, i64>(5)?.unsigned_abs(),
        vcpus: row.get::<_, i64>(6)?.unsigned_abs(),
    };
    Ok((JobId(row.get(0)?), claim))
}

impl Store {
    /// Reads the whole configuration.
    ///
    /// # Errors
    /// [`StoreError::Content`] for a row that cannot be understood.
    pub fn config(&self) -> Result<Config, StoreError> {
        self.read_config("SELECT kind, uuid, value FROM object")
    }

    /// The configuration without instances and disks, which are nearly all of a large one: for those
    /// who only want to know the nodes.
    ///
    /// # Errors
    /// As [`Store::config`].
    pub fn hosts(&self) -> Result<Config, StoreError> {
        self.read_config(
            "SELECT kind, uuid, value FROM object WHERE kind IN ('cluster', 'group', 'node', 'other')",
        )
    }

    fn read_config(&self, sql: &str) -> Result<Config, StoreError> {
        let mut cluster: Option<Cluster> = None;
        let (mut groups, mut nodes, mut instances, mut disks) = (vec![], vec![], vec![], vec![]);
        let mut other = Map::new();
        let mut query = (self.db.prepare_cached(sql)).map_err(|e| self.wrong(e))?;
        let mut rows = query.query([]).map_err(|e| self.wrong(e))?;
        while let Some(row) = rows.next().map_err(|e| self.wrong(e))? {
            let text = |nr| {
                let text = row.get_ref(nr)?.as_str()?;
                Ok::<_, rusqlite::Error>(text)
            };
            let (kind, uuid, value) =
                (|| Ok((text(0)?, text(1)?, text(2)?)))().map_err(|error| self.wrong(error))?;
            let content = |error: serde_json::Error| StoreError::Content {
                file: self.path(),
                what: format!("{kind} {uuid} in the configuration: {error}"),
            };
            fn parse<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
                serde_json::from_str(text)
            }
            match kind {
                "cluster" => cluster = Some(parse(value).map_err(content)?),
                "group" => groups.push(parse::<Group>(value).map_err(content)?),
                "node" => nodes.push(parse::<Node>(value).map_err(content)?),
                "instance" => instances.push(parse::<Instance>(value).map_err(content)?),
                "disk" => disks.push(parse::<Disk>(value).map_err(content)?),
                "other" => other = parse::<Map<String, Value>>(value).map_err(content)?,
                _ => {}
            }
        }
        let Some(cluster) = cluster else {
            return Err(StoreError::NoCluster(self.dir().path().to_owned()));
        };
        let mut config = Config::new(cluster, groups, nodes, instances, disks, other);
        config.serial = self.settings()?.config_serial;
        Ok(config)
    }

    /// The cluster's name, without reading the whole configuration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cluster_name(&self) -> Result<String, StoreError> {
        let sql = "SELECT value ->> 'cluster_name' FROM object WHERE kind = 'cluster'";
        let mut names: Vec<Option<String>> = self.rows(sql, [], |row| row.get(0))?;
        Ok(names.pop().flatten().unwrap_or_default())
    }

    /// The configuration and the claims at one moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn world(&self) -> Result<World, StoreError> {
        self.read(|store| {
            Ok(World {
                config: store.config()?,
                claims: Arc::new(store.claims()?),
                serial: store.settings()?.world_serial,
            })
        })
    }

    /// All claims, by job.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claims(&self) -> Result<Vec<(JobId, Claim)>, StoreError> {
        self.rows(CLAIMS, [], claim_of)
    }

    /// What each job holds.
    ///
    /// # Errors
    /// [`StoreError::Content`] for a lock that cannot be understood.
    pub fn held(&self) -> Result<BTreeMap<JobId, LockSet>, StoreError> {
        let rows = self.rows("SELECT job, lock, mode FROM held", [], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        })?;
        let mut held: BTreeMap<JobId, LockSet> = BTreeMap::new();
        for (job, lock, mode) in rows {
            let parsed = Lock::parse(&lock).ok_or_else(|| StoreError::Content {
                file: self.path(),
                what: format!("{lock:?}, held by job {job}, is not a lock"),
            })?;
            let mode = if mode == Mode::Shared.word() {
                Mode::Shared
            } else {
                Mode::Exclusive
            };
            held.entry(JobId(job)).or_default().add(parsed, mode);
        }
        Ok(held)
    }
}

impl Tx<'_> {
    fn put(&self, kind: &str, uuid: &str, value: &impl Serialize) -> Result<(), StoreError> {
        let value = serde_json::to_string(value)
            .map_err(|error| StoreError::Refused(format!("{kind} {uuid}: {error}")))?;
        self.run(
            "INSERT INTO object (kind, uuid, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (kind, uuid) DO UPDATE SET value = excluded.value",
            params![kind, uuid, value],
        )
    }

    /// Puts a whole configuration in place of the one that is there.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn replace_config(&mut self, config: &Config) -> Result<(), StoreError> {
        self.run("DELETE FROM object", [])?;
        if let Some(cluster) = &config.cluster {
            self.put("cluster", ONLY, cluster)?;
        }
        self.put("other", ONLY, &config.other)?;
        for (uuid, group) in config.groups.iter() {
            self.put("group", uuid.as_str(), group)?;
        }
        for (uuid, node) in config.nodes.iter() {
            self.put("node", uuid.as_str(), node)?;
        }
        for (uuid, instance) in config.instances.iter() {
            self.put("instance", uuid.as_str(), instance)?;
        }
        for (uuid, disk) in config.disks.iter() {
            self.put("disk", uuid.as_str(), disk)?;
        }
        let config = self.get_number("config_serial")?.unwrap_or(0) + 1;
        let world = self.get_number("world_serial")?.unwrap_or(0) + 1;
        self.set_serials(config.unsigned_abs(), world.unsigned_abs())
    }

    /// Writes the rows of objects that changed; those that `config` no longer has are deleted.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn write_objects(
        &mut self,
        config: &Config,
        touched: &[Touched],
    ) -> Result<(), StoreError> {
        for object in touched {
            let (kind, uuid) = match object {
                Touched::Cluster => ("cluster", ONLY),
                Touched::Node(uuid) => ("node", uuid.as_str()),
                Touched::Group(uuid) => ("group", uuid.as_str()),
                Touched::Instance(uuid) => ("instance", uuid.as_str()),
                Touched::Disk(uuid) => ("disk", uuid.as_str()),
            };
            let written =
                match object {
                    Touched::Cluster => {
                        (config.cluster.as_ref()).map(|object| self.put(kind, uuid, object))
                    }
                    Touched::Node(uuid) => {
                        (config.nodes.get(uuid)).map(|object| self.put(kind, uuid.as_str(), object))
                    }
                    Touched::Group(uuid) => (config.groups.get(uuid))
                        .map(|object| self.put(kind, uuid.as_str(), object)),
                    Touched::Instance(uuid) => (config.instances.get(uuid))
                        .map(|object| self.put(kind, uuid.as_str(), object)),
                    Touched::Disk(uuid) => {
                        (config.disks.get(uuid)).map(|object| self.put(kind, uuid.as_str(), object))
                    }
                };
            match written {
                Some(done) => done?,
                None => self.run(
                    "DELETE FROM object WHERE kind = ?1 AND uuid = ?2",
                    params![kind, uuid],
                )?,
            }
        }
        Ok(())
    }

    /// Writes down which locks a job holds.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn hold(&mut self, job: JobId, locks: &LockSet) -> Result<(), StoreError> {
        for (lock, mode) in locks.iter() {
            self.run(
                "INSERT OR REPLACE INTO held (job, lock, mode) VALUES (?1, ?2, ?3)",
                params![job.0, lock.to_string(), mode.word()],
            )?;
        }
        Ok(())
    }

    /// A job holds nothing any more.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unhold(&mut self, job: JobId) -> Result<(), StoreError> {
        self.run("DELETE FROM held WHERE job = ?1", [job.0])
    }

    /// Writes down what room a job was promised.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn claim(&mut self, job: JobId, claims: &[Claim]) -> Result<(), StoreError> {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        for (nr, claim) in claims.iter().enumerate() {
            self.run(
                "INSERT INTO claim (job, nr, node, instance, role, memory, disk, vcpus)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    job.0,
                    nr as i64,
                    claim.node.as_str(),
                    claim.instance.as_str(),
                    claim.role.word(),
                    number(claim.memory),
                    number(claim.disk),
                    number(claim.vcpus)
                ],
            )?;
        }
        Ok(())
    }

    /// The claims of all jobs.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn claims_by_job(&self) -> Result<BTreeMap<JobId, Vec<Claim>>, StoreError> {
        let get = || {
            let mut query = self.db().prepare_cached(CLAIMS)?;
            let rows = query.query_map([], claim_of)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut claims: BTreeMap<JobId, Vec<Claim>> = BTreeMap::new();
        for (job, claim) in get().map_err(|error| self.wrong(error))? {
            claims.entry(job).or_default().push(claim);
        }
        Ok(claims)
    }

    /// A job needs no room any more; tells whether it had any.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unclaim(&mut self, job: JobId) -> Result<bool, StoreError> {
        Ok(self.count("DELETE FROM claim WHERE job = ?1", [job.0])? > 0)
    }
}
