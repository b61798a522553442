//! Unwind tables, in the form of `.eh_frame`: CPython ends daemon threads by unwinding them, through our code.

use super::super::CodegenError;
use cranelift_codegen::gimli::LittleEndian;
use cranelift_codegen::gimli::write::{Address, EhFrame, EndianVec, FrameTable};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::isa::unwind::UnwindInfo;

/// What ends a table: an entry of no length.
const END: [u8; 4] = [0; 4];

/// The table of one function whose code begins at `address`; it may be moved.
///
/// # Errors
/// When Cranelift describes frames in no way that we know.
pub(super) fn table(
    isa: &dyn TargetIsa,
    info: &UnwindInfo,
    address: u64,
) -> Result<Vec<u8>, CodegenError> {
    let (UnwindInfo::SystemV(info), Some(cie)) = (info, isa.create_systemv_cie()) else {
        return Err(CodegenError::Backend("no unwind information".to_owned()));
    };
    let mut table = FrameTable::default();
    let cie = table.add_cie(cie);
    table.add_fde(cie, info.to_fde(Address::Constant(address)));
    let mut bytes = EhFrame(EndianVec::new(LittleEndian));
    table
        .write_eh_frame(&mut bytes)
        .map_err(|error| CodegenError::Backend(format!("unwind table: {error}")))?;
    let mut bytes = bytes.0.into_vec();
    bytes.extend(END);
    Ok(bytes)
}
