//! Instructions of a code object, `EXTENDED_ARG` folded in.
#![forbid(unsafe_code)]

use super::code::Code;
use super::opcode::{self, JumpKind};

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instr {
    /// Unit of the opcode itself: what `prev_instr` points to while it runs.
    pub pc: u32,
    /// Unit where execution of it starts: its first `EXTENDED_ARG`, or `pc`.
    pub start: u32,
    /// Unit of the next instruction (caches skipped).
    pub next: u32,
    /// Opcode as the compiler emitted it.
    pub op: u8,
    /// Opcode as quickened.
    pub quick: u8,
    pub arg: u32,
}

impl Instr {
    /// Where it jumps to, if it is a jump.
    #[must_use]
    pub fn jump_target(&self) -> Option<u32> {
        match opcode::jump_kind(self.op)? {
            JumpKind::Forward => Some(self.next + self.arg),
            JumpKind::Backward => self.next.checked_sub(self.arg),
        }
    }

    /// The 16-bit cache unit at `index` behind the instruction.
    #[must_use]
    pub fn cache16(&self, code: &Code, index: usize) -> u16 {
        code.units
            .get(self.pc as usize + 1 + index)
            .copied()
            .unwrap_or(0)
    }

    /// The 32-bit cache value that starts at unit `index`.
    #[must_use]
    pub fn cache32(&self, code: &Code, index: usize) -> u32 {
        u32::from(self.cache16(code, index)) | u32::from(self.cache16(code, index + 1)) << 16
    }

    /// The 64-bit cache value that starts at unit `index`.
    #[must_use]
    pub fn cache64(&self, code: &Code, index: usize) -> u64 {
        u64::from(self.cache32(code, index)) | u64::from(self.cache32(code, index + 2)) << 32
    }
}

/// How many instructions there are in these code units.
#[must_use]
pub fn count(units: &[u16]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < units.len() {
        let op = opcode::deopt(units[at] as u8);
        count += usize::from(op != opcode::EXTENDED_ARG);
        at += 1 + opcode::caches(op);
    }
    count
}

/// All instructions in order.
#[must_use]
pub fn decode(code: &Code) -> Vec<Instr> {
    let mut out = Vec::new();
    let mut at = 0usize;
    let mut start = 0usize;
    let mut extended = 0u32;
    while at < code.units.len() {
        let [quick, low] = code.units[at].to_le_bytes();
        let op = opcode::deopt(quick);
        let arg = extended << 8 | u32::from(low);
        if op == opcode::EXTENDED_ARG {
            extended = arg;
            at += 1;
            continue;
        }
        let next = at + 1 + opcode::caches(op);
        out.push(Instr {
            pc: at as u32,
            start: start as u32,
            next: next as u32,
            op,
            quick,
            arg,
        });
        extended = 0;
        at = next;
        start = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(units: &[(u8, u8)]) -> Code {
        Code {
            units: units
                .iter()
                .map(|(op, arg)| u16::from_le_bytes([*op, *arg]))
                .collect(),
            ..Code::default()
        }
    }

    #[test]
    fn extended_arguments_are_folded_and_caches_skipped() {
        let code = code(&[
            (opcode::EXTENDED_ARG, 1),
            (opcode::LOAD_CONST, 2),
            (opcode::BINARY_OP_ADD_INT, 0),
            (0, 0),
            (opcode::RETURN_VALUE, 0),
        ]);
        let instrs = decode(&code);
        assert_eq!((instrs.len(), count(&code.units)), (3, 3));
        assert_eq!((instrs[0].start, instrs[0].pc, instrs[0].arg), (0, 1, 258));
        assert_eq!(
            (instrs[1].op, instrs[1].quick),
            (opcode::BINARY_OP, opcode::BINARY_OP_ADD_INT)
        );
        assert_eq!(instrs[2].pc, 4);
    }

    #[test]
    fn backward_jumps_count_from_the_end() {
        let code = code(&[(opcode::NOP, 0), (opcode::JUMP_BACKWARD, 2)]);
        assert_eq!(decode(&code)[1].jump_target(), Some(0));
    }
}
