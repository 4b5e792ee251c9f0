//! `gnt-cluster`.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::admin::{self, Existing, Finding, Founding, NewReality, simulator};
use crate::allocator::external::{Allocators, BUILT_IN};
use crate::clock::now;
use crate::cluster::{Config, export, import, is_cluster_name, nearest, sample};
use crate::hypervisor::fake::FakeSettings;
use crate::hypervisor::{self, DriverName};
use crate::limits::CLUSTER_FILE_BYTES;
use crate::lu;
use crate::opcodes::{ClusterRename, ClusterSetParams, ClusterVerify, SkipCheck};
use crate::queue::{Client, Submitter};
use crate::store::{Event, Reading, Settings, StateDir, Store, runner_alive};

use super::args::cluster::{
    AllocatorArgs, ClusterCli, ClusterCommand, ExportArgs, HistoryArgs, ImportArgs, InitArgs,
    ModifyArgs, QueueCommand, RenameArgs, VerifyArgs, VerifyConfigArgs,
};
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::fields::field;
use super::fields::info;
use super::input;
use super::names;
use super::operation::{self, Operation, Texts};
use super::problem::{Problem, Result};
use super::prompt::confirm;
use super::table::{self, Cell, Field};
use super::tags::{self, Change};
use super::values::OfGroup;

/// The name of a cluster that is given none.
const DEFAULT_NAME: &str = "cluster";

/// The tool's `main`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    super::main::<ClusterCli>("gnt-cluster", |cli| &cli.global, run)
}

