//! Until when an operation may begin jobs, and what happens to those that are left then.

use serde::{Deserialize, Serialize};

use super::{Opcode, words};

words! {
    /// What happens to an operation's jobs when its deadline passes.
    OnDeadline {
        /// Those that have not begun are cancelled, the others come to their end.
        Stop = "stop",
        /// All are cancelled.
        Cancel = "cancel",
        /// All go on; who waits for them waits no longer.
        Leave = "leave",
    }
}

/// An operation's deadline. It is given with an opcode of the operation's first job and holds for all
/// jobs that descend from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// The moment, by the wall clock, in microseconds since 1970.
    pub at: i64,
    /// What happens then.
    pub action: OnDeadline,
}

impl Deadline {
    /// The deadline that stored opcodes of an operation's first job give: the earliest.
    pub fn of_inputs<'a>(inputs: impl IntoIterator<Item = &'a str>) -> Option<Deadline> {
        // Most have none, and reading an opcode takes far longer than looking for a word in it.
        let some = inputs.into_iter().filter(|i| i.contains("\"deadline\""));
        let read = some.filter_map(|input| serde_json::from_str::<Opcode>(input).ok());
        read.filter_map(|opcode| opcode.common.deadline)
            .min_by_key(|deadline| deadline.at)
    }
}
