//! LLVM's stack maps: where the words of an exit are at its patch point.
//!
//! The section `.llvm_stackmaps` in its version 3 (llvm.org, "Stack maps and patch points in LLVM").

use super::super::CodegenError;
use super::super::image::{Place, Site};

/// The section's name.
pub(super) const SECTION: &str = ".llvm_stackmaps";

/// Bytes of a patch point: `movabs $target, %r11; call *%r11`.
pub(super) const CALL_BYTES: u64 = 13;

const VERSION: u8 = 3;

/// Reads little-endian numbers one after the other.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = self.bytes.get(self.at..self.at + N)?;
        self.at += N;
        bytes.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }
}

/// The patch points of a module with one function.
///
/// # Errors
/// When the section is not what LLVM 19 writes, or has a word in a register that
/// `swl_leave` does not save.
pub(super) fn sites(section: &[u8]) -> Result<Vec<Site>, CodegenError> {
    let bad = || CodegenError::Backend("a stack map that is not understood".to_owned());
    read(section).ok_or_else(bad)
}

fn read(section: &[u8]) -> Option<Vec<Site>> {
    let mut reader = Reader {
        bytes: section,
        at: 0,
    };
    if reader.u8()? != VERSION {
        return None;
    }
    reader.at = 4;
    let (functions, constants, records) = (reader.u32()?, reader.u32()?, reader.u32()?);
    if functions != 1 {
        return None;
    }
    // Address, frame size and number of records of the function.
    reader.at += 24;
    let constants: Vec<u64> = (0..constants)
        .map(|_| reader.u64())
        .collect::<Option<_>>()?;
    (0..records)
        .map(|_| {
            let exit = u32::try_from(reader.u64()?).ok()?;
            let offset = reader.u32()?;
            reader.u16()?;
            let count = reader.u16()?;
            let words = (0..count)
                .map(|_| place(&mut reader, &constants))
                .collect::<Option<_>>()?;
            reader.align();
            reader.u16()?;
            let live_outs = usize::from(reader.u16()?);
            reader.at += 4 * live_outs;
            reader.align();
            Some(Site {
                return_offset: offset + CALL_BYTES as u32,
                exit,
                words,
            })
        })
        .collect()
}

fn place(reader: &mut Reader<'_>, constants: &[u64]) -> Option<Place> {
    let kind = reader.u8()?;
    reader.u8()?;
    let size = reader.u16()?;
    let register = reader.u16()?;
    reader.u16()?;
    let offset = reader.i32()?;
    let known = u8::try_from(register).ok().filter(|r| *r <= 32 && *r != 16);
    let place = match kind {
        1 => Place::Register(known?),
        2 => Place::Address(known?, offset),
        3 => Place::Memory(known?, offset),
        4 => return Some(Place::Const(i64::from(offset))),
        5 => return Some(Place::Const(*constants.get(offset as usize)? as i64)),
        _ => return None,
    };
    // Every word has 8 bytes. Of a vector register, in which a double is the low half, the size is
    // its own or that of its spill slot.
    (size == 8 || kind == 1 || size == 16 && kind == 3).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read() {
        let mut bytes: Vec<u8> = vec![3, 0, 0, 0];
        for word in [1u32, 1, 1] {
            bytes.extend(word.to_le_bytes());
        }
        for word in [0x1000u64, 64, 1, 0x1234_5678_9abc] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(7u64.to_le_bytes());
        bytes.extend(100u32.to_le_bytes());
        bytes.extend([0, 0, 4, 0]);
        for (kind, register, offset) in [(1u8, 3u16, 0i32), (3, 6, -48), (4, 0, -2), (5, 0, 0)] {
            bytes.extend([kind, 0, 8, 0]);
            bytes.extend(register.to_le_bytes());
            bytes.extend([0, 0]);
            bytes.extend(offset.to_le_bytes());
        }
        // No live-outs.
        bytes.extend([0; 8]);
        let sites = sites(&bytes).expect("well-formed");
        assert_eq!(
            sites,
            [Site {
                return_offset: 113,
                exit: 7,
                words: Box::new([
                    Place::Register(3),
                    Place::Memory(6, -48),
                    Place::Const(-2),
                    Place::Const(0x1234_5678_9abc),
                ]),
            }]
        );
        assert!(super::sites(&bytes[..bytes.len() - 9]).is_err());
        bytes[0] = 2;
        assert!(super::sites(&bytes).is_err());
    }
}
