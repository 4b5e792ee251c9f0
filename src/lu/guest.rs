//! What a guest of a real machine is as an instance: itself and its disks.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Env;
use super::node::state;
use crate::cluster::{
    AdminSource, AdminState, Config, Disk, DiskTemplate, DiskUuid, Edit, HvName, Instance,
    InstanceUuid, Node, Stamps,
};
use crate::hypervisor::{
    Definition, Disk as Found, Guest, GuestState, Hypervisor, NodeRef, Storage,
};
use crate::limits::DEFINITION_BYTES;
use crate::opcodes::OpError;

/// Refuses a definition that is larger than what is kept.
pub(super) fn refuse_too_long(name: &str, bytes: usize) -> Result<(), OpError> {
    match bytes > DEFINITION_BYTES {
        true => Err(state(format!(
            "the definition of {name} has {bytes} bytes, more than {DEFINITION_BYTES}"
        ))),
        false => Ok(()),
    }
}

/// Whether a path is one of those that every node sees, or lies below one.
pub(super) fn is_shared(paths: &[String], path: &str) -> bool {
    let below = |shared: &String| {
        path.strip_prefix(shared.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    paths.iter().any(below)
}

/// The paths that every node sees.
pub(super) fn shared_paths(config: &Config) -> &[String] {
    config
        .cluster
        .as_ref()
        .map_or(&[][..], |cluster| &cluster.shared_paths)
}

/// How a disk is kept: what other nodes see is what the hypervisor knows of that, or what an operator says.
fn template(disk: &Found, shared: &[String]) -> DiskTemplate {
    let declared = (disk.source.as_ref()).is_some_and(|path| is_shared(shared, path));
    match (disk.storage, declared) {
        (Storage::SharedFile, _) | (Storage::File, true) => DiskTemplate::SharedFile,
        (Storage::Block, true) => DiskTemplate::BlockDev,
        (Storage::Network, _) => DiskTemplate::Ext,
        (Storage::Block, false) => DiskTemplate::Plain,
        (Storage::File, false) | (Storage::Other, _) => DiskTemplate::File,
    }
}

/// Where in the identity of a disk, of a file or a device, its path stands.
const PATH: usize = 1;

/// The path of a disk, if it has one.
pub(super) fn path_of(disk: &Disk) -> Option<&str> {
    match disk.dev_type {
        DiskTemplate::File
        | DiskTemplate::SharedFile
        | DiskTemplate::Plain
        | DiskTemplate::BlockDev => disk.logical_id.get(PATH)?.as_str(),
        DiskTemplate::Diskless
        | DiskTemplate::Drbd
        | DiskTemplate::Rbd
        | DiskTemplate::Ext
        | DiskTemplate::Gluster => None,
    }
}

/// Whether an operator says that a disk of the instance can be seen from every node.
pub(super) fn is_declared(config: &Config, instance: &Instance) -> bool {
    let shared = shared_paths(config);
    (config.disks_of(instance))
        .filter_map(|disk| path_of(disk))
        .any(|path| is_shared(shared, path))
}

/// The disks of a guest that have something in them.
pub(super) fn disks(
    config: &Config,
    home: &Node,
    guest: &InstanceUuid,
    definition: &Definition,
) -> Vec<Disk> {
    let shared = shared_paths(config);
    let space = Uuid::parse_str(guest.as_str()).unwrap_or(Uuid::NAMESPACE_OID);
    let full = definition.disks.iter().filter_map(|disk| {
        let source = disk.source.clone()?;
        Some((disk, source))
    });
    full.enumerate()
        .map(|(index, (disk, source))| {
            let template = template(disk, shared);
            // The same however often it is adopted.
            let uuid = Uuid::new_v5(&space, format!("disk {}", disk.target).as_bytes());
            let kind = match template {
                DiskTemplate::File | DiskTemplate::SharedFile => "loop",
                _ => "manual",
            };
            Disk {
                uuid: DiskUuid::from(uuid.to_string()),
                dev_type: template,
                logical_id: vec![json!(kind), json!(source)],
                nodes: match template.uses_node_disk() {
                    true => vec![home.uuid.clone()],
                    false => vec![],
                },
                size: disk.size.unwrap_or_default(),
                iv_name: format!("disk/{index}"),
                stamps: Stamps::default(),
                rest: Map::from_iter([
                    (
                        "mode".to_owned(),
                        json!(if disk.readonly { "ro" } else { "rw" }),
                    ),
                    ("name".to_owned(), json!(disk.target)),
                    ("params".to_owned(), json!({})),
                ]),
            }
        })
        .collect()
}

/// Its size as backend parameters.
pub(super) fn backend(guest: &Guest) -> Map<String, Value> {
    Map::from_iter([
        ("maxmem".to_owned(), json!(guest.memory)),
        ("minmem".to_owned(), json!(guest.memory)),
        ("vcpus".to_owned(), json!(guest.vcpus)),
    ])
}

/// Whether a guest has its memory: then it is meant to run.
pub(super) fn runs(guest: &Guest) -> bool {
    match guest.state {
        GuestState::Running | GuestState::Paused | GuestState::Incoming | GuestState::Stopping => {
            true
        }
        GuestState::Stopped | GuestState::Crashed => false,
    }
}

/// The guest as an instance whose primary node it is on.
pub(super) fn instance(
    config: &Config,
    home: &Node,
    guest: &Guest,
    definition: &Definition,
) -> (Instance, Vec<Disk>) {
    let uuid = InstanceUuid::from(guest.uuid.as_str());
    let disks = disks(config, home, &uuid, definition);
    let cluster = config.cluster.as_ref();
    let hypervisor = cluster.and_then(|cluster| cluster.enabled_hypervisors.first());
    let up = runs(guest);
    let instance = Instance {
        name: guest.name.clone(),
        uuid,
        primary_node: home.uuid.clone(),
        admin_state: match up {
            true => AdminState::Up,
            false => AdminState::Down,
        },
        admin_state_source: AdminSource::Admin,
        disks: disks.iter().map(|disk| disk.uuid.clone()).collect(),
        disks_active: up,
        hypervisor: hypervisor.cloned().unwrap_or_else(|| HvName::from("fake")),
        os: String::new(),
        beparams: backend(guest),
        hvparams: Map::new(),
        nics: vec![],
        tags: vec![],
        forthcoming: false,
        stamps: Stamps::default(),
        uncertain: None,
        definition: Some(Arc::from(definition.definition.as_str())),
        rest: Map::from_iter([
            ("osparams".to_owned(), json!({})),
            ("osparams_private".to_owned(), json!({})),
        ]),
    };
    (instance, disks)
}

/// What brings the configuration's copy of an instance's definition, and its disks, up to what `node` has.
/// Nothing where that cannot be seen: the copy that there is remains.
pub(super) fn refreshed(env: &Env<'_>, instance: &Instance, node: &Node) -> Vec<Edit> {
    if node.host.is_none() {
        return vec![];
    }
    let read = env.call_undisturbed(env.limits.look, |call| {
        (env.driver).definition(call, &instance.uuid, &NodeRef::from(node))
    });
    let found = match read {
        Ok(found) if found.definition.len() <= DEFINITION_BYTES => found,
        Ok(_) => return vec![],
        Err(error) => {
            let name = &instance.name;
            env.warn(format!(
                "the copy of {name}'s definition may be old: {error}"
            ));
            return vec![];
        }
    };
    let mut edits = refreshed_disks(env.config(), instance, node, &found);
    if instance.definition.as_deref() != Some(&found.definition) {
        edits.push(Edit::SetDefinition {
            instance: instance.uuid.clone(),
            definition: Arc::from(found.definition),
        });
    }
    edits
}

/// The disks as they are now, if they are others than before, or are seen by others now.
fn refreshed_disks(
    config: &Config,
    instance: &Instance,
    node: &Node,
    found: &Definition,
) -> Vec<Edit> {
    let new = disks(config, node, &instance.uuid, found);
    let old: Vec<&Arc<Disk>> = config.disks_of(instance).collect();
    let same = |(old, new): (&&Arc<Disk>, &Disk)| {
        (&old.uuid, old.dev_type, &old.logical_id, &old.nodes)
            == (&new.uuid, new.dev_type, &new.logical_id, &new.nodes)
            && (new.size == 0 || old.size == new.size)
    };
    if old.len() == new.len() && old.iter().zip(&new).all(same) {
        return vec![];
    }
    let gone = old.into_iter().map(|disk| Edit::RemoveDisk {
        instance: instance.uuid.clone(),
        disk: disk.uuid.clone(),
    });
    let here = new.into_iter().enumerate().map(|(at, disk)| Edit::AddDisk {
        instance: instance.uuid.clone(),
        at,
        disk: Box::new(disk),
    });
    gone.chain(here).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(storage: Storage, source: &str) -> Found {
        Found {
            target: "vda".to_owned(),
            storage,
            source: Some(source.to_owned()),
            present: Some(true),
            size: Some(1),
            readonly: false,
        }
    }

    #[test]
    fn what_others_see_is_known_or_said() {
        let shared = ["/srv/vms".to_owned(), "/dev/san".to_owned()];
        for (storage, source, is) in [
            (Storage::SharedFile, "/mnt/nfs/a", DiskTemplate::SharedFile),
            (Storage::File, "/srv/vms/a", DiskTemplate::SharedFile),
            (Storage::File, "/srv/vms", DiskTemplate::SharedFile),
            (Storage::File, "/srv/vms2/a", DiskTemplate::File),
            (Storage::Block, "/dev/san/a", DiskTemplate::BlockDev),
            (Storage::Block, "/dev/vg0/a", DiskTemplate::Plain),
            (Storage::Network, "rbd/a", DiskTemplate::Ext),
            (Storage::Other, "/srv/vms/a", DiskTemplate::File),
        ] {
            assert_eq!(template(&disk(storage, source), &shared), is, "{source}");
        }
    }
}
