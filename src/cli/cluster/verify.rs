//! `verify` and `verify-config`: whether the cluster is as it should be.

use serde_json::json;

use crate::admin::{self, Finding};
use crate::cli::args::cluster::{VerifyArgs, VerifyConfigArgs};
use crate::cli::context::Context;
use crate::cli::document::SCHEMA;
use crate::cli::exit::ExitCode;
use crate::cli::names;
use crate::cli::operation::{self, Operation, Texts};
use crate::cli::problem::Result;
use crate::hypervisor::DriverName;
use crate::opcodes::{ClusterVerify, SkipCheck};
use crate::store::Reading;

pub(super) fn verify(args: VerifyArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |_| None,
        errors: |_, errors| {
            Some(format!(
                "{errors} job(s) failed or found errors while verifying the cluster."
            ))
        },
        nothing: |_| None,
    };
    let client = cx.open()?;
    let config = client.store().hosts()?;
    let group = args.node_group.as_deref();
    let group = group.map(|name| names::group(&config, name)).transpose()?;
    let op = ClusterVerify {
        error_codes: args.error_codes,
        skip_checks: (args.no_nplus1_mem.then_some(SkipCheck::NPlusOne))
            .into_iter()
            .collect(),
        ignore_errors: args.ignore_errors,
        verbose: cx.verbose,
        group_name: group.map(|group| group.name.clone()),
    };
    let operation = Operation {
        texts: TEXTS,
        ..Operation::of(op)
    };
    operation::run(cx, &client, &args.submit.into(), operation)
}

pub(super) fn verify_config(args: VerifyConfigArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let reading = match args.deep {
        true => Reading::Everything,
        false => Reading::Queue,
    };
    let verdict = admin::verify_at_work(client.store(), reading)?;
    let exit = match verdict.findings.iter().all(Finding::is_remark) {
        true => ExitCode::Done,
        false => ExitCode::Failed,
    };
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": exit.number(),
            "items": verdict.findings, "busy": verdict.busy});
        cx.printer.line(&document.to_string())?;
        return Ok(exit);
    }
    if !verdict.busy.is_empty() {
        let count = verdict.busy.len();
        cx.printer.say(&format!(
            "note: {count} jobs are at work; the instances that they have locked were left out"
        ));
    }
    for finding in &verdict.findings {
        let word = match finding.is_remark() {
            true => "WARNING",
            false => "ERROR",
        };
        cx.printer.verdict(&format!("  - {word}: {finding}"))?;
    }
    if exit == ExitCode::Done {
        let reality = match client.store().settings()?.driver.parse() {
            Ok(DriverName::Program(_)) => "machines",
            Ok(DriverName::Simulator) | Err(_) => "simulator",
        };
        cx.printer
            .say(&format!("Configuration, queue and {reality} agree."));
    }
    Ok(exit)
}
