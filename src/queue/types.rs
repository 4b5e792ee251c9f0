//! What a job is: ids, states, and how a job's state follows from its opcodes'.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::opcodes::words;

/// Identity of a job: a positive integer that grows and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for JobId {
    type Err = String;

    fn from_str(text: &str) -> Result<JobId, String> {
        match text.parse() {
            Ok(id) if id > 0 => Ok(JobId(id)),
            _ => Err(format!("{text:?} is not a job id (a positive integer)")),
        }
    }
}

words! {
    /// The state of an opcode or a job, in Ganeti's words.
    Status {
        /// Submitted; nothing has been done.
        Queued = "queued",
        /// Only locks are missing.
        Waiting = "waiting",
        /// To be cancelled while it runs; may still end in success.
        Canceling = "canceling",
        /// On its way.
        Running = "running",
        /// Ended by request.
        Canceled = "canceled",
        /// Ended well.
        Success = "success",
        /// Ended badly.
        Error = "error",
    }
}

impl Status {
    /// Whether nothing comes after this state.
    #[must_use]
    pub fn is_final(self) -> bool {
        self.final_status().is_some()
    }

    /// The same as a final state.
    #[must_use]
    pub fn final_status(self) -> Option<FinalStatus> {
        match self {
            Status::Canceled => Some(FinalStatus::Canceled),
            Status::Success => Some(FinalStatus::Success),
            Status::Error => Some(FinalStatus::Error),
            Status::Queued | Status::Waiting | Status::Canceling | Status::Running => None,
        }
    }

    /// The number that the database holds. Final states are 7 and above: an index of unfinished
    /// jobs needs only a comparison.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Status::Queued => 0,
            Status::Waiting => 1,
            Status::Canceling => 2,
            Status::Running => 3,
            Status::Canceled => 7,
            Status::Success => 8,
            Status::Error => 9,
        }
    }

    /// The state of a number in the database.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Status> {
        Some(match code {
            0 => Status::Queued,
            1 => Status::Waiting,
            2 => Status::Canceling,
            3 => Status::Running,
            7 => Status::Canceled,
            8 => Status::Success,
            9 => Status::Error,
            _ => return None,
        })
    }
}

words! {
    /// How a job ended.
    FinalStatus {
        /// By request.
        Canceled = "canceled",
        /// Well.
        Success = "success",
        /// Badly.
        Error = "error",
    }
}

/// A job's state from its opcodes', as Ganeti computes it: the first failed, cancelled or cancelling
/// opcode decides; else the last one that is waiting or running; all successful is success, else it
/// is queued.
#[must_use]
pub fn job_status(ops: impl IntoIterator<Item = Status>) -> Status {
    let mut current = Status::Queued;
    let mut all_well = true;
    for status in ops {
        match status {
            Status::Error | Status::Canceling | Status::Canceled => return status,
            Status::Waiting | Status::Running => current = status,
            Status::Queued | Status::Success => {}
        }
        all_well &= status == Status::Success;
    }
    if all_well { Status::Success } else { current }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{says_something, texts};

    proptest! {
        #[test]
        fn any_id_is_read_or_refused(text in texts(&["-", "+", "0", " ", "job"])) {
            match text.parse::<JobId>() {
                Ok(id) => {
                    prop_assert!(id.0 > 0);
                    prop_assert_eq!(id.to_string().parse(), Ok(id));
                }
                Err(wrong) => prop_assert!(says_something(&wrong), "{wrong}"),
            }
        }

        #[test]
        fn any_states_make_a_state(ops in prop::collection::vec(any::<prop::sample::Index>(), 0..5)) {
            use clap::ValueEnum;
            let ops: Vec<Status> = ops.iter().map(|at| *at.get(Status::value_variants())).collect();
            let all = ops.iter().all(|status| *status == Status::Success);
            prop_assert_eq!(job_status(ops.iter().copied()) == Status::Success, all);
            for status in ops {
                prop_assert_eq!(Status::from_code(status.code()), Some(status));
            }
        }
    }
}
