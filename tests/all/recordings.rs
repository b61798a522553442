//! Recorded frontend inputs: `tests/filetests/build/*.json`. Each must build; what is built and
//! what the pipeline makes of it must be well formed and survive printing and serialisation.

use _swallow::bytecode::Recording;
use _swallow::frontend::{FrontendOptions, build};
use _swallow::hir::{Function, parse_function, serialise, verify};
use _swallow::passes;
use libtest_mimic::{Failed, Trial};
use std::path::Path;

/// One test for every recording.
pub fn trials() -> Vec<Trial> {
    super::files("tests/filetests/build", "json")
        .into_iter()
        .map(|path| Trial::test(super::relative(&path), move || run(&path)))
        .collect()
}

fn run(path: &Path) -> Result<(), Failed> {
    let recording: Recording = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let mut func = build(&recording.code, &recording, &FrontendOptions::default())?;
    check(&func, "what was built")?;
    passes::optimise(&mut func);
    check(&func, "the optimised function")
}

fn check(func: &Function, what: &str) -> Result<(), Failed> {
    verify(func).map_err(|errors| format!("{what} is malformed:\n{errors}\n{func}"))?;
    let text = func.to_string();
    let back = parse_function(&text)?;
    if back.to_string() != text {
        return Err(format!("{what} reads back differently:\n{text}").into());
    }
    if serialise::from_bytes(&serialise::to_bytes(func))? != *func {
        return Err(format!("{what} differs after serialisation:\n{text}").into());
    }
    Ok(())
}
