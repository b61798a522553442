"""`swallow tune`: pipelines as trees, the journal, the contest, and searches on a machine that is made up and on a real one."""

import errno
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import clean_environment
from swallow import perf, tune
from swallow.perf import process, selection
from swallow.tune import changes, contest, journal, pipeline, report, search, trial
from swallow.tune.objective import OBJECTIVES

# -- pipelines

TEXT = "forceattrs,function<eager-inv>(sroa<modify-cfg>,loop-mssa(licm<a;b>,loop-rotate),gvn<>),cgscc(devirt<4>(inline))"


def test_pipelines_are_read_and_written():
    passes = pipeline.parse(TEXT)
    assert pipeline.write(passes) == TEXT
    names = [pipeline.at(passes, place).name for place in pipeline.places(passes)]
    assert names == ["forceattrs", "sroa", "licm", "loop-rotate", "gvn", "inline"]
    assert pipeline.managers(passes, (1, 1, 0)) == ("function", "loop-mssa")
    assert pipeline.parse(pipeline.bare("# why\nfunction( gvn, # here\n dce)\n")) == pipeline.parse("function(gvn,dce)")


@pytest.mark.parametrize("text", ["", "gvn,", "function(gvn", "function(gvn))", "(gvn)", "a(b)c"])
def test_what_is_no_pipeline(text):
    with pytest.raises(pipeline.BadPipeline):
        pipeline.parse(text)


def test_changes_at_places():
    passes = pipeline.parse("a,f(b,l(c),d)")
    # Managers that become empty go.
    assert pipeline.write(pipeline.without(passes, [(1, 1, 0)])) == "a,f(b,d)"
    assert pipeline.write(pipeline.without(passes, [(0,), (1, 0), (1, 2)])) == "f(l(c))"
    assert pipeline.without(passes, list(pipeline.places(passes))) == ()
    assert pipeline.write(pipeline.put(passes, (1, 3), pipeline.Pass("e"))) == "a,f(b,l(c),d,e)"
    assert pipeline.write(pipeline.exchanged(passes, (1, 1, 0), pipeline.Pass("e", "x"))) == "a,f(b,l(e<x>),d)"


def test_changes_at_random_are_pipelines_and_repeatable():
    start = pipeline.parse(TEXT)

    def walk(seed):
        numbers, passes, texts = random.Random(seed), start, []
        for _ in range(200):
            passes = changes.draw(passes, numbers)[0] or start
            assert pipeline.parse(pipeline.write(passes)) == passes
            texts.append(pipeline.write(passes))
        return texts

    assert walk(1) == walk(1) != walk(2)


