//! The commands of `gnt-instance` about disks, and about where they are.

use clap::Args;

use super::common::{ForceArgs, SubmitArgs};
use crate::cli::values::{self, IdentKeyVals, KeyVal, Placement};
use crate::opcodes::{DiskParams, RecreatedDisk};

/// `gnt-instance move`.
#[derive(Debug, Args)]
pub struct MoveArgs {
    /// The instance
    pub instance: String,
    /// Where it goes
    #[arg(short = 'n', long, value_name = "NODE")]
    pub node: String,
    /// Seconds the guest is given to stop
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        hide_short_help = true
    )]
    pub shutdown_timeout: u32,
    /// Do not check the target group's policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance activate-disks`.
#[derive(Debug, Args)]
pub struct ActivateDisksArgs {
    /// The instance
    pub instance: String,
    /// Wait until its copies are in sync
    #[arg(long)]
    pub wait_for_sync: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance deactivate-disks`.
#[derive(Debug, Args)]
pub struct DeactivateDisksArgs {
    /// The instance
    pub instance: String,
    /// Also if it is meant to run, as long as it does not
    #[arg(short, long)]
    pub force: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance grow-disk`.
#[derive(Debug, Args)]
pub struct GrowDiskArgs {
    /// The instance
    pub instance: String,
    /// Number of the disk
    pub disk: u32,
    /// How much larger, such as 10G
    #[arg(value_parser = values::size)]
    pub size: u64,
    /// The size is that of the whole disk
    #[arg(long)]
    pub absolute: bool,
    /// Do not wait until the copies are in sync
    #[arg(long)]
    pub no_wait_for_sync: bool,
    /// Do not check the group's instance policy
    #[arg(long, hide_short_help = true)]
    pub ignore_ipolicy: bool,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `gnt-instance recreate-disks`.
#[derive(Debug, Args)]
pub struct RecreateDisksArgs {
    /// The instance
    pub instance: String,
    /// A disk that is different from before, such as 0:size=10G; may be repeated
    #[arg(long = "disk", value_name = "DISK", value_parser = recreated)]
    pub disks: Vec<RecreatedDisk>,
    /// On other nodes than before
    #[arg(short = 'n', long, value_name = "NODE[:NODE]", value_parser = values::placement)]
    pub node: Option<Placement>,
    /// On nodes that this allocator chooses; . is whoever chooses by default
    #[arg(short = 'I', long, value_name = "NAME", conflicts_with = "node")]
    pub iallocator: Option<String>,
    /// Whether to ask.
    #[command(flatten)]
    pub force: ForceArgs,
    /// How it is submitted.
    #[command(flatten)]
    pub submit: SubmitArgs,
}

/// `N[:size=10G,mode=ro]`.
fn recreated(text: &str) -> Result<RecreatedDisk, String> {
    let IdentKeyVals { ident, values } = values::ident_key_vals(text)?;
    let index = ident
        .parse()
        .map_err(|_| format!("{ident} is not the number of a disk"))?;
    let mut change = DiskParams::default();
    for (key, value) in values.0 {
        match (key.as_str(), value) {
            ("size", KeyVal::Text(text)) => change.size = Some(values::size(&text)?),
            ("mode", KeyVal::Text(text)) if text == "rw" || text == "ro" => {
                change.mode = Some(text);
            }
            ("mode", _) => return Err("the mode of a disk is rw or ro".into()),
            (key, _) => return Err(format!("{key}: a disk has size= and mode=")),
        }
    }
    Ok(RecreatedDisk { index, change })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn disks_that_are_made_anew_as_they_are_written() {
        for (text, wire) in [
            ("0", json!(0)),
            (
                "1:size=1G,mode=ro",
                json!([1, {"size": 1024, "mode": "ro"}]),
            ),
        ] {
            assert_eq!(json!(recreated(text).unwrap()), wire);
        }
        for wrong in ["", "x", "0:size", "0:mode=x", "0:name=x"] {
            assert!(recreated(wrong).is_err(), "{wrong}");
        }
    }
}
