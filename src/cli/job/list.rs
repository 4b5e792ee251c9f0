//! `gnt-job list`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::queue::{JobId, Status};
use crate::store::{JobRow, Store};

use super::super::args::job::{JobListArgs, ListedArgs};
use super::super::context::Context;
use super::super::exit::ExitCode;
use super::super::fields::job::{DEFAULT, FIELDS, Queue, Row};
use super::super::problem::{Problem, Result};
use super::super::query::Query;
use super::super::table;
use super::super::watch::{self, Round};
use super::{see_to_runner, unknown};

pub(super) fn list(args: JobListArgs, cx: &mut Context) -> Result<ExitCode> {
    let query = Query::read(args.words, args.list.reading(), &FIELDS)?;
    let ids = ids(query.names())?;
    if args.listed.children_of.is_some() && !ids.is_empty() {
        return Err(Problem::input("--children-of takes no ids besides its own")
            .hint("it takes a filter, such as 'status == \"error\"'")
            .exit(ExitCode::Usage));
    }
    let client = Rc::new(cx.open()?);
    let style = args.list.list.style(cx.verbose);
    let default = match args.listed.archived {
        true => format!("{DEFAULT},archived"),
        false => DEFAULT.to_owned(),
    };
    watch::show(cx, &client, args.list.watch, |cx| {
        let mut jobs = named(client.store(), &ids, &args.listed)?;
        let mut notes = Vec::from_iter(see_to_runner(&client, &jobs));
        jobs.retain(|job| args.listed.wants(job.status));
        let queue = Queue::new(Rc::clone(&client));
        let mut rows: Vec<Row> = (jobs.into_iter())
            .map(|job| Row::new(job, Rc::clone(&queue)))
            .collect();
        rows.retain(|row| query.wants(row));
        if args.listed.tree {
            as_tree(&mut rows);
        }
        notes.extend(note_state(client.store())?);
        let listing = table::listing(cx.printer.json, &FIELDS, &default, &style, &rows)?;
        if args.list.watch.is_none() {
            // The tool ends now: to take ten thousand rows apart is a tenth of all that it does.
            std::mem::forget(rows);
        }
        Ok(Round {
            listing,
            notes,
            serial: None,
        })
    })
}

/// The ids among the arguments: jobs have no other names.
fn ids(names: &[String]) -> Result<Vec<JobId>> {
    let id = |name: &String| {
        name.parse().map_err(|what: String| {
            Problem::input(what)
                .hint("gnt-job list takes ids or one filter, such as 'summary =* \"*node1*\"'")
                .exit(ExitCode::Usage)
        })
    };
    names.iter().map(id).collect()
}

/// The jobs that are named, or the children of the one that is, or all.
fn named(store: &Store, ids: &[JobId], listed: &ListedArgs) -> Result<Vec<JobRow>> {
    if !ids.is_empty() {
        let jobs = store.jobs_of(ids)?;
        let missing = ids.iter().find(|id| !jobs.iter().any(|j| j.id == **id));
        return match missing {
            Some(id) => Err(unknown(*id)),
            None => Ok(jobs),
        };
    }
    if let Some(parent) = listed.children_of {
        store.job(parent)?.ok_or_else(|| unknown(parent))?;
        let mut family = store.family(parent)?;
        family.retain(|job| job.id != parent);
        return Ok(family);
    }
    let mut jobs = store.jobs()?;
    if listed.archived {
        jobs.extend(store.archived_jobs()?);
        jobs.sort_by_key(|job| job.id);
    }
    Ok(jobs)
}

/// What keeps the queue from going on as usual.
fn note_state(store: &Store) -> Result<Vec<String>> {
    let settings = store.settings()?;
    let full = store.dir().free_mib() == Some(0);
    let notes = [
        (settings.drained, "the queue is drained: it takes no jobs"),
        (settings.held, "the queue is held: it starts no jobs"),
        (
            full,
            "the disk is full: the jobs stand still until there is room",
        ),
    ];
    let so = notes.iter().filter(|(is_so, _)| *is_so);
    Ok(so.map(|(_, note)| format!("note: {note}")).collect())
}

impl ListedArgs {
    /// Whether jobs in this state are listed: in one of those that are named, or any if none is.
    fn wants(&self, status: Status) -> bool {
        let any = self.state.any() || self.running || self.error || self.finished;
        !any || self.state.has(status)
            || (self.running && status == Status::Running)
            || (self.error && status == Status::Error)
            || (self.finished && status.is_final())
    }
}

/// Puts each job under its parent, if that is there, and tells it how deep it stands.
fn as_tree(rows: &mut [Row]) {
    let ids: BTreeMap<JobId, Option<JobId>> = rows
        .iter()
        .map(|row| (row.job.id, row.job.parent))
        .collect();
    let path = |id: JobId| {
        let mut path = vec![id];
        while let Some(Some(parent)) = path.last().and_then(|id| ids.get(id)) {
            if !ids.contains_key(parent) {
                break;
            }
            path.push(*parent);
        }
        path.reverse();
        path
    };
    let paths: BTreeMap<JobId, Vec<JobId>> = ids.keys().map(|id| (*id, path(*id))).collect();
    rows.sort_by(|a, b| paths.get(&a.job.id).cmp(&paths.get(&b.job.id)));
    for row in rows {
        row.depth = paths.get(&row.job.id).map_or(0, |path| path.len() - 1);
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, ValueEnum};

    use super::super::super::args::job::{JobCli, JobCommand};
    use super::*;

    /// The states whose jobs these options list.
    fn listed(options: &str) -> Vec<Status> {
        let line = format!("gnt-job list {options}");
        let cli = JobCli::try_parse_from(line.split_whitespace()).unwrap();
        let JobCommand::List(args) = cli.command else {
            panic!("{line}");
        };
        let wanted = |status: &Status| args.listed.wants(*status);
        Status::value_variants()
            .iter()
            .copied()
            .filter(wanted)
            .collect()
    }

    #[test]
    fn states_that_are_named_add_up() {
        use Status::{Canceled, Canceling, Error, Queued, Running, Success, Waiting};
        let every = [
            Queued, Waiting, Canceling, Running, Canceled, Success, Error,
        ];
        for (options, states) in [
            ("", &every[..]),
            ("--archived", &every),
            ("--pending", &[Queued, Waiting, Canceling]),
            ("--queued", &[Queued]),
            ("--waiting", &[Waiting]),
            ("--running", &[Running]),
            ("--error", &[Error]),
            ("--finished", &[Canceled, Success, Error]),
            ("--running --error", &[Running, Error]),
            (
                "--error --waiting --finished",
                &[Waiting, Canceled, Success, Error],
            ),
            ("--pending --running --finished", &every),
        ] {
            assert_eq!(listed(options), states, "{options}");
        }
    }
}
