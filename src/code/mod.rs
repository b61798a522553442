//! Compiled code in memory: the arena, installed units, call cells.

pub mod arena;
#[cfg(feature = "cpython")]
pub mod cell;
pub mod descriptor;
pub mod pages;
#[cfg(any(feature = "cpython", test))]
pub mod stack;
#[cfg(feature = "cpython")]
pub mod unit;
#[cfg(any(feature = "cpython", test))]
pub(crate) mod unwind;
#[cfg(any(feature = "cpython", test))]
mod valgrind;
