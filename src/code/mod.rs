//! Compiled code in memory: the arena, installed units, call cells.
pub mod arena;
