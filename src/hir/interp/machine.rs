//! The loop of the interpreter: one instruction after the other.

use super::arith::{compare, float_binary, int_binary, int_truediv, range_len};
use super::heap::{Field, Heap, Payload, Ref, show_float};
use super::{Answer, Datum, Event, InterpError, Outcome, Run, Shown, World};
use crate::hir::{
    Block, CmpOp, ConstId, ExitReason, FrameState, FsValue, Function, Imm, Inst, Op, ResultRule,
    Target, Type, Value,
};
use std::collections::{BTreeMap, HashMap};

type Result<T> = std::result::Result<T, InterpError>;

/// What an SSA value is.
#[derive(Clone, Copy, Debug)]
enum Val {
    I64(i64),
    F64(f64),
    I1(bool),
    Boxed(Option<Ref>),
    Tagged(Tag),
}

/// The result of a direct call.
#[derive(Clone, Copy, Debug)]
enum Tag {
    Object(Ref),
    Int(i64),
    Float(f64),
}

/// What follows an instruction.
enum Next {
    /// The next one; the result, if there is one.
    Go(Option<Val>),
    /// Target number so and so.
    Jump(usize),
    Leave {
        raised: bool,
    },
    Return(Val),
}

use Next::Go;

/// Executes a well-formed function.
///
/// # Errors
/// See [`InterpError`]; with `world.counting` also every wrong reference count.
pub fn run(func: &Function, world: &World) -> Result<Run> {
    let mut machine = Machine::new(func, world);
    let mut block = Function::ENTRY;
    loop {
        match machine.block(block)? {
            End::Jump(next) => block = next,
            End::Done(outcome, reason) => {
                return Ok(Run {
                    outcome,
                    events: machine.events,
                    reason,
                    steps: machine.steps,
                });
            }
        }
    }
}

/// How a block ended.
enum End {
    Jump(Block),
    Done(Outcome, Option<ExitReason>),
}

struct Machine<'a> {
    func: &'a Function,
    world: &'a World,
    heap: Heap,
    values: Vec<Option<Val>>,
    slots: Vec<Option<Ref>>,
    consts: HashMap<ConstId, Ref>,
    /// What the frame's dictionaries hold, as far as it was read.
    dicts: BTreeMap<String, Ref>,
    events: Vec<Event>,
    guards: usize,
    steps: u64,
}

impl<'a> Machine<'a> {
    fn new(func: &'a Function, world: &'a World) -> Self {
        let mut heap = Heap::new(world.counting);
        let mut slots = vec![None; func.nlocals as usize];
        for (index, (slot, arg)) in slots.iter_mut().zip(&world.args).enumerate() {
            *slot = heap.datum(arg, &format!("arg {index}"));
        }
        Machine {
            func,
            world,
            heap,
            values: vec![None; func.values.len()],
            slots,
            consts: HashMap::new(),
            dicts: BTreeMap::new(),
            events: Vec::new(),
            guards: 0,
            steps: 0,
        }
    }

    fn block(&mut self, block: Block) -> Result<End> {
        let func = self.func;
        for inst in &func.blocks[block.index()].insts {
            let end = self.one(inst).map_err(|error| InterpError::At {
                inst: func.display_inst(inst).to_string(),
                error: Box::new(error),
            })?;
            if let Some(end) = end {
                return Ok(end);
            }
        }
        Err(InterpError::Malformed(format!("{block} does not end")))
    }

    /// Executes an instruction.
    fn one(&mut self, inst: &Inst) -> Result<Option<End>> {
        self.steps += 1;
        if self.steps > self.world.max_steps {
            return Err(InterpError::TooManySteps);
        }
        for &arg in &inst.args {
            if let Val::Boxed(Some(object)) | Val::Tagged(Tag::Object(object)) = self.val(arg)? {
                self.heap.get(object)?;
            }
        }
        let next = self.step(inst)?;
        if std::mem::take(&mut self.heap.code_ran) {
            self.world_moves()?;
        }
        match next {
            Go(result) => {
                if let (Some(value), Some(val)) = (inst.result, result) {
                    self.values[value.index()] = Some(val);
                }
                Ok(None)
            }
            Next::Jump(index) => {
                let target = &inst.targets[index];
                self.pass_arguments(target)?;
                Ok(Some(End::Jump(target.block)))
            }
            Next::Leave { raised } => {
                let outcome = self.leave(inst, raised)?;
                let reason = match inst.imms.first() {
                    Some(&Imm::Reason(reason)) => Some(reason),
                    _ if raised => Some(ExitReason::Raise),
                    _ => inst.info().reason,
                };
                Ok(Some(End::Done(outcome, reason)))
            }
            Next::Return(val) => {
                let shown = self.show(val)?;
                for slot in std::mem::take(&mut self.slots).into_iter().flatten() {
                    self.heap.decref(slot)?;
                }
                let returned = match val {
                    Val::Boxed(object) => object,
                    _ => None,
                };
                self.check_balance(returned.into_iter().collect())?;
                Ok(Some(End::Done(Outcome::Returned(shown), None)))
            }
        }
    }

