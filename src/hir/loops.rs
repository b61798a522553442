//! Natural loops and how they nest.
//!
//! A back-edge leads to a block that dominates its source; that block is the header of a loop, and
//! the loop is every block from which a back-edge can be reached without passing the header.
//! Cycles that are entered in more than one place have no header and are not loops here.

use super::cfg::{Cfg, Edge};
use super::dominators::Dominators;
use super::entities::Block;
use super::function::Function;

/// A loop's place in [`LoopForest::loops`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoopId(pub u32);

impl LoopId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A natural loop.
#[derive(Clone, Debug)]
pub struct Loop {
    pub header: Block,
    /// Edges from inside to the header.
    pub back_edges: Vec<Edge>,
    /// Edges from outside to the header.
    pub entries: Vec<Edge>,
    /// All blocks, those of inner loops included, in reverse postorder (header first).
    pub blocks: Vec<Block>,
    /// The loop around this one.
    pub parent: Option<LoopId>,
    /// 1 for a loop that is in no other.
    pub depth: u32,
}

/// All natural loops of a function.
#[derive(Clone, Debug)]
pub struct LoopForest {
    loops: Vec<Loop>,
    innermost: Vec<Option<LoopId>>,
}

impl LoopForest {
    /// The loops of a function.
    #[must_use]
    pub fn of(func: &Function) -> LoopForest {
        let cfg = Cfg::new(func);
        LoopForest::new(&cfg, &Dominators::of(&cfg))
    }

    /// The loops of a function; not updated when the function changes.
    #[must_use]
    pub fn new(cfg: &Cfg, dom: &Dominators) -> LoopForest {
        let mut forest = LoopForest {
            loops: Vec::new(),
            innermost: vec![None; cfg.block_count()],
        };
        // The last loop that a block was found to be in, so that nothing is made anew for each loop.
        let mut inside: Vec<Option<LoopId>> = vec![None; cfg.block_count()];
        // Headers in reverse postorder: an outer loop comes before the loops in it, so that the
        // last loop to claim a block is its innermost.
        for &header in cfg.rpo() {
            let (back_edges, entries): (Vec<Edge>, Vec<Edge>) = cfg
                .preds(header)
                .iter()
                .partition(|edge| dom.dominates(header, edge.from));
            if back_edges.is_empty() {
                continue;
            }
            let id = LoopId(u32::try_from(forest.loops.len()).expect("fewer than 2^32 loops"));
            inside[header.index()] = Some(id);
            let mut blocks = vec![header];
            let mut work: Vec<Block> = back_edges.iter().map(|e| e.from).collect();
            while let Some(block) = work.pop() {
                if inside[block.index()].replace(id) != Some(id) {
                    // What can't be reached is in no loop.
                    if cfg.position(block).is_some() {
                        blocks.push(block);
                    }
                    work.extend(cfg.preds(block).iter().map(|e| e.from));
                }
            }
            let parent = forest.innermost[header.index()];
            blocks.sort_by_key(|block| cfg.position(*block));
            for block in &blocks {
                forest.innermost[block.index()] = Some(id);
            }
            forest.loops.push(Loop {
                header,
                back_edges,
                entries,
                blocks,
                parent,
                depth: parent.map_or(0, |p| forest.loops[p.index()].depth) + 1,
            });
        }
        forest
    }

    /// All loops, outer ones before those in them.
    #[must_use]
    pub fn loops(&self) -> &[Loop] {
        &self.loops
    }

    /// The loop `id`.
    #[must_use]
    pub fn get(&self, id: LoopId) -> &Loop {
        &self.loops[id.index()]
    }

    /// The innermost loop around `block`.
    #[must_use]
    pub fn innermost(&self, block: Block) -> Option<LoopId> {
        self.innermost[block.index()]
    }

    /// How many loops are around `block`.
    #[must_use]
    pub fn depth(&self, block: Block) -> u32 {
        self.innermost(block).map_or(0, |id| self.get(id).depth)
    }