fn run(cli: ClusterCli, cx: &mut Context) -> Result<ExitCode> {
    match cli.command {
        ClusterCommand::Init(args) => init(args, cx),
        ClusterCommand::Import(args) => import_file(args, cx),
        ClusterCommand::Export(args) => export_file(args, cx),
        ClusterCommand::Backup(args) => super::backup::backup(&args.file, cx),
        ClusterCommand::Restore(args) => super::backup::restore(&args, cx),
        ClusterCommand::Info => show(cx),
        ClusterCommand::Doctor => super::doctor::doctor(cx),
        ClusterCommand::Verify(args) => verify(args, cx),
        ClusterCommand::VerifyDisks(args) => super::verify_disks::run(&args, cx),
        ClusterCommand::VerifyConfig(args) => verify_config(args, cx),
        ClusterCommand::Queue(command) => queue(command, cx),
        ClusterCommand::Watcher(command) => super::watcher::run(command, cx),
        ClusterCommand::Rolling(args) => super::rolling::run(args, cx),
        ClusterCommand::Modify(args) => modify(*args, cx),
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
        ClusterCommand::History(args) => history(args, cx),
        ClusterCommand::Rename(args) => rename(args, cx),
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
    if !cx.printer.quiet {
        cx.printer.verdict(text)?;
    }
    Ok(ExitCode::Done)
}

// ------------------------------------------------------------ founding, files

fn seconds() -> f64 {
    now() as f64 / 1e6
}

fn init(args: InitArgs, cx: &mut Context) -> Result<ExitCode> {
    let dir = cx.dir()?;
    let name = args.name.as_deref().unwrap_or(DEFAULT_NAME);
    if !is_cluster_name(name) {
        return Err(Problem::input(format!("{name:?} is no name for a cluster")));
    }
    let (nodes, instances) = (args.nodes as usize, args.instances as usize);
    let config = match (&args.driver, args.sample) {
        (DriverName::Simulator, true) => sample::sample(name, nodes, instances, seconds()),
        (DriverName::Simulator, false) => sample::empty(name, seconds()),
        (DriverName::Program(driver), false) => sample::of_machines(name, driver, seconds()),
        (DriverName::Program(_), true) => {
            return Err(Problem::input("real machines cannot be made up")
                .hint("leave out --sample, then add them with gnt-node add --libvirt-uri URI"));
        }
    };
    let config = config.map_err(|error| Problem::input(error.to_string()))?;
    find_driver(&args.driver)?;
    let text = founded(&config, &dir);
    let founding = Founding {
        config,
        reality: match args.driver {
            DriverName::Simulator => NewReality::Simulated(FakeSettings::default()),
            DriverName::Program(name) => NewReality::Machines(name),
        },
        queue_limit: None,
        max_running_jobs: None,
        allocators: args.allocators.over(&Allocators::default())?,
    };
    admin::found(&dir, &founding, Existing::Keep, &who())?;
    done(cx, &text)
}

/// Refuses a driver whose program is not there: whoever names one wants to know now.
fn find_driver(driver: &DriverName) -> Result<()> {
    let found = match driver {
        DriverName::Simulator => return Ok(()),
        DriverName::Program(name) => hypervisor::open(name, Path::new("")),
    };
    found.map(drop).map_err(|missing| {
        let problem = Problem::input(missing.to_string());
        match missing.hint() {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    })
}

fn founded(config: &Config, dir: &StateDir) -> String {
    format!(
        "Cluster {} is in {}: {} nodes, {} instances.",
        config.name(),
        dir.path().display(),
        config.nodes.len(),
        config.instances.len()
    )
}

fn import_file(args: ImportArgs, cx: &mut Context) -> Result<ExitCode> {
    let dir = cx.dir()?;
    let bytes = input::read(&args.file, CLUSTER_FILE_BYTES)?;
    let imported = import::read(&bytes, &args.file.display().to_string()).map_err(|error| {
        let problem = Problem::input(error.to_string());
        match error.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    })?;
    let reality = imported_reality(&imported.settings)?;
    let text = founded(&imported.config, &dir);
    let founding = Founding {
        config: imported.config,
        reality,
        queue_limit: imported.settings.queue_limit,
        max_running_jobs: imported.settings.max_running_jobs,
        allocators: None,
    };
    let existing = match args.replace {
        true => Existing::Replace,
        false => Existing::Keep,
    };
    admin::found(&dir, &founding, existing, &who())?;
    for note in imported.notes {
        cx.printer.say(&format!("note: {note}"));
    }
    done(cx, &text)
}

/// What runs the instances of an imported cluster. One that comes from elsewhere is simulated.
fn imported_reality(settings: &export::Settings) -> Result<NewReality> {
    let simulated = || {
        Ok(NewReality::Simulated(match &settings.simulator {
            Value::Null => FakeSettings::default(),
            value => serde_json::from_value(value.clone())
                .map_err(|error| Problem::input(format!("gnt.simulator: {error}")))?,
        }))
    };
    if settings.driver.is_empty() {
        return simulated();
    }
    match settings.driver.parse() {
        Ok(DriverName::Simulator) => simulated(),
        Ok(DriverName::Program(name)) => Ok(NewReality::Machines(name)),
        Err(error) => Err(Problem::input(format!("gnt.driver: {error}"))),
    }
}

fn export_file(args: ExportArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let store = client.store();
    let config = store.config()?;
    let settings = store.settings()?;
    let durations = durations_of(store, &settings)?;
    let file_settings = export::Settings {
        driver: settings.driver,
        queue_limit: Some(settings.limits.queue_limit),
        max_running_jobs: Some(settings.limits.max_running_jobs),
        default_iallocator: settings.allocators.default.clone(),
        simulator: json!(durations),
    };
    let text = export::write(&config, &file_settings);
    match args.output.as_deref() {
        None => cx.printer.data(&text)?,
        Some(path) if path == Path::new("-") => cx.printer.data(&text)?,
        Some(path) => write_file(path, &text)?,
    }
    Ok(ExitCode::Done)
}

/// Writes a file whole or not at all: under another name first. It holds secrets of disks and of guests,
/// so it is for nobody else to read, whatever the umask or the file before it.
#[expect(clippy::disallowed_methods, reason = "the file to export to")]
fn write_file(path: &Path, text: &str) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let unfinished = path.with_file_name(name);
    let write = || {
        // Left by an export that was killed, or put there by somebody else: never written through.
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(&unfinished)?.write_all(text.as_bytes())?;
        std::fs::rename(&unfinished, path)
    };
    write().map_err(|error| {
        // What was begun is of no use to anybody.
        let _ = std::fs::remove_file(&unfinished);
        Problem::file(path, &error)
    })
}

// ----------------------------------------------------------------- looking

fn show(cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let store = client.store();
    let config = store.config()?;
    let settings = store.settings()?;
    let durations = durations_of(store, &settings)?;
    let Some(cluster) = &config.cluster else {
        return Err(Problem::input("the configuration has no cluster object"));
    };
    let master = cluster
        .master_node
        .as_ref()
        .map(|uuid| config.node_name(uuid).to_owned());
    let of_group = settings
        .allocators
        .groups
        .iter()
        .filter_map(|(uuid, name)| {
            let group = config.groups.get(uuid)?;
            Some((group.name.clone(), json!(name)))
        });
    let of_group: serde_json::Map<String, Value> = of_group.collect();
    let limits = lu::Limits::NAMES.iter().filter_map(|name| {
        let millis = settings.verb_limits.get(*name)?;
        Some(((*name).to_owned(), json!(millis)))
    });
    let limits: serde_json::Map<String, Value> = limits.collect();
    let (database, log) = store.dir().database_bytes();
    let history = store.history()?;
    let items = vec![
        ("Cluster name", json!(cluster.cluster_name)),
        ("Cluster UUID", json!(cluster.uuid)),
        ("State directory", json!(store.dir().path())),
        ("Driver", json!(settings.driver)),
        ("Master node", json!(master)),
        ("Nodes", json!(config.nodes.len())),
        ("Instances", json!(config.instances.len())),
        (
            "Node groups",
            json!(config.group_names().collect::<Vec<_>>()),
        ),
        ("Tags", json!(cluster.tags)),
        ("Shared paths", json!(cluster.shared_paths)),
        (
            "Default hypervisor",
            json!(cluster.enabled_hypervisors.first()),
        ),
        (
            "Enabled disk templates",
            json!(cluster.enabled_disk_templates),
        ),
        (
            "Queue",
            json!({
                "limit": settings.limits.queue_limit,
                "max running jobs": settings.limits.max_running_jobs,
                "unfinished": store.unfinished_count()?,
                "drained": settings.drained,
                "held": settings.held,
            }),
        ),
        (
            "Runner",
            json!({
                "alive": runner_alive(store.dir())?,
                "idle timeout": settings.limits.runner_idle,
            }),
        ),
        (
            "Sizes",
            json!({
                "database MiB": tenths_of_mib(database),
                "log MiB": tenths_of_mib(log),
                "archived jobs": history.archived,
                "history events": history.events,
            }),
        ),
        ("Simulator", json!(durations)),
        ("Verb limits", Value::Object(limits)),
        (
            "Default iallocator",
            json!(settings.allocators.default.as_deref().unwrap_or(BUILT_IN)),
        ),
        ("Group iallocators", Value::Object(of_group)),
        (
            "Default iallocator parameters",
            json!(settings.allocators.parameters),
        ),
        ("Iallocator search path", json!(settings.allocators.path)),
        ("Instance policy", json!(cluster.ipolicy)),
        ("Backend parameters", json!(cluster.beparams)),
    ];
    info::print(cx, &[items])?;
    Ok(ExitCode::Done)
}

/// How long the simulator's verbs take; none where real machines run the instances.
fn durations_of(store: &Store, settings: &Settings) -> Result<Option<FakeSettings>> {
    match settings.driver.parse() {
        Ok(DriverName::Program(_)) => Ok(None),
        Ok(DriverName::Simulator) | Err(_) => Ok(Some(simulator(store)?.settings()?)),
    }
}

/// MiB with one digit after the point, rounded up: what is there is more than nothing.
pub(super) fn tenths_of_mib(bytes: u64) -> f64 {
    bytes.saturating_mul(10).div_ceil(1 << 20) as f64 / 10.0
}

fn verify(args: VerifyArgs, cx: &mut Context) -> Result<ExitCode> {
    const TEXTS: Texts = Texts {
        done: |_| None,
        errors: |_, errors| {
            Some(format!(
                "{errors} job(s) failed or found errors while verifying the cluster."
            ))
        },
        nothing: |_| None,
    };
    let client = cx.open()?;
    let config = client.store().hosts()?;
    let group = args.node_group.as_deref();
    let group = group.map(|name| names::group(&config, name)).transpose()?;
    let op = ClusterVerify {
        error_codes: args.error_codes,
        skip_checks: (args.no_nplus1_mem.then_some(SkipCheck::NPlusOne))
            .into_iter()
            .collect(),
        ignore_errors: args.ignore_errors,
        verbose: cx.verbose,
        group_name: group.map(|group| group.name.clone()),
    };
    let operation = Operation {
        jobs: vec![vec![op.into()]],
        names: vec![],
        texts: TEXTS,
    };
    operation::run(cx, &client, &args.submit.into(), operation)
}

fn verify_config(args: VerifyConfigArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let reading = match args.deep {
        true => Reading::Everything,
        false => Reading::Queue,
    };
    let verdict = admin::verify_at_work(client.store(), reading)?;
    let exit = match verdict.findings.iter().all(Finding::is_remark) {
        true => ExitCode::Done,
        false => ExitCode::Failed,
    };
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": exit.number(),
            "items": verdict.findings, "busy": verdict.busy});
        cx.printer.line(&document.to_string())?;
        return Ok(exit);
    }
    if !verdict.busy.is_empty() {
        let count = verdict.busy.len();
        cx.printer.say(&format!(
            "note: {count} jobs are at work; the instances that they have locked were left out"
        ));
    }
    for finding in &verdict.findings {
        let word = match finding.is_remark() {
            true => "WARNING",
            false => "ERROR",
        };
        cx.printer.verdict(&format!("  - {word}: {finding}"))?;
    }
    if exit == ExitCode::Done {
        let reality = match client.store().settings()?.driver.parse() {
            Ok(DriverName::Program(_)) => "machines",
            Ok(DriverName::Simulator) | Err(_) => "simulator",
        };
        cx.printer
            .say(&format!("Configuration, queue and {reality} agree."));
    }
    Ok(exit)
}

