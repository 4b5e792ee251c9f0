//! External allocators: programs that choose nodes, such as htools' `hail`, asked by Ganeti's
//! iallocator protocol (version 2).
//!
//! A question is a [`World`] and a [`Request`]; `request` writes both as the JSON that
//! the program reads. `program` finds the program, runs it under a limit of time and takes what it
//! prints. `answer` reads that: it is text from outside, so its size, its shape and every name in it
//! are checked. What an allocator chose is never done as it stands: it names nodes, and whether an
//! instance may go there is decided by the same rules as for a node that a person names
//! ([`plan_departure_by`], [`check_choice`](super::check_choice)).

mod answer;
mod departure;
mod program;
mod regroup;
mod request;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claim::World;
use super::place::{NewInstance, Plan};
use crate::cluster::{GroupUuid, Instance};
use crate::hypervisor::{Call, InterruptKind};
use crate::opcodes::EvacMode;
use crate::store::SCRATCH;

pub use answer::Moves;
pub use departure::plan_departure_by;
pub use regroup::plan_regrouping_by;
pub use request::Request;

/// Where a Debian system and a system built by hand have Ganeti's allocators.
const SEARCH_PATH: [&str; 2] = [
    "/usr/lib/ganeti/iallocators",
    "/usr/local/lib/ganeti/iallocators",
];

/// The name that stands for the built-in placement where an allocator can be named.
pub const BUILT_IN: &str = "built-in";

/// The name that stands for whoever chooses where nobody is named.
pub const DEFAULT: &str = ".";

/// What an operator has set about external allocators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Allocators {
    /// The directories in which they are looked for, in order.
    pub path: Vec<PathBuf>,
    /// The one that chooses where nobody names one; without it the built-in placement does.
    pub default: Option<String>,
    /// The one that chooses for what is in a group, instead of the default.
    pub groups: BTreeMap<GroupUuid, String>,
    /// Options that each is called with: `--key=value`, or `--key` alone.
    pub parameters: BTreeMap<String, Option<String>>,
}

impl Default for Allocators {
    fn default() -> Allocators {
        Allocators {
            path: SEARCH_PATH.map(PathBuf::from).to_vec(),
            default: None,
            groups: BTreeMap::new(),
            parameters: BTreeMap::new(),
        }
    }
}

impl Allocators {
    /// The external allocator that is meant, if one is: the one named, else that of the group that it is
    /// about, else the default.
    #[must_use]
    pub fn meant<'a>(
        &'a self,
        named: Option<&'a str>,
        group: Option<&GroupUuid>,
    ) -> Option<&'a str> {
        let name = named.filter(|name| *name != DEFAULT);
        let of_group = || Some(self.groups.get(group?)?.as_str());
        name.or_else(of_group)
            .or(self.default.as_deref())
            .filter(|name| *name != BUILT_IN)
    }

    /// The file of an allocator: of the directories of the path the first that has it.
    ///
    /// # Errors
    /// [`AskError`]: it is no name, it is nowhere, or somebody else could change it.
    pub fn find(&self, name: &str) -> Result<PathBuf, AskError> {
        program::find(&self.path, name)
    }
}

