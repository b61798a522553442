//! The one Rust test binary: text tests of HIR, recorded inputs of the frontend and of the benches, properties of random
//! functions, and the rules that the source itself keeps.
//!
//! `cargo test --test all -- FILTER` runs some; `SWALLOW_BLESS=1` rewrites expectations.

mod filetests;
mod inputs;
mod properties;
mod random;
mod recordings;
mod tidy;

use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The top of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files under `dir` (relative to the top) with this extension, in order.
fn files(dir: &str, extension: &str) -> Vec<PathBuf> {
    walkdir::WalkDir::new(root().join(dir))
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("the source tree can be read").into_path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect()
}

/// `path` relative to the top, for names and messages.
fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(filetests::trials());
    trials.extend(recordings::trials());
    trials.extend(inputs::trials());
    trials.extend(properties::trials());
    trials.extend(tidy::trials());
    libtest_mimic::run(&args, trials).exit_code()
}