# -- journal


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes only when it is told to."""
    found = SimpleNamespace(now=100.0)
    monkeypatch.setattr(journal.time, "monotonic", lambda: found.now)
    return found


def test_the_journal_says_the_same_again(tmp_path, clock):
    file, header = tmp_path / "journal", {"seed": 1}

    def answers(notes, first):
        found = []
        for number in range(3):

            def answer(number=number):
                clock.now += 10
                return [first, number]

            found.append(notes.ask({"what": number}, answer))
        return found

    notes = journal.Journal(file, header, False)
    assert answers(notes, "a") == [["a", 0], ["a", 1], ["a", 2]] and notes.seconds() == 30
    notes.close()
    # The process was killed in the middle of a line.
    file.write_bytes(file.read_bytes()[:-5])
    clock.now += 1000
    notes = journal.Journal(file, header, True)
    assert answers(notes, "b") == [["a", 0], ["a", 1], ["b", 2]] and notes.seconds() == 30
    notes.close()
    assert all(json.loads(line) for line in file.read_text().splitlines())
    with pytest.raises(journal.BadJournal, match="of another search: its seed is 1, not 2"):
        journal.Journal(file, {"seed": 2}, True)
    notes = journal.Journal(file, header, True)
    with pytest.raises(journal.BadJournal, match="would ask"):
        notes.ask({"else": 1}, None)
    notes.close()
    file.write_text("{}\n")
    with pytest.raises(journal.BadJournal, match="not a journal"):
        journal.Journal(file, header, True)


def test_the_end_of_time_is_remembered(tmp_path, clock):
    def session(limit, resume):
        """Steps of the search, and how many of its questions the journal could not answer."""
        notes = journal.Journal(tmp_path / "journal", {}, resume)
        steps = asked = 0

        def answer():
            nonlocal asked
            clock.now += 10
            asked += 1

        while not notes.is_over(limit):
            notes.ask({"step": steps}, answer)
            steps += 1
        notes.ask({"last": limit}, answer)
        notes.close()
        return steps, asked

    assert session(25, False) == (3, 4)
    assert session(25, True) == (3, 0)
    # With more time it goes on from there, and what it then finds out is kept.
    assert session(55, True) == (6, 4)
    assert session(55, True) == (6, 0)
    events = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    assert [event.get("question") for event in events].count("over") == 1


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"[1, 2]", 2),
        (b"7", 2),
        (b'{"event": "answer", "t": 1.0, "answer": 5', 2),
        (b'{"event": "answer", "t": 1.0, "answer": 5}', 2),
        (b'{"event": "answer", "t": null, "question": 1, "answer": 5}', 2),
        (b"\xff\x00", 2),
    ],
)
def test_a_damaged_journal(tmp_path, line, number):
    file = tmp_path / "journal"
    file.write_bytes(b'{"event": "start", "seed": 1}\n' + line + b'\n{"event": "note"}\n')
    with pytest.raises(journal.BadJournal, match=f"journal: line {number} is damaged; --output names another directory"):
        journal.Journal(file, {"seed": 1}, True)


def test_a_journal_that_was_never_written(tmp_path, clock):
    file = tmp_path / "journal"
    file.write_bytes(b'{"event": "sta')
    notes = journal.Journal(file, {"seed": 1}, True)
    assert notes.ask("q", lambda: 1) == 1
    notes.close()
    notes = journal.Journal(file, {"seed": 1}, True)
    assert notes.ask("q", None) == 1
    notes.close()


# -- contest


def machine(speeds, noise=0.0, seed=1):
    numbers = random.Random(seed)
    return lambda program, text: speeds[text] * (1 + noise * numbers.random())


def test_a_contest_ends_when_it_is_decided():
    programs = [SimpleNamespace(label="p")]

    def decided(verdict):
        return verdict.is_no_slower(0.01) or verdict.is_slower(0.01)

    same = contest.hold(machine({"a": 1.0, "b": 1.0}, 0.002), programs, "a", "b", decided)
    assert same.is_no_slower(0.01) and same.rounds == contest.LEAST
    slow = contest.hold(machine({"a": 1.2, "b": 1.0}, 0.02), programs, "a", "b", decided)
    assert slow.is_slower(0.01) and slow.rounds <= contest.ENOUGH and math.isclose(slow.ratio, 1.2, rel_tol=0.05)
    # Where the machine is noisy, the shortest runs decide.
    noisy = contest.hold(machine({"a": 1.0, "b": 1.0}, 0.5, seed=4), programs, "a", "b", decided)
    assert contest.ENOUGH <= noisy.rounds <= contest.MOST and 0.9 < noisy.least < 1.1


# -- searches on a machine that is made up

START = "function(idle,big,useful,loop-mssa(licm),small,idle)"


class Machine:
    """Of its passes `useful` and `licm` make code faster, `big` changes it and nothing else, the others do nothing."""

    COSTS = {"idle": 1.0, "big": 5.0, "useful": 1.0, "licm": 2.0, "small": 0.5}

    def __init__(self, clock):
        self.clock = clock
        self.runs = 0

    def _names(self, text):
        passes = pipeline.parse(text)
        return [pipeline.at(passes, place).name for place in pipeline.places(passes)]

    def inspect(self, program, text):
        self.clock.now += 1
        self.runs += 1
        names = self._names(text)
        rows = [
            {"name": name, "stage": "llvm", "runs": 1, "changed": int(name != "idle"), "seconds": self.COSTS.get(name, 1.0) / 1e3}
            for name in names
        ]
        code = ",".join(sorted({name for name in names if name in ("big", "useful", "licm")}))
        return trial.Inspection(sum(row["seconds"] for row in rows), 0.0, 1000 - len(code), code, rows)

    def time(self, program, text, waits):
        self.clock.now += 1
        self.runs += 1
        names = self._names(text)
        return 1.0 + ("useful" not in names) * 0.3 + ("licm" not in names) * 0.2

    def memory(self, program, text):
        return 1000 * len(self._names(text))


def searched(tmp_path, clock, resume=False, interrupt=None, **settings):
    """A search on the machine."""
    settings = {"seed": 1, "budget": 200.0, "tolerance": 0.01, "objective": OBJECTIVES["speed"], **settings}
    options = SimpleNamespace(programs=[selection.Program(("p.py",))], **settings)
    notes = journal.Journal(tmp_path / "journal.jsonl", {}, resume)
    runner = Machine(clock)
    if interrupt:
        whole = runner.inspect

        def inspect(program, text):
            if runner.runs >= interrupt:
                raise KeyboardInterrupt
            return whole(program, text)

        runner.inspect = inspect
    said = []
    found = search.Search(options, START, runner, notes, said.append)
    try:
        found.run()
        found.verdict = found.confirm()
    except KeyboardInterrupt:
        found.verdict = None
    notes.close()
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_search_keeps_what_is_missed(tmp_path, clock, seed):
    found = searched(tmp_path, clock, seed=seed)
    names = Machine(clock)._names(found.best.text)
    assert "useful" in names and "licm" in names and not {"idle", "big", "small"} & set(names)
    assert found.best.passes <= 0.0031 < found.start.passes
    assert found.verdict.is_no_slower(0.01)
    assert 165 < found.journal.seconds() < 230
    table = report.passes(found)
    assert "| idle | no |" in table and "nothing: the code is the same without it" in table
    assert "| useful | yes |" in table and "without it 1.3" in table
    assert "| 2 | 3.00 | 1.000× |" in report.pareto(found)
    text = report.best_file(found, found.verdict)
    assert pipeline.bare(text) == found.best.text


def test_code_with_several_digests(tmp_path, clock, monkeypatch):
    # On a busy machine each code has one of three.
    numbers = random.Random(3)
    whole = Machine.inspect

    def inspect(self, program, text):
        found = whole(self, program, text)
        found.code += f"/{numbers.randrange(3)}"
        return found

    monkeypatch.setattr(Machine, "inspect", inspect)
    found = searched(tmp_path, clock)
    names = Machine(clock)._names(found.best.text)
    assert "useful" in names and "licm" in names and "idle" not in names


@pytest.mark.parametrize("name", ["compile-time", "size", "memory", "total"])
def test_other_objectives(tmp_path, clock, name):
    found = searched(tmp_path, clock, objective=OBJECTIVES[name], tolerance=0.25 if name == "compile-time" else 0.03)
    names = Machine(clock)._names(found.best.text)
    assert "useful" in names
    if name == "compile-time":
        # It may be slower by a quarter.
        assert "licm" not in names
    assert found.figure(found.best) <= found.figure(found.start)


def test_a_search_goes_on_where_it_was_stopped(tmp_path, clock):
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole = searched(tmp_path / "whole", clock)
    stopped = searched(tmp_path / "parts", clock, interrupt=9)
    assert stopped.verdict is None
    resumed = searched(tmp_path / "parts", clock, resume=True)
    assert resumed.best.text == whole.best.text
    assert [effect.words for effect in resumed.effects] == [effect.words for effect in whole.effects]
    again = searched(tmp_path / "parts", clock, resume=True)
    assert again.runner.runs == 0 and again.best.text == whole.best.text


# -- the command, on the machine that is made up


class Whole(Machine):
    """The machine with all that the command wants of it."""

    text = None
    # What happens on it: by the name of a method, and the program, what is called first.
    troubles = {}

    def __init__(self, *_):
        super().__init__(SimpleNamespace(now=0.0))
        self.plains = []

    def _do(self, what, program):
        self.troubles.get((what, program.label), lambda: None)()

    def plain(self, program):
        self.plains.append(program.label)
        self._do(f"plain {self.plains.count(program.label)}", program)
        return 1.0

    def inspect(self, program, text):
        self.text = text
        self._do("inspect", program)
        return super().inspect(program, text)

    def close(self):
        pass


def raises(error):
    def do():
        raise error

    return do


@pytest.fixture
def commanded(tmp_path, monkeypatch, capfd):
    """Runs the command in this process, in an empty directory: its exit status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    from swallow.tune import command

    monkeypatch.setattr(command, "_expanded", lambda python, text: START)
    monkeypatch.setattr(trial, "Runner", Whole)
    monkeypatch.setattr(Whole, "troubles", {})
    for name in ("prog.py", "other.py"):
        (tmp_path / name).write_text("")

    def start(*arguments):
        # The machine takes no time.
        status = tune.main(["prog.py", "--held-out", "other.py", "--python", sys.executable, "--budget", "0.2", *arguments])
        return status, *capfd.readouterr()

    return start


