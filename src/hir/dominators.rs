//! The dominator tree (Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm", 2001).

use super::cfg::{predecessors, reverse_postorder};
use super::entities::Block;
use super::function::Function;

/// Who dominates whom.
pub struct Dominators {
    /// Immediate dominator of each reachable block; the entry's is itself.
    immediate: Vec<Option<Block>>,
    /// Position in reverse postorder.
    position: Vec<usize>,
}

impl Dominators {
    #[must_use]
    pub fn new(func: &Function) -> Dominators {
        let order = reverse_postorder(func);
        let preds = predecessors(func);
        let mut position = vec![usize::MAX; func.blocks.len()];
        for (at, block) in order.iter().enumerate() {
            position[block.index()] = at;
        }
        let mut tree = Dominators {
            immediate: vec![None; func.blocks.len()],
            position,
        };
        tree.immediate[0] = Some(Function::ENTRY);
        let mut changed = true;
        while changed {
            changed = false;
            for block in order.iter().skip(1) {
                let mut best: Option<Block> = None;
                for pred in &preds[block.index()] {
                    if tree.immediate[pred.index()].is_some() {
                        best = Some(best.map_or(*pred, |best| tree.common(best, *pred)));
                    }
                }
                if best != tree.immediate[block.index()] {
                    tree.immediate[block.index()] = best;
                    changed = true;
                }
            }
        }
        tree
    }

    fn common(&self, mut a: Block, mut b: Block) -> Block {
        while a != b {
            if self.position[a.index()] > self.position[b.index()] {
                a = self.immediate[a.index()].expect("processed");
            } else {
                b = self.immediate[b.index()].expect("processed");
            }
        }
        a
    }

    /// Whether every path to `b` passes `a`.
    #[must_use]
    pub fn dominates(&self, a: Block, mut b: Block) -> bool {
        while self.position[b.index()] > self.position[a.index()] {
            match self.immediate[b.index()] {
                Some(up) => b = up,
                None => return false,
            }
        }
        a == b
    }
}
