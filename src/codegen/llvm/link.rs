//! ORC: an LLJIT whose object layer lays sections into the code memory.

use super::super::image::{Block, Site};
use super::super::{CodeMemory, CodegenError, SymbolTable};
use super::stack_map;
use llvm_sys::error::{LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage};
use llvm_sys::orc2::ee::LLVMOrcCreateRTDyldObjectLinkingLayerWithMCJITMemoryManagerLikeCallbacks;
use llvm_sys::orc2::lljit::{
    LLVMOrcCreateLLJIT, LLVMOrcCreateLLJITBuilder, LLVMOrcDisposeLLJIT,
    LLVMOrcLLJITAddObjectFileWithRT, LLVMOrcLLJITBuilderSetObjectLinkingLayerCreator,
    LLVMOrcLLJITGetExecutionSession, LLVMOrcLLJITGetMainJITDylib, LLVMOrcLLJITLookup,
    LLVMOrcLLJITMangleAndIntern, LLVMOrcLLJITRef,
};
use llvm_sys::orc2::{
    LLVMJITEvaluatedSymbol, LLVMJITSymbolFlags, LLVMJITSymbolGenericFlags, LLVMOrcAbsoluteSymbols,
    LLVMOrcCSymbolMapPair, LLVMOrcExecutionSessionRef, LLVMOrcExecutionSessionSetErrorReporter,
    LLVMOrcJITDylibCreateResourceTracker, LLVMOrcJITDylibDefine, LLVMOrcObjectLayerRef,
    LLVMOrcReleaseResourceTracker, LLVMOrcResourceTrackerRef, LLVMOrcResourceTrackerRemove,
};
use llvm_sys::prelude::{LLVMBool, LLVMMemoryBufferRef};
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A section in the code memory.
struct Section {
    block: NonNull<u8>,
    size: usize,
}

/// What the memory manager of one object knows.
struct ObjectMemory {
    shared: Arc<Shared>,
    sections: Vec<Section>,
    /// Stands in for sections that the code memory had no room for: RTDyld ends the process when it
    /// gets no memory, so it gets some, and `finalize` fails.
    overflow: Vec<Vec<u8>>,
    /// The stack map, which is read and never executed; in words, for its alignment.
    stack_map: Vec<u64>,
}

/// What an object has in the code memory.
#[derive(Default)]
struct Contents {
    blocks: Vec<Block>,
    code_size: u64,
    unwind_table: u64,
}

/// What all objects of one linker share.
struct Shared {
    memory: Arc<dyn CodeMemory>,
    /// What the object that was linked last has in the code memory.
    last: Mutex<Contents>,
    /// The sites of the object that was linked last.
    sites: Mutex<Result<Vec<Site>, CodegenError>>,
    /// What went wrong in the object that was linked last: a look-up only says that it failed.
    failure: Mutex<Option<CodegenError>>,
}

impl Shared {
    fn failure(&self) -> MutexGuard<'_, Option<CodegenError>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> MutexGuard<'_, Contents> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sites(&self) -> MutexGuard<'_, Result<Vec<Site>, CodegenError>> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Links objects into the code memory.
pub(super) struct Linker {
    jit: LLVMOrcLLJITRef,
    shared: Arc<Shared>,
}

/// A linked object.
pub(super) struct Linked {
    pub(super) address: u64,
    pub(super) code_size: u64,
    pub(super) blocks: Vec<Block>,
    pub(super) unwind_table: u64,
    pub(super) sites: Vec<Site>,
    pub(super) tracker: Tracker,
}

/// The right to remove an object.
pub(super) struct Tracker(LLVMOrcResourceTrackerRef);

// SAFETY: an LLJIT may be used from any thread, one at a time; `&mut self` sees to that.
unsafe impl Send for Linker {}
// SAFETY: as above.
unsafe impl Send for Tracker {}

impl Linker {
    pub(super) fn new(
        symbols: &SymbolTable,
        memory: Arc<dyn CodeMemory>,
    ) -> Result<Self, CodegenError> {
        let shared = Arc::new(Shared {
            memory,
            last: Mutex::default(),
            sites: Mutex::new(Ok(Vec::new())),
            failure: Mutex::new(None),
        });
        // SAFETY: the builder is consumed by `LLVMOrcCreateLLJIT`; the context pointer is to the
        // `Shared` that outlives the JIT, which `Drop` disposes of first.
        let jit = unsafe {
            let builder = LLVMOrcCreateLLJITBuilder();
            LLVMOrcLLJITBuilderSetObjectLinkingLayerCreator(
                builder,
                create_layer,
                Arc::as_ptr(&shared).cast_mut().cast(),
            );
            let mut jit = ptr::null_mut();
            check(LLVMOrcCreateLLJIT(&mut jit, builder))?;
            jit
        };
        // SAFETY: the session belongs to the JIT; the context outlives it, as above.
        unsafe {
            LLVMOrcExecutionSessionSetErrorReporter(
                LLVMOrcLLJITGetExecutionSession(jit),
                report,
                Arc::as_ptr(&shared).cast_mut().cast(),
            );
        }
        let linker = Linker { jit, shared };
        linker.define(symbols)?;
        Ok(linker)
    }

