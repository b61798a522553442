//! Declarations beyond `pyo3-ffi`'s, and raw access by offset.

pub use pyo3_ffi::{Py_ssize_t, PyObject, PyThreadState};
use std::ffi::{c_char, c_int, c_void};

/// `_PyInterpreterFrame`, opaque.
#[repr(C)]
pub struct PyInterpreterFrame {
    _private: [u8; 0],
}

/// `PyInterpreterState`, opaque.
pub type PyInterpreterState = pyo3_ffi::PyInterpreterState;

/// `_PyFrameEvalFunction`.
pub type EvalFrame = unsafe extern "C-unwind" fn(
    *mut PyThreadState,
    *mut PyInterpreterFrame,
    c_int,
) -> *mut PyObject;

/// `vectorcallfunc`.
pub type Vectorcall = unsafe extern "C-unwind" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;

// SAFETY: these are exported by every CPython 3.11 with these signatures (`cpython/pystate.h`,
// `cpython/ceval.h`, `cpython/code.h`, `internal/pycore_*.h`).
unsafe extern "C-unwind" {
    pub fn _PyEval_EvalFrameDefault(
        ts: *mut PyThreadState,
        frame: *mut PyInterpreterFrame,
        throwflag: c_int,
    ) -> *mut PyObject;
    pub fn _PyInterpreterState_GetEvalFrameFunc(interp: *mut PyInterpreterState) -> EvalFrame;
    pub fn _PyInterpreterState_SetEvalFrameFunc(interp: *mut PyInterpreterState, eval: EvalFrame);
    pub fn _PyEval_SignalReceived(interp: *mut PyInterpreterState);
    pub fn _PyEval_AddPendingCall(
        interp: *mut PyInterpreterState,
        function: extern "C" fn(*mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    pub fn _PyEval_RequestCodeExtraIndex(free: unsafe extern "C" fn(*mut c_void)) -> Py_ssize_t;
    pub fn _PyCode_SetExtra(code: *mut PyObject, index: Py_ssize_t, extra: *mut c_void) -> c_int;
    pub fn _PyFunction_Vectorcall(
        function: *mut PyObject,
        args: *const *mut PyObject,
        nargsf: usize,
        names: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyThreadState_UncheckedGet() -> *mut PyThreadState;
    pub fn _PyType_Lookup(ty: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
    pub fn _PyObject_GetMethod(
        object: *mut PyObject,
        name: *mut PyObject,
        method: *mut *mut PyObject,
    ) -> c_int;
    pub fn _PyObject_LookupSpecial(object: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
    pub fn _PyUnicode_JoinArray(
        separator: *mut PyObject,
        items: *const *mut PyObject,
        count: Py_ssize_t,
    ) -> *mut PyObject;
    pub fn _PyList_Extend(list: *mut PyObject, iterable: *mut PyObject) -> *mut PyObject;
    pub fn _PySet_Update(set: *mut PyObject, iterable: *mut PyObject) -> c_int;
    pub fn PyFunction_New(code: *mut PyObject, globals: *mut PyObject) -> *mut PyObject;
    pub fn PyTraceBack_Here(frame: *mut PyObject) -> c_int;
    pub fn _Py_Dealloc(object: *mut PyObject);
    pub fn PyFrame_GetBack(frame: *mut PyObject) -> *mut PyObject;
    pub fn PyCode_Addr2Line(code: *mut PyObject, addrq: c_int) -> c_int;
    pub fn PyInterpreterState_Main() -> *mut PyInterpreterState;
    pub static mut PyRange_Type: pyo3_ffi::PyTypeObject;
    pub static mut PyFunction_Type: pyo3_ffi::PyTypeObject;
    pub static mut PyRangeIter_Type: pyo3_ffi::PyTypeObject;
    pub static mut PyListIter_Type: pyo3_ffi::PyTypeObject;
    pub fn _PyObject_GC_New(class: *mut pyo3_ffi::PyTypeObject) -> *mut PyObject;
    pub static mut PyAsyncGen_Type: pyo3_ffi::PyTypeObject;
    pub static mut _PyAsyncGenWrappedValue_Type: pyo3_ffi::PyTypeObject;
    pub static mut PyMethod_Type: pyo3_ffi::PyTypeObject;
    pub static Py_Version: std::ffi::c_ulong;
    pub fn Py_GetVersion() -> *const c_char;
}

/// Functions that we call and a program of Python code hardly ever does, so that CPython's builds have most of them among what never runs.
#[must_use]
pub fn seldom_run() -> [usize; 17] {
    use pyo3_ffi as py;
    [
        py::Py_AtExit as *const () as usize,
        py::Py_DecRef as *const () as usize,
        py::Py_IncRef as *const () as usize,
        py::PyBytes_Size as *const () as usize,
        py::PyDict_GetItemString as *const () as usize,
        py::PyGC_Disable as *const () as usize,
        py::PyGC_Enable as *const () as usize,
        py::PyLong_AsLongLongAndOverflow as *const () as usize,
        py::PyObject_GC_IsTracked as *const () as usize,
        py::PyTuple_SetItem as *const () as usize,
        PyInterpreterState_Main as *const () as usize,
        _PyCode_SetExtra as *const () as usize,
        _PyEval_AddPendingCall as *const () as usize,
        _PyEval_RequestCodeExtraIndex as *const () as usize,
        _PyEval_SignalReceived as *const () as usize,
        _PyInterpreterState_GetEvalFrameFunc as *const () as usize,
        _PyInterpreterState_SetEvalFrameFunc as *const () as usize,
    ]
}

/// Reads a `T` at `base + offset`.
///
/// # Safety
/// The object at `base` has a `T` there.
#[inline]
pub unsafe fn read<T: Copy>(base: *const impl Sized, offset: i32) -> T {
    // SAFETY: the caller's promise.
    unsafe { base.cast::<u8>().offset(offset as isize).cast::<T>().read() }
}

/// Writes a `T` at `base + offset`.
///
/// # Safety
/// The object at `base` has a `T` there that may be written.
#[inline]
pub unsafe fn write<T>(base: *mut impl Sized, offset: i32, value: T) {
    // SAFETY: the caller's promise.
    unsafe {
        base.cast::<u8>()
            .offset(offset as isize)
            .cast::<T>()
            .write(value)
    }
}

/// What names the thread that runs; 0: none that CPython knows.
#[must_use]
pub fn current_thread_state() -> usize {
    // SAFETY: looks at a thread's variable.
    unsafe { _PyThreadState_UncheckedGet() as usize }
}

/// Whether the program has imported a module of that name.
///
/// # Safety
/// The GIL is held.
pub unsafe fn is_imported(name: &std::ffi::CStr) -> bool {
    // SAFETY: the dictionary of modules lives as long as the interpreter; what is found is borrowed.
    unsafe {
        let modules = pyo3_ffi::PyImport_GetModuleDict();
        !modules.is_null() && !pyo3_ffi::PyDict_GetItemString(modules, name.as_ptr()).is_null()
    }
}

/// Counts references as a debug build of CPython does, where we change a count ourselves. Feature `ref-debug`, which only
/// that interpreter can load: `cargo xtask regrtest --leaks`.
///
/// # Safety
/// The GIL is held.
#[inline(always)]
pub unsafe fn count_reference(change: isize) {
    #[cfg(feature = "ref-debug")]
    // SAFETY: the interpreter's own variable, under the GIL.
    unsafe {
        _Py_RefTotal += change;
    }
    let _ = change;
}

/// The address of the number of all references; 0 where nothing counts them.
#[must_use]
pub fn reference_total() -> u64 {
    #[cfg(feature = "ref-debug")]
    return &raw const _Py_RefTotal as u64;
    #[cfg(not(feature = "ref-debug"))]
    0
}

#[cfg(feature = "ref-debug")]
unsafe extern "C" {
    static mut _Py_RefTotal: isize;
}
