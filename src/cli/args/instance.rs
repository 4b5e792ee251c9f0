//! `gnt-instance`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

use super::common::{
    DeadlineArgs, ForceArgs, GlobalArgs, ListFieldsArgs, ObjectListArgs, SubmitArgs,
};
use super::instance_change::{ModifyArgs, RenameArgs};
use super::instance_disks::{
    ActivateDisksArgs, DeactivateDisksArgs, GrowDiskArgs, MoveArgs, RecreateDisksArgs,
};
use super::migration::MigrationArgs;
use super::select::SelectArgs;
use super::tags::{ListTagsArgs, ObjectTagsArgs};
use crate::cli::values::{self, Backend, DiskArg, IdentKeyVals, KeyVals, Placement};
use crate::cluster::DiskTemplate;
use crate::opcodes::{MigrationMode, RebootType};

/// Run the instances of a cluster
#[derive(Debug, Parser)]
#[command(
    name = "gnt-instance",
    version = super::VERSION,
    infer_long_args = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example: gnt-instance migrate web1"
)]
pub struct InstanceCli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: InstanceCommand,
}

/// The commands of `gnt-instance`.
#[derive(Debug, Subcommand)]
pub enum InstanceCommand {
    /// Make a new instance
    #[command(after_help = "Example: gnt-instance add -t drbd --disk 0:size=10G -B memory=1G web1")]
    Add(Box<AddArgs>),
    /// Take guests of a real machine into the cluster, as they are
    #[command(after_help = "Example: gnt-instance adopt --dry-run --all node1")]
    Adopt(AdoptArgs),
    /// Give an instance back: its guest stays as it is, and is the cluster's no more
    #[command(after_help = "Example: gnt-instance forget web1")]
    Forget(ForgetArgs),
    /// Stop an instance and delete it with its disks
    #[command(after_help = "Example: gnt-instance remove web1")]
    Remove(RemoveArgs),
    /// Start instances
    #[command(
        visible_alias = "start",
        after_help = "Example: gnt-instance startup web1 web2"
    )]
    Startup(StartupArgs),
    /// Stop instances
    #[command(
        visible_alias = "stop",
        after_help = "Example: gnt-instance shutdown web1 web2"
    )]
    Shutdown(ShutdownArgs),
    /// Reboot instances
    #[command(after_help = "Example: gnt-instance reboot -t soft web1")]
    Reboot(RebootArgs),
    /// Create several instances at once
    #[command(after_help = "Example: gnt-instance batch-create instances.json")]
    BatchCreate(BatchCreateArgs),
    /// Bring an instance to another node group
    #[command(after_help = "Example: gnt-instance change-group --to rack3 web1")]
    ChangeGroup(ChangeGroupArgs),
    /// Move a running instance to another node
    #[command(after_help = "Example: gnt-instance migrate web1")]
    Migrate(MigrateArgs),
    /// Stop an instance and start it on another node
    #[command(after_help = "Example: gnt-instance failover web1")]
    Failover(FailoverArgs),
    /// Replace copies of a mirrored instance's disks
    #[command(after_help = "Example: gnt-instance replace-disks -n node4 web1")]
    ReplaceDisks(ReplaceDisksArgs),
    /// Show all that is known of instances
    #[command(visible_alias = "show", after_help = "Example: gnt-instance info web1")]
    Info(InfoArgs),
    /// List instances
    #[command(after_help = "Example: gnt-instance list 'status =~ m/^ERROR/'")]
    List(InstanceListArgs),
    /// Explain the fields of the list
    #[command(after_help = "Example: gnt-instance list-fields status")]
    ListFields(ListFieldsArgs),
    /// Change an instance's parameters and disks
    #[command(after_help = "Example: gnt-instance modify -B memory=2G --disk add:size=10G web1")]
    Modify(Box<ModifyArgs>),
    /// Give an instance another name
    #[command(after_help = "Example: gnt-instance rename web1 web2")]
    Rename(RenameArgs),
    /// Move an instance whose disks are on one node, copying them
    #[command(after_help = "Example: gnt-instance move -n node4 web1")]
    Move(MoveArgs),
    /// Make an instance's disks usable on its primary node
    #[command(after_help = "Example: gnt-instance activate-disks web1")]
    ActivateDisks(ActivateDisksArgs),
    /// Let go of the disks of a stopped instance
    #[command(after_help = "Example: gnt-instance deactivate-disks web1")]
    DeactivateDisks(DeactivateDisksArgs),
    /// Make a stopped instance's disks anew, empty
    #[command(after_help = "Example: gnt-instance recreate-disks -n node2:node3 web1")]
    RecreateDisks(RecreateDisksArgs),
    /// Make a disk larger
    #[command(after_help = "Example: gnt-instance grow-disk web1 0 10G")]
    GrowDisk(GrowDiskArgs),
    /// List the tags of an instance
    #[command(after_help = "Example: gnt-instance list-tags web1")]
    ListTags(ListTagsArgs),
    /// Add tags to an instance
    #[command(after_help = "Example: gnt-instance add-tags web1 spare")]
    AddTags(ObjectTagsArgs),
    /// Remove tags from an instance
    #[command(after_help = "Example: gnt-instance remove-tags web1 spare")]
    RemoveTags(ObjectTagsArgs),
}

