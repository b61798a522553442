//! Small functions without effects, in the place of their call.
//!
//! A function qualifies if all that its HIR does is compute, read and check: whatever leaves it then leaves
//! *before the call*, which CPython runs again from its beginning. So there is no frame of the callee to
//! rebuild, and an error in it has the traceback that it must have. What such a function can't show is
//! that it was called; the one thing that could tell, the recursion limit, is checked.

use super::builder::Builder;
use super::{FrontendOptions, build};
use crate::bytecode::{Code, FunctionInfo, ObjectInfo, Oracle};
use crate::hir::cfg::reverse_postorder;
use crate::hir::loops::has_loop;
use crate::hir::{Block, DictKind, Effects, FsKind, Function, Imm, Inst, Op, Target, Type, Value};
use std::rc::Rc;

/// Bytecode units beyond which a function is not looked at.
const MAX_UNITS: usize = 150;

/// HIR instructions beyond which it is called.
const MAX_INSTS: usize = 60;

/// Blocks beyond which it is called.
const MAX_BLOCKS: usize = 8;

/// Calls of a unit that are replaced.
pub(super) const MAX_INLINED: usize = 12;

/// What is known inside the callee: its arguments and constants.
struct Arguments<'a> {
    types: Vec<Type>,
    outer: &'a dyn Oracle,
}

impl Oracle for Arguments<'_> {
    fn local_type(&self, slot: u32) -> Option<Type> {
        self.types.get(slot as usize).copied()
    }

    // Its globals may be others than the caller's.
    fn dict_value(&self, _: DictKind, _: u32, _: u32) -> Option<ObjectInfo> {
        None
    }

    fn module_value(&self, _: u64, _: u32, _: u32) -> Option<ObjectInfo> {
        None
    }

    fn method(&self, _: u32, _: u64, _: u64) -> Option<ObjectInfo> {
        None
    }

    fn function(&self, _: u64) -> Option<FunctionInfo> {
        None
    }

    fn function_of(&self, _: u64) -> Option<FunctionInfo> {
        None
    }

    fn callee(&self, _: u64, _: usize) -> Option<Code> {
        None
    }

    fn call_cell(&self, code: u64) -> u64 {
        code
    }

    fn singletons(&self) -> (u64, u64, u64) {
        self.outer.singletons()
    }
}

/// Whether all that a function does is compute, read and check, without a loop.
fn is_harmless(func: &Function) -> bool {
    let harmless = |inst: &Inst| match inst.op {
        Op::Poll | Op::GuardUnobserved | Op::StoreLocal | Op::Return | Op::Exit => true,
        Op::Jump | Op::Branch => true,
        op => {
            let info = op.info();
            !inst.is_terminator() && info.fs != FsKind::Raise && info.effects <= Effects::Read
        }
    };
    let returns = |inst: &Inst| inst.op == Op::Return;
    func.blocks.len() <= MAX_BLOCKS
        && func.inst_count() <= MAX_INSTS
        && func
            .blocks
            .iter()
            .flat_map(|block| &block.insts)
            .all(harmless)
        && func
            .blocks
            .iter()
            .flat_map(|block| &block.insts)
            .any(returns)
        && !has_loop(func)
}

impl Builder<'_> {
    /// The HIR of a function called with these arguments, if it may take the place of the call.
    pub(super) fn inlinable(&mut self, code: u64, args: &[Value]) -> Option<Rc<Function>> {
        if self.inlined >= MAX_INLINED || !self.may_speculate_here() {
            return None;
        }
        let types: Vec<Type> = args.iter().map(|arg| self.likely(*arg)).collect();
        if let Some(known) = self.bodies.get(&(code, types.clone())) {
            return known.clone();
        }
        let body = self.body(code, types.clone()).map(Rc::new);
        self.bodies.insert((code, types), body.clone());
        body
    }

    /// The HIR of a function called with arguments of these types, if it may take the place of a call.
    fn body(&self, code: u64, types: Vec<Type>) -> Option<Function> {
        // Free variables are the running function's.
        let callee = self.oracle.callee(code, MAX_UNITS)?;
        if callee.units.len() > MAX_UNITS || callee.nfreevars != 0 {
            return None;
        }
        let arguments = Arguments {
            types,
            outer: self.oracle,
        };
        let func = build(&callee, &arguments, &FrontendOptions::default()).ok()?;
        is_harmless(&func).then_some(func)
    }

    /// Puts a callee's HIR here; the value that it returns.
    pub(super) fn splice(&mut self, callee: &Function, args: &[Value]) -> Value {
        self.inlined += 1;
        self.guard(Op::GuardDepth, &[], &[]);
        let mut values: Vec<Option<Value>> = vec![None; callee.values.len()];
        let blocks: Vec<Block> = callee
            .blocks
            .iter()
            .enumerate()
            .map(|(number, data)| {
                if number == Function::ENTRY.index() {
                    return self.block;
                }
                let block = self.func.new_block();
                for param in &data.params {
                    let ty = callee.ty(*param);
                    values[param.index()] = Some(self.func.add_param(block, ty));
                }
                block
            })
            .collect();
        let join = self.func.new_block();
        let result = self.func.add_param(join, Type::OBJECT);
        for block in reverse_postorder(callee) {
            self.block = blocks[block.index()];
            for inst in &callee.blocks[block.index()].insts {
                self.splice_inst(callee, inst, args, &mut values, (&blocks, join));
            }
        }
        self.block = join;
        result
    }

    /// Copies an instruction of a callee.
    fn splice_inst(
        &mut self,
        callee: &Function,
        inst: &Inst,
        args: &[Value],
        values: &mut [Option<Value>],
        (blocks, join): (&[Block], Block),
    ) {
        let known = |values: &[Option<Value>], value: Value| {
            values[value.index()].expect("definitions come before uses")
        };
        let copied: Vec<Value> = inst.args.iter().map(|arg| known(values, *arg)).collect();
        let result = match inst.op {
            Op::Poll | Op::GuardUnobserved => None,
            Op::LoadLocal => args.get(inst.imm_index(0) as usize).copied(),
            Op::StoreLocal => Some(copied[0]),
            Op::Return => {
                let target = Target {
                    block: join,
                    args: copied,
                };
                let jump = Inst::new(Op::Jump, &[], &[]).with_targets([target]);
                self.func.push(self.block, jump)
            }
            _ => {
                let imms: Vec<Imm> = inst
                    .imms
                    .iter()
                    .map(|imm| match imm {
                        Imm::Const(id) => {
                            let constant = callee.constant(*id);
                            Imm::Const(self.const_id(constant.addr, constant.ty, &constant.repr))
                        }
                        other => *other,
                    })
                    .collect();
                let targets: Vec<Target> = inst
                    .targets
                    .iter()
                    .map(|target| Target {
                        block: blocks[target.block.index()],
                        args: target.args.iter().map(|arg| known(values, *arg)).collect(),
                    })
                    .collect();
                let mut copy = Inst::new(inst.op, &copied, &imms).with_targets(targets);
                if inst.fs.is_some() {
                    copy = copy.with_fs(self.guard_state());
                }
                let result = self.func.push(self.block, copy);
                if inst.op == Op::ConstObj {
                    self.constants.extend(result);
                }
                result
            }
        };
        if let Some(value) = inst.result {
            values[value.index()] = result;
        }
    }
}
