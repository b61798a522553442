//! Bytecode to HIR. See [`build`].
#![forbid(unsafe_code)]

use crate::bytecode::{Code, Oracle};
use crate::hir::Function;
use std::collections::BTreeSet;

/// How to build.
#[derive(Clone, Debug, Default)]
pub struct FrontendOptions {
    /// Units whose guards failed too often: no assumption is made there.
    pub no_speculation: BTreeSet<u32>,
}

/// Why a code object stays interpreted. Found once, kept with the code object, counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bailout {
    /// Generators, coroutines, class bodies and the like.
    #[error("unsupported kind of code: {0}")]
    CodeKind(&'static str),
    /// An instruction in a loop, or on every path.
    #[error("unsupported instruction {0}")]
    Opcode(&'static str),
    /// Too many instructions.
    #[error("code too large: {0} instructions")]
    TooLarge(usize),
    /// Bytecode that no compiler of 3.11 emits.
    #[error("malformed bytecode: {0}")]
    Malformed(&'static str),
}

/// Builds the HIR of a whole code object.
///
/// # Errors
/// The reason why the code object is to stay interpreted.
pub fn build(
    _code: &Code,
    _oracle: &dyn Oracle,
    _options: &FrontendOptions,
) -> Result<Function, Bailout> {
    Err(Bailout::CodeKind("nothing is built yet"))
}
