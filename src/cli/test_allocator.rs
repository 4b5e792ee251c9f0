//! `gnt-debug iallocator`.

use serde_json::{Map, Value, json};

use crate::opcodes::{AllocatorMode, NewDisk, TestAllocator};

use super::args::debug::IallocatorArgs;
use super::context::Context;
use super::exit::ExitCode;
use super::names;
use super::operation::{self, Operation};
use super::problem::{Problem, Result};

/// The command: what was asked or answered goes to standard output.
pub(super) fn run(args: IallocatorArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let several = matches!(
        args.mode,
        AllocatorMode::NodeEvacuate | AllocatorMode::ChangeGroup
    );
    let [first, others @ ..] = &args.instances[..] else {
        return Err(Problem::input("no instance is named"));
    };
    if !several && !others.is_empty() {
        let text = format!("mode {} is about one instance", args.mode);
        return Err(Problem::input(text).exit(ExitCode::Usage));
    }
    let known = |name: &String| Ok(names::instance(&config, name)?.name.clone());
    let instances = match several {
        true => Some(args.instances.iter().map(known).collect::<Result<_>>()?),
        false => None,
    };
    let name = match args.mode {
        AllocatorMode::Allocate | AllocatorMode::MultiAllocate => first.to_lowercase(),
        AllocatorMode::Relocate | AllocatorMode::NodeEvacuate | AllocatorMode::ChangeGroup => {
            known(first)?
        }
    };
    let nic = |mac: String| Map::from_iter([("mac".to_owned(), json!(mac))]);
    let disk = |size: u64| NewDisk {
        size,
        mode: None,
        name: None,
    };
    let op = TestAllocator {
        direction: args.direction,
        mode: args.mode,
        name,
        nics: Some(args.nics.into_iter().map(nic).collect()),
        disks: Some(args.disks.into_iter().map(disk).collect()),
        hypervisor: None,
        iallocator: args.iallocator,
        tags: args.tags,
        memory: Some(args.memory),
        vcpus: Some(args.vcpus),
        os: args.os_type,
        disk_template: args.disk_template,
        group_name: None,
        instances,
        evac_mode: several.then_some(args.evac_mode),
        target_groups: names::groups(&config, &args.target_groups)?,
        spindle_use: args.spindle_use,
        count: args.count,
    };
    let operation = Operation::of(op);
    let options = args.submit.into();
    let (exit, results) = operation::run_for_results(cx, &client, &options, operation)?;
    for text in results.iter().filter_map(Value::as_str) {
        for line in text.lines() {
            cx.printer.verdict(line)?;
        }
    }
    cx.printer.flush()?;
    Ok(exit)
}
