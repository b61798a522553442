//! `swl_leave`: from a guard that failed to the interpreter, by way of the registers.
//!
//! Native code calls it at a place where the values that the interpreter needs are wherever the
//! register allocator had put them (LLVM: patch points and their stack map). So it saves the
//! registers first, and reads the words by the site's description.

use super::exits::{RawPair, go_on, rebuild};
use crate::code::unit::Installed;
use crate::codegen::{Place, Site};
use crate::helpers::activation;
use crate::host::ffi::{PyInterpreterFrame, PyThreadState, write};
use crate::host::frame::Frame;
use smallvec::SmallVec;

/// The registers of the caller: 16 general ones and the low halves of 16 vector ones, each in the
/// order of their DWARF numbers.
#[repr(C)]
struct Registers {
    general: [u64; 16],
    vector: [u64; 16],
}

impl Registers {
    fn get(&self, number: u8) -> u64 {
        match number {
            0..16 => self.general[usize::from(number)],
            // 16 is the instruction pointer, which no value lives in.
            _ => self.vector[usize::from(number) - 17],
        }
    }

    /// # Safety
    /// The place is one of a site at which the registers were saved.
    unsafe fn read(&self, place: Place) -> u64 {
        match place {
            Place::Register(register) => self.get(register),
            Place::Address(register, offset) => {
                self.get(register).wrapping_add_signed(offset.into())
            }
            Place::Memory(register, offset) => {
                let address = self.get(register).wrapping_add_signed(offset.into());
                // SAFETY: the place is in the machine frame of the caller (caller's promise).
                unsafe { (address as *const u64).read() }
            }
            Place::Const(value) => value as u64,
        }
    }
}

/// The unit's token in `rdi`, the activation record in `rsi`; answers in `rax`.
///
/// # Safety
/// Called by compiled code only, at one of its image's sites.
#[unsafe(naked)]
pub(super) unsafe extern "C-unwind" fn swl_leave(unit: *const Installed, act: *mut u8) -> i64 {
    // The registers are saved as they were before the call, so `rsp` is that above the return
    // address. 256 bytes and 8 more to align the stack for the call.
    core::arch::naked_asm!(
        "sub rsp, 264",
        "mov [rsp], rax",
        "mov [rsp + 8], rdx",
        "mov [rsp + 16], rcx",
        "mov [rsp + 24], rbx",
        "mov [rsp + 32], rsi",
        "mov [rsp + 40], rdi",
        "mov [rsp + 48], rbp",
        "lea rax, [rsp + 272]",
        "mov [rsp + 56], rax",
        "mov [rsp + 64], r8",
        "mov [rsp + 72], r9",
        "mov [rsp + 80], r10",
        "mov [rsp + 88], r11",
        "mov [rsp + 96], r12",
        "mov [rsp + 104], r13",
        "mov [rsp + 112], r14",
        "mov [rsp + 120], r15",
        "movsd [rsp + 128], xmm0",
        "movsd [rsp + 136], xmm1",
        "movsd [rsp + 144], xmm2",
        "movsd [rsp + 152], xmm3",
        "movsd [rsp + 160], xmm4",
        "movsd [rsp + 168], xmm5",
        "movsd [rsp + 176], xmm6",
        "movsd [rsp + 184], xmm7",
        "movsd [rsp + 192], xmm8",
        "movsd [rsp + 200], xmm9",
        "movsd [rsp + 208], xmm10",
        "movsd [rsp + 216], xmm11",
        "movsd [rsp + 224], xmm12",
        "movsd [rsp + 232], xmm13",
        "movsd [rsp + 240], xmm14",
        "movsd [rsp + 248], xmm15",
        "mov rdx, rsp",
        "mov rcx, [rsp + 264]",
        "call {leave}",
        // The registers are not needed while the interpreter runs.
        "mov rdi, rax",
        "mov rsi, rdx",
        "mov rdx, [rsp + 32]",
        "add rsp, 256",
        "call {finish}",
        "add rsp, 8",
        "ret",
        leave = sym leave,
        finish = sym finish,
    )
}

/// What `leave` hands to `finish`, in two registers.
#[repr(C)]
struct Rebuilt {
    /// Its address; plus 1 if the interpreter is to unwind.
    frame: usize,
    ts: *mut PyThreadState,
}

/// # Safety
/// As [`swl_leave`]; `address` is where it returns to.
unsafe extern "C-unwind" fn leave(
    unit: *const Installed,
    _act: *mut u8,
    registers: &Registers,
    address: u64,
) -> Rebuilt {
    // SAFETY: the unit stays alive while its code is on the stack; the site belongs to the place
    // that was called from, so the words are what the exit's table describes.
    unsafe {
        let image = &(*unit).image;
        let (exit, places) = image
            .sites
            .find(address - image.entry)
            .expect("native code leaves at its sites");
        let words: SmallVec<[u64; 64]> = places.map(|place| registers.read(place)).collect();
        let ts = words[0] as *mut PyThreadState;
        let frame = words[1] as *mut PyInterpreterFrame;
        let parent = words[2] as *mut u8;
        let buffer = words[Site::PARAMS..].as_ptr();
        let throws = rebuild(ts, frame, unit, i64::from(exit), buffer, parent);
        Rebuilt {
            frame: frame as usize | usize::from(throws),
            ts,
        }
    }
}

/// # Safety
/// The values are those of [`Rebuilt`]; `act` is the activation of the unit that was left.
unsafe extern "C-unwind" fn finish(frame: usize, ts: *mut PyThreadState, act: *mut u8) -> i64 {
    let throws = frame & 1 == 1;
    // SAFETY: frames are aligned to words; this one was rebuilt.
    unsafe {
        let frame = Frame::from_raw((frame & !1) as *mut PyInterpreterFrame);
        let RawPair { tag, payload } = go_on(ts, frame, throws);
        write(act, activation::PAYLOAD, payload);
        tag
    }
}
