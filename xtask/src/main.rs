//! Swallow's development commands. `cargo xtask run|test|bench|record|regrtest|apps` each install what they need, build, and do their job.

mod apps;
mod bench;
mod build;
mod programs;
mod record;
mod regrtest;
mod run;
mod setup;
mod shell;
mod test;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a program with the JIT; without a program, run an example and compare it with plain CPython
    Run(RunArgs),
    /// Run all tests
    Test(TestArgs),
    /// Measure the benchmark programs against plain CPython
    Bench(BenchArgs),
    /// Record the inputs of `bench --stages` anew: units of benches/programs
    Record(RecordArgs),
    /// Run CPython's own test suite with and without the JIT, and say which verdicts differ
    Regrtest(RegrtestArgs),
    /// Run real programs from PyPI with and without the JIT, and say what differs and what was refused
    Apps(AppsArgs),
}

/// What every command takes.
#[derive(Args)]
struct Common {
    /// The CPython 3.11 to use
    #[arg(long, value_name = "PATH", default_value = setup::DEFAULT_PYTHON)]
    python: PathBuf,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    common: Common,
    /// Options of the interpreter, such as -Xjit=always or -X jit-stats
    #[arg(short = 'X', value_name = "OPTION")]
    x: Vec<OsString>,
    /// The program and its arguments
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PROGRAM"
    )]
    program: Vec<OsString>,
}

#[derive(Args)]
struct TestArgs {
    #[command(flatten)]
    common: Common,
    /// Don't build and test the wheel
    #[arg(long)]
    fast: bool,
    /// Have the Python tests use this code generator wherever they don't choose one
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Run only this part
    #[arg(long, value_enum, conflicts_with = "fast")]
    only: Option<Part>,
    /// Arguments for pytest; then only the Python tests are run
    #[arg(last = true, value_name = "PYTEST", conflicts_with_all = ["fast", "only"])]
    pytest: Vec<OsString>,
}

/// Which code generators compile.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Backend {
    Llvm,
    Cranelift,
    Tiered,
}

impl Backend {
    /// As `-X jit-backend` takes it.
    fn name(self) -> &'static str {
        match self {
            Backend::Llvm => "llvm",
            Backend::Cranelift => "cranelift",
            Backend::Tiered => "tiered",
        }
    }
}

/// A part of the tests, in the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Format of the sources
    Format,
    /// The compiler without CPython, and the tools
    Rust,
    /// Start-up and behaviour
    Python,
    /// Building the wheel, and start-up with it
    Wheel,
}

#[derive(Args)]
struct BenchArgs {
    #[command(flatten)]
    common: Common,
    /// Options of the interpreter for the JIT's side
    #[arg(short = 'X', value_name = "OPTION", conflicts_with = "stages")]
    x: Vec<OsString>,
    /// 15 runs of each side instead of 5; of stages 100 samples in 10 s instead of 30 in 2 s
    #[arg(long)]
    rigorous: bool,
    /// Write the table to README.md
    #[arg(long, conflicts_with = "stages")]
    readme: bool,
    /// Measure the compiler's stages instead of programs
    #[arg(long)]
    stages: bool,
    /// Programs of benches/programs, or stages of benches/stages; all of them if none is named
    names: Vec<String>,
    /// With --stages: a filter of what is measured, and criterion's options
    #[arg(last = true, value_name = "CRITERION", requires = "stages")]
    criterion: Vec<OsString>,
}

#[derive(Args)]
struct RecordArgs {
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct RegrtestArgs {
    #[command(flatten)]
    common: Common,
    /// Mode of the JIT
    #[arg(long, value_enum, default_value = "always")]
    mode: Mode,
    /// Further options of the interpreter for the JIT's side
    #[arg(short = 'X', value_name = "OPTION")]
    x: Vec<OsString>,
    /// Look for leaks of references, on python3.11-dbg: each test three times to warm up and three times counted
    #[arg(long)]
    leaks: bool,
    /// Forget the results of earlier runs; otherwise a run goes on where it was stopped
    #[arg(long)]
    fresh: bool,
    /// Test files, such as test_generators; all of them if none is named
    tests: Vec<String>,
}

#[derive(Args)]
struct AppsArgs {
    #[command(flatten)]
    common: Common,
    /// Mode of the JIT; may be given twice [default: both]
    #[arg(long, value_enum, value_delimiter = ',')]
    mode: Vec<Mode>,
    /// Further options of the interpreter for the JIT's side
    #[arg(short = 'X', value_name = "OPTION")]
    x: Vec<OsString>,
    /// Seconds after which a run is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
    /// Programs of tests/python/apps; all of them if none is named
    names: Vec<String>,
}

/// A mode in which something is compiled.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Always,
    Whenhot,
}

impl Mode {
    /// As `-Xjit` has it.
    fn name(self) -> &'static str {
        match self {
            Mode::Always => "always",
            Mode::Whenhot => "whenhot",
        }
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Test(args) => test::test(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Record(args) => record::record(&args),
        Command::Regrtest(args) => regrtest::regrtest(&args),
        Command::Apps(args) => apps::apps(&args),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
