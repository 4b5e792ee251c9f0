//! A bar a job at a terminal, never more rows than fit.

use std::collections::BTreeMap;

use crate::hypervisor::Progress;
use crate::queue::follow::Event;
use crate::queue::{JobId, Status};
use crate::store::{JobRow, Store};
use crate::text::steers;

use super::super::printer::{Printer, colours, terminal_size};
use super::super::problem::Result;
use super::screen::{Colour, Line, Screen, Size};
use super::{Renderer, stopped_text, subject};

/// Rows that are left to the command's own line and to the cursor.
const ROWS_LEFT: usize = 2;

/// The widest name that is shown whole; a longer one ends in an ellipsis.
const MAX_NAME: usize = 24;

/// The narrowest bar that still shows something, and the widest that needs no look along it.
const MIN_BAR: usize = 8;
const MAX_BAR: usize = 40;

/// Shows jobs as bars.
#[derive(Debug)]
pub struct Bars<'a> {
    store: &'a Store,
    screen: Screen,
    known: Known,
    colours: bool,
}

/// What is known of the jobs beside their rows.
#[derive(Debug, Default)]
struct Known {
    cluster: String,
    progress: BTreeMap<JobId, Progress>,
    waits: BTreeMap<JobId, String>,
    failures: BTreeMap<JobId, String>,
}

impl<'a> Bars<'a> {
    /// An empty screen for jobs of this queue.
    #[must_use]
    pub fn new(store: &'a Store) -> Bars<'a> {
        Bars {
            store,
            screen: Screen::new(),
            known: Known {
                // Only shown: the jobs go on without it.
                cluster: store.cluster_name().unwrap_or_default(),
                ..Known::default()
            },
            colours: colours(),
        }
    }

    /// A job is in another state: what was known of its last one is over.
    fn note(&mut self, job: &JobRow) -> Result<()> {
        if job.status != Status::Queued && job.status != Status::Waiting {
            self.known.waits.remove(&job.id);
        }
        if job.status == Status::Error {
            let ops = self.store.ops_between(job.id, job.id)?;
            if let Some(error) = ops.into_iter().find_map(|op| op.error) {
                self.known.failures.insert(job.id, error.message);
            }
        }
        Ok(())
    }

    fn say(&mut self, printer: &Printer, text: &str) {
        let text = self.screen.say(text, size());
        printer.draw(&text);
    }

    fn show_lines(&mut self, printer: &Printer, mut lines: Vec<Line>, size: Size) {
        // Of a terminal of two or three rows the last ones say most.
        let room = size.rows.saturating_sub(1);
        lines.drain(..lines.len().saturating_sub(room));
        let plain = |line: Line| Line {
            colour: line.colour.filter(|_| self.colours),
            ..line.cut(size.columns.saturating_sub(1))
        };
        let lines = lines.into_iter().map(plain).collect();
        let text = self.screen.draw(lines, size);
        printer.draw(&text);
    }
}

fn size() -> Size {
    let (columns, rows) = terminal_size();
    Size { columns, rows }
}

impl Renderer for Bars<'_> {
    fn show(&mut self, printer: &mut Printer, events: &[Event], _: &[&JobRow]) -> Result<()> {
        for event in events {
            match event {
                Event::State(job) => self.note(job)?,
                Event::Progress(id, _, progress) => {
                    self.known.progress.insert(*id, progress.clone());
                }
                Event::Waits(id, why) => {
                    self.known.waits.insert(*id, why.text.clone());
                }
                Event::NewRunner => {
                    self.say(printer, "the runner had ended, another one is started");
                }
                Event::RunnerStopped(pid) => {
                    self.say(printer, &stopped_text(*pid));
                }
                Event::DiskFull => {
                    let text = "the disk is full: the jobs stand still until there is room";
                    self.say(printer, text);
                }
                Event::Log(..) => {}
            }
        }
        Ok(())
    }

    fn ticks(&self) -> bool {
        true
    }

    fn tick(&mut self, printer: &mut Printer, jobs: &[&JobRow]) {
        let size = size();
        let jobs = leaves(jobs);
        let (mut lines, hidden) = self.known.rows(&jobs, size);
        if hidden > 0 {
            lines.push(Line::plain(format!("      … and {hidden} more")));
        }
        lines.push(Line::plain(self.known.total(&jobs)));
        self.show_lines(printer, lines, size);
    }

    fn finish(&mut self, printer: &mut Printer, jobs: &[&JobRow]) {
        let size = size();
        let (lines, hidden) = self.known.rows(&leaves(jobs), size);
        // A part of the jobs says nothing of the whole; the verdict follows.
        let lines = if hidden > 0 { vec![] } else { lines };
        self.show_lines(printer, lines, size);
    }
}

