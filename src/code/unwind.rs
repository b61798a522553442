//! Unwind tables of compiled code: CPython ends daemon threads by unwinding them.

use std::ffi::c_void;

unsafe extern "C" {
    // libgcc's; each takes the beginning of an `.eh_frame` section that ends in a zero word.
    fn __register_frame(begin: *const c_void);
    fn __deregister_frame(begin: *const c_void);
}

/// A table that the unwinder knows.
pub struct UnwindTable(u64);

impl UnwindTable {
    /// Makes the table at `address` known; `None` if there is none.
    ///
    /// # Safety
    /// A table is there, and stays there as long as the value lives.
    #[must_use]
    pub unsafe fn register(address: u64) -> Option<UnwindTable> {
        if address == 0 {
            return None;
        }
        // SAFETY: the caller's promise.
        unsafe { __register_frame(address as *const c_void) };
        Some(UnwindTable(address))
    }
}

impl Drop for UnwindTable {
    fn drop(&mut self) {
        // SAFETY: registered by `register`, once.
        unsafe { __deregister_frame(self.0 as *const c_void) };
    }
}
