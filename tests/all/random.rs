//! Random functions, built the way the frontend builds them: naive code, a frame state per
//! statement, objects stored to their slots, loops over ranges that were never allocated. Numbers
//! are in locals of their own: boxed, as the frontend leaves them, with a guard and an unboxing at
//! every use and parameters of exact classes; or unboxed, as passes make them. All choices come
//! from a list of numbers, so that failures shrink.

use _swallow::hir::interp::{Answer, Datum, World};
use _swallow::hir::{
    BinOp, Block, CallCell, CellId, CmpOp, Const, ConstId, DictKind, ExitReason, FrameState,
    FrameStateId, FsKind, FsValue, Function, Imm, Inst, Op, Target, Type, Value,
};
use proptest::prelude::*;

/// Objects come as arguments in the first of these locals; then there are two integers, a float,
/// two more objects and a truth value.
const ARGS: usize = 3;
const INTS: [usize; 2] = [3, 4];
const FLOAT: usize = 5;
const OBJECTS: [usize; 5] = [0, 1, 2, 6, 7];
const BOOL: usize = 8;
const LOCALS: usize = 9;

const NONE: ConstId = ConstId(0);
const NAME: ConstId = ConstId(1);
const INT_CONSTS: [ConstId; 2] = [ConstId(2), ConstId(3)];
const FLOAT_CONST: ConstId = ConstId(4);
const BOOL_CONST: ConstId = ConstId(5);
const CELL: CellId = CellId(0);

/// Deepest nesting of loops and conditions.
const MAX_DEPTH: usize = 3;

/// A function for the choices made; the same choices give the same function.
pub fn functions() -> impl Strategy<Value = Function> {
    let choices = prop::collection::vec(any::<u16>(), 0..120);
    (choices, any::<bool>()).prop_map(|(choices, boxed)| build(&choices, boxed))
}

/// Worlds for such functions.
pub fn worlds() -> impl Strategy<Value = World> {
    let number = prop_oneof![
        (-3_i64..4).prop_map(Datum::Int),
        any::<i64>().prop_map(Datum::Int),
        (-4_i8..5).prop_map(|n| Datum::Float(f64::from(n) / 2.0)),
        any::<f64>().prop_map(Datum::Float),
    ];
    let simple = prop_oneof![
        4 => number,
        1 => Just(Datum::None),
        1 => any::<bool>().prop_map(Datum::Bool),
        2 => Just(Datum::Object(Type::OTHER)),
        1 => Just(Datum::Object(Type::INT)),
    ];
    let datum = prop_oneof![
        3 => simple.clone(),
        2 => prop::collection::vec(simple, 0..4).prop_map(Datum::List),
    ];
    let answer = prop_oneof![
        6 => datum.clone().prop_map(Answer::Yields),
        1 => Just(Answer::Raises),
    ];
    (
        prop::collection::vec(datum, ARGS),
        prop::collection::vec(answer, 0..5),
        prop::option::weighted(0.3, 0_usize..8),
        any::<(bool, bool)>(),
    )
        .prop_map(|(args, answers, failing_guard, flags)| World {
            args,
            answers,
            failing_guard,
            unboxed_results: flags.0,
            looks_at_frames: flags.1,
            max_steps: 20_000,
            ..World::default()
        })
}

fn build(choices: &[u16], boxed: bool) -> Function {
    let mut func = Function::new("random", ARGS as u32, LOCALS as u32);
    let consts = [
        (Type::NONE, "None"),
        (Type::STR, "'name'"),
        (Type::INT, "1"),
        (Type::INT, "2"),
        (Type::FLOAT, "1.5"),
        (Type::BOOL, "True"),
    ];
    for (ty, repr) in consts {
        let repr = repr.to_owned();
        func.consts.push(Const { addr: 0, ty, repr });
    }
    func.cells.push(CallCell {
        addr: 0,
        frame_words: 12,
        nlocals: 1,
        name: "callee".to_owned(),
    });
    let mut builder = Builder {
        func,
        block: Function::ENTRY,
        locals: vec![FsValue::Null; LOCALS],
        loops: Vec::new(),
        pc: 0,
        boxed,
        choices: choices.iter(),
    };
    builder.entry();
    if builder.statements(0) {
        let fs = builder.state();
        builder.end(0, fs);
    }
    builder.func
}

