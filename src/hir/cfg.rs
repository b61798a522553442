//! Orders and edges of the block graph.

use super::entities::Block;
use super::function::Function;

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
