"""What a search has found, as text."""

from swallow.tune import pipeline


def points(search):
    """For each code whose time is known, the cheapest pipeline for it: triples of milliseconds in passes, run time as a multiple of the
    start's, and the evaluation."""
    factors = {search.start.code: 1.0}
    # References follow each other: each is known against the one before.
    for _ in range(2):
        for (code, reference), verdict in search.verdicts.items():
            if reference in factors:
                factors.setdefault(code, verdict.ratio * factors[reference])
    cheapest = {}
    for found in search.evaluations.values():
        if found is not None and found.code in factors:
            known = cheapest.get(found.code)
            if known is None or found.passes < known.passes:
                cheapest[found.code] = found
    cheapest.setdefault(search.best.code, search.best)
    return sorted(((found.passes * 1e3, factors.get(found.code, 1.0), found) for found in cheapest.values()), key=lambda point: point[:2])


def front(found):
    """Those points than which none is better in both respects."""
    best, result = float("inf"), []
    for point in found:
        if point[1] < best:
            best = point[1]
            result.append(point)
    return result


def pareto(search):
    """The table of the front, in Markdown."""
    lines = ["| passes | ms in them | run time | code bytes | pipeline |", "|--:|--:|--:|--:|---|"]
    for milliseconds, factor, found in front(points(search)):
        count = pipeline.size(pipeline.parse(found.text))
        lines.append(f"| {count} | {milliseconds:.2f} | {factor:.3f}× | {found.code_bytes} | `{found.text}` |")
    return "\n".join(lines)


def _gain(name, effects, kept):
    """What a pass was found to do for the code, in words. Some passes come with managers of others."""
    found = [effect for effect in effects if effect.name == name]
    tried = [effect.verdict for effect in found if effect.verdict is not None]
    if tried:
        worst = max(tried, key=lambda verdict: verdict.ratio)
        return f"without it {worst}"
    if kept:
        return "the code is another without it; its time was not taken"
    if found:
        return "nothing: the code is the same without it"
    return "it comes with others: no pipeline names it"


def passes(search):
    """The list of passes: what each has cost, and what it has gained."""
    kept = {pipeline.at(parsed, place).name for parsed in [pipeline.parse(search.best.text)] for place in pipeline.places(parsed)}
    rows = [(name, row) for (stage, name), row in search.start.rows.items() if stage == "llvm"]
    lines = ["| pass | kept | ms | runs | changed | what it gained |", "|---|---|--:|--:|--:|---|"]
    for name, row in sorted(rows, key=lambda row: -row[1]["seconds"]):
        gain = _gain(name, search.effects, name in kept)
        lines.append(
            f"| {name} | {'yes' if name in kept else 'no'} | {row['seconds'] * 1e3:.2f} | {row['runs']} | {row['changed']} | {gain} |"
        )
    for effect in search.effects:
        if effect.accepted and not effect.words.startswith("without"):
            lines.append(f"| {effect.words} | yes | {-effect.saved * 1e3:+.2f} | | | {effect.verdict} |")
    return "\n".join(lines)


def heading(search):
    """What was looked for, and in what."""
    labels = ", ".join(program.label for program in search.programs)
    return f"Objective: {search.objective.name}; programs: {labels}; {search.journal.seconds():.0f} s, {len(search.evaluations)} pipelines"


def outcome(search, verdict):
    """The best pipeline against the first."""
    start, best = search.start, search.best
    lines = [
        f"passes: {pipeline.size(pipeline.parse(start.text))} -> {pipeline.size(pipeline.parse(best.text))}",
        f"ms in passes: {start.passes * 1e3:.2f} -> {best.passes * 1e3:.2f} ({best.passes / start.passes:.1%})",
        f"code generator, s: {start.generator:.3f} -> {best.generator:.3f}",
        f"code bytes: {start.code_bytes} -> {best.code_bytes}",
    ]
    # Nothing is measured for the report: the search may have been stopped.
    if search.objective.figure == "memory" and None not in (start.memory, best.memory):
        lines.append(f"memory, kB: {start.memory:.0f} -> {best.memory:.0f}")
    lines.append(f"run time: {'the same pipeline' if best is start else verdict or 'not made sure of'}")
    return "\n".join(lines)


def best_file(search, verdict):
    """The best pipeline as a file for -X jit-passes=@."""
    lines = [f"# Found by swallow tune. {heading(search)}."]
    lines += [f"# {line}" for line in outcome(search, verdict).splitlines()]
    return "\n".join([*lines, search.best.text, ""])
