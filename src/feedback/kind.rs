//! Kinds of objects, as coarse as the compiler wants to know them.

use crate::hir::Type;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal, $ty:expr;)*) => {
        /// What an operand was.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $number),* }

        impl Kind {
            /// The kind of that number; `Other` for numbers that are none.
            #[must_use]
            pub fn from_bits(bits: u16) -> Kind {
                match bits { $($number => Kind::$name,)* _ => Kind::Other }
            }

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Kind::$name => $text),* }
            }

            /// The class, where the kind is exactly one.
            #[must_use]
            pub fn ty(self) -> Option<Type> {
                match self { $(Kind::$name => $ty),* }
            }
        }
    };
}

kinds! {
    /// Nothing: there is no such operand, or no result.
    Nothing = 0, "nothing", None;
    /// An int of at most 60 bits.
    Int = 1, "int", Some(Type::INT);
    /// A larger int: it may not fit a machine word.
    BigInt = 2, "bigint", Some(Type::INT);
    Float = 3, "float", Some(Type::FLOAT);
    Bool = 4, "bool", Some(Type::BOOL);
    Str = 5, "str", Some(Type::STR);
    List = 6, "list", Some(Type::LIST);
    Tuple = 7, "tuple", Some(Type::TUPLE);
    Dict = 8, "dict", Some(Type::DICT);
    NoneType = 9, "None", Some(Type::NONE);
    Function = 10, "function", Some(Type::FUNC);
    Range = 11, "range", Some(Type::RANGE);
    /// Anything else.
    Other = 12, "object", None;
}
