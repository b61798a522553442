//! Owned references: who must release is in the type.

use super::ffi::PyObject;
use pyo3_ffi::{Py_DecRef, Py_IncRef};
use std::ptr::NonNull;

/// A reference that is released when dropped. The GIL must be held then.
#[derive(Debug)]
pub struct Owned(NonNull<PyObject>);

impl Owned {
    /// Takes over a reference; `None` for null.
    ///
    /// # Safety
    /// `object` is null or a reference that the caller owns and gives away.
    #[must_use]
    pub unsafe fn from_raw(object: *mut PyObject) -> Option<Owned> {
        NonNull::new(object).map(Owned)
    }

    /// A new reference to a borrowed object.
    ///
    /// # Safety
    /// `object` is null or alive.
    #[must_use]
    pub unsafe fn new_ref(object: *mut PyObject) -> Option<Owned> {
        let object = NonNull::new(object)?;
        // SAFETY: alive, as the caller promises.
        unsafe { Py_IncRef(object.as_ptr()) };
        Some(Owned(object))
    }

    /// One more reference to the same object.
    #[must_use]
    pub fn another(&self) -> Owned {
        // SAFETY: alive, since this reference is.
        unsafe { Py_IncRef(self.as_ptr()) };
        Owned(self.0)
    }

    /// The pointer, borrowed.
    #[must_use]
    pub fn as_ptr(&self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// Gives the reference away.
    #[must_use]
    pub fn into_raw(self) -> *mut PyObject {
        let object = self.0.as_ptr();
        std::mem::forget(self);
        object
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe { Py_DecRef(self.0.as_ptr()) };
    }
}
