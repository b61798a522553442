//! All generators, without CPython: errors are errors, memory comes back, code runs and can be unwound.

use super::engines::Engines;
use super::{
    CodeGenerator, CodeImage, CodeMemory, CodegenError, CompileOptions, CompileRequest, Engine,
    Entry, FORMAT_VERSION, Outcome, RequestHead, SymbolTable, Text,
};
use crate::code::arena::Arena;
use crate::code::unwind::UnwindTable;
use crate::helpers::{Data, Helper, tag};
use crate::hir::{Function, Imm, Inst, Op};
use crate::layout::tstate;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;

const ENGINES: [Engine; 2] = [Engine::Llvm, Engine::Cranelift];

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

/// A function that returns 7.
pub(in crate::codegen) fn seven(symbol: &str, level: u8) -> CompileRequest {
    let mut function = Function::new(symbol, 0, 0);
    let seven = function
        .push(
            Function::ENTRY,
            Inst::new(Op::ConstInt, &[], &[Imm::Int(7)]),
        )
        .expect("a value");
    function.push(Function::ENTRY, Inst::new(Op::ReturnInt, &[seven], &[]));
    CompileRequest {
        head: RequestHead {
            version: FORMAT_VERSION,
            symbol: symbol.to_owned(),
            unit_token: 0,
            options: CompileOptions::new(&format!("o{level}"), level),
            judged: None,
        },
        function,
    }
}

pub(in crate::codegen) fn encoded(request: &CompileRequest) -> Vec<u8> {
    postcard::to_stdvec(request).expect("plain data")
}

/// Addresses for every symbol; most of them can't be called.
pub(in crate::codegen) fn symbols() -> SymbolTable {
    let mut table = SymbolTable::default();
    for helper in Helper::ALL {
        table.set_helper(*helper, 0x1000);
    }
    for data in Data::ALL {
        table.set_data(*data, 0x1000);
    }
    table
}

fn compile(generator: &mut dyn CodeGenerator, request: &CompileRequest) -> CodeImage {
    match generator.compile(&encoded(request)) {
        Ok(Outcome::Compiled(image)) => image,
        other => panic!("it should compile: {other:?}"),
    }
}

/// Calls a unit that touches nothing of the frame. The thread state has as many levels of recursion left as given.
fn call(image: &CodeImage, recursion: i32) -> (i64, i64) {
    #[repr(C)]
    struct Pair(i64, i64);
    type Entry = unsafe extern "C-unwind" fn(*mut u64, *mut u64, *mut u8) -> Pair;
    let (mut ts, mut frame) = (vec![0u64; 512], vec![0u64; 64]);
    ts[tstate::RECURSION_REMAINING as usize / 8] =
        u64::from(recursion as u32) << (8 * (tstate::RECURSION_REMAINING as u32 % 8));
    // SAFETY: the image's promise; what the unit touches of its arguments is there.
    let Pair(tag, payload) = unsafe {
        let entry: Entry = std::mem::transmute(image.entry as *const ());
        entry(ts.as_mut_ptr(), frame.as_mut_ptr(), null_mut())
    };
    (tag, payload)
}

#[test]
fn code_runs() {
    for engine in ENGINES {
        for level in [0, 2] {
            let arena = Arc::new(Arena::new().expect("address space"));
            let mut engines = Engines::new(symbols(), arena);
            let generator = engines.get(engine).expect("it is built in");
            let image = compile(generator, &seven("seven", level));
            assert!(image.is_consistent());
            assert_eq!(call(&image, 1), (tag::INT, 7), "{engine}");
        }
    }
}

#[test]
fn a_request_with_another_head() {
    let mut request = seven("seven", 2);
    let change = |head: &mut RequestHead| {
        head.symbol.push_str("_again");
        head.unit_token = u64::MAX;
        head.judged = Some(Entry::Call);
    };
    let other = CompileRequest::with_other_head(&encoded(&request), change).expect("a request");
    change(&mut request.head);
    assert_eq!(other, encoded(&request));
    assert!(CompileRequest::with_other_head(&other[..20], change).is_none());
}

/// Stands in for a helper that ends a thread.
unsafe extern "C-unwind" fn raise(_ts: *mut u64) -> i64 {
    std::panic::resume_unwind(Box::new("through native code"));
}

