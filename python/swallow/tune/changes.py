"""Changes to a pipeline, drawn at random: passes are removed, added, moved, or given other parameters."""

from dataclasses import replace

from swallow.tune import pipeline

# What there is to add, by the innermost manager around. Passes that only say something (print, verify), that need a profile, or that
# look at more than one function have nothing to do: a unit is one function.
FUNCTION = (
    "adce",
    "aggressive-instcombine",
    "bdce",
    "constraint-elimination",
    "correlated-propagation",
    "dce",
    "div-rem-pairs",
    "dse",
    "early-cse",
    "early-cse<memssa>",
    "float2int",
    "gvn",
    "gvn-hoist",
    "gvn-sink",
    "instcombine<no-verify-fixpoint>",
    "instsimplify",
    "jump-threading",
    "loop-simplify",
    "lcssa",
    "mem2reg",
    "memcpyopt",
    "mergeicmps",
    "mldst-motion",
    "nary-reassociate",
    "newgvn",
    "partially-inline-libcalls",
    "reassociate",
    "sccp",
    "sink",
    "simplifycfg",
    "slp-vectorizer",
    "slsr",
    "swallow-refcount-pairs",
    "sroa",
    "tailcallelim",
    "loop-mssa(licm)",
    "loop-mssa(loop-rotate,licm)",
    "loop(indvars)",
    "loop(loop-deletion)",
    "loop(loop-instsimplify)",
    "loop(loop-idiom)",
    "loop-sink",
    "loop-load-elim",
    "loop-unroll",
)
LOOP = ("licm", "loop-rotate", "loop-instsimplify", "loop-simplifycfg", "simple-loop-unswitch")

# Further parameters.
PARAMETERS = {
    "early-cse": (None, "memssa"),
    "gvn": (None, "no-pre", "no-load-pre", "no-pre;no-load-pre"),
    "instcombine": ("no-verify-fixpoint", "max-iterations=2;no-verify-fixpoint"),
    "licm": (None, "no-allowspeculation"),
    "loop-rotate": (None, "no-header-duplication"),
    "loop-unroll": (None, "O1", "O3", "no-runtime", "no-partial;no-runtime"),
    "simplifycfg": (None, "hoist-common-insts;sink-common-insts", "bonus-inst-threshold=2", "no-switch-to-lookup"),
    "sroa": ("modify-cfg", "preserve-cfg"),
}

# In which managers a pass may stand that was in another one.
KINDS = {"function": "function", "loop": "loop", "loop-mssa": "loop"}


def kind(passes, place):
    """Which passes may stand at a place: those of functions, of loops, or None for others."""
    around = pipeline.managers(passes, place)
    return KINDS.get(around[-1]) if around else None


def _remove(passes, random):
    if pipeline.size(passes) < 2:
        return None
    place = random.choice(list(pipeline.places(passes)))
    return pipeline.without(passes, [place]), f"without {pipeline.at(passes, place)}"


def _add(passes, random):
    found = [place for place in pipeline.places(passes) if kind(passes, place)]
    if not found:
        return None
    place = random.choice(found)
    new = pipeline.parse(random.choice(FUNCTION if kind(passes, place) == "function" else LOOP))[0]
    before = pipeline.at(passes, place)
    # Behind it as often as before it.
    if random.random() < 0.5:
        place = (*place[:-1], place[-1] + 1)
        return pipeline.put(passes, place, new), f"{new} behind {before}"
    return pipeline.put(passes, place, new), f"{new} before {before}"


def _move(passes, random):
    found = [place for place in pipeline.places(passes) if kind(passes, place)]
    if len(found) < 2:
        return None
    source, target = random.sample(found, 2)
    if kind(passes, source) != kind(passes, target):
        return None
    one, other = pipeline.at(passes, source), pipeline.at(passes, target)
    return pipeline.exchanged(pipeline.exchanged(passes, source, other), target, one), f"{one} and {other} exchanged"


def _tell(passes, random):
    found = [place for place in pipeline.places(passes) if len(PARAMETERS.get(pipeline.at(passes, place).name, ())) > 1]
    if not found:
        return None
    place = random.choice(found)
    old = pipeline.at(passes, place)
    new = replace(old, parameters=random.choice(PARAMETERS[old.name]))
    return (pipeline.exchanged(passes, place, new), f"{new} for {old}") if new != old else None


# With how often each is tried.
CHANGES = ((_remove, 4), (_add, 3), (_move, 2), (_tell, 2))


def draw(passes, random):
    """Another pipeline, and in words what makes it different."""
    changed, words = passes, []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        change = random.choices([change for change, _ in CHANGES], [weight for _, weight in CHANGES])[0]
        made = change(changed, random)
        if made:
            changed = made[0]
            words.append(made[1])
    return changed, ", ".join(words)


__all__ = ["CHANGES", "FUNCTION", "LOOP", "PARAMETERS", "draw", "kind"]
