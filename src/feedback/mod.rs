//! Feedback maps: what the recording evaluator has seen at the instructions of a code object.
//!
//! | site kind | instructions | recorded | consumer |
//! |---|---|---|---|
//! | operands | `BINARY_OP`, `COMPARE_OP` | up to four pairs of kinds, and whether an int outgrew 64 bits | `frontend::numbers`, `frontend::demand` |
//! | operands | `BINARY_SUBSCR`, `STORE_SUBSCR` | container and key; the item's kind | `frontend::containers` |
//! | operands | `GET_ITER`, `UNPACK_SEQUENCE` | kind of the iterable | `frontend::containers` |
//! | attribute | `LOAD_ATTR`, `STORE_ATTR`, `LOAD_METHOD` | up to four class versions, each with where the attribute is | `frontend::attributes` |
//! | global | `LOAD_GLOBAL`, `LOAD_NAME` of modules | dictionary, versions of the keys, index of the entry | `frontend::attributes` |
//! | branch | `POP_JUMP_…`, `JUMP_IF_…_OR_POP` | times taken and not taken | `frontend::control` |
//! | call | `CALL` | the code object called, or that there are several | `frontend::calls` |
//!
//! Nothing else is recorded. A map is made when its code object is warm, has entries for these
//! instructions only (12 bytes each, and 4 bytes of index for 8 code units), and is freed when the
//! final code is there. It keeps nothing alive: classes are known by version tag, dictionaries by the
//! version of their keys, code objects by an address that is compared and never followed.
//!
//! The recording evaluator uses attribute and global sites as its own inline caches, so that
//! recording pays for itself.
#![forbid(unsafe_code)]

mod kind;
mod site;

pub use kind::Kind;
pub use site::{Attr, Global, Place, Site};

use crate::bytecode::opcode as o;
use serde::{Deserialize, Serialize};

/// What is recorded at an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteKind {
    Operands,
    Attribute,
    Global,
    Branch,
    Call,
}

/// What is recorded at instructions with this (deoptimised) opcode.
#[must_use]
pub fn site_kind(op: u8) -> Option<SiteKind> {
    Some(match op {
        o::BINARY_OP
        | o::COMPARE_OP
        | o::BINARY_SUBSCR
        | o::STORE_SUBSCR
        | o::GET_ITER
        | o::UNPACK_SEQUENCE => SiteKind::Operands,
        o::LOAD_ATTR | o::STORE_ATTR | o::LOAD_METHOD => SiteKind::Attribute,
        o::LOAD_GLOBAL | o::LOAD_NAME => SiteKind::Global,
        o::POP_JUMP_FORWARD_IF_FALSE
        | o::POP_JUMP_FORWARD_IF_TRUE
        | o::POP_JUMP_FORWARD_IF_NONE
        | o::POP_JUMP_FORWARD_IF_NOT_NONE
        | o::POP_JUMP_BACKWARD_IF_FALSE
        | o::POP_JUMP_BACKWARD_IF_TRUE
        | o::POP_JUMP_BACKWARD_IF_NONE
        | o::POP_JUMP_BACKWARD_IF_NOT_NONE
        | o::JUMP_IF_TRUE_OR_POP
        | o::JUMP_IF_FALSE_OR_POP => SiteKind::Branch,
        o::CALL => SiteKind::Call,
        _ => return None,
    })
}

/// Code units that share a word of the index.
const GROUP: usize = 8;

/// Bits set in a byte: not every processor of the kind that we are compiled for counts them.
const ONES: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = (at as u8).count_ones() as u8;
        at += 1;
    }
    table
};

/// The feedback map of a code object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// For each group of code units: number of sites before it in the upper 24 bits, which units are
    /// sites in the lower 8.
    index: Vec<u32>,
    sites: Vec<Site>,
    /// Second and further cases of attribute sites that have seen several classes.
    more: Vec<[Attr; Map::MORE]>,
}

impl Map {
    /// Cases of an attribute site beside the first.
    const MORE: usize = 3;

    /// An empty map for code of these units.
    #[must_use]
    pub fn new(units: &[u16]) -> Map {
        let mut index = vec![0u32; units.len().div_ceil(GROUP)];
        let mut at = 0;
        while at < units.len() {
            let op = o::deopt(units[at] as u8);
            if site_kind(op).is_some() {
                index[at / GROUP] |= 1 << (at % GROUP);
            }
            at += 1 + o::caches(op);
        }
        let mut count = 0;
        for word in &mut index {
            let here = word.count_ones();
            *word |= count << 8;
            count += here;
        }
        Map {
            index,
            sites: vec![Site::default(); count as usize],
            more: Vec::new(),
        }
    }

