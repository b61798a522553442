//! [`LlvmGenerator`]: from request to image.

use super::super::image::{CodeImage, Phase};
use super::super::lower::lower;
use super::super::{
    CodeGenerator, CodeMemory, CodegenError, CompileRequest, FORMAT_VERSION, SymbolTable,
};
use super::builder::LlvmMachine;
use super::diagnostics::Diagnostics;
use super::link::{Linker, Tracker};
use crate::codegen::image::ExitDesc;
use inkwell::OptimizationLevel;
use inkwell::context::Context;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{
    CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine,
};
use llvm_sys::support::LLVMParseCommandLineOptions;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{CStr, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, Once};
use std::time::Instant;

/// Keeps code to the registers that `swl_leave` saves: 16 general ones, 16 vector ones.
const ONLY_SAVED_REGISTERS: &str = ",-avx512f,-egpr";

/// The LLVM code generator. It lives on one thread at a time.
pub struct LlvmGenerator {
    symbols: SymbolTable,
    linker: Linker,
    /// By code generation level; a target machine's tables are large, so each is made once.
    machines: HashMap<u8, TargetMachine>,
    /// By image handle.
    trackers: HashMap<u64, Tracker>,
    /// The last image handle given out.
    handles: u64,
}

// SAFETY: LLVM's target machines and the linker are bound to no thread; `&mut self` keeps two
// threads from using them at once.
unsafe impl Send for LlvmGenerator {}

/// LLVM's own switches, for which its C interface has no other door: two machine passes cost a fifth of
/// the compile time and gain nothing. Our exits end in the same few instructions, which tail merging
/// compares pair by pair; and processors that run out of order need no schedule.
const SWITCHES: [&CStr; 3] = [
    c"swallow",
    c"-enable-tail-merge=false",
    c"-post-RA-scheduler=false",
];

/// Sets [`SWITCHES`], which LLVM takes only once.
fn set_switches() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let words = SWITCHES.map(CStr::as_ptr);
        // SAFETY: an array of that many strings, which LLVM copies.
        unsafe {
            LLVMParseCommandLineOptions(words.len() as c_int, words.as_ptr(), ptr::null());
        }
    });
}

/// Measures phases one after the other.
struct Clock {
    last: Instant,
    phases: Vec<Phase>,
}

impl Clock {
    fn new() -> Self {
        Clock {
            last: Instant::now(),
            phases: Vec::new(),
        }
    }

    fn lap(&mut self, name: &str) {
        let now = Instant::now();
        let seconds = (now - self.last).as_secs_f64();
        tracing::debug!(phase = name, seconds, "code generation");
        self.phases.push(Phase {
            name: name.to_owned(),
            seconds,
        });
        self.last = now;
    }
}

impl LlvmGenerator {
    /// A generator for code that uses `symbols` and is put into `memory`.
    ///
    /// # Errors
    /// When LLVM has no target for this machine or ORC cannot start.
    pub fn new(symbols: SymbolTable, memory: Arc<dyn CodeMemory>) -> Result<Self, CodegenError> {
        if let Some(name) = symbols.missing().first() {
            return Err(CodegenError::Backend(format!("no address for {name}")));
        }
        Target::initialize_x86(&InitializationConfig::default());
        set_switches();
        let linker = Linker::new(&symbols, memory)?;
        Ok(LlvmGenerator {
            symbols,
            linker,
            machines: HashMap::new(),
            trackers: HashMap::new(),
            handles: 0,
        })
    }

    fn target_machine(&mut self, level: u8) -> Result<&TargetMachine, CodegenError> {
        Ok(match self.machines.entry(level) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(make_target_machine(level)?),
        })
    }

    /// Builds the module of a request, and runs its pipeline if asked to; hands the module on.
    fn with_module<R>(
        &mut self,
        request: &[u8],
        optimise: bool,
        then: impl FnOnce(&mut Self, &CompileRequest, &Module<'_>, Built) -> Result<R, CodegenError>,
    ) -> Result<R, CodegenError> {
        let mut clock = Clock::new();
        let request: CompileRequest = postcard::from_bytes(request)
            .map_err(|error| CodegenError::BadRequest(error.to_string()))?;
        if request.version != FORMAT_VERSION {
            return Err(CodegenError::BadRequest(format!(
                "format version {} instead of {FORMAT_VERSION}",
                request.version
            )));
        }
        crate::hir::verify(&request.function)
            .map_err(|errors| CodegenError::BadRequest(errors.to_string()))?;
        clock.lap("decode");
        let context = Context::create();
        let diagnostics = Diagnostics::listen(&context);
        let module = context.create_module(&request.function.name);
        let level = request.options.codegen_level;
        {
            let machine = self.target_machine(level)?;
            module.set_triple(&machine.get_triple());
            module.set_data_layout(&machine.get_target_data().get_data_layout());
        }
        let lowered = catch_unwind(AssertUnwindSafe(|| {
            let mut machine =
                LlvmMachine::new(&context, &module, &request.symbol, &self.symbols, level > 0);
            let lowered = lower(
                &request.function,
                &mut machine,
                request.unit_token,
                request.options.stress_counter,
            );
            machine.finish();
            lowered
        }))
        .map_err(|panic| CodegenError::Backend(format!("lowering: {}", panic_text(&panic))))?;
        clock.lap("lower");
        if cfg!(debug_assertions) || tracing::enabled!(tracing::Level::DEBUG) {
            module
                .verify()
                .map_err(|error| CodegenError::Backend(error.to_string()))?;
            clock.lap("verify");
        }
        let before = count_instructions(&module);
        if optimise {
            let machine = self.target_machine(level)?;
            module
                .run_passes(
                    &request.options.pipeline,
                    machine,
                    PassBuilderOptions::create(),
                )
                .map_err(|error| CodegenError::BadPipeline(error.to_string()))?;
            clock.lap("passes");
            diagnostics.check()?;
        }
        let built = Built {
            exits: lowered.exits,
            clock,
            before,
            after: count_instructions(&module),
        };
        let done = then(self, &request, &module, built)?;
        diagnostics.check()?;
        Ok(done)
    }
}

