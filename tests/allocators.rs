//! External allocators with real processes: what becomes of a question whose runner dies, and whose
//! default counts.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test may end where it finds something amiss; it writes its own files"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Lab, cluster_files, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

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

/// The allocator of Ganeti, if it is there.
fn hail_is_installed() -> bool {
    let there = Path::new("/usr/lib/ganeti/iallocators/hail").exists();
    if !there {
        eprintln!("skipped: hail is not installed");
    }
    there
}

/// What came of a cluster each of whose nodes was emptied in turn by the plans of an allocator.
#[derive(Debug, Default)]
struct Tour {
    nodes: usize,
    instances: usize,
    /// Instances that changed at least one of their nodes, once for each node that was emptied.
    moved: u64,
    /// Of these, those that only moved when soft rules might be broken. The built-in placement does not hold
    /// an instance to these that goes to its present secondary node.
    softly: u64,
    /// Those that could not, and why not.
    stayed: Vec<String>,
    /// How many of these the built-in placement had known a node for.
    not_found: usize,
}

impl std::fmt::Display for Tour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tour {
            nodes,
            instances,
            moved,
            softly,
            stayed,
            not_found,
        } = self;
        write!(f, "{nodes} nodes, {instances} instances: {moved} moved")?;
        if *softly > 0 {
            write!(f, " ({softly} of them with --ignore-soft-errors)")?;
        }
        write!(f, ", {} stayed", stayed.len())?;
        if *not_found > 0 {
            write!(f, " ({not_found} need not have)")?;
        }
        Ok(())
    }
}

/// The instances of a document that cannot move, each with its reason.
fn unmovable(document: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = document["unmovable"].as_array().unwrap().iter();
    all.map(|one| (text(&one["instance"]), text(&one["reason"])))
        .collect()
}

/// Lets an allocator empty each node of a cluster in turn. Whatever it plans has to be carried out, and
/// whatever it plans not has to have a reason.
fn tour(lab: &Lab, allocator: &str) -> Tour {
    let config = lab.store().config().unwrap();
    let mut tour = Tour {
        nodes: config.nodes.len(),
        instances: config.instances.len(),
        ..Tour::default()
    };
    // As an operator does: first what is dead.
    let mut nodes: Vec<_> = config.nodes_by_name().collect();
    nodes.sort_by_key(|node| !node.offline);
    for node in &nodes {
        let evacuate = |more: &[&str]| {
            let words = ["gnt-node", "evacuate", "-f", "--json", "--allow-partial"];
            let words = words.iter().chain(more);
            let output = lab.run(words.chain([&node.name.as_str()]));
            let document = output.json();
            assert!(document["error"].is_null(), "{}: {output:#?}", node.name);
            document
        };
        let built_in = unmovable(&evacuate(&["--dry-run", "-I", "built-in"]));
        let by_it = |more: &[&str]| {
            let document = evacuate(&[&["-I", allocator], more].concat());
            let counts = |key: &str| document["summary"][key].as_u64().unwrap();
            for wrong in ["failed", "refused", "canceled"] {
                assert_eq!(counts(wrong), 0, "{}: {document:#}", node.name);
            }
            (counts("succeeded"), unmovable(&document))
        };
        let (mut moved, mut stayed) = by_it(&[]);
        if stayed
            .keys()
            .any(|instance| !built_in.contains_key(instance))
        {
            let softly;
            (softly, stayed) = by_it(&["--ignore-soft-errors"]);
            tour.softly += softly;
            moved += softly;
        }
        tour.moved += moved;
        for (instance, reason) in stayed {
            tour.not_found += usize::from(!built_in.contains_key(&instance));
            tour.stayed
                .push(format!("{}: {instance}: {reason}", node.name));
        }
    }
    lab.run(["gnt-cluster", "verify-config"]).exits(0);
    // What had to stay on a dead node does not run.
    if nodes.iter().all(|node| !node.offline) {
        lab.verify_clean();
    }
    tour
}

/// The files of a directory in order, without its explanations.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|ext| ext == "json" || ext == "data")
    });
    files.sort();
    assert!(!files.is_empty(), "{} is empty", dir.display());
    files
}

#[test]
fn hail_empties_each_node_of_a_cluster_in_turn() {
    if !hail_is_installed() {
        return;
    }
    let lab = Lab::sample(6, 30, 0);
    let tour = tour(&lab, "hail");
    assert_eq!(tour.stayed, Vec::<String>::new());
    assert!(tour.moved >= 30, "{tour:?}");
    lab.run(["gnt-cluster", "verify"]).exits(0);
}

#[test]
fn hail_empties_each_node_of_each_imported_cluster() {
    if !hail_is_installed() {
        return;
    }
    for file in files(&cluster_files()) {
        let lab = Lab::imported(&file, 0);
        let tour = tour(&lab, "hail");
        eprintln!("{}: {tour}", file.display());
        assert!(tour.nodes > 1 && tour.moved > 0, "{tour:?}");
        assert_eq!(tour.not_found, 0, "{tour:#?}");
    }
}

/// Tries clusters of one's own, and says of each file of a directory what came of it:
/// `GNT_CLUSTER_FILES=… cargo test --test allocators -- --ignored --nocapture each_file`.
#[test]
#[ignore = "reads the directory that GNT_CLUSTER_FILES names"]
fn hail_empties_each_node_of_each_file_of_a_directory() {
    assert!(hail_is_installed());
    let dir = std::env::var_os("GNT_CLUSTER_FILES").expect("GNT_CLUSTER_FILES names a directory");
    for file in files(Path::new(&dir)) {
        let name = file.file_name().unwrap().display();
        let lab = Lab::new();
        let import = ["gnt-cluster".as_ref(), "import".as_ref(), file.as_os_str()];
        let output = lab.run(import);
        if output.code != 0 {
            let said: Vec<&str> = output.stderr.lines().collect();
            println!("{name}: no cluster: {}", said.join(" "));
            continue;
        }
        lab.durations(0);
        match lab.store().config().unwrap().nodes.len() {
            0 | 1 => println!("{name}: one node, from which nothing can go"),
            _ => {
                let tour = tour(&lab, "hail");
                println!("{name}: {tour}");
                for text in &tour.stayed {
                    println!("  {text}");
                }
            }
        }
    }
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
