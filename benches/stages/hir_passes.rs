//! Each pass on HIR, by its name, on what the pipeline gives it when it first runs on the unit; and `pipeline`, all of them in their order
//! and as often as they run. Copying the function beforehand is not in the figures.

mod support;

use _swallow::passes;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hir_passes");
    for input in or_exit(inputs::all()) {
        group.bench_function(BenchmarkId::new("pipeline", &input.name), |bencher| {
            bencher.iter_batched_ref(
                || input.function.clone(),
                passes::optimise,
                BatchSize::SmallInput,
            );
        });
        let given = passes::first_inputs(&input.function);
        // All that there are: one that the pipeline does not run would be missed here.
        for (name, pass) in passes::PASSES {
            let function = given.iter().find(|(given, _)| given == name);
            let function = or_exit(function.ok_or(format!("{name} is not in the pipeline")));
            group.bench_function(BenchmarkId::new(*name, &input.name), |bencher| {
                bencher.iter_batched_ref(|| function.1.clone(), pass, BatchSize::SmallInput);
            });
        }
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
