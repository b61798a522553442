"""Strings in hot functions: concatenation (also in place), repetition, indexing, slicing, comparison, formatting, methods."""

from support import report


class Sub(str):
    def __add__(self, other):
        return f"<{str(self)}+{other}>"


def concatenate(a, b):
    return a + b


def build(n, piece):
    out = ""
    for i in range(n):
        out += piece
    return out


def build_aliased(n):
    out = ""
    kept = []
    for i in range(n):
        out += str(i)
        kept.append(out)
    return kept


def build_attribute(n):
    class Box:
        text = ""

    box = Box()
    for i in range(n):
        box.text += "ab"
    return box.text


def repeat(a, n):
    return a * n, n * a


def reverse(s):
    out = ""
    for c in s:
        out = c + out
    return out


def palindrome(s):
    i, j = 0, len(s) - 1
    while i < j:
        if s[i] != s[j]:
            return False
        i += 1
        j -= 1
    return True


def count_vowels(s):
    n = 0
    for c in s:
        if c in "aeiou":
            n += 1
    return n


def caesar(s, k):
    out = []
    for c in s:
        if "a" <= c <= "z":
            out.append(chr((ord(c) - 97 + k) % 26 + 97))
        else:
            out.append(c)
    return "".join(out)


def compare(a, b):
    return a == b, a != b, a < b, a <= b, a is b or a == b


def percent(a, b):
    return "%s and %d and %r" % (a, b, a)


def fstring(a, b):
    return f"{a} {b!r} {a:>6} {b=} {{}} {a}{b}"


def nested_fstring(x, width):
    return f"{x:{width}.{2}f}|{f'{x}' * 2}|{x:,}|{x:e}"


def hash_string(s):
    h = 5381
    for c in s:
        h = (h * 33 + ord(c)) & 0xFFFFFFFF
    return h


def words(s):
    counts = {}
    for word in s.split():
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items())


report("concatenate", concatenate, [("a", "b"), ("", ""), ("é", "😀"), ("a", 1), (1, "a"), (b"a", b"b"), ("a", b"b"), (Sub("s"), "x"), ("x", Sub("s")), ([1], [2]), ("a" * 50, "b")])
report("build", build, [(5, "ab"), (0, "x"), (3, "é"), (3, b"x"), (3, Sub("s")), (2, 1)])
report("aliased", build_aliased, [(5,), (0,), (12,)])
report("attribute", build_attribute, [(4,), (0,)])
report("repeat", repeat, [("ab", 3), ("ab", 0), ("ab", -1), ("", 5), ("a", True), ("a", 1.5), ("é", 2), (b"a", 2)])
report("reverse", reverse, [("abc",), ("",), ("añ😀",), (b"ab",), (["x", "y"],)])
report("palindrome", palindrome, [("abba",), ("abc",), ("",), ([1, 2, 1],), ("été",)])
report("vowels", count_vowels, [("education",), ("",), (["a", "b"],), (b"ab",)])
report("caesar", caesar, [("hello, world", 3), ("xyz", -1), ("", 1), ("é", 5), ("abc", 1.0)])
report("compare", compare, [("a", "b"), ("a", "a"), ("", "a"), ("é", "e"), ("a", 1), ("abc", "abd"), (b"a", b"a"), ("a", None)])
report("percent", percent, [("a", 1), (1.5, 2.7), ("a", "b"), (None, True), ((1, 2), 3)])
report("fstring", fstring, [("a", 1), (1.5, None), (2**70, "x"), ("é", [1]), (None, 2)])
report("nested", nested_fstring, [(1.5, 10), (3, 5), (2**40, 0), ("x", 3), (1.5, "a")])
report("hash", hash_string, [("hello",), ("",), ("é😀",), ([1],)])
report("words", words, [("a b a",), ("",), (b"a b",), ("  x  ",)])
