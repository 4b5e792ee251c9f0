//! What a complete Ganeti 3.1 configuration has where nobody said otherwise.
//!
//! A new cluster is made of these values, and an imported one is filled up from them.

use serde_json::{Map, Value, json};

use super::object::Cluster;
use crate::limits::SIZE;

/// The keys of the cluster object.
pub(super) fn cluster() -> Map<String, Value> {
    let mut keys = object(json!({
        "beparams": {"default": beparams()},
        "blacklisted_os": [],
        "candidate_certs": {},
        "candidate_pool_size": 10,
        "compression_tools": ["gzip", "gzip-fast", "gzip-slow"],
        "data_collectors": data_collectors(),
        "default_iallocator": "",
        "default_iallocator_params": {},
        "disk_state_static": {},
        "diskparams": diskparams(),
        "drbd_usermode_helper": "/bin/true",
        "enabled_disk_templates": TEMPLATES,
        "enabled_hypervisors": ["fake"],
        "enabled_user_shutdown": false,
        "file_storage_dir": "",
        "gluster_storage_dir": "",
        "hidden_os": [],
        "highest_used_port": FIRST_DRBD_PORT,
        "hv_state_static": {},
        "hvparams": {},
        "install_image": "",
        "instance_communication_network": "",
        "ipolicy": ipolicy(),
        "mac_prefix": "aa:00:00",
        "maintain_node_health": false,
    }));
    keys.extend(object(json!({
        "master_ip": "",
        "master_netdev": "",
        "master_netmask": 32,
        "max_running_jobs": 20,
        "max_tracked_jobs": 25,
        "modify_etc_hosts": false,
        "modify_ssh_setup": false,
        "ndparams": ndparams(),
        "nicparams": nicparams(),
        "os_hvp": {},
        "osparams": {},
        "osparams_private_cluster": {},
        "prealloc_wipe_disks": false,
        "primary_ip_family": 2,
        "reserved_lvs": [],
        "rsahostkeypub": "",
        "shared_file_storage_dir": SHARED_FILE_DIR,
        "ssh_key_bits": 2048,
        "ssh_key_type": "rsa",
        "tags": [],
        "tcpudp_port_pool": [],
        "uid_pool": [],
        "use_external_mip_script": false,
        "volume_group_name": VOLUME_GROUP,
        "zeroing_image": "",
    })));
    keys
}

/// The keys of a node, without its identity.
pub(super) fn node() -> Map<String, Value> {
    object(json!({
        "drained": false,
        "master_candidate": false,
        "master_capable": true,
        "ndparams": {},
        "offline": false,
        "powered": true,
        "tags": [],
        "vm_capable": true,
    }))
}

/// The keys of a node group, without its identity.
pub(super) fn group() -> Map<String, Value> {
    object(json!({
        "alloc_policy": "preferred",
        "diskparams": {},
        "ipolicy": {},
        "ndparams": {},
        "networks": {},
        "tags": [],
    }))
}

/// The keys of an instance, without its identity.
pub(super) fn instance() -> Map<String, Value> {
    object(json!({
        "admin_state_source": "admin",
        "beparams": {},
        "disks": [],
        "hvparams": {},
        "nics": [],
        "osparams": {},
        "osparams_private": {},
        "tags": [],
    }))
}

/// The keys of a disk, without its identity.
pub(super) fn disk() -> Map<String, Value> {
    object(json!({"logical_id": [], "mode": "rw", "nodes": [], "params": {}}))
}

/// Puts in what `object` lacks of `defaults`. A `null` counts as lacking.
pub(super) fn fill(object: &mut Map<String, Value>, defaults: Map<String, Value>) {
    for (key, value) in defaults {
        let place = object.entry(key).or_insert(Value::Null);
        if place.is_null() {
            *place = value;
        }
    }
}

/// Keys whose absence means something: no volume group is LVM switched off, and no helper goes with
/// it.
const MEANT_WHEN_ABSENT: [&str; 2] = ["drbd_usermode_helper", "volume_group_name"];

