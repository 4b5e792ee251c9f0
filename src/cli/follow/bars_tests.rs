use crate::opcodes::Priority;

use super::*;

fn job(id: i64, status: Status) -> JobRow {
    JobRow {
        id: JobId(id),
        parent: None,
        root: JobId(id),
        status,
        priority: Priority::Normal,
        received: 0,
        started: None,
        ended: None,
        cancel: false,
        parallel: None,
        ops: 1,
        summary: format!("INSTANCE_MIGRATE(inst{id})"),
        request: None,
        submitter: "{}".into(),
        archived: false,
    }
}

fn progress(percent: f64, eta: Option<f64>) -> Progress {
    Progress {
        phase: "migrating".to_owned(),
        percent: Some(percent),
        eta,
    }
}

fn text(known: &Known, job: &JobRow) -> String {
    known.row(job, 5, 10).text()
}

#[test]
fn each_state_says_what_matters() {
    let mut known = Known::default();
    let waits = "waiting for instance inst3, held by job 17";
    known.waits.insert(JobId(1), waits.to_owned());
    let failure = "no answer\nfrom\u{1b}[2J\u{202e}node2";
    known.failures.insert(JobId(2), failure.to_owned());
    known.progress.insert(JobId(3), progress(42.7, Some(12.4)));
    known.progress.insert(JobId(4), progress(100.0, Some(0.3)));
    let row = |id, status| text(&known, &job(id, status));
    let waiting = "    1 inst1 waiting for instance inst3, held by job 17";
    assert_eq!(row(1, Status::Waiting), waiting);
    assert_eq!(row(1, Status::Queued), waiting);
    let failed = "    2 inst2 failed: no answer from [2J node2";
    assert_eq!(row(2, Status::Error), failed);
    let running = "    3 inst3 ====>       42 % migrating, 12 s left";
    assert_eq!(row(3, Status::Running), running);
    let canceling = "    3 inst3 ====>       42 % canceling";
    assert_eq!(row(3, Status::Canceling), canceling);
    // It is not done before its job has ended.
    let last = "    4 inst4 =========>  99 % migrating";
    assert_eq!(row(4, Status::Running), last);
    assert_eq!(row(4, Status::Success), "    4 inst4 ========== 100 % done");
    assert_eq!(row(5, Status::Canceled), "    5 inst5 canceled");
    assert_eq!(row(5, Status::Queued), "    5 inst5 queued");
}

#[test]
fn never_more_rows_than_fit() {
    let known = Known::default();
    let jobs: Vec<JobRow> = (1..=100).map(|id| job(id, Status::Queued)).collect();
    for rows in 5..120 {
        for count in [1, 2, 10, 100] {
            let jobs: Vec<&JobRow> = jobs.iter().take(count).collect();
            let size = Size { columns: 80, rows };
            let (lines, hidden) = known.rows(&jobs, size);
            assert_eq!(lines.len() + hidden, count);
            // One that tells of the hidden ones, the total, the cursor, the command's own line.
            let others = usize::from(hidden > 0) + 1 + ROWS_LEFT;
            assert!(lines.len() + others <= rows, "{count} in {rows}");
            // None is hidden in favour of an empty row.
            assert!(hidden == 0 || lines.len() + others == rows);
        }
    }
}

#[test]
fn what_moves_or_failed_is_shown_before_what_waits_or_is_done() {
    let known = Known::default();
    let mut jobs: Vec<JobRow> = (1..=20).map(|id| job(id, Status::Success)).collect();
    jobs[4].status = Status::Queued;
    jobs[10].status = Status::Running;
    jobs[19].status = Status::Error;
    let jobs: Vec<&JobRow> = jobs.iter().collect();
    let size = Size {
        columns: 80,
        rows: 7,
    };
    let (lines, hidden) = known.rows(&jobs, size);
    assert_eq!(hidden, 17);
    let shown: Vec<String> = lines
        .iter()
        .map(|line| line.text()[..5].to_owned())
        .collect();
    assert_eq!(shown, ["    5", "   11", "   20"]);
}

#[test]
fn bars_are_as_wide_as_the_terminal_allows() {
    assert_eq!(gauge(0, 8), ">       ");
    assert_eq!(gauge(50, 8), "====>   ");
    assert_eq!(gauge(99, 8), "=======>");
    assert_eq!(gauge(100, 8), "========");
    let known = Known::default();
    let jobs = [job(1, Status::Success)];
    for (columns, wide) in [(1, 8), (80, 20), (100, 25), (300, 40)] {
        let size = Size { columns, rows: 24 };
        let (lines, _) = known.rows(&[&jobs[0]], size);
        assert_eq!(lines[0].mark.len(), wide);
    }
}

#[test]
fn the_total_counts_each_job_once() {
    let known = Known {
        cluster: "demo".to_owned(),
        ..Known::default()
    };
    let states = [
        Status::Success,
        Status::Running,
        Status::Canceling,
        Status::Queued,
        Status::Waiting,
        Status::Error,
        Status::Canceled,
    ];
    let jobs: Vec<JobRow> = (1..)
        .zip(states)
        .map(|(id, status)| job(id, status))
        .collect();
    let jobs: Vec<&JobRow> = jobs.iter().collect();
    assert_eq!(
        known.total(&jobs),
        "Cluster demo: 1 of 7 done, 2 running, 2 waiting, 1 failed, 1 canceled"
    );
}

#[test]
fn a_parent_is_shown_by_its_children() {
    let mut jobs = [1, 2, 3].map(|id| job(id, Status::Running));
    jobs[1].parent = Some(JobId(1));
    let jobs: Vec<&JobRow> = jobs.iter().collect();
    let shown: Vec<i64> = leaves(&jobs).iter().map(|job| job.id.0).collect();
    assert_eq!(shown, [2, 3]);
}
