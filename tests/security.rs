//! The state directory is its owner's alone, and what others wrote is data.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics; it reads and writes what it likes"
)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use common::{Lab, Output, Running, tool, wait_for};
use nix::sys::stat::Mode;
use serde_json::{Value, json};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// All that is below a directory.
fn below(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

#[track_caller]
fn refused(output: Output, code: i32, words: &str) -> Output {
    let output = output.exits(code);
    assert!(output.stderr.contains(words), "{words}: {output:#?}");
    output
}

/// The small files, by which tools and runner meet, and the databases.
const FILES: [&str; 7] = [
    "gnt.db",
    "gnt.db-wal",
    "gnt.db-shm",
    "runner.log",
    "runner.lock",
    "write.lock",
    "write.next",
];

/// A cluster whose runner has worked and gone, so that all files are there.
fn used() -> Lab {
    let lab = Lab::sample(3, 3, 0);
    lab.run(["gnt-cluster", "modify", "--runner-idle", "0"])
        .exits(0);
    lab.run(["gnt-debug", "delay", "0"]).exits(0);
    wait_for("the runner's end", || {
        lab.runner_pid().is_none().then_some(())
    });
    lab
}

#[test]
fn private_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let lab = Lab::new();
        let dir = lab.temp.path().join("deep/er/state");
        let export = lab.temp.path().join("export.json");
        let run = |words: &[&str]| {
            let script = format!("umask {umask}; exec \"$0\" \"$@\"");
            let mut line = vec![
                "-c".to_owned(),
                script,
                tool(words[0]).display().to_string(),
            ];
            line.extend(words[1..].iter().map(|word| (*word).to_owned()));
            let output = std::process::Command::new("/bin/sh")
                .args(line)
                .env("GNT_STATE_DIR", &dir)
                .stdin(std::process::Stdio::null())
                .output()
                .unwrap();
            assert!(output.status.success(), "{words:?}: {output:?}");
        };
        run(&["gnt-cluster", "init", "demo", "--sample"]);
        run(&["gnt-debug", "delay", "0"]);
        // An old export that everybody could read.
        fs::write(&export, "{}").unwrap();
        chmod(&export, 0o644);
        run(&["gnt-cluster", "export", "-o", export.to_str().unwrap()]);
        // While the runner lives; its log, its locks and SQLite's files are there.
        let found = below(&lab.temp.path().join("deep"));
        for name in FILES.iter().chain(&["wake", "wake/runner", "reality-1.db"]) {
            assert!(found.contains(&dir.join(name)), "{name}: {found:?}");
        }
        for path in found {
            let wanted = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), wanted, "umask {umask}: {}", path.display());
        }
        assert_eq!(mode(&lab.temp.path().join("deep")), 0o700);
        assert_eq!(mode(&export), 0o600);
    }
}

#[test]
fn a_directory_of_ones_own_is_closed_if_nothing_else_is_in_it() {
    for (other, wanted) in [(None, 0o700), (Some("other"), 0o755)] {
        let lab = Lab::new();
        fs::create_dir(lab.path()).unwrap();
        chmod(lab.path(), 0o755);
        if let Some(name) = other {
            fs::write(lab.path().join(name), "").unwrap();
        }
        lab.run(["gnt-cluster", "init"]).exits(0);
        assert_eq!(mode(lab.path()), wanted);
        assert_eq!(mode(&lab.dir.database()), 0o600);
    }
}

#[test]
fn what_others_can_write_is_refused_until_it_is_closed() {
    let lab = used();
    let list = || lab.run(["gnt-node", "list"]);
    let mut paths: Vec<PathBuf> = FILES.iter().map(|name| lab.path().join(name)).collect();
    paths.push(lab.path().to_owned());
    for path in paths {
        let before = mode(&path);
        for open in [0o020, 0o002, 0o022] {
            chmod(&path, before | open);
            let said = format!(
                "error: {} cannot be trusted: others can write it",
                path.display()
            );
            let output = refused(list(), 5, &said);
            // The hint is a command that helps.
            let hint = output.stderr.split("hint: ").nth(1).unwrap();
            let command = hint.split(" closes it").next().unwrap();
            assert!(command.starts_with("chmod go-w "), "{output:#?}");
            let run = std::process::Command::new("/bin/sh")
                .args(["-c", command])
                .status();
            assert!(run.unwrap().success());
            list().exits(0);
        }
        chmod(&path, before);
    }
    // The simulator's file is asked for where it is used.
    let reality = lab.path().join("reality-1.db");
    chmod(&reality, 0o666);
    let output = lab.run(["gnt-node", "list", "-o", "name,mfree"]);
    let output = match output.code {
        0 => lab.run(["gnt-debug", "delay", "0"]),
        _ => output,
    };
    assert_ne!(output.code, 0);
    assert!(
        output.stderr.contains("reality-1.db cannot be trusted"),
        "{output:#?}"
    );
}

