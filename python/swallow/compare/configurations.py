"""What is compared: plain CPython, and the JIT with each code generator at each of its levels."""

import re
import shlex

from swallow.perf.configurations import BadConfiguration, Configuration

PLAIN = "plain"

# What every one of them has beside its own: the JIT, which keeps what each compilation took.
COMMON = ("-Xjit=whenhot", "-Xjit-time-units")

LLVM = ("-Xjit-backend=llvm",)

# For LLVM a level is pass pipeline and effort of code generation; Cranelift has two, `none` and `speed`; `tiered` is what the JIT does by itself.
KNOWN = {
    "llvm-o0": (*LLVM, "-Xjit-opt=0"),
    "llvm-o1": (*LLVM, "-Xjit-opt=1"),
    "llvm-o2": (*LLVM, "-Xjit-opt=2"),
    "llvm-o3": (*LLVM, "-Xjit-opt=3"),
    "llvm-jit": LLVM,
    "cranelift-none": ("-Xjit-backend=cranelift", "-Xjit-opt=0"),
    "cranelift-speed": ("-Xjit-backend=cranelift", "-Xjit-opt=2"),
    "tiered": ("-Xjit-backend=tiered",),
}


def _own(text):
    """A configuration of the user's: NAME=ARGS…"""
    name, equals, rest = text.partition("=")
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise BadConfiguration(f"--config {text}: {error}") from None
    if not equals or not re.fullmatch(r"\w[\w.+-]*", name):
        raise BadConfiguration(f"--config {text}: expected 'NAME=ARGS…', the name of letters, digits and _ . + -")
    if name == PLAIN or name in KNOWN:
        raise BadConfiguration(f"--config {name}: there is a configuration of this name")
    return name, tuple(words)


def make(chosen, own, baseline, python):
    """The configurations, plain CPython first: those of the list `chosen` (all, if that is None), and those of the user's own."""
    more = [_own(text) for text in own]
    names = [name for name, _ in more]
    for name in names:
        if names.count(name) > 1:
            raise BadConfiguration(f"--config {name}: there is a configuration of this name")
    wanted = [name.strip() for name in chosen.split(",") if name.strip()] if chosen is not None else [] if more else list(KNOWN)
    if chosen is not None and not wanted:
        raise BadConfiguration(f"-c {chosen}: that names no configuration; there are {', '.join(KNOWN)}")
    groups = {"all": list(KNOWN)} | {kind: [name for name in KNOWN if name.startswith(kind)] for kind in ("llvm", "cranelift")}
    everything = {}
    for name in wanted:
        for member in groups.get(name, [name]):
            if member not in KNOWN:
                raise BadConfiguration(f"-c {name}: there is no such configuration; there are {', '.join(KNOWN)}, and {', '.join(groups)}")
            everything[member] = KNOWN[member]
    everything |= dict(more)
    jitted = [Configuration(name, python, (*COMMON, *words)) for name, words in everything.items()]
    return [Configuration(PLAIN, baseline), *jitted]
