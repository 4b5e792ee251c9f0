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

/// The table of the limits in their document, from its first line to the empty one behind it.
#[test]
fn limits_are_documented_as_they_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    let text = fs::read_to_string(&path).unwrap();
    let begin = text.find("| Limit |").expect("a table");
    let end = begin + text[begin..].find("\n\n").expect("its end") + 1;
    let fresh = format!("{}{}{}", &text[..begin], gnt::limits::table(), &text[end..]);
    if std::env::var_os("GNT_BLESS").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let hint = "GNT_BLESS=1 cargo test --test generated writes it anew";
    assert!(
        fs::read_to_string(&path).unwrap() == fresh,
        "docs/limits.md is stale; {hint}"
    );
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
