//! HIR to machine operations, once for every code generator.
//!
//! One file per family; the match over [`Op`] in `control` is exhaustive, so a new instruction
//! can't be forgotten. Offsets of CPython's structs come from [`crate::layout`].
//!
//! Conventions: the unit is `fn(tstate, frame, parent) -> (tag, payload)`. `parent` is the activation
//! record of the nearest native caller with unboxed locals that are not in its frame, or null;
//! once a record's `SITE` is 0, so are all records above it.
#![deny(clippy::wildcard_enum_match_arm)]

mod calls;
mod containers;
mod control;
mod exits;
mod numbers;
mod objects;

use super::CompileOptions;
use super::image::ExitDesc;
use super::machine::{Hint, Machine, Ty};
use crate::helpers::activation;
use crate::hir::slot_states::{SlotState, SlotStates};
use crate::hir::{Effects, FrameStateId, Function, Inst, Op, Type, Value};
use crate::layout;
use std::collections::HashMap;

/// What lowering leaves beside the code.
pub struct Lowered {
    pub exits: Vec<ExitDesc>,
}

/// Lowers one function into `machine`, which must stand in its entry block.
pub fn lower<M: Machine>(
    func: &Function,
    machine: &mut M,
    unit_token: u64,
    options: &CompileOptions,
) -> Lowered {
    let mut lower = Lower::new(func, machine, unit_token, options);
    lower.run();
    Lowered { exits: lower.exits }
}

/// What destructors see of where the program is.
#[derive(Clone, Copy)]
enum Place {
    /// What the frame says already.
    Unknown,
    /// The instruction at a code unit.
    At(u32),
    /// Behind a `return`: the frame's caller.
    Returned,
}

/// A block on an edge that passes arguments.
struct EdgeBlock<M: Machine> {
    block: M::B,
    to: M::B,
    args: Vec<M::V>,
}

/// The state of one lowering.
struct Lower<'a, M: Machine> {
    func: &'a Function,
    m: &'a mut M,
    unit_token: u64,
    /// Address of the countdown that makes guards fail, or 0.
    stress_counter: u64,
    /// Address of the countdown of calls and back-edges, or 0.
    heat: u64,
    /// Address of the number of all references, in a debug build of CPython, or 0.
    ref_total: u64,
    ts: M::V,
    frame: M::V,
    parent: M::V,
    /// Address of the first instruction of the code object.
    first_instr: M::V,
    /// The activation record.
    act: M::V,
    /// A word for helpers that answer through memory.
    scratch: M::V,
    /// Room for arguments of calls and items of displays; word 0 is the callee's to overwrite.
    arguments: M::V,
    /// One or two (for `TAGGED`: tag, payload) machine values per SSA value.
    values: Vec<Option<[M::V; 2]>>,
    blocks: Vec<M::B>,
    exits: Vec<ExitDesc>,
    /// Exit blocks by frame state, use, reason and drops.
    exit_blocks: HashMap<exits::ExitKey, M::B>,
    /// Exit blocks still to be filled.
    pending: Vec<(M::B, exits::ExitKey)>,
    /// Definitions of constants.
    constants: HashMap<Value, &'a Inst>,
    /// Integers that doubles are made of, by the double.
    converted: HashMap<Value, Value>,
    /// Edge blocks still to be filled.
    edges: Vec<EdgeBlock<M>>,
    /// Flush entries by frame state.
    flushes: HashMap<FrameStateId, i64>,
    states: SlotStates,
    /// What the slots of locals hold where the code being made stands.
    slots: Vec<SlotState>,
    /// The same at the returns so far.
    at_returns: Option<Vec<SlotState>>,
    epilogue: Option<M::B>,
    /// Where the program is, for destructors that look.
    place: Place,
}

impl<'a, M: Machine> Lower<'a, M> {
    fn new(func: &'a Function, m: &'a mut M, unit_token: u64, options: &CompileOptions) -> Self {
        let [ts, frame, parent] = m.params();
        let exits = m.leaves_through_memory();
        let act = m.stack_slot(activation::VALUES as u32 + 8 * buffer_words(func, exits));
        let scratch = m.stack_slot(8);
        let arguments = m.stack_slot(8 * argument_words(func));
        let code = m.load(Ty::Ptr, frame, layout::frame::F_CODE);
        let start = m.int(i64::from(layout::code::CO_CODE_ADAPTIVE));
        let first_instr = m.offset(code, start);
        Lower {
            func,
            unit_token,
            stress_counter: options.stress_counter,
            heat: options.heat,
            ref_total: options.ref_total,
            ts,
            frame,
            parent,
            first_instr,
            act,
            scratch,
            arguments,
            values: vec![None; func.values.len()],
            blocks: Vec::new(),
            exits: Vec::new(),
            exit_blocks: HashMap::new(),
            pending: Vec::new(),
            edges: Vec::new(),
            constants: constants(func),
            converted: converted(func),
            flushes: HashMap::new(),
            states: SlotStates::new(func),
            slots: Vec::new(),
            at_returns: None,
            epilogue: None,
            place: Place::Unknown,
            m,
        }
    }

