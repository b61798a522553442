//! A unit of compilation as a graph of blocks.

use super::entities::{Block, CellId, ConstId, FrameStateId, Value};
use super::frame_state::FrameState;
use super::inst::{Inst, Op};
use super::types::Type;
use serde::{Deserialize, Serialize};

/// A Python object that the unit mentions by address. The runtime keeps it alive (code constants,
/// names, singletons) or the unit only compares with it after a guard that implies it is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Const {
    /// Address in the Python process; 0 in text files.
    pub addr: u64,
    /// Exact type, `OTHER` if not one of the lattice's classes.
    pub ty: Type,
    /// Short text for people; no newline.
    pub repr: String,
}

/// The record of a directly called code object (see `code::call_cell` for its memory layout).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCell {
    /// Address of the runtime's cell; 0 in text files.
    pub addr: u64,
    /// Words of a whole frame of the callee: specials, locals and stack.
    pub frame_words: u32,
    /// `co_nlocalsplus` of the callee.
    pub nlocals: u32,
    /// Name for people.
    pub name: String,
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueData {
    /// Its type; machine kinds never mix with boxed ones.
    pub ty: Type,
}

/// A basic block: parameters, then instructions of which exactly the last is a terminator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockData {
    pub params: Vec<Value>,
    pub insts: Vec<Inst>,
}

/// A unit of compilation. `blocks[0]` is the entry and has no parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Name for symbols and dumps: `module.qualname:first-line` or so.
    pub name: String,
    /// `co_nlocalsplus`.
    pub nlocals: u32,
    /// `co_argcount` (arguments live in the first slots at entry).
    pub nargs: u32,
    pub consts: Vec<Const>,
    pub cells: Vec<CallCell>,
    pub values: Vec<ValueData>,
    #[serde(with = "super::frame_state::changes")]
    pub frame_states: Vec<FrameState>,
    pub blocks: Vec<BlockData>,
}

impl Function {
    /// An empty function with its entry block.
    #[must_use]
    pub fn new(name: impl Into<String>, nargs: u32, nlocals: u32) -> Self {
        Function {
            name: name.into(),
            nlocals,
            nargs,
            blocks: vec![BlockData::default()],
            ..Function::default()
        }
    }

    /// The entry block.
    pub const ENTRY: Block = Block(0);

    /// A new value of type `ty`, defined by nothing yet.
    pub fn new_value(&mut self, ty: Type) -> Value {
        self.values.push(ValueData { ty });
        Value::from_index(self.values.len() - 1)
    }

    /// A new empty block.
    pub fn new_block(&mut self) -> Block {
        self.blocks.push(BlockData::default());
        Block::from_index(self.blocks.len() - 1)
    }

    /// Appends a parameter of type `ty` to `block`.
    pub fn add_param(&mut self, block: Block, ty: Type) -> Value {
        let value = self.new_value(ty);
        self.blocks[block.index()].params.push(value);
        value
    }

    /// Interns a frame state.
    pub fn add_frame_state(&mut self, state: FrameState) -> FrameStateId {
        self.frame_states.push(state);
        FrameStateId::from_index(self.frame_states.len() - 1)
    }

    /// The type of `value`.
    #[must_use]
    pub fn ty(&self, value: Value) -> Type {
        self.values[value.index()].ty
    }

    /// Appends `inst` to `block`, giving it a fresh result value if its row has one.
    pub fn push(&mut self, block: Block, mut inst: Inst) -> Option<Value> {
        if inst.result.is_none()
            && let Some(ty) = self.result_type(&inst)
        {
            inst.result = Some(self.new_value(ty));
        }
        let result = inst.result;
        let is_end = inst.is_terminator();
        let insts = &mut self.blocks[block.index()].insts;
        insts.push(inst);
        if is_end {
            insts.shrink_to_fit();
        }
        result
    }

    /// The type that the table's rule gives to the result of `inst`; `None` if it has no result.
    #[must_use]
    pub fn result_type(&self, inst: &Inst) -> Option<Type> {
        use super::inst::ResultRule;
        match inst.info().result {
            ResultRule::None => None,
            ResultRule::Fixed(ty) => Some(ty),
            ResultRule::SameAsArg => Some(self.ty(inst.args[0])),
            ResultRule::NotNull => Some(self.ty(inst.args[0]) - Type::NULL),
            ResultRule::Narrow => Some(self.ty(inst.args[0]) & inst.imm_type(0)),
            ResultRule::ConstType => Some(self.consts[inst.imm_const(0).index()].ty),
        }
    }

    /// All blocks, entry first.
    pub fn block_ids(&self) -> impl Iterator<Item = Block> + use<> {
        (0..self.blocks.len()).map(Block::from_index)
    }

    /// The blocks that `block` may jump to, in order.
    pub fn successors(&self, block: Block) -> impl Iterator<Item = Block> + '_ {
        self.blocks[block.index()]
            .insts
            .last()
            .into_iter()
            .flat_map(|inst| inst.targets.iter().map(|t| t.block))
    }

    /// The frame state `id`.
    #[must_use]
    pub fn frame_state(&self, id: FrameStateId) -> &FrameState {
        &self.frame_states[id.index()]
    }

    /// The constant `id`.
    #[must_use]
    pub fn constant(&self, id: ConstId) -> &Const {
        &self.consts[id.index()]
    }

    /// The call cell `id`.
    #[must_use]
    pub fn cell(&self, id: CellId) -> &CallCell {
        &self.cells[id.index()]
    }

    /// Addresses of all objects and call cells that the unit mentions.
    #[must_use]
    pub fn addresses(&self) -> Vec<u64> {
        let consts = self.consts.iter().map(|known| known.addr);
        consts
            .chain(self.cells.iter().map(|cell| cell.addr))
            .collect()
    }

    /// Number of instructions in all blocks.
    #[must_use]
    pub fn inst_count(&self) -> usize {
        self.blocks.iter().map(|b| b.insts.len()).sum()
    }

    /// How often `op` occurs; for tests on the result of optimisation.
    #[must_use]
    pub fn count_op(&self, op: Op) -> usize {
        self.blocks
            .iter()
            .flat_map(|b| &b.insts)
            .filter(|i| i.op == op)
            .count()
    }
}
