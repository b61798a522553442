//! When to leave CPython alone: the frame hook is taken out while it costs more than it gains.
//!
//! With a frame hook (PEP 523) CPython 3.11 no longer inlines the calls that Python functions make of each other; that, and recording,
//! costs a program with many small functions and nothing worth compiling a tenth of its time and more. So time is
//! accounted for, in *windows*: how often CPython has called the hook, how long code was recorded, how long native code ran. When
//! windows in a row have gained nothing, the hook goes for a *lull*, and an [`Alarm`] puts it back: for one window, and if that
//! gains nothing either, for a lull of twice the length. What is hot is found in the windows. Once native code is worth its
//! cost, it is looked at in one window of ten.
//!
//! All of a [`Lull`] is used with the GIL held, but for its alarm.

mod alarm;
pub mod stack;

pub use alarm::{Alarm, Ring};

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Calls of the hook between two looks at the clock.
const LOOKS: u32 = 1024;

/// Nanoseconds of a window.
const WINDOW: u64 = 5_000_000;

/// Nanoseconds after which a window is over in which too few calls come by to judge it.
const LONG: u64 = 4 * WINDOW;

/// Nanoseconds between windows while there is a gain.
const PAUSE: u64 = 45_000_000;

/// Nanoseconds of windows without a gain, in a row, that make a lull: a program's functions need some time to get hot.
const PATIENCE: u64 = 50_000_000;

/// Nanoseconds of the first lull.
const FIRST: u64 = 10_000_000;

/// What a call that is not inlined costs CPython, in nanoseconds (seven of the seed programs, hook that only forwards: 15 to 25).
const TAX: u64 = 20;

/// What an entry into native code costs, with the looks at the clock.
const ENTRY: u64 = 60;

/// A cost of less than one part in so many is none.
const SMALL: u64 = 50;

/// Who runs Python code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    CPython,
    Recorder,
    Native,
}

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There are no lulls.
    Off,
    /// There is a gain.
    Content,
    /// In a window.
    Watching,
    /// In a lull, or behind it.
    Away,
}

const PHASES: [Phase; 4] = [Phase::Off, Phase::Content, Phase::Watching, Phase::Away];

/// What the program is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    GoOn,
    /// Take the hook out for so many nanoseconds.
    Leave(u64),
}

/// What else is going on in the JIT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Whether code is waited for.
    pub waits: bool,
    /// How many units have been compiled so far.
    pub compiled: u64,
    /// Nanoseconds that the program's threads have spent compiling so far.
    pub compiling: u64,
}

/// The state of a process.
#[derive(Debug)]
pub struct Lull {
    pub alarm: Alarm,
    /// Nanoseconds of the longest lull.
    longest: u64,
    /// Calls of the hook until the clock is looked at.
    left: AtomicU32,
    phase: AtomicU8,
    /// When the phase, or the window, began.
    since: AtomicU64,
    /// Calls in this window.
    calls: AtomicU64,
    who: AtomicU8,
    /// Since when.
    runs_since: AtomicU64,
    /// Nanoseconds of this window, by who ran.
    spent: [AtomicU64; 3],
    /// Entries into native code in this window.
    entries: AtomicU64,
    /// What [`Work`] said at the window's beginning.
    compiled: AtomicU64,
    compiling: AtomicU64,
    /// Nanoseconds of windows without a gain, in a row.
    idle: AtomicU64,
    /// How long the next lull will be.
    next: AtomicU64,
}

impl Lull {
    /// With lulls of that many nanoseconds at most; 0: there are none. `ring` ends each.
    #[must_use]
    pub fn new(longest: u64, ring: Ring) -> Lull {
        let phase = if longest == 0 {
            Phase::Off
        } else {
            Phase::Content
        };
        Lull {
            alarm: Alarm::new(ring),
            longest,
            left: AtomicU32::new(LOOKS),
            phase: AtomicU8::new(phase as u8),
            since: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            who: AtomicU8::new(Who::CPython as u8),
            runs_since: AtomicU64::new(0),
            spent: Default::default(),
            entries: AtomicU64::new(0),
            compiled: AtomicU64::new(0),
            compiling: AtomicU64::new(0),
            idle: AtomicU64::new(0),
            next: AtomicU64::new(FIRST.min(longest)),
        }
    }

    fn phase(&self) -> Phase {
        PHASES[usize::from(self.phase.load(Relaxed))]
    }

    fn begin_window(&self, now: u64, work: Work) {
        self.compiled.store(work.compiled, Relaxed);
        self.compiling.store(work.compiling, Relaxed);
        self.begin(Phase::Watching, now);
    }

    fn begin(&self, phase: Phase, now: u64) {
        self.phase.store(phase as u8, Relaxed);
        self.since.store(now, Relaxed);
        self.left.store(LOOKS, Relaxed);
        if phase == Phase::Watching {
            self.runs_since.store(now, Relaxed);
            for figure in self.spent.iter().chain([&self.calls, &self.entries]) {
                figure.store(0, Relaxed);
            }
        }
    }

