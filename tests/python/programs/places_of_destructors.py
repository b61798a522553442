"""Destructors that look where the program is: which frame they see on top, and at which line."""

import collections
import sys
LOG = []
class D:
    def __init__(self, n): self.n = n
    def __add__(self, other): return other
    def __del__(self):
        f = sys._getframe(1)
        LOG.append((self.n, f.f_code.co_name, f.f_lineno - f.f_code.co_firstlineno))
def stores(n):
    a = D('first')
    b = 0
    for i in range(n):
        b += i
        a = D(i % 3)
        b += 1
        c = a
        b -= 1
        a = None
        b += 2
        c = b
        b += 1
    return b
def drops(n):
    b = 0
    for i in range(n):
        a = D('d')
        b += i
        del a
        b += 2
    return b
class H:
    pass
def slots(n):
    h = H(); h.x = 0; l = [0, 1]
    b = 0
    for i in range(n):
        h.x = D('attr')
        b += 1
        h.x = i
        b += 1
        l[0] = D('item')
        b += 1
        l[0] = b
        b += 1
    return b
def pops(n):
    b = 0
    for i in range(n):
        x = b
        D('pop')
        b += 1
        (
            D('a'),
            D('b'),
        )
        b += i
    return b
def ret(n):
    a = D('ret')
    if n > 1:
        b = n
        b += 1
        return b
    b = 2
    b += 1
    return b
def rets(n):
    t = 0
    for i in range(n):
        t += ret(i % 3)
        t += 1
    return t
class It:
    def __init__(self, n): self.n = n; self.d = D('iter')
    def __iter__(self): return self
    def __next__(self):
        if self.n == 0: raise StopIteration
        self.n -= 1
        return self.n
def its(n):
    b = 0
    for i in range(n):
        b += 1
        for x in It(3):
            b += x
        b += 2
    return b
def gen(n):
    a = D('gen')
    yield 1
    b = 2
    a = n
    yield b
def gens(n):
    t = 0
    for i in range(n):
        for x in gen(i):
            t += x
        t += 1
    return t
def outer(n):
    o = D('in')
    o = n
    b = 0
    b += 1
    return b
def calls(n):
    t = 0
    for i in range(n):
        t += outer(
            i)
        t += 1
    return t
def listc(n):
    t = 0
    for i in range(n):
        l = [D('l') for _ in range(2)]
        t += 1
        l = [
            1]
        t += 1
    return t

def caught(n):
    t = 0
    for i in range(n):
        a = D('try')
        try:
            t += 1
            [].pop()
        except IndexError:
            t += 1
            a = None
            t += 1
        finally:
            t += 1
    return t
def withs(n):
    t = 0
    for i in range(n):
        with W() as w:
            t += 1
            w = None
            t += 1
    return t
class W:
    def __enter__(self): return D('with')
    def __exit__(self, *args): return False
def dicts(n):
    d = {}
    t = 0
    for i in range(n):
        d['a'] = D('value')
        t += 1
        d['a'] = i
        t += 1
        d[i % 7] = D('second')
        t += 1
        d.clear()
        t += 1
    return t
def words(n):
    t = 0
    for i in range(n):
        s = D('word')
        t += 1
        s = 'a'
        t += 1
        s += 'b'
        t += 1
        s = D('sum') + s
        t += 1
    return t
class F:
    pass
def floats(n):
    t = 0.0
    for i in range(n):
        x = D('float')
        t += 1.5
        x = t * 2.0
        t += x / 4.0
    return t
def branches(n):
    t = 0
    for i in range(n):
        a = D('branch')
        if i % 2:
            t += 1
            a = i
        else:
            t += 2
            del a
        t += 3
        t += 4
    return t
def inner(x):
    return 1
def inlined(n):
    t = 0
    for i in range(n):
        t += inner(
            D('inlined'))
        t += 1
    return t
def compares(n):
    t = 0
    for i in range(n):
        if D('compared'):
            t += 1
        if (D('is')
                is None):
            t += 1
        if (isinstance(
                D('instance'), D)):
            t += 1
        t += 1
    return t
for f in (stores, drops, slots, pops, rets, its, gens, calls, listc, caught, withs, dicts, words, floats, branches, inlined, compares):
    for _ in range(3):
        f(100)
    f(400)
    print(f.__name__, sorted(collections.Counter(LOG).items(), key=str))
    LOG.clear()