/// Why an allocator gave no answer that can be used. The text names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// What was named cannot be the name of a file.
    #[error("{0:?} is not the name of an allocator")]
    NoName(String),
    /// No directory of the path has it.
    #[error("iallocator module '{name}' not found in the search path ({path})")]
    NotFound {
        /// Its name.
        name: String,
        /// The directories.
        path: String,
    },
    /// It could not be run at all.
    #[error("iallocator module '{name}' cannot be run: {why}")]
    NotRun {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// It ended otherwise than well, or was ended.
    #[error("iallocator module '{name}' failed: {why}")]
    Failed {
        /// Its name.
        name: String,
        /// How, and what it said to that.
        why: String,
    },
    /// It printed something that is no answer.
    #[error("can't parse the results of iallocator '{name}': {why}")]
    Nonsense {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// It answered that it cannot.
    #[error("iallocator '{name}' found no nodes: {info}")]
    Refused {
        /// Its name.
        name: String,
        /// Its reason.
        info: String,
    },
    /// Somebody does not want the answer any longer.
    #[error("iallocator module '{name}' was stopped")]
    Interrupted {
        /// Its name.
        name: String,
        /// Why.
        why: InterruptKind,
    },
}

/// One external allocator, ready to be asked.
#[derive(Debug)]
pub struct Adviser<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it is looked for, and its parameters.
    pub allocators: &'a Allocators,
    /// The file that it is to read is made here: a directory of ours alone.
    pub scratch: &'a Path,
    /// Tells the file from those of other questions at this time.
    pub tag: String,
    /// Ours to accept what only breaks soft rules.
    pub ignore_soft_errors: bool,
    /// When it has to be done, and by what it is ended earlier.
    pub call: &'a Call<'a>,
}

impl Adviser<'_> {
    /// Who goes where, by the allocator: of instances that are to leave a node, or their group.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn moves(&self, world: &World, request: &Request<'_>) -> Result<Moves, AskError> {
        let result = self.ask(world, request)?;
        answer::moves(self.name, &world.config, request, &result)
    }

    /// Who goes where when instances give up a role; nobody is asked where there are none.
    fn evacuate(
        &self,
        world: &World,
        mode: EvacMode,
        instances: Vec<&Instance>,
    ) -> Result<Moves, AskError> {
        match instances.is_empty() {
            true => Ok(Moves::default()),
            false => self.moves(world, &Request::Evacuate { instances, mode }),
        }
    }

    /// Says of each refusal that is about an answer of the allocator whose choice it was.
    fn sign(&self, plan: &mut Plan, answers: &[&Moves]) {
        for one in &mut plan.unmovable {
            let knows = |moves: &&Moves| {
                moves.moved.contains_key(&one.instance) || moves.failed.contains_key(&one.instance)
            };
            if answers.iter().any(knows) {
                one.reason = format!("iallocator '{}': {}", self.name, one.reason);
                one.hint = Some(format!("-I {BUILT_IN} lets the built-in placement choose"));
            }
        }
    }

    /// The nodes for one role of one instance, or for a new instance: the primary first.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn nodes(&self, world: &World, request: &Request<'_>) -> Result<Vec<String>, AskError> {
        let result = self.ask(world, request)?;
        answer::nodes(self.name, request, &result)
    }

    /// The nodes for each of several new instances, the primary first, or why it has none.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn allocations(
        &self,
        world: &World,
        all: &[(&str, &NewInstance)],
    ) -> Result<Vec<Result<Vec<String>, String>>, AskError> {
        let request = Request::AllocateAll { all: all.to_vec() };
        let result = self.ask(world, &request)?;
        answer::allocations(self.name, all, result)
    }

    /// Asks, and gives the `result` of an answer that says `success`.
    fn ask(&self, world: &World, request: &Request<'_>) -> Result<Value, AskError> {
        answer::read(self.name, &self.printed(world, request)?)
    }

    /// Asks, and gives what the allocator prints, as it is.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn printed(&self, world: &World, request: &Request<'_>) -> Result<String, AskError> {
        let file = self.allocators.find(self.name)?;
        let mut options: Vec<String> = (self.allocators.parameters.iter())
            .map(|(key, value)| match value {
                Some(value) => format!("--{key}={value}"),
                None => format!("--{key}"),
            })
            .collect();
        const SOFT: &str = "ignore-soft-errors";
        if self.ignore_soft_errors && !self.allocators.parameters.contains_key(SOFT) {
            options.push(format!("--{SOFT}"));
        }
        let run = program::Run {
            name: self.name,
            program: &file,
            options: &options,
            input: &request::write(world, request),
            scratch: &self.scratch.join(format!("{SCRATCH}{}.json", self.tag)),
            call: self.call,
        };
        run.output()
    }
}
