//! Whether others see a disk's file, and how it is deleted: by libvirt's storage pools, since the host's
//! files are not this program's.

use std::path::Path;

use gnt_driver::{Refusal, Trouble};
use nix::errno::Errno;
use nix::sys::statfs::statfs;

use crate::session::Session;
use crate::sys::{Code, Error, Pool, Volume};
use crate::xml;

/// What the pools are called that are made to look into a directory. They are gone when that is done;
/// one that a killed process left lying is taken for the next look, and goes then.
const LOOK_POOL: &str = "gnt-look-";

/// Types of pools whose volumes other hosts see, too.
const SHARED_POOLS: [&str; 4] = ["gluster", "netfs", "rbd", "sheepdog"];

/// File systems that other hosts see, too, by their numbers in `statfs`: NFS, both of SMB, GFS2, OCFS2,
/// Ceph, AFS, GPFS. Libvirt's own list.
const SHARED_FILE_SYSTEMS: [u32; 8] = [
    0x6969,
    0xff53_4d42,
    0xfe53_4d42,
    0x0116_1970,
    0x7461_636f,
    0x00c3_6400,
    0x5346_414f,
    0x4750_4653,
];

/// Whether libvirt, or the kernel, knows that other hosts see what is at a path.
pub(crate) fn is_shared(session: &Session, path: &str) -> bool {
    let pool = session
        .connection
        .volume_at(path)
        .and_then(|volume| volume.pool());
    if pool.is_ok_and(|pool| is_shared_pool(&pool)) {
        return true;
    }
    session.is_local
        && statfs(Path::new(path)).is_ok_and(|found| {
            // The kernel has numbers of 32 bits; the type for it differs between C libraries.
            let number = u32::try_from(found.filesystem_type().0 & 0xffff_ffff);
            number.is_ok_and(|number| SHARED_FILE_SYSTEMS.contains(&number))
        })
}

fn is_shared_pool(pool: &Pool) -> bool {
    let Ok(definition) = pool.definition() else {
        return false;
    };
    let document = xml::parse("a pool", &definition);
    document.is_ok_and(|document| {
        let kind = document.root_element().attribute("type");
        kind.is_some_and(|kind| SHARED_POOLS.contains(&kind))
    })
}

/// The path of a volume that is named by its pool and its name in it, and whether others see it.
pub(crate) fn resolve(session: &Session, pool: &str, volume: &str) -> Option<(String, bool)> {
    let pool = session.connection.pool(pool).ok()?;
    let path = pool.volume(volume).and_then(|volume| volume.path()).ok()?;
    Some((path, is_shared_pool(&pool)))
}

/// Deletes what is at a path.
pub(crate) fn delete(session: &Session, path: &str) -> Result<(), Refusal> {
    if !Path::new(path).is_absolute() {
        return Err(Refusal::new(
            Trouble::Failed,
            format!("'{path}' is not an absolute path"),
        ));
    }
    let Some(found) = session.ask(find(session, path))? else {
        return Ok(());
    };
    match found.volume.delete() {
        Err(error) if is_missing(&error) => Ok(()),
        result => session.change(result),
    }
}

/// Something at a path, and the pool that had to be made to see it.
struct Found {
    volume: Volume,
    _look: Option<Look>,
}

/// A pool that was made to look into a directory, and is closed after that.
struct Look(Pool);

impl Drop for Look {
    fn drop(&mut self) {
        // Whoever looks next uses it and tries again.
        let _ = self.0.close();
    }
}

fn find(session: &Session, path: &str) -> Result<Option<Found>, Error> {
    let connection = &session.connection;
    // What a pool knows may be older than what is there.
    if let Ok(volume) = connection.volume_at(path) {
        volume.pool()?.refresh()?;
        if let Some(volume) = present(connection.volume_at(path))? {
            return Ok(Some(Found {
                volume,
                _look: None,
            }));
        }
    }
    let path = Path::new(path);
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(None);
    };
    let (directory, name) = (directory.to_string_lossy(), name.to_string_lossy());
    let (pool, look) = match connection.pool_at(&directory) {
        Ok(pool) => {
            let ours = pool.name()?.starts_with(LOOK_POOL);
            pool.refresh()?;
            (pool, ours)
        }
        Err(error) if error.code == Code::NO_STORAGE_POOL => {
            let definition = format!(
                "<pool type='dir'><name>{LOOK_POOL}{}</name><target><path>{}</path></target></pool>",
                std::process::id(),
                xml::escape(&directory),
            );
            match connection.make_pool(&definition) {
                Ok(pool) => (pool, true),
                Err(error) if is_missing(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Err(error) => return Err(error),
    };
    let volume = present(pool.volume(&name));
    let look = look.then_some(Look(pool));
    Ok(volume?.map(|volume| Found {
        volume,
        _look: look,
    }))
}

/// No volume is an answer.
fn present(volume: Result<Volume, Error>) -> Result<Option<Volume>, Error> {
    match volume {
        Err(error) if error.code == Code::NO_STORAGE_VOL => Ok(None),
        volume => volume.map(Some),
    }
}

/// Whether an error says that a file or directory is not there.
pub(crate) fn is_missing(error: &Error) -> bool {
    error.errno == Some(Errno::ENOENT as i32)
}
