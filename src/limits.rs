//! What this program accepts at most, in one place: each limit with its reason and with what happens
//! to whoever reaches it. `docs/limits.md` is made from this file.
//!
//! How long the verbs of a hypervisor may take stands with the units ([`crate::lu::Limits`]): that is
//! set by operators, verb by verb.

use serde_json::Value;

/// A limit as the documentation shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The constant's name.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// What is counted.
    pub unit: &'static str,
    /// What it bounds, and why there.
    pub why: &'static str,
    /// What happens beyond it.
    pub beyond: &'static str,
}

macro_rules! limits {
    ($($(#[doc = $why:literal])+ $name:ident: $kind:ty = $value:expr, $unit:literal, $beyond:literal;)*) => {
        $($(#[doc = $why])+ #[doc = ""] #[doc = concat!("Beyond it: ", $beyond, ".")]
        pub const $name: $kind = $value;)*

        /// All of them, in the order of the documentation.
        pub const ALL: &[Limit] = &[$(Limit {
            name: stringify!($name),
            value: $name as u64,
            unit: $unit,
            why: concat!($($why),+),
            beyond: $beyond,
        },)*];
    };
}

limits! {
    /// Unfinished jobs, unless an operator sets another number: Ganeti's hard limit. A queue that
    /// long is a script that has run away.
    QUEUE_LIMIT: u64 = 5_000, "jobs",
        "each further job is refused on its own (`queue_full`); `gnt-cluster modify --queue-limit N` raises it";
    /// The most that an operator may set: what the runner keeps of each waiting job stays below half
    /// a GiB in all.
    QUEUE_LIMIT_MOST: u64 = 1_000_000, "jobs",
        "usage error, exit 2; in an import file exit 1";
    /// Jobs that run at once, unless an operator sets another number: Ganeti's default.
    MAX_RUNNING_JOBS: u64 = 20, "jobs",
        "jobs wait for a free slot; `gnt-cluster modify --max-running-jobs N` raises it";
    /// The most that an operator may set: each takes a thread.
    MAX_RUNNING_JOBS_MOST: u64 = 1_000, "jobs",
        "usage error, exit 2";
    /// A runner without work stays so long, unless an operator sets another number: a series of
    /// commands meets a warm one.
    RUNNER_IDLE: u64 = 30, "s",
        "the runner ends; the next command starts one";
    /// Jobs in one submission, and jobs that one opcode returns: what one transaction can take
    /// without keeping others waiting for longer than they are patient.
    JOBS_PER_SUBMISSION: usize = 100_000, "jobs",
        "each further job is refused on its own (`invalid_opcode`); `gnt-debug submit-job` submits nothing, exit 1";
    /// Opcodes of one job: they run one after the other and fail together; what is longer is several
    /// jobs.
    OPCODES_PER_JOB: usize = 1_000, "opcodes",
        "the job is refused (`invalid_opcode`)";
    /// An opcode as JSON text: enough for any list of names.
    OPCODE_BYTES: usize = 1 << 20, "bytes",
        "its job is refused (`invalid_opcode`)";
    /// The opcodes of one job together: the runner reads all of them when the job comes.
    JOB_BYTES: usize = 16 << 20, "bytes",
        "the job is refused (`invalid_opcode`)";
    /// Levels of lists and objects in an opcode, a job file, a cluster's file. Documents of ours wrap
    /// them in a few more, and many readers stop at 128.
    JSON_DEPTH: usize = 64, "levels",
        "the job (`invalid_opcode`) or the file is refused";
    /// Jobs that one opcode depends on: each is looked up when it is submitted and when it starts.
    DEPENDENCIES: usize = 1_000, "jobs",
        "its job is refused (`bad_dependency`)";
    /// Entries of an opcode's reason trail: children inherit it, and an operation has many.
    REASONS: usize = 64, "entries",
        "its job is refused (`invalid_opcode`)";
    /// A text of a reason trail, and a comment: a sentence or two, which each child inherits.
    REASON_BYTES: usize = 1_024, "bytes",
        "its job is refused (`invalid_opcode`); as `--reason` a usage error, exit 2";
    /// A name: of a cluster, group, node, instance, and of a request (`--request-id`). What a domain
    /// name has at most.
    NAME_BYTES: usize = 255, "bytes",
        "the job (`invalid_opcode`) or the file is refused; as `--request-id` a usage error, exit 2";
    /// A URI or a fence command of a node: a line that somebody typed.
    HOST_BYTES: usize = 4 << 10, "bytes",
        "the opcode fails (`wrong_input`)";
    /// What a driver needs to make a guest known on a node: those of libvirt have some KiB.
    DEFINITION_BYTES: usize = 1 << 20, "bytes",
        "the opcode fails (`wrong_state`)";
    /// Paths that are said to be seen by every node: mount points and device directories of a site.
    SHARED_PATHS: usize = 256, "paths",
        "the opcode fails (`wrong_input`)";
    /// Tags of one object; Ganeti's limit.
    TAGS: usize = 4_096, "tags",
        "the opcode fails (`wrong_input`), the file is refused";
    /// One tag; Ganeti's limit.
    TAG_BYTES: usize = 128, "bytes",
        "the opcode fails (`wrong_input`), the file is refused";
    /// A size in MiB, and a number of CPUs: far above any machine, far below where sums overflow.
    SIZE: u64 = 1 << 44, "MiB",
        "the opcode fails (`wrong_input`); on the command line a usage error, exit 2";
    /// The result of one opcode as JSON text: the answers for as many jobs as it may return, each
    /// refused with a sentence.
    RESULT_BYTES: usize = 32 << 20, "bytes",
        "the opcode fails (`internal_error`), and none of its jobs is submitted";
    /// What an external allocator prints: the plan of a cluster as large as any is some MiB.
    ALLOCATOR_BYTES: usize = 16 << 20, "bytes",
        "it is ended, and the opcode fails (`environment_error`)";
    /// One answer of a driver's program: a hundred thousand guests, or the largest definition.
    DRIVER_BYTES: usize = gnt_driver::LINE_LIMIT, "bytes",
        "the process is ended, and what it was asked fails";
    /// Lines of one process of a driver that go to `runner.log`: enough to see what is wrong, and no disk is
    /// filled by one that complains without end.
    DRIVER_LINES: usize = 100, "lines",
        "the log says that there is more";
    /// One of these lines.
    DRIVER_LINE_BYTES: usize = 400, "bytes",
        "it is cut";
    /// One line of an opcode's log, and the message of its error: a page of text.
    MESSAGE_BYTES: usize = 8 << 10, "bytes",
        "it is cut, and says how long it was";
    /// Lines of one opcode's log: some hours of progress, and some MiB at most in practice.
    LOG_LINES: i64 = 10_000, "lines",
        "the newest are kept, and the first line says how many older ones are left out";
    /// A job file: the largest job with room for white space.
    JOB_FILE_BYTES: u64 = 64 << 20, "bytes",
        "the file is refused, exit 1";
    /// A cluster's file: Ganeti writes some KiB an instance.
    CLUSTER_FILE_BYTES: u64 = 256 << 20, "bytes",
        "the file is refused, exit 1";
    /// What a backup says of itself: names, sizes and checksums of two files. These may be as large as
    /// the disk has room for.
    MANIFEST_BYTES: u64 = 64 << 10, "bytes",
        "the backup is refused, exit 1";
    /// Nodes of the sample cluster: what Ganeti was ever said to be run with, times five.
    SAMPLE_NODES: usize = 1_000, "nodes",
        "refused, exit 1";
    /// Instances of the sample cluster: each drbd disk of them finds a port of its own.
    SAMPLE_INSTANCES: usize = 50_000, "instances",
        "refused, exit 1";
    /// A duration on the command line, such as `--timeout`: a hundred years, with which moments can
    /// still be computed.
    DURATION_SECONDS: u64 = 100 * 365 * 86_400, "s",
        "usage error, exit 2";
    /// How long a guest may stand still at the end of a migration: QEMU's own limit.
    MIGRATION_DOWNTIME_MS: u64 = 2_000_000, "ms",
        "the job is refused (`invalid_opcode`); on the command line a usage error, exit 2";
    /// How long a migration may take: a day; what does not end in that time never does.
    MIGRATION_SECONDS: u64 = 86_400, "s",
        "the job is refused (`invalid_opcode`); on the command line a usage error, exit 2";
    /// MiB a second that a migration may take: more than any wire carries.
    MIGRATION_BANDWIDTH: u64 = 1_000_000, "MiB/s",
        "the job is refused (`invalid_opcode`); on the command line a usage error, exit 2";
    /// A delay of `OP_TEST_DELAY`: a year; what is longer is a slip of the hand.
    DELAY_SECONDS: u64 = 366 * 86_400, "s",
        "the opcode fails (`wrong_input`)";
    /// Jobs that are cancelled or archived, or whose priority is changed, in one transaction:
    /// whoever names more has several, so that nobody waits long behind them.
    STEP_JOBS: usize = 200, "jobs",
        "the next transaction; there is no limit to how many one call names";
    /// Rows that a purge deletes in one transaction: a few milliseconds' work.
    PURGE_ROWS: usize = 2_000, "rows",
        "the next transaction; others write between the two";
    /// Pages that a purge takes out of the database's file in one transaction: each may be another
    /// one that moves.
    PURGE_PAGES: u32 = 1_000, "pages",
        "the next transaction";
    /// The arguments that are kept of whoever submits: they are for people, and may be lists of files.
    ARGUMENT_BYTES: usize = 1_000, "bytes",
        "cut, with `…` at the end";
    /// The runner's log, before it becomes the old one, of which one is kept.
    RUNNER_LOG_BYTES: u64 = 8 << 20, "bytes",
        "`runner.log` becomes `runner.log.1`";
    /// The filter of a list: more than anybody types, and what a program makes of a few hundred names.
    FILTER_BYTES: usize = 16 << 10, "bytes",
        "usage error, exit 2";
    /// Parentheses and `not` around a part of a filter.
    FILTER_DEPTH: usize = 32, "levels",
        "usage error, exit 2";
    /// What a regular expression of a filter may grow to when it is made ready: with it, matching takes
    /// a time that grows with the text alone.
    REGEX_BYTES: usize = 1 << 20, "bytes",
        "usage error, exit 2";
    /// How often the watcher starts an instance that is down again, while the jobs that it did so with
    /// are not archived (6 hours, unless it is told otherwise): more often is a fault that another
    /// start does not mend.
    WATCHER_STARTS: usize = 5, "starts",
        "the instance is left to a person, exit 1 of the watcher";
    /// The seconds of `--watch`: who wants to look more seldom than once an hour has `cron`.
    WATCH_SECONDS: u64 = 3_600, "s",
        "usage error, exit 2";
    /// How long a client waits for its turn to write: the disk is slow, or somebody holds the lock.
    CLIENT_WAIT_SECONDS: u64 = 10, "s",
        "nothing is submitted, the holder is named, exit 1";
}

/// How many levels of lists and objects a value has: 0 for what is neither.
#[must_use]
pub fn json_depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Goes on behind the quotation mark that ends a string.
fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

/// Reads JSON text that somebody else wrote.
///
/// # Errors
/// What is wrong with it: it is no JSON, or deeper than [`JSON_DEPTH`].
pub fn parse_json(text: &str) -> Result<Value, String> {
    let too_deep = || format!("it is nested deeper than {JSON_DEPTH} levels");
    let value: Value = serde_json::from_str(text).map_err(|error| {
        // The parser's own limit, far above ours, for which its error has no kind.
        match error.to_string().starts_with("recursion limit exceeded") {
            true => too_deep(),
            false => format!("it is not valid JSON: {error}"),
        }
    })?;
    match json_depth(text) > JSON_DEPTH {
        true => Err(too_deep()),
        false => Ok(value),
    }
}

/// A message of at most [`MESSAGE_BYTES`]: a longer one is cut, saying so.
#[must_use]
pub fn cut_message(message: &str) -> std::borrow::Cow<'_, str> {
    if message.len() <= MESSAGE_BYTES {
        return message.into();
    }
    let note = format!("… (cut, {} bytes in all)", message.len());
    let kept = message.floor_char_boundary(MESSAGE_BYTES - note.len());
    format!("{}{note}", &message[..kept]).into()
}

/// The table of `docs/limits.md`.
#[must_use]
pub fn table() -> String {
    let mut text =
        String::from("| Limit | Value | What and why | Beyond it |\n|---|---|---|---|\n");
    for limit in ALL {
        let value = match (limit.value, limit.unit) {
            (value, "bytes") if value % (1 << 20) == 0 => format!("{} MiB", value >> 20),
            (value, "bytes") if value % (1 << 10) == 0 => format!("{} KiB", value >> 10),
            (value, unit) => format!("{} {unit}", grouped(value)),
        };
        let (name, why, beyond) = (limit.name, limit.why.trim(), limit.beyond);
        text.push_str(&format!("| `{name}` | {value} | {why} | {beyond} |\n"));
    }
    text
}

/// A number with commas, as people read it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nr, digit) in digits.chars().enumerate() {
        if nr > 0 && (digits.len() - nr).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many lists in each other.
    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn json_as_deep_as_allowed_and_one_deeper() {
        assert!(parse_json(&nested(JSON_DEPTH)).is_ok());
        assert_eq!(json_depth(&nested(JSON_DEPTH)), JSON_DEPTH);
        assert_eq!(json_depth(r#"{"a": "[[[\"[[", "b": [1, {}], "c": []}"#), 3);
        let deep = "it is nested deeper than 64 levels";
        for levels in [JSON_DEPTH + 1, 127, 128, 1_000_000] {
            assert_eq!(parse_json(&nested(levels)).unwrap_err(), deep, "{levels}");
        }
        let wrong = parse_json("[1,").unwrap_err();
        assert!(wrong.starts_with("it is not valid JSON: "), "{wrong}");
    }

    #[test]
    fn messages_are_cut_between_letters_and_say_so() {
        let whole = "x".repeat(MESSAGE_BYTES);
        assert_eq!(cut_message(&whole), whole);
        for letter in ["x", "ä", "語"] {
            let long = letter.repeat(MESSAGE_BYTES + 1);
            let cut = cut_message(&long);
            assert!(cut.len() <= MESSAGE_BYTES, "{letter}: {}", cut.len());
            assert!(cut.len() > MESSAGE_BYTES - 4, "{letter}: {}", cut.len());
            let note = format!("… (cut, {} bytes in all)", long.len());
            assert!(cut.ends_with(&note), "{letter}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1 << 44, "17,592,186,044,416"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
