//! What each instruction does.

use super::arith::{compare, float_binary, int_binary, int_truediv, range_len};
use super::heap::{Payload, Ref};
use super::machine::Next::{self, Go};
use super::machine::{Machine, Tag, Val, wrong};
use super::{InterpError, Result};
use crate::hir::{CmpOp, Imm, Inst, Op, Type};

impl Machine<'_> {
    /// Executes one instruction; no operation may be left out.
    pub(super) fn step(&mut self, inst: &Inst) -> Result<Next> {
        let op = inst.op;
        Ok(match op {
            Op::ConstInt | Op::ConstFloat | Op::ConstBool | Op::ConstObj | Op::LiveObj => {
                match inst.imms[0] {
                    Imm::Int(value) => go(Val::I64(value)),
                    Imm::Float(bits) => go(Val::F64(f64::from_bits(bits))),
                    Imm::Bool(value) => go(Val::I1(value)),
                    ref other => {
                        let Imm::Const(id) = *other else {
                            return Err(InterpError::Malformed(format!("constant {other}")));
                        };
                        go(Val::Boxed(Some(self.constant(id))))
                    }
                }
            }
            Op::ConstNull => go(Val::Boxed(None)),

            Op::LoadLocal => go(Val::Boxed(self.slots[inst.imm_index(0) as usize])),
            Op::AppendLocal => {
                // The sum and the store that it stands for.
                let mut sum = inst.clone();
                sum.op = Op::BinaryOp;
                sum.imms.remove(0);
                let next = self.operation(&sum)?;
                let consumed = self.object(inst, 1)?;
                self.heap.decref(consumed)?;
                if let Go(Some(Val::Boxed(object))) = &next {
                    self.set_slot(inst.imm_index(0) as usize, *object)?;
                }
                next
            }
            Op::TakeLocal => go(Val::Boxed(self.slots[inst.imm_index(0) as usize].take())),
            Op::TakeStack
            | Op::PutStack
            | Op::RangePart
            | Op::IterList
            | Op::IterIndex
            | Op::Send
            | Op::SendReturned
            | Op::Yield
            | Op::Finish => {
                return Err(InterpError::Malformed("entry in the middle".to_owned()));
            }
            Op::StoreLocal => {
                let object = self.boxed(inst, 0)?;
                self.set_slot(inst.imm_index(0) as usize, object)?;
                go(Val::Boxed(object))
            }
            Op::StoreLocalFloat => {
                let slot = inst.imm_index(0) as usize;
                let value = self.float(inst, 0)?;
                let reused = match self.slots[slot] {
                    Some(old) => self.reuse(old, value)?,
                    None => false,
                };
                if !reused {
                    let boxed = self.heap.float(value);
                    self.set_slot(slot, Some(boxed))?;
                }
                Go(None)
            }
            Op::DropLocal => {
                self.set_slot(inst.imm_index(0) as usize, None)?;
                Go(None)
            }

            Op::GuardType => {
                let object = self.boxed(inst, 0)?;
                let holds = match object {
                    Some(object) => self.heap.get(object)?.ty == inst.imm_type(0),
                    None => false,
                };
                guard(holds, Some(Val::Boxed(object)))
            }
            Op::GuardNotNull => {
                let object = self.boxed(inst, 0)?;
                guard(object.is_some(), Some(Val::Boxed(object)))
            }
            Op::AssumeNotNull | Op::AssumeType => go(Val::Boxed(Some(self.object(inst, 0)?))),
            Op::GuardIs => {
                let object = self.boxed(inst, 0)?;
                let constant = Some(self.constant(inst.imm_const(0)));
                let same = self.same(object, constant)?;
                guard(same, Some(Val::Boxed(object)))
            }
            Op::GuardTrue => guard(self.truth(inst, 0)?, None),
            Op::GuardFalse => guard(!self.truth(inst, 0)?, None),
            Op::TypeVersion => {
                self.object(inst, 0)?;
                go(Val::I64(0))
            }
            Op::GuardTypeVersion | Op::GuardCode => {
                let object = self.object(inst, 0)?;
                self.world_guard(Some(Val::Boxed(Some(object))))
            }
            Op::GuardKeysVersion
            | Op::GuardKeysCount
            | Op::GuardInlineValues
            | Op::GuardDictVersion
            | Op::GuardModuleVersion
            | Op::GuardNoTracing
            | Op::GuardDepth
            | Op::GuardUnobserved => self.world_guard(None),
            Op::Poll => {
                let next = self.world_guard(None);
                if matches!(next, Go(_)) {
                    self.interrupt(inst)?;
                }
                next
            }
            Op::GuardLen => {
                let list = self.object(inst, 0)?;
                let want = inst.imm_index(0) as usize;
                guard(self.heap.list(list)?.len() == want, None)
            }

            Op::BoxInt => {
                let value = self.int(inst, 0)?;
                go(Val::Boxed(Some(self.heap.int(value))))
            }
            Op::BoxFloat => {
                let value = self.float(inst, 0)?;
                go(Val::Boxed(Some(self.heap.float(value))))
            }
            Op::BoxBool => {
                let value = self.truth(inst, 0)?;
                go(Val::Boxed(Some(self.singleton(value))))
            }
            Op::UnboxInt | Op::UnboxFloat | Op::UnboxBool => {
                let object = self.object(inst, 0)?;
                match self.heap.get(object)?.payload {
                    Payload::Int(value) => go(Val::I64(value)),
                    Payload::Float(value) => go(Val::F64(value)),
                    Payload::Bool(value) => go(Val::I1(value)),
                    // An int beyond 64 bits.
                    Payload::Opaque(_) | Payload::Items(_) => Next::Leave { raised: false },
                }
            }
            Op::BoxTagged => match self.val(inst.args[0])? {
                Val::Tagged(Tag::Object(object)) => go(Val::Boxed(Some(object))),
                Val::Tagged(Tag::Int(value)) => go(Val::Boxed(Some(self.heap.int(value)))),
                Val::Tagged(Tag::Float(value)) => go(Val::Boxed(Some(self.heap.float(value)))),
                other => return wrong(other),
            },
            Op::UntagInt | Op::UntagFloat => {
                let unboxed = match self.val(inst.args[0])? {
                    Val::Tagged(Tag::Object(object)) => match self.heap.get(object)?.payload {
                        Payload::Int(value) => Some(Val::I64(value)),
                        Payload::Float(value) => Some(Val::F64(value)),
                        Payload::Bool(_) | Payload::Items(_) | Payload::Opaque(_) => None,
                    },
                    Val::Tagged(Tag::Int(value)) => Some(Val::I64(value)),
                    Val::Tagged(Tag::Float(value)) => Some(Val::F64(value)),
                    other => return wrong(other),
                };
                let fits = match op {
                    Op::UntagInt => matches!(unboxed, Some(Val::I64(_))),
                    _ => matches!(unboxed, Some(Val::F64(_))),
                };
                guard(fits, unboxed)
            }

            Op::IntAdd
            | Op::IntSub
            | Op::IntMul
            | Op::IntFloorDiv
            | Op::IntMod
            | Op::IntPow
            | Op::IntShl
            | Op::IntShr
            | Op::IntAnd
            | Op::IntOr
            | Op::IntXor
            | Op::IntAddWrap => {
                let result = int_binary(op, self.int(inst, 0)?, self.int(inst, 1)?);
                value_or_leave(result.map(Val::I64))
            }
            Op::IntTrueDiv => {
                let result = int_truediv(self.int(inst, 0)?, self.int(inst, 1)?);
                value_or_leave(result.map(Val::F64))
            }
            Op::IntNeg => value_or_leave(self.int(inst, 0)?.checked_neg().map(Val::I64)),
            Op::IntInvert => go(Val::I64(!self.int(inst, 0)?)),
            Op::RangeLen => {
                let (start, stop) = (self.int(inst, 0)?, self.int(inst, 1)?);
                let result = range_len(start, stop, self.int(inst, 2)?);
                value_or_leave(result.map(Val::I64))
            }
            Op::IntCmp => {
                let op = comparison(inst)?;
                go(Val::I1(compare(op, self.int(inst, 0)?, self.int(inst, 1)?)))
            }
            Op::IntToFloat => go(Val::F64(self.int(inst, 0)? as f64)),
            Op::BoolToInt => go(Val::I64(i64::from(self.truth(inst, 0)?))),

            Op::FloatAdd
            | Op::FloatSub
            | Op::FloatMul
            | Op::FloatDiv
            | Op::FloatFloorDiv
            | Op::FloatMod
            | Op::FloatPow => {
                let result = float_binary(op, self.float(inst, 0)?, self.float(inst, 1)?);
                value_or_leave(result.map(Val::F64))
            }
            Op::FloatNeg => go(Val::F64(-self.float(inst, 0)?)),
            Op::FloatAbs => go(Val::F64(self.float(inst, 0)?.abs())),
            Op::FloatSqrt => {
                let value = self.float(inst, 0)?;
                value_or_leave((value >= 0.0).then(|| Val::F64(value.sqrt())))
            }
            Op::FloatCmp => {
                let op = comparison(inst)?;
                go(Val::I1(compare(
                    op,
                    self.float(inst, 0)?,
                    self.float(inst, 1)?,
                )))
            }

            Op::BoolNot => go(Val::I1(!self.truth(inst, 0)?)),
            Op::Is => {
                let (a, b) = (self.boxed(inst, 0)?, self.boxed(inst, 1)?);
                go(Val::I1(self.same(a, b)?))
            }

            Op::IsTrue
            | Op::IsInstance
            | Op::ToStr
            | Op::BinaryOp
            | Op::CompareOp
            | Op::Contains
            | Op::UnaryOp
            | Op::LoadAttr
            | Op::StoreAttr
            | Op::LoadGlobal
            | Op::StoreGlobal
            | Op::Subscr
            | Op::StoreSubscr
            | Op::DeleteSubscr
            | Op::Call
            | Op::CallPy
            | Op::GetIter
            | Op::IterNext
            | Op::UnpackSequence
            | Op::BuildSlice
            | Op::MakeCell
            | Op::StoreCell
            | Op::Step
            | Op::StepVoid
            | Op::StepInto
            | Op::StepPeek => self.operation(inst)?,

            Op::BuildTuple | Op::BuildList => {
                self.interrupt(inst)?;
                let items: Result<Vec<Ref>> =
                    (0..inst.args.len()).map(|i| self.object(inst, i)).collect();
                let ty = match op {
                    Op::BuildTuple => Type::TUPLE,
                    _ => Type::LIST,
                };
                go(Val::Boxed(Some(self.heap.items(ty, items?))))
            }
            Op::ListAppend => {
                self.flush_if_looked_at(inst)?;
                let (list, item) = (self.object(inst, 0)?, self.object(inst, 1)?);
                self.heap.list(list)?.push(item);
                Go(None)
            }

            Op::ListGet | Op::TupleGet => {
                let list = self.object(inst, 0)?;
                match self.place(list, self.int(inst, 1)?)? {
                    Some(at) => go(Val::Boxed(Some(self.heap.list(list)?[at]))),
                    None => Next::Leave { raised: false },
                }
            }
            Op::Item => {
                let list = self.object(inst, 0)?;
                let items = self.heap.list(list)?;
                match items.get(inst.imm_index(0) as usize) {
                    Some(&item) => go(Val::Boxed(Some(item))),
                    None => return Err(InterpError::Malformed("no such item".to_owned())),
                }
            }
            Op::ListItem => {
                let list = self.object(inst, 0)?;
                match self.place(list, self.int(inst, 1)?)? {
                    Some(at) => go(Val::Boxed(Some(self.heap.list(list)?[at]))),
                    None => return Err(InterpError::Malformed("no such item".to_owned())),
                }
            }
            Op::ListSet => {
                let (list, item) = (self.object(inst, 0)?, self.object(inst, 2)?);
                self.set_item(list, self.int(inst, 1)?, item)?
            }
            Op::ListSetFloat => {
                let list = self.object(inst, 0)?;
                let (index, value) = (self.int(inst, 1)?, self.float(inst, 2)?);
                match self.place(list, index)? {
                    None => Next::Leave { raised: false },
                    Some(at) => {
                        let old = self.heap.list(list)?[at];
                        if self.reuse(old, value)? {
                            Go(None)
                        } else {
                            let item = self.heap.float(value);
                            self.set_item(list, index, item)?
                        }
                    }
                }
            }
            Op::ListHas => {
                let list = self.object(inst, 0)?;
                let index = self.int(inst, 1)?;
                let count = self.heap.list(list)?.len();
                go(Val::I1(usize::try_from(index).is_ok_and(|i| i < count)))
            }
            Op::Len => {
                let list = self.object(inst, 0)?;
                let count = self.heap.list(list)?.len();
                go(Val::I64(i64::try_from(count).unwrap_or(i64::MAX)))
            }

            Op::FreeVar => go(Val::Boxed(Some(
                self.dict_value(format!("free {}", inst.imm_index(0))),
            ))),
            Op::LoadCell => {
                let object = self.object(inst, 0)?;
                go(Val::Boxed(Some(self.field(object, "cell", 0)?)))
            }
            Op::LoadDictValue => {
                let name = format!("{}[{}]", inst.imms[0], inst.imm_index(1));
                go(Val::Boxed(Some(self.dict_value(name))))
            }
            Op::LoadGlobalCached => {
                let Some(&Imm::Const(id)) = inst.imms.last() else {
                    return Err(InterpError::Malformed("no name".to_owned()));
                };
                let object = self.dict_value(format!("global {}", self.func.constant(id).repr));
                self.world_guard(Some(Val::Boxed(Some(object))))
            }
            Op::LoadModuleValue | Op::LoadInlineValue | Op::LoadSlot => {
                let object = self.object(inst, 0)?;
                let field = self.field(object, field_kind(op), inst.imm_index(0))?;
                go(Val::Boxed(Some(field)))
            }
            Op::StoreInlineValue | Op::InitInlineValue | Op::StoreSlot => {
                self.record(inst)?;
                let (object, value) = (self.object(inst, 0)?, self.object(inst, 1)?);
                self.set_field(object, field_kind(op), inst.imm_index(0), value)?;
                Go(None)
            }
            Op::StoreInlineFloat => {
                // The event of the boxed form, which it stands for.
                let mut boxed = inst.clone();
                boxed.op = Op::StoreInlineValue;
                self.record(&boxed)?;
                let (object, value) = (self.object(inst, 0)?, self.float(inst, 1)?);
                let (kind, index) = (field_kind(op), inst.imm_index(0));
                let old = self.field(object, kind, index)?;
                if !self.reuse(old, value)? {
                    let value = self.heap.float(value);
                    self.set_field(object, kind, index, value)?;
                }
                Go(None)
            }

            Op::IncRef => {
                if let Some(object) = self.boxed(inst, 0)? {
                    self.heap.incref(object)?;
                }
                Go(None)
            }
            Op::DecRef => {
                if let Val::Boxed(Some(object)) | Val::Tagged(Tag::Object(object)) =
                    self.val(inst.args[0])?
                {
                    self.heap.decref(object)?;
                }
                Go(None)
            }

            Op::Jump => Next::Jump(0),
            Op::Branch => Next::Jump(usize::from(!self.truth(inst, 0)?)),
            Op::Return | Op::ReturnInt | Op::ReturnFloat => Next::Return(self.val(inst.args[0])?),
            Op::Exit => Next::Leave { raised: false },
        })
    }
}

fn go(result: Val) -> Next {
    Go(Some(result))
}

fn guard(holds: bool, result: Option<Val>) -> Next {
    if holds {
        Go(result)
    } else {
        Next::Leave { raised: false }
    }
}

fn value_or_leave(result: Option<Val>) -> Next {
    guard(result.is_some(), result)
}

fn comparison(inst: &Inst) -> Result<CmpOp> {
    match inst.imms[0] {
        Imm::Cmp(op) => Ok(op),
        ref other => Err(InterpError::Malformed(format!("comparison {other}"))),
    }
}

/// Which kind of attribute an instruction reads or writes.
fn field_kind(op: Op) -> &'static str {
    match op {
        Op::LoadModuleValue => "module",
        Op::LoadSlot | Op::StoreSlot => "slot",
        _ => "inline",
    }
}
