//! `gnt-node`.

use clap::{Args, Parser, Subcommand};

use super::common::{
    ForceArgs, GlobalArgs, ListFieldsArgs, ObjectListArgs, OperationArgs, SubmitArgs,
};
use super::host::HostArgs;
use super::maintenance::MaintenanceCommand;
use super::migration::MigrationArgs;
use super::tags::{ListTagsArgs, ObjectTagsArgs};
use crate::cli::values::{self, CapacityArg, KeyVals};
use crate::opcodes::{EvacMode, MigrationMode};

/// Run the nodes of a cluster: empty them, fail them over, change and list them
#[derive(Debug, Parser)]
#[command(
    name = "gnt-node",
    version = super::VERSION,
    infer_long_args = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example: gnt-node evacuate node3"
)]
pub struct NodeCli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: NodeCommand,
}

/// The commands of `gnt-node`.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// Add a node to the cluster
    #[command(
        after_help = "Example: gnt-node add -g rack2 --capacity memory=64G,disk=1T,cpus=32 node7"
    )]
    Add(AddArgs),
    /// Empty a node: move its instances, and the copies of disks that it holds, elsewhere
    #[command(after_help = "Example: gnt-node evacuate --dry-run node3")]
    Evacuate(EvacuateArgs),
    /// Fail over all instances that run on a node, such as a dead one
    #[command(after_help = "Example: gnt-node failover --yes node3")]
    Failover(FailoverArgs),
    /// Take nodes out of use for a while, and back
    #[command(subcommand, after_help = "Example: gnt-node maintenance enter node3")]
    Maintenance(MaintenanceCommand),
    /// Migrate all instances that run on a node
    #[command(after_help = "Example: gnt-node migrate --parallel 2 node3")]
    Migrate(MigrateArgs),
    /// Show all that is known of nodes
    #[command(visible_alias = "show", after_help = "Example: gnt-node info node3")]
    Info(InfoArgs),
    /// List nodes
    #[command(after_help = "Example: gnt-node list -o +role,group 'not offline'")]
    List(NodeListArgs),
    /// Explain the fields of the list
    #[command(after_help = "Example: gnt-node list-fields mfree mtotal")]
    ListFields(ListFieldsArgs),
    /// Change a node's flags or size
    #[command(after_help = "Example: gnt-node modify --drained yes node3")]
    Modify(ModifyArgs),
    /// Remove an empty node from the cluster
    #[command(after_help = "Example: gnt-node remove node3")]
    Remove(RemoveArgs),
    /// List the tags of a node
    #[command(after_help = "Example: gnt-node list-tags node3")]
    ListTags(ListTagsArgs),
    /// Add tags to a node
    #[command(after_help = "Example: gnt-node add-tags node3 spare")]
    AddTags(ObjectTagsArgs),
    /// Remove tags from a node
    #[command(after_help = "Example: gnt-node remove-tags node3 spare")]
    RemoveTags(ObjectTagsArgs),
}

