//! The commands about tags, which several tools have.

use std::path::PathBuf;

use clap::Args;

use super::common::SubmitArgs;

/// Which tags are added or removed.
#[derive(Debug, Args)]
pub struct TagsArgs {
    /// The tags
    #[arg(value_name = "TAG", required_unless_present = "from")]
    pub tags: Vec<String>,
    /// Those in this file as well, one a line; - is standard input
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// The same for an object that has a name.
#[derive(Debug, Args)]
pub struct ObjectTagsArgs {
    /// Whose tags
    pub name: String,
    /// Which tags.
    #[command(flatten)]
    pub tags: TagsArgs,
}

/// `list-tags` of an object that has a name.
#[derive(Debug, Args)]
pub struct ListTagsArgs {
    /// Whose tags
    pub name: String,
}

/// `gnt-cluster search-tags`.
#[derive(Debug, Args)]
pub struct SearchTagsArgs {
    /// A regular expression that is to be found in the tags
    pub pattern: String,
}
