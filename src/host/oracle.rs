//! Answers of the running interpreter to the frontend.

use super::ffi::{_PyType_Lookup, PyObject, read};
use super::frame::Frame;
use super::snapshot::{self, class_name, class_of, text, type_of};
use crate::bytecode::{Code, FunctionInfo, ObjectInfo, ObjectKind, Oracle};
use crate::hir::{DictKind, Type};
use crate::layout::{self, builtin, code as c, descriptor, dict, typeobject};
use pyo3_ffi::{
    Py_False, Py_None, Py_True, PyBaseObject_Type, PyCFunction_Type, PyDict_Next, PyDict_Type,
    PyErr_Clear, PyMethodDescr_Type, PyModule_Type, PyType_Type, PyTypeObject, PyWeakref_GetObject,
};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ptr::addr_of_mut;

/// What the JIT knows itself.
pub struct Records<'a> {
    /// The call cell of the code object at an address.
    pub cell: &'a dyn Fn(u64) -> u64,
    /// Whether the code object at an address is alive.
    pub is_alive: &'a dyn Fn(u64) -> bool,
}

/// Asks about live objects. Valid while the GIL is held and the frame or function is alive.
pub struct LiveOracle<'a> {
    /// Types of the arguments seen.
    locals: Vec<Type>,
    globals: *mut PyObject,
    builtins: *mut PyObject,
    records: &'a Records<'a>,
    /// Living classes by version tag.
    classes: RefCell<Classes>,
}

impl<'a> LiveOracle<'a> {
    /// For a frame that is being entered, or is at the head of a loop, with `known` locals that may be
    /// bound.
    #[must_use]
    pub fn for_frame(frame: Frame, known: usize, records: &'a Records<'a>) -> Self {
        // SAFETY: a slot of a frame is null or alive.
        let locals = (0..known).map(|slot| unsafe { type_of(frame.slot(slot)) });
        LiveOracle {
            locals: locals.collect(),
            globals: frame.globals(),
            builtins: frame.builtins(),
            records,
            classes: RefCell::new(Classes::new()),
        }
    }

    /// For code that is not running: `function` may be null, then nothing is known of globals.
    ///
    /// # Safety
    /// `function` is null or a Python function that stays alive.
    #[must_use]
    pub unsafe fn for_function(
        function: *mut PyObject,
        locals: Vec<Type>,
        records: &'a Records<'a>,
    ) -> Self {
        let (mut globals, mut builtins) = (std::ptr::null_mut(), std::ptr::null_mut());
        if !function.is_null() {
            // SAFETY: a function has these fields.
            unsafe {
                globals = read(function, layout::function::FUNC_GLOBALS);
                builtins = read(function, layout::function::FUNC_BUILTINS);
            }
        }
        LiveOracle {
            locals,
            globals,
            builtins,
            records,
            classes: RefCell::new(Classes::new()),
        }
    }

    /// Types of the arguments seen.
    #[must_use]
    pub fn seen(&self) -> &[Type] {
        &self.locals
    }

    /// The living class with that version tag.
    fn class(&self, version: u32) -> Option<*mut PyObject> {
        self.classes.borrow_mut().find(version)
    }
}

/// The classes below `object`, looked through as far as somebody has asked: a large program has thousands.
struct Classes {
    found: HashMap<u32, *mut PyObject>,
    /// Classes that have been met, those with several bases once.
    seen: HashSet<usize>,
    todo: Vec<*mut PyObject>,
}

impl Classes {
    fn new() -> Self {
        Classes {
            found: HashMap::new(),
            seen: HashSet::new(),
            todo: vec![addr_of_mut!(PyBaseObject_Type).cast()],
        }
    }

