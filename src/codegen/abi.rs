//! The three C functions of the code generator as a library, as both sides see them.
#![forbid(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};

/// The Python process's [`super::CodeMemory`], as C functions.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HostMemory {
    pub context: *const c_void,
    pub allocate: unsafe extern "C" fn(*const c_void, usize, usize) -> *mut u8,
    pub seal: unsafe extern "C" fn(*const c_void, *mut u8, usize) -> bool,
    pub free: unsafe extern "C" fn(*const c_void, *mut u8, usize),
}

/// Takes an answer's bytes, length included.
pub type Sink = unsafe extern "C" fn(*mut c_void, *const u8, usize);

/// Opens the code generator, with a filter for its log on stderr, or null.
pub type Open = unsafe extern "C" fn(*const HostMemory, *const c_char) -> *mut c_void;
/// Handles a message; the answer, if there is one, goes to the sink.
pub type Talk = unsafe extern "C" fn(*mut c_void, *const u8, usize, Sink, *mut c_void);
/// Closes it and gives its code back.
pub type Close = unsafe extern "C" fn(*mut c_void);

pub const OPEN: &CStr = c"swl_codegen_open";
pub const TALK: &CStr = c"swl_codegen_message";
pub const CLOSE: &CStr = c"swl_codegen_close";
