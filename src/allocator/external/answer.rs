//! What an allocator answered, read as text from outside: whatever does not have the protocol's shape, or
//! names what nobody asked about, is refused.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::place::{Destination, NewInstance};
use super::AskError;
use super::request::{Request, required_nodes};
use crate::cluster::{Config, Instance, InstanceUuid, Mirroring, NodeUuid};
use crate::limits::{cut_message, parse_json};
use crate::opcodes::{Op, Opcode, ReplaceMode};

/// Who goes where, and who goes nowhere and why. Each instance that was asked about is in one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// Those that go.
    pub moved: BTreeMap<InstanceUuid, Destination>,
    /// Those that do not.
    pub failed: BTreeMap<InstanceUuid, String>,
}

/// The answer as it is printed. Older allocators have `nodes` for `result`; unknown keys are nobody's
/// business.
#[derive(Deserialize)]
struct Printed {
    success: bool,
    info: String,
    #[serde(alias = "nodes")]
    result: Value,
}

/// The triple of the modes that move instances.
#[derive(Deserialize)]
struct Triple(
    Vec<(String, String, Vec<String>)>,
    Vec<(String, Option<String>)>,
    Vec<Vec<Value>>,
);

fn nonsense(name: &str, why: impl ToString) -> AskError {
    AskError::Nonsense {
        name: name.to_owned(),
        why: cut_message(&why.to_string()).into_owned(),
    }
}

/// Reads what was printed, down to the result.
pub(super) fn read(name: &str, text: &str) -> Result<Value, AskError> {
    let value = parse_json(text).map_err(|why| nonsense(name, why))?;
    let printed: Printed = shaped(name, value)?;
    match printed.success {
        true => Ok(printed.result),
        false => Err(AskError::Refused {
            name: name.to_owned(),
            info: cut_message(&printed.info).into_owned(),
        }),
    }
}

fn shaped<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, AskError> {
    serde_json::from_value(value).map_err(|why| nonsense(name, why))
}

/// The nodes for one instance.
pub(super) fn nodes(
    name: &str,
    request: &Request<'_>,
    result: &Value,
) -> Result<Vec<String>, AskError> {
    let nodes: Vec<String> = shaped(name, result.clone())?;
    let wanted = match request {
        Request::Allocate { new, .. } => required_nodes(new.template),
        Request::Relocate { .. }
        | Request::Evacuate { .. }
        | Request::ChangeGroup { .. }
        | Request::AllocateAll { .. } => 1,
    };
    match nodes.len() == wanted {
        true => Ok(nodes),
        false => {
            let count = nodes.len();
            Err(nonsense(
                name,
                format!("it names {count} nodes, not {wanted}"),
            ))
        }
    }
}

/// What is said about one new instance that has no place: Ganeti wants names, `hail` gives reasons, too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Unplaced {
    Name(String),
    Reason(String, Option<String>),
}

/// The nodes of each new instance, in the order of the question, or why it has none.
pub(super) fn allocations(
    name: &str,
    all: &[(&str, &NewInstance)],
    result: Value,
) -> Result<Vec<Result<Vec<String>, String>>, AskError> {
    let (placed, unplaced): (Vec<(String, Vec<String>)>, Vec<Unplaced>) = shaped(name, result)?;
    let unplaced = unplaced.into_iter().map(|one| {
        let (instance, reason) = match one {
            Unplaced::Name(instance) => (instance, None),
            Unplaced::Reason(instance, reason) => (instance, reason),
        };
        (instance, Err(reason_of(reason)))
    });
    let mut answers: BTreeMap<String, Result<Vec<String>, String>> = BTreeMap::new();
    let mut count = 0;
    for (instance, answer) in placed
        .into_iter()
        .map(|(i, nodes)| (i, Ok(nodes)))
        .chain(unplaced)
    {
        answers.insert(instance, answer);
        count += 1;
    }
    if count != all.len() || answers.len() != count {
        let text = format!(
            "it answers for {count} instances, not once for each of {}",
            all.len()
        );
        return Err(nonsense(name, text));
    }
    let take = |(instance, new): &(&str, &NewInstance)| {
        let answer = answers.remove(*instance);
        let answer = answer
            .ok_or_else(|| nonsense(name, format!("it says nothing about instance {instance}")))?;
        let (nodes, wanted) = (
            answer.as_ref().map_or(0, Vec::len),
            required_nodes(new.template),
        );
        match answer.is_err() || nodes == wanted {
            true => Ok(answer),
            false => {
                let text = format!("it names {nodes} nodes for instance {instance}, not {wanted}");
                Err(nonsense(name, text))
            }
        }
    };
    all.iter().map(take).collect()
}

fn reason_of(reason: Option<String>) -> String {
    let reason = reason.unwrap_or_else(|| "no reason was given".to_owned());
    cut_message(&reason).into_owned()
}