/// Fills the cluster object, and inside it the parameters that are complete there.
pub(super) fn fill_cluster(object: &mut Map<String, Value>) {
    let mut outer = cluster();
    for key in MEANT_WHEN_ABSENT {
        outer.remove(key);
    }
    fill(object, outer);
    for (key, defaults) in [("ipolicy", ipolicy()), ("ndparams", ndparams())] {
        fill_inner(object, key, defaults);
    }
    let nested = [
        ("beparams", json!({"default": beparams()})),
        ("diskparams", diskparams()),
        ("nicparams", nicparams()),
    ];
    for (key, defaults) in nested {
        let Some(map) = object.get_mut(key).and_then(Value::as_object_mut) else {
            continue;
        };
        for (kind, defaults) in self::object(defaults) {
            fill(map, Map::from_iter([(kind.clone(), json!({}))]));
            fill_inner(map, &kind, defaults);
        }
    }
}

/// Fills the parameters of a cluster's object, as [`fill_cluster`] does.
pub(super) fn fill_parameters(cluster: &mut Cluster) {
    let policy = ipolicy();
    fill(&mut cluster.ipolicy, object(policy.clone()));
    fill_inner(&mut cluster.ipolicy, "std", policy["std"].clone());
    fill(&mut cluster.ndparams, object(ndparams()));
    fill_inner(&mut cluster.beparams, "default", beparams());
    for (key, builtin) in [("diskparams", diskparams()), ("nicparams", nicparams())] {
        let Some(map) = cluster.rest.get_mut(key).and_then(Value::as_object_mut) else {
            continue;
        };
        for (kind, builtin) in object(builtin) {
            fill(map, Map::from_iter([(kind.clone(), json!({}))]));
            fill_inner(map, &kind, builtin);
        }
    }
}

/// The built-in disk parameters, by template: their names, and by their values their kinds.
#[must_use]
pub fn builtin_disk_parameters() -> Map<String, Value> {
    object(diskparams())
}

/// Fills the object under `key`, if one is there.
fn fill_inner(object: &mut Map<String, Value>, key: &str, defaults: Value) {
    if let Some(map) = object.get_mut(key).and_then(Value::as_object_mut) {
        fill(map, self::object(defaults));
    }
}

/// The volume group that local disks are in.
pub(super) const VOLUME_GROUP: &str = "xenvg";

/// The directory that shared files are in.
pub(super) const SHARED_FILE_DIR: &str = "/srv/ganeti/shared-file-storage";

/// Ganeti's first port for the connection between the two copies of a disk.
pub(super) const FIRST_DRBD_PORT: u64 = 11_000;

/// All templates, the default first.
const TEMPLATES: [&str; 9] = [
    "drbd",
    "plain",
    "file",
    "sharedfile",
    "rbd",
    "ext",
    "gluster",
    "blockdev",
    "diskless",
];

fn beparams() -> Value {
    json!({
        "always_failover": false,
        "auto_balance": true,
        "maxmem": 128,
        "minmem": 128,
        "spindle_use": 1,
        "vcpus": 1,
    })
}

fn nicparams() -> Value {
    json!({"default": {"link": "br0", "mode": "bridged", "vlan": ""}})
}

/// Node parameters.
pub(super) fn ndparams() -> Value {
    json!({
        "cpu_speed": 1.0,
        "exclusive_storage": false,
        "oob_program": "",
        "ovs": false,
        "ovs_link": "",
        "ovs_name": "switch1",
        "spindle_count": 1,
        "ssh_port": 22,
    })
}

/// Ganeti's instance policy.
pub(super) fn ipolicy() -> Value {
    let least = json!({
        "cpu-count": 1,
        "disk-count": 1,
        "disk-size": 1024,
        "memory-size": 128,
        "nic-count": 1,
        "spindle-use": 1,
    });
    let most = json!({
        "cpu-count": 8,
        "disk-count": 16,
        "disk-size": 1_048_576,
        "memory-size": 32_768,
        "nic-count": 8,
        "spindle-use": 12,
    });
    json!({
        "disk-templates": TEMPLATES,
        "minmax": [{"max": most, "min": least.clone()}],
        "spindle-ratio": 32.0,
        "std": least,
        "vcpu-ratio": 4.0,
    })
}

/// The policy of a cluster of real machines: whatever they run already is allowed. An operator who wants less
/// says so.
pub(super) fn lenient_ipolicy() -> Value {
    let least = json!({
        "cpu-count": 1,
        "disk-count": 0,
        "disk-size": 0,
        "memory-size": 1,
        "nic-count": 0,
        "spindle-use": 0,
    });
    let most = json!({
        "cpu-count": 4096,
        "disk-count": 1024,
        "disk-size": SIZE,
        "memory-size": SIZE,
        "nic-count": 1024,
        "spindle-use": 1024,
    });
    json!({
        "disk-templates": TEMPLATES,
        "minmax": [{"max": most, "min": least.clone()}],
        "spindle-ratio": 1024.0,
        "std": least,
        "vcpu-ratio": 16.0,
    })
}

