//! What a unit's compilation is made of, by passes and by phases: measured where it happens (in the process of the code generator, on
//! its one thread), and handed over with the answer. Nothing is measured unless a request asks for it.
//!
//! Starts are on the system's monotonic clock, which all processes share, so that they can be laid on one time line.
#![forbid(unsafe_code)]

pub mod mapped;
mod resident;

pub use resident::Resident;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The monotonic clock, in nanoseconds.
#[must_use]
pub fn now() -> u64 {
    read(ClockId::Monotonic)
}

/// Processor time of this thread, in nanoseconds.
#[must_use]
pub fn spent() -> u64 {
    read(ClockId::ThreadCPUTime)
}

/// What is to be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Each pass.
    pub passes: bool,
    /// When each pass and phase began and ended.
    pub spans: bool,
    /// The memory of the process that does it, which must be the code generator's own.
    pub memory: bool,
}

impl Wanted {
    /// Whether anything is.
    #[must_use]
    pub fn anything(self) -> bool {
        self.passes || self.spans || self.memory
    }

    /// Whether passes are looked at one by one.
    fn each_pass(self) -> bool {
        self.passes || self.spans
    }
}

/// What passes work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    Hir,
    Llvm,
}

impl Stage {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stage::Hir => "hir",
            Stage::Llvm => "llvm",
        }
    }
}

/// One execution of a pass.
#[derive(Clone, Copy, Debug)]
pub struct PassRun<'a> {
    pub name: &'a str,
    pub stage: Stage,
    pub changed: bool,
    /// See [`now`].
    pub start: u64,
    pub duration: u64,
    /// Nanoseconds of processor time of its own.
    pub own: u64,
    /// Instructions of what it ran on.
    pub before: u64,
    pub after: u64,
    /// What it took of the heap.
    pub memory: Memory,
}

/// What a stretch of work took of the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Bytes, given back or not.
    pub taken: u64,
    /// The most that was in use at once, beyond what was when it began.
    pub most: u64,
}

/// All executions of a pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassTotal {
    pub name: String,
    pub stage: Stage,
    pub runs: u64,
    /// Runs that changed something.
    pub changed: u64,
    /// Nanoseconds of processor time.
    pub own: u64,
    /// Sums over the runs.
    pub before: u64,
    pub after: u64,
    /// Bytes of the heap, see [`Memory`]: the sum of what was taken, and the most of any run.
    pub taken: u64,
    pub most: u64,
}

impl PassTotal {
    /// Adds the executions of the same pass elsewhere.
    pub fn add(&mut self, other: &PassTotal) {
        self.runs += other.runs;
        self.changed += other.changed;
        self.own += other.own;
        self.before += other.before;
        self.after += other.after;
        self.taken += other.taken;
        self.most = self.most.max(other.most);
    }
}

/// Adds a pass to totals.
pub fn accumulate(totals: &mut Vec<PassTotal>, one: &PassTotal) {
    let known = totals
        .iter_mut()
        .find(|total| total.stage == one.stage && total.name == one.name);
    match known {
        Some(total) => total.add(one),
        None => totals.push(one.clone()),
    }
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub name: String,
    /// `unit`, `phase`, `hir` or `llvm`.
    pub kind: String,
    /// See [`now`].
    pub start: u64,
    pub duration: u64,
}

/// What was measured of one compilation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The process that it was done in.
    pub process: u32,
    /// A digest of the machine code before it is linked ([`digest_code`]); 0: there is none.
    pub code: u64,
    /// The memory of the process, if that is asked for and the system tells.
    pub memory: Option<Resident>,
    pub passes: Vec<PassTotal>,
    pub spans: Vec<Span>,
}

