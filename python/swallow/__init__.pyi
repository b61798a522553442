from types import CodeType, FunctionType, MethodType
from typing import Any, Literal, TypeAlias, TypedDict

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

Compilable: TypeAlias = FunctionType | MethodType | CodeType
Mode: TypeAlias = Literal["never", "whenhot", "always"]
State: TypeAlias = Literal["cold", "warm", "compiled", "refused", "released"]

class Exit(TypedDict):
    pc: int
    line: int
    reason: str
    count: int

class Loop(TypedDict):
    pc: int
    kind: Literal["loop", "resume point", "handler"]
    line: int
    compiled: bool
    back_edges: int
    code_bytes: int
    compiles: int
    backend: Literal["llvm", "cranelift"] | None

class Spent(TypedDict):
    seconds: float
    instructions: int | None
    entries: int

class Site(TypedDict):
    pc: int
    line: int
    instruction: str
    seen: str

class Feedback(TypedDict):
    bytes: int
    sites: int
    seen: list[Site]

class Info(TypedDict):
    state: State
    hotness: int
    reason: str | None
    code_bytes: int
    hir_insts: int
    phase_times: dict[str, float]
    exits: list[Exit]
    compiles: int
    loops: list[Loop]
    history: list[str]
    feedback_bytes: int
    spent: dict[Literal["cold", "warm", "native", "compiling"], Spent] | None
    backend: Literal["llvm", "cranelift"] | None

class FunctionMemory(TypedDict):
    name: str
    feedback: int
    code: int
    exit_tables: int
    record: int
    total: int

class Memory(TypedDict):
    total: int
    code: int
    retired_code: int
    arena_slack: int
    exit_tables: int
    feedback: int
    records: int
    requests: int
    heap_rest: int
    module: int
    loading: int | None
    functions: list[FunctionMemory]

# A row of stats()["passes"].
class PassTotal(TypedDict):
    name: str
    stage: Literal["hir", "llvm"]
    runs: int
    changed: int
    seconds: float
    insts_before: int
    insts_after: int
    bytes_taken: int
    bytes_peak: int

class Phase(TypedDict):
    name: str
    seconds: float
    own: float

# A row of stats()["units"].
class Compilation(TypedDict):
    name: str
    file: str
    line: int
    kind: Literal["function", "loop", "resume point", "handler"]
    pc: int | None
    backend: Literal["llvm", "cranelift"]
    installed: float
    phases: list[Phase]
    code_bytes: int
    hir_insts: int
    ir_before: int
    ir_after: int
    memory_before: int | None
    memory_peak: int | None
    native: Spent | None

# `def` makes a function whose type checkers see as Callable, not FunctionType: both are taken.
def compile(function: Compilable | Any, /) -> bool: ...
def is_compiled(function: Compilable | Any, /) -> bool: ...
def info(function: Compilable | Any, /) -> Info: ...
def feedback(function: Compilable | Any, /) -> Feedback | None: ...
def hir(function: Compilable | Any, /) -> str: ...
def llvm_ir(function: Compilable | Any, /) -> str: ...
def clif(function: Compilable | Any, /) -> str: ...
def asm(function: Compilable | Any, /) -> str: ...
def release(function: Compilable | Any, /) -> bool: ...
def stats() -> dict[str, Any]: ...
def memory() -> Memory: ...
def set_control(mode: Mode, /) -> Mode: ...
def get_control() -> Mode: ...
