//! Code arenas: ranges of addresses that machine code is laid into.

mod blocks;
mod private;
mod shared;

pub use blocks::Usage;
pub use private::Arena;
pub use shared::{HelperArena, HostArena};
