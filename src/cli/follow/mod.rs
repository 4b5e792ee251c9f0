//! Waiting for jobs, and showing how they go on.
//!
//! The follower of the queue yields events; the renderers here do nothing but show them: bars at a
//! terminal, a line an event elsewhere, JSON for programs.

mod bars;
mod lines;
pub(in crate::cli) mod screen;
mod stream;

use std::time::{Duration, Instant};

use crate::clock;
use crate::queue::JobId;
use crate::queue::follow::{Depth, Event, Follower, Reach};
use crate::signals::{self, Signal};
use crate::store::{JobRow, Store};

use super::printer::{Printer, interactive};
use super::problem::Result;

pub use bars::Bars;
pub use lines::Lines;
pub use stream::Stream;

/// How the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All jobs have ended.
    Over,
    /// The time to wait is over; the jobs go on.
    TimedOut,
    /// The deadline has passed after which nobody waits; the jobs go on.
    Deadline,
    /// A signal came; the jobs go on.
    Detached(Signal),
}

/// Until when it is waited, if the jobs do not end before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Until {
    /// A moment that no clock moves: how long somebody wants to wait.
    pub timeout: Option<Instant>,
    /// A moment of the wall clock, in microseconds since 1970.
    pub deadline: Option<i64>,
}

impl Until {
    /// So long from now.
    #[must_use]
    pub fn timeout(timeout: Option<Duration>) -> Until {
        Until {
            timeout: timeout.map(|timeout| Instant::now() + timeout),
            deadline: None,
        }
    }

    /// How the waiting ends now, if it does.
    fn ending(self) -> Option<Ending> {
        if self.deadline.is_some_and(|at| clock::now() >= at) {
            return Some(Ending::Deadline);
        }
        let over = self.timeout.is_some_and(|until| Instant::now() >= until);
        over.then_some(Ending::TimedOut)
    }

    /// When to look again. The clock may be put forth meanwhile: not later than a second from now, if
    /// it counts.
    fn next(self) -> Option<Instant> {
        let by_clock = self.deadline.map(|at| {
            let left = u64::try_from(at.saturating_sub(clock::now())).unwrap_or(0);
            Instant::now() + Duration::from_micros(left).min(Duration::from_secs(1))
        });
        [self.timeout, by_clock].into_iter().flatten().min()
    }
}

/// How the waiting is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Bars at a terminal, else lines; both on standard error.
    Progress,
    /// The jobs' own log on standard output, as `gnt-job watch` does.
    Log,
    /// A JSON object a line on standard output.
    Stream,
    /// Nothing.
    Silent,
}

/// Somebody who shows events.
trait Renderer {
    /// Shows events; `jobs` are all jobs as they are now.
    fn show(&mut self, printer: &mut Printer, events: &[Event], jobs: &[&JobRow]) -> Result<()>;
    /// Called at least ten times a second while anything moves.
    fn tick(&mut self, _printer: &mut Printer, _jobs: &[&JobRow]) {}
    /// Whether ticks are wanted.
    fn ticks(&self) -> bool {
        false
    }
    /// Takes away what is not to stay.
    fn finish(&mut self, _printer: &mut Printer, _jobs: &[&JobRow]) {}
}

/// Redraws a second.
const TICK: Duration = Duration::from_millis(100);

/// Waits for jobs (and all that descends from them) and shows how they go on.
///
/// # Errors
/// When the queue cannot be read, nobody executes the jobs, or the output cannot be written.
pub fn follow<'a>(
    printer: &mut Printer,
    store: &'a Store,
    ids: &[JobId],
    reach: Reach,
    view: View,
    until: Until,
) -> Result<(Ending, Follower<'a>)> {
    let depth = match view {
        View::Silent => Depth::States,
        View::Progress if printer.quiet => Depth::States,
        View::Progress if can_draw() => Depth::Progress,
        View::Progress | View::Log | View::Stream => Depth::Log,
    };
    let mut renderer: Option<Box<dyn Renderer + '_>> = match view {
        View::Silent => None,
        View::Progress if printer.quiet => None,
        View::Progress if can_draw() => Some(Box::new(Bars::new(store))),
        View::Progress => Some(Box::new(Lines::to_stderr())),
        View::Log => Some(Box::new(Lines::log())),
        View::Stream => Some(Box::new(Stream::new())),
    };
    let mut follower = Follower::new(store, ids, reach, depth)?;
    let ending = loop {
        let events = follower.take_events();
        if let Some(renderer) = &mut renderer {
            let jobs: Vec<&JobRow> = follower.jobs().collect();
            renderer.show(printer, &events, &jobs)?;
            renderer.tick(printer, &jobs);
        }
        if follower.is_over() {
            break Ending::Over;
        }
        if let Some(signal) = signals::raised() {
            break Ending::Detached(signal);
        }
        if let Some(ending) = until.ending() {
            break ending;
        }
        let tick = renderer
            .as_ref()
            .is_some_and(|r| r.ticks())
            .then(|| Instant::now() + TICK);
        let next = [until.next(), tick].into_iter().flatten().min();
        follower.wait(next)?;
    };
    if let Some(renderer) = &mut renderer {
        let jobs: Vec<&JobRow> = follower.jobs().collect();
        renderer.finish(printer, &jobs);
    }
    Ok((ending, follower))
}

/// What is said of a runner that is stopped.
fn stopped_text(pid: u32) -> String {
    format!("the runner, pid {pid}, is stopped; kill -CONT {pid} lets it go on")
}

/// What a job is called: the instance that it is about, else its summary.
fn subject(job: &JobRow) -> &str {
    let first = job.summary.split("),").next().unwrap_or(&job.summary);
    match first.split_once('(') {
        Some((_, subject)) => subject.trim_end_matches(')'),
        None => first,
    }
}

/// Whether bars can be drawn: somebody sits at a terminal that can move its cursor.
fn can_draw() -> bool {
    interactive() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