/// `gnt-instance add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The instance's name
    pub instance: String,
    /// How its disks are kept: drbd, rbd, sharedfile, plain, diskless, …
    #[arg(
        short = 't',
        long,
        value_name = "TEMPLATE",
        hide_possible_values = true
    )]
    pub disk_template: Option<DiskTemplate>,
    /// A disk, such as 0:size=10G; may be repeated
    #[arg(long = "disk", value_name = "DISK", value_parser = values::disk)]
    pub disks: Vec<DiskArg>,
    /// One disk of this size
    #[arg(short = 's', long, value_name = "SIZE", value_parser = values::size, conflicts_with = "disks")]
    pub os_size: Option<u64>,
    /// Backend parameters, such as memory=1G,vcpus=2
    #[arg(short = 'B', long, value_name = "BE", value_parser = values::backend)]
    pub backend_parameters: Option<Backend>,
    /// What it is made of on a real machine: a file with @NAME@ and @UUID@ in it; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["disks", "os_size", "disk_template", "nets"])]
    pub definition: Option<PathBuf>,
    /// A disk that there is, with libvirt: an image or a device; may be repeated
    #[arg(long, value_name = "PATH", value_parser = values::absolute, conflicts_with_all = ["definition", "disks", "os_size", "disk_template"])]
    pub adopt_disk: Vec<String>,
    /// Hypervisor, such as kvm:acpi=true; kept as data
    #[arg(short = 'H', long, value_name = "HV", value_parser = values::ident_key_vals)]
    pub hypervisor_parameters: Option<IdentKeyVals>,
    /// Operating system; kept as data
    #[arg(short = 'o', long, value_name = "OS")]
    pub os_type: Option<String>,
    /// Parameters of its operating system, such as dhcp=yes; kept as data
    #[arg(short = 'O', long, value_name = "OS", value_parser = values::key_vals, hide_short_help = true)]
    pub os_parameters: Option<KeyVals>,
    /// A network interface, such as 0:mac=auto; kept as data
    #[arg(long = "net", value_name = "NIC", value_parser = values::ident_key_vals)]
    pub nets: Vec<IdentKeyVals>,
    /// No network interface
    #[arg(long, conflicts_with = "nets")]
    pub no_nics: bool,
    /// Where it goes
    #[arg(short = 'n', long, value_name = "NODE[:NODE]", value_parser = values::placement, conflicts_with = "iallocator")]
    pub node: Option<Placement>,
    /// Let this allocator choose where it goes
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iallocator: Option<String>,
    /// Only to nodes of this group
    #[arg(short = 'g', long, value_name = "GROUP")]
    pub node_group: Option<String>,
    /// Do not start it
    #[arg(long)]
    pub no_start: bool,
    /// Do not wait until its disks are in sync
    #[arg(long)]
    pub no_wait_for_sync: bool,
    /// Do not check the group's instance policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// Its tags
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Only note it, with its nodes and its room on their disks
    #[arg(long, hide_short_help = true, conflicts_with = "commit")]
    pub forthcoming: bool,
    /// Make one that was noted before; what is not given is as it was noted
    #[arg(long, hide_short_help = true)]
    pub commit: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance adopt`.
#[derive(Debug, Args)]
pub struct AdoptArgs {
    /// The node whose guests they are
    pub node: String,
    /// The guests, by name or UUID
    #[arg(value_name = "DOMAIN", required_unless_present = "all")]
    pub domains: Vec<String>,
    /// All guests that can be adopted
    #[arg(long, conflicts_with = "domains")]
    pub all: bool,
    /// Leave those alone that the node starts by itself, rather than turn that off
    #[arg(long)]
    pub keep_autostart: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance forget`.