/// `gnt-node add`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("changes").multiple(true)))]
pub struct AddArgs {
    /// The node's name
    pub node: String,
    /// Its primary IP address
    #[arg(long, value_name = "ADDRESS")]
    pub primary_ip: Option<String>,
    /// Its secondary IP address
    #[arg(short, long, value_name = "ADDRESS")]
    pub secondary_ip: Option<String>,
    /// Bring back a node that the cluster knows
    #[arg(long)]
    pub readd: bool,
    /// Its node group
    #[arg(short = 'g', long, value_name = "GROUP")]
    pub node_group: Option<String>,
    /// May it become master: yes or no
    #[arg(long, value_name = "YES|NO", value_parser = values::yes_no)]
    pub master_capable: Option<bool>,
    /// May it hold instances: yes or no
    #[arg(long, value_name = "YES|NO", value_parser = values::yes_no)]
    pub vm_capable: Option<bool>,
    /// Its size, such as memory=64G,disk=1T,cpus=32
    #[arg(long, value_name = "SIZES", value_parser = values::capacity)]
    pub capacity: Option<CapacityArg>,
    /// How its machine is reached.
    #[command(flatten)]
    pub host: HostArgs,
    /// Node parameters, such as ssh_port=22
    #[arg(long, value_name = "KEY=VALUE,…", value_parser = values::key_vals, hide_short_help = true)]
    pub node_parameters: Option<KeyVals>,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-node evacuate`.
#[derive(Debug, Args)]
pub struct EvacuateArgs {
    /// The node to empty
    #[arg(required_unless_present = "node_option")]
    pub node: Option<String>,
    /// The node to empty
    #[arg(
        long = "node",
        value_name = "NODE",
        id = "node_option",
        conflicts_with = "node",
        hide = true
    )]
    pub node_option: Option<String>,
    /// Move only the instances that run on it
    #[arg(short, long, conflicts_with = "secondary_only")]
    pub primary_only: bool,
    /// Move only the secondary copies of disks that it holds
    #[arg(short, long)]
    pub secondary_only: bool,
    /// Put all secondary copies on this node; implies -s
    #[arg(short, long, value_name = "NODE", conflicts_with_all = ["primary_only", "iallocator"])]
    pub new_secondary: Option<String>,
    /// Let this allocator choose where they go
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iallocator: Option<String>,
    /// Give the old copy up before the new one is in sync
    #[arg(long, hide_short_help = true)]
    pub early_release: bool,
    /// How they migrate.
    #[command(flatten)]
    pub migration: MigrationArgs,
    /// How its jobs run.
    #[command(flatten)]
    pub operation: OperationArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

impl EvacuateArgs {
    /// The node, however it was given; clap makes sure that it was.
    #[must_use]
    pub fn node(&self) -> &str {
        let given = self.node.as_deref().or(self.node_option.as_deref());
        given.unwrap_or_default()
    }

    /// Which role is to leave.
    #[must_use]
    pub fn mode(&self) -> EvacMode {
        if self.primary_only {
            EvacMode::PrimaryOnly
        } else if self.secondary_only || self.new_secondary.is_some() {
            EvacMode::SecondaryOnly
        } else {
            EvacMode::All
        }
    }
}

/// `gnt-node failover`.
#[derive(Debug, Args)]
pub struct FailoverArgs {
    /// The node that they leave
    pub node: String,
    /// Start from copies that are not in sync, also if the node cannot be told to stop
    #[arg(long)]
    pub ignore_consistency: bool,
    /// Let this allocator choose where they go
    #[arg(short = 'I', long, value_name = "NAME", conflicts_with = "target_node")]
    pub iallocator: Option<String>,
    /// Where those go that are not bound to a secondary
    #[arg(short = 'n', long, value_name = "NODE")]
    pub target_node: Option<String>,
    /// The node is powered off: I have made sure of that
    #[arg(long)]
    pub i_confirm_power_off: bool,
    /// Do not check the group's instance policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// Seconds a guest is given to stop
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        hide_short_help = true
    )]
    pub shutdown_timeout: u32,
    /// How its jobs run.
    #[command(flatten)]
    pub operation: OperationArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-node migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The node that they leave
    pub node: String,
    /// Stand still while the memory is copied
    #[arg(long, conflicts_with = "migration_mode")]
    pub non_live: bool,
    /// live or non-live
    #[arg(long, value_name = "MODE", hide_possible_values = true)]
    pub migration_mode: Option<MigrationMode>,
    /// Where those go that are not bound to a secondary
    #[arg(short = 'n', long, value_name = "NODE")]
    pub target_node: Option<String>,
    /// Let this allocator choose where they go
    #[arg(short = 'I', long, value_name = "NAME", conflicts_with = "target_node")]
    pub iallocator: Option<String>,
    /// Do not check the group's instance policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// Do not change an instance's memory to make it fit
    #[arg(long, hide_short_help = true)]
    pub no_runtime_changes: bool,
    /// How they migrate.
    #[command(flatten)]
    pub migration: MigrationArgs,
    /// How its jobs run.
    #[command(flatten)]
    pub operation: OperationArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

impl MigrateArgs {
    /// How they migrate; `None` leaves it to the cluster.
    #[must_use]
    pub fn mode(&self) -> Option<MigrationMode> {
        self.non_live
            .then_some(MigrationMode::NonLive)
            .or(self.migration_mode)
    }
}

/// `gnt-node info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// The nodes; all if none is given
    #[arg(value_name = "NODE")]
    pub nodes: Vec<String>,
}

/// `gnt-node list`.
#[derive(Debug, Args)]
pub struct NodeListArgs {
    /// The nodes, also with * and ?, or one filter; all if none is given
    #[arg(value_name = "NODE")]
    pub nodes: Vec<String>,
    /// How the list looks.
    #[command(flatten)]
    pub list: ObjectListArgs,
}

/// `gnt-node modify`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("changes").required(true).multiple(true)))]
pub struct ModifyArgs {
    /// The node
    pub node: String,
    /// Master candidate: yes or no
    #[arg(short = 'C', long, value_name = "YES|NO", group = "changes", value_parser = values::yes_no)]
    pub master_candidate: Option<bool>,
    /// Takes no new instances: yes or no
    #[arg(short = 'D', long, value_name = "YES|NO", group = "changes", value_parser = values::yes_no)]
    pub drained: Option<bool>,
    /// Declared dead: yes or no
    #[arg(short = 'O', long, value_name = "YES|NO", group = "changes", value_parser = values::yes_no)]
    pub offline: Option<bool>,
    /// May it become master: yes or no
    #[arg(long, value_name = "YES|NO", group = "changes", hide_short_help = true, value_parser = values::yes_no)]
    pub master_capable: Option<bool>,
    /// May it hold instances: yes or no
    #[arg(long, value_name = "YES|NO", group = "changes", hide_short_help = true, value_parser = values::yes_no)]
    pub vm_capable: Option<bool>,
    /// Its secondary IP address
    #[arg(short, long, value_name = "ADDRESS", group = "changes")]
    pub secondary_ip: Option<String>,
    /// Its size, such as memory=64G,disk=1T,cpus=32; what is not given stays
    #[arg(long, value_name = "SIZES", group = "changes", value_parser = values::capacity)]
    pub capacity: Option<CapacityArg>,
    /// How its machine is reached.
    #[command(flatten)]
    pub host: HostArgs,
    /// Node parameters, such as ssh_port=22; default goes back to its group's
    #[arg(long, value_name = "KEY=VALUE,…", group = "changes", value_parser = values::key_vals, hide_short_help = true)]
    pub node_parameters: Option<KeyVals>,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-node remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The node
    pub node: String,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}