    /// Makes the runtime's functions known by name.
    fn define(&self, symbols: &SymbolTable) -> Result<(), CodegenError> {
        let mut pairs: Vec<LLVMOrcCSymbolMapPair> = Vec::new();
        for (name, address) in symbols.iter() {
            let name = CString::new(name).expect("names have no NUL");
            // SAFETY: the JIT is alive and the name is a C string; the interned name's reference
            // passes to the symbol map below.
            let name = unsafe { LLVMOrcLLJITMangleAndIntern(self.jit, name.as_ptr()) };
            pairs.push(LLVMOrcCSymbolMapPair {
                Name: name,
                Sym: LLVMJITEvaluatedSymbol {
                    Address: address,
                    Flags: LLVMJITSymbolFlags {
                        GenericFlags: LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsExported
                            as u8,
                        TargetFlags: 0,
                    },
                },
            });
        }
        // SAFETY: the pairs are valid for the call, which consumes the names; the unit passes to
        // the dylib.
        unsafe {
            let unit = LLVMOrcAbsoluteSymbols(pairs.as_mut_ptr(), pairs.len());
            check(LLVMOrcJITDylibDefine(
                LLVMOrcLLJITGetMainJITDylib(self.jit),
                unit,
            ))
        }
    }

    /// Links an object, whose buffer is consumed, and finds `symbol` in it.
    pub(super) fn link(
        &mut self,
        object: LLVMMemoryBufferRef,
        symbol: &str,
    ) -> Result<Linked, CodegenError> {
        let name =
            CString::new(symbol).map_err(|_| CodegenError::BadRequest("NUL in symbol".into()))?;
        *self.shared.last() = Contents::default();
        *self.shared.failure() = None;
        *self.shared.sites() = Ok(Vec::new());
        // SAFETY: the JIT is alive; it takes the buffer whatever happens.
        let tracker = unsafe {
            let tracker =
                LLVMOrcJITDylibCreateResourceTracker(LLVMOrcLLJITGetMainJITDylib(self.jit));
            let added = check(LLVMOrcLLJITAddObjectFileWithRT(self.jit, tracker, object));
            if let Err(error) = added {
                LLVMOrcReleaseResourceTracker(tracker);
                return Err(error);
            }
            Tracker(tracker)
        };
        let mut address = 0;
        // SAFETY: the JIT is alive and the name is a C string.
        let found = check(unsafe { LLVMOrcLLJITLookup(self.jit, &mut address, name.as_ptr()) });
        if let Err(error) = found {
            self.remove(tracker);
            return Err(self.shared.failure().take().unwrap_or(error));
        }
        let sites = std::mem::replace(&mut *self.shared.sites(), Ok(Vec::new()));
        let sites = match sites {
            Ok(sites) => sites,
            Err(error) => {
                self.remove(tracker);
                return Err(error);
            }
        };
        let contents = std::mem::take(&mut *self.shared.last());
        Ok(Linked {
            address,
            sites,
            blocks: contents.blocks,
            code_size: contents.code_size,
            unwind_table: contents.unwind_table,
            tracker,
        })
    }

    /// Removes an object and frees its code.
    pub(super) fn remove(&mut self, tracker: Tracker) {
        // SAFETY: the tracker is of this JIT and not removed yet; `Tracker` can't be copied.
        let removed = unsafe {
            let removed = check(LLVMOrcResourceTrackerRemove(tracker.0));
            LLVMOrcReleaseResourceTracker(tracker.0);
            removed
        };
        if let Err(error) = removed {
            tracing::error!(%error, "code could not be removed");
        }
    }
}

impl Drop for Linker {
    fn drop(&mut self) {
        // SAFETY: made by `new`, not used afterwards.
        if let Err(error) = check(unsafe { LLVMOrcDisposeLLJIT(self.jit) }) {
            tracing::error!(%error, "the linker could not be disposed of");
        }
    }
}

/// Turns an ORC error into ours.
fn check(error: LLVMErrorRef) -> Result<(), CodegenError> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error is consumed by getting its message, which is freed after copying.
    let text = unsafe {
        let message = LLVMGetErrorMessage(error);
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeErrorMessage(message);
        text
    };
    if text.contains("out of code memory") {
        return Err(CodegenError::OutOfMemory);
    }
    Err(CodegenError::Backend(text))
}

