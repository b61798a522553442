//! `cargo xtask apps`: real programs from PyPI under plain CPython and under the JIT.

use crate::AppsArgs;
use crate::build::Flavour;
use crate::programs::{choose, comparison, verdict};
use crate::setup::{Venv, Workspace, install_packages};
use anyhow::Result;
use std::process::ExitCode;

/// Exit status for a command line that is wrong, as clap has it.
const USAGE: u8 = 2;

/// Does it.
pub fn apps(args: &AppsArgs) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let python = &args.common.python;
    let programs = workspace.root.join("tests/python/apps");
    // Before anything is built.
    if let Err(error) = choose(&programs, "py", &args.names) {
        eprintln!("xtask: {error:#}");
        return Ok(ExitCode::from(USAGE));
    }
    install_packages(python, &[])?;
    // Of its own: these packages must not change what the other commands run.
    let venv = Venv::named(&workspace, "apps-venv", python)?;
    venv.install_packages_of(&programs.join("requirements.txt"))?;
    let mut command = comparison(
        &workspace,
        &venv,
        python,
        "apps.py",
        &args.x,
        Flavour::Plain,
    )?;
    for mode in &args.mode {
        command.arg("--mode").arg(mode.name());
    }
    command.arg("--timeout").arg(args.timeout.to_string());
    command.args(&args.names);
    verdict(&mut command)
}
