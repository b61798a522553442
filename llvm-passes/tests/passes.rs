//! Passes of ours on LLVM IR: each file in `tests/ll` names a pipeline in its first line (`; pipeline: …`); what comes of the module is
//! verified, and given to LLVM's FileCheck with the file's own `CHECK` comments.
#![cfg(feature = "llvm")]
#![allow(unsafe_code)]

use llvm_passes::shim;
use llvm_sys::analysis::{LLVMVerifierFailureAction, LLVMVerifyModule};
use llvm_sys::core::{
    LLVMContextCreate, LLVMContextDispose, LLVMCreateMemoryBufferWithMemoryRangeCopy,
    LLVMDisposeMessage, LLVMDisposeModule, LLVMPrintModuleToString,
};
use llvm_sys::ir_reader::LLVMParseIRInContext;
use std::ffi::CStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::ptr::null_mut;

/// The module in a text, behind a pipeline, as text.
fn run(text: &str, pipeline: &str) -> String {
    // SAFETY: the calls follow LLVM's rules: the parser takes the buffer over, everything else is given back here; whatever fails ends
    // the test before it is used.
    unsafe {
        let context = LLVMContextCreate();
        let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
            text.as_ptr().cast(),
            text.len(),
            c"test".as_ptr(),
        );
        let (mut module, mut message) = (null_mut(), null_mut());
        let failed = LLVMParseIRInContext(context, buffer, &raw mut module, &raw mut message);
        assert_eq!(failed, 0, "{}", CStr::from_ptr(message).to_string_lossy());
        shim::run(module, null_mut(), pipeline, None).expect("a pipeline");
        let action = LLVMVerifierFailureAction::LLVMReturnStatusAction;
        let broken = LLVMVerifyModule(module, action, &raw mut message);
        assert_eq!(broken, 0, "{}", CStr::from_ptr(message).to_string_lossy());
        LLVMDisposeMessage(message);
        let printed = LLVMPrintModuleToString(module);
        let text = CStr::from_ptr(printed).to_string_lossy().into_owned();
        LLVMDisposeMessage(printed);
        LLVMDisposeModule(module);
        LLVMContextDispose(context);
        text
    }
}

/// LLVM's own tool, beside `llvm-config`.
fn file_check() -> PathBuf {
    let prefix = std::env::var_os("LLVM_SYS_191_PREFIX").unwrap_or("/usr/lib/llvm-19".into());
    Path::new(&prefix).join("bin/FileCheck")
}

#[test]
fn files_in_ll() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ll");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let pipeline = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("; pipeline: "))
            .unwrap_or_else(|| panic!("{}: no pipeline in its first line", file.display()));
        let printed = run(&text, pipeline);
        let mut check = Command::new(file_check())
            .arg(&file)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", file_check().display()));
        let mut input = check.stdin.take().expect("a pipe");
        input.write_all(printed.as_bytes()).expect("it reads");
        drop(input);
        let status = check.wait().expect("a child");
        assert!(status.success(), "{}:\n{printed}", file.display());
    }
}