/// Errors that ORC would print otherwise.
extern "C" fn report(context: *mut c_void, error: LLVMErrorRef) {
    // SAFETY: `context` is the `Shared` that the linker holds.
    let shared = unsafe { &*context.cast::<Shared>() };
    if let Err(error) = check(error) {
        tracing::debug!(%error, "ORC");
        shared.failure().get_or_insert(error);
    }
}

extern "C" fn create_layer(
    context: *mut c_void,
    session: LLVMOrcExecutionSessionRef,
    _triple: *const c_char,
) -> LLVMOrcObjectLayerRef {
    // SAFETY: the callbacks below match the interface; the context outlives the layer.
    unsafe {
        LLVMOrcCreateRTDyldObjectLinkingLayerWithMCJITMemoryManagerLikeCallbacks(
            session,
            context,
            create_memory,
            notify_terminating,
            allocate_code,
            allocate_data,
            finalize,
            Some(destroy),
        )
    }
}

extern "C" fn create_memory(context: *mut c_void) -> *mut c_void {
    // SAFETY: `context` is the `Shared` that the linker holds; one more reference for the object.
    let shared = unsafe {
        Arc::increment_strong_count(context.cast::<Shared>());
        Arc::from_raw(context.cast::<Shared>())
    };
    Box::into_raw(Box::new(ObjectMemory {
        shared,
        sections: Vec::new(),
        overflow: Vec::new(),
        stack_map: Vec::new(),
    }))
    .cast()
}

extern "C" fn notify_terminating(_context: *mut c_void) {}

fn allocate(object: *mut c_void, size: usize, align: u32) -> *mut u8 {
    // SAFETY: `object` is the box that `create_memory` made; RTDyld uses it on one thread.
    let object = unsafe { &mut *object.cast::<ObjectMemory>() };
    let Some(block) = object.shared.memory.allocate(size, align as usize) else {
        let mut spare = vec![0u8; size + align as usize];
        let start = spare.as_mut_ptr();
        object.overflow.push(spare);
        return start.wrapping_add(start.align_offset(align.max(1) as usize));
    };
    object.sections.push(Section { block, size });
    object.shared.last().blocks.push(Block {
        address: block.as_ptr() as u64,
        size: size as u64,
    });
    block.as_ptr()
}

extern "C" fn allocate_code(
    object: *mut c_void,
    size: usize,
    align: u32,
    _section: u32,
    _name: *const c_char,
) -> *mut u8 {
    let block = allocate(object, size, align);
    if !block.is_null() {
        // SAFETY: as in `allocate`.
        let object = unsafe { &*object.cast::<ObjectMemory>() };
        object.shared.last().code_size += size as u64;
    }
    block
}

extern "C" fn allocate_data(
    object: *mut c_void,
    size: usize,
    align: u32,
    _section: u32,
    name: *const c_char,
    _read_only: LLVMBool,
) -> *mut u8 {
    // SAFETY: RTDyld names every section.
    let name = unsafe { CStr::from_ptr(name) };
    if name.to_bytes() == stack_map::SECTION.as_bytes() {
        // SAFETY: as in `allocate`.
        let object = unsafe { &mut *object.cast::<ObjectMemory>() };
        object.stack_map = vec![0; size.div_ceil(8)];
        return object.stack_map.as_mut_ptr().cast();
    }
    let block = allocate(object, size, align);
    if name == c".eh_frame" {
        // SAFETY: as in `allocate`.
        let object = unsafe { &*object.cast::<ObjectMemory>() };
        object.shared.last().unwind_table = block as u64;
    }
    block
}

extern "C" fn finalize(object: *mut c_void, error: *mut *mut c_char) -> LLVMBool {
    // SAFETY: as in `allocate`.
    let object = unsafe { &*object.cast::<ObjectMemory>() };
    if !object.stack_map.is_empty() {
        // SAFETY: words are bytes.
        let bytes = unsafe {
            std::slice::from_raw_parts(
                object.stack_map.as_ptr().cast::<u8>(),
                8 * object.stack_map.len(),
            )
        };
        *object.shared.sites() = stack_map::sites(bytes);
    }
    let sealed = object
        .sections
        .iter()
        .all(|section| object.shared.memory.seal(section.block, section.size));
    let failure = if object.overflow.is_empty() {
        c"code memory could not be sealed"
    } else {
        c"out of code memory"
    };
    let failed = !sealed || !object.overflow.is_empty();
    if failed && !error.is_null() {
        // SAFETY: the caller frees the message with `free`.
        unsafe { *error = libc::strdup(failure.as_ptr()) };
    }
    LLVMBool::from(failed)
}

extern "C" fn destroy(object: *mut c_void) {
    // SAFETY: the box that `create_memory` made; this is its last use.
    let object = unsafe { Box::from_raw(object.cast::<ObjectMemory>()) };
    for section in &object.sections {
        object.shared.memory.free(section.block, section.size);
    }
}
