//! Recorded inputs of the frontend: a code object with every answer that the oracle gave.
//!
//! `SWALLOW_DEV_RECORD=DIR` makes the runtime write one JSON file per unit, and what was built of it as text beside it;
//! tests and benches build from such files without a Python process. Addresses in them are names, never followed.
#![forbid(unsafe_code)]

use super::code::{Code, FunctionInfo, ObjectInfo, Oracle};
use crate::hir::{DictKind, Type};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// A code object and the oracle's answers, as lists of question and answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    pub code: Code,
    pub locals: Vec<(u32, Option<Type>)>,
    pub dict_values: Vec<((DictKind, u32, u32), Option<ObjectInfo>)>,
    pub module_values: Vec<((u64, u32, u32), Option<ObjectInfo>)>,
    pub methods: Vec<((u32, u64, u64), Option<ObjectInfo>)>,
    pub functions: Vec<(u64, Option<FunctionInfo>)>,
    #[serde(default)]
    pub targets: Vec<(u64, Option<FunctionInfo>)>,
    #[serde(default)]
    pub callees: Vec<(u64, Option<Code>)>,
    pub cells: Vec<(u64, u64)>,
    pub singletons: (u64, u64, u64),
}

fn answer<Q: PartialEq, A: Clone>(list: &[(Q, A)], question: &Q) -> Option<A> {
    list.iter()
        .find(|(asked, _)| asked == question)
        .map(|(_, answer)| answer.clone())
}

impl Oracle for Recording {
    fn local_type(&self, slot: u32) -> Option<Type> {
        answer(&self.locals, &slot).flatten()
    }

    fn dict_value(&self, dict: DictKind, index: u32, version: u32) -> Option<ObjectInfo> {
        answer(&self.dict_values, &(dict, index, version)).flatten()
    }

    fn module_value(&self, module: u64, index: u32, version: u32) -> Option<ObjectInfo> {
        answer(&self.module_values, &(module, index, version)).flatten()
    }

    fn method(&self, version: u32, name: u64, addr: u64) -> Option<ObjectInfo> {
        answer(&self.methods, &(version, name, addr)).flatten()
    }

    fn function(&self, addr: u64) -> Option<FunctionInfo> {
        answer(&self.functions, &addr).flatten()
    }

    fn function_of(&self, addr: u64) -> Option<FunctionInfo> {
        answer(&self.targets, &addr).flatten()
    }

    fn callee(&self, addr: u64, _: usize) -> Option<Code> {
        answer(&self.callees, &addr).flatten()
    }

    fn call_cell(&self, code: u64) -> u64 {
        answer(&self.cells, &code).unwrap_or(code)
    }

    fn singletons(&self) -> (u64, u64, u64) {
        self.singletons
    }
}

/// Passes questions on and writes the answers down.
pub struct Recorder<'a> {
    inner: &'a dyn Oracle,
    out: RefCell<Recording>,
}

impl<'a> Recorder<'a> {
    /// Records what `inner` says about `code`.
    #[must_use]
    pub fn new(code: &Code, inner: &'a dyn Oracle) -> Self {
        let out = Recording {
            code: code.clone(),
            singletons: inner.singletons(),
            ..Recording::default()
        };
        Recorder {
            inner,
            out: RefCell::new(out),
        }
    }

    /// What was recorded.
    #[must_use]
    pub fn finish(self) -> Recording {
        self.out.into_inner()
    }
}

/// Appends a question that was not asked before.
fn note<Q: PartialEq, A: Clone>(list: &mut Vec<(Q, A)>, question: Q, answer: A) -> A {
    if !list.iter().any(|(asked, _)| *asked == question) {
        list.push((question, answer.clone()));
    }
    answer
}

impl Oracle for Recorder<'_> {
    fn local_type(&self, slot: u32) -> Option<Type> {
        let answer = self.inner.local_type(slot);
        note(&mut self.out.borrow_mut().locals, slot, answer)
    }

    fn dict_value(&self, dict: DictKind, index: u32, version: u32) -> Option<ObjectInfo> {
        let answer = self.inner.dict_value(dict, index, version);
        note(
            &mut self.out.borrow_mut().dict_values,
            (dict, index, version),
            answer,
        )
    }

    fn module_value(&self, module: u64, index: u32, version: u32) -> Option<ObjectInfo> {
        let answer = self.inner.module_value(module, index, version);
        note(
            &mut self.out.borrow_mut().module_values,
            (module, index, version),
            answer,
        )
    }

    fn method(&self, version: u32, name: u64, addr: u64) -> Option<ObjectInfo> {
        let answer = self.inner.method(version, name, addr);
        note(
            &mut self.out.borrow_mut().methods,
            (version, name, addr),
            answer,
        )
    }

    fn function(&self, addr: u64) -> Option<FunctionInfo> {
        let answer = self.inner.function(addr);
        note(&mut self.out.borrow_mut().functions, addr, answer)
    }

    fn function_of(&self, addr: u64) -> Option<FunctionInfo> {
        let answer = self.inner.function_of(addr);
        note(&mut self.out.borrow_mut().targets, addr, answer)
    }

    fn callee(&self, addr: u64, units: usize) -> Option<Code> {
        let answer = self.inner.callee(addr, units);
        note(&mut self.out.borrow_mut().callees, addr, answer)
    }

    fn call_cell(&self, code: u64) -> u64 {
        let answer = self.inner.call_cell(code);
        note(&mut self.out.borrow_mut().cells, code, answer)
    }

    fn singletons(&self) -> (u64, u64, u64) {
        self.inner.singletons()
    }
}
