//! `PyInit__swallow`, and what `import swallow` shows (documented in `python/swallow/__init__.pyi`).
//!
//! Functions take a function, a bound method or a code object. Results are built as
//! [`serde_json::Value`] and converted once, so that no other module makes Python objects.

mod info;
mod values;

use crate::code::pages;
use crate::config::{Config, Mode, OPTIONS};
use crate::control::{self, Artefact, Jit, StartError};
use crate::hir::Type;
use crate::host::ffi::{self, PyObject, read};
use crate::host::snapshot::{class_of, text, type_of};
use crate::host::{Owned, check};
use crate::layout::function;
use crate::log;
use crate::stats::COUNTERS;
use crate::timing::mapped::Mapped;
use pyo3_ffi as py;
use serde_json::{Value, json};
use std::ffi::{CString, c_int};
use std::ptr::{addr_of_mut, null_mut};
use std::sync::{Mutex, PoisonError};
use values::{string_pairs, to_python};

/// A Python exception to raise.
struct Raise(*mut PyObject, String);

type Answer = Result<Value, Raise>;

/// Raises, as C functions do.
fn raise(Raise(class, message): Raise) -> *mut PyObject {
    let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
    // SAFETY: the GIL is held; the class is one of CPython's own.
    unsafe { py::PyErr_SetString(class, message.as_ptr()) };
    null_mut()
}

fn type_error(message: impl Into<String>) -> Raise {
    // SAFETY: one of CPython's own exceptions.
    Raise(unsafe { py::PyExc_TypeError }, message.into())
}

fn value_error(message: impl Into<String>) -> Raise {
    // SAFETY: one of CPython's own exceptions.
    Raise(unsafe { py::PyExc_ValueError }, message.into())
}

fn runtime_error(message: impl Into<String>) -> Raise {
    // SAFETY: one of CPython's own exceptions.
    Raise(unsafe { py::PyExc_RuntimeError }, message.into())
}

/// Runs `body`, turning its answer into an object and a panic into an exception.
fn answer(body: impl FnOnce() -> Answer + std::panic::UnwindSafe) -> *mut PyObject {
    if !check::is_main_interpreter() {
        return raise(runtime_error("the JIT is the main interpreter's"));
    }
    match std::panic::catch_unwind(body) {
        Ok(Ok(value)) => to_python(&value),
        Ok(Err(exception)) => raise(exception),
        Err(_) => raise(runtime_error("internal error in swallow; please report it")),
    }
}

/// The JIT, started in mode whenhot if it was not.
fn active() -> Result<&'static Jit, Raise> {
    if control::jit().is_none() {
        control::start(Config::default()).map_err(|error| runtime_error(error.to_string()))?;
    }
    control::jit().ok_or_else(|| runtime_error("the JIT could not be started"))
}

/// What a user names: the code object, and the function if there is one (else null); borrowed.
fn code_of(object: *mut PyObject) -> Result<(*mut PyObject, *mut PyObject), Raise> {
    // SAFETY: `object` is an argument and alive; the fields are those of the class checked.
    unsafe {
        let mut object = object;
        if class_of(object) == addr_of_mut!(crate::host::ffi::PyMethod_Type) {
            object = read(object, 16);
        }
        if type_of(object) == Type::FUNC {
            return Ok((read(object, function::FUNC_CODE), object));
        }
        if class_of(object) == addr_of_mut!(py::PyCode_Type) {
            return Ok((object, null_mut()));
        }
        let class = crate::host::snapshot::class_name(class_of(object));
        Err(type_error(format!(
            "expected a Python function, method or code object, not {class}"
        )))
    }
}

unsafe extern "C" fn start(module: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    // Before any of them is called.
    pages::isolate(&ffi::seldom_run());
    pages::isolate(&pages::seldom_run());
    if !check::is_main_interpreter() {
        // Its program runs uncompiled.
        return to_python(&Value::Null);
    }
    answer(|| {
        // SAFETY: `args` is the tuple of arguments.
        let (xoptions, variables, before) = unsafe {
            let count = py::PyTuple_Size(args);
            if !(2..=3).contains(&count) {
                return Err(type_error("start() takes two dicts, and perhaps a number"));
            }
            let before = match count {
                3 => py::PyLong_AsSize_t(py::PyTuple_GetItem(args, 2)),
                _ => 0,
            };
            (
                string_pairs(py::PyTuple_GetItem(args, 0)),
                string_pairs(py::PyTuple_GetItem(args, 1)),
                before,
            )
        };
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| known == name)
                .and_then(|(_, value)| value.clone())
        };
        let config =
            Config::parse(&xoptions, variable).map_err(|error| value_error(error.to_string()))?;
        if let Some(filter) = &config.log {
            log::start(filter);
        }
        if config.mode == Mode::Never {
            return Ok(Value::Null);
        }
        let (stats, profile) = (config.stats, config.profile);
        let time_passes = config.time_passes;
        control::start(config).map_err(|error| match error {
            StartError::Option(message) => value_error(message),
            StartError::Host(message) => runtime_error(message),
        })?;
        if stats {
            // SAFETY: a plain function that may run at exit.
            unsafe { py::Py_AtExit(Some(print_stats)) };
        }
        if time_passes {
            // SAFETY: as above.
            unsafe { py::Py_AtExit(Some(print_passes)) };
        }
        if profile {
            // SAFETY: as above.
            unsafe { py::Py_AtExit(Some(print_profile)) };
        }
        // SAFETY: it runs when the interpreter is finalized.
        unsafe { py::Py_AtExit(Some(control::exit_function())) };
        // SAFETY: the GIL is held; the module is alive.
        unsafe { register_shut_down(module) };
        if stats && before > 0 {
            control::note_loading(before);
        }
        Ok(Value::Null)
    })
}