REPORTED = "| passes | ms in them |"


def test_all_of_it(commanded, tmp_path):
    status, out, err = commanded()
    assert status == 0 and REPORTED in out and "| other |" in out and "not come to its end" not in out, err
    assert {file.name for file in (tmp_path / "tune").iterdir()} == {"best.txt", "journal.jsonl", "pareto.png", "pareto.svg", "report.md"}


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (trial.WrongResult("other: exit status 1, not 0"), "other: exit status 1, not 0; the pipeline: "),
        (trial.NoGood("there are no statistics"), "there are no statistics"),
        (process.RunFailed("other: no end after 1 s"), "other: no end after 1 s; the pipeline: "),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a/file"), "a/file: No space left on device"),
    ],
)
def test_what_goes_wrong_at_last_leaves_a_report(commanded, tmp_path, error, why):
    Whole.troubles["inspect", "other"] = raises(error)
    status, out, err = commanded()
    assert status == 1 and REPORTED in out and f"It has not come to its end: {why}" in out
    assert err.splitlines()[-1].startswith(f"swallow tune: {why}") and "Traceback" not in err
    assert (tmp_path / "tune" / "best.txt").exists() and REPORTED in (tmp_path / "tune" / "report.md").read_text()


def test_what_goes_wrong_while_it_is_confirmed(commanded, tmp_path, monkeypatch):
    monkeypatch.setattr(search.Search, "confirm", lambda self: raises(trial.WrongResult("prog: prints something else"))())
    status, out, err = commanded()
    assert status == 1 and REPORTED in out and "run time: not made sure of" in out
    assert err.splitlines()[-1].startswith("swallow tune: prog: prints something else; the pipeline: ")


