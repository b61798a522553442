use super::*;
use crate::hir::{Function, parse_function, verify};

fn parse(text: &str) -> Function {
    let func = parse_function(text).unwrap();
    verify(&func).unwrap();
    func
}

fn with_args(args: impl Into<Vec<Datum>>) -> World {
    World {
        args: args.into(),
        ..World::default()
    }
}

/// Sums the numbers below its argument.
const SUM: &str = r#"function "sum" args 1 locals 2 {
bb0:
  v0 = load_local 0
  v1: int = guard_type v0, int, fs0
  v2 = unbox_int v1, fs0
  v3 = const_int 0
  v4 = const_int 1
  jump bb1(v3, v3)
  fs0 = pc 1 locals [slot, null] stack [v0]
bb1(v5: i64, v6: i64):
  v7 = int_cmp v5, v2, lt
  branch v7, bb2, bb3
bb2:
  v8 = int_add v6, v5, fs1
  v9 = int_add_wrap v5, v4
  v11 = int_sub v2, v9, fs1
  poll fs2
  jump bb1(v9, v8)
  fs1 = pc 4 locals [slot, v6] stack [range(v5, v2, v4)]
  fs2 = pc 6 locals [slot, v8] stack [range(v9, v11, v4)]
bb3:
  return_int v6
}
"#;

#[test]
fn a_loop() {
    let run = run(&parse(SUM), &with_args([Datum::Int(10)])).unwrap();
    assert_eq!(run.outcome, Outcome::Returned(Shown::Int(45)));
    assert!(run.events.is_empty());
}

#[test]
fn a_guard_leaves_with_the_frame() {
    let run = run(&parse(SUM), &with_args([Datum::Object(Type::STR)])).unwrap();
    assert_eq!(run.reason, Some(ExitReason::Type));
    let arg = Shown::Object("arg 0".to_owned());
    let want = Outcome::Left(Frame {
        pc: 1,
        raised: false,
        locals: vec![arg.clone(), Shown::Null],
        stack: vec![arg],
    });
    assert_eq!(run.outcome, want);
}

#[test]
fn the_world_stops_a_loop() {
    let world = World {
        failing_guard: Some(2),
        ..with_args([Datum::Int(10)])
    };
    let run = run(&parse(SUM), &world).unwrap();
    assert_eq!(run.reason, Some(ExitReason::EvalBreaker));
    let want = Outcome::Left(Frame {
        pc: 6,
        raised: false,
        locals: vec![Shown::Int(10), Shown::Int(3)],
        stack: vec![Shown::RangeIter(3, 7, 1)],
    });
    assert_eq!(run.outcome, want);
}

#[test]
fn steps_are_limited() {
    let world = World {
        max_steps: 1000,
        ..with_args([Datum::Int(1_000_000)])
    };
    let Err(InterpError::At { error, .. }) = run(&parse(SUM), &world) else {
        panic!("not stopped")
    };
    assert_eq!(*error, InterpError::TooManySteps);
}

/// Adds its arguments, then looks at an attribute of the sum; references counted by hand.
fn counted(middle: &str, drops: &str) -> Function {
    parse(&format!(
        r#"function "f" args 2 locals 2 {{
  const c0 = str "'name'"
bb0:
  v0 = load_local 0
  v1 = load_local 1
  v2: object = guard_not_null v0, fs0
  v3: object = guard_not_null v1, fs0
  v4 = binary_op v2, v3, add, fs0
  v5 = load_inline_value v4, 7
  v6: object = guard_not_null v5, fs0 drops [v4]
{middle}
  v7 = load_attr v6, c0, fs0 drops [{drops}]
  decref v6
  decref v4
  return v7
  fs0 = pc 0 locals [slot, slot] stack []
}}
"#
    ))
}

fn counting(answers: impl Into<Vec<Answer>>) -> World {
    World {
        counting: true,
        answers: answers.into(),
        ..with_args([Datum::Int(1), Datum::Object(Type::OTHER)])
    }
}

