//! Block parameters that are ints, floats or bools travel unboxed.
//!
//! ```text
//! bb1(v5: int):                       bb1(v9: i64):
//!   v6 = unbox_int v5, fs0              v5 = box_int v9         ; usually dead
//!   v7 = int_add v6, v1, fs0     =>     v7 = int_add v9, v1, fs0
//!   v8 = box_int v7                     v8 = box_int v7
//!   jump bb1(v8)                        jump bb1(v7)
//! ```
//!
//! Optimistic: all candidates together, until none has an argument that can't be unboxed. Unboxing an
//! int may leave (it may not fit), so it is only done where a guard's frame state is at hand.
//!
//! A parameter that is a number that existed before (not computed here) stays boxed if it is also used
//! as an object: a program could tell the copy from the original.

use crate::hir::edit::definitions;
use crate::hir::{Block, Function, Imm, Inst, Op, Type, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The pass. Whether anything changed.
pub fn unbox_params(func: &mut Function) -> bool {
    let plan = Plan::new(func);
    if plan.candidates.is_empty() {
        return false;
    }
    plan.apply(func);
    true
}

/// How an argument comes unboxed.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// It is there already.
    Value(Value),
    /// A constant.
    Const(Imm),
    /// Another candidate.
    Param(Value),
    /// By unboxing at the edge.
    Unbox(Value),
    /// By unboxing right behind the guard that yields this value.
    AfterGuard(Value),
}

struct Plan {
    candidates: BTreeSet<Value>,
    definitions: Vec<Option<Inst>>,
}

fn machine_type(ty: Type) -> Option<(Type, Op, Op)> {
    if ty == Type::INT {
        Some((Type::I64, Op::BoxInt, Op::UnboxInt))
    } else if ty == Type::FLOAT {
        Some((Type::F64, Op::BoxFloat, Op::UnboxFloat))
    } else if ty == Type::BOOL {
        Some((Type::I1, Op::BoxBool, Op::UnboxBool))
    } else {
        None
    }
}

impl Plan {
    fn new(func: &Function) -> Plan {
        let mut plan = Plan {
            candidates: BTreeSet::new(),
            definitions: definitions(func),
        };
        let mut args: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
        let mut object_use: BTreeSet<Value> = BTreeSet::new();
        let mut flows: Vec<(Value, Value)> = Vec::new();
        for block in &func.blocks {
            for param in &block.params {
                if machine_type(func.ty(*param)).is_some() {
                    plan.candidates.insert(*param);
                }
            }
        }
        for inst in func.blocks.iter().flat_map(|b| &b.insts) {
            for arg in &inst.args {
                let unboxes = matches!(
                    inst.op,
                    Op::UnboxInt | Op::UnboxFloat | Op::UnboxBool | Op::StoreLocal
                );
                if !unboxes {
                    object_use.insert(plan.through_stores(*arg));
                }
            }
            for target in &inst.targets {
                let params = &func.blocks[target.block.index()].params;
                for (param, arg) in params.iter().zip(&target.args) {
                    args.entry(*param).or_default().push(*arg);
                    flows.push((*param, plan.through_stores(*arg)));
                }
            }
        }
        loop {
            // A value that flows into a parameter that stays boxed is used as an object.
            let mut used = object_use.clone();
            for (param, arg) in &flows {
                if !plan.candidates.contains(param) {
                    used.insert(*arg);
                }
            }
            let bad: Vec<Value> = plan
                .candidates
                .iter()
                .filter(|param| {
                    args.get(param).is_none_or(|args| {
                        args.iter()
                            .any(|arg| match plan.source(func, **param, *arg) {
                                None => true,
                                Some(Source::Unbox(_) | Source::AfterGuard(_)) => {
                                    used.contains(param)
                                }
                                Some(Source::Value(_) | Source::Const(_) | Source::Param(_)) => {
                                    false
                                }
                            })
                    })
                })
                .copied()
                .collect();
            if bad.is_empty() {
                return plan;
            }
            for param in bad {
                plan.candidates.remove(&param);
            }
        }
    }

    /// The value that was stored to a local, for the result of the store.
    fn through_stores(&self, mut value: Value) -> Value {
        while let Some(inst) = &self.definitions[value.index()] {
            if inst.op != Op::StoreLocal {
                break;
            }
            value = inst.args[0];
        }
        value
    }

