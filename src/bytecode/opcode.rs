//! Opcodes of CPython 3.11, quickened forms included, as one table.
//!
//! Read off `opcode.h` and `Lib/opcode.py` of 3.11; `cargo xtask test` compares it with the
//! running interpreter's `opcode` module.
#![forbid(unsafe_code)]

macro_rules! opcodes {
    ($($name:ident = $number:literal $(=> $base:ident)? $(, caches $caches:literal)? ;)*) => {
        $(pub const $name: u8 = $number;)*

        /// Name of an opcode, quickened forms included.
        #[must_use]
        pub fn name(opcode: u8) -> &'static str {
            match opcode { $($name => stringify!($name),)* _ => "?" }
        }

        /// The opcode that the compiler emitted for this (perhaps quickened) one.
        #[must_use]
        pub const fn deopt(opcode: u8) -> u8 {
            match opcode { $($($name => $base,)?)* other => other }
        }

        /// Number of cache units behind an instruction.
        #[must_use]
        pub fn caches(opcode: u8) -> usize {
            match deopt(opcode) { $($($name => $caches,)?)* _ => 0 }
        }

        /// Every row: name, number.
        pub const ALL: &[(&str, u8)] = &[$((stringify!($name), $number)),*];
    };
}

opcodes! {
    CACHE = 0;
    POP_TOP = 1;
    PUSH_NULL = 2;
    BINARY_OP_ADAPTIVE = 3 => BINARY_OP;
    BINARY_OP_ADD_FLOAT = 4 => BINARY_OP;
    BINARY_OP_ADD_INT = 5 => BINARY_OP;
    BINARY_OP_ADD_UNICODE = 6 => BINARY_OP;
    BINARY_OP_INPLACE_ADD_UNICODE = 7 => BINARY_OP;
    BINARY_OP_MULTIPLY_FLOAT = 8 => BINARY_OP;
    NOP = 9;
    UNARY_POSITIVE = 10;
    UNARY_NEGATIVE = 11;
    UNARY_NOT = 12;
    BINARY_OP_MULTIPLY_INT = 13 => BINARY_OP;
    BINARY_OP_SUBTRACT_FLOAT = 14 => BINARY_OP;
    UNARY_INVERT = 15;
    BINARY_OP_SUBTRACT_INT = 16 => BINARY_OP;
    BINARY_SUBSCR_ADAPTIVE = 17 => BINARY_SUBSCR;
    BINARY_SUBSCR_DICT = 18 => BINARY_SUBSCR;
    BINARY_SUBSCR_GETITEM = 19 => BINARY_SUBSCR;
    BINARY_SUBSCR_LIST_INT = 20 => BINARY_SUBSCR;
    BINARY_SUBSCR_TUPLE_INT = 21 => BINARY_SUBSCR;
    CALL_ADAPTIVE = 22 => CALL;
    CALL_PY_EXACT_ARGS = 23 => CALL;
    CALL_PY_WITH_DEFAULTS = 24 => CALL;
    BINARY_SUBSCR = 25, caches 4;
    COMPARE_OP_ADAPTIVE = 26 => COMPARE_OP;
    COMPARE_OP_FLOAT_JUMP = 27 => COMPARE_OP;
    COMPARE_OP_INT_JUMP = 28 => COMPARE_OP;
    COMPARE_OP_STR_JUMP = 29 => COMPARE_OP;
    GET_LEN = 30;
    MATCH_MAPPING = 31;
    MATCH_SEQUENCE = 32;
    MATCH_KEYS = 33;
    EXTENDED_ARG_QUICK = 34 => EXTENDED_ARG;
    PUSH_EXC_INFO = 35;
    CHECK_EXC_MATCH = 36;
    CHECK_EG_MATCH = 37;
    JUMP_BACKWARD_QUICK = 38 => JUMP_BACKWARD;
    LOAD_ATTR_ADAPTIVE = 39 => LOAD_ATTR;
    LOAD_ATTR_INSTANCE_VALUE = 40 => LOAD_ATTR;
    LOAD_ATTR_MODULE = 41 => LOAD_ATTR;
    LOAD_ATTR_SLOT = 42 => LOAD_ATTR;
    LOAD_ATTR_WITH_HINT = 43 => LOAD_ATTR;
    LOAD_CONST__LOAD_FAST = 44 => LOAD_CONST;
    LOAD_FAST__LOAD_CONST = 45 => LOAD_FAST;
    LOAD_FAST__LOAD_FAST = 46 => LOAD_FAST;
    LOAD_GLOBAL_ADAPTIVE = 47 => LOAD_GLOBAL;
    LOAD_GLOBAL_BUILTIN = 48 => LOAD_GLOBAL;
    WITH_EXCEPT_START = 49;
    GET_AITER = 50;
    GET_ANEXT = 51;
    BEFORE_ASYNC_WITH = 52;
    BEFORE_WITH = 53;
    END_ASYNC_FOR = 54;
    LOAD_GLOBAL_MODULE = 55 => LOAD_GLOBAL;
    LOAD_METHOD_ADAPTIVE = 56 => LOAD_METHOD;
    LOAD_METHOD_CLASS = 57 => LOAD_METHOD;
    LOAD_METHOD_MODULE = 58 => LOAD_METHOD;
    LOAD_METHOD_NO_DICT = 59 => LOAD_METHOD;
    STORE_SUBSCR = 60, caches 1;
    DELETE_SUBSCR = 61;
    LOAD_METHOD_WITH_DICT = 62 => LOAD_METHOD;
    LOAD_METHOD_WITH_VALUES = 63 => LOAD_METHOD;
    PRECALL_ADAPTIVE = 64 => PRECALL;
    PRECALL_BOUND_METHOD = 65 => PRECALL;
    PRECALL_BUILTIN_CLASS = 66 => PRECALL;
    PRECALL_BUILTIN_FAST_WITH_KEYWORDS = 67 => PRECALL;
    GET_ITER = 68;
    GET_YIELD_FROM_ITER = 69;
    PRINT_EXPR = 70;
    LOAD_BUILD_CLASS = 71;
    PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS = 72 => PRECALL;
    PRECALL_NO_KW_BUILTIN_FAST = 73 => PRECALL;
    LOAD_ASSERTION_ERROR = 74;
    RETURN_GENERATOR = 75;
    PRECALL_NO_KW_BUILTIN_O = 76 => PRECALL;
    PRECALL_NO_KW_ISINSTANCE = 77 => PRECALL;
    PRECALL_NO_KW_LEN = 78 => PRECALL;
    PRECALL_NO_KW_LIST_APPEND = 79 => PRECALL;
    PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST = 80 => PRECALL;
    PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS = 81 => PRECALL;
    LIST_TO_TUPLE = 82;
    RETURN_VALUE = 83;
    IMPORT_STAR = 84;
    SETUP_ANNOTATIONS = 85;
    YIELD_VALUE = 86;
    ASYNC_GEN_WRAP = 87;
    PREP_RERAISE_STAR = 88;
    POP_EXCEPT = 89;
    STORE_NAME = 90;
    DELETE_NAME = 91;
    UNPACK_SEQUENCE = 92, caches 1;
    FOR_ITER = 93;
    UNPACK_EX = 94;
    STORE_ATTR = 95, caches 4;
    DELETE_ATTR = 96;
    STORE_GLOBAL = 97;
    DELETE_GLOBAL = 98;
    SWAP = 99;
    LOAD_CONST = 100;
    LOAD_NAME = 101;
    BUILD_TUPLE = 102;
    BUILD_LIST = 103;
    BUILD_SET = 104;
    BUILD_MAP = 105;
    LOAD_ATTR = 106, caches 4;
    COMPARE_OP = 107, caches 2;
    IMPORT_NAME = 108;
    IMPORT_FROM = 109;
    JUMP_FORWARD = 110;
    JUMP_IF_FALSE_OR_POP = 111;
    JUMP_IF_TRUE_OR_POP = 112;
    PRECALL_NO_KW_METHOD_DESCRIPTOR_O = 113 => PRECALL;
    POP_JUMP_FORWARD_IF_FALSE = 114;
    POP_JUMP_FORWARD_IF_TRUE = 115;
    LOAD_GLOBAL = 116, caches 5;
    IS_OP = 117;
    CONTAINS_OP = 118;
    RERAISE = 119;
    COPY = 120;
    PRECALL_NO_KW_STR_1 = 121 => PRECALL;
    BINARY_OP = 122, caches 1;
    SEND = 123;
    LOAD_FAST = 124;
    STORE_FAST = 125;
    DELETE_FAST = 126;
    PRECALL_NO_KW_TUPLE_1 = 127 => PRECALL;
    POP_JUMP_FORWARD_IF_NOT_NONE = 128;
    POP_JUMP_FORWARD_IF_NONE = 129;
    RAISE_VARARGS = 130;
    GET_AWAITABLE = 131;
    MAKE_FUNCTION = 132;
    BUILD_SLICE = 133;
    JUMP_BACKWARD_NO_INTERRUPT = 134;
    MAKE_CELL = 135;
    LOAD_CLOSURE = 136;
    LOAD_DEREF = 137;
    STORE_DEREF = 138;
    DELETE_DEREF = 139;
    JUMP_BACKWARD = 140;
    PRECALL_NO_KW_TYPE_1 = 141 => PRECALL;
    CALL_FUNCTION_EX = 142;
    PRECALL_PYFUNC = 143 => PRECALL;
    EXTENDED_ARG = 144;
    LIST_APPEND = 145;
    SET_ADD = 146;
    MAP_ADD = 147;
    LOAD_CLASSDEREF = 148;
    COPY_FREE_VARS = 149;
    RESUME_QUICK = 150 => RESUME;
    RESUME = 151;
    MATCH_CLASS = 152;
    STORE_ATTR_ADAPTIVE = 153 => STORE_ATTR;
    STORE_ATTR_INSTANCE_VALUE = 154 => STORE_ATTR;
    FORMAT_VALUE = 155;
    BUILD_CONST_KEY_MAP = 156;
    BUILD_STRING = 157;
    STORE_ATTR_SLOT = 158 => STORE_ATTR;
    STORE_ATTR_WITH_HINT = 159 => STORE_ATTR;
    LOAD_METHOD = 160, caches 10;
    STORE_FAST__LOAD_FAST = 161 => STORE_FAST;
    LIST_EXTEND = 162;
    SET_UPDATE = 163;
    DICT_MERGE = 164;
    DICT_UPDATE = 165;
    PRECALL = 166, caches 1;
    STORE_FAST__STORE_FAST = 167 => STORE_FAST;
    STORE_SUBSCR_ADAPTIVE = 168 => STORE_SUBSCR;
    STORE_SUBSCR_DICT = 169 => STORE_SUBSCR;
    STORE_SUBSCR_LIST_INT = 170 => STORE_SUBSCR;
    CALL = 171, caches 4;
    KW_NAMES = 172;
    POP_JUMP_BACKWARD_IF_NOT_NONE = 173;
    POP_JUMP_BACKWARD_IF_NONE = 174;
    POP_JUMP_BACKWARD_IF_FALSE = 175;
    POP_JUMP_BACKWARD_IF_TRUE = 176;
    UNPACK_SEQUENCE_ADAPTIVE = 177 => UNPACK_SEQUENCE;
    UNPACK_SEQUENCE_LIST = 178 => UNPACK_SEQUENCE;
    UNPACK_SEQUENCE_TUPLE = 179 => UNPACK_SEQUENCE;
    UNPACK_SEQUENCE_TWO_TUPLE = 180 => UNPACK_SEQUENCE;
    DO_TRACING = 255;
}

