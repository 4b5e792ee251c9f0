//! `gnt-cluster`.

mod allocators;
mod export_file;
mod found;
mod history;
mod info;
mod modify;
mod queue;
mod verify;

use serde_json::json;

use crate::admin::{self, simulator};
use crate::hypervisor::DriverName;
use crate::hypervisor::fake::FakeSettings;
use crate::queue::Submitter;
use crate::store::{Settings, Store};

use super::args::cluster::{ClusterCli, ClusterCommand};
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::problem::{Problem, Result};
use super::tags::{self, Change};

/// The tool's `main`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    super::main::<ClusterCli>("gnt-cluster", |cli| &cli.global, run)
}

fn run(cli: ClusterCli, cx: &mut Context) -> Result<ExitCode> {
    match cli.command {
        ClusterCommand::Init(args) => found::init(args, cx),
        ClusterCommand::Import(args) => found::import_file(args, cx),
        ClusterCommand::Export(args) => export_file::export_file(args, cx),
        ClusterCommand::Backup(args) => super::backup::backup(&args.file, cx),
        ClusterCommand::Restore(args) => super::backup::restore(&args, cx),
        ClusterCommand::Info => info::show(cx),
        ClusterCommand::Doctor => super::doctor::doctor(cx),
        ClusterCommand::Verify(args) => verify::verify(args, cx),
        ClusterCommand::VerifyDisks(args) => super::verify_disks::run(&args, cx),
        ClusterCommand::VerifyConfig(args) => verify::verify_config(args, cx),
        ClusterCommand::Queue(command) => queue::queue(command, cx),
        ClusterCommand::Watcher(command) => super::watcher::run(command, cx),
        ClusterCommand::Rolling(args) => super::rolling::run(args, cx),
        ClusterCommand::Modify(args) => modify::modify(*args, cx),
        ClusterCommand::Destroy(args) => {
            if !args.yes_do_it {
                return Err(Problem::input("this deletes the cluster and all its jobs")
                    .hint("--yes-do-it says that this is meant"));
            }
            let dir = cx.dir()?;
            admin::destroy(&dir, &who())?;
            done(
                cx,
                &format!("The cluster in {} is gone.", dir.path().display()),
            )
        }
        ClusterCommand::ShowIspecsCmd => super::ispecs::of_cluster(cx),
        ClusterCommand::History(args) => history::history(args, cx),
        ClusterCommand::Rename(args) => modify::rename(args, cx),
        ClusterCommand::ListTags => tags::list_of_cluster(cx),
        ClusterCommand::AddTags(args) => tags::change_of_cluster(cx, args, Change::Add),
        ClusterCommand::RemoveTags(args) => tags::change_of_cluster(cx, args, Change::Remove),
        ClusterCommand::SearchTags(args) => tags::search(cx, args),
    }
}

fn who() -> String {
    Submitter::current("gnt-cluster").to_json()
}

/// A sentence for people, a short document for programs.
fn done(cx: &mut Context, text: &str) -> Result<ExitCode> {
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0, "message": text});
        cx.printer.line(&document.to_string())?;
    }
    cx.printer.deed(text)?;
    Ok(ExitCode::Done)
}

/// How long the simulator's verbs take; none where real machines run the instances.
fn durations_of(store: &Store, settings: &Settings) -> Result<Option<FakeSettings>> {
    match settings.driver.parse() {
        Ok(DriverName::Program(_)) => Ok(None),
        Ok(DriverName::Simulator) | Err(_) => Ok(Some(simulator(store)?.settings()?)),
    }
}
