//! Fields of an instance's network interfaces, of all together and of each.

use serde_json::Value;

use super::super::super::table::{Cell, Field, Kind};
use super::super::several::set;
use super::super::{count, field};
use super::row::Row;

/// So many network interfaces have fields of their own, as in Ganeti.
const NICS: usize = 8;

/// What can be told of a network interface.
#[derive(Debug, Clone, Copy)]
enum Fact {
    Mac,
    Ip,
    Name,
    Uuid,
    Mode,
    Link,
    Vlan,
    Bridge,
    Network,
    NetworkName,
}

/// How the fields of a fact are called.
struct Names {
    /// That of one interface, after `nic.` and before its number.
    one: &'static str,
    /// Its title.
    title: &'static str,
    /// That of all, after `nic.`.
    all: &'static str,
    /// Its title.
    titles: &'static str,
    /// What it is.
    doc: &'static str,
}

impl Fact {
    const ALL: [Fact; 10] = [
        Fact::Mac,
        Fact::Ip,
        Fact::Name,
        Fact::Uuid,
        Fact::Mode,
        Fact::Link,
        Fact::Vlan,
        Fact::Bridge,
        Fact::Network,
        Fact::NetworkName,
    ];

    fn names(self) -> Names {
        let (one, title, all, titles, doc) = match self {
            Fact::Mac => ("mac", "NicMAC", "macs", "NIC_MACs", "MAC address"),
            Fact::Ip => ("ip", "NicIP", "ips", "NIC_IPs", "IP address"),
            Fact::Name => ("name", "NicName", "names", "NIC_Names", "Name"),
            Fact::Uuid => ("uuid", "NicUUID", "uuids", "NIC_UUIDs", "UUID"),
            Fact::Mode => ("mode", "NicMode", "modes", "NIC_modes", "Mode"),
            Fact::Link => ("link", "NicLink", "links", "NIC_links", "Link"),
            Fact::Vlan => ("vlan", "NicVLAN", "vlans", "NIC_VLANs", "VLAN"),
            Fact::Bridge => ("bridge", "NicBridge", "bridges", "NIC_bridges", "Bridge"),
            Fact::Network => (
                "network",
                "NicNetwork",
                "networks",
                "NIC_networks",
                "Network's UUID",
            ),
            Fact::NetworkName => (
                "network.name",
                "NicNetworkName",
                "networks.names",
                "NIC_networks_names",
                "Network's name",
            ),
        };
        Names {
            one,
            title,
            all,
            titles,
            doc,
        }
    }

    /// What an interface of an instance has.
    fn of(self, row: &Row, nic: &Value) -> Cell {
        let parameter = |key: &str| set(row.config().nicparams(nic).get(key));
        match self {
            Fact::Mac => set(nic.get("mac")),
            Fact::Ip => set(nic.get("ip")),
            Fact::Name => set(nic.get("name")),
            Fact::Uuid => set(nic.get("uuid")),
            Fact::Mode => parameter("mode"),
            Fact::Link => parameter("link"),
            Fact::Vlan => parameter("vlan"),
            Fact::Bridge => match parameter("mode") {
                Cell::Text(mode) if mode == "bridged" => parameter("link"),
                _ => Cell::Unavailable,
            },
            Fact::Network => set(nic.get("network")),
            Fact::NetworkName => {
                let uuid = nic.get("network").and_then(Value::as_str);
                Cell::text_or_unavailable(uuid.and_then(|uuid| row.config().network_name(uuid)))
            }
        }
    }
}

/// The fields of the network interfaces.
pub(super) fn fields() -> Vec<Field<Row>> {
    let mut fields: Vec<Field<Row>> = vec![
        field!(
            "nic.count",
            "NICs",
            Number,
            "How many network interfaces it has",
            |r| { count(r.instance.nics.len()) }
        ),
        field!(
            "custom_nicparams",
            "CustomNicParameters",
            Other,
            "Parameters that its network interfaces have themselves",
            |r| {
                let own = |nic: &Value| nic.get("nicparams").cloned().unwrap_or_default();
                Cell::Json(r.instance.nics.iter().map(own).collect())
            }
        ),
        field!("mac", "MAC_address", Text, "The same as nic.mac/0", |r| r
            .nic(0, Fact::Mac)),
        field!("ip", "IP_address", Text, "The same as nic.ip/0", |r| r
            .nic(0, Fact::Ip)),
        field!("bridge", "Bridge", Text, "The same as nic.bridge/0", |r| r
            .nic(0, Fact::Bridge)),
        field!(
            "nic_mode",
            "NIC_Mode",
            Text,
            "The same as nic.mode/0",
            |r| r.nic(0, Fact::Mode)
        ),
        field!(
            "nic_link",
            "NIC_Link",
            Text,
            "The same as nic.link/0",
            |r| r.nic(0, Fact::Link)
        ),
        field!(
            "nic_network",
            "NIC_Network",
            Text,
            "The same as nic.network/0",
            |r| { r.nic(0, Fact::Network) }
        ),
    ];
    for fact in Fact::ALL {
        let Names {
            one,
            title,
            all,
            titles,
            doc,
        } = fact.names();
        let (name, of_all) = (
            format!("nic.{all}"),
            format!("{doc} of each network interface"),
        );
        fields.push(Field::bound(
            name,
            titles,
            Kind::List,
            of_all,
            move |r: &Row| r.nics(fact),
        ));
        fields.extend((0..NICS).map(|nr| {
            let (name, title) = (format!("nic.{one}/{nr}"), format!("{title}/{nr}"));
            let doc = format!("{doc} of network interface {nr}");
            Field::bound(name, title, Kind::Text, doc, move |r: &Row| r.nic(nr, fact))
        }));
    }
    fields
}

impl Row {
    /// Something of each network interface.
    fn nics(&self, fact: Fact) -> Cell {
        let nics = self.instance.nics.iter();
        Cell::List(nics.map(|nic| fact.of(self, nic).plain()).collect())
    }

    /// Something of one network interface.
    fn nic(&self, nr: usize, fact: Fact) -> Cell {
        let nic = self.instance.nics.get(nr);
        nic.map_or(Cell::Unavailable, |nic| fact.of(self, nic))
    }
}