/// Has `shut_down` called after the program's own exit functions.
///
/// # Safety
/// The GIL is held; `module` is this module.
unsafe fn register_shut_down(module: *mut PyObject) {
    // SAFETY: the caller's promise; references are owned by values of type `Owned`.
    let registered = unsafe {
        let atexit = Owned::from_raw(py::PyImport_ImportModule(c"atexit".as_ptr()));
        let function = Owned::from_raw(py::PyObject_GetAttrString(module, c"shut_down".as_ptr()));
        let name = Owned::from_raw(py::PyUnicode_InternFromString(c"register".as_ptr()));
        match (atexit, function, name) {
            (Some(atexit), Some(function), Some(name)) => Owned::from_raw(
                py::PyObject_CallMethodOneArg(atexit.as_ptr(), name.as_ptr(), function.as_ptr()),
            ),
            _ => None,
        }
    };
    if registered.is_none() {
        // SAFETY: the GIL is held. Without it some memory stays until the process ends.
        unsafe { py::PyErr_Clear() };
    }
}

/// The statistics when the program ended, before its code was given back.
static LAST_STATS: Mutex<Option<Value>> = Mutex::new(None);

unsafe extern "C" fn shut_down(_module: *mut PyObject, _none: *mut PyObject) -> *mut PyObject {
    answer(|| {
        let jit = active()?;
        if jit.config.stats {
            let mapped = Mapped::now();
            let mut stats = stats_value();
            stats["memory"] = jit.ledger(mapped, false);
            *LAST_STATS.lock().unwrap_or_else(PoisonError::into_inner) = Some(stats);
        }
        jit.shut_down();
        Ok(Value::Null)
    })
}

extern "C" fn print_stats() {
    let last = LAST_STATS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    log::say(last.unwrap_or_else(stats_value));
}

extern "C" fn print_profile() {
    if let Some(table) = control::jit().and_then(Jit::profile_table) {
        log::say(table.trim_end());
    }
}

extern "C" fn print_passes() {
    let measurements = control::jit().and_then(Jit::measurements);
    if let Some(table) = measurements.and_then(control::Measurements::table) {
        log::say(table.trim_end());
    }
}

fn stats_value() -> Value {
    let mut stats: serde_json::Map<String, Value> = COUNTERS
        .snapshot()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let measurements = control::jit().and_then(Jit::measurements);
    let passes = measurements.map_or_else(|| json!([]), control::Measurements::rows);
    stats.insert("passes".into(), passes);
    let units = control::jit().map_or_else(|| json!([]), Jit::unit_rows);
    stats.insert("units".into(), units);
    let digest = measurements.map(control::Measurements::code_digest);
    stats.insert("code_digest".into(), json!(digest));
    if let Some(jit) = control::jit() {
        let arena = jit.arena_usage();
        stats.insert("arena_used_bytes".into(), json!(arena.used));
        stats.insert("arena_slack_bytes".into(), json!(arena.slack));
        stats.insert("arena_touched_bytes".into(), json!(arena.extent));
        stats.insert("helper_pid".into(), json!(jit.helper_pid()));
        stats.insert("jobs".into(), json!(jit.job_count()));
        stats.insert("mode".into(), json!(jit.mode().name()));
    }
    Value::Object(stats)
}

unsafe extern "C" fn compile(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    answer(|| {
        let (code, function) = code_of(object)?;
        Ok(json!(control::compile_now(active()?, code, function)))
    })
}

unsafe extern "C" fn is_compiled(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    answer(|| {
        let (code, _) = code_of(object)?;
        let unit = control::jit().and_then(|jit| jit.unit(code));
        Ok(json!(unit.is_some_and(|unit| unit.installed().is_some())))
    })
}

unsafe extern "C" fn release(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    answer(|| {
        let (code, _) = code_of(object)?;
        Ok(json!(control::jit().is_some_and(|jit| jit.release(code))))
    })
}

fn show(object: *mut PyObject, what: Artefact) -> *mut PyObject {
    answer(|| {
        let (code, function) = code_of(object)?;
        control::artefact(active()?, code, function, what)
            .map(|text| json!(text))
            .map_err(runtime_error)
    })
}

unsafe extern "C" fn hir(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    show(object, Artefact::Hir)
}

