//! Lowering to LLVM IR: from HIR behind its passes to a module, which is made here, with its context. `level2` is what code is compiled with
//! unless options say otherwise; `level0` what large units and `-X jit-opt=0` have, where exits bring their values to
//! memory.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use support::phases::bench_phase;
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("llvm_lower");
    for input in or_exit(inputs::all()) {
        for (name, settings) in [("level2", ("jit", 2)), ("level0", ("o0", 0))] {
            let id = BenchmarkId::new(name, &input.name);
            bench_phase(&mut group, id, &input, settings, "lower");
        }
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