/// The jobs that are shown: one that has returned others is shown by these.
fn leaves<'j>(jobs: &[&'j JobRow]) -> Vec<&'j JobRow> {
    let parents: std::collections::BTreeSet<JobId> =
        jobs.iter().filter_map(|job| job.parent).collect();
    let leaf = |job: &&&JobRow| !parents.contains(&job.id);
    jobs.iter().filter(leaf).copied().collect()
}

impl Known {
    /// A line a job, as many as fit, and how many do not.
    fn rows(&self, jobs: &[&JobRow], size: Size) -> (Vec<Line>, usize) {
        // The line under the bars, too.
        let room = size.rows.saturating_sub(ROWS_LEFT + 1).max(1);
        let mut picked = jobs.to_vec();
        if jobs.len() > room {
            picked.sort_by_key(|job| (rank(job), job.id));
            // And the one that tells of those without a bar.
            picked.truncate(room.saturating_sub(1).max(1));
            picked.sort_by_key(|job| job.id);
        }
        // Of all jobs, so that the bars do not move when others are picked.
        let widths = jobs.iter().map(|job| name(job).chars().count());
        let width = widths.max().unwrap_or(0);
        let bar = (size.columns / 4).clamp(MIN_BAR, MAX_BAR);
        let hidden = jobs.len() - picked.len();
        let line = |job: &&JobRow| self.row(job, width, bar);
        (picked.iter().map(line).collect(), hidden)
    }

    fn row(&self, job: &JobRow, width: usize, bar: usize) -> Line {
        let progress = self.progress.get(&job.id);
        let percent = progress.and_then(|progress| progress.percent);
        let percent = percent.map_or(0, |percent| percent.clamp(0.0, 99.0) as usize);
        let (mark, colour, tail) = match job.status {
            Status::Queued | Status::Waiting => {
                let why = self.waits.get(&job.id).cloned();
                let why = why.unwrap_or_else(|| job.status.to_string());
                (String::new(), None, why)
            }
            Status::Running => {
                let doing = progress.map_or("running".to_owned(), doing);
                let tail = format!(" {percent:>3} % {doing}");
                (gauge(percent, bar), Some(Colour::Cyan), tail)
            }
            Status::Canceling => {
                let tail = format!(" {percent:>3} % canceling");
                (gauge(percent, bar), Some(Colour::Cyan), tail)
            }
            Status::Success => {
                let tail = " 100 % done".to_owned();
                (gauge(100, bar), Some(Colour::Green), tail)
            }
            Status::Error => {
                let why = self.failures.get(&job.id);
                let why = why.map_or(String::new(), |why| format!(": {why}"));
                ("failed".to_owned(), Some(Colour::Red), why)
            }
            Status::Canceled => ("canceled".to_owned(), Some(Colour::Red), String::new()),
        };
        Line {
            head: format!("{:>5} {:<width$} ", job.id.0, name(job)),
            mark,
            colour,
            // A message of several lines would break the frame.
            tail: tail.replace(steers, " "),
        }
    }

    /// The line under the bars.
    fn total(&self, jobs: &[&JobRow]) -> String {
        let count = |wanted: &[Status]| jobs.iter().filter(|j| wanted.contains(&j.status)).count();
        let mut text = format!(
            "Cluster {}: {} of {} done, {} running, {} waiting",
            self.cluster,
            count(&[Status::Success]),
            jobs.len(),
            count(&[Status::Running, Status::Canceling]),
            count(&[Status::Queued, Status::Waiting]),
        );
        let failed = count(&[Status::Error]);
        if failed > 0 {
            text.push_str(&format!(", {failed} failed"));
        }
        let canceled = count(&[Status::Canceled]);
        if canceled > 0 {
            text.push_str(&format!(", {canceled} canceled"));
        }
        text
    }
}

/// What a job does, and how long that takes yet.
fn doing(progress: &Progress) -> String {
    match progress.eta {
        Some(eta) if eta >= 1.0 => format!("{}, {eta:.0} s left", progress.phase),
        _ => progress.phase.clone(),
    }
}

/// A bar of so many columns that is full to so many per cent.
fn gauge(percent: usize, columns: usize) -> String {
    let full = percent.min(100) * columns / 100;
    let mut bar = "=".repeat(full);
    if full < columns {
        bar.push('>');
    }
    format!("{bar:<columns$}")
}

fn name(job: &JobRow) -> String {
    shorten(subject(job), MAX_NAME)
}

/// Which jobs are shown first where not all fit: those that move, those that failed, those that
/// wait, those that are done.
fn rank(job: &JobRow) -> u8 {
    match job.status {
        Status::Running | Status::Canceling => 0,
        Status::Error | Status::Canceled => 1,
        Status::Queued | Status::Waiting => 2,
        Status::Success => 3,
    }
}

fn shorten(name: &str, max: usize) -> String {
    if name.chars().count() <= max {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(max - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
#[path = "bars_tests.rs"]
mod tests;