    fn find(&mut self, version: u32) -> Option<*mut PyObject> {
        if version == 0 {
            return None;
        }
        if let Some(class) = self.found.get(&version) {
            return Some(*class);
        }
        while let Some(class) = self.todo.pop() {
            if !self.seen.insert(class as usize) {
                continue;
            }
            // SAFETY: the class is alive, and stays so while the GIL is held and no Python code runs. Its dictionary of
            // subclasses is null or a dict of weak references, as `type.__subclasses__` reads it.
            unsafe {
                let subclasses = (*class.cast::<PyTypeObject>()).tp_subclasses;
                if !subclasses.is_null() {
                    let mut at = 0;
                    let mut reference = std::ptr::null_mut();
                    while PyDict_Next(subclasses, &mut at, std::ptr::null_mut(), &mut reference)
                        != 0
                    {
                        let subclass = PyWeakref_GetObject(reference);
                        if subclass != Py_None() {
                            self.todo.push(subclass);
                        }
                    }
                }
                let this: u32 = read(class, typeobject::TP_VERSION_TAG);
                if this != 0 {
                    self.found.insert(this, class);
                }
                if this == version {
                    return Some(class);
                }
            }
        }
        None
    }
}

/// The value at entry `index` of a unicode-keyed dict whose keys have that version.
///
/// # Safety
/// `object` is null or alive.
unsafe fn dict_entry(object: *mut PyObject, index: u32, version: u32) -> Option<*mut PyObject> {
    if object.is_null() || version == 0 {
        return None;
    }
    // SAFETY: an exact dict has these fields; the index is checked against the entries.
    unsafe {
        if class_of(object) != addr_of_mut!(PyDict_Type) {
            return None;
        }
        let keys: *mut u8 = read(object, dict::MA_KEYS);
        let fits = read::<u8>(keys, dict::DK_KIND) == dict::KEYS_UNICODE
            && read::<u32>(keys, dict::DK_VERSION) == version
            && i64::from(index) < read::<i64>(keys, dict::DK_NENTRIES);
        if !fits {
            return None;
        }
        let log: u8 = read(keys, dict::DK_LOG2_INDEX_BYTES);
        let offset = dict::DK_INDICES
            + (1i32 << log)
            + index as i32 * dict::UNICODE_ENTRY_SIZE
            + dict::UNICODE_ENTRY_VALUE;
        let value: *mut PyObject = read(keys, offset);
        (!value.is_null()).then_some(value)
    }
}

/// What is known of functions with this code object.
///
/// # Safety
/// `code` is a code object, alive.
unsafe fn function_info(code: *mut PyObject) -> FunctionInfo {
    // SAFETY: a code object has these fields.
    unsafe {
        let int = |offset: i32| read::<i32>(code, offset).max(0) as u32;
        FunctionInfo {
            code: code as u64,
            name: text(read(code, c::CO_QUALNAME)),
            flags: int(c::CO_FLAGS),
            argcount: int(c::CO_ARGCOUNT),
            kwonlyargcount: int(c::CO_KWONLYARGCOUNT),
            nlocalsplus: int(c::CO_NLOCALSPLUS),
            stacksize: int(c::CO_STACKSIZE),
            ncellvars: int(c::CO_NCELLVARS),
            nfreevars: int(c::CO_NFREEVARS),
        }
    }
}

/// What is known of a live object.
///
/// # Safety
/// `object` is alive.
unsafe fn describe(object: *mut PyObject) -> ObjectInfo {
    // SAFETY: alive, as the caller promises; fields are those of the class that was checked.
    unsafe {
        let ty = type_of(object);
        let class = class_of(object);
        let mut repr = snapshot::repr(object, ty);
        let kind = if ty == Type::FUNC {
            let code: *mut PyObject = read(object, layout::function::FUNC_CODE);
            repr = text(read(code, c::CO_QUALNAME));
            ObjectKind::Function
        } else if class == addr_of_mut!(PyCFunction_Type) {
            let method: *mut pyo3_ffi::PyMethodDef = read(object, 16);
            let owner: *mut PyObject = read(object, 24);
            let name = std::ffi::CStr::from_ptr((*method).ml_name).to_string_lossy();
            match module_name(owner) {
                Some(module) if module == "builtins" || module == "math" => {
                    repr = format!("{module}.{name}");
                    ObjectKind::Builtin(repr.clone())
                }
                _ => ObjectKind::Other,
            }
        } else if class == addr_of_mut!(PyMethodDescr_Type) {
            let owner: *mut pyo3_ffi::PyTypeObject = read(object, descriptor::D_TYPE);
            // A static class lives for ever.
            if (*owner).tp_flags & pyo3_ffi::Py_TPFLAGS_HEAPTYPE == 0 {
                repr = format!(
                    "{}.{}",
                    class_name(owner),
                    text(read(object, descriptor::D_NAME))
                );
                ObjectKind::Builtin(repr.clone())
            } else {
                ObjectKind::Other
            }
        } else if class == addr_of_mut!(PyType_Type) {
            let class: *mut pyo3_ffi::PyTypeObject = object.cast();
            repr = class_name(class);
            // A static class lives for ever.
            if (*class).tp_flags & pyo3_ffi::Py_TPFLAGS_HEAPTYPE == 0 {
                ObjectKind::Class(repr.clone())
            } else {
                ObjectKind::Other
            }
        } else if class == addr_of_mut!(PyModule_Type) {
            ObjectKind::Module
        } else {
            ObjectKind::Other
        };
        ObjectInfo {
            addr: object as u64,
            ty,
            repr,
            kind,
        }
    }
}

