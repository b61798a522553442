//! The generator without CPython: errors are errors, memory comes back.

use super::LlvmGenerator;
use crate::code::arena::Arena;
use crate::codegen::{
    CodeGenerator, CodeMemory, CodegenError, CompileOptions, CompileRequest, FORMAT_VERSION,
    Outcome, SymbolTable,
};
use crate::hir::{Function, Imm, Inst, Op};
use std::ptr::NonNull;
use std::sync::Arc;

/// A code memory that is full.
struct Full;

impl CodeMemory for Full {
    fn allocate(&self, _size: usize, _align: usize) -> Option<NonNull<u8>> {
        None
    }

    fn seal(&self, _block: NonNull<u8>, _size: usize) -> bool {
        true
    }

    fn free(&self, _block: NonNull<u8>, _size: usize) {}
}

fn request(symbol: &str, pipeline: &str) -> Vec<u8> {
    let mut function = Function::new(symbol, 0, 0);
    let seven = function
        .push(
            Function::ENTRY,
            Inst::new(Op::ConstInt, &[], &[Imm::Int(7)]),
        )
        .expect("a value");
    function.push(Function::ENTRY, Inst::new(Op::ReturnInt, &[seven], &[]));
    let request = CompileRequest {
        version: FORMAT_VERSION,
        symbol: symbol.to_owned(),
        unit_token: 0,
        options: CompileOptions {
            pipeline: pipeline.to_owned(),
            codegen_level: 1,
            cheap_if_large: false,
            stress_counter: 0,
            ref_total: 0,
        },
        judged: None,
        function,
    };
    postcard::to_stdvec(&request).expect("plain data")
}

/// Addresses for every symbol; nothing here is called.
fn symbols() -> SymbolTable {
    let mut table = SymbolTable::default();
    for helper in crate::helpers::Helper::ALL {
        table.set_helper(*helper, 0x1000);
    }
    for data in crate::helpers::Data::ALL {
        table.set_data(*data, 0x1000);
    }
    table
}

#[test]
fn released_units_give_their_memory_back() {
    let arena = Arc::new(Arena::new().expect("address space"));
    let mut generator = LlvmGenerator::new(symbols(), arena.clone()).expect("LLVM");
    let mut touched = 0;
    for round in 0..50 {
        let bytes = request(&format!("unit_{round}"), "default<O1>");
        let Ok(Outcome::Compiled(image)) = generator.compile(&bytes) else {
            panic!("it should compile");
        };
        assert!(image.code_size > 0 && image.entry != 0);
        generator.release(&image.blocks);
        assert_eq!(arena.usage().used, 0);
        if round == 0 {
            touched = arena.usage().extent;
        }
    }
    assert_eq!(arena.usage().extent, touched);
}

#[test]
fn full_code_memory_is_an_error() {
    let mut generator = LlvmGenerator::new(symbols(), Arc::new(Full)).expect("LLVM");
    for round in 0..2 {
        let bytes = request(&format!("full_{round}"), "default<O0>");
        assert!(matches!(
            generator.compile(&bytes),
            Err(CodegenError::OutOfMemory)
        ));
    }
}

#[test]
fn bad_requests_and_pipelines_are_errors() {
    let arena = Arc::new(Arena::new().expect("address space"));
    let mut generator = LlvmGenerator::new(symbols(), arena).expect("LLVM");
    assert!(matches!(
        generator.compile(&[1, 2, 3]),
        Err(CodegenError::BadRequest(_))
    ));
    assert!(matches!(
        generator.compile(&request("unit", "no-such-pass")),
        Err(CodegenError::BadPipeline(_))
    ));
    assert!(generator.check_pipeline("default<O3>").is_ok());
}

#[test]
fn malformed_functions_are_refused() {
    let arena = Arc::new(Arena::new().expect("address space"));
    let mut generator = LlvmGenerator::new(symbols(), arena).expect("LLVM");
    let mut bad: CompileRequest = postcard::from_bytes(&request("unit", "")).expect("plain data");
    // A block that ends nowhere.
    bad.function.blocks[0].insts.pop();
    let bytes = postcard::to_stdvec(&bad).expect("plain data");
    assert!(matches!(
        generator.compile(&bytes),
        Err(CodegenError::BadRequest(_))
    ));
}

#[test]
fn symbols_without_an_address_are_named() {
    let arena = Arc::new(Arena::new().expect("address space"));
    let error = LlvmGenerator::new(SymbolTable::default(), arena)
        .err()
        .expect("nothing is known");
    assert!(error.to_string().contains("no address for"));
}
