//! `cargo xtask record`: the inputs of the benches of stages, `benches/inputs`, made anew from programs of `benches/programs`.

use crate::RecordArgs;
use crate::build;
use crate::setup::{Venv, Workspace, install_packages};
use crate::shell::{quietly, say};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is recorded: a program with its size, and the unit of it. A name that ends in `_` is that of a function that is
/// compiled at its loops: of these units the largest is taken.
const UNITS: &[(&str, &str, &str)] = &[
    ("nbody", "2000", "advance_"),
    ("fannkuch", "8", "count_flips"),
    ("spectral_norm", "60", "times"),
    ("float", "5", "Point.normalise"),
    ("fib", "22", "fib"),
    ("scheduler", "30", "Worker.step"),
];

/// Does it.
pub fn record(args: &RecordArgs) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    install_packages(&args.common.python, &[])?;
    let venv = Venv::for_interpreter(&workspace, &args.common.python)?;
    let built = build::build(&workspace)?;
    build::install(&workspace, &venv, &built)?;
    let inputs = workspace.root.join("benches/inputs");
    let fresh = workspace.target.join("record");
    let mut made = Vec::new();
    for (program, size, unit) in UNITS {
        say(&format!("recording {program}"));
        if fresh.exists() {
            fs::remove_dir_all(&fresh)?;
        }
        fs::create_dir_all(&fresh)?;
        // It waits for code, so that what has been seen before does not depend on the moment when that comes.
        quietly(
            venv.command()
                .args(["-Xjit=whenhot", "-Xjit-wait=1"])
                .arg(
                    workspace
                        .root
                        .join(format!("benches/programs/{program}.py")),
                )
                .arg(size)
                .env("SWALLOW_DEV_RECORD", &fresh),
        )?;
        let recording = chosen(&fresh, unit)?;
        let name = format!("{program}.{}", unit.trim_end_matches('_'));
        for extension in ["json", "hir"] {
            let text = fs::read_to_string(recording.with_extension(extension))?;
            // The same in every checkout.
            let text = text.replace(&format!("{}/", workspace.root.display()), "");
            let path = inputs.join(format!("{name}.{extension}"));
            made.push((path, format!("{}\n", text.trim_end())));
        }
    }
    // All or none of them.
    fs::create_dir_all(&inputs)?;
    for entry in fs::read_dir(&inputs)? {
        fs::remove_file(entry?.path())?;
    }
    for (path, text) in made {
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    say(&format!(
        "{} units are in {}; `cargo xtask test --only rust` compiles them",
        UNITS.len(),
        inputs.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// The recording of a unit; of several the one with the most HIR.
fn chosen(directory: &Path, unit: &str) -> Result<PathBuf> {
    let mut found: Vec<(u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_it = match unit.strip_suffix('_') {
            Some(function) => name
                .strip_prefix(function)
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|pc| !pc.is_empty() && pc.chars().all(|c| c.is_ascii_digit())),
            None => name == unit,
        };
        // Only what could be built has HIR.
        if is_it && path.extension().is_some_and(|extension| extension == "hir") {
            found.push((fs::metadata(&path)?.len(), path));
        }
    }
    match found.into_iter().max() {
        Some((_, path)) => Ok(path),
        None => bail!("no unit {unit} was built: is it still hot enough, and of that name?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_loop_is_taken() {
        let directory = std::env::temp_dir().join(format!("swallow-record-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("temporary directory");
        for (name, text) in [
            ("f.hir", "all of it, and more"),
            ("f_16.hir", "a loop"),
            ("f_239.hir", "a larger loop"),
            ("f_16.json", "the recording of it, which is larger"),
            ("f_g_16.hir", "a loop of another function"),
        ] {
            fs::write(directory.join(name), text).expect("written");
        }
        let chosen = |unit| chosen(&directory, unit).map(|path| directory.join("f.hir") == path);
        assert!(chosen("f").expect("there"));
        assert!(chosen("g").is_err() && chosen("g_").is_err());
        let found = super::chosen(&directory, "f_").expect("there");
        assert!(found.ends_with("f_239.hir"), "{}", found.display());
        fs::remove_dir_all(&directory).expect("removed");
    }
}