/// What came of building a module.
struct Built {
    exits: Vec<ExitDesc>,
    clock: Clock,
    before: u32,
    after: u32,
}

fn panic_text(panic: &Box<dyn std::any::Any + Send>) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "panic".to_owned())
}

fn make_target_machine(level: u8) -> Result<TargetMachine, CodegenError> {
    let triple = TargetMachine::get_default_triple();
    let target =
        Target::from_triple(&triple).map_err(|error| CodegenError::Backend(error.to_string()))?;
    let level = match level {
        0 => OptimizationLevel::None,
        1 => OptimizationLevel::Less,
        2 => OptimizationLevel::Default,
        _ => OptimizationLevel::Aggressive,
    };
    target
        .create_target_machine(
            &triple,
            &TargetMachine::get_host_cpu_name().to_string_lossy(),
            &format!(
                "{}{ONLY_SAVED_REGISTERS}",
                TargetMachine::get_host_cpu_features().to_string_lossy()
            ),
            level,
            RelocMode::PIC,
            CodeModel::Small,
        )
        .ok_or_else(|| CodegenError::Backend("no target machine for this processor".into()))
}

fn count_instructions(module: &Module<'_>) -> u32 {
    module
        .get_functions()
        .flat_map(|function| function.get_basic_blocks())
        .map(|block| block.get_instructions().count() as u32)
        .sum()
}

fn emit(
    machine: &TargetMachine,
    module: &Module<'_>,
    kind: FileType,
) -> Result<MemoryBuffer<'static>, CodegenError> {
    machine
        .write_to_memory_buffer(module, kind)
        .map_err(|error| CodegenError::Backend(error.to_string()))
}

impl Drop for LlvmGenerator {
    fn drop(&mut self) {
        for (_, tracker) in self.trackers.drain() {
            self.linker.remove(tracker);
        }
    }
}

impl CodeGenerator for LlvmGenerator {
    #[tracing::instrument(level = "debug", name = "codegen", skip_all)]
    fn compile(&mut self, request: &[u8]) -> Result<CodeImage, CodegenError> {
        let (object, symbol, mut built) =
            self.with_module(request, true, |this, request, module, mut built| {
                let machine = this.target_machine(request.options.codegen_level)?;
                let object = emit(machine, module, FileType::Object)?;
                built.clock.lap("emit");
                Ok((object, request.symbol.clone(), built))
            })?;
        // The linker takes the buffer over.
        let raw = object.as_mut_ptr();
        std::mem::forget(object);
        let linked = self.linker.link(raw, &symbol)?;
        built.clock.lap("link");
        self.handles += 1;
        let handle = self.handles;
        self.trackers.insert(handle, linked.tracker);
        Ok(CodeImage {
            handle,
            symbol,
            entry: linked.address,
            code_size: linked.code_size,
            memory_size: linked.memory_size,
            exits: built.exits,
            sites: linked.sites,
            phases: built.clock.phases,
            ir_before: built.before,
            ir_after: built.after,
        })
    }

    fn release(&mut self, image: &CodeImage) {
        if let Some(tracker) = self.trackers.remove(&image.handle) {
            self.linker.remove(tracker);
        }
    }

    fn ir_text(&mut self, request: &[u8], optimised: bool) -> Result<String, CodegenError> {
        self.with_module(request, optimised, |_, _, module, _| {
            Ok(module.print_to_string().to_string())
        })
    }

    fn asm_text(&mut self, request: &[u8]) -> Result<String, CodegenError> {
        self.with_module(request, true, |this, request, module, _| {
            let machine = this.target_machine(request.options.codegen_level)?;
            let text = emit(machine, module, FileType::Assembly)?;
            Ok(String::from_utf8_lossy(text.as_slice())
                .trim_end_matches('\0')
                .to_owned())
        })
    }

    fn check_pipeline(&mut self, pipeline: &str) -> Result<(), CodegenError> {
        let context = Context::create();
        let diagnostics = Diagnostics::listen(&context);
        let module = context.create_module("pipeline");
        let machine = self.target_machine(0)?;
        module
            .run_passes(pipeline, machine, PassBuilderOptions::create())
            .map_err(|error| CodegenError::BadPipeline(error.to_string()))?;
        diagnostics.check()
    }
}
