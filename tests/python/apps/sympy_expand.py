"""SymPy: expanding, factoring, simplifying, integrating, solving."""

import sympy
from sympy import (
    Eq,
    Function,
    I,
    Matrix,
    Rational,
    apart,
    cos,
    diff,
    dsolve,
    exp,
    expand,
    factor,
    factorint,
    gcd,
    integrate,
    latex,
    limit,
    log,
    oo,
    pi,
    pretty,
    series,
    simplify,
    sin,
    solve,
    sqrt,
    srepr,
    summation,
    symbols,
    together,
    trigsimp,
)

x, y, z = symbols("x y z")
a, b, c = symbols("a b c")
k, n = symbols("k n", integer=True, positive=True)

EXAMPLES = {
    "expand": lambda: expand((x + y + 2 * z - 1) ** 7),
    "expand trig": lambda: expand(sin(3 * x + y), trig=True),
    "factor": lambda: factor(expand((x**2 - 3 * y) ** 3 * (x + 2 * y + 1) ** 2 * (x * y - 5))),
    "factor over I": lambda: factor(x**4 + 4, extension=I),
    "gcd": lambda: gcd(expand((x + 1) ** 4 * (x - y)), expand((x + 1) ** 2 * (x + y))),
    "apart": lambda: apart((x**3 + 2) / ((x - 1) ** 2 * (x + 2) * (x**2 + 1)), x),
    "together": lambda: together(1 / x + 2 / (y + 1) - z / (x * y)),
    "simplify": lambda: simplify((x**2 - 2 * x + 1) / (x - 1) + sin(x) ** 2 + cos(x) ** 2),
    "trigsimp": lambda: trigsimp(sin(x) ** 4 - 2 * cos(x) ** 2 * sin(x) ** 2 + cos(x) ** 4),
    "integrate": lambda: [integrate(f, x) for f in (x**2 * exp(x) * sin(x), 1 / (x**3 + 1), log(x) ** 2, sqrt(1 - x**2))],
    "definite": lambda: [integrate(exp(-(x**2)), (x, -oo, oo)), integrate(x * sin(x), (x, 0, pi))],
    "diff": lambda: diff(exp(sin(x * y)) / (x + log(y)), x, y),
    "series": lambda: series(exp(sin(x)), x, 0, 9),
    "limit": lambda: [limit(sin(x) / x, x, 0), limit((1 + 1 / x) ** x, x, oo)],
    "solve": lambda: solve([x**2 + y**2 - 5, x * y - 2], [x, y]),
    "solve cubic": lambda: solve(x**3 - 3 * x + Rational(1, 2), x),
    "dsolve": lambda: dsolve(Eq(Function("f")(x).diff(x, 2) + 3 * Function("f")(x).diff(x) + 2 * Function("f")(x), sin(x))),
    "sum": lambda: [summation(k**4, (k, 1, n)), summation(1 / k**2, (k, 1, oo))],
    "matrix": lambda: (lambda m: [m.det(), m.inv(), m.eigenvals(), m.rref()])(Matrix(4, 4, lambda i, j: Rational(1, i + j + 1) if i <= j else i - j)),
    "numbers": lambda: [factorint(2**67 - 1), sympy.prime(500), sympy.nsimplify(0.1), pi.evalf(60), sympy.binomial(60, 27)],
    "printing": lambda: [latex(sqrt(x / (y + 1)) ** 3), srepr(x**2 + Rational(1, 3)), pretty(sympy.Integral(x**2 / (1 + y), x))],
    "logic": lambda: [sympy.to_cnf((a & b) | (~a & c)), sympy.simplify_logic((a & b) | (a & ~b) | c)],
}

for name, example in EXAMPLES.items():
    found = example()
    for value in found if isinstance(found, list) else [found]:
        print(f"{name}: {value}")
