//! The configuration: what the cluster is *meant* to be.
//!
//! A [`Config`] is an immutable value: cluster, node groups, nodes, instances, disks. The runner
//! holds the current one and replaces it with each commit that changes something; everybody else
//! reads it from the database. What really runs where is the hypervisor's business, not this
//! module's. The objects mirror Ganeti's `config.data` (3.1); fields that this program does not use
//! are kept as they came.

mod config;
mod defaults;
mod edit;
pub mod export;
mod filled;
#[cfg(test)]
mod fixture;
mod host;
pub mod import;
mod layers;
mod maintenance;
mod names;
mod object;
pub mod sample;
mod shared_map;
mod tags;

pub use config::*;
pub use defaults::builtin_disk_parameters;
pub use edit::*;
pub use host::Host;
pub use layers::Layers;
pub use maintenance::{Home, Homecoming, Maintenance, Places};
pub(crate) use names::is_short_for;
pub use names::{
    Kind, UnknownName, expand_group, expand_instance, expand_node, is_cluster_name, nearest,
};
pub use object::*;
pub use shared_map::SharedMap;
pub use tags::{TagError, Tagged, check_tag, with_tags, without_tags};
