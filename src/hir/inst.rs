//! Instructions: one table row each.
//!
//! A row names the operands, immediates, result type, effects, ownership and the use of the frame
//! state; the printer, parser, verifier, passes and code generators all read the row. Adding an
//! instruction is adding a row here and its lowering in `codegen::lower`.

use super::entities::{Block, CellId, ConstId, FrameStateId, Value};
use super::types::Type;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::fmt;

/// How an instruction uses its frame state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsKind {
    /// It has none.
    None,
    /// It may leave native code *before* doing anything: the interpreter resumes **at** `pc`, the
    /// stack as listed. The instruction itself has no effect when it leaves.
    Guard,
    /// It may raise: the interpreter unwinds **from** `pc` with the exception set; the stack lists
    /// what is left below the operands. While it runs, the frame in memory must be legal: the
    /// instruction pointer says `pc` and the unboxed locals of the state can be seen.
    Raise,
    /// The unit ends here and the frame is suspended at `pc`: locals and stack are as listed. Once
    /// `store_at_yields` has run, they are all in the frame.
    Suspend,
}

/// What an instruction does to the world, in increasing order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effects {
    /// Depends on its operands only: may be removed, merged and repeated.
    Pure,
    /// Reads memory: may be removed when unused.
    Read,
    /// Writes memory or allocates a non-container, but runs no Python code except perhaps the
    /// destructor of a value whose type is not trivial.
    Write,
    /// May run any Python code.
    Escape,
}

/// Who owns the reference that an instruction yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// No result, or a machine value.
    None,
    /// A new reference, to be consumed exactly once.
    Owned,
    /// Alive as long as the unit or the interpreter: constants, `True`, `False`.
    Immortal,
    /// Borrowed from memory (a container, a dict): valid until the next `Write` or `Escape`.
    Memory,
    /// Borrowed from frame slot `imm 0`: valid until that slot is stored to.
    Slot,
    /// The same reference as operand 0 (a refinement of its type).
    Same,
}

/// How the type of a result follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultRule {
    None,
    Fixed(Type),
    /// The type of operand 0.
    SameAsArg,
    /// The type of operand 0 without null.
    NotNull,
    /// The type of operand 0 intersected with the `Type` immediate.
    Narrow,
    /// The type of the `Const` immediate.
    ConstType,
}

/// The kind of an immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImmKind {
    Int,
    Float,
    Bool,
    /// A slot, item or field number, or a version.
    Index,
    Type,
    Cmp,
    Bin,
    Un,
    Const,
    Cell,
    Dict,
    Reason,
}

/// An immediate operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Imm {
    Int(i64),
    /// Bits of a double, so that comparison is exact.
    Float(u64),
    Bool(bool),
    Index(u32),
    Type(Type),
    Cmp(CmpOp),
    Bin(BinOp),
    Un(UnOp),
    Const(ConstId),
    Cell(CellId),
    Dict(DictKind),
    Reason(ExitReason),
}

/// A jump target with the arguments for its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    pub block: Block,
    pub args: Vec<Value>,
}

/// An instruction. A function is little else, and is built in the program's process: most instructions have no targets and nothing to drop, and
/// hardly any has two immediates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inst {
    pub op: Op,
    pub args: SmallVec<[Value; 3]>,
    pub imms: SmallVec<[Imm; 1]>,
    pub targets: Box<[Target]>,
    pub fs: Option<FrameStateId>,
    /// The bytecode instruction that it belongs to, in code units, where no frame state says so and an object may die:
    /// what its destructor sees as the place where the frame is.
    pub pc: Option<u32>,
    /// Filled by reference-count insertion: owned values that are alive if this instruction leaves
    /// native code, to be released after the frame has taken its own references.
    pub drops: Box<[Value]>,
    pub result: Option<Value>,
}

macro_rules! name_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// All variants in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The name in text.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// The variant of that name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.name() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

name_enum!(
    /// A comparison, in CPython's order (`Py_LT` … `Py_GE`).
    CmpOp { Lt = "lt", Le = "le", Eq = "eq", Ne = "ne", Gt = "gt", Ge = "ge" }
);

name_enum!(
    /// A binary operator, in the order of CPython 3.11's `NB_*`.
    BinOp {
        Add = "add", And = "and", FloorDivide = "floordiv", Lshift = "lshift",
        MatrixMultiply = "matmul", Multiply = "mul", Remainder = "mod", Or = "or",
        Power = "pow", Rshift = "rshift", Subtract = "sub", TrueDivide = "truediv", Xor = "xor",
        InplaceAdd = "iadd", InplaceAnd = "iand", InplaceFloorDivide = "ifloordiv",
        InplaceLshift = "ilshift", InplaceMatrixMultiply = "imatmul", InplaceMultiply = "imul",
        InplaceRemainder = "imod", InplaceOr = "ior", InplacePower = "ipow",
        InplaceRshift = "irshift", InplaceSubtract = "isub", InplaceTrueDivide = "itruediv",
        InplaceXor = "ixor",
    }
);