    /// The number of the site at code unit `pc`, which must be one.
    #[inline]
    fn number(&self, pc: usize) -> usize {
        let word = self.index[pc / GROUP];
        let before = word & ((1 << (pc % GROUP)) - 1);
        (word >> 8) as usize + usize::from(ONES[usize::from(before as u8)])
    }

    /// The site at code unit `pc`, which must be one.
    #[inline]
    pub fn site_mut(&mut self, pc: usize) -> &mut Site {
        let number = self.number(pc);
        &mut self.sites[number]
    }

    /// The site at code unit `pc`, if it is one and has seen anything.
    #[must_use]
    pub fn site(&self, pc: usize) -> Option<&Site> {
        let word = self.index.get(pc / GROUP)?;
        (word >> (pc % GROUP) & 1 == 1)
            .then(|| &self.sites[self.number(pc)])
            .filter(|site| !site.is_empty())
    }

    /// Notes an attribute case at `pc` that is not the site's first.
    pub fn note_attr(&mut self, pc: usize, case: Attr) {
        let number = self.number(pc);
        let site = &mut self.sites[number];
        if site.is_empty() {
            site.set_attr(case);
            return;
        }
        let first = site.attr();
        if first.place == Place::Many {
            return;
        }
        if case.place == Place::Many || first.place == Place::Generic {
            site.set_attr(Attr::MANY);
            return;
        }
        if first.version == case.version {
            // The class's instances have come to keep it elsewhere.
            site.replace_attr(case);
            return;
        }
        let more = match site.more() {
            Some(at) => &mut self.more[at],
            None => {
                self.more.push(Default::default());
                site.set_more(self.more.len() - 1);
                self.more.last_mut().expect("just pushed")
            }
        };
        for slot in more.iter_mut() {
            if slot.version == case.version && slot.place != Place::None {
                let count = slot.count.saturating_add(1);
                *slot = Attr { count, ..case };
                return;
            }
            if slot.place == Place::None {
                *slot = case;
                return;
            }
        }
        site.set_attr(Attr::MANY);
    }

    /// A case of the attribute site at `pc`, other than its first, for this class.
    #[inline]
    #[must_use]
    pub fn other_attr(&self, pc: usize, version: u32) -> Option<Attr> {
        let more = self.sites[self.number(pc)].more()?;
        self.more[more]
            .iter()
            .find(|case| case.version == version && case.place != Place::None)
            .copied()
    }

    /// All cases of an attribute site, the most frequent first; none for one with too many.
    #[must_use]
    pub fn attrs(&self, pc: usize) -> Vec<Attr> {
        let Some(site) = self.site(pc) else {
            return Vec::new();
        };
        let mut cases = vec![site.attr()];
        if let Some(more) = site.more() {
            cases.extend(self.more[more]);
        }
        if cases[0].place == Place::Many {
            return Vec::new();
        }
        cases.retain(|case| case.place != Place::None);
        cases.sort_by_key(|case| std::cmp::Reverse(case.count));
        cases
    }

    /// Sites that have seen something.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.sites.iter().filter(|site| !site.is_empty()).count()
    }

    /// Number of sites.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sites.len()
    }

    /// Whether there is nothing that could be recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// Bytes of memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Map>()
            + self.index.capacity() * size_of::<u32>()
            + self.sites.capacity() * size_of::<Site>()
            + self.more.capacity() * size_of::<[Attr; Map::MORE]>()
    }

    /// One line for each site that has seen something.
    #[must_use]
    pub fn describe(&self, units: &[u16]) -> Vec<(u32, &'static str, String)> {
        let mut out = Vec::new();
        for (pc, unit) in units.iter().enumerate() {
            let Some(site) = self.site(pc) else { continue };
            let op = o::deopt(*unit as u8);
            let text = match site_kind(op) {
                Some(SiteKind::Operands) => site.describe_operands(),
                Some(SiteKind::Attribute) => {
                    let cases = self.attrs(pc);
                    if cases.is_empty() {
                        "many classes".to_owned()
                    } else {
                        let cases: Vec<String> = cases.iter().map(ToString::to_string).collect();
                        cases.join(", ")
                    }
                }
                Some(SiteKind::Global) => site.global().to_string(),
                Some(SiteKind::Branch) => {
                    let (taken, not) = site.branch();
                    format!("taken {taken}, not {not}")
                }
                Some(SiteKind::Call) => match site.target() {
                    Some(code) => format!("one function, code at {code:#x}"),
                    None => "no single Python function".to_owned(),
                },
                None => continue,
            };
            out.push((pc as u32, o::name(op), text));
        }
        out
    }
}

#[cfg(test)]
mod tests;
