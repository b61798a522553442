//! Calls: Python functions directly, a few builtins as operations, the rest through CPython.

use super::Bailout;
use super::builder::Builder;
use super::state::Item;
use crate::bytecode::code::flags;
use crate::bytecode::{Instr, ObjectKind, opcode};
use crate::hir::{CallCell, CellId, Imm, Inst, Op, Type, Value};
use crate::layout::frame::SPECIALS_WORDS;

/// Code flags of a callee that is called directly: anything else goes through CPython.
const INDIRECT: u32 = flags::VARARGS
    | flags::VARKEYWORDS
    | flags::GENERATOR
    | flags::COROUTINE
    | flags::ITERABLE_COROUTINE
    | flags::ASYNC_GENERATOR;

impl Builder<'_> {
    pub(super) fn call(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let keywords = self.kw_names.take();
        let count = instr.arg as usize;
        let below = self
            .state
            .stack
            .len()
            .checked_sub(count + 2)
            .ok_or(Bailout::Malformed("value stack underflow"))?;
        let mut args = Vec::with_capacity(count + 1);
        for depth in (0..count).rev() {
            args.push(self.peek(depth)?);
        }
        let upper = self.peek(count)?;
        let callable = match self.state.stack[below] {
            Item::Null => upper,
            Item::Value(method) => {
                args.insert(0, upper);
                method
            }
            _ => return Err(Bailout::Malformed("an iterator called")),
        };
        let done = keywords.is_none()
            && (self.call_builtin(instr, callable, &args, below)?
                || self.call_python(instr, callable, &args, below));
        if !done {
            let names = match keywords {
                Some(index) => {
                    let names = self
                        .code
                        .consts
                        .get(index as usize)
                        .ok_or(Bailout::Malformed("constant index"))?;
                    self.const_id(names.addr, names.ty, &names.repr)
                }
                None => {
                    let none = self.oracle.singletons().0;
                    self.const_id(none, Type::NONE, "None")
                }
            };
            self.state.stack.truncate(below);
            args.insert(0, callable);
            self.raising_push(instr, Op::Call, &args, &[Imm::Const(names)]);
        }
        self.precall = 0;
        Ok(())
    }

    /// A Python function with exactly its positional arguments.
    fn call_python(
        &mut self,
        instr: &Instr,
        callable: Value,
        args: &[Value],
        below: usize,
    ) -> bool {
        if self.options.doubts.callee.contains(&self.start.0) {
            return false;
        }
        let callee = match self.info(callable) {
            Some(info) if info.kind == ObjectKind::Function => self.oracle.function(info.addr),
            Some(_) => None,
            None => self
                .seen_target(instr)
                .and_then(|code| self.oracle.function_of(code)),
        };
        let Some(callee) = callee else {
            return false;
        };
        if callee.flags & INDIRECT != 0
            || callee.kwonlyargcount != 0
            || callee.argcount as usize != args.len()
        {
            return false;
        }
        let addr = self.oracle.call_cell(callee.code);
        let cell = match self.cells.get(&addr) {
            Some(cell) => *cell,
            None => {
                self.func.cells.push(CallCell {
                    addr,
                    frame_words: SPECIALS_WORDS + callee.nlocalsplus + callee.stacksize,
                    nlocals: callee.nlocalsplus,
                    name: callee.name,
                });
                let cell = CellId::from_index(self.func.cells.len() - 1);
                self.cells.insert(addr, cell);
                cell
            }
        };
        let function = self
            .guard(Op::GuardCode, &[callable], &[Imm::Cell(cell)])
            .expect("a guard yields its function");
        let mut operands = vec![function];
        operands.extend_from_slice(args);
        let result = match self.inlinable(callee.code, args) {
            Some(body) => {
                // What its beginning returns, the rest most probably returns, too.
                let may_guard = body.is_whole || self.may_speculate(instr.next);
                let ty = body.number.filter(|_| may_guard).unwrap_or(Type::OBJECT);
                self.splice(&body, function, args, ty, |this| {
                    this.call_directly(instr, &operands, cell, ty, below)
                })
            }
            None => self.call_directly(instr, &operands, cell, Type::OBJECT, below),
        };
        self.state.stack.truncate(below);
        self.push(result);
        true
    }

    /// Calls the function that comes first in `operands` with the others; the result, which must be of class `ty`.
    /// The stack is left as it is `below` the call.
    fn call_directly(
        &mut self,
        instr: &Instr,
        operands: &[Value],
        cell: CellId,
        ty: Type,
        below: usize,
    ) -> Value {
        self.state.stack.truncate(below);
        let tagged = self
            .raising(instr, Op::CallPy, operands, &[Imm::Cell(cell)])
            .expect("a result");
        self.push(tagged);
        self.after_escape(instr);
        self.state.stack.pop();
        let boxed = self.emit(Op::BoxTagged, &[tagged], &[]);
        if ty == Type::OBJECT {
            return boxed;
        }
        self.push(boxed);
        let fs = self.state_at(instr.next);
        self.state.stack.pop();
        let guard = Inst::new(Op::GuardType, &[boxed], &[Imm::Type(ty)]).with_fs(fs);
        self.func.push(self.block, guard).expect("a refined value")
    }

    /// A builtin that has an operation of its own.
    fn call_builtin(
        &mut self,
        instr: &Instr,
        callable: Value,
        args: &[Value],
        below: usize,
    ) -> Result<bool, Bailout> {
        if !self.may_speculate_here() {
            return Ok(false);
        }
        let appends = self.precall == opcode::PRECALL_NO_KW_LIST_APPEND
            || self
                .info(callable)
                .is_some_and(|info| info.kind == ObjectKind::Builtin("list.append".to_owned()));
        if appends
            && let [list, item] = *args
            && self.is_constant(callable)
            && let Some(list) = self.expect(list, Type::LIST)
        {
            self.state.stack.truncate(below);
            self.raising(instr, Op::ListAppend, &[list, item], &[]);
            let none = self.const_none();
            self.push(none);
            return Ok(true);
        }
        let Some(name) = self.info(callable).map(|info| info.kind.clone()) else {
            return Ok(false);
        };
        let result = match (name, args) {
            (ObjectKind::Builtin(name), [value]) if name == "builtins.len" => {
                let class = self.likely(*value);
                let sized = [Type::LIST, Type::TUPLE, Type::STR, Type::DICT].contains(&class);
                if !sized || !self.expect_builtin(callable, "builtins.len") {
                    return Ok(false);
                }
                let Some(value) = self.expect(*value, class) else {
                    return Ok(false);
                };
                let len = self.emit(Op::Len, &[value], &[]);
                self.emit(Op::BoxInt, &[len], &[])
            }
            (ObjectKind::Builtin(name), [value]) if name == "builtins.abs" => {
                if self.likely(*value) != Type::FLOAT
                    || !self.expect_builtin(callable, "builtins.abs")
                {
                    return Ok(false);
                }
                let Some(value) = self.expect(*value, Type::FLOAT) else {
                    return Ok(false);
                };
                let float = self.emit(Op::UnboxFloat, &[value], &[]);
                let abs = self.emit(Op::FloatAbs, &[float], &[]);
                self.emit(Op::BoxFloat, &[abs], &[])
            }
            (ObjectKind::Builtin(name), [value]) if name == "math.sqrt" => {
                if self.likely(*value) != Type::FLOAT || !self.expect_builtin(callable, "math.sqrt")
                {
                    return Ok(false);
                }
                let Some(value) = self.expect(*value, Type::FLOAT) else {
                    return Ok(false);
                };
                let float = self.emit(Op::UnboxFloat, &[value], &[]);
                let root = self.guard(Op::FloatSqrt, &[float], &[]).expect("a root");
                self.emit(Op::BoxFloat, &[root], &[])
            }
            (ObjectKind::Class(name), [value])
                if name == "float" && self.likely(*value) == Type::INT =>
            {
                if !self.expect_builtin(callable, "builtins.float") {
                    return Ok(false);
                }
                let Some(int) = self.unbox_int(*value) else {
                    return Ok(false);
                };
                let float = self.emit(Op::IntToFloat, &[int], &[]);
                self.emit(Op::BoxFloat, &[float], &[])
            }
            (ObjectKind::Builtin(name), [value, of]) if name == "builtins.isinstance" => {
                if !self.expect_builtin(callable, "builtins.isinstance") {
                    return Ok(false);
                }
                self.state.stack.truncate(below);
                let bit = self
                    .raising(instr, Op::IsInstance, &[*value, *of], &[])
                    .expect("a truth value");
                self.push_bool(bit);
                self.after_escape(instr);
                return Ok(true);
            }
            (ObjectKind::Class(name), [value]) if name == "str" => {
                if !self.expect_builtin(callable, "builtins.str") {
                    return Ok(false);
                }
                self.state.stack.truncate(below);
                self.raising_push(instr, Op::ToStr, &[*value], &[]);
                return Ok(true);
            }
            (ObjectKind::Class(name), [_] | [_, _] | [_, _, _]) if name == "range" => {
                return self.call_range(instr, callable, args, below);
            }
            _ => return Ok(false),
        };
        self.state.stack.truncate(below);
        self.push(result);
        Ok(true)
    }

    /// `for … in range(…)`: the range and its iterator are never allocated.
    fn call_range(
        &mut self,
        instr: &Instr,
        callable: Value,
        args: &[Value],
        below: usize,
    ) -> Result<bool, Bailout> {
        let follows = self
            .shape
            .position(instr.next)
            .map(|at| self.shape.instrs[at]);
        let ints = args
            .iter()
            .all(|arg| self.likely(*arg) == Type::INT || self.ty(*arg) == Type::OBJECT);
        let loops =
            follows.is_some_and(|next| next.op == opcode::GET_ITER && self.iterates_at_once(&next));
        if !loops || !ints || !self.expect_builtin(callable, "builtins.range") {
            return Ok(false);
        }
        let mut parts = Vec::new();
        for arg in args {
            let Some(part) = self
                .expect(*arg, Type::INT)
                .and_then(|int| self.unbox_int(int))
            else {
                return Ok(false);
            };
            parts.push(part);
        }
        let (start, stop, step) = match parts[..] {
            [stop] => (self.const_int(0), stop, self.const_int(1)),
            [start, stop] => (start, stop, self.const_int(1)),
            [start, stop, step] => (start, stop, step),
            _ => return Ok(false),
        };
        let remaining = self
            .guard(Op::RangeLen, &[start, stop, step], &[])
            .expect("a length");
        self.state.stack.truncate(below);
        self.state.stack.push(Item::Range {
            next: start,
            remaining,
            step,
        });
        Ok(true)
    }
}
