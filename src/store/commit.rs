//! The name of every commit.

use super::Patience;
use crate::opcodes::words;

words! {
    /// What a transaction is for. Each has its failpoints, see [`crate::failpoints`].
    Commit {
        /// A cluster is founded.
        Found = "found",
        /// A cluster takes the place of the one that is there.
        Replace = "replace",
        /// What a backup holds becomes a cluster that waits for its release.
        Restore = "restore",
        /// A runner without work is asked to leave.
        Yield = "yield",
        /// Jobs are submitted.
        Submit = "submit",
        /// Jobs are cancelled.
        Cancel = "cancel",
        /// Jobs get another priority.
        Priority = "priority",
        /// Jobs are archived by their ids.
        Archive = "archive",
        /// Jobs are archived by their age.
        Autoarchive = "autoarchive",
        /// It is noted how many jobs were archived by their age.
        AutoarchiveNote = "autoarchive-note",
        /// Archived jobs are deleted, and room is given back.
        Purge = "purge",
        /// The queue is closed for submissions, or opened.
        Drain = "drain",
        /// No job is started any more, or again.
        Hold = "hold",
        /// The watcher is paused, or goes on.
        WatcherPause = "watcher-pause",
        /// It is noted how far a rolling maintenance is.
        Rolling = "rolling",
        /// The queue gets other limits.
        Limits = "limits",
        /// Verbs get other limits of time.
        VerbLimits = "verb-limits",
        /// Something else is set about external allocators.
        Allocators = "allocators",
        /// A newer program is to be the runner.
        WantProgram = "want-program",
        /// A runner's time begins.
        Begin = "begin",
        /// The runner's work: what has ended, what starts next.
        Step = "step",
        /// The runner leaves: it was asked to.
        Leave = "leave",
        /// The runner gives its place up: it has nothing to do.
        GiveUp = "give-up",
    }
}

impl Commit {
    /// How long it waits for its turn.
    #[must_use]
    pub fn patience(self) -> Patience {
        match self {
            Commit::Begin | Commit::Step | Commit::Leave | Commit::GiveUp => Patience::Runner,
            Commit::Found
            | Commit::Replace
            | Commit::Restore
            | Commit::Yield
            | Commit::Submit
            | Commit::Cancel
            | Commit::Priority
            | Commit::Archive
            | Commit::Autoarchive
            | Commit::AutoarchiveNote
            | Commit::Purge
            | Commit::Drain
            | Commit::Hold
            | Commit::WatcherPause
            | Commit::Rolling
            | Commit::Limits
            | Commit::VerbLimits
            | Commit::Allocators
            | Commit::WantProgram => Patience::Client,
        }
    }
}
