//! Definitions of guests, which are XML, and the disks in them.

use gnt_driver::{Definition, Disk, Refusal, Storage};
use roxmltree::Node;

use crate::guests::hangs;
use crate::session::Session;
use crate::storage;
use crate::sys::Domain;
use crate::xml;

/// A guest's definition, and its disks as the host of the guest sees them.
pub(crate) fn of(session: &Session, guest: &str) -> Result<Definition, Refusal> {
    let domain = session.guest(guest)?;
    let definition = session.ask(domain.definition())?;
    let disks = described(&definition)?;
    let disks = disks.into_iter().map(|disk| {
        let presence = of_guest(session, &domain, &disk)?;
        Ok(seen(session, disk, presence))
    });
    let disks = disks.collect::<Result<_, Refusal>>()?;
    Ok(Definition { definition, disks })
}

/// What a look for a disk brought.
enum Presence {
    /// It is there, and holds so many bytes.
    There(Option<u64>),
    /// It is not.
    Missing,
    /// This host does not tell.
    Untold,
}

/// Whether a disk is there, asked by way of the guest that has it.
fn of_guest(session: &Session, domain: &Domain, disk: &Described) -> Result<Presence, Refusal> {
    if disk.source == Source::Empty {
        return Ok(Presence::Untold);
    }
    let runs = session.ask(domain.state())?.is_active();
    if runs && hangs(domain) {
        // It has its disks, and its hypervisor would not say more.
        return Ok(Presence::There(None));
    }
    Ok(match domain.disk_capacity(&disk.target) {
        Ok(bytes) => Presence::There(Some(bytes)),
        Err(_) if runs => Presence::There(None),
        Err(error) if storage::is_missing(&error) => Presence::Missing,
        Err(_) => Presence::Untold,
    })
}

fn seen(session: &Session, mut disk: Described, presence: Presence) -> Disk {
    let shared = disk.resolve(session);
    let storage = match &disk.source {
        Source::File(path) if shared || storage::is_shared(session, path) => Storage::SharedFile,
        Source::File(_) => Storage::File,
        Source::Block(_) => Storage::Block,
        Source::Network(_) => Storage::Network,
        Source::Volume { .. } | Source::Other(_) | Source::Empty => Storage::Other,
    };
    let (present, size) = match presence {
        Presence::There(bytes) => (Some(true), bytes.map(|bytes| bytes.div_ceil(1 << 20))),
        Presence::Missing => (Some(false), None),
        Presence::Untold => (None, None),
    };
    Disk {
        target: disk.target,
        storage,
        source: disk.source.text(),
        present,
        size,
        readonly: disk.readonly,
    }
}

/// A disk as a definition has it.
#[derive(Debug, PartialEq, Eq)]
struct Described {
    target: String,
    source: Source,
    readonly: bool,
}

/// What a definition says a disk lies in.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    File(String),
    Block(String),
    /// Protocol and name.
    Network(String),
    /// To be looked up on the host.
    Volume {
        pool: String,
        volume: String,
    },
    /// A directory, a device of the host's bus, and what libvirt will think of next.
    Other(Option<String>),
    /// A drive with nothing in it.
    Empty,
}

impl Source {
    fn text(self) -> Option<String> {
        match self {
            Source::File(text) | Source::Block(text) | Source::Network(text) => Some(text),
            Source::Volume { pool, volume } => Some(format!("{pool}/{volume}")),
            Source::Other(text) => text,
            Source::Empty => None,
        }
    }
}

impl Described {
    /// Finds the file of a volume that is named by its pool. Whether others are known to see it.
    fn resolve(&mut self, session: &Session) -> bool {
        let Source::Volume { pool, volume } = &self.source else {
            return false;
        };
        let Some((path, shared)) = storage::resolve(session, pool, volume) else {
            return false;
        };
        self.source = match path.starts_with("/dev/") {
            true => Source::Block(path),
            false => Source::File(path),
        };
        shared
    }
}

fn described(definition: &str) -> Result<Vec<Described>, Refusal> {
    let document = xml::parse("the definition", definition)?;
    let Some(devices) = xml::child(document.root_element(), "devices") else {
        return Ok(Vec::new());
    };
    let disks = devices
        .children()
        .filter(|device| device.has_tag_name("disk"));
    Ok(disks.map(disk).collect())
}

fn disk(disk: Node<'_, '_>) -> Described {
    let target = xml::child(disk, "target").and_then(|target| target.attribute("dev"));
    let device = disk.attribute("device");
    Described {
        target: target.unwrap_or_default().to_owned(),
        source: source(disk),
        readonly: device == Some("cdrom") || xml::child(disk, "readonly").is_some(),
    }
}

fn source(disk: Node<'_, '_>) -> Source {
    let Some(source) = xml::child(disk, "source") else {
        return Source::Empty;
    };
    let attribute = |name: &str| source.attribute(name).map(str::to_owned);
    let kind = disk.attribute("type").unwrap_or("file");
    match (kind, attribute("pool"), attribute("volume")) {
        ("file", ..) => attribute("file").map_or(Source::Empty, Source::File),
        ("block", ..) => attribute("dev").map_or(Source::Empty, Source::Block),
        ("network", ..) => {
            let name = attribute("name").unwrap_or_default();
            let protocol = attribute("protocol").unwrap_or_default();
            Source::Network(format!("{protocol}:{name}"))
        }
        ("volume", Some(pool), Some(volume)) => Source::Volume { pool, volume },
        _ => Source::Other(attribute("dir").or_else(|| attribute("path"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(disk: &str) -> Described {
        let definition =
            format!("<domain><name>a</name><devices><emulator/>{disk}</devices></domain>");
        let mut disks = described(&definition).unwrap();
        assert_eq!(disks.len(), 1);
        disks.remove(0)
    }

    #[test]
    fn each_kind_of_disk_is_told_from_the_others() {
        let disk = one(
            "<disk type='file' device='disk'><source file='/a b.img'/><target dev='vda'/></disk>",
        );
        assert_eq!(disk.source, Source::File("/a b.img".to_owned()));
        assert_eq!((disk.target.as_str(), disk.readonly), ("vda", false));
        let disk =
            one("<disk type='block'><source dev='/dev/v/x'/><target dev='vdb'/><readonly/></disk>");
        assert_eq!(disk.source, Source::Block("/dev/v/x".to_owned()));
        assert!(disk.readonly);
        let disk = one(
            "<disk type='network'><source protocol='rbd' name='p/i'><host name='m'/></source></disk>",
        );
        assert_eq!(disk.source, Source::Network("rbd:p/i".to_owned()));
        let disk = one("<disk type='volume'><source pool='p' volume='v'/></disk>");
        let volume = Source::Volume {
            pool: "p".to_owned(),
            volume: "v".to_owned(),
        };
        assert_eq!(disk.source, volume);
        let disk = one("<disk type='file' device='cdrom'><target dev='hda'/></disk>");
        assert_eq!((disk.source, disk.readonly), (Source::Empty, true));
    }

    #[test]
    fn a_definition_may_have_no_disks() {
        assert_eq!(described("<domain/>").unwrap(), []);
        assert_eq!(described("<domain><devices/></domain>").unwrap(), []);
        assert!(described("<domain").is_err());
    }
}
