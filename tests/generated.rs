//! The manual pages and completions that are checked in are those that the definitions make.
//! `GNT_BLESS=1 cargo test --test generated` writes them anew.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gnt::cli::generate::{Generated, completions, man_pages};

fn compare(folder: &str, files: &[Generated]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if std::env::var_os("GNT_BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for file in files {
            fs::write(folder.join(&file.name), &file.text).unwrap();
        }
    }
    let hint = "GNT_BLESS=1 cargo test --test generated writes it anew";
    for file in files {
        let path = folder.join(&file.name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(text == file.text, "{} is stale; {hint}", path.display());
    }
    let made: BTreeSet<_> = files.iter().map(|file| file.name.clone()).collect();
    let there: BTreeSet<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        there,
        made,
        "files in {} that nothing makes",
        folder.display()
    );
}

#[test]
fn manual_pages_are_fresh() {
    compare("man", &man_pages().unwrap());
}

#[test]
fn completions_are_fresh() {
    compare("completions", &completions().unwrap());
}

#[test]
fn each_page_tells_each_command_with_its_options() {
    let pages = man_pages().unwrap();
    let node = pages.iter().find(|page| page.name == "gnt-node.8").unwrap();
    assert!(node.text.contains("GNT\\-NODE EVACUATE") || node.text.contains("GNT-NODE EVACUATE"));
    assert!(node.text.contains("new\\-secondary"));
    assert!(node.text.contains("EXIT STATUS"));
    assert!(pages.iter().any(|page| page.name == "gnt-runner.8"));
}
