//! Which parts of a code arena are handed out.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Bytes of address space reserved; pages are backed only when they are used.
pub(super) const RESERVED: usize = 256 << 20;

/// Every block starts at a multiple of this.
pub(super) const GRAIN: usize = 64;

pub(super) use crate::layout::PAGE;

/// What an arena has handed out; offsets from its beginning.
pub(super) struct Blocks {
    /// Bytes of the arena.
    limit: usize,
    /// Free ranges below `top`: offset to length, never adjacent.
    free: BTreeMap<usize, usize>,
    /// First offset never handed out.
    top: usize,
    used: usize,
    /// Offsets of blocks that were allocated and not sealed yet.
    open: BTreeSet<usize>,
    /// Number of open blocks that touch a page, by page number; none if there is no entry.
    writers: BTreeMap<usize, usize>,
}

/// How the arena's memory is used, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In blocks that are handed out.
    pub used: usize,
    /// Free space on pages that also hold blocks.
    pub slack: usize,
    /// The part of the range that was ever handed out.
    pub extent: usize,
}

impl Blocks {
    /// An arena of `limit` bytes.
    pub(super) fn new(limit: usize) -> Blocks {
        Blocks {
            limit,
            free: BTreeMap::new(),
            top: 0,
            used: 0,
            open: BTreeSet::new(),
            writers: BTreeMap::new(),
        }
    }

    /// An arena of which these ranges are in use: offset and length. `None` if they overlap or lie outside.
    pub(super) fn with_used(limit: usize, used: &[(usize, usize)]) -> Option<Blocks> {
        let mut blocks = Blocks::new(limit);
        let mut used = used.to_vec();
        used.sort_unstable();
        for (at, len) in used {
            let end = at.checked_add(len)?;
            if at < blocks.top || end > limit {
                return None;
            }
            if at > blocks.top {
                blocks.add_free(blocks.top, at - blocks.top);
            }
            blocks.top = end;
            blocks.used += len;
        }
        Some(blocks)
    }

    /// How it is used.
    pub(super) fn usage(&self) -> Usage {
        Usage {
            used: self.used,
            slack: self.slack(),
            extent: self.top,
        }
    }

    /// Takes the first free range that is long enough, or fresh space.
    pub(super) fn take(&mut self, size: usize, align: usize) -> Option<usize> {
        let found = self.free.iter().find_map(|(start, len)| {
            let at = start.next_multiple_of(align);
            (at.checked_add(size)? <= start + len).then_some((*start, *len, at))
        });
        let at = match found {
            Some((start, len, at)) => {
                self.free.remove(&start);
                if at > start {
                    self.free.insert(start, at - start);
                }
                if start + len > at + size {
                    self.free.insert(at + size, start + len - at - size);
                }
                at
            }
            None => {
                let at = self.top.next_multiple_of(align);
                if at.checked_add(size)? > self.limit {
                    return None;
                }
                if at > self.top {
                    self.add_free(self.top, at - self.top);
                }
                self.top = at + size;
                at
            }
        };
        self.used += size;
        Some(at)
    }

    /// Returns a range that was taken; the whole free range around it.
    pub(super) fn give(&mut self, start: usize, len: usize) -> Range<usize> {
        self.used -= len;
        self.add_free(start, len)
    }

    /// Adds a free range, joined with its free neighbours; the whole free range.
    fn add_free(&mut self, mut start: usize, mut len: usize) -> Range<usize> {
        if let Some((before, before_len)) = self.free.range(..start).next_back()
            && before + before_len == start
        {
            start = *before;
            len += before_len;
            self.free.remove(&start);
        }
        if let Some(after_len) = self.free.remove(&(start + len)) {
            len += after_len;
        }
        self.free.insert(start, len);
        start..start + len
    }

    /// Notes that a block is being written.
    pub(super) fn open(&mut self, at: usize, size: usize) {
        self.open.insert(at);
        for page in pages(at, size) {
            *self.writers.entry(page).or_default() += 1;
        }
    }

    /// Notes that a block is not written any more; the runs of its pages that nobody writes now.
    pub(super) fn close(&mut self, at: usize, size: usize) -> Vec<Range<usize>> {
        let mut done: Vec<Range<usize>> = Vec::new();
        if !self.open.remove(&at) {
            return done;
        }
        for page in pages(at, size) {
            let writers = self.writers.get_mut(&page).expect("counted by `open`");
            *writers -= 1;
            if *writers > 0 {
                continue;
            }
            self.writers.remove(&page);
            match done.last_mut() {
                Some(run) if run.end == page => run.end += 1,
                _ => done.push(page..page + 1),
            }
        }
        done
    }

    /// Bytes of the free ranges that lie on pages shared with blocks.
    fn slack(&self) -> usize {
        let tail = self.top.next_multiple_of(PAGE) - self.top;
        self.free
            .iter()
            .map(|(start, len)| {
                let whole = whole_pages(*start..*start + *len);
                len - (whole.end - whole.start) * PAGE
            })
            .sum::<usize>()
            + tail
    }
}

/// The pages that a block touches.
pub(super) fn pages(at: usize, size: usize) -> Range<usize> {
    at / PAGE..(at + size).div_ceil(PAGE)
}

/// The pages that lie in a range as a whole.
pub(super) fn whole_pages(range: Range<usize>) -> Range<usize> {
    let first = range.start.div_ceil(PAGE);
    first..(range.end / PAGE).max(first)
}

/// The size that a block really takes.
pub(super) fn rounded(size: usize) -> usize {
    size.max(1).next_multiple_of(GRAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ranges_are_kept() {
        let mut blocks = Blocks::with_used(4096, &[(1024, 64), (0, 128)]).expect("disjoint");
        assert_eq!(blocks.usage().used, 192);
        assert_eq!(blocks.take(896, 64), Some(128));
        assert_eq!(blocks.take(64, 64), Some(1088));
        blocks.give(1024, 64);
        assert_eq!(blocks.take(64, 64), Some(1024));
        assert_eq!(blocks.take(4096, 64), None);
    }

    #[test]
    fn impossible_ranges_are_refused() {
        for used in [
            vec![(0, 128), (64, 64)],
            vec![(4000, 200)],
            vec![(usize::MAX, 2)],
        ] {
            assert!(Blocks::with_used(4096, &used).is_none(), "{used:?}");
        }
    }
}
