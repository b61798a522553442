"""The command from beginning to end: preparing, measuring, reporting."""

import sys

from swallow.compare import results, session, tables
from swallow.perf import configurations, machine, process
from swallow.perf.results import write_json


def _say(text):
    sys.stderr.write(f"swallow compare: {text}\n")
    sys.stderr.flush()


def _deliver(found):
    """All that was asked for; whether it could be written."""
    options = found.options
    summaries = found.summaries()
    tables.show(found, summaries)
    fine = True

    def write(file, function, *arguments):
        nonlocal fine
        try:
            function(*arguments)
        except OSError as error:
            fine = False
            _say(f"{file} can't be written: {error.strerror}")

    if options.json:
        write(options.json, write_json, results.as_object(found, summaries), options.json)
    if options.markdown:
        write(options.markdown, options.markdown.write_text, tables.markdown(found, summaries))
    if options.plot and summaries:
        # Not loaded while something is measured.
        from swallow.compare import plot

        write(options.plot, plot.draw, summaries, found.names, options.plot)
    return fine


def main(options):
    """Measures, and reports; the exit status."""
    env = process.environment()
    try:
        facts = {one.name: configurations.probe(one, env) for one in options.configurations}
    except configurations.BadConfiguration as error:
        _say(error)
        return 2
    except KeyboardInterrupt:
        return 130
    plain, *others = options.configurations
    if facts[plain.name]["jit"]:
        _say(f"--baseline {plain.python}: the JIT is on there; name an interpreter without it")
        return 2
    for one in others:
        if not facts[one.name]["jit"]:
            _say(f"{one.name}: the package swallow isn't installed for {one.python}, or its arguments switch the JIT off")
            return 2
    about = machine.facts()
    for warning in machine.warnings(about, False):
        _say(warning)
    found = session.Session(options, options.configurations, facts, about, [session.Result(job) for job in options.jobs])
    session.measure(found)
    fine = _deliver(found)
    if found.interrupted:
        return 130
    return 0 if fine and not any(result.error for result in found.results) else 1
