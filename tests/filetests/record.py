"""Write recorded frontend inputs (see src/bytecode/recording.rs) for functions of a Python file.

    python3.11 tests/filetests/record.py PROGRAM.py FUNCTION [ARGS-EXPRESSION] > build/NAME.json

Runs PROGRAM, calls FUNCTION(*ARGS) until CPython has specialised its bytecode, then writes down
the code object and the answers to every question the frontend may ask. Addresses are replaced by
small numbers, so that a recording is the same on every machine.
"""

import builtins
import ctypes
import json
import math
import struct
import sys
import types

BITS = {
    "null": 1,
    int: 1 << 1,
    float: 1 << 2,
    bool: 1 << 3,
    str: 1 << 4,
    type(None): 1 << 5,
    list: 1 << 6,
    tuple: 1 << 7,
    dict: 1 << 8,
    types.FunctionType: 1 << 9,
    range: 1 << 10,
}
OTHER = 1 << 11
NAMES = {
    1: "NULL",
    1 << 1: "INT",
    1 << 2: "FLOAT",
    1 << 3: "BOOL",
    1 << 4: "STR",
    1 << 5: "NONE",
    1 << 6: "LIST",
    1 << 7: "TUPLE",
    1 << 8: "DICT",
    1 << 9: "FUNC",
    1 << 10: "RANGE",
    1 << 11: "OTHER",
}


def type_name(value):
    return NAMES[BITS.get(type(value), OTHER)]


class Recorder:
    def __init__(self):
        self.numbers = {}
        self.keep = []

    def addr(self, value):
        self.keep.append(value)
        return self.numbers.setdefault(id(value), 16 * (len(self.numbers) + 1))

    def info(self, value):
        if isinstance(value, types.FunctionType):
            kind = "Function"
        elif isinstance(value, types.BuiltinFunctionType) and value.__self__ in (builtins, math):
            kind = {"Builtin": f"{value.__self__.__name__}.{value.__name__}"}
        elif isinstance(value, type) and value.__module__ == "builtins":
            kind = {"Class": value.__name__}
        elif type(value) is types.ModuleType:
            kind = "Module"
        else:
            kind = "Other"
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        text = name if name and kind != "Other" else f"a {type(value).__name__}"
        return {"addr": self.addr(value), "ty": type_name(value), "repr": text, "kind": kind}

    def record(self, function, args):
        code = function.__code__
        raw = code._co_code_adaptive
        units = list(struct.unpack(f"<{len(raw) // 2}H", raw))
        bound = code.co_argcount
        recording = {
            "code": {
                "name": code.co_qualname,
                "filename": code.co_filename.rsplit("/", 1)[-1],
                "firstlineno": code.co_firstlineno,
                "flags": code.co_flags,
                "argcount": code.co_argcount,
                "posonlyargcount": code.co_posonlyargcount,
                "kwonlyargcount": code.co_kwonlyargcount,
                "nlocals": code.co_nlocals,
                "nlocalsplus": len(code.co_varnames) + len(code.co_cellvars) + len(code.co_freevars),
                "stacksize": code.co_stacksize,
                "ncellvars": len(code.co_cellvars),
                "nfreevars": len(code.co_freevars),
                "units": units,
                "consts": [{"addr": self.addr(c), "ty": type_name(c), "repr": repr(c)[:400]} for c in code.co_consts],
                "names": [{"addr": self.addr(n), "text": n} for n in code.co_names],
                "varnames": list(code.co_varnames + code.co_cellvars + code.co_freevars),
                "exception_table": list(code.co_exceptiontable),
                "addr": self.addr(code),
            },
            "locals": [[slot, type_name(args[slot])] for slot in range(bound)],
            "dict_values": [],
            "module_values": [],
            "methods": [],
            "functions": [],
            "cells": [],
            "singletons": [self.addr(None), self.addr(True), self.addr(False)],
        }
        self.answers(function, units, recording)
        return recording

    def answers(self, function, units, recording):
        import opcode

        module_of = None
        extended = 0
        at = 0
        while at < len(units):
            op, arg = units[at] & 255, extended << 8 | units[at] >> 8
            name = QUICK.get(op) or opcode.opname[op]
            base = BASE.get(name, name)
            extended = arg if base == "EXTENDED_ARG" else 0
            cache = units[at + 1 : at + 11]
            if base == "LOAD_GLOBAL":
                text = function.__code__.co_names[arg >> 1]
                value = function.__globals__.get(text, getattr(builtins, text, None))
                module_of = value if type(value) is types.ModuleType else None
                if name == "LOAD_GLOBAL_MODULE":
                    key = ["Globals", cache[1], cache[2] | cache[3] << 16]
                elif name == "LOAD_GLOBAL_BUILTIN":
                    key = ["Builtins", cache[1], cache[4]]
                else:
                    key = None
                if key:
                    recording["dict_values"].append([key, self.info(value)])
                if isinstance(value, types.FunctionType):
                    self.function(value, recording)
            elif name in ("LOAD_METHOD_MODULE", "LOAD_ATTR_MODULE") and module_of:
                value = getattr(module_of, function.__code__.co_names[arg])
                key = [self.addr(module_of), cache[3], cache[1] | cache[2] << 16]
                recording["module_values"].append([key, self.info(value)])
            elif name in ("LOAD_METHOD_WITH_VALUES", "LOAD_METHOD_NO_DICT"):
                address = sum(cache[6 + i] << 16 * i for i in range(4))
                value = ctypes.cast(address, ctypes.py_object).value
                number = self.addr(value)
                for i in range(4):
                    units[at + 7 + i] = number >> 16 * i & 0xFFFF
                key = [cache[1] | cache[2] << 16, self.addr(function.__code__.co_names[arg]), number]
                recording["methods"].append([key, self.info(value)])
                if isinstance(value, types.FunctionType):
                    self.function(value, recording)
            at += 1 + CACHES.get(base, 0)
        recording["code"]["units"] = units

    def function(self, value, recording):
        code = value.__code__
        recording["functions"].append(
            [
                self.addr(value),
                {
                    "code": self.addr(code),
                    "name": code.co_qualname,
                    "flags": code.co_flags,
                    "argcount": code.co_argcount,
                    "kwonlyargcount": code.co_kwonlyargcount,
                    "nlocalsplus": len(code.co_varnames) + len(code.co_cellvars) + len(code.co_freevars),
                    "stacksize": code.co_stacksize,
                    "ncellvars": len(code.co_cellvars),
                    "nfreevars": len(code.co_freevars),
                },
            ]
        )


def tables():
    import opcode

    base = {s: b for b, specials in opcode._specializations.items() for s in specials}
    base["EXTENDED_ARG_QUICK"] = "EXTENDED_ARG"
    taken = set(opcode.opmap.values()) | {0, 255}
    free = (i for i in range(1, 255) if i not in taken)
    quick = {next(free): name for name in opcode._specialized_instructions}
    caches = dict(zip(opcode.opname, opcode._inline_cache_entries))
    return quick, base, caches


QUICK, BASE, CACHES = tables()


def main():
    path, name = sys.argv[1:3]
    namespace = {"__name__": "recorded", "__file__": path}
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), namespace)
    function = eval(name, namespace)
    args = eval(sys.argv[3], namespace) if len(sys.argv) > 3 else ()
    for _ in range(20):
        function(*args)
    json.dump(Recorder().record(function, args), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
