//! `gnt-group`.

use clap::{Args, Parser, Subcommand};

use super::common::{
    DeadlineArgs, ForceArgs, GlobalArgs, ListFieldsArgs, ObjectListArgs, SubmitArgs,
};
use super::migration::MigrationArgs;
use super::policy::PolicyArgs;
use super::tags::{ListTagsArgs, ObjectTagsArgs};
use crate::cli::values::{self, IdentKeyVals, KeyVals};
use crate::cluster::AllocPolicy;

/// Run the node groups of a cluster
#[derive(Debug, Parser)]
#[command(
    name = "gnt-group",
    version = super::VERSION,
    infer_long_args = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example: gnt-group list"
)]
pub struct GroupCli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: GroupCommand,
}

/// The commands of `gnt-group`.
#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// Add a node group
    #[command(after_help = "Example: gnt-group add --alloc-policy last_resort rack2")]
    Add(AddArgs),
    /// Put nodes into a group
    #[command(after_help = "Example: gnt-group assign-nodes rack2 node4 node5")]
    AssignNodes(AssignNodesArgs),
    /// Empty a group: bring its instances to other groups
    #[command(after_help = "Example: gnt-group evacuate --to rack3 rack2")]
    Evacuate(EvacuateArgs),
    /// Show all that is known of groups
    #[command(visible_alias = "show", after_help = "Example: gnt-group info rack2")]
    Info(InfoArgs),
    /// List groups
    #[command(after_help = "Example: gnt-group list -o +node_list")]
    List(GroupListArgs),
    /// Explain the fields of the list
    #[command(after_help = "Example: gnt-group list-fields")]
    ListFields(ListFieldsArgs),
    /// Remove an empty group
    #[command(after_help = "Example: gnt-group remove rack2")]
    Remove(RemoveArgs),
    /// Change what a group allows
    #[command(after_help = "Example: gnt-group modify --alloc-policy unallocable rack2")]
    Modify(ModifyArgs),
    /// Give a group another name
    #[command(after_help = "Example: gnt-group rename rack2 north")]
    Rename(RenameArgs),
    /// Show the command line that brings a group's instance policy about
    #[command(after_help = "Example: gnt-group show-ispecs-cmd --include-defaults rack2")]
    ShowIspecsCmd(ShowIspecsArgs),
    /// List the tags of a group
    #[command(after_help = "Example: gnt-group list-tags rack2")]
    ListTags(ListTagsArgs),
    /// Add tags to a group
    #[command(after_help = "Example: gnt-group add-tags rack2 spare")]
    AddTags(ObjectTagsArgs),
    /// Remove tags from a group
    #[command(after_help = "Example: gnt-group remove-tags rack2 spare")]
    RemoveTags(ObjectTagsArgs),
}

/// `gnt-group add`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("changes").multiple(true)))]
pub struct AddArgs {
    /// The group's name
    pub group: String,
    /// May instances be placed in it: preferred, last_resort or unallocable
    #[arg(long, value_name = "POLICY", hide_possible_values = true)]
    pub alloc_policy: Option<AllocPolicy>,
    /// Node parameters of its nodes, such as ssh_port=22
    #[arg(long, value_name = "KEY=VALUE,…", value_parser = values::key_vals, hide_short_help = true)]
    pub node_parameters: Option<KeyVals>,
    /// Disk parameters, such as drbd:resync-rate=61440; kept as data; may be repeated
    #[arg(short = 'D', long, value_name = "DISK", group = "changes", value_parser = values::ident_key_vals, hide_short_help = true)]
    pub disk_parameters: Vec<IdentKeyVals>,
    /// Parts of its instance policy; the rest is the cluster's.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-group show-ispecs-cmd`.
#[derive(Debug, Args)]
pub struct ShowIspecsArgs {
    /// The group
    pub group: String,
    /// Also what it has from the cluster
    #[arg(long)]
    pub include_defaults: bool,
}

/// `gnt-group assign-nodes`.
#[derive(Debug, Args)]
pub struct AssignNodesArgs {
    /// The group
    pub group: String,
    /// The nodes
    #[arg(value_name = "NODE", required = true)]
    pub nodes: Vec<String>,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-group evacuate`.
#[derive(Debug, Args)]
pub struct EvacuateArgs {
    /// The group
    pub group: String,
    /// Where instances may go; all other groups if none is given
    #[arg(long, value_name = "GROUP")]
    pub to: Vec<String>,
    /// Let this allocator choose
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iallocator: Option<String>,
    /// Give old copies up before the new ones are in sync
    #[arg(long)]
    pub early_release: bool,
    /// One instance after the other
    #[arg(long, conflicts_with = "parallel")]
    pub sequential: bool,
    /// Run at most so many jobs at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
    /// Stop instances and start them elsewhere, rather than migrate them
    #[arg(long)]
    pub force_failover: bool,
    /// Move those that can move even if others cannot
    #[arg(long)]
    pub allow_partial: bool,
    /// How they migrate.
    #[command(flatten)]
    pub migration: MigrationArgs,
    /// Until when it begins jobs.
    #[command(flatten)]
    pub deadline: DeadlineArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-group info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// The groups; all if none is given
    #[arg(value_name = "GROUP")]
    pub groups: Vec<String>,
}

/// `gnt-group list`.
#[derive(Debug, Args)]
pub struct GroupListArgs {
    /// The groups, also with * and ?, or one filter; all if none is given
    #[arg(value_name = "GROUP")]
    pub groups: Vec<String>,
    /// How the list looks.
    #[command(flatten)]
    pub list: ObjectListArgs,
}

/// `gnt-group modify`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("changes").required(true).multiple(true)))]
pub struct ModifyArgs {
    /// The group
    pub group: String,
    /// May instances be placed in it: preferred, last_resort or unallocable
    #[arg(
        long,
        value_name = "POLICY",
        group = "changes",
        hide_possible_values = true
    )]
    pub alloc_policy: Option<AllocPolicy>,
    /// Node parameters of its nodes, such as ssh_port=22; -KEY goes back to the cluster's
    #[arg(long, value_name = "KEY=VALUE,…", group = "changes", value_parser = values::key_vals, allow_hyphen_values = true)]
    pub node_parameters: Option<KeyVals>,
    /// Disk parameters, such as drbd:resync-rate=61440; kept as data; may be repeated
    #[arg(short = 'D', long, value_name = "DISK", group = "changes", value_parser = values::ident_key_vals, hide_short_help = true)]
    pub disk_parameters: Vec<IdentKeyVals>,
    /// Parts of its instance policy.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-group rename`.
#[derive(Debug, Args)]
pub struct RenameArgs {
    /// The group
    pub group: String,
    /// Its new name
    pub new_name: String,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-group remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The group
    pub group: String,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}
