//! What a code generator returns: where the code is, and the exit table.
#![forbid(unsafe_code)]

use super::tables::{ExitTable, SiteTable};
use crate::hir::ExitReason;
use serde::{Deserialize, Serialize};

/// Where a value is found when native code is left. Numbers are positions among the exit's words
/// (of a [`Site`]; for [`ExitUse::Flush`], in the activation's buffer).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loc {
    /// Null.
    Null,
    /// Locals only: the frame's slot is right as it is.
    InSlot,
    /// An object pointer among the words; the frame takes a reference of its own.
    Object(u32),
    /// An immortal or unit-owned object by address; the frame takes a reference.
    ConstObject(u64),
    /// A signed 64-bit integer among the words.
    Int(u32),
    /// A known integer.
    ConstInt(i64),
    /// A double among the words.
    Float(u32),
    /// The bits of a known double.
    ConstFloat(u64),
    /// A truth value (0 or 1) among the words.
    Bool(u32),
    /// A known truth value.
    ConstBool(bool),
    /// A direct call's result: tag, then payload in the next word. The frame takes a reference if
    /// it is an object.
    Tagged(u32),
    /// An unallocated range iterator; each part is `Int` or `ConstInt`.
    RangeIter {
        next: Box<Loc>,
        remaining: Box<Loc>,
        step: Box<Loc>,
    },
    /// An unallocated list iterator: the list (`Object`, `ConstObject`) and index.
    ListIter { list: Box<Loc>, index: Box<Loc> },
}

/// What an entry of the exit table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitUse {
    /// The interpreter resumes at `pc`.
    Resume,
    /// The interpreter unwinds from `pc`, the exception is set.
    Throw,
    /// Not an exit: only `locals` count, for making unboxed locals visible in mid-call.
    Flush,
}

/// One entry of the exit table; its position is the exit number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitDesc {
    pub usage: ExitUse,
    pub reason: ExitReason,
    /// Code unit index.
    pub pc: u32,
    /// One per slot of `co_nlocalsplus`.
    pub locals: Vec<Loc>,
    /// Bottom first.
    pub stack: Vec<Loc>,
    /// Owned references (`Object`, `Tagged`) that native code held: released *after* the frame
    /// has taken its own.
    pub drops: Vec<Loc>,
}

/// Where a word is when native code calls `swl_leave`. Registers have their DWARF numbers: 0–15 the
/// general ones, 17–32 the low halves of XMM0–15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    Register(u8),
    /// In memory at a register plus an offset.
    Memory(u8, i32),
    /// The sum of a register and an offset.
    Address(u8, i32),
    /// Known.
    Const(i64),
}

/// A call of `swl_leave` in the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Where the call returns to, in bytes from the unit's entry.
    pub return_offset: u32,
    /// The exit's number in the table.
    pub exit: u32,
    /// Thread state, frame and caller's activation, then the exit's words.
    pub words: Box<[Place]>,
}

impl Site {
    /// Words that come before the exit's own.
    pub const PARAMS: usize = 3;
}

/// Time spent in one phase of a compilation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    pub name: String,
    /// By the clock.
    pub seconds: f64,
    /// Of processor time of the thread: what it would take if nobody else wanted the processor.
    pub own: f64,
}

/// A block of the code memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Block {
    pub address: u64,
    /// In bytes, as it was asked for.
    pub size: u64,
}

/// A compiled unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CodeImage {
    /// All that it has in the code memory, code, constant pools and unwind tables. The first one's
    /// address names the unit as long as it is there.
    pub blocks: Vec<Block>,
    pub symbol: String,
    /// Address of `fn(tstate, frame, caller's activation) -> Pair`.
    pub entry: u64,
    /// Bytes of machine code of the entry's function.
    pub code_size: u64,
    /// Address of the unwind table, in the form of `.eh_frame`; 0: there is none.
    pub unwind_table: u64,
    /// Whether the generator has told the unwinder of its process of it.
    pub unwinder_knows: bool,
    pub exits: ExitTable,
    pub sites: SiteTable,
    pub phases: Vec<Phase>,
    /// HIR instructions behind the passes.
    pub hir_insts: u32,
    /// IR instructions before and after the generator's passes.
    pub ir_before: u32,
    pub ir_after: u32,
}

impl CodeImage {
    /// Bytes taken in the code memory.
    #[must_use]
    pub fn memory_size(&self) -> u64 {
        self.blocks.iter().map(|block| block.size).sum()
    }
}

impl CodeImage {
    /// Whether what it says of itself fits together: entry and unwind table lie in its blocks, and the tables can be read.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let is_inside = |address: u64| {
            self.blocks.iter().any(|block| {
                address
                    .checked_sub(block.address)
                    .is_some_and(|offset| offset < block.size)
            })
        };
        is_inside(self.entry)
            && (self.unwind_table == 0 || is_inside(self.unwind_table))
            && self.exits.is_sound()
            && self.sites.is_sound(self.exits.len())
    }

    /// Bytes of the tables on the heap.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        self.exits.heap_bytes()
            + self.sites.heap_bytes()
            + self.blocks.capacity() * size_of::<Block>()
    }
}
