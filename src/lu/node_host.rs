//! Nodes that are real machines: how they are reached, and that each is the one that it was.

use super::Env;
use super::node::{state, wrong};
use crate::cluster::{Capacity, Config, Host, NodeUuid};
use crate::hypervisor::{Hypervisor, Machine, NodeFacts, NodeRef};
use crate::limits::{HOST_BYTES, MIGRATION_BANDWIDTH};
use crate::opcodes::{ErrorCode, HostParams, OpError};

impl HostParams {
    /// Refuses what cannot be a URI, a command or a bandwidth.
    pub(super) fn check(&self) -> Result<(), OpError> {
        let texts = [
            ("URI", &self.uri),
            ("peer URI", &self.peer_uri),
            ("fence command", &self.fence_cmd),
        ];
        for (what, text) in texts {
            let Some(text) = text else {
                continue;
            };
            if text.len() > HOST_BYTES {
                let length = text.len();
                return Err(wrong(format!(
                    "the {what} is {length} bytes long, {HOST_BYTES} at most are allowed"
                )));
            }
            if text.contains(char::is_control) {
                return Err(wrong(format!("the {what} {text:?} has control characters")));
            }
        }
        match self.migration_bandwidth {
            Some(given) if given > MIGRATION_BANDWIDTH => Err(wrong(format!(
                "a bandwidth of {given} MiB/s is more than {MIGRATION_BANDWIDTH}"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether the way to the machine changes, so that it has to be looked who is at its end.
    fn leads_elsewhere(&self) -> bool {
        self.uri.is_some()
    }

    /// How it is reached from now on.
    fn over(&self, old: Option<&Host>) -> Result<Host, OpError> {
        let mut host = old.cloned().unwrap_or_default();
        if let Some(uri) = &self.uri {
            host.uri.clone_from(uri);
        }
        if host.uri.is_empty() {
            return Err(
                wrong("a real machine is reached by a URI, and none is given")
                    .hint("--libvirt-uri qemu+ssh://HOST/system"),
            );
        }
        let text = |field: &mut Option<String>, given: &Option<String>| {
            if let Some(given) = given {
                *field = Some(given.clone()).filter(|text| !text.is_empty());
            }
        };
        text(&mut host.peer_uri, &self.peer_uri);
        text(&mut host.fence_cmd, &self.fence_cmd);
        if let Some(given) = self.migration_bandwidth {
            host.migration_bandwidth = Some(given).filter(|given| *given > 0);
        }
        Ok(host)
    }

    /// What changed, as the result of the opcode tells it.
    pub(super) fn told(&self) -> Vec<(&'static str, String)> {
        let texts = [
            ("uri", self.uri.clone()),
            ("peer_uri", self.peer_uri.clone()),
            ("fence_cmd", self.fence_cmd.clone()),
            (
                "migration_bandwidth",
                self.migration_bandwidth.map(|number| number.to_string()),
            ),
        ];
        let told = |(key, text): (_, Option<String>)| {
            let text = text?;
            let none = text.is_empty() || text == "0";
            Some((key, if none { "none".to_owned() } else { text }))
        };
        texts.into_iter().filter_map(told).collect()
    }
}

/// A machine that was looked at.
#[derive(Debug)]
pub(super) struct Surveyed {
    /// How it is reached, and who it is.
    pub(super) host: Host,
    /// What it has.
    pub(super) capacity: Capacity,
}

/// Looks who is at the end of a URI. A new node's machine must be in the cluster under no other name, and
/// one of a node that there is must be the same as before, unless `anyway`.
///
/// # Errors
/// When it does not answer, is no real machine, or is another one.
pub(super) fn survey(
    env: &Env<'_>,
    node: &NodeRef,
    params: &HostParams,
    anyway: bool,
) -> Result<Surveyed, OpError> {
    params.check()?;
    if !env.driver.has_machines() {
        return Err(simulated(&node.name));
    }
    let mut host = params.over(node.host.as_deref())?;
    let known = host.host_uuid.take();
    // Asked as if it were new: a driver may refuse a machine that is not the one it was.
    let asked = NodeRef {
        host: Some(host.clone().into()),
        ..node.clone()
    };
    let (facts, machine) = ask(env, &asked)?;
    if let Some(known) = known.filter(|known| *known != machine.host_uuid && !anyway) {
        return Err(state(format!(
            "{} is the machine {known}; at {} is {} ({})",
            node.name, host.uri, machine.host_uuid, machine.host_name
        ))
        .hint("--force takes it for a new machine in its place"));
    }
    refuse_second(env.config(), &node.uuid, &machine)?;
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_lowercase();
    if short(&machine.host_name) != short(&node.name) {
        env.info(format!("{} calls itself {}", node.name, machine.host_name));
    }
    host.host_uuid = Some(machine.host_uuid);
    host.host_name = Some(machine.host_name);
    Ok(Surveyed {
        host,
        capacity: facts.capacity,
    })
}

/// What changes of how a node's machine is reached.
///
/// # Errors
/// Those of [`survey`], if it is reached in another way; and where the node is none.
pub(super) fn changed(
    env: &Env<'_>,
    node: &NodeRef,
    params: &HostParams,
    anyway: bool,
) -> Result<Host, OpError> {
    params.check()?;
    if node.host.is_none() {
        return Err(simulated(&node.name));
    }
    match params.leads_elsewhere() {
        true => Ok(survey(env, node, params, anyway)?.host),
        false => params.over(node.host.as_deref()),
    }
}

/// What a machine tells of itself.
fn ask(env: &Env<'_>, node: &NodeRef) -> Result<(NodeFacts, Machine), OpError> {
    let uri = node.host.as_ref().map_or("", |host| host.uri.as_str());
    let facts = env.call(env.limits.look, |call| env.driver.node_facts(call, node));
    let facts = facts.map_err(|error| {
        let text = format!("{} cannot be reached at {uri}: {error}", node.name);
        let hint =
            "see that the machine is on and that the URI is right; virsh -c URI list tries it";
        OpError::prereq(ErrorCode::EnvironmentError, text).hint(hint)
    })?;
    match facts.machine.clone() {
        Some(machine) => Ok((facts, machine)),
        None => Err(simulated(&node.name)),
    }
}

/// Refuses a machine that the cluster has already.
fn refuse_second(config: &Config, own: &NodeUuid, machine: &Machine) -> Result<(), OpError> {
    let uuid = Some(machine.host_uuid.as_str());
    let same = |host: &Host| host.host_uuid.as_deref() == uuid;
    let mut others = config.nodes_by_name().filter(|node| node.uuid != *own);
    match others.find(|node| node.host.as_deref().is_some_and(same)) {
        None => Ok(()),
        Some(other) => {
            let text = format!(
                "this machine is in the cluster already, as {}: both have the UUID {}",
                other.name, machine.host_uuid
            );
            let hint = "if they are two machines, give one another UUID (host_uuid in /etc/libvirt/libvirtd.conf)";
            Err(OpError::prereq(ErrorCode::ResourceNotUnique, text).hint(hint))
        }
    }
}

/// The refusal of a node that is no real machine.
fn simulated(name: &str) -> OpError {
    wrong(format!(
        "{name} is a node of a simulated cluster: there is no machine to be reached"
    ))
    .hint("gnt-cluster init --driver libvirt makes a cluster of real machines")
}

/// Refuses a node without a URI where nodes are real machines.
///
/// # Errors
/// The refusal.
pub(super) fn check_simulated(env: &Env<'_>, name: &str) -> Result<(), OpError> {
    match env.driver.has_machines() {
        false => Ok(()),
        true => Err(wrong(format!(
            "{name} is to be a real machine, and nothing says how it is reached"
        ))
        .hint("--libvirt-uri URI says it, such as qemu+ssh://HOST/system")),
    }
}
