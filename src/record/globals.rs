//! Globals: lookup, the site as an inline cache, and versions of keys.

use super::{class, decref, incref};
use crate::bytecode::opcode;
use crate::feedback::{Global, Map};
use crate::host::Frame;
use crate::host::ffi::{self, PyObject, read};
use crate::layout::{code, dict, object};
use crate::runtime;
use pyo3_ffi as py;
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

/// Misses after which a site keeps nothing.
const MAX_MISSES: u8 = 4;

/// The keys of a dict.
#[inline(always)]
pub(super) unsafe fn keys_of(dict: *mut PyObject) -> *mut u8 {
    // SAFETY: an exact dict (caller).
    unsafe { read(dict, dict::MA_KEYS) }
}

#[inline(always)]
pub(super) unsafe fn version_of(keys: *mut u8) -> u32 {
    // SAFETY: keys of a dict (caller).
    unsafe { read(keys, dict::DK_VERSION) }
}

/// Address of entry `index` of unicode keys.
#[inline(always)]
unsafe fn entry(keys: *mut u8, index: usize) -> *mut u8 {
    // SAFETY: unicode keys (caller) have that many entries behind their indices.
    unsafe {
        let log2: u8 = read(keys, dict::DK_LOG2_INDEX_BYTES);
        keys.add(
            dict::DK_INDICES as usize + (1 << log2) + index * dict::UNICODE_ENTRY_SIZE as usize,
        )
    }
}

/// The value at entry `index` of unicode keys, borrowed.
#[inline(always)]
pub(super) unsafe fn value_at(keys: *mut u8, index: usize) -> *mut PyObject {
    // SAFETY: as in `entry`.
    unsafe { read(entry(keys, index), dict::UNICODE_ENTRY_VALUE) }
}

/// The entry of a name among the first 65,536 of unicode keys (combined or split).
pub(super) unsafe fn find(keys: *mut u8, name: *mut PyObject) -> Option<u16> {
    // SAFETY: keys of a dict or class (caller).
    unsafe {
        let kind: u8 = read(keys, dict::DK_KIND);
        if kind == 0 {
            return None;
        }
        let count: isize = read(keys, dict::DK_NENTRIES);
        (0..u16::try_from(count).unwrap_or(u16::MAX))
            .find(|at| read::<*mut PyObject>(entry(keys, usize::from(*at)), 0) == name)
    }
}

/// The cached value of a global, borrowed, or null.
#[inline(always)]
pub(super) unsafe fn cached(frame: Frame, global: Global) -> *mut PyObject {
    if global.globals == 0 {
        return null_mut();
    }
    // SAFETY: a site is filled for exact dicts only, and its code object runs with those globals or
    // others that are dicts; CPython demands dicts for globals, and the class of builtins is checked.
    unsafe {
        let keys = keys_of(frame.globals());
        if version_of(keys) != global.globals {
            return null_mut();
        }
        if global.builtins == 0 {
            return value_at(keys, usize::from(global.index));
        }
        let builtins = frame.builtins();
        if class(builtins) != addr_of_mut!(py::PyDict_Type).cast() {
            return null_mut();
        }
        let keys = keys_of(builtins);
        if version_of(keys) as u16 != global.builtins {
            return null_mut();
        }
        value_at(keys, usize::from(global.index))
    }
}

/// Looks a global up; a new reference, or null with an exception.
pub(super) unsafe fn load(frame: Frame, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: the frame is running, the name one of its code's.
    unsafe { runtime::swl_load_global(frame.as_ptr().cast(), name) }
}

/// Fills the site at `pc` for `name`, after a successful lookup.
#[cold]
#[inline(never)]
pub(super) unsafe fn note(map: *mut Map, pc: usize, frame: Frame, name: *mut PyObject) {
    // SAFETY: the map belongs to the running code; nothing else uses it meanwhile.
    unsafe {
        let misses = (*map).site_mut(pc).global().misses;
        if misses >= MAX_MISSES {
            return;
        }
        let found = locate(frame, name).unwrap_or_default();
        (*map).site_mut(pc).set_global(Global {
            misses: misses + 1,
            ..found
        });
    }
}

