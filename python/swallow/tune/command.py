"""The command from beginning to end: preparing, searching, making sure, reporting."""

import contextlib
import json
import os
import subprocess
import sys

from swallow.perf import process
from swallow.tune import journal, pipeline, plot, report, search, trial


def _say(text):
    sys.stderr.write(f"swallow tune: {text}\n")
    sys.stderr.flush()


def _why(error):
    """An error of the system in words."""
    return ": ".join(filter(None, (error.filename and str(error.filename), error.strerror or str(error))))


# What an interpreter says of a pipeline.
EXPAND = """
import json, sys
from swallow import _loader
try:
    answer = {"text": _loader.load().expand_pipeline(sys.argv[1])}
except Exception as error:
    answer = {"error": str(error)}
print(json.dumps(answer))
"""


def _expanded(python, text):
    """A pipeline with everything written out, as the code generator has it."""
    if text.startswith("@"):
        with open(text[1:], encoding="utf-8") as file:
            text = file.read()
    command = [python, "-c", EXPAND, text]
    done = subprocess.run(command, env=process.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise ValueError(f"{python}: {last[0]}") from None
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["text"]


def _header(options, start):
    """What must be the same for a search to go on."""
    return {
        "format": 2,
        "programs": [program.key for program in options.programs],
        "objective": options.objective.name,
        "tolerance": options.tolerance,
        "seed": options.seed,
        "start": start,
    }


def _held_out(found, program, runner):
    """Measures the winner on a program that the search has not seen; a row for the report."""

    def figure(text):
        return found.journal.ask({"held out": program.key, "inspect": text}, lambda: vars(runner.inspect(program, text)))

    figures = [figure(text) for text in (found.start.text, found.best.text)]
    verdict = found.compare(found.best, found.start, lambda verdict: verdict.rounds >= 6, programs=[program])
    passes = " -> ".join(f"{figure['passes'] * 1e3:.2f}" for figure in figures)
    sizes = " -> ".join(str(figure["code_bytes"]) for figure in figures)
    return f"| {program.label} | {verdict} | {passes} | {sizes} |"


def _deliver(found, options, verdict, held_out, ended):
    """Prints and writes what was found; whether all could be written. `ended` is why the search came to no end of its own."""
    points = report.points(found)
    front = [point[:2] for point in report.front(points)]
    factors = {point[2].code: point[1] for point in points}
    best = (found.best.passes * 1e3, factors.get(found.best.code, 1.0) if verdict is None else verdict.ratio)
    parts = [report.heading(found), report.outcome(found, verdict), report.pareto(found), report.passes(found)]
    if ended:
        parts.insert(1, f"It has not come to its end: {ended}")
    if held_out:
        table = ["| program | run time | ms in passes | code bytes |", "|---|---|--:|--:|", *held_out]
        parts.append("Held out, the best pipeline against the first:\n\n" + "\n".join(table))
    text = "\n\n".join(parts) + "\n"
    # First of all: what is printed is not lost where nothing can be written.
    fine = _print(text)

    def write(name, function, *arguments):
        nonlocal fine
        try:
            function(*arguments)
        except OSError as error:
            fine = False
            _say(f"{options.output / name} can't be written: {error.strerror or error}")
            return False
        return True

    write("report.md", (options.output / "report.md").write_text, text)
    if write("best.txt", (options.output / "best.txt").write_text, report.best_file(found, verdict)):
        fine = _print(f"-X jit-passes=@{options.output / 'best.txt'}") and fine
    start = (found.start.passes * 1e3, 1.0)
    write("pareto.png", plot.draw, [point[:2] for point in points], front, start, best, options.output)
    return fine


def _print(text):
    """Prints it; whether that could be done."""
    try:
        print(text, flush=True)
    except OSError as error:
        _say(f"the report can't be printed: {error.strerror or error}")
        # Python would try again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _search(options, runner, notes, start):
    """Searches and reports, whatever comes between; the exit status."""

    def progress(text):
        if notes.is_new:
            _say(f"[{notes.seconds():.0f} of {options.budget:.0f} s] {text}")

    found = search.Search(options, start, runner, notes, progress)
    verdict, held_out, ended, status = None, [], None, 0
    try:
        for program in options.programs + options.held_out:
            # Twice: what it prints must not depend on the moment.
            seconds = [runner.plain(program) for _ in range(2)]
            progress(f"{program.label}: {min(seconds):.2f} s under plain CPython")
        found.run()
        verdict = found.confirm()
        for program in options.held_out:
            progress(f"{program.label}, held out")
            held_out.append(_held_out(found, program, runner))
    except KeyboardInterrupt:
        _say("stopped; --resume goes on")
        ended, status = "stopped by Ctrl-C", 130
    except (trial.WrongResult, process.RunFailed) as error:
        ended, status = f"{error}; the pipeline: {runner.text or 'none, plain CPython'}", 1
    except trial.NoGood as error:
        ended, status = str(error), 1
    except OSError as error:
        ended, status = _why(error), 1
    if found.best is not None and not _deliver(found, options, verdict, held_out, ended):
        status = status or 1
    if status == 1 and ended:
        _say(ended)
    return status


def _prepare(options):
    """Begins or goes on with a journal, and searches; the exit status."""
    try:
        start = _expanded(options.python, options.start)
        pipeline.parse(start)
    except (ValueError, OSError, pipeline.BadPipeline) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        _say(f"--start {options.start}: {why}")
        return 2
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        notes = journal.Journal(options.journal, _header(options, start), options.resume)
    except (OSError, journal.BadJournal) as error:
        _say(f"{options.output}: {error.strerror}" if isinstance(error, OSError) else error)
        return 2
    with contextlib.closing(notes), contextlib.closing(trial.Runner(options.baseline, options.python, options.timeout)) as runner:
        try:
            return _search(options, runner, notes, start)
        except journal.BadJournal as error:
            _say(error)
            return 2


def main(options):
    """Searches, and reports; the exit status."""
    try:
        return _prepare(options)
    except OSError as error:
        _say(_why(error))
        return 1
