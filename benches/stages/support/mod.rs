//! What the benches of stages share. Each is a program of its own and uses a part of this.
#![allow(dead_code)]

#[cfg(feature = "generator")]
pub mod compiler;
pub mod inputs;
pub mod live;
#[cfg(feature = "llvm")]
pub mod phases;

use criterion::Criterion;
use std::time::Duration;

/// How much is measured, unless the command line says otherwise: two and a half seconds for each figure.
#[must_use]
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(30)
}

/// What should be there, or the end of the bench with a line that says why it isn't.
pub fn or_exit<T, E: std::fmt::Display>(found: Result<T, E>) -> T {
    found.unwrap_or_else(|error| {
        eprintln!("bench: {error}");
        std::process::exit(1)
    })
}
