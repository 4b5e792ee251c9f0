//! What is installed is complete, and the units and the example for cron say what the tools understand.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use gnt::cli::generate::{completions, man_pages, tools};
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn built() -> PathBuf {
    cargo_bin("gnt-node").parent().unwrap().to_owned()
}

/// What reaches hypervisors. Each is a package of its own, which this test's own does not build.
const DRIVERS: [&str; 1] = ["gnt-libvirt"];

/// Builds the drivers, as the tools were built.
fn build_drivers() {
    let built = built();
    let profile = match built.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        named => named,
    };
    for driver in DRIVERS {
        run(Command::new(env!("CARGO"))
            .args(["build", "--locked", "--offline", "--package", driver])
            .args(["--profile", profile, "--target-dir"])
            .arg(built.parent().unwrap())
            .current_dir(ROOT));
    }
}

/// The tools and the runner, as they are built.
fn programs() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = (tools().iter())
        .map(|tool| tool.get_name().to_owned())
        .collect();
    // The runner, and those that only say that they are left out.
    names.extend(["gnt-runner", "gnt-network", "gnt-os"].map(str::to_owned));
    let sources = fs::read_dir(Path::new(ROOT).join("src/bin")).unwrap();
    let built: BTreeSet<String> = sources
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, built);
    names
}

#[track_caller]
fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}

fn make(target: &str, image: &Path, prefix: &Path) {
    build_drivers();
    run(Command::new("make")
        .arg("-s")
        .arg(target)
        .arg(format!("DESTDIR={}", image.display()))
        .arg(format!("PREFIX={}", prefix.display()))
        .arg(format!("BUILT={}", built().display()))
        .current_dir(ROOT));
}

fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap();
                found.insert(name.to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn make_installs_everything_and_takes_it_away_again() {
    let temp = tempfile::tempdir().unwrap();
    make("install", temp.path(), Path::new("/usr"));
    let installed = files(&temp.path().join("usr"));
    let has = |path: String| assert!(installed.contains(&path), "{path} of {installed:?}");
    for name in programs().iter().map(String::as_str).chain(DRIVERS) {
        has(format!("bin/{name}"));
    }
    for page in man_pages().unwrap() {
        has(format!("share/man/man8/{}", page.name));
    }
    for file in completions().unwrap() {
        let folder = match file.name.as_str() {
            name if name.starts_with('_') => "zsh/site-functions",
            name if name.ends_with(".fish") => "fish/vendor_completions.d",
            _ => "bash-completion/completions",
        };
        has(format!("share/{folder}/{}", file.name));
    }
    has("lib/systemd/system/gnt-runner.service".to_owned());
    has("share/doc/gnt/service.md".to_owned());
    has("share/doc/gnt/schema/operation.json".to_owned());
    let version = run(Command::new(temp.path().join("usr/bin/gnt-node")).arg("--version"));
    assert!(
        String::from_utf8(version.stdout)
            .unwrap()
            .starts_with("gnt-node")
    );
    make("uninstall", temp.path(), Path::new("/usr"));
    assert_eq!(files(&temp.path().join("usr")), BTreeSet::new());
}

#[test]
fn units_are_understood_by_systemd() {
    let temp = tempfile::tempdir().unwrap();
    // The commands that they name are looked for.
    make("install", Path::new(""), &temp.path().join("usr"));
    let units = temp.path().join("usr/lib/systemd/system");
    let names = files(&units);
    assert_eq!(names.len(), 3);
    let mut command = Command::new("systemd-analyze");
    command.arg("verify");
    command.args(names.iter().map(|name| units.join(name)));
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: systemd-analyze: {error}");
            return;
        }
    };
    let said = String::from_utf8(output.stderr).unwrap();
    // The pages are not where `man` looks for them.
    let ours = said.lines().filter(|line| line.contains("gnt-"));
    let wrong: Vec<&str> = ours
        .filter(|line| !line.contains("Command 'man "))
        .collect();
    assert_eq!(wrong, [""; 0], "{said}");
}

/// The words of each command of ours in a text.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = |word: &&str| word.contains("gnt-") && !word.contains("gnt-watcher");
    words
        .filter(|words| !words.iter().any(|word| word.starts_with("Documentation")))
        .filter_map(|words| {
            let at = words.iter().position(ours)?;
            let name = words[at].rsplit(['/', '=']).next().unwrap();
            let rest = words[at + 1..].iter().map(|word| (*word).to_owned());
            Some([name.to_owned()].into_iter().chain(rest).collect())
        })
        .collect()
}

#[test]
fn units_and_cron_say_what_the_tools_understand() {
    let mut count = 0;
    for entry in fs::read_dir(Path::new(ROOT).join("packaging")).unwrap() {
        let path = entry.unwrap().path();
        for words in commands(&fs::read_to_string(&path).unwrap()) {
            let known = tools().into_iter().chain([gnt::runner::command()]);
            let mut known = known.filter(|tool| tool.get_name() == words[0]);
            let parsed = known.next().unwrap().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "{}: {words:?}", path.display());
            count += 1;
        }
    }
    assert_eq!(count, 4);
}

/// Whether a file's path is one that an asset's pattern, with at most one `*`, names.
fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => {
            let rest = path
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after));
            rest.is_some_and(|rest| !rest.contains('/'))
        }
    }
}

#[test]
fn the_package_has_what_make_installs() {
    let output = run(Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(ROOT));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|package| package["name"] == "gnt").unwrap();
    let deb = &package["metadata"]["deb"];
    assert_eq!(deb["conflicts"], "ganeti");
    let assets = deb["assets"].as_array().unwrap();
    let patterns: Vec<&str> = assets
        .iter()
        .map(|asset| asset[0].as_str().unwrap())
        .collect();
    let mut wanted: BTreeSet<String> = BTreeSet::from(["README.md".into(), "CHANGELOG.md".into()]);
    for folder in ["man", "completions", "packaging", "docs"] {
        let names = files(&Path::new(ROOT).join(folder)).into_iter();
        wanted.extend(names.map(|name| format!("{folder}/{name}")));
    }
    wanted.extend(
        (programs().iter().map(String::as_str))
            .chain(DRIVERS)
            .map(|name| format!("target/release/{name}")),
    );
    for path in &wanted {
        let named = patterns
            .iter()
            .filter(|pattern| matches(pattern, path))
            .count();
        assert_eq!(named, 1, "{path}");
    }
    for pattern in patterns {
        assert!(
            wanted.iter().any(|path| matches(pattern, path)),
            "{pattern}"
        );
    }
}
