//! Properties of random functions: text and bytes read back, passes keep what a function does,
//! reference counting balances.

use super::random;
use _swallow::hir::edit::renumber;
use _swallow::hir::interp::{InterpError, Run, World, run};
use _swallow::hir::{Function, parse_function, serialise, verify};
use _swallow::passes;
use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

/// All properties.
pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("properties::read_back", || {
            check(&random::functions(), |func| read_back(&func))
        }),
        Trial::test("properties::pipeline", || {
            check(&functions_and_worlds(), |(func, worlds)| {
                let counted = Counting::Yes;
                same_behaviour(&func, passes::optimise, &worlds, counted)
            })
        }),
        Trial::test("properties::refcounts_alone", || {
            check(&functions_and_worlds(), |(func, worlds)| {
                let counted = Counting::Yes;
                let pass = |func: &mut Function| {
                    passes::insert_refcounts(func);
                };
                same_behaviour(&func, pass, &worlds, counted)
            })
        }),
    ];
    for &(name, pass) in passes::PASSES {
        if name == "insert_refcounts" {
            continue;
        }
        trials.push(Trial::test(format!("properties::{name}"), move || {
            check(&functions_and_worlds(), |(func, worlds)| {
                let pass = |func: &mut Function| {
                    pass(func);
                };
                same_behaviour(&func, pass, &worlds, Counting::No)
            })
        }));
    }
    trials
}

/// Random cases; `PROPTEST_CASES` says how many.
fn check<S: Strategy>(
    strategy: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) -> Result<(), Failed> {
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    runner.run(strategy, property).map_err(|error| match error {
        // The message has the smallest case in readable form.
        TestError::Fail(reason, _) | TestError::Abort(reason) => reason.to_string().into(),
    })
}

fn functions_and_worlds() -> impl Strategy<Value = (Function, Vec<World>)> {
    (
        random::functions(),
        prop::collection::vec(random::worlds(), 4),
    )
}

fn fail<T>(msg: String) -> Result<T, TestCaseError> {
    Err(TestCaseError::fail(msg))
}

fn well_formed(func: &Function, what: &str) -> Result<(), TestCaseError> {
    verify(func).or_else(|errors| fail(format!("{what} is malformed:\n{errors}\n{func}")))
}

fn read_back(func: &Function) -> Result<(), TestCaseError> {
    well_formed(func, "the input")?;
    let mut func = func.clone();
    renumber(&mut func);
    well_formed(&func, "the renumbered input")?;
    let text = func.to_string();
    match parse_function(&text) {
        Ok(back) => prop_assert_eq!(&back, &func),
        Err(error) => return fail(format!("{error}\n{text}")),
    }
    match serialise::from_bytes(&serialise::to_bytes(&func)) {
        Ok(back) => prop_assert_eq!(&back, &func),
        Err(error) => return fail(format!("{error}\n{text}")),
    }
    Ok(())
}

/// Whether the changed function is to be run with its references counted.
#[derive(Clone, Copy, PartialEq)]
enum Counting {
    Yes,
    No,
}

fn same_behaviour(
    func: &Function,
    change: impl Fn(&mut Function),
    worlds: &[World],
    counting: Counting,
) -> Result<(), TestCaseError> {
    let mut changed = func.clone();
    change(&mut changed);
    well_formed(&changed, "the result")?;
    for world in worlds {
        let mut world = world.clone();
        world.traced = true;
        let before = match run(func, &world) {
            Ok(run) => run,
            // Too long, or something that is not modelled: says nothing.
            Err(error) if is_limit(&error) => continue,
            Err(error) => return fail(format!("{error}\n{func}")),
        };
        world.counting = counting == Counting::Yes;
        world.max_steps *= 4;
        let guards = agrees(func, &changed, &before, &world)?;
        // Every guard must be able to leave, not only those that fail in this world.
        for forced in (0..guards).step_by(1 + guards / FORCED_EXITS) {
            world.forced_exit = Some(forced);
            agrees(func, &changed, &before, &world)?;
        }
    }
    Ok(())
}

/// Guards that are made to leave, for each function and world.
const FORCED_EXITS: usize = 12;

/// Compares a run of the changed function with the one before; how many guards it tried.
fn agrees(
    func: &Function,
    changed: &Function,
    before: &Run,
    world: &World,
) -> Result<usize, TestCaseError> {
    match run(changed, world) {
        Ok(after) if after.agrees_with(before) => Ok(after.guards),
        Ok(after) => fail(format!(
            "in {world:?}\nbefore: {:?} {:?}\nafter: {:?} {:?}\n{func}\nbecame\n{changed}",
            before.outcome, before.events, after.outcome, after.events
        )),
        // Beyond the guard where the original left, something that is not modelled.
        Err(error) if is_limit(&error) && before.left_silently() => Ok(0),
        Err(error) => fail(format!("{error}\nin {world:?}\n{func}\nbecame\n{changed}")),
    }
}

fn is_limit(error: &InterpError) -> bool {
    match error {
        InterpError::TooManySteps | InterpError::Unsupported(_) => true,
        InterpError::At { error, .. } => is_limit(error),
        InterpError::UseAfterFree(_)
        | InterpError::Unbalanced { .. }
        | InterpError::Malformed(_) => false,
    }
}
