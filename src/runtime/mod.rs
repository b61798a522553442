//! What compiled code calls: the functions of [`crate::helpers`], by family, and their addresses.
//!
//! Every function here is called from native code with the GIL held, on valid objects. None panics
//! but through a bug, which ends the process. The ABI is `C-unwind` all the same: CPython ends a
//! daemon thread that wants the GIL of a finalized interpreter by `pthread_exit`, and that unwinds the
//! frames between; an `extern "C"` function would make glibc abort.

mod containers;
pub mod decoded;
mod exits;
mod hot;
mod leave;
mod numbers;
mod objects;
pub mod short;
mod stress;

use crate::codegen::SymbolTable;
use crate::helpers::{Data, Helper};
use crate::host::check::small_ints;
use crate::host::ffi::{self, PyObject, PyThreadState, read};
use crate::layout::{interp, tstate};
pub use containers::{swl_send, swl_unpack_sequence};
pub use exits::{ENTER, RESUME, RawPair, enter_cold, swl_frame_clear};
pub use hot::{HOT, HotFn};
pub use objects::{ARGUMENTS_OFFSET, load_builtin, swl_binary_op, swl_load_global};
use std::ffi::{c_int, c_void};
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};
pub use stress::{STRESS, set_stress};

/// What does a single instruction ([`Helper::Step`]); it belongs to the evaluator above.
pub type StepFn = unsafe extern "C-unwind" fn(
    *mut PyThreadState,
    *mut ffi::PyInterpreterFrame,
    i64,
    i64,
    *const *mut PyObject,
    i64,
) -> *mut PyObject;

/// The addresses of all helpers and data, for a code generator in this process.
#[must_use]
pub fn symbols(step: StepFn) -> SymbolTable {
    let mut table = SymbolTable::default();
    for helper in Helper::ALL {
        table.set_helper(*helper, helper_address(*helper, step));
    }
    for data in Data::ALL {
        table.set_data(*data, data_address(*data));
    }
    table
}

fn helper_address(helper: Helper, step: StepFn) -> u64 {
    let address = match helper {
        Helper::Dealloc => ffi::_Py_Dealloc as *const (),
        Helper::DeallocSeen => exits::swl_dealloc_seen as *const (),
        Helper::DeallocBehind => exits::swl_dealloc_behind as *const (),
        Helper::BoxFloat => pyo3_ffi::PyFloat_FromDouble as *const (),
        Helper::BoxInt => numbers::swl_box_int as *const (),
        Helper::UnboxInt => numbers::swl_unbox_int as *const (),
        Helper::BinaryOp => objects::swl_binary_op as *const (),
        Helper::AppendLocal => objects::swl_append_local as *const (),
        Helper::CompareOp => objects::swl_compare_op as *const (),
        Helper::Contains => objects::swl_contains as *const (),
        Helper::UnaryOp => objects::swl_unary_op as *const (),
        Helper::IsTrue => objects::swl_is_true as *const (),
        Helper::IsInstanceQuick => objects::swl_is_instance_quick as *const (),
        Helper::IsInstance => objects::swl_is_instance as *const (),
        Helper::ToStr => objects::swl_to_str as *const (),
        Helper::LoadAttr => objects::swl_load_attr as *const (),
        Helper::StoreAttr => objects::swl_store_attr as *const (),
        Helper::NoteValue => objects::swl_note_value as *const (),
        Helper::LoadGlobal => objects::swl_load_global as *const (),
        Helper::LookupGlobal => objects::swl_lookup_global as *const (),
        Helper::StoreGlobal => objects::swl_store_global as *const (),
        Helper::Subscr => objects::swl_subscr as *const (),
        Helper::StoreSubscr => objects::swl_store_subscr as *const (),
        Helper::DeleteSubscr => objects::swl_delete_subscr as *const (),
        Helper::Call => objects::swl_call as *const (),
        Helper::CallPySlow => exits::swl_call_py_slow as *const (),
        Helper::GetIter => containers::swl_get_iter as *const (),
        Helper::IterNext => containers::swl_iter_next as *const (),
        Helper::Send => containers::swl_send as *const (),
        Helper::UnpackSequence => containers::swl_unpack_sequence as *const (),
        Helper::BuildTuple => containers::swl_build_tuple as *const (),
        Helper::BuildList => containers::swl_build_list as *const (),
        Helper::BuildSlice => containers::swl_build_slice as *const (),
        Helper::ListAppend => containers::swl_list_append as *const (),
        Helper::MakeCell => pyo3_ffi::PyCell_New as *const (),
        Helper::Step => step as *const (),
        Helper::FloatPow => numbers::swl_float_pow as *const (),
        Helper::FloatMod => numbers::swl_float_mod as *const (),
        Helper::FloatFloorDiv => numbers::swl_float_floordiv as *const (),
        Helper::IntPow => numbers::swl_int_pow as *const (),
        Helper::RangeLen => numbers::swl_range_len as *const (),
        Helper::Poll => swl_poll as *const (),
        Helper::Hot => hot::swl_hot as *const (),
        Helper::StackOk => swl_stack_ok as *const (),
        Helper::SideExit => exits::swl_side_exit as *const (),
        Helper::Leave => leave::swl_leave as *const (),
        Helper::Interpret => exits::swl_interpret as *const (),
        Helper::Flush => exits::swl_flush as *const (),
        Helper::FrameClear => exits::swl_frame_clear as *const (),
    };
    address as u64
}

