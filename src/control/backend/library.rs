//! The code generator as a library of this process (`-X jit-codegen=inprocess`): loaded when the first unit is compiled.

use crate::code::arena::Arena;
use crate::codegen::CodeMemory;
use crate::codegen::abi::{CLOSE, Close, HostMemory, OPEN, Open, TALK, Talk};
use std::ffi::{CStr, CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// An open library.
pub(super) struct Library {
    handle: *mut c_void,
    talk: Talk,
    close: Close,
    /// What the library puts code into.
    _memory: Arc<Arena>,
}

// SAFETY: the library is bound to no thread; `&mut self` keeps two threads from using it at once.
unsafe impl Send for Library {}

impl Library {
    /// Loads the library at `path`.
    ///
    /// # Errors
    /// One line that says why it can't be.
    pub(super) fn load(
        path: &Path,
        memory: Arc<Arena>,
        log: Option<&str>,
    ) -> Result<Library, String> {
        let name = CString::new(path.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
        let log = log
            .map(CString::new)
            .transpose()
            .map_err(|error| error.to_string())?;
        // SAFETY: C strings; the library's functions have these types, being of the same build, and it is never unloaded.
        unsafe {
            let library = libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
            if library.is_null() {
                return Err(last_error());
            }
            let open: Open = std::mem::transmute(symbol(library, OPEN)?);
            let talk: Talk = std::mem::transmute(symbol(library, TALK)?);
            let close: Close = std::mem::transmute(symbol(library, CLOSE)?);
            let host = HostMemory {
                context: Arc::as_ptr(&memory).cast(),
                allocate,
                seal,
                free,
            };
            let log = log.as_ref().map_or(ptr::null(), |log| log.as_ptr());
            Ok(Library {
                handle: open(&host, log),
                talk,
                close,
                _memory: memory,
            })
        }
    }

    /// Has a message handled, given with its length; the answer with its length, empty if there is none.
    pub(super) fn talk(&mut self, message: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        // SAFETY: the library is open; the sink gets the vector.
        unsafe {
            (self.talk)(
                self.handle,
                message.as_ptr(),
                message.len(),
                collect,
                (&raw mut answer).cast(),
            );
        }
        answer
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: open; this is its last use.
        unsafe { (self.close)(self.handle) };
    }
}

/// The dynamic linker's complaint.
fn last_error() -> String {
    // SAFETY: a C string that is valid until the next such call, or null.
    unsafe {
        let text: *const c_char = libc::dlerror();
        if text.is_null() {
            return "unknown error".to_owned();
        }
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}

/// # Safety
/// The library is loaded.
unsafe fn symbol(library: *mut c_void, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the caller's promise.
    let found = unsafe { libc::dlsym(library, name.as_ptr()) };
    if found.is_null() {
        Err(last_error())
    } else {
        Ok(found)
    }
}

unsafe extern "C" fn collect(answer: *mut c_void, bytes: *const u8, size: usize) {
    // SAFETY: `talk`'s vector, and that many bytes.
    unsafe {
        (*answer.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(bytes, size));
    }
}

unsafe extern "C" fn allocate(arena: *const c_void, size: usize, align: usize) -> *mut u8 {
    // SAFETY: `load`'s arena, which the library's owner keeps.
    let arena = unsafe { &*arena.cast::<Arena>() };
    arena
        .allocate(size, align)
        .map_or(ptr::null_mut(), NonNull::as_ptr)
}

unsafe extern "C" fn seal(arena: *const c_void, block: *mut u8, size: usize) -> bool {
    // SAFETY: as above.
    let arena = unsafe { &*arena.cast::<Arena>() };
    NonNull::new(block).is_some_and(|block| arena.seal(block, size))
}

unsafe extern "C" fn free(arena: *const c_void, block: *mut u8, size: usize) {
    // SAFETY: as above.
    let arena = unsafe { &*arena.cast::<Arena>() };
    if let Some(block) = NonNull::new(block) {
        arena.free(block, size);
    }
}
