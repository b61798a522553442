//! Recorded frontend inputs: `tests/filetests/build/*.json`, each a recording, or a pair of a recording and the
//! options it was built with (`SWALLOW_DEV_RECORD=DIR` makes the runtime write such pairs). Each must
//! build; what is built and what the pipeline makes of it must be well formed and survive printing and
//! serialisation. The optimised function must be that of the file beside it, `*.hir.txt`, which
//! `SWALLOW_BLESS=1` writes anew.

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

/// What a file has.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Input {
    Pair(Box<(Recording, FrontendOptions)>),
    Alone(Box<Recording>),
}

fn run(path: &Path) -> Result<(), Failed> {
    let input: Input = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let (recording, options) = match input {
        Input::Pair(pair) => *pair,
        Input::Alone(recording) => (*recording, FrontendOptions::default()),
    };
    let mut func = build(&recording.code, &recording, &options)?;
    check(&func, "what was built")?;
    passes::optimise(&mut func);
    check(&func, "the optimised function")?;
    let expected = path.with_extension("hir.txt");
    let text = format!("{func}\n");
    if std::env::var_os("SWALLOW_BLESS").is_some() {
        std::fs::write(&expected, text)?;
        return Ok(());
    }
    let expected = std::fs::read_to_string(&expected)
        .map_err(|error| format!("{}: {error}; SWALLOW_BLESS=1 writes it", expected.display()))?;
    if text != expected {
        return Err(
            format!("another function than expected; SWALLOW_BLESS=1 accepts it:\n{text}").into(),
        );
    }
    Ok(())
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
