//! Process-wide counters, by one macro.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])+ $name:ident;)*) => {
        /// Counters of one process.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])+ pub $name: AtomicU64),* }

        impl Counters {
            const fn new() -> Self {
                Counters { $($name: AtomicU64::new(0)),* }
            }

            /// Names and values.
            #[must_use]
            pub fn snapshot(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.load(Ordering::Relaxed))),*]
            }
        }
    };
}

counters! {
    /// Code objects that were tried to compile.
    compiles_tried;
    /// Units compiled, again-compiled ones included.
    units_compiled;
    /// Code objects that were refused.
    units_refused;
    /// Units compiled again without an assumption that failed too often.
    recompiles;
    /// Units given up because their guards kept failing.
    units_given_up;
    /// Units released.
    units_released;
    /// Code generator errors.
    codegen_errors;
    /// Side exits of all kinds.
    side_exits;
    /// Exceptions that left native code.
    throws;
    /// Times that unboxed locals were written back for others to see.
    flushes;
    /// Entries into native code from the frame hook.
    entries_hook;
    /// Entries into running loops.
    entries_loop;
    /// Entries into generators and coroutines that go on.
    entries_resume;
    /// Entries into exception handlers.
    entries_handler;
    /// Turns of the recording evaluator.
    recorded;
    /// Loops, resume points and handlers compiled by themselves.
    places_compiled;
    /// Bytes of feedback maps alive.
    feedback_bytes;
    /// The most that these have been.
    feedback_bytes_max;
    /// Entries into native code from CPython's vectorcall.
    entries_vectorcall;
    /// Bytes of machine code, of units alive.
    code_bytes;
    /// Nanoseconds that the program's threads spent compiling, what was refused in the end included.
    compile_ns;
    /// Nanoseconds that the code generator took for what was compiled.
    codegen_ns;
    /// Times that a thread of the program was held up by compiling: building HIR, or installing code.
    holds;
    /// Those of more than one millisecond.
    holds_over_1_ms;
    /// Those of more than two.
    holds_over_2_ms;
    /// Nanoseconds of the longest one.
    hold_max_ns;
    /// Processes of the code generator that were started.
    helper_starts;
    /// Those that ended because there was no work.
    helper_idle;
    /// Those that died, or had to be ended.
    helper_deaths;
    /// Times that CPython was left alone for a while, as nothing was gained.
    lulls;
    /// Nanoseconds of these.
    lull_ns;
    /// Loops that CPython's evaluator was running when they were taken over.
    takeovers;
}

/// The counters of this process.
pub static COUNTERS: Counters = Counters::new();

/// Bytes of this process's heap that Rust code has, the allocator's own overhead included.
pub static HEAP: AtomicU64 = AtomicU64::new(0);

/// Adds one. Whoever counts holds the GIL, which is cheaper than an atomic addition.
#[inline]
pub fn count(counter: &AtomicU64) {
    let value = counter.load(Ordering::Relaxed);
    counter.store(value.wrapping_add(1), Ordering::Relaxed);
}
