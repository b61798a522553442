//! `swl_hot`: code of the first tier has run so often that it is worth better code.

use crate::code::unit::Installed;
use std::sync::atomic::{AtomicI64, Ordering};

/// What is to be done about it: [`HotFn`], set by `control` (which lies above this module); 0 before that.
pub static HOT: AtomicI64 = AtomicI64::new(0);

/// The unit, and whether it is in a loop; whether its code is to be left there.
pub type HotFn = fn(&Installed, bool) -> bool;

/// Runs no Python code, so that nobody looks at the frame.
///
/// # Safety
/// `unit` is the token of the unit that calls.
pub(super) unsafe extern "C-unwind" fn swl_hot(unit: *const Installed, in_loop: i64) -> i64 {
    let hot = HOT.load(Ordering::Relaxed);
    if hot == 0 {
        return 0;
    }
    // SAFETY: only functions of this type are stored there; the unit stays alive while its code is on the stack.
    let leaves = unsafe {
        let hot: HotFn = std::mem::transmute(hot as usize);
        hot(&*unit, in_loop != 0)
    };
    i64::from(leaves)
}
