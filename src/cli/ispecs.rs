//! `show-ispecs-cmd`: the command line that brings an instance policy about.

use serde_json::{Map, Value, json};

use crate::cluster::Config;

use super::args::group::ShowIspecsArgs;
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::names;
use super::problem::Result;

/// `cpu-count=1,…`, in the order of the names.
fn specs(values: &Map<String, Value>) -> String {
    let pairs: Vec<String> = values.iter().map(|(key, v)| format!("{key}={v}")).collect();
    pairs.join(",")
}

/// The option that gives the ranges.
fn bounds(policy: &Map<String, Value>) -> Option<String> {
    let bound = |range: &Value, name: &str| {
        let values = range.get(name)?.as_object()?;
        Some(format!("{name}:{}", specs(values)))
    };
    let ranges = policy.get("minmax")?.as_array()?;
    let ranges = ranges
        .iter()
        .filter_map(|range| Some(format!("{}/{}", bound(range, "min")?, bound(range, "max")?)));
    let ranges: Vec<String> = ranges.collect();
    (!ranges.is_empty()).then(|| format!("--ipolicy-bounds-specs {}", ranges.join("//")))
}

/// The option that gives the standard values.
fn standard(policy: &Map<String, Value>) -> Option<String> {
    let values = policy.get("std")?.as_object()?;
    Some(format!("--ipolicy-std-specs {}", specs(values)))
}

/// Prints a line of words.
fn print(cx: &mut Context, words: impl IntoIterator<Item = Option<String>>) -> Result<ExitCode> {
    let words: Vec<String> = words.into_iter().flatten().collect();
    let line = words.join(" ");
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "items": [line]});
        cx.printer.line(&document.to_string())?;
    }
    cx.printer.verdict(&line)?;
    Ok(ExitCode::Done)
}

/// That of the cluster.
pub(super) fn of_cluster(cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config: Config = client.store().hosts()?;
    let policy = config.cluster_ipolicy();
    let command = Some("gnt-cluster modify".to_owned());
    print(cx, [command, standard(&policy), bounds(&policy)])
}

/// That of a group: what it has of its own, or what counts in it.
pub(super) fn of_group(args: &ShowIspecsArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config: Config = client.store().hosts()?;
    let group = names::group(&config, &args.group)?;
    let policy = match args.include_defaults {
        true => config.group_ipolicy(group),
        false => group.ipolicy.clone(),
    };
    let command = Some("gnt-group add".to_owned());
    print(cx, [command, bounds(&policy), Some(group.name.clone())])
}
