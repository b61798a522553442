"""The command from beginning to end: preparing, searching, making sure, reporting."""

import json
import subprocess
import sys

from swallow.perf import process
from swallow.tune import journal, pipeline, plot, report, search, trial


def _say(text):
    sys.stderr.write(f"swallow tune: {text}\n")
    sys.stderr.flush()


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
        "format": 1,
        "programs": [program.label for program in options.programs],
        "objective": options.objective.name,
        "tolerance": options.tolerance,
        "seed": options.seed,
        "start": start,
    }


def _held_out(found, options, runner):
    """Measures the winner on the programs that the search has not seen; lines for the report."""
    lines = ["| program | run time | ms in passes | code bytes |", "|---|---|--:|--:|"]
    for program in options.held_out:
        runner.plain(program)

        def inspect(text, program=program):
            return vars(runner.inspect(program, text))

        figures = [
            found.journal.ask({"held out": program.label, "inspect": text}, lambda text=text: inspect(text))
            for text in (found.start.text, found.best.text)
        ]
        verdict = found.compare(found.best, found.start, lambda verdict: verdict.rounds >= 6, programs=[program])
        passes = " -> ".join(f"{figure['passes'] * 1e3:.2f}" for figure in figures)
        sizes = " -> ".join(str(figure["code_bytes"]) for figure in figures)
        lines.append(f"| {program.label} | {verdict} | {passes} | {sizes} |")
    return "\n".join(lines)


def _deliver(found, options, verdict, held_out):
    """Writes and prints what was found."""
    points = report.points(found)
    front = [point[:2] for point in report.front(points)]
    best = (found.best.passes * 1e3, 1.0 if verdict is None else verdict.ratio)
    plot.draw([point[:2] for point in points], front, (found.start.passes * 1e3, 1.0), best, options.output)
    parts = [report.heading(found), report.outcome(found, verdict), report.pareto(found), report.passes(found)]
    if held_out:
        parts.append(f"Held out, the best pipeline against the first:\n\n{held_out}")
    text = "\n\n".join(parts) + "\n"
    (options.output / "report.md").write_text(text)
    (options.output / "best.txt").write_text(report.best_file(found, verdict))
    print(text)
    print(f"-X jit-passes=@{options.output / 'best.txt'}")


def _search(options, runner, notes, start):
    """Searches and reports; the exit status."""

    def progress(text):
        if notes.is_new:
            _say(f"[{notes.seconds():.0f} of {options.budget:.0f} s] {text}")

    found = search.Search(options, start, runner, notes, progress)
    verdict, held_out, status = None, "", 0
    try:
        for program in options.programs:
            # Twice: what it prints must not depend on the moment.
            seconds = [runner.plain(program) for _ in range(2)]
            progress(f"{program.label}: {min(seconds):.2f} s under plain CPython")
        found.run()
        verdict = found.confirm()
        if options.held_out:
            progress("held-out programs")
            held_out = _held_out(found, options, runner)
    except KeyboardInterrupt:
        _say("stopped; --resume goes on")
        status = 130
    if found.best is not None:
        _deliver(found, options, verdict, held_out)
    return status


def main(options):
    """Searches, and reports; the exit status."""
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
    runner = trial.Runner(options.baseline, options.python, options.timeout)
    try:
        return _search(options, runner, notes, start)
    except (trial.WrongResult, process.RunFailed) as error:
        _say(f"{error}; the pipeline: {runner.text or 'none, plain CPython'}")
        return 1
    except trial.NoGood as error:
        _say(error)
        return 1
    except journal.BadJournal as error:
        _say(error)
        return 2
    finally:
        runner.close()
        notes.close()
