"""Gravity between the sun and the four giant planets, integrated in small steps.

Float arithmetic, list subscripts (load and store), unpacking of pairs. `run(n)` makes n steps and returns the energy
before and after, as text, so that a wrong last bit shows.
"""

from math import pi

DEFAULT = 1_500_000
BENCH = 90_000

SOLAR_MASS = 4.0 * pi * pi
DAYS = 365.24
# Indices into a body.
X, Y, Z, VX, VY, VZ, MASS = range(7)


def make_bodies():
    """The bodies as lists [x, y, z, vx, vy, vz, mass]: astronomical units, years, solar masses times 4 pi squared."""
    sun = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, SOLAR_MASS]
    giants = [
        (4.84143144, -1.16032004, -0.10362204, 0.00166007664, 0.00769901118, -0.0000690460017, 0.000954791938),
        (8.34336671, 4.12479856, -0.403523417, -0.00276742510, 0.00499852801, 0.0000230417297, 0.000285885980),
        (12.8943695, -15.1111514, -0.223307578, 0.00296460137, 0.00237847173, -0.0000296589568, 0.0000436624404),
        (15.3796971, -25.9193146, 0.179258772, 0.00268067772, 0.00162824170, -0.0000951592254, 0.0000515138902),
    ]
    bodies = [sun]
    for x, y, z, vx, vy, vz, mass in giants:
        bodies.append([x, y, z, vx * DAYS, vy * DAYS, vz * DAYS, mass * SOLAR_MASS])
    return bodies


def make_pairs(bodies):
    """Every unordered pair of bodies."""
    pairs = []
    for i in range(len(bodies)):
        for j in range(i + 1, len(bodies)):
            pairs.append((bodies[i], bodies[j]))
    return pairs


def balance(bodies):
    """Give the sun the momentum that makes the total zero."""
    px = py = pz = 0.0
    for body in bodies:
        px += body[VX] * body[MASS]
        py += body[VY] * body[MASS]
        pz += body[VZ] * body[MASS]
    sun = bodies[0]
    sun[VX] = -px / SOLAR_MASS
    sun[VY] = -py / SOLAR_MASS
    sun[VZ] = -pz / SOLAR_MASS


def energy(bodies, pairs):
    """Kinetic plus potential energy."""
    total = 0.0
    for body in bodies:
        total += 0.5 * body[6] * (body[3] * body[3] + body[4] * body[4] + body[5] * body[5])
    for a, b in pairs:
        dx = a[0] - b[0]
        dy = a[1] - b[1]
        dz = a[2] - b[2]
        total -= a[6] * b[6] / (dx * dx + dy * dy + dz * dz) ** 0.5
    return total


def advance(bodies, pairs, dt, steps):
    """Move all the bodies by `steps` steps of `dt` years."""
    for _ in range(steps):
        for a, b in pairs:
            dx = a[0] - b[0]
            dy = a[1] - b[1]
            dz = a[2] - b[2]
            pull = dt * (dx * dx + dy * dy + dz * dz) ** -1.5
            pull_a = pull * b[6]
            pull_b = pull * a[6]
            a[3] -= dx * pull_a
            a[4] -= dy * pull_a
            a[5] -= dz * pull_a
            b[3] += dx * pull_b
            b[4] += dy * pull_b
            b[5] += dz * pull_b
        for body in bodies:
            body[0] += dt * body[3]
            body[1] += dt * body[4]
            body[2] += dt * body[5]


def run(n):
    """Simulate n steps in slices of 500 and return the energies."""
    bodies = make_bodies()
    pairs = make_pairs(bodies)
    balance(bodies)
    before = energy(bodies, pairs)
    done = 0
    while done < n:
        steps = min(500, n - done)
        advance(bodies, pairs, 0.001, steps)
        done += steps
    return f"{before!r} {energy(bodies, pairs)!r}"


if __name__ == "__main__":
    from support import main

    main("nbody", run, DEFAULT, BENCH)
