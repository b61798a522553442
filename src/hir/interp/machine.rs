//! The state of a run, its loop, the world around it and its end.

use super::heap::{Field, Heap, Payload, Ref, show_float};
use super::{Answer, Datum, Event, Frame, InterpError, Outcome, Passed, Result, Run, Shown, World};
use crate::hir::{
    Block, ConstId, ExitReason, FrameState, FsKind, FsValue, Function, Imm, Inst, ResultRule,
    Target, Type, Value,
};
use std::collections::{BTreeMap, HashMap};

/// What an SSA value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Val {
    I64(i64),
    F64(f64),
    I1(bool),
    Boxed(Option<Ref>),
    Tagged(Tag),
}

/// The result of a direct call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tag {
    Object(Ref),
    Int(i64),
    Float(f64),
}

/// What follows an instruction.
pub(super) enum Next {
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
                    trace: machine.trace,
                    reason,
                    guards: machine.tried,
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

pub(super) struct Machine<'a> {
    pub(super) func: &'a Function,
    world: &'a World,
    pub(super) heap: Heap,
    values: Vec<Option<Val>>,
    pub(super) slots: Vec<Option<Ref>>,
    consts: HashMap<ConstId, Ref>,
    /// What the frame's dictionaries hold, as far as it was read.
    pub(super) dicts: BTreeMap<String, Ref>,
    events: Vec<Event>,
    trace: Vec<Passed>,
    /// Guards on the world that were tried.
    guards: usize,
    /// Guards of any kind that were tried.
    tried: usize,
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
            trace: Vec::new(),
            guards: 0,
            tried: 0,
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
        if self.world.traced && inst.info().fs == FsKind::Guard {
            self.trace(inst)?;
        }
        let next = match self.is_forced(inst) {
            true => Next::Leave { raised: false },
            false => self.step(inst)?,
        };
        if self.heap.code_ran {
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

    pub(super) fn val(&self, value: Value) -> Result<Val> {
        self.values[value.index()].ok_or_else(|| InterpError::Malformed(format!("{value} unset")))
    }

    pub(super) fn int(&self, inst: &Inst, index: usize) -> Result<i64> {
        match self.val(inst.args[index])? {
            Val::I64(value) => Ok(value),
            other => wrong(other),
        }
    }

    pub(super) fn float(&self, inst: &Inst, index: usize) -> Result<f64> {
        match self.val(inst.args[index])? {
            Val::F64(value) => Ok(value),
            other => wrong(other),
        }
    }

    pub(super) fn truth(&self, inst: &Inst, index: usize) -> Result<bool> {
        match self.val(inst.args[index])? {
            Val::I1(value) => Ok(value),
            other => wrong(other),
        }
    }

    pub(super) fn boxed(&self, inst: &Inst, index: usize) -> Result<Option<Ref>> {
        match self.val(inst.args[index])? {
            Val::Boxed(value) => Ok(value),
            other => wrong(other),
        }
    }

    pub(super) fn object(&self, inst: &Inst, index: usize) -> Result<Ref> {
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

    pub(super) fn set_slot(&mut self, slot: usize, object: Option<Ref>) -> Result<()> {
        if let Some(old) = std::mem::replace(&mut self.slots[slot], object) {
            self.heap.decref(old)?;
        }
        Ok(())
    }

    /// The object of a constant, which lives for ever.
    pub(super) fn constant(&mut self, id: ConstId) -> Ref {
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

    /// What a dictionary of the frame holds, made up when it is read for the first time.
    pub(super) fn dict_value(&mut self, name: String) -> Ref {
        if let Some(&known) = self.dicts.get(&name) {
            return known;
        }
        let object = self.heap.opaque(name.clone(), Type::OTHER);
        self.dicts.insert(name, object);
        object
    }

    // ---- the world -------------------------------------------------------------------------------

    /// Whether the world makes this guard leave, whatever it would find.
    fn is_forced(&mut self, inst: &Inst) -> bool {
        let guard = inst.info().fs == FsKind::Guard;
        let number = self.tried;
        self.tried += usize::from(guard);
        guard && self.world.forced_exit == Some(number)
    }

    /// A guard on the world.
    pub(super) fn world_guard(&mut self, result: Option<Val>) -> Next {
        let number = self.guards;
        self.guards += 1;
        if self.world.failing_guard == Some(number) {
            return Next::Leave { raised: false };
        }
        Go(result)
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
        self.heap.renew_fields()?;
        // Also where that freed something: the world has moved already.
        self.heap.code_ran = false;
        Ok(())
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

    pub(super) fn flush_if_looked_at(&mut self, inst: &Inst) -> Result<()> {
        match inst.fs {
            Some(fs) if self.world.looks_at_frames => self.flush(self.func.frame_state(fs)),
            _ => Ok(()),
        }
    }

    /// Other code runs in the middle of an instruction: another thread, the garbage collector.
    pub(super) fn interrupt(&mut self, inst: &Inst) -> Result<()> {
        self.flush_if_looked_at(inst)?;
        self.world_moves()
    }

    pub(super) fn record(&mut self, inst: &Inst) -> Result<()> {
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
    pub(super) fn operation(&mut self, inst: &Inst) -> Result<Next> {
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

    /// Notes the frame that would be rebuilt here.
    fn trace(&mut self, inst: &Inst) -> Result<()> {
        let Some(fs) = inst.fs else {
            return Ok(());
        };
        let state = self.func.frame_state(fs);
        let mut frame = Frame {
            pc: state.pc,
            raised: false,
            locals: Vec::new(),
            stack: Vec::new(),
        };
        for (local, slot) in state.locals.iter().zip(&self.slots) {
            frame.locals.push(match local {
                FsValue::InSlot => self.show(Val::Boxed(*slot))?,
                other => self.show_entry(other)?,
            });
        }
        for entry in &state.stack {
            frame.stack.push(self.show_entry(entry)?);
        }
        let events = self.events.len();
        self.trace.push(Passed { frame, events });
        Ok(())
    }

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
        Ok(Outcome::Left(Frame {
            pc: state.pc,
            raised,
            locals,
            stack,
        }))
    }

    /// What a frame-state entry shows, and the reference that the frame then holds.
    fn rebuild(&mut self, entry: &FsValue) -> Result<(Shown, Option<Ref>)> {
        let object = match entry {
            FsValue::Null | FsValue::InSlot | FsValue::RangeIter { .. } => None,
            FsValue::Value(value) | FsValue::ListIter { list: value, .. } => {
                self.new_reference(self.val(*value)?)?
            }
        };
        Ok((self.show_entry(entry)?, object))
    }

    fn show_entry(&self, entry: &FsValue) -> Result<Shown> {
        let number = |value: &Value| match self.val(*value)? {
            Val::I64(number) => Ok(number),
            other => wrong(other),
        };
        Ok(match entry {
            FsValue::Null => Shown::Null,
            FsValue::InSlot => return Err(InterpError::Malformed("`slot` here".to_owned())),
            FsValue::Value(value) => self.show(self.val(*value)?)?,
            FsValue::RangeIter {
                next,
                remaining,
                step,
            } => Shown::RangeIter(number(next)?, number(remaining)?, number(step)?),
            FsValue::ListIter { list, index } => {
                Shown::ListIter(Box::new(self.show(self.val(*list)?)?), number(index)?)
            }
        })
    }

    /// Checks reference counts when only `held` and the world refer to objects.
    fn check_balance(&mut self, mut held: Vec<Ref>) -> Result<()> {
        held.extend(self.consts.values());
        held.extend(self.dicts.values());
        self.heap.check_balance(&held)
    }

    /// Whether two references are to the same object. Opaque objects with one label are one: the
    /// world may have replaced it in between.
    pub(super) fn same(&self, a: Option<Ref>, b: Option<Ref>) -> Result<bool> {
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
    pub(super) fn singleton(&mut self, value: bool) -> Ref {
        let name = if value { "True" } else { "False" };
        if let Some(&known) = self.dicts.get(name) {
            return known;
        }
        let object = self.heap.bool(value);
        self.dicts.insert(name.to_owned(), object);
        object
    }

    /// Where item `index` is; negative ones count from the end.
    pub(super) fn place(&mut self, list: Ref, index: i64) -> Result<Option<usize>> {
        let count = self.heap.list(list)?.len();
        let from_end = i64::try_from(count).unwrap_or(i64::MAX);
        let index = if index < 0 { index + from_end } else { index };
        Ok(usize::try_from(index).ok().filter(|&i| i < count))
    }

    pub(super) fn set_item(&mut self, list: Ref, index: i64, item: Ref) -> Result<Next> {
        let Some(at) = self.place(list, index)? else {
            return Ok(Next::Leave { raised: false });
        };
        let old = std::mem::replace(&mut self.heap.list(list)?[at], item);
        self.heap.decref(old)?;
        Ok(Go(None))
    }

    /// Changes the float `old` in place if nobody else can see it.
    pub(super) fn reuse(&mut self, old: Ref, value: f64) -> Result<bool> {
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
    pub(super) fn field(&mut self, object: Ref, kind: &'static str, index: u32) -> Result<Ref> {
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

    pub(super) fn set_field(
        &mut self,
        object: Ref,
        kind: &'static str,
        at: u32,
        value: Ref,
    ) -> Result<()> {
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

pub(super) fn wrong<T>(val: Val) -> Result<T> {
    Err(InterpError::Malformed(format!("operand is {val:?}")))
}
