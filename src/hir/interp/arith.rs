//! Arithmetic of HIR, straight from the definitions in the instruction table. `None` means that
//! the instruction leaves native code.

use crate::hir::{CmpOp, Op};

/// The instructions from two integers to one.
pub(super) fn int_binary(op: Op, a: i64, b: i64) -> Option<i64> {
    match op {
        Op::IntAdd => a.checked_add(b),
        Op::IntSub => a.checked_sub(b),
        Op::IntMul => a.checked_mul(b),
        Op::IntFloorDiv => {
            let quotient = a.checked_div(b)?;
            let inexact = a.wrapping_rem(b) != 0;
            Some(quotient - i64::from(inexact && (a < 0) != (b < 0)))
        }
        Op::IntMod => {
            if b == 0 {
                return None;
            }
            let rest = a.wrapping_rem(b);
            let other_sign = rest != 0 && (rest < 0) != (b < 0);
            Some(if other_sign { rest + b } else { rest })
        }
        Op::IntPow => int_pow(a, b),
        Op::IntShl => {
            let count = u32::try_from(b).ok().filter(|&b| b < 63)?;
            let shifted = a << count;
            (shifted >> count == a).then_some(shifted)
        }
        Op::IntShr => (b >= 0).then(|| a >> b.min(63)),
        Op::IntAnd => Some(a & b),
        Op::IntOr => Some(a | b),
        Op::IntXor => Some(a ^ b),
        Op::IntAddWrap => Some(a.wrapping_add(b)),
        _ => unreachable!("{op} is no operation from two integers to one"),
    }
}

fn int_pow(a: i64, b: i64) -> Option<i64> {
    if b < 0 {
        return None;
    }
    match (a, u32::try_from(b)) {
        (_, Ok(b)) => a.checked_pow(b),
        // Too large an exponent for the library, but harmless for these.
        (0 | 1, _) => Some(a),
        (-1, _) => Some(if b % 2 == 0 { 1 } else { -1 }),
        _ => None,
    }
}

/// `a / b` as the nearest double.
pub(super) fn int_truediv(a: i64, b: i64) -> Option<f64> {
    let exact = |n: i64| n.unsigned_abs() <= 1 << 53;
    (b != 0 && exact(a) && exact(b)).then(|| a as f64 / b as f64)
}

/// Number of items of `range(start, stop, step)`.
pub(super) fn range_len(start: i64, stop: i64, step: i64) -> Option<i64> {
    let (start, stop, step) = (i128::from(start), i128::from(stop), i128::from(step));
    let distance = match step.signum() {
        0 => return None,
        1 => stop - start,
        _ => start - stop,
    };
    let count = if distance <= 0 {
        0
    } else {
        (distance - 1) / step.abs() + 1
    };
    i64::try_from(count).ok()
}

pub(super) fn compare<T: PartialOrd>(op: CmpOp, a: T, b: T) -> bool {
    match op {
        CmpOp::Lt => a < b,
        CmpOp::Le => a <= b,
        CmpOp::Eq => a == b,
        CmpOp::Ne => a != b,
        CmpOp::Gt => a > b,
        CmpOp::Ge => a >= b,
    }
}

/// The instructions from two doubles to one.
pub(super) fn float_binary(op: Op, a: f64, b: f64) -> Option<f64> {
    match op {
        Op::FloatAdd => Some(a + b),
        Op::FloatSub => Some(a - b),
        Op::FloatMul => Some(a * b),
        Op::FloatDiv => (b != 0.0).then(|| a / b),
        Op::FloatFloorDiv => (b != 0.0).then(|| float_floordiv(a, b)),
        Op::FloatMod => (b != 0.0).then(|| float_mod(a, b)),
        Op::FloatPow => float_pow(a, b),
        _ => unreachable!("{op} is no operation from two doubles to one"),
    }
}

/// The remainder with the sign of `b`, zero included.
fn float_mod(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        0.0_f64.copysign(b)
    } else if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// The quotient rounded down, such that it goes with the remainder.
fn float_floordiv(a: f64, b: f64) -> f64 {
    let rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0_f64.copysign(a / b);
    }
    let down = quotient.floor();
    if quotient - down > 0.5 {
        down + 1.0
    } else {
        down
    }
}

