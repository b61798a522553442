//! `fork`: the child gets code and records of its own, and starts its own helper.

use super::{jit, leave};
use crate::host::ffi;
use std::sync::atomic::Ordering;

/// Has the process see to forks, from now on.
pub(super) fn prepare() {
    // SAFETY: plain functions, in a module that is never unloaded.
    let status = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    if status != 0 {
        tracing::warn!(status, "forks go unnoticed");
    }
}

extern "C" fn before() {
    if let Some(jit) = jit()
        && let Ok(mut back) = jit.back.try_lock()
    {
        back.before_fork();
    }
}

extern "C" fn in_parent() {
    if let Some(jit) = jit()
        && let Ok(mut back) = jit.back.try_lock()
    {
        back.after_fork_in_parent();
    }
}

extern "C" fn in_child() {
    let Some(jit) = jit() else { return };
    leave::after_fork_in_child(jit);
    jit.graveyard
        .watch
        .after_fork_in_child(ffi::current_thread_state());
    if let Ok(mut back) = jit.back.try_lock() {
        back.after_fork_in_child();
    }
    let pending = std::mem::take(&mut *jit.pending());
    jit.waiting.store(0, Ordering::Relaxed);
    for unit in pending {
        unit.give_up(jit);
    }
}
