//! Functions for unit tests of analyses.

use super::entities::{Block, FrameStateId, Value};
use super::frame_state::FrameState;
use super::function::Function;
use super::inst::{ExitReason, Imm, Inst, Op, Target};
use super::types::Type;
use proptest::prelude::*;

/// A function whose block `i` leads to the blocks `edges[i]`: none, one or two.
pub fn graph(edges: &[&[u32]]) -> Function {
    let mut func = Function::new("graph", 0, 0);
    let fs = func.add_frame_state(FrameState {
        pc: 0,
        locals: super::Locals::default(),
        stack: Vec::new(),
    });
    for _ in 1..edges.len() {
        func.new_block();
    }
    for (index, targets) in edges.iter().enumerate() {
        let block = Block::from_index(index);
        let inst = terminator(&mut func, block, targets, fs);
        func.push(block, inst);
    }
    func
}

fn terminator(func: &mut Function, block: Block, targets: &[u32], fs: FrameStateId) -> Inst {
    let to = targets.iter().map(|&b| Target {
        block: Block(b),
        args: Vec::new(),
    });
    match targets.len() {
        0 => Inst::new(Op::Exit, &[], &[Imm::Reason(ExitReason::Unsupported)]).with_fs(fs),
        1 => Inst::new(Op::Jump, &[], &[]).with_targets(to),
        _ => {
            let value: Value = func.new_value(Type::I1);
            let mut constant = Inst::new(Op::ConstBool, &[], &[Imm::Bool(true)]);
            constant.result = Some(value);
            func.push(block, constant);
            Inst::new(Op::Branch, &[value], &[]).with_targets(to)
        }
    }
}

/// Random graphs for [`graph`]; no edge leads to the entry.
pub fn edges() -> impl Strategy<Value = Vec<Vec<u32>>> {
    (2u32..12).prop_flat_map(|count| {
        let targets = prop::collection::vec(1..count, 0..3);
        prop::collection::vec(targets, count as usize)
    })
}