fn data_address(data: Data) -> u64 {
    // SAFETY: only addresses of the interpreter's own objects are taken; the thread state is the
    // current one's.
    unsafe {
        match data {
            Data::IntType => addr_of_mut!(pyo3_ffi::PyLong_Type) as u64,
            Data::FloatType => addr_of_mut!(pyo3_ffi::PyFloat_Type) as u64,
            Data::BoolType => addr_of_mut!(pyo3_ffi::PyBool_Type) as u64,
            Data::StrType => addr_of_mut!(pyo3_ffi::PyUnicode_Type) as u64,
            Data::ListType => addr_of_mut!(pyo3_ffi::PyList_Type) as u64,
            Data::TupleType => addr_of_mut!(pyo3_ffi::PyTuple_Type) as u64,
            Data::DictType => addr_of_mut!(pyo3_ffi::PyDict_Type) as u64,
            Data::RangeType => addr_of_mut!(ffi::PyRange_Type) as u64,
            Data::FunctionType => addr_of_mut!(ffi::PyFunction_Type) as u64,
            Data::ModuleType => addr_of_mut!(pyo3_ffi::PyModule_Type) as u64,
            Data::True => pyo3_ffi::Py_True() as u64,
            Data::False => pyo3_ffi::Py_False() as u64,
            Data::None => pyo3_ffi::Py_None() as u64,
            Data::SmallInts => small_ints(),
            Data::EvalBreaker => {
                ffi::PyInterpreterState_Main() as u64 + interp::EVAL_BREAKER as u64
            }
        }
    }
}

/// The interpreter's eval breaker; null before [`find_breaker`].
static BREAKER: AtomicPtr<c_int> = AtomicPtr::new(null_mut());

/// Finds what [`after_call`] looks at.
pub fn find_breaker() {
    let address = data_address(Data::EvalBreaker);
    BREAKER.store(address as *mut c_int, Ordering::Relaxed);
}

/// The state of the main thread, which alone makes pending calls; 0: not known.
static MAIN_THREAD: AtomicUsize = AtomicUsize::new(0);

/// Finds out whether this thread, which has the GIL, is the main one.
pub fn find_main_thread() {
    // SAFETY: plain questions.
    let is_main = unsafe { libc::gettid() == libc::getpid() };
    let own = if is_main {
        ffi::current_thread_state()
    } else {
        0
    };
    MAIN_THREAD.store(own, Ordering::Relaxed);
}

/// Whether a thread state is the main thread's.
#[must_use]
pub fn is_main_thread(ts: usize) -> bool {
    ts != 0 && ts == MAIN_THREAD.load(Ordering::Relaxed)
}

/// Has the evaluators look for signals and pending calls. May be called on any thread, without the GIL.
pub fn set_breaker() {
    let breaker = BREAKER.load(Ordering::Relaxed);
    if !breaker.is_null() {
        // SAFETY: the main interpreter's, an `_Py_atomic_int` that is there as long as the process.
        unsafe { AtomicI32::from_ptr(breaker) }.store(1, Ordering::Relaxed);
    }
}

/// Has the main thread call a function between two instructions; whether there was room for that. May be called on any thread, without
/// the GIL.
pub fn add_pending_call(function: extern "C" fn(*mut c_void) -> c_int) -> bool {
    // SAFETY: this needs the interpreter only, which is a part of the runtime's state.
    unsafe {
        ffi::_PyEval_AddPendingCall(ffi::PyInterpreterState_Main(), function, null_mut()) == 0
    }
}

/// Has CPython find out whether the evaluators are to look, as [`set_breaker`] has them do. May be called on any thread but the main
/// one, without the GIL.
pub fn reset_breaker() {
    // SAFETY: CPython's handlers of signals call this. What it asks for beside, to see whether signals have come, does no harm.
    unsafe { ffi::_PyEval_SignalReceived(ffi::PyInterpreterState_Main()) };
}

