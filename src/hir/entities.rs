//! Index types of HIR: `u32` newtypes that print as `v7`, `bb2`, `fs3`, `c0`, `cell1`.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! entity {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The text prefix of this kind of entity.
            pub const PREFIX: &'static str = $prefix;

            /// The position in the owning table.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The entity at `index` of its table.
            ///
            /// # Panics
            /// If there are more than `u32::MAX` entities.
            #[must_use]
            pub fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("fewer than 2^32 entities"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

entity!(
    /// An SSA value.
    Value,
    "v"
);
entity!(
    /// A basic block.
    Block,
    "bb"
);
entity!(
    /// A frame state.
    FrameStateId,
    "fs"
);
entity!(
    /// A Python object that the unit mentions by address.
    ConstId,
    "c"
);
entity!(
    /// A call cell: the runtime's record of a directly called code object.
    CellId,
    "cell"
);
