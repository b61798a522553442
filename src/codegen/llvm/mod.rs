//! The LLVM code generator: inkwell for IR, ORC (LLJIT) for linking into the code memory.
//!
//! One context and one module a unit, gone as soon as the object code exists; one resource tracker
//! a unit, removed when the unit is released. The object is linked by RTDyld with a memory manager
//! that allocates every section from [`super::CodeMemory`].

mod builder;
mod diagnostics;
mod generator;
mod link;
mod stack_map;
#[cfg(test)]
mod tests;

pub use generator::LlvmGenerator;
