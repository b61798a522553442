//! The loop, and the instructions that programs spend their time in.

use super::attributes::{self, Method};
use super::numbers::{float_class, float_op, int_class, int_op, kind};
use super::rare::{self, Step};
use super::{
    BLIND, End, FULL, calls, class, decref, globals, incref, numbers, sequences, unwind, xdecref,
};
use crate::bytecode::opcode as o;
use crate::feedback::{Kind, Map, Site};
use crate::host::Frame;
use crate::host::ffi::{self, PyObject, PyThreadState, read};
use crate::layout::{builtin, cframe, code as c, interp, object, tstate};
use crate::runtime;
use pyo3_ffi as py;
use std::ffi::c_int;
use std::ptr::{addr_of_mut, null_mut};

/// The compiler's opcode of every opcode; pairs that CPython has made stay pairs.
const BASE: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            o::LOAD_FAST__LOAD_FAST
            | o::LOAD_FAST__LOAD_CONST
            | o::LOAD_CONST__LOAD_FAST
            | o::STORE_FAST__LOAD_FAST
            | o::STORE_FAST__STORE_FAST => at as u8,
            op => o::deopt(op),
        };
        at += 1;
    }
    table
};

/// Where the items of a tuple begin.
#[inline(always)]
pub(super) unsafe fn items(tuple: *mut PyObject) -> *mut *mut PyObject {
    tuple
        .cast::<u8>()
        .wrapping_offset(builtin::TUPLE_ITEMS as isize)
        .cast()
}

