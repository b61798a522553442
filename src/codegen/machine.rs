//! Machine-level operations: what `lower` is written against and every code generator provides.
//!
//! Values are 64-bit integers, pointers, doubles or bits. Blocks take parameters. Calls name rows of
//! the helper table; addresses are the generator's business.

use crate::helpers::{Data, Helper};
use crate::hir::CmpOp;

/// The type of a machine value or memory access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// A byte in memory, zero-extended to `I64` when loaded.
    I8,
    /// Four bytes in memory, sign-extended to `I64` when loaded.
    I32,
    I64,
    F64,
    Ptr,
    /// A truth value; not in memory.
    Bit,
}

/// Sorts of memory. A word is always accessed as of the same sort, so that accesses of two sorts never overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The count of references to an object.
    Count,
    /// The array of a list's items.
    Items,
    /// A word of ours that belongs to no object and no frame: counters.
    Own,
    /// All that is none of these.
    Other,
}

/// Integer operations that cannot fail (shifts by 0..=63, divisors that are neither 0 nor −1 with the minimum).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntOp {
    Add,
    Sub,
    /// Modulo 2^64.
    Mul,
    And,
    Or,
    Xor,
    Shl,
    /// Arithmetic shift to the right.
    Shr,
    /// Truncating.
    Div,
    /// With the sign of the dividend.
    Rem,
}

/// Operations that report overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedOp {
    Add,
    Sub,
    Mul,
}

/// Operations on doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatOp {
    Add,
    Sub,
    Mul,
    Div,
}

/// Operations on one double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatUnary {
    Neg,
    Abs,
    Sqrt,
}

/// Which way a branch usually goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    None,
    /// The first target.
    Likely,
    /// The second target.
    Unlikely,
}

/// What leaving native code takes.
#[derive(Clone, Copy, Debug)]
pub struct Leave<'a, V> {
    /// The number of the exit in the unit's table.
    pub exit: u32,
    /// The address of the unit's token.
    pub unit: V,
    /// The unit's activation record.
    pub act: V,
    /// Thread state, frame and caller's activation, then what the exit's [`Loc`](super::Loc)s
    /// count from 0.
    pub words: &'a [V],
}

/// Builds the machine-level form of one unit.
pub trait Machine {
    /// Whether [`Machine::leave`] puts the words into the activation's buffer, which must have room.
    fn leaves_through_memory(&self) -> bool;
    /// A value.
    type V: Copy;
    /// A block.
    type B: Copy + PartialEq;

    /// The unit's parameters: thread state, frame, caller's activation.
    fn params(&self) -> [Self::V; 3];

    fn int(&mut self, value: i64) -> Self::V;
    fn float(&mut self, value: f64) -> Self::V;
    fn bit(&mut self, value: bool) -> Self::V;
    fn null(&mut self) -> Self::V;
    /// An address known now.
    fn address(&mut self, value: u64) -> Self::V;
    fn data(&mut self, data: Data) -> Self::V;

    fn int_op(&mut self, op: IntOp, a: Self::V, b: Self::V) -> Self::V;
    /// The wrapped result and whether it overflowed.
    fn checked(&mut self, op: CheckedOp, a: Self::V, b: Self::V) -> (Self::V, Self::V);
    /// Signed comparison.
    fn int_cmp(&mut self, cmp: CmpOp, a: Self::V, b: Self::V) -> Self::V;
    /// Comparison without signs: `a < b`.
    fn below(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Equality of pointers.
    fn same(&mut self, a: Self::V, b: Self::V) -> Self::V;
    fn not(&mut self, bit: Self::V) -> Self::V;
    fn both(&mut self, a: Self::V, b: Self::V) -> Self::V;
    fn either(&mut self, a: Self::V, b: Self::V) -> Self::V;
    fn select(&mut self, bit: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// 0 or 1.
    fn bit_to_int(&mut self, bit: Self::V) -> Self::V;

    fn float_op(&mut self, op: FloatOp, a: Self::V, b: Self::V) -> Self::V;
    fn float_unary(&mut self, op: FloatUnary, a: Self::V) -> Self::V;
    /// Ordered comparison; `Ne` is true for NaN.
    fn float_cmp(&mut self, cmp: CmpOp, a: Self::V, b: Self::V) -> Self::V;
    fn int_to_float(&mut self, a: Self::V) -> Self::V;
    fn float_to_bits(&mut self, a: Self::V) -> Self::V;
    fn bits_to_float(&mut self, a: Self::V) -> Self::V;
    fn ptr_to_int(&mut self, a: Self::V) -> Self::V;
    fn int_to_ptr(&mut self, a: Self::V) -> Self::V;

    fn load_from(&mut self, memory: Memory, ty: Ty, base: Self::V, offset: i32) -> Self::V;
    /// From [`Memory::Other`].
    fn load(&mut self, ty: Ty, base: Self::V, offset: i32) -> Self::V {
        self.load_from(Memory::Other, ty, base, offset)
    }
    /// Loads an `I32` that other threads write; never merged with another load.
    fn load_volatile(&mut self, base: Self::V) -> Self::V;
    /// Stores the low bits of `value`.
    fn store_to(&mut self, memory: Memory, ty: Ty, value: Self::V, base: Self::V, offset: i32);
    /// To [`Memory::Other`].
    fn store(&mut self, ty: Ty, value: Self::V, base: Self::V, offset: i32) {
        self.store_to(Memory::Other, ty, value, base, offset);
    }
    /// `base + bytes`.
    fn offset(&mut self, base: Self::V, bytes: Self::V) -> Self::V;
    /// Memory in the machine frame, 16-byte aligned.
    fn stack_slot(&mut self, bytes: u32) -> Self::V;

    /// Calls a helper. A pair yields two values, nothing none.
    fn call(&mut self, helper: Helper, args: &[Self::V]) -> Vec<Self::V>;
    /// Calls a unit's entry point: tag and payload.
    fn call_entry(&mut self, entry: Self::V, args: [Self::V; 3]) -> (Self::V, Self::V);

    /// A new block; `cold` keeps it out of the way.
    fn block(&mut self, params: &[Ty], cold: bool) -> Self::B;
    fn block_params(&self, block: Self::B) -> Vec<Self::V>;
    /// Where operations go from now on.
    fn switch_to(&mut self, block: Self::B);
    fn jump(&mut self, block: Self::B, args: &[Self::V]);
    /// Both targets take no parameters.
    fn branch(&mut self, bit: Self::V, then: Self::B, otherwise: Self::B, hint: Hint);
    fn ret(&mut self, tag: Self::V, payload: Self::V);
    /// Ends the block and the unit, by way of [`Helper::Leave`] (the image's
    /// [`Site`](super::image::Site)s then tell where the words are) or [`Helper::SideExit`].
    fn leave(&mut self, leave: Leave<'_, Self::V>);
}
