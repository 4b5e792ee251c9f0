//! The manual pages and completions that are checked in are those of the command lines.
//!
//! `GNT_BLESS=1 cargo test --test generated` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gnt::cli::generate;

/// The files of a directory of the repository, by their path there.
fn checked_in(root: &Path, dir: &str) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(root.join(dir)).into_iter().flatten().flatten();
    entries
        .map(|entry| Path::new(dir).join(entry.file_name()))
        .collect()
}

#[test]
fn generated_files_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = generate::files().unwrap();
    let made: BTreeSet<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(made.len(), files.len(), "a file is made twice");
    let dirs = [generate::MAN, generate::COMPLETIONS];
    let found: BTreeSet<PathBuf> = dirs.iter().flat_map(|dir| checked_in(root, dir)).collect();
    if std::env::var_os("GNT_BLESS").is_some() {
        for path in found.difference(&made) {
            fs::remove_file(root.join(path)).unwrap();
        }
        for (path, text) in &files {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        return;
    }
    let stale: Vec<_> = files
        .iter()
        .filter(|(path, text)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| path)
        .chain(found.difference(&made))
        .collect();
    assert!(
        stale.is_empty(),
        "run GNT_BLESS=1 cargo test --test generated; these do not match: {stale:?}"
    );
}
