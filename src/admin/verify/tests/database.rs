//! Databases that were broken by hand.

use super::*;

/// A way to break the database, the code that tells it, and about what.
type Break = (&'static str, Code, &'static str);

pub(super) const BREAKS: &[Break] = &[
    (
        "UPDATE job SET status = 3 WHERE id = 5",
        Code::JobStatus,
        "job 5",
    ),
    (
        "UPDATE opcode_archive SET status = 9 WHERE id = 4 * 1024",
        Code::JobStatus,
        "job 4",
    ),
    (
        "UPDATE job SET ops = 3 WHERE id = 6",
        Code::OpcodeCount,
        "job 6",
    ),
    (
        "UPDATE opcode SET id = id + 1 WHERE id = 3 * 1024",
        Code::OpcodeCount,
        "job 3",
    ),
    (
        "UPDATE opcode SET status = 8, started = 1, executing = 1, starts = 1, ended = 1
         WHERE id = 6 * 1024 + 1",
        Code::OpcodeOrder,
        "job 6",
    ),
    ("UPDATE job SET ended = 5 WHERE id = 3", Code::Times, "job 3"),
    (
        "UPDATE job SET ended = NULL WHERE id = 1",
        Code::Times,
        "job 1",
    ),
    (
        "UPDATE job SET started = NULL WHERE id = 2",
        Code::Times,
        "job 2",
    ),
    (
        "UPDATE opcode SET executing = NULL WHERE id = 2 * 1024",
        Code::Times,
        "job 2",
    ),
    (
        "UPDATE opcode SET started = 7 WHERE id = 3 * 1024",
        Code::Times,
        "job 3",
    ),
    (
        "UPDATE opcode_archive SET ended = NULL WHERE id = 4 * 1024",
        Code::Times,
        "job 4",
    ),
    (
        "UPDATE job SET cancel = 0 WHERE id = 6",
        Code::CancelMark,
        "job 6",
    ),
    (
        "UPDATE job SET root = 3 WHERE id = 3",
        Code::WrongParent,
        "job 3",
    ),
    (
        "UPDATE job SET root = 1 WHERE id = 5",
        Code::WrongParent,
        "job 5",
    ),
    (
        "UPDATE job SET parent = 88 WHERE id = 7",
        Code::WrongParent,
        "job 7",
    ),
    (
        "UPDATE opcode SET result = json_remove(result, '$.jobs[2]') WHERE id = 1024",
        Code::Children,
        "job 1",
    ),
    (
        "UPDATE opcode SET last_child = 2 WHERE id = 1024",
        Code::Children,
        "job 1",
    ),
    (
        "DELETE FROM job WHERE id = 3; DELETE FROM opcode WHERE id = 3 * 1024;
         DELETE FROM claim",
        Code::Children,
        "job 1",
    ),
    (
        "UPDATE job SET parent = 1, root = 1 WHERE id = 8",
        Code::Children,
        "job 1",
    ),
    (
        "UPDATE job SET parallel = 0 WHERE id = 1",
        Code::CapExceeded,
        "job 1",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.depends[0][0]', 6) WHERE id = 2 * 1024",
        Code::Dependency,
        "job 2",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.depends', json('[[-1, []]]'))
         WHERE id = 3 * 1024",
        Code::Dependency,
        "job 3",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.depends', json('[[0, []]]'))
         WHERE id = 3 * 1024",
        Code::Dependency,
        "job 3",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.depends', json('[[3, []]]'))
         WHERE id = 5 * 1024",
        Code::Dependency,
        "job 5",
    ),
    (
        "INSERT INTO job_archive SELECT id, parent, root, status, priority, received, started,
            ended, cancel, parallel, ops, summary, request, submitter FROM job WHERE id = 7;
         INSERT INTO opcode_archive SELECT * FROM opcode WHERE id / 1024 = 7",
        Code::Archive,
        "job 7",
    ),
    (
        "UPDATE job_archive SET status = 0, ended = NULL WHERE id = 4;
         UPDATE opcode_archive SET status = 0, started = NULL, executing = NULL, ended = NULL
         WHERE id = 4 * 1024",
        Code::Archive,
        "job 4",
    ),
    (
        "UPDATE job SET request = 'a' WHERE id = 7",
        Code::RequestTwice,
        "job 7",
    ),
    (
        "INSERT INTO held VALUES (5, 'node/y', 'shared')",
        Code::HoldNotRunning,
        "job 5",
    ),
    (
        "UPDATE held SET mode = 'exclusive' WHERE job = 6",
        Code::HoldsConflict,
        "job 2",
    ),
    (
        "UPDATE held SET lock = 'instance/[lockset]' WHERE job = 6",
        Code::HoldsConflict,
        "job 2",
    ),
    (
        "UPDATE claim SET job = 1 WHERE job = 3",
        Code::ClaimEnded,
        "job 1",
    ),
    (
        "UPDATE claim SET memory = 1 << 40 WHERE job = 3",
        Code::Overbooked,
        "node node",
    ),
    (
        "INSERT INTO progress VALUES (5 * 1024, 0, '{}')",
        Code::Stray,
        "job 5",
    ),
    (
        "DELETE FROM event; DELETE FROM job_archive WHERE id = 4",
        Code::Stray,
        "job 4",
    ),
    (
        "INSERT INTO log VALUES (5 * 1024 + 9, 1, 0, 'message', 'x')",
        Code::Stray,
        "job 5",
    ),
    (
        "INSERT INTO log VALUES (77 * 1024, 1, 0, 'message', 'x')",
        Code::Stray,
        "job 77",
    ),
    (
        "INSERT INTO event (time, what, job, who) VALUES (0, 'cancel', 77, '{}')",
        Code::Stray,
        "job 77",
    ),
    (
        "INSERT INTO opcode (id, status, input) VALUES (78 * 1024, 0, '{}')",
        Code::Stray,
        "job 78",
    ),
    (
        "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'job'",
        Code::IdOutOfBounds,
        "job 8",
    ),
    (
        "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'event'",
        Code::IdOutOfBounds,
        "event 2",
    ),
    (
        "UPDATE opcode SET input = json_set(input, '$.OP_ID', 'OP_NONSENSE') WHERE id = 3 * 1024",
        Code::Unreadable,
        "job 3",
    ),
    (
        "UPDATE opcode SET result = '{' WHERE id = 7 * 1024",
        Code::Unreadable,
        "job 7",
    ),
    (
        "UPDATE job SET priority = 3 WHERE id = 7",
        Code::Unreadable,
        "job 7",
    ),
    (
        "UPDATE held SET lock = 'nonsense' WHERE job = 6",
        Code::Unreadable,
        "database",
    ),
    (
        "UPDATE object SET value = '{}' WHERE kind = 'cluster'",
        Code::Unreadable,
        "database",
    ),
    (
        "CREATE TABLE extra (job INTEGER REFERENCES job(id)); PRAGMA foreign_keys = OFF;
         INSERT INTO extra VALUES (99)",
        Code::Damaged,
        "database",
    ),
    (
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '< 7', '< 8')
         WHERE name = 'job_unfinished'; PRAGMA schema_version = 999",
        Code::Damaged,
        "database",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.group', 'x') WHERE kind = 'node'
            AND value ->> 'name' = 'node1'",
        Code::NodeWithoutGroup,
        "node node",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.drained', json('true'), '$.offline', json('true'))
         WHERE kind = 'node' AND value ->> 'name' = 'node1'",
        Code::NodeFlags,
        "node node",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.primary_node', 'x')
         WHERE kind = 'instance' AND value ->> 'name' = 'inst1'",
        Code::InstanceWithoutNode,
        "instance inst1",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.disks[0]', 'x')
         WHERE kind = 'instance' AND value ->> 'name' = 'inst1'",
        Code::DiskMissing,
        "instance inst1",
    ),
    (
        "INSERT INTO object SELECT 'disk', 'x', json_set(value, '$.uuid', 'x') FROM object
         WHERE kind = 'disk' LIMIT 1",
        Code::DiskUnused,
        "disk x",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.disks[0]', (
            SELECT value -> 'disks' ->> 0 FROM object
            WHERE kind = 'instance' AND value ->> 'name' = 'inst1'))
         WHERE kind = 'instance' AND value ->> 'name' = 'inst2'",
        Code::DiskShared,
        "instance inst",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.nodes', json('[\"x\"]'))
         WHERE kind = 'disk' AND value ->> 'dev_type' = 'drbd'",
        Code::DiskNodes,
        "instance inst",
    ),
    (
        "UPDATE object SET value = json_set(value, '$.gnt_uncertain', 'because')
         WHERE kind = 'instance' AND value ->> 'name' = 'inst1'",
        Code::InstanceUncertain,
        "instance inst1",
    ),
];

