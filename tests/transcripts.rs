//! Transcripts: the commands of each `tests/cli/*.cli`, one a line, run against a sample cluster
//! whose simulator takes no time; what they print and how they end is in `tests/cli/snapshots/`.
//! `INSTA_UPDATE=always cargo test --test transcripts` writes them anew.
//!
//! Standard output stands as it is, lines of standard error begin with `! `. How jobs come along is
//! a matter of luck, so of that only the ends are shown, in the order of the jobs.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test may end where it finds something amiss; it reads its script, and says what it skips"
)]

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

/// What differs from run to run, and what stands for it.
const REDACTED: [(&str, &str); 14] = [
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME"),
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "UUID",
    ),
    (r"(?m)^(  (?:host|pid|uid|user): ).*$", "${1}REDACTED"),
    (r"(?m)^(  (?:database|log) MiB: ).*$", "${1}N"),
    (
        r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}",
        "TIME",
    ),
    (r"(?m)\d+(\.\d)? MiB( are free,|,|$)", "N MiB$2"),
    (r#""(free|database|log)_mib":[\d.]+"#, "\"${1}_mib\":N"),
    (r#""bytes":\d+|"sha256":"[0-9a-f]+""#, "SUM"),
    (r"\d+\.\d{6} seconds", "N seconds"),
    (r"\bafter \d+ s\b", "after N s"),
    (r"\b\d{19}\b", "NANOSECONDS"),
    (r"pid \d+", "pid N"),
    (r"uid \d+", "uid N"),
    (r"\S*/\.tmp\w+", "TEMP"),
];

struct Lab {
    temp: tempfile::TempDir,
    /// Tools with a driver beside them.
    tools: Option<tempfile::TempDir>,
}

impl Lab {
    /// One without a cluster.
    fn empty() -> Lab {
        Lab {
            temp: tempfile::tempdir().unwrap(),
            tools: None,
        }
    }

    fn new() -> Lab {
        let lab = Lab::empty();
        lab.run("gnt-cluster init demo --sample --nodes 4 --instances 8");
        lab.run(
            "gnt-cluster modify --simulator start=0,stop=0,reboot=0,migrate=0,sync=0,sync_per_gib=0",
        );
        lab
    }

    /// What a line of shell prints and how it ends.
    fn run(&self, line: &str) -> String {
        let tools = match &self.tools {
            Some(tools) => tools.path().to_owned(),
            None => cargo_bin("gnt-node").parent().map(PathBuf::from).unwrap(),
        };
        let path = format!("{}:/usr/bin:/bin", tools.display());
        let output = Command::new("/bin/sh")
            .args(["-c", line])
            .current_dir(self.temp.path())
            .env_clear()
            .env("PATH", path)
            .env("TZ", "UTC")
            .env("GNT_STATE_DIR", self.temp.path().join("state"))
            .output()
            .unwrap();
        let mut text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        for line in calm(&errors) {
            writeln!(text, "! {line}").unwrap();
        }
        match output.status.code() {
            Some(0) => {}
            Some(code) => writeln!(text, "[exit {code}]").unwrap(),
            None => text.push_str("[killed]\n"),
        }
        text
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.run("gnt-cluster queue hold; gnt-cluster modify --runner-idle 0");
    }
}

/// The lines without the states through which jobs come, and the ends of jobs in order.
fn calm(errors: &str) -> Vec<&str> {
    let (mut ends, others): (Vec<&str>, Vec<&str>) =
        (errors.lines()).partition(|line| line.starts_with("job ") && line.contains("): "));
    ends.retain(|line| {
        (["success", "error", "canceled"].iter()).any(|state| line.ends_with(state))
    });
    ends.sort_by_key(|line| {
        let number = line.split(' ').nth(1).unwrap_or_default();
        number.parse::<u64>().unwrap_or(u64::MAX)
    });
    ends.into_iter().chain(others).collect()
}

fn transcript(name: &str, lab: &Lab) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let script = std::fs::read_to_string(folder.join(format!("{name}.cli"))).unwrap();
    let mut text = String::new();
    for line in script.lines().filter(|line| !line.is_empty()) {
        match line.starts_with('#') {
            true => writeln!(text, "{line}").unwrap(),
            false => writeln!(text, "$ {line}\n{}", lab.run(line)).unwrap(),
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder.join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, word) in REDACTED {
        settings.add_filter(pattern, word);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Three machines of the driver in Python, with guests on the first: `node1` has what `machines.cli` adopts.
fn machines() -> Option<Lab> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: the driver in Python (python3 is not installed)");
        return None;
    }
    let beside = cargo_bin("gnt-node").parent().map(PathBuf::from).unwrap();
    let tools = tempfile::tempdir_in(&beside).unwrap();
    let names = ["cluster", "instance", "job", "node", "runner"].map(|name| format!("gnt-{name}"));
    for name in &names {
        std::fs::hard_link(beside.join(name), tools.path().join(name)).unwrap();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let driver = tools.path().join("gnt-json");
    std::fs::copy(root.join("tests/driver/gnt-json"), &driver).unwrap();
    std::fs::set_permissions(&driver, PermissionsExt::from_mode(0o755)).unwrap();
    let lab = Lab {
        temp: tempfile::tempdir().unwrap(),
        tools: Some(tools),
    };
    let guest = |nr: u32, name: &str, state: &str, autostart: bool| {
        let uuid = format!("00000000-0000-4000-8000-00000000000{nr}");
        let disk = lab.temp.path().join(format!("disks/{name}.img"));
        let definition =
            json!({"uuid": uuid, "name": name, "memory": 512, "vcpus": 1, "disks": [disk]});
        let guest = json!({"state": state, "autostart": autostart, "cluster": null, "mover": null,
            "transfer": null, "abort": false, "definition": definition.to_string()});
        (uuid, guest)
    };
    let guests = serde_json::Map::from_iter([
        guest(1, "web", "running", true),
        guest(2, "db", "running", false),
        guest(3, "old", "stopped", false),
    ]);
    let node = |guests: &Value| json!({"memory": 4096, "cpus": 4, "guests": guests});
    let none = json!({});
    let world = json!({"node1": node(&json!(guests)), "node2": node(&none), "node3": node(&none)});
    std::fs::write(lab.temp.path().join("world.json"), world.to_string()).unwrap();
    std::fs::create_dir(lab.temp.path().join("disks")).unwrap();
    for name in ["web", "db", "old", "new"] {
        std::fs::write(lab.temp.path().join(format!("disks/{name}.img")), "").unwrap();
    }
    Some(lab)
}

#[test]
fn machines_of_a_driver() {
    if let Some(lab) = machines() {
        transcript("machines", &lab);
    }
}

macro_rules! transcripts {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            transcript(stringify!($name), &Lab::new());
        })*
    };
}

