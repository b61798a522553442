"""Control of the Swallow JIT from inside the program.

The JIT is switched on from outside, with `python -X jit=whenhot prog.py`; nothing here is needed for that. These functions
look at what it did, and steer it. Functions, bound methods and code objects are accepted wherever a function is.

The native module is loaded by the first call that needs it, not by `import swallow`. Where it can't be loaded,
that call raises `ImportError`.
"""

import sys

__all__ = [
    "asm",
    "clif",
    "compile",
    "feedback",
    "get_control",
    "hir",
    "info",
    "is_compiled",
    "llvm_ir",
    "memory",
    "release",
    "set_control",
    "stats",
]

_MODULE = "swallow._swallow"


def _native():
    """The native module, loaded now if it isn't yet."""
    module = sys.modules.get(_MODULE)
    if module is None:
        from swallow import _loader

        module = _loader.load()
    return module


def compile(function, /):
    """Compile a function now. True if it has native code afterwards; if False, `info(function)["reason"]` says why.

    Switches the JIT on (in mode "whenhot") if it was off.
    """
    return _native().compile(function)


def is_compiled(function, /):
    """Whether the function has native code at the moment."""
    return _native().is_compiled(function)


def info(function, /):
    """What the JIT knows about a function, as a dict.

    state         "cold", "warm", "compiled", "refused" or "released"
    hotness       10 for each call and 1 for each back-edge, so far
    reason        why it was refused, or None
    code_bytes    size of its machine code
    hir_insts     instructions in its HIR
    phase_times   seconds spent in each phase of its compilation
    exits         side exits taken, as dicts with pc, line, reason and count
    compiles      how often it was compiled
    loops         loops, resume points of generators and handlers that were hot, as dicts with pc, kind, line, compiled, back_edges, code_bytes
                  and compiles
    history       what happened to it, a line each
    feedback_bytes  size of its feedback map
    spent         with -X jit-profile, for each of "cold", "warm", "native" and "compiling" the seconds, instructions (None where
                  the processor doesn't tell) and entries; else None
    """
    return _native().info(function)


def feedback(function, /):
    """What was recorded of a function while it was warm, or None if it has no feedback map.

    A dict with bytes, sites, and seen: for each site that has seen something its pc, line, instruction and, as text, what it has
    seen. The map is freed when the function is compiled, unless -X jit-keep-feedback is given.
    """
    return _native().feedback(function)


def hir(function, /):
    """The function's HIR after all passes, as text. Made anew for this call: the JIT keeps none.

    It is what would be compiled now. That is what was compiled only if the feedback is still there (-X jit-keep-feedback);
    -X jit-dump=hir prints it when it is compiled.
    """
    return _native().hir(function)


def llvm_ir(function, /):
    """The function's LLVM IR after the pass pipeline, as text. Made anew for this call, whichever code generator is in use."""
    return _native().llvm_ir(function)


def clif(function, /):
    """The function's Cranelift IR, optimised, as text. Made anew for this call, whichever code generator is in use."""
    return _native().clif(function)


def asm(function, /):
    """The function's machine code, as assembly text of the code generator in use. Made anew for this call."""
    return _native().asm(function)


def release(function, /):
    """Throw the function's machine code away; it is interpreted from now on. True if there was any."""
    return _native().release(function)


def stats():
    """Counters of the whole process, as a dict.

    Its "jobs" says how many units the code generator has been asked for and not answered.

    Its "passes" is a list with a dict for each pass that has run, if -X jit-time-passes is given:

    name, stage     as in a pipeline; "hir" or "llvm"
    runs, changed   how often it ran, and how often it changed something
    seconds         processor time
    insts_before, insts_after   instructions of what it ran on, over all runs
    bytes_taken     what all runs took of the heap, given back or not
    bytes_peak      the most that one run had in use at once, beyond what there was when it began

    "code_digest" is then a digest of the machine code of all units in their order; addresses of 33 bits and more count by their order only.

    Its "units" is a list with a dict for each compilation whose code was installed, if -X jit-time-units is given: name, file, line, kind ("function",
    "loop", "resume point" or "handler"), pc (of a place, else None), backend, installed (the moment, on the clock of time.monotonic()), phases (a list of name, seconds, and own, the seconds of processor time),
    code_bytes, hir_insts, ir_before and ir_after (instructions of the code generator's IR before and behind its passes), memory_before, memory_peak
    (bytes that the process of the code generator had resident when it began, and at most; None with -X jit-codegen=inprocess), and native: with -X jit-profile,
    too, what was spent in this code, as info() has it in "spent", else None. Entries are those from outside: what native code calls directly counts to its caller.
    A unit that was compiled several times has as many dicts, each with what was spent in its own code: their sum is the unit's.
    """
    return _native().stats()


def memory():
    """What the JIT has in this process's memory, in bytes, as a dict.

    code          machine code with constant pools and unwind tables
    retired_code  the same of versions that are out of use, but may still be on a stack
    arena_slack   free space on the pages that hold code
    exit_tables   how native code is left
    feedback      what was recorded
    records       counters, histories and loops of code objects
    requests      what the code generator has been asked for and has not answered
    heap_rest     everything else on the heap
    module        pages of the extension module that only this process has mapped
    loading       what loading it has taken otherwise: Python objects, the linker's records; None without -X jit-stats
    total         all of it
    functions     for each code object that is warm: name, feedback, code, exit_tables, record, total; the largest first

    The process of the code generator has its own memory, which is all given back when it ends.
    """
    return _native().memory()


def set_control(mode, /):
    """Set the mode: "never", "whenhot" or "always". Returns the mode until now.

    With "never" nothing more is compiled; functions that have machine code keep it.
    """
    if mode == "never" and _MODULE not in sys.modules:
        return "never"
    return _native().set_control(mode)


def get_control():
    """The mode: "never", "whenhot" or "always"."""
    if _MODULE not in sys.modules:
        return "never"
    return _native().get_control()
