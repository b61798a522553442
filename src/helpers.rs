//! THE table of what compiled code may call or address outside itself: names and signatures only,
//! no addresses, so that the compiler core links without libpython. `runtime` maps each name to an
//! address; the code generators declare the same names as external symbols.
//!
//! Every function takes borrowed references and yields a new one unless its row says otherwise.
//! Null or −1 means "a Python exception is set".
#![forbid(unsafe_code)]

use std::fmt;

/// The kind of a parameter or result in the C calling convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pointer.
    Ptr,
    /// `int64_t`.
    I64,
    /// `double`.
    F64,
    /// Two words in registers: tag and payload (see [`tag`]).
    Pair,
    /// Nothing.
    Void,
}

/// Tags of a unit's two-word result.
pub mod tag {
    /// The payload is an owned object, or null with an exception set.
    pub const OBJECT: i64 = 0;
    /// The payload is a signed 64-bit integer.
    pub const INT: i64 = 1;
    /// The payload is the bits of a double.
    pub const FLOAT: i64 = 2;
    /// The frame has been left to its caller, which lets an evaluator go on with it; the payload is 1 if
    /// an exception is to be unwound. Only where the frame says that its caller can do that.
    pub const LEFT: i64 = 3;
}

/// The activation record of a native frame: lives in its machine stack frame and lets whoever runs
/// Python code further down make the frame's unboxed locals visible. Offsets in bytes.
pub mod activation {
    /// The caller's activation record if the caller is native code, else null.
    pub const PARENT: i32 = 0;
    /// `_PyInterpreterFrame *`.
    pub const FRAME: i32 = 8;
    /// The unit's token (`CompileRequest::unit_token`).
    pub const UNIT: i32 = 16;
    /// 0: the frame in memory is up to date. Otherwise 1 + the exit number whose `locals` say which
    /// values below belong to which local.
    pub const SITE: i32 = 24;
    /// Once the unit has been left: the payload of its result.
    pub const PAYLOAD: i32 = PARENT;
    /// The value buffer, words.
    pub const VALUES: i32 = 32;
}

/// A call cell in memory (see [`crate::hir::CallCell`]). Offsets in bytes.
pub mod call_cell {
    /// The callee's code object, or null when it died; only compared.
    pub const CODE: i32 = 0;
    /// Entry point `fn(tstate, frame, caller's activation or null) -> Pair`; always callable.
    pub const ENTRY: i32 = 8;
}

