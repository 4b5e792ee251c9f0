//! A host is emptied, switched off and on again, and gets back what was on it.

use std::collections::{BTreeMap, BTreeSet};

use gnt_lab::Guest;
use serde_json::Value;

use crate::site::{Fate, Site};

/// A guest that takes some seconds to move at 16 MiB a second.
fn guest(name: &str) -> Guest {
    let mut guest = Guest::new(name);
    (guest.memory, guest.fill) = (48, 40);
    guest
}

/// Where each guest is, by its name.
fn homes(site: &Site) -> BTreeMap<String, Vec<String>> {
    let sights = site.sights().unwrap().into_iter();
    sights
        .map(|(name, sights)| (name, sights.into_iter().map(|sight| sight.node).collect()))
        .collect()
}

/// How far each job said it was, as it went on.
fn told(stream: &str) -> BTreeMap<u64, Vec<f64>> {
    let mut told: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for line in stream.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if let (Some(job), Some(percent)) = (event["job"].as_u64(), event["percent"].as_f64()) {
            told.entry(job).or_default().push(percent);
        }
    }
    told
}

#[test]
fn six_guests_leave_their_host_and_come_home_after_its_reboot() {
    let names = ["web1", "web2", "web3", "web4", "web5", "web6"];
    let test = "six_guests_leave_their_host_and_come_home_after_its_reboot";
    let Some(mut site) = Site::new(test, 3, names.map(guest).to_vec()) else {
        return;
    };
    let stream = site
        .run("gnt-node evacuate -f --bandwidth 16 --json-stream node1")
        .exits(0)
        .stdout;
    let told = told(&stream);
    assert_eq!(told.len(), names.len(), "{told:?}");
    for percents in told.values() {
        let different: BTreeSet<u64> = percents.iter().map(|percent| *percent as u64).collect();
        assert!(
            percents.is_sorted() && different.len() >= 3,
            "no real progress: {percents:?}"
        );
    }
    assert_eq!(site.faults(|_, _| Fate::Lives), [""; 0], "{}", site.told());
    let away = homes(&site);
    let hosts: BTreeSet<&str> = away.values().flatten().map(String::as_str).collect();
    assert_eq!(hosts, BTreeSet::from(["node2", "node3"]));
    // What the documents say is what the hosts say.
    let list = site.json("gnt-instance list -o name,pnode,status");
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), names.len(), "{list}");
    for item in items {
        let name = item["name"].as_str().unwrap();
        assert_eq!(item["status"], "running", "{list}");
        assert_eq!(away[name], [item["pnode"].as_str().unwrap()], "{list}");
    }

    let entered = site.json("gnt-node maintenance enter -f node2");
    assert_eq!(entered["exit"], 0, "{entered}");
    assert_eq!(site.hosts.node(2).running().unwrap(), [""; 0]);
    site.hosts.node_mut(2).power_off().unwrap();
    site.hosts.node_mut(2).power_on().unwrap();
    let left = site.json("gnt-node maintenance leave -f node2");
    assert_eq!(left["exit"], 0, "{left}");
    assert_eq!(homes(&site), away);
    assert_eq!(site.faults(|_, _| Fate::Lives), [""; 0], "{}", site.told());
}
