//! The guests of the lab.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// The sector that a guest boots, assembled from `guest.s`.
const SECTOR: &[u8; 512] = include_bytes!("../guest/guest.bin");

/// Where the sector keeps what it is told; see there.
const PARAMETERS: usize = 4;

/// Pages in a MiB.
const PAGES: u32 = 256;

/// Ticks of its clock in ten seconds.
const TICKS: u32 = 182;

/// A guest: a machine that does next to nothing, in the way that a test needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: Uuid,
    /// MiB of memory.
    pub memory: u32,
    /// MiB of it that are not zero, so that moving it means something.
    pub fill: u32,
    /// MiB of it that it keeps writing to.
    pub window: u32,
    /// MiB a second that it writes.
    pub rate: u32,
    /// Seconds until it turns itself off.
    pub off_after: Option<u32>,
    /// Whether it ignores its power button.
    pub deaf: bool,
    /// Where its disk lies.
    pub disk: DiskPlace,
}

/// Where a guest's disk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskPlace {
    /// Where all hosts see it.
    Shared,
    /// Where only its host sees it.
    Local,
}

impl Guest {
    /// An idle guest of 32 MiB that obeys.
    #[must_use]
    pub fn new(name: &str) -> Guest {
        Guest {
            name: name.to_owned(),
            uuid: Uuid::new_v4(),
            memory: 32,
            fill: 16,
            window: 1,
            rate: 0,
            off_after: None,
            deaf: false,
            disk: DiskPlace::Shared,
        }
    }

    /// Its UUID, as drivers have it.
    #[must_use]
    pub fn id(&self) -> String {
        self.uuid.to_string()
    }

    /// What it boots from.
    #[must_use]
    pub fn image(&self) -> Vec<u8> {
        let mut image = SECTOR.to_vec();
        let per_tick = (self.rate * PAGES * 10).div_ceil(TICKS);
        let alarm = self
            .off_after
            .map_or(0, |seconds| (seconds * TICKS / 10).max(1));
        let numbers = [
            self.fill * PAGES,
            (self.window * PAGES).max(1),
            per_tick,
            alarm,
        ];
        let told: Vec<u8> = (numbers.iter())
            .flat_map(|number| number.to_le_bytes())
            .chain([u8::from(self.deaf)])
            .collect();
        image[PARAMETERS..PARAMETERS + told.len()].copy_from_slice(&told);
        image.resize(1 << 20, 0);
        image
    }

    /// Its disk, as its host sees it.
    #[must_use]
    pub fn disk_path(&self, shared: &Path) -> PathBuf {
        let file = format!("{}.img", self.name);
        match self.disk {
            DiskPlace::Shared => shared.join(file),
            DiskPlace::Local => Path::new("/var/lib/libvirt/images").join(file),
        }
    }

    /// Its definition.
    #[must_use]
    pub fn definition(&self, shared: &Path) -> String {
        let (
            Guest {
                name, uuid, memory, ..
            },
            disk,
        ) = (self, self.disk_path(shared));
        let (disk, serial) = (disk.display(), serial_path(shared, name));
        let serial = serial.display();
        format!(
            "<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>{memory}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features><acpi/></features>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source file='{disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <serial type='file'>
      <source path='{serial}' append='on'/>
    </serial>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
"
        )
    }
}

/// Where a guest says what it does.
fn serial_path(shared: &Path, name: &str) -> PathBuf {
    shared.join(format!("{name}.serial"))
}

/// What a guest said on its serial line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// How often it booted.
    pub boots: usize,
    /// How many dots it made: it lives while they grow.
    pub dots: usize,
}

/// Reads what a guest said so far.
///
/// # Errors
/// When it cannot be read. A guest that never ran has said nothing.
pub(crate) fn said(shared: &Path, name: &str) -> io::Result<Said> {
    let text = match fs::read(serial_path(shared, name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Said::default()),
        text => text?,
    };
    let count = |wanted: u8| text.iter().filter(|byte| **byte == wanted).count();
    Ok(Said {
        boots: count(b'U'),
        dots: count(b'.'),
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_image_is_a_boot_sector_that_was_told_what_to_do() {
        let mut guest = Guest::new("a");
        guest.rate = 8;
        guest.off_after = Some(10);
        guest.deaf = true;
        let image = guest.image();
        assert_eq!(image.len(), 1 << 20);
        assert_eq!(image[510..512], [0x55, 0xaa]);
        assert_eq!(image[4..8], 4096u32.to_le_bytes());
        assert_eq!(image[12..16], 113u32.to_le_bytes());
        assert_eq!(image[16..20], 182u32.to_le_bytes());
        assert_eq!(image[20], 1);
        // Beyond the parameters it is as it was assembled.
        assert_eq!(image[21..512], SECTOR[21..]);
    }

    #[test]
    fn the_sector_is_its_source_assembled() {
        let temp = tempfile::tempdir().unwrap();
        let (object, binary) = (temp.path().join("guest.o"), temp.path().join("guest.bin"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/guest/guest.s");
        let mut assemble = Command::new("as");
        assemble.args(["--32", "-o"]).arg(&object).arg(source);
        let mut copy = Command::new("objcopy");
        copy.args(["-O", "binary"]).arg(&object).arg(&binary);
        for mut command in [assemble, copy] {
            match command.status() {
                Ok(status) if status.success() => (),
                // Other processors have another assembler.
                other => {
                    eprintln!("skipped: {command:?}: {other:?}");
                    return;
                }
            }
        }
        assert_eq!(fs::read(binary).unwrap(), SECTOR);
    }
}
