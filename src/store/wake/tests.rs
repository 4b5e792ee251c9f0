use super::*;
use crate::queue::Status;
use crate::queue::submit::{NewJob, Origin, submit_many};
use crate::store::Commit;

/// Nothing that a test waits for takes so long.
const LONG: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_millis(5);

struct Lab {
    _temp: tempfile::TempDir,
    store: Store,
}

impl Lab {
    /// A store with two queued jobs.
    fn new() -> Lab {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::locate(Some(&temp.path().join("state"))).unwrap();
        dir.create().unwrap();
        Store::create(&dir, |_| Ok(())).unwrap();
        let store = Store::open(dir).unwrap();
        let origin = Origin {
            parent: None,
            submitter: "{}",
            request: None,
        };
        let job = || NewJob::of(vec![crate::opcodes::TestDelay::default().into()]);
        let submitted = store.write(Commit::Submit, |tx| {
            submit_many(tx, vec![job(), job()], &origin)
        });
        assert!(submitted.unwrap().iter().all(Result::is_ok));
        Lab { _temp: temp, store }
    }

    fn dir(&self) -> &StateDir {
        self.store.dir()
    }

    fn own(&self, root: i64) -> Vec<PathBuf> {
        vec![self.dir().wake_file(root)]
    }

    fn change(&self, job: i64, status: Status) {
        let job = JobId(job);
        let done = self
            .store
            .write(Commit::Step, |tx| tx.set_job_status(job, job, status));
        done.unwrap();
    }

    fn watch(&self, by: By, files: Vec<PathBuf>) -> Watch {
        match by {
            By::Events => Watch::with_inotify(self.dir(), files).unwrap(),
            By::Messages => Watch::with_socket(self.dir(), files),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum By {
    Events,
    Messages,
}

#[test]
fn who_waits_is_woken_by_what_he_waits_for() {
    let lab = Lab::new();
    for by in [By::Events, By::Messages] {
        let watch = lab.watch(by, lab.own(1));
        lab.change(2, Status::Running);
        assert_eq!(watch.wait(SHORT), Woken::TimeOut, "{watch:?}");
        lab.change(1, Status::Running);
        assert_eq!(watch.wait(LONG), Woken::Look, "{watch:?}");
        assert_eq!(watch.wait(SHORT), Woken::TimeOut, "{watch:?}");
    }
}

#[test]
fn who_waits_for_many_is_woken_by_all() {
    let lab = Lab::new();
    for by in [By::Events, By::Messages] {
        let watch = lab.watch(by, vec![]);
        for job in [1, 2] {
            lab.change(job, Status::Running);
            assert_eq!(watch.wait(LONG), Woken::Look, "{watch:?}");
        }
    }
    let watch = Watch::operations(lab.dir(), 1..=MANY as i64 + 1);
    assert_eq!(watch.files, Vec::<PathBuf>::new());
    lab.change(2, Status::Running);
    assert_eq!(watch.wait(LONG), Woken::Look);
}

#[test]
fn several_wait_for_the_same_without_events() {
    let lab = Lab::new();
    let some = || Watch::with_socket(lab.dir(), lab.own(1));
    let watches = [some(), some(), some()];
    // The place of one that has gone is taken by the next.
    let [first, gone, last] = watches;
    drop(gone);
    let watches = [first, some(), last];
    lab.change(1, Status::Running);
    for watch in &watches {
        assert_eq!(watch.wait(LONG), Woken::Look);
    }
}

#[test]
fn files_go_with_their_operations() {
    let lab = Lab::new();
    let is_there = |root| lab.dir().wake_file(root).exists();
    let mut watch = Watch::operations(lab.dir(), [1, 2]);
    assert!(is_there(1) && is_there(2));
    watch.over();
    assert!(!is_there(1) && !is_there(2));
    // Of two who died; and of one for whom there is no job yet.
    drop(Watch::operations(lab.dir(), [1, 2, 3]));
    lab.change(1, Status::Canceled);
    lab.store.tidy_wakes();
    assert!(!is_there(1) && is_there(2) && is_there(3));
}
