"""The bits of computed NaNs and zeros: sign and payload as the processor leaves them."""

from math import copysign, inf
from struct import pack, unpack

from support import HOT, heat


def bits(value):
    return f"{unpack('<Q', pack('<d', value))[0]:016x}"


def made_nan(pattern):
    return unpack("<d", pack("<Q", pattern))[0]


def difference(a, b):
    return a - b


def add(a, b):
    return a + b


def product(a, b):
    return a * b


def quotient(a, b):
    return a / b


def negate(a):
    return -a


def loop(start, step, n):
    x = start
    for _ in range(n):
        x = x * step
        x = x - x
    return x


quiet = made_nan(0x7FF8000000000001)
other = made_nan(0xFFF80000DEADBEEF)
for function in (difference, add, product, quotient):
    heat(function, 1.5, 2.5)
    for a, b in ((inf, inf), (inf, -inf), (0.0, inf), (inf, 0.5), (-0.0, 5.0), (quiet, 1.0), (1.0, quiet), (other, 1.0), (1.0, other), (0.0, -1.0), (-0.0, -2.0)):
        print(function.__name__, a, b, sorted({bits(function(a, b)) for _ in range(20)}))
heat(negate, 1.0)
for a in (0.0, -0.0, quiet, other, inf):
    print("negate", sorted({bits(negate(a)) for _ in range(20)}), copysign(1.0, negate(a)))
print(sorted({bits(loop(1.5, 2.0, 10)) for _ in range(HOT)}), bits(loop(inf, 2.0, 3)), bits(loop(-1.0, 2.0, 1)))
