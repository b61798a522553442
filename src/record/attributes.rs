//! Attributes and methods: the site as an inline cache, and finding out where an attribute is.

use super::BLIND;
use super::globals::{find, keys_of, number_keys, value_at, version_of};
use super::{class, decref, incref};
use crate::feedback::{Attr, Map, Place};
use crate::host::ffi::{self, PyObject, read, write};
use crate::layout::{builtin, dict, object, typeobject as t};
use pyo3_ffi as py;
use std::ptr::{addr_of_mut, null_mut};

/// `Py_TPFLAGS_MANAGED_DICT`.
const MANAGED_DICT: u64 = 1 << 4;
/// `Py_TPFLAGS_IMMUTABLETYPE`.
const IMMUTABLE: u64 = 1 << 8;
/// `Py_TPFLAGS_METHOD_DESCRIPTOR`.
const METHOD_DESCRIPTOR: u64 = 1 << 17;
/// `T_OBJECT_EX` of a `PyMemberDef`.
const OBJECT_EX: i32 = 16;

#[inline(always)]
unsafe fn version_tag(class: *mut PyObject) -> u32 {
    // SAFETY: a class (caller).
    unsafe { read(class, t::TP_VERSION_TAG) }
}

/// The inline values of an instance of a class that has them, or null.
#[inline(always)]
unsafe fn inline_values(instance: *mut PyObject) -> *mut *mut PyObject {
    // SAFETY: the class has the flag (caller).
    unsafe { read(instance, object::INLINE_VALUES) }
}

#[inline(always)]
fn module_class() -> *mut PyObject {
    addr_of_mut!(py::PyModule_Type).cast()
}

/// The value of an attribute at a known place, borrowed, or null: then it has to be looked up.
#[inline(always)]
unsafe fn at_place(object: *mut PyObject, case: Attr) -> *mut PyObject {
    // SAFETY: the class of the object has the version that the case was found for (caller).
    unsafe {
        match case.place {
            Place::Inline => {
                let values = inline_values(object);
                if values.is_null() {
                    return null_mut();
                }
                *values.add(usize::from(case.index))
            }
            Place::Slot => read(object, i32::from(case.index)),
            _ => null_mut(),
        }
    }
}

/// The case of the site for this object, counted.
#[inline(always)]
unsafe fn hit(map: *mut Map, pc: usize, object: *mut PyObject) -> Option<Attr> {
    // SAFETY: the map belongs to the running code (caller).
    unsafe {
        let version = version_tag(class(object));
        let site = (*map).site_mut(pc);
        if site.version() == version && version != 0 {
            site.hit();
            return Some(site.attr());
        }
        if site.version() != 0 && version != 0 {
            return (*map).other_attr(pc, version);
        }
        None
    }
}

/// The value of a module's attribute, borrowed, if the site knows the keys of its dict.
#[inline(always)]
unsafe fn module_value(map: *mut Map, pc: usize, object: *mut PyObject) -> *mut PyObject {
    // SAFETY: a module (caller) has a dict.
    unsafe {
        let case = (*map).site_mut(pc).attr();
        let dict: *mut PyObject = read(object, builtin::MODULE_DICT);
        if case.place != Place::Module || dict.is_null() {
            return null_mut();
        }
        let keys = keys_of(dict);
        if version_of(keys) != case.version {
            return null_mut();
        }
        value_at(keys, usize::from(case.index))
    }
}

/// `object.name`: a new reference, or null with an exception. `object` stays the caller's.
#[inline(always)]
pub(super) unsafe fn load<const MODE: u8>(
    map: *mut Map,
    pc: usize,
    object: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in the functions called.
    unsafe {
        if MODE != BLIND {
            let value = if class(object) == module_class() {
                module_value(map, pc, object)
            } else {
                hit(map, pc, object).map_or(null_mut(), |case| at_place(object, case))
            };
            if !value.is_null() {
                incref(value);
                return value;
            }
            return load_and_note(map, pc, object, name);
        }
        py::PyObject_GetAttr(object, name)
    }
}

#[inline(never)]
unsafe fn load_and_note(
    map: *mut Map,
    pc: usize,
    object: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: alive operands; nothing of the map is held while the lookup runs.
    unsafe {
        let case = unknown(map, pc, object).then(|| place_of(object, name, false));
        let value = py::PyObject_GetAttr(object, name);
        if let Some(case) = case
            && !value.is_null()
        {
            (*map).note_attr(pc, case);
        }
        value
    }
}

