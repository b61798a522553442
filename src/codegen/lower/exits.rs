//! Leaving native code: exit blocks, the exit table, and making unboxed locals visible.

use super::super::image::{ExitDesc, ExitUse, Loc};
use super::super::machine::{Hint, IntOp, Leave, Machine, Memory, Ty};
use super::Lower;
use crate::helpers::{Helper, activation};
use crate::hir::{ExitReason, FrameStateId, FsValue, Imm, Inst, Op, Type, Value};
use crate::layout;

/// What makes two exits the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ExitKey {
    fs: FrameStateId,
    throws: bool,
    reason: ExitReason,
    drops: Box<[Value]>,
}

impl<M: Machine> Lower<'_, M> {
    /// The block through which a guard leaves.
    pub(super) fn guard_exit(&mut self, inst: &Inst) -> M::B {
        let reason = inst.info().reason.unwrap_or(ExitReason::Missing);
        self.exit_block(inst, false, reason)
    }

    /// The block through which an operation that raised leaves.
    pub(super) fn raise_exit(&mut self, inst: &Inst) -> M::B {
        self.exit_block(inst, true, ExitReason::Raise)
    }

    pub(super) fn exit_block(&mut self, inst: &Inst, throws: bool, reason: ExitReason) -> M::B {
        let fs = inst.fs.expect("verified: has a frame state");
        let key = ExitKey {
            fs,
            throws,
            reason,
            drops: inst.drops.clone(),
        };
        if let Some(block) = self.exit_blocks.get(&key) {
            return *block;
        }
        let block = self.m.block(&[], true);
        self.exit_blocks.insert(key.clone(), block);
        self.pending.push((block, key));
        block
    }

    /// Fills the exit blocks; they come last, out of the way.
    pub(super) fn emit_exits(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        for (block, key) in std::mem::take(&mut self.pending) {
            self.m.switch_to(block);
            let state = self.func.frame_state(key.fs);
            let mut words = Words::default();
            let locals = self.locs(&state.locals, &mut words);
            let stack = self.locs(&state.stack, &mut words);
            let drops = key.drops.iter().map(|v| self.loc(*v, &mut words)).collect();
            self.exits.push(ExitDesc {
                usage: if key.throws {
                    ExitUse::Throw
                } else {
                    ExitUse::Resume
                },
                reason: key.reason,
                pc: state.pc,
                locals,
                stack,
                drops,
            });
            let mut values = vec![self.ts, self.frame, self.parent];
            for word in &words.values {
                let value = match word {
                    Word::Value(value) if self.ty(*value) == Type::I1 => {
                        let bit = self.v(*value);
                        self.m.bit_to_int(bit)
                    }
                    Word::Value(value) => self.v(*value),
                    Word::Payload(value) => self.pair(*value).1,
                };
                values.push(value);
            }
            let unit = self.m.address(self.unit_token);
            self.m.leave(Leave {
                exit: self.exits.len() as u32 - 1,
                unit,
                act: self.act,
                words: &values,
            });
        }
    }

    /// Writes the collected values to the activation's buffer.
    fn spill(&mut self, words: &Words) {
        for (at, value) in words.values.iter().enumerate() {
            let offset = activation::VALUES + 8 * at as i32;
            match value {
                Word::Value(value) => {
                    let ty = self.ty(*value);
                    let machine = self.v(*value);
                    self.store_word(ty, machine, offset);
                }
                Word::Payload(value) => {
                    let (_, payload) = self.pair(*value);
                    self.m.store(Ty::I64, payload, self.act, offset);
                }
            }
        }
    }

    fn store_word(&mut self, ty: Type, value: M::V, offset: i32) {
        if ty == Type::F64 {
            self.m.store(Ty::F64, value, self.act, offset);
        } else if ty == Type::I1 {
            let word = self.m.bit_to_int(value);
            self.m.store(Ty::I64, word, self.act, offset);
        } else if ty == Type::I64 || ty == Type::TAGGED {
            self.m.store(Ty::I64, value, self.act, offset);
        } else {
            self.m.store(Ty::Ptr, value, self.act, offset);
        }
    }

    fn locs(&self, values: &[FsValue], words: &mut Words) -> Vec<Loc> {
        values
            .iter()
            .map(|value| match value {
                FsValue::Null => Loc::Null,
                FsValue::InSlot => Loc::InSlot,
                FsValue::Value(v) => self.loc(*v, words),
                FsValue::RangeIter {
                    next,
                    remaining,
                    step,
                } => Loc::RangeIter {
                    next: Box::new(self.loc(*next, words)),
                    remaining: Box::new(self.loc(*remaining, words)),
                    step: Box::new(self.loc(*step, words)),
                },
                FsValue::ListIter { list, index } => Loc::ListIter {
                    list: Box::new(self.loc(*list, words)),
                    index: Box::new(self.loc(*index, words)),
                },
            })
            .collect()
    }

    /// Where a value will be found: known constants need no word.
    fn loc(&self, value: Value, words: &mut Words) -> Loc {
        if let Some(inst) = self.constants.get(&value) {
            match (inst.op, &inst.imms.first()) {
                (Op::ConstInt, Some(Imm::Int(n))) => return Loc::ConstInt(*n),
                (Op::ConstFloat, Some(Imm::Float(bits))) => return Loc::ConstFloat(*bits),
                (Op::ConstBool, Some(Imm::Bool(bit))) => return Loc::ConstBool(*bit),
                (Op::ConstObj, Some(Imm::Const(id))) => {
                    return Loc::ConstObject(self.func.constant(*id).addr);
                }
                (Op::ConstNull, _) => return Loc::Null,
                _ => {}
            }
        }
        let ty = self.ty(value);
        let at = words.add(Word::Value(value));
        if ty == Type::I64 {
            Loc::Int(at)
        } else if ty == Type::F64 {
            Loc::Float(at)
        } else if ty == Type::I1 {
            Loc::Bool(at)
        } else if ty == Type::TAGGED {
            words.values.push(Word::Payload(value));
            Loc::Tagged(at)
        } else {
            Loc::Object(at)
        }
    }

    /// The address of the instruction at `pc`.
    pub(super) fn instr(&mut self, pc: u32) -> M::V {
        let bytes = self.m.int(2 * i64::from(pc));
        self.m.offset(self.first_instr, bytes)
    }

    /// Names the instruction in the frame: `prev_instr = first_instr + pc`.
    pub(super) fn set_prev_instr(&mut self, pc: u32) {
        let instr = self.instr(pc);
        self.m
            .store(Ty::Ptr, instr, self.frame, layout::frame::PREV_INSTR);
    }

    /// Before an operation that may run Python code: names the instruction and lets unboxed locals
    /// be found. Yields the activation that a native callee is to know.
    pub(super) fn prepare_escape(&mut self, inst: &Inst, native_callee: bool) -> M::V {
        let fs = inst.fs.expect("verified: has a frame state");
        let pc = self.func.frame_state(fs).pc;
        self.set_prev_instr(pc);
        let hidden = self
            .func
            .frame_state(fs)
            .locals
            .iter()
            .any(|local| matches!(local, FsValue::Value(_)));
        if !hidden {
            if !native_callee {
                self.flush_parent();
            }
            return self.parent;
        }
        let site = self.flush_site(fs);
        let unit = self.m.address(self.unit_token);
        let (act, parent, frame) = (self.act, self.parent, self.frame);
        self.m.store(Ty::Ptr, parent, act, activation::PARENT);
        self.m.store(Ty::Ptr, frame, act, activation::FRAME);
        self.m.store(Ty::Ptr, unit, act, activation::UNIT);
        self.m.store(Ty::I64, site, act, activation::SITE);
        if !native_callee {
            self.m.call(Helper::Flush, &[act]);
        }
        act
    }

    /// Spills the locals of `fs`; the value for `SITE`.
    fn flush_site(&mut self, fs: FrameStateId) -> M::V {
        let mut words = Words::default();
        let state = self.func.frame_state(fs);
        let locals = self.locs(&state.locals, &mut words);
        self.spill(&words);
        let number = match self.flushes.get(&fs) {
            Some(number) => *number,
            None => {
                self.exits.push(ExitDesc {
                    usage: ExitUse::Flush,
                    reason: ExitReason::Unsupported,
                    pc: state.pc,
                    locals,
                    stack: Vec::new(),
                    drops: Vec::new(),
                });
                let number = self.exits.len() as i64;
                self.flushes.insert(fs, number);
                number
            }
        };
        self.m.int(number)
    }

    /// Makes the native callers' unboxed locals visible, if there are any.
    pub(super) fn flush_parent(&mut self) {
        let (flush, on) = (self.m.block(&[], true), self.m.block(&[], false));
        let parent = self.parent;
        let none = self.is_null(parent);
        self.m.branch(none, on, flush, Hint::Likely);
        self.m.switch_to(flush);
        self.m.call(Helper::Flush, &[parent]);
        self.m.jump(on, &[]);
        self.m.switch_to(on);
    }

    /// In stress mode: counts this guard's execution and leaves when the count is up.
    pub(super) fn stress(&mut self, exit: M::B) {
        if self.stress_counter == 0 {
            return;
        }
        let counter = self.m.address(self.stress_counter);
        let count = self.m.load_from(Memory::Own, Ty::I64, counter, 0);
        let one = self.m.int(1);
        let count = self.m.int_op(IntOp::Sub, count, one);
        self.m.store_to(Memory::Own, Ty::I64, count, counter, 0);
        let zero = self.m.int(0);
        let on = self.m.int_cmp(crate::hir::CmpOp::Ne, count, zero);
        self.require(on, exit);
    }
}

/// A word of the buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Value(Value),
    /// The second word of a `TAGGED` value.
    Payload(Value),
}

/// The words of one exit.
#[derive(Default)]
struct Words {
    values: Vec<Word>,
}

impl Words {
    /// The position of `word`, added if it is new.
    fn add(&mut self, word: Word) -> u32 {
        if let Some(at) = self.values.iter().position(|w| *w == word) {
            return at as u32;
        }
        self.values.push(word);
        self.values.len() as u32 - 1
    }
}
