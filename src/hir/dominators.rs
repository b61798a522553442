//! The dominator tree, by the iteration of Cooper, Harvey and Kennedy ("A Simple, Fast Dominance
//! Algorithm", 2001). Blocks that cannot be reached are not in it.

use super::cfg::Cfg;
use super::entities::Block;
use super::function::Function;

/// Immediate dominators, with an interval numbering for constant-time questions.
#[derive(Clone, Debug)]
pub struct Dominators {
    idom: Vec<Option<Block>>,
    children: Vec<Vec<Block>>,
    /// Reachable blocks, parents before children.
    preorder: Vec<Block>,
    /// Per block: its number in preorder, and one past that of its last descendant; empty if it
    /// cannot be reached.
    interval: Vec<(u32, u32)>,
}

impl Dominators {
    /// The tree of a function; not updated when the function changes.
    #[must_use]
    pub fn new(func: &Function) -> Dominators {
        Self::of(&Cfg::new(func))
    }

    /// The tree of a block graph.
    #[must_use]
    pub fn of(cfg: &Cfg) -> Dominators {
        let rpo = cfg.rpo();
        // Immediate dominators as positions in `rpo`; an undecided one is `usize::MAX`.
        const UNDECIDED: usize = usize::MAX;
        let mut up = vec![UNDECIDED; rpo.len()];
        up[0] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for at in 1..rpo.len() {
                let mut new = UNDECIDED;
                for edge in cfg.preds(rpo[at]) {
                    let Some(pred) = cfg.position(edge.from).filter(|&p| up[p] != UNDECIDED) else {
                        continue;
                    };
                    new = if new == UNDECIDED {
                        pred
                    } else {
                        meet(&up, pred, new)
                    };
                }
                changed |= up[at] != new;
                up[at] = new;
            }
        }
        let count = cfg.block_count();
        let mut tree = Dominators {
            idom: vec![None; count],
            children: vec![Vec::new(); count],
            preorder: Vec::with_capacity(rpo.len()),
            interval: vec![(0, 0); count],
        };
        for at in 1..rpo.len() {
            let parent = rpo[up[at]];
            tree.idom[rpo[at].index()] = Some(parent);
            tree.children[parent.index()].push(rpo[at]);
        }
        tree.number(rpo[0]);
        tree
    }

    /// Fills `preorder` and `interval`.
    fn number(&mut self, entry: Block) {
        let mut stack = vec![(entry, 0)];
        while let Some((block, done)) = stack.last_mut() {
            let (block, nth) = (*block, *done);
            *done += 1;
            let count = u32::try_from(self.preorder.len()).expect("fewer than 2^32 blocks");
            if nth == 0 {
                self.preorder.push(block);
                self.interval[block.index()].0 = count;
            }
            if let Some(&child) = self.children[block.index()].get(nth) {
                stack.push((child, 0));
            } else {
                self.interval[block.index()].1 =
                    u32::try_from(self.preorder.len()).expect("fewer than 2^32 blocks");
                stack.pop();
            }
        }
    }

    /// The nearest block that every path to `block` goes through; `None` for the entry and for
    /// blocks that cannot be reached.
    #[must_use]
    pub fn idom(&self, block: Block) -> Option<Block> {
        self.idom[block.index()]
    }

    /// The blocks whose immediate dominator is `block`.
    #[must_use]
    pub fn children(&self, block: Block) -> &[Block] {
        &self.children[block.index()]
    }

    /// Reachable blocks, every block after its dominators.
    #[must_use]
    pub fn preorder(&self) -> &[Block] {
        &self.preorder
    }

    /// Whether every path to `b` goes through `a`; every block dominates itself. Nothing dominates
    /// or is dominated by a block that cannot be reached.
    #[must_use]
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let (start, end) = self.interval[a.index()];
        let (at, last) = self.interval[b.index()];
        at < last && (start..end).contains(&at)
    }
}

/// The nearest common ancestor of two positions.
fn meet(up: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        if a > b {
            a = up[a];
        } else {
            b = up[b];
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::testing::graph;
    use proptest::prelude::*;

    fn tree(edges: &[&[u32]]) -> Dominators {
        Dominators::new(&graph(edges))
    }

    #[test]
    fn a_diamond_in_a_loop() {
        let tree = tree(&[&[1], &[2, 5], &[3, 4], &[1], &[1], &[], &[1]]);
        let idoms: Vec<_> = (0..7).map(|b| tree.idom(Block(b)).map(|b| b.0)).collect();
        let want = [None, Some(0), Some(1), Some(2), Some(2), Some(1), None];
        assert_eq!(idoms, want);
        let mut children = tree.children(Block(2)).to_vec();
        children.sort();
        assert_eq!(children, [Block(3), Block(4)]);
        assert!(tree.dominates(Block(2), Block(4)));
        assert!(!tree.dominates(Block(3), Block(1)));
        assert!(!tree.dominates(Block(6), Block(6)));
        assert!(!tree.dominates(Block(0), Block(6)));
    }

    proptest! {
        /// Against the definition: `a` dominates `b` if `b` cannot be reached without `a`.
        #[test]
        fn agrees_with_the_definition(edges in crate::hir::testing::edges()) {
            let slices: Vec<&[u32]> = edges.iter().map(Vec::as_slice).collect();
            let tree = tree(&slices);
            let reach = |without: usize| {
                let mut seen = vec![false; edges.len()];
                let mut work = if without == 0 { vec![] } else { vec![0] };
                while let Some(b) = work.pop() {
                    if !std::mem::replace(&mut seen[b], true) {
                        work.extend(edges[b].iter().map(|&s| s as usize).filter(|&s| s != without));
                    }
                }
                seen
            };
            let all = reach(usize::MAX);
            for a in 0..edges.len() {
                let rest = reach(a);
                for b in 0..edges.len() {
                    let want = all[a] && all[b] && !rest[b];
                    let got = tree.dominates(Block::from_index(a), Block::from_index(b));
                    prop_assert_eq!(got, want, "bb{} bb{}", a, b);
                }
            }
        }
    }
}
