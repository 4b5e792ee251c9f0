//! What came of it, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::ground::{Bar, Line, Sample};

/// A path's medians over all pairs.
#[derive(Debug)]
pub(crate) struct Row {
    path: String,
    ours: f64,
    p99: Option<f64>,
    unit: &'static str,
    limit: Option<f64>,
    ratio: Option<f64>,
    bar: Bar,
}

impl Row {
    /// Whether the bar is held, if that can be told.
    fn holds(&self) -> Option<bool> {
        match self.bar {
            Bar::Times(most) => self.ratio.map(|ratio| ratio <= most),
            Bar::Below(most) => Some(self.ours < most),
            Bar::Beside => None,
        }
    }

    fn cells(&self) -> [String; 7] {
        let optional = |value: Option<f64>| value.map_or("–".to_owned(), short);
        let bar = match self.bar {
            Bar::Times(most) => format!("≤ {most}×"),
            Bar::Below(most) => format!("< {most} {}", self.unit),
            Bar::Beside => "–".to_owned(),
        };
        let verdict = match self.holds() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "–",
        };
        [
            self.path.clone(),
            format!("{} {}", short(self.ours), self.unit),
            optional(self.p99),
            optional(self.limit),
            optional(self.ratio),
            bar,
            verdict.to_owned(),
        ]
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cells().join(" | "))
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Of each path the medians: of ours, of the limits, and of the ratios pair by pair.
pub(crate) fn medians(runs: Vec<Vec<Line>>) -> Vec<Row> {
    let mut order = vec![];
    let mut by_path: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for line in runs.into_iter().flatten() {
        let same = by_path.entry(line.path.clone()).or_default();
        if same.is_empty() {
            order.push(line.path.clone());
        }
        same.push(line);
    }
    let median = |values: Vec<f64>| {
        let mut sample = Sample::default();
        let some = !values.is_empty();
        sample.extend(values);
        some.then(|| sample.p50())
    };
    let row = |path: String| {
        let lines = &by_path[&path];
        let ratio = |line: &Line| line.limit.map(|limit| line.ours / limit);
        Row {
            ours: median(lines.iter().map(|l| l.ours).collect()).unwrap(),
            p99: median(lines.iter().filter_map(|l| l.p99).collect()),
            limit: median(lines.iter().filter_map(|l| l.limit).collect()),
            ratio: median(lines.iter().filter_map(ratio).collect()),
            unit: lines[0].unit,
            bar: lines[0].bar,
            path,
        }
    };
    order.into_iter().map(row).collect()
}

/// The table, in Markdown.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| Path | ours, p50 | p99 | limit | ratio | bar | holds |\n|---|---:|---:|---:|---:|---|---|\n",
    );
    for row in rows {
        text.push_str(&format!("| {} |\n", row.cells().join(" | ")));
    }
    text
}

/// What the times depend on.
pub(crate) fn machine(dir: &Path) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("", |line| line.trim_start_matches(['\t', ' ', ':']));
    let mounts = read("/proc/self/mounts");
    let kind = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?, words.next()?))
        })
        .filter(|(at, _)| dir.starts_with(at))
        .max_by_key(|(at, _)| at.len())
        .map_or("unknown", |(_, kind)| kind);
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let linked = match cfg!(target_feature = "crt-static") {
        true => "statically",
        false => "dynamically",
    };
    format!(
        "{cpus} × {model}, {kind}, kernel {}, load {load} at the beginning, linked {linked}, gnt {}",
        read("/proc/sys/kernel/osrelease").trim(),
        env!("CARGO_PKG_VERSION"),
    )
}
