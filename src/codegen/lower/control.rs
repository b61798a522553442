//! The walk over blocks and the match over operations.

use super::super::machine::{CheckedOp, FloatOp, FloatUnary, Hint, IntOp, Machine, Memory, Ty};
use super::{EdgeBlock, Lower, Place, machine_types};
use crate::helpers::{Data, Helper, tag};
use crate::hir::{Block, FsKind, Inst, Op, Target, Type};
use crate::layout::frame;

impl<M: Machine> Lower<'_, M> {
    pub(super) fn run(&mut self) {
        let func = self.func;
        let order = crate::hir::cfg::reverse_postorder(func);
        let reachable: std::collections::HashSet<Block> = order.iter().copied().collect();
        for (at, block) in func.blocks.iter().enumerate() {
            if !reachable.contains(&Block::from_index(at)) {
                // Keeps the numbering; never jumped to.
                self.blocks.push(self.blocks[0]);
                continue;
            }
            let types: Vec<Ty> = block
                .params
                .iter()
                .flat_map(|p| machine_types(self.ty(*p)))
                .copied()
                .collect();
            let made = self.m.block(&types, false);
            let mut words = self.m.block_params(made).into_iter();
            for param in &block.params {
                let first = words.next().expect("one word at least");
                let second = if self.ty(*param) == Type::TAGGED {
                    words.next().expect("two words")
                } else {
                    first
                };
                self.values[param.index()] = Some([first, second]);
            }
            self.blocks.push(made);
        }
        self.prologue();
        let entry = self.blocks[0];
        self.m.jump(entry, &[]);
        let preds = crate::hir::cfg::predecessors(func);
        let mut ends = vec![Place::Unknown; func.blocks.len()];
        for block in order {
            // What dies at the beginning of a block dies where the program came from.
            self.place = match preds[block.index()][..] {
                [only] => ends[only.index()],
                _ => Place::Unknown,
            };
            self.lower_block(block);
            ends[block.index()] = self.place;
        }
        self.emit_epilogue();
        self.emit_exits();
    }

    fn lower_block(&mut self, block: Block) {
        self.m.switch_to(self.blocks[block.index()]);
        self.slots = self.states.at_start(self.func, block);
        for inst in &self.func.blocks[block.index()].insts {
            if let Some(fs) = inst.fs {
                self.place = Place::At(self.func.frame_state(fs).pc);
                if inst.info().fs == FsKind::Guard && inst.op != Op::Exit && inst.op != Op::Poll {
                    let exit = self.guard_exit(inst);
                    self.stress(exit);
                }
            }
            if let Some(pc) = inst.pc {
                self.place = Place::At(pc);
            }
            self.lower_inst(inst);
            self.states.step(self.func, inst, &mut self.slots);
        }
    }

    fn target_args(&self, target: &Target) -> Vec<M::V> {
        let mut args = Vec::new();
        for arg in &target.args {
            let pair = self.values[arg.index()].expect("verified: defined before use");
            args.extend_from_slice(&pair[..machine_types(self.ty(*arg)).len()]);
        }
        args
    }

    /// The block to branch to for a target: itself, or an edge block that passes the arguments.
    fn edge(&mut self, target: &Target) -> M::B {
        let block = self.blocks[target.block.index()];
        if target.args.is_empty() {
            return block;
        }
        let edge = self.m.block(&[], false);
        self.edges.push(EdgeBlock {
            block: edge,
            to: block,
            args: self.target_args(target),
        });
        edge
    }

    fn emit_edges(&mut self) {
        for EdgeBlock { block, to, args } in std::mem::take(&mut self.edges) {
            self.m.switch_to(block);
            self.m.jump(to, &args);
        }
    }

    fn const_addr(&self, inst: &Inst) -> u64 {
        self.func.constant(inst.imm_const(0)).addr
    }

    fn args2(&self, inst: &Inst) -> (M::V, M::V) {
        (self.v(inst.args[0]), self.v(inst.args[1]))
    }

    pub(super) fn slot_offset(inst: &Inst) -> i32 {
        frame::LOCALSPLUS + 8 * inst.imm_index(0) as i32
    }

    /// What the slot of an instruction holds before it.
    fn slot_type(&self, inst: &Inst) -> Type {
        self.slots[inst.imm_index(0) as usize].ty
    }

    fn float_op(&mut self, inst: &Inst, op: FloatOp) -> M::V {
        let (a, b) = self.args2(inst);
        self.m.float_op(op, a, b)
    }

    fn int_op(&mut self, inst: &Inst, op: IntOp) -> M::V {
        let (a, b) = self.args2(inst);
        self.m.int_op(op, a, b)
    }

    /// Lowers one instruction.
    #[allow(clippy::too_many_lines)] // One arm per operation.
    fn lower_inst(&mut self, inst: &Inst) {
        let result: Option<M::V> = match inst.op {
            Op::ConstInt => Some(self.m.int(inst.imm_int(0))),
            Op::ConstFloat => Some(self.m.float(f64::from_bits(inst.imm_float(0)))),
            Op::ConstBool => Some(self.m.bit(inst.imm_bool(0))),
            Op::ConstObj | Op::LiveObj => Some(self.m.address(self.const_addr(inst))),
            Op::ConstNull => Some(self.m.null()),

            Op::LoadLocal => {
                let own = self.frame;
                Some(self.load_ptr(own, Self::slot_offset(inst)))
            }
            Op::TakeStack => {
                let own = self.frame;
                Some(self.load_ptr(own, Self::slot_offset(inst)))
            }
            Op::TakeLocal => {
                let (own, null) = (self.frame, self.m.null());
                let value = self.load_ptr(own, Self::slot_offset(inst));
                self.m.store(Ty::Ptr, null, own, Self::slot_offset(inst));
                Some(value)
            }
            Op::PutStack => {
                let value = self.v(inst.args[0]);
                let own = self.frame;
                self.m.store(Ty::Ptr, value, own, Self::slot_offset(inst));
                None
            }
            Op::RangePart => Some(self.range_part(inst)),
            Op::IterList => {
                let iterator = self.v(inst.args[0]);
                Some(self.load_ptr(iterator, crate::layout::builtin::LISTITER_SEQ))
            }
            Op::IterIndex => {
                let iterator = self.v(inst.args[0]);
                let offset = crate::layout::builtin::LISTITER_INDEX;
                Some(self.m.load(Ty::I64, iterator, offset))
            }
            Op::StoreLocal => {
                let value = self.v(inst.args[0]);
                let own = self.frame;
                let place = (own, Self::slot_offset(inst));
                self.replace(place, value, self.slot_type(inst));
                Some(value)
            }
            Op::StoreLocalFloat => {
                let value = self.v(inst.args[0]);
                let place = (self.frame, Self::slot_offset(inst));
                if self.slot_type(inst).contains(Type::NULL) {
                    self.replace_local_float(place.1, value);
                } else {
                    self.replace_float(Memory::Other, place, value);
                }
                None
            }
            Op::DropLocal => {
                let null = self.m.null();
                let own = self.frame;
                let ty = self.slot_type(inst);
                if ty != Type::NULL {
                    self.replace((own, Self::slot_offset(inst)), null, ty);
                }
                None
            }

            Op::GuardType => Some(self.guard_type(inst)),
            Op::GuardNotNull => Some(self.guard_not_null(inst)),
            Op::AssumeNotNull | Op::AssumeType => Some(self.v(inst.args[0])),
            Op::GuardIs => Some(self.guard_is(inst)),
            Op::GuardTrue => {
                self.guard_bit(inst, true);
                None
            }
            Op::GuardFalse => {
                self.guard_bit(inst, false);
                None
            }
            Op::TypeVersion => Some(self.type_version(inst)),
            Op::GuardTypeVersion => Some(self.guard_type_version(inst)),
            Op::GuardKeysCount => {
                self.guard_keys_count(inst);
                None
            }
            Op::GuardKeysVersion => {
                self.guard_keys_version(inst);
                None
            }
            Op::GuardInlineValues => {
                self.guard_inline_values(inst);
                None
            }
            Op::GuardDictVersion => {
                self.guard_dict_version(inst);
                None
            }
            Op::GuardModuleVersion => {
                self.guard_module_version(inst);
                None
            }
            Op::GuardCode => Some(self.guard_code(inst)),
            Op::GuardLen => {
                self.guard_len(inst);
                None
            }
            Op::GuardDepth => {
                self.guard_depth(inst);
                None
            }
            Op::GuardNoTracing => {
                self.guard_no_tracing(inst);
                None
            }
            Op::GuardUnobserved => {
                self.guard_unobserved(inst);
                None
            }
            Op::Poll => {
                self.poll(inst);
                None
            }

            Op::BoxInt => {
                let value = self.v(inst.args[0]);
                Some(self.box_int(value))
            }
            Op::BoxFloat => {
                let value = self.v(inst.args[0]);
                Some(self.box_float(value))
            }
            Op::BoxBool => {
                let value = self.v(inst.args[0]);
                Some(self.box_bool(value))
            }
            Op::UnboxInt => {
                let exit = self.guard_exit(inst);
                let value = self.v(inst.args[0]);
                Some(self.unbox_int(value, exit))
            }
            Op::UnboxFloat => {
                let value = self.v(inst.args[0]);
                Some(self.unbox_float(value))
            }
            Op::UnboxBool => {
                let value = self.v(inst.args[0]);
                Some(self.unbox_bool(value))
            }
            Op::BoxTagged => {
                let (tag_word, payload) = self.pair(inst.args[0]);
                Some(self.box_tagged(tag_word, payload))
            }
            Op::UntagInt => Some(self.untag(inst, tag::INT, Data::IntType, Ty::I64)),
            Op::UntagFloat => Some(self.untag(inst, tag::FLOAT, Data::FloatType, Ty::F64)),

            Op::IntAdd => Some(self.checked_op(inst, CheckedOp::Add)),
            Op::IntSub => Some(self.checked_op(inst, CheckedOp::Sub)),
            Op::IntMul => Some(self.checked_op(inst, CheckedOp::Mul)),
            Op::IntFloorDiv => Some(self.int_divide(inst, false)),
            Op::IntMod => Some(self.int_divide(inst, true)),
            Op::IntTrueDiv => Some(self.int_true_div(inst)),
            Op::IntPow => Some(self.by_helper(inst, Helper::IntPow, Ty::I64)),
            Op::IntShl => Some(self.int_shl(inst)),
            Op::IntShr => Some(self.int_shr(inst)),
            Op::IntAnd => Some(self.int_op(inst, IntOp::And)),
            Op::IntOr => Some(self.int_op(inst, IntOp::Or)),
            Op::IntXor => Some(self.int_op(inst, IntOp::Xor)),
            Op::IntNeg => Some(self.int_neg(inst)),
            Op::IntInvert => {
                let value = self.v(inst.args[0]);
                let ones = self.m.int(-1);
                Some(self.m.int_op(IntOp::Xor, value, ones))
            }
            Op::IntAddWrap => Some(self.int_op(inst, IntOp::Add)),
            Op::RangeLen => Some(self.range_len(inst)),
            Op::IntCmp => {
                let (a, b) = self.args2(inst);
                Some(self.m.int_cmp(inst.imm_cmp(0), a, b))
            }
            Op::IntToFloat => {
                let value = self.v(inst.args[0]);
                Some(self.m.int_to_float(value))
            }
            Op::BoolToInt => {
                let value = self.v(inst.args[0]);
                Some(self.m.bit_to_int(value))
            }

            Op::FloatAdd => Some(self.float_op(inst, FloatOp::Add)),
            Op::FloatSub => Some(self.float_op(inst, FloatOp::Sub)),
            Op::FloatMul => Some(self.float_op(inst, FloatOp::Mul)),
            Op::FloatDiv => Some(self.float_divide(inst, None)),
            Op::FloatFloorDiv => Some(self.float_divide(inst, Some(Helper::FloatFloorDiv))),
            Op::FloatMod => Some(self.float_divide(inst, Some(Helper::FloatMod))),
            Op::FloatPow => Some(self.by_helper(inst, Helper::FloatPow, Ty::F64)),
            Op::FloatNeg => {
                let value = self.v(inst.args[0]);
                Some(self.m.float_unary(FloatUnary::Neg, value))
            }
            Op::FloatAbs => {
                let value = self.v(inst.args[0]);
                Some(self.m.float_unary(FloatUnary::Abs, value))
            }
            Op::FloatSqrt => Some(self.float_sqrt(inst)),
            Op::FloatCmp => {
                let (a, b) = self.args2(inst);
                Some(self.m.float_cmp(inst.imm_cmp(0), a, b))
            }

            Op::BoolNot => {
                let value = self.v(inst.args[0]);
                Some(self.m.not(value))
            }
            Op::Is => {
                let (a, b) = self.args2(inst);
                Some(self.m.same(a, b))
            }
            Op::IsTrue => Some(self.is_true(inst)),
            Op::IsInstance => Some(self.is_instance(inst)),
            Op::ToStr => Some(self.object_op(inst, Helper::ToStr, &[])),

            Op::BinaryOp => {
                let number = self.m.int(inst.imm_bin(0) as i64);
                Some(self.object_op(inst, Helper::BinaryOp, &[number]))
            }
            Op::CompareOp => {
                let number = self.m.int(inst.imm_cmp(0) as i64);
                Some(self.object_op(inst, Helper::CompareOp, &[number]))
            }
            Op::Contains => Some(self.truth_op(inst, Helper::Contains)),
            Op::UnaryOp => {
                let number = self.m.int(inst.imm_un(0) as i64);
                Some(self.object_op(inst, Helper::UnaryOp, &[number]))
            }
            Op::LoadAttr => {
                let name = self.m.address(self.const_addr(inst));
                Some(self.object_op(inst, Helper::LoadAttr, &[name]))
            }
            Op::StoreAttr => {
                self.prepare_escape(inst, false);
                let name = self.m.address(self.const_addr(inst));
                let (object, value) = self.args2(inst);
                let status = self.m.call(Helper::StoreAttr, &[object, name, value])[0];
                self.check_status(inst, status);
                None
            }
            Op::LoadGlobal | Op::StoreGlobal => {
                self.prepare_escape(inst, false);
                let name = self.m.address(self.const_addr(inst));
                let own = self.frame;
                if inst.op == Op::LoadGlobal {
                    let value = self.m.call(Helper::LoadGlobal, &[own, name])[0];
                    self.check_object(inst, value);
                    Some(value)
                } else {
                    let value = self.v(inst.args[0]);
                    let status = self.m.call(Helper::StoreGlobal, &[own, name, value])[0];
                    self.check_status(inst, status);
                    None
                }
            }
            Op::Subscr => Some(self.object_op(inst, Helper::Subscr, &[])),
            Op::StoreSubscr => {
                self.status_op(inst, Helper::StoreSubscr, &[]);
                None
            }
            Op::DeleteSubscr => {
                self.status_op(inst, Helper::DeleteSubscr, &[]);
                None
            }
            Op::Call => Some(self.call(inst)),
            Op::CallPy => {
                let pair = self.call_py(inst);
                let value = inst.result.expect("a call has a result");
                self.values[value.index()] = Some(pair);
                None
            }
            Op::AppendLocal => Some(self.append_local(inst)),
            Op::GetIter => Some(self.object_op(inst, Helper::GetIter, &[])),
            Op::IterNext => Some(self.iter_next(inst)),
            Op::Send => Some(self.send(inst)),
            Op::SendReturned => Some(self.send_returned()),
            Op::UnpackSequence => {
                let count = self.m.int(i64::from(inst.imm_index(0)));
                Some(self.object_op(inst, Helper::UnpackSequence, &[count]))
            }
            Op::BuildTuple => Some(self.build_sequence(inst, Helper::BuildTuple)),
            Op::BuildList => Some(self.build_sequence(inst, Helper::BuildList)),
            Op::BuildSlice => Some(self.object_op(inst, Helper::BuildSlice, &[])),
            Op::ListAppend => {
                self.list_append(inst);
                None
            }

            Op::MakeCell => Some(self.object_op(inst, Helper::MakeCell, &[])),
            Op::FreeVar => Some(self.free_var(inst)),
            Op::LoadCell => {
                let cell = self.v(inst.args[0]);
                Some(self.load_ptr(cell, crate::layout::builtin::CELL_REF))
            }
            Op::StoreCell => {
                let (cell, value) = self.args2(inst);
                self.replace((cell, crate::layout::builtin::CELL_REF), value, Type::MAYBE);
                None
            }
            Op::Step | Op::StepPeek => Some(self.bytecode_step(inst)),
            Op::StepVoid | Op::StepInto => {
                self.bytecode_step(inst);
                None
            }

            Op::ListGet => {
                let place = self.item(inst, true);
                Some(self.m.load_from(Memory::Items, Ty::Ptr, place, 0))
            }
            Op::TupleGet => {
                let place = self.item(inst, false);
                Some(self.load_ptr(place, 0))
            }
            Op::Item => Some(self.known_item(inst)),
            Op::ListItem => {
                let place = self.place(self.v(inst.args[0]), self.v(inst.args[1]), true);
                Some(self.m.load_from(Memory::Items, Ty::Ptr, place, 0))
            }
            Op::ListSet => {
                let place = self.item(inst, true);
                let value = self.v(inst.args[2]);
                self.replace_in(Memory::Items, (place, 0), value, Type::OBJECT);
                None
            }
            Op::ListSetFloat => {
                let place = self.item(inst, true);
                let value = self.v(inst.args[2]);
                self.replace_float(Memory::Items, (place, 0), value);
                None
            }
            Op::ListHas => Some(self.list_has(inst)),
            Op::Len => Some(self.len(inst)),
            Op::LoadDictValue => Some(self.load_dict_value(inst)),
            Op::LoadGlobalCached => Some(self.load_global_cached(inst)),
            Op::LoadModuleValue => Some(self.load_module_value(inst)),
            Op::LoadInlineValue => {
                let (base, offset) = self.inline_value(inst);
                Some(self.load_ptr(base, offset))
            }
            Op::StoreInlineValue => {
                let place = self.inline_value(inst);
                let value = self.v(inst.args[1]);
                self.replace(place, value, Type::OBJECT);
                None
            }
            Op::InitInlineValue => {
                self.init_inline_value(inst);
                None
            }
            Op::StoreInlineFloat => {
                let place = self.inline_value(inst);
                let value = self.v(inst.args[1]);
                self.replace_float(Memory::Other, place, value);
                None
            }
            Op::LoadSlot => {
                let (base, offset) = self.slot_value(inst);
                Some(self.load_ptr(base, offset))
            }
            Op::StoreSlot => {
                let place = self.slot_value(inst);
                let value = self.v(inst.args[1]);
                self.replace(place, value, Type::MAYBE);
                None
            }

            Op::IncRef => {
                let value = self.v(inst.args[0]);
                let ty = self.ty(inst.args[0]);
                self.incref_typed(value, ty);
                None
            }
            Op::DecRef => {
                let ty = self.ty(inst.args[0]);
                if ty == Type::TAGGED {
                    let (tag_word, payload) = self.pair(inst.args[0]);
                    self.decref_tagged(tag_word, payload);
                } else {
                    let value = self.v(inst.args[0]);
                    self.decref(value, ty);
                }
                None
            }

            Op::Jump => {
                let target = &inst.targets[0];
                let args = self.target_args(target);
                let block = self.blocks[target.block.index()];
                self.m.jump(block, &args);
                None
            }
            Op::Branch => {
                let bit = self.v(inst.args[0]);
                let (then, otherwise) = (self.edge(&inst.targets[0]), self.edge(&inst.targets[1]));
                self.m.branch(bit, then, otherwise, Hint::None);
                self.emit_edges();
                None
            }
            Op::Return => {
                let value = self.v(inst.args[0]);
                let (tag_word, payload) = self.object_payload(value);
                self.leave_unit(tag_word, payload);
                None
            }
            Op::ReturnInt => {
                let value = self.v(inst.args[0]);
                self.leave_unit(tag::INT, value);
                None
            }
            Op::ReturnFloat => {
                let value = self.v(inst.args[0]);
                let bits = self.m.float_to_bits(value);
                self.leave_unit(tag::FLOAT, bits);
                None
            }
            Op::Yield => {
                self.yield_value(inst);
                None
            }
            Op::Finish => {
                self.finish(inst);
                None
            }
            Op::Exit => {
                let exit = self.exit_block(inst, false, inst.imm_reason(0));
                self.m.jump(exit, &[]);
                None
            }
        };
        if let (Some(value), Some(machine)) = (inst.result, result) {
            self.set(value, machine);
        }
    }
}
