//! The Cranelift code generator: compiles in a fraction of the time that LLVM takes, to slower code.
//!
//! One function a unit, lowered by [`super::lower`] through [`super::machine::Machine`] (`builder`), compiled by Cranelift, and laid
//! into [`super::CodeMemory`] by a linker of ours (`link`): code, then its unwind table, in one block. Exits bring their words to the
//! activation's buffer: Cranelift tells of no value's place behind register allocation, and the code that
//! does it is out of the way.

mod builder;
mod generator;
mod link;
#[cfg(test)]
mod tests;
mod unwind;

pub use generator::CraneliftGenerator;
