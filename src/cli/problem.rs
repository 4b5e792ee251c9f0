//! Why a command failed, as it is shown.

use std::error::Error;
use std::io;

use crate::admin::AdminError;
use crate::hypervisor::OpenError;
use crate::opcodes::{ErrorClass, ErrorCode, OpError};
use crate::queue::JobId;
use crate::queue::client::NoRunner;
use crate::queue::follow::FollowError;
use crate::signals;
use crate::store::StoreError;

use super::exit::ExitCode;

/// An error with all that is said of it: what happened, why, what to do, and how the tool ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What happened, for people and programs.
    pub error: OpError,
    /// What lies behind it, outermost first.
    pub causes: Vec<String>,
    /// The line of what was given that it is about, and below it a mark that points to the place.
    pub excerpt: Option<Box<[String; 2]>>,
    /// How the tool ends.
    pub exit: ExitCode,
}

/// What commands return.
pub type Result<T> = std::result::Result<T, Problem>;

impl Problem {
    /// A failure.
    #[must_use]
    pub fn new(error: OpError) -> Problem {
        Problem {
            error,
            causes: vec![],
            excerpt: None,
            exit: ExitCode::Failed,
        }
    }

    /// Something that was named or given makes no sense.
    #[must_use]
    pub fn input(message: impl Into<String>) -> Problem {
        Problem::new(OpError::prereq(ErrorCode::WrongInput, message))
    }

    /// Something that was named does not exist.
    #[must_use]
    pub fn unknown(message: impl Into<String>) -> Problem {
        Problem::new(OpError::prereq(ErrorCode::UnknownEntity, message))
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.error.hint = Some(hint.into());
        self
    }

    /// The same with another end.
    #[must_use]
    pub fn exit(mut self, exit: ExitCode) -> Problem {
        self.exit = exit;
        self
    }

    /// The same, after these jobs were submitted: that nothing was changed is no longer so.
    #[must_use]
    pub fn after(mut self, submitted: &[JobId]) -> Problem {
        let jobs: Vec<String> = submitted.iter().map(JobId::to_string).collect();
        let (noun, verb) = match jobs.len() {
            1 => ("job", "stays"),
            _ => ("jobs", "stay"),
        };
        if let Some(hint) = &mut self.error.hint
            && let Some(rest) = hint.strip_prefix("nothing was changed; ")
        {
            let jobs = jobs.join(", ");
            *hint = format!("{noun} {jobs}, submitted before that, {verb} in the queue; {rest}");
        }
        self
    }

    /// The output could not be written. A reader that has gone away is no reason for words.
    #[must_use]
    pub fn output(error: &io::Error) -> Problem {
        let message = match error.kind() {
            io::ErrorKind::BrokenPipe => String::new(),
            _ => format!("the output cannot be written: {error}"),
        };
        Problem::new(OpError::new(
            ErrorClass::GenericError,
            Some(ErrorCode::EnvironmentError),
            message,
        ))
    }

    /// A file that was named cannot be read or written.
    #[must_use]
    pub fn file(path: &std::path::Path, error: &io::Error) -> Problem {
        Problem::input(format!("{}: {error}", path.display()))
    }

    fn of(error: &dyn Error, hint: Option<String>, exit: ExitCode) -> Problem {
        let message = error.to_string();
        let mut causes: Vec<String> = vec![];
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // A cause that the text before it quotes already says nothing new.
            if !message.contains(&text) && !causes.iter().any(|said| said.contains(&text)) {
                causes.push(text);
            }
            source = cause.source();
        }
        let code = Some(ErrorCode::EnvironmentError);
        let mut problem = Problem::new(OpError::new(ErrorClass::GenericError, code, message));
        problem.error.hint = hint;
        problem.causes = causes;
        problem.exit = exit;
        problem
    }
}

fn exit_of(error: &StoreError) -> ExitCode {
    match (error, signals::raised()) {
        (StoreError::Interrupted, Some(signal)) => ExitCode::Detached(signal.number()),
        (error, _) if error.no_usable_cluster() => ExitCode::NoCluster,
        _ => ExitCode::Failed,
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        Problem::of(&error, error.hint(), exit_of(&error))
    }
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Problem {
        let exit = match &error {
            AdminError::Store(error) => exit_of(error),
            AdminError::Driver(OpenError::NotSimulated(_)) => ExitCode::Usage,
            AdminError::Fake(_) | AdminError::Driver(_) => ExitCode::NoCluster,
            AdminError::Unfinished(_)
            | AdminError::Runner(_)
            | AdminError::Container(_)
            | AdminError::Unsound(_) => ExitCode::Failed,
        };
        Problem::of(&error, error.hint(), exit)
    }
}