/// Whether the site could learn something from this object.
unsafe fn unknown(map: *mut Map, pc: usize, object: *mut PyObject) -> bool {
    // SAFETY: as in `hit`.
    unsafe {
        let first = (*map).site_mut(pc).attr();
        let version = version_tag(class(object));
        match first.place {
            Place::Many => false,
            Place::Generic => first.version != version,
            _ => true,
        }
    }
}

/// `object.name = value`; whether it succeeded. All references stay the caller's.
#[inline(always)]
pub(super) unsafe fn store<const MODE: u8>(
    map: *mut Map,
    pc: usize,
    object: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> bool {
    // SAFETY: as in the functions called; a slot that held a value owns it.
    unsafe {
        if MODE != BLIND {
            if let Some(case) = hit(map, pc, object) {
                let old = at_place(object, case);
                if !old.is_null() {
                    incref(value);
                    match case.place {
                        Place::Inline => {
                            *inline_values(object).add(usize::from(case.index)) = value;
                        }
                        _ => write(object, i32::from(case.index), value),
                    }
                    decref(old);
                    return true;
                }
            }
            if unknown(map, pc, object) {
                let stored = py::PyObject_SetAttr(object, name, value) == 0;
                if stored {
                    let case = place_of(object, name, true);
                    (*map).note_attr(pc, case);
                }
                return stored;
            }
        }
        py::PyObject_SetAttr(object, name, value) == 0
    }
}

/// A method, as `LOAD_METHOD` pushes it.
pub(super) enum Method {
    /// A function that takes the object first; a new reference. The object's reference is passed on.
    Unbound(*mut PyObject),
    /// Any other attribute; a new reference.
    Plain(*mut PyObject),
    /// An exception is set.
    Raised,
}

/// `object.name` for a call.
#[inline(always)]
pub(super) unsafe fn method<const MODE: u8>(
    map: *mut Map,
    pc: usize,
    object: *mut PyObject,
    name: *mut PyObject,
) -> Method {
    // SAFETY: as in the functions called.
    unsafe {
        if MODE != BLIND {
            if class(object) == module_class() {
                let value = module_value(map, pc, object);
                if !value.is_null() {
                    incref(value);
                    return Method::Plain(value);
                }
            } else if let Some(case) = hit(map, pc, object) {
                let unshadowed = match case.place {
                    Place::Method => {
                        !inline_values(object).is_null()
                            && shared_count(class(object)) == Some(case.index)
                    }
                    Place::MethodNoDict => true,
                    _ => false,
                };
                if unshadowed {
                    let function = ffi::_PyType_Lookup(class(object), name);
                    if !function.is_null() {
                        incref(function);
                        return Method::Unbound(function);
                    }
                }
                let value = at_place(object, case);
                if !value.is_null() {
                    incref(value);
                    return Method::Plain(value);
                }
            }
        }
        find_method::<MODE>(map, pc, object, name)
    }
}

#[inline(never)]
unsafe fn find_method<const MODE: u8>(
    map: *mut Map,
    pc: usize,
    object: *mut PyObject,
    name: *mut PyObject,
) -> Method {
    // SAFETY: alive operands; nothing of the map is held while the lookup runs.
    unsafe {
        let case =
            (MODE != BLIND && unknown(map, pc, object)).then(|| method_place_of(object, name));
        let mut found = null_mut();
        let unbound = ffi::_PyObject_GetMethod(object, name, &mut found);
        if found.is_null() {
            return Method::Raised;
        }
        if let Some(case) = case {
            (*map).note_attr(pc, case);
        }
        if unbound != 0 {
            Method::Unbound(found)
        } else {
            Method::Plain(found)
        }
    }
}

/// Number of attribute names that instances of a class share.
unsafe fn shared_count(class: *mut PyObject) -> Option<u16> {
    // SAFETY: a heap class with managed dicts (caller).
    unsafe {
        let keys: *mut u8 = read(class, t::HT_CACHED_KEYS);
        if keys.is_null() {
            return None;
        }
        u16::try_from(read::<isize>(keys, dict::DK_NENTRIES)).ok()
    }
}

unsafe fn flags_of(class: *mut PyObject) -> u64 {
    // SAFETY: a class (caller).
    unsafe { read(class, t::TP_FLAGS) }
}

/// Whether attributes of instances are looked up, or set, the standard way.
unsafe fn is_standard(class: *mut PyObject, stores: bool) -> bool {
    let class = class.cast::<py::PyTypeObject>();
    // SAFETY: a class (caller).
    unsafe {
        if stores {
            (*class)
                .tp_setattro
                .is_some_and(|f| f as usize == py::PyObject_GenericSetAttr as *const () as usize)
        } else {
            (*class)
                .tp_getattro
                .is_some_and(|f| f as usize == py::PyObject_GenericGetAttr as *const () as usize)
        }
    }
}

/// Where instances of the object's class have attribute `name`. Runs no Python code.
unsafe fn place_of(object: *mut PyObject, name: *mut PyObject, stores: bool) -> Attr {
    // SAFETY: alive operands; descriptors are borrowed from the class and looked at at once.
    unsafe {
        let of = class(object);
        if of == module_class() {
            return module_place(object, name);
        }
        // The lookup also gives the class its version.
        let descriptor = ffi::_PyType_Lookup(of, name);
        let version = version_tag(of);
        let generic = Attr {
            version,
            index: 0,
            place: Place::Generic,
            count: 1,
        };
        if version == 0 || !is_standard(of, stores) {
            return generic;
        }
        if !descriptor.is_null() {
            let kind = class(descriptor).cast::<py::PyTypeObject>();
            if kind == addr_of_mut!(py::PyMemberDescr_Type) {
                return member_place(descriptor, generic);
            }
            // A class that can change may become one of data descriptors, which come before the instance's values.
            let may_change = flags_of(kind.cast()) & IMMUTABLE == 0;
            if (*kind).tp_descr_set.is_some() || may_change {
                return generic;
            }
        }
        if flags_of(of) & MANAGED_DICT == 0 || inline_values(object).is_null() {
            return generic;
        }
        let keys: *mut u8 = read(of, t::HT_CACHED_KEYS);
        match find(keys, name) {
            Some(index) => Attr {
                index,
                place: Place::Inline,
                ..generic
            },
            None => generic,
        }
    }
}

/// `PyMemberDescrObject.d_member`, and fields of the `PyMemberDef` there.
const D_MEMBER: i32 = 40;
const MEMBER_TYPE: i32 = 8;
const MEMBER_OFFSET: i32 = 16;
const MEMBER_FLAGS: i32 = 24;

unsafe fn member_place(descriptor: *mut PyObject, generic: Attr) -> Attr {
    // SAFETY: a member descriptor (caller) has a definition.
    unsafe {
        let member: *mut u8 = read(descriptor, D_MEMBER);
        let offset: isize = read(member, MEMBER_OFFSET);
        let flags: i32 = read(member, MEMBER_FLAGS);
        let kind: i32 = read(member, MEMBER_TYPE);
        match u16::try_from(offset) {
            Ok(index) if kind == OBJECT_EX && flags == 0 => Attr {
                index,
                place: Place::Slot,
                ..generic
            },
            _ => generic,
        }
    }
}

unsafe fn module_place(module: *mut PyObject, name: *mut PyObject) -> Attr {
    let generic = Attr {
        version: 0,
        index: 0,
        place: Place::Generic,
        count: 1,
    };
    // SAFETY: a module (caller); its dict is exact.
    unsafe {
        let dict: *mut PyObject = read(module, builtin::MODULE_DICT);
        if dict.is_null() {
            return generic;
        }
        if version_of(keys_of(dict)) == 0 {
            number_keys(dict);
        }
        let version = version_of(keys_of(dict));
        match find(keys_of(dict), name) {
            Some(index) if version != 0 => Attr {
                version,
                index,
                place: Place::Module,
                count: 1,
            },
            _ => generic,
        }
    }
}

/// The same for `LOAD_METHOD`.
unsafe fn method_place_of(object: *mut PyObject, name: *mut PyObject) -> Attr {
    // SAFETY: as in `place_of`.
    unsafe {
        let of = class(object);
        if of == module_class() {
            return module_place(object, name);
        }
        let descriptor = ffi::_PyType_Lookup(of, name);
        let version = version_tag(of);
        let is_method = !descriptor.is_null()
            && version != 0
            && is_standard(of, false)
            && flags_of(class(descriptor)) & METHOD_DESCRIPTOR != 0;
        if !is_method {
            return place_of(object, name, false);
        }
        let case = Attr {
            version,
            index: 0,
            place: Place::Generic,
            count: 1,
        };
        if flags_of(of) & MANAGED_DICT != 0 {
            let keys: *mut u8 = read(of, t::HT_CACHED_KEYS);
            if inline_values(object).is_null() || find(keys, name).is_some() {
                return place_of(object, name, false);
            }
            return match shared_count(of) {
                Some(index) => Attr {
                    index,
                    place: Place::Method,
                    ..case
                },
                None => case,
            };
        }
        let dict_offset: isize = read(of, t::TP_DICTOFFSET);
        let place = if dict_offset == 0 {
            Place::MethodNoDict
        } else {
            Place::Generic
        };
        Attr { place, ..case }
    }
}
