"""Hot code at module level and in class bodies: loops over global names, which may also be changed by functions that they call."""

total = 0
for i in range(3000):
    total += i
    if i % 1000 == 999:
        total = total * 0.5
print(total, i)

n = 27
steps = 0
while n != 1:
    n = n // 2 if n % 2 == 0 else 3 * n + 1
    steps += 1
print(n, steps)


def change():
    global factor
    factor += 1


factor = 0
trail = []
for x in range(2000):
    if x % 500 == 0:
        change()
    if factor == 3:
        factor = 0.5
    trail.append(factor)
print(len(trail), sum(trail), trail[0], trail[-1])

items = list(range(50))
for item in items:
    if item % 7 == 0:
        items.append(item + 1)
    if len(items) > 60:
        break
else:
    print("ended")
print(len(items), item)


class Table:
    rows = []
    for k in range(1000):
        rows.append(k * k)
    size = len(rows)
    total = 0
    for row in rows:
        total += row
    del k, row


print(Table.size, Table.total, hasattr(Table, "k"))

try:
    for j in range(5000):
        if j == 4000:
            del j
        j + 1
except NameError as error:
    print(error)

primes = []
for candidate in range(2, 400):
    for p in primes:
        if candidate % p == 0:
            break
    else:
        primes.append(candidate)
print(len(primes), primes[-1])
big = 1
for k in range(1, 60):
    big *= k
print(big)
value = 1
for k in range(1000):
    if k == 700:
        value = "a"
    if k == 701:
        value = len(value) + 0.25
    value = value * 1
print(value)
