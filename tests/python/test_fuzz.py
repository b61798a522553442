"""Random programs do the same in every mode as under plain CPython. `fuzz.py` runs more of them, and makes a failing one small."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from fuzz import generate
from running import MODES, PYTHON, REFERENCE, run

SEEDS = range(1000, 1015)


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """The future result of every selected (seed, mode), and under (seed, None) the expected one."""
    directory = tmp_path_factory.mktemp("fuzz")
    seeds = [item.callspec.params["seed"] for item in request.session.items if item.module is request.module and hasattr(item, "callspec")]
    pool = ThreadPoolExecutor(os.cpu_count() or 2)
    futures = {}
    for seed in seeds:
        path = directory / f"seed_{seed}.py"
        path.write_text(generate(seed, small=True))
        futures[seed, None] = pool.submit(run, [REFERENCE, path])
        for mode, options in MODES.items():
            if mode != "never":
                futures[seed, mode] = pool.submit(run, [PYTHON, *options, path])
    yield futures
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_program(runs, seed):
    expected = runs[seed, None].result()
    assert expected.status == 0 and expected.stdout, expected
    for mode in MODES:
        if mode == "never":
            continue
        got = runs[seed, mode].result()
        if got != expected:
            pairs = zip(expected.stdout.splitlines(), got.stdout.splitlines(), strict=False)
            line = next((f"expected {wanted}\ngot      {found}" for wanted, found in pairs if wanted != found), got)
            pytest.fail(f"{mode} differs; see fuzz.py --small --seed {seed} --count 1 --mode {mode} --reduce\n{line}")


def test_a_seed_gives_one_program():
    assert generate(7) == generate(7)
    assert len({generate(seed) for seed in SEEDS}) == len(SEEDS)