macro_rules! helpers {
    ($($(#[$doc:meta])+ $id:ident $name:literal ($($param:ident),*) -> $result:ident;)*) => {
        /// A function that compiled code may call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Helper { $($(#[$doc])+ $id),* }

        impl Helper {
            /// All rows.
            pub const ALL: &'static [Helper] = &[$(Helper::$id),*];

            /// The symbol.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Helper::$id => $name),* }
            }

            /// Parameters and result.
            #[must_use]
            pub fn signature(self) -> (&'static [Kind], Kind) {
                match self { $(Helper::$id => (&[$(Kind::$param),*], Kind::$result)),* }
            }
        }
    };
}

helpers! {
    /// Frees an object whose reference count has reached zero.
    Dealloc "_Py_Dealloc" (Ptr) -> Void;
    /// The same for an object whose destructor may look at the frames: object, frame, instruction
    /// pointer to show (or null to leave it), caller's activation.
    DeallocSeen "swl_dealloc_seen" (Ptr, Ptr, Ptr, Ptr) -> Void;
    /// The same behind the `return` of a frame, which is not to be seen any more: object, thread state, frame, caller's
    /// activation.
    DeallocBehind "swl_dealloc_behind" (Ptr, Ptr, Ptr, Ptr) -> Void;
    /// A new float.
    BoxFloat "swl_box_float" (F64) -> Ptr;
    /// A new or cached int.
    BoxInt "swl_box_int" (I64) -> Ptr;
    /// int object, `int64_t *` out -> 1 if it fits (any exact int), else 0; no exception is set.
    UnboxInt "swl_unbox_int" (Ptr, Ptr) -> I64;
    /// a, b, `BinOp` number.
    BinaryOp "swl_binary_op" (Ptr, Ptr, I64) -> Ptr;
    /// slot of a local, what is in it perhaps, b, `BinOp` number -> what is in the slot
    /// now, borrowed. Consumes b.
    AppendLocal "swl_append_local" (Ptr, Ptr, Ptr, I64) -> Ptr;
    /// a, b, `CmpOp` number.
    CompareOp "swl_compare_op" (Ptr, Ptr, I64) -> Ptr;
    /// item, container -> 0, 1 or −1.
    Contains "swl_contains" (Ptr, Ptr) -> I64;
    /// a, `UnOp` number.
    UnaryOp "swl_unary_op" (Ptr, I64) -> Ptr;
    /// 0, 1 or −1.
    IsTrue "swl_is_true" (Ptr) -> I64;
    /// object, class -> 0 or 1; 2: Python code may have a say.
    IsInstanceQuick "swl_is_instance_quick" (Ptr, Ptr) -> I64;
    /// object, class or what else `isinstance` takes -> 0, 1 or −1.
    IsInstance "swl_is_instance" (Ptr, Ptr) -> I64;
    /// `str(a)`.
    ToStr "swl_to_str" (Ptr) -> Ptr;
    /// object, name.
    LoadAttr "swl_load_attr" (Ptr, Ptr) -> Ptr;
    /// object, name, value -> 0 or −1.
    StoreAttr "swl_store_attr" (Ptr, Ptr, Ptr) -> I64;
    /// inline values of an instance, index: notes that this value is the latest to have come.
    NoteValue "swl_note_value" (Ptr, I64) -> Void;
    /// frame, name.
    LoadGlobal "swl_load_global" (Ptr, Ptr) -> Ptr;
    /// frame, name -> the global or builtin, borrowed; null without an exception if there is none.
    LookupGlobal "swl_lookup_global" (Ptr, Ptr) -> Ptr;
    /// frame, name, value -> 0 or −1.
    StoreGlobal "swl_store_global" (Ptr, Ptr, Ptr) -> I64;
    /// container, key.
    Subscr "swl_subscr" (Ptr, Ptr) -> Ptr;
    /// container, key, value -> 0 or −1.
    StoreSubscr "swl_store_subscr" (Ptr, Ptr, Ptr) -> I64;
    /// container, key -> 0 or −1.
    DeleteSubscr "swl_delete_subscr" (Ptr, Ptr) -> I64;
    /// callable, `PyObject **` arguments (one word before them may be overwritten), count of all
    /// arguments, names tuple or null. Consumes the arguments.
    Call "swl_call" (Ptr, Ptr, I64, Ptr) -> Ptr;
    /// tstate, function, `PyObject **` arguments, count: like a direct call but through CPython, for
    /// when the data stack's chunk is full. Consumes the arguments.
    CallPySlow "swl_call_py_slow" (Ptr, Ptr, Ptr, I64) -> Pair;
    /// iterable.
    GetIter "swl_get_iter" (Ptr) -> Ptr;
    /// iterator -> item; null without an exception when exhausted.
    IterNext "swl_iter_next" (Ptr) -> Ptr;
    /// generator or iterator, value, `int64_t *` whether it has returned -> what it yields or returns.
    Send "swl_send" (Ptr, Ptr, Ptr) -> Ptr;
    /// iterable, count -> tuple.
    UnpackSequence "swl_unpack_sequence" (Ptr, I64) -> Ptr;
    /// `PyObject **` items, count; consumes the items, also on failure.
    BuildTuple "swl_build_tuple" (Ptr, I64) -> Ptr;
    /// `PyObject **` items, count; consumes the items, also on failure.
    BuildList "swl_build_list" (Ptr, I64) -> Ptr;
    /// start, stop, step.
    BuildSlice "swl_build_slice" (Ptr, Ptr, Ptr) -> Ptr;
    /// list, item (consumed) -> 0 or −1.
    ListAppend "swl_list_append" (Ptr, Ptr) -> I64;
    /// contents or null -> a cell.
    MakeCell "swl_make_cell" (Ptr) -> Ptr;
    /// tstate, frame, opcode + 256 * argument, items of the value stack below the operands, operands,
    /// count: does one bytecode instruction and consumes the operands, all but one that stays on the
    /// stack. Its only result; else 1, and results are in the frame's stack slots. Null without an
    /// exception: the evaluator is to do the instruction; the operands are in the stack slots.
    Step "swl_step" (Ptr, Ptr, I64, I64, Ptr, I64) -> Ptr;
    /// a, b, `double *` out -> 1, or 0 where Python would raise or give a complex number.
    FloatPow "swl_float_pow" (F64, F64, Ptr) -> I64;
    /// `a % b`, b not zero.
    FloatMod "swl_float_mod" (F64, F64) -> F64;
    /// `a // b`, b not zero.
    FloatFloorDiv "swl_float_floordiv" (F64, F64) -> F64;
    /// a, b, `int64_t *` out -> 1, or 0 for a negative exponent or overflow.
    IntPow "swl_int_pow" (I64, I64, Ptr) -> I64;
    /// start, stop, step, `int64_t *` out -> 1, or 0 when the length doesn't fit or step is zero.
    RangeLen "swl_range_len" (I64, I64, I64, Ptr) -> I64;
    /// tstate -> 0: go on; 1: leave to the interpreter at the back-edge (a signal, a pending call,
    /// an asynchronous exception). Gives other threads their turn.
    Poll "swl_poll" (Ptr) -> I64;
    /// unit token, whether in a loop -> 1: leave it, there is other code. For code that counts its heat down, at the end.
    Hot "swl_hot" (Ptr, I64) -> I64;
    /// tstate -> 1 when the C stack has room for many more frames.
    StackOk "swl_stack_ok" (Ptr) -> I64;
    /// tstate, frame, unit token, exit number, the exit's words, caller's activation: rebuilds the
    /// frame and lets the interpreter finish it. The recursion count must be as inside the unit.
    SideExit "swl_side_exit" (Ptr, Ptr, Ptr, I64, Ptr, Ptr) -> Pair;
    /// The same where the words are not in memory: unit token, activation -> tag; the payload is put into the activation. Called by `Machine::leave`
    /// only, at a place that the image's sites know.
    Leave "swl_leave" (Ptr, Ptr) -> I64;
    /// tstate, frame, caller's activation: the interpreter runs a whole frame from its beginning
    /// (also the entry point of a cell without native code). The recursion count must be as
    /// outside. Raises `RecursionError` when the C stack is exhausted.
    Interpret "swl_interpret" (Ptr, Ptr, Ptr) -> Pair;
    /// activation: boxes its unboxed locals into the frame, and its callers' likewise; sets `SITE` to 0.
    /// Does nothing if that is done already.
    Flush "swl_flush" (Ptr) -> Void;
    /// tstate, frame: releases everything in a frame pushed by a direct call, taking care of a frame
    /// object that outlives it. The data stack is popped by the caller.
    FrameClear "swl_frame_clear" (Ptr, Ptr) -> Void;
}

macro_rules! data {
    ($($(#[$doc:meta])+ $id:ident $name:literal;)*) => {
        /// An object in memory that compiled code addresses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Data { $($(#[$doc])+ $id),* }

        impl Data {
            /// All rows.
            pub const ALL: &'static [Data] = &[$(Data::$id),*];

            /// The symbol.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Data::$id => $name),* }
            }
        }
    };
}

data! {
    /// `int`.
    IntType "PyLong_Type";
    /// `float`.
    FloatType "PyFloat_Type";
    /// `bool`.
    BoolType "PyBool_Type";
    /// `str`.
    StrType "PyUnicode_Type";
    /// `list`.
    ListType "PyList_Type";
    /// `tuple`.
    TupleType "PyTuple_Type";
    /// `dict`.
    DictType "PyDict_Type";
    /// `range`.
    RangeType "PyRange_Type";
    /// Plain functions.
    FunctionType "PyFunction_Type";
    /// Modules.
    ModuleType "PyModule_Type";
    /// `True`.
    True "_Py_TrueStruct";
    /// `False`.
    False "_Py_FalseStruct";
    /// `None`.
    None "_Py_NoneStruct";
    /// The cached int −5; the others follow, `layout::builtin::LONG_SIZE` apart.
    SmallInts "swl_small_ints";
    /// `interp->ceval.eval_breaker`, an `int`.
    EvalBreaker "swl_eval_breaker";
}

impl fmt::Display for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
