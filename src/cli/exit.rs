//! Exit codes: one table for all tools.

/// How a tool ends.
///
/// | code | meaning |
/// |---|---|
/// | 0 | all done, also when there was nothing to do, and every `--submit` |
/// | 1 | failed: nothing succeeded, or the operation itself failed |
/// | 2 | usage: unknown options, missing arguments |
/// | 3 | partial: some succeeded, some did not |
/// | 4 | `--timeout` is over; the jobs go on |
/// | 5 | no usable cluster: none there, damaged, newer, not yours |
/// | 13 | declined: not confirmed |
/// | 14 | a list was asked for an unknown field |
/// | 129, 130, 143 | detached by a signal (hang-up, Ctrl-C, termination); the jobs go on |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitCode {
    /// 0.
    Done,
    /// 1.
    Failed,
    /// 2.
    Usage,
    /// 3.
    Partial,
    /// 4.
    TimedOut,
    /// 5.
    NoCluster,
    /// 13.
    Declined,
    /// 14.
    UnknownField,
    /// 128 and the signal's number.
    Detached(u8),
}

/// The codes with their meanings, for the manual pages.
pub const TABLE: [(&str, &str); 9] = [
    ("0", "All done, also when there was nothing to do."),
    (
        "1",
        "Failed: nothing succeeded, or the operation itself failed.",
    ),
    ("2", "Usage: unknown options, missing arguments."),
    ("3", "Partial: some succeeded, some did not."),
    ("4", "--timeout is over; the jobs go on."),
    (
        "5",
        "No usable cluster: none there, damaged, newer, not yours.",
    ),
    ("13", "Declined: not confirmed."),
    ("14", "A list was asked for an unknown field."),
    (
        "129, 130, 143",
        "Detached by a signal (hang-up, Ctrl-C, termination); the jobs go on.",
    ),
];

impl ExitCode {
    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            ExitCode::Done => 0,
            ExitCode::Failed => 1,
            ExitCode::Usage => 2,
            ExitCode::Partial => 3,
            ExitCode::TimedOut => 4,
            ExitCode::NoCluster => 5,
            ExitCode::Declined => 13,
            ExitCode::UnknownField => 14,
            ExitCode::Detached(signal) => 128 + signal,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> std::process::ExitCode {
        std::process::ExitCode::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn the_readme_tells_the_same() {
        let readme = include_str!("../../README.md");
        for (code, meaning) in TABLE {
            let row = format!("| {code} | {meaning} |");
            assert!(readme.contains(&row), "{row}");
        }
    }
}
