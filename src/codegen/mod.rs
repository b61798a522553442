//! Code generation: serialised HIR in, machine code plus tables out.
//!
//! A [`CodeGenerator`] sees nothing but bytes ([`CompileRequest`] in postcard form) and a
//! [`CodeMemory`] to put code in, so that it runs in another process ([`server`], the program
//! `swallow-codegen`) or in a library ([`library`]) without change to either side. It also runs the
//! passes on HIR, and judges whether the unit is worth it ([`prepare`]): the Python process only builds.
//! `lower` expands HIR operations to machine-level ones, once for every generator.

pub mod abi;
pub mod again;
#[cfg(feature = "cranelift")]
pub mod cranelift;
#[cfg(feature = "generator")]
pub mod engines;
pub mod image;
mod judge;
#[cfg(feature = "generator")]
pub mod library;
#[cfg(feature = "llvm")]
pub mod llvm;
pub mod lower;
pub mod machine;
pub mod prepare;
pub mod protocol;
#[cfg(feature = "generator")]
pub mod server;
pub mod tables;
#[cfg(all(test, feature = "llvm", feature = "cranelift"))]
mod tests;

use crate::helpers::{Data, Helper};
use crate::timing::Wanted;
pub use image::{Block, CodeImage, ExitDesc, ExitUse, Loc, Phase, Place, Site};
pub use judge::{
    Cost, Entry, Heat, Judgement, is_promising, judge, least as least_hotness, least_with_loops,
    may_pay,
};
use prepare::Prepared;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::ptr::NonNull;

/// Version of the request and image formats; the two sides must agree.
pub const FORMAT_VERSION: u32 = 10;

/// Which code generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Engine {
    Llvm,
    Cranelift,
}

impl Engine {
    /// As `-X jit-backend` names it.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Engine::Llvm => "llvm",
            Engine::Cranelift => "cranelift",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Llvm => "LLVM",
            Engine::Cranelift => "Cranelift",
        })
    }
}

/// How to optimise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompileOptions {
    /// For LLVM: a preset's name, or text for the pass builder, e.g. `default<O2>`.
    pub pipeline: String,
    /// Effort of instruction selection and register allocation, 0–3; for Cranelift 0, or any other.
    pub codegen_level: u8,
    /// Whether a large unit is compiled without optimisation instead.
    pub cheap_if_large: bool,
    /// Address of a countdown that every guard decrements and that makes it fail at zero; 0: none.
    pub stress_counter: u64,
    /// Address of a countdown of calls (10 each) and back-edges, at whose end [`Helper::Hot`] is called; 0: none.
    pub heat: u64,
    /// Address of `_Py_RefTotal`, which a debug build of CPython counts all references in; 0: there is none.
    pub ref_total: u64,
    /// What is to be measured of the compilation.
    pub measure: Wanted,
}

impl CompileOptions {
    /// A pipeline and a level, and nothing besides.
    #[must_use]
    pub fn new(pipeline: &str, level: u8) -> CompileOptions {
        CompileOptions {
            pipeline: pipeline.to_owned(),
            codegen_level: level,
            cheap_if_large: false,
            stress_counter: 0,
            heat: 0,
            ref_total: 0,
            measure: Wanted::default(),
        }
    }
}

/// What a code generator is told of a unit, but for what is to be compiled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestHead {
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// Symbol of the entry point; unique in the process.
    pub symbol: String,
    /// What the code hands to the runtime to name its unit; not interpreted.
    pub unit_token: u64,
    pub options: CompileOptions,
    /// Where the unit is entered, if it is to be judged.
    pub judged: Option<Entry>,
}

/// One unit to compile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompileRequest {
    pub head: RequestHead,
    /// Before the passes.
    pub function: crate::hir::Function,
}

impl CompileRequest {
    /// The bytes of a request with another head: the function, which is nearly all of them, is not looked at. `None`: they are of no request.
    #[must_use]
    pub fn with_other_head(bytes: &[u8], change: impl FnOnce(&mut RequestHead)) -> Option<Vec<u8>> {
        let (mut head, function) = postcard::take_from_bytes::<RequestHead>(bytes).ok()?;
        change(&mut head);
        let buffer = Vec::with_capacity(bytes.len() + head.symbol.len());
        let mut other = postcard::to_extend(&head, buffer).ok()?;
        other.extend_from_slice(function);
        Some(other)
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    Compiled(CodeImage),
    /// The unit is not likely to run faster than in CPython.
    NotPromising,
}

/// Text that a code generator produces for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Text {
    /// HIR, behind the passes on it.
    Hir,
    /// The generator's own IR, behind its passes.
    Ir,
    Asm,
}

/// Why code generation failed. The unit stays interpreted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CodegenError {
    /// The request is not one of ours.
    #[error("malformed compile request: {0}")]
    BadRequest(String),
    /// The pipeline text names no pass or has a syntax error.
    #[error("invalid pass pipeline: {0}")]
    BadPipeline(String),
    /// No room in the code memory.
    #[error("out of code memory")]
    OutOfMemory,
    /// There is no code generator any more.
    #[error("no code generator: {0}")]
    Unavailable(String),
    /// Anything else that the code generator reports.
    #[error("code generator: {0}")]
    Backend(String),
}

