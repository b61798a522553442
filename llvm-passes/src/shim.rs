//! The shim's C functions (`shim/pipeline.h`) behind safe ones: parsing a pipeline, and running it with every pass measured.
//!
//! What the shim calls back must not unwind into C++: each callback catches panics, and the caller sees them afterwards.
#![allow(unsafe_code)]

use llvm_sys::prelude::LLVMModuleRef;
use llvm_sys::target_machine::LLVMTargetMachineRef;
use std::any::Any;
use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// One execution of one pass.
#[derive(Clone, Copy, Debug)]
pub struct PassRun<'a> {
    /// As in pipeline text, without parameters.
    pub name: &'a str,
    /// The function that it ran on; empty for passes on modules and groups of functions.
    pub unit: &'a str,
    /// `CLOCK_MONOTONIC`, in nanoseconds.
    pub start: u64,
    /// Nanoseconds from start to end.
    pub duration: u64,
    /// Nanoseconds of processor time, without that of passes inside; analyses count to the pass that asked first.
    pub own: u64,
    /// Instructions of the function, or of the module.
    pub before: u32,
    pub after: u32,
    pub changed: bool,
    /// Bytes that it took of C++'s heap, given back or not, without those of passes inside.
    pub taken: u64,
    /// The most that was in use at once, beyond what was when it began.
    pub most: u64,
}

/// `SwlPassRun`.
#[repr(C)]
struct RawRun {
    name: *const c_char,
    name_length: usize,
    unit: *const c_char,
    unit_length: usize,
    start: u64,
    duration: u64,
    own: u64,
    before: u32,
    after: u32,
    changed: u32,
    taken: u64,
    most: u64,
}

type RawPassSink = unsafe extern "C" fn(*mut c_void, *const RawRun);
type RawTextSink = unsafe extern "C" fn(*mut c_void, *const c_char, usize);

unsafe extern "C" {
    fn swl_run_pipeline(
        module: LLVMModuleRef,
        machine: LLVMTargetMachineRef,
        text: *const c_char,
        length: usize,
        sink: Option<RawPassSink>,
        sink_context: *mut c_void,
        error: RawTextSink,
        error_context: *mut c_void,
    ) -> u32;
    fn swl_parse_pipeline(
        text: *const c_char,
        length: usize,
        expanded: Option<RawTextSink>,
        expanded_context: *mut c_void,
        error: RawTextSink,
        error_context: *mut c_void,
    ) -> u32;
    fn swl_pass_names(sink: RawTextSink, context: *mut c_void);
}

/// Who listens to passes.
struct Listener<'a> {
    hear: &'a mut dyn FnMut(&PassRun<'_>),
    panic: Option<Box<dyn Any + Send>>,
}

/// # Safety
/// Text of the shim: that many bytes, or none.
unsafe fn borrowed<'a>(text: *const c_char, length: usize) -> &'a str {
    if text.is_null() || length == 0 {
        return "";
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast(), length) };
    std::str::from_utf8(bytes).unwrap_or("?")
}

unsafe extern "C" fn hear(listener: *mut c_void, run: *const RawRun) {
    // SAFETY: `run`'s listener; a description that lives for the call.
    let (listener, raw) = unsafe { (&mut *listener.cast::<Listener<'_>>(), &*run) };
    if listener.panic.is_some() {
        return;
    }
    // SAFETY: texts of the description.
    let (name, unit) = unsafe {
        (
            borrowed(raw.name, raw.name_length),
            borrowed(raw.unit, raw.unit_length),
        )
    };
    let run = PassRun {
        name,
        unit,
        start: raw.start,
        duration: raw.duration,
        own: raw.own,
        before: raw.before,
        after: raw.after,
        changed: raw.changed != 0,
        taken: raw.taken,
        most: raw.most,
    };
    let heard = catch_unwind(AssertUnwindSafe(|| (listener.hear)(&run)));
    listener.panic = heard.err();
}

/// Adds a text to a list.
unsafe extern "C" fn collect(texts: *mut c_void, text: *const c_char, length: usize) {
    // SAFETY: the list that the caller has given to the shim, and a text of the shim.
    let (texts, text) = unsafe { (&mut *texts.cast::<Vec<String>>(), borrowed(text, length)) };
    texts.push(text.to_owned());
}

fn one_line(texts: &[String]) -> String {
    let text = texts.concat();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs a pipeline over a module; `measure` is told of every pass when it has ended.
///
/// # Errors
/// LLVM's complaint about the text; nothing has run then.
///
/// # Safety
/// Both are alive, and used by nobody else meanwhile.
pub unsafe fn run(
    module: LLVMModuleRef,
    machine: LLVMTargetMachineRef,
    text: &str,
    measure: Option<&mut dyn FnMut(&PassRun<'_>)>,
) -> Result<(), String> {
    let mut errors: Vec<String> = Vec::new();
    let mut listener = measure.map(|hear| Listener { hear, panic: None });
    let (sink, context): (Option<RawPassSink>, *mut c_void) = match &mut listener {
        Some(listener) => (Some(hear), (&raw mut *listener).cast()),
        None => (None, std::ptr::null_mut()),
    };
    // SAFETY: alive (caller); the callbacks get what they expect, and it outlives the call.
    let went_well = unsafe {
        swl_run_pipeline(
            module,
            machine,
            text.as_ptr().cast(),
            text.len(),
            sink,
            context,
            collect,
            (&raw mut errors).cast(),
        )
    };
    if let Some(panic) = listener.and_then(|listener| listener.panic) {
        resume_unwind(panic);
    }
    if went_well == 0 {
        return Err(one_line(&errors));
    }
    Ok(())
}

/// A pipeline with everything written out: `default<O2>` becomes its passes.
///
/// # Errors
/// LLVM's complaint.
pub fn parse(text: &str) -> Result<String, String> {
    let (mut expanded, mut errors): (Vec<String>, Vec<String>) = Default::default();
    // SAFETY: the text is as long as said; both lists outlive the call.
    let went_well = unsafe {
        swl_parse_pipeline(
            text.as_ptr().cast(),
            text.len(),
            Some(collect),
            (&raw mut expanded).cast(),
            collect,
            (&raw mut errors).cast(),
        )
    };
    if went_well == 0 {
        return Err(one_line(&errors));
    }
    Ok(expanded.concat())
}

/// The names of all passes and managers of passes.
#[must_use]
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    // SAFETY: the list outlives the call.
    unsafe { swl_pass_names(collect, (&raw mut names).cast()) };
    // These the parser knows without a list.
    let managers = [
        "module",
        "cgscc",
        "function",
        "loop",
        "loop-mssa",
        "machine-function",
        "repeat",
        "devirt",
    ];
    let defaults = [
        "default",
        "thinlto-pre-link",
        "thinlto",
        "lto-pre-link",
        "lto",
    ];
    names.extend(managers.into_iter().chain(defaults).map(str::to_owned));
    names
}
