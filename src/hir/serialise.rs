//! A function as bytes (postcard), and back, from bytes that may be anything.

use super::function::Function;
use super::verify::{VerifyErrors, verify};

/// Why bytes are not a function.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early or hold an impossible value.
    #[error("malformed function: {0}")]
    Malformed(#[from] postcard::Error),
    /// There are bytes after the function.
    #[error("{0} bytes after the function")]
    TooLong(usize),
    /// The bytes hold a function that breaks an invariant.
    #[error("invalid function: {0}")]
    Invalid(#[from] VerifyErrors),
}

/// The bytes of `func`.
///
/// # Panics
/// Never: a function is plain data.
#[must_use]
pub fn to_bytes(func: &Function) -> Vec<u8> {
    postcard::to_stdvec(func).expect("plain data can be serialised")
}

/// The verified function in `bytes`, which hold nothing else.
///
/// # Errors
/// For any other bytes; what is allocated meanwhile is bounded by their number.
pub fn from_bytes(bytes: &[u8]) -> Result<Function, DecodeError> {
    let (func, rest): (Function, _) = postcard::take_from_bytes(bytes)?;
    if !rest.is_empty() {
        return Err(DecodeError::TooLong(rest.len()));
    }
    verify(&func)?;
    Ok(func)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::parse_function;
    use proptest::prelude::*;

    fn example() -> Function {
        parse_function(
            r#"function "m.f:3" args 1 locals 2 {
  const c0 = int "1"
  cell cell0 = "m.g" frame_words 14 locals 2
bb0:
  v0 = load_local 0
  v1: int = guard_type v0, int, fs0
  v2 = unbox_int v1, fs0
  v3 = const_bool true
  branch v3, bb1(v2), bb1(v2)
  fs0 = pc 4 locals [slot, null] stack [null]
bb1(v4: i64):
  v5 = box_int v4
  poll fs1 drops [v5]
  return v5
  fs1 = pc 4 locals [slot, v4] stack [range(v4, v4, v4)]
}
"#,
        )
        .unwrap()
    }

    #[test]
    fn back_and_forth() {
        let func = example();
        assert_eq!(from_bytes(&to_bytes(&func)).unwrap(), func);
    }

    #[test]
    fn states_are_told_by_what_changes() {
        use crate::hir::{FrameState, FsValue, Value};
        let mut func = example();
        let state = |pc, locals: &[u32], stack: &[u32]| FrameState {
            pc,
            locals: locals.iter().map(|v| FsValue::Value(Value(*v))).collect(),
            stack: stack.iter().map(|v| FsValue::Value(Value(*v))).collect(),
        };
        let many: Vec<u32> = (0..1000).map(|n| n % 5).collect();
        let mut one_other = many.clone();
        one_other[999] = 0;
        func.frame_states = vec![
            state(1, &[1, 2, 3], &[4]),
            state(2, &[1, 0, 3], &[]),
            state(3, &[1], &[2]),
            state(4, &many, &[]),
            state(5, &one_other, &[1]),
        ];
        let bytes = postcard::to_stdvec(&func).unwrap();
        assert_eq!(postcard::from_bytes::<Function>(&bytes).unwrap(), func);
        for _ in 0..500 {
            func.frame_states.push(state(6, &one_other, &[1]));
        }
        assert!(postcard::to_stdvec(&func).unwrap().len() < bytes.len() + 500 * 10);
    }

    #[test]
    fn every_kind_of_error() {
        let mut bytes = to_bytes(&example());
        let cut = from_bytes(&bytes[..bytes.len() - 1]).unwrap_err();
        assert!(matches!(cut, DecodeError::Malformed(_)), "{cut}");
        bytes.extend([0, 0]);
        assert_eq!(
            from_bytes(&bytes).unwrap_err().to_string(),
            "2 bytes after the function"
        );
        let mut func = example();
        func.blocks[1].insts.pop();
        assert_eq!(
            from_bytes(&to_bytes(&func)).unwrap_err().to_string(),
            "invalid function: bb1: does not end in a terminator"
        );
    }

    proptest! {
        #[test]
        fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(from_bytes(&bytes).is_err());
        }

        /// What a changed byte leaves is refused, or is a well-formed function.
        #[test]
        fn damage_is_survived(at in any::<prop::sample::Index>(), byte: u8, and: u8) {
            let mut bytes = to_bytes(&example());
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let next = (at + 1) % bytes.len();
            bytes[next] = and;
            if let Ok(func) = from_bytes(&bytes) {
                prop_assert!(verify(&func).is_ok());
                prop_assert_eq!(from_bytes(&to_bytes(&func)).unwrap(), func);
            }
        }
    }
}