#[test]
fn a_way_that_everybody_can_turn_is_refused() {
    let lab = Lab::new();
    let open = lab.temp.path().join("open");
    fs::create_dir(&open).unwrap();
    let dir = open.join("inner/state");
    let run = |words: &[&str]| {
        let mut words = words.to_vec();
        words.extend(["--state-dir", dir.to_str().unwrap()]);
        lab.run(words)
    };
    run(&["gnt-cluster", "init"]).exits(0);
    chmod(&open, 0o777);
    let output = refused(run(&["gnt-node", "list"]), 5, "everybody can replace it in");
    assert!(
        output
            .stderr
            .contains(&format!("chmod +t {}", open.display())),
        "{output:#?}"
    );
    // As /tmp is; or for a group that one has chosen.
    for mode in [0o1777, 0o775] {
        chmod(&open, mode);
        run(&["gnt-node", "list"]).exits(0);
    }
    // A link leads to it all the same.
    chmod(&open, 0o777);
    let link = lab.temp.path().join("link");
    symlink(&dir, &link).unwrap();
    let output = lab.run(["gnt-node", "list", "--state-dir", link.to_str().unwrap()]);
    refused(output, 5, "everybody can replace it in");
}

#[test]
fn the_directory_itself_may_be_reached_by_a_link() {
    let lab = used();
    let link = lab.temp.path().join("link");
    symlink(lab.path(), &link).unwrap();
    let link = link.to_str().unwrap();
    lab.run(["gnt-debug", "delay", "0", "--state-dir", link])
        .exits(0);
    assert_eq!(lab.store().jobs().unwrap().len(), 2);
}

#[test]
fn links_and_pipes_in_the_directory_are_neither_followed_nor_waited_for() {
    for name in FILES.iter().copied().chain(["reality-1.db", "wake"]) {
        let lab = used();
        let path = lab.path().join(name);
        let aside = lab.temp.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let victim = lab.temp.path().join("victim");
        for target in ["victim", "missing", "aside"] {
            fs::write(&victim, "precious").unwrap();
            symlink(lab.temp.path().join(target), &path).unwrap();
            let output = lab.run(["gnt-cluster", "import", "--replace", "/dev/null"]);
            assert_ne!(output.code, 0);
            if !matches!(name, "wake" | "reality-1.db") {
                let said = format!(
                    "{} cannot be trusted: it is a symbolic link",
                    path.display()
                );
                refused(lab.run(["gnt-debug", "delay", "--submit", "0"]), 5, &said);
                refused(lab.run(["gnt-cluster", "init"]), 5, &said);
            }
            assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{name}");
            assert!(!lab.temp.path().join("missing").exists(), "{name}");
            fs::remove_file(&path).unwrap();
        }
        if name == "wake" {
            continue;
        }
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
        let said = format!(
            "{} cannot be trusted: it is not a regular file",
            path.display()
        );
        match name {
            // Waited for by the runner alone, whose words a client passes on.
            "reality-1.db" => refused(lab.run(["gnt-debug", "delay", "0"]), 1, &said),
            _ => refused(lab.run(["gnt-debug", "delay", "0"]), 5, &said),
        };
        assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
    }
}

#[test]
fn wake_files_that_are_pipes_keep_nobody() {
    let lab = used();
    for name in (0..32).map(|nr| nr.to_string()).chain(["all".to_owned()]) {
        let path = lab.path().join(format!("wake/{name}"));
        let _ = fs::remove_file(&path);
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
    }
    let clients: Vec<Running> = (0..3)
        .map(|_| lab.spawn(["gnt-debug", "delay", "0.1"]))
        .collect();
    for client in clients {
        client.finish().exits(0);
    }
}

