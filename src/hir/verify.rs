//! Checks that a function is well formed. Passes and generators rely on these invariants:
//!
//! Form
//! 1. There is an entry block; it has no parameters and no edge leads to it. `nargs <= nlocals`.
//! 2. Every block ends in a terminator and has no other.
//! 3. Values, blocks, frame states, constants and cells that are named exist.
//! 4. An instruction has the operands, immediates and targets of its row, in number and kind, and
//!    a result if and only if its row has one.
//! 5. Slot numbers are below `nlocals`.
//!
//! Values
//! 6. A value is defined once. Every use is dominated by the definition; mentions in the frame
//!    state and dropped references are uses. (In blocks that cannot be reached it need only be
//!    defined.)
//! 7. A value is boxed or of exactly one machine kind.
//! 8. Operands are of the row's types, target arguments of their parameters' types. A result is of
//!    one kind with what its row's rule gives, and its type is not disjoint from that.
//! 9. `guard_type` names one exact class. Constants are objects, not null.
//!
//! Frame states
//! 10. There is one if and only if the row uses one; returns may have one.
//! 11. It has one entry for every local. `slot` stands for locals only.
//! 12. The numbers of a virtual iterator are `i64`, its list is a list.
//! 13. Dropped references are boxed (or tagged) and belong to an instruction with a frame state. (A
//!     value may be there twice: two references to it are owned.)
//!
//! Not checked: that a result's type may be narrower than the rule says (the builder knows more
//! about arguments than the row), reference counts, and that the stack has the depth of the
//! bytecode at `pc`.

use super::cfg::Cfg;
use super::defs::{Def, Defs, for_each_use};
use super::dominators::Dominators;
use super::entities::{Block, FrameStateId, Value};
use super::frame_state::{FrameState, FsValue};
use super::function::Function;
use super::inst::{FsKind, Imm, ImmKind, Inst, Op, ResultRule};
use super::types::Type;
use std::fmt;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The block and, for an instruction, its text.
    pub place: String,
    pub msg: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.msg)
    }
}

/// Everything that is wrong with a function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct VerifyErrors(pub Vec<VerifyError>);

impl fmt::Display for VerifyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

/// Checks all invariants of the module header.
///
/// # Errors
/// All violations that were found; those that make further questions meaningless hide later ones.
pub fn verify(func: &Function) -> Result<(), VerifyErrors> {
    let mut verifier = Verifier {
        func,
        place: "function".to_owned(),
        errors: Vec::new(),
    };
    verifier.form();
    if verifier.errors.is_empty() {
        verifier.definitions();
    }
    if verifier.errors.is_empty() {
        verifier.types();
        verifier.frame_states();
        verifier.dominance();
    }
    if verifier.errors.is_empty() {
        Ok(())
    } else {
        Err(VerifyErrors(verifier.errors))
    }
}

struct Verifier<'a> {
    func: &'a Function,
    place: String,
    errors: Vec<VerifyError>,
}

impl<'a> Verifier<'a> {
    fn error(&mut self, msg: impl Into<String>) {
        self.errors.push(VerifyError {
            place: self.place.clone(),
            msg: msg.into(),
        });
    }

    fn check(&mut self, holds: bool, msg: impl FnOnce() -> String) {
        if !holds {
            self.error(msg());
        }
    }

    fn at_inst(&mut self, block: Block, inst: &Inst) {
        self.place = format!("{block}: `{}`", self.func.display_inst(inst));
    }

