//! The request that goes from the program to the code generator, of a unit's HIR before the passes:
//!
//! - `to_bytes`: in the program;
//! - `from_bytes`: in the code generator, which then checks it;
//! - `verify`: that check alone.

mod support;

use _swallow::codegen::CompileRequest;
use _swallow::hir::verify;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{compiler, inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("serialise");
    for input in or_exit(inputs::all()) {
        let request = compiler::request(&input.function, "jit", 2);
        group.bench_function(BenchmarkId::new("to_bytes", &input.name), |bencher| {
            bencher.iter(|| postcard::to_stdvec(black_box(&request)));
        });
        let bytes = or_exit(postcard::to_stdvec(&request));
        group.bench_function(BenchmarkId::new("from_bytes", &input.name), |bencher| {
            bencher.iter(|| postcard::from_bytes::<CompileRequest>(black_box(&bytes)));
        });
        group.bench_function(BenchmarkId::new("verify", &input.name), |bencher| {
            bencher.iter(|| verify(black_box(&input.function)));
        });
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
