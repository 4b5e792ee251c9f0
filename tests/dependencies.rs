//! What the program is made of: under which licences, from where, and what is there twice. Needs no
//! network. `cargo deny`, where it is installed, looks at the same and at advisories.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Licences that ask for no more than to be named.
const LICENCES: [&str; 9] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "Unlicense",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
];

/// Where packages may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What is there in more than one version, and why.
const TWICE: &[(&str, &str)] = &[];

fn metadata() -> Vec<Value> {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", &platform])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let used: BTreeSet<String> = (all["resolve"]["nodes"].as_array().unwrap().iter())
        .map(|node| node["id"].as_str().unwrap().to_owned())
        .collect();
    let Value::Array(mut packages) = all["packages"].take() else {
        panic!("no packages");
    };
    packages.retain(|package| used.contains(package["id"].as_str().unwrap()));
    assert!(packages.len() > 20);
    packages
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

/// Whether one may choose allowed licences throughout.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace(['(', ')'], " ").replace('/', " OR ");
    // Parentheses only ever stand around choices here: every part of an `AND` is one.
    expression
        .split(" AND ")
        .all(|part| part.split(" OR ").any(|one| LICENCES.contains(&one.trim())))
}

#[test]
fn every_licence_is_allowed() {
    for package in metadata() {
        let (name, licence) = (text(&package, "name"), text(&package, "license"));
        assert!(allowed(licence), "{name} is under {licence:?}");
    }
}

#[test]
fn licences_are_chosen_as_they_are_written() {
    for yes in [
        "MIT",
        "GPL-3.0 OR MIT",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "MIT/Apache-2.0",
    ] {
        assert!(allowed(yes), "{yes}");
    }
    for no in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR ISC) AND LGPL-2.1",
    ] {
        assert!(!allowed(no), "{no}");
    }
}

#[test]
fn everything_is_from_the_registry_and_has_a_checksum() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let mut count = 0;
    for package in lock.split("[[package]]").skip(1) {
        let has = |line: &str| package.lines().any(|l| l.starts_with(line));
        // Ours lie in this repository.
        if has("name = \"gnt\"") || has("name = \"gnt-") {
            continue;
        }
        assert!(has(&format!("source = \"{REGISTRY}\"")), "{package}");
        assert!(has("checksum = \""), "{package}");
        count += 1;
    }
    assert!(count > 20);
}

#[test]
fn what_is_there_twice_is_known() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in metadata() {
        let (name, version) = (text(&package, "name"), text(&package, "version"));
        versions
            .entry(name.to_owned())
            .or_default()
            .insert(version.to_owned());
    }
    let twice: BTreeSet<&str> = (versions.iter())
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, _)| name.as_str())
        .collect();
    let known: BTreeSet<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    assert_eq!(twice, known, "{versions:?}");
}
