//! One site: twelve bytes, read in one of four ways.

use super::kind::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A site of a feedback map. Which of the views is right follows from the instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(C)]
pub struct Site {
    words: [u32; 3],
}

/// Where an attribute of a class's instances is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Place {
    /// No case.
    #[default]
    None,
    /// Inline value `index`.
    Inline,
    /// A slot at byte `index`.
    Slot,
    /// A function on the class; instances have inline values. `index` is the number of the shared keys.
    Method,
    /// A function on the class; instances have no dict.
    MethodNoDict,
    /// Entry `index` of a module's dict, whose keys have that version.
    Module,
    /// Somewhere that native code can't look up itself.
    Generic,
    /// More classes than are kept.
    Many,
}

impl Place {
    const ALL: [Place; 8] = [
        Place::None,
        Place::Inline,
        Place::Slot,
        Place::Method,
        Place::MethodNoDict,
        Place::Module,
        Place::Generic,
        Place::Many,
    ];
}

/// A class (by version tag) and where its instances have the attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attr {
    pub version: u32,
    pub index: u16,
    pub place: Place,
    pub count: u8,
}

impl Attr {
    /// Too many classes.
    pub const MANY: Attr = Attr {
        version: 0,
        index: 0,
        place: Place::Many,
        count: 0,
    };
}

impl fmt::Display for Attr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, index) = (self.version, self.index);
        match self.place {
            Place::None => write!(f, "nothing"),
            Place::Inline => write!(f, "class {version}: inline value {index}"),
            Place::Slot => write!(f, "class {version}: slot at byte {index}"),
            Place::Method | Place::MethodNoDict => write!(f, "class {version}: method"),
            Place::Module => write!(f, "module with keys {version}: entry {index}"),
            Place::Generic => write!(f, "class {version}: elsewhere"),
            Place::Many => write!(f, "many classes"),
        }
    }
}

/// Where a global was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Global {
    /// Version of the keys of the globals.
    pub globals: u32,
    /// Version of the keys of the builtins (its lower half, as CPython compares it); 0: found in the globals.
    pub builtins: u16,
    /// Entry of the dictionary.
    pub index: u16,
    /// Misses so far.
    pub misses: u8,
}

impl fmt::Display for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.globals == 0 {
            write!(f, "changing")
        } else if self.builtins == 0 {
            write!(f, "globals, entry {}", self.index)
        } else {
            write!(f, "builtins, entry {}", self.index)
        }
    }
}

/// All four operand cases are taken, and a fifth came.
const MANY_OPERANDS: u32 = u32::MAX;

/// Bits of a kind in an operand case.
const KIND_BITS: u16 = 5;

