//! Fields that there are several of: one a parameter, or one a disk.

use serde_json::Value;

use super::super::table::{Cell, Field, Kind};

/// Ganeti's node parameters.
pub(super) const NODE_PARAMETERS: &[&str] = &[
    "cpu_speed",
    "exclusive_storage",
    "oob_program",
    "ovs",
    "ovs_link",
    "ovs_name",
    "spindle_count",
    "ssh_port",
];

/// Ganeti's hypervisor parameters, of all its hypervisors.
pub(super) const HYPERVISOR_PARAMETERS: &[&str] = &[
    "acpi",
    "blockdev_prefix",
    "boot_order",
    "bootloader_args",
    "bootloader_path",
    "cdrom2_image_path",
    "cdrom_disk_type",
    "cdrom_image_path",
    "cpu_cap",
    "cpu_cores",
    "cpu_mask",
    "cpu_sockets",
    "cpu_threads",
    "cpu_type",
    "cpu_weight",
    "cpuid",
    "device_model",
    "devices",
    "disk_aio",
    "disk_cache",
    "disk_discard",
    "disk_type",
    "drop_capabilities",
    "extra_cgroups",
    "extra_config",
    "floppy_image_path",
    "init_script",
    "initrd_path",
    "kernel_args",
    "kernel_path",
    "keymap",
    "kvm_extra",
    "kvm_flag",
    "kvm_path",
    "kvm_pci_reservations",
    "machine_version",
    "mem_path",
    "migration_bandwidth",
    "migration_caps",
    "migration_downtime",
    "migration_mode",
    "migration_port",
    "nic_type",
    "num_ttys",
    "pae",
    "pci_pass",
    "reboot_behavior",
    "root_path",
    "scsi_controller_type",
    "security_domain",
    "security_model",
    "serial_console",
    "serial_speed",
    "soundhw",
    "spice_bind",
    "spice_image_compression",
    "spice_ip_version",
    "spice_jpeg_wan_compression",
    "spice_password_file",
    "spice_playback_compression",
    "spice_streaming_video",
    "spice_tls_ciphers",
    "spice_use_tls",
    "spice_use_vdagent",
    "spice_zlib_glz_wan_compression",
    "startup_timeout",
    "usb_devices",
    "usb_mouse",
    "use_bootloader",
    "use_chroot",
    "use_guest_agent",
    "use_localtime",
    "user_shutdown",
    "vga",
    "vhost_net",
    "vif_script",
    "vif_type",
    "viridian",
    "virtio_net_queues",
    "vnc_bind_address",
    "vnc_password_file",
    "vnc_tls",
    "vnc_x509_path",
    "vnc_x509_verify",
    "vnet_hdr",
    "xen_cmd",
];

/// A field for each parameter: `PREFIX/PARAMETER`.
pub(super) fn parameters<T: 'static>(
    prefix: &'static str,
    doc: &'static str,
    keys: &'static [&'static str],
    get: fn(&T, &str) -> Cell,
) -> impl Iterator<Item = Field<T>> {
    keys.iter().map(move |key| {
        let name = format!("{prefix}/{key}");
        let doc = format!("{doc} {key}");
        Field::bound(name.clone(), name, Kind::Other, doc, move |row| {
            get(row, key)
        })
    })
}

/// A field for each of so many things, counted from 0: `NAME/0`, `NAME/1`, …
pub(super) fn each<T: 'static>(
    count: usize,
    (name, title): (&'static str, &'static str),
    kind: Kind,
    doc: &'static str,
    get: fn(&T, usize) -> Cell,
) -> impl Iterator<Item = Field<T>> {
    (0..count).map(move |nr| {
        let (name, title) = (format!("{name}/{nr}"), format!("{title}/{nr}"));
        Field::bound(name, title, kind, format!("{doc} {nr}"), move |row| {
            get(row, nr)
        })
    })
}

/// A value that somebody set, as what it is.
pub(super) fn set(value: Option<&Value>) -> Cell {
    match value {
        None | Some(Value::Null) => Cell::Unavailable,
        Some(Value::Bool(value)) => Cell::Bool(*value),
        Some(Value::String(text)) => Cell::Text(text.clone()),
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Number(whole),
            (None, Some(fraction)) => Cell::Float(fraction),
            (None, None) => Cell::Text(number.to_string()),
        },
        Some(other) => Cell::Json(other.clone()),
    }
}
