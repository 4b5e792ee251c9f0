//! The commands about tags. Those that only read ask the configuration itself: they work whatever
//! becomes of the queue.

use serde_json::{Value, json};

use crate::cluster::{Config, Tagged};
use crate::limits::OPCODE_BYTES;
use crate::opcodes::{Opcode, TagKind, TagsDel, TagsSearch, TagsSet};
use crate::queue::Client;
use crate::text::one_line;

use super::args::tags::{ListTagsArgs, ObjectTagsArgs, SearchTagsArgs, TagsArgs};
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::input;
use super::names;
use super::operation::{self, Operation};
use super::problem::{Problem, Result};

/// Whether an object gets tags or loses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It has them afterwards.
    Add,
    /// It has them no more.
    Remove,
}

/// The configuration; without instances unless one of them is meant.
fn read(client: &Client, kind: TagKind) -> Result<Config> {
    match kind {
        TagKind::Instance => Ok(client.store().config()?),
        TagKind::Cluster | TagKind::Group | TagKind::Node => Ok(client.store().hosts()?),
    }
}

/// The object of this name, and the name in full; the cluster needs none.
fn find(config: &Config, kind: TagKind, name: Option<&str>) -> Result<(Tagged, Option<String>)> {
    let name = name.unwrap_or_default();
    Ok(match kind {
        TagKind::Cluster => (Tagged::Cluster, None),
        TagKind::Group => {
            let group = names::group(config, name)?;
            (Tagged::Group(group.uuid.clone()), Some(group.name.clone()))
        }
        TagKind::Node => {
            let node = names::node(config, name)?;
            (Tagged::Node(node.uuid.clone()), Some(node.name.clone()))
        }
        TagKind::Instance => {
            let instance = names::instance(config, name)?;
            let object = Tagged::Instance(instance.uuid.clone());
            (object, Some(instance.name.clone()))
        }
    })
}

/// `list-tags` of an object.
///
/// # Errors
/// An unknown name; the output cannot be written.
pub fn list(cx: &mut Context, kind: TagKind, args: &ListTagsArgs) -> Result<ExitCode> {
    list_of(cx, kind, Some(&args.name))
}

/// `gnt-cluster list-tags`.
///
/// # Errors
/// The output cannot be written.
pub fn list_of_cluster(cx: &mut Context) -> Result<ExitCode> {
    list_of(cx, TagKind::Cluster, None)
}

fn list_of(cx: &mut Context, kind: TagKind, name: Option<&str>) -> Result<ExitCode> {
    let client = cx.open()?;
    let config = read(&client, kind)?;
    let (object, _) = find(&config, kind, name)?;
    let mut tags = config.tags(&object).to_vec();
    tags.sort();
    show(cx, &tags, |tag| tag.clone(), |tag| json!(tag))
}

/// `gnt-cluster search-tags`: ends with 1 if nothing was found.
///
/// # Errors
/// A pattern that is none; the output cannot be written.
pub fn search(cx: &mut Context, args: SearchTagsArgs) -> Result<ExitCode> {
    let SearchTagsArgs { pattern } = args;
    let pattern = TagsSearch { pattern }.regex().map_err(Problem::new)?;
    let client = cx.open()?;
    let found = (client.store().config()?).search_tags(|tag| pattern.is_match(tag));
    let text = |(path, tag): &(String, String)| format!("{path} {tag}");
    show(
        cx,
        &found,
        text,
        |(path, tag)| json!({"path": path, "tag": tag}),
    )?;
    Ok(match found.is_empty() {
        true => ExitCode::Failed,
        false => ExitCode::Done,
    })
}

/// A line each, or a document.
fn show<T>(
    cx: &mut Context,
    items: &[T],
    text: impl Fn(&T) -> String,
    value: impl Fn(&T) -> Value,
) -> Result<ExitCode> {
    if cx.printer.json {
        let items: Vec<Value> = items.iter().map(value).collect();
        let document = json!({"schema": SCHEMA, "items": items});
        cx.printer.line(&document.to_string())?;
        return Ok(ExitCode::Done);
    }
    for item in items {
        // An imported tag may be anything.
        cx.printer.line(&one_line(&text(item)))?;
    }
    Ok(ExitCode::Done)
}

/// `add-tags` and `remove-tags` of an object.
///
/// # Errors
/// An unknown name; a file that cannot be read; whatever becomes of the job.
pub fn change(
    cx: &mut Context,
    kind: TagKind,
    args: ObjectTagsArgs,
    change: Change,
) -> Result<ExitCode> {
    change_of(cx, kind, Some(&args.name), args.tags, change)
}

/// `gnt-cluster add-tags` and `gnt-cluster remove-tags`.
///
/// # Errors
/// As [`change`].
pub fn change_of_cluster(cx: &mut Context, args: TagsArgs, change: Change) -> Result<ExitCode> {
    change_of(cx, TagKind::Cluster, None, args, change)
}

fn change_of(
    cx: &mut Context,
    kind: TagKind,
    name: Option<&str>,
    args: TagsArgs,
    change: Change,
) -> Result<ExitCode> {
    let mut tags = args.tags;
    if let Some(file) = &args.from {
        // All of them become one opcode.
        let text = input::read_text(file, OPCODE_BYTES as u64)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        tags.extend(lines.map(str::to_owned));
    }
    if tags.is_empty() {
        return Err(Problem::input("no tags were given"));
    }
    let client = cx.open()?;
    let (_, name) = find(&read(&client, kind)?, kind, name)?;
    let op: Opcode = match change {
        Change::Add => TagsSet { kind, tags, name }.into(),
        Change::Remove => TagsDel { kind, tags, name }.into(),
    };
    let operation = Operation::of(op);
    operation::run(cx, &client, &args.submit.into(), operation)
}
