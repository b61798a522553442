//! Feedback maps. Each figure is for one code object, not for one site:
//!
//! - `lookup`: asking the map about each instruction, as the frontend does: is it a site, and has it seen anything;
//! - `attributes`: the cases of each attribute site, the most frequent first;
//! - `note`: finding each site to write to it, as the recording evaluator does when an instruction runs;
//! - `new`: an empty map for the code.

mod support;

use _swallow::bytecode::decode;
use _swallow::feedback::{Map, SiteKind, site_kind};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{inputs, or_exit};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("feedback");
    for input in or_exit(inputs::all()) {
        let Some(map) = &input.options.feedback else {
            continue;
        };
        let code = &input.recording.code;
        let instructions = decode(code);
        let (mut all, mut sites, mut attributes) = (Vec::new(), Vec::new(), Vec::new());
        for instruction in &instructions {
            let pc = instruction.pc as usize;
            all.push(pc);
            let kind = site_kind(instruction.op);
            if kind.is_some() {
                sites.push(pc);
            }
            if kind == Some(SiteKind::Attribute) {
                attributes.push(pc);
            }
        }
        group.bench_function(BenchmarkId::new("lookup", &input.name), |bencher| {
            bencher.iter(|| {
                for pc in &all {
                    black_box(map.site(black_box(*pc)));
                }
            });
        });
        if !attributes.is_empty() {
            group.bench_function(BenchmarkId::new("attributes", &input.name), |bencher| {
                bencher.iter(|| {
                    for pc in &attributes {
                        black_box(map.attrs(black_box(*pc)));
                    }
                });
            });
        }
        let mut own = map.clone();
        group.bench_function(BenchmarkId::new("note", &input.name), |bencher| {
            bencher.iter(|| {
                for pc in &sites {
                    black_box(own.site_mut(black_box(*pc)));
                }
            });
        });
        group.bench_function(BenchmarkId::new("new", &input.name), |bencher| {
            bencher.iter(|| Map::new(black_box(&code.units)));
        });
    }
}

criterion_group! { name = stage; config = support::criterion(); targets = bench }
criterion_main!(stage);
