//! Deadlines of operations, with real processes. The clock is the test's.

#![cfg(debug_assertions)]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may end where it finds something amiss; it writes what a command waits for"
)]

mod common;

use common::{Lab, Running, wait_for};
use gnt::failpoints::control::Control;
use gnt::queue::{JobId, Status};
use gnt::store::{EventKind, JobRow, runner_alive};
use nix::sys::signal::{Signal, kill};
use serde_json::json;

const HOUR: i64 = 3_600;

/// What runs is still running when the clock is moved, and comes to its end.
const MILLIS: u64 = 2_000;

/// What runs does not end by itself.
const FOR_EVER: u64 = 3_600_000;

/// An evacuation of seven instances with a deadline in an hour, of which two run at once.
struct Evacuation {
    lab: Lab,
    clock: Control,
    client: Running,
    parent: JobId,
    running: Vec<JobId>,
}

impl Evacuation {
    fn on_its_way(millis: u64, more: &[&str]) -> Evacuation {
        let mut lab = Lab::sample(6, 30, millis);
        let clock = lab.steer();
        let words = [
            "gnt-node",
            "evacuate",
            "-f",
            "--parallel",
            "2",
            "--deadline",
            "1h",
        ];
        let client = lab.spawn(words.iter().chain(more).chain(&["node1"]));
        let parent = JobId(1);
        let running = wait_for("two children that run", || {
            let store = lab.store();
            store.job(parent).unwrap()?;
            let children = lab.children(parent);
            let running = children.iter().filter(|job| job.status == Status::Running);
            let running: Vec<JobId> = running.map(|job| job.id).collect();
            (running.len() == 2).then_some(running)
        });
        Evacuation {
            lab,
            clock,
            client,
            parent,
            running,
        }
    }

    fn kill_client(&mut self) {
        self.client.signal(Signal::SIGKILL);
        wait_for("the client's end", || self.client.is_over().then_some(()));
    }

    fn put_clock_forth(&self) {
        self.clock.set_clock(HOUR + 1).unwrap();
    }

    fn history(&self) -> Vec<Option<String>> {
        let events = self.lab.store().events_after(0).unwrap();
        let of_deadlines = events.into_iter().filter(|e| e.kind == EventKind::Deadline);
        of_deadlines.map(|event| event.value).collect()
    }

    /// What ran has come to its end, and nothing has begun since.
    fn was_stopped(&self) {
        let family = self.lab.wait_for_family(self.parent);
        let (ran, others): (Vec<JobRow>, Vec<JobRow>) = (family.into_iter())
            .filter(|job| job.parent.is_some())
            .partition(|job| self.running.contains(&job.id));
        assert!(
            ran.iter().all(|job| job.status == Status::Success),
            "{ran:?}"
        );
        assert_eq!(others.len(), 5);
        for job in others {
            assert_eq!(job.status, Status::Canceled, "{job:?}");
            let ops = self.lab.store().ops(job.id).unwrap();
            assert!(ops.iter().all(|op| op.starts == 0), "{ops:?}");
        }
        assert_eq!(self.history(), [Some("stop".to_owned())]);
        let info = self.lab.run(["gnt-job", "info", "1"]).exits(0);
        assert!(info.stdout.contains(", stop (passed)"), "{info:?}");
        let told = self.lab.run(["gnt-job", "wait", "--json", "1"]).exits(3);
        assert_eq!(told.json()["deadline"]["passed"], json!(true));
        self.lab.verify_clean();
    }
}

#[test]
fn the_client_tells_what_was_left_out() {
    let mut evacuation = Evacuation::on_its_way(MILLIS, &[]);
    evacuation.put_clock_forth();
    wait_for("the client's end", || {
        evacuation.client.is_over().then_some(())
    });
    let told = evacuation.client.stderr();
    let left_out = told.matches("was not begun before the deadline").count();
    assert_eq!(left_out, 5, "{told}");
    assert!(told.contains(": 5 jobs were not begun.\n"), "{told}");
    assert!(told.contains("2 succeeded, 5 canceled"), "{told}");
    evacuation.was_stopped();
}

