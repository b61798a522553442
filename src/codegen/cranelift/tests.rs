//! Relocations and unwind tables. For the rest see `codegen/tests.rs`.

use super::link::relocate;
use crate::codegen::{CodegenError, SymbolTable};
use crate::helpers::Helper;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{ExternalName, LibCall};
use cranelift_codegen::{FinalizedMachReloc, FinalizedRelocTarget};

const BASE: u64 = 0x7000_0000_1000;

fn symbols() -> SymbolTable {
    let mut symbols = SymbolTable::default();
    symbols.set_helper(Helper::BoxInt, 0x7f12_3456_7890);
    symbols.set_helper(Helper::Poll, BASE + 0x100);
    symbols
}

fn helper(helper: Helper) -> FinalizedRelocTarget {
    FinalizedRelocTarget::ExternalName(ExternalName::testcase(helper.name()))
}

fn reloc(
    kind: Reloc,
    offset: u32,
    target: FinalizedRelocTarget,
    addend: i64,
) -> FinalizedMachReloc {
    FinalizedMachReloc {
        offset,
        kind,
        target,
        addend,
    }
}

#[test]
fn absolute_addresses_are_written() {
    let mut code = [0xcc; 12];
    let to = reloc(Reloc::Abs8, 2, helper(Helper::BoxInt), 8);
    relocate(&mut code, BASE, &to, &symbols()).expect("known");
    assert_eq!(code[..2], [0xcc; 2]);
    assert_eq!(code[2..10], 0x7f12_3456_7898_u64.to_le_bytes());
    assert_eq!(code[10..], [0xcc; 2]);
}

#[test]
fn distances_are_from_the_place_itself() {
    let mut code = [0; 8];
    // The addend takes the four bytes of the distance into account.
    let to = reloc(Reloc::X86CallPCRel4, 4, helper(Helper::Poll), -4);
    relocate(&mut code, BASE, &to, &symbols()).expect("near");
    assert_eq!(code[4..], (0x100_i32 - 8).to_le_bytes());
    let to = reloc(Reloc::X86PCRel4, 0, FinalizedRelocTarget::Func(16), 0);
    relocate(&mut code, BASE, &to, &symbols()).expect("in the function");
    assert_eq!(code[..4], 16_i32.to_le_bytes());
}

#[test]
fn what_cannot_be_relocated_is_an_error() {
    let libcall = FinalizedRelocTarget::ExternalName(ExternalName::LibCall(LibCall::FloorF64));
    for (bad, message) in [
        (
            reloc(Reloc::X86CallPCRel4, 0, helper(Helper::BoxInt), -4),
            "too far",
        ),
        (reloc(Reloc::Abs8, 1, helper(Helper::Poll), 0), "outside"),
        (
            reloc(Reloc::Abs8, 0, helper(Helper::Flush), 0),
            "no address",
        ),
        (reloc(Reloc::Abs8, 0, libcall, 0), "no address"),
        (reloc(Reloc::Abs4, 0, helper(Helper::Poll), 0), "not known"),
        (
            reloc(Reloc::Abs8, u32::MAX, helper(Helper::Poll), 0),
            "outside",
        ),
    ] {
        let mut code = [0; 8];
        match relocate(&mut code, BASE, &bad, &symbols()) {
            Err(CodegenError::Backend(error)) => assert!(error.contains(message), "{error}"),
            other => panic!("{bad:?}: {other:?}"),
        }
        assert_eq!(code, [0; 8]);
    }
}
