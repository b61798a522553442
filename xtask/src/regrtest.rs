//! `cargo xtask regrtest`: CPython's own test suite with and without the JIT.

use crate::RegrtestArgs;
use crate::build::Flavour;
use crate::programs::{comparison, verdict};
use crate::setup::{DEFAULT_PYTHON, SUITE_PACKAGES, Venv, Workspace, install_packages};
use anyhow::Result;
use std::path::Path;
use std::process::ExitCode;

/// The debug build of the default interpreter, and what it comes in.
const DEBUG_PYTHON: &str = "/usr/bin/python3.11-dbg";
const DEBUG_PACKAGES: &[&str] = &["python3.11-dbg", "python3.11-venv"];

/// Does it.
pub fn regrtest(args: &RegrtestArgs) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let (python, flavour) = if args.leaks {
        (Path::new(DEBUG_PYTHON), Flavour::Debug)
    } else {
        (args.common.python.as_path(), Flavour::Plain)
    };
    // Another interpreter has to bring its own suite.
    let mut packages = Vec::new();
    if args.leaks || python == Path::new(DEFAULT_PYTHON) {
        packages.extend(SUITE_PACKAGES);
    }
    if args.leaks {
        packages.extend(DEBUG_PACKAGES);
    }
    install_packages(python, &packages)?;
    let venv = Venv::for_interpreter(&workspace, python)?;
    let mut command = comparison(&workspace, &venv, python, "regrtest.py", &args.x, flavour)?;
    if args.leaks {
        command.arg("--leaks");
    }
    command.arg("--mode").arg(args.mode.name());
    if args.fresh {
        command.arg("--fresh");
    }
    command.args(&args.tests);
    verdict(&mut command)
}
