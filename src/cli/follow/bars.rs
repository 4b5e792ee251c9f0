//! A bar a job at a terminal, never more rows than fit.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::hypervisor::Progress;
use crate::queue::follow::Event;
use crate::queue::{JobId, Status};
use crate::store::JobRow;

use super::super::printer::{Printer, colours, columns, rows};
use super::super::problem::Result;
use super::{Renderer, subject};

/// Redraws a second at most.
const REDRAWS: u8 = 10;

/// Rows that are left to the shell's line and to what was said before.
const ROWS_LEFT: usize = 3;

/// The widest name that is shown whole; a longer one ends in an ellipsis.
const MAX_NAME: usize = 24;

/// Shows jobs as bars.
#[derive(Debug)]
pub struct Bars {
    screen: MultiProgress,
    slots: Vec<ProgressBar>,
    total: ProgressBar,
    progress: BTreeMap<JobId, Progress>,
    waits: BTreeMap<JobId, String>,
    width: usize,
}

impl Bars {
    /// An empty screen.
    #[must_use]
    pub fn new() -> Bars {
        let target = ProgressDrawTarget::stderr_with_hz(REDRAWS);
        let screen = MultiProgress::with_draw_target(target);
        let total = screen.add(ProgressBar::new(0));
        total.set_style(style("{msg}"));
        Bars {
            screen,
            slots: vec![],
            total,
            progress: BTreeMap::new(),
            waits: BTreeMap::new(),
            width: 0,
        }
    }

    /// As many bars as there are jobs to show, at most as fit.
    fn fit(&mut self, wanted: usize) {
        let room = rows().saturating_sub(ROWS_LEFT).max(1);
        let wanted = wanted.min(room);
        while self.slots.len() > wanted {
            if let Some(slot) = self.slots.pop() {
                self.screen.remove(&slot);
            }
        }
        while self.slots.len() < wanted {
            let slot = ProgressBar::new(100);
            let slot = self.screen.insert_before(&self.total, slot);
            self.slots.push(slot);
        }
    }

    fn draw_job(&self, slot: &ProgressBar, job: &JobRow) {
        let progress = self.progress.get(&job.id);
        let percent = match job.status {
            Status::Success => 100,
            _ => progress
                .and_then(|p| p.percent)
                .map_or(0, |p| p.clamp(0.0, 99.0) as u64),
        };
        let text = match job.status {
            Status::Running => match progress {
                Some(Progress {
                    phase,
                    eta: Some(eta),
                    ..
                }) if *eta >= 1.0 => format!("{phase}, {eta:.0} s left"),
                Some(Progress { phase, .. }) => phase.clone(),
                None => "running".to_owned(),
            },
            Status::Queued | Status::Waiting => {
                let why = self.waits.get(&job.id);
                why.cloned().unwrap_or_else(|| job.status.to_string())
            }
            Status::Success => "done".to_owned(),
            Status::Error => "failed".to_owned(),
            Status::Canceled | Status::Canceling => job.status.to_string(),
        };
        let colour = match (colours(), job.status) {
            (false, _) => "",
            (true, Status::Success) => ".green",
            (true, Status::Error | Status::Canceled) => ".red",
            (true, _) => ".cyan",
        };
        let bar = (columns() / 4).clamp(8, 40);
        let template = format!("{{prefix}} {{bar:{bar}{colour}}} {{pos:>3}} % {{msg}}");
        slot.set_style(style(&template).progress_chars("=> "));
        let name = shorten(subject(job), MAX_NAME);
        slot.set_prefix(format!(
            "{:>5} {name:<width$}",
            job.id.0,
            width = self.width
        ));
        slot.set_position(percent);
        slot.set_message(text);
    }
}

impl Default for Bars {
    fn default() -> Bars {
        Bars::new()
    }
}

impl Renderer for Bars {
    fn show(&mut self, _: &mut Printer, events: &[Event], _: &[&JobRow]) -> Result<()> {
        for event in events {
            match event {
                Event::State(job) => {
                    let name = shorten(subject(job), MAX_NAME);
                    self.width = self.width.max(name.chars().count());
                    if job.status != Status::Queued && job.status != Status::Waiting {
                        self.waits.remove(&job.id);
                    }
                }
                Event::Progress(id, _, progress) => {
                    self.progress.insert(*id, progress.clone());
                }
                Event::Waits(id, why) => {
                    self.waits.insert(*id, why.text.clone());
                }
                Event::NewRunner => {
                    self.say("the runner had ended, another one is started");
                }
                Event::DiskFull => {
                    self.say("the disk is full: the jobs stand still until there is room");
                }
                Event::Log(..) => {}
            }
        }
        Ok(())
    }

    fn ticks(&self) -> bool {
        true
    }

    fn tick(&mut self, jobs: &[&JobRow]) {
        // A job that has returned others is shown by these.
        let parents: Vec<JobId> = jobs.iter().filter_map(|job| job.parent).collect();
        let shown: Vec<&&JobRow> = (jobs.iter())
            .filter(|job| !parents.contains(&job.id))
            .collect();
        self.fit(shown.len());
        let mut picked: Vec<&&JobRow> = shown.clone();
        if shown.len() > self.slots.len() {
            picked.sort_by_key(|job| (rank(job), job.id));
            picked.truncate(self.slots.len());
            picked.sort_by_key(|job| job.id);
        }
        for (slot, job) in self.slots.iter().zip(&picked) {
            self.draw_job(slot, job);
        }
        self.total.set_message(total(&shown, picked.len()));
    }

    fn finish(&mut self) {
        for slot in &self.slots {
            slot.abandon();
        }
        self.total.finish_and_clear();
    }
}

impl Bars {
    fn say(&self, text: &str) {
        // The screen is a terminal that may go away; then there is nobody to tell.
        let _ = self.screen.println(text);
    }
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

/// The line under the bars.
fn total(jobs: &[&&JobRow], shown: usize) -> String {
    let count = |wanted: &[Status]| jobs.iter().filter(|j| wanted.contains(&j.status)).count();
    let mut text = format!(
        "{} of {} done, {} running, {} waiting",
        count(&[Status::Success]),
        jobs.len(),
        count(&[Status::Running, Status::Canceling]),
        count(&[Status::Queued, Status::Waiting]),
    );
    let failed = count(&[Status::Error, Status::Canceled]);
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    if jobs.len() > shown {
        text.push_str(&format!(" … and {} more", jobs.len() - shown));
    }
    text
}

fn shorten(name: &str, max: usize) -> String {
    if name.chars().count() <= max {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(max - 1).collect();
    short.push('…');
    short
}

/// A style; the templates are ours, and tested.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
