//! CPython 3.11 bytecode over an owned copy of a code object.
//!
//! [`Code`] is filled by `host` under the GIL; everything that looks at it afterwards runs no
//! Python code. [`Oracle`] is how the frontend asks about live objects.
#![forbid(unsafe_code)]

pub mod blocks;
pub mod code;
pub mod decode;
pub mod liveness;
pub mod opcode;
pub mod recording;
pub mod step;

pub use code::{Code, ConstInfo, FunctionInfo, NameInfo, ObjectInfo, ObjectKind, Oracle};
pub use decode::{Instr, decode};
pub use recording::{Recorder, Recording};
