//! `cargo xtask bench`: whole runs of the benchmark programs, plain CPython and the JIT in turns, timed by pyperf. With `--stages`: the
//! compiler's stages, timed by criterion.

use crate::programs::choose;
use crate::run::jit_options;
use crate::setup::{Venv, Workspace, install_packages};
use crate::shell::{check, output, quietly, say};
use crate::{BenchArgs, build};
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Does it.
pub fn bench(args: &BenchArgs) -> Result<ExitCode> {
    if args.stages {
        return stages(args);
    }
    let workspace = Workspace::find()?;
    install_packages(&args.common.python, &[])?;
    let venv = Venv::for_interpreter(&workspace, &args.common.python)?;
    venv.install_requirements(&workspace)?;
    let mut programs = choose(&workspace.root.join("benches/programs"), "py", &args.names)?;
    if args.names.is_empty() {
        // Those need packages from PyPI, in both environments: `swallow perf -b seed`.
        programs.retain(|path| !path.to_string_lossy().contains("/seed_"));
    }
    let built = build::build(&workspace)?;
    build::install(&workspace, &venv, &built)?;

    let results = workspace.target.join("bench");
    if results.exists() {
        fs::remove_dir_all(&results)?;
    }
    fs::create_dir_all(&results)?;
    let rounds = if args.rigorous { 15 } else { 5 };
    let plain = vec![args.common.python.clone().into_os_string()];
    let mut jit = vec![venv.python().into_os_string()];
    for option in jit_options(&args.x) {
        jit.extend(["-X".into(), option]);
    }
    for (number, program) in programs.iter().enumerate() {
        let name = program.file_stem().unwrap_or_default().to_string_lossy();
        say(&format!("{name} ({} of {})", number + 1, programs.len()));
        same_output(&plain, &jit, program)?;
        for round in 0..rounds {
            // Whichever comes first may find the caches colder.
            let mut sides = [("plain", &plain), ("jit", &jit)];
            if round % 2 == 1 {
                sides.reverse();
            }
            for (side, interpreter) in sides {
                measure(
                    &venv,
                    &name,
                    &results.join(format!("{name}.{side}.json")),
                    interpreter,
                    program,
                )?;
            }
        }
    }
    let mut report = venv.command();
    report
        .arg(workspace.root.join("benches/report.py"))
        .arg(&results);
    if args.readme {
        report.arg("--readme").arg(workspace.root.join("README.md"));
    }
    check(&mut report)?;
    Ok(ExitCode::SUCCESS)
}

fn command(interpreter: &[OsString], program: &Path) -> Command {
    let mut command = Command::new(&interpreter[0]);
    command.args(&interpreter[1..]).arg(program);
    command
}

/// A wrong result has no time. Running both once also reads all files into memory.
fn same_output(plain: &[OsString], jit: &[OsString], program: &Path) -> Result<()> {
    let expected = output(&mut command(plain, program))?;
    let found = output(&mut command(jit, program))?;
    if expected != found {
        bail!(
            "{}: prints something else under the JIT:\n{expected}{found}",
            program.display()
        );
    }
    Ok(())
}

/// One timed run, added to a file.
fn measure(
    venv: &Venv,
    name: &str,
    file: &Path,
    interpreter: &[OsString],
    program: &Path,
) -> Result<()> {
    let mut pyperf = venv.command();
    pyperf
        .args(["-m", "pyperf", "command", "--quiet", "--name", name])
        .args([
            "--processes",
            "1",
            "--values",
            "1",
            "--warmups",
            "0",
            "--loops",
            "1",
        ])
        .arg("--append")
        .arg(file)
        .arg("--")
        .args(interpreter)
        .arg(program);
    quietly(&mut pyperf)
}

/// The stages: benches of cargo, by the alias in `.cargo/config.toml`.
fn stages(args: &BenchArgs) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let chosen = choose(&workspace.root.join("benches/stages"), "rs", &args.names)?;
    install_packages(&args.common.python, &[])?;
    let venv = Venv::for_interpreter(&workspace, &args.common.python)?;
    // Some stages are measured in a running Python.
    let built = build::build(&workspace)?;
    build::install(&workspace, &venv, &built)?;
    say("building and running the benches of the stages");
    let mut cargo = workspace.cargo();
    cargo
        .arg("stages")
        .arg("--target-dir")
        .arg(&workspace.target)
        .env("SWALLOW_BENCH_PYTHON", venv.python());
    for path in &chosen {
        cargo.arg("--bench");
        cargo.arg(path.file_stem().unwrap_or_default());
    }
    cargo.arg("--");
    if args.rigorous {
        cargo.args(["--measurement-time", "10", "--sample-size", "100"]);
    }
    check(cargo.args(&args.criterion))?;
    Ok(ExitCode::SUCCESS)
}