    /// Whether `block` is in loop `id` or in one of its inner loops.
    #[must_use]
    pub fn contains(&self, id: LoopId, block: Block) -> bool {
        let mut at = self.innermost(block);
        while let Some(inner) = at {
            if inner == id {
                return true;
            }
            at = self.get(inner).parent;
        }
        false
    }

    /// Whether `block` is the header of a loop.
    #[must_use]
    pub fn is_header(&self, block: Block) -> bool {
        self.innermost(block)
            .is_some_and(|id| self.get(id).header == block)
    }

    /// The edges that leave loop `id`.
    #[must_use]
    pub fn exits(&self, func: &Function, id: LoopId) -> Vec<Edge> {
        let mut exits = Vec::new();
        for &from in &self.get(id).blocks {
            for (index, to) in func.successors(from).enumerate() {
                if !self.contains(id, to) {
                    exits.push(Edge { from, index });
                }
            }
        }
        exits
    }
}

/// Whether a function has a loop.
#[must_use]
pub fn has_loop(func: &Function) -> bool {
    !LoopForest::of(func).loops().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::testing::{edges, graph};
    use proptest::prelude::*;

    fn forest(func: &Function) -> LoopForest {
        LoopForest::of(func)
    }

    fn sorted(blocks: &[Block]) -> Vec<Block> {
        let mut blocks = blocks.to_vec();
        blocks.sort();
        blocks
    }

    #[test]
    fn nested_loops() {
        // bb1 outer header, bb2 inner header, bb3 inner body, bb4 outer latch, bb5 exit.
        let func = graph(&[&[1], &[2, 5], &[3, 4], &[2], &[1], &[]]);
        let forest = forest(&func);
        let [outer, inner] = forest.loops() else {
            panic!("two loops")
        };
        assert_eq!(sorted(&outer.blocks), [1, 2, 3, 4].map(Block));
        assert_eq!((outer.parent, outer.depth), (None, 1));
        assert_eq!(inner.blocks, [2, 3].map(Block));
        assert_eq!((inner.parent, inner.depth), (Some(LoopId(0)), 2));
        let from = |block, index| Edge {
            from: Block(block),
            index,
        };
        assert_eq!(outer.back_edges, [from(4, 0)]);
        assert_eq!(outer.entries, [from(0, 0)]);
        assert_eq!(forest.exits(&func, LoopId(0)), [from(1, 1)]);
        assert_eq!(forest.exits(&func, LoopId(1)), [from(2, 1)]);
        assert_eq!(forest.depth(Block(3)), 2);
        assert_eq!(forest.depth(Block(5)), 0);
        assert!(forest.contains(LoopId(0), Block(3)));
        assert!(!forest.contains(LoopId(1), Block(4)));
        assert!(forest.is_header(Block(2)) && !forest.is_header(Block(3)));
    }

    #[test]
    fn two_back_edges_are_one_loop() {
        let forest = forest(&graph(&[&[1], &[2, 3], &[1], &[1, 4], &[]]));
        assert_eq!(forest.loops().len(), 1);
        assert_eq!(forest.loops()[0].back_edges.len(), 2);
    }

    #[test]
    fn a_cycle_with_two_entries_is_no_loop() {
        let forest = forest(&graph(&[&[1, 2], &[2], &[1]]));
        assert!(forest.loops().is_empty());
    }

    proptest! {
        #[test]
        fn headers_dominate_their_blocks(edges in edges()) {
            let slices: Vec<&[u32]> = edges.iter().map(Vec::as_slice).collect();
            let func = graph(&slices);
            let cfg = Cfg::new(&func);
            let dom = Dominators::of(&cfg);
            let forest = LoopForest::new(&cfg, &dom);
            for (index, l) in forest.loops().iter().enumerate() {
                prop_assert_eq!(l.blocks[0], l.header);
                for &block in &l.blocks {
                    prop_assert!(dom.dominates(l.header, block));
                    prop_assert!(forest.contains(LoopId(index as u32), block));
                    prop_assert!(forest.depth(block) >= l.depth);
                    // Only the header is entered from outside.
                    for edge in cfg.preds(block) {
                        prop_assert!(block == l.header || l.blocks.contains(&edge.from));
                    }
                }
            }
        }
    }
}