#[test]
fn balanced_counts() {
    let func = counted("  incref v6", "v6, v4");
    let run = run(&func, &counting([])).unwrap();
    let want = Shown::Object("result 1".to_owned());
    assert_eq!(run.outcome, Outcome::Returned(want));
    let whats: Vec<&str> = run.events.iter().map(|e| e.what.as_str()).collect();
    assert_eq!(whats, ["binary_op add", "load_attr 'name'"]);
    let field = "result 0.inline[7]".to_owned();
    assert_eq!(run.events[1].args, [Shown::Object(field)]);
}

#[test]
fn balanced_counts_when_raising() {
    let func = counted("  incref v6", "v6, v4");
    for raising in 0..2 {
        let mut answers = vec![Answer::Yields(Datum::Object(Type::OTHER)); 2];
        answers[raising] = Answer::Raises;
        let run = run(&func, &counting(answers)).unwrap();
        assert!(matches!(
            run.outcome,
            Outcome::Left(Frame { raised: true, .. })
        ));
        assert_eq!(run.events.len(), raising + 1);
    }
}

fn failure(func: &Function, world: &World) -> String {
    run(func, world).unwrap_err().to_string()
}

#[test]
fn a_missing_reference_is_found() {
    // The attribute is replaced while it is being used.
    let func = counted("", "v4");
    let error = failure(&func, &counting([]));
    assert!(
        error.starts_with("use after free of other `result 0.inline[7]`, at `v7 = load_attr"),
        "{error}"
    );
}

#[test]
fn a_leak_is_found() {
    let func = counted("  incref v6\n  incref v6", "v6, v4");
    let error = failure(&func, &counting([]));
    let want = "other `result 0.inline[7]` has 1 references instead of 0, at `return v7`";
    assert_eq!(error, want);
}

#[test]
fn a_leak_when_raising_is_found() {
    let func = counted("  incref v6", "v6");
    let yields = Answer::Yields(Datum::Object(Type::OTHER));
    let error = failure(&func, &counting([yields, Answer::Raises]));
    assert!(
        error.starts_with("other `result 0` has 1 references instead of 0"),
        "{error}"
    );
}

#[test]
fn a_borrow_from_a_slot_ends_with_the_slot() {
    let func = parse(
        r#"function "f" args 1 locals 1 {
bb0:
  v0 = load_local 0
  v1: object = guard_not_null v0, fs0
  drop_local 0
  v2 = get_iter v1, fs0
  return v2
  fs0 = pc 0 locals [slot] stack []
}
"#,
    );
    let world = World {
        counting: true,
        ..with_args([Datum::Object(Type::OTHER)])
    };
    assert!(failure(&func, &world).starts_with("use after free of other `arg 0`"));
}

#[test]
fn frames_that_are_looked_at_see_unboxed_locals() {
    let func = parse(
        r#"function "f" args 0 locals 2 {
bb0:
  v0 = const_int 5
  v1 = const_null
  v2 = load_global c0, fs0
  decref v2
  exit unsupported, fs1
  fs0 = pc 3 locals [v0, null] stack []
  fs1 = pc 4 locals [slot, slot] stack []
  const c0 = str "'print'"
}
"#,
    );
    let world = World {
        counting: true,
        looks_at_frames: true,
        ..World::default()
    };
    let run = run(&func, &world).unwrap();
    let want = Outcome::Left(Frame {
        pc: 4,
        raised: false,
        locals: vec![Shown::Int(5), Shown::Null],
        stack: vec![],
    });
    assert_eq!(run.outcome, want);
    assert_eq!(run.reason, Some(ExitReason::Unsupported));
}

