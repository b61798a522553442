//! The code generators of this build, each made when it is first asked for.

use super::{Block, CodeGenerator, CodeMemory, CodegenError, Engine, SymbolTable};
use std::sync::Arc;

/// The code generators, over one table of symbols and one code memory.
pub struct Engines {
    symbols: SymbolTable,
    memory: Arc<dyn CodeMemory>,
    llvm: Option<Box<dyn CodeGenerator>>,
    cranelift: Option<Box<dyn CodeGenerator>>,
}

impl Engines {
    /// None of them yet.
    #[must_use]
    pub fn new(symbols: SymbolTable, memory: Arc<dyn CodeMemory>) -> Engines {
        Engines {
            symbols,
            memory,
            llvm: None,
            cranelift: None,
        }
    }

    /// One of them.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn get(&mut self, engine: Engine) -> Result<&mut dyn CodeGenerator, CodegenError> {
        let made = match engine {
            Engine::Llvm => &mut self.llvm,
            Engine::Cranelift => &mut self.cranelift,
        };
        Ok(&mut **match made {
            Some(known) => known,
            empty => empty.insert(make(engine, &self.symbols, &self.memory)?),
        })
    }

    /// Frees the blocks of an image, whichever of them has made it. No thread may be inside its code.
    pub fn release(&mut self, blocks: &[Block]) {
        // LLVM's linker keeps books of its own; all others have nothing but the blocks.
        if let Some(llvm) = &mut self.llvm {
            llvm.release(blocks);
            return;
        }
        self.memory.free_all(blocks);
    }
}

fn make(
    engine: Engine,
    symbols: &SymbolTable,
    memory: &Arc<dyn CodeMemory>,
) -> Result<Box<dyn CodeGenerator>, CodegenError> {
    match engine {
        #[cfg(feature = "llvm")]
        Engine::Llvm => Ok(Box::new(super::llvm::LlvmGenerator::new(
            symbols.clone(),
            memory.clone(),
        )?)),
        #[cfg(feature = "cranelift")]
        Engine::Cranelift => Ok(Box::new(super::cranelift::CraneliftGenerator::new(
            symbols.clone(),
            memory.clone(),
        )?)),
        #[cfg(not(all(feature = "llvm", feature = "cranelift")))]
        missing => Err(CodegenError::Backend(format!(
            "this build has no {missing}"
        ))),
    }
}
