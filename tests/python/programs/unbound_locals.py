"""Locals that are not bound, on one path only, in loops, as parameters deleted; del of locals and its errors."""

from support import report


def on_one_path(flag):
    if flag:
        x = 5
    return x


def loop_defines(n):
    for i in range(n):
        y = i * 2
    return y


def used_before(n):
    total = 0
    for i in range(n):
        if i > 0:
            total += previous
        if i != 3:
            previous = i
    return total, previous


def delete_parameter(a):
    del a
    return a


def delete_twice(a):
    del a
    del a


def delete_and_bind(a):
    b = a
    del a
    a = b + 1
    return a, b


def delete_in_loop(n):
    out = []
    for i in range(n):
        value = i
        out.append(value)
        del value
    return out, value


def delete_loop_variable(n):
    for i in range(n):
        del i
    return i


def delete_on_path(flag):
    x = 1.5
    if flag:
        del x
    return x


def plus_unbound(flag):
    if flag:
        z = 1
    return z + 1, z


def in_place_unbound(flag):
    if flag:
        n = 1.5
    n += 1
    return n


def exception_name():
    try:
        raise ValueError("v")
    except ValueError as error:
        text = str(error)
    try:
        return error
    except UnboundLocalError as unbound:
        return text, str(unbound)


def unbound_condition(flag):
    if flag:
        w = 0
    while w < 3:
        w += 1
    return w


def conditional_delete_rebind(n):
    x = 0
    for i in range(n):
        if i % 2:
            del x
        if i % 2:
            x = i * 0.5
        x = x + 1
    return x


def never_bound(flag):
    if flag == "never":
        q = 1
    return q


def cell_unbound(flag):
    def inner():
        return cell

    if flag:
        cell = 7
    return inner()


def delete_cell(flag):
    cell = 1

    def inner():
        return cell

    if flag:
        del cell
    return inner()


for function in (on_one_path, plus_unbound, in_place_unbound, unbound_condition, cell_unbound, delete_cell, delete_on_path, never_bound):
    report(f"{function.__name__} bound first ", function, [(True,), (False,), (1,), ("",)])
for function in (delete_parameter, delete_twice, delete_and_bind):
    report(function.__name__, function, [(5,), (1.5,), ("s",), (2**63 - 1,), (None,)])
for function in (loop_defines, used_before, delete_in_loop, delete_loop_variable, conditional_delete_rebind):
    report(function.__name__, function, [(5,), (0,), (1,), (3,), (20,)])
report("exception name", exception_name, [()])
