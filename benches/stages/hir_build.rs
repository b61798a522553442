//! Building HIR of a unit: decoding, asking the feedback map and the recorded oracle, and SSA. In a program the oracle looks at live
//! objects instead of a list of answers, and the code object is copied before; neither is in the figure.

mod support;

use _swallow::frontend;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hir_build");
    for input in or_exit(inputs::all()) {
        let recording = &input.recording;
        group.bench_function(BenchmarkId::from_parameter(&input.name), |bencher| {
            bencher.iter(|| frontend::build(&recording.code, recording, black_box(&input.options)));
        });
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
