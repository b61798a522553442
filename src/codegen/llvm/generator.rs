//! [`LlvmGenerator`]: from request to image.

use super::super::image::{Block, CodeImage};
use super::super::lower::lower;
use super::super::prepare::{Clock, Prepared, guarded, prepare};
use super::super::{CodeGenerator, CodeMemory, CodegenError, CompileRequest, Outcome, SymbolTable};
use super::builder::LlvmMachine;
use super::diagnostics::Diagnostics;
use super::link::{Linker, Tracker};
use crate::codegen::image::ExitDesc;
use crate::timing;
use inkwell::OptimizationLevel;
use inkwell::context::Context;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;
use inkwell::targets::{
    CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine,
};
use llvm_passes::shim;
use llvm_sys::support::LLVMParseCommandLineOptions;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::{Arc, Once};

/// Keeps code to the registers that `swl_leave` saves: 16 general ones, 16 vector ones.
const ONLY_SAVED_REGISTERS: &str = ",-avx512f,-egpr";

/// The LLVM code generator. It lives on one thread at a time.
pub struct LlvmGenerator {
    symbols: SymbolTable,
    linker: Linker,
    memory: Arc<dyn CodeMemory>,
    /// By code generation level; a target machine's tables are large, so each is made once.
    machines: HashMap<u8, TargetMachine>,
    /// By the address of the image's first block.
    trackers: HashMap<u64, Tracker>,
}

// SAFETY: LLVM's target machines and the linker are bound to no thread; `&mut self` keeps two
// threads from using them at once.
unsafe impl Send for LlvmGenerator {}

