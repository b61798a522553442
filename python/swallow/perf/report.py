"""The report as text, in the wording of perf.py."""

import os
import platform

from swallow.perf import stages
from swallow.perf import summary as summaries_


def summaries(session):
    """The figures of all benchmarks that can be compared."""
    return [summaries_.summarise(result, session.names) for result in session.complete()]


def time_delta(old, new):
    """How two times compare."""
    if old == 0 or new == 0:
        return "incomparable (one result was zero)"
    if new > old:
        return f"{new / old:.4f}x slower"
    if new < old:
        return f"{old / new:.4f}x faster"
    return "no change"


def quantity_delta(old, new):
    """How two amounts compare."""
    return time_delta(old, new).replace("slower", "larger").replace("faster", "smaller")


def _times(base, changed, faster):
    """The lines for the times of two configurations."""
    if min(base["n"], changed["n"]) < 2:
        # Of single runs there is nothing else to say.
        yield f"{base['mean']:f} -> {changed['mean']:f}: {time_delta(base['mean'], changed['mean'])}"
        return
    yield f"Min: {base['min']:f} -> {changed['min']:f}: {time_delta(base['min'], changed['min'])}"
    yield f"Avg: {base['mean']:f} -> {changed['mean']:f}: {time_delta(base['mean'], changed['mean'])}"
    yield f"Significant (t={faster['t']:f})" if faster["significant"] else "Not significant"
    yield f"Stddev: {base['stdev']:.5f} -> {changed['stdev']:.5f}: {quantity_delta(base['stdev'], changed['stdev'])}"
    yield f"Median: {base['median']:f} -> {changed['median']:f}: {time_delta(base['median'], changed['median'])}"
    yield f"Confidence: 95% that the means' ratio is from {faster['low']:.4f}x to {faster['high']:.4f}x"


def _compiling(figures):
    """The line for what the JIT took."""
    own, generator = figures["compile_ns"] / 1e9, figures["codegen_ns"] / 1e9
    return f"Compiling: {own:f} in the program's threads, {generator:f} in the code generator"


def _quantities(title, figure, base, changed, places=3):
    """A line for memory."""
    old, new = base[figure], changed[figure]
    return f"{title}: {old:.{places}f} -> {new:.{places}f}: {quantity_delta(old, new)}"


def _memory(base, changed):
    """The lines for the memory of two configurations."""
    yield _quantities("Mem max", "max", base, changed)
    helper = changed["max_with_helper"] != changed["max"] or base["max_with_helper"] != base["max"]
    if helper:
        yield _quantities("Mem max with helper", "max_with_helper", base, changed)
    yield _quantities("Mem steady", "steady", base, changed)
    if helper:
        yield _quantities("Mem steady with helper", "steady_with_helper", base, changed)
    yield _quantities("PSS max", "pss_max", base, changed)
    if helper:
        yield _quantities("PSS max with helper", "pss_max_with_helper", base, changed)


def block(summary, names, picture=None):
    """What there is to say of one benchmark."""
    lines = [f"### {summary.label} ###"]
    for name in names[1:]:
        if len(names) > 2:
            lines.append(f"{names[0]} -> {name}")
        if summary.times:
            lines += _times(summary.times[names[0]], summary.times[name], summary.faster[name])
        if summary.memory:
            lines += _memory(summary.memory[names[0]], summary.memory[name])
    for name in names:
        if summary.compiling.get(name):
            prefix = f"{name}: " if len(names) > 2 else ""
            lines.append(prefix + _compiling(summary.compiling[name]))
    if picture:
        lines.append(f"Usage over time: {picture}")
    return "\n".join(lines)


def heading(session):
    """What was measured on, and what."""
    lines = [f"Report on {platform.platform()}", f"Total CPU cores: {os.cpu_count()}"]
    for configuration in session.configurations:
        facts = session.facts[configuration.name]
        version = facts["version"].split()[0]
        jit = f", with swallow{' ' + facts['swallow'] if facts['swallow'] else ''}" if facts["jit"] else ""
        lines.append(f"{configuration.name}: {configuration} ({version}{jit})")
    return "\n".join(lines)


def stages_note(session):
    """What the figures of the stages hold for."""
    return stages.note(session.stages, session.stages_python)


def text(session, summaries, plots):
    """The whole report; `plots` are the files of the pictures by the benchmarks' labels."""
    parts = [heading(session)]
    parts += [block(summary, session.names, plots.get(summary.label)) for summary in summaries]
    if session.stages:
        parts.append(f"### {stages.GROUP} ###\n{stages_note(session)}")
    failed = [result for result in [*session.results, *session.stages] if result.error]
    parts += [f"### {result.label} ###\nFailed: {result.error}" for result in failed]
    if session.interrupted:
        done = [f"{len(summaries)} of {len(session.results)} benchmarks"] if session.results else []
        if session.stages:
            done.append(f"{sum(bool(measured.figures) for measured in session.stages)} of {len(session.stages)} stages")
        parts.append(f"Interrupted: {', '.join(done)}")
    return "\n\n".join(parts) + "\n"
