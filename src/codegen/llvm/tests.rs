//! What only LLVM has: pipelines. For the rest see `codegen/tests.rs`.

use super::LlvmGenerator;
use crate::code::arena::Arena;
use crate::codegen::tests::{encoded, seven, symbols};
use crate::codegen::{CodeGenerator, CodegenError};
use crate::timing::{self, Stage, Wanted};
use std::sync::Arc;

#[test]
fn pipelines_are_checked() {
    let arena = Arc::new(Arena::new().expect("address space"));
    let mut generator = LlvmGenerator::new(symbols(), arena).expect("LLVM");
    assert!(generator.check_pipeline("default<O3>").is_ok());
    assert!(matches!(
        generator.check_pipeline("no-such-pass"),
        Err(CodegenError::BadPipeline(_))
    ));
}

#[test]
fn every_pass_is_measured() {
    let arena = Arc::new(Arena::new().expect("address space"));
    let mut generator = LlvmGenerator::new(symbols(), arena).expect("LLVM");
    let mut request = seven("unit", 1);
    request.head.options.pipeline = "function(mem2reg,gvn),function(gvn)".to_owned();
    request.head.options.measure = Wanted {
        passes: true,
        spans: true,
        ..Wanted::default()
    };
    generator
        .compile(&encoded(&request))
        .expect("it should compile");
    let measured = timing::take().expect("the request asks for it");
    let llvm: Vec<_> = measured
        .passes
        .iter()
        .filter(|pass| pass.stage == Stage::Llvm)
        .map(|pass| (&*pass.name, pass.runs, pass.before >= pass.after))
        .collect();
    assert_eq!(llvm, [("mem2reg", 1, true), ("gvn", 2, true)]);
    assert!(
        measured
            .passes
            .iter()
            .any(|pass| pass.name == "insert_refcounts")
    );
    // HIR's are Rust's, LLVM's are C++'s: both are counted.
    for name in ["gvn", "insert_refcounts"] {
        let pass = measured.passes.iter().find(|pass| pass.name == name);
        let pass = pass.expect("it has run");
        assert!(0 < pass.most && pass.most <= pass.taken, "{pass:?}");
    }
    let names: Vec<_> = measured.spans.iter().map(|span| &*span.name).collect();
    for name in [
        "decode", "optimise", "lower", "gvn", "passes", "emit", "link",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
}

#[test]
fn a_bad_pipeline_is_pointed_at() {
    let arena = Arc::new(Arena::new().expect("address space"));
    let mut generator = LlvmGenerator::new(symbols(), arena).expect("LLVM");
    let error = generator
        .check_pipeline("function(sroa,gvm)")
        .expect_err("no such pass");
    assert_eq!(
        error,
        CodegenError::BadPipeline("column 15: there is no pass gvm; did you mean gvn?".into())
    );
    let expanded = generator.expand_pipeline("o1").expect("a preset");
    assert!(
        expanded.contains("loop-mssa(") && !expanded.contains("default"),
        "{expanded}"
    );
}
