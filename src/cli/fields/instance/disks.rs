//! Fields of an instance's disks, of all together and of each.

use std::sync::Arc;

use super::super::super::table::{Cell, Field, Kind};
use super::super::several::{each, set};
use super::super::{count, field, text};
use super::row::Row;
use crate::cluster::Disk;

/// So many disks have fields of their own, as in Ganeti.
const DISKS: usize = 16;

/// The fields of the disks.
pub(super) fn fields() -> Vec<Field<Row>> {
    let mut fields: Vec<Field<Row>> = vec![
        field!(
            "disk.count",
            "Disks",
            Number,
            "How many disks it has",
            |r| { count(r.instance.disks.len()) }
        ),
        field!(
            "disk.sizes",
            "Disk_sizes",
            List,
            "Their sizes in MiB",
            |r| { r.disks(|disk| Cell::Number(i64::try_from(disk.size).unwrap_or(i64::MAX))) }
        ),
        field!("disk.names", "Disk_names", List, "Their names", |r| r
            .disks(name)),
        field!(
            "disk.spindles",
            "Disk_spindles",
            List,
            "Their spindles",
            |r| r.disks(spindles)
        ),
        field!("disk.uuids", "Disk_UUIDs", List, "Their UUIDs", |r| r
            .disks(uuid)),
        field!(
            "sda_size",
            "LegacyDisk/0",
            Unit,
            "The same as disk.size/0",
            |r| r.disk(0, size)
        ),
        field!(
            "sdb_size",
            "LegacyDisk/1",
            Unit,
            "The same as disk.size/1",
            |r| r.disk(1, size)
        ),
    ];
    let names = ("disk.size", "Disk");
    fields.extend(each(
        DISKS,
        names,
        Kind::Unit,
        "Size of disk",
        |r: &Row, nr| r.disk(nr, size),
    ));
    let names = ("disk.name", "DiskName");
    fields.extend(each(
        DISKS,
        names,
        Kind::Text,
        "Name of disk",
        |r: &Row, nr| r.disk(nr, name),
    ));
    let names = ("disk.spindles", "DiskSpindles");
    fields.extend(each(
        DISKS,
        names,
        Kind::Number,
        "Spindles of disk",
        |r: &Row, nr| r.disk(nr, spindles),
    ));
    let names = ("disk.uuid", "DiskUUID");
    fields.extend(each(
        DISKS,
        names,
        Kind::Text,
        "UUID of disk",
        |r: &Row, nr| r.disk(nr, uuid),
    ));
    fields
}

fn size(disk: &Disk) -> Cell {
    Cell::Mib(disk.size)
}

fn name(disk: &Disk) -> Cell {
    set(disk.rest.get("name"))
}

fn spindles(disk: &Disk) -> Cell {
    set(disk.rest.get("spindles"))
}

fn uuid(disk: &Disk) -> Cell {
    text(disk.uuid.as_str())
}

impl Row {
    /// Something of each disk.
    fn disks(&self, get: fn(&Disk) -> Cell) -> Cell {
        let disks = self.config().disks_of(&self.instance);
        Cell::List(disks.map(|disk| get(disk).plain()).collect())
    }

    /// Something of one disk.
    fn disk(&self, nr: usize, get: fn(&Disk) -> Cell) -> Cell {
        let disk: Option<&Arc<Disk>> = self.config().disks_of(&self.instance).nth(nr);
        disk.map_or(Cell::Unavailable, |disk| get(disk))
    }
}
