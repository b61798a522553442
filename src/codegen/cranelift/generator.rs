//! [`CraneliftGenerator`]: from request to image.

use super::super::image::{Block, CodeImage, ExitDesc};
use super::super::lower::lower;
use super::super::prepare::{Clock, Prepared, guarded, prepare};
use super::super::tables::SiteTable;
use super::super::{CodeGenerator, CodeMemory, CodegenError, Outcome, SymbolTable};
use super::builder::CraneliftMachine;
use super::link::link;
use cranelift_codegen::CodegenError as CraneliftError;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CompiledCode, Context, ir};
use std::sync::Arc;

/// The Cranelift code generator.
pub struct CraneliftGenerator {
    symbols: SymbolTable,
    memory: Arc<dyn CodeMemory>,
    /// Without optimisation, and with it.
    targets: [OwnedTargetIsa; 2],
    /// Kept for its buffers.
    context: Context,
    /// The same, of the register allocator.
    registers: regalloc2::Ctx,
}

/// The part of its size by which a unit may grow in the passes. They compute what is pure where it is used, which for a value that
/// many exits tell is in each of these: code that grows with the square of the unit.
const MOST_GROWTH: u32 = 8;

impl CraneliftGenerator {
    /// A generator for code that uses `symbols` and is put into `memory`.
    ///
    /// # Errors
    /// When Cranelift does not know this machine.
    pub fn new(symbols: SymbolTable, memory: Arc<dyn CodeMemory>) -> Result<Self, CodegenError> {
        if let Some(name) = symbols.missing().first() {
            return Err(CodegenError::Backend(format!("no address for {name}")));
        }
        Ok(CraneliftGenerator {
            symbols,
            memory,
            targets: [target("none")?, target("speed")?],
            context: Context::new(),
            registers: regalloc2::Ctx::default(),
        })
    }

    fn target(&self, level: u8) -> OwnedTargetIsa {
        self.targets[usize::from(level > 0)].clone()
    }

    /// Lowers a unit into the context.
    fn build(&mut self, prepared: Prepared) -> Result<Built, CodegenError> {
        let Prepared { request, mut clock } = prepared;
        let (function, exits) = guarded("lowering", || {
            let mut machine = CraneliftMachine::new(&request.head.symbol, &self.symbols);
            let lowered = lower(
                &request.function,
                &mut machine,
                request.head.unit_token,
                &request.head.options,
            );
            (machine.finish(), lowered.exits)
        })?;
        self.context.clear();
        self.context.func = function;
        clock.lap("lower");
        Ok(Built {
            exits,
            clock,
            symbol: request.head.symbol,
            target: self.target(request.head.options.codegen_level),
            hir_insts: request.function.inst_count() as u32,
            before: count_instructions(&self.context.func),
        })
    }

    /// Compiles what is in the context: in the two steps of `Context::compile`, so that each has its time.
    fn emit(
        &mut self,
        target: &OwnedTargetIsa,
        clock: &mut Clock,
    ) -> Result<CompiledCode, CodegenError> {
        let plain = self.target(0);
        let (context, registers) = (&mut self.context, &mut self.registers);
        guarded("Cranelift", || {
            let mut plane = ControlPlane::default();
            let lowered = context.func.clone();
            let before = count_instructions(&lowered);
            context.optimize(&**target, &mut plane)?;
            if count_instructions(&context.func) > before + before / MOST_GROWTH {
                let wants_text = context.want_disasm;
                context.clear();
                context.func = lowered;
                context.set_disasm(wants_text);
                context.optimize(&*plain, &mut plane)?;
            }
            clock.lap("passes");
            let stencil = target.compile_function(
                &context.func,
                &context.domtree,
                registers,
                context.want_disasm,
                &mut plane,
            )?;
            let code = stencil.apply_params(&context.func.params);
            clock.lap("emit");
            Ok(code)
        })?
        .map_err(|error: CraneliftError| CodegenError::Backend(error.to_string()))
    }
}

/// A unit that has been lowered.
struct Built {
    exits: Vec<ExitDesc>,
    clock: Clock,
    symbol: String,
    target: OwnedTargetIsa,
    hir_insts: u32,
    before: u32,
}

/// Cranelift for this machine.
fn target(level: &str) -> Result<OwnedTargetIsa, CodegenError> {
    let bad = |error: String| CodegenError::Backend(format!("Cranelift: {error}"));
    let mut flags = settings::builder();
    let verifies = if cfg!(debug_assertions) {
        "true"
    } else {
        "false"
    };
    for (name, value) in [
        ("opt_level", level),
        ("enable_verifier", verifies),
        ("enable_probestack", "false"),
        // For profilers, as LLVM's code has them.
        ("preserve_frame_pointers", "true"),
        ("unwind_info", "true"),
    ] {
        flags
            .set(name, value)
            .map_err(|error| bad(error.to_string()))?;
    }
    cranelift_native::builder()
        .map_err(|error| bad(error.to_owned()))?
        .finish(settings::Flags::new(flags))
        .map_err(|error| bad(error.to_string()))
}

fn count_instructions(function: &ir::Function) -> u32 {
    let layout = &function.layout;
    let counts = layout
        .blocks()
        .map(|block| layout.block_insts(block).count() as u32);
    counts.sum()
}

impl CodeGenerator for CraneliftGenerator {
    #[tracing::instrument(level = "debug", name = "codegen", skip_all)]
    fn compile(&mut self, request: &[u8]) -> Result<Outcome, CodegenError> {
        let prepared = match prepare(request)? {
            Ok(prepared) => prepared,
            Err(outcome) => return Ok(outcome),
        };
        let mut built = self.build(prepared)?;
        let compiled = self.emit(&built.target, &mut built.clock)?;
        let linked = link(&*built.target, &compiled, &self.symbols, &*self.memory)?;
        built.clock.lap("link");
        let after = count_instructions(&self.context.func);
        Ok(Outcome::Compiled(CodeImage {
            blocks: vec![linked.block],
            symbol: built.symbol,
            entry: linked.block.address,
            code_size: linked.code_size,
            unwind_table: linked.unwind_table,
            unwinder_knows: false,
            exits: built.exits.into(),
            sites: SiteTable::default(),
            phases: built.clock.phases,
            hir_insts: built.hir_insts,
            ir_before: built.before,
            ir_after: after,
        }))
    }

    fn release(&mut self, blocks: &[Block]) {
        self.memory.free_all(blocks);
    }

    fn ir(&mut self, prepared: Prepared) -> Result<String, CodegenError> {
        let built = self.build(prepared)?;
        let context = &mut self.context;
        guarded("Cranelift", || {
            context.optimize(&*built.target, &mut ControlPlane::default())
        })?
        .map_err(|error| CodegenError::Backend(error.to_string()))?;
        Ok(self.context.func.display().to_string())
    }

    fn asm(&mut self, prepared: Prepared) -> Result<String, CodegenError> {
        let mut built = self.build(prepared)?;
        self.context.set_disasm(true);
        let code = self.emit(&built.target, &mut built.clock)?;
        code.vcode
            .ok_or_else(|| CodegenError::Backend("no text of the code".to_owned()))
    }

    fn check_pipeline(&mut self, _pipeline: &str) -> Result<(), CodegenError> {
        Err(CodegenError::BadPipeline(
            "Cranelift's passes are its own".to_owned(),
        ))
    }
}
