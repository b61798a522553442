//! What valgrind has to be told: it runs translations of code, and does not see that another process has written new code over old.

use crate::codegen::Block;

/// Valgrind's request to forget the translations of a range (valgrind's manual, "The client request mechanism").
const DISCARD_TRANSLATIONS: usize = 0x1002;

/// Has translations of code that was there before forgotten. Outside valgrind some instructions without effect.
pub fn forget_translations(blocks: &[Block]) {
    for block in blocks {
        request([
            DISCARD_TRANSLATIONS,
            block.address as usize,
            block.size as usize,
            0,
            0,
            0,
        ]);
    }
}

/// Makes a request of valgrind; its answer, or 0 where there is none.
fn request(words: [usize; 6]) -> usize {
    let mut answer = 0usize;
    // SAFETY: rdi is rotated by 128 bits in all, and rbx exchanged with itself. Valgrind, which knows this sequence, reads the
    // words and writes the answer.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_valgrind_there_is_no_answer() {
        // "Running on valgrind?"
        assert_eq!(request([0x1001, 0, 0, 0, 0, 0]), 0);
        forget_translations(&[Block {
            address: 4096,
            size: 16,
        }]);
    }
}
