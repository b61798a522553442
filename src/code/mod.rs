//! Compiled code in memory: the arena, installed units, call cells.

pub mod arena;
#[cfg(feature = "cpython")]
pub mod cell;
pub mod descriptor;
#[cfg(feature = "cpython")]
pub mod unit;
#[cfg(feature = "cpython")]
mod unwind;
