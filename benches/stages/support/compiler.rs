//! A code generator over a code memory of its own, as the helper has them, and what its phases took.

use _swallow::code::arena::Arena;
use _swallow::codegen::engines::Engines;
use _swallow::codegen::{
    CodeImage, CodegenError, CompileOptions, CompileRequest, Engine, FORMAT_VERSION, Outcome,
    RequestHead, SymbolTable,
};
use _swallow::helpers::{Data, Helper};
use _swallow::hir::Function;
use std::sync::Arc;
use std::time::Duration;

/// The request for a unit's code. It is not judged: all of it is to be compiled.
#[must_use]
pub fn request(function: &Function, pipeline: &str, level: u8) -> CompileRequest {
    CompileRequest {
        head: RequestHead {
            version: FORMAT_VERSION,
            symbol: String::new(),
            // As good as any address.
            unit_token: 0x5000_1234_5678,
            options: CompileOptions::new(pipeline, level),
            judged: None,
        },
        function: function.clone(),
    }
}

/// Addresses for all symbols, as far from the code as the runtime's are. The code is never run.
fn symbols() -> SymbolTable {
    let mut table = SymbolTable::default();
    let mut address = 0x5000_0000_0000;
    let mut next = || {
        address += 64;
        address
    };
    for helper in Helper::ALL {
        table.set_helper(*helper, next());
    }
    for data in Data::ALL {
        table.set_data(*data, next());
    }
    table
}

/// One code generator.
pub struct Compiler {
    engines: Engines,
    engine: Engine,
    memory: Arc<Arena>,
    units: u64,
}

impl Compiler {
    /// A fresh one with an empty code memory.
    ///
    /// # Errors
    /// When it can't be had: there is no address space, or it is not built in.
    pub fn new(engine: Engine) -> Result<Compiler, CodegenError> {
        let memory = Arena::new().ok_or(CodegenError::OutOfMemory)?;
        let memory = Arc::new(memory);
        let mut engines = Engines::new(symbols(), memory.clone());
        engines.get(engine)?;
        Ok(Compiler {
            engines,
            engine,
            memory,
            units: 0,
        })
    }

    /// The bytes of a request, under a symbol that no unit has had, as the runtime gives them.
    pub fn encode(&mut self, request: &mut CompileRequest) -> Vec<u8> {
        self.units += 1;
        request.head.symbol = format!("swl_unit_{}", self.units);
        postcard::to_stdvec(request).expect("plain data can be serialised")
    }

    /// Code for a request.
    ///
    /// # Errors
    /// The code generator's.
    pub fn compile(&mut self, request: &[u8]) -> Result<CodeImage, CodegenError> {
        match self.engines.get(self.engine)?.compile(request)? {
            Outcome::Compiled(image) => Ok(image),
            Outcome::NotPromising => Err(CodegenError::Backend("it was judged".to_owned())),
        }
    }

    /// Gives the code back.
    pub fn release(&mut self, image: &CodeImage) {
        self.engines.release(&image.blocks);
    }

    /// Bytes in use of the code memory.
    #[must_use]
    pub fn used(&self) -> usize {
        self.memory.usage().used
    }
}

/// What a phase of a compilation took, as the generator itself has measured it for `swallow.info`.
///
/// # Errors
/// When it has no phase of that name.
pub fn phase(image: &CodeImage, name: &str) -> Result<Duration, String> {
    let found = image.phases.iter().find(|phase| phase.name == name);
    found
        .map(|phase| Duration::from_secs_f64(phase.seconds))
        .ok_or_else(|| format!("no phase {name:?} in a compilation"))
}