unsafe extern "C" fn llvm_ir(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    show(object, Artefact::Llvm)
}

unsafe extern "C" fn clif(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    show(object, Artefact::Clif)
}

unsafe extern "C" fn asm(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    show(object, Artefact::Asm)
}

unsafe extern "C" fn stats(_module: *mut PyObject, _none: *mut PyObject) -> *mut PyObject {
    answer(|| Ok(stats_value()))
}

unsafe extern "C" fn memory(_module: *mut PyObject, _none: *mut PyObject) -> *mut PyObject {
    answer(|| {
        Ok(match control::jit() {
            Some(jit) => jit.ledger(Mapped::now(), true),
            None => json!({"total": 0, "functions": []}),
        })
    })
}

unsafe extern "C" fn get_control(_module: *mut PyObject, _none: *mut PyObject) -> *mut PyObject {
    answer(|| {
        let mode = control::jit().map_or(Mode::Never, Jit::mode);
        Ok(json!(mode.name()))
    })
}

unsafe extern "C" fn set_control(_module: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    answer(|| {
        // SAFETY: an argument, alive; a str is checked for.
        let name = unsafe {
            if type_of(name) != Type::STR {
                return Err(type_error("expected a mode as a string"));
            }
            text(name)
        };
        let mode = Mode::parse(&name)
            .ok_or_else(|| value_error(format!("{name}: expected never, whenhot or always")))?;
        let before = control::jit().map_or(Mode::Never, Jit::mode);
        if mode != Mode::Never || control::jit().is_some() {
            active()?.set_mode(mode);
        }
        Ok(json!(before.name()))
    })
}

unsafe extern "C" fn info(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    answer(|| {
        let (code, _) = code_of(object)?;
        // SAFETY: the argument holds the code object.
        Ok(unsafe { info::info(code) })
    })
}

unsafe extern "C" fn feedback(_module: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    answer(|| {
        let (code, _) = code_of(object)?;
        // SAFETY: the argument holds the code object.
        Ok(unsafe { info::feedback(code) })
    })
}

unsafe extern "C" fn expand_pipeline(
    _module: *mut PyObject,
    pipeline: *mut PyObject,
) -> *mut PyObject {
    answer(|| {
        // SAFETY: an argument, alive; a str is checked for.
        let pipeline = unsafe {
            if type_of(pipeline) != Type::STR {
                return Err(type_error("expected a pipeline as a string"));
            }
            text(pipeline)
        };
        active()?
            .expand_pipeline(&pipeline)
            .map(|text| json!(text))
            .map_err(value_error)
    })
}

unsafe extern "C" fn options(_module: *mut PyObject, _none: *mut PyObject) -> *mut PyObject {
    answer(|| {
        let rows = OPTIONS
            .iter()
            .map(|o| json!([o.name, o.variable, o.default, o.values, o.doc]));
        Ok(Value::Array(rows.collect()))
    })
}

type Method = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;

const fn method(name: &'static std::ffi::CStr, function: Method, flags: c_int) -> py::PyMethodDef {
    py::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: py::PyMethodDefPointer {
            PyCFunction: function,
        },
        ml_flags: flags,
        ml_doc: std::ptr::null(),
    }
}

static mut METHODS: [py::PyMethodDef; 18] = [
    method(c"start", start, py::METH_VARARGS),
    method(c"compile", compile, py::METH_O),
    method(c"is_compiled", is_compiled, py::METH_O),
    method(c"release", release, py::METH_O),
    method(c"info", info, py::METH_O),
    method(c"feedback", feedback, py::METH_O),
    method(c"memory", memory, py::METH_NOARGS),
    method(c"hir", hir, py::METH_O),
    method(c"llvm_ir", llvm_ir, py::METH_O),
    method(c"clif", clif, py::METH_O),
    method(c"asm", asm, py::METH_O),
    method(c"stats", stats, py::METH_NOARGS),
    method(c"set_control", set_control, py::METH_O),
    method(c"get_control", get_control, py::METH_NOARGS),
    method(c"expand_pipeline", expand_pipeline, py::METH_O),
    method(c"options", options, py::METH_NOARGS),
    method(c"shut_down", shut_down, py::METH_NOARGS),
    py::PyMethodDef::zeroed(),
];

static mut MODULE: py::PyModuleDef = py::PyModuleDef {
    m_base: py::PyModuleDef_HEAD_INIT,
    m_name: c"_swallow".as_ptr(),
    m_doc: c"The native half of swallow.".as_ptr(),
    m_size: -1,
    m_methods: std::ptr::null_mut(),
    m_slots: std::ptr::null_mut(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
};

/// Makes the module.
///
/// # Safety
/// Called by CPython's import machinery.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
pub unsafe extern "C" fn PyInit__swallow() -> *mut PyObject {
    // SAFETY: the definitions live for ever, and import runs with the GIL held.
    unsafe {
        MODULE.m_methods = addr_of_mut!(METHODS).cast();
        py::PyModule_Create(addr_of_mut!(MODULE))
    }
}
