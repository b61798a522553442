//! Exit and site tables, packed: they stay as long as the code, and would be several times larger than it.
//!
//! The parts of an entry (a list of locations each) are in one pool of bytes, which equal parts share. A part is its length
//! in bytes as a varint, then its items in postcard's form, decoded one after the other as they are needed.
#![forbid(unsafe_code)]

use super::image::{ExitDesc, ExitUse, Loc, Place, Site};
use crate::hir::ExitReason;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::marker::PhantomData;

/// Parts of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pool {
    bytes: Box<[u8]>,
}

impl Pool {
    /// The items of the part at an offset; `None`: there is none.
    fn items<T: DeserializeOwned>(&self, at: u32) -> Option<Items<'_, T>> {
        let (length, rest): (u32, _) =
            postcard::take_from_bytes(self.bytes.get(at as usize..)?).ok()?;
        Some(Items {
            bytes: rest.get(..length as usize)?,
            item: PhantomData,
        })
    }

    /// Whether the part at an offset can be decoded to its end.
    fn is_sound<T: DeserializeOwned>(&self, at: u32, mut item: impl FnMut(T) -> bool) -> bool {
        let Some(mut items) = self.items(at) else {
            return false;
        };
        while !items.bytes.is_empty() {
            if !items.decode().is_some_and(&mut item) {
                return false;
            }
        }
        true
    }
}

/// Makes a pool.
#[derive(Default)]
struct Packer {
    bytes: Vec<u8>,
    known: HashMap<Vec<u8>, u32>,
}

impl Packer {
    /// The offset of a part.
    fn add<T: Serialize>(&mut self, items: impl IntoIterator<Item = T>) -> u32 {
        let mut part = Vec::new();
        for item in items {
            part = postcard::to_extend(&item, part).expect("plain data can be serialised");
        }
        let at = self.bytes.len() as u32;
        *self.known.entry(part).or_insert_with_key(|part| {
            self.bytes = postcard::to_extend(&(part.len() as u32), std::mem::take(&mut self.bytes))
                .expect("a number can be serialised");
            self.bytes.extend_from_slice(part);
            at
        })
    }

    fn finish(self) -> Pool {
        Pool {
            bytes: self.bytes.into(),
        }
    }
}

/// The items of a part.
#[derive(Clone, Debug)]
pub struct Items<'a, T> {
    bytes: &'a [u8],
    item: PhantomData<T>,
}

impl<T: DeserializeOwned> Items<'_, T> {
    fn decode(&mut self) -> Option<T> {
        let (item, rest) = postcard::take_from_bytes(self.bytes).ok()?;
        self.bytes = rest;
        Some(item)
    }
}

impl<T: DeserializeOwned> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.bytes.is_empty() {
            return None;
        }
        Some(self.decode().expect("tables are checked before their use"))
    }
}

/// An entry of an exit table: numbers, and the offsets of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    usage: ExitUse,
    reason: ExitReason,
    pc: u32,
    nlocals: u32,
    /// Pairs of slot and location, of those that are not in their slots.
    locals: u32,
    stack: u32,
    drops: u32,
}

/// A packed exit table; the position of an entry is the exit's number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitTable {
    entries: Box<[Entry]>,
    pool: Pool,
}

/// One entry of a packed exit table; see [`ExitDesc`].
#[derive(Clone, Debug)]
pub struct Exit<'a> {
    pub usage: ExitUse,
    pub reason: ExitReason,
    /// Code unit index.
    pub pc: u32,
    /// Slots of `co_nlocalsplus`.
    pub nlocals: usize,
    /// The locals that are not in their slots, by slot.
    pub locals: Items<'a, (u32, Loc)>,
    /// Bottom first.
    pub stack: Items<'a, Loc>,
    pub drops: Items<'a, Loc>,
}

impl From<Vec<ExitDesc>> for ExitTable {
    fn from(exits: Vec<ExitDesc>) -> ExitTable {
        let mut packer = Packer::default();
        let entries = exits
            .iter()
            .map(|exit| {
                let elsewhere = (0u32..)
                    .zip(&exit.locals)
                    .filter(|(_, loc)| **loc != Loc::InSlot);
                Entry {
                    usage: exit.usage,
                    reason: exit.reason,
                    pc: exit.pc,
                    nlocals: exit.locals.len() as u32,
                    locals: packer.add(elsewhere),
                    stack: packer.add(&exit.stack),
                    drops: packer.add(&exit.drops),
                }
            })
            .collect();
        ExitTable {
            entries,
            pool: packer.finish(),
        }
    }
}

impl ExitTable {
    /// How many exits there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What an exit is for, why it is taken, and at which code unit.
    #[must_use]
    pub fn head(&self, number: usize) -> (ExitUse, ExitReason, u32) {
        let entry = &self.entries[number];
        (entry.usage, entry.reason, entry.pc)
    }

    /// An exit, of a table that [`is_sound`](Self::is_sound).
    #[must_use]
    pub fn get(&self, number: usize) -> Exit<'_> {
        fn checked<T>(items: Option<Items<'_, T>>) -> Items<'_, T> {
            items.expect("tables are checked before their use")
        }
        let entry = &self.entries[number];
        Exit {
            usage: entry.usage,
            reason: entry.reason,
            pc: entry.pc,
            nlocals: entry.nlocals as usize,
            locals: checked(self.pool.items(entry.locals)),
            stack: checked(self.pool.items(entry.stack)),
            drops: checked(self.pool.items(entry.drops)),
        }
    }

