//! What the documents point at is there: files, links, and the names in the source that the
//! architecture's text tells of.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss; it reads documents and sources"
)]

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The README, the changelog and all of `docs/`.
fn documents() -> Vec<PathBuf> {
    let docs = fs::read_dir(Path::new(ROOT).join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = docs
        .filter(|path| path.extension().is_some_and(|ext| ext == "md"))
        .collect();
    all.extend(["README.md", "CHANGELOG.md"].map(|name| Path::new(ROOT).join(name)));
    all
}

/// The text of all sources.
fn sources() -> String {
    let mut text = String::new();
    let mut folders = vec![Path::new(ROOT).join("src"), Path::new(ROOT).join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn links_lead_somewhere() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let links = text.split("](").skip(1);
        let links = links.filter_map(|rest| rest.split_once(')').map(|(link, _)| link));
        for link in links.filter(|link| !link.contains("://")) {
            let file = link.split('#').next().unwrap();
            let there = document.parent().unwrap().join(file).exists();
            assert!(there, "{}: {link}", document.display());
        }
    }
}

#[test]
fn files_that_are_told_of_are_there() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let ours = |word: &&str| {
            let folders = [
                "src/",
                "tests/",
                "docs/",
                "packaging/",
                "man/",
                "completions/",
            ];
            let plain = !word.contains(['*', ' ', '<']);
            plain && folders.iter().any(|folder| word.starts_with(folder))
        };
        for file in quoted(&text).filter(ours) {
            let there = Path::new(ROOT).join(file).exists();
            assert!(there, "{}: {file}", document.display());
        }
    }
}

#[test]
fn names_of_the_architecture_are_in_the_source() {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/architecture.md")).unwrap();
    let sources = sources();
    let mut count = 0;
    let is_name = |word: &&str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        word.chars().all(letters) && !word.is_empty()
    };
    for name in quoted(&text).filter(is_name) {
        for part in name.split("::") {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let found = sources.match_indices(part).any(|(at, _)| {
                let before = sources[..at].chars().next_back();
                let after = sources[at + part.len()..].chars().next();
                !before.is_some_and(word) && !after.is_some_and(word)
            });
            assert!(found, "{name} is nowhere in the source");
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}
