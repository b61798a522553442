//! Small functions without effects, in the place of their call; and the beginning of others.
//!
//! A function qualifies if all that its HIR does is compute, read and check: whatever leaves it then leaves
//! *before the call*, which CPython runs again from its beginning. So there is no frame of the callee to
//! rebuild, and an error in it has the traceback that it must have. What such a function can't show is
//! that it was called; the one thing that could tell, the recursion limit, is checked.
//!
//! Of other functions the part that returns without effects is taken, and where a path goes on to something
//! else the call is made, from its beginning: half of the calls of a recursive function do no more than
//! find that there is nothing to do. (Partial inlining, as in Way, Breech, Pollock, "Flow Analysis and
//! Partial Inlining", 2000, though by what a path does, not by how often it is taken.)

use super::builder::Builder;
use super::{FrontendOptions, build};
use crate::bytecode::{Code, FunctionInfo, ObjectInfo, Oracle};
use crate::hir::cfg::reverse_postorder;
use crate::hir::loops::has_loop;
use crate::hir::{
    Block, Const, DictKind, Effects, FsKind, Function, Imm, Inst, Op, Target, Type, Value,
};
use std::rc::Rc;

/// Bytecode units beyond which a function is not looked at.
const MAX_UNITS: usize = 150;

/// HIR instructions beyond which it is called.
const MAX_INSTS: usize = 60;

/// Blocks beyond which it is called.
const MAX_BLOCKS: usize = 8;

/// HIR instructions of a beginning beyond which the whole function is called: they are run twice where it does not return.
const MAX_PART: usize = 24;

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

/// Whether an object is one of those that CPython never frees.
fn is_immortal(object: &Const) -> bool {
    let is_small = || {
        object
            .repr
            .parse()
            .is_ok_and(|n: i64| (-5..=256).contains(&n))
    };
    object.ty == Type::NONE || object.ty == Type::BOOL || object.ty == Type::INT && is_small()
}

/// Whether an instruction does no more than compute, read and check, or leaves before the call.
fn is_harmless(inst: &Inst) -> bool {
    match inst.op {
        Op::Poll | Op::GuardUnobserved | Op::StoreLocal | Op::Return | Op::Exit => true,
        Op::Jump | Op::Branch => true,
        op => {
            let info = op.info();
            !inst.is_terminator() && info.fs != FsKind::Raise && info.effects <= Effects::Read
        }
    }
}

/// What is put in the place of a call.
pub(super) struct Body {
    /// Blocks without instructions stand for the call itself.
    func: Function,
    pub(super) is_whole: bool,
    /// The class of everything that it returns, if that is a number's.
    pub(super) number: Option<Type>,
}

impl Body {
    /// A function, or its beginning, if that may take the place of a call.
    fn of(mut func: Function) -> Option<Body> {
        let insts = |func: &Function| func.blocks.iter().flat_map(|b| &b.insts).all(is_harmless);
        let is_whole = insts(&func);
        if !is_whole {
            for block in &mut func.blocks {
                let leaves = |inst: &Inst| inst.op == Op::Exit;
                if !block.insts.iter().all(is_harmless) || block.insts.iter().any(leaves) {
                    block.insts.clear();
                }
            }
            let reached = reverse_postorder(&func);
            for block in func.block_ids() {
                if !reached.contains(&block) {
                    func.blocks[block.index()].insts.clear();
                }
            }
        }
        let most = if is_whole { MAX_INSTS } else { MAX_PART };
        let kept = func.blocks.iter().filter(|b| !b.insts.is_empty()).count();
        if kept > MAX_BLOCKS || func.inst_count() > most || has_loop(&func) {
            return None;
        }
        let mut returned = func
            .blocks
            .iter()
            .flat_map(|block| &block.insts)
            .filter(|inst| inst.op == Op::Return)
            .map(|inst| func.ty(inst.args[0]));
        let first = returned.next()?;
        let is_number =
            (first == Type::INT || first == Type::FLOAT) && returned.all(|ty| ty == first);
        Some(Body {
            func,
            is_whole,
            number: is_number.then_some(first),
        })
    }
}