    fn pass_arguments(&mut self, target: &Target) -> Result<()> {
        let vals: Result<Vec<Val>> = target.args.iter().map(|&v| self.val(v)).collect();
        let params = &self.func.blocks[target.block.index()].params;
        for (param, val) in params.iter().zip(vals?) {
            self.values[param.index()] = Some(val);
        }
        Ok(())
    }

    // ---- values --------------------------------------------------------------------------------

    fn val(&self, value: Value) -> Result<Val> {
        self.values[value.index()].ok_or_else(|| InterpError::Malformed(format!("{value} unset")))
    }

    fn int(&self, inst: &Inst, index: usize) -> Result<i64> {
        match self.val(inst.args[index])? {
            Val::I64(value) => Ok(value),
            other => wrong(other),
        }
    }

    fn float(&self, inst: &Inst, index: usize) -> Result<f64> {
        match self.val(inst.args[index])? {
            Val::F64(value) => Ok(value),
            other => wrong(other),
        }
    }

    fn truth(&self, inst: &Inst, index: usize) -> Result<bool> {
        match self.val(inst.args[index])? {
            Val::I1(value) => Ok(value),
            other => wrong(other),
        }
    }

    fn boxed(&self, inst: &Inst, index: usize) -> Result<Option<Ref>> {
        match self.val(inst.args[index])? {
            Val::Boxed(value) => Ok(value),
            other => wrong(other),
        }
    }

    fn object(&self, inst: &Inst, index: usize) -> Result<Ref> {
        let object = self.boxed(inst, index)?;
        object.ok_or_else(|| InterpError::Malformed("null where an object is needed".to_owned()))
    }

    fn show(&self, val: Val) -> Result<Shown> {
        Ok(match val {
            Val::I64(value) | Val::Tagged(Tag::Int(value)) => Shown::Int(value),
            Val::F64(value) | Val::Tagged(Tag::Float(value)) => show_float(value),
            Val::I1(value) => Shown::Bool(value),
            Val::Boxed(None) => Shown::Null,
            Val::Boxed(Some(object)) | Val::Tagged(Tag::Object(object)) => {
                self.heap.show(object)?
            }
        })
    }

    /// A new reference to `val` as an object.
    fn new_reference(&mut self, val: Val) -> Result<Option<Ref>> {
        Ok(match val {
            Val::I64(value) | Val::Tagged(Tag::Int(value)) => Some(self.heap.int(value)),
            Val::F64(value) | Val::Tagged(Tag::Float(value)) => Some(self.heap.float(value)),
            Val::I1(value) => Some(self.heap.bool(value)),
            Val::Boxed(None) => None,
            Val::Boxed(Some(object)) | Val::Tagged(Tag::Object(object)) => {
                self.heap.incref(object)?;
                Some(object)
            }
        })
    }

    fn set_slot(&mut self, slot: usize, object: Option<Ref>) -> Result<()> {
        if let Some(old) = std::mem::replace(&mut self.slots[slot], object) {
            self.heap.decref(old)?;
        }
        Ok(())
    }

    /// The object of a constant, which lives for ever.
    fn constant(&mut self, id: ConstId) -> Ref {
        if let Some(&known) = self.consts.get(&id) {
            return known;
        }
        let constant = self.func.constant(id);
        let text = constant.repr.as_str();
        let object = match constant.ty {
            Type::INT => text.parse().ok().map(|n| self.heap.int(n)),
            Type::FLOAT => text.parse().ok().map(|n| self.heap.float(n)),
            Type::BOOL => Some(self.heap.bool(text == "True")),
            _ => None,
        };
        let object = object.unwrap_or_else(|| {
            let label = format!("const {text}");
            self.heap.opaque(label, constant.ty)
        });
        self.consts.insert(id, object);
        object
    }

