//! Giving code back.
//!
//! - `generator_llvm`, `generator_cranelift`: the code generator's part, for a unit of this name: its blocks, and, of LLVM's linker, what that
//!   keeps of an object;
//! - `program/code`: in a running Python, `swallow.release` of a function that has code: calls go elsewhere again, tables and references
//!   are freed, the code generator is told;
//! - `program/compiled`: the death of a function and its code object, with code; `program/interpreted`: the same without.
//!   The difference is what having had code costs at the end.

mod support;

use _swallow::codegen::Engine;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use std::cell::RefCell;
use support::compiler::{Compiler, request};
use support::live::{Live, bench_live};
use support::{inputs, or_exit};

fn generator(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("release");
    for input in or_exit(inputs::all()) {
        for (name, engine) in [
            ("generator_llvm", Engine::Llvm),
            ("generator_cranelift", Engine::Cranelift),
        ] {
            let compiler = RefCell::new(or_exit(Compiler::new(engine)));
            let mut request = request(&input.function, "o0", 0);
            group.bench_function(BenchmarkId::new(name, &input.name), |bencher| {
                bencher.iter_batched(
                    || {
                        let mut compiler = compiler.borrow_mut();
                        let bytes = compiler.encode(&mut request);
                        or_exit(compiler.compile(&bytes))
                    },
                    |image| compiler.borrow_mut().release(&image),
                    BatchSize::SmallInput,
                );
            });
        }
    }
}

fn program(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("release");
    // What is compiled is dear: few samples.
    group.sample_size(10);
    for what in ["code", "compiled", "interpreted"] {
        let id = BenchmarkId::new("program", what);
        bench_live(&mut group, id, || {
            let options = [
                "jit=whenhot",
                "jit-threshold=4294967295",
                "jit-warm=4294967295",
                "jit-backend=cranelift",
            ];
            Live::start(&options, &["release", what])
        });
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = generator, program }
criterion_main!(stage);
