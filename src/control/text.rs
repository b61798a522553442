//! Texts of units, for people: what `jit-dump` prints, and what `swallow.hir` and its sisters show. Nothing of it is kept.

use super::Jit;
use super::build::{Source, build, request};
use crate::codegen::{Engine, Text};
use crate::hir::Function;
use crate::host::ffi::PyObject;
use crate::log;

/// Prints what the options ask for.
pub(super) fn dump(jit: &Jit, function: &Function, token: u64) {
    let dump = jit.config.dump;
    let wanted = [
        (dump.hir, jit.engine, Text::Hir),
        (dump.llvm, Engine::Llvm, Text::Ir),
        (dump.clif, Engine::Cranelift, Text::Ir),
        (dump.asm, jit.engine, Text::Asm),
    ];
    for (_, engine, what) in wanted.into_iter().filter(|(wanted, ..)| *wanted) {
        let bytes = request(jit, function.clone(), token, None, 0);
        let Ok(mut back) = jit.back.try_lock() else {
            return;
        };
        match back.text(engine, bytes, what) {
            Ok(text) => log::say(text),
            Err(error) => log::say(format_args!("swallow: {}: {error}", function.name)),
        }
    }
}

/// What can be shown of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    Hir,
    Llvm,
    Clif,
    Asm,
}

/// Produces a text of a unit again.
///
/// # Errors
/// Why there is none: the code is refused, or code generation failed.
pub fn artefact(
    jit: &'static Jit,
    code: *mut PyObject,
    function: *mut PyObject,
    what: Artefact,
) -> Result<String, String> {
    let built = build(jit, code, Source::Function(function), None, None)
        .map_err(|error| error.to_string())?;
    let (engine, what) = match what {
        Artefact::Hir => (jit.engine, Text::Hir),
        Artefact::Llvm => (Engine::Llvm, Text::Ir),
        Artefact::Clif => (Engine::Cranelift, Text::Ir),
        Artefact::Asm => {
            let made = jit.unit(code).and_then(|unit| unit.installed());
            let engine = made.map_or(jit.engine, |installed| installed.engine);
            (engine, Text::Asm)
        }
    };
    let bytes = request(jit, built.function, 0, None, 0);
    let mut back = jit
        .back
        .try_lock()
        .map_err(|_| "the code generator is busy".to_owned())?;
    back.text(engine, bytes, what)
        .map_err(|error| error.to_string())
}
