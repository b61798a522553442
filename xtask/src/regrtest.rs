//! `cargo xtask regrtest`: CPython's own test suite with and without the JIT.

use crate::RegrtestArgs;
use crate::programs::{comparison, verdict};
use crate::setup::{DEFAULT_PYTHON, SUITE_PACKAGES, Venv, Workspace, install_packages};
use anyhow::Result;
use std::path::Path;
use std::process::ExitCode;

/// Does it.
pub fn regrtest(args: &RegrtestArgs) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let python = &args.common.python;
    // Another interpreter has to bring its own suite.
    let suite = python == Path::new(DEFAULT_PYTHON);
    install_packages(python, if suite { SUITE_PACKAGES } else { &[] })?;
    let venv = Venv::for_interpreter(&workspace, python)?;
    let mut command = comparison(&workspace, &venv, python, "regrtest.py", &args.x)?;
    command.arg("--mode").arg(args.mode.name());
    if args.fresh {
        command.arg("--fresh");
    }
    command.args(&args.tests);
    verdict(&mut command)
}