def test_held_out_programs_are_looked_at_first(commanded, tmp_path):
    Whole.troubles["plain 2", "other"] = raises(trial.WrongResult("other: not even plain"))
    status, out, err = commanded()
    assert (status, out) == (1, "")
    assert err.splitlines()[-1] == "swallow tune: other: not even plain; the pipeline: none, plain CPython"


def test_a_disk_that_fills_up(commanded, tmp_path, monkeypatch):
    whole = journal.Journal._write

    def write(self, event):
        if event.get("question") == "over" or "accepted" in event and self.seconds() > 0.05:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.file))
        whole(self, event)

    monkeypatch.setattr(journal.Journal, "_write", write)
    # Files of those names can't be written, either.
    for name in ("report.md", "pareto.png"):
        (tmp_path / "tune" / name).mkdir(parents=True)
    status, out, err = commanded()
    assert status == 1 and REPORTED in out and (tmp_path / "tune" / "best.txt").exists()
    assert err.splitlines()[-3:] == [
        "swallow tune: tune/report.md can't be written: Is a directory",
        "swallow tune: tune/pareto.png can't be written: Is a directory",
        "swallow tune: tune/journal.jsonl: No space left on device",
    ]


def test_no_place_for_the_pipeline(commanded, monkeypatch):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/swallow-tune-1.txt")
    monkeypatch.setattr(trial, "Runner", lambda *_: raises(error)())
    assert commanded() == (1, "", "swallow tune: /tmp/swallow-tune-1.txt: No space left on device\n")


def test_ctrl_c_before_anything_runs(commanded, monkeypatch):
    monkeypatch.setattr(trial, "Runner", lambda *_: raises(KeyboardInterrupt)())
    assert commanded() == (130, "", "swallow tune: stopped\n")


def test_stopped_while_memory_is_looked_at(commanded, monkeypatch):
    # Nothing is measured for the report.
    monkeypatch.setattr(Whole, "memory", lambda *_: raises(KeyboardInterrupt)())
    status, out, err = commanded("--objective", "memory")
    assert status == 130 and REPORTED in out and err.endswith("stopped; --resume goes on\n")


def test_programs_of_one_name(commanded, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "prog.py").write_text("")
    status, out, _ = commanded("more/prog.py")
    assert status == 0 and "programs: prog.py, more/prog.py;" in out
    status, _, err = commanded("./more/../more/prog.py", "--resume")
    assert status == 0, err
    os.rename("more", "less")
    status, _, err = commanded("less/prog.py", "--resume")
    assert status == 2 and "of another search: its programs is" in err
    with pytest.raises(SystemExit):
        commanded("./prog.py")