    /// Whether there is a lull, or nothing has come by since. May be asked without the GIL.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.phase() == Phase::Away
    }

    /// Whether the hook is called by CPython's evaluator, or from outside, and not by native code or the recording evaluator.
    #[must_use]
    #[inline(always)]
    pub fn is_cpython(&self) -> bool {
        self.who.load(Relaxed) == Who::CPython as u8
    }

    /// Counts a call of the hook by CPython's evaluator; whether it is time for [`Lull::look`].
    #[must_use]
    #[inline(always)]
    pub fn count(&self) -> bool {
        let left = self.left.load(Relaxed).wrapping_sub(1);
        self.left.store(left, Relaxed);
        left == 0
    }

    /// From here on `who` runs; the one before.
    #[inline(always)]
    pub fn switch(&self, who: Who, clock: impl Fn() -> u64) -> u8 {
        let before = self.who.load(Relaxed);
        self.who.store(who as u8, Relaxed);
        if self.phase.load(Relaxed) == Phase::Watching as u8 {
            if who == Who::Native {
                add(&self.entries, 1);
            }
            self.account(before, clock());
        }
        before
    }

    /// The one of before again.
    #[inline(always)]
    pub fn switch_back(&self, before: u8, clock: impl Fn() -> u64) {
        let who = self.who.load(Relaxed);
        self.who.store(before, Relaxed);
        if self.phase.load(Relaxed) == Phase::Watching as u8 {
            self.account(who, clock());
        }
    }

    fn account(&self, who: u8, now: u64) {
        let since = self.runs_since.swap(now, Relaxed);
        add(&self.spent[usize::from(who)], now.saturating_sub(since));
        if now.saturating_sub(self.since.load(Relaxed)) > LONG {
            // Nothing else calls: there is no cost to speak of, and the clock need not be read all the time.
            self.begin(Phase::Content, now);
        }
    }

    /// Lets [`LOOKS`] calls come by.
    pub fn skip(&self) {
        self.left.store(LOOKS, Relaxed);
    }

    /// Looks at the clock, after [`LOOKS`] calls, or behind a lull.
    pub fn look(&self, now: u64, work: Work) -> Verdict {
        self.skip();
        let since = now.saturating_sub(self.since.load(Relaxed));
        match self.phase() {
            Phase::Off => {}
            Phase::Away => self.begin_window(now, work),
            Phase::Content => {
                if since >= PAUSE {
                    self.begin_window(now, work);
                }
            }
            Phase::Watching => {
                add(&self.calls, LOOKS.into());
                if since >= WINDOW {
                    return self.judge(now, since, work);
                }
            }
        }
        Verdict::GoOn
    }

    /// At the end of a window of so many nanoseconds.
    fn judge(&self, now: u64, length: u64, work: Work) -> Verdict {
        self.account(self.who.load(Relaxed), now);
        if self.phase() != Phase::Watching {
            return Verdict::GoOn;
        }
        let spent = |who: Who| self.spent[who as usize].load(Relaxed);
        // Native code, and what it calls of CPython's functions, is taken to be half as fast again as CPython's evaluator; recording to
        // be four times as slow.
        let gain = (spent(Who::Native) / 2).saturating_sub(ENTRY * self.entries.load(Relaxed));
        let compiling = work.compiling.saturating_sub(self.compiling.load(Relaxed));
        let cost = TAX * self.calls.load(Relaxed) + spent(Who::Recorder) / 4 * 3 + compiling;
        let compiled = self.compiled.load(Relaxed) != work.compiled;
        if gain >= cost {
            self.idle.store(0, Relaxed);
            self.next.store(FIRST.min(self.longest), Relaxed);
            self.begin(Phase::Content, now);
            return Verdict::GoOn;
        }
        if cost < length / SMALL {
            self.begin(Phase::Content, now);
            return Verdict::GoOn;
        }
        self.begin_window(now, work);
        let idle = if compiled {
            // What the new code gains is still to be seen.
            PATIENCE / 2
        } else {
            self.idle.load(Relaxed) + length
        };
        if work.waits || idle < PATIENCE {
            self.idle.store(idle.min(PATIENCE), Relaxed);
            return Verdict::GoOn;
        }
        let next = self.next.load(Relaxed);
        self.next.store((next * 2).min(self.longest), Relaxed);
        self.idle.store(PATIENCE, Relaxed);
        self.begin(Phase::Away, now);
        // Whatever comes by first is behind the lull.
        self.left.store(1, Relaxed);
        Verdict::Leave(next)
    }

    /// There are no lulls any more, or none here: the hook could not be taken out.
    pub fn end(&self) {
        self.phase.store(Phase::Off as u8, Relaxed);
    }

    /// Something has changed: what is known of gains and costs does not hold any more.
    pub fn forget(&self, now: u64) {
        if self.phase() != Phase::Off {
            self.idle.store(0, Relaxed);
            self.next.store(FIRST.min(self.longest), Relaxed);
            self.begin(Phase::Content, now);
        }
    }
}

