//! `gnt-cluster verify-disks`: finds disks that should be active and are not, and activates them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cluster::{Config, NodeUuid};
use crate::opcodes::{ClusterVerifyDisks, InstanceActivateDisks, Opcode, Priority};
use crate::queue::Client;

use super::args::cluster::VerifyDisksArgs;
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::names;
use super::operation::{self, Operation, SubmitOptions, Texts};
use super::problem::Result;

/// The result of a group's job: nodes that could not be asked, instances whose disks are to be activated,
/// volumes that are missing, by instance.
type OfGroup = (
    BTreeMap<NodeUuid, String>,
    Vec<String>,
    BTreeMap<String, Vec<(NodeUuid, String)>>,
);

/// What the jobs of all groups found, by name.
#[derive(Default)]
struct Found {
    nodes: BTreeMap<String, String>,
    weak: Vec<String>,
    missing: BTreeMap<String, Vec<(String, String)>>,
}

impl Found {
    fn take(&mut self, config: &Config, (nodes, weak, missing): OfGroup) {
        let name = |uuid: &NodeUuid| config.node_name(uuid).to_owned();
        let nodes = nodes.into_iter().map(|(uuid, why)| (name(&uuid), why));
        self.nodes.extend(nodes);
        self.weak.extend(weak);
        for (instance, volumes) in missing {
            let volumes = volumes.into_iter().map(|(uuid, one)| (name(&uuid), one));
            self.missing.insert(instance, volumes.collect());
        }
    }

    fn is_bad(&self) -> bool {
        !self.nodes.is_empty() || !self.missing.is_empty()
    }
}

/// Whoever does it.
struct Check<'a> {
    client: &'a Client,
    config: Config,
    options: SubmitOptions,
    /// What came of the operations, for programs.
    operations: Vec<Value>,
}

/// `gnt-cluster verify-disks`.
pub(super) fn run(args: &VerifyDisksArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = client.store().config()?;
    let group = args.node_group.as_deref();
    let group = group.map(|name| names::group(&config, name)).transpose()?;
    let op = ClusterVerifyDisks {
        group_name: group.map(|group| group.name.clone()),
        is_strict: true,
    };
    let mut check = Check {
        client: &client,
        config,
        options: SubmitOptions {
            priority: args.priority.map(Priority::from),
            ..SubmitOptions::default()
        },
        operations: vec![],
    };
    let (mut code, results) = check.operate(vec![op.into()], vec![], cx)?;
    let mut found = Found::default();
    for result in results {
        // That of the job which submitted these is of another form.
        if let Ok(of_group) = serde_json::from_value(result) {
            found.take(&check.config, of_group);
        }
    }
    if matches!(code, ExitCode::Done | ExitCode::Partial | ExitCode::Failed) {
        let activated = check.act(&found, args.dry_run, cx)?;
        code = match code {
            ExitCode::Done if found.is_bad() => ExitCode::Failed,
            ExitCode::Done => activated,
            code => code,
        };
    }
    if cx.printer.json {
        let missing = found.missing.iter().map(|(instance, volumes)| {
            let volume = |(node, name): &(String, String)| json!({"node": node, "volume": name});
            let volumes: Vec<Value> = volumes.iter().map(volume).collect();
            (instance.clone(), Value::from(volumes))
        });
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": code.number(),
            "nodes": found.nodes, "instances": found.weak,
            "missing": missing.collect::<serde_json::Map<_, _>>(), "operations": check.operations});
        cx.printer.line(&document.to_string())?;
    }
    Ok(code)
}

impl Check<'_> {
    /// Submits opcodes, a job each, and follows them; their document is part of the whole one.
    fn operate(
        &mut self,
        ops: Vec<Opcode>,
        names: Vec<String>,
        cx: &mut Context,
    ) -> Result<(ExitCode, Vec<Value>)> {
        let operation = Operation {
            jobs: ops.into_iter().map(|op| vec![op]).collect(),
            names,
            texts: Texts::SILENT,
        };
        cx.printer.keep();
        let end = operation::run_for_results(cx, self.client, &self.options, operation);
        let kept = cx.printer.kept().into_iter();
        self.operations.extend(kept.map(|document| json!(document)));
        end
    }

    /// Says what was found, and activates what is to be.
    fn act(&mut self, found: &Found, dry_run: bool, cx: &mut Context) -> Result<ExitCode> {
        for (node, why) in &found.nodes {
            let text = format!("Error gathering data on node {node}: {why}");
            cx.printer.verdict(&text)?;
        }
        for instance in &found.weak {
            let text = format!("Activating disks for instance '{instance}'");
            cx.printer.deed(&text)?;
        }
        let code = match dry_run || found.weak.is_empty() {
            true => ExitCode::Done,
            false => {
                let ops = found.weak.iter().map(|name| self.activation(name));
                let (ops, names) = (ops.collect(), found.weak.clone());
                self.operate(ops, names, cx)?.0
            }
        };
        for (instance, volumes) in &found.missing {
            cx.printer
                .verdict(&format!("Instance '{instance}' lacks volumes:"))?;
            for (node, volume) in volumes {
                cx.printer.verdict(&format!("  {node}: {volume}"))?;
            }
        }
        if !found.missing.is_empty() {
            cx.printer.complain(
                "hint: gnt-instance replace-disks --auto makes them anew from the other copy, \
                 gnt-instance recreate-disks empty",
            );
        }
        if found.weak.is_empty() && !found.is_bad() {
            cx.printer.deed("No disks need to be activated.")?;
        }
        Ok(code)
    }

    fn activation(&self, name: &str) -> Opcode {
        let instance = self.config.instance_named(name);
        InstanceActivateDisks {
            instance_name: name.to_owned(),
            instance_uuid: instance.map(|instance| instance.uuid.to_string()),
            ignore_size: false,
            wait_for_sync: false,
        }
        .into()
    }
}