struct Recorder {
    wanted: Wanted,
    code: u64,
    /// What the process had resident at the beginning, in bytes, where the peak begins with that.
    resident: Option<u64>,
    passes: Vec<PassTotal>,
    spans: Vec<Span>,
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Begins to measure what this thread does.
pub fn begin(wanted: Wanted) {
    RECORDER.set(wanted.anything().then(|| Recorder {
        wanted,
        code: 0,
        resident: wanted.memory.then(resident::begin).flatten(),
        passes: Vec::new(),
        spans: Vec::new(),
    }));
}

/// Whether the passes of this thread are to be noted.
#[must_use]
pub fn notes_passes() -> bool {
    RECORDER
        .with_borrow(|recorder| matches!(recorder, Some(recorder) if recorder.wanted.each_pass()))
}

/// Notes a pass.
pub fn note_pass(run: &PassRun<'_>) {
    RECORDER.with_borrow_mut(|recorder| {
        let Some(recorder) = recorder else { return };
        if recorder.wanted.passes {
            let total = PassTotal {
                name: run.name.to_owned(),
                stage: run.stage,
                runs: 1,
                changed: run.changed.into(),
                own: run.own,
                before: run.before,
                after: run.after,
                taken: run.memory.taken,
                most: run.memory.most,
            };
            accumulate(&mut recorder.passes, &total);
        }
        if recorder.wanted.spans {
            recorder.spans.push(Span {
                name: run.name.to_owned(),
                kind: run.stage.name().to_owned(),
                start: run.start,
                duration: run.duration,
            });
        }
    });
}

/// What a thread has in Rust's heap, less what it had when counting began; in bytes.
#[derive(Clone, Copy)]
struct Heap {
    counting: bool,
    taken: u64,
    used: i64,
    most: i64,
}

thread_local! {
    static HEAP: Cell<Heap> = const { Cell::new(Heap { counting: false, taken: 0, used: 0, most: 0 }) };
}

/// For the allocator: `bytes` were taken.
pub fn note_taken(bytes: u64) {
    let mut heap = HEAP.get();
    if heap.counting {
        heap.taken += bytes;
        heap.used += bytes as i64;
        heap.most = heap.most.max(heap.used);
        HEAP.set(heap);
    }
}

/// For the allocator: `bytes` were given back.
pub fn note_given(bytes: u64) {
    let mut heap = HEAP.get();
    if heap.counting {
        heap.used -= bytes as i64;
        HEAP.set(heap);
    }
}

/// Runs `body`, counting what this thread takes of Rust's heap meanwhile. Not to be nested.
pub fn counted<R>(body: impl FnOnce() -> R) -> (R, Memory) {
    HEAP.set(Heap {
        counting: true,
        taken: 0,
        used: 0,
        most: 0,
    });
    let result = body();
    let heap = HEAP.get();
    HEAP.set(Heap {
        counting: false,
        ..heap
    });
    let memory = Memory {
        taken: heap.taken,
        most: heap.most as u64,
    };
    (result, memory)
}

/// Notes machine code that has been made; `objects` are the addresses of what it mentions.
pub fn note_code(bytes: &[u8], objects: &[u64]) {
    RECORDER.with_borrow_mut(|recorder| {
        if let Some(recorder) = recorder
            .as_mut()
            .filter(|recorder| recorder.wanted.each_pass())
        {
            recorder.code = digest_code(recorder.code, bytes, objects);
        }
    });
}

/// A digest of bytes and of another digest (FNV-1a).
#[must_use]
pub fn digest(before: u64, bytes: &[u8]) -> u64 {
    let start = before ^ 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |value, byte| {
        (value ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Where addresses lie that another process has elsewhere: heaps, mapped files, code.
const ADDRESSES: std::ops::Range<u64> = 1 << 32..1 << 47;

/// How far behind an object's address its fields may lie.
const FIELDS: u64 = 1 << 10;

/// A digest of x86 code and its tables, in which addresses count by the order in which they appear only: two processes lay out their
/// memory differently, and are to have the same digest for the same code. Addresses of 32 bits look like any number (a program that is
/// not position-independent has its heap there): those of `objects`, and of their fields, are known.
#[must_use]
pub fn digest_code(before: u64, bytes: &[u8], objects: &[u64]) -> u64 {
    let long_at = |at: usize| {
        let word = bytes.get(at..at + 8)?.try_into().ok()?;
        Some(u64::from_le_bytes(word)).filter(|word| ADDRESSES.contains(word))
    };
    let mut low: Vec<u64> = objects.to_vec();
    low.retain(|object| (FIELDS..ADDRESSES.start).contains(object));
    low.sort_unstable();
    // The object, and how far behind its beginning.
    let short_at = |at: usize| {
        let word = u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?).into();
        let object = low[..low.partition_point(|object| *object <= word)].last()?;
        Some((*object, word - object)).filter(|(_, field)| *field < FIELDS)
    };
    let mut known: HashMap<u64, u64> = HashMap::new();
    let mut number_of = |address: u64| {
        let next = known.len() as u64;
        known.entry(address).or_insert(next).to_le_bytes()
    };
    let mut value = before;
    let mut at = 0;
    while at < bytes.len() {
        // `movabs` of an address to a register; or a word of a table.
        let is_move = matches!(bytes[at..], [0x48 | 0x49, 0xb8..=0xbf, ..]);
        let prefix = if is_move { 2 } else { 0 };
        if let Some(address) = long_at(at + prefix).filter(|_| is_move || at.is_multiple_of(8)) {
            value = digest(value, &bytes[at..at + prefix]);
            value = digest(value, &number_of(address));
            at += prefix + 8;
        } else if let Some((object, field)) = short_at(at) {
            value = digest(value, &number_of(object));
            value = digest(value, &field.to_le_bytes());
            at += 4;
        } else {
            value = digest(value, &bytes[at..=at]);
            at += 1;
        }
    }
    value
}

/// Notes a stretch of time that ends now.
pub fn note_span(name: &str, kind: &str, start: u64) {
    RECORDER.with_borrow_mut(|recorder| {
        if let Some(recorder) = recorder.as_mut().filter(|recorder| recorder.wanted.spans) {
            recorder.spans.push(Span {
                name: name.to_owned(),
                kind: kind.to_owned(),
                start,
                duration: now().saturating_sub(start),
            });
        }
    });
}

/// Ends measuring: what there is since [`begin`], if that asked for anything.
#[must_use]
pub fn take() -> Option<Measured> {
    let recorder = RECORDER.take()?;
    Some(Measured {
        process: std::process::id(),
        code: recorder.code,
        memory: recorder.resident.and_then(resident::end),
        passes: recorder.passes,
        spans: recorder.spans,
    })
}

/// Totals as a table for people, the most expensive pass first.
#[must_use]
pub fn table(totals: &[PassTotal]) -> String {
    let mut rows: Vec<&PassTotal> = totals.iter().collect();
    rows.sort_by_key(|total| std::cmp::Reverse(total.own));
    let all: u64 = rows.iter().map(|total| total.own).sum();
    let mut text = format!(
        "{:>10} {:>6} {:>7} {:>8} {:>10} {:>10} {:>10} {:>9}  stage pass\n",
        "ms", "%", "runs", "changed", "insts in", "insts out", "kB taken", "kB peak"
    );
    for total in rows {
        text.push_str(&format!(
            "{:>10.3} {:>6.1} {:>7} {:>8} {:>10} {:>10} {:>10.1} {:>9.1}  {:<5} {}\n",
            total.own as f64 / 1e6,
            100.0 * total.own as f64 / all.max(1) as f64,
            total.runs,
            total.changed,
            total.before,
            total.after,
            total.taken as f64 / 1024.0,
            total.most as f64 / 1024.0,
            total.stage.name(),
            total.name
        ));
    }
    text.push_str(&format!(
        "{:>10.3} {:>6.1}  all passes\n",
        all as f64 / 1e6,
        100.0
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, changed: bool) -> PassRun<'_> {
        PassRun {
            name,
            stage: Stage::Hir,
            changed,
            start: now(),
            duration: 5,
            own: 3,
            before: 10,
            after: 8,
            memory: Memory {
                taken: 2048,
                most: if changed { 1024 } else { 512 },
            },
        }
    }

    #[test]
    fn nothing_is_kept_unless_asked_for() {
        begin(Wanted::default());
        note_pass(&run("dce", true));
        note_span("decode", "phase", 0);
        assert!(!notes_passes());
        assert_eq!(take(), None);
    }

    #[test]
    fn executions_of_a_pass_add_up() {
        begin(Wanted {
            passes: true,
            ..Wanted::default()
        });
        note_pass(&run("dce", true));
        note_pass(&run("gvn", false));
        note_pass(&run("dce", false));
        note_span("decode", "phase", 0);
        note_code(b"ret", &[]);
        let measured = take().expect("asked for");
        assert!(measured.spans.is_empty());
        assert_eq!(measured.code, digest_code(0, b"ret", &[]));
        let dce = &measured.passes[0];
        assert_eq!(
            (dce.runs, dce.changed, dce.own, dce.before, dce.after),
            (2, 1, 6, 20, 16)
        );
        assert_eq!((dce.taken, dce.most), (4096, 1024));
        let table = table(&measured.passes);
        assert!(
            table
                .lines()
                .nth(1)
                .is_some_and(|line| line.ends_with("4.0       1.0  hir   dce")),
            "{table}"
        );
    }

    #[test]
    fn memory_is_counted_while_it_is_asked_for() {
        let (kept, memory) = counted(|| {
            drop(std::hint::black_box(vec![1_u8; 10_000]));
            let mut grown = std::hint::black_box(vec![1_u8; 20_000]);
            grown.reserve_exact(30_000);
            grown
        });
        let size = kept.capacity() as u64;
        assert!(
            (size..size + 100).contains(&memory.most),
            "{size} {memory:?}"
        );
        let taken = 10_000 + 20_000 + size;
        assert!(
            (taken..taken + 100).contains(&memory.taken),
            "{size} {memory:?}"
        );
        drop(kept);
        let ((), memory) = counted(|| ());
        assert_eq!(memory, Memory::default());
    }

    #[test]
    fn addresses_count_by_their_order() {
        let code = |one: u64, other: u64| {
            let mut bytes = vec![0x90, 0x48, 0xb8];
            bytes.extend(one.to_le_bytes());
            bytes.extend([0x49, 0xbb]);
            bytes.extend(other.to_le_bytes());
            bytes.resize(24, 0xc3);
            bytes.extend(one.to_le_bytes());
            digest_code(0, &bytes, &[])
        };
        let (a, b, c) = (0x5555_1234_5670, 0x7fff_0000_0008, 0x7f00_1111_2220);
        assert_eq!(code(a, b), code(b, c));
        assert_ne!(code(a, b), code(a, a));
        assert_ne!(code(a, 1), code(a, 2));
    }

    #[test]
    fn addresses_of_32_bits_are_those_of_objects() {
        let code = |object: u32, field: u32| {
            let mut bytes = vec![0xbf];
            bytes.extend(object.to_le_bytes());
            bytes.extend([0x8b, 0x04, 0x25]);
            bytes.extend((object + field).to_le_bytes());
            digest_code(0, &bytes, &[object.into()])
        };
        assert_eq!(code(0xbc_c0d0, 8), code(0xbd_2e00, 8));
        assert_ne!(code(0xbc_c0d0, 8), code(0xbd_2e00, 16));
        let number = |number: u32| digest_code(0, &number.to_le_bytes(), &[0xbc_c0d0]);
        assert_ne!(number(7), number(8));
    }

    #[test]
    fn spans_have_places_in_time() {
        begin(Wanted {
            spans: true,
            ..Wanted::default()
        });
        let start = now();
        note_pass(&run("dce", true));
        note_span("decode", "phase", start);
        let measured = take().expect("asked for");
        let names: Vec<_> = measured
            .spans
            .iter()
            .map(|span| (&*span.name, &*span.kind))
            .collect();
        assert_eq!(names, [("dce", "hir"), ("decode", "phase")]);
        assert!(measured.passes.is_empty() && take().is_none());
    }

    #[test]
    fn memory_is_measured_without_passes() {
        // Other tests take and give back memory of this process meanwhile, so one time may not show it.
        let grew = (0..20).any(|_| {
            begin(Wanted {
                memory: true,
                ..Wanted::default()
            });
            assert!(!notes_passes());
            note_pass(&run("dce", true));
            note_code(b"ret", &[]);
            // What is written to is resident.
            let block = vec![1_u8; 33 << 20];
            let measured = take().expect("asked for");
            assert!(measured.passes.is_empty() && measured.spans.is_empty() && measured.code == 0);
            let memory = measured.memory.expect("this system tells");
            memory.peak >= memory.before + (block.len() / 2) as u64
        });
        assert!(grew);
    }
}
