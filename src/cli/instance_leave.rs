//! `gnt-instance migrate`, `failover`, `change-group` and `replace-disks`: an instance, or a copy of its disks,
//! leaves its node.

use crate::allocator::external::DEFAULT;
use crate::opcodes::{
    InstanceChangeGroup, InstanceFailover, InstanceMigrate, InstanceReplaceDisks, ReplaceMode,
};

use super::args::common::power_off;
use super::args::instance::{ChangeGroupArgs, FailoverArgs, MigrateArgs, ReplaceDisksArgs};
use super::context::Context;
use super::exit::ExitCode;
use super::instance::{ask, node_name, one};
use super::names;
use super::operation::Texts;
use super::problem::Result;

/// `gnt-instance migrate`.
pub(super) fn migrate(args: MigrateArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let question = match args.cleanup {
        true => format!(
            "find out where instance {} is, and put it in order?",
            instance.name
        ),
        false => format!("migrate instance {}?", instance.name),
    };
    ask(&config, args.force.force, args.submit.dry_run, &question)?;
    let op = InstanceMigrate {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        mode: args.mode(),
        target_node: node_name(&config, args.target_node.as_deref())?,
        source_node: None,
        iallocator: args.iallocator.filter(|name| name != DEFAULT),
        allow_runtime_changes: !args.no_runtime_changes,
        ignore_ipolicy: args.ignore_ipolicy,
        cleanup: args.cleanup,
        allow_failover: args.allow_failover,
        ignore_hvversions: args.ignore_hvversions,
        migration: args.migration.terms(),
    };
    one(cx, &client, args.submit, op, Texts::SILENT)
}

/// `gnt-instance failover`.
pub(super) fn failover(args: FailoverArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let question = format!(
        "fail instance {} over? It is stopped where it is and started on another node.",
        instance.name
    );
    ask(&config, args.force.force, args.submit.dry_run, &question)?;
    let op = InstanceFailover {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        shutdown_timeout: args.shutdown_timeout,
        ignore_consistency: args.ignore_consistency,
        target_node: node_name(&config, args.target_node.as_deref())?,
        source_node: None,
        iallocator: args.iallocator.filter(|name| name != DEFAULT),
        ignore_ipolicy: args.ignore_ipolicy,
        power_off: power_off(args.i_confirm_power_off, args.force),
    };
    one(cx, &client, args.submit, op, Texts::SILENT)
}

/// `gnt-instance change-group`.
pub(super) fn change_group(args: ChangeGroupArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |_| Some("The instance changed its group successfully.".to_owned()),
        errors: |_, errors| {
            Some(format!(
                "There were {errors} errors while changing its group."
            ))
        },
        nothing: |_| None,
    };
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let op = InstanceChangeGroup {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        early_release: args.early_release,
        iallocator: args.iallocator,
        target_groups: names::groups(&config, &args.to)?,
    };
    one(cx, &client, args.submit, args.deadline.of(op), TEXTS)
}

/// `gnt-instance replace-disks`.
pub(super) fn replace_disks(args: ReplaceDisksArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let instance = names::instance(&config, &args.instance)?;
    let mode = if args.on_primary {
        ReplaceMode::OnPrimary
    } else if args.on_secondary {
        ReplaceMode::OnSecondary
    } else if args.auto {
        ReplaceMode::Auto
    } else {
        ReplaceMode::NewSecondary
    };
    let op = InstanceReplaceDisks {
        instance_name: instance.name.clone(),
        instance_uuid: Some(instance.uuid.to_string()),
        mode,
        disks: args.disks,
        remote_node: node_name(&config, args.new_secondary.as_deref())?,
        source_node: None,
        vacate: false,
        iallocator: args.iallocator.filter(|name| name != DEFAULT),
        early_release: args.early_release,
        ignore_ipolicy: args.ignore_ipolicy,
    };
    one(cx, &client, args.submit, op, Texts::SILENT)
}
