//! LLVM's code generation: instruction selection, register allocation and all that goes with them, down to an object file in memory. LLVM runs
//! them as one pipeline, so they have one figure. `level2` is the default, with the selection DAG and the greedy
//! allocator, behind the pipeline `jit`; `level0` has the fast ones, behind `o0`.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use support::phases::bench_phase;
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("llvm_emit");
    for input in or_exit(inputs::all()) {
        for (name, settings) in [("level2", ("jit", 2)), ("level0", ("o0", 0))] {
            let id = BenchmarkId::new(name, &input.name);
            bench_phase(&mut group, id, &input, settings, "emit");
        }
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
