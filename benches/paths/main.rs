//! How long each path through the real tools takes, beside what the same durable work costs at best.
//!
//! ```text
//! cargo paths --yardstick PATH
//! ```
//!
//! This is `cargo bench` with static linking; see `.cargo/config.toml`. Each *path* is measured through
//! real processes on a real disk. The limit is what another program, the yardstick, needs for the bare
//! work: the process, the transaction, the flush. Both are run in turn, several pairs of them, and stated
//! as a ratio: on one machine absolute times differ by half from run to run, ratios hardly. Without a
//! yardstick only the times are shown.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement ends where something is amiss; it prints its table, and reads /proc"
)]

#[path = "../../tests/common/mod.rs"]
mod common;
mod ground;
mod load;
mod many;
mod one;
mod table;
mod tools;
mod yardstick;

use std::path::PathBuf;

use clap::Parser;

use ground::Line;
use yardstick::{Figures, Yardstick};

/// Measures the paths that the project promises to be fast.
#[derive(Debug, Parser)]
struct Arguments {
    /// The yardstick program, to state times as ratios
    #[arg(long, value_name = "PATH")]
    yardstick: Option<PathBuf>,
    /// How often each path is measured, in turn with the yardstick
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// Only the groups whose name contains this; may be repeated
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Where the data goes: a directory on a real disk
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    dir: PathBuf,
    /// What `cargo bench` passes
    #[arg(long, hide = true)]
    bench: bool,
}

/// Paths that share a state directory, and what is asked of the yardstick for them.
struct Group {
    name: &'static str,
    yardstick: &'static [&'static [&'static str]],
    /// Whether it compares ourselves with ourselves, and does so in pairs of its own.
    paired: bool,
    measure: fn(&Figures) -> Vec<Line>,
}

const GROUPS: &[Group] = &[
    Group {
        name: "tools",
        yardstick: &[&["start"]],
        paired: false,
        measure: tools::measure,
    },
    Group {
        name: "list",
        yardstick: &[&["list", "10000"]],
        paired: false,
        measure: tools::list,
    },
    Group {
        name: "submit-one",
        yardstick: &[&["submit-one"]],
        paired: false,
        measure: one::submit,
    },
    Group {
        name: "wake",
        yardstick: &[&["fsync"], &["start"], &["wake"]],
        paired: false,
        measure: one::wake,
    },
    Group {
        name: "submit-many",
        yardstick: &[&["start"], &["submit-many"]],
        paired: false,
        measure: many::submit,
    },
    Group {
        name: "children",
        yardstick: &[&["submit-many", "5000"]],
        paired: false,
        measure: many::children,
    },
    Group {
        name: "cycle",
        yardstick: &[&["cycle"]],
        paired: false,
        measure: many::cycle,
    },
    Group {
        name: "chain",
        yardstick: &[&["chain"]],
        paired: false,
        measure: many::chain,
    },
    Group {
        name: "evacuate",
        yardstick: &[],
        paired: false,
        measure: load::evacuate,
    },
    Group {
        name: "waiters",
        yardstick: &[],
        paired: false,
        measure: load::waiters,
    },
    Group {
        name: "submitters",
        yardstick: &[],
        paired: false,
        measure: load::submitters,
    },
    Group {
        name: "beside-runner",
        yardstick: &[],
        paired: false,
        measure: load::beside_runner,
    },
    Group {
        name: "rest",
        yardstick: &[],
        paired: false,
        measure: load::rest,
    },
    Group {
        name: "history",
        yardstick: &[],
        paired: true,
        measure: many::history,
    },
];

fn main() {
    let arguments = Arguments::parse();
    tempfile::env::override_temp_dir(&arguments.dir).unwrap();
    let yardstick = (arguments.yardstick.clone()).map(|path| Yardstick::new(path, &arguments.dir));
    println!("{}\n", table::machine(&arguments.dir));
    let wanted = |group: &&Group| {
        arguments.only.is_empty() || arguments.only.iter().any(|word| group.name.contains(word))
    };
    let mut lines = vec![];
    for group in GROUPS.iter().filter(wanted) {
        let mut runs = vec![];
        let pairs = match group.paired {
            true => 1,
            false => arguments.pairs,
        };
        for pair in 1..=pairs {
            eprintln!("{}: {pair} of {pairs}", group.name);
            let figures = match &yardstick {
                Some(yardstick) => yardstick.figures(group.yardstick),
                None => Figures::default(),
            };
            runs.push((group.measure)(&figures));
        }
        lines.extend(table::medians(runs));
        // What there is so far, should the rest be interrupted.
        for line in lines.iter().skip(lines.len().saturating_sub(8)) {
            eprintln!("  {line}");
        }
    }
    print!("{}", table::markdown(&lines));
}
