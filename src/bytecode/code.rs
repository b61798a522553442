//! An owned copy of a code object, and questions about live objects.

use crate::hir::{DictKind, Type};
use serde::{Deserialize, Serialize};

/// Flags of a code object that matter here.
pub mod flags {
    pub const OPTIMIZED: u32 = 0x1;
    pub const NEWLOCALS: u32 = 0x2;
    pub const VARARGS: u32 = 0x4;
    pub const VARKEYWORDS: u32 = 0x8;
    pub const GENERATOR: u32 = 0x20;
    pub const COROUTINE: u32 = 0x80;
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    pub const ASYNC_GENERATOR: u32 = 0x200;
}

/// A code object, copied out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Code {
    /// `co_qualname`.
    pub name: String,
    /// `co_filename`.
    pub filename: String,
    pub firstlineno: u32,
    /// `co_flags`.
    pub flags: u32,
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    /// `co_nlocals`.
    pub nlocals: u32,
    /// `co_nlocalsplus`.
    pub nlocalsplus: u32,
    pub stacksize: u32,
    pub ncellvars: u32,
    pub nfreevars: u32,
    /// `co_code_adaptive`: opcode in the low byte, argument in the high one; cache entries raw.
    pub units: Vec<u16>,
    pub consts: Vec<ConstInfo>,
    pub names: Vec<NameInfo>,
    /// Names of all slots of `co_localsplusnames`.
    pub varnames: Vec<String>,
    pub exception_table: Vec<u8>,
    /// Address of the code object; names it, never followed here.
    pub addr: u64,
}

/// An entry of `co_consts`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConstInfo {
    pub addr: u64,
    /// Exact type; `OTHER` for classes outside the lattice.
    pub ty: Type,
    /// `repr()`: whole for `int`, `float`, `bool`, `None` (up to 400 characters), else shortened.
    pub repr: String,
}

/// An entry of `co_names`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NameInfo {
    pub addr: u64,
    pub text: String,
}

/// What is known of a live object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectInfo {
    pub addr: u64,
    pub ty: Type,
    /// Short text for people.
    pub repr: String,
    pub kind: ObjectKind,
}

/// Which object it is, where that matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectKind {
    /// A plain Python function.
    Function,
    /// A C function of module `builtins` or `math` (a `PyCFunction` whose `m_self` is the module),
    /// as `builtins.len`, `math.sqrt`, or a method of a built-in class, as `list.append`.
    Builtin(String),
    /// A built-in class, as `range`, `int`, `float`.
    Class(String),
    /// A module object (exactly `module`).
    Module,
    Other,
}

/// What is known of a Python function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionInfo {
    /// Address of its code object.
    pub code: u64,
    pub name: String,
    pub flags: u32,
    pub argcount: u32,
    pub kwonlyargcount: u32,
    pub nlocalsplus: u32,
    pub stacksize: u32,
    pub ncellvars: u32,
    pub nfreevars: u32,
}

/// Questions about live objects, asked while building HIR, under the GIL. No answer runs Python
/// code or keeps an object alive.
pub trait Oracle {
    /// The exact type (or null) now in slot `slot` of the frame being entered, if there is one.
    fn local_type(&self, slot: u32) -> Option<Type>;

    /// The value at entry `index` of the frame's globals or builtins, if the keys of that dict are
    /// unicode-keyed and have version `version`.
    fn dict_value(&self, dict: DictKind, index: u32, version: u32) -> Option<ObjectInfo>;

    /// The value at entry `index` of the dict of the module at `module`, likewise.
    fn module_value(&self, module: u64, index: u32, version: u32) -> Option<ObjectInfo>;

    /// What is known of the attribute `name` (address of the string) found on the class with version
    /// tag `version`, if that class is alive and the attribute is still the object at `addr` (any, for 0).
    fn method(&self, version: u32, name: u64, addr: u64) -> Option<ObjectInfo>;

    /// What is known of the Python function at `addr` (alive: just found in a dictionary or class).
    fn function(&self, addr: u64) -> Option<FunctionInfo>;

    /// What is known of functions with the code object at `addr`, if that is alive.
    fn function_of(&self, addr: u64) -> Option<FunctionInfo>;

    /// A copy of the code object at `addr`, if it is alive and has no more code units than that.
    fn callee(&self, addr: u64, units: usize) -> Option<Code>;

    /// The address of the runtime's call cell for the code object at `code`, created if need be.
    fn call_cell(&self, code: u64) -> u64;

    /// The address of `None`, `True` and `False`.
    fn singletons(&self) -> (u64, u64, u64);
}
