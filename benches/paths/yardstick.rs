//! The other program: its figures by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Figures of one run: of each its median and its 99th percentile (the same where it is one number).
#[derive(Debug, Default)]
pub(crate) struct Figures(BTreeMap<String, (f64, f64)>);

impl Figures {
    /// The median, or the number: milliseconds, jobs a second, or seconds, as the figure has it.
    pub(crate) fn p50(&self, name: &str) -> Option<f64> {
        self.0.get(name).map(|figure| figure.0)
    }

    /// The 99th percentile.
    pub(crate) fn p99(&self, name: &str) -> Option<f64> {
        self.0.get(name).map(|figure| figure.1)
    }
}

/// The program.
#[derive(Debug)]
pub(crate) struct Yardstick {
    program: PathBuf,
    dir: PathBuf,
}

impl Yardstick {
    pub(crate) fn new(program: PathBuf, dir: &Path) -> Yardstick {
        Yardstick {
            program,
            dir: dir.to_owned(),
        }
    }

    /// Runs these commands once each.
    pub(crate) fn figures(&self, commands: &[&[&str]]) -> Figures {
        let mut figures = BTreeMap::new();
        for words in commands {
            let output = Command::new(&self.program)
                .arg("--dir")
                .arg(&self.dir)
                .args(["--runs", "1"])
                .args(*words)
                .output()
                .unwrap();
            assert!(output.status.success(), "the yardstick: {output:?}");
            let text = String::from_utf8(output.stdout).unwrap();
            for line in text.lines() {
                let value: Value = serde_json::from_str(line).unwrap();
                let number = |name: &str| value[name].as_f64();
                if let (Some(name), Some(median)) = (value["name"].as_str(), number("value")) {
                    let high = number("p99").unwrap_or(median);
                    figures.insert(name.to_owned(), (median, high));
                }
            }
        }
        Figures(figures)
    }
}
