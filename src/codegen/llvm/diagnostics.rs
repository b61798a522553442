//! What LLVM says while it compiles a module: errors become ours instead of ending the process.

use super::super::CodegenError;
use inkwell::context::{AsContextRef, Context};
use llvm_sys::LLVMDiagnosticSeverity;
use llvm_sys::core::{
    LLVMContextSetDiagnosticHandler, LLVMDisposeMessage, LLVMGetDiagInfoDescription,
    LLVMGetDiagInfoSeverity,
};
use llvm_sys::prelude::LLVMDiagnosticInfoRef;
use std::cell::RefCell;
use std::ffi::{CStr, c_void};

/// Listens to a context for as long as it lives.
pub(super) struct Diagnostics<'c> {
    /// The first error. Boxed, as LLVM keeps its address.
    first: Box<RefCell<Option<String>>>,
    context: &'c Context,
}

impl<'c> Diagnostics<'c> {
    /// Replaces LLVM's own handler, which prints and exits at errors.
    pub(super) fn listen(context: &'c Context) -> Self {
        let first = Box::new(RefCell::new(None));
        let address: *const RefCell<Option<String>> = &raw const *first;
        // SAFETY: the context is alive; `Drop` takes the handler away before `first` goes.
        unsafe {
            LLVMContextSetDiagnosticHandler(
                context.as_ctx_ref(),
                Some(hear),
                address.cast_mut().cast(),
            );
        }
        Diagnostics { first, context }
    }

    /// The first error that was heard, if any.
    pub(super) fn check(&self) -> Result<(), CodegenError> {
        match self.first.borrow_mut().take() {
            Some(text) => Err(CodegenError::Backend(text)),
            None => Ok(()),
        }
    }
}

impl Drop for Diagnostics<'_> {
    fn drop(&mut self) {
        // SAFETY: the context is alive; without a handler LLVM has its own again.
        unsafe {
            LLVMContextSetDiagnosticHandler(self.context.as_ctx_ref(), None, std::ptr::null_mut());
        }
    }
}

extern "C" fn hear(info: LLVMDiagnosticInfoRef, first: *mut c_void) {
    // SAFETY: LLVM passes a diagnostic that lives for the call, and the address given above; the
    // description is freed after copying.
    let (severity, text, first) = unsafe {
        let description = LLVMGetDiagInfoDescription(info);
        let text = CStr::from_ptr(description).to_string_lossy().into_owned();
        LLVMDisposeMessage(description);
        let first = &*first.cast::<RefCell<Option<String>>>();
        (LLVMGetDiagInfoSeverity(info), text, first)
    };
    if matches!(severity, LLVMDiagnosticSeverity::LLVMDSError) {
        first.borrow_mut().get_or_insert(text);
    } else {
        tracing::trace!(text, "LLVM");
    }
}