    /// The machine value of an SSA value.
    fn v(&self, value: Value) -> M::V {
        self.values[value.index()].expect("verified: defined before use")[0]
    }

    /// Tag and payload of a `TAGGED` value.
    fn pair(&self, value: Value) -> (M::V, M::V) {
        let [tag, payload] = self.values[value.index()].expect("verified: defined before use");
        (tag, payload)
    }

    fn set(&mut self, value: Value, machine: M::V) {
        self.values[value.index()] = Some([machine, machine]);
    }

    fn ty(&self, value: Value) -> Type {
        self.func.ty(value)
    }

    /// Goes on in a new block if `bit`, else in `otherwise`.
    fn require(&mut self, bit: M::V, otherwise: M::B) {
        let on = self.m.block(&[], false);
        self.m.branch(bit, on, otherwise, Hint::Likely);
        self.m.switch_to(on);
    }

    /// Runs `cold` in a cold block if `bit`, then goes on.
    fn when(&mut self, bit: M::V, cold: impl FnOnce(&mut Self)) {
        let (off, on) = (self.m.block(&[], true), self.m.block(&[], false));
        self.m.branch(bit, off, on, Hint::Unlikely);
        self.m.switch_to(off);
        cold(self);
        self.m.jump(on, &[]);
        self.m.switch_to(on);
    }

    fn load_ptr(&mut self, base: M::V, offset: i32) -> M::V {
        self.m.load(Ty::Ptr, base, offset)
    }

    /// Base plus eight times an index.
    fn element(&mut self, base: M::V, index: M::V) -> M::V {
        let three = self.m.int(3);
        let bytes = self.m.int_op(super::machine::IntOp::Shl, index, three);
        self.m.offset(base, bytes)
    }

    fn is_null(&mut self, value: M::V) -> M::V {
        let null = self.m.null();
        self.m.same(value, null)
    }
}

/// The machine type of a value; `TAGGED` has two.
fn machine_types(ty: Type) -> &'static [Ty] {
    if ty == Type::I64 {
        &[Ty::I64]
    } else if ty == Type::F64 {
        &[Ty::F64]
    } else if ty == Type::I1 {
        &[Ty::Bit]
    } else if ty == Type::TAGGED {
        &[Ty::I64, Ty::I64]
    } else {
        &[Ty::Ptr]
    }
}

/// An upper bound on the words that any flush, and any exit if `exits`, puts into the buffer.
fn buffer_words(func: &Function, exits: bool) -> u32 {
    let mut most = 4;
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        let flushes = inst.info().effects == Effects::Escape || inst.op == Op::ListAppend;
        if let Some(fs) = inst.fs.filter(|_| flushes) {
            let mut words = 0;
            for local in func.frame_state(fs).locals.iter() {
                local.for_each(|_| words += 2);
            }
            most = most.max(words);
        }
        if let Some(fs) = inst.fs.filter(|_| exits) {
            let mut words = 2 * inst.drops.len();
            func.frame_state(fs).for_each(|_| words += 2);
            most = most.max(words);
        }
    }
    most as u32
}

fn constants(func: &Function) -> HashMap<Value, &Inst> {
    let is_constant = |op: Op| {
        op == Op::ConstInt
            || op == Op::ConstFloat
            || op == Op::ConstBool
            || op == Op::ConstObj
            || op == Op::ConstNull
    };
    func.blocks
        .iter()
        .flat_map(|b| &b.insts)
        .filter(|inst| is_constant(inst.op))
        .filter_map(|inst| Some((inst.result?, inst)))
        .collect()
}

fn converted(func: &Function) -> HashMap<Value, Value> {
    func.blocks
        .iter()
        .flat_map(|b| &b.insts)
        .filter(|inst| inst.op == Op::IntToFloat)
        .filter_map(|inst| Some((inst.result?, inst.args[0])))
        .collect()
}

/// Words for the largest argument list, with one before it.
fn argument_words(func: &Function) -> u32 {
    func.blocks
        .iter()
        .flat_map(|b| &b.insts)
        .filter(|inst| inst.info().varargs.is_some())
        .map(|inst| inst.args.len() as u32 + 1)
        .max()
        .unwrap_or(1)
}
