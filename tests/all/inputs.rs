//! The recorded inputs of the benches of stages (`benches/inputs`): each still reads, builds and goes through everything that a bench
//! does with it, by the code that the benches use.

#[cfg(all(feature = "llvm", feature = "cranelift"))]
#[path = "../../benches/stages/support/compiler.rs"]
mod compiler;
// The benches use more of it.
#[allow(dead_code)]
#[path = "../../benches/stages/support/inputs.rs"]
mod recorded;

use _swallow::bytecode::{Code, Recording, decode};
use _swallow::feedback::site_kind;
use _swallow::frontend::{self, Bailout};
use _swallow::hir::loops::LoopForest;
use _swallow::hir::{Block, Function, parse_function, serialise, verify};
use _swallow::passes;
use libtest_mimic::{Failed, Trial};
use recorded::Input;
use std::cell::RefCell;
use std::path::Path;

/// One test for every input, and those for all of them.
pub fn trials() -> Vec<Trial> {
    let files = match recorded::files() {
        Ok(files) => files,
        Err(error) => return vec![Trial::test("benches/inputs", || Err(error.into()))],
    };
    files
        .into_iter()
        .map(|path| Trial::test(super::relative(&path), move || run(&path)))
        .collect()
}

fn run(path: &Path) -> Result<(), Failed> {
    let input = recorded::read(path)?;
    decoded(&input)?;
    let built = frontend::build(&input.recording.code, &input.recording, &input.options)?;
    verify(&built).map_err(|errors| errors.to_string())?;
    watched(&input, &built)?;
    passed(&input)?;
    compiled(&input)
}

/// The code reads as instructions up to its end, and the feedback map belongs to it and has seen something.
fn decoded(input: &Input) -> Result<(), Failed> {
    let code: &Code = &input.recording.code;
    let instructions = decode(code);
    let end = instructions.last().map(|last| last.next as usize);
    if end != Some(code.units.len()) {
        return Err(format!("{} units end at {end:?}", code.units.len()).into());
    }
    let map = input.options.feedback.as_ref().ok_or("no feedback map")?;
    let sites = instructions
        .iter()
        .filter(|one| site_kind(one.op).is_some());
    let sites: Vec<_> = sites.map(|one| one.pc as usize).collect();
    let seen = sites.iter().filter(|pc| map.site(**pc).is_some()).count();
    if (sites.len(), seen) != (map.len(), map.seen()) || seen == 0 {
        return Err(format!(
            "{} sites in the code, {} in the map",
            sites.len(),
            map.len()
        )
        .into());
    }
    Ok(())
}

/// Who watches sees the unit grow and which of it is in a loop, changes nothing, and may stop it.
fn watched(input: &Input, built: &Function) -> Result<(), Failed> {
    let build = |watch: frontend::Watch| {
        let Recording { code, .. } = &input.recording;
        frontend::build_watched(code, &input.recording, &input.options, Some(watch))
    };
    let loops = LoopForest::of(built);
    let starts = input.options.start.is_none();
    let sizes = RefCell::new(Vec::new());
    let missed = RefCell::new(Vec::new());
    let again = build(&|progress| {
        let function = progress.function;
        sizes.borrow_mut().push(function.inst_count());
        // A loop of HIR comes from one of bytecode.
        let counts = |block: &Block| progress.in_loop.is_some_and(|blocks| blocks[block.index()]);
        let looping = function.block_ids().filter(|block| {
            loops.innermost(*block).is_some() && !function.blocks[block.index()].insts.is_empty()
        });
        let mut missed = missed.borrow_mut();
        missed.extend(looping.filter(|block| !counts(block)));
        // A function begins before its loops.
        missed.extend(Some(Function::ENTRY).filter(|entry| starts && counts(entry)));
        Ok(())
    })?;
    if again != *built {
        return Err("a watch has changed the HIR".into());
    }
    let (sizes, missed) = (sizes.into_inner(), missed.into_inner());
    if !sizes.is_sorted_by(|before, after| before < after) || !missed.is_empty() {
        return Err(format!(
            "sizes {sizes:?}, wrong of which it is said whether they are in a loop: {missed:?}"
        )
        .into());
    }
    // What is small is built before anybody is asked.
    let stopped = build(&|_| Err(Bailout::NotPromising));
    let expected = match sizes.is_empty() {
        true => Ok(again),
        false => Err(Bailout::NotPromising),
    };
    if stopped != expected || sizes.is_empty() != (built.values.len() < 400) {
        return Err(format!("asked {} times", sizes.len()).into());
    }
    Ok(())
}

/// Text and bytes of the HIR read back, and every pass of the table is measured on something.
fn passed(input: &Input) -> Result<(), Failed> {
    let function: &Function = &input.function;
    if parse_function(&function.to_string())? != *function
        || serialise::from_bytes(&serialise::to_bytes(function))? != *function
    {
        return Err("it reads back differently".into());
    }
    let given = passes::first_inputs(function);
    for (name, pass) in passes::PASSES {
        let (_, before) = given
            .iter()
            .find(|(given, _)| given == name)
            .ok_or_else(|| format!("{name} is not in the pipeline"))?;
        let mut after = before.clone();
        pass(&mut after);
        verify(&after).map_err(|errors| format!("behind {name}: {errors}"))?;
    }
    Ok(())
}

#[cfg(not(all(feature = "llvm", feature = "cranelift")))]
fn compiled(_input: &Input) -> Result<(), Failed> {
    eprintln!("not compiled without the features `llvm` and `cranelift`");
    Ok(())
}

/// Both generators make code of it, LLVM under each preset, with the phases that are measured; and give all of it back.
#[cfg(all(feature = "llvm", feature = "cranelift"))]
fn compiled(input: &Input) -> Result<(), Failed> {
    use _swallow::codegen::Engine;
    use compiler::{Compiler, phase, request};

    let presets = llvm_passes::PRESETS.iter().map(|(name, _)| (*name, 2));
    let llvm: Vec<(&str, u8)> = presets.chain([("o0", 0)]).collect();
    for (engine, settings, phases) in [
        (
            Engine::Llvm,
            &llvm[..],
            &["lower", "passes", "emit", "link"][..],
        ),
        (
            Engine::Cranelift,
            &[("jit", 2), ("o0", 0)],
            &["lower", "emit", "link"],
        ),
    ] {
        let mut compiler = Compiler::new(engine)?;
        for (pipeline, level) in settings {
            let bytes = compiler.encode(&mut request(&input.function, pipeline, *level));
            let image = compiler.compile(&bytes)?;
            if !image.is_consistent() || compiler.used() == 0 {
                return Err(format!("{engine}, {pipeline}: {image:?}").into());
            }
            for name in phases {
                phase(&image, name)?;
            }
            compiler.release(&image);
        }
        if compiler.used() != 0 {
            return Err(format!("{engine}: {} bytes are not given back", compiler.used()).into());
        }
    }
    Ok(())
}
