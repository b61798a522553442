//! The builder proper: the work list, emission, values.

use super::progress::{Watch, Watched};
use super::state::{Item, State};
use super::versions::Version;
use super::{Bailout, EntryItem, EntryPoint, FrontendOptions, MAX_HIR, MAX_STATES, feedback};
use super::{demand, inline};
use crate::bytecode::blocks::Shape;
use crate::bytecode::code::flags;
use crate::bytecode::liveness::LiveLocals;
use crate::bytecode::{Code, Instr, ObjectInfo, Oracle, decode};
use crate::hir::{
    Block, CellId, Const, ConstId, ExitReason, FrameStateId, FsKind, Function, Imm, Inst, Op,
    Target, Type, Value,
};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Changed global numbers from which on a unit trusts none.
const MAX_FICKLE: usize = 2;

/// A block still to be filled.
pub(super) struct Work {
    pub(super) pc: u32,
    pub(super) block: Block,
    pub(super) state: State,
}

/// A value's place in a table that grows with the values.
fn entry<T: Clone + Default>(table: &mut Vec<T>, value: Value) -> &mut T {
    if table.len() <= value.index() {
        table.resize(value.index() + 1, T::default());
    }
    &mut table[value.index()]
}

/// Builds one function.
pub(super) struct Builder<'a> {
    pub(super) code: &'a Code,
    pub(super) oracle: &'a dyn Oracle,
    pub(super) options: &'a FrontendOptions,
    pub(super) shape: Shape,
    /// What is known of all instructions.
    pub(super) uses: demand::Uses,
    pub(super) func: Function,
    pub(super) state: State,
    pub(super) block: Block,
    /// Whether the current block has its terminator.
    ended: bool,
    /// By the start of a bytecode block.
    pub(super) versions: HashMap<u32, Vec<Version>>,
    pub(super) work: Vec<Work>,
    /// Types that values probably have: a guard may rely on it. Empty: nothing is known; so it is beyond the end.
    hints: Vec<Type>,
    /// Which objects values probably are.
    infos: Vec<Option<Rc<ObjectInfo>>>,
    consts: HashMap<u64, ConstId>,
    /// Values that are constants of the unit.
    pub(super) constants: HashSet<Value>,
    /// Call cells by address.
    pub(super) cells: HashMap<u64, CellId>,
    /// Functions that have been looked at for inlining, with the types of their arguments: their HIR if they may be inlined.
    pub(super) bodies: HashMap<(u64, Vec<Type>), Option<Rc<inline::Body>>>,
    /// The state and unit where a guard of the current instruction resumes.
    pub(super) start: (u32, State),
    guard_fs: Option<FrameStateId>,
    /// `KW_NAMES` seen before a call: the constant's index.
    pub(super) kw_names: Option<u32>,
    /// The quickened opcode of the `PRECALL` before a `CALL`.
    pub(super) precall: u8,
    /// Where the call sequence began, if in one.
    call_start: Option<u32>,
    pub(super) live: LiveLocals,
    /// Of a unit that starts in a loop: the last unit of the outermost loop around it, if there are loops behind
    /// that. They get units of their own when they are hot.
    horizon: Option<u32>,
    watched: Watched<'a>,
    /// Locals and stack slots in all frame states so far.
    states: usize,
    /// Sites split by class so far.
    pub(super) splits: usize,
    /// Calls replaced so far.
    pub(super) inlined: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        code: &'a Code,
        oracle: &'a dyn Oracle,
        options: &'a FrontendOptions,
        watch: Option<Watch<'a>>,
    ) -> Result<Self, Bailout> {
        super::check_length(&code.units)?;
        let mut instrs = decode(code);
        if let Some(map) = &options.feedback {
            feedback::requicken(&mut instrs, map);
        }
        let shape = Shape::new(instrs);
        let live = LiveLocals::new(&shape);
        let horizon = options
            .start
            .as_ref()
            .and_then(|start| shape.outermost_loop(start.pc))
            .filter(|last| shape.loops.keys().any(|head| head > last));
        let name = format!("{}:{}", code.name, code.firstlineno);
        Ok(Builder {
            code,
            oracle,
            options,
            uses: demand::Uses::new(&shape),
            shape,
            func: Function::new(name, code.argcount, code.nlocalsplus),
            state: State::default(),
            block: Function::ENTRY,
            ended: false,
            versions: HashMap::new(),
            work: Vec::new(),
            hints: Vec::new(),
            infos: Vec::new(),
            consts: HashMap::new(),
            constants: HashSet::new(),
            cells: HashMap::new(),
            bodies: HashMap::new(),
            start: (0, State::default()),
            guard_fs: None,
            kw_names: None,
            precall: 0,
            call_start: None,
            live,
            horizon,
            watched: Watched::new(watch),
            states: 0,
            splits: 0,
            inlined: 0,
        })
    }

    pub(super) fn run(mut self) -> Result<Function, Bailout> {
        let start = match &self.options.start {
            None => {
                self.entry();
                0
            }
            Some(entry) => {
                self.entry_point(entry);
                entry.pc
            }
        };
        let state = self.state.clone();
        self.fill(start, Function::ENTRY, state)?;
        while let Some(work) = self.work.pop() {
            self.fill(work.pc, work.block, work.state)?;
        }
        self.check_size()?;
        Ok(self.func)
    }

    /// Stops a unit that is larger than any may be.
    fn check_size(&self) -> Result<(), Bailout> {
        if self.func.values.len() > MAX_HIR {
            return Err(Bailout::TooMuchHir(MAX_HIR));
        }
        if self.states > MAX_STATES {
            return Err(Bailout::TooMuchState(MAX_STATES));
        }
        Ok(())
    }

    /// Loads the arguments and guards the types of those seen as numbers, if they are used as numbers or
    /// the unit has a loop, in which a guard would be repeated.
    fn entry(&mut self) {
        let flags = self.code.flags;
        let bound = self.code.argcount
            + self.code.kwonlyargcount
            + u32::from(flags & flags::VARARGS != 0)
            + u32::from(flags & flags::VARKEYWORDS != 0);
        self.state.locals = vec![None; self.code.nlocalsplus as usize];
        for slot in 0..bound {
            let value = self.emit(Op::LoadLocal, &[], &[Imm::Index(slot)]);
            self.state.locals[slot as usize] = Some(value);
        }
        self.begin(0);
        for slot in 0..bound {
            let value = self.state.locals[slot as usize].expect("bound above");
            match self.oracle.local_type(slot) {
                Some(ty)
                    if (ty == Type::INT || ty == Type::FLOAT)
                        && self.may_speculate(0)
                        && (self.shape.has_loop()
                            || demand::some_arithmetic(&self.shape, slot)) =>
                {
                    self.guard_type(value, ty);
                }
                seen => {
                    // A call has bound its parameters.
                    let known = self.emit(Op::AssumeNotNull, &[value], &[]);
                    self.state.replace(value, known);
                    if let Some(ty) = seen {
                        self.hint(known, ty);
                    }
                }
            }
        }
    }

    /// Loads all locals and the stack as they are in a running loop, and guards the types of those seen
    /// as numbers that the loop reads.
    fn entry_point(&mut self, entry: &EntryPoint) {
        self.state.locals = (0..self.code.nlocalsplus)
            .map(|slot| Some(self.emit(Op::LoadLocal, &[], &[Imm::Index(slot)])))
            .collect();
        for (depth, item) in entry.stack.iter().enumerate() {
            let slot = self.code.nlocalsplus + depth as u32;
            let mut take = || self.emit(Op::TakeStack, &[], &[Imm::Index(slot)]);
            let item = match item {
                EntryItem::Null => Item::Null,
                EntryItem::Object => Item::Value(take()),
                EntryItem::Range => {
                    let iterator = take();
                    let mut part = |at| self.emit(Op::RangePart, &[iterator], &[Imm::Index(at)]);
                    Item::Range {
                        next: part(0),
                        remaining: part(1),
                        step: part(2),
                    }
                }
                EntryItem::List => {
                    let iterator = take();
                    Item::List {
                        list: self.emit(Op::IterList, &[iterator], &[]),
                        index: self.emit(Op::IterIndex, &[iterator], &[]),
                    }
                }
            };
            self.state.stack.push(item);
        }
        self.begin(entry.pc);
        if !self.may_speculate(entry.pc) {
            return;
        }
        let live = self.live.at(&self.shape, entry.pc);
        for slot in 0..self.code.nlocalsplus {
            if live.as_ref().is_some_and(|live| !live.contains(slot)) {
                continue;
            }
            let value = self.state.locals[slot as usize].expect("loaded above");
            match self.oracle.local_type(slot) {
                Some(ty) if ty == Type::INT || ty == Type::FLOAT => {
                    self.guard_type(value, ty);
                }
                Some(ty) if ty != Type::NULL => {
                    let value = self
                        .guard(Op::GuardNotNull, &[value], &[])
                        .expect("refined");
                    self.hint(value, ty);
                }
                _ => {}
            }
        }
    }

    /// Fills one block, and the blocks it falls into, up to a join.
    fn fill(&mut self, pc: u32, block: Block, state: State) -> Result<(), Bailout> {
        self.block = block;
        self.state = state;
        self.ended = false;
        self.call_start = None;
        self.watched.fill(&self.shape, block, pc);
        let mut position = self
            .shape
            .position(pc)
            .ok_or(Bailout::Malformed("jump into an instruction"))?;
        loop {
            let instr = *self
                .shape
                .instrs
                .get(position)
                .ok_or(Bailout::Malformed("code runs off its end"))?;
            self.begin(instr.start);
            if self.horizon.is_some_and(|last| instr.start > last) {
                self.exit();
                return Ok(());
            }
            self.instruction(&instr)?;
            self.check_size()?;
            self.watched.built(&self.shape, &self.func, instr.start)?;
            if self.ended {
                return Ok(());
            }
            position += 1;
            let next = instr.next;
            if self.shape.is_leader(next) && !self.shape.has_one_arrival(next) {
                let target = self.version(next);
                self.terminate(Inst::new(Op::Jump, &[], &[]).with_targets([target]));
                return Ok(());
            }
        }
    }

    /// Starts an instruction: guards resume here.
    pub(super) fn begin(&mut self, pc: u32) {
        self.start.0 = self.call_start.unwrap_or(pc);
        self.start.1.clone_from(&self.state);
        self.guard_fs = None;
    }

    /// Makes guards resume at this instruction until [`Builder::end_sequence`]: for `KW_NAMES`,
    /// `PRECALL`, `CALL`, which the interpreter must run together.
    pub(super) fn begin_sequence(&mut self, instr: &Instr) {
        self.call_start.get_or_insert(instr.start);
    }

    pub(super) fn end_sequence(&mut self) {
        self.call_start = None;
    }

    /// Whether an assumption may be made at `pc`.
    pub(super) fn may_speculate(&self, pc: u32) -> bool {
        !self.options.doubts.any.contains(&pc)
    }

    /// Whether an assumption may be made at the current instruction.
    pub(super) fn may_speculate_here(&self) -> bool {
        self.may_speculate(self.start.0)
    }

    /// Whether an object may be assumed to be the one seen, at the current instruction.
    pub(super) fn may_compare_here(&self) -> bool {
        self.may_speculate_here() && !self.options.doubts.identity.contains(&self.start.0)
    }

    /// Whether so many of the unit's global numbers have changed that none is taken for a constant:
    /// each would cost another compilation.
    pub(super) fn doubts_constants(&self) -> bool {
        self.options.doubts.identity.len() >= MAX_FICKLE
    }

    /// Ends the block: the interpreter goes on at the current instruction.
    pub(super) fn exit(&mut self) {
        let fs = self.guard_state();
        self.terminate(
            Inst::new(Op::Exit, &[], &[Imm::Reason(ExitReason::Unsupported)]).with_fs(fs),
        );
    }

    // ---- emission ------------------------------------------------------------------------------

    /// An instruction at the current place, if an object may die with it: its operand, or what a slot held.
    pub(super) fn placed(&self, inst: Inst) -> Inst {
        let dies =
            inst.op == Op::DropLocal || inst.args.iter().any(|arg| self.func.ty(*arg).is_boxed());
        let pc = (inst.fs.is_none() && dies).then_some(self.start.0);
        inst.at(pc)
    }

    /// Appends an instruction that yields a value and needs no frame state.
    pub(super) fn emit(&mut self, op: Op, args: &[Value], imms: &[Imm]) -> Value {
        debug_assert_eq!(op.info().fs, FsKind::None);
        let inst = self.placed(Inst::new(op, args, imms));
        self.func
            .push(self.block, inst)
            .expect("the operation yields a value")
    }

    /// Appends an instruction without result or frame state.
    pub(super) fn emit_void(&mut self, op: Op, args: &[Value], imms: &[Imm]) {
        let inst = self.placed(Inst::new(op, args, imms));
        self.func.push(self.block, inst);
    }

    /// Appends a guarding instruction that resumes at the current bytecode instruction.
    pub(super) fn guard(&mut self, op: Op, args: &[Value], imms: &[Imm]) -> Option<Value> {
        debug_assert_eq!(op.info().fs, FsKind::Guard);
        let fs = self.guard_state();
        let result = self
            .func
            .push(self.block, Inst::new(op, args, imms).with_fs(fs));
        if let Some(new) = result
            && op.info().ownership == crate::hir::Ownership::Same
        {
            self.inherit(args[0], new);
            self.state.replace(args[0], new);
        }
        result
    }

    /// Appends an operation that may raise at `instr`; the operands must be popped already.
    pub(super) fn raising(
        &mut self,
        instr: &Instr,
        op: Op,
        args: &[Value],
        imms: &[Imm],
    ) -> Option<Value> {
        debug_assert_eq!(op.info().fs, FsKind::Raise);
        let fs = self.state_at(instr.pc);
        self.func
            .push(self.block, Inst::new(op, args, imms).with_fs(fs))
    }

    /// The same, then pushes the result and checks that no tracing was switched on.
    pub(super) fn raising_push(&mut self, instr: &Instr, op: Op, args: &[Value], imms: &[Imm]) {
        let value = self
            .raising(instr, op, args, imms)
            .expect("the operation yields a value");
        self.push(value);
        self.after_escape(instr);
    }

    /// Leaves behind `instr` if tracing was switched on by it.
    pub(super) fn after_escape(&mut self, instr: &Instr) {
        let fs = self.state_at(instr.next);
        self.func.push(
            self.block,
            Inst::new(Op::GuardNoTracing, &[], &[]).with_fs(fs),
        );
    }

    /// Ends the block.
    pub(super) fn terminate(&mut self, inst: Inst) {
        self.func.push(self.block, inst);
        self.ended = true;
    }

    /// The frame state where guards of the current instruction resume.
    pub(super) fn guard_state(&mut self) -> FrameStateId {
        if let Some(fs) = self.guard_fs {
            return fs;
        }
        let (pc, state) = &self.start;
        let before = self.func.frame_states.last();
        let fs = self.func.add_frame_state(state.to_frame_state(*pc, before));
        self.states += state.size();
        self.guard_fs = Some(fs);
        fs
    }

    /// The current state at `pc`.
    pub(super) fn state_at(&mut self, pc: u32) -> FrameStateId {
        self.states += self.state.size();
        let before = self.func.frame_states.last();
        self.func
            .add_frame_state(self.state.to_frame_state(pc, before))
    }

    // ---- values ----------------------------------------------------------------------------------

    pub(super) fn ty(&self, value: Value) -> Type {
        self.func.ty(value)
    }

    pub(super) fn push(&mut self, value: Value) {
        self.state.stack.push(Item::Value(value));
    }

    /// Pops an item that must be a plain value.
    pub(super) fn pop(&mut self) -> Result<Value, Bailout> {
        match self.state.stack.pop() {
            Some(Item::Value(value)) => Ok(value),
            Some(_) => Err(Bailout::Malformed("an iterator or NULL used as a value")),
            None => Err(Bailout::Malformed("value stack underflow")),
        }
    }

    /// The value `depth` items below the top.
    pub(super) fn peek(&self, depth: usize) -> Result<Value, Bailout> {
        let len = self.state.stack.len();
        match len.checked_sub(depth + 1).map(|at| &self.state.stack[at]) {
            Some(Item::Value(value)) => Ok(*value),
            _ => Err(Bailout::Malformed("no value at that depth")),
        }
    }

    /// What `value` probably is: its type if exact, else a hint.
    pub(super) fn likely(&self, value: Value) -> Type {
        let ty = self.ty(value);
        if ty.is_single_class() {
            return ty;
        }
        match self.hints.get(value.index()) {
            Some(hint) if !hint.is_empty() && hint.is(ty) && self.may_speculate_here() => *hint,
            _ => ty,
        }
    }

    pub(super) fn hint(&mut self, value: Value, ty: Type) {
        if ty.is_single_class() {
            *entry(&mut self.hints, value) = ty;
        }
    }

    pub(super) fn info(&self, value: Value) -> Option<&Rc<ObjectInfo>> {
        self.infos.get(value.index())?.as_ref()
    }

    pub(super) fn set_info(&mut self, value: Value, info: ObjectInfo) {
        *entry(&mut self.infos, value) = Some(Rc::new(info));
    }

    /// `new` is the same object as `old`.
    pub(super) fn inherit(&mut self, old: Value, new: Value) {
        if let Some(hint) = self.hints.get(old.index()).copied()
            && !hint.is_empty()
        {
            let known = entry(&mut self.hints, new);
            if known.is_empty() {
                *known = hint;
            }
        }
        if let Some(info) = self.info(old).cloned() {
            entry(&mut self.infos, new).get_or_insert(info);
        }
    }

    /// Makes sure that `value` is exactly of class `ty`; `None` if it surely is not, or if that may
    /// not be assumed here.
    pub(super) fn expect(&mut self, value: Value, ty: Type) -> Option<Value> {
        let known = self.ty(value);
        if known == ty {
            return Some(value);
        }
        if !ty.is(known) || !self.may_speculate_here() {
            return None;
        }
        Some(self.guard_type(value, ty))
    }

    fn guard_type(&mut self, value: Value, ty: Type) -> Value {
        self.guard(Op::GuardType, &[value], &[Imm::Type(ty)])
            .expect("a guard on a type yields the refined value")
    }

    /// The constant table's entry for the object at `addr`.
    pub(super) fn const_id(&mut self, addr: u64, ty: Type, repr: &str) -> ConstId {
        if let Some(id) = self.consts.get(&addr) {
            return *id;
        }
        let id = ConstId::from_index(self.func.consts.len());
        self.func.consts.push(Const {
            addr,
            ty,
            repr: repr.replace('\n', " "),
        });
        self.consts.insert(addr, id);
        id
    }

    pub(super) fn const_obj(&mut self, addr: u64, ty: Type, repr: &str) -> Value {
        self.known_obj(Op::ConstObj, &[], addr, ty, repr)
    }

    /// An object that was found through another, where the program may put something else.
    pub(super) fn live_obj(&mut self, holder: Value, addr: u64, ty: Type, repr: &str) -> Value {
        self.known_obj(Op::LiveObj, &[holder], addr, ty, repr)
    }

    fn known_obj(&mut self, op: Op, args: &[Value], addr: u64, ty: Type, repr: &str) -> Value {
        let id = self.const_id(addr, ty, repr);
        let value = self.emit(op, args, &[Imm::Const(id)]);
        self.constants.insert(value);
        value
    }

    pub(super) fn const_none(&mut self) -> Value {
        let none = self.oracle.singletons().0;
        self.const_obj(none, Type::NONE, "None")
    }

    pub(super) fn const_int(&mut self, value: i64) -> Value {
        self.emit(Op::ConstInt, &[], &[Imm::Int(value)])
    }

    /// The constant for name `index` of `co_names`.
    pub(super) fn name_const(&mut self, index: u32) -> Result<ConstId, Bailout> {
        let name = self
            .code
            .names
            .get(index as usize)
            .ok_or(Bailout::Malformed("name index"))?;
        Ok(self.const_id(name.addr, Type::STR, &name.text))
    }

    // ---- blocks ------------------------------------------------------------------------------------

    /// Ends the current block's part: it is filled later, from the instruction at `pc` on.
    pub(super) fn continue_at(&mut self, pc: u32) {
        self.work.push(Work {
            pc,
            block: self.block,
            state: self.state.clone(),
        });
    }

    /// Appends a two-way branch. Each side's state is given by `sides`, applied to a copy of the
    /// current one: first for true, then for false.
    pub(super) fn branch(
        &mut self,
        condition: Value,
        if_true: (u32, State),
        if_false: (u32, State),
    ) {
        let targets = [if_true, if_false].map(|(pc, state)| {
            // Arguments for a version may need instructions, so each side gets a block of its own.
            let edge = self.func.new_block();
            (edge, pc, state)
        });
        let branch = Inst::new(Op::Branch, &[condition], &[]).with_targets(targets.iter().map(
            |(edge, ..)| Target {
                block: *edge,
                args: vec![],
            },
        ));
        self.func.push(self.block, branch);
        for (edge, pc, state) in targets {
            self.block = edge;
            self.state = state;
            let target = self.version(pc);
            self.func
                .push(edge, Inst::new(Op::Jump, &[], &[]).with_targets([target]));
        }
        self.ended = true;
    }

    /// Appends a two-way branch whose true side goes on in a fresh block, filled by `then`; the
    /// false side goes to another bytecode block.
    pub(super) fn branch_then(
        &mut self,
        condition: Value,
        if_false: (u32, State),
        then: impl FnOnce(&mut Self),
    ) {
        let (on, off) = (self.func.new_block(), self.func.new_block());
        let targets = [on, off].map(|block| Target {
            block,
            args: vec![],
        });
        self.func.push(
            self.block,
            Inst::new(Op::Branch, &[condition], &[]).with_targets(targets),
        );
        let state = std::mem::replace(&mut self.state, if_false.1);
        self.block = off;
        let target = self.version(if_false.0);
        self.func
            .push(off, Inst::new(Op::Jump, &[], &[]).with_targets([target]));
        self.block = on;
        self.state = state;
        then(self);
    }

    /// `value` without null, where it is known not to be null.
    pub(super) fn not_null(&mut self, value: Value) -> Value {
        if self.ty(value).is(Type::OBJECT) {
            return value;
        }
        self.guard(Op::GuardNotNull, &[value], &[])
            .expect("a guard yields the refined value")
    }

    /// The instruction of the current block that yields `value`.
    pub(super) fn defining(&self, value: Value) -> Option<&Inst> {
        let insts = &self.func.blocks.get(self.block.index())?.insts;
        // Results are numbered in the order of the instructions. Few instructions have none.
        let (mut low, mut high) = (0, insts.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let mut with_result = insts[middle..high].iter();
            let Some(found) = with_result.find(|inst| inst.result.is_some()) else {
                high = middle;
                continue;
            };
            match found.result.cmp(&Some(value)) {
                std::cmp::Ordering::Equal => return Some(found),
                std::cmp::Ordering::Less => low = high - with_result.len(),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Whether `value` is a constant of the unit.
    pub(super) fn is_constant(&self, value: Value) -> bool {
        self.constants.contains(&value)
    }

    /// The value of an int constant.
    pub(super) fn constant_int(&self, value: Value) -> Option<i64> {
        let inst = self.defining(value)?;
        if !inst.op.is_known_object() {
            return None;
        }
        let constant = self.func.constant(inst.imm_const(0));
        (constant.ty == Type::INT)
            .then(|| constant.repr.parse().ok())
            .flatten()
    }
}
