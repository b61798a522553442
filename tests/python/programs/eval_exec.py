"""eval, exec and compile in and around hot functions: names of the caller, new globals, code run many times, functions made by exec."""

from support import HOT, heat, outcome, report

scale = 3


def evaluate(text, x):
    y = x * 2
    return eval(text)


def evaluate_in(text, space):
    return eval(text, space)


def execute(n):
    total = 0
    space = {"total": 0}
    for i in range(n):
        exec("total = total + 1", space)
        total += space["total"]
    return total


def local_names(n):
    a = n
    exec("b = a + 1")
    return "b" in locals(), eval("a")


def made(body, *args):
    space = {}
    exec(f"def f(*args):\n    {body}\n", space)
    return space["f"](*args)


def loop_of_evals(n):
    total = 0
    for i in range(n):
        total += eval("i * scale")
    return total


code = compile("sum_of = 0\nfor k in range(limit):\n    sum_of += k * k\n", "<repeated>", "exec")
expression = compile("[x * scale for x in range(n)][-1] if n else None", "<expression>", "eval")


def run_code(limit):
    space = {"limit": limit}
    exec(code, space)
    return space["sum_of"], space.get("k")


def run_expression(n):
    return eval(expression, {"scale": 2}, {"n": n}) if n < 0 else eval(expression, {"scale": 2, "n": n})


report("evaluate", evaluate, [("x + y", 1), ("x + y", 1.5), ("x.z", 1), ("unknown", 1), ("1 +", 1), ("[x for x in (y, y)]", 2), ("scale * x", 2), ("(lambda: x)()", 1)])
report("in", evaluate_in, [("a + 1", {"a": 1}), ("a + 1", {"a": 0.5}), ("a + 1", {}), ("len", {"__builtins__": {}})])
report("execute", execute, [(5,), (0,)])
report("local names", local_names, [(1,), ("s",)])
report("made", made, [("return args[0] + 1", 1), ("return args[0] + 1", "x"), ("return sum(args)", 1, 2.5), ("yield", 1), ("pass",), ("return [i for i in args if i]", 0, 1), ("raise KeyError(args)", 1), ("return )", 1)])
report("loop", loop_of_evals, [(5,), (0,)])
report("code", run_code, [(5,), (0,), (100,), (2.5,)])
report("expression", run_expression, [(5,), (0,), (1,)])
scale = 0.5
print(outcome(loop_of_evals, 5))


def rewritten(n):
    return n + 1


heat(rewritten, 1)
exec("def rewritten(n):\n    return n - 1\n", globals())
print(outcome(rewritten, 1))
namespace = {}
for number in range(HOT):
    exec(f"def g(x):\n    return x + {number}\n", namespace)
    result = namespace["g"](1)
print(result)
exec(compile("def h(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\n", "<h>", "exec"), namespace)
heat(namespace["h"], 10)
print(outcome(namespace["h"], 10), outcome(namespace["h"], "x"))