    /// Whether every entry can be read, and names no slot that its frame doesn't have.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.entries.iter().all(|entry| {
            let slot = |(slot, _): (u32, Loc)| slot < entry.nlocals;
            self.pool.is_sound(entry.locals, slot)
                && self.pool.is_sound(entry.stack, |_: Loc| true)
                && self.pool.is_sound(entry.drops, |_: Loc| true)
        })
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.entries) + self.pool.bytes.len()
    }
}

/// A packed site, and the offset of its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PackedSite {
    return_offset: u32,
    exit: u32,
    words: u32,
}

/// The packed sites of a unit, in the order of their return offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteTable {
    sites: Box<[PackedSite]>,
    pool: Pool,
}

impl From<Vec<Site>> for SiteTable {
    fn from(mut sites: Vec<Site>) -> SiteTable {
        sites.sort_by_key(|site| site.return_offset);
        let mut packer = Packer::default();
        let sites = sites
            .iter()
            .map(|site| PackedSite {
                return_offset: site.return_offset,
                exit: site.exit,
                words: packer.add(&site.words),
            })
            .collect();
        SiteTable {
            sites,
            pool: packer.finish(),
        }
    }
}

impl SiteTable {
    /// The number of the exit, and where its words are, of the site that returns to an offset.
    #[must_use]
    pub fn find(&self, return_offset: u64) -> Option<(u32, Items<'_, Place>)> {
        let at = self
            .sites
            .binary_search_by_key(&return_offset, |site| u64::from(site.return_offset))
            .ok()?;
        let site = &self.sites[at];
        Some((site.exit, self.pool.items(site.words)?))
    }

    /// Whether every site can be read, and belongs to one of that many exits.
    #[must_use]
    pub fn is_sound(&self, exits: usize) -> bool {
        self.sites.iter().all(|site| {
            (site.exit as usize) < exits && self.pool.is_sound(site.words, |_: Place| true)
        })
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.sites) + self.pool.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn loc() -> impl Strategy<Value = Loc> {
        prop_oneof![
            Just(Loc::Null),
            Just(Loc::InSlot),
            any::<u32>().prop_map(Loc::Object),
            any::<u64>().prop_map(Loc::ConstObject),
            any::<i64>().prop_map(Loc::ConstInt),
            any::<u32>().prop_map(Loc::Float),
            (any::<u32>(), any::<i64>()).prop_map(|(next, step)| Loc::RangeIter {
                next: Box::new(Loc::Int(next)),
                remaining: Box::new(Loc::ConstInt(step)),
                step: Box::new(Loc::ConstInt(1)),
            }),
        ]
    }

    fn exit() -> impl Strategy<Value = ExitDesc> {
        let locs = || prop::collection::vec(loc(), 0..5);
        (locs(), locs(), locs(), any::<u32>(), any::<bool>()).prop_map(
            |(locals, stack, drops, pc, throws)| ExitDesc {
                usage: if throws {
                    ExitUse::Throw
                } else {
                    ExitUse::Resume
                },
                reason: ExitReason::Type,
                pc,
                locals,
                stack,
                drops,
            },
        )
    }

    fn unpacked(exit: Exit<'_>) -> ExitDesc {
        let mut locals = vec![Loc::InSlot; exit.nlocals];
        for (slot, loc) in exit.locals {
            locals[slot as usize] = loc;
        }
        ExitDesc {
            usage: exit.usage,
            reason: exit.reason,
            pc: exit.pc,
            locals,
            stack: exit.stack.collect(),
            drops: exit.drops.collect(),
        }
    }

    proptest! {
        #[test]
        fn exits_come_out_as_they_went_in(exits in prop::collection::vec(exit(), 0..20)) {
            let table = ExitTable::from(exits.clone());
            prop_assert!(table.is_sound());
            prop_assert_eq!(table.len(), exits.len());
            for (number, exit) in exits.iter().enumerate() {
                prop_assert_eq!(&unpacked(table.get(number)), exit);
                prop_assert_eq!(table.head(number), (exit.usage, exit.reason, exit.pc));
            }
        }

        #[test]
        fn damaged_tables_are_never_a_panic(
            exits in prop::collection::vec(exit(), 1..8),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut table = ExitTable::from(exits);
            for (at, byte) in damage {
                let at = at.index(table.pool.bytes.len());
                table.pool.bytes[at] = byte;
            }
            if table.is_sound() {
                for number in 0..table.len() {
                    unpacked(table.get(number));
                }
            }
        }
    }

    #[test]
    fn equal_parts_are_shared() {
        let exit = |pc| ExitDesc {
            usage: ExitUse::Resume,
            reason: ExitReason::Overflow,
            pc,
            locals: vec![Loc::Object(0), Loc::Int(1)],
            stack: vec![Loc::Float(2)],
            drops: Vec::new(),
        };
        let one = ExitTable::from(vec![exit(1)]);
        let many = ExitTable::from((0..100).map(exit).collect::<Vec<_>>());
        assert_eq!(one.pool.bytes.len(), many.pool.bytes.len());
    }

    #[test]
    fn sites_are_found_by_where_they_return_to() {
        let words: Box<[Place]> = Box::new([Place::Register(3), Place::Memory(7, -40)]);
        let site = |return_offset, exit| Site {
            return_offset,
            exit,
            words: words.clone(),
        };
        let table = SiteTable::from(vec![site(40, 1), site(16, 0)]);
        assert!(table.is_sound(2) && !table.is_sound(1));
        let (exit, found) = table.find(40).expect("a site");
        assert_eq!((exit, found.collect()), (1, words.to_vec()));
        assert!(table.find(17).is_none());
    }
}
