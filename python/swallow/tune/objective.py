"""What is to become less, and what must not become more."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Objective:
    """An aim."""

    name: str
    # What an evaluation's figure is that is to become less; None: the programs' time.
    figure: str | None
    # The least part by which that counts as less.
    gain: float
    # The part by which the programs may be slower, if the user says nothing.
    tolerance: float
    # Whether programs wait for code, so that their time is that of the code alone.
    waits: bool
    words: str


OBJECTIVES = {
    found.name: found
    for found in (
        Objective("speed", None, 0.01, 0.01, True, "the programs' own time, code being there at once; then time in passes"),
        Objective("compile-time", "passes", 0.02, 0.03, True, "time in passes"),
        Objective("size", "code_bytes", 0.002, 0.03, True, "bytes of machine code"),
        Objective("memory", "memory", 0.01, 0.03, True, "the most private memory of program and code generator together"),
        Objective("total", None, 0.01, 0.01, False, "time from start to end, while code is made beside the program; then time in passes"),
    )
}
