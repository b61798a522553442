//! Where a program's time goes: cold, warm or native, by code object (`-X jit-profile`), and native by version of a unit
//! where these are kept (`-X jit-time-units`): functions and places, which one code object may have several of, apart.
//!
//! Each evaluator and each piece of native code that is entered from outside is timed; what it calls is
//! taken off where that is timed itself. Native code that native code calls directly counts to its
//! caller, as if it were inlined. Times are those of a clock on the wall, without what taking them takes. Instructions are the processor's, in
//! user mode, where it lets itself be asked (few virtual machines do).

use super::describe_code;
use crate::host::ffi::{PyObject, read};
use crate::layout::code as c;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Who runs a piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heat {
    /// CPython's evaluator.
    Cold,
    /// The recording evaluator.
    Warm,
    /// Compiled code.
    Native,
    /// Nobody: it is being compiled.
    Compiling,
}

/// How many there are.
const HEATS: usize = 4;

const NAMES: [(Heat, &str); HEATS] = [
    (Heat::Cold, "cold"),
    (Heat::Warm, "warm"),
    (Heat::Native, "native"),
    (Heat::Compiling, "compiling"),
];

/// How often the clock is read to know what that takes.
const READINGS: usize = 1000;

/// Lines of the table at exit.
const SHOWN: usize = 25;

/// What was spent in one way.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    ns: u64,
    instructions: u64,
    entries: u64,
}

/// A code object: its address may be another's later, its name and line then differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    code: usize,
    name: usize,
    line: i32,
}

impl Key {
    /// # Safety
    /// A code object that is alive.
    unsafe fn of(code: *mut PyObject) -> Key {
        // SAFETY: a code object has these fields.
        unsafe {
            Key {
                code: code as usize,
                name: read::<*mut PyObject>(code, c::CO_NAME) as usize,
                line: read(code, c::CO_FIRSTLINENO),
            }
        }
    }
}

/// A function of the program.
#[derive(Debug)]
struct Row {
    name: String,
    spent: [Spent; HEATS],
}

/// All that was measured.
#[derive(Debug)]
pub(super) struct Profile {
    rows: Mutex<HashMap<Key, Row>>,
    /// Of native code, by the version's number.
    versions: Mutex<Vec<Spent>>,
    /// What reading the clock takes; a part of every stretch that is timed, and of some most of it.
    clock_ns: u64,
}

/// The piece of code that a thread is in.
#[derive(Clone, Copy)]
struct Current {
    key: Key,
    heat: Heat,
    /// Of native code whose version is kept.
    version: Option<NonZeroU32>,
}

thread_local! {
    static STACK: RefCell<Vec<Current>> = const { RefCell::new(Vec::new()) };
    static SINCE: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
    static COUNTER: Counter = Counter::open();
}

/// Has the thread's clock go on.
fn go_on() {
    let counted = COUNTER.with(Counter::read);
    SINCE.set(Some((Instant::now(), counted)));
}

