//! `info`: all that is set about a cluster, and how large it is.

use serde_json::{Value, json};

use super::durations_of;
use crate::allocator::external::BUILT_IN;
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::fields::info;
use crate::cli::problem::{Problem, Result};
use crate::cli::table::tenths_of_mib;
use crate::lu;
use crate::store::runner_alive;

pub(super) fn show(cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let store = client.store();
    let config = store.config()?;
    let settings = store.settings()?;
    let durations = durations_of(store, &settings)?;
    let Some(cluster) = &config.cluster else {
        return Err(Problem::input("the configuration has no cluster object")
            .hint("see gnt-cluster verify-config"));
    };
    let master = cluster
        .master_node
        .as_ref()
        .map(|uuid| config.node_name(uuid).to_owned());
    let of_group = settings
        .allocators
        .groups
        .iter()
        .filter_map(|(uuid, name)| {
            let group = config.groups.get(uuid)?;
            Some((group.name.clone(), json!(name)))
        });
    let of_group: serde_json::Map<String, Value> = of_group.collect();
    let limits = lu::Limits::NAMES.iter().filter_map(|name| {
        let millis = settings.verb_limits.get(*name)?;
        Some(((*name).to_owned(), json!(millis)))
    });
    let limits: serde_json::Map<String, Value> = limits.collect();
    let (database, log) = store.dir().database_bytes();
    let history = store.history()?;
    let items = vec![
        ("Cluster name", json!(cluster.cluster_name)),
        ("Cluster UUID", json!(cluster.uuid)),
        ("State directory", json!(store.dir().path())),
        ("Driver", json!(settings.driver)),
        ("Master node", json!(master)),
        ("Nodes", json!(config.nodes.len())),
        ("Instances", json!(config.instances.len())),
        (
            "Node groups",
            json!(config.group_names().collect::<Vec<_>>()),
        ),
        ("Tags", json!(cluster.tags)),
        ("Shared paths", json!(cluster.shared_paths)),
        (
            "Default hypervisor",
            json!(cluster.enabled_hypervisors.first()),
        ),
        (
            "Enabled disk templates",
            json!(cluster.enabled_disk_templates),
        ),
        (
            "Queue",
            json!({
                "limit": settings.limits.queue_limit,
                "max running jobs": settings.limits.max_running_jobs,
                "unfinished": store.unfinished_count()?,
                "drained": settings.drained,
                "held": settings.held,
            }),
        ),
        (
            "Runner",
            json!({
                "alive": runner_alive(store.dir())?,
                "idle timeout": settings.limits.runner_idle,
            }),
        ),
        (
            "Sizes",
            json!({
                "database MiB": tenths_of_mib(database),
                "log MiB": tenths_of_mib(log),
                "archived jobs": history.archived,
                "history events": history.events,
            }),
        ),
        ("Simulator", json!(durations)),
        ("Verb limits", Value::Object(limits)),
        (
            "Default iallocator",
            json!(settings.allocators.default.as_deref().unwrap_or(BUILT_IN)),
        ),
        ("Group iallocators", Value::Object(of_group)),
        (
            "Default iallocator parameters",
            json!(settings.allocators.parameters),
        ),
        ("Iallocator search path", json!(settings.allocators.path)),
        ("Instance policy", json!(cluster.ipolicy)),
        ("Backend parameters", json!(cluster.beparams)),
    ];
    info::print(cx, &[items])?;
    Ok(ExitCode::Done)
}
