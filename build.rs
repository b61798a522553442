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
    if std::env::var_os("CARGO_FEATURE_CPYTHON").is_some() {
        put_side_by_side();
    }
}

/// Has the linker put what programs touch of the extension module at its beginning. The system maps code in windows of 64 kB, and half of
/// the module is seldom touched or never: mixed with the rest it would be in memory, too.
fn put_side_by_side() {
    let list = std::fs::read_to_string(TOUCHED).expect("a file of this package");
    let mut script = String::from("SECTIONS {\n  .text : ALIGN(65536) {\n");
    for name in list.lines().filter(|line| !line.starts_with('#')) {
        // A hash ends the names of functions of ours; what is #[cold] has another prefix.
        for section in [".text", ".text.unlikely"] {
            writeln!(script, "    *({section}.{name}17h* {section}.{name})").expect("memory");
        }
    }
    script.push_str("    *(.text .text.*)\n  }\n}\nINSERT AFTER .plt;\n");
    let folder = std::env::var_os("OUT_DIR").expect("cargo names it");
    let path = Path::new(&folder).join("side_by_side.ld");
    std::fs::write(&path, script).expect("cargo's folder can be written");
    println!("cargo:rustc-link-arg-cdylib=-Wl,-T,{}", path.display());
}
