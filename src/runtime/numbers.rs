//! Numbers, exactly as `longobject.c` and `floatobject.c` have them.

use crate::host::ffi::PyObject;
use pyo3_ffi::{PyLong_AsLongLongAndOverflow, PyLong_FromLongLong};

pub(super) extern "C-unwind" fn swl_box_int(value: i64) -> *mut PyObject {
    // SAFETY: the GIL is held.
    unsafe { PyLong_FromLongLong(value) }
}

/// # Safety
/// `int` is an exact int, `out` writable.
pub(super) unsafe extern "C-unwind" fn swl_unbox_int(int: *mut PyObject, out: *mut i64) -> i64 {
    let mut overflow = 0;
    // SAFETY: the caller's promise; for an exact int no exception is set.
    unsafe {
        *out = PyLong_AsLongLongAndOverflow(int, &mut overflow);
    }
    i64::from(overflow == 0)
}

/// # Safety
/// `out` is writable.
pub(super) unsafe extern "C-unwind" fn swl_float_pow(a: f64, b: f64, out: *mut f64) -> i64 {
    if a > 0.0 && a.is_finite() && b.is_finite() {
        let power = libm_pow(a, b);
        if !power.is_finite() {
            return 0;
        }
        // SAFETY: the caller's promise.
        unsafe { *out = power };
        return 1;
    }
    // Zero to a negative power raises, a negative number to a fraction is complex, and infinities
    // and NaNs have rules of their own: the interpreter knows them all.
    if !a.is_finite() || !b.is_finite() || (a == 0.0 && b < 0.0) || (a < 0.0 && b != b.floor()) {
        return 0;
    }
    // CPython takes the power of the magnitude and gives it the sign afterwards.
    let magnitude = libm_pow(a.abs(), b);
    if !magnitude.is_finite() {
        return 0;
    }
    let negative = a.is_sign_negative() && b.abs() % 2.0 == 1.0;
    // SAFETY: the caller's promise.
    unsafe { *out = if negative { -magnitude } else { magnitude } };
    1
}

fn libm_pow(a: f64, b: f64) -> f64 {
    // SAFETY: the C library's function, as CPython calls it.
    unsafe extern "C" {
        safe fn pow(a: f64, b: f64) -> f64;
    }
    pow(a, b)
}

pub(super) extern "C-unwind" fn swl_float_mod(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        return 0f64.copysign(b);
    }
    if (b < 0.0) == (rest < 0.0) {
        rest
    } else {
        rest + b
    }
}

pub(super) extern "C-unwind" fn swl_float_floordiv(a: f64, b: f64) -> f64 {
    let rest = a % b;
    let mut quotient = (a - rest) / b;
    // A NaN remainder counts as non-zero, as in C.
    if rest != 0.0 && (b < 0.0) != (rest < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0f64.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > 0.5 {
        floor + 1.0
    } else {
        floor
    }
}

/// # Safety
/// `out` is writable.
pub(super) unsafe extern "C-unwind" fn swl_int_pow(a: i64, b: i64, out: *mut i64) -> i64 {
    let Some(power) = u32::try_from(b).ok().and_then(|b| a.checked_pow(b)) else {
        return 0;
    };
    // SAFETY: the caller's promise.
    unsafe { *out = power };
    1
}

/// # Safety
/// `out` is writable.
pub(super) unsafe extern "C-unwind" fn swl_range_len(
    start: i64,
    stop: i64,
    step: i64,
    out: *mut i64,
) -> i64 {
    let (start, stop, step) = (i128::from(start), i128::from(stop), i128::from(step));
    let len = match step {
        0 => return 0,
        1.. => (stop - start + step - 1).div_euclid(step),
        _ => (start - stop - step - 1).div_euclid(-step),
    };
    let Ok(len) = i64::try_from(len.max(0)) else {
        return 0;
    };
    // SAFETY: the caller's promise.
    unsafe { *out = len };
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_python() {
        for (start, stop, step, expected) in [
            (0, 10, 3, 4),
            (10, 0, -3, 4),
            (0, 0, 1, 0),
            (5, 0, 1, 0),
            (i64::MIN, i64::MAX, i64::MAX, 3),
        ] {
            let mut out = 0;
            // SAFETY: `out` is a local.
            assert_eq!(unsafe { swl_range_len(start, stop, step, &mut out) }, 1);
            assert_eq!(out, expected, "range({start}, {stop}, {step})");
        }
    }
}
