//! Linking.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The helper runs nothing but its own code: at a fixed address it has no relocations, which would be 2 MB of private memory
    // and a part of its start. Objects for any address, as those of the library beside it are, can be linked so.
    println!("cargo:rustc-link-arg-bin=swallow-codegen=-no-pie");
}
