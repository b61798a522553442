//! Lays a compiled function into the code memory.
//!
//! Code and unwind table share one block: the code first, so that the block's address is the entry point, then, at a multiple
//! of 8, the table. Relocations are few in kind: helpers are called through their absolute addresses.

use super::super::image::Block;
use super::super::{CodeMemory, CodegenError, SymbolTable};
use super::unwind;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::ExternalName;
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{CompiledCode, FinalizedMachReloc, FinalizedRelocTarget};
use std::ptr::NonNull;

/// Code begins at a multiple of this.
const ALIGN: usize = 64;

/// A function in the code memory.
pub(super) struct Linked {
    pub(super) block: Block,
    pub(super) code_size: u64,
    pub(super) unwind_table: u64,
}

/// Links a function, and makes it executable.
///
/// # Errors
/// When there is no room, or a relocation can't be done; nothing stays allocated.
pub(super) fn link(
    isa: &dyn TargetIsa,
    compiled: &CompiledCode,
    symbols: &SymbolTable,
    memory: &dyn CodeMemory,
) -> Result<Linked, CodegenError> {
    let code = compiled.code_buffer();
    let info = compiled
        .create_unwind_info(isa)
        .map_err(|error| CodegenError::Backend(format!("unwind information: {error}")))?
        .ok_or_else(|| CodegenError::Backend("no unwind information".to_owned()))?;
    let table_at = code.len().next_multiple_of(8);
    // Its length does not depend on where the code is.
    let size = table_at + unwind::table(isa, &info, 0)?.len();
    let align = ALIGN.max(compiled.buffer.alignment as usize);
    let block = memory
        .allocate(size, align)
        .ok_or(CodegenError::OutOfMemory)?;
    let address = block.as_ptr() as u64;
    let linked = contents(isa, compiled, symbols, address).and_then(|bytes| {
        if bytes.len() != size {
            return Err(CodegenError::Backend("the unwind table grew".to_owned()));
        }
        put(block, &bytes);
        if memory.seal(block, size) {
            Ok(())
        } else {
            Err(CodegenError::Backend(
                "code memory could not be sealed".to_owned(),
            ))
        }
    });
    if let Err(error) = linked {
        memory.free(block, size);
        return Err(error);
    }
    Ok(Linked {
        block: Block {
            address,
            size: size as u64,
        },
        code_size: code.len() as u64,
        unwind_table: address + table_at as u64,
    })
}

/// What the block at `address` is to hold.
fn contents(
    isa: &dyn TargetIsa,
    compiled: &CompiledCode,
    symbols: &SymbolTable,
    address: u64,
) -> Result<Vec<u8>, CodegenError> {
    let mut bytes = compiled.code_buffer().to_vec();
    for reloc in compiled.buffer.relocs() {
        relocate(&mut bytes, address, reloc, symbols)?;
    }
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let info = compiled
        .create_unwind_info(isa)
        .ok()
        .flatten()
        .ok_or_else(|| CodegenError::Backend("no unwind information".to_owned()))?;
    bytes.extend(unwind::table(isa, &info, address)?);
    Ok(bytes)
}

/// Writes one address into code that will be at `base`.
///
/// # Errors
/// For what has no address, is out of reach, or is of a kind that Cranelift has never used for us.
pub(super) fn relocate(
    code: &mut [u8],
    base: u64,
    reloc: &FinalizedMachReloc,
    symbols: &SymbolTable,
) -> Result<(), CodegenError> {
    let bad = |what: &str| {
        let target = reloc.target.display(None);
        CodegenError::Backend(format!("relocation {:?} to {target}: {what}", reloc.kind))
    };
    let target = match &reloc.target {
        FinalizedRelocTarget::Func(offset) => base + u64::from(*offset),
        FinalizedRelocTarget::ExternalName(ExternalName::TestCase(name)) => {
            std::str::from_utf8(name.raw())
                .ok()
                .and_then(|name| symbols.address(name))
                .ok_or_else(|| bad("it has no address"))?
        }
        FinalizedRelocTarget::ExternalName(_) => return Err(bad("it has no address")),
    };
    let value = target.wrapping_add_signed(reloc.addend);
    let at = reloc.offset as usize;
    let mut write = |bytes: &[u8]| match code.get_mut(at..at + bytes.len()) {
        Some(place) => {
            place.copy_from_slice(bytes);
            Ok(())
        }
        None => Err(bad("it lies outside the code")),
    };
    match reloc.kind {
        Reloc::Abs8 => write(&value.to_le_bytes()),
        Reloc::X86PCRel4 | Reloc::X86CallPCRel4 => {
            let distance = value.wrapping_sub(base + at as u64) as i64;
            let distance = i32::try_from(distance).map_err(|_| bad("it is too far away"))?;
            write(&distance.to_le_bytes())
        }
        _ => Err(bad("this kind is not known")),
    }
}

/// Copies bytes into a block of the code memory that is not sealed.
fn put(block: NonNull<u8>, bytes: &[u8]) {
    // SAFETY: the block was allocated with this size and is writable until it is sealed; nobody else knows it.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), block.as_ptr(), bytes.len()) };
}
