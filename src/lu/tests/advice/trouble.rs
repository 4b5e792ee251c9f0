//! Allocators that answer nonsense, hang, fail, flood or must not be run at all.

use std::time::Instant;

use super::*;
use crate::hypervisor::InterruptKind;
use crate::limits::ALLOCATOR_BYTES;

#[test]
fn what_is_no_answer_is_refused_and_says_whose_it_was() {
    let whole = |result: Value| json!({"success": true, "info": "", "result": result});
    let far = json!([
        [["drbd3", "g", ["node2", "node4"]]],
        [],
        [[replace("drbd3", "node3")]]
    ]);
    let two = json!([[["drbd3", "g", ["node2", "node4"]]], [], []]);
    let other = json!([
        [["drbd1", "g", ["node1", "node4"]]],
        [],
        [[replace("drbd1", "node4")]]
    ]);
    let twice = json!([[], [["drbd3", null], ["drbd3", "x"]], []]);
    let lost = json!([
        [["drbd3", "g", ["node2", "node9"]]],
        [],
        [[replace("drbd3", "node9")]]
    ]);
    let one = json!([
        [["drbd3", "g", ["node2"]]],
        [],
        [[replace("drbd3", "node4")]]
    ]);
    let mut kill = replace("drbd3", "node4");
    kill["OP_ID"] = json!("OP_INSTANCE_REMOVE");
    let kill = json!([[["drbd3", "g", ["node2", "node4"]]], [], [[kill]]]);
    let remove = json!({"OP_ID": "OP_INSTANCE_REMOVE", "instance_name": "drbd3"});
    let remove = json!([[["drbd3", "g", ["node2", "node4"]]], [], [[remove]]]);
    for (printed, expected) in [
        (String::new(), "it is not valid JSON"),
        ("[".repeat(100_000), "it is nested deeper than 64 levels"),
        ("null".into(), "invalid type: null"),
        ("{\"success\": true}".into(), "missing field `info`"),
        (whole(json!([])).to_string(), "invalid length 0"),
        (
            whole(json!([[], [], []])).to_string(),
            "says nothing about instance drbd3",
        ),
        (
            whole(far).to_string(),
            "it is to be on node2, node4, but its job brings it to node2, node3",
        ),
        (whole(two).to_string(), "1 instances move by 0 jobs"),
        (
            whole(other).to_string(),
            "it answers for instance \"drbd1\"",
        ),
        (
            whole(twice).to_string(),
            "it answers for instance \"drbd3\"",
        ),
        (whole(lost).to_string(), "there is no node \"node9\""),
        (whole(one).to_string(), "1 nodes are named for it"),
        (whole(kill).to_string(), "unknown field `mode`"),
        (
            whole(remove).to_string(),
            "OP_INSTANCE_REMOVE is not a way to move it",
        ),
    ] {
        let mut lab = Lab::new();
        lab.allocator(&format!("cat <<'END'\n{printed}\nEND"));
        let error = lab.fails(secondaries());
        let text = &error.message;
        assert!(
            text.starts_with("can't parse the results of iallocator 'mine': "),
            "{text}"
        );
        assert!(text.contains(expected), "{text}: {expected}");
        assert_eq!(error.class, ErrorClass::OpExecError, "{text}");
        assert_eq!(code(&error), ErrorCode::EnvironmentError, "{text}");
        assert!(error.hint.unwrap().contains(BUILT_IN), "{text}");
    }
}

#[test]
fn one_that_hangs_fails_or_floods_is_ended_with_all_that_it_started() {
    let slow = "(exec sleep 1234.5 >/dev/null 2>&1) & echo $! >\"$(dirname \"$1\")/child\"";
    for (script, expected) in [
        (format!("{slow}; exec sleep 999"), "no answer within "),
        (
            format!("{slow}; exec >&- 2>&-; exec sleep 999"),
            "no answer within ",
        ),
        (format!("{slow}; kill -9 $$"), "killed by signal 9"),
        (format!("{slow}; exit 1"), "exit code 1"),
        (
            format!("{slow}; exec yes"),
            "it printed more than 16777216 bytes",
        ),
        (
            format!("{slow}; printf '\\377'; exit 0"),
            "it is not text in UTF-8",
        ),
    ] {
        let mut lab = Lab::new();
        lab.limits.allocator =
            Duration::from_millis(if script.contains("999") { 200 } else { 60_000 });
        lab.allocator(&script);
        let error = lab.fails(secondaries());
        assert!(error.message.contains("iallocator"), "{script}: {error}");
        assert!(error.message.contains(expected), "{script}: {error}");
        assert!(lab.scratch().is_empty(), "{script}");
        assert!(is_gone(&lab), "{script}");
    }
    assert_eq!(ALLOCATOR_BYTES, 16_777_216);
}

/// Whether the process whose number is in the file `child` has ended, or does so now.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's own file, and the system's"
)]
fn is_gone(lab: &Lab) -> bool {
    let child = std::fs::read_to_string(lab.dir.path().join("child")).unwrap();
    let status = format!("/proc/{}/cmdline", child.trim());
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        // A killed one whose parent is gone has no command line until somebody has waited for it.
        match std::fs::read_to_string(&status) {
            Ok(line) if line.contains("1234.5") => std::thread::yield_now(),
            Ok(_) | Err(_) => return true,
        }
    }
    false
}

#[test]
fn nobody_waits_for_an_answer_that_is_not_wanted() {
    for (kind, left_behind) in [(InterruptKind::Cancel, false), (InterruptKind::Leave, true)] {
        let mut lab = Lab::new();
        lab.allocator("exec sleep 999");
        let interrupt = Arc::clone(&lab.interrupt);
        let begun = Instant::now();
        let raised = std::thread::spawn(move || interrupt.raise(kind));
        let failure = lab.run(secondaries()).unwrap_err();
        raised.join().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60));
        assert_eq!(failure.left_behind, left_behind);
        if !left_behind {
            assert_eq!(failure.error.class, ErrorClass::JobCanceled);
        }
        assert!(lab.scratch().is_empty());
    }
}

#[test]
fn one_that_others_can_change_or_that_cannot_be_run_is_not_run() {
    let mut lab = Lab::new();
    lab.allocator("exit 1");
    let file = lab.dir.path().join("mine");
    for (mode, why) in [
        (0o777, "can be changed by others"),
        (0o644, "is not executable"),
    ] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let error = lab.fails(secondaries());
        assert!(error.message.ends_with(why), "{error}");
    }
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    let open = |mode| {
        std::fs::set_permissions(lab.dir.path(), PermissionsExt::from_mode(mode)).unwrap();
    };
    open(0o777);
    let op = with(secondaries(), "ignore_soft_errors", json!(true));
    let error = lab.allocators.find("mine").unwrap_err().to_string();
    assert!(
        error.ends_with("is in a directory that others can change"),
        "{error}"
    );
    open(0o700);
    assert_eq!(code(&lab.fails(op)), ErrorCode::EnvironmentError);
    for name in ["", "..", "a/b", "../mine", ".mine", "mi ne", "mine\n"] {
        let error = lab.fails(with(secondaries(), "iallocator", json!(name)));
        assert_eq!(code(&error), ErrorCode::WrongInput, "{name:?}");
    }
    let error = lab.fails(with(secondaries(), "iallocator", json!("yours")));
    assert!(
        error
            .message
            .contains("'yours' not found in the search path"),
        "{error}"
    );
}