#[test]
fn an_export_is_written_through_no_link() {
    let lab = used();
    let victim = lab.temp.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let to = lab.temp.path().join("export.json");
    for name in ["export.json", "export.json.new"] {
        symlink(&victim, lab.temp.path().join(name)).unwrap();
    }
    lab.run(["gnt-cluster", "export", "-o", to.to_str().unwrap()])
        .exits(0);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(fs::symlink_metadata(&to).unwrap().is_file());
}

#[test]
fn another_users_directory_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        // Only root can give files away; what belongs to root is another user's.
        let lab = Lab::new();
        let output = lab.run(["gnt-cluster", "init", "--state-dir", "/usr"]);
        refused(output, 5, "/usr cannot hold a cluster: it belongs to uid 0");
        return;
    }
    let lab = used();
    let chown = |path: &Path, uid: u32| std::os::unix::fs::chown(path, Some(uid), None).unwrap();
    chown(lab.path(), 12_345);
    let said = "cannot hold a cluster: it belongs to uid 12345, and you are uid 0";
    refused(lab.run(["gnt-node", "list"]), 5, said);
    chown(lab.path(), 0);
    for name in FILES {
        let path = lab.path().join(name);
        chown(&path, 12_345);
        let said = format!(
            "{} cannot be trusted: it belongs to uid 12345",
            path.display()
        );
        refused(lab.run(["gnt-node", "list"]), 5, &said);
        chown(&path, 0);
    }
    lab.run(["gnt-node", "list"]).exits(0);
}

// --------------------------------------------------------------------- secrets

/// What nobody is to read anywhere but in an export.
const SECRET: &str = "Hu7xQz-secret";

/// A cluster of a drbd instance with secrets wherever Ganeti has them.
fn with_secrets() -> (Lab, Value) {
    let lab = Lab::sample(3, 4, 0);
    let mut value = lab.run(["gnt-cluster", "export"]).exits(0).json();
    lab.run(["gnt-cluster", "destroy", "--yes-do-it"]).exits(0);
    let disks = value["disks"].as_object_mut().unwrap();
    for disk in disks.values_mut().filter(|disk| disk["dev_type"] == "drbd") {
        disk["logical_id"][5] = json!(SECRET);
    }
    for instance in value["instances"].as_object_mut().unwrap().values_mut() {
        instance["osparams_private"] = json!({"root_password": SECRET});
    }
    value["cluster"]["osparams_private_cluster"] = json!({"os": {"password": SECRET}});
    (lab, value)
}

fn import(lab: &Lab, value: &Value) -> Output {
    let path = lab.temp.path().join("cluster.json");
    fs::write(&path, value.to_string()).unwrap();
    lab.run(["gnt-cluster", "import", "--replace", path.to_str().unwrap()])
}

#[track_caller]
fn silent(output: &Output) {
    assert!(!output.stdout.contains(SECRET), "{output:#?}");
    assert!(!output.stderr.contains(SECRET), "{output:#?}");
}

#[test]
fn secrets_are_in_the_export_alone() {
    let (lab, value) = with_secrets();
    assert!(value.to_string().matches(SECRET).count() > 6);
    silent(&import(&lab, &value).exits(0));
    lab.durations(0);
    let fields = |tool: &str| {
        let fields = lab
            .run([tool, "list-fields", "--no-headers", "--separator", "|"])
            .stdout;
        let names = fields
            .lines()
            .map(|line| line.split('|').next().unwrap().to_owned());
        names.collect::<Vec<_>>().join(",")
    };
    for tool in ["gnt-instance", "gnt-node", "gnt-job"] {
        let fields = fields(tool);
        for more in [&[][..], &["--json"]] {
            let words = [tool, "list", "-o", &fields]
                .into_iter()
                .chain(more.iter().copied());
            silent(&lab.run(words).exits(0));
        }
    }
    let commands: [&[&str]; 9] = [
        &["gnt-instance", "info", "--all"],
        &["gnt-instance", "info", "inst1"],
        &["gnt-node", "info"],
        &["gnt-group", "info"],
        &["gnt-cluster", "info"],
        &["gnt-cluster", "history"],
        &["gnt-cluster", "verify-config"],
        &["gnt-node", "evacuate", "-f", "--allow-partial", "node1"],
        &["gnt-job", "list", "-o", "+ops,opresult"],
    ];
    for words in commands {
        silent(&lab.run(words));
        silent(&lab.run(words.iter().copied().chain(["--json"])));
    }
    let store = lab.store();
    for job in store.jobs().unwrap() {
        let id = job.id.to_string();
        silent(&lab.run(["gnt-job", "info", &id]));
        silent(&lab.run(["gnt-job", "watch", &id]));
    }
    let log = fs::read_to_string(lab.dir.runner_log()).unwrap();
    assert!(!log.contains(SECRET), "{log}");
    // They are kept.
    let exported = lab.run(["gnt-cluster", "export"]).exits(0).stdout;
    assert!(exported.contains(SECRET));
}