struct EventRow(Event);

impl EventRow {
    fn who(&self, key: &str) -> Option<String> {
        let who: Value = serde_json::from_str(&self.0.who).ok()?;
        Some(who.get(key)?.as_str()?.to_owned())
    }
}

static EVENTS: [Field<EventRow>; 8] = [
    field!("id", "ID", Number, "Its number", |e| Cell::Number(e.0.id)),
    field!("time", "Time", Time, "When", |e| Cell::Time(e.0.time)),
    field!("what", "What", Text, "What was done", |e| Cell::Text(
        e.0.kind.word().to_owned()
    )),
    field!("job", "Job", Number, "To which job", |e| e
        .0
        .job
        .map_or(Cell::Unavailable, |j| Cell::Number(j.0))),
    field!("user", "User", Text, "Who did it", |e| {
        Cell::text_or_unavailable(e.who("user"))
    }),
    field!(
        "sudo_user",
        "Sudo_user",
        Text,
        "Who they were before sudo",
        |e| Cell::text_or_unavailable(e.who("sudo_user"))
    ),
    field!("command", "Command", Text, "By which command", |e| {
        Cell::text_or_unavailable(
            e.who("tool")
                .map(|t| format!("{t} {}", e.who("arguments").unwrap_or_default())),
        )
    }),
    field!("value", "Value", Text, "What was set", |e| {
        Cell::text_or_unavailable(e.0.value.clone())
    }),
];

