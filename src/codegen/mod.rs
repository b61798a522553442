//! Code generation: serialised HIR in, machine code plus tables out.
//!
//! A [`CodeGenerator`] sees nothing but bytes ([`CompileRequest`] in postcard form) and a
//! [`CodeMemory`] to put code in, so that it can run in another process without change to either
//! side. `lower` expands HIR operations to machine-level ones, once for every generator.

pub mod image;
#[cfg(feature = "llvm")]
pub mod llvm;
pub mod lower;
pub mod machine;

use crate::helpers::{Data, Helper};
pub use image::{CodeImage, ExitDesc, ExitUse, Loc, Phase, Place, Site};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ptr::NonNull;

/// Version of the request and image formats; the two sides must agree.
pub const FORMAT_VERSION: u32 = 1;

/// How to optimise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompileOptions {
    /// Text for the pass builder, e.g. `default<O2>`.
    pub pipeline: String,
    /// Effort of instruction selection and register allocation, 0–3.
    pub codegen_level: u8,
    /// Address of a countdown that every guard decrements and that makes it fail at zero; 0: none.
    pub stress_counter: u64,
}

/// One unit to compile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompileRequest {
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// Symbol of the entry point; unique in the process.
    pub symbol: String,
    /// What the code hands to the runtime to name its unit; not interpreted.
    pub unit_token: u64,
    pub options: CompileOptions,
    pub function: crate::hir::Function,
}

/// Why code generation failed. The unit stays interpreted.
#[derive(Debug, thiserror::Error)]
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

    /// All symbols that were set.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.addresses
            .iter()
            .map(|(name, address)| (*name, *address))
    }

    /// Names of symbols without an address.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        Helper::ALL
            .iter()
            .map(|h| h.name())
            .chain(Data::ALL.iter().map(|d| d.name()))
            .filter(|name| !self.addresses.contains_key(name))
            .collect()
    }
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
}

/// A code generator: LLVM or, later, Cranelift.
pub trait CodeGenerator {
    /// Compiles a serialised [`CompileRequest`]. Everything but code and tables is freed on return.
    ///
    /// # Errors
    /// See [`CodegenError`]; nothing stays allocated.
    fn compile(&mut self, request: &[u8]) -> Result<CodeImage, CodegenError>;

    /// Frees the code of an image. No thread may be inside it.
    fn release(&mut self, image: &CodeImage);

    /// The generator's own IR for a request, before or after its passes.
    ///
    /// # Errors
    /// As [`CodeGenerator::compile`].
    fn ir_text(&mut self, request: &[u8], optimised: bool) -> Result<String, CodegenError>;

    /// Assembly text for a request.
    ///
    /// # Errors
    /// As [`CodeGenerator::compile`].
    fn asm_text(&mut self, request: &[u8]) -> Result<String, CodegenError>;

    /// Checks pipeline text without compiling anything.
    ///
    /// # Errors
    /// [`CodegenError::BadPipeline`].
    fn check_pipeline(&mut self, pipeline: &str) -> Result<(), CodegenError>;
}
