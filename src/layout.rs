//! What is fixed on 64-bit Linux, as plain constants: struct offsets of CPython 3.11, in bytes, and the size of a page.
//!
//! The offsets are read off the headers of Debian's `libpython3.11-dev`; `host::check` compares what can be
//! compared with the running interpreter before the JIT starts. What knows of
//! CPython's structs takes them from here, code generators included.
#![forbid(unsafe_code)]

/// Bytes of a page of memory; x86-64 has no other small ones.
pub const PAGE: usize = 4096;

/// `_PyInterpreterFrame`.
pub mod frame {
    pub const F_FUNC: i32 = 0;
    pub const F_GLOBALS: i32 = 8;
    pub const F_BUILTINS: i32 = 16;
    pub const F_LOCALS: i32 = 24;
    pub const F_CODE: i32 = 32;
    pub const FRAME_OBJ: i32 = 40;
    pub const PREVIOUS: i32 = 48;
    pub const PREV_INSTR: i32 = 56;
    /// `int`; −1 while running.
    pub const STACKTOP: i32 = 64;
    /// `bool`.
    pub const IS_ENTRY: i32 = 68;
    /// `char`: 0 thread, 1 generator, 2 frame object.
    pub const OWNER: i32 = 69;
    pub const LOCALSPLUS: i32 = 72;
    /// `FRAME_SPECIALS_SIZE`, in words.
    pub const SPECIALS_WORDS: u32 = 9;
}

/// `PyGenObject`, `PyCoroObject`, `PyAsyncGenObject`.
pub mod generator {
    pub const CODE: i32 = 16;
    /// `int8_t`.
    pub const FRAME_STATE: i32 = 75;
    /// `_PyInterpreterFrame`.
    pub const FRAME: i32 = 80;
    /// From the frame to the state, a byte.
    pub const STATE_BEFORE_FRAME: i32 = FRAME_STATE - FRAME;
    /// `FRAME_CREATED`.
    pub const CREATED: i8 = -2;
    /// `FRAME_SUSPENDED`.
    pub const SUSPENDED: i8 = -1;
}

/// `PyThreadState`.
pub mod tstate {
    pub const INTERP: i32 = 16;
    /// `int`.
    pub const RECURSION_REMAINING: i32 = 32;
    /// `int`.
    pub const RECURSION_LIMIT: i32 = 36;
    /// `int`.
    pub const TRACING: i32 = 44;
    /// `int`: the event that is being told of.
    pub const TRACING_WHAT: i32 = 48;
    pub const CFRAME: i32 = 56;
    pub const C_PROFILEFUNC: i32 = 64;
    pub const C_TRACEFUNC: i32 = 72;
    pub const C_TRACEOBJ: i32 = 88;
    pub const CUREXC_TYPE: i32 = 96;
    /// `_PyErr_StackItem *`: the exceptions being handled, innermost first.
    pub const EXC_INFO: i32 = 120;
    pub const ASYNC_EXC: i32 = 144;
    pub const DATASTACK_CHUNK: i32 = 296;
    pub const DATASTACK_TOP: i32 = 304;
    pub const DATASTACK_LIMIT: i32 = 312;
}

/// `_PyCFrame`.
pub mod cframe {
    /// `uint8_t`.
    pub const USE_TRACING: i32 = 0;
    pub const CURRENT_FRAME: i32 = 8;
    pub const PREVIOUS: i32 = 16;
}

/// `PyInterpreterState`.
pub mod interp {
    /// `_Py_atomic_int`.
    pub const EVAL_BREAKER: i32 = 100;
    /// `_Py_atomic_int`.
    pub const GIL_DROP_REQUEST: i32 = 104;
    /// `_Py_atomic_int`.
    pub const PENDING_CALLS_TO_DO: i32 = 120;
    pub const EVAL_FRAME: i32 = 1424;
}

/// `PyFunctionObject`.
pub mod function {
    pub const FUNC_GLOBALS: i32 = 16;
    pub const FUNC_BUILTINS: i32 = 24;
    pub const FUNC_CODE: i32 = 48;
    pub const FUNC_DEFAULTS: i32 = 56;
    pub const FUNC_KWDEFAULTS: i32 = 64;
    pub const FUNC_CLOSURE: i32 = 72;
    pub const FUNC_ANNOTATIONS: i32 = 112;
    pub const VECTORCALL: i32 = 120;
    /// `uint32_t`.
    pub const FUNC_VERSION: i32 = 128;
    pub const SIZE: usize = 136;
}