impl BinOp {
    /// The operator without its in-place half: `Add` for `InplaceAdd`.
    #[must_use]
    pub fn plain(self) -> BinOp {
        Self::ALL[self as usize % 13]
    }
}

name_enum!(
    /// A unary operator.
    UnOp { Positive = "pos", Negative = "neg", Invert = "invert", Not = "not" }
);

name_enum!(
    /// Which dictionary of the frame.
    DictKind { Globals = "globals", Builtins = "builtins" }
);

name_enum!(
    /// Why native code was left; one counter each.
    ExitReason {
        /// The frame ends here: nothing native follows (unsupported or never executed code).
        Unsupported = "unsupported",
        Type = "type",
        Null = "null",
        Identity = "identity",
        Condition = "condition",
        TypeVersion = "type_version",
        DictVersion = "dict_version",
        Callee = "callee",
        Overflow = "overflow",
        Domain = "domain",
        Bounds = "bounds",
        Length = "length",
        Missing = "missing",
        Tracing = "tracing",
        EvalBreaker = "eval_breaker",
        RecursionLimit = "recursion_limit",
        Raise = "raise",
    }
);

/// A row of the instruction table.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    pub name: &'static str,
    /// Types that the fixed operands must have.
    pub args: &'static [Type],
    /// Further operands, all of this type.
    pub varargs: Option<Type>,
    pub imms: &'static [ImmKind],
    pub result: ResultRule,
    pub effects: Effects,
    pub ownership: Ownership,
    pub fs: FsKind,
    /// Operands whose reference the instruction consumes (bit i = operand i, bit 31 = all the
    /// variable ones).
    pub steals: u32,
    /// Number of jump targets; `Some` makes it a terminator.
    pub targets: Option<u8>,
    /// Why a guard leaves.
    pub reason: Option<ExitReason>,
}

const ROW: OpInfo = OpInfo {
    name: "",
    args: &[],
    varargs: None,
    imms: &[],
    result: ResultRule::None,
    effects: Effects::Pure,
    ownership: Ownership::None,
    fs: FsKind::None,
    steals: 0,
    targets: None,
    reason: None,
};

/// Immediates of the operations that do one bytecode instruction.
const STEP: &[ImmKind] = &[ImmKind::Index, ImmKind::Index, ImmKind::Index];

/// In [`OpInfo::steals`]: the variable operands.
pub const STEAL_VARARGS: u32 = 1 << 31;

macro_rules! ops {
    ($($(#[$doc:meta])+ $op:ident $name:literal ($($arg:expr),*) { $($field:ident : $value:expr),* $(,)? })*) => {
        /// The operation of an instruction. The documentation of each names operands `a, b, …` and
        /// immediates `i, j`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Op { $($(#[$doc])+ $op),* }

        impl Op {
            /// All operations in the order of the table.
            pub const ALL: &'static [Op] = &[$(Op::$op),*];

            /// Whether it yields an object that is known when the unit is built.
            #[must_use]
            pub fn is_known_object(self) -> bool {
                matches!(self, Op::ConstObj | Op::LiveObj)
            }

            /// The row of this operation.
            #[must_use]
            pub fn info(self) -> &'static OpInfo {
                const TABLE: &[OpInfo] = &[$(OpInfo {
                    name: $name,
                    args: &[$($arg),*],
                    $($field: $value,)*
                    ..ROW
                }),*];
                &TABLE[self as usize]
            }

            /// The operation of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Op> {
                Self::ALL.iter().copied().find(|op| op.info().name == name)
            }
        }

        impl fmt::Display for Op {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.info().name)
            }
        }
    };
}

use Effects::{Escape, Read, Write};
use ResultRule::{ConstType, Fixed, Narrow, NotNull, SameAsArg};

const OBJ: Type = Type::OBJECT;
const MAYBE: Type = Type::MAYBE;
const I64: Type = Type::I64;
const F64: Type = Type::F64;
const I1: Type = Type::I1;
const INT: Type = Type::INT;
const FLOAT: Type = Type::FLOAT;
const LIST: Type = Type::LIST;
const TUPLE: Type = Type::TUPLE;