impl Site {
    /// Whether it has seen nothing.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words == [0; 3]
    }

    // ---- operands ------------------------------------------------------------------------------

    /// An operand case.
    #[inline]
    #[must_use]
    pub fn case(a: Kind, b: Kind, result: Kind) -> u16 {
        a as u16 | (b as u16) << KIND_BITS | (result as u16) << (2 * KIND_BITS)
    }

    /// Notes operands.
    #[inline]
    pub fn note(&mut self, case: u16) {
        if self.words[0] as u16 == case {
            // The count saturates.
            let count = self.words[2] & 0xff;
            self.words[2] += u32::from(count != 0xff);
            return;
        }
        self.note_other(case);
    }

    #[cold]
    fn note_other(&mut self, case: u16) {
        if self.words[0] == MANY_OPERANDS {
            return;
        }
        for at in 0..4 {
            let (word, shift) = (at / 2, 16 * (at % 2));
            let known = (self.words[word] >> shift) as u16;
            if known == case || known == 0 {
                self.words[word] |= u32::from(case) << shift;
                let count = self.words[2] >> (8 * at) & 0xff;
                self.words[2] += u32::from(count != 0xff) << (8 * at);
                return;
            }
        }
        self.words[0] = MANY_OPERANDS;
    }

    /// The operands seen, with counts (255: that or more); `None` if there were too many.
    #[must_use]
    pub fn operands(&self) -> Option<Vec<(Kind, Kind, Kind, u8)>> {
        if self.words[0] == MANY_OPERANDS {
            return None;
        }
        let mask = (1 << KIND_BITS) - 1;
        let cases = (0..4).filter_map(|at| {
            let case = (self.words[at / 2] >> (16 * (at % 2))) as u16;
            let kind = |nth: u16| Kind::from_bits(case >> (nth * KIND_BITS) & mask);
            let count = (self.words[2] >> (8 * at)) as u8;
            (case != 0).then(|| (kind(0), kind(1), kind(2), count))
        });
        Some(cases.collect())
    }

    pub(super) fn describe_operands(&self) -> String {
        let Some(cases) = self.operands() else {
            return "many kinds".to_owned();
        };
        let cases = cases.iter().map(|(a, b, result, count)| {
            let names = [*a, *b].map(Kind::name);
            let names = if *b == Kind::Nothing {
                names[0].to_owned()
            } else {
                names.join(" ")
            };
            let result = if *result == Kind::Nothing {
                String::new()
            } else {
                format!(" -> {}", result.name())
            };
            format!("{names}{result} ({count})")
        });
        cases.collect::<Vec<_>>().join(", ")
    }

    // ---- attributes ----------------------------------------------------------------------------

    /// The version tag of the first case's class; 0: no case.
    #[inline]
    #[must_use]
    pub fn version(&self) -> u32 {
        self.words[0]
    }

    /// The first case.
    #[inline]
    #[must_use]
    pub fn attr(&self) -> Attr {
        let word = self.words[1];
        Attr {
            version: self.words[0],
            index: word as u16,
            place: Place::ALL[(word >> 16 & 7) as usize],
            count: (word >> 24) as u8,
        }
    }

    /// Counts another hit of the first case.
    #[inline]
    pub fn hit(&mut self) {
        let below = self.words[1] >> 24 != 0xff;
        self.words[1] += u32::from(below) << 24;
    }

    pub(super) fn set_attr(&mut self, case: Attr) {
        self.words = [case.version, 0, 0];
        self.put(case);
    }

    pub(super) fn replace_attr(&mut self, case: Attr) {
        let count = self.attr().count.saturating_add(1);
        self.put(Attr { count, ..case });
    }

    fn put(&mut self, case: Attr) {
        self.words[1] =
            u32::from(case.index) | (case.place as u32) << 16 | u32::from(case.count) << 24;
    }

    #[inline]
    pub(super) fn more(&self) -> Option<usize> {
        (self.words[2] as usize).checked_sub(1)
    }

    pub(super) fn set_more(&mut self, at: usize) {
        self.words[2] = at as u32 + 1;
    }

    // ---- globals -------------------------------------------------------------------------------

    /// Where the global is.
    #[inline]
    #[must_use]
    pub fn global(&self) -> Global {
        Global {
            globals: self.words[0],
            builtins: (self.words[1] >> 16) as u16,
            index: self.words[1] as u16,
            misses: self.words[2] as u8,
        }
    }

    /// Sets where the global is.
    pub fn set_global(&mut self, global: Global) {
        self.words = [
            global.globals,
            u32::from(global.index) | u32::from(global.builtins) << 16,
            u32::from(global.misses),
        ];
    }

    // ---- branches ------------------------------------------------------------------------------

    /// Notes which way a branch went.
    #[inline]
    pub fn note_branch(&mut self, taken: bool) {
        let word = &mut self.words[usize::from(!taken)];
        *word = word.saturating_add(1);
    }

    /// Times taken, and not taken.
    #[must_use]
    pub fn branch(&self) -> (u32, u32) {
        (self.words[0], self.words[1])
    }

    // ---- calls ---------------------------------------------------------------------------------

    /// Notes that the Python function with the code object at `code` was called; 0: anything else.
    #[inline]
    pub fn note_target(&mut self, code: u64) {
        let known = u64::from(self.words[0]) | u64::from(self.words[1]) << 32;
        if known == code && self.words[2] != 0 {
            return;
        }
        let new = if self.words[2] == 0 { code } else { 0 };
        self.words = [new as u32, (new >> 32) as u32, 1];
    }

    /// The address of the one code object called; it may have died.
    #[must_use]
    pub fn target(&self) -> Option<u64> {
        let code = u64::from(self.words[0]) | u64::from(self.words[1]) << 32;
        (code != 0).then_some(code)
    }
}