/// Where a global is, with versions that CPython has been made to give.
unsafe fn locate(frame: Frame, name: *mut PyObject) -> Option<Global> {
    // SAFETY: dictionaries of a running frame.
    unsafe {
        let (globals, builtins) = (frame.globals(), frame.builtins());
        let dict_class: *mut PyObject = addr_of_mut!(py::PyDict_Type).cast();
        if class(globals) != dict_class || class(builtins) != dict_class {
            return None;
        }
        let here = find(keys_of(globals), name);
        let unversioned = |dict| version_of(keys_of(dict)) == 0;
        if unversioned(globals) || here.is_none() && unversioned(builtins) {
            number_keys(globals);
        }
        let version = version_of(keys_of(globals));
        if version == 0 {
            return None;
        }
        if let Some(index) = here {
            return (!value_at(keys_of(globals), usize::from(index)).is_null()).then_some(Global {
                globals: version,
                index,
                ..Global::default()
            });
        }
        let index = find(keys_of(builtins), name)?;
        let builtins = version_of(keys_of(builtins));
        // CPython's cache of this number is 16 bits wide, and 0 means the globals here.
        let builtins = u16::try_from(builtins)
            .ok()
            .filter(|version| *version != 0)?;
        Some(Global {
            globals: version,
            builtins,
            index,
            misses: 0,
        })
    }
}

/// Calls after which CPython has quickened a function.
const CALLS_TO_QUICKEN: usize = 16;

/// A code object that loads a global, or null; made by [`prepare`], given up by [`finish`].
static PROBE: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());

/// Makes what numbering needs, before the program starts: a code object that CPython must run itself;
/// null if there is none.
pub fn prepare() -> *mut PyObject {
    let source = c"def probe():\n    return len\n";
    // SAFETY: the GIL is held; constants of a module's code are a tuple, the first is the function's code.
    unsafe {
        let module =
            py::Py_CompileString(source.as_ptr(), c"<swallow>".as_ptr(), py::Py_file_input);
        if module.is_null() {
            py::PyErr_Clear();
            return null_mut();
        }
        let consts: *mut PyObject = read(module, code::CO_CONSTS);
        let probe = py::PyTuple_GetItem(consts, 0);
        incref(probe);
        decref(module);
        ignore_breaker(probe);
        PROBE.store(probe, Ordering::Relaxed);
        probe
    }
}

/// Gives up what [`prepare`] has made; keys are numbered no more.
pub fn finish() {
    let probe = PROBE.swap(null_mut(), Ordering::Relaxed);
    if !probe.is_null() {
        // SAFETY: the GIL is held (caller), and the reference was ours.
        unsafe { decref(probe) };
    }
}

/// Makes CPython give the keys of these globals, and those of the builtins, a version. It exports no
/// function for that, but does it when it specialises the load of a global: so a small function loads one.
pub(super) unsafe fn number_keys(globals: *mut PyObject) {
    let probe = PROBE.load(Ordering::Relaxed);
    if probe.is_null() {
        return;
    }
    // SAFETY: the GIL is held, and no exception is set; references are released; the instructions
    // written are this module's own code's.
    unsafe {
        let function = ffi::PyFunction_New(probe, globals);
        if function.is_null() {
            py::PyErr_Clear();
            return;
        }
        let warmup: i16 = read(probe, code::CO_WARMUP);
        let calls = if warmup < 0 { CALLS_TO_QUICKEN } else { 1 };
        for call in 0..calls {
            if call + 1 == calls {
                specialise_again(probe);
            }
            let result = py::PyObject_CallNoArgs(function);
            if result.is_null() {
                py::PyErr_Clear();
                break;
            }
            decref(result);
        }
        decref(function);
    }
}

/// The probe's instructions.
unsafe fn units_of<'a>(probe: *mut PyObject) -> &'a mut [u16] {
    // SAFETY: a code object (caller) has its length and that many code units.
    unsafe {
        let count: isize = read(probe, object::OB_SIZE);
        let first = probe.cast::<u8>().offset(code::CO_CODE_ADAPTIVE as isize);
        std::slice::from_raw_parts_mut(first.cast::<u16>(), count.max(0) as usize)
    }
}

/// Makes the probe begin like a generator that goes on behind `yield from`: CPython handles signals and
/// exceptions for the thread at the beginning of a function, and in this one they would be lost.
unsafe fn ignore_breaker(probe: *mut PyObject) {
    const AFTER_YIELD_FROM: u16 = 2;
    // SAFETY: the probe (caller) is used by nobody yet.
    for unit in unsafe { units_of(probe) } {
        if opcode::deopt(*unit as u8) == opcode::RESUME {
            *unit = *unit & 0xff | AFTER_YIELD_FROM << 8;
            return;
        }
    }
}

/// Makes the probe's instruction one that specialises itself when it runs next.
unsafe fn specialise_again(probe: *mut PyObject) {
    // SAFETY: our own code object; it is not running.
    let units = unsafe { units_of(probe) };
    let mut at = 0;
    while at < units.len() {
        let op = opcode::deopt(units[at] as u8);
        if op == opcode::LOAD_GLOBAL {
            units[at] = units[at] & 0xff00 | u16::from(opcode::LOAD_GLOBAL_ADAPTIVE);
            // The counter.
            units[at + 1] = 0;
        }
        at += 1 + opcode::caches(op);
    }
}