    /// Every instruction with its block, `place` set to it.
    fn each_inst(&mut self, mut f: impl FnMut(&mut Self, Block, &'a Inst)) {
        for block in self.func.block_ids() {
            for inst in &self.func.blocks[block.index()].insts {
                self.at_inst(block, inst);
                f(self, block, inst);
            }
        }
    }

    // ---- form ----------------------------------------------------------------------------------

    fn form(&mut self) {
        let func = self.func;
        self.check(func.nargs <= func.nlocals, || {
            format!("{} args but {} locals", func.nargs, func.nlocals)
        });
        for (index, constant) in func.consts.iter().enumerate() {
            self.check(constant.ty.is(Type::OBJECT), || {
                format!("c{index} is {}, not an object", constant.ty)
            });
        }
        match func.blocks.first() {
            None => return self.error("no entry block"),
            Some(entry) => self.check(entry.params.is_empty(), || {
                "the entry block has parameters".to_owned()
            }),
        }
        for block in func.block_ids() {
            self.place = block.to_string();
            let data = &func.blocks[block.index()];
            for &param in &data.params {
                self.value_exists(param);
            }
            let ended = data.insts.last().is_some_and(Inst::is_terminator);
            self.check(ended, || "does not end in a terminator".to_owned());
            let terminators = data.insts.iter().filter(|i| i.is_terminator()).count();
            self.check(terminators <= 1, || "a terminator is not last".to_owned());
        }
        self.each_inst(|this, _, inst| this.form_of_inst(inst));
    }

    fn value_exists(&mut self, value: Value) {
        self.check(value.index() < self.func.values.len(), || {
            format!("{value} does not exist")
        });
    }

    fn form_of_inst(&mut self, inst: &Inst) {
        let func = self.func;
        let info = inst.info();
        let (want, have) = (info.args.len(), inst.args.len());
        let fits = have == want || have > want && info.varargs.is_some();
        self.check(fits, || format!("{want} operands expected, {have} given"));
        let kinds: Vec<ImmKind> = inst.imms.iter().map(Imm::kind).collect();
        self.check(kinds == info.imms, || {
            format!("immediates {:?} expected, {kinds:?} given", info.imms)
        });
        let want = usize::from(info.targets.unwrap_or(0));
        let have = inst.targets.len();
        self.check(have == want, || {
            format!("{want} targets expected, {have} given")
        });
        let has_rule = info.result != ResultRule::None;
        self.check(inst.result.is_some() == has_rule, || match has_rule {
            true => "the result has no name".to_owned(),
            false => "the instruction has no result".to_owned(),
        });
        let targets = inst.targets.iter().flat_map(|t| &t.args);
        let values = inst.args.iter().chain(targets).chain(&inst.drops);
        for &value in values.chain(&inst.result) {
            self.value_exists(value);
        }
        for target in &inst.targets {
            self.check(target.block.index() < func.blocks.len(), || {
                format!("{} does not exist", target.block)
            });
            self.check(target.block != Function::ENTRY, || {
                "leads to the entry block".to_owned()
            });
        }
        if let Some(fs) = inst.fs {
            match func.frame_states.get(fs.index()) {
                None => self.error(format!("{fs} does not exist")),
                Some(state) => state.for_each(|value| self.value_exists(value)),
            }
        }
        for imm in &inst.imms {
            match *imm {
                Imm::Const(id) => self.check(id.index() < func.consts.len(), || {
                    format!("{id} does not exist")
                }),
                Imm::Cell(id) => self.check(id.index() < func.cells.len(), || {
                    format!("{id} does not exist")
                }),
                Imm::Type(ty) => self
                    .check(inst.op != Op::GuardType || ty.is_single_class(), || {
                        format!("{ty} is not one exact class")
                    }),
                _ => {}
            }
        }
        if let (
            Op::LoadLocal
            | Op::StoreLocal
            | Op::StoreLocalFloat
            | Op::AppendLocal
            | Op::TakeLocal
            | Op::DropLocal,
            Some(&Imm::Index(slot)),
        ) = (inst.op, inst.imms.first())
        {
            self.check(slot < func.nlocals, || format!("there is no local {slot}"));
        }
    }

    // ---- values --------------------------------------------------------------------------------

    fn definitions(&mut self) {
        let func = self.func;
        let mut defined = vec![false; func.values.len()];
        let mut define = |this: &mut Self, value: Value| {
            let twice = std::mem::replace(&mut defined[value.index()], true);
            this.check(!twice, || format!("{value} is defined twice"));
            let ty = func.ty(value);
            let machine = ty.bits().count_ones() == 1 && ty.is(Type::MACHINE);
            this.check(ty.is_boxed() || machine, || {
                format!("{value} is {ty}: neither boxed nor of one machine kind")
            });
        };
        for block in func.block_ids() {
            self.place = block.to_string();
            for &param in &func.blocks[block.index()].params {
                define(self, param);
            }
        }
        self.each_inst(|this, _, inst| {
            if let Some(result) = inst.result {
                define(this, result);
            }
        });
        self.each_inst(|this, _, inst| {
            for_each_use(func, inst, |value| {
                this.check(defined[value.index()], || {
                    format!("{value} is used but not defined")
                });
            });
        });
    }

    fn types(&mut self) {
        self.each_inst(Self::types_of_inst);
    }

    fn types_of_inst(&mut self, _: Block, inst: &Inst) {
        let func = self.func;
        let info = inst.info();
        let rest = info.varargs.into_iter().cycle();
        for (&arg, want) in inst.args.iter().zip(info.args.iter().copied().chain(rest)) {
            self.fits(arg, want);
        }
        for target in &inst.targets {
            let params = &func.blocks[target.block.index()].params;
            let (have, want) = (target.args.len(), params.len());
            self.check(have == want, || {
                format!("{} has {want} parameters, {have} given", target.block)
            });
            for (&arg, &param) in target.args.iter().zip(params) {
                self.fits(arg, func.ty(param));
            }
        }
        if let (Some(result), Some(rule)) = (inst.result, func.result_type(inst)) {
            let ty = func.ty(result);
            let same_kind = if rule.is_boxed() {
                ty.is_boxed()
            } else {
                ty == rule
            };
            let disjoint = !ty.is_empty() && !rule.is_empty() && (ty & rule).is_empty();
            self.check(same_kind && !disjoint, || {
                format!("{result} is {ty} but its row gives {rule}")
            });
        }
    }

    /// Whether `value` may stand where a value of type `want` is needed.
    fn fits(&mut self, value: Value, want: Type) {
        let ty = self.func.ty(value);
        // The empty type is in every type, but a machine value has a kind even where none comes.
        let fits = ty.is(want) && (!ty.is_empty() || want.intersects(Type::MAYBE));
        self.check(fits, || format!("{value} is {ty}, not {want}"));
    }

    fn dominance(&mut self) {
        let func = self.func;
        let cfg = Cfg::new(func);
        let dom = Dominators::of(&cfg);
        let defs = Defs::new(func);
        for &block in cfg.rpo() {
            for (at, inst) in func.blocks[block.index()].insts.iter().enumerate() {
                self.at_inst(block, inst);
                for_each_use(func, inst, |value| {
                    let reaches = match defs.get(value) {
                        Some(Def::Inst { block: b, index }) if b == block => index < at,
                        Some(def) => dom.dominates(def.block(), block),
                        None => false,
                    };
                    self.check(reaches, || {
                        format!("the definition of {value} does not dominate this use")
                    });
                });
            }
        }
    }

    // ---- frame states ----------------------------------------------------------------------------

    fn frame_states(&mut self) {
        let func = self.func;
        let mut checked = vec![false; func.frame_states.len()];
        self.each_inst(|this, _, inst| {
            let needed = inst.info().fs != FsKind::None;
            let allowed = needed || matches!(inst.op, Op::Return | Op::ReturnInt | Op::ReturnFloat);
            match inst.fs {
                None if needed => this.error("lacks a frame state"),
                Some(fs) if !allowed => this.error(format!("{fs}: uses no frame state")),
                Some(fs) if !std::mem::replace(&mut checked[fs.index()], true) => {
                    this.frame_state(fs, func.frame_state(fs));
                }
                _ => {}
            }
            this.check(inst.drops.is_empty() || inst.fs.is_some(), || {
                "drops references but cannot leave".to_owned()
            });
            for &value in &inst.drops {
                let ty = func.ty(value);
                this.check(ty.is_boxed() || ty == Type::TAGGED, || {
                    format!("drops {value}, which is {ty}")
                });
            }
        });
    }

    fn frame_state(&mut self, id: FrameStateId, state: &FrameState) {
        let (have, want) = (state.locals.len(), self.func.nlocals as usize);
        self.check(have == want, || {
            format!("{id} has {have} locals, the function {want}")
        });
        self.check(!state.stack.contains(&FsValue::InSlot), || {
            format!("{id}: `slot` on the stack")
        });
        for value in state.locals.iter().chain(&state.stack) {
            match value {
                FsValue::Null | FsValue::InSlot | FsValue::Value(_) => {}
                FsValue::RangeIter {
                    next,
                    remaining,
                    step,
                } => {
                    for &number in [next, remaining, step] {
                        self.fits(number, Type::I64);
                    }
                }
                FsValue::ListIter { list, index } => {
                    self.fits(*list, Type::LIST);
                    self.fits(*index, Type::I64);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! What cannot be written as text; the rest is in `tests/filetests/verify`.

    use super::*;
    use crate::hir::{BlockData, CellId, ConstId, ValueData, parse_function};

    fn message(func: &Function) -> String {
        verify(func).unwrap_err().to_string()
    }

    fn with_inst(inst: Inst) -> Function {
        let mut func = parse_function(
            "function \"f\" args 0 locals 0 {\nbb0:\n v0 = const_int 1\n return_int v0\n}",
        )
        .unwrap();
        func.blocks[0].insts.insert(1, inst);
        func
    }

    #[test]
    fn no_entry() {
        let func = Function::default();
        assert_eq!(message(&func), "function: no entry block");
    }

    #[test]
    fn an_empty_block() {
        let mut func = with_inst(Inst::new(Op::ConstNull, &[], &[]));
        func.blocks[0].insts[1].result = Some(func.new_value(Type::NULL));
        assert_eq!(verify(&func), Ok(()));
        func.blocks.push(BlockData::default());
        assert_eq!(message(&func), "bb1: does not end in a terminator");
    }

    #[test]
    fn kinds_of_immediates() {
        for imms in [&[][..], &[Imm::Bool(true)], &[Imm::Int(1), Imm::Int(2)]] {
            let mut inst = Inst::new(Op::ConstInt, &[], imms);
            inst.result = Some(Value(0));
            let error = message(&with_inst(inst));
            assert!(error.contains("immediates [Int] expected"), "{error}");
        }
    }

    #[test]
    fn tables_are_not_left() {
        let missing = Value(7);
        let mut inst = Inst::new(Op::ConstInt, &[], &[Imm::Int(1)]);
        inst.result = Some(missing);
        assert!(message(&with_inst(inst)).contains("v7 does not exist"));
        let inst = Inst::new(Op::IncRef, &[missing], &[]);
        assert!(message(&with_inst(inst)).contains("v7 does not exist"));
        let mut inst = Inst::new(Op::IncRef, &[Value(0)], &[]);
        inst.drops = [missing].into();
        assert!(message(&with_inst(inst)).contains("v7 does not exist"));
        let inst = Inst::new(Op::Poll, &[], &[]).with_fs(FrameStateId(0));
        assert!(message(&with_inst(inst)).contains("fs0 does not exist"));

        let mut func = with_inst(Inst::new(Op::Poll, &[], &[]).with_fs(FrameStateId(0)));
        func.add_frame_state(FrameState {
            pc: 0,
            locals: crate::hir::Locals::default(),
            stack: vec![FsValue::Value(missing)],
        });
        assert!(message(&func).contains("v7 does not exist"));

        let mut inst = Inst::new(Op::ConstObj, &[], &[Imm::Const(ConstId(0))]);
        inst.result = Some(Value(0));
        assert!(message(&with_inst(inst)).contains("c0 does not exist"));
        let mut inst = Inst::new(Op::GuardCode, &[Value(0)], &[Imm::Cell(CellId(3))]);
        inst.result = Some(Value(0));
        assert!(message(&with_inst(inst)).contains("cell3 does not exist"));

        let mut func = with_inst(Inst::new(Op::IncRef, &[Value(0)], &[]));
        func.blocks[0].params.push(missing);
        assert!(message(&func).contains("bb0: v7 does not exist"));
    }

    #[test]
    fn all_errors_are_listed() {
        let mut func = with_inst(Inst::new(Op::IncRef, &[Value(0)], &[]));
        func.values.push(ValueData { ty: Type::empty() });
        func.blocks[0]
            .insts
            .insert(2, Inst::new(Op::DecRef, &[Value(0)], &[]));
        let error = message(&func);
        assert_eq!(
            error,
            "bb0: `incref v0`: v0 is i64, not maybe\nbb0: `decref v0`: v0 is i64, not maybe|tagged"
        );
    }
}
