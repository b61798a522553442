//! Phases of whole compilations as benches: a unit is compiled as in the helper, and of that only what the phase took counts. So
//! nothing is measured that is not done in the same way for programs.

use super::compiler::{Compiler, phase, request};
use super::inputs::Input;
use super::or_exit;
use _swallow::codegen::Engine;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId};
use std::time::Duration;

/// Measures a phase of LLVM's, of a unit under a pipeline and a level of code generation.
pub fn bench_phase(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    input: &Input,
    (pipeline, level): (&str, u8),
    name: &str,
) {
    let mut compiler = or_exit(Compiler::new(Engine::Llvm));
    let mut request = request(&input.function, pipeline, level);
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|count| {
            let mut total = Duration::ZERO;
            for _ in 0..count {
                let bytes = compiler.encode(&mut request);
                let image = or_exit(compiler.compile(&bytes));
                total += or_exit(phase(&image, name));
                compiler.release(&image);
            }
            total
        });
    });
}
