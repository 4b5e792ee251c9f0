//! Which instances a command is about that can be about several.

use clap::{ArgGroup, Args};

/// Which instances a command is about.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("selector").args(["all", "node", "primary", "secondary", "instance", "tags", "node_tags", "pri_node_tags", "sec_node_tags"])))]
pub struct SelectArgs {
    /// The instances, or what the options below take them for
    #[arg(
        value_name = "NAME",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub names: Vec<String>,
    /// All instances
    #[arg(long)]
    pub all: bool,
    /// The names are nodes: their instances
    #[arg(long)]
    pub node: bool,
    /// The names are nodes: the instances that they are primary of
    #[arg(long)]
    pub primary: bool,
    /// The names are nodes: the instances that they are secondary of
    #[arg(long)]
    pub secondary: bool,
    /// The names are instances
    #[arg(long)]
    pub instance: bool,
    /// The names are tags of instances
    #[arg(long, hide_short_help = true)]
    pub tags: bool,
    /// The names are tags of nodes: their instances
    #[arg(long, hide_short_help = true)]
    pub node_tags: bool,
    /// The names are tags of nodes: the instances that they are primary of
    #[arg(long, hide_short_help = true)]
    pub pri_node_tags: bool,
    /// The names are tags of nodes: the instances that they are secondary of
    #[arg(long, hide_short_help = true)]
    pub sec_node_tags: bool,
    /// Do not ask although it is about several instances
    #[arg(long)]
    pub force_multiple: bool,
}

/// In which role of a node its instances are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeRoles {
    /// In whichever.
    Any,
    /// Those that it is primary of.
    Primary,
    /// Those that it is secondary of.
    Secondary,
}

impl SelectArgs {
    /// Whether instances are meant by their nodes, and in which role.
    #[must_use]
    pub fn by_nodes(&self) -> Option<NodeRoles> {
        if self.node || self.node_tags {
            Some(NodeRoles::Any)
        } else if self.primary || self.pri_node_tags {
            Some(NodeRoles::Primary)
        } else if self.secondary || self.sec_node_tags {
            Some(NodeRoles::Secondary)
        } else {
            None
        }
    }

    /// Whether the names are tags of nodes.
    #[must_use]
    pub fn by_node_tags(&self) -> bool {
        self.node_tags || self.pri_node_tags || self.sec_node_tags
    }
}