/// Addresses of every [`Helper`] and [`Data`] symbol in the Python process.
#[derive(Clone, Debug, Default)]
pub struct SymbolTable {
    addresses: HashMap<&'static str, u64>,
}

impl SymbolTable {
    /// Sets the address of a function.
    pub fn set_helper(&mut self, helper: Helper, address: u64) {
        self.addresses.insert(helper.name(), address);
    }

    /// Sets the address of an object.
    pub fn set_data(&mut self, data: Data, address: u64) {
        self.addresses.insert(data.name(), address);
    }

    /// The address of a symbol, if it was set.
    #[must_use]
    pub fn address(&self, name: &str) -> Option<u64> {
        self.addresses.get(name).copied()
    }

    /// All symbols that were set.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.addresses
            .iter()
            .map(|(name, address)| (*name, *address))
    }

    /// The addresses in the order of the tables, 0 for what has none.
    #[must_use]
    pub fn addresses(&self) -> Vec<u64> {
        symbol_names()
            .map(|name| self.addresses.get(name).copied().unwrap_or(0))
            .collect()
    }

    /// The table whose [`SymbolTable::addresses`] these are; `None` if it has another length.
    #[must_use]
    pub fn from_addresses(addresses: &[u64]) -> Option<SymbolTable> {
        if addresses.len() != symbol_names().count() {
            return None;
        }
        let known = symbol_names().zip(addresses.iter().copied());
        Some(SymbolTable {
            addresses: known.filter(|(_, address)| *address != 0).collect(),
        })
    }

    /// Names of symbols without an address.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        symbol_names()
            .filter(|name| !self.addresses.contains_key(name))
            .collect()
    }
}

/// The names of all symbols: functions, then objects.
fn symbol_names() -> impl Iterator<Item = &'static str> {
    Helper::ALL
        .iter()
        .map(|h| h.name())
        .chain(Data::ALL.iter().map(|d| d.name()))
}

/// Where machine code is put.
pub trait CodeMemory: Send + Sync {
    /// A block of `size` bytes at an address that is a multiple of `align`, writable until
    /// [`CodeMemory::seal`]; `None` when there is no room.
    fn allocate(&self, size: usize, align: usize) -> Option<NonNull<u8>>;
    /// Makes a block executable and read-only.
    fn seal(&self, block: NonNull<u8>, size: usize) -> bool;
    /// Gives a block back.
    fn free(&self, block: NonNull<u8>, size: usize);
    /// Gives the blocks of an image back.
    fn free_all(&self, blocks: &[Block]) {
        for block in blocks {
            if let Some(address) = NonNull::new(block.address as *mut u8) {
                self.free(address, block.size as usize);
            }
        }
    }
}

/// A code generator; see [`Engine`].
pub trait CodeGenerator {
    /// Compiles a serialised [`CompileRequest`]. Everything but code and tables is freed on return.
    ///
    /// # Errors
    /// See [`CodegenError`]; nothing stays allocated.
    fn compile(&mut self, request: &[u8]) -> Result<Outcome, CodegenError>;

    /// Frees the blocks of an image, which this generator, or another one with the same code memory,
    /// has made. No thread may be inside its code.
    fn release(&mut self, blocks: &[Block]);

    /// Text for a request.
    ///
    /// # Errors
    /// As [`CodeGenerator::compile`].
    fn text(&mut self, request: &[u8], what: Text) -> Result<String, CodegenError> {
        let Ok(prepared) = prepare::prepare(request)? else {
            return Err(CodegenError::BadRequest(
                "text of a unit that is not compiled".to_owned(),
            ));
        };
        match what {
            Text::Hir => Ok(prepared.request.function.to_string()),
            Text::Ir => self.ir(prepared),
            Text::Asm => self.asm(prepared),
        }
    }

    /// The generator's own IR, behind its passes.
    ///
    /// # Errors
    /// As [`CodeGenerator::compile`].
    fn ir(&mut self, prepared: Prepared) -> Result<String, CodegenError>;

    /// Assembly.
    ///
    /// # Errors
    /// As [`CodeGenerator::compile`].
    fn asm(&mut self, prepared: Prepared) -> Result<String, CodegenError>;

    /// Checks pipeline text without compiling anything.
    ///
    /// # Errors
    /// [`CodegenError::BadPipeline`].
    fn check_pipeline(&mut self, pipeline: &str) -> Result<(), CodegenError>;

    /// A pipeline with everything written out: what stands for several passes is replaced by them.
    ///
    /// # Errors
    /// [`CodegenError::BadPipeline`], also from a generator that has no pipelines.
    fn expand_pipeline(&mut self, _pipeline: &str) -> Result<String, CodegenError> {
        let why = "this code generator has none".to_owned();
        Err(CodegenError::BadPipeline(why))
    }
}