# -- the command


def test_a_plain_run_without_an_end_is_named(tmp_path):
    (tmp_path / "prog.py").write_text("import time\ntime.sleep(60)\n")
    runner = trial.Runner(sys.executable, sys.executable, 0.2)
    with pytest.raises(process.RunFailed, match="^prog 1: no end after 0.2 s$"):
        runner.plain(selection.Program((str(tmp_path / "prog.py"), "1")))
    runner.close()


BLOCKED = "import sys\nfor name in {}:\n    sys.modules[name] = None\nfrom swallow import tune\nsys.exit(tune.main(sys.argv[1:]))"


@pytest.mark.parametrize("names", [[name] for name in perf.PACKAGES] + [list(perf.PACKAGES)])
def test_what_is_missing_is_one_line(run_python, program, names):
    code = BLOCKED.format(names)
    done = run_python(["-c", code, str(program)])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"swallow tune needs {', '.join(names)}: pip install 'swallow[perf]'\n"
    assert run_python(["-c", code, "--help"]).returncode == 0


@pytest.fixture
def command(python, tmp_path):
    def start(*arguments):
        words = [sys.executable, "-c", "import sys; from swallow import tune; sys.exit(tune.main(sys.argv[1:]))", "--python", python]
        env = clean_environment({"PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
        return subprocess.Popen([*words, *map(str, arguments)], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "prog.py"
    file.write_text("def f(n):\n    s = 0.0\n    for i in range(n):\n        s += i * 0.5\n    return s\nprint(f(200000))\nraise SystemExit(3)\n")
    return file


def test_the_command(command, program, tmp_path, run_python):
    process = command(program, "--budget", 12, "--held-out", f"{program} 2", "--start", "function(sroa,gvn,instcombine,gvn)")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "| passes | ms in them |" in out and "Held out" in out and "prog 2" in out and "[" in err
    best = tmp_path / "tune" / "best.txt"
    done = run_python(["-Xjit=whenhot", f"-Xjit-passes=@{best}"], program)
    assert (done.stdout, done.stderr, done.returncode) == ("9999950000.0\n", "", 3)
    assert {file.name for file in best.parent.iterdir()} == {"best.txt", "journal.jsonl", "pareto.png", "pareto.svg", "report.md"}
    process = command(program)
    assert process.communicate(timeout=60)[1].endswith("--output names another directory\n") and process.returncode == 2


def test_ctrl_c_and_on(command, program, tmp_path):
    arguments = (program, "--start", "function(sroa,gvn)", "--budget")
    process = command(*arguments, 600)
    file = tmp_path / "tune" / "journal.jsonl"
    while not file.exists() or '"accepted"' not in file.read_text():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "--resume goes on" in err and "ms in passes" in out
    before = file.read_text()
    process = command(*arguments, 5, "--resume")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert file.read_text().startswith(before)


def test_a_wrong_result_names_the_pipeline(command, tmp_path):
    file = tmp_path / "prog.py"
    file.write_text("import sys\nprint('swallow._swallow' in sys.modules)\n")
    process = command(file, "--start", "function(gvn)")
    err = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert err.endswith("prog: prints something else than /usr/bin/python3.11: line 1 differs; the pipeline: function(gvn<>)\n"), err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.py"], "no.py: no such file"),
        (["prog.py", "prog.py"], "prog: named twice"),
        (["prog.py", "--start", "gvm"], "--start gvm: column 1: there is no pass gvm; did you mean gvn?"),
        (["prog.py", "--start", "@none"], "--start @none: No such file or directory"),
        (["prog.py", "--budget", "0"], "invalid number of seconds value: '0'"),
        (["prog.py", "--objective", "beauty"], "invalid choice: 'beauty'"),
        (["prog.py", "--resume", "--output", "prog.py"], "prog.py: "),
    ],
)
def test_mistakes(command, program, arguments, message):
    process = command(*arguments)
    err = process.communicate(timeout=60)[1]
    assert process.returncode == 2 and message in err, err


def test_a_program_does_not_load_it(run_python):
    done = run_python(["-Xjit=whenhot"], "import swallow, sys\nswallow.stats()\nprint([name for name in sys.modules if 'tune' in name])")
    assert done.stdout == "[]\n"
    assert Path(tune.__file__).parent.name == "tune"