transcripts! { lists nodes instances jobs groups refusals databases tags job_files allocators backups filters modify disks regroup batch watcher doctor left_out verify maintenance rolling deadlines parameters homecoming quiet }

/// A command of the guide and what it prints, as a reader sees it: how it went, then the result.
fn as_seen(entry: &str) -> String {
    let (command, said) = entry.split_once('\n').unwrap_or((entry, ""));
    let (errors, data): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| line.starts_with("! "));
    let errors = errors.into_iter().map(|line| &line[2..]);
    let lines = std::iter::once(command).chain(errors).chain(data);
    lines.map(|line| format!("{line}\n")).collect()
}

/// `GNT_BLESS=1` writes what the commands of the guide print anew.
#[test]
fn guide() {
    transcript("guide", &Lab::empty());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let snapshot = std::fs::read_to_string(root.join("tests/cli/snapshots/guide.snap")).unwrap();
    let (_, body) = snapshot.split_once("---\n$ ").unwrap();
    let mut entries = body.split("\n$ ").map(|entry| {
        let entry = entry.trim_end();
        (
            entry.lines().next().unwrap_or_default(),
            as_seen(&format!("$ {entry}")),
        )
    });
    let path = root.join("docs/guide.md");
    let guide = std::fs::read_to_string(&path).unwrap();
    let mut fresh = String::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        writeln!(fresh, "{line}").unwrap();
        if line != "```console" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
            let (run, seen) = entries.next().unwrap_or_default();
            assert_eq!(
                command, run,
                "tests/cli/guide.cli runs the guide's commands in their order"
            );
            fresh.push_str(&seen);
        }
        fresh.push_str("```\n");
    }
    assert_eq!(
        entries.next(),
        None,
        "the guide lacks a command of tests/cli/guide.cli"
    );
    if std::env::var_os("GNT_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let hint = "GNT_BLESS=1 cargo test --test transcripts guide writes it anew";
    let guide = std::fs::read_to_string(&path).unwrap();
    assert!(guide == fresh, "docs/guide.md is stale; {hint}");
}
