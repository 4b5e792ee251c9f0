//! A backup of a cluster of real machines has no machines in it.

use serde_json::json;

use crate::cluster::Site;
use crate::common::Lab;

#[test]
fn what_has_happened_since_a_backup_is_found_on_the_machines() {
    let Some(site) = Site::new(&["web", "db"], &json!({})) else {
        return;
    };
    let file = site.lab.temp.path().join("backup");
    let file = file.to_str().unwrap();
    let said = site.run(&format!("gnt-cluster backup --json {file}"));
    let said = said.exits(0).json();
    assert_eq!(said["backup"]["driver"], crate::world::NAME);
    let members = said["backup"]["files"].as_array().unwrap();
    assert_eq!(members.len(), 1, "{members:?}");
    assert_eq!(members[0]["name"], "gnt.db");
    // Since then one of the two has moved.
    site.run("gnt-instance migrate -f -n node2 web").exits(0);
    site.verify_clean(&["web", "db"]);

    let said = site.run(&format!("gnt-cluster restore --replace {file}"));
    let said = said.exits(0);
    assert!(
        said.stdout.contains("3 nodes, 2 instances"),
        "{}",
        said.stdout
    );
    assert!(
        said.stderr.contains("gnt-cluster verify-config"),
        "{}",
        said.stderr
    );
    let found = site.run("gnt-cluster verify-config").exits(1).stdout;
    let moved = "instance web: runs on node2, its primary node is node1";
    assert!(found.contains(moved) && !found.contains("db"), "{found}");
    site.run("gnt-cluster queue release").exits(0);
    site.run("gnt-instance migrate --cleanup -f web").exits(0);
    site.verify_clean(&["web", "db"]);
}

/// The machines that a backup is of may be out of reach where it is looked at.
#[test]
fn a_cluster_is_restored_without_its_driver_and_its_machines() {
    let Some(site) = Site::new(&["web"], &json!({})) else {
        return;
    };
    let file = site.lab.temp.path().join("backup");
    let file = file.to_str().unwrap();
    site.run(&format!("gnt-cluster backup {file}")).exits(0);
    // The tools of this one have no such driver beside them.
    let other = Lab::new();
    other.run(["gnt-cluster", "restore", file]).exits(0);
    let said = other.run(["gnt-cluster", "info", "--json"]).exits(0).json();
    let said = &said["items"][0];
    assert_eq!(said["driver"], crate::world::NAME, "{said}");
    assert_eq!(said["queue"]["held"], true, "{said}");
}
