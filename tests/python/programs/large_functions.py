"""Functions with many locals, constants, names, arguments and deep expressions: EXTENDED_ARG in every place, long jumps, big constant tables."""

from support import define, heat, outcome

many_locals = "def f(n):\n" + "".join(f"    v{i} = n + {i}\n" for i in range(400)) + "    return " + " + ".join(f"v{i}" for i in range(400)) + "\n"
long_loop = "def f(n):\n    x = 0\n    for i in range(n):\n" + "".join(f"        if i == {i}:\n            x += {i * 3 + 1000}\n        x = x + i\n" for i in range(120)) + "    return x\n"
many_constants = "def f(n):\n    t = 0.0\n" + "".join(f"    t += n * {i}.25\n" for i in range(350)) + "    return t\n"
many_names = "def f(n):\n    t = 0\n" + "".join(f"    t += g{i}\n" for i in range(300)) + "    return t + n\n"
many_arguments = f"def f({', '.join(f'a{i}' for i in range(300))}):\n    return a0 + a299 * a150\n"
deep_expression = "def f(n):\n    return " + "(" * 80 + "n" + "".join(f" + {i})" for i in range(80)) + "\n"
wide_list = "def f(n):\n    a = [" + ", ".join(f"n * {i}" for i in range(300)) + "]\n    t = 0\n    for x in a:\n        t += x\n    return t, len(a)\n"
wide_unpack = "def f(n):\n    " + ", ".join(f"u{i}" for i in range(280)) + " = range(n)\n    return u0, u279\n"
long_while = "def f(n):\n    x = n\n    c = 0\n    while x != 1:\n" + "".join(f"        if x == -{i + 1}:\n            c += {i}\n" for i in range(150)) + "        x = x // 2 if x % 2 == 0 else 3 * x + 1\n        c += 1\n    return c\n"
nested_loops = "def f(n):\n    t = 0\n" + "".join("    " * (d + 1) + f"for i{d} in range(n):\n" for d in range(15)) + "    " * 16 + "t += 1\n    return t\n"
many_blocks = "def f(n):\n    t = n\n" + "".join(f"    if t > {i}:\n        t -= 1\n    else:\n        t += 2\n    while t > {i + 5}:\n        t -= 3\n" for i in range(60)) + "    return t\n"
keyword_call = "def g(**k):\n    return sum(k.values())\ndef f(n):\n    return g(" + ", ".join(f"k{i}=n" for i in range(280)) + ")\n"
attributes = "class C:\n    pass\ndef f(n):\n    c = C()\n" + "".join(f"    c.a{i} = n + {i}\n" for i in range(300)) + "    return c.a0 + c.a299\n"

CASES = [
    ("many locals", many_locals, [1, 0.5, 2**62, "x"], {}), ("long loop", long_loop, [5, 120, 130, 0], {}), ("many constants", many_constants, [1, 0.1, 2**70, "x"], {}),
    ("many names", many_names, [1, 0.5], {f"g{i}": i for i in range(300)}), ("deep expression", deep_expression, [1, 0.5, 2**63 - 100, "x"], {}), ("wide list", wide_list, [1, 0.5, "a"], {}),
    ("wide unpack", wide_unpack, [280, 279, 281], {}), ("long while", long_while, [7, 27, 2**70 + 1], {}), ("nested loops", nested_loops, [1, 2, 0], {}), ("many blocks", many_blocks, [5, 100, -3, 7.5], {}),
    ("keyword call", keyword_call, [1, 1.5], {}), ("attributes", attributes, [1, 0.5, "x"], {}),
]
for title, source, values, names in CASES:
    function = define(source, **names)
    heat(function, values[0], times=40 if title == "nested loops" else 200)
    print(title, [outcome(function, value)[:200] for value in values])
function = define(many_arguments)
heat(function, *range(300))
print(outcome(function, *range(300)), outcome(function, *[0.5] * 300), outcome(function, *range(299)))
many_globals = define(many_names, **{f"g{i}": i for i in range(300)})
heat(many_globals, 1)
many_globals.__globals__["g299"] = 0.5
print(outcome(many_globals, 1))
del many_globals.__globals__["g150"]
print(outcome(many_globals, 1))