/// A file with something wrong at any place is refused or taken, and its secrets are told by no error.
#[test]
fn errors_tell_no_secrets() {
    let (_, value) = with_secrets();
    // A word that is none of those that there are is named; where secrets stand nothing is.
    let hold_secrets = [
        "logical_id",
        "physical_id",
        "osparams_private",
        "osparams_private_cluster",
    ];
    let nested = [json!([[SECRET]]), json!({"key": {"key": SECRET}})];
    let plain = [
        json!(SECRET),
        json!([SECRET]),
        json!([SECRET, 1, null, SECRET]),
    ];
    for section in ["cluster", "nodegroups", "nodes", "instances", "disks"] {
        let objects = value[section].as_object().unwrap();
        let (object, path) = match section {
            "cluster" => (objects, None),
            _ => {
                let (uuid, first) = objects.iter().next().unwrap();
                (first.as_object().unwrap(), Some(uuid))
            }
        };
        for key in object.keys() {
            let plain = plain
                .iter()
                .filter(|_| hold_secrets.contains(&key.as_str()));
            for wrong in nested.iter().chain(plain) {
                let mut changed = value.clone();
                match path {
                    Some(uuid) => changed[section][uuid][key] = wrong.clone(),
                    None => changed[section][key] = wrong.clone(),
                }
                let text = changed.to_string();
                let said = match gnt::cluster::import::read(text.as_bytes(), "file") {
                    Ok(imported) => imported.notes.join("\n"),
                    Err(error) => error.to_string(),
                };
                assert!(!said.contains(SECRET), "{section}.{key} {wrong}: {said}");
            }
        }
    }
}

// ------------------------------------------------------------ what others wrote

/// Does things to terminals, shells and formats, and looks like other lines.
const HOSTILE: &str =
    "\u{1b}]0;owned\u{7}\u{9b}2J\r\nerror: forged\u{2028}x\u{202e}y\t%s%n{}$(id)`id`;'\"|../../etc";

/// No line begins with what was forged, and nothing steers a terminal.
#[track_caller]
fn harmless(text: &str) {
    let steers = |c: char| c != '\n' && gnt::text::steers(c);
    assert!(!text.contains(steers), "{text:?}");
    for line in text.lines() {
        assert!(!line.starts_with("error: forged"), "{text:?}");
    }
}

