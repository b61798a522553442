//! `cargo xtask regrtest`: CPython's own test suite with and without the JIT.

use crate::setup::{DEFAULT_PYTHON, SUITE_PACKAGES, Venv, Workspace, install_packages};
use crate::{RegrtestArgs, build};
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
    let library = build::build(&workspace)?;
    build::install(&workspace, &venv, &library)?;
    let mut command = venv.command();
    command
        .arg(workspace.root.join("tests/python/regrtest.py"))
        .arg("--mode")
        .arg(args.mode.name())
        .env("SWALLOW_TEST_PYTHON", venv.python())
        .env("SWALLOW_TEST_REFERENCE", python)
        .env("CARGO_TARGET_DIR", &workspace.target);
    for option in &args.x {
        command.arg("-X").arg(option);
    }
    if args.fresh {
        command.arg("--fresh");
    }
    command.args(&args.tests);
    let status = command.status()?;
    // It has said what differs.
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
