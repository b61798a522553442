//! What this process has mapped, as `/proc/self/smaps` tells it, for the ledger.
//!
//! Looking maps pages of the extension module, of which it tells; so this is little code, and allocates nothing.

use rustix::fs::{Mode, OFlags};

/// The longest line that is looked at as a whole, in bytes; of longer ones the beginning.
const LINE: usize = 512;

/// How the name of the extension module's file begins, with the directory's end.
const MODULE: &[u8] = b"/_swallow.";

/// Bytes of memory; 0 where the system doesn't tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// In no file: what the process has written.
    pub own: usize,
    /// The extension module's, which no other process shares.
    pub module: usize,
    /// Of these what is in no file: what the linker has written.
    pub module_own: usize,
}

impl Mapped {
    /// What is mapped now.
    #[must_use]
    #[inline(never)]
    pub fn now() -> Mapped {
        match rustix::fs::open(c"/proc/self/smaps", OFlags::CLOEXEC, Mode::empty()) {
            Ok(file) => Mapped::read(|part| rustix::io::read(&file, part).unwrap_or(0)),
            Err(_) => Mapped::default(),
        }
    }

    /// From text as in `/proc/PID/smaps`: for each mapping a line that ends in its file's name, and then lines `Name:   12 kB`. `more` fills a buffer; with nothing at the end.
    fn read(mut more: impl FnMut(&mut [u8]) -> usize) -> Mapped {
        let mut mapped = Mapped::default();
        let mut is_ours = false;
        let mut part = [0; 2048];
        let mut line = [0; LINE];
        let mut length = 0;
        loop {
            let count = more(&mut part);
            if count == 0 {
                return mapped;
            }
            for &byte in &part[..count] {
                if byte != b'\n' {
                    if length < LINE {
                        line[length] = byte;
                        length += 1;
                    }
                    continue;
                }
                mapped.note(&line[..length], &mut is_ours);
                length = 0;
            }
        }
    }

    fn note(&mut self, line: &[u8], is_ours: &mut bool) {
        if let Some(rest) = line.strip_prefix(b"Anonymous:") {
            let bytes = bytes(rest);
            self.own += bytes;
            if *is_ours {
                self.module_own += bytes;
            }
        } else if let Some(rest) = line.strip_prefix(b"Private_") {
            // `Clean:`, `Dirty:` or `Hugetlb:`.
            if *is_ours {
                self.module += bytes(rest);
            }
        } else if line
            .first()
            .is_some_and(|first| !first.is_ascii_uppercase())
        {
            *is_ours = line.windows(MODULE.len()).any(|name| name == MODULE);
        }
    }
}

/// The number of kB in what follows a name, as bytes.
fn bytes(text: &[u8]) -> usize {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0')) << 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn read(text: &str) -> Mapped {
        let mut rest = text.as_bytes();
        Mapped::read(|part| rest.read(part).unwrap())
    }

    #[test]
    fn mappings_are_told_apart() {
        let text = "1000-2000 rw-p 00000000 00:00 0   [heap]\nPrivate_Clean: 4 kB\nPrivate_Dirty: 16 kB\nAnonymous: 12 kB\n\
            2000-3000 r-xp 00000000 08:01 7   /x/_swallow.cpython.so\nRss: 99 kB\nPrivate_Clean: 8 kB\nPrivate_Dirty: 4 kB\nAnonymous: 4 kB\n\
            3000-4000 r-xp 00000000 08:01 8   /x/libm.so\nPrivate_Clean: 32 kB\nAnonymous: 0 kB\n";
        let expected = Mapped {
            own: 16 << 10,
            module: 12 << 10,
            module_own: 4 << 10,
        };
        assert_eq!(read(text), expected);
        let long = format!(
            "5000-6000 r--p 0 08:01 9 /{}/_swallow.so\nPrivate_Clean: 8 kB\n",
            "x".repeat(LINE)
        );
        assert_eq!(read(&long), Mapped::default(), "the name is cut off");
    }
}