/// Of Cranelift only: LLVM is told that nothing unwinds, and writes no tables.
#[test]
fn native_code_is_unwound() {
    for level in [0, 2] {
        let arena = Arc::new(Arena::new().expect("address space"));
        let mut table = symbols();
        table.set_helper(Helper::StackOk, raise as *const () as u64);
        let mut engines = Engines::new(table, arena);
        let generator = engines.get(Engine::Cranelift).expect("it is built in");
        let image = compile(generator, &seven("unwound", level));
        assert!(image.unwind_table != 0 && !image.unwinder_knows);
        // SAFETY: the table stays as long as the arena.
        let known = unsafe { UnwindTable::register(image.unwind_table) };
        assert_eq!(call(&image, 1), (tag::INT, 7));
        // At every 32nd level the stack is looked at.
        let caught = std::panic::catch_unwind(|| call(&image, 32));
        assert!(caught.is_err());
        drop(known);
    }
}

#[test]
fn released_units_give_their_memory_back() {
    for engine in ENGINES {
        let arena = Arc::new(Arena::new().expect("address space"));
        let mut engines = Engines::new(symbols(), arena.clone());
        let mut touched = 0;
        for round in 0..50 {
            let generator = engines.get(engine).expect("it is built in");
            let image = compile(generator, &seven(&format!("unit_{round}"), 1));
            assert!(image.code_size > 0 && image.entry != 0);
            assert_eq!(arena.usage().used % 64, 0);
            engines.release(&image.blocks);
            assert_eq!(arena.usage().used, 0, "{engine}");
            if round == 0 {
                touched = arena.usage().extent;
            }
        }
        assert_eq!(arena.usage().extent, touched);
    }
}

/// In one process there may be code of both.
#[test]
fn blocks_of_all_generators_are_released() {
    let arena = Arc::new(Arena::new().expect("address space"));
    let mut engines = Engines::new(symbols(), arena.clone());
    let images = ENGINES.map(|engine| {
        let generator = engines.get(engine).expect("it is built in");
        compile(generator, &seven(&format!("of_{engine}"), 1))
    });
    for image in &images {
        engines.release(&image.blocks);
    }
    assert_eq!(arena.usage().used, 0);
}

#[test]
fn full_code_memory_is_an_error() {
    for engine in ENGINES {
        let mut engines = Engines::new(symbols(), Arc::new(Full));
        let generator = engines.get(engine).expect("it is built in");
        for round in 0..2 {
            let request = encoded(&seven(&format!("full_{round}"), 0));
            assert!(matches!(
                generator.compile(&request),
                Err(CodegenError::OutOfMemory)
            ));
        }
    }
}

#[test]
fn bad_requests_are_errors() {
    for engine in ENGINES {
        let arena = Arc::new(Arena::new().expect("address space"));
        let mut engines = Engines::new(symbols(), arena);
        let generator = engines.get(engine).expect("it is built in");
        let mut bad = seven("unit", 0);
        // A block that ends nowhere.
        bad.function.blocks[0].insts.pop();
        for request in [vec![1, 2, 3], encoded(&bad)] {
            assert!(matches!(
                generator.compile(&request),
                Err(CodegenError::BadRequest(_))
            ));
        }
    }
}

#[test]
fn symbols_without_an_address_are_named() {
    for engine in ENGINES {
        let arena = Arc::new(Arena::new().expect("address space"));
        let mut engines = Engines::new(SymbolTable::default(), arena);
        let error = engines.get(engine).err().expect("nothing is known");
        assert!(error.to_string().contains("no address for"));
    }
}

#[test]
fn text_is_produced() {
    for (engine, ir, asm) in [
        (Engine::Llvm, "define", "retq"),
        (Engine::Cranelift, "function %shown", "retq"),
    ] {
        let arena = Arc::new(Arena::new().expect("address space"));
        let mut engines = Engines::new(symbols(), arena.clone());
        let generator = engines.get(engine).expect("it is built in");
        let request = encoded(&seven("shown", 2));
        let mut text = |what| generator.text(&request, what).expect("text");
        assert!(text(Text::Ir).contains(ir));
        assert!(text(Text::Asm).contains(asm));
        assert_eq!(arena.usage().used, 0);
    }
}