fn history(args: HistoryArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let mut rows: Vec<EventRow> = client
        .store()
        .events_after(0)?
        .into_iter()
        .map(EventRow)
        .collect();
    if let Some(limit) = args.limit {
        let cut = rows.len().saturating_sub(limit as usize);
        rows.drain(..cut);
    }
    let style = args.list.style(cx.verbose);
    table::show(
        &mut cx.printer,
        &EVENTS,
        "time,what,job,user,command,value",
        &style,
        &rows,
    )
}

// ----------------------------------------------------------------- steering

fn rename(args: RenameArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let (old, new) = (client.store().cluster_name()?, args.name);
    if !args.force.force && !args.submit.dry_run {
        confirm(&format!("Cluster {old}: rename it to {new}?"))?;
    }
    let operation = Operation {
        jobs: vec![vec![ClusterRename { name: new.clone() }.into()]],
        names: vec![],
        texts: Texts::SILENT,
    };
    let options = args.submit.into();
    let (exit, results) = operation::run_for_results(cx, &client, &options, operation)?;
    // A dry run has no result.
    if results.contains(&json!(new)) && !cx.printer.quiet {
        let text = format!("Cluster has been renamed from '{old}' to '{new}'");
        cx.printer.verdict(&text)?;
        cx.printer.flush()?;
    }
    Ok(exit)
}

fn queue(command: QueueCommand, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    match command {
        QueueCommand::Drain => client.set_drained(true)?,
        QueueCommand::Undrain => client.set_drained(false)?,
        QueueCommand::Hold => {
            client.set_held(true)?;
            // What waits may have a deadline, which passes all the same.
            client.ensure_runner()?;
        }
        QueueCommand::Release => {
            client.set_held(false)?;
            client.ensure_runner()?;
        }
        QueueCommand::Info => return queue_info(cx, &client),
    }
    if cx.printer.json {
        return queue_info(cx, &client);
    }
    Ok(ExitCode::Done)
}

fn queue_info(cx: &mut Context, client: &Client) -> Result<ExitCode> {
    let store = client.store();
    let settings = store.settings()?;
    let unfinished = store.unfinished_count()?;
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0,
            "drained": settings.drained, "held": settings.held, "unfinished": unfinished,
            "limit": settings.limits.queue_limit});
        cx.printer.line(&document.to_string())?;
        return Ok(ExitCode::Done);
    }
    let word = |set: bool| if set { "set" } else { "unset" };
    cx.printer
        .line(&format!("The drain flag is {}", word(settings.drained)))?;
    cx.printer
        .line(&format!("The hold flag is {}", word(settings.held)))?;
    let limit = settings.limits.queue_limit;
    cx.printer
        .line(&format!("{unfinished} of {limit} jobs are unfinished"))?;
    Ok(ExitCode::Done)
}