/// `PyCodeObject`.
pub mod code {
    pub const CO_CONSTS: i32 = 24;
    pub const CO_NAMES: i32 = 32;
    pub const CO_EXCEPTIONTABLE: i32 = 40;
    /// `int`.
    pub const CO_FLAGS: i32 = 48;
    /// `short`: counts up from −8, quickened at 0.
    pub const CO_WARMUP: i32 = 52;
    pub const CO_ARGCOUNT: i32 = 56;
    pub const CO_POSONLYARGCOUNT: i32 = 60;
    pub const CO_KWONLYARGCOUNT: i32 = 64;
    pub const CO_STACKSIZE: i32 = 68;
    pub const CO_FIRSTLINENO: i32 = 72;
    pub const CO_NLOCALSPLUS: i32 = 76;
    pub const CO_NLOCALS: i32 = 80;
    pub const CO_NPLAINCELLVARS: i32 = 84;
    pub const CO_NCELLVARS: i32 = 88;
    pub const CO_NFREEVARS: i32 = 92;
    pub const CO_LOCALSPLUSNAMES: i32 = 96;
    pub const CO_FILENAME: i32 = 112;
    pub const CO_NAME: i32 = 120;
    pub const CO_QUALNAME: i32 = 128;
    pub const CO_LINETABLE: i32 = 136;
    /// `int`.
    pub const CO_FIRSTTRACEABLE: i32 = 168;
    pub const CO_EXTRA: i32 = 176;
    pub const CO_CODE_ADAPTIVE: i32 = 184;
    /// `tp_basicsize`: up to the instructions.
    pub const SIZE: usize = 184;
}

/// `PyObject`, `PyVarObject`.
pub mod object {
    pub const OB_REFCNT: i32 = 0;
    pub const OB_TYPE: i32 = 8;
    pub const OB_SIZE: i32 = 16;
    /// From an instance with `Py_TPFLAGS_MANAGED_DICT`: its dict.
    pub const MANAGED_DICT: i32 = -24;
    /// From an instance with `Py_TPFLAGS_MANAGED_DICT`: its inline values.
    pub const INLINE_VALUES: i32 = -32;
}

/// `PyTypeObject`, `PyHeapTypeObject`.
pub mod typeobject {
    pub const TP_BASICSIZE: i32 = 32;
    pub const TP_DEALLOC: i32 = 48;
    pub const TP_FLAGS: i32 = 168;
    pub const TP_ITERNEXT: i32 = 224;
    pub const TP_DICTOFFSET: i32 = 288;
    /// `unsigned int`.
    pub const TP_VERSION_TAG: i32 = 384;
    pub const HT_CACHED_KEYS: i32 = 872;
}

/// `PyDictObject` and its keys.
pub mod dict {
    pub const MA_USED: i32 = 16;
    pub const MA_KEYS: i32 = 32;
    pub const MA_VALUES: i32 = 40;
    pub const DK_LOG2_SIZE: i32 = 8;
    pub const DK_LOG2_INDEX_BYTES: i32 = 9;
    /// `uint8_t`: 0 general, 1 unicode, 2 split.
    pub const DK_KIND: i32 = 10;
    pub const KEYS_GENERAL: u8 = 0;
    pub const KEYS_UNICODE: u8 = 1;
    /// `uint32_t`.
    pub const DK_VERSION: i32 = 12;
    pub const DK_NENTRIES: i32 = 24;
    /// The index table, `1 << dk_log2_index_bytes` bytes, then the entries.
    pub const DK_INDICES: i32 = 32;
    pub const UNICODE_ENTRY_SIZE: i32 = 16;
    pub const UNICODE_ENTRY_VALUE: i32 = 8;
}

/// `PyListObject`, `PyTupleObject`, `PyFloatObject`, `PyLongObject`, `PyModuleObject`, iterators.
pub mod builtin {
    pub const LIST_ITEMS: i32 = 24;
    pub const LIST_ALLOCATED: i32 = 32;
    pub const TUPLE_ITEMS: i32 = 24;
    /// `_PyAsyncGenWrappedValue.agw_val`.
    pub const WRAPPED_VALUE: i32 = 16;
    /// `PyCellObject.ob_ref`.
    pub const CELL_REF: i32 = 16;
    pub const FLOAT_VALUE: i32 = 16;
    pub const LONG_DIGITS: i32 = 24;
    /// Bits in a digit.
    pub const LONG_SHIFT: u32 = 30;
    pub const LONG_SIZE: i32 = 32;
    pub const MODULE_DICT: i32 = 16;
    /// `_PyRangeIterObject`, all of type `long`.
    pub const RANGEITER_INDEX: i32 = 16;
    pub const RANGEITER_START: i32 = 24;
    pub const RANGEITER_STEP: i32 = 32;
    pub const RANGEITER_LENGTH: i32 = 40;
    pub const LISTITER_INDEX: i32 = 16;
    pub const LISTITER_SEQ: i32 = 24;
    /// `PyUnicode` length, in characters.
    pub const STR_LENGTH: i32 = 16;
    /// First and last value of CPython's table of cached ints.
    pub const SMALL_INT_MIN: i64 = -5;
    pub const SMALL_INT_MAX: i64 = 256;
}

/// `PyDescrObject`.
pub mod descriptor {
    pub const D_TYPE: i32 = 16;
    pub const D_NAME: i32 = 24;
}

/// `PyFrameObject`.
pub mod frameobject {
    pub const F_BACK: i32 = 16;
    pub const F_FRAME: i32 = 24;
    /// `int`; 0: that of the running instruction.
    pub const F_LINENO: i32 = 40;
    /// `char`: whether it gets events for lines.
    pub const F_TRACE_LINES: i32 = 44;
    /// `char`: for instructions.
    pub const F_TRACE_OPCODES: i32 = 45;
    /// Where a frame that outlives its call is copied to.
    pub const F_FRAME_DATA: i32 = 48;
}
