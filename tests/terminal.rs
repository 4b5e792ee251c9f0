//! What a terminal shows while jobs are followed, before, during and after a change of its size.
//!
//! `tmux` plays the terminal. All that would differ from run to run is made to stand still: verbs
//! hang at a given per cent until the fault is cleared, so the screens are compared letter by letter.
//! `GNT_BLESS=1 cargo test --test terminal` writes them anew.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may end where it finds something amiss, and says when it is skipped"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Lab, PATIENCE, tool, wait_for};

/// Columns and rows.
type Size = (usize, usize);

const SMALL: Size = (80, 24);
const LARGE: Size = (200, 50);

/// Of so many jobs at once the others wait.
const AT_ONCE: usize = 8;

/// A screen that is to be written down has not changed for so long.
const STILL: Duration = Duration::from_secs(3);

/// A terminal in which a command runs.
struct Terminal<'a> {
    lab: &'a Lab,
    size: Size,
}

impl<'a> Terminal<'a> {
    /// Opens one and runs a command in it; `None` where there is no tmux.
    fn open(lab: &'a Lab, size: Size, command: &str, colours: bool) -> Option<Terminal<'a>> {
        let terminal = Terminal { lab, size };
        if terminal
            .tmux()
            .arg("-V")
            .stdout(Stdio::null())
            .status()
            .is_err()
        {
            eprintln!("skipped: tmux is not installed");
            return None;
        }
        // The shell outlives Ctrl-C, tells the exit code, and keeps the terminal open.
        let script = format!(
            "trap : INT; printf '$ %s\\n' '{command}'; {command}; echo \"exit $?\"; exec cat"
        );
        let mut tmux = terminal.tmux();
        if !colours {
            tmux.env("NO_COLOR", "1");
        }
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        tmux.args(["new-session", "-d", "-x", &columns, "-y", &rows, &script]);
        assert!(tmux.status().unwrap().success());
        Some(terminal)
    }

    /// A tmux with a server of its own.
    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        let tools = tool("gnt-node").parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([tools].into_iter().chain(std::env::split_paths(&path)));
        command
            .args(["-L", "gnt", "-f", "/dev/null", "-u"])
            .env("TMUX_TMPDIR", self.lab.temp.path())
            .env("GNT_STATE_DIR", self.lab.path())
            .env("PATH", path.unwrap())
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::null());
        for name in ["TMUX", "NO_COLOR", "COLUMNS", "LINES"] {
            command.env_remove(name);
        }
        command
    }

    fn resize(&mut self, size: Size) {
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        let mut tmux = self.tmux();
        tmux.args(["resize-window", "-x", &columns, "-y", &rows]);
        assert!(tmux.status().unwrap().success());
        self.size = size;
    }

    fn press(&self, key: &str) {
        assert!(
            self.tmux()
                .args(["send-keys", key])
                .status()
                .unwrap()
                .success()
        );
    }

    /// What it shows, without what is blank at the ends.
    fn text(&self, options: &[&str]) -> String {
        let mut tmux = self.tmux();
        let output = tmux.args(["capture-pane", "-p"]).args(options).output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        format!("{}\n", lines.join("\n").trim_end())
    }

    /// Waits until it shows what was written down under this name, and tells it.
    #[track_caller]
    fn shows(&self, name: &str) -> String {
        let path = snapshot(name);
        if std::env::var_os("GNT_BLESS").is_some() {
            fs::write(&path, self.still()).unwrap();
        }
        let wanted = fs::read_to_string(&path).unwrap_or_default();
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.text(&[]);
            if text == wanted {
                return text;
            }
            assert!(
                Instant::now() < until,
                "{} does not appear (GNT_BLESS=1 writes it anew), instead:\n{text}",
                path.display()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it shows when nothing moves any more.
    fn still(&self) -> String {
        let (mut last, mut since) = (String::new(), Instant::now());
        wait_for("a screen that stands still", || {
            let text = self.text(&[]);
            if text != last {
                (last, since) = (text, Instant::now());
            }
            (since.elapsed() > STILL).then(|| last.clone())
        })
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        // Where it fails the lab ends the server.
        let _ = self.tmux().arg("kill-server").status();
    }
}

fn snapshot(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/terminal/{name}.txt"))
}

/// A cluster with so many instances on its first node whose migrations hang until told otherwise.
/// One of them fails.
fn lab(children: usize) -> Lab {
    let lab = Lab::sample(3, 3 * children, 100);
    let at_once = AT_ONCE.to_string();
    lab.run(["gnt-cluster", "modify", "--max-running-jobs", &at_once])
        .exits(0);
    let verb = ["gnt-debug", "fault", "add"];
    let fails = ["fails", "--verb", "migrate", "--at", "0", "-i", "inst1"];
    let hangs = ["hangs", "--verb", "migrate", "--at", "40"];
    // The first that matches decides.
    lab.run(verb.iter().chain(&fails)).exits(0);
    lab.run(verb.iter().chain(&hangs)).exits(0);
    lab
}

const EVACUATE: &str = "gnt-node evacuate -p --yes node1";

/// What has to hold of each screen, whatever was written down.
#[track_caller]
fn check(text: &str, (columns, rows): Size, children: usize) {
    let lines: Vec<&str> = text.lines().collect();
    // The cursor has a row of its own.
    assert!(lines.len() < rows, "{} rows of {rows}", lines.len());
    let begun = lines.iter().position(|line| line.contains(" % "));
    let frame = &lines[begun.unwrap_or(0)..];
    let bars: Vec<&&str> = frame
        .iter()
        .filter(|line| line.contains("migrating"))
        .collect();
    assert!(!bars.is_empty());
    for bar in bars {
        let drawn = bar.chars().filter(|c| "=>".contains(*c)).count();
        assert_eq!(drawn, (columns / 4).min(40) * 40 / 100 + 1, "{bar}");
    }
    let total = lines.last().unwrap();
    assert!(total.starts_with("Cluster demo: 0 of "), "{total}");
    let named = lines.iter().filter(|line| line.contains(" inst")).count();
    let more = lines.iter().find_map(|line| {
        let count = line.trim().strip_prefix("… and ")?.strip_suffix(" more")?;
        count.parse::<usize>().ok()
    });
    assert_eq!(
        named + more.unwrap_or(0),
        children,
        "each job once:\n{text}"
    );
}

/// Follows an evacuation in a terminal whose size changes and changes back.
fn resized(first: Size, second: Size, children: usize) {
    let lab = lab(children);
    let Some(mut terminal) = Terminal::open(&lab, first, EVACUATE, true) else {
        return;
    };
    let name = |stage: &str| format!("{}x{}-{children}-{stage}", first.0, first.1);
    check(&terminal.shows(&name("before")), first, children);
    terminal.resize(second);
    check(&terminal.shows(&name("during")), second, children);
    terminal.resize(first);
    check(&terminal.shows(&name("after")), first, children);
    lab.run(["gnt-debug", "fault", "clear", "2"]).exits(0);
    let end = terminal.shows(&name("end"));
    // Nothing of what moved is left, and the verdict is not hidden.
    assert!(!end.contains("migrating") && !end.contains("more"), "{end}");
    let verdict = format!(
        "Cluster demo: partial: {} succeeded, 1 failed",
        children - 1
    );
    assert!(end.contains(&verdict), "{end}");
    assert!(end.ends_with("exit 3\n"), "{end}");
}

#[test]
fn few_jobs_in_a_terminal_that_grows() {
    resized(SMALL, LARGE, 5);
}

#[test]
fn few_jobs_in_a_terminal_that_shrinks() {
    resized(LARGE, SMALL, 5);
}

#[test]
fn many_jobs_in_a_terminal_that_grows() {
    resized(SMALL, LARGE, 60);
}

#[test]
fn many_jobs_in_a_terminal_that_shrinks() {
    resized(LARGE, SMALL, 60);
}

#[test]
fn a_job_that_waits_says_for_what_and_ctrl_c_says_how_to_go_on() {
    let lab = lab(5);
    let holder = lab.submit(["gnt-instance", "migrate", "--yes", "inst7"]);
    lab.wait_for_status(holder, &[gnt::queue::Status::Running]);
    let command = "gnt-instance migrate --yes inst7";
    let Some(terminal) = Terminal::open(&lab, SMALL, command, true) else {
        return;
    };
    let text = terminal.shows("waits");
    assert!(text.contains("waiting for instance inst7, held by job 1"));
    terminal.press("C-c");
    let text = terminal.shows("detached");
    assert!(text.ends_with("To see the rest: gnt-job watch 2\nexit 130\n"));
}

#[test]
fn a_list_that_is_watched_is_drawn_over_and_stays_when_it_ends() {
    let lab = Lab::sample(40, 3, 0);
    let command = "gnt-node list --watch=3600 -o name,drained";
    let Some(terminal) = Terminal::open(&lab, SMALL, command, true) else {
        return;
    };
    let text = terminal.shows("watched-begun");
    assert!(text.ends_with("… and 19 more\n"), "{text}");
    let drain = ["gnt-node", "modify", "-D", "yes", "node2"];
    lab.run(drain).exits(0);
    let text = terminal.shows("watched-changed");
    assert!(text.contains("node2  Y"), "{text}");
    terminal.press("C-c");
    let text = terminal.shows("watched-end");
    assert!(text.ends_with("exit 130\n"), "{text}");
}

#[test]
fn only_a_clear_yes_goes_on() {
    for (keys, exit) in [("n", 13), ("", 13), ("maybe", 0), ("y", 0)] {
        let lab = Lab::sample(3, 3, 0);
        let command = "gnt-node evacuate -p node1";
        let Some(terminal) = Terminal::open(&lab, SMALL, command, true) else {
            return;
        };
        let asked = |times: usize| {
            let text = terminal.text(&[]);
            (text.matches("y/[n]:").count() == times).then_some(())
        };
        wait_for("the question", || asked(1));
        if !keys.is_empty() {
            terminal.press(keys);
        }
        terminal.press("Enter");
        if keys == "maybe" {
            // Asked again.
            wait_for("the second question", || asked(2));
            terminal.press("y");
            terminal.press("Enter");
        }
        let end = format!("exit {exit}\n");
        wait_for("its end", || {
            terminal.text(&[]).ends_with(&end).then_some(())
        });
        let jobs = lab.store().jobs().unwrap();
        assert_eq!(jobs.is_empty(), exit == 13, "{keys:?}");
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    for colours in [true, false] {
        let lab = lab(5);
        let Some(terminal) = Terminal::open(&lab, SMALL, EVACUATE, colours) else {
            return;
        };
        terminal.shows("80x24-5-before");
        let text = terminal.text(&["-e"]);
        assert_eq!(text.contains("\u{1b}["), colours, "{text:?}");
    }
}

#[test]
fn piped_output_holds_no_escape_codes() {
    let lab = Lab::sample(3, 15, 50);
    let fails = ["fails", "--verb", "migrate", "-i", "inst1"];
    lab.run(["gnt-debug", "fault", "add"].iter().chain(&fails))
        .exits(0);
    let output = lab.run(EVACUATE.split(' ')).exits(3);
    for text in [output.stdout, output.stderr] {
        assert!(!text.is_empty());
        let strange = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(strange), "{text:?}");
    }
}
