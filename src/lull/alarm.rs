//! A clock that does something later, on a thread of its own: nothing else of ours runs while CPython is left alone.
//!
//! The thread begins with the first alarm, holds no lock, and allocates nothing.

use crate::signals;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// What the thread needs, in bytes.
const STACK: usize = 64 << 10;

/// What an alarm does when it rings: told how often it has rung since it was set; in how many nanoseconds to ring again, if at all.
pub type Ring = fn(u32) -> Option<u64>;

/// An alarm. Its thread lasts as long as the process.
#[derive(Debug)]
pub struct Alarm {
    ring: Ring,
    has_ended: AtomicBool,
    thread: Mutex<Option<Clock>>,
}

#[derive(Debug)]
struct Clock {
    thread: Thread,
    set: Arc<Setting>,
}

#[derive(Debug)]
struct Setting {
    is_set: AtomicBool,
    nanoseconds: AtomicU64,
    /// [`SILENT`], [`RINGING`] or [`ENDED`].
    state: AtomicU8,
}

const SILENT: u8 = 0;
const RINGING: u8 = 1;
const ENDED: u8 = 2;

impl Alarm {
    /// One that calls `ring` on its own thread, which has no thread state and not the GIL.
    #[must_use]
    pub const fn new(ring: Ring) -> Alarm {
        Alarm {
            ring,
            has_ended: AtomicBool::new(false),
            thread: Mutex::new(None),
        }
    }

    /// Has it ring in so many nanoseconds. The one before must have rung; it does not ring again.
    ///
    /// # Errors
    /// The system has no room for a thread; or it has been ended.
    pub fn set(&self, nanoseconds: u64) -> io::Result<()> {
        let mut slot = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has_ended.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let clock = match slot.take() {
            Some(clock) => clock,
            None => start(self.ring)?,
        };
        clock.set.nanoseconds.store(nanoseconds, Ordering::Relaxed);
        clock.set.is_set.store(true, Ordering::Release);
        clock.thread.unpark();
        *slot = Some(clock);
        Ok(())
    }

    /// It never rings again; waits until it doesn't.
    pub fn end(&self) {
        let slot = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_ended.store(true, Ordering::Relaxed);
        let Some(clock) = &*slot else { return };
        let state = &clock.set.state;
        while let Err(RINGING) =
            state.compare_exchange(SILENT, ENDED, Ordering::AcqRel, Ordering::Relaxed)
        {
            thread::yield_now();
        }
    }

    /// In the child of a fork: the thread is not there.
    pub fn after_fork_in_child(&self) {
        // Only a thread with the GIL has locked it, and that is the one that is left, unless something else forked.
        if let Ok(mut slot) = self.thread.try_lock() {
            // What it shares with the thread that is gone stays as it is.
            std::mem::forget(slot.take());
        }
    }
}

impl Setting {
    /// Rings, unless that has been ended.
    fn ring(&self, ring: Ring, times: u32) -> Option<u64> {
        let from_to = |from: u8, to: u8| {
            let found = self
                .state
                .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
            found.is_ok()
        };
        if !from_to(SILENT, RINGING) {
            return None;
        }
        let again = ring(times);
        from_to(RINGING, SILENT);
        again
    }
}

fn start(ring: Ring) -> io::Result<Clock> {
    let set = Arc::new(Setting {
        is_set: AtomicBool::new(false),
        nanoseconds: AtomicU64::new(0),
        state: AtomicU8::new(SILENT),
    });
    let shared = Arc::clone(&set);
    let thread = signals::blocked(|| {
        thread::Builder::new()
            .name("swallow-alarm".to_owned())
            .stack_size(STACK)
            .spawn(move || run(&shared, ring))
    })?;
    Ok(Clock {
        thread: thread.thread().clone(),
        set,
    })
}

fn run(setting: &Setting, ring: Ring) {
    loop {
        while !setting.is_set.swap(false, Ordering::Acquire) {
            thread::park();
        }
        let first = setting.nanoseconds.load(Ordering::Relaxed);
        thread::sleep(Duration::from_nanos(first));
        let mut times = 0;
        while let Some(pause) = setting.ring(ring, times) {
            times += 1;
            // Being set anew wakes it up.
            thread::park_timeout(Duration::from_nanos(pause));
            if setting.is_set.load(Ordering::Relaxed) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use std::time::Instant;

    #[test]
    fn it_rings_once_each_time() {
        static RUNG: AtomicU32 = AtomicU32::new(0);
        let alarm = Alarm::new(|_| {
            RUNG.fetch_add(1, Ordering::Relaxed);
            None
        });
        for count in 1..4 {
            let start = Instant::now();
            alarm.set(2_000_000).unwrap();
            while RUNG.load(Ordering::Relaxed) < count {
                thread::yield_now();
            }
            assert!(start.elapsed() >= Duration::from_millis(2));
        }
        thread::sleep(Duration::from_millis(10));
        assert_eq!(RUNG.load(Ordering::Relaxed), 3);
        alarm.end();
        assert!(alarm.set(1_000_000).is_err());
        thread::sleep(Duration::from_millis(10));
        assert_eq!(RUNG.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn it_rings_again_until_it_is_set_anew() {
        static RUNG: AtomicU32 = AtomicU32::new(0);
        let alarm = Alarm::new(|times| {
            RUNG.fetch_add(1, Ordering::Relaxed);
            match times {
                0 | 1 => Some(1_000_000),
                // An hour.
                _ => Some(3_600_000_000_000),
            }
        });
        for count in [3, 6] {
            alarm.set(1_000_000).unwrap();
            while RUNG.load(Ordering::Relaxed) < count {
                thread::yield_now();
            }
        }
        assert_eq!(RUNG.load(Ordering::Relaxed), 6);
    }
}
