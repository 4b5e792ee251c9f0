//! A host that loses its power: its guests start elsewhere when it is said to be off, and not before; when it
//! comes back it does not start them.

use gnt_lab::Guest;

use crate::site::{Fate, Site};

impl Site {
    /// How often each guest has booted.
    fn boots(&self) -> Vec<usize> {
        let boots = |guest: &Guest| self.hosts.said(&guest.name).unwrap().boots;
        self.guests.iter().map(boots).collect()
    }

    /// Switches a host on that was failed over, and takes it in again. It has kept the definitions.
    #[track_caller]
    fn comes_back(&mut self, number: usize, kept: usize) {
        self.hosts.node_mut(number).power_on().unwrap();
        let node = self.hosts.node(number);
        let known = || node.virsh(&["list", "--all", "--name"]).unwrap();
        assert_eq!(known().split_whitespace().count(), kept);
        assert_eq!(node.running().unwrap(), [""; 0]);
        let name = node.name();
        self.run(&format!("gnt-node modify --offline no -f {name}"))
            .exits(0);
        assert_eq!(known().split_whitespace().count(), 0);
        assert_eq!(node.running().unwrap(), [""; 0]);
    }
}

#[test]
fn a_dead_hosts_guests_start_elsewhere_when_it_is_surely_off() {
    let guests = ["web1", "web2", "web3"].map(Guest::new).to_vec();
    let test = "a_dead_hosts_guests_start_elsewhere_when_it_is_surely_off";
    let Some(mut site) = Site::new(test, 3, guests) else {
        return;
    };
    site.hosts.node_mut(1).power_off().unwrap();
    let refused = site.run("gnt-node failover -f node1").exits(1);
    let text = "nobody says that it is powered off";
    assert!(refused.stderr.contains(text), "{refused:?}");
    assert_eq!(site.boots(), [1, 1, 1]);
    for number in [2, 3] {
        let node = site.hosts.node(number);
        assert_eq!(node.virsh(&["list", "--all", "--name"]).unwrap().trim(), "");
    }

    let document = site.json("gnt-node failover -f --i-confirm-power-off node1");
    assert_eq!(document["exit"], 0, "{document}");
    for guest in &site.guests {
        site.hosts.wait_for_life(&guest.name).unwrap();
    }
    assert_eq!(site.boots(), [2, 2, 2]);
    site.comes_back(1, 3);
    let restarted = |_: &str, _: &_| Fate::MayBeOff;
    assert_eq!(site.faults(restarted), [""; 0], "{}", site.told());

    // A command may say it, too: this one fails until it is told not to.
    let on_two = site.hosts.node(2).running().unwrap().len();
    let (two, off) = (site.node("node2").name(), site.state.path().join("off"));
    let fence = format!("test -e {}", off.display());
    let words = ["gnt-node", "modify", "--fence-cmd", &fence, two];
    site.state.run(words).exits(0);
    site.hosts.node_mut(2).power_off().unwrap();
    site.run("gnt-node failover -f node2").exits(1);
    std::fs::write(off, "").unwrap();
    site.run("gnt-node failover -f node2").exits(0);
    site.comes_back(2, on_two);
    assert_eq!(site.faults(restarted), [""; 0], "{}", site.told());
    assert_eq!(site.boots().iter().sum::<usize>(), 6 + on_two);
}
