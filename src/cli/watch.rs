//! `--watch`: a list that is shown again and again.
//!
//! At a terminal each round takes the place of the last one. Elsewhere it is written below that: when
//! the time is over in any case, and before that when something has changed. Commits of the queue and
//! the configuration wake the list; what the nodes say is looked at when the time is over.

use std::time::{Duration, Instant};

use crate::queue::Client;
use crate::signals::{self, Signal};
use crate::store::{Store, StoreError, Watch, Woken};

use super::context::Context;
use super::exit::ExitCode;
use super::follow::screen::{Line, Screen, Size};
use super::printer::{output_is_terminal, output_size};
use super::problem::Result;
use super::table::Listing;

/// Between two rounds passes this at least: a busy queue must not be read all the time.
const PAUSE: Duration = Duration::from_millis(200);

/// Where nothing tells of changes, so often it is looked whether a signal came.
const SIGNALS: Duration = Duration::from_millis(100);

/// A list at one moment, with what has to be said of the queue.
pub(super) struct Round {
    pub(super) listing: Listing,
    pub(super) notes: Vec<String>,
    /// The serial number of the configuration, if a change of that is all that can change the list.
    pub(super) serial: Option<u64>,
}

impl Round {
    /// Whether a commit may have changed what the list shows.
    fn may_differ(&self, store: &Store) -> Result<bool> {
        Ok(match self.serial {
            Some(serial) => store.settings()?.config_serial != serial,
            None => true,
        })
    }
}

/// Shows a list once or, with an interval, until a signal comes.
///
/// # Errors
/// Those of `round`; the output cannot be written.
pub(super) fn show(
    cx: &mut Context,
    client: &Client,
    every: Option<Duration>,
    round: impl Fn(&Context) -> Result<Round>,
) -> Result<ExitCode> {
    match every {
        None => once(cx, &round(cx)?),
        Some(every) => watch(cx, client, every, round),
    }
}

fn once(cx: &mut Context, round: &Round) -> Result<ExitCode> {
    for note in &round.notes {
        cx.printer.say(note);
    }
    cx.printer.data(&round.listing.text)?;
    Ok(round.listing.complain(&mut cx.printer))
}

fn watch(
    cx: &mut Context,
    client: &Client,
    every: Duration,
    round: impl Fn(&Context) -> Result<Round>,
) -> Result<ExitCode> {
    signals::catch();
    let store = client.store();
    // Before the first look: nothing falls between.
    let changes = Watch::everything(store.dir());
    let mut view: View = match output_is_terminal() && !cx.printer.json {
        true => View::Terminal(Screen::new()),
        false => View::Below { last: None },
    };
    let mut why = Why::Begun;
    loop {
        if !store.in_place() {
            return Err(StoreError::NoCluster(store.dir().path().to_owned()).into());
        }
        let began = Instant::now();
        let round = round(cx)?;
        if why == Why::Begun {
            round.listing.complain(&mut cx.printer);
        }
        view.show(cx, &round, why)?;
        let mut earliest = began + PAUSE;
        why = loop {
            match wait(&changes, earliest, began + every) {
                Ok(Why::Changed) if !round.may_differ(store)? => earliest = Instant::now() + PAUSE,
                Ok(why) => break why,
                Err(signal) => return Ok(ExitCode::Detached(signal.number())),
            }
        };
    }
}

/// Why a round begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It is the first.
    Begun,
    /// Something may have changed.
    Changed,
    /// The time is over.
    Due,
}

/// Waits for a change, which counts from `earliest` on, or until the time is over.
///
/// # Errors
/// The signal that came instead.
fn wait(changes: &Watch, earliest: Instant, due: Instant) -> std::result::Result<Why, Signal> {
    let mut why = Why::Due;
    loop {
        if let Some(signal) = signals::raised() {
            return Err(signal);
        }
        let until = match why {
            Why::Changed => earliest,
            Why::Begun | Why::Due => due,
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(why);
        }
        if why == Why::Changed || changes.fd().is_none() {
            std::thread::sleep(left.min(SIGNALS));
        } else if changes.wait(left) != Woken::TimeOut {
            why = Why::Changed;
        }
    }
}

/// Where the rounds are shown.
enum View {
    /// In place of each other.
    Terminal(Screen),
    /// Below each other.
    Below {
        /// What was shown last.
        last: Option<(String, Vec<String>)>,
    },
}

impl View {
    fn show(&mut self, cx: &mut Context, round: &Round, why: Why) -> Result<()> {
        let text = &round.listing.text;
        match self {
            View::Terminal(screen) => {
                let (columns, rows) = output_size();
                let notes: &[String] = if cx.printer.quiet { &[] } else { &round.notes };
                let lines = frame(notes, text, columns, rows);
                let drawn = screen.draw(lines, Size { columns, rows });
                cx.printer.redraw(&drawn)
            }
            View::Below { last } => {
                let (before, said) = match last {
                    Some((before, said)) => (Some(&*before), said.as_slice()),
                    None => (None, &[][..]),
                };
                if said != round.notes {
                    for note in &round.notes {
                        cx.printer.say(note);
                    }
                }
                if why == Why::Changed && before == Some(text) {
                    return Ok(());
                }
                if before.is_some() {
                    cx.printer.verdict("")?;
                }
                cx.printer.data(text)?;
                *last = Some((text.clone(), round.notes.clone()));
                cx.printer.flush()
            }
        }
    }
}

/// The lines that stand on a terminal: as many as it has room for, the last one saying how many are
/// left out.
fn frame(notes: &[String], text: &str, columns: usize, rows: usize) -> Vec<Line> {
    let lines: Vec<&str> = notes
        .iter()
        .map(String::as_str)
        .chain(text.lines())
        .collect();
    // The cursor has a row of its own.
    let room = rows.saturating_sub(1).max(1);
    let kept = match lines.len() <= room {
        true => lines.len(),
        false => room - 1,
    };
    let mut shown: Vec<Line> = (lines[..kept].iter())
        .map(|line| Line::plain((*line).to_owned()).cut(columns.saturating_sub(1)))
        .collect();
    if kept < lines.len() {
        let more = format!("… and {} more", lines.len() - kept);
        shown.push(Line::plain(more));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(notes: &[&str], text: &str, columns: usize, rows: usize) -> Vec<String> {
        let notes: Vec<String> = notes.iter().map(|note| (*note).to_owned()).collect();
        let lines = frame(&notes, text, columns, rows);
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn a_frame_never_has_more_than_there_is_room_for() {
        let table = "Node\nnode1\nnode2\n";
        assert_eq!(texts(&[], table, 80, 4), ["Node", "node1", "node2"]);
        assert_eq!(texts(&[], table, 80, 3), ["Node", "… and 2 more"]);
        assert_eq!(texts(&[], table, 80, 1), ["… and 3 more"]);
        assert_eq!(
            texts(&["note: held"], table, 80, 4),
            ["note: held", "Node", "… and 2 more"]
        );
        assert_eq!(texts(&[], table, 5, 4), ["Node", "nod…", "nod…"]);
    }
}
