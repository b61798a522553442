//! A unit's whole compilation in the code generator, from the bytes of the request to code in its place: decoding and checking, the
//! passes on HIR, lowering, code generation, linking. `cranelift` and `llvm` with the settings that programs have unless options say
//! otherwise. Making the request, sending it and the answer, and releasing the code are not in the figures.

mod support;

use _swallow::codegen::Engine;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::time::{Duration, Instant};
use support::compiler::{Compiler, request};
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("end_to_end");
    for input in or_exit(inputs::all()) {
        for (name, engine) in [("cranelift", Engine::Cranelift), ("llvm", Engine::Llvm)] {
            let mut compiler = or_exit(Compiler::new(engine));
            let mut request = request(&input.function, "jit", 2);
            group.bench_function(BenchmarkId::new(name, &input.name), |bencher| {
                bencher.iter_custom(|count| {
                    let mut total = Duration::ZERO;
                    for _ in 0..count {
                        let bytes = compiler.encode(&mut request);
                        let start = Instant::now();
                        let image = or_exit(compiler.compile(&bytes));
                        total += start.elapsed();
                        compiler.release(&image);
                    }
                    total
                });
            });
        }
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
