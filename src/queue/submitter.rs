//! Who submits a job or steers the queue.

use std::ffi::OsStr;
use std::os::fd::AsFd;

use serde::{Deserialize, Serialize};

use crate::limits::ARGUMENT_BYTES;

/// Who, from where, with which command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitter {
    /// User id.
    pub uid: u32,
    /// User name, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Who they were before sudo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sudo_user: Option<String>,
    /// The tool, such as `gnt-node`.
    pub tool: String,
    /// Its arguments, joined by spaces and cut.
    pub arguments: String,
    /// The host.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// The terminal, such as `/dev/pts/3`; absent means none, as under cron.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
}

impl Submitter {
    /// The process that this is.
    #[must_use]
    pub fn current(tool: &str) -> Submitter {
        let uid = nix::unistd::getuid();
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        // Files have names that are no text.
        let mut arguments = arguments
            .join(OsStr::new(" "))
            .to_string_lossy()
            .into_owned();
        if arguments.len() > ARGUMENT_BYTES {
            arguments.truncate(arguments.floor_char_boundary(ARGUMENT_BYTES));
            arguments.push('…');
        }
        let terminal = nix::unistd::ttyname(std::io::stdin().as_fd()).ok();
        Submitter {
            uid: uid.as_raw(),
            user: user_name(uid.as_raw()),
            sudo_user: std::env::var("SUDO_USER").ok(),
            tool: tool.to_owned(),
            arguments,
            host: nix::unistd::gethostname()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            pid: std::process::id(),
            terminal: terminal.map(|path| path.display().to_string()),
        }
    }

    /// As JSON, for the database.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A user's name from the local file. The name service is not asked: it may hang, and pulls half of
/// the C library into each start of a tool.
#[expect(clippy::disallowed_methods, reason = "the list of users")]
fn user_name(uid: u32) -> Option<String> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let found = fields.nth(1)?.parse::<u32>().ok()? == uid;
        found.then(|| name.to_owned())
    })
}
