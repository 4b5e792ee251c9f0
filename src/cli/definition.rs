//! What a new instance is made of, where it is a guest of libvirt on disks that there are. Whoever wants
//! more gives a definition of their own.

use std::fmt::Write as _;

use super::problem::{Problem, Result};
use super::values::{IdentKeyVals, KeyVal};

/// The driver whose definitions these are.
pub(super) const DRIVER: &str = "libvirt";

/// How the processor is made when nobody says it.
const HARDWARE: &str = "kvm";

/// A guest with these disks and network interfaces. The words in it are those of
/// [`crate::opcodes::InstanceCreate::definition`].
pub(super) fn of_disks(
    hypervisor: Option<&str>,
    disks: &[String],
    nets: &[IdentKeyVals],
) -> Result<String> {
    let kind = hypervisor.unwrap_or(HARDWARE);
    let mut devices = String::new();
    for (index, path) in disks.iter().enumerate() {
        let letter = letter(index).ok_or_else(|| Problem::input("more than 26 disks"))?;
        disk(&mut devices, path, letter);
    }
    for net in nets {
        interface(&mut devices, net)?;
    }
    Ok(format!(
        "<domain type='{}'>
  <name>@NAME@</name>
  <uuid>@UUID@</uuid>
  <memory unit='MiB'>@MEMORY@</memory>
  <vcpu>@VCPUS@</vcpu>
  <os><type>hvm</type></os>
  <features><acpi/><apic/></features>
  <devices>
{devices}    <serial type='pty'/>
    <console type='pty'/>
  </devices>
</domain>
",
        escaped(kind)
    ))
}

fn letter(index: usize) -> Option<char> {
    let index = u8::try_from(index).ok().filter(|index| *index < 26)?;
    Some(char::from(b'a' + index))
}

fn disk(devices: &mut String, path: &str, letter: char) {
    let (kind, source) = match path.starts_with("/dev/") {
        true => ("block", "dev"),
        false => ("file", "file"),
    };
    let format = match path.ends_with(".qcow2") {
        true => "qcow2",
        false => "raw",
    };
    // Without the host's cache, which other hosts do not see: else libvirt refuses to migrate it.
    let _ = write!(
        devices,
        "    <disk type='{kind}' device='disk'>
      <driver name='qemu' type='{format}' cache='none'/>
      <source {source}='{}'/>
      <target dev='vd{letter}' bus='virtio'/>
    </disk>
",
        escaped(path)
    );
}

/// An interface on a bridge of the host, such as `0:link=br0,mac=52:54:00:12:34:56`.
fn interface(devices: &mut String, net: &IdentKeyVals) -> Result<()> {
    let (mut bridge, mut mac) = (None, None);
    for (key, value) in &net.values.0 {
        match (key.as_str(), value) {
            ("link" | "bridge", KeyVal::Text(text)) => bridge = Some(text),
            ("mac", KeyVal::Text(text)) if matches!(text.as_str(), "auto" | "generate") => {}
            ("mac", KeyVal::Text(text)) => mac = Some(text),
            _ => {
                let text =
                    format!("{key} of a network interface cannot be given with --adopt-disk");
                return Err(Problem::input(text)
                    .hint("link=BRIDGE and mac=ADDRESS can; --definition FILE tells all of it"));
            }
        }
    }
    let Some(bridge) = bridge else {
        return Err(
            Problem::input("a network interface needs a bridge of the host")
                .hint("--net 0:link=br0"),
        );
    };
    let _ = writeln!(devices, "    <interface type='bridge'>");
    let _ = writeln!(devices, "      <source bridge='{}'/>", escaped(bridge));
    if let Some(mac) = mac {
        let _ = writeln!(devices, "      <mac address='{}'/>", escaped(mac));
    }
    let _ = writeln!(devices, "      <model type='virtio'/>\n    </interface>");
    Ok(())
}

/// A text as it stands between the quotes of XML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::values::ident_key_vals;
    use super::*;

    #[test]
    fn disks_and_bridges_are_put_in_their_places() {
        let net = ident_key_vals("0:link=br0,mac=52:54:00:12:34:56").unwrap();
        let disks = [
            "/srv/vms/a & b.qcow2".to_owned(),
            "/dev/san/web1".to_owned(),
        ];
        let text = of_disks(Some("qemu"), &disks, &[net]).unwrap();
        for part in [
            "<domain type='qemu'>",
            "<source file='/srv/vms/a &amp; b.qcow2'/>",
            "type='qcow2'",
            "<disk type='block' device='disk'>",
            "<source dev='/dev/san/web1'/>",
            "<target dev='vdb' bus='virtio'/>",
            "<source bridge='br0'/>",
            "<mac address='52:54:00:12:34:56'/>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn what_it_does_not_know_it_refuses() {
        for net in ["0:vlan=3", "0:mac=auto"] {
            let net = ident_key_vals(net).unwrap();
            assert!(of_disks(None, &[], &[net]).is_err());
        }
    }
}
