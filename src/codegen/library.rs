//! The code generator as a library in the Python process (`-X jit-codegen=inprocess`): the same messages, through
//! three C functions. LLVM stays out of the extension module, and so out of every process that doesn't ask for it.

use super::abi::{HostMemory, Sink};
use super::protocol::{HEADER, Setup, decode};
use super::server::{Server, Surroundings};
use super::{CodeMemory, CodegenError};
use std::ffi::{c_char, c_void};
use std::ptr::NonNull;
use std::sync::Arc;

// SAFETY: behind the context is a `CodeMemory`, which any thread may use.
unsafe impl Send for HostMemory {}
// SAFETY: as above.
unsafe impl Sync for HostMemory {}

impl CodeMemory for HostMemory {
    fn allocate(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        // SAFETY: the host's promise: the context lives as long as the library is open.
        NonNull::new(unsafe { (self.allocate)(self.context, size, align) })
    }

    fn seal(&self, block: NonNull<u8>, size: usize) -> bool {
        // SAFETY: as above.
        unsafe { (self.seal)(self.context, block.as_ptr(), size) }
    }

    fn free(&self, block: NonNull<u8>, size: usize) {
        // SAFETY: as above.
        unsafe { (self.free)(self.context, block.as_ptr(), size) }
    }
}

struct InProcess(HostMemory);

impl Surroundings for InProcess {
    fn memory(&mut self, _setup: &Setup) -> Result<Arc<dyn CodeMemory>, CodegenError> {
        Ok(Arc::new(self.0))
    }

    fn announce(&self) {}
}

/// An open library.
struct Library(Server<InProcess>);

/// Opens the code generator; `log` is a filter for its log on stderr, or null.
///
/// # Safety
/// `memory` is valid, and what it points to until the library is closed; `log` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swl_codegen_open(
    memory: *const HostMemory,
    log: *const c_char,
) -> *mut c_void {
    // SAFETY: the caller's promise.
    let (memory, log) = unsafe {
        let log = (!log.is_null()).then(|| std::ffi::CStr::from_ptr(log));
        (*memory, log)
    };
    if let Some(filter) = log.and_then(|log| log.to_str().ok()) {
        crate::log::start(filter);
    }
    Box::into_raw(Box::new(Library(Server::new(InProcess(memory))))).cast()
}

/// Handles a message, given with its length; the answer, if there is one, goes to `sink` before the function returns.
///
/// # Safety
/// The library is open, `bytes` has `size` bytes, and no other thread uses the library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swl_codegen_message(
    library: *mut c_void,
    bytes: *const u8,
    size: usize,
    sink: Sink,
    context: *mut c_void,
) {
    // SAFETY: the caller's promise.
    let (library, bytes) = unsafe {
        (
            &mut *library.cast::<Library>(),
            std::slice::from_raw_parts(bytes, size),
        )
    };
    let message = bytes.get(HEADER..).and_then(|body| decode(body).ok());
    if let Some(answer) = message.and_then(|message| library.0.handle_bytes(message)) {
        // SAFETY: the sink takes any bytes.
        unsafe { sink(context, answer.as_ptr(), answer.len()) };
    }
}

/// Closes the code generator and gives its code back.
///
/// # Safety
/// The library is open; this is its last use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swl_codegen_close(library: *mut c_void) {
    // SAFETY: made by `swl_codegen_open`.
    drop(unsafe { Box::from_raw(library.cast::<Library>()) });
}
