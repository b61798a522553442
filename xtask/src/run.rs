//! `cargo xtask run`: a program under the JIT, or an example under plain CPython and under the JIT.

use crate::setup::{Venv, Workspace, install_packages};
use crate::shell::{line, output, say};
use crate::{RunArgs, build};
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Instant;

const EXAMPLE: &str = "benches/programs/nbody.py";

/// Does it. With a program, returns only if that can't be started.
pub fn run(args: &RunArgs) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    install_packages(&args.common.python, &[])?;
    let venv = Venv::for_interpreter(&workspace, &args.common.python)?;
    let built = build::build(&workspace)?;
    build::install(&workspace, &venv, &built)?;

    let mut jit = venv.command();
    for option in jit_options(&args.x) {
        jit.arg("-X").arg(option);
    }
    if args.program.is_empty() {
        let mut plain = Command::new(&args.common.python);
        plain.arg(workspace.root.join(EXAMPLE));
        jit.arg(workspace.root.join(EXAMPLE));
        return compare(plain, jit);
    }
    jit.args(&args.program);
    let error = jit.exec();
    Err(error).with_context(|| line(&jit))
}

/// The -X options, with a mode.
pub fn jit_options(given: &[OsString]) -> Vec<OsString> {
    let mut options = given.to_vec();
    let chosen = |option: &OsString| {
        let text = option.to_string_lossy();
        text == "jit" || text.starts_with("jit=")
    };
    if !options.iter().any(chosen) && env::var_os("PYTHONJIT").is_none_or(|mode| mode.is_empty()) {
        options.insert(0, "jit=whenhot".into());
    }
    options
}

/// Runs the example both ways, three times in turn, and prints the medians.
fn compare(mut plain: Command, mut jit: Command) -> Result<ExitCode> {
    // The plain side must stay plain.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("PYTHONJIT") {
            plain.env_remove(name);
        }
    }
    say(&format!("plain: {}", line(&plain)));
    say(&format!("JIT:   {}", line(&jit)));
    let mut times = [Vec::new(), Vec::new()];
    let mut expected: Option<String> = None;
    for _ in 0..3 {
        for (side, command) in [&mut plain, &mut jit].into_iter().enumerate() {
            let start = Instant::now();
            let text = output(command)?;
            times[side].push(start.elapsed().as_secs_f64());
            match &expected {
                None => expected = Some(text),
                Some(expected) if *expected != text => {
                    bail!("the two print different things:\n{expected}{text}")
                }
                Some(_) => {}
            }
        }
    }
    let [plain, jit] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    print!("{}", expected.unwrap_or_default());
    println!("plain CPython  {plain:7.3} s");
    println!("with the JIT   {jit:7.3} s, start-up and compile time included");
    println!("speed-up       {:7.2} x", plain / jit);
    Ok(ExitCode::SUCCESS)
}
