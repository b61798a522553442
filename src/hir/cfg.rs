//! Orders and edges of the block graph.

use super::entities::Block;
use super::function::Function;
use super::inst::Target;

/// Reachable blocks, every block before its successors but for back-edges.
#[must_use]
pub fn reverse_postorder(func: &Function) -> Vec<Block> {
    let mut order = Vec::with_capacity(func.blocks.len());
    let mut seen = vec![false; func.blocks.len()];
    // Depth-first without recursion: a block and how many successors were visited.
    let mut stack = vec![(Function::ENTRY, 0usize)];
    seen[0] = true;
    while let Some((block, visited)) = stack.last_mut() {
        let next = func.successors(*block).nth(*visited);
        *visited += 1;
        match next {
            Some(successor) => {
                if !seen[successor.index()] {
                    seen[successor.index()] = true;
                    stack.push((successor, 0));
                }
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

/// Predecessors of every block, one entry per edge.
#[must_use]
pub fn predecessors(func: &Function) -> Vec<Vec<Block>> {
    let mut preds = vec![Vec::new(); func.blocks.len()];
    for block in func.block_ids() {
        for successor in func.successors(block) {
            preds[successor.index()].push(block);
        }
    }
    preds
}

/// One way from a block to the next: target `index` of the terminator of `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    pub from: Block,
    pub index: usize,
}

impl Edge {
    /// The block it leads to and the arguments for its parameters.
    ///
    /// # Panics
    /// If the terminator was changed and has no such target.
    #[must_use]
    pub fn target(self, func: &Function) -> &Target {
        let last = func.blocks[self.from.index()].insts.last();
        &last.expect("a block with an edge has a terminator").targets[self.index]
    }
}

/// The block graph at one moment: order and edges of the reachable blocks.
#[derive(Clone, Debug)]
pub struct Cfg {
    rpo: Vec<Block>,
    position: Vec<Option<u32>>,
    preds: Vec<Vec<Edge>>,
}

impl Cfg {
    /// The graph of `func`; not updated when `func` changes.
    #[must_use]
    pub fn new(func: &Function) -> Cfg {
        let rpo = reverse_postorder(func);
        let mut position = vec![None; func.blocks.len()];
        let mut preds = vec![Vec::new(); func.blocks.len()];
        for (at, &from) in (0u32..).zip(&rpo) {
            position[from.index()] = Some(at);
            for (index, to) in func.successors(from).enumerate() {
                preds[to.index()].push(Edge { from, index });
            }
        }
        Cfg {
            rpo,
            position,
            preds,
        }
    }

    /// Number of blocks of the function, reachable or not.
    #[must_use]
    pub fn block_count(&self) -> usize {
        self.position.len()
    }

    /// Reachable blocks in reverse postorder, entry first.
    #[must_use]
    pub fn rpo(&self) -> &[Block] {
        &self.rpo
    }

    /// Where `block` is in [`Cfg::rpo`]; `None` if it cannot be reached.
    #[must_use]
    pub fn position(&self, block: Block) -> Option<usize> {
        self.position[block.index()].map(|at| at as usize)
    }

    /// Whether `block` can be reached from the entry.
    #[must_use]
    pub fn is_reachable(&self, block: Block) -> bool {
        self.position[block.index()].is_some()
    }

    /// The edges into `block` from reachable blocks.
    #[must_use]
    pub fn preds(&self, block: Block) -> &[Edge] {
        &self.preds[block.index()]
    }
}
