//! Removes guards and conversions that what is known makes redundant, and folds constants.
//!
//! ```text
//! v3 = box_int v2                     (box unused now)
//! v4: int = guard_type v3, int, fs0   (implied by the type)
//! v5 = unbox_int v4, fs0        =>    (is v2)
//! v6 = int_add v5, v5, fs0            v6 = int_add v2, v2, fs0
//! ```
//!
//! - a guard that the operand's type implies;
//! - a guard or an unboxing of what has been guarded or unboxed as another value, before it was stored to a local or behind that;
//! - an operation equal to one that dominates it: pure ones everywhere (classes of the lattice don't
//!   change, numbers are immutable), those that read memory within a block up to the next write, or the
//!   next death of an object, whose destructor may write;
//! - unboxing of a box, of a constant, of what was just stored to a local;
//! - a direct call's result that is only wanted as a number is taken from its tag and payload.

use crate::hir::dominators::Dominators;
use crate::hir::edit::{Replacements, definitions};
use crate::hir::liveness::{Liveness, for_each_use, roots, step_back};
use crate::hir::{
    Block, CmpOp, Effects, Function, Imm, Inst, Op, Ownership, Type, Value, cfg::reverse_postorder,
};
use std::collections::{HashMap, HashSet};

/// The pass. Whether anything changed.
pub fn eliminate_guards(func: &mut Function) -> bool {
    let untagged = untag(func);
    let mut eliminator = Eliminator {
        roots: roots(func),
        deaths: Deaths::of(func),
        definitions: definitions(func),
        dominators: Dominators::new(func),
        replacements: Replacements::default(),
        known: HashMap::new(),
        changed: untagged,
    };
    for block in reverse_postorder(func) {
        eliminator.block(func, block);
    }
    eliminator.replacements.apply(func);
    eliminator.changed
}

type Key = (Op, Vec<Value>, Vec<Imm>);

struct Eliminator {
    /// Whose reference each value is.
    roots: Vec<Value>,
    /// `None`: there are no reads to be merged.
    deaths: Option<Deaths>,
    definitions: Vec<Option<Inst>>,
    dominators: Dominators,
    replacements: Replacements,
    /// Pure operations seen: where, and their result.
    known: HashMap<Key, Vec<(Block, Option<Value>)>>,
    changed: bool,
}

impl Eliminator {
    fn block(&mut self, func: &mut Function, block: Block) {
        let deadly = match &self.deaths {
            Some(deaths) => deaths.in_block(func, block),
            None => Vec::new(),
        };
        let insts = std::mem::take(&mut func.blocks[block.index()].insts);
        let mut out = Vec::with_capacity(insts.len());
        // Operations that read memory, since the last write.
        let mut reads: HashMap<Key, Option<Value>> = HashMap::new();
        for (at, mut inst) in insts.into_iter().enumerate() {
            self.replacements.apply_to(&mut inst);
            if self.implied(func, &inst) || self.is_known(func, block, &mut inst, &mut reads) {
                self.changed = true;
            } else {
                if let Some(result) = inst.result {
                    self.definitions[result.index()] = Some(inst.clone());
                }
                out.push(inst);
            }
            if deadly.get(at).is_some_and(|deadly| *deadly) {
                reads.clear();
            }
        }
        func.blocks[block.index()].insts = out;
    }