fn modify(args: ModifyArgs, cx: &mut Context) -> Result<ExitCode> {
    let client = cx.open()?;
    let simulator = match &args.simulator {
        Some(numbers) => {
            let fake = simulator(client.store())?;
            let durations = durations(fake.settings()?, &numbers.0)?;
            Some((fake, durations))
        }
        None => None,
    };
    if let Some(limits) = &args.verb_limit {
        for name in limits.0.keys() {
            known(name, &lu::Limits::NAMES)?;
        }
        client.set_verb_limits(&limits.0)?;
    }
    let allocators = client.store().settings()?.allocators;
    let mut changed = args.allocators.over(&allocators)?;
    if !args.group_iallocator.is_empty() {
        let config = client.store().hosts()?;
        let old = changed.unwrap_or_else(|| (*allocators).clone());
        changed = Some(of_groups(&config, args.group_iallocator, old)?);
    }
    if let Some(allocators) = changed {
        client.set_allocators(&allocators)?;
    }
    if let Some((fake, durations)) = simulator {
        fake.set_settings(&durations)?;
    }
    let (queue, running) = (
        args.queue_limit.map(u64::from),
        args.max_running_jobs.map(u64::from),
    );
    let idle = args.runner_idle.map(u64::from);
    if queue.is_some() || running.is_some() || idle.is_some() {
        client.set_limits(queue, running, idle)?;
    }
    let op = ClusterSetParams {
        add_shared_paths: args.shared_path,
        remove_shared_paths: args.unshared_path,
        ..args.params.opcode()
    };
    if op != ClusterSetParams::default() {
        let operation = Operation {
            jobs: vec![vec![op.into()]],
            names: vec![],
            texts: Texts::SILENT,
        };
        return operation::run(cx, &client, &args.submit.into(), operation);
    }
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": 0});
        cx.printer.line(&document.to_string())?;
    }
    Ok(ExitCode::Done)
}

impl AllocatorArgs {
    /// What is set about external allocators with some of it changed, if anything is. A default one is
    /// looked for at once: who sets it wants to know now.
    fn over(self, old: &Allocators) -> Result<Option<Allocators>> {
        let mut new = old.clone();
        if let Some(path) = self.iallocator_search_path {
            new.path = path;
        }
        if let Some(parameters) = self.default_iallocator_params {
            new.parameters = parameters.0;
        }
        if let Some(name) = self.default_iallocator {
            new.default = Some(name).filter(|name| !name.is_empty() && name != BUILT_IN);
        }
        if new == *old {
            return Ok(None);
        }
        check_allocator(&new, new.default.as_deref())?;
        Ok(Some(new))
    }
}

/// Looks for an allocator that is to be used from now on.
fn check_allocator(allocators: &Allocators, name: Option<&str>) -> Result<()> {
    let Some(name) = name.filter(|name| *name != BUILT_IN) else {
        return Ok(());
    };
    allocators.find(name).map(drop).map_err(|error| {
        Problem::input(error.to_string())
            .hint("--iallocator-search-path names the directories in which it is looked for")
    })
}

/// What is set about external allocators with that of some groups changed. What was set for groups that
/// are gone goes, too.
fn of_groups(
    config: &Config,
    changes: Vec<OfGroup>,
    mut allocators: Allocators,
) -> Result<Allocators> {
    for OfGroup { group, value } in changes {
        let group = &names::group(config, &group)?.uuid;
        check_allocator(&allocators, value.as_deref())?;
        match value {
            Some(name) => allocators.groups.insert(group.clone(), name),
            None => allocators.groups.remove(group),
        };
    }
    allocators
        .groups
        .retain(|group, _| config.groups.contains_key(group));
    Ok(allocators)
}

/// The simulator's durations with some changed.
fn durations(old: FakeSettings, change: &BTreeMap<String, u64>) -> Result<FakeSettings> {
    let mut value = json!(old);
    let names: Vec<String> = value
        .as_object()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default();
    for (name, millis) in change {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        known(name, &names)?;
        value[name] = json!(millis);
    }
    serde_json::from_value(value).map_err(|error| Problem::input(error.to_string()))
}

fn known(name: &str, names: &[&str]) -> Result<()> {
    if names.contains(&name) {
        return Ok(());
    }
    let problem = Problem::input(format!("{name} is none of {}", names.join(", ")));
    Err(match nearest(name, names.iter().copied()) {
        Some(nearest) => problem.hint(format!("did you mean {nearest}?")),
        None => problem,
    })
}
