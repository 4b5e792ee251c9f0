//! htools' text file.

use super::import::{Fault, Imported};

/// Whether a text may be one: its first line is a group, of four fields or five.
pub(super) fn looks_like(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    matches!(first.split('|').count(), 4 | 5)
}

pub(super) fn read(text: &str) -> Result<Imported, Fault> {
    let _ = text;
    Err(Fault::new("htools files are not read"))
}