#[test]
fn what_a_job_file_says_is_data() {
    let lab = Lab::sample(3, 3, 0);
    let ops = json!([
        {"OP_ID": "OP_TEST_DUMMY", "messages": [HOSTILE, "WARNING: ".to_owned() + HOSTILE],
         "result": {HOSTILE: HOSTILE}, "comment": HOSTILE, "reason": [[HOSTILE, HOSTILE, 1]]},
        {"OP_ID": "OP_TEST_DUMMY", "submit_jobs": [[{"OP_ID": "OP_INSTANCE_STARTUP",
         "instance_name": HOSTILE}], [{"OP_ID": "OP_TEST_DUMMY", "messages": [HOSTILE]}]]},
        {"OP_ID": "OP_TEST_DUMMY", "fail": HOSTILE},
    ]);
    let path = lab.temp.path().join("job.json");
    fs::write(&path, ops.to_string()).unwrap();
    let submit = [
        "gnt-debug",
        "submit-job",
        "--reason",
        HOSTILE,
        path.to_str().unwrap(),
    ];
    let output = lab.run(submit).exits(1);
    harmless(&output.stdout);
    harmless(&output.stderr);
    assert!(
        output.stderr.contains("?]0;owned?"),
        "shown, if harmlessly: {output:#?}"
    );
    // What it says stands on its line.
    let lines = output.stderr.lines().filter(|line| line.contains("forged"));
    assert!(lines.clone().count() > 1 && lines.clone().all(|line| line.contains("owned")));
    let commands: [&[&str]; 8] = [
        &["gnt-job", "list"],
        &["gnt-job", "list", "-o", "+ops,opresult,oplog,why"],
        &["gnt-job", "list", "--separator", "|"],
        &["gnt-job", "info", "1", "2", "3"],
        &["gnt-job", "watch", "1"],
        &["gnt-job", "cancel", "1"],
        &["gnt-cluster", "history"],
        &["gnt-debug", "locks"],
    ];
    for words in commands {
        let output = lab.run(words);
        harmless(&output.stdout);
        harmless(&output.stderr);
    }
    let rows = lab.run(["gnt-job", "list", "--no-headers"]).exits(0);
    assert_eq!(rows.stdout.lines().count(), 3, "a line a job: {rows:#?}");
    // Documents are data: all of it is there, and an event is a line.
    for words in [
        ["gnt-job", "watch", "--json-stream", "1"],
        ["gnt-job", "info", "--json", "1"],
    ] {
        let output = lab.run(words);
        let values: Vec<Value> = (output.stdout.lines())
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        let whole = json!(values).to_string();
        assert!(whole.contains("owned"), "{whole}");
        assert!(!output.stdout.contains('\u{1b}'));
    }
    // A unit that fails is not worth a line of the runner's log; whatever is there is one line each.
    let log = fs::read_to_string(lab.dir.runner_log()).unwrap();
    harmless(&log);
    assert!(log.lines().all(|line| line.contains(" pid=")), "{log}");
    // And nobody ran any of it.
    assert!(!Path::new("/etc/gnt.db").exists());
}

#[test]
fn what_an_import_file_says_is_data() {
    let lab = Lab::sample(3, 3, 0);
    let exported = lab.run(["gnt-cluster", "export"]).exits(0).json();
    fn first<'a>(value: &'a mut Value, section: &str) -> &'a mut Value {
        let objects = value[section].as_object_mut().unwrap();
        objects.values_mut().next().unwrap()
    }
    for section in ["nodes", "nodegroups", "instances"] {
        let mut value = exported.clone();
        first(&mut value, section)["name"] = json!(HOSTILE);
        let output = refused(import(&lab, &value), 1, "has control characters");
        harmless(&output.stderr);
    }
    let mut value = exported.clone();
    value["cluster"]["tags"] = json!([HOSTILE]);
    value["cluster"]["ipolicy"][HOSTILE] = json!(HOSTILE);
    for section in ["nodes", "nodegroups", "instances"] {
        let object = first(&mut value, section);
        object["tags"] = json!([HOSTILE]);
        // Not of a kind that means something here.
        object["comment"] = json!(HOSTILE);
    }
    first(&mut value, "instances")["os"] = json!(HOSTILE);
    first(&mut value, "instances")["hvparams"] = json!({HOSTILE: HOSTILE});
    let output = import(&lab, &value).exits(0);
    harmless(&output.stderr);
    let commands: [&[&str]; 9] = [
        &["gnt-node", "list", "-o", "+tags"],
        &["gnt-instance", "list", "-o", "+tags,os"],
        &["gnt-group", "list", "-o", "+tags"],
        &["gnt-node", "info"],
        &["gnt-instance", "info", "--all"],
        &["gnt-group", "info"],
        &["gnt-cluster", "info"],
        &["gnt-cluster", "verify-config"],
        &["gnt-node", "evacuate", "--dry-run", "node1"],
    ];
    for words in commands {
        let output = lab.run(words);
        harmless(&output.stdout);
        harmless(&output.stderr);
    }
}

#[test]
fn the_runners_log_keeps_one_line_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runner.log");
    gnt::runner::log::open(path.clone(), false).unwrap();
    gnt::runner::log::note(None, HOSTILE);
    gnt::runner::log::note(None, &"x".repeat(100_000));
    let log = fs::read_to_string(&path).unwrap();
    harmless(&log);
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.contains("owned") && log.contains("(cut, 100000 bytes in all)"));
}