#[test]
fn what_is_broken_by_hand_is_found() {
    for (sql, code, object) in BREAKS {
        let lab = Lab::new();
        lab.breaks(sql);
        let findings = lab.findings(Reading::Everything);
        assert!(
            findings
                .iter()
                .any(|found| found.code == *code && found.object.starts_with(object)),
            "{sql}: {findings:#?}"
        );
    }
}

#[test]
fn what_grows_with_history_is_read_only_if_asked_for() {
    let lab = Lab::new();
    lab.breaks("UPDATE opcode_archive SET ended = NULL");
    assert_eq!(lab.findings(Reading::Queue), []);
    assert_eq!(lab.codes(), BTreeSet::from([Code::Times]));
    // What live jobs and the newest events are about is looked at always.
    let lab = Lab::new();
    lab.breaks(
        "INSERT INTO log VALUES (5 * 1024 + 9, 1, 0, 'message', 'x');
        INSERT INTO log VALUES (77 * 1024, 1, 0, 'message', 'x');
        INSERT INTO event (time, what, job, who) VALUES (0, 'cancel', 78, '{}')",
    );
    let found = lab.findings(Reading::Queue);
    let objects: Vec<&str> = found.iter().map(|found| found.object.as_str()).collect();
    assert_eq!(objects, ["job 5", "job 77", "job 78"]);
}