#[test]
fn lists() {
    let func = parse(
        r#"function "f" args 2 locals 2 {
bb0:
  v0 = load_local 0
  v2 = load_local 1
  v1: list = guard_type v0, list, fs0
  v3: object = guard_not_null v2, fs0
  v4 = const_int -1
  v5 = list_get v1, v4, fs0
  v6: float = guard_type v5, float, fs0
  v7 = unbox_float v6
  list_set_float v1, v4, v7, fs0
  incref v3
  list_append v1, v3, fs1
  v8 = len v1
  v9 = box_int v8
  v10 = const_int 0
  list_set v1, v10, v9, fs2 drops [v9]
  v11 = const_int 9
  v12 = list_get v1, v11, fs3
  exit unsupported, fs3
  fs0 = pc 0 locals [slot, v2] stack []
  fs1 = pc 1 locals [slot, slot] stack []
  fs2 = pc 2 locals [slot, slot] stack []
  fs3 = pc 3 locals [slot, slot] stack [list(v1, v10)]
}
"#,
    );
    let list = Datum::List(vec![Datum::None, Datum::Float(0.5)]);
    let world = World {
        counting: true,
        ..with_args([list, Datum::Bool(true)])
    };
    let run = run(&func, &world).unwrap();
    assert_eq!(run.reason, Some(ExitReason::Bounds));
    let half = Shown::Float(0.5_f64.to_bits());
    let list = Shown::List(vec![Shown::Int(3), half, Shown::Bool(true)]);
    let want = Outcome::Left(Frame {
        pc: 3,
        raised: false,
        locals: vec![list.clone(), Shown::Bool(true)],
        stack: vec![Shown::ListIter(Box::new(list), 0)],
    });
    assert_eq!(run.outcome, want);
}

#[test]
fn tagged_results() {
    let func = parse(
        r#"function "f" args 1 locals 1 {
  cell cell0 = "g" frame_words 9 locals 0
bb0:
  v0 = load_local 0
  v1: object = guard_not_null v0, fs0
  v2 = guard_code v1, cell0, fs0
  incref v2
  v3 = call_py v2, cell0, fs0
  v4 = untag_int v3, fs1 drops [v3]
  decref v3
  return_int v4
  fs0 = pc 0 locals [slot] stack []
  fs1 = pc 1 locals [slot] stack [v3]
}
"#,
    );
    for unboxed_results in [false, true] {
        let mut world = World {
            unboxed_results,
            counting: true,
            ..with_args([Datum::Object(Type::FUNC)])
        };
        for (answer, returns) in [(Datum::Int(8), true), (Datum::Float(0.5), false)] {
            world.answers = vec![Answer::Yields(answer)];
            let outcome = run(&func, &world).unwrap().outcome;
            let half = Shown::Float(0.5_f64.to_bits());
            match outcome {
                Outcome::Returned(shown) => assert!(returns && shown == Shown::Int(8)),
                Outcome::Left(Frame { stack, .. }) => assert!(!returns && stack == [half]),
            }
        }
    }
}

#[test]
fn guards_may_go_or_leave_where_another_could() {
    let world = World {
        traced: true,
        ..with_args([Datum::Int(10)])
    };
    let original = run(&parse(SUM), &world).unwrap();
    assert_eq!(original.trace.len(), 2 + 10 * 3);
    let stopped = |failing_guard| {
        let world = World {
            failing_guard: Some(failing_guard),
            traced: true,
            ..with_args([Datum::Int(10)])
        };
        run(&parse(SUM), &world).unwrap()
    };
    assert!(stopped(3).agrees_with(&original));
    assert!(original.agrees_with(&stopped(3)));
    assert!(stopped(4).agrees_with(&stopped(3)));
    let mut other = stopped(3);
    if let Outcome::Left(frame) = &mut other.outcome {
        frame.locals[1] = Shown::Int(7);
    }
    assert!(!other.agrees_with(&original));
    let mut other = original.clone();
    other.outcome = Outcome::Returned(Shown::Int(1));
    assert!(!other.agrees_with(&original));
}