/// [`run`](super::run) with what it records known to the compiler.
///
/// # Safety
/// As there.
#[allow(clippy::too_many_lines)] // One arm an instruction; what is long is a function elsewhere.
pub(super) unsafe fn interpret<const MODE: u8>(
    ts: *mut PyThreadState,
    frame: Frame,
    map: *mut Map,
    mut budget: u32,
) -> (End, u32) {
    // SAFETY: for the whole function. The GIL is held, and the frame, its code, constants and names
    // stay alive while the frame runs. The compiler's bytecode keeps the value stack within its bounds;
    // every slot below `sp` is null or an owned reference, and what an arm pops it owns. Objects are
    // looked into only after their class was compared. Nothing of the map is held across what may run
    // other code.
    unsafe {
        let code = frame.code();
        let first = frame.first_unit();
        let consts = items(read(code, c::CO_CONSTS));
        let names = items(read(code, c::CO_NAMES));
        let locals = frame.locals();
        let global_names = frame.has_global_names();
        let base = locals.add(frame.nlocals() as usize);
        let cframe: *mut u8 = read(ts, tstate::CFRAME);
        let tracing: *const u8 = cframe.offset(cframe::USE_TRACING as isize);
        let interpreter: *mut u8 = read(ts, tstate::INTERP);
        let breaker: *const c_int = interpreter.offset(interp::EVAL_BREAKER as isize).cast();

        let mut sp = locals.add(frame.stacktop() as usize);
        let mut ip = frame.last_instruction().add(1);
        let mut names_of_call: *mut PyObject = null_mut();
        frame.set_stacktop(-1);

        /// Stores the state of the evaluator in the frame, so that `$next` is the next instruction.
        macro_rules! suspend {
            ($next:expr) => {{
                frame.set_last_pointer($next.sub(1));
                frame.set_stacktop(sp.offset_from(locals) as i32);
            }};
        }
        macro_rules! push {
            ($value:expr) => {{
                *sp = $value;
                sp = sp.add(1);
            }};
        }
        macro_rules! push_bool {
            ($truth:expr) => {{
                let value = if $truth {
                    py::Py_True()
                } else {
                    py::Py_False()
                };
                incref(value);
                push!(value);
            }};
        }
        macro_rules! pop {
            () => {{
                sp = sp.sub(1);
                *sp
            }};
        }

        'next: loop {
            let start = ip;
            let unit = *ip;
            ip = ip.add(1);
            let mut op = BASE[usize::from(unit as u8)];
            let mut arg = usize::from(unit >> 8);
            frame.set_last_pointer(start);

            macro_rules! leave {
                () => {{
                    suspend!(start);
                    return (End::Leave, budget);
                }};
            }
            /// Number of the running instruction.
            macro_rules! pc {
                () => {
                    ip.offset_from(first) as usize - 1
                };
            }
            macro_rules! site {
                ($pc:expr) => {
                    (*map).site_mut($pc)
                };
            }
            /// Goes to the handler of the exception that is set.
            macro_rules! raise {
                ($pc:expr, $traceback:expr) => {{
                    let pc = $pc;
                    match unwind::handler(code, pc) {
                        // A tracer has come that wants to know of it: CPython does it all.
                        Some(_) if $traceback && *tracing != 0 => {
                            frame.set_stacktop(sp.offset_from(locals) as i32);
                            return (End::Raised, budget);
                        }
                        Some(handler) => {
                            if $traceback {
                                unwind::add_traceback(ts, frame);
                            }
                            let last = frame.last_instruction().offset_from(first) as usize;
                            let (entered, top) = unwind::enter(handler, sp, base, last);
                            sp = top;
                            if !entered {
                                frame.set_stacktop(sp.offset_from(locals) as i32);
                                return (End::Raised, budget);
                            }
                            ip = first.add(handler.target);
                            continue 'next;
                        }
                        None => {
                            frame.set_stacktop(sp.offset_from(locals) as i32);
                            return (End::Raised, budget);
                        }
                    }
                }};
            }
            macro_rules! error {
                ($pc:expr) => {
                    raise!($pc, true)
                };
            }
            /// Takes a back-edge to `$target`.
            macro_rules! back_edge {
                ($target:expr) => {{
                    ip = $target;
                    budget -= 1;
                    if budget == 0 {
                        suspend!(ip);
                        return (End::Edge(ip.offset_from(first) as u32), budget);
                    }
                }};
            }

            /// Looks at the eval breaker where an instruction jumps backward.
            macro_rules! poll {
                ($backward:expr) => {
                    if $backward && *breaker != 0 && runtime::swl_poll(ts) != 0 {
                        leave!();
                    }
                };
            }
            /// Ends a conditional jump.
            macro_rules! jump {
                ($pc:expr, $taken:expr, $backward:expr) => {{
                    if MODE == FULL {
                        site!($pc).note_branch($taken);
                    }
                    if $taken {
                        if $backward {
                            back_edge!(ip.sub(arg));
                        } else {
                            ip = ip.add(arg);
                        }
                    }
                }};
            }
            /// Pushes a local, or lets CPython raise: `$at` is the unit that loads it.
            macro_rules! load_fast {
                ($slot:expr, $at:expr) => {{
                    let value = *locals.add($slot);
                    if value.is_null() {
                        suspend!($at);
                        return (End::Leave, budget);
                    }
                    incref(value);
                    push!(value);
                }};
            }
            macro_rules! load_const {
                ($number:expr) => {{
                    let value = *consts.add($number);
                    incref(value);
                    push!(value);
                }};
            }
            macro_rules! store_fast {
                ($slot:expr) => {{
                    let value = pop!();
                    let old = std::mem::replace(&mut *locals.add($slot), value);
                    xdecref(old);
                }};
            }
            /// Pushes a global or builtin.
            macro_rules! load_global {
                ($pc:expr, $name:expr) => {{
                    let (pc, name) = ($pc, $name);
                    if MODE != BLIND {
                        let value = globals::cached(frame, site!(pc).global());
                        if !value.is_null() {
                            incref(value);
                            push!(value);
                            continue 'next;
                        }
                    }
                    let value = globals::load(frame, name);
                    if value.is_null() {
                        error!(pc);
                    }
                    push!(value);
                    if MODE != BLIND {
                        globals::note(map, pc, frame, name);
                    }
                }};
            }
            /// The argument of the second instruction of a pair; goes behind it.
            macro_rules! second {
                () => {{
                    let unit = *ip;
                    frame.set_last_pointer(ip);
                    ip = ip.add(1);
                    usize::from(unit >> 8)
                }};
            }
            'again: loop {
                match op {
                    o::EXTENDED_ARG => {
                        let unit = *ip;
                        frame.set_last_pointer(ip);
                        ip = ip.add(1);
                        op = BASE[usize::from(unit as u8)];
                        arg = arg << 8 | usize::from(unit >> 8);
                        continue 'again;
                    }
                    // Quickened pairs.
                    o::LOAD_FAST__LOAD_FAST => {
                        load_fast!(arg, start);
                        let at = ip;
                        load_fast!(second!(), at);
                        continue 'next;
                    }
                    o::LOAD_FAST__LOAD_CONST => {
                        load_fast!(arg, start);
                        load_const!(second!());
                        continue 'next;
                    }
                    o::LOAD_CONST__LOAD_FAST => {
                        load_const!(arg);
                        let at = ip;
                        load_fast!(second!(), at);
                        continue 'next;
                    }
                    o::STORE_FAST__LOAD_FAST => {
                        store_fast!(arg);
                        let at = ip;
                        load_fast!(second!(), at);
                    }
                    o::STORE_FAST__STORE_FAST => {
                        store_fast!(arg);
                        store_fast!(second!());
                    }
                    o::NOP | o::CACHE => continue 'next,
                    o::RESUME => {
                        if *breaker != 0 && arg < 2 && runtime::swl_poll(ts) != 0 {
                            leave!();
                        }
                    }
                    o::LOAD_FAST | o::LOAD_CLOSURE => {
                        load_fast!(arg, start);
                        continue 'next;
                    }
                    o::LOAD_CONST => {
                        load_const!(arg);
                        continue 'next;
                    }
                    o::STORE_FAST => store_fast!(arg),
                    o::POP_TOP => {
                        let value = pop!();
                        decref(value);
                    }
                    o::PUSH_NULL => {
                        push!(null_mut());
                        continue 'next;
                    }
                    o::COPY => {
                        let value = *sp.sub(arg);
                        incref(value);
                        push!(value);
                    }
                    o::SWAP => {
                        std::ptr::swap(sp.sub(1), sp.sub(arg));
                        continue 'next;
                    }

                    o::BINARY_OP => {
                        let pc = pc!();
                        let (a, b) = (*sp.sub(2), *sp.sub(1));
                        ip = ip.add(1);
                        let (ca, cb) = (class(a), class(b));
                        if ca == float_class()
                            && cb == ca
                            && let Some(result) = float_op(a, b, arg as u32)
                        {
                            sp = sp.sub(1);
                            *sp.sub(1) = result;
                            if MODE == FULL {
                                site!(pc).note(Site::case(Kind::Float, Kind::Float, Kind::Nothing));
                            }
                            continue 'next;
                        }
                        let short = if ca == int_class() && cb == ca {
                            int_op(a, b, arg as u32)
                        } else {
                            None
                        };
                        if let Some(result) = short {
                            if MODE == FULL {
                                site!(pc).note(Site::case(Kind::Int, Kind::Int, Kind::Nothing));
                            }
                            decref(a);
                            decref(b);
                            sp = sp.sub(1);
                            *sp.sub(1) = result;
                            if result.is_null() {
                                sp = sp.sub(1);
                                error!(pc);
                            }
                            continue 'next;
                        }
                        if sequences::appends_in_place(a, b, arg, ip, locals) {
                            let slot = locals.add(usize::from(*ip >> 8));
                            if MODE == FULL {
                                site!(pc).note(Site::case(Kind::Str, Kind::Str, Kind::Str));
                            }
                            decref(a);
                            py::PyUnicode_Append(slot, b);
                            decref(b);
                            sp = sp.sub(2);
                            if (*slot).is_null() {
                                error!(pc);
                            }
                            // The store is done.
                            ip = ip.add(1);
                            continue 'next;
                        }
                        let kinds = if MODE == FULL {
                            Some((kind(a), kind(b)))
                        } else {
                            None
                        };
                        let result = runtime::swl_binary_op(a, b, arg as i64);
                        if let Some((ka, kb)) = kinds
                            && !result.is_null()
                        {
                            let big = class(result) == int_class() && kind(result) == Kind::BigInt;
                            let big = if big { Kind::BigInt } else { Kind::Nothing };
                            site!(pc).note(Site::case(ka, kb, big));
                        }
                        decref(a);
                        decref(b);
                        sp = sp.sub(2);
                        if result.is_null() {
                            error!(pc);
                        }
                        push!(result);
                    }
                    o::COMPARE_OP => {
                        let pc = pc!();
                        let (a, b) = (*sp.sub(2), *sp.sub(1));
                        ip = ip.add(2);
                        if MODE == FULL {
                            site!(pc).note(Site::case(kind(a), kind(b), Kind::Nothing));
                        }
                        if let Some(truth) = numbers::compare(a, b, arg as u32) {
                            decref(a);
                            decref(b);
                            sp = sp.sub(2);
                            // Mostly a conditional jump follows.
                            let next = *ip;
                            let jumps_on = match next as u8 {
                                o::POP_JUMP_FORWARD_IF_FALSE => Some(false),
                                o::POP_JUMP_FORWARD_IF_TRUE => Some(true),
                                _ => None,
                            };
                            if let Some(on) = jumps_on {
                                if MODE == FULL {
                                    let pc = ip.offset_from(first) as usize;
                                    site!(pc).note_branch(truth == on);
                                }
                                ip = ip.add(1);
                                if truth == on {
                                    ip = ip.add(usize::from(next >> 8));
                                }
                                continue 'next;
                            }
                            push_bool!(truth);
                            continue 'next;
                        }
                        let result = py::PyObject_RichCompare(a, b, arg as c_int);
                        decref(a);
                        decref(b);
                        sp = sp.sub(2);
                        if result.is_null() {
                            error!(pc);
                        }
                        push!(result);
                    }
                    o::IS_OP => {
                        let b = pop!();
                        let a = pop!();
                        let truth = (a == b) != (arg != 0);
                        decref(a);
                        decref(b);
                        push_bool!(truth);
                    }

                    o::BINARY_SUBSCR => {
                        let pc = pc!();
                        let (container, key) = (*sp.sub(2), *sp.sub(1));
                        ip = ip.add(4);
                        let result = sequences::item(container, key);
                        if MODE == FULL && !result.is_null() {
                            site!(pc).note(Site::case(kind(container), kind(key), kind(result)));
                        }
                        decref(key);
                        decref(container);
                        sp = sp.sub(2);
                        if result.is_null() {
                            error!(pc);
                        }
                        push!(result);
                    }
                    o::STORE_SUBSCR => {
                        let pc = pc!();
                        let (value, container, key) = (*sp.sub(3), *sp.sub(2), *sp.sub(1));
                        ip = ip.add(1);
                        if MODE == FULL {
                            site!(pc).note(Site::case(kind(container), kind(key), Kind::Nothing));
                        }
                        let stored = sequences::set_item(container, key, value);
                        decref(value);
                        decref(container);
                        decref(key);
                        sp = sp.sub(3);
                        if !stored {
                            error!(pc);
                        }
                    }
                    o::UNPACK_SEQUENCE => {
                        let pc = pc!();
                        let sequence = pop!();
                        ip = ip.add(1);
                        if MODE == FULL {
                            site!(pc).note(Site::case(
                                kind(sequence),
                                Kind::Nothing,
                                Kind::Nothing,
                            ));
                        }
                        let unpacked = sequences::unpack(sequence, arg, sp);
                        decref(sequence);
                        if !unpacked {
                            error!(pc);
                        }
                        sp = sp.add(arg);
                    }

                    o::LOAD_GLOBAL => {
                        let pc = pc!();
                        ip = ip.add(5);
                        if arg & 1 != 0 {
                            push!(null_mut());
                        }
                        load_global!(pc, *names.add(arg >> 1));
                    }
                    o::LOAD_NAME if global_names => load_global!(pc!(), *names.add(arg)),
                    o::LOAD_ATTR => {
                        let pc = pc!();
                        let object = *sp.sub(1);
                        ip = ip.add(4);
                        let value = attributes::load::<MODE>(map, pc, object, *names.add(arg));
                        decref(object);
                        if value.is_null() {
                            sp = sp.sub(1);
                            error!(pc);
                        }
                        *sp.sub(1) = value;
                    }
                    o::STORE_ATTR => {
                        let pc = pc!();
                        let (value, object) = (*sp.sub(2), *sp.sub(1));
                        ip = ip.add(4);
                        let name = *names.add(arg);
                        let stored = attributes::store::<MODE>(map, pc, object, name, value);
                        decref(value);
                        decref(object);
                        sp = sp.sub(2);
                        if !stored {
                            error!(pc);
                        }
                    }
                    o::LOAD_METHOD => {
                        let pc = pc!();
                        let object = *sp.sub(1);
                        ip = ip.add(10);
                        match attributes::method::<MODE>(map, pc, object, *names.add(arg)) {
                            Method::Unbound(function) => {
                                *sp.sub(1) = function;
                                push!(object);
                            }
                            Method::Plain(value) => {
                                *sp.sub(1) = null_mut();
                                push!(value);
                                decref(object);
                            }
                            Method::Raised => {
                                sp = sp.sub(1);
                                decref(object);
                                error!(pc);
                            }
                        }
                    }

                    o::KW_NAMES => {
                        names_of_call = *consts.add(arg);
                        continue 'next;
                    }
                    o::PRECALL => {
                        ip = ip.add(1);
                        let callable = *sp.sub(arg + 1);
                        if (*sp.sub(arg + 2)).is_null()
                            && class(callable) == addr_of_mut!(ffi::PyMethod_Type).cast()
                        {
                            sequences::unpack_method(sp.sub(arg + 2));
                        }
                        continue 'next;
                    }
                    o::CALL => {
                        let pc = pc!();
                        ip = ip.add(4);
                        let below = sp.sub(arg + 2);
                        let bound = usize::from(!(*below).is_null());
                        let args = below.add(2 - bound);
                        let callable = *args.sub(1);
                        if MODE == FULL {
                            let target = if class(callable) == calls::function_class() {
                                calls::code_of(callable) as u64
                            } else {
                                0
                            };
                            site!(pc).note_target(target);
                        }
                        let keywords = std::mem::replace(&mut names_of_call, null_mut());
                        let result = calls::call(ts, callable, args, arg + bound, keywords);
                        let result = runtime::after_call(result);
                        sp = below;
                        if result.is_null() {
                            error!(pc);
                        }
                        push!(result);
                    }
                    o::RETURN_VALUE => {
                        let value = pop!();
                        frame.set_stacktop(sp.offset_from(locals) as i32);
                        return (End::Returned(value), budget);
                    }

                    o::YIELD_VALUE => {
                        let value = pop!();
                        frame.set_stacktop(sp.offset_from(locals) as i32);
                        frame.set_suspended();
                        return (End::Returned(value), budget);
                    }
                    o::SEND => {
                        let pc = pc!();
                        let (receiver, value) = (*sp.sub(2), *sp.sub(1));
                        let mut returned = 0;
                        let result = runtime::swl_send(receiver, value, &mut returned);
                        decref(value);
                        sp = sp.sub(1);
                        if result.is_null() {
                            error!(pc);
                        }
                        if returned == 0 {
                            push!(result);
                        } else {
                            *sp.sub(1) = result;
                            decref(receiver);
                            ip = ip.add(arg);
                        }
                    }

                    o::GET_ITER => {
                        let pc = pc!();
                        let iterable = *sp.sub(1);
                        if MODE == FULL {
                            site!(pc).note(Site::case(
                                kind(iterable),
                                Kind::Nothing,
                                Kind::Nothing,
                            ));
                        }
                        let iterator = py::PyObject_GetIter(iterable);
                        decref(iterable);
                        sp = sp.sub(1);
                        if iterator.is_null() {
                            error!(pc);
                        }
                        push!(iterator);
                    }
                    o::FOR_ITER => {
                        let pc = pc!();
                        let iterator = *sp.sub(1);
                        let next = (*class(iterator).cast::<py::PyTypeObject>())
                            .tp_iternext
                            .expect("GET_ITER yields iterators");
                        let item = next(iterator);
                        if !item.is_null() {
                            push!(item);
                            continue 'next;
                        }
                        let raised: *mut PyObject = read(ts, tstate::CUREXC_TYPE);
                        if !raised.is_null() {
                            if py::PyErr_ExceptionMatches(py::PyExc_StopIteration) == 0 {
                                error!(pc);
                            }
                            py::PyErr_Clear();
                        }
                        sp = sp.sub(1);
                        decref(iterator);
                        ip = ip.add(arg);
                    }

                    o::JUMP_FORWARD => {
                        ip = ip.add(arg);
                        continue 'next;
                    }
                    // Gives nobody a turn: it waits for what is awaited to be done.
                    o::JUMP_BACKWARD_NO_INTERRUPT => {
                        ip = ip.sub(arg);
                        continue 'next;
                    }
                    o::JUMP_BACKWARD => {
                        poll!(true);
                        back_edge!(ip.sub(arg));
                        continue 'next;
                    }
                    o::POP_JUMP_FORWARD_IF_FALSE
                    | o::POP_JUMP_FORWARD_IF_TRUE
                    | o::POP_JUMP_BACKWARD_IF_FALSE
                    | o::POP_JUMP_BACKWARD_IF_TRUE => {
                        let pc = pc!();
                        let backward = op == o::POP_JUMP_BACKWARD_IF_FALSE
                            || op == o::POP_JUMP_BACKWARD_IF_TRUE;
                        poll!(backward);
                        let value = pop!();
                        let truth = if value == py::Py_True() {
                            1
                        } else if value == py::Py_False() || value == py::Py_None() {
                            0
                        } else {
                            py::PyObject_IsTrue(value)
                        };
                        decref(value);
                        if truth < 0 {
                            error!(pc);
                        }
                        let on_true =
                            op == o::POP_JUMP_FORWARD_IF_TRUE || op == o::POP_JUMP_BACKWARD_IF_TRUE;
                        let taken = (truth != 0) == on_true;
                        jump!(pc, taken, backward);
                    }
                    o::POP_JUMP_FORWARD_IF_NONE
                    | o::POP_JUMP_FORWARD_IF_NOT_NONE
                    | o::POP_JUMP_BACKWARD_IF_NONE
                    | o::POP_JUMP_BACKWARD_IF_NOT_NONE => {
                        let pc = pc!();
                        let backward = op == o::POP_JUMP_BACKWARD_IF_NONE
                            || op == o::POP_JUMP_BACKWARD_IF_NOT_NONE;
                        poll!(backward);
                        let value = pop!();
                        let is_none = value == py::Py_None();
                        decref(value);
                        let on_none =
                            op == o::POP_JUMP_FORWARD_IF_NONE || op == o::POP_JUMP_BACKWARD_IF_NONE;
                        let taken = is_none == on_none;
                        jump!(pc, taken, backward);
                    }
                    o::JUMP_IF_TRUE_OR_POP | o::JUMP_IF_FALSE_OR_POP => {
                        let pc = pc!();
                        let value = *sp.sub(1);
                        let truth = py::PyObject_IsTrue(value);
                        if truth < 0 {
                            error!(pc);
                        }
                        let taken = (truth != 0) == (op == o::JUMP_IF_TRUE_OR_POP);
                        if MODE == FULL {
                            site!(pc).note_branch(taken);
                        }
                        if taken {
                            ip = ip.add(arg);
                        } else {
                            sp = sp.sub(1);
                            decref(value);
                        }
                    }

                    _ => {
                        let pc = pc!();
                        let mut state = rare::State {
                            ts,
                            frame,
                            code,
                            locals,
                            sp,
                            ip,
                            pc,
                            arg,
                            names,
                        };
                        let step = rare::TABLE[usize::from(op)](&mut state);
                        match step {
                            Step::Next => {
                                sp = state.sp;
                                ip = state.ip;
                            }
                            Step::Error => {
                                sp = state.sp;
                                error!(pc);
                            }
                            Step::Reraise => {
                                sp = state.sp;
                                raise!(pc, false);
                            }
                            Step::Leave => leave!(),
                        }
                    }
                }
                break 'again;
            }
            // What has just run may have switched tracing on.
            if *tracing != 0 {
                suspend!(ip);
                return (End::Leave, budget);
            }
        }
    }
}

/// Where the size of a tuple or list is.
pub(super) unsafe fn size_of_var(sequence: *mut PyObject) -> isize {
    // SAFETY: a tuple or list (caller).
    unsafe { read(sequence, object::OB_SIZE) }
}
