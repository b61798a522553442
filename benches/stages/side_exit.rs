//! Leaving native code, in a running Python: a call from C (see `code_entry`) of a function that adds 1 to its argument, and whose first guard is for
//! that being an int.
//!
//! - `leaves/llvm`, `leaves/cranelift`: `-X jit-fail-guard=1` makes the guard fail in each call. The figure is entering native code, the side
//!   exit, which rebuilds the interpreter's frame, and the rest of the function, an addition and the return, in an evaluator;
//! - `stays/…`: the same call with the same instrumented guard, which never fails: entering native code, the addition, the return.
//!
//! The difference of the two is what an exit costs, the slower rest included. LLVM's exits are patch points, whose values are read out of saved
//! registers; Cranelift's go through memory.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use support::live::{Live, bench_live};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("side_exit");
    for backend in ["llvm", "cranelift"] {
        for (what, guard) in [("leaves", "1"), ("stays", "9223372036854775807")] {
            let id = BenchmarkId::new(what, backend);
            bench_live(&mut group, id, || {
                let backend = format!("jit-backend={backend}");
                let guard = format!("jit-fail-guard={guard}");
                let options = [
                    "jit=whenhot",
                    "jit-threshold=4294967295",
                    "jit-warm=4294967295",
                    &backend,
                    &guard,
                ];
                Live::start(&options, &["exit", what])
            });
        }
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
