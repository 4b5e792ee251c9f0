//! Node groups.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::context::Context;
use super::super::exit::ExitCode;
use super::super::names;
use super::super::problem::Result;
use super::super::table::{Cell, Field, Kind};
use super::node::field;
use super::{Listed, Now, info, select};
use crate::cluster::{Group, Node};

/// A group, where it stands.
#[derive(Debug)]
pub struct Row {
    now: Rc<Now>,
    group: Arc<Group>,
}

impl Row {
    fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        let config = &self.now.config;
        config
            .nodes_by_name()
            .filter(|node| node.group == self.group.uuid)
    }

    fn instances(&self) -> Vec<String> {
        let config = &self.now.config;
        let names = self.nodes().flat_map(|node| config.primaries(&node.uuid));
        let mut names: Vec<String> = names.map(|instance| instance.name.clone()).collect();
        names.sort();
        names
    }
}

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

fn count(number: usize) -> Cell {
    Cell::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What can be shown of a group.
pub static FIELDS: [Field<Row>; 13] = [
    field!("name", "Group", Name, "Its name", |r| text(&r.group.name)),
    field!(
        "alloc_policy",
        "AllocPolicy",
        Text,
        "Whether instances may be placed in it",
        |r| text(r.group.alloc_policy.word())
    ),
    field!("node_cnt", "Nodes", Number, "How many nodes it has", |r| {
        count(r.nodes().count())
    }),
    field!("node_list", "NodeList", List, "Names of its nodes", |r| {
        Cell::List(r.nodes().map(|n| n.name.clone()).collect())
    }),
    field!(
        "pinst_cnt",
        "Instances",
        Number,
        "How many instances have their primary node in it",
        |r| count(r.instances().len())
    ),
    field!(
        "pinst_list",
        "InstanceList",
        List,
        "Names of these instances",
        |r| Cell::List(r.instances())
    ),
    field!(
        "ndparams",
        "NDParams",
        Other,
        "Its own node parameters",
        |r| Cell::Json(Value::Object(r.group.ndparams.clone()))
    ),
    field!(
        "ipolicy",
        "InstancePolicy",
        Other,
        "Its own instance policy",
        |r| Cell::Json(Value::Object(r.group.ipolicy.clone()))
    ),
    field!("tags", "Tags", List, "Tags", |r| Cell::List(
        r.group.tags.clone()
    )),
    field!("uuid", "UUID", Text, "UUID", |r| text(
        r.group.uuid.as_str()
    )),
    field!(
        "serial_no",
        "SerialNo",
        Number,
        "Raised at each change",
        |r| Cell::Number(i64::try_from(r.group.stamps.serial_no).unwrap_or(i64::MAX))
    ),
    field!("ctime", "CTime", Time, "When it was made", |r| Cell::Time(
        (r.group.stamps.ctime * 1e6) as i64
    )),
    field!("mtime", "MTime", Time, "When it was changed last", |r| {
        Cell::Time((r.group.stamps.mtime * 1e6) as i64)
    }),
];

impl Listed for Row {
    const DEFAULT: &'static str = "name,node_cnt,pinst_cnt,alloc_policy,ndparams";
    const FIELDS: &'static [Field<Row>] = &FIELDS;

    fn rows(now: &Rc<Now>, wanted: &[String]) -> Result<Vec<Row>> {
        let row = |group| Row {
            now: Rc::clone(now),
            group,
        };
        Ok(picked(now, wanted)?.into_iter().map(row).collect())
    }
}

fn picked(now: &Now, wanted: &[String]) -> Result<Vec<Arc<Group>>> {
    let all = now.config.groups_by_name().cloned().collect::<Vec<_>>();
    select(
        all.into_iter(),
        wanted,
        |group| &group.name,
        |name| Ok(Arc::clone(names::group(&now.config, name)?)),
    )
}

/// `gnt-group info`.
///
/// # Errors
/// Unknown names; the output cannot be written.
pub fn info(cx: &mut Context, wanted: &[String]) -> Result<ExitCode> {
    let client = cx.open()?;
    let now = Rc::new(Now::read(&client)?);
    let items: Vec<_> = (Row::rows(&now, wanted)?.iter())
        .map(|row| {
            let nodes: Vec<_> = row.nodes().map(|node| node.name.clone()).collect();
            let group = &row.group;
            vec![
                ("Node group", json!(group.name)),
                ("UUID", json!(group.uuid)),
                ("alloc policy", json!(group.alloc_policy)),
                ("nodes", json!(nodes)),
                ("instances", json!(row.instances())),
                ("node parameters", json!(group.ndparams)),
                ("instance policy", json!(group.ipolicy)),
                ("tags", json!(group.tags)),
            ]
        })
        .collect();
    info::print(cx, &items)?;
    Ok(ExitCode::Done)
}