impl Builder<'_> {
    /// The HIR of a function called with these arguments, or of its beginning, if it may take the place of the call.
    pub(super) fn inlinable(&mut self, code: u64, args: &[Value]) -> Option<Rc<Body>> {
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
    fn body(&self, code: u64, types: Vec<Type>) -> Option<Body> {
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
        Body::of(func)
    }

    /// Puts the HIR of a `function` here; the value that it returns, of class `ty`. `call` makes the call, in a block of its own.
    pub(super) fn splice(
        &mut self,
        body: &Body,
        function: Value,
        args: &[Value],
        ty: Type,
        call: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let callee = &body.func;
        self.inlined += 1;
        self.guard(Op::GuardDepth, &[], &[]);
        let mut values: Vec<Option<Value>> = vec![None; callee.values.len()];
        let join = self.func.new_block();
        let result = self.func.add_param(join, ty);
        let rest = (!body.is_whole).then(|| self.func.new_block());
        let order = reverse_postorder(callee);
        let mut blocks: Vec<Option<Block>> = vec![None; callee.blocks.len()];
        for block in &order {
            let data = &callee.blocks[block.index()];
            blocks[block.index()] = if *block == Function::ENTRY {
                Some(self.block)
            } else if data.insts.is_empty() {
                rest
            } else {
                let copy = self.func.new_block();
                for param in &data.params {
                    let ty = callee.ty(*param);
                    values[param.index()] = Some(self.func.add_param(copy, ty));
                }
                Some(copy)
            };
        }
        for block in order {
            self.block = blocks[block.index()].expect("reached");
            for inst in &callee.blocks[block.index()].insts {
                self.splice_inst((callee, function), inst, args, &mut values, (&blocks, join));
            }
        }
        if let Some(rest) = rest {
            self.block = rest;
            let value = call(self);
            self.jump_to(join, vec![value]);
        }
        self.block = join;
        result
    }

    fn jump_to(&mut self, block: Block, args: Vec<Value>) -> Option<Value> {
        let jump = Inst::new(Op::Jump, &[], &[]).with_targets([Target { block, args }]);
        self.func.push(self.block, jump)
    }

    /// Copies an instruction of a callee.
    fn splice_inst(
        &mut self,
        (callee, function): (&Function, Value),
        inst: &Inst,
        args: &[Value],
        values: &mut [Option<Value>],
        (blocks, join): (&[Option<Block>], Block),
    ) {
        let known = |values: &[Option<Value>], value: Value| {
            values[value.index()].expect("definitions come before uses")
        };
        let copied: Vec<Value> = inst.args.iter().map(|arg| known(values, *arg)).collect();
        let result = match inst.op {
            Op::Poll | Op::GuardUnobserved => None,
            Op::LoadLocal => args.get(inst.imm_index(0) as usize).copied(),
            Op::StoreLocal => Some(copied[0]),
            Op::Return => self.jump_to(join, copied),
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
                    .map(|target| {
                        let is_call = callee.blocks[target.block.index()].insts.is_empty();
                        let args = target.args.iter().filter(|_| !is_call);
                        Target {
                            block: blocks[target.block.index()].expect("reached"),
                            args: args.map(|arg| known(values, *arg)).collect(),
                        }
                    })
                    .collect();
                // Its constants live as long as it has its code.
                let op = match inst.op {
                    Op::ConstObj if !is_immortal(callee.constant(inst.imm_const(0))) => Op::LiveObj,
                    op => op,
                };
                let copied = match op {
                    Op::LiveObj => vec![function],
                    _ => copied,
                };
                let mut copy = Inst::new(op, &copied, &imms).with_targets(targets);
                if inst.fs.is_some() {
                    copy = copy.with_fs(self.guard_state());
                }
                let copy = self.placed(copy);
                let result = self.func.push(self.block, copy);
                if op.is_known_object() {
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
