//! Where a driver's program is.

use std::path::PathBuf;

use crate::executable::{self, NotUsable};

/// Where packages put drivers.
const PACKAGED: &str = "/usr/lib/gnt";

/// Why there is no driver to start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProgram {
    /// It is nowhere.
    #[error("the driver program {program} is nowhere: looked in {}", looked(path))]
    Missing {
        /// Its file's name.
        program: String,
        /// Where it was looked for.
        path: Vec<PathBuf>,
    },
    /// It is not to be trusted, or cannot be started.
    #[error("the driver program {program} is not used: {why}")]
    Unfit {
        /// Its file's name.
        program: String,
        /// What is wrong with it.
        why: String,
    },
}

fn looked(path: &[PathBuf]) -> String {
    let path: Vec<String> = path.iter().map(|dir| dir.display().to_string()).collect();
    path.join(", ")
}

impl NoProgram {
    /// What to do next.
    pub(in crate::hypervisor) fn hint(&self) -> String {
        match self {
            NoProgram::Missing { program, .. } => {
                format!("install it as {PACKAGED}/{program}")
            }
            NoProgram::Unfit { .. } => "only root and you may be able to change it".to_owned(),
        }
    }
}

/// The program of the driver of this name: beside our own, where packages put them, or
/// where the system has programs.
pub(super) fn find(driver: &str) -> Result<PathBuf, NoProgram> {
    let program = format!("gnt-{driver}");
    let beside = std::env::current_exe();
    let beside = beside.ok().and_then(|own| Some(own.parent()?.to_owned()));
    let path: Vec<PathBuf> = (beside.into_iter())
        .chain([PathBuf::from(PACKAGED)])
        .chain(std::env::split_paths(executable::PATH))
        .collect();
    executable::find(&path, &program).map_err(|why| match why {
        NotUsable::Missing => NoProgram::Missing { program, path },
        NotUsable::Unfit(why) => NoProgram::Unfit { program, why },
    })
}
