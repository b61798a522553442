//! What this process has resident, as the kernel counts it: pages of its own and pages of files that it has mapped, its program among them.
//!
//! The kernel keeps the most that it has been (`VmHWM`), and begins anew when it is told to. That is a change of the process that others
//! can see, so it is made in the process of the code generator only.

use serde::{Deserialize, Serialize};
use std::fs;

/// Resident memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    /// At the beginning.
    pub before: u64,
    /// The most there was from then on.
    pub peak: u64,
}

/// What `/proc/PID/clear_refs` takes to have the peak begin anew.
const RESET_PEAK: &str = "5";

/// A field of `/proc/self/status` that is in kB, as bytes.
fn field(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    let number = rest.strip_prefix(':')?.trim().strip_suffix(" kB")?;
    number.parse::<u64>().ok().map(|number| number << 10)
}

fn status() -> Option<String> {
    fs::read_to_string("/proc/self/status").ok()
}

/// Has the peak begin anew; what is resident now. `None` if the system has none of it.
pub(super) fn begin() -> Option<u64> {
    fs::write("/proc/self/clear_refs", RESET_PEAK).ok()?;
    field(&status()?, "VmRSS")
}

/// The peak since [`begin`], which has returned `before`.
pub(super) fn end(before: u64) -> Option<Resident> {
    let peak = field(&status()?, "VmHWM")?;
    // Both are summed up from counters that lag behind a little.
    let peak = peak.max(before);
    Some(Resident { before, peak })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 12 kB\nThreads:\t1\n";
        assert_eq!(field(status, "VmHWM"), Some(2 << 20));
        assert_eq!(field(status, "VmRSS"), Some(12 << 10));
        assert_eq!(field(status, "VmSwap"), None);
        assert_eq!(field(status, "Threads"), None);
    }

    #[test]
    fn the_peak_begins_anew() {
        begin().expect("this system tells");
        drop(vec![1_u8; 64 << 20]);
        let high = end(0).expect("it tells").peak;
        let before = begin().expect("it tells");
        let low = end(before).expect("it tells").peak;
        assert!(low + (32 << 20) < high, "{low} {high}");
    }
}