/// Adds to what only one thread at a time writes.
#[inline(always)]
fn add(figure: &AtomicU64, more: u64) {
    figure.store(figure.load(Relaxed) + more, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    struct Run {
        lull: Lull,
        now: u64,
        compiled: u64,
    }

    impl Run {
        fn new(longest: u64) -> Run {
            Run {
                lull: Lull::new(longest, |_| None),
                now: 1000 * MS,
                compiled: 0,
            }
        }

        /// A stretch of calls of a microsecond each, with so many nanoseconds of native code in each; the lulls that it would have.
        fn calls(&mut self, count: u64, native: u64) -> Vec<u64> {
            let mut lulls = Vec::new();
            for _ in 0..count {
                self.now += 1000 - native;
                if self.lull.count() {
                    let work = Work {
                        compiled: self.compiled,
                        ..Work::default()
                    };
                    if let Verdict::Leave(length) = self.lull.look(self.now, work) {
                        lulls.push(length / MS);
                        self.now += length;
                    }
                }
                if native != 0 {
                    let before = self.lull.switch(Who::Native, || self.now);
                    self.now += native;
                    self.lull.switch_back(before, || self.now);
                }
            }
            lulls
        }
    }

    #[test]
    fn what_gains_nothing_is_left_alone_for_longer_and_longer() {
        let mut run = Run::new(100 * MS);
        assert_eq!(run.calls(45_000, 0), Vec::<u64>::new(), "patience");
        let lulls = run.calls(300_000, 0);
        assert_eq!(lulls[..6], [10, 20, 40, 80, 100, 100]);
    }

    #[test]
    fn a_gain_ends_it() {
        let mut run = Run::new(100 * MS);
        run.calls(300_000, 0);
        // The lull that may be under way ends; one window shows the gain.
        assert!(run.calls(30_000, 500).len() <= 1);
        assert_eq!(run.calls(500_000, 500), Vec::<u64>::new());
        let lulls = run.calls(300_000, 0);
        assert_eq!(lulls[..2], [10, 20], "from the beginning");
    }

    #[test]
    fn entries_have_their_price() {
        let mut run = Run::new(100 * MS);
        assert!(!run.calls(500_000, 40).is_empty(), "too short to gain");
        let mut run = Run::new(100 * MS);
        assert!(run.calls(500_000, 400).is_empty());
    }

    #[test]
    fn new_code_is_a_reason_to_stay() {
        let mut run = Run::new(100 * MS);
        for _ in 0..40 {
            assert_eq!(run.calls(20_000, 0), Vec::<u64>::new());
            run.compiled += 1;
        }
        assert!(!run.calls(300_000, 0).is_empty());
    }

    #[test]
    fn few_calls_are_no_cost() {
        let mut run = Run::new(100 * MS);
        for _ in 0..100 {
            run.calls(LOOKS.into(), 0);
            run.now += 10 * MS;
        }
        assert!(run.lull.idle.load(Relaxed) == 0);
    }

    #[test]
    fn a_window_ends_without_calls() {
        let lull = Lull::new(100 * MS, |_| None);
        assert_eq!(lull.look(1000 * MS, Work::default()), Verdict::GoOn);
        let reads = std::cell::Cell::new(0);
        for turn in 0..100 {
            let clock = || {
                reads.set(reads.get() + 1);
                1001 * MS + turn * MS
            };
            let before = lull.switch(Who::Native, clock);
            lull.switch_back(before, clock);
        }
        assert!((40..=50).contains(&reads.get()), "{}", reads.get());
        assert_eq!(lull.phase(), Phase::Content);
    }

    #[test]
    fn none_where_there_are_to_be_none() {
        let mut run = Run::new(0);
        assert_eq!(run.calls(500_000, 0), Vec::<u64>::new());
    }

    #[test]
    fn what_native_code_calls_is_not_native() {
        let lull = Lull::new(100 * MS, |_| None);
        assert_eq!(lull.look(1000 * MS, Work::default()), Verdict::GoOn);
        let at = |now: u64| move || 1000 * MS + now;
        let outer = lull.switch(Who::Native, at(10));
        let inner = lull.switch(Who::CPython, at(30));
        lull.switch_back(inner, at(100));
        lull.switch_back(outer, at(105));
        assert_eq!(lull.spent[Who::Native as usize].load(Relaxed), 25);
        assert_eq!(lull.spent[Who::CPython as usize].load(Relaxed), 80);
        assert!(lull.is_cpython());
    }
}