    /// How `arg` can be passed unboxed for `param`.
    fn source(&self, func: &Function, param: Value, arg: Value) -> Option<Source> {
        let (_, boxes, _) = machine_type(func.ty(param))?;
        let arg = self.through_stores(arg);
        if func.ty(arg) != func.ty(param) {
            return None;
        }
        let Some(inst) = &self.definitions[arg.index()] else {
            return if self.candidates.contains(&arg) {
                Some(Source::Param(arg))
            } else if boxes == Op::BoxInt {
                None
            } else {
                Some(Source::Unbox(arg))
            };
        };
        if inst.op == boxes {
            return Some(Source::Value(inst.args[0]));
        }
        if inst.op.is_known_object() {
            let text = &func.constant(inst.imm_const(0)).repr;
            let imm = if boxes == Op::BoxInt {
                text.parse().ok().map(Imm::Int)
            } else if boxes == Op::BoxFloat {
                let value = text.parse::<f64>().ok().filter(|x| !x.is_nan());
                value.map(|x| Imm::Float(x.to_bits()))
            } else {
                Some(Imm::Bool(text == "True"))
            };
            if let Some(imm) = imm {
                return Some(Source::Const(imm));
            }
        }
        if boxes != Op::BoxInt {
            return Some(Source::Unbox(arg));
        }
        (inst.op == Op::GuardType).then_some(Source::AfterGuard(arg))
    }

    fn apply(&self, func: &mut Function) {
        // New parameters, the old value boxed from them.
        let mut unboxed: HashMap<Value, Value> = HashMap::new();
        for block in 0..func.blocks.len() {
            let mut boxes = Vec::new();
            for at in 0..func.blocks[block].params.len() {
                let param = func.blocks[block].params[at];
                if !self.candidates.contains(&param) {
                    continue;
                }
                let (ty, box_op, _) = machine_type(func.ty(param)).expect("a candidate");
                let fresh = func.new_value(ty);
                func.blocks[block].params[at] = fresh;
                unboxed.insert(param, fresh);
                let mut inst = Inst::new(box_op, &[fresh], &[]);
                inst.result = Some(param);
                boxes.push(inst);
            }
            func.blocks[block].insts.splice(0..0, boxes);
        }
        let mut after_guard: HashMap<Value, Value> = HashMap::new();
        for block in 0..func.blocks.len() {
            let Some(mut last) = func.blocks[block].insts.pop() else {
                continue;
            };
            for target in &mut last.targets {
                self.pass_unboxed(
                    func,
                    Block::from_index(block),
                    target,
                    &unboxed,
                    &mut after_guard,
                );
            }
            func.blocks[block].insts.push(last);
        }
        // Unboxing right behind the guards.
        for block in 0..func.blocks.len() {
            let mut at = 0;
            while at < func.blocks[block].insts.len() {
                let inst = &func.blocks[block].insts[at];
                if let Some(guarded) = inst.result
                    && let Some(number) = after_guard.get(&guarded)
                {
                    let fs = inst.fs.expect("a guard has a frame state");
                    let mut unbox = Inst::new(Op::UnboxInt, &[guarded], &[]).with_fs(fs);
                    unbox.result = Some(*number);
                    func.blocks[block].insts.insert(at + 1, unbox);
                    at += 1;
                }
                at += 1;
            }
        }
    }

    /// Rewrites the arguments of one edge.
    fn pass_unboxed(
        &self,
        func: &mut Function,
        from: Block,
        target: &mut crate::hir::Target,
        unboxed: &HashMap<Value, Value>,
        after_guard: &mut HashMap<Value, Value>,
    ) {
        let params = func.blocks[target.block.index()].params.clone();
        for (fresh, arg) in params.iter().zip(&mut target.args) {
            let Some(param) = unboxed
                .iter()
                .find(|(_, new)| *new == fresh)
                .map(|(old, _)| *old)
            else {
                continue;
            };
            let (_, _, unbox) = machine_type(func.ty(param)).expect("a candidate");
            *arg = match self.source(func, param, *arg).expect("checked by the plan") {
                Source::Value(value) => value,
                Source::Param(param) => unboxed[&param],
                Source::Const(imm) => {
                    let op = match imm {
                        Imm::Int(_) => Op::ConstInt,
                        Imm::Float(_) => Op::ConstFloat,
                        _ => Op::ConstBool,
                    };
                    func.push(from, Inst::new(op, &[], &[imm]))
                        .expect("a constant")
                }
                Source::Unbox(value) => func
                    .push(from, Inst::new(unbox, &[value], &[]))
                    .expect("a number"),
                Source::AfterGuard(value) => match after_guard.get(&value) {
                    Some(number) => *number,
                    None => {
                        let number = func.new_value(Type::I64);
                        after_guard.insert(value, number);
                        number
                    }
                },
            };
        }
    }
}
