"""Lulls: CPython is left alone while nothing is gained; what is entered meanwhile is found again."""

from running import check

# A second's work for the evaluator in which there is nothing to be gained: small functions, each of a few calls.
BORING = """
import os, sys, threading, time
import swallow

class Word:
    def __init__(self, text):
        self.text = text

    def get(self):
        return self.text

def same(x):
    return x

def boring(seconds):
    words, end = {}, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for letter in "abcdefghijklmnopqrst":
            words[letter] = str(Word(same(letter)).get()).upper()
    return len(words)

def lulls():
    return swallow.stats()["lulls"]

def until(condition, work):
    # A minute at most; whether it holds then.
    end = time.perf_counter() + 60
    while not condition() and time.perf_counter() < end:
        work()
    return condition()

def until_lull(count=4):
    # The later ones are long.
    until(lambda: lulls() >= count, lambda: boring(0.1))

def loop(n):
    total = i = 0
    while i < n:
        total += i & 7
        i += 1
    return total
"""
HOT = ["-Xjit=whenhot"]


def lines(source, *options):
    """What a program prints that begins with BORING."""
    return check(BORING + source, *options, PYTHONJITWAIT="0").stdout.split()


def test_what_gains_nothing_is_left_alone():
    source = """
print(boring(0.3), until(lambda: lulls() > 2, lambda: boring(0.1)))
print(swallow.stats()["lull_ns"] > 50_000_000)
"""
    assert lines(source, *HOT) == ["20", "True", "True"]


def test_there_are_none():
    source = "print(boring(0.6), lulls())"
    for options in (["-X", "jit-lull=0"], ["-X", "jit-wait"], ["-X", "jit-codegen=inprocess"], ["-X", "jit-profile"]):
        assert lines(source, *HOT, *options) == ["20", "0"], options
    assert lines(source, "-Xjit=always") == ["20", "0"]


def test_what_gains_goes_on():
    source = """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

end = time.perf_counter() + 1.0
while time.perf_counter() < end:
    fib(20)
print(swallow.stats()["lull_ns"] < 500_000_000, swallow.is_compiled(fib))
"""
    assert lines(source, *HOT) == ["True", "True"]


def test_feedback_of_what_rests_is_freed():
    source = """
def rare(n):
    return [n + m for m in (1, 2.5, "x")[:n]]

def tried(n):
    try:
        return rare(n)
    except TypeError as error:
        return str(error)[:20]

for n in range(60):
    before = tried(n % 4)
kept = swallow.info(rare)["feedback_bytes"]
print(kept > 0, until(lambda: swallow.info(rare)["feedback_bytes"] == 0, lambda: boring(0.1)), swallow.info(rare)["state"])
# It is recorded anew.
swallow.set_control("whenhot")
print(until(lambda: swallow.info(rare)["feedback_bytes"] > 0 or swallow.is_compiled(rare), lambda: [tried(n % 4) for n in range(40)]))
print([tried(n) for n in range(4)] == [[], [1 + 1], [2 + 1, 2 + 2.5], tried(3)], before == tried(3))
"""
    assert lines(source, *HOT) == ["True", "True", "warm", "True", "True", "True"]


def test_stack_that_is_not_in_use_is_given_back():
    source = """
def down(n, bottom):
    return bottom() if n == 0 else 1 + down(n - 1, bottom)

def stack():
    # kB that it has in memory.
    with open("/proc/self/smaps") as file:
        line = next(line for line in file if line.endswith("[stack]\\n"))
        return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))

print(down(900, int))
high = stack()
until_lull(5)
print(high > 256, stack() < high / 2)
# From here on at a depth: what is in use stays.
print(down(300, lambda: until_lull(lulls() + 3) or 0), down(900, int))
"""
    assert lines(source, *HOT) == ["900", "True", "True", "300", "900"]


def test_a_loop_entered_in_a_lull_is_compiled():
    source = """
def enter_in_lull():
    # It may be over before the loop is entered, where the machine is busy.
    until_lull(lulls() + 1)
    results.add(loop(60_000_000))

results = set()
until_lull(6)
print(until(lambda: swallow.stats()["takeovers"] > 0, enter_in_lull), *results)
print(swallow.stats()["entries_loop"] > 0)
"""
    assert lines(source, *HOT, "-X", "jit-lull=2000") == ["True", "210000000", "True"]


def test_a_function_that_gets_hot_later_is_found():
    source = """
until_lull()
def hot(x):
    total = 0
    for i in range(100):
        total += i * x
    return total

print(until(lambda: swallow.is_compiled(hot), lambda: hot(3)), hot(3))
"""
    assert lines(source, *HOT) == ["True", "14850"]


def test_control_ends_it():
    source = """
until_lull()
swallow.set_control("always")
def square(x):
    return x * x
print(until(lambda: swallow.is_compiled(square), lambda: square(3)))
count = lulls()
boring(0.3)
print(lulls() == count)
"""
    assert lines(source, *HOT, "-X", "jit-lull=3000") == ["True", "True"]


def test_a_fork_in_a_lull():
    source = """
until_lull()
before = lulls()
child = os.fork()
if child == 0:
    ok = until(lambda: lulls() > before + 2, lambda: boring(0.1)) and loop(40_000_000) == 140_000_000
    # In a lull it is taken over, else it is entered as usual.
    os._exit(0 if ok and swallow.stats()["entries_loop"] > 0 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), boring(0.2))
"""
    assert lines(source, *HOT, "-X", "jit-lull=500") == ["0", "20"]


def test_threads_and_tracers():
    """A thread that is traced comes to its end while the main thread, which alone can be asked to take loops over, waits for it."""
    source = """
def traced():
    sys.settrace(lambda *_: None)
    for i in range(20):
        boring(0.02)
        loop(2000)
    done.append(1)

done = []
for _ in range(3):
    thread = threading.Thread(target=traced)
    thread.start()
    boring(0.05)
    loop(100_000)
    thread.join()
print(len(done))
"""
    assert lines(source, *HOT) == ["3"]
    assert lines(source, *HOT, "-X", "jit-takeover=20") == ["3"]
