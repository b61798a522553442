"""Powers where the classes change: two ints, two floats, and everything else, in place and not; what fails, and what numbers of other classes do."""

import fractions


class Whole(int):
    def __pow__(self, other, modulus=None):
        return ("whole", int(self), other, modulus)

    def __rpow__(self, other, modulus=None):
        return ("rwhole", int(self), other, modulus)


class Root:
    def __repr__(self):
        return "Root()"

    def __rpow__(self, other):
        return ("root", other)

    def __ipow__(self, other):
        return ("in place", other)


def power(a, b):
    return a**b


def power_in_place(a, b):
    a **= b
    return a


def shown(function, a, b):
    try:
        return repr(function(a, b))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


FLOATS = [0.0, -0.0, 0.5, -8.0, 2.0, 1e300, float("inf"), float("nan")]
NUMBERS = [0, 1, -2, 3, 1 << 70, *FLOATS, True, 2j, fractions.Fraction(1, 2), Whole(3), Root(), "", None]

for function in (power, power_in_place):
    # Ints first, then floats: what was recorded of them is wrong for all others.
    for n in range(300):
        function(n & 7, 3)
    print(function(7, 3), shown(function, 2.5, 2))
    for n in range(300):
        function(n * 0.5, 1.5)
    print(function(4.0, 1.5), shown(function, 4, -1))
    for a in NUMBERS:
        for b in NUMBERS:
            if a == b == 1 << 70 or b == 1 << 70 and a not in (0, 1):
                continue
            print(shown(function, a, b) if not isinstance(a, Root) else shown(function, a, 2))
