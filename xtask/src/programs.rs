//! Programs of the repository: those of a directory, and those of `tests/python` that compare plain CPython with the JIT.

use crate::build::{self, Flavour};
use crate::setup::{Venv, Workspace};
use crate::shell::line;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The programs of these names in a directory, or all: the files with this extension.
pub fn choose(directory: &Path, extension: &str, names: &[String]) -> Result<Vec<PathBuf>> {
    let mut known = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            known.push(path);
        }
    }
    known.sort();
    let stem = |path: &PathBuf| {
        path.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    if names.is_empty() {
        return Ok(known);
    }
    let mut chosen = Vec::new();
    for name in names {
        match known.iter().find(|path| stem(path) == *name) {
            Some(path) => chosen.push(path.clone()),
            None => bail!(
                "{} has no {name:?}; there are {}",
                directory.display(),
                known.iter().map(stem).collect::<Vec<_>>().join(", ")
            ),
        }
    }
    Ok(chosen)
}

/// Builds the JIT, puts it into the environment, and returns the command that compares it with the plain interpreter.
pub fn comparison(
    workspace: &Workspace,
    venv: &Venv,
    plain: &Path,
    script: &str,
    options: &[OsString],
    flavour: Flavour,
) -> Result<Command> {
    let built = build::build_for(workspace, flavour)?;
    build::install(workspace, venv, &built)?;
    let mut command = venv.command();
    command
        .arg(workspace.root.join("tests/python").join(script))
        .env("SWALLOW_TEST_PYTHON", venv.python())
        .env("SWALLOW_TEST_REFERENCE", plain)
        .env("CARGO_TARGET_DIR", &workspace.target);
    for option in options {
        command.arg("-X").arg(option);
    }
    Ok(command)
}

/// Runs a comparison. It says itself what differs; its exit status is ours.
pub fn verdict(command: &mut Command) -> Result<ExitCode> {
    let status = command
        .status()
        .with_context(|| format!("can't run {}", line(command)))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
