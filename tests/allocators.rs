//! External allocators with real processes: what becomes of a question whose runner dies, and whose
//! default counts.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may end where it finds something amiss; it writes its own files"
)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::{Lab, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Makes an allocator `mine` that runs a script, in a directory beside the state directory.
fn allocator(lab: &Lab, script: &str) {
    let folder = lab.temp.path().join("allocators");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    let file = folder.join("mine");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    let path = folder.to_str().unwrap();
    lab.run(["gnt-cluster", "modify", "--iallocator-search-path", path])
        .exits(0);
}

#[test]
fn when_a_runner_dies_while_it_asks_the_next_one_asks_again() {
    let lab = Lab::sample(4, 8, 0);
    let begun = lab.temp.path().join("begun");
    let first = begun.display();
    allocator(
        &lab,
        &format!(
            "if [ ! -e {first} ]; then echo $$ >{first}.new; mv {first}.new {first}; exec sleep 999; fi\n\
             echo '{{\"success\": false, \"info\": \"second time\", \"result\": []}}'"
        ),
    );
    let client = lab.spawn(["gnt-node", "evacuate", "-f", "-I", "mine", "node1"]);
    let child = wait_for("the allocator", || fs::read_to_string(&begun).ok());
    let scratch = || {
        let entries = fs::read_dir(lab.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with("allocator-"))
            .count()
    };
    assert_eq!(scratch(), 1);
    // Left by one that died before and whose job was given up.
    fs::write(lab.path().join("allocator-99-0.json"), "{}").unwrap();
    // The writer goes on meanwhile.
    lab.run(["gnt-debug", "delay", "0.001"]).exits(0);
    kill(lab.runner_pid().unwrap(), Signal::SIGKILL).unwrap();
    let output = client.finish().exits(1);
    let expected = "iallocator 'mine' found no nodes: second time";
    assert!(output.stderr.contains(expected), "{output:#?}");
    // Nobody reads what it prints any more; one that prints nothing is left.
    kill(
        Pid::from_raw(child.trim().parse().unwrap()),
        Signal::SIGKILL,
    )
    .unwrap();
    assert_eq!(scratch(), 0);
    lab.verify_clean();
}

#[test]
fn a_default_counts_when_it_is_set_here_not_when_it_is_imported() {
    let lab = Lab::sample(4, 8, 0);
    allocator(&lab, "exit 9");
    let export = lab.run(["gnt-cluster", "export"]).exits(0).stdout;
    let none = "\"default_iallocator\": \"\"";
    assert!(export.contains(none));
    let file = lab.temp.path().join("config.data");
    fs::write(
        &file,
        export.replace(none, "\"default_iallocator\": \"mine\""),
    )
    .unwrap();
    let file = file.to_str().unwrap();
    lab.run(["gnt-cluster", "import", "--replace", file])
        .exits(0);
    lab.run(["gnt-node", "evacuate", "--dry-run", "node1"])
        .exits(0);
    lab.run(["gnt-cluster", "modify", "-I", "mine"]).exits(0);
    let output = lab
        .run(["gnt-node", "evacuate", "--dry-run", "node1"])
        .exits(1);
    assert!(
        output.stderr.contains("'mine' failed: exit code 9"),
        "{output:#?}"
    );
    let exported = lab.run(["gnt-cluster", "export"]).exits(0).stdout;
    assert!(exported.contains("\"default_iallocator\": \"mine\""));
}

#[test]
fn hail_empties_each_node_of_a_cluster_in_turn() {
    const HAIL: &str = "/usr/lib/ganeti/iallocators/hail";
    if !std::path::Path::new(HAIL).exists() {
        eprintln!("skipped: hail is not installed");
        return;
    }
    let lab = Lab::sample(6, 30, 0);
    for number in 1..=6 {
        let node = format!("node{number}");
        let before = lab.primaries(&node).len();
        let output = lab.run(["gnt-node", "evacuate", "-f", "--json", "-I", "hail", &node]);
        let document = output.exits(0).json();
        assert!(document["summary"]["succeeded"].as_u64().unwrap() >= before as u64);
        assert_eq!(lab.primaries(&node).len(), 0);
    }
    lab.verify_clean();
    lab.run(["gnt-cluster", "verify"]).exits(0);
}

#[test]
fn a_cluster_is_founded_with_its_default() {
    let lab = Lab::new();
    let folder = lab.temp.path().join("allocators");
    let path = folder.to_str().unwrap();
    let init = |name: &str| {
        lab.run([
            "gnt-cluster",
            "init",
            "--default-iallocator",
            name,
            "--iallocator-search-path",
            path,
        ])
    };
    let output = init("mine").exits(1);
    assert!(output.stderr.contains("'mine' not found"), "{output:#?}");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(folder.join("mine"), "#!/bin/sh\nexit 5\n").unwrap();
    fs::set_permissions(folder.join("mine"), PermissionsExt::from_mode(0o755)).unwrap();
    init("mine").exits(0);
    let settings = lab.store().settings().unwrap();
    assert_eq!(settings.allocators.default.as_deref(), Some("mine"));
}
