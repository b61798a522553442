//! Swallow: a just-in-time compiler for CPython 3.11. `ARCHITECTURE.md` is the map.
#![deny(unsafe_op_in_unsafe_fn)]

pub mod config;
pub mod helpers;
pub mod layout;
pub mod log;
#[cfg(any(test, feature = "cpython"))]
pub mod lull;
pub mod random;
#[cfg(any(test, feature = "cpython"))]
pub mod signals;
pub mod stats;
pub mod timing;

pub mod bytecode;
pub mod hir;

pub mod feedback;
pub mod frontend;
pub mod passes;

pub mod code;
pub mod codegen;

#[cfg(feature = "cpython")]
pub mod control;
#[cfg(any(test, feature = "cpython", feature = "generator"))]
pub mod heap;
#[cfg(feature = "cpython")]
pub mod host;
#[cfg(feature = "cpython")]
pub mod python;
#[cfg(feature = "cpython")]
pub mod record;
#[cfg(feature = "cpython")]
pub mod runtime;