/// Whether the opcode's argument is a jump, and in which direction (in units, from the end of the
/// instruction and its caches).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JumpKind {
    Forward,
    Backward,
}

/// How many instructions some code units are, which begin with one: inline caches are none.
#[must_use]
pub fn count_instructions(units: &[u16]) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at < units.len() {
        at += 1 + caches(units[at] as u8);
        count += 1;
    }
    count
}

/// The direction of a (deoptimised) jump opcode.
#[must_use]
pub fn jump_kind(opcode: u8) -> Option<JumpKind> {
    match opcode {
        FOR_ITER
        | JUMP_FORWARD
        | JUMP_IF_FALSE_OR_POP
        | JUMP_IF_TRUE_OR_POP
        | POP_JUMP_FORWARD_IF_FALSE
        | POP_JUMP_FORWARD_IF_TRUE
        | POP_JUMP_FORWARD_IF_NONE
        | POP_JUMP_FORWARD_IF_NOT_NONE
        | SEND => Some(JumpKind::Forward),
        JUMP_BACKWARD
        | JUMP_BACKWARD_NO_INTERRUPT
        | POP_JUMP_BACKWARD_IF_FALSE
        | POP_JUMP_BACKWARD_IF_TRUE
        | POP_JUMP_BACKWARD_IF_NONE
        | POP_JUMP_BACKWARD_IF_NOT_NONE => Some(JumpKind::Backward),
        _ => None,
    }
}

/// Whether control never falls through to the next instruction.
#[must_use]
pub fn ends_block(opcode: u8) -> bool {
    matches!(
        opcode,
        RETURN_VALUE
            | JUMP_FORWARD
            | JUMP_BACKWARD
            | JUMP_BACKWARD_NO_INTERRUPT
            | RAISE_VARARGS
            | RERAISE
    )
}