    /// Whether an equal operation stands for this one, whose result is then replaced; else notes it. `reads`: operations that read
    /// memory, since the last write.
    fn is_known(
        &mut self,
        func: &Function,
        block: Block,
        inst: &mut Inst,
        reads: &mut HashMap<Key, Option<Value>>,
    ) -> bool {
        self.fold(func, inst);
        let effects = inst.info().effects;
        let mut key: Key = (inst.op, inst.args.to_vec(), inst.imms.to_vec());
        if is_of_object(inst.op) {
            key.1[0] = self.first_name(inst.args[0]);
        }
        let earlier = if effects == Effects::Pure && !inst.is_terminator() && !is_box(inst.op) {
            let seen = self.known.entry(key).or_default();
            let earlier = seen
                .iter()
                .find(|(at, _)| self.dominators.dominates(*at, block))
                .map(|(_, result)| *result);
            if earlier.is_none() {
                seen.push((block, inst.result));
            }
            earlier
        } else if effects == Effects::Read && is_mergeable_read(inst.op) {
            let earlier = reads.get(&key).copied();
            if earlier.is_none() {
                reads.insert(key, inst.result);
            }
            earlier
        } else {
            if effects >= Effects::Write {
                reads.clear();
            }
            None
        };
        if let (Some(old), Some(Some(new))) = (inst.result, earlier) {
            if inst.op == Op::GuardType && self.roots[old.index()] != self.roots[new.index()] {
                // The same object, but a reference that others hold.
                *inst = Inst::new(Op::AssumeType, &inst.args, &inst.imms);
                inst.result = Some(old);
                self.changed = true;
                return false;
            }
            self.replacements.insert(old, new);
        }
        earlier.is_some()
    }

    /// Removes an instruction whose result is known; notes what stands for it.
    fn implied(&mut self, func: &Function, inst: &Inst) -> bool {
        let Some(result) = inst.result else {
            return false;
        };
        let arg = match inst.args.first() {
            Some(arg) => *arg,
            None => return false,
        };
        let stands = match inst.op {
            Op::GuardType | Op::AssumeType if func.ty(arg).is(inst.imm_type(0)) => Some(arg),
            Op::GuardNotNull | Op::AssumeNotNull if func.ty(arg).is(Type::OBJECT) => Some(arg),
            Op::UnboxInt => self.boxed(arg, Op::BoxInt),
            Op::UnboxFloat => self.boxed(arg, Op::BoxFloat),
            Op::UnboxBool => self.boxed(arg, Op::BoxBool),
            Op::BoolNot => self.boxed(arg, Op::BoolNot),
            _ => None,
        };
        if let Some(stands) = stands {
            self.replacements.insert(result, stands);
        }
        stands.is_some()
    }

    /// The definition of a value, through refinements and stores to locals.
    fn origin(&self, mut value: Value) -> Option<&Inst> {
        loop {
            let inst = self.definitions[value.index()].as_ref()?;
            match same_object(inst) {
                Some(same) => value = self.replacements.get(same),
                None => return Some(inst),
            }
        }
    }

    /// The value that an object was first known as.
    fn first_name(&self, value: Value) -> Value {
        let mut value = self.replacements.get(value);
        while let Some(same) = self.definitions[value.index()]
            .as_ref()
            .and_then(same_object)
        {
            value = self.replacements.get(same);
        }
        value
    }

    /// The operand of the operation `op` that made `value`.
    fn boxed(&self, value: Value, op: Op) -> Option<Value> {
        let inst = self.origin(value).filter(|inst| inst.op == op)?;
        Some(self.replacements.get(inst.args[0]))
    }