#[derive(Debug, Args)]
pub struct ForgetArgs {
    /// The instance
    pub instance: String,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The instance
    pub instance: String,
    /// Seconds the guest is given to stop
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        hide_short_help = true
    )]
    pub shutdown_timeout: u32,
    /// Forget it even if it cannot be stopped or its disks not deleted
    #[arg(long)]
    pub ignore_failures: bool,
    /// Delete the files of its disks on real machines, too; else they are left
    #[arg(long)]
    pub delete_disks: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance startup`.
#[derive(Debug, Args)]
pub struct StartupArgs {
    /// Which instances.
    #[command(flatten)]
    pub select: SelectArgs,
    /// If its node is offline, only note that it should run
    #[arg(long)]
    pub ignore_offline: bool,
    /// Do not note that it should run
    #[arg(long)]
    pub no_remember: bool,
    /// Backend parameters for this run alone, no more than it has by itself
    #[arg(short = 'B', long, value_name = "BE", value_parser = values::backend, hide_short_help = true)]
    pub backend_parameters: Option<Backend>,
    /// Hypervisor parameters for this run alone; kept as data
    #[arg(short = 'H', long, value_name = "HV", value_parser = values::key_vals, hide_short_help = true)]
    pub hypervisor_parameters: Option<KeyVals>,
    /// Known in order to be refused in words
    #[arg(long, hide = true)]
    pub paused: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance shutdown`.
#[derive(Debug, Args)]
pub struct ShutdownArgs {
    /// Which instances.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Seconds the guest is given to stop
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        hide_short_help = true
    )]
    pub shutdown_timeout: u32,
    /// If its node is offline, only note that it should not run
    #[arg(long)]
    pub ignore_offline: bool,
    /// Do not note that it should not run
    #[arg(long)]
    pub no_remember: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance reboot`.
#[derive(Debug, Args)]
pub struct RebootArgs {
    /// Which instances.
    #[command(flatten)]
    pub select: SelectArgs,
    /// soft, hard or full
    #[arg(
        short = 't',
        long = "type",
        value_name = "TYPE",
        default_value = "hard",
        hide_possible_values = true
    )]
    pub reboot_type: RebootType,
    /// Go on without a secondary that answers
    #[arg(long)]
    pub ignore_secondaries: bool,
    /// Seconds the guest is given to stop
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        hide_short_help = true
    )]
    pub shutdown_timeout: u32,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The instance
    pub instance: String,
    /// Stand still while the memory is copied
    #[arg(long, conflicts_with = "migration_mode")]
    pub non_live: bool,
    /// live or non-live
    #[arg(long, value_name = "MODE", hide_possible_values = true)]
    pub migration_mode: Option<MigrationMode>,
    /// Find out where it is after a migration that broke off
    #[arg(long, conflicts_with_all = ["target_node", "iallocator", "allow_failover"])]
    pub cleanup: bool,
    /// Where it goes
    #[arg(short = 'n', long, value_name = "NODE", conflicts_with = "iallocator")]
    pub target_node: Option<String>,
    /// Let this allocator choose where it goes
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iallocator: Option<String>,
    /// Fail over if it cannot migrate
    #[arg(long)]
    pub allow_failover: bool,
    /// Do not check the group's instance policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// Do not mind different versions of the hypervisor
    #[arg(long)]
    pub ignore_hvversions: bool,
    /// Do not change its memory to make it fit
    #[arg(long, hide_short_help = true)]
    pub no_runtime_changes: bool,
    /// How it migrates.
    #[command(flatten)]
    pub migration: MigrationArgs,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

impl MigrateArgs {
    /// How it migrates; `None` leaves it to the cluster.
    #[must_use]
    pub fn mode(&self) -> Option<MigrationMode> {
        self.non_live
            .then_some(MigrationMode::NonLive)
            .or(self.migration_mode)
    }
}

/// `gnt-instance failover`.
#[derive(Debug, Args)]
pub struct FailoverArgs {
    /// The instance
    pub instance: String,
    /// Start from a copy that is not in sync, also if its node cannot be told to stop it
    #[arg(long)]
    pub ignore_consistency: bool,
    /// Seconds the guest is given to stop
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        hide_short_help = true
    )]
    pub shutdown_timeout: u32,
    /// Where it goes
    #[arg(short = 'n', long, value_name = "NODE", conflicts_with = "iallocator")]
    pub target_node: Option<String>,
    /// Let this allocator choose where it goes
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iallocator: Option<String>,
    /// The node is powered off: I have made sure of that
    #[arg(long)]
    pub i_confirm_power_off: bool,
    /// Do not check the group's instance policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance batch-create`.