/// The name under which an object that is exactly a module was made.
///
/// # Safety
/// `object` is null or alive.
unsafe fn module_name(object: *mut PyObject) -> Option<String> {
    // SAFETY: as the caller promises; the definition's name is a C string.
    unsafe {
        if object.is_null() || class_of(object) != addr_of_mut!(PyModule_Type) {
            return None;
        }
        let definition = pyo3_ffi::PyModule_GetDef(object);
        if definition.is_null() {
            PyErr_Clear();
            return None;
        }
        let name = std::ffi::CStr::from_ptr((*definition).m_name);
        Some(name.to_string_lossy().into_owned())
    }
}

impl Oracle for LiveOracle<'_> {
    fn local_type(&self, slot: u32) -> Option<Type> {
        self.locals.get(slot as usize).copied()
    }

    fn dict_value(&self, dict: DictKind, index: u32, version: u32) -> Option<ObjectInfo> {
        let object = match dict {
            DictKind::Globals => self.globals,
            DictKind::Builtins => self.builtins,
        };
        // SAFETY: the frame or function keeps both alive, and they their values.
        unsafe { dict_entry(object, index, version).map(|value| describe(value)) }
    }

    fn module_value(&self, module: u64, index: u32, version: u32) -> Option<ObjectInfo> {
        let module = module as *mut PyObject;
        // SAFETY: the frontend passes a module that it just got from `dict_value`; no Python code
        // has run since.
        unsafe {
            let dict: *mut PyObject = read(module, builtin::MODULE_DICT);
            dict_entry(dict, index, version).map(|value| describe(value))
        }
    }

    fn method(&self, version: u32, name: u64, addr: u64) -> Option<ObjectInfo> {
        let class = self.class(version)?;
        // SAFETY: the class is alive, the name is a str of the code object; what the lookup finds
        // is borrowed from the class.
        unsafe {
            let found = _PyType_Lookup(class, name as *mut PyObject);
            if found.is_null() || addr != 0 && found as u64 != addr {
                return None;
            }
            Some(describe(found))
        }
    }

    fn function(&self, addr: u64) -> Option<FunctionInfo> {
        let function = addr as *mut PyObject;
        // SAFETY: found alive a moment ago, and no Python code has run since; a code object has
        // these fields.
        unsafe {
            if type_of(function) != Type::FUNC {
                return None;
            }
            Some(function_info(read(function, layout::function::FUNC_CODE)))
        }
    }

    fn function_of(&self, addr: u64) -> Option<FunctionInfo> {
        // SAFETY: alive, as was just asked.
        (self.records.is_alive)(addr).then(|| unsafe { function_info(addr as *mut PyObject) })
    }

    fn callee(&self, addr: u64, units: usize) -> Option<Code> {
        if !(self.records.is_alive)(addr) {
            return None;
        }
        let code = addr as *mut PyObject;
        // SAFETY: alive, as was just asked.
        unsafe { (snapshot::code_units(code).len() <= units).then(|| snapshot::copy_code(code)) }
    }

    fn call_cell(&self, code: u64) -> u64 {
        (self.records.cell)(code)
    }

    fn singletons(&self) -> (u64, u64, u64) {
        // SAFETY: only addresses are taken.
        unsafe { (Py_None() as u64, Py_True() as u64, Py_False() as u64) }
    }
}