#[test]
fn nobody_waits_and_the_runner_holds_to_it() {
    let mut evacuation = Evacuation::on_its_way(MILLIS, &[]);
    evacuation.kill_client();
    evacuation.put_clock_forth();
    evacuation.was_stopped();
}

#[test]
fn a_runner_that_begins_after_it_does_so_at_once() {
    let mut evacuation = Evacuation::on_its_way(MILLIS, &[]);
    evacuation.kill_client();
    kill(evacuation.lab.runner_pid().unwrap(), Signal::SIGKILL).unwrap();
    wait_for("the runner's end", || {
        evacuation.lab.runner_pid().is_none().then_some(())
    });
    evacuation.put_clock_forth();
    evacuation.lab.run(["gnt-job", "wait", "1"]).exits(3);
    evacuation.was_stopped();
}

/// A job with a deadline in an hour, in a queue that is held.
fn held() -> (Lab, Control, JobId) {
    let mut lab = Lab::sample(3, 4, 0);
    let clock = lab.steer();
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let evacuate = ["gnt-node", "evacuate", "-f", "--deadline", "1h", "node1"];
    let job = lab.submit(evacuate);
    (lab, clock, job)
}

/// It was cancelled before it began.
fn was_cut_off(lab: &Lab, job: JobId) {
    let family = lab.wait_for_family(job);
    assert_eq!(family.len(), 1, "{family:?}");
    assert_eq!(family[0].status, Status::Canceled);
    let ops = lab.store().ops(job).unwrap();
    assert!(ops.iter().all(|op| op.starts == 0), "{ops:?}");
    lab.verify_clean();
}

#[test]
fn a_queue_that_is_held_has_a_runner_that_holds_to_it() {
    let (lab, clock, job) = held();
    wait_for("a runner", || lab.runner_pid());
    clock.set_clock(HOUR + 1).unwrap();
    was_cut_off(&lab, job);
}

#[test]
fn whoever_releases_the_queue_holds_to_it_first() {
    let (lab, clock, job) = held();
    kill(wait_for("a runner", || lab.runner_pid()), Signal::SIGKILL).unwrap();
    // It is gone when its lock is, which outlives its name by a moment.
    wait_for("its end", || {
        (!runner_alive(&lab.dir).unwrap()).then_some(())
    });
    clock.set_clock(HOUR + 1).unwrap();
    assert_eq!(lab.job(job).status, Status::Queued);
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    was_cut_off(&lab, job);
}

/// A rolling maintenance with a deadline in an hour by the clock of the moment.
fn rolling(lab: &Lab, exec: &str) -> Running {
    let words = [
        "rolling",
        "-f",
        "--exec",
        exec,
        "--deadline",
        "1h",
        "--json",
    ];
    lab.spawn(["gnt-cluster"].into_iter().chain(words))
}

