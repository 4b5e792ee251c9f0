//! Node groups.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, json};

use super::super::context::Context;
use super::super::exit::ExitCode;
use super::super::names;
use super::super::problem::Result;
use super::super::table::{Cell, Field};
use super::several::{NODE_PARAMETERS, parameters, set};
use super::{Listed, Now, count, field, info, moment, number, object, select, text};
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

/// What can be shown of a group.
pub static FIELDS: LazyLock<Vec<Field<Row>>> = LazyLock::new(|| {
    let mut fields: Vec<Field<Row>> = vec![
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
        field!("ndparams", "NDParams", Other, "Its node parameters", |r| {
            object(r.now.config.group_ndparams(&r.group).filled())
        }),
        field!(
            "custom_ndparams",
            "CustomNDParams",
            Other,
            "Those of them that are its own",
            |r| object(r.group.ndparams.clone())
        ),
        field!(
            "diskparams",
            "DiskParameters",
            Other,
            "Its disk parameters, by template",
            |r| object(r.now.config.diskparams(&r.group))
        ),
        field!(
            "custom_diskparams",
            "CustomDiskParameters",
            Other,
            "Those of them that are its own",
            |r| match r.group.rest.get("diskparams") {
                Some(own) => Cell::Json(own.clone()),
                None => object(Map::new()),
            }
        ),
        field!(
            "ipolicy",
            "InstancePolicy",
            Other,
            "Its instance policy",
            |r| object(r.now.config.ipolicy(&r.group))
        ),
        field!(
            "custom_ipolicy",
            "CustomInstancePolicy",
            Other,
            "What of it is its own",
            |r| object(r.group.ipolicy.clone())
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
            |r| number(r.group.stamps.serial_no)
        ),
        field!("ctime", "CTime", Time, "When it was made", |r| moment(
            r.group.stamps.ctime
        )),
        field!("mtime", "MTime", Time, "When it was changed last", |r| {
            moment(r.group.stamps.mtime)
        }),
    ];
    fields.extend(parameters(
        "ndp",
        "Node parameter",
        NODE_PARAMETERS,
        |r: &Row, key| set(r.now.config.group_ndparams(&r.group).get(key)),
    ));
    fields
});

impl Listed for Row {
    const DEFAULT: &'static str = "name,node_cnt,pinst_cnt,alloc_policy,ndparams";

    fn fields() -> &'static [Field<Row>] {
        &FIELDS
    }

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
