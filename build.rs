//! Linking.

use std::fmt::Write as _;
use std::path::Path;

/// Functions that programs touch, in the order in which they are to lie; `benches/touched.py` makes it.
const TOUCHED: &str = "src/touched.txt";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={TOUCHED}");
    // The helper runs nothing but its own code: at a fixed address it has no relocations, which would be 2 MB of private memory
    // and a part of its start. Objects for any address, as those of the library beside it are, can be linked so.
    println!("cargo:rustc-link-arg-bin=swallow-codegen=-no-pie");
    // LLVM's static initialisers, above all its command line options: spread over all of LLVM, they would have most of it mapped at each start.
    let starting = [
        ".text.startup*",
        ".text._ZN4llvm2cl*",
        ".text._ZNK4llvm2cl*",
        ".text._ZN4llvm*initialize*PassERNS_12PassRegistryE",
        ".text._ZL*initialize*PassOnce*",
    ];
    lay_out(
        "bin=swallow-codegen",
        "helper.ld",
        &starting.map(String::from),
    );
    if std::env::var_os("CARGO_FEATURE_CPYTHON").is_some() {
        let list = std::fs::read_to_string(TOUCHED).expect("a file of this package");
        let names = list.lines().filter(|line| !line.starts_with('#'));
        // A hash ends the names of functions of ours; what is #[cold] has another prefix.
        let sections = names.flat_map(|name| {
            [".text", ".text.unlikely"].map(|prefix| format!("{prefix}.{name}17h* {prefix}.{name}"))
        });
        lay_out("cdylib", "module.ld", &sections.collect::<Vec<_>>());
    }
}

/// Has the linker put these sections first, in this order. The system maps code in windows of 64 kB, and half of what is linked is seldom touched or
/// never: mixed with the rest it would be in memory, too.
fn lay_out(what: &str, file: &str, sections: &[String]) {
    let mut script = String::from("SECTIONS {\n  .text : ALIGN(65536) {\n");
    for names in sections {
        writeln!(script, "    *({names})").expect("memory");
    }
    script.push_str("    *(.text .text.*)\n  }\n}\nINSERT AFTER .plt;\n");
    let folder = std::env::var_os("OUT_DIR").expect("cargo names it");
    let path = Path::new(&folder).join(file);
    std::fs::write(&path, script).expect("cargo's folder can be written");
    println!("cargo:rustc-link-arg-{what}=-Wl,-T,{}", path.display());
}
