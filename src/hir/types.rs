//! The type lattice: a set of possible kinds, as bits.
//!
//! Boxed kinds are *exact* classes (`INT` is exactly `int`, never a subclass; everything not listed
//! is `OTHER`). `NULL` is the null pointer (an unbound local, an exhausted iterator). Machine kinds
//! (`I64`, `F64`, `I1`, `TAGGED`) never mix with boxed ones in one value. The type deliberately
//! has no order: use [`Type::is`] for "subset of".

use bitflags::bitflags;
use serde::{Deserialize, Serialize};
use std::fmt;

bitflags! {
    /// A set of kinds that a value may have.
    #[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub struct Type: u32 {
        /// The null pointer.
        const NULL = 1;
        /// Exactly `int`, of any size.
        const INT = 1 << 1;
        /// Exactly `float`.
        const FLOAT = 1 << 2;
        /// `True` or `False`.
        const BOOL = 1 << 3;
        /// Exactly `str`.
        const STR = 1 << 4;
        /// `None`.
        const NONE = 1 << 5;
        /// Exactly `list`.
        const LIST = 1 << 6;
        /// Exactly `tuple`.
        const TUPLE = 1 << 7;
        /// Exactly `dict`.
        const DICT = 1 << 8;
        /// A plain Python function.
        const FUNC = 1 << 9;
        /// Exactly `range`.
        const RANGE = 1 << 10;
        /// Any other object.
        const OTHER = 1 << 11;
        /// Unboxed signed 64-bit integer.
        const I64 = 1 << 16;
        /// Unboxed IEEE double.
        const F64 = 1 << 17;
        /// Unboxed truth value.
        const I1 = 1 << 18;
        /// Result of a direct call: two words, tag (0 owned object, 1 i64, 2 f64) and payload.
        const TAGGED = 1 << 19;

        /// Any object, not null.
        const OBJECT = Self::INT.bits() | Self::FLOAT.bits() | Self::BOOL.bits() | Self::STR.bits()
            | Self::NONE.bits() | Self::LIST.bits() | Self::TUPLE.bits() | Self::DICT.bits()
            | Self::FUNC.bits() | Self::RANGE.bits() | Self::OTHER.bits();
        /// Any object or null.
        const MAYBE = Self::OBJECT.bits() | Self::NULL.bits();
        /// Kinds whose death can run no Python code and frees nothing but itself.
        const TRIVIAL = Self::NULL.bits() | Self::INT.bits() | Self::FLOAT.bits()
            | Self::BOOL.bits() | Self::STR.bits() | Self::NONE.bits();
        /// Kinds that are never freed, so that counting references is needless for liveness.
        const MACHINE = Self::I64.bits() | Self::F64.bits() | Self::I1.bits() | Self::TAGGED.bits();
    }
}

/// Text names; the first whole match wins when a set is printed.
const NAMES: &[(&str, Type)] = &[
    ("maybe", Type::MAYBE),
    ("object", Type::OBJECT),
    ("null", Type::NULL),
    ("int", Type::INT),
    ("float", Type::FLOAT),
    ("bool", Type::BOOL),
    ("str", Type::STR),
    ("none", Type::NONE),
    ("list", Type::LIST),
    ("tuple", Type::TUPLE),
    ("dict", Type::DICT),
    ("func", Type::FUNC),
    ("range", Type::RANGE),
    ("other", Type::OTHER),
    ("i64", Type::I64),
    ("f64", Type::F64),
    ("i1", Type::I1),
    ("tagged", Type::TAGGED),
];

impl Type {
    /// Whether every value of `self` is a value of `other`. The empty type is a subset of all.
    #[must_use]
    pub fn is(self, other: Type) -> bool {
        other.contains(self)
    }

    /// Whether this is a pointer to a Python object, or null.
    #[must_use]
    pub fn is_boxed(self) -> bool {
        self.is(Type::MAYBE)
    }

    /// Whether this is one exact class, so that a guard on it is one comparison.
    #[must_use]
    pub fn is_single_class(self) -> bool {
        self.bits().count_ones() == 1 && self.is(Type::OBJECT) && self != Type::OTHER
    }

    /// The type named `name`, or several joined by `|`; `never` is the empty one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Type> {
        if text == "never" {
            return Some(Type::empty());
        }
        let mut all = Type::empty();
        for part in text.split('|') {
            all |= NAMES.iter().find(|(name, _)| *name == part)?.1;
        }
        Some(all)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = *self;
        let mut first = true;
        for (name, ty) in NAMES {
            if !rest.is_empty() && ty.is(rest) {
                if !first {
                    f.write_str("|")?;
                }
                f.write_str(name)?;
                first = false;
                rest -= *ty;
            }
        }
        if first {
            f.write_str("never")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
