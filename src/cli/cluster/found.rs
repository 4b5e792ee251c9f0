//! `init` and `import`: founding a cluster.

use std::path::Path;

use serde_json::Value;

use super::{done, who};
use crate::admin::{self, Existing, Founding, NewReality};
use crate::allocator::external::Allocators;
use crate::cli::args::cluster::{ImportArgs, InitArgs};
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::input;
use crate::cli::problem::{Problem, Result};
use crate::clock::now;
use crate::cluster::{Config, export, import, is_cluster_name, sample};
use crate::hypervisor::fake::FakeSettings;
use crate::hypervisor::{self, DriverName};
use crate::limits::CLUSTER_FILE_BYTES;
use crate::store::StateDir;

/// The name of a cluster that is given none.
const DEFAULT_NAME: &str = "cluster";

pub(super) fn init(args: InitArgs, cx: &mut Context) -> Result<ExitCode> {
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

fn seconds() -> f64 {
    now() as f64 / 1e6
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

pub(super) fn import_file(args: ImportArgs, cx: &mut Context) -> Result<ExitCode> {
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
