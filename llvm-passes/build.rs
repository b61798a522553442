//! Compiles the shim over LLVM's C++ interface, if the feature `llvm` asks for it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-changed=passes");
    println!("cargo:rerun-if-env-changed=LLVM_SYS_191_PREFIX");
    #[cfg(feature = "llvm")]
    shim();
}

/// The flags are those that LLVM itself was compiled with (no exceptions among them: none can cross the border).
#[cfg(feature = "llvm")]
fn shim() {
    let config = match std::env::var_os("LLVM_SYS_191_PREFIX") {
        Some(prefix) => std::path::Path::new(&prefix).join("bin/llvm-config"),
        None => "llvm-config-19".into(),
    };
    let output = std::process::Command::new(&config)
        .arg("--cxxflags")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", config.display()));
    let flags = String::from_utf8_lossy(&output.stdout);
    let mut build = cc::Build::new();
    build.cpp(true).warnings(false);
    for flag in flags.split_whitespace() {
        // LLVM's headers are not ours to be warned of.
        match flag.strip_prefix("-I") {
            Some(directory) => build.flag("-isystem").flag(directory),
            None => build.flag(flag),
        };
    }
    build
        .flag("-Wall")
        .flag("-Wextra")
        .include(".")
        .files([
            "shim/pipeline.cpp",
            "shim/memory.cpp",
            "passes/passes.cpp",
            "passes/refcount_pairs.cpp",
        ])
        .compile("swallow_llvm_shim");
}