fn diskparams() -> Value {
    json!({
        "blockdev": {},
        "diskless": {},
        "drbd": {
            "c-delay-target": 1,
            "c-fill-target": 0,
            "c-max-rate": 61_440,
            "c-min-rate": 4096,
            "c-plan-ahead": 20,
            "data-stripes": 1,
            "disk-barriers": "n",
            "disk-custom": "",
            "dynamic-resync": false,
            "meta-barriers": false,
            "meta-stripes": 1,
            "metavg": VOLUME_GROUP,
            "net-custom": "",
            "protocol": "C",
            "resync-rate": 61_440,
        },
        "ext": {"access": "kernelspace"},
        "file": {},
        "gluster": {"access": "kernelspace", "host": "127.0.0.1", "port": 24_007, "volume": "gv0"},
        "plain": {"stripes": 1},
        "rbd": {"access": "kernelspace", "pool": "rbd"},
        "sharedfile": {},
    })
}

fn data_collectors() -> Value {
    let names = [
        "cpu-avg-load",
        "diskstats",
        "drbd",
        "inst-status-xen",
        "lv",
        "xen-cpu-avg-load",
    ];
    let entry = |name: &str| {
        let settings = json!({"active": true, "interval": 5_000_000.0});
        (name.to_owned(), settings)
    };
    Value::Object(names.into_iter().map(entry).collect())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(cluster: Value) -> Value {
        let mut cluster = object(cluster);
        fill_cluster(&mut cluster);
        Value::Object(cluster)
    }

    #[test]
    fn what_is_missing_inside_is_filled_and_what_is_there_stays() {
        let cluster = filled(json!({
            "diskparams": {"drbd": {"resync-rate": 7}, "ext": {}},
            "nicparams": {"default": {"link": "br974"}},
            "ndparams": {"ssh_port": 2222},
            "beparams": {},
            "ipolicy": {"vcpu-ratio": 1.0},
            "candidate_pool_size": 3,
        }));
        assert_eq!(cluster["diskparams"]["drbd"]["resync-rate"], 7);
        assert_eq!(cluster["diskparams"]["drbd"]["protocol"], "C");
        assert_eq!(cluster["diskparams"]["ext"]["access"], "kernelspace");
        assert_eq!(cluster["diskparams"]["gluster"]["volume"], "gv0");
        assert_eq!(
            cluster["nicparams"]["default"],
            json!({"link": "br974", "mode": "bridged", "vlan": ""})
        );
        assert_eq!(cluster["ndparams"]["ssh_port"], 2222);
        assert_eq!(cluster["ndparams"]["ovs_name"], "switch1");
        assert_eq!(cluster["beparams"]["default"]["vcpus"], 1);
        assert_eq!(cluster["ipolicy"]["vcpu-ratio"], 1.0);
        assert_eq!(cluster["ipolicy"]["spindle-ratio"], 32.0);
        assert_eq!(cluster["candidate_pool_size"], 3);
        assert_eq!(cluster["max_tracked_jobs"], 25);
    }

    #[test]
    fn a_cluster_without_lvm_stays_without() {
        let absent = filled(json!({}));
        assert!(absent.get("volume_group_name").is_none());
        assert!(absent.get("drbd_usermode_helper").is_none());
        let said = filled(json!({"volume_group_name": null}));
        assert_eq!(said["volume_group_name"], Value::Null);
    }

    #[test]
    fn filling_twice_is_filling_once() {
        let once = filled(json!({"nicparams": {"default": null}}));
        assert_eq!(filled(once.clone()), once);
        assert_eq!(once["nicparams"]["default"]["mode"], "bridged");
    }

    #[test]
    fn what_has_the_wrong_shape_is_left_for_the_reader_to_refuse() {
        let cluster = filled(json!({"diskparams": "x", "beparams": {"default": 3}}));
        assert_eq!(cluster["diskparams"], "x");
        assert_eq!(cluster["beparams"]["default"], 3);
    }
}
