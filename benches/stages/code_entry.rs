//! Entering native code, in a running Python: a call of a function that does nothing, with one argument. Each figure is the whole call:
//!
//! - `from_c/compiled`: from C, by `map`, through the function's vectorcall slot, which leads to its native code;
//! - `from_c/hooked`: the same where the JIT is on and the function is cold: CPython's slot, then the frame evaluation hook, then
//!   CPython's evaluator;
//! - `from_c/plain`: the same without the JIT;
//! - `from_python/…`: the call and the step of a `for` loop around it that CPython interprets.
//!
//! What all `from_c` share is `map` and dropping the result, so the difference of two of them is that of the entries.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use support::live::{Live, bench_live};

/// Nothing gets warm by itself: the calling loop stays CPython's.
const COLD: [&str; 3] = [
    "jit=whenhot",
    "jit-threshold=4294967295",
    "jit-warm=4294967295",
];

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("code_entry");
    for (function, from) in [("from_c", "c"), ("from_python", "python")] {
        for (how, options, words) in [
            ("compiled", &COLD[..], "compiled"),
            ("hooked", &COLD[..], "interpreted"),
            ("plain", &["jit=never"][..], "interpreted"),
        ] {
            let id = BenchmarkId::new(function, how);
            bench_live(&mut group, id, || {
                Live::start(options, &["call", from, words])
            });
        }
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
