//! Globals, attributes and methods, where feedback or CPython's inline caches say that they are.

use super::Bailout;
use super::builder::Builder;
use super::dispatch::{Way, are_direct};
use super::feedback::Attributes;
use super::state::Item;
use crate::bytecode::{Instr, ObjectInfo, ObjectKind, opcode};
use crate::feedback::{Attr, Place};
use crate::hir::{DictKind, Imm, Op, Type, Value};

impl Builder<'_> {
    pub(super) fn load_global(&mut self, instr: &Instr) -> Result<(), Bailout> {
        if instr.arg & 1 != 0 {
            self.state.stack.push(Item::Null);
        }
        self.global(instr, instr.arg >> 1)
    }

    /// `LOAD_NAME` where names are those of the globals.
    pub(super) fn load_name(&mut self, instr: &Instr) -> Result<(), Bailout> {
        self.global(instr, instr.arg)
    }

    /// Pushes the global or builtin with name `number`.
    fn global(&mut self, instr: &Instr, number: u32) -> Result<(), Bailout> {
        let name = self.name_const(number)?;
        if let Some((dict, index, globals_version, builtins_version)) = self.where_global(instr)
            && self.may_speculate_here()
        {
            let version = match dict {
                DictKind::Globals => globals_version,
                DictKind::Builtins => builtins_version,
            };
            if let Some(info) = self.oracle.dict_value(dict, index, version) {
                let imms = [
                    Imm::Dict(dict),
                    Imm::Index(index),
                    Imm::Index(globals_version),
                    Imm::Index(builtins_version),
                    Imm::Const(name),
                ];
                let value = self
                    .guard(Op::LoadGlobalCached, &[], &imms)
                    .expect("a value");
                // A number is most likely a constant in all but syntax.
                let constant = info.ty.is(Type::INT | Type::FLOAT | Type::BOOL);
                if constant
                    && self.may_compare_here()
                    && !self.doubts_constants()
                    && !self.uses.stores_global(number)
                {
                    let id = self.const_id(info.addr, info.ty, &info.repr);
                    self.guard(Op::GuardIs, &[value], &[Imm::Const(id)]);
                    let value = self.const_obj(info.addr, info.ty, &info.repr);
                    self.push(value);
                    return Ok(());
                }
                self.describe(value, info);
                self.push(value);
                return Ok(());
            }
        }
        self.raising_push(instr, Op::LoadGlobal, &[], &[Imm::Const(name)]);
        Ok(())
    }

    /// Where a global is: dictionary, entry, versions of the keys of globals and builtins.
    fn where_global(&self, instr: &Instr) -> Option<(DictKind, u32, u32, u32)> {
        if let Some((in_builtins, index, globals, builtins)) = self.seen_global(instr) {
            let dict = if in_builtins {
                DictKind::Builtins
            } else {
                DictKind::Globals
            };
            return Some((dict, index, globals, builtins));
        }
        let dict = match instr.quick {
            opcode::LOAD_GLOBAL_MODULE => DictKind::Globals,
            opcode::LOAD_GLOBAL_BUILTIN => DictKind::Builtins,
            _ => return None,
        };
        let index = u32::from(instr.cache16(self.code, 1));
        let globals = instr.cache32(self.code, 2);
        let builtins = u32::from(instr.cache16(self.code, 4));
        Some((dict, index, globals, builtins))
    }

    pub(super) fn store_global(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let name = self.name_const(instr.arg)?;
        let value = self.pop()?;
        self.raising(instr, Op::StoreGlobal, &[value], &[Imm::Const(name)]);
        self.after_escape(instr);
        Ok(())
    }

    /// Notes what a value loaded from a dictionary probably is.
    fn describe(&mut self, value: Value, info: ObjectInfo) {
        self.hint(value, info.ty);
        self.set_info(value, info);
    }

    /// Checks that `object` is of the class with this version; the refined object.
    pub(super) fn guard_class(&mut self, object: Value, version: u32) -> Value {
        self.guard(Op::GuardTypeVersion, &[object], &[Imm::Index(version)])
            .expect("a guard yields its object")
    }

    /// A method or module function with a self slot below it, for `LOAD_METHOD`.
    pub(super) fn load_attr(&mut self, instr: &Instr, method: bool) -> Result<(), Bailout> {
        let object = self.peek(0)?;
        let fast = if self.may_speculate_here() {
            self.load_attr_cached(instr, object)
        } else {
            None
        };
        if let Some(value) = fast {
            self.pop()?;
            if method {
                self.state.stack.push(Item::Null);
            }
            self.push(value);
            return Ok(());
        }
        let name = self.name_const(instr.arg)?;
        let object = self.pop()?;
        let value = self
            .raising(instr, Op::LoadAttr, &[object], &[Imm::Const(name)])
            .expect("an attribute");
        if method {
            self.state.stack.push(Item::Null);
        }
        self.push(value);
        self.after_escape(instr);
        Ok(())
    }

    fn load_attr_cached(&mut self, instr: &Instr, object: Value) -> Option<Value> {
        let seen = self.seen_attributes(instr);
        if let [case] = seen.cases[..]
            && case.place == Place::Module
        {
            let (version, index) = (case.version, u32::from(case.index));
            let module = self.info(object)?.clone();
            if module.kind != ObjectKind::Module {
                return None;
            }
            let info = self.oracle.module_value(module.addr, index, version)?;
            self.guard(Op::GuardModuleVersion, &[object], &[Imm::Index(version)]);
            let value = self.emit(Op::LoadModuleValue, &[object], &[Imm::Index(index)]);
            let value = self.not_null(value);
            self.describe(value, info);
            return Some(value);
        }
        match seen.cases[..] {
            [case] if are_direct(&[case]) => {
                let object = self.guard_class(object, case.version);
                Some(self.load_direct(object, &case))
            }
            _ => self.load_from_one_of(object, &seen.cases),
        }
    }

    pub(super) fn load_method(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let object = self.peek(0)?;
        let seen = self.seen_attributes(instr);
        if self.may_speculate_here()
            && let Some(ways) = self.methods_of(instr, &seen)?
        {
            if let ([way], Some(keys)) = (&ways[..], seen.keys_version) {
                let object = self.guard_class(object, way.case.version);
                self.guard(Op::GuardInlineValues, &[object], &[]);
                self.guard(Op::GuardKeysVersion, &[object], &[Imm::Index(keys)]);
                self.push_method(object, way.method.clone());
                return Ok(());
            }
            if self.load_method_of_one(object, &ways, instr.next) {
                return Ok(());
            }
        }
        self.load_attr(instr, true)
    }

    /// The methods that a `LOAD_METHOD` has found, if they are all still there.
    fn methods_of(&self, instr: &Instr, seen: &Attributes) -> Result<Option<Vec<Way>>, Bailout> {
        let name = self
            .code
            .names
            .get(instr.arg as usize)
            .ok_or(Bailout::Malformed("name index"))?
            .addr;
        let cached = if seen.keys_version.is_some() {
            instr.cache64(self.code, 6)
        } else {
            0
        };
        let way = |case: &Attr| {
            let is_method = matches!(case.place, Place::Method | Place::MethodNoDict);
            let method = is_method.then(|| self.oracle.method(case.version, name, cached));
            Some(Way {
                case: *case,
                method: method??,
            })
        };
        let ways: Option<Vec<Way>> = seen.cases.iter().map(way).collect();
        Ok(ways.filter(|ways| !ways.is_empty()))
    }

    pub(super) fn store_attr(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let (value, object) = (self.peek(1)?, self.peek(0)?);
        // A constructor creates its attributes: the inline values are still empty there.
        let constructor = self.code.name.ends_with("__init__");
        if self.may_speculate_here() {
            let cases = self.seen_attributes(instr).cases;
            let done = match cases[..] {
                _ if !are_direct(&cases) => false,
                [case] => {
                    let object = self.guard_class(object, case.version);
                    self.store_direct(object, value, &case, constructor);
                    true
                }
                _ => self.store_to_one_of(object, value, &cases, constructor),
            };
            if done {
                self.pop()?;
                self.pop()?;
                return Ok(());
            }
        }
        let name = self.name_const(instr.arg)?;
        self.pop()?;
        self.pop()?;
        self.raising(instr, Op::StoreAttr, &[object, value], &[Imm::Const(name)]);
        self.after_escape(instr);
        Ok(())
    }

    /// Whether `value` is probably the function `name` (as `builtins.len`); then checks that it is.
    pub(super) fn expect_builtin(&mut self, value: Value, name: &str) -> bool {
        let Some(info) = self.info(value).cloned() else {
            return false;
        };
        let matches = match &info.kind {
            ObjectKind::Builtin(known) => known == name,
            ObjectKind::Class(known) => name.strip_prefix("builtins.") == Some(known.as_str()),
            _ => false,
        };
        if !matches || !self.may_compare_here() {
            return false;
        }
        if !self.is_constant(value) {
            let id = self.const_id(info.addr, info.ty, &info.repr);
            self.guard(Op::GuardIs, &[value], &[Imm::Const(id)]);
        }
        true
    }
}