impl Profile {
    pub(super) fn new() -> Profile {
        let reading = |_| {
            let before = Instant::now();
            before.elapsed().as_nanos() as u64
        };
        Profile {
            rows: Mutex::default(),
            versions: Mutex::default(),
            clock_ns: (0..READINGS).map(reading).min().unwrap_or(0),
        }
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<Key, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what was spent in a version.
    fn of_version(&self, version: NonZeroU32, change: impl FnOnce(&mut Spent)) {
        let at = version.get() as usize - 1;
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if versions.len() <= at {
            versions.resize(at + 1, Spent::default());
        }
        change(&mut versions[at]);
    }

    /// Charges what has passed since the clock went on to the piece that the thread is in, and stops it: what is done until
    /// [`go_on`] is nobody's.
    fn charge(&self) {
        let now = Instant::now();
        let Some((time, instructions)) = SINCE.take() else {
            return;
        };
        let counted = COUNTER.with(Counter::read);
        let Some(current) = STACK.with_borrow(|stack| stack.last().copied()) else {
            return;
        };
        let add = |spent: &mut Spent| {
            let ns = (now - time).as_nanos() as u64;
            spent.ns += ns.saturating_sub(self.clock_ns);
            spent.instructions += counted.saturating_sub(instructions);
        };
        if let Some(row) = self.rows().get_mut(&current.key) {
            add(&mut row.spent[current.heat as usize]);
        }
        if let Some(version) = current.version {
            self.of_version(version, add);
        }
    }

    /// Times `body`, which runs the code object at `code`, in native code that version if it is kept.
    ///
    /// # Safety
    /// The code object is alive until `body` begins.
    pub(super) unsafe fn time<R>(
        &self,
        code: *mut PyObject,
        heat: Heat,
        version: Option<NonZeroU32>,
        body: impl FnOnce() -> R,
    ) -> R {
        self.charge();
        // SAFETY: alive (caller).
        let key = unsafe { Key::of(code) };
        let row = |_: &Key| Row {
            name: describe_code(code),
            spent: [Spent::default(); HEATS],
        };
        self.rows().entry(key).or_insert_with_key(row).spent[heat as usize].entries += 1;
        if let Some(version) = version {
            self.of_version(version, |spent| spent.entries += 1);
        }
        let current = Current { key, heat, version };
        STACK.with_borrow_mut(|stack| stack.push(current));
        go_on();
        let result = body();
        self.charge();
        STACK.with_borrow_mut(Vec::pop);
        go_on();
        result
    }

    /// What was spent in a code object, by heat.
    ///
    /// # Safety
    /// The code object is alive.
    pub(super) unsafe fn of(&self, code: *mut PyObject) -> Value {
        self.charge();
        // SAFETY: alive (caller).
        let key = unsafe { Key::of(code) };
        go_on();
        let spent = self.rows().get(&key).map(|row| row.spent);
        let spent = spent.unwrap_or_default();
        let parts = NAMES.map(|(heat, name)| (name.to_owned(), describe(spent[heat as usize])));
        Value::Object(parts.into_iter().collect())
    }

    /// What was spent in the first so many versions.
    pub(super) fn of_versions(&self, count: usize) -> Vec<Value> {
        self.charge();
        go_on();
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = |at| versions.get(at).copied().unwrap_or_default();
        (0..count).map(|at| describe(spent(at))).collect()
    }

    /// The functions in which most time was spent, as a table.
    pub(super) fn table(&self) -> String {
        self.charge();
        go_on();
        let rows = self.rows();
        let mut rows: Vec<&Row> = rows.values().collect();
        let total = |row: &Row| row.spent.iter().map(|spent| spent.ns).sum::<u64>();
        rows.sort_by_key(|row| std::cmp::Reverse(total(row)));
        let mut text = format!(
            "{:>10} {:>10} {:>10} {:>10} {:>9} {:>9} {:>9} {:>9}  function\n",
            "cold ms", "warm ms", "native ms", "compile ms", "cold", "warm", "native", "compiles"
        );
        for row in rows.iter().take(SHOWN) {
            for spent in row.spent {
                text.push_str(&format!("{:>10.2} ", spent.ns as f64 / 1e6));
            }
            for spent in row.spent {
                text.push_str(&format!("{:>9} ", spent.entries));
            }
            text.push_str(&format!(" {}\n", row.name));
        }
        if rows.len() > SHOWN {
            text.push_str(&format!("and {} functions more\n", rows.len() - SHOWN));
        }
        text
    }
}

fn describe(spent: Spent) -> Value {
    let instructions = COUNTER.with(Counter::is_open).then_some(spent.instructions);
    json!({
        "seconds": spent.ns as f64 / 1e9,
        "instructions": instructions,
        "entries": spent.entries,
    })
}

/// The processor's count of instructions of this thread.
struct Counter(i32);

/// `struct perf_event_attr` of Linux, in its first published size.
#[repr(C)]
#[derive(Default)]
struct PerfEventAttr {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    bp_type: u32,
    bp_addr: u64,
}

/// `PERF_COUNT_HW_INSTRUCTIONS`.
const INSTRUCTIONS: u64 = 1;
/// `exclude_kernel` and `exclude_hv`.
const USER_ONLY: u64 = 1 << 5 | 1 << 6;

impl Counter {
    fn open() -> Counter {
        let attr = PerfEventAttr {
            size: size_of::<PerfEventAttr>() as u32,
            config: INSTRUCTIONS,
            flags: USER_ONLY,
            ..PerfEventAttr::default()
        };
        let close_on_exec = 8;
        // SAFETY: the kernel reads the structure, whose size is in it.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                &raw const attr,
                0,
                -1,
                -1,
                close_on_exec,
            )
        };
        Counter(fd as i32)
    }

    fn is_open(&self) -> bool {
        self.0 >= 0
    }

    fn read(&self) -> u64 {
        let mut value = 0u64;
        if self.is_open() {
            // SAFETY: eight bytes are read into eight bytes.
            unsafe { libc::read(self.0, (&raw mut value).cast(), 8) };
        }
        value
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if self.is_open() {
            // SAFETY: our own descriptor.
            unsafe { libc::close(self.0) };
        }
    }
}