/// What CPython's evaluator does behind a call: signals that have come are handled at once, and pending calls made, so that
/// `with pytest.raises(KeyboardInterrupt): _thread.interrupt_main()` sees the exception. The result, or null if a handler has raised.
///
/// # Safety
/// The GIL is held; `result` is a new reference, or null with an exception.
#[inline(always)]
pub unsafe fn after_call(result: *mut PyObject) -> *mut PyObject {
    let breaker = BREAKER.load(Ordering::Relaxed);
    // SAFETY: null or the main interpreter's.
    if result.is_null() || breaker.is_null() || unsafe { breaker.read_volatile() } == 0 {
        return result;
    }
    // SAFETY: the caller's promise.
    unsafe { handle_signals(result) }
}

#[cold]
unsafe fn handle_signals(result: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        if pyo3_ffi::Py_MakePendingCalls() < 0 {
            pyo3_ffi::Py_DecRef(result);
            return null_mut();
        }
    }
    result
}

/// Bytes of C stack that must be left for anything to run.
const STACK_RESERVE: usize = 256 << 10;

thread_local! {
    /// Lowest address that frames of this thread may reach; 0: not known yet.
    static STACK_LIMIT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Asks the C library where this thread's stack ends.
#[cold]
fn find_stack_limit() -> usize {
    // SAFETY: plain calls on this thread's own attributes; the structure is destroyed again.
    let lowest = unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        let mut base = std::ptr::null_mut();
        let mut size = 0;
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return 1;
        }
        libc::pthread_attr_getstack(&attributes, &mut base, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        // Small stacks keep most for the program.
        base as usize + STACK_RESERVE.min(size / 4)
    };
    let limit = lowest;
    STACK_LIMIT.set(limit);
    limit
}

/// Whether the C stack has room for more frames.
#[must_use]
#[inline]
pub fn has_stack() -> bool {
    let here = 0u8;
    let limit = match STACK_LIMIT.get() {
        0 => find_stack_limit(),
        limit => limit,
    };
    std::ptr::from_ref(&here) as usize > limit
}

/// The same, asked at every eighth level of recursion only: between two of those there is always room.
///
/// # Safety
/// `ts` is the current thread state.
#[must_use]
#[inline]
pub unsafe fn has_stack_for_call(ts: *mut PyThreadState) -> bool {
    // SAFETY: the caller's promise.
    let left: i32 = unsafe { read(ts, tstate::RECURSION_REMAINING) };
    left & 7 != 0 || has_stack()
}

/// Whether native code that is entered now will not refuse: there are a level of recursion, and room on the C stack
/// with some to spare. Asked where native code may ask itself.
///
/// # Safety
/// `ts` is the current thread state.
#[must_use]
#[inline]
pub unsafe fn has_ample_stack_for_call(ts: *mut PyThreadState) -> bool {
    const ROOM: usize = 16 << 10;
    // SAFETY: the caller's promise.
    let left: i32 = unsafe { read(ts, tstate::RECURSION_REMAINING) };
    let here = 0u8;
    let place = std::ptr::from_ref(&here) as usize;
    left > 0 && (left & 7 != 0 || has_stack() && place > STACK_LIMIT.get() + ROOM)
}

extern "C-unwind" fn swl_stack_ok(_ts: *mut PyThreadState) -> i64 {
    i64::from(has_stack())
}

/// Raises the `RecursionError` that stands for an exhausted C stack.
pub fn raise_stack_exhausted() {
    // SAFETY: the GIL is held; the message is a C string.
    unsafe {
        pyo3_ffi::PyErr_SetString(
            pyo3_ffi::PyExc_RecursionError,
            c"maximum recursion depth exceeded".as_ptr(),
        );
    }
}

/// Gives other threads their turn; 1 when there is more to do than that.
///
/// # Safety
/// `ts` is the current thread state.
pub unsafe extern "C-unwind" fn swl_poll(ts: *mut PyThreadState) -> i64 {
    // SAFETY: `ts` is the current thread state, and has these fields.
    unsafe {
        let state: *mut ffi::PyInterpreterState = read(ts, tstate::INTERP);
        let drop: c_int = read(state, interp::GIL_DROP_REQUEST);
        let pending: c_int = read(state, interp::PENDING_CALLS_TO_DO);
        let exception: *mut PyObject = read(ts, tstate::ASYNC_EXC);
        let pending = pending != 0 && is_main_thread(ts as usize);
        if drop == 0 || pending || !exception.is_null() {
            return 1;
        }
        let saved = pyo3_ffi::PyEval_SaveThread();
        pyo3_ffi::PyEval_RestoreThread(saved);
        0
    }
}