/// Who goes where.
pub(super) fn moves(
    name: &str,
    config: &Config,
    request: &Request<'_>,
    result: &Value,
) -> Result<Moves, AskError> {
    let Triple(moved, failed, jobs) = shaped(name, result.clone())?;
    if moved.len() != jobs.len() {
        let text = format!("{} instances move by {} jobs", moved.len(), jobs.len());
        return Err(nonsense(name, text));
    }
    let asked = match request {
        Request::Evacuate { instances, .. } | Request::ChangeGroup { instances, .. } => {
            instances.as_slice()
        }
        Request::Relocate { .. } | Request::Allocate { .. } | Request::AllocateAll { .. } => &[],
    };
    let mut open: BTreeSet<&str> = asked.iter().map(|one| one.name.as_str()).collect();
    let mut take = |instance: &str| {
        let object = config.instance_named(instance);
        match object.filter(|_| open.remove(instance)) {
            Some(object) => Ok(object),
            None => {
                let text = format!(
                    "it answers for instance {instance:?}, which was not asked about or is there twice"
                );
                Err(nonsense(name, text))
            }
        }
    };
    let mut moves = Moves::default();
    for ((instance, _group, nodes), job) in moved.into_iter().zip(jobs) {
        let object = take(&instance)?;
        let wrong = |why: String| nonsense(name, format!("instance {instance}: {why}"));
        let told = destination(config, object, &nodes).map_err(wrong)?;
        let done = end_of_job(config, object, job).map_err(wrong)?;
        if told != done {
            let show = |end: &Destination| {
                let nodes = std::iter::once(&end.primary).chain(&end.secondary);
                let names: Vec<&str> = nodes.map(|node| config.node_name(node)).collect();
                names.join(", ")
            };
            return Err(wrong(format!(
                "it is to be on {}, but its job brings it to {}",
                show(&told),
                show(&done)
            )));
        }
        moves.moved.insert(object.uuid.clone(), told);
    }
    for (instance, reason) in failed {
        let object = take(&instance)?;
        moves.failed.insert(object.uuid.clone(), reason_of(reason));
    }
    match open.first() {
        None => Ok(moves),
        Some(instance) => {
            let text = format!("it says nothing about instance {instance}");
            Err(nonsense(name, text))
        }
    }
}

/// The nodes that are named for an instance.
fn destination(
    config: &Config,
    instance: &Instance,
    names: &[String],
) -> Result<Destination, String> {
    let node = |name: &String| known(config, name);
    match (names, config.template(instance).mirroring()) {
        ([primary, secondary], Mirroring::Internal) => Ok(Destination {
            primary: node(primary)?,
            secondary: Some(node(secondary)?),
        }),
        // Where its first node is the only one that counts, others say nothing.
        ([primary, ..], Mirroring::External | Mirroring::None) => Ok(Destination {
            primary: node(primary)?,
            secondary: None,
        }),
        _ => Err(format!("{} nodes are named for it", names.len())),
    }
}

fn known(config: &Config, name: &str) -> Result<NodeUuid, String> {
    let node = config.node_named(name);
    node.map(|node| node.uuid.clone())
        .ok_or_else(|| format!("there is no node {name:?}"))
}

/// Where the opcodes of its job bring an instance. They are not carried out: the jobs that are
/// submitted are made here, from the nodes alone. That both say the same is a sign that it knows what it
/// says.
fn end_of_job(
    config: &Config,
    instance: &Instance,
    job: Vec<Value>,
) -> Result<Destination, String> {
    let mirrored = config.template(instance).mirroring() == Mirroring::Internal;
    let mut end = Destination {
        primary: instance.primary_node.clone(),
        secondary: config.secondary(instance).cloned(),
    };
    for value in job {
        let op = Opcode::from_value(value)
            .map_err(|error| error.to_string())?
            .op;
        let (subject, target) = match &op {
            Op::InstanceMigrate(op) => (&op.instance_name, &op.target_node),
            Op::InstanceFailover(op) => (&op.instance_name, &op.target_node),
            Op::InstanceReplaceDisks(op) if op.mode == ReplaceMode::NewSecondary => {
                let node = op.remote_node.as_ref();
                let node = node.ok_or("its new secondary node is not named")?;
                end.secondary = Some(known(config, node)?);
                (&op.instance_name, &None)
            }
            other => return Err(format!("{} is not a way to move it", other.id())),
        };
        if *subject != instance.name {
            return Err(format!("its job is about {subject:?}"));
        }
        if matches!(op, Op::InstanceReplaceDisks(_)) {
            continue;
        }
        match (mirrored, target) {
            (true, _) => {
                let secondary = end.secondary.as_mut().ok_or("it has no secondary node")?;
                std::mem::swap(&mut end.primary, secondary);
            }
            (false, Some(target)) => end.primary = known(config, target)?,
            (false, None) => return Err("where it is to go is not named".to_owned()),
        }
    }
    Ok(end)
}