struct Builder<'a> {
    func: Function,
    block: Block,
    /// What the locals hold.
    locals: Vec<FsValue>,
    /// The iterators of the loops around.
    loops: Vec<FsValue>,
    pc: u32,
    /// Whether numbers in locals are boxed.
    boxed: bool,
    choices: std::slice::Iter<'a, u16>,
}

impl Builder<'_> {
    /// One of `count` possibilities; the first when there are no choices left.
    fn choose(&mut self, count: usize) -> usize {
        usize::from(self.choices.next().copied().unwrap_or(0)) % count
    }

    // ---- pieces --------------------------------------------------------------------------------

    fn push(&mut self, inst: Inst) -> Option<Value> {
        self.func.push(self.block, inst)
    }

    fn value(&mut self, op: Op, args: &[Value], imms: &[Imm]) -> Value {
        let result = self.push(Inst::new(op, args, imms));
        result.expect("an operation with a result")
    }

    fn value_fs(&mut self, op: Op, args: &[Value], imms: &[Imm], fs: FrameStateId) -> Value {
        let result = self.push(Inst::new(op, args, imms).with_fs(fs));
        result.expect("an operation with a result")
    }

    fn state_with(&mut self, on_stack: Option<Value>) -> FrameStateId {
        let mut stack = self.loops.clone();
        stack.extend(on_stack.map(FsValue::Value));
        self.pc += 1;
        self.func.add_frame_state(FrameState {
            pc: self.pc,
            locals: self.locals.clone().into(),
            stack,
        })
    }

    fn state(&mut self) -> FrameStateId {
        self.state_with(None)
    }

    fn local(&self, local: usize) -> Value {
        match self.locals[local] {
            FsValue::Value(value) => value,
            ref other => unreachable!("local {local} is {other:?}"),
        }
    }

    fn object(&mut self) -> Value {
        let local = OBJECTS[self.choose(OBJECTS.len())];
        self.local(local)
    }

    /// The number in a local of class `ty`.
    fn number(&mut self, local: usize, ty: Type) -> Value {
        let value = self.local(local);
        if !self.boxed {
            return value;
        }
        let fs = self.state();
        self.unboxed(value, ty, fs)
    }

    /// The number in an object, which must be of class `ty`.
    fn unboxed(&mut self, object: Value, ty: Type, fs: FrameStateId) -> Value {
        let guarded = self.value_fs(Op::GuardType, &[object], &[Imm::Type(ty)], fs);
        match ty {
            Type::INT => self.value_fs(Op::UnboxInt, &[guarded], &[], fs),
            Type::FLOAT => self.value(Op::UnboxFloat, &[guarded], &[]),
            _ => self.value(Op::UnboxBool, &[guarded], &[]),
        }
    }

    fn int(&mut self) -> Value {
        let local = INTS[self.choose(INTS.len())];
        self.number(local, Type::INT)
    }

    fn float(&mut self) -> Value {
        self.number(FLOAT, Type::FLOAT)
    }

    /// Stores to an object local.
    fn store(&mut self, value: Value) {
        let local = OBJECTS[self.choose(OBJECTS.len())];
        self.store_to(local, value);
    }

    fn store_to(&mut self, local: usize, value: Value) {
        let stored = self.value(Op::StoreLocal, &[value], &[Imm::Index(local as u32)]);
        self.locals[local] = FsValue::Value(stored);
    }

    fn set_number(&mut self, local: usize, op: Op, value: Value) {
        if self.boxed {
            let boxed = self.value(op, &[value], &[]);
            self.store_to(local, boxed);
        } else {
            self.locals[local] = FsValue::Value(value);
        }
    }

    fn set_int(&mut self, value: Value) {
        let local = INTS[self.choose(INTS.len())];
        self.set_number(local, Op::BoxInt, value);
    }

    fn set_float(&mut self, value: Value) {
        self.set_number(FLOAT, Op::BoxFloat, value);
    }

    fn set_bool(&mut self, value: Value) {
        self.set_number(BOOL, Op::BoxBool, value);
    }

    fn list(&mut self, fs: FrameStateId) -> Value {
        let object = self.object();
        self.value_fs(Op::GuardType, &[object], &[Imm::Type(Type::LIST)], fs)
    }

    // ---- statements ------------------------------------------------------------------------------

    fn entry(&mut self) {
        let mut loaded = Vec::new();
        for slot in 0..ARGS {
            let value = self.value(Op::LoadLocal, &[], &[Imm::Index(slot as u32)]);
            self.locals[slot] = FsValue::Value(value);
            loaded.push(value);
        }
        let fs = self.state();
        for (slot, value) in loaded.into_iter().enumerate() {
            let object = self.value_fs(Op::GuardNotNull, &[value], &[], fs);
            self.locals[slot] = FsValue::Value(object);
        }
        let number_consts = [INT_CONSTS[0], INT_CONSTS[1], FLOAT_CONST, BOOL_CONST];
        let number_locals = [INTS[0], INTS[1], FLOAT, BOOL];
        for (local, constant) in number_locals.into_iter().zip(number_consts) {
            let object = self.value(Op::ConstObj, &[], &[Imm::Const(constant)]);
            if self.boxed {
                self.store_to(local, object);
            } else {
                let ty = self.func.ty(object);
                let value = self.unboxed(object, ty, fs);
                self.locals[local] = FsValue::Value(value);
            }
        }
        for local in [OBJECTS[3], OBJECTS[4]] {
            let none = self.value(Op::ConstObj, &[], &[Imm::Const(NONE)]);
            self.store_to(local, none);
        }
    }

    /// Some statements; whether control can reach their end.
    fn statements(&mut self, depth: usize) -> bool {
        let count = 1 + self.choose(7);
        (0..count).all(|_| self.statement(depth))
    }

    fn statement(&mut self, depth: usize) -> bool {
        let fs = self.state();
        match self.choose(28) {
            0 => self.int_operation(fs),
            1 | 2 => self.float_operation(fs),
            3 => {
                let object = self.object();
                let int = self.value_fs(Op::GuardType, &[object], &[Imm::Type(Type::INT)], fs);
                if self.boxed && self.choose(2) == 0 {
                    // The object itself moves to the local.
                    let local = INTS[self.choose(INTS.len())];
                    self.store_to(local, int);
                } else {
                    let value = self.value_fs(Op::UnboxInt, &[int], &[], fs);
                    self.set_int(value);
                }
            }
            4 => {
                let object = self.object();
                let float = self.value_fs(Op::GuardType, &[object], &[Imm::Type(Type::FLOAT)], fs);
                if self.boxed && self.choose(2) == 0 {
                    self.store_to(FLOAT, float);
                } else {
                    let value = self.value(Op::UnboxFloat, &[float], &[]);
                    self.set_float(value);
                }
            }
            5 => {
                let value = self.int();
                let boxed = self.value(Op::BoxInt, &[value], &[]);
                self.store(boxed);
            }
            6 => {
                let value = self.float();
                let boxed = self.value(Op::BoxFloat, &[value], &[]);
                self.store(boxed);
            }
            7 => {
                let object = self.object();
                self.store(object);
            }
            8 => {
                let items = [self.object(), self.object()];
                let list = self.value_fs(Op::BuildList, &items, &[], fs);
                self.store(list);
            }
            9 => {
                let (list, index) = (self.list(fs), self.int());
                let item = self.value_fs(Op::ListGet, &[list, index], &[], fs);
                self.store(item);
            }
            10 => {
                // Adds up an item without storing it anywhere.
                let (list, index) = (self.list(fs), self.int());
                let item = self.value_fs(Op::ListGet, &[list, index], &[], fs);
                let int = self.value_fs(Op::GuardType, &[item], &[Imm::Type(Type::INT)], fs);
                let value = self.value_fs(Op::UnboxInt, &[int], &[], fs);
                let other = self.int();
                let sum = self.value_fs(Op::IntAdd, &[value, other], &[], fs);
                self.set_int(sum);
            }
            11 => {
                let (list, index, item) = (self.list(fs), self.int(), self.object());
                self.push(Inst::new(Op::ListSet, &[list, index, item], &[]).with_fs(fs));
            }
            12 => {
                let (list, index) = (self.list(fs), self.int());
                let value = self.float();
                if self.boxed {
                    let boxed = self.value(Op::BoxFloat, &[value], &[]);
                    self.push(Inst::new(Op::ListSet, &[list, index, boxed], &[]).with_fs(fs));
                } else {
                    self.push(Inst::new(Op::ListSetFloat, &[list, index, value], &[]).with_fs(fs));
                }
            }
            13 => {
                let (list, item) = (self.list(fs), self.object());
                let fs = self.state();
                self.push(Inst::new(Op::ListAppend, &[list, item], &[]).with_fs(fs));
            }
            14 => {
                let args = [self.object(), self.object()];
                let imm = Imm::Bin(BinOp::ALL[self.choose(BinOp::ALL.len())]);
                let result = self.value_fs(Op::BinaryOp, &args, &[imm], fs);
                self.store(result);
            }
            15 => {
                let args = [self.object(), self.object()];
                let store = Inst::new(Op::StoreAttr, &args, &[Imm::Const(NAME)]);
                self.push(store.with_fs(fs));
            }
            16 => {
                // An attribute that is used before it is stored.
                let owner = self.object();
                let index = Imm::Index(self.choose(2) as u32);
                let value = self.value(Op::LoadInlineValue, &[owner], &[index]);
                let value = self.value_fs(Op::GuardNotNull, &[value], &[], fs);
                let after = self.state();
                let other = self.object();
                let result = self.value_fs(Op::Subscr, &[value, other], &[], after);
                self.store(value);
                self.store(result);
            }
            17 => {
                let args = [self.object(), self.object()];
                let index = Imm::Index(self.choose(2) as u32);
                self.push(Inst::new(Op::StoreInlineValue, &args, &[index]));
            }
            18 => {
                let globals = Imm::Dict(DictKind::Globals);
                let value = if self.choose(2) == 0 {
                    let version = [globals, Imm::Index(77)];
                    self.push(Inst::new(Op::GuardDictVersion, &[], &version).with_fs(fs));
                    let place = [globals, Imm::Index(3)];
                    let value = self.value(Op::LoadDictValue, &[], &place);
                    self.value_fs(Op::GuardNotNull, &[value], &[], fs)
                } else {
                    let [index, version, none] = [3, 77, 0].map(Imm::Index);
                    let cached = [globals, index, version, none, Imm::Const(NAME)];
                    self.value_fs(Op::LoadGlobalCached, &[], &cached, fs)
                };
                self.store(value);
            }
            19 => self.direct_call(fs),
            24 => self.swap_item(fs),
            25 => self.keep_operand(fs),
            26 => {
                let truth = self.truth(fs);
                self.set_bool(truth);
            }
            27 => {
                // Two locals change places; an old value outlives its slot.
                let [a, b] = INTS.map(|local| self.local(local));
                if self.boxed {
                    self.store_to(INTS[0], b);
                    self.store_to(INTS[1], a);
                } else {
                    self.locals.swap(INTS[0], INTS[1]);
                }
                let [to, from] = [self.choose(5), self.choose(5)].map(|at| OBJECTS[at]);
                let (a, b) = (self.local(to), self.local(from));
                self.store_to(to, b);
                self.store_to(from, a);
            }
            20 | 21 if depth < MAX_DEPTH => return self.condition(depth, fs),
            22 if depth < MAX_DEPTH => self.counted_loop(depth),
            23 => {
                self.end(depth, fs);
                return false;
            }
            _ => self.int_operation(fs),
        }
        true
    }

    fn int_operation(&mut self, fs: FrameStateId) {
        const OPS: [Op; 8] = [
            Op::IntAdd,
            Op::IntSub,
            Op::IntMul,
            Op::IntFloorDiv,
            Op::IntMod,
            Op::IntAnd,
            Op::IntXor,
            Op::IntShl,
        ];
        let op = OPS[self.choose(OPS.len())];
        let args = [self.int(), self.int()];
        let mut inst = Inst::new(op, &args, &[]);
        if op.info().fs != FsKind::None {
            inst = inst.with_fs(fs);
        }
        let value = self.push(inst).expect("an operation with a result");
        self.set_int(value);
    }

    fn float_operation(&mut self, fs: FrameStateId) {
        const OPS: [Op; 4] = [Op::FloatAdd, Op::FloatSub, Op::FloatMul, Op::FloatDiv];
        let op = OPS[self.choose(OPS.len())];
        let int = self.int();
        let other = self.value(Op::IntToFloat, &[int], &[]);
        let mut inst = Inst::new(op, &[self.float(), other], &[]);
        if op == Op::FloatDiv {
            inst = inst.with_fs(fs);
        }
        let value = self.push(inst).expect("an operation with a result");
        self.set_float(value);
    }

    /// `object, list[i] = list[j], object`: a borrowed item that outlives a change of the list.
    fn swap_item(&mut self, fs: FrameStateId) {
        let (list, from, to) = (self.list(fs), self.int(), self.int());
        let item = self.value_fs(Op::ListGet, &[list, from], &[], fs);
        let other = self.object();
        let fs = self.state_with(Some(item));
        self.push(Inst::new(Op::ListSet, &[list, to, other], &[]).with_fs(fs));
        self.store(item);
    }

    /// `(int := int)[a + b]`: an object borrowed from the slot of a local that is then unboxed, so
    /// that looking at the frame replaces it there.
    fn keep_operand(&mut self, fs: FrameStateId) {
        let value = self.int();
        let boxed = self.value(Op::BoxInt, &[value], &[]);
        let int = self.value_fs(Op::GuardType, &[boxed], &[Imm::Type(Type::INT)], fs);
        let slot = Imm::Index(INTS[0] as u32);
        let kept = self.value(Op::StoreLocal, &[int], &[slot]);
        let local = if self.boxed { kept } else { value };
        self.locals[INTS[0]] = FsValue::Value(local);
        let args = [self.object(), self.object()];
        let after = self.state_with(Some(kept));
        let add = Imm::Bin(BinOp::Add);
        let sum = self.value_fs(Op::BinaryOp, &args, &[add], after);
        let after = self.state();
        let item = self.value_fs(Op::Subscr, &[kept, sum], &[], after);
        self.store(item);
    }

    fn direct_call(&mut self, fs: FrameStateId) {
        let (callee, arg) = (self.object(), self.object());
        let callee = self.value_fs(Op::GuardCode, &[callee], &[Imm::Cell(CELL)], fs);
        let tagged = self.value_fs(Op::CallPy, &[callee, arg], &[Imm::Cell(CELL)], fs);
        let after = self.state_with(Some(tagged));
        match self.choose(5) {
            0 => {
                let value = self.value_fs(Op::UntagInt, &[tagged], &[], after);
                self.set_int(value);
            }
            1 => {
                let value = self.value_fs(Op::UntagFloat, &[tagged], &[], after);
                self.set_float(value);
            }
            2 => {
                let value = self.value(Op::BoxTagged, &[tagged], &[]);
                self.store(value);
            }
            number => {
                // As the frontend leaves it: an object, of which a number is taken; and once more
                // after something else was done.
                let object = self.value(Op::BoxTagged, &[tagged], &[]);
                let after = self.state_with(Some(object));
                self.push(Inst::new(Op::GuardNoTracing, &[], &[]).with_fs(after));
                let ty = if number == 3 { Type::INT } else { Type::FLOAT };
                let first = self.unboxed(object, ty, after);
                let value = if self.choose(2) == 0 {
                    let args = [self.object(), self.object()];
                    let fs = self.state_with(Some(object));
                    let result = self.value_fs(Op::BinaryOp, &args, &[Imm::Bin(BinOp::Add)], fs);
                    self.store(result);
                    let fs = self.state_with(Some(object));
                    self.unboxed(object, ty, fs)
                } else {
                    first
                };
                match ty {
                    Type::INT => self.set_int(value),
                    _ => self.set_float(value),
                }
            }
        }
    }

    /// A truth value.
    fn truth(&mut self, fs: FrameStateId) -> Value {
        let cmp = Imm::Cmp(CmpOp::ALL[self.choose(CmpOp::ALL.len())]);
        match self.choose(6) {
            0 => {
                let args = [self.int(), self.int()];
                self.value(Op::IntCmp, &args, &[cmp])
            }
            1 => {
                let int = self.int();
                let other = self.value(Op::IntToFloat, &[int], &[]);
                let args = [self.float(), other];
                self.value(Op::FloatCmp, &args, &[cmp])
            }
            2 => {
                let object = self.object();
                self.value_fs(Op::IsTrue, &[object], &[], fs)
            }
            3 => {
                let args = [self.object(), self.object()];
                self.value_fs(Op::IsInstance, &args, &[], fs)
            }
            4 => {
                let truth = self.number(BOOL, Type::BOOL);
                match self.choose(2) {
                    0 => self.value(Op::BoolNot, &[truth], &[]),
                    _ => truth,
                }
            }
            _ => {
                let object = self.object();
                let none = self.value(Op::ConstObj, &[], &[Imm::Const(NONE)]);
                self.value(Op::Is, &[object, none], &[])
            }
        }
    }

    /// A block with a parameter for every local.
    fn joint(&mut self) -> (Block, Vec<FsValue>) {
        let block = self.func.new_block();
        let params = (0..LOCALS).map(|local| {
            let ty = match local {
                FLOAT if self.boxed => Type::FLOAT,
                FLOAT => Type::F64,
                BOOL if self.boxed => Type::BOOL,
                BOOL => Type::I1,
                local if INTS.contains(&local) && self.boxed => Type::INT,
                local if INTS.contains(&local) => Type::I64,
                _ => Type::OBJECT,
            };
            FsValue::Value(self.func.add_param(block, ty))
        });
        (block, params.collect())
    }

    fn jump(&mut self, block: Block, more: &[Value]) {
        let mut args: Vec<Value> = (0..LOCALS).map(|local| self.local(local)).collect();
        args.extend(more);
        let target = Target { block, args };
        self.push(Inst::new(Op::Jump, &[], &[]).with_targets([target]));
    }

    fn branch(&mut self, truth: Value) -> [Block; 2] {
        let blocks = [self.func.new_block(), self.func.new_block()];
        let targets = blocks.map(|block| Target {
            block,
            args: Vec::new(),
        });
        self.push(Inst::new(Op::Branch, &[truth], &[]).with_targets(targets));
        blocks
    }

    /// `if …: … else: …`
    fn condition(&mut self, depth: usize, fs: FrameStateId) -> bool {
        let truth = self.truth(fs);
        let sides = self.branch(truth);
        let before = self.locals.clone();
        let mut arrivals = Vec::new();
        for side in sides {
            self.block = side;
            self.locals.clone_from(&before);
            if self.statements(depth + 1) {
                arrivals.push((self.block, self.locals.clone()));
            }
        }
        if arrivals.is_empty() {
            return false;
        }
        let (joint, params) = self.joint();
        for (block, locals) in arrivals {
            self.block = block;
            self.locals = locals;
            self.jump(joint, &[]);
        }
        self.block = joint;
        self.locals = params;
        true
    }

    /// `for int in range(…): …`
    fn counted_loop(&mut self, depth: usize) {
        let count = self.choose(4) as i64;
        let start = self.int();
        let step = self.value(Op::ConstInt, &[], &[Imm::Int(2)]);
        let count = self.value(Op::ConstInt, &[], &[Imm::Int(count)]);
        let (header, params) = self.joint();
        let next = self.func.add_param(header, Type::I64);
        let remaining = self.func.add_param(header, Type::I64);
        self.jump(header, &[start, count]);
        self.block = header;
        self.locals.clone_from(&params);
        let zero = self.value(Op::ConstInt, &[], &[Imm::Int(0)]);
        let more = self.value(Op::IntCmp, &[remaining, zero], &[Imm::Cmp(CmpOp::Gt)]);
        let [body, done] = self.branch(more);

        self.block = body;
        let one = self.value(Op::ConstInt, &[], &[Imm::Int(-1)]);
        let left = self.value(Op::IntAddWrap, &[remaining, one], &[]);
        let after = self.value(Op::IntAddWrap, &[next, step], &[]);
        self.set_int(next);
        self.loops.push(FsValue::RangeIter {
            next: after,
            remaining: left,
            step,
        });
        if self.statements(depth + 1) {
            let fs = self.state();
            self.push(Inst::new(Op::Poll, &[], &[]).with_fs(fs));
            self.jump(header, &[after, left]);
        }
        self.loops.pop();
        self.block = done;
        self.locals = params;
    }

    /// Leaves the function.
    fn end(&mut self, depth: usize, fs: FrameStateId) {
        let inst = match self.choose(4) {
            0 => Inst::new(Op::Return, &[self.object()], &[]),
            1 if self.boxed => Inst::new(Op::Return, &[self.local(INTS[0])], &[]),
            1 => Inst::new(Op::ReturnInt, &[self.int()], &[]),
            2 if self.boxed => Inst::new(Op::Return, &[self.local(FLOAT)], &[]),
            2 => Inst::new(Op::ReturnFloat, &[self.local(FLOAT)], &[]),
            _ if depth > 0 => {
                let reason = Imm::Reason(ExitReason::Unsupported);
                Inst::new(Op::Exit, &[], &[reason]).with_fs(fs)
            }
            _ => Inst::new(Op::Return, &[self.local(OBJECTS[4])], &[]),
        };
        self.push(inst);
    }
}
