//! LLVM's passes on IR under each preset of `llvm-passes/pipelines`, on what lowering makes of a unit. Counting the instructions before
//! them and parsing the pipeline's text are included, as in programs.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use support::phases::bench_phase;
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("llvm_pipelines");
    for input in or_exit(inputs::all()) {
        for (preset, _) in llvm_passes::PRESETS {
            let id = BenchmarkId::new(*preset, &input.name);
            bench_phase(&mut group, id, &input, (preset, 2), "passes");
        }
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
