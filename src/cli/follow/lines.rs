//! A line an event, for logs and pipes.

use std::collections::{BTreeMap, BTreeSet};

use crate::queue::follow::Event;
use crate::queue::{JobId, Status};
use crate::store::JobRow;

use super::super::printer::Printer;
use super::super::problem::Result;
use super::super::table::local_time;
use super::{Renderer, stopped_text, subject};

/// Shows events as lines.
#[derive(Debug)]
pub struct Lines {
    to: To,
    names: BTreeMap<JobId, String>,
    /// Jobs that another one returned: of their messages only warnings are for whoever follows the
    /// operation.
    children: BTreeSet<JobId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    /// States, reasons and messages, on standard error.
    Stderr,
    /// Messages, on standard output; the rest on standard error.
    Log,
}

impl Lines {
    /// For whoever waits for an operation without a terminal.
    #[must_use]
    pub fn to_stderr() -> Lines {
        Lines {
            to: To::Stderr,
            names: BTreeMap::new(),
            children: BTreeSet::new(),
        }
    }

    /// For whoever watches jobs.
    #[must_use]
    pub fn log() -> Lines {
        Lines {
            to: To::Log,
            names: BTreeMap::new(),
            children: BTreeSet::new(),
        }
    }

    fn name(&self, id: JobId) -> String {
        match self.names.get(&id) {
            Some(name) => format!("job {id} ({name})"),
            None => format!("job {id}"),
        }
    }
}

impl Renderer for Lines {
    fn show(&mut self, printer: &mut Printer, events: &[Event], _: &[&JobRow]) -> Result<()> {
        for event in events {
            match event {
                Event::State(job) => {
                    let new = !self.names.contains_key(&job.id);
                    self.names.insert(job.id, subject(job).to_owned());
                    if job.parent.is_some() {
                        self.children.insert(job.id);
                    }
                    if new && self.to == To::Log && job.parent.is_none() {
                        let title = format!("Output from job {} follows", job.id);
                        printer.verdict(&title)?;
                        printer.verdict(&"-".repeat(title.len()))?;
                    }
                    // What has just been submitted is queued: nothing to tell.
                    if !(new && job.status == Status::Queued) {
                        printer.say(&format!("{}: {}", self.name(job.id), job.status));
                    }
                }
                Event::Log(id, entry) => match self.to {
                    To::Log => {
                        // Children run side by side: whose line it is has to be said.
                        let whose = match self.children.contains(id) {
                            true => format!("{}: ", self.name(*id)),
                            false => String::new(),
                        };
                        let time = local_time(entry.time);
                        printer.verdict(&format!("{time} {whose}{}", entry.message))?;
                    }
                    To::Stderr if self.children.contains(id) && !is_warning(&entry.message) => {}
                    To::Stderr => {
                        printer.say(&format!("{}: {}", self.name(*id), entry.message.trim()));
                    }
                },
                Event::Progress(..) => {}
                Event::Waits(id, why) => printer.say(&format!("{}: {why}", self.name(*id))),
                Event::NewRunner => printer.say("the runner had ended, another one is started"),
                Event::RunnerStopped(pid) => printer.complain(&stopped_text(*pid)),
                Event::DiskFull => {
                    printer.complain("the disk is full: the jobs stand still until there is room");
                }
            }
        }
        printer.flush()
    }
}

/// Whether a message says that something is not as it should be.
fn is_warning(message: &str) -> bool {
    message.contains("WARNING")
}
