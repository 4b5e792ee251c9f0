//! Exit codes: one table for all tools.

/// How a tool ends.
///
/// | code | meaning |
/// |---|---|
/// | 0 | all done, also when there was nothing to do, and every `--submit` |
/// | 1 | failed: nothing succeeded, or the operation itself failed |
/// | 2 | usage: unknown options, missing arguments |
/// | 3 | partial: some succeeded, some did not; or it goes on past a deadline that leaves it |
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

impl ExitCode {
    /// Every code, in the order of the numbers.
    pub const ALL: [ExitCode; 11] = [
        ExitCode::Done,
        ExitCode::Failed,
        ExitCode::Usage,
        ExitCode::Partial,
        ExitCode::TimedOut,
        ExitCode::NoCluster,
        ExitCode::Declined,
        ExitCode::UnknownField,
        ExitCode::Detached(1),
        ExitCode::Detached(2),
        ExitCode::Detached(15),
    ];

    /// One line for the manual.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            ExitCode::Done => "all done, or nothing to do",
            ExitCode::Failed => "failed, or nothing of it succeeded",
            ExitCode::Usage => "the command line makes no sense",
            ExitCode::Partial => {
                "some of it succeeded and some did not, or goes on past its deadline"
            }
            ExitCode::TimedOut => "the time given by --timeout is over; the jobs go on",
            ExitCode::NoCluster => "no usable cluster",
            ExitCode::Declined => "not confirmed; nothing was submitted",
            ExitCode::UnknownField => "a list was asked for an unknown field",
            ExitCode::Detached(1) => "the terminal went away; the jobs go on",
            ExitCode::Detached(2) => "interrupted; the jobs go on",
            ExitCode::Detached(_) => "terminated; the jobs go on",
        }
    }

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
    use super::*;

    #[test]
    fn the_codes_are_the_promised_ones() {
        let codes = ExitCode::ALL.map(ExitCode::number);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 13, 14, 129, 130, 143]);
    }

    #[test]
    fn the_readme_tells_each_code() {
        let readme = include_str!("../../README.md");
        for code in ExitCode::ALL {
            let row = format!("| {} | {} |", code.number(), code.meaning());
            assert!(readme.contains(&row), "{row}");
        }
    }
}
