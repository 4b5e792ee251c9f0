//! Whether an instance may go to a node.

use std::collections::BTreeMap;
use std::fmt;

use super::ledger::Ledger;
use super::nodes::{Amount, Limits, Use};

/// Why it may not, by htools' names, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fail {
    Mem,
    Disk,
    Cpu,
    /// If another node failed, there would be too little memory for what the node backs.
    N1,
    Tags,
    /// Migration tags.
    Mig,
    DiskCount,
    Spindles,
}

impl Fail {
    /// Whether `ignore_soft_errors` gets past it.
    pub(super) fn is_soft(self) -> bool {
        match self {
            Fail::Cpu | Fail::N1 | Fail::Tags | Fail::Spindles => true,
            Fail::Mem | Fail::Disk | Fail::Mig | Fail::DiskCount => false,
        }
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fail::Mem => "FailMem",
            Fail::Disk => "FailDisk",
            Fail::Cpu => "FailCPU",
            Fail::N1 => "FailN1",
            Fail::Tags => "FailTags",
            Fail::Mig => "FailMig",
            Fail::DiskCount => "FailDiskCount",
            Fail::Spindles => "FailSpindles",
        })
    }
}

/// One reason and what is missing: MiB, CPUs, spindles, 0 where it is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) fail: Fail,
    pub(super) missing: Amount,
}

impl Failure {
    pub(super) fn new(fail: Fail, missing: Amount) -> Failure {
        Failure { fail, missing }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing;
        match self.fail {
            Fail::Mem => write!(f, "{missing} MiB of memory missing"),
            Fail::Disk => write!(f, "{missing} MiB of disk missing"),
            Fail::Cpu => write!(f, "{missing} virtual CPUs above the policy's ratio"),
            Fail::N1 => write!(f, "{missing} MiB of memory missing if another node fails"),
            Fail::Tags => f.write_str("an instance with the same exclusion tag is there"),
            Fail::Mig => f.write_str("its migration tags do not allow it"),
            Fail::DiskCount => f.write_str("number of disks against the policy"),
            Fail::Spindles => write!(f, "{missing} spindles above the policy's ratio"),
        }?;
        write!(f, " ({})", self.fail)
    }
}

/// Which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// All.
    Strict,
    /// Memory and disk: what cannot be broken.
    HardOnly,
}

/// Whether a node's use may go from `before` to `after`. A limit that was broken before only
/// matters if it gets worse: a stopped instance can go where memory is short.
pub(super) fn check(
    limits: &Limits,
    before: &Use,
    after: &Use,
    strictness: Strictness,
) -> Result<(), Failure> {
    check_hard(limits, before, after)?;
    match strictness {
        Strictness::Strict => check_soft(limits, before, after),
        Strictness::HardOnly => Ok(()),
    }
}

fn check_hard(limits: &Limits, before: &Use, after: &Use) -> Result<(), Failure> {
    if after.memory > before.memory && after.memory > limits.memory {
        return Err(Failure::new(Fail::Mem, after.memory - limits.memory));
    }
    if after.disk > before.disk && after.disk > limits.disk {
        return Err(Failure::new(Fail::Disk, after.disk - limits.disk));
    }
    Ok(())
}

fn check_soft(limits: &Limits, before: &Use, after: &Use) -> Result<(), Failure> {
    let lacks = |used: &Use| used.memory + used.reserved - limits.memory;
    if lacks(after) > 0 && lacks(before) <= 0 {
        return Err(Failure::new(Fail::N1, lacks(after)));
    }
    if after.vcpus > before.vcpus {
        check_ratio(after.vcpus, limits.vcpus, Fail::Cpu)?;
    }
    if after.spindles > before.spindles {
        check_ratio(after.spindles, limits.spindle_use, Fail::Spindles)?;
    }
    if after.surplus > before.surplus {
        return Err(Failure::new(Fail::Tags, 0));
    }
    Ok(())
}

fn check_ratio(used: Amount, limit: Option<f64>, fail: Fail) -> Result<(), Failure> {
    let over = limit.map_or(0.0, |limit| used as f64 - limit);
    if over > 0.0 {
        return Err(Failure::new(fail, over.ceil() as Amount));
    }
    Ok(())
}

/// How many nodes a reason names one by one: what a person reads. The others are counted.
const NAMED: usize = 5;

/// The nodes that were tried and why none of them will do.
pub(super) fn explain(ledger: &Ledger<'_>, failures: &[(usize, Failure)]) -> String {
    let mut parts: Vec<String> = (failures.iter().take(NAMED))
        .filter_map(|(at, failure)| {
            let room = ledger.rooms.get(*at)?;
            Some(format!("{}: {failure}", room.node.name))
        })
        .collect();
    if failures.len() > NAMED {
        let others = failures.iter().skip(NAMED).map(|(_, failure)| failure.fail);
        let counts = count(others);
        parts.push(format!("and {} more ({counts})", failures.len() - NAMED));
    }
    parts.join("; ")
}

/// Failures counted: `FailMem: 3, FailDisk: 1`.
pub(super) fn count(failures: impl IntoIterator<Item = Fail>) -> String {
    let mut counts: BTreeMap<Fail, usize> = BTreeMap::new();
    for fail in failures {
        *counts.entry(fail).or_insert(0) += 1;
    }
    let texts: Vec<String> = (counts.iter())
        .map(|(fail, count)| format!("{fail}: {count}"))
        .collect();
    texts.join(", ")
}
