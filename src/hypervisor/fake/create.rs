//! Building a reality that agrees with a configuration.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::TransactionBehavior;

use super::reality::{self, Moment, Sql};
use super::{Change, FakeError, FakeSettings};
use crate::cluster::{Config, DiskTemplate, Instance, NodeUuid};
use crate::failpoints::Stage;
use crate::hypervisor::{InstanceRef, NodeRef};

/// Builds at `path`, which must not exist, the reality that a configuration describes: every node
/// with its size, every instance that is meant to run running on its primary node, all copies of
/// disks in sync.
///
/// A node that the configuration calls offline is there, but nothing runs on it: it is believed
/// dead, so its instances are not running anywhere until they are failed over.
///
/// When this returns the file is complete and on disk. Until then nothing may refer to it; what a
/// crash leaves behind is no reality, and opening it says so.
///
/// # Errors
/// When the file exists or cannot be written; it is then removed again.
#[expect(
    clippy::disallowed_methods,
    reason = "a file that becomes a database only after it is closed"
)]
pub fn create(path: &Path, config: &Config, settings: &FakeSettings) -> Result<(), FakeError> {
    let io = |source| FakeError::Io {
        path: path.into(),
        source,
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Ok(file) => drop(file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(FakeError::Exists { path: path.into() });
        }
        Err(error) => return Err(io(error)),
    }
    let built = build(path, config, settings)
        .map_err(|error| FakeError::database(path, error))
        .and_then(|()| sync(path).map_err(io));
    if built.is_err() {
        // What could not be removed is refused when it is opened.
        let _ = std::fs::remove_file(path);
    }
    built
}

/// Fills the empty file, in one transaction that marks it as a reality at its end.
fn build(path: &Path, config: &Config, settings: &FakeSettings) -> Sql<()> {
    let mut db = reality::connect(path)?;
    Change::Create.pass(Stage::Begin)?;
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(reality::SCHEMA)?;
    fill(
        &Moment {
            db: &tx,
            now: reality::boot_clock(),
        },
        config,
        settings,
    )?;
    tx.pragma_update(None, "application_id", reality::APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", reality::LAYOUT)?;
    Change::Create.pass(Stage::Commit)?;
    tx.commit()?;
    Change::Create.reach(Stage::Committed);
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.close().map_err(|(_, error)| error)
}

fn fill(at: &Moment<'_>, config: &Config, settings: &FakeSettings) -> Sql<()> {
    let text = serde_json::to_string(settings).map_err(reality::bad_text)?;
    at.set_fact("settings", &text)?;
    at.set_fact("boot", &reality::boot_id())?;
    for node in config.nodes.values() {
        at.put_node(&NodeRef::from(&**node), true, node.capacity)?;
    }
    for instance in config.instances.values() {
        if instance.forthcoming {
            continue;
        }
        at.put_instance(&InstanceRef::new(config, instance))?;
        for node in homes(config, instance) {
            at.put_copy(&instance.uuid, &node, true)?;
        }
        let primary = config.nodes.get(&instance.primary_node);
        if Config::uses_memory(instance) && primary.is_some_and(|node| !node.offline) {
            let row = [instance.uuid.as_str(), instance.primary_node.as_str()];
            at.run("INSERT INTO running VALUES (?1, ?2)", row)?;
        }
    }
    Ok(())
}

/// The nodes that hold a copy of an instance's disks.
fn homes(config: &Config, instance: &Instance) -> BTreeSet<NodeUuid> {
    let mut homes = BTreeSet::new();
    match config.template(instance) {
        DiskTemplate::Drbd => {
            homes.insert(instance.primary_node.clone());
            homes.extend(config.secondary(instance).cloned());
        }
        template if reality::has_copies(template) => {
            homes.insert(instance.primary_node.clone());
        }
        _ => {}
    }
    homes
}

/// Makes the file and its name durable. Nobody else has it open yet.
#[expect(clippy::disallowed_methods, reason = "a directory")]
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