    // ---- the world -------------------------------------------------------------------------------

    /// A guard on the world.
    fn world_guard(&mut self, result: Option<Val>) -> Next {
        let number = self.guards;
        self.guards += 1;
        guard(self.world.failing_guard != Some(number), result)
    }

    /// Replaces what could be borrowed from the world.
    fn world_moves(&mut self) -> Result<()> {
        for name in self.dicts.keys().cloned().collect::<Vec<_>>() {
            let old = self.dicts[&name];
            if let Some(twin) = self.heap.twin(old) {
                self.dicts.insert(name, twin);
                self.heap.decref(old)?;
            }
        }
        self.heap.renew_fields()
    }

    /// Makes unboxed locals visible, as looking at the frame does.
    fn flush(&mut self, state: &FrameState) -> Result<()> {
        let mut hidden = false;
        for (local, slot) in state.locals.iter().zip(&self.slots) {
            if let FsValue::Value(value) = local {
                hidden |= match self.val(*value)? {
                    Val::Boxed(object) => object != *slot,
                    _ => true,
                };
            }
        }
        if !hidden {
            return Ok(());
        }
        for (slot, local) in state.locals.iter().enumerate() {
            match local {
                FsValue::InSlot => {}
                FsValue::Null => self.set_slot(slot, None)?,
                FsValue::Value(value) => {
                    let object = self.new_reference(self.val(*value)?)?;
                    self.set_slot(slot, object)?;
                }
                FsValue::RangeIter { .. } | FsValue::ListIter { .. } => {
                    return Err(InterpError::Malformed("an iterator in a local".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn flush_if_looked_at(&mut self, inst: &Inst) -> Result<()> {
        match inst.fs {
            Some(fs) if self.world.looks_at_frames => self.flush(self.func.frame_state(fs)),
            _ => Ok(()),
        }
    }

    /// Other code runs in the middle of an instruction: another thread, the garbage collector.
    fn interrupt(&mut self, inst: &Inst) -> Result<()> {
        self.flush_if_looked_at(inst)?;
        self.world_moves()
    }

    fn record(&mut self, inst: &Inst) -> Result<()> {
        let mut what = inst.op.to_string();
        for imm in &inst.imms {
            what.push(' ');
            match imm {
                Imm::Const(id) => what.push_str(&self.func.constant(*id).repr),
                Imm::Cell(id) => what.push_str(&self.func.cell(*id).name),
                other => what.push_str(&other.to_string()),
            }
        }
        let args: Result<Vec<Shown>> = inst.args.iter().map(|&v| self.show(self.val(v)?)).collect();
        let event = Event { what, args: args? };
        self.events.push(event);
        Ok(())
    }

    /// An operation that may run any Python code.
    fn operation(&mut self, inst: &Inst) -> Result<Next> {
        self.flush_if_looked_at(inst)?;
        self.record(inst)?;
        let number = self.events.len() - 1;
        let answers = &self.world.answers;
        let answer = match answers.is_empty() {
            true => Answer::Yields(Datum::Object(Type::OTHER)),
            false => answers[number % answers.len()].clone(),
        };
        self.world_moves()?;
        // Borrowed operands must outlive the operation.
        for &arg in &inst.args {
            self.show(self.val(arg)?)?;
        }
        for (index, &arg) in inst.args.iter().enumerate() {
            if inst.steals(index)
                && let Val::Boxed(Some(object)) = self.val(arg)?
            {
                self.heap.decref(object)?;
            }
        }
        let Answer::Yields(datum) = answer else {
            return Ok(Next::Leave { raised: true });
        };
        Ok(Go(self.result(inst, &datum, &format!("result {number}"))))
    }

    /// What an operation yields, as near to `datum` as its row allows.
    fn result(&mut self, inst: &Inst, datum: &Datum, label: &str) -> Option<Val> {
        let ResultRule::Fixed(ty) = inst.info().result else {
            return None;
        };
        let object = |this: &mut Self| {
            let found = this.heap.datum(datum, label);
            found.unwrap_or_else(|| this.heap.opaque(label.to_owned(), Type::OTHER))
        };
        Some(match (ty, datum) {
            (Type::I1, Datum::Bool(value)) => Val::I1(*value),
            (Type::I1, _) => Val::I1(true),
            (Type::TUPLE, _) => {
                let count = inst.imm_index(0);
                let items = (0..count)
                    .map(|i| self.heap.opaque(format!("{label}[{i}]"), Type::OTHER))
                    .collect();
                Val::Boxed(Some(self.heap.items(Type::TUPLE, items)))
            }
            (Type::TAGGED, Datum::Int(value)) if self.world.unboxed_results => {
                Val::Tagged(Tag::Int(*value))
            }
            (Type::TAGGED, Datum::Float(value)) if self.world.unboxed_results => {
                Val::Tagged(Tag::Float(*value))
            }
            (Type::TAGGED, _) => Val::Tagged(Tag::Object(object(self))),
            (Type::MAYBE, Datum::Null) => Val::Boxed(None),
            _ => Val::Boxed(Some(object(self))),
        })
    }

    // ---- the end ---------------------------------------------------------------------------------

    /// Rebuilds the frame, as the handler of exits does, and shows it.
    fn leave(&mut self, inst: &Inst, raised: bool) -> Result<Outcome> {
        let fs = inst
            .fs
            .ok_or_else(|| InterpError::Malformed("no frame state".to_owned()))?;
        let state = self.func.frame_state(fs);
        let mut locals = Vec::new();
        for (slot, local) in state.locals.iter().enumerate() {
            if *local != FsValue::InSlot {
                let (shown, object) = self.rebuild(local)?;
                locals.push(shown);
                self.set_slot(slot, object)?;
            } else {
                locals.push(self.show(Val::Boxed(self.slots[slot]))?);
            }
        }
        let mut stack = Vec::new();
        let mut held: Vec<Ref> = self.slots.iter().flatten().copied().collect();
        for value in &state.stack {
            let (shown, object) = self.rebuild(value)?;
            stack.push(shown);
            held.extend(object);
        }
        for &value in &inst.drops {
            if let Val::Boxed(Some(object)) | Val::Tagged(Tag::Object(object)) = self.val(value)? {
                self.heap.decref(object)?;
            }
        }
        self.check_balance(held)?;
        Ok(Outcome::Left {
            pc: state.pc,
            raised,
            locals,
            stack,
        })
    }

    /// What a frame-state entry shows, and the reference that the frame then holds.
    fn rebuild(&mut self, value: &FsValue) -> Result<(Shown, Option<Ref>)> {
        let number = |this: &Self, value: Value| match this.val(value)? {
            Val::I64(number) => Ok(number),
            other => wrong(other),
        };
        Ok(match value {
            FsValue::Null => (Shown::Null, None),
            FsValue::InSlot => return Err(InterpError::Malformed("`slot` here".to_owned())),
            FsValue::Value(value) => {
                let val = self.val(*value)?;
                (self.show(val)?, self.new_reference(val)?)
            }
            FsValue::RangeIter {
                next,
                remaining,
                step,
            } => {
                let next = number(self, *next)?;
                let shown = Shown::RangeIter(next, number(self, *remaining)?, number(self, *step)?);
                (shown, None)
            }
            FsValue::ListIter { list, index } => {
                let list = self.val(*list)?;
                let shown = Shown::ListIter(Box::new(self.show(list)?), number(self, *index)?);
                (shown, self.new_reference(list)?)
            }
        })
    }

    /// Checks reference counts when only `held` and the world refer to objects.
    fn check_balance(&mut self, mut held: Vec<Ref>) -> Result<()> {
        held.extend(self.consts.values());
        held.extend(self.dicts.values());
        self.heap.check_balance(&held)
    }

    // ---- instructions ------------------------------------------------------------------------------

    #[deny(clippy::wildcard_enum_match_arm)]
    fn step(&mut self, inst: &Inst) -> Result<Next> {
        let op = inst.op;
        Ok(match op {
            Op::ConstInt | Op::ConstFloat | Op::ConstBool | Op::ConstObj => match inst.imms[0] {
                Imm::Int(value) => go(Val::I64(value)),
                Imm::Float(bits) => go(Val::F64(f64::from_bits(bits))),
                Imm::Bool(value) => go(Val::I1(value)),
                ref other => {
                    let Imm::Const(id) = *other else {
                        return Err(InterpError::Malformed(format!("constant {other}")));
                    };
                    go(Val::Boxed(Some(self.constant(id))))
                }
            },
            Op::ConstNull => go(Val::Boxed(None)),

            Op::LoadLocal => go(Val::Boxed(self.slots[inst.imm_index(0) as usize])),
            Op::StoreLocal => {
                let object = self.boxed(inst, 0)?;
                self.set_slot(inst.imm_index(0) as usize, object)?;
                go(Val::Boxed(object))
            }
            Op::DropLocal => {
                self.set_slot(inst.imm_index(0) as usize, None)?;
                Go(None)
            }

            Op::GuardType => {
                let object = self.boxed(inst, 0)?;
                let holds = match object {
                    Some(object) => self.heap.get(object)?.ty == inst.imm_type(),
                    None => false,
                };
                guard(holds, Some(Val::Boxed(object)))
            }
            Op::GuardNotNull => {
                let object = self.boxed(inst, 0)?;
                guard(object.is_some(), Some(Val::Boxed(object)))
            }
            Op::AssumeNotNull => go(Val::Boxed(Some(self.object(inst, 0)?))),
            Op::GuardIs => {
                let object = self.boxed(inst, 0)?;
                let constant = Some(self.constant(inst.imm_const()));
                let same = self.same(object, constant)?;
                guard(same, Some(Val::Boxed(object)))
            }
            Op::GuardTrue => guard(self.truth(inst, 0)?, None),
            Op::GuardFalse => guard(!self.truth(inst, 0)?, None),
            Op::GuardTypeVersion | Op::GuardCode => {
                let object = self.object(inst, 0)?;
                self.world_guard(Some(Val::Boxed(Some(object))))
            }
            Op::GuardKeysVersion
            | Op::GuardInlineValues
            | Op::GuardDictVersion
            | Op::GuardModuleVersion
            | Op::GuardNoTracing
            | Op::GuardUnobserved => self.world_guard(None),
            Op::Poll => {
                let next = self.world_guard(None);
                if matches!(next, Go(_)) {
                    self.interrupt(inst)?;
                }
                next
            }
            Op::GuardLen => {
                let list = self.object(inst, 0)?;
                let want = inst.imm_index(0) as usize;
                guard(self.heap.list(list)?.len() == want, None)
            }

            Op::BoxInt => {
                let value = self.int(inst, 0)?;
                go(Val::Boxed(Some(self.heap.int(value))))
            }
            Op::BoxFloat => {
                let value = self.float(inst, 0)?;
                go(Val::Boxed(Some(self.heap.float(value))))
            }
            Op::BoxBool => {
                let value = self.truth(inst, 0)?;
                go(Val::Boxed(Some(self.singleton(value))))
            }
            Op::UnboxInt | Op::UnboxFloat | Op::UnboxBool => {
                let object = self.object(inst, 0)?;
                match self.heap.get(object)?.payload {
                    Payload::Int(value) => go(Val::I64(value)),
                    Payload::Float(value) => go(Val::F64(value)),
                    Payload::Bool(value) => go(Val::I1(value)),
                    // An int beyond 64 bits.
                    Payload::Opaque(_) | Payload::Items(_) => Next::Leave { raised: false },
                }
            }
            Op::BoxTagged => match self.val(inst.args[0])? {
                Val::Tagged(Tag::Object(object)) => go(Val::Boxed(Some(object))),
                Val::Tagged(Tag::Int(value)) => go(Val::Boxed(Some(self.heap.int(value)))),
                Val::Tagged(Tag::Float(value)) => go(Val::Boxed(Some(self.heap.float(value)))),
                other => return wrong(other),
            },
            Op::UntagInt | Op::UntagFloat => {
                let unboxed = match self.val(inst.args[0])? {
                    Val::Tagged(Tag::Object(object)) => match self.heap.get(object)?.payload {
                        Payload::Int(value) => Some(Val::I64(value)),
                        Payload::Float(value) => Some(Val::F64(value)),
                        Payload::Bool(_) | Payload::Items(_) | Payload::Opaque(_) => None,
                    },
                    Val::Tagged(Tag::Int(value)) => Some(Val::I64(value)),
                    Val::Tagged(Tag::Float(value)) => Some(Val::F64(value)),
                    other => return wrong(other),
                };
                let fits = match op {
                    Op::UntagInt => matches!(unboxed, Some(Val::I64(_))),
                    _ => matches!(unboxed, Some(Val::F64(_))),
                };
                guard(fits, unboxed)
            }

            Op::IntAdd
            | Op::IntSub
            | Op::IntMul
            | Op::IntFloorDiv
            | Op::IntMod
            | Op::IntPow
            | Op::IntShl
            | Op::IntShr
            | Op::IntAnd
            | Op::IntOr
            | Op::IntXor
            | Op::IntAddWrap => {
                let result = int_binary(op, self.int(inst, 0)?, self.int(inst, 1)?);
                value_or_leave(result.map(Val::I64))
            }
            Op::IntTrueDiv => {
                let result = int_truediv(self.int(inst, 0)?, self.int(inst, 1)?);
                value_or_leave(result.map(Val::F64))
            }
            Op::IntNeg => value_or_leave(self.int(inst, 0)?.checked_neg().map(Val::I64)),
            Op::IntInvert => go(Val::I64(!self.int(inst, 0)?)),
            Op::RangeLen => {
                let (start, stop) = (self.int(inst, 0)?, self.int(inst, 1)?);
                let result = range_len(start, stop, self.int(inst, 2)?);
                value_or_leave(result.map(Val::I64))
            }
            Op::IntCmp => {
                let op = comparison(inst)?;
                go(Val::I1(compare(op, self.int(inst, 0)?, self.int(inst, 1)?)))
            }
            Op::IntToFloat => go(Val::F64(self.int(inst, 0)? as f64)),
            Op::BoolToInt => go(Val::I64(i64::from(self.truth(inst, 0)?))),

            Op::FloatAdd
            | Op::FloatSub
            | Op::FloatMul
            | Op::FloatDiv
            | Op::FloatFloorDiv
            | Op::FloatMod
            | Op::FloatPow => {
                let result = float_binary(op, self.float(inst, 0)?, self.float(inst, 1)?);
                value_or_leave(result.map(Val::F64))
            }
            Op::FloatNeg => go(Val::F64(-self.float(inst, 0)?)),
            Op::FloatAbs => go(Val::F64(self.float(inst, 0)?.abs())),
            Op::FloatSqrt => {
                let value = self.float(inst, 0)?;
                value_or_leave((value >= 0.0).then(|| Val::F64(value.sqrt())))
            }
            Op::FloatCmp => {
                let op = comparison(inst)?;
                go(Val::I1(compare(
                    op,
                    self.float(inst, 0)?,
                    self.float(inst, 1)?,
                )))
            }

            Op::BoolNot => go(Val::I1(!self.truth(inst, 0)?)),
            Op::Is => {
                let (a, b) = (self.boxed(inst, 0)?, self.boxed(inst, 1)?);
                go(Val::I1(self.same(a, b)?))
            }

            Op::IsTrue
            | Op::BinaryOp
            | Op::CompareOp
            | Op::Contains
            | Op::UnaryOp
            | Op::LoadAttr
            | Op::StoreAttr
            | Op::LoadGlobal
            | Op::StoreGlobal
            | Op::Subscr
            | Op::StoreSubscr
            | Op::DeleteSubscr
            | Op::Call
            | Op::CallPy
            | Op::GetIter
            | Op::IterNext
            | Op::UnpackSequence
            | Op::BuildSlice => self.operation(inst)?,

            Op::BuildTuple | Op::BuildList => {
                self.interrupt(inst)?;
                let items: Result<Vec<Ref>> =
                    (0..inst.args.len()).map(|i| self.object(inst, i)).collect();
                let ty = match op {
                    Op::BuildTuple => Type::TUPLE,
                    _ => Type::LIST,
                };
                go(Val::Boxed(Some(self.heap.items(ty, items?))))
            }
            Op::ListAppend => {
                self.flush_if_looked_at(inst)?;
                let (list, item) = (self.object(inst, 0)?, self.object(inst, 1)?);
                self.heap.list(list)?.push(item);
                Go(None)
            }

            Op::ListGet | Op::TupleGet => {
                let list = self.object(inst, 0)?;
                match self.place(list, self.int(inst, 1)?)? {
                    Some(at) => go(Val::Boxed(Some(self.heap.list(list)?[at]))),
                    None => Next::Leave { raised: false },
                }
            }
            Op::Item => {
                let list = self.object(inst, 0)?;
                let items = self.heap.list(list)?;
                match items.get(inst.imm_index(0) as usize) {
                    Some(&item) => go(Val::Boxed(Some(item))),
                    None => return Err(InterpError::Malformed("no such item".to_owned())),
                }
            }
            Op::ListSet => {
                let (list, item) = (self.object(inst, 0)?, self.object(inst, 2)?);
                self.set_item(list, self.int(inst, 1)?, item)?
            }
            Op::ListSetFloat => {
                let list = self.object(inst, 0)?;
                let (index, value) = (self.int(inst, 1)?, self.float(inst, 2)?);
                match self.place(list, index)? {
                    None => Next::Leave { raised: false },
                    Some(at) => {
                        let old = self.heap.list(list)?[at];
                        if self.reuse(old, value)? {
                            Go(None)
                        } else {
                            let item = self.heap.float(value);
                            self.set_item(list, index, item)?
                        }
                    }
                }
            }
            Op::ListHas => {
                let list = self.object(inst, 0)?;
                let index = self.int(inst, 1)?;
                let count = self.heap.list(list)?.len();
                go(Val::I1(usize::try_from(index).is_ok_and(|i| i < count)))
            }
            Op::Len => {
                let list = self.object(inst, 0)?;
                let count = self.heap.list(list)?.len();
                go(Val::I64(i64::try_from(count).unwrap_or(i64::MAX)))
            }

            Op::LoadDictValue | Op::LoadGlobalCached => {
                let name = format!("{}[{}]", inst.imms[0], inst.imm_index(1));
                let object = match self.dicts.get(&name) {
                    Some(&object) => object,
                    None => {
                        let object = self.heap.opaque(name.clone(), Type::OTHER);
                        self.dicts.insert(name, object);
                        object
                    }
                };
                go(Val::Boxed(Some(object)))
            }
            Op::LoadModuleValue | Op::LoadInlineValue | Op::LoadSlot => {
                let object = self.object(inst, 0)?;
                let field = self.field(object, field_kind(op), inst.imm_index(0))?;
                go(Val::Boxed(Some(field)))
            }
            Op::StoreInlineValue | Op::StoreSlot => {
                self.record(inst)?;
                let (object, value) = (self.object(inst, 0)?, self.object(inst, 1)?);
                self.set_field(object, field_kind(op), inst.imm_index(0), value)?;
                Go(None)
            }
            Op::StoreInlineFloat => {
                // The event of the boxed form, which it stands for.
                let mut boxed = inst.clone();
                boxed.op = Op::StoreInlineValue;
                self.record(&boxed)?;
                let (object, value) = (self.object(inst, 0)?, self.float(inst, 1)?);
                let (kind, index) = (field_kind(op), inst.imm_index(0));
                let old = self.field(object, kind, index)?;
                if !self.reuse(old, value)? {
                    let value = self.heap.float(value);
                    self.set_field(object, kind, index, value)?;
                }
                Go(None)
            }

            Op::IncRef => {
                if let Some(object) = self.boxed(inst, 0)? {
                    self.heap.incref(object)?;
                }
                Go(None)
            }
            Op::DecRef => {
                if let Val::Boxed(Some(object)) | Val::Tagged(Tag::Object(object)) =
                    self.val(inst.args[0])?
                {
                    self.heap.decref(object)?;
                }
                Go(None)
            }

            Op::Jump => Next::Jump(0),
            Op::Branch => Next::Jump(usize::from(!self.truth(inst, 0)?)),
            Op::Return | Op::ReturnInt | Op::ReturnFloat => Next::Return(self.val(inst.args[0])?),
            Op::Exit => Next::Leave { raised: false },
        })
    }

    /// Whether two references are to the same object. Opaque objects with one label are one: the
    /// world may have replaced it in between.
    fn same(&self, a: Option<Ref>, b: Option<Ref>) -> Result<bool> {
        let (Some(a), Some(b)) = (a, b) else {
            return Ok(a == b);
        };
        Ok(
            match (&self.heap.get(a)?.payload, &self.heap.get(b)?.payload) {
                (Payload::Opaque(_), Payload::Opaque(_)) => {
                    self.heap.get(a)?.label == self.heap.get(b)?.label
                }
                (Payload::Bool(a), Payload::Bool(b)) => a == b,
                _ => a == b,
            },
        )
    }

    /// `True` or `False`, which live for ever.
    fn singleton(&mut self, value: bool) -> Ref {
        let name = if value { "True" } else { "False" };
        if let Some(&known) = self.dicts.get(name) {
            return known;
        }
        let object = self.heap.bool(value);
        self.dicts.insert(name.to_owned(), object);
        object
    }

    /// Where item `index` is; negative ones count from the end.
    fn place(&mut self, list: Ref, index: i64) -> Result<Option<usize>> {
        let count = self.heap.list(list)?.len();
        let from_end = i64::try_from(count).unwrap_or(i64::MAX);
        let index = if index < 0 { index + from_end } else { index };
        Ok(usize::try_from(index).ok().filter(|&i| i < count))
    }

    fn set_item(&mut self, list: Ref, index: i64, item: Ref) -> Result<Next> {
        let Some(at) = self.place(list, index)? else {
            return Ok(Next::Leave { raised: false });
        };
        let old = std::mem::replace(&mut self.heap.list(list)?[at], item);
        self.heap.decref(old)?;
        Ok(Go(None))
    }

    /// Changes the float `old` in place if nobody else can see it.
    fn reuse(&mut self, old: Ref, value: f64) -> Result<bool> {
        let unique = self.heap.is_unique(old)?;
        match &mut self.heap.get_mut(old)?.payload {
            Payload::Float(place) if unique => {
                *place = value;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// An attribute, made up when it is read for the first time.
    fn field(&mut self, object: Ref, kind: &'static str, index: u32) -> Result<Ref> {
        let found = self.heap.get(object)?;
        let Payload::Opaque(fields) = &found.payload else {
            return Err(InterpError::Unsupported(format!(
                "{kind} of a {}",
                found.ty
            )));
        };
        if let Some(field) = fields.get(&(kind, index)) {
            return Ok(field.object);
        }
        let label = format!("{}.{kind}[{index}]", found.label);
        let made = self.heap.opaque(label, Type::OTHER);
        self.insert_field(object, kind, index, made, false)?;
        Ok(made)
    }

    fn set_field(&mut self, object: Ref, kind: &'static str, at: u32, value: Ref) -> Result<()> {
        if let Some(old) = self.insert_field(object, kind, at, value, true)? {
            self.heap.decref(old)?;
        }
        Ok(())
    }

    /// Sets an attribute; the object that was there.
    fn insert_field(
        &mut self,
        owner: Ref,
        kind: &'static str,
        index: u32,
        object: Ref,
        stored: bool,
    ) -> Result<Option<Ref>> {
        let found = self.heap.get_mut(owner)?;
        match &mut found.payload {
            Payload::Opaque(fields) => {
                let old = fields.insert((kind, index), Field { object, stored });
                Ok(old.map(|field| field.object))
            }
            _ => Err(InterpError::Unsupported(format!(
                "{kind} of a {}",
                found.ty
            ))),
        }
    }
}

fn wrong<T>(val: Val) -> Result<T> {
    Err(InterpError::Malformed(format!("operand is {val:?}")))
}

fn go(result: Val) -> Next {
    Go(Some(result))
}

fn guard(holds: bool, result: Option<Val>) -> Next {
    if holds {
        Go(result)
    } else {
        Next::Leave { raised: false }
    }
}

fn value_or_leave(result: Option<Val>) -> Next {
    guard(result.is_some(), result)
}

fn comparison(inst: &Inst) -> Result<CmpOp> {
    match inst.imms[0] {
        Imm::Cmp(op) => Ok(op),
        ref other => Err(InterpError::Malformed(format!("comparison {other}"))),
    }
}

/// Which kind of attribute an instruction reads or writes.
fn field_kind(op: Op) -> &'static str {
    match op {
        Op::LoadModuleValue => "module",
        Op::LoadSlot | Op::StoreSlot => "slot",
        _ => "inline",
    }
}
