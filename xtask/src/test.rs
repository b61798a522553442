//! `cargo xtask test`: everything that must pass before a change goes in.

use crate::setup::{
    DEFAULT_PYTHON, SUITE_PACKAGES, TEST_PACKAGES, Venv, Workspace, install_packages,
};
use crate::shell::{check, say};
use crate::{Backend, Part, TestArgs, build};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Does it.
pub fn test(args: &TestArgs) -> Result<ExitCode> {
    let start = Instant::now();
    let workspace = Workspace::find()?;
    let python = &args.common.python;
    let mut packages = TEST_PACKAGES.to_vec();
    // Another interpreter has to bring its own suite, or these tests are skipped.
    if python == Path::new(DEFAULT_PYTHON) {
        packages.extend(SUITE_PACKAGES);
    }
    install_packages(python, &packages)?;
    let venv = Venv::for_interpreter(&workspace, python)?;
    venv.install_requirements(&workspace)?;
    if wanted(args, Part::Format) {
        format(&workspace, &venv)?;
    }
    if wanted(args, Part::Rust) {
        core(&workspace)?;
    }
    if wanted(args, Part::Python) {
        let built = build::build(&workspace)?;
        build::install(&workspace, &venv, &built)?;
        say("Python tests");
        pytest(&workspace, &venv, &venv, args)?;
    }
    if wanted(args, Part::Wheel) {
        wheel(&workspace, &venv, python)?;
    }
    say(&format!(
        "all passed, {:.0} s",
        start.elapsed().as_secs_f64()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Whether the command line asks for a part.
fn wanted(args: &TestArgs, part: Part) -> bool {
    if !args.pytest.is_empty() {
        return part == Part::Python;
    }
    match args.only {
        Some(only) => part == only,
        None => part != Part::Wheel || !args.fast,
    }
}

/// Layout of the sources.
fn format(workspace: &Workspace, venv: &Venv) -> Result<()> {
    say("format of the sources");
    check(
        workspace
            .cargo()
            .args(["fmt", "--all", "--", "--check", "-l"]),
    )
    .context("`cargo fmt --all` puts it right")?;
    let mut ruff = venv.command();
    ruff.current_dir(&workspace.root)
        .args(["-m", "ruff", "check", "--quiet", "."]);
    check(&mut ruff)
}

/// The Rust tests: the compiler without CPython, the other members, tidiness.
fn core(workspace: &Workspace) -> Result<()> {
    say("Rust tests");
    check(
        workspace
            .cargo()
            .args([
                "test",
                "--quiet",
                "-p",
                "swallow",
                "-p",
                "llvm-passes",
                "-p",
                "xtask",
            ])
            .args(["--no-default-features", "--features", "swallow/llvm-static"])
            .arg("--target-dir")
            .arg(&workspace.target),
    )
}

/// Runs pytest from one environment on the package in another; on all processors, unless arguments ask for something else.
fn pytest(workspace: &Workspace, runner: &Venv, tested: &Venv, test: &TestArgs) -> Result<()> {
    let backend = test.backend.map_or("", Backend::name);
    pytest_with(workspace, runner, tested, &test.pytest, backend)
}

/// The same with a code generator by name; empty: the one of the options.
fn pytest_with(
    workspace: &Workspace,
    runner: &Venv,
    tested: &Venv,
    args: &[OsString],
    backend: &str,
) -> Result<()> {
    let mut command = runner.command();
    command
        .current_dir(&workspace.root)
        .args(["-m", "pytest"])
        .args(if args.is_empty() {
            &["-n", "auto"][..]
        } else {
            &[]
        })
        .args(args)
        .env("SWALLOW_TEST_PYTHON", tested.python())
        .env("SWALLOW_TEST_BACKEND", backend);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PYTHON") {
            command.env_remove(name);
        }
    }
    check(&mut command)
}

/// Builds the wheel as `pip install .` does, installs it into a new environment, and runs the start-up tests on that.
fn wheel(workspace: &Workspace, venv: &Venv, python: &Path) -> Result<()> {
    say("building and installing the wheel");
    let directory = workspace.target.join("wheel-test");
    let (wheels, fresh) = (directory.join("wheels"), directory.join("venv"));
    for old in [&wheels, &fresh] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    let mut wheel = venv.command();
    wheel
        .args([
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ])
        .arg("--wheel-dir")
        .arg(&wheels)
        .arg(&workspace.root)
        // Of its own: maturin names another interpreter to the build, and the two would rebuild in turns.
        .env("CARGO_TARGET_DIR", directory.join("target"));
    check(&mut wheel)?;
    let fresh = Venv::at(fresh, python)?;
    let mut install = fresh.command();
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
    ]);
    for entry in fs::read_dir(&wheels)? {
        install.arg(entry?.path());
    }
    check(&mut install)?;
    say("start-up tests on the wheel");
    pytest_with(
        workspace,
        venv,
        &fresh,
        &["tests/python/test_startup.py".into()],
        "",
    )
}
