//! What there is of a unit while it is built: who will refuse it in the end can say so before, since all that is built of it is for nothing,
//! and the program waits.

use super::Bailout;
use crate::bytecode::blocks::Shape;
use crate::hir::{Block, Function, Inst};

/// Values after which it is asked for the first time.
const FIRST: usize = 400;

/// A question looks at all that there is; so the next one is asked when there is more of it by one part in so many.
const GROWTH: usize = 8;

/// Asked now and then whether to go on.
pub type Watch<'a> = &'a dyn Fn(&Progress) -> Result<(), Bailout>;

/// A unit that is being built.
pub struct Progress<'a> {
    /// What there is of it; blocks may be without an end.
    pub function: &'a Function,
    /// Which of the blocks are built of bytecode in a loop; `None` if the bytecode has none. Between a loop's head and its last jump back there may also be
    /// what leaves it.
    pub in_loop: Option<&'a [bool]>,
}

impl<'a> Progress<'a> {
    /// The instructions that count: those in loops, if the bytecode has any.
    pub fn insts(&self) -> impl Iterator<Item = &'a Inst> + use<'a> {
        let in_loop = self.in_loop;
        let blocks = self.function.blocks.iter().enumerate();
        blocks
            .filter(move |(at, _)| in_loop.is_none_or(|blocks| blocks.get(*at) == Some(&true)))
            .flat_map(|(_, block)| &block.insts)
    }
}

/// The builder's account of it.
pub(super) struct Watched<'a> {
    watch: Option<Watch<'a>>,
    /// At how many values it is asked next.
    next: usize,
    in_loop: Vec<bool>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(watch: Option<Watch<'a>>) -> Watched<'a> {
        Watched {
            watch,
            next: FIRST,
            in_loop: Vec::new(),
        }
    }

    /// A block is filled, from the unit `pc` on.
    pub(super) fn fill(&mut self, shape: &Shape, block: Block, pc: u32) {
        if self.watch.is_some() {
            let size = self.in_loop.len().max(block.index() + 1);
            self.in_loop.resize(size, false);
            self.in_loop[block.index()] = shape.is_in_loop(pc);
        }
    }

    /// The instruction that begins at the unit `pc` has been built.
    pub(super) fn built(
        &mut self,
        shape: &Shape,
        function: &Function,
        pc: u32,
    ) -> Result<(), Bailout> {
        let Some(watch) = self.watch else {
            return Ok(());
        };
        // Blocks that it is made of; those that it only jumps to are known better once they are filled.
        let size = self.in_loop.len().max(function.blocks.len());
        self.in_loop.resize(size, shape.is_in_loop(pc));
        let count = function.values.len();
        if count < self.next {
            return Ok(());
        }
        self.next = count + count / GROWTH;
        watch(&Progress {
            function,
            in_loop: shape.has_turns().then_some(&self.in_loop),
        })
    }
}
