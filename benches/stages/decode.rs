//! Decoding of bytecode. Each figure is for one code object:
//!
//! - `instructions`: code units to instructions, `EXTENDED_ARG` folded in and caches skipped;
//! - `blocks`: from instructions to the places where blocks begin and loops are, a copy of the instructions included.

mod support;

use _swallow::bytecode::blocks::Shape;
use _swallow::bytecode::decode;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for input in or_exit(inputs::all()) {
        let code = &input.recording.code;
        group.bench_function(BenchmarkId::new("instructions", &input.name), |bencher| {
            bencher.iter(|| decode(black_box(code)));
        });
        let instructions = decode(code);
        group.bench_function(BenchmarkId::new("blocks", &input.name), |bencher| {
            bencher.iter(|| Shape::new(black_box(&instructions).clone()));
        });
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