#[test]
fn a_rolling_maintenance_stops_where_it_is_and_goes_on_with_the_next_one() {
    let mut lab = Lab::sample(3, 6, 0);
    let clock = lab.steer();
    let file = |name: &str| lab.temp.path().join(name);
    let (begun, go) = (file("begun"), file("go"));
    // The command for node2 runs when the deadline passes.
    let exec = format!(
        "test $GNT_NODE != node2 || {{ touch {}; until test -e {}; do sleep 0.02; done; }}",
        begun.display(),
        go.display()
    );
    let first = rolling(&lab, &exec);
    wait_for("the command", || begun.exists().then_some(()));
    clock.set_clock(HOUR + 1).unwrap();
    std::fs::write(&go, "").unwrap();
    let told = first.finish().exits(3);
    let why = "Stopped at node2, which is empty and in maintenance; the command is done.";
    assert!(told.stderr.contains(why), "{told:?}");
    assert_eq!(told.json()["deadline"]["passed"], json!(true));
    assert_eq!(told.json()["rolling"]["done"], json!(1));
    let second = rolling(&lab, &exec).finish().exits(0).json();
    assert_eq!(second["deadline"]["passed"], json!(false));
    let steps: Vec<&str> = (second["operations"].as_array().unwrap().iter())
        .map(|step| step["node"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["node2", "node3", "node3"]);
    lab.verify_clean();
}

#[test]
fn what_a_deadline_cut_off_in_a_rolling_maintenance_is_made_up_for() {
    let mut lab = Lab::sample(3, 6, MILLIS);
    let clock = lab.steer();
    let words = ["rolling", "-f", "--exec", "true", "--deadline", "1h"];
    let first = lab.spawn(
        ["gnt-cluster"]
            .into_iter()
            .chain(words)
            .chain(["--parallel", "1"]),
    );
    let enter = JobId(1);
    wait_for("a child that runs", || {
        lab.store().job(enter).unwrap()?;
        let children = lab.children(enter);
        let runs = children.iter().any(|job| job.status == Status::Running);
        runs.then_some(())
    });
    first.signal(Signal::SIGKILL);
    first.finish();
    clock.set_clock(HOUR + 1).unwrap();
    let family = lab.wait_for_family(enter);
    assert!(family.iter().any(|job| job.status == Status::Canceled));
    lab.durations(0);
    let second = lab.run(["gnt-cluster"].into_iter().chain(words)).exits(0);
    let goes_on = "node1: was stopped by a deadline; goes on";
    assert!(second.stderr.contains(goes_on), "{second:?}");
    lab.verify_clean();
}

#[test]
fn what_runs_is_cancelled_too() {
    let evacuation = Evacuation::on_its_way(FOR_EVER, &["--on-deadline", "cancel", "--json"]);
    evacuation.put_clock_forth();
    let Evacuation {
        lab,
        client,
        parent,
        ..
    } = evacuation;
    // Nothing of it succeeded.
    let output = client.finish().exits(1);
    let left_out = ": 5 jobs were not begun, 2 jobs were canceled on the way.";
    assert!(output.stderr.contains(left_out), "{output:?}");
    let document = output.json();
    assert_eq!(document["deadline"]["action"], "cancel");
    assert_eq!(document["deadline"]["passed"], json!(true));
    assert_eq!(document["summary"]["canceled"], json!(7));
    let children = lab.children(parent);
    assert!(children.iter().all(|job| job.status == Status::Canceled));
    lab.verify_clean();
}

#[test]
fn who_waits_leaves_and_the_jobs_go_on() {
    let with = ["--on-deadline", "leave", "--request-id", "night"];
    let mut evacuation = Evacuation::on_its_way(FOR_EVER, &with);
    evacuation.put_clock_forth();
    wait_for("the client's end", || {
        evacuation.client.is_over().then_some(())
    });
    let text = "The deadline has passed. The jobs go on; gnt-job cancel 1 stops them.";
    assert!(evacuation.client.stderr().contains(text));
    // That of the first submission counts for whoever joins it.
    let words = [
        "--deadline",
        "5h",
        "--request-id",
        "night",
        "--json",
        "node1",
    ];
    let join = ["gnt-node", "evacuate", "-f"].iter().chain(&words);
    let joined = evacuation.lab.run(join).exits(3);
    assert!(joined.stderr.contains("its deadline stays"), "{joined:?}");
    assert_eq!(joined.json()["verdict"], "running");
    wait_for("an entry in the history", || {
        (evacuation.history() == [Some("leave".to_owned())]).then_some(())
    });
    for id in &evacuation.running {
        assert_eq!(evacuation.lab.job(*id).status, Status::Running);
    }
    evacuation.lab.run(["gnt-job", "cancel", "1"]).exits(0);
    evacuation.lab.wait_for_family(evacuation.parent);
    evacuation.lab.verify_clean();
}