/// LLVM's own switches, for which its C interface has no other door: three machine passes cost a fifth of
/// the compile time and gain nothing. Our exits end in the same few instructions, which tail merging
/// compares pair by pair; and processors that run out of order need no schedule. Tried and left: smaller regions for the register allocator
/// (`-grow-region-complexity-budget=200`), a seventh of the time from IR to code of large functions, for which nqueens ran 4 % longer.
const SWITCHES: [&CStr; 4] = [
    c"swallow",
    c"-enable-tail-merge=false",
    c"-post-RA-scheduler=false",
    c"-enable-misched=false",
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
        let linker = Linker::new(&symbols, memory.clone())?;
        Ok(LlvmGenerator {
            symbols,
            linker,
            memory,
            machines: HashMap::new(),
            trackers: HashMap::new(),
        })
    }

    fn target_machine(&mut self, level: u8) -> Result<&TargetMachine, CodegenError> {
        Ok(match self.machines.entry(level) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(make_target_machine(level)?),
        })
    }

    /// Builds the module of a unit and runs its pipeline; hands the module on.
    fn with_module<R>(
        &mut self,
        prepared: Prepared,
        then: impl FnOnce(&mut Self, &CompileRequest, &Module<'_>, Built) -> Result<R, CodegenError>,
    ) -> Result<R, CodegenError> {
        let Prepared { request, mut clock } = prepared;
        let context = Context::create();
        let diagnostics = Diagnostics::listen(&context);
        let module = context.create_module(&request.function.name);
        let level = request.head.options.codegen_level;
        {
            let machine = self.target_machine(level)?;
            module.set_triple(&machine.get_triple());
            module.set_data_layout(&machine.get_target_data().get_data_layout());
        }
        let lowered = guarded("lowering", || {
            let mut machine = LlvmMachine::new(
                &context,
                &module,
                &request.head.symbol,
                &self.symbols,
                level > 0,
            );
            let lowered = lower(
                &request.function,
                &mut machine,
                request.head.unit_token,
                &request.head.options,
            );
            machine.finish();
            lowered
        })?;
        clock.lap("lower");
        if cfg!(debug_assertions) || tracing::enabled!(tracing::Level::DEBUG) {
            module
                .verify()
                .map_err(|error| CodegenError::Backend(error.to_string()))?;
            clock.lap("verify");
        }
        let before = count_instructions(&module);
        run_passes(
            &module,
            self.target_machine(level)?,
            &request.head.options.pipeline,
        )?;
        clock.lap("passes");
        diagnostics.check()?;
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

/// Runs a pipeline, a preset's name or text; each pass is measured if this compilation is.
fn run_passes(
    module: &Module<'_>,
    machine: &TargetMachine,
    pipeline: &str,
) -> Result<(), CodegenError> {
    let text = llvm_passes::resolve(pipeline);
    let mut note = |run: &shim::PassRun<'_>| {
        timing::note_pass(&timing::PassRun {
            name: run.name,
            stage: timing::Stage::Llvm,
            changed: run.changed,
            start: run.start,
            duration: run.duration,
            own: run.own,
            before: run.before.into(),
            after: run.after.into(),
            memory: timing::Memory {
                taken: run.taken,
                most: run.most,
            },
        });
    };
    let listener: Option<&mut dyn FnMut(&shim::PassRun<'_>)> = match timing::notes_passes() {
        true => Some(&mut note),
        false => None,
    };
    // SAFETY: both are alive, and borrowed here; nobody else has them.
    let ran = unsafe { shim::run(module.as_mut_ptr(), machine.as_mut_ptr(), &text, listener) };
    ran.map_err(CodegenError::BadPipeline)
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
    fn compile(&mut self, request: &[u8]) -> Result<Outcome, CodegenError> {
        let prepared = match prepare(request)? {
            Ok(prepared) => prepared,
            Err(outcome) => return Ok(outcome),
        };
        let hir_insts = prepared.request.function.inst_count() as u32;
        let mut objects = prepared.request.function.addresses();
        objects.push(prepared.request.head.unit_token);
        let (object, symbol, mut built) =
            self.with_module(prepared, |this, request, module, mut built| {
                let machine = this.target_machine(request.head.options.codegen_level)?;
                let object = emit(machine, module, FileType::Object)?;
                built.clock.lap("emit");
                Ok((object, request.head.symbol.clone(), built))
            })?;
        // The module and its context are gone.
        built.clock.lap("free");
        timing::note_code(object.as_slice(), &objects);
        // The linker takes the buffer over.
        let raw = object.as_mut_ptr();
        std::mem::forget(object);
        let linked = self.linker.link(raw, &symbol)?;
        built.clock.lap("link");
        if let Some(first) = linked.blocks.first() {
            self.trackers.insert(first.address, linked.tracker);
        }
        Ok(Outcome::Compiled(CodeImage {
            blocks: linked.blocks,
            symbol,
            entry: linked.address,
            code_size: linked.code_size,
            unwind_table: linked.unwind_table,
            // RTDyld has.
            unwinder_knows: true,
            exits: built.exits.into(),
            sites: linked.sites.into(),
            phases: built.clock.phases,
            hir_insts,
            ir_before: built.before,
            ir_after: built.after,
        }))
    }

    fn release(&mut self, blocks: &[Block]) {
        let tracker = blocks
            .first()
            .and_then(|first| self.trackers.remove(&first.address));
        if let Some(tracker) = tracker {
            self.linker.remove(tracker);
            return;
        }
        // Another generator has made them, which is gone.
        self.memory.free_all(blocks);
    }

    fn ir(&mut self, prepared: Prepared) -> Result<String, CodegenError> {
        self.with_module(prepared, |_, _, module, _| {
            Ok(module.print_to_string().to_string())
        })
    }

    fn asm(&mut self, prepared: Prepared) -> Result<String, CodegenError> {
        self.with_module(prepared, |this, request, module, _| {
            let machine = this.target_machine(request.head.options.codegen_level)?;
            let text = emit(machine, module, FileType::Assembly)?;
            Ok(String::from_utf8_lossy(text.as_slice())
                .trim_end_matches('\0')
                .to_owned())
        })
    }

    fn check_pipeline(&mut self, pipeline: &str) -> Result<(), CodegenError> {
        self.expand_pipeline(pipeline)?;
        let context = Context::create();
        let diagnostics = Diagnostics::listen(&context);
        let module = context.create_module("pipeline");
        run_passes(&module, self.target_machine(0)?, pipeline)?;
        diagnostics.check()
    }

    fn expand_pipeline(&mut self, pipeline: &str) -> Result<String, CodegenError> {
        llvm_passes::check::expand(pipeline)
            .map_err(|mistake| CodegenError::BadPipeline(mistake.to_string()))
    }
}