ops! {
    // ---- constants -------------------------------------------------------------------------
    /// The integer `i`.
    ConstInt "const_int" () { imms: &[ImmKind::Int], result: Fixed(I64) }
    /// The double `i`.
    ConstFloat "const_float" () { imms: &[ImmKind::Float], result: Fixed(F64) }
    /// The truth value `i`.
    ConstBool "const_bool" () { imms: &[ImmKind::Bool], result: Fixed(I1) }
    /// The object `i`.
    ConstObj "const_obj" () { imms: &[ImmKind::Const], result: ConstType, ownership: Ownership::Immortal }
    /// The object `i`, which a guard has found through `a`: that keeps it alive until memory changes.
    LiveObj "live_obj" (OBJ) { imms: &[ImmKind::Const], result: ConstType, effects: Read, ownership: Ownership::Memory }
    /// The null pointer.
    ConstNull "const_null" () { result: Fixed(Type::NULL), ownership: Ownership::Immortal }

    // ---- locals: a slot in frame memory always owns a valid reference or is null -------------
    /// Reads slot `i`; borrowed from the slot. The frontend has it in the entry block only: arguments.
    LoadLocal "load_local" () { imms: &[ImmKind::Index], result: Fixed(MAYBE), effects: Read, ownership: Ownership::Slot }
    /// Takes the reference in slot `i`, one of the value stack's, out of the frame. In the entry block of
    /// a unit that starts in a loop.
    TakeStack "take_stack" () { imms: &[ImmKind::Index], result: Fixed(OBJ), effects: Write, ownership: Ownership::Owned }
    /// Puts `a`, which may be null, into slot `i`, one of the value stack's, which is empty. Before a yield.
    PutStack "put_stack" (MAYBE) { imms: &[ImmKind::Index], effects: Write, steals: 1 }
    /// Of the range iterator `a`: its next value (`i` = 0), how many remain (1), its step (2).
    RangePart "range_part" (OBJ) { imms: &[ImmKind::Index], result: Fixed(I64), effects: Read }
    /// The list of the list iterator `a`, which is not exhausted.
    IterList "iter_list" (OBJ) { result: Fixed(LIST), effects: Read, ownership: Ownership::Memory }
    /// The index of the list iterator `a`.
    IterIndex "iter_index" (OBJ) { result: Fixed(I64), effects: Read }
    /// Moves `a` into slot `i`, releasing what was there (after the store). The result is the same
    /// object, now borrowed from the slot. `a` may be null: then the slot is emptied.
    StoreLocal "store_local" (MAYBE) { imms: &[ImmKind::Index], result: SameAsArg, effects: Write, ownership: Ownership::Slot, steals: 1 }
    /// Puts the double `a` into slot `i`, releasing what was there; when that is a float that nobody
    /// else refers to, its box is reused.
    StoreLocalFloat "store_local_float" (F64) { imms: &[ImmKind::Index], effects: Write }
    /// Takes the reference in slot `i`, which is not empty, out of the frame.
    TakeLocal "take_local" () { imms: &[ImmKind::Index], result: Fixed(OBJ), effects: Write, ownership: Ownership::Owned }
    /// Releases what is in slot `i` and makes it null.
    DropLocal "drop_local" () { imms: &[ImmKind::Index], effects: Write }

    // ---- guards ------------------------------------------------------------------------------
    /// `a` is exactly of the one class `i`.
    GuardType "guard_type" (MAYBE) { imms: &[ImmKind::Type], result: Narrow, ownership: Ownership::Same, fs: FsKind::Guard, reason: Some(ExitReason::Type) }
    /// `a` is not null.
    GuardNotNull "guard_not_null" (MAYBE) { result: NotNull, ownership: Ownership::Same, fs: FsKind::Guard, reason: Some(ExitReason::Null) }
    /// `a`, which is known not to be null.
    AssumeNotNull "assume_not_null" (MAYBE) { result: NotNull, ownership: Ownership::Same }
    /// `a`, which is known to be exactly of the one class `i`.
    AssumeType "assume_type" (MAYBE) { imms: &[ImmKind::Type], result: Narrow, ownership: Ownership::Same }
    /// `a` is the very object `i`.
    GuardIs "guard_is" (MAYBE) { imms: &[ImmKind::Const], result: ConstType, ownership: Ownership::Same, fs: FsKind::Guard, reason: Some(ExitReason::Identity) }
    /// `a` is true.
    GuardTrue "guard_true" (I1) { fs: FsKind::Guard, reason: Some(ExitReason::Condition) }
    /// `a` is false.
    GuardFalse "guard_false" (I1) { fs: FsKind::Guard, reason: Some(ExitReason::Condition) }
    /// The class of `a` has version tag `i` (so that its attributes and layout are known).
    GuardTypeVersion "guard_type_version" (OBJ) { imms: &[ImmKind::Index], result: SameAsArg, effects: Read, ownership: Ownership::Same, fs: FsKind::Guard, reason: Some(ExitReason::TypeVersion) }
    /// The version tag of the class of `a`, sign-extended; 0: it has none.
    TypeVersion "type_version" (OBJ) { result: Fixed(I64), effects: Read }
    /// The shared-keys version of the (heap) class of `a` is `i`: no instance shadows a method.
    GuardKeysVersion "guard_keys_version" (OBJ) { imms: &[ImmKind::Index], effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::DictVersion) }
    /// Instances of the (heap) class of `a` share `i` attribute names, those that they shared when none
    /// of them was the method's: names are only ever added.
    GuardKeysCount "guard_keys_count" (OBJ) { imms: &[ImmKind::Index], effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::DictVersion) }
    /// The instance `a` (class version already guarded) has inline values, not a dict.
    GuardInlineValues "guard_inline_values" (OBJ) { effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::Missing) }
    /// The keys of the frame's dictionary `i` have version `j`.
    GuardDictVersion "guard_dict_version" () { imms: &[ImmKind::Dict, ImmKind::Index], effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::DictVersion) }
    /// The module `a` has a dict whose keys have version `i`.
    GuardModuleVersion "guard_module_version" (OBJ) { imms: &[ImmKind::Index], effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::DictVersion) }
    /// `a` is a plain function whose code object is that of cell `i`.
    GuardCode "guard_code" (OBJ) { imms: &[ImmKind::Cell], result: Fixed(Type::FUNC), effects: Read, ownership: Ownership::Same, fs: FsKind::Guard, reason: Some(ExitReason::Callee) }
    /// The tuple or list `a` has exactly `i` items.
    GuardLen "guard_len" (LIST.union(TUPLE)) { imms: &[ImmKind::Index], effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::Length) }
    /// No trace or profile function is active. The frame state is the one *after* the operation
    /// that may have switched it on.
    GuardNoTracing "guard_no_tracing" () { effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::Tracing) }
    /// No frame object refers to the frame: nobody will look at it after it has returned.
    GuardUnobserved "guard_unobserved" () { effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::Missing) }
    /// One more Python frame would not pass the recursion limit.
    GuardDepth "guard_depth" () { effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::RecursionLimit) }
    /// Back-edge poll: hands the GIL over when asked, leaves for signals and pending calls. Other
    /// threads may run Python code here, so memory is clobbered.
    Poll "poll" () { effects: Escape, fs: FsKind::Guard, reason: Some(ExitReason::EvalBreaker) }

    // ---- boxes ---------------------------------------------------------------------------------
    /// A new (or cached small) `int`. Allocation failure aborts to the interpreter's MemoryError.
    BoxInt "box_int" (I64) { result: Fixed(INT), ownership: Ownership::Owned }
    /// A new `float`.
    BoxFloat "box_float" (F64) { result: Fixed(FLOAT), ownership: Ownership::Owned }
    /// `True` or `False`.
    BoxBool "box_bool" (I1) { result: Fixed(Type::BOOL), ownership: Ownership::Immortal }
    /// The value of `a` if it fits 64 bits.
    UnboxInt "unbox_int" (INT) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Overflow) }
    /// The value of `a`.
    UnboxFloat "unbox_float" (FLOAT) { result: Fixed(F64), effects: Read }
    /// The value of `a`.
    UnboxBool "unbox_bool" (Type::BOOL) { result: Fixed(I1) }
    /// An object from a direct call's result, boxed if need be; consumes it.
    BoxTagged "box_tagged" (Type::TAGGED) { result: Fixed(OBJ), effects: Write, ownership: Ownership::Owned, steals: 1 }
    /// An integer from a direct call's result; leaves if it is anything but an int of 64 bits.
    UntagInt "untag_int" (Type::TAGGED) { result: Fixed(I64), effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::Type) }
    /// A double from a direct call's result; leaves if it is not a float.
    UntagFloat "untag_float" (Type::TAGGED) { result: Fixed(F64), effects: Read, fs: FsKind::Guard, reason: Some(ExitReason::Type) }

    // ---- integers --------------------------------------------------------------------------------
    /// `a + b`.
    IntAdd "int_add" (I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Overflow) }
    /// `a - b`.
    IntSub "int_sub" (I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Overflow) }
    /// `a * b`.
    IntMul "int_mul" (I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Overflow) }
    /// `a // b`, rounding down; leaves on zero and on overflow.
    IntFloorDiv "int_floordiv" (I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `a % b` with the sign of `b`; leaves on zero.
    IntMod "int_mod" (I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `a / b` as a double; leaves on zero and when an operand is beyond 2^53.
    IntTrueDiv "int_truediv" (I64, I64) { result: Fixed(F64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `a ** b`; leaves on a negative exponent and on overflow.
    IntPow "int_pow" (I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `a << b`; leaves unless 0 <= b < 63 and the result fits.
    IntShl "int_shl" (I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Overflow) }
    /// `a >> b`; leaves on a negative count.
    IntShr "int_shr" (I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `a & b`.
    IntAnd "int_and" (I64, I64) { result: Fixed(I64) }
    /// `a | b`.
    IntOr "int_or" (I64, I64) { result: Fixed(I64) }
    /// `a ^ b`.
    IntXor "int_xor" (I64, I64) { result: Fixed(I64) }
    /// `-a`.
    IntNeg "int_neg" (I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Overflow) }
    /// `~a`.
    IntInvert "int_invert" (I64) { result: Fixed(I64) }
    /// `a + b` modulo 2^64: for counters that cannot overflow where they are used.
    IntAddWrap "int_add_wrap" (I64, I64) { result: Fixed(I64) }
    /// Number of items of `range(a, b, c)`; leaves if it does not fit or `c` is zero.
    RangeLen "range_len" (I64, I64, I64) { result: Fixed(I64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// Signed comparison.
    IntCmp "int_cmp" (I64, I64) { imms: &[ImmKind::Cmp], result: Fixed(I1) }
    /// Nearest double (ties to even), as `float(a)`.
    IntToFloat "int_to_float" (I64) { result: Fixed(F64) }
    /// 0 or 1.
    BoolToInt "bool_to_int" (I1) { result: Fixed(I64) }

    // ---- floats ------------------------------------------------------------------------------------
    /// `a + b`.
    FloatAdd "float_add" (F64, F64) { result: Fixed(F64) }
    /// `a - b`.
    FloatSub "float_sub" (F64, F64) { result: Fixed(F64) }
    /// `a * b`.
    FloatMul "float_mul" (F64, F64) { result: Fixed(F64) }
    /// `a / b`; leaves on zero.
    FloatDiv "float_div" (F64, F64) { result: Fixed(F64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `a // b` as Python's; leaves on zero.
    FloatFloorDiv "float_floordiv" (F64, F64) { result: Fixed(F64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `a % b` as Python's; leaves on zero.
    FloatMod "float_mod" (F64, F64) { result: Fixed(F64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `a ** b` as Python's; leaves where that raises or is complex.
    FloatPow "float_pow" (F64, F64) { result: Fixed(F64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// `-a`.
    FloatNeg "float_neg" (F64) { result: Fixed(F64) }
    /// `abs(a)`.
    FloatAbs "float_abs" (F64) { result: Fixed(F64) }
    /// `math.sqrt(a)`; leaves for a negative or NaN operand.
    FloatSqrt "float_sqrt" (F64) { result: Fixed(F64), fs: FsKind::Guard, reason: Some(ExitReason::Domain) }
    /// Ordered comparison (`ne` is true for NaN).
    FloatCmp "float_cmp" (F64, F64) { imms: &[ImmKind::Cmp], result: Fixed(I1) }

    // ---- truth and identity --------------------------------------------------------------------------
    /// Not `a`.
    BoolNot "bool_not" (I1) { result: Fixed(I1) }
    /// The same pointer.
    Is "is" (MAYBE, MAYBE) { result: Fixed(I1) }
    /// `bool(a)`.
    IsTrue "is_true" (OBJ) { result: Fixed(I1), effects: Escape, fs: FsKind::Raise }
    /// `isinstance(a, b)`.
    IsInstance "is_instance" (OBJ, OBJ) { result: Fixed(I1), effects: Escape, fs: FsKind::Raise }

    // ---- any object: CPython's own operations; operands are borrowed -----------------------------------
    /// `a OP b`.
    BinaryOp "binary_op" (OBJ, OBJ) { imms: &[ImmKind::Bin], result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// `a OP b` becomes local `i`, which is `a` now; a string that nobody else refers to grows where it is. Consumes `b`
    /// before the old value dies; the result is borrowed from the slot.
    AppendLocal "append_local" (OBJ, OBJ) { imms: &[ImmKind::Index, ImmKind::Bin], result: Fixed(OBJ), effects: Escape, ownership: Ownership::Slot, fs: FsKind::Raise, steals: 2 }
    /// `a CMP b`.
    CompareOp "compare_op" (OBJ, OBJ) { imms: &[ImmKind::Cmp], result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// `a in b`.
    Contains "contains" (OBJ, OBJ) { result: Fixed(I1), effects: Escape, fs: FsKind::Raise }
    /// `OP a`.
    UnaryOp "unary_op" (OBJ) { imms: &[ImmKind::Un], result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// `str(a)`.
    ToStr "to_str" (OBJ) { result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// `a.NAME`.
    LoadAttr "load_attr" (OBJ) { imms: &[ImmKind::Const], result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// `a.NAME = b`.
    StoreAttr "store_attr" (OBJ, OBJ) { imms: &[ImmKind::Const], effects: Escape, fs: FsKind::Raise }
    /// The global or builtin NAME.
    LoadGlobal "load_global" () { imms: &[ImmKind::Const], result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// The global NAME becomes `a`.
    StoreGlobal "store_global" (OBJ) { imms: &[ImmKind::Const], effects: Escape, fs: FsKind::Raise }
    /// `a[b]`.
    Subscr "subscr" (OBJ, OBJ) { result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// `a[b] = c`.
    StoreSubscr "store_subscr" (OBJ, OBJ, OBJ) { effects: Escape, fs: FsKind::Raise }
    /// `del a[b]`.
    DeleteSubscr "delete_subscr" (OBJ, OBJ) { effects: Escape, fs: FsKind::Raise }
    /// `a(…)`: positional arguments, the last `len(NAMES)` of them by keyword; `i` is the tuple of
    /// names or `None`. Consumes the arguments, since the callee can count the references to them.
    Call "call" (OBJ) { varargs: Some(OBJ), imms: &[ImmKind::Const], result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise, steals: STEAL_VARARGS }
    /// Calls the function `a` (guarded to have the code of cell `i`) with exactly its arguments,
    /// on a new frame, without going through CPython. Consumes the arguments.
    CallPy "call_py" (Type::FUNC) { varargs: Some(OBJ), imms: &[ImmKind::Cell], result: Fixed(Type::TAGGED), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise, steals: 1 | STEAL_VARARGS }
    /// `iter(a)`.
    GetIter "get_iter" (OBJ) { result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// The next item of iterator `a`; null when it is exhausted.
    IterNext "iter_next" (OBJ) { result: Fixed(MAYBE), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// Sends `b` to the generator or iterator `a`: what it yields or returns.
    Send "send" (OBJ, OBJ) { result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// Whether what the `send` right before this was given has been returned, not yielded.
    SendReturned "send_returned" () { result: Fixed(I1), effects: Read }
    /// A tuple of exactly `i` items from the iterable `a`, with unpacking's errors.
    UnpackSequence "unpack_sequence" (OBJ) { imms: &[ImmKind::Index], result: Fixed(TUPLE), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// A new tuple; consumes the items.
    BuildTuple "build_tuple" () { varargs: Some(OBJ), result: Fixed(TUPLE), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise, steals: STEAL_VARARGS }
    /// A new list; consumes the items.
    BuildList "build_list" () { varargs: Some(OBJ), result: Fixed(LIST), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise, steals: STEAL_VARARGS }
    /// `slice(a, b, c)`.
    BuildSlice "build_slice" (OBJ, OBJ, OBJ) { result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// Appends `b` to the list `a`; consumes `b`.
    ListAppend "list_append" (LIST, OBJ) { effects: Write, fs: FsKind::Raise, steals: 2 }

    // ---- cells of closures ---------------------------------------------------------------------------------
    /// A new cell that refers to `a`, which may be null.
    MakeCell "make_cell" (MAYBE) { result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }
    /// Cell `i` of the function's closure.
    FreeVar "free_var" () { imms: &[ImmKind::Index], result: Fixed(OBJ), effects: Read, ownership: Ownership::Memory }
    /// What the cell `a` refers to; may be null.
    LoadCell "load_cell" (OBJ) { result: Fixed(MAYBE), effects: Read, ownership: Ownership::Memory }
    /// The cell `a` refers to `b` from now on, or to nothing if that is null; consumes `b`.
    StoreCell "store_cell" (OBJ, MAYBE) { effects: Write, steals: 2 }

    // ---- single bytecode instructions, done by the evaluator's handler: opcode `i`, argument `j`; the value
    // ---- stack has `k` items below what they pop. They consume what they pop.
    /// One that pushes a result.
    Step "step" () { varargs: Some(MAYBE), imms: STEP, result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise, steals: STEAL_VARARGS }
    /// One that pushes none, or several: those are then in the frame's stack slots, from the `k`-th on.
    StepVoid "step_void" () { varargs: Some(MAYBE), imms: STEP, effects: Escape, fs: FsKind::Raise, steals: STEAL_VARARGS }
    /// One that puts something into the container `a`, which stays on the stack.
    StepInto "step_into" (OBJ) { varargs: Some(MAYBE), imms: STEP, effects: Escape, fs: FsKind::Raise, steals: STEAL_VARARGS }
    /// One that pushes what it finds out of `a, …`, which stay on the stack.
    StepPeek "step_peek" () { varargs: Some(OBJ), imms: STEP, result: Fixed(OBJ), effects: Escape, ownership: Ownership::Owned, fs: FsKind::Raise }

    // ---- containers and instances whose class is known ---------------------------------------------------
    /// Item `b` of list `a` (negative counts from the end); leaves when out of range.
    ListGet "list_get" (LIST, I64) { result: Fixed(OBJ), effects: Read, ownership: Ownership::Memory, fs: FsKind::Guard, reason: Some(ExitReason::Bounds) }
    /// Item `b` of tuple `a`.
    TupleGet "tuple_get" (TUPLE, I64) { result: Fixed(OBJ), effects: Read, ownership: Ownership::Memory, fs: FsKind::Guard, reason: Some(ExitReason::Bounds) }
    /// Item `i` of the list or tuple `a`, which is known to have that many.
    Item "item" (LIST.union(TUPLE)) { imms: &[ImmKind::Index], result: Fixed(OBJ), effects: Read, ownership: Ownership::Memory }
    /// Item `b` of list `a` becomes `c`; consumes `c`, releases the old item after the store.
    ListSet "list_set" (LIST, I64, OBJ) { effects: Write, fs: FsKind::Guard, steals: 4, reason: Some(ExitReason::Bounds) }
    /// Item `b` of list `a` becomes the double `c`; when the old item is a float that nobody else
    /// refers to, its box is reused.
    ListSetFloat "list_set_float" (LIST, I64, F64) { effects: Write, fs: FsKind::Guard, reason: Some(ExitReason::Bounds) }
    /// Whether a list iterator at index `b` of list `a` has an item left.
    ListHas "list_has" (LIST, I64) { result: Fixed(I1), effects: Read }
    /// Item `b` of list `a`, which `list_has` has just found to be there.
    ListItem "list_item" (LIST, I64) { result: Fixed(OBJ), effects: Read, ownership: Ownership::Memory }
    /// `len(a)` of a list, tuple, str or dict.
    Len "len" (LIST.union(TUPLE).union(Type::STR).union(Type::DICT)) { result: Fixed(I64), effects: Read }
    /// Value `j` of the frame's dictionary `i` (keys version already guarded); may be null.
    LoadDictValue "load_dict_value" () { imms: &[ImmKind::Dict, ImmKind::Index], result: Fixed(MAYBE), effects: Read, ownership: Ownership::Memory }
    /// The global or builtin named by the constant: entry `j` of dictionary `i` while globals have the
    /// first version (and, for a builtin, builtins the second), else by look-up; leaves when there
    /// is none.
    LoadGlobalCached "load_global_cached" () { imms: &[ImmKind::Dict, ImmKind::Index, ImmKind::Index, ImmKind::Index, ImmKind::Const], result: Fixed(OBJ), effects: Read, ownership: Ownership::Memory, fs: FsKind::Guard, reason: Some(ExitReason::Missing) }
    /// Value `i` of module `a`'s dict (keys version already guarded); may be null.
    LoadModuleValue "load_module_value" (OBJ) { imms: &[ImmKind::Index], result: Fixed(MAYBE), effects: Read, ownership: Ownership::Memory }
    /// Inline value `i` of the instance `a` (class version and inline values guarded); may be null.
    LoadInlineValue "load_inline_value" (OBJ) { imms: &[ImmKind::Index], result: Fixed(MAYBE), effects: Read, ownership: Ownership::Memory }
    /// Inline value `i` of `a` becomes `b`, whose old value is not null (guarded); consumes `b`.
    StoreInlineValue "store_inline_value" (OBJ, OBJ) { imms: &[ImmKind::Index], effects: Write, steals: 2 }
    /// Inline value `i` of `a`, which need not have that attribute yet, becomes `b`; consumes `b`.
    InitInlineValue "init_inline_value" (OBJ, OBJ) { imms: &[ImmKind::Index], effects: Write, steals: 2 }
    /// Inline value `i` of `a` becomes a double, reusing the old float's box when nobody else refers to it.
    StoreInlineFloat "store_inline_float" (OBJ, F64) { imms: &[ImmKind::Index], effects: Write }
    /// The `__slots__` value at byte offset `i` of `a` (class version guarded); may be null.
    LoadSlot "load_slot" (OBJ) { imms: &[ImmKind::Index], result: Fixed(MAYBE), effects: Read, ownership: Ownership::Memory }
    /// The `__slots__` value at byte offset `i` of `a` becomes `b`; consumes `b`.
    StoreSlot "store_slot" (OBJ, OBJ) { imms: &[ImmKind::Index], effects: Write, steals: 2 }

    // ---- references (inserted last) -------------------------------------------------------------------------
    /// One reference more (null allowed if the type says so).
    IncRef "incref" (MAYBE) { effects: Write }
    /// One reference less; frees at zero.
    DecRef "decref" (MAYBE.union(Type::TAGGED)) { effects: Write, steals: 1 }

    // ---- terminators ------------------------------------------------------------------------------------------
    /// Goes on at the target.
    Jump "jump" () { targets: Some(1) }
    /// Goes on at the first target if `a`, else at the second.
    Branch "branch" (I1) { targets: Some(2) }
    /// Returns the object `a`.
    Return "return" (OBJ) { targets: Some(0), effects: Write, steals: 1 }
    /// Returns an int without boxing it.
    ReturnInt "return_int" (I64) { targets: Some(0), effects: Write }
    /// Returns a float without boxing it.
    ReturnFloat "return_float" (F64) { targets: Some(0), effects: Write }
    /// Yields the object `a` from a generator's frame, whose value stack keeps `i` items; consumes `a`.
    Yield "yield" (OBJ) { imms: &[ImmKind::Index], targets: Some(0), effects: Write, fs: FsKind::Suspend, steals: 1 }
    /// Returns the object `a` from a generator's frame, whose locals CPython releases.
    Finish "finish" (OBJ) { targets: Some(0), effects: Write, steals: 1 }
    /// Leaves native code for good: the interpreter goes on at the frame state.
    Exit "exit" () { imms: &[ImmKind::Reason], targets: Some(0), effects: Escape, fs: FsKind::Guard }
}

impl Inst {
    /// An instruction without frame state or targets.
    #[must_use]
    pub fn new(op: Op, args: &[Value], imms: &[Imm]) -> Self {
        Inst {
            op,
            args: SmallVec::from_slice(args),
            imms: SmallVec::from_slice(imms),
            targets: Box::default(),
            fs: None,
            pc: None,
            drops: Box::default(),
            result: None,
        }
    }

    /// The same with a frame state.
    #[must_use]
    pub fn with_fs(mut self, fs: FrameStateId) -> Self {
        self.fs = Some(fs);
        self
    }

    /// The same at a bytecode instruction.
    #[must_use]
    pub fn at(mut self, pc: Option<u32>) -> Self {
        self.pc = pc;
        self
    }

    /// The same with jump targets.
    #[must_use]
    pub fn with_targets(mut self, targets: impl IntoIterator<Item = Target>) -> Self {
        self.targets = targets.into_iter().collect();
        self
    }

    /// The row of the operation.
    #[must_use]
    pub fn info(&self) -> &'static OpInfo {
        self.op.info()
    }

    /// Whether it ends a block.
    #[must_use]
    pub fn is_terminator(&self) -> bool {
        self.info().targets.is_some()
    }

    /// Whether the reference of operand `index` is consumed.
    #[must_use]
    pub fn steals(&self, index: usize) -> bool {
        let info = self.info();
        if index < info.args.len() {
            info.steals & (1 << index) != 0
        } else {
            info.steals & STEAL_VARARGS != 0
        }
    }
}

/// Accessors for the immediates that a row of the table promises.
macro_rules! immediates {
    ($($(#[$doc:meta])+ $name:ident($at:ident) $kind:ident -> $ty:ty;)*) => {
        impl Inst {
            $(
                $(#[$doc])+
                ///
                /// # Panics
                /// If the row has none there.
                #[must_use]
                pub fn $name(&self, $at: usize) -> $ty {
                    let Imm::$kind(value) = self.imms[$at] else {
                        panic!("{}: immediate {} is {:?}", self.op, $at, self.imms[$at])
                    };
                    value
                }
            )*
        }
    };
}

immediates! {
    /// The index at position `at`.
    imm_index(at) Index -> u32;
    /// The integer at position `at`.
    imm_int(at) Int -> i64;
    /// The bits of the double at position `at`.
    imm_float(at) Float -> u64;
    /// The truth value at position `at`.
    imm_bool(at) Bool -> bool;
    /// The type at position `at`.
    imm_type(at) Type -> Type;
    /// The comparison at position `at`.
    imm_cmp(at) Cmp -> CmpOp;
    /// The binary operator at position `at`.
    imm_bin(at) Bin -> BinOp;
    /// The unary operator at position `at`.
    imm_un(at) Un -> UnOp;
    /// The constant at position `at`.
    imm_const(at) Const -> ConstId;
    /// The call cell at position `at`.
    imm_cell(at) Cell -> CellId;
    /// The dictionary at position `at`.
    imm_dict(at) Dict -> DictKind;
    /// The exit reason at position `at`.
    imm_reason(at) Reason -> ExitReason;
}

impl Imm {
    /// The kind of this immediate.
    #[must_use]
    pub fn kind(&self) -> ImmKind {
        match self {
            Imm::Int(_) => ImmKind::Int,
            Imm::Float(_) => ImmKind::Float,
            Imm::Bool(_) => ImmKind::Bool,
            Imm::Index(_) => ImmKind::Index,
            Imm::Type(_) => ImmKind::Type,
            Imm::Cmp(_) => ImmKind::Cmp,
            Imm::Bin(_) => ImmKind::Bin,
            Imm::Un(_) => ImmKind::Un,
            Imm::Const(_) => ImmKind::Const,
            Imm::Cell(_) => ImmKind::Cell,
            Imm::Dict(_) => ImmKind::Dict,
            Imm::Reason(_) => ImmKind::Reason,
        }
    }
}
