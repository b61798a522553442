//! Linking LLVM's object: its sections are laid into the code memory, relocated and sealed, its stack map is read. `level2` and `level0` as in
//! `llvm_emit`: without optimisation there is no stack map. The code memory is private to this process; the helper's is
//! shared with the program.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use support::phases::bench_phase;
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("llvm_link");
    for input in or_exit(inputs::all()) {
        for (name, settings) in [("level2", ("jit", 2)), ("level0", ("o0", 0))] {
            let id = BenchmarkId::new(name, &input.name);
            bench_phase(&mut group, id, &input, settings, "link");
        }
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
