//! `modify` and `rename`: what a cluster is set to, and how it is called.

use std::collections::BTreeMap;

use serde_json::json;

use super::allocators::of_groups;
use crate::admin::simulator;
use crate::cli::args::cluster::{ModifyArgs, RenameArgs};
use crate::cli::context::Context;
use crate::cli::document::SCHEMA;
use crate::cli::exit::ExitCode;
use crate::cli::operation::{self, Operation};
use crate::cli::problem::{Problem, Result};
use crate::cli::prompt::confirm;
use crate::cluster::nearest;
use crate::hypervisor::fake::FakeSettings;
use crate::lu;
use crate::opcodes::{ClusterRename, ClusterSetParams};

pub(super) fn modify(args: ModifyArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let simulator = match &args.simulator {
        Some(numbers) => {
            let fake = simulator(client.store())?;
            let durations = durations(fake.settings()?, &numbers.0)?;
            Some((fake, durations))
        }
        None => None,
    };
    if let Some(limits) = &args.verb_limit {
        for name in limits.0.keys() {
            known(name, &lu::Limits::NAMES)?;
        }
        client.set_verb_limits(&limits.0)?;
    }
    let allocators = client.store().settings()?.allocators;
    let mut changed = args.allocators.over(&allocators)?;
    if !args.group_iallocator.is_empty() {
        let config = client.store().hosts()?;
        let old = changed.unwrap_or_else(|| (*allocators).clone());
        changed = Some(of_groups(&config, args.group_iallocator, old)?);
    }
    if let Some(allocators) = changed {
        client.set_allocators(&allocators)?;
    }
    if let Some((fake, durations)) = simulator {
        fake.set_settings(&durations)?;
    }
    let (queue, running) = (
        args.queue_limit.map(u64::from),
        args.max_running_jobs.map(u64::from),
    );
    let idle = args.runner_idle.map(u64::from);
    if queue.is_some() || running.is_some() || idle.is_some() {
        client.set_limits(queue, running, idle)?;
    }
    let op = ClusterSetParams {
        add_shared_paths: args.shared_path,
        remove_shared_paths: args.unshared_path,
        ..args.params.opcode()
    };
    if op != ClusterSetParams::default() {
        let operation = Operation::of(op);
        return operation::run(cx, &client, &args.submit.into(), operation);
    }
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0});
        cx.printer.line(&document.to_string())?;
    }
    Ok(ExitCode::Done)
}

/// The simulator's durations with some changed.
fn durations(old: FakeSettings, change: &BTreeMap<String, u64>) -> Result<FakeSettings> {
    let mut value = json!(old);
    let names: Vec<String> = value
        .as_object()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default();
    for (name, millis) in change {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        known(name, &names)?;
        value[name] = json!(millis);
    }
    serde_json::from_value(value).map_err(|error| Problem::input(error.to_string()))
}

fn known(name: &str, names: &[&str]) -> Result<()> {
    if names.contains(&name) {
        return Ok(());
    }
    let problem = Problem::input(format!("{name} is none of {}", names.join(", ")));
    Err(match nearest(name, names.iter().copied()) {
        Some(nearest) => problem.hint(format!("did you mean {nearest}?")),
        None => problem,
    })
}

pub(super) fn rename(args: RenameArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let (old, new) = (client.store().cluster_name()?, args.name);
    if !args.force.force && !args.submit.dry_run {
        confirm(&format!("Cluster {old}: rename it to {new}?"))?;
    }
    let operation = Operation::of(ClusterRename { name: new.clone() });
    let options = args.submit.into();
    let (exit, results) = operation::run_for_results(cx, &client, &options, operation)?;
    // A dry run has no result.
    if results.contains(&json!(new)) {
        let text = format!("Cluster has been renamed from '{old}' to '{new}'");
        cx.printer.deed(&text)?;
        cx.printer.flush()?;
    }
    Ok(exit)
}