impl From<NoRunner> for Problem {
    fn from(error: NoRunner) -> Problem {
        let hint = "the jobs stay queued; install gnt-runner beside the tools or in PATH";
        Problem::of(&error, Some(hint.into()), ExitCode::Failed)
    }
}

impl From<FollowError> for Problem {
    fn from(error: FollowError) -> Problem {
        match error {
            FollowError::Store(error) => error.into(),
            FollowError::NoRunner(error) => error.into(),
            FollowError::RunnerEnds { .. } => {
                let hint = "runner.log in the state directory tells why; the jobs stay queued";
                Problem::of(&error, Some(hint.into()), ExitCode::Failed)
            }
            FollowError::Deleted(_) => {
                let hint = "how it ended is in the file of gnt-job purge --export, if there is one";
                let mut problem = Problem::of(&error, Some(hint.into()), ExitCode::Failed);
                problem.error.code = Some(ErrorCode::UnknownEntity);
                problem
            }
            FollowError::NoSuchJob(_) => {
                Problem::unknown(error.to_string()).hint("gnt-job list shows the jobs")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let io_error = || io::Error::other("the disk is on fire");
        // Its own text has the cause already.
        let problem = Problem::from(StoreError::io(Path::new("/x/gnt.db"), io_error()));
        assert_eq!(problem.error.message, "/x/gnt.db: the disk is on fire");
        assert_eq!(problem.causes, [""; 0]);
        // Here it has not.
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Outer(&'static str, #[source] Box<dyn Error>);
        let inner = Outer("inner", Box::new(io_error()));
        let problem = Problem::of(&Outer("outer", Box::new(inner)), None, ExitCode::Failed);
        assert_eq!(problem.causes, ["inner", "the disk is on fire"]);
        let same = Outer("same", Box::new(io_error()));
        let problem = Problem::of(&Outer("same", Box::new(same)), None, ExitCode::Failed);
        assert_eq!(problem.causes, ["the disk is on fire"]);
    }

    #[test]
    fn whether_there_is_a_cluster_decides_the_exit_code() {
        let dir = || PathBuf::from("/x");
        let none = [
            StoreError::NoCluster(dir()),
            StoreError::Damaged {
                file: dir(),
                why: String::new(),
            },
            StoreError::io(&dir(), io::Error::from(io::ErrorKind::PermissionDenied)),
        ];
        for error in none {
            let problem = Problem::from(error);
            assert_eq!(problem.exit, ExitCode::NoCluster);
            assert!(problem.error.hint.is_some());
        }
        for error in [StoreError::Exists(dir()), StoreError::Full(dir())] {
            assert_eq!(Problem::from(error).exit, ExitCode::Failed);
        }
        // A disk without room is no matter of permissions, whoever says it.
        let full = StoreError::io(&dir(), io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(Problem::from(full).error.message, "the disk of /x is full");
    }

    #[test]
    fn a_reader_that_has_gone_is_no_reason_for_words() {
        let gone = Problem::output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(gone.error.message, "");
        let full = Problem::output(&io::Error::from(io::ErrorKind::StorageFull));
        assert!(
            full.error
                .message
                .starts_with("the output cannot be written: ")
        );
        assert_eq!((gone.exit, full.exit), (ExitCode::Failed, ExitCode::Failed));
    }

    #[test]
    fn what_is_unknown_and_what_makes_no_sense_have_codes_of_their_own() {
        let unknown = Problem::unknown("node9 is not known").hint("did you mean node1?");
        assert_eq!(unknown.error.code, Some(ErrorCode::UnknownEntity));
        assert_eq!(unknown.error.hint.as_deref(), Some("did you mean node1?"));
        let input = Problem::input("what").exit(ExitCode::Usage);
        assert_eq!(input.error.code, Some(ErrorCode::WrongInput));
        assert_eq!(input.exit, ExitCode::Usage);
        let file = Problem::file(Path::new("a.json"), &io::Error::other("no"));
        assert_eq!(file.error.message, "a.json: no");
    }

    #[test]
    fn whoever_waits_for_a_job_that_is_none_is_told_where_they_are() {
        let problem = Problem::from(FollowError::NoSuchJob(crate::queue::JobId(7)));
        assert_eq!(problem.error.code, Some(ErrorCode::UnknownEntity));
        assert!(problem.error.message.contains('7'));
        assert_eq!(
            problem.error.hint.as_deref(),
            Some("gnt-job list shows the jobs")
        );
    }
}