fn float_pow(a: f64, b: f64) -> Option<f64> {
    let by_zero = a == 0.0 && b < 0.0;
    let complex = a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0;
    if by_zero || complex {
        return None;
    }
    let power = a.powf(b);
    let overflow = power.is_infinite() && a.is_finite() && b.is_finite();
    (!overflow).then_some(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        let cases = [
            (Op::IntAdd, i64::MAX, 1, None),
            (Op::IntSub, 0, i64::MIN, None),
            (Op::IntMul, 1 << 62, 2, None),
            (Op::IntFloorDiv, -7, 2, Some(-4)),
            (Op::IntFloorDiv, 7, -2, Some(-4)),
            (Op::IntFloorDiv, -6, 2, Some(-3)),
            (Op::IntFloorDiv, 1, 0, None),
            (Op::IntFloorDiv, i64::MIN, -1, None),
            (Op::IntMod, -7, 2, Some(1)),
            (Op::IntMod, 7, -2, Some(-1)),
            (Op::IntMod, -6, 2, Some(0)),
            (Op::IntMod, i64::MIN, -1, Some(0)),
            (Op::IntMod, 1, 0, None),
            (Op::IntPow, 3, 4, Some(81)),
            (Op::IntPow, 0, 0, Some(1)),
            (Op::IntPow, 2, 63, None),
            (Op::IntPow, -2, 63, Some(i64::MIN)),
            (Op::IntPow, 2, -1, None),
            (Op::IntPow, -1, (1 << 40) + 1, Some(-1)),
            (Op::IntShl, 1, 62, Some(1 << 62)),
            (Op::IntShl, 2, 62, None),
            (Op::IntShl, 0, 63, None),
            (Op::IntShl, 1, -1, None),
            (Op::IntShr, -5, 1, Some(-3)),
            (Op::IntShr, -5, 1000, Some(-1)),
            (Op::IntShr, 1, -1, None),
            (Op::IntAddWrap, i64::MAX, 1, Some(i64::MIN)),
        ];
        for (op, a, b, want) in cases {
            assert_eq!(int_binary(op, a, b), want, "{op} {a} {b}");
        }
        assert_eq!(int_truediv(1, 2), Some(0.5));
        assert_eq!(int_truediv((1 << 53) + 1, 2), None);
        assert_eq!(int_truediv(1, 0), None);
    }

    #[test]
    fn ranges() {
        let cases = [
            ((0, 10, 3), Some(4)),
            ((0, 9, 3), Some(3)),
            ((10, 0, -3), Some(4)),
            ((0, 10, -1), Some(0)),
            ((5, 5, 1), Some(0)),
            ((0, 1, 0), None),
            ((i64::MIN, i64::MAX, 1), None),
            ((i64::MIN, i64::MAX, 3), Some(6_148_914_691_236_517_205)),
            ((0, i64::MAX, i64::MIN), Some(0)),
        ];
        for ((start, stop, step), want) in cases {
            assert_eq!(range_len(start, stop, step), want, "{start} {stop} {step}");
        }
    }

    #[test]
    fn floats() {
        // Bits, so that the sign of zero counts.
        let cases = [
            (Op::FloatDiv, 1.0, 0.0, None),
            (Op::FloatFloorDiv, -7.0, 2.0, Some(-4.0)),
            (Op::FloatFloorDiv, 7.0, f64::INFINITY, Some(0.0)),
            (Op::FloatFloorDiv, -7.0, f64::INFINITY, Some(-1.0)),
            (Op::FloatFloorDiv, -0.0, 2.0, Some(-0.0)),
            (Op::FloatFloorDiv, 1.0, 0.1, Some(9.0)),
            (Op::FloatMod, -7.0, 2.0, Some(1.0)),
            (Op::FloatMod, 6.0, -2.0, Some(-0.0)),
            (Op::FloatMod, -7.0, f64::INFINITY, Some(f64::INFINITY)),
            (Op::FloatMod, 1.0, -0.0, None),
            (Op::FloatPow, 0.0, -1.0, None),
            (Op::FloatPow, -8.0, 0.5, None),
            (Op::FloatPow, -2.0, 3.0, Some(-8.0)),
            (Op::FloatPow, 10.0, 400.0, None),
            (Op::FloatPow, f64::NEG_INFINITY, 0.5, Some(f64::INFINITY)),
            (Op::FloatPow, f64::NAN, 0.0, Some(1.0)),
            (Op::FloatPow, -1.0, f64::INFINITY, Some(1.0)),
        ];
        for (op, a, b, want) in cases {
            let got = float_binary(op, a, b);
            assert_eq!(
                got.map(f64::to_bits),
                want.map(f64::to_bits),
                "{op} {a} {b}: {got:?}"
            );
        }
        for op in CmpOp::ALL {
            assert_eq!(compare(*op, f64::NAN, f64::NAN), *op == CmpOp::Ne);
        }
    }
}