    fn int(&self, value: Value) -> Option<i64> {
        match self.definitions[value.index()].as_ref()?.imms.first()? {
            Imm::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// Turns an operation on constants into a constant.
    fn fold(&mut self, func: &Function, inst: &mut Inst) {
        let text = |value: Value, ty: Type| -> Option<String> {
            let origin = self
                .origin(value)
                .filter(|origin| origin.op.is_known_object())?;
            let constant = func.constant(origin.imm_const(0));
            (constant.ty == ty).then(|| constant.repr.clone())
        };
        let constant: Option<(Op, Imm)> = match inst.op {
            Op::UnboxInt => text(inst.args[0], Type::INT)
                .and_then(|text| text.parse().ok())
                .map(|n| (Op::ConstInt, Imm::Int(n))),
            Op::UnboxFloat => text(inst.args[0], Type::FLOAT)
                .and_then(|text| text.parse::<f64>().ok())
                // The text of a NaN does not say which.
                .filter(|x| !x.is_nan())
                .map(|x| (Op::ConstFloat, Imm::Float(x.to_bits()))),
            Op::UnboxBool => text(inst.args[0], Type::BOOL)
                .map(|text| (Op::ConstBool, Imm::Bool(text == "True"))),
            Op::IntToFloat => self
                .int(inst.args[0])
                .map(|n| (Op::ConstFloat, Imm::Float((n as f64).to_bits()))),
            Op::IntAdd | Op::IntSub | Op::IntMul => {
                match (self.int(inst.args[0]), self.int(inst.args[1])) {
                    (Some(a), Some(b)) => match inst.op {
                        Op::IntAdd => a.checked_add(b),
                        Op::IntSub => a.checked_sub(b),
                        _ => a.checked_mul(b),
                    }
                    .map(|n| (Op::ConstInt, Imm::Int(n))),
                    _ => None,
                }
            }
            Op::IntCmp => match (self.int(inst.args[0]), self.int(inst.args[1]), inst.imms[0]) {
                (Some(a), Some(b), Imm::Cmp(cmp)) => {
                    Some((Op::ConstBool, Imm::Bool(compare(cmp, a, b))))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some((op, imm)) = constant {
            let result = inst.result;
            *inst = Inst::new(op, &[], &[imm]);
            inst.result = result;
            self.changed = true;
        }
    }
}

/// Where objects die, as the function is before the pass: there CPython drops its reference.
struct Deaths {
    roots: Vec<Value>,
    live: Liveness,
    /// The operation that made a value, and its block and place there; parameters have none.
    made: Vec<Option<(Op, Block, usize)>>,
}

impl Deaths {
    /// `None` if no block has two reads that may be one.
    fn of(func: &Function) -> Option<Deaths> {
        let repeats = func.blocks.iter().any(|block| {
            let mut seen = HashSet::new();
            let reads = block.insts.iter().filter(|inst| is_mergeable_read(inst.op));
            reads
                .into_iter()
                .any(|read| !seen.insert((read.op, &read.imms)))
        });
        if !repeats {
            return None;
        }
        let mut made = vec![None; func.values.len()];
        for block in func.block_ids() {
            for (at, inst) in func.blocks[block.index()].insts.iter().enumerate() {
                if let Some(result) = inst.result {
                    made[result.index()] = Some((inst.op, block, at));
                }
            }
        }
        let roots = roots(func);
        Some(Deaths {
            live: Liveness::new(func, &roots),
            roots,
            made,
        })
    }

    /// For every instruction of a block, whether something may die behind it that frees more than itself.
    fn in_block(&self, func: &Function, block: Block) -> Vec<bool> {
        let insts = &func.blocks[block.index()].insts;
        let mut live = self.live.live_out[block.index()].clone();
        let mut dying: Vec<Vec<Value>> = Vec::with_capacity(insts.len());
        for inst in insts.iter().rev() {
            let mut here = Vec::new();
            for_each_use(func, &self.roots, inst, |root| {
                if !live.contains(root) && !func.ty(root).is(Type::TRIVIAL) {
                    here.push(root);
                }
            });
            dying.push(here);
            step_back(func, &self.roots, inst, &mut live);
        }
        dying.reverse();
        // What is borrowed from memory dies unnoticed, unless something has happened to memory meanwhile.
        let mut last_write = None;
        let mut deadly = Vec::with_capacity(insts.len());
        for (at, inst) in insts.iter().enumerate() {
            let is_owned = |root: &Value| match self.made[root.index()] {
                None => true,
                Some((op, home, made)) => match op.info().ownership {
                    Ownership::Owned => true,
                    Ownership::Memory => home != block || last_write.is_some_and(|w| w >= made),
                    _ => false,
                },
            };
            let is_deadly = dying[at].iter().any(is_owned);
            if is_deadly || inst.info().effects >= Effects::Write {
                last_write = Some(at);
            }
            deadly.push(is_deadly);
        }
        deadly
    }
}

fn compare(cmp: CmpOp, a: i64, b: i64) -> bool {
    match cmp {
        CmpOp::Lt => a < b,
        CmpOp::Le => a <= b,
        CmpOp::Eq => a == b,
        CmpOp::Ne => a != b,
        CmpOp::Gt => a > b,
        CmpOp::Ge => a >= b,
    }
}

/// What an instruction's result is another value of, if it is of one: a refinement, or the local that it was stored to.
fn same_object(inst: &Inst) -> Option<Value> {
    matches!(
        inst.op,
        Op::GuardType | Op::AssumeType | Op::GuardNotNull | Op::AssumeNotNull | Op::StoreLocal
    )
    .then(|| inst.args[0])
}

/// Operations that ask for something of an object, no matter which value it is known as.
fn is_of_object(op: Op) -> bool {
    matches!(
        op,
        Op::GuardType | Op::UnboxInt | Op::UnboxFloat | Op::UnboxBool
    )
}

/// Boxes are objects: two of them are not one.
fn is_box(op: Op) -> bool {
    matches!(op, Op::BoxInt | Op::BoxFloat)
}

/// Reads that yield the same until memory changes.
fn is_mergeable_read(op: Op) -> bool {
    matches!(
        op,
        Op::LiveObj
            | Op::TypeVersion
            | Op::GuardTypeVersion
            | Op::GuardKeysVersion
            | Op::GuardKeysCount
            | Op::GuardInlineValues
            | Op::GuardDictVersion
            | Op::GuardModuleVersion
            | Op::GuardCode
            | Op::GuardDepth
            | Op::GuardLen
            | Op::UnboxFloat
            | Op::LoadDictValue
            | Op::LoadGlobalCached
            | Op::LoadInlineValue
            | Op::Len
    )
}

/// Direct calls whose result is only used as a number: `box_tagged`, `guard_type`, `unbox_*` become
/// one `untag_*`, which stands where the guard stood: operations between the guard and the unboxing
/// may not run again.
fn untag(func: &mut Function) -> bool {
    let tagged = numbers_of_calls(func);
    if tagged.is_empty() {
        return false;
    }
    let mut replacements = Replacements::default();
    // Results of the guards, which become unboxed.
    let mut unboxed = HashSet::new();
    for block in &mut func.blocks {
        block.insts.retain_mut(|inst| {
            let (Some(result), Some(arg)) = (inst.result, inst.args.first().copied()) else {
                return true;
            };
            match inst.op {
                Op::BoxTagged if tagged.contains_key(&result) => {
                    replacements.insert(result, arg);
                    false
                }
                Op::GuardType if tagged.contains_key(&arg) => {
                    let (op, ty) = match inst.imm_type(0) {
                        Type::INT => (Op::UntagInt, Type::I64),
                        _ => (Op::UntagFloat, Type::F64),
                    };
                    inst.op = op;
                    inst.imms.clear();
                    func.values[result.index()].ty = ty;
                    unboxed.insert(result);
                    true
                }
                Op::UnboxInt | Op::UnboxFloat if unboxed.contains(&arg) => {
                    replacements.insert(result, arg);
                    false
                }
                _ => true,
            }
        });
    }
    replacements.apply(func);
    true
}

/// The boxed results of direct calls all of whose uses, but for frame states, are guards of a number
/// type with nothing but unboxings behind them, and the tagged values that they are boxed from.
fn numbers_of_calls(func: &Function) -> HashMap<Value, Value> {
    let mut uses: Vec<Vec<&Inst>> = vec![Vec::new(); func.values.len()];
    // Values that are handed to a block.
    let mut handed = HashSet::new();
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        for arg in &inst.args {
            uses[arg.index()].push(inst);
        }
        handed.extend(inst.targets.iter().flat_map(|t| &t.args).copied());
    }
    let only_unboxed = |guard: &Inst| {
        let unbox = match guard.op {
            Op::GuardType if guard.imm_type(0) == Type::INT => Op::UnboxInt,
            Op::GuardType if guard.imm_type(0) == Type::FLOAT => Op::UnboxFloat,
            _ => return false,
        };
        guard.result.is_some_and(|guarded| {
            !handed.contains(&guarded)
                && !uses[guarded.index()].is_empty()
                && uses[guarded.index()].iter().all(|user| user.op == unbox)
        })
    };
    func.blocks
        .iter()
        .flat_map(|block| &block.insts)
        .filter(|inst| inst.op == Op::BoxTagged)
        .filter_map(|inst| Some((inst.result?, inst.args[0])))
        .filter(|(object, _)| {
            let of = &uses[object.index()];
            !of.is_empty() && !handed.contains(object) && of.iter().all(|user| only_unboxed(user))
        })
        .collect()
}
