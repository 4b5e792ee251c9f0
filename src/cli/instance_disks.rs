//! The commands of `gnt-instance` about disks, and about where they are.

use serde_json::Value;

use crate::cluster::{Config, Instance};
use crate::opcodes::{
    InstanceActivateDisks, InstanceDeactivateDisks, InstanceGrowDisk, InstanceMove,
    InstanceRecreateDisks, Opcode,
};
use crate::queue::Client;

use super::args::instance_disks::{
    ActivateDisksArgs, DeactivateDisksArgs, GrowDiskArgs, MoveArgs, RecreateDisksArgs,
};
use super::context::Context;
use super::exit::ExitCode;
use super::names;
use super::operation::{self, Operation, SubmitOptions};
use super::problem::Result;
use super::prompt::confirm;

/// One opcode on one instance, and its result if it was waited for.
fn run(
    cx: &mut Context,
    client: &Client,
    options: impl Into<SubmitOptions>,
    instance: &Instance,
    op: impl Into<Opcode>,
) -> Result<(ExitCode, Vec<Value>)> {
    let operation = Operation {
        names: vec![instance.name.clone()],
        ..Operation::of(op)
    };
    operation::run_for_results(cx, client, &options.into(), operation)
}

fn ask(config: &Config, asks: bool, question: &str) -> Result<()> {
    match asks {
        true => confirm(&format!("Cluster {}: {question}", config.name())),
        false => Ok(()),
    }
}

/// `gnt-instance move`.
pub(super) fn relocate(args: MoveArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let target = names::node(&config, &args.node)?;
    let question = format!(
        "move instance {} to {}? It is stopped while its disks are copied.",
        instance.name, target.name
    );
    ask(
        &config,
        !args.force.force && !args.submit.dry_run,
        &question,
    )?;
    let op = InstanceMove {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        shutdown_timeout: args.shutdown_timeout,
        ignore_ipolicy: args.ignore_ipolicy,
        target_node: target.name.clone(),
        compress: None,
        ignore_consistency: false,
    };
    run(cx, &client, args.submit, instance, op).map(|(exit, _)| exit)
}

/// `gnt-instance activate-disks`: prints where each disk is.
pub(super) fn activate(args: ActivateDisksArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let op = InstanceActivateDisks {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        ignore_size: false,
        wait_for_sync: args.wait_for_sync,
    };
    let (exit, results) = run(cx, &client, args.submit, instance, op)?;
    for disk in results.iter().filter_map(Value::as_array).flatten() {
        let parts: Vec<&str> = disk
            .as_array()
            .into_iter()
            .flatten()
            .map(|part| part.as_str().unwrap_or("-"))
            .collect();
        cx.printer.verdict(&parts.join(":"))?;
    }
    cx.printer.flush()?;
    Ok(exit)
}

/// `gnt-instance deactivate-disks`.
pub(super) fn deactivate(args: DeactivateDisksArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let op = InstanceDeactivateDisks {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        force: args.force,
    };
    run(cx, &client, args.submit, instance, op).map(|(exit, _)| exit)
}

/// `gnt-instance grow-disk`.
pub(super) fn grow(args: GrowDiskArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let op = InstanceGrowDisk {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        wait_for_sync: !args.no_wait_for_sync,
        disk: args.disk,
        amount: args.size,
        absolute: args.absolute,
        ignore_ipolicy: args.ignore_ipolicy,
    };
    run(cx, &client, args.submit, instance, op).map(|(exit, _)| exit)
}

/// `gnt-instance recreate-disks`.
pub(super) fn recreate(args: RecreateDisksArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let named = args.node.into_iter();
    let named = named.flat_map(|node| std::iter::once(node.primary).chain(node.secondary));
    let nodes = named.map(|name| Ok(names::node(&config, &name)?.name.clone()));
    let nodes = nodes.collect::<Result<_>>()?;
    let question = format!(
        "make the disks of instance {} anew? What is on them is lost.",
        instance.name
    );
    ask(
        &config,
        !args.force.force && !args.submit.dry_run,
        &question,
    )?;
    let op = InstanceRecreateDisks {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        disks: args.disks,
        nodes,
        iallocator: args.iallocator,
    };
    run(cx, &client, args.submit, instance, op).map(|(exit, _)| exit)
}