#[derive(Debug, Args)]
pub struct BatchCreateArgs {
    /// A JSON list of instances, each with the parameters of OP_INSTANCE_CREATE; - is standard input
    pub file: PathBuf,
    /// Let this allocator choose the nodes
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iallocator: Option<String>,
    /// Until when it begins jobs.
    #[command(flatten)]
    pub deadline: DeadlineArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance change-group`.
#[derive(Debug, Args)]
pub struct ChangeGroupArgs {
    /// The instance
    pub instance: String,
    /// Where it may go; all groups that it is not in if none is given
    #[arg(long, value_name = "GROUP")]
    pub to: Vec<String>,
    /// Let this allocator choose
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iallocator: Option<String>,
    /// Give old copies up before the new ones are in sync
    #[arg(long)]
    pub early_release: bool,
    /// Until when it begins jobs.
    #[command(flatten)]
    pub deadline: DeadlineArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance replace-disks`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("how").required(true)))]
pub struct ReplaceDisksArgs {
    /// The instance
    pub instance: String,
    /// Make the copy on the primary node anew
    #[arg(short = 'p', long, group = "how")]
    pub on_primary: bool,
    /// Make the copy on the secondary node anew
    #[arg(short = 's', long, group = "how")]
    pub on_secondary: bool,
    /// Make anew whichever copy is faulty
    #[arg(short = 'a', long, group = "how", conflicts_with = "disks")]
    pub auto: bool,
    /// Move the secondary copy to this node
    #[arg(short = 'n', long, value_name = "NODE", group = "how")]
    pub new_secondary: Option<String>,
    /// Let this allocator choose where the secondary copy goes: . is the default, built-in the built-in one
    #[arg(short = 'I', long, value_name = "NAME", group = "how")]
    pub iallocator: Option<String>,
    /// Numbers of the disks, separated by commas; all if none is given
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub disks: Vec<u32>,
    /// Give the old copy up before the new one is in sync
    #[arg(long)]
    pub early_release: bool,
    /// Do not check the group's instance policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// The instances
    #[arg(
        value_name = "INSTANCE",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub instances: Vec<String>,
    /// All instances
    #[arg(long)]
    pub all: bool,
    /// Only what is configured, without asking what runs
    #[arg(short, long = "static")]
    pub static_only: bool,
}

/// `gnt-instance list`.
#[derive(Debug, Args)]
pub struct InstanceListArgs {
    /// The instances, also with * and ?, or one filter; all if none is given
    #[arg(value_name = "INSTANCE")]
    pub instances: Vec<String>,
    /// How the list looks.
    #[command(flatten)]
    pub list: ObjectListArgs,
}
