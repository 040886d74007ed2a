"""Slow answers, written from the definitions in plain Python (float64), that share no code with recdiv."""

from __future__ import annotations

import math
from collections import Counter

Matrix = list[list[float]]


def unit(vector) -> list[float]:
    length = math.sqrt(sum(float(x) * float(x) for x in vector))
    return [float(x) / length for x in vector]


def dot(a, b) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def state(vectors, weights) -> Matrix:
    """rho = sum_i p_i phi_i phi_i^T as d x d, whatever is cheaper."""
    units = [unit(v) for v in vectors]
    total = sum(weights)
    d = len(units[0])
    return [
        [sum(w / total * u[a] * u[b] for w, u in zip(weights, units, strict=True)) for b in range(d)] for a in range(d)
    ]


def mix(states: list[Matrix], weights) -> Matrix:
    d = len(states[0])
    return [[sum(w * s[a][b] for w, s in zip(weights, states, strict=True)) for b in range(d)] for a in range(d)]


def eigenvalues(matrix: Matrix, sweeps: int = 60) -> list[float]:
    """Cyclic Jacobi rotations."""
    a = [row[:] for row in matrix]
    n = len(a)
    for _ in range(sweeps):
        if sum(a[i][j] ** 2 for i in range(n) for j in range(n) if i != j) < 1e-30:
            break
        for p in range(n):
            for q in range(p + 1, n):
                if abs(a[p][q]) < 1e-300:
                    continue
                theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                t = math.copysign(1.0, theta) / (abs(theta) + math.hypot(theta, 1.0))
                c = 1 / math.hypot(t, 1.0)
                s = t * c
                for k in range(n):
                    a[k][p], a[k][q] = c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]
                for k in range(n):
                    a[p][k], a[q][k] = c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]
    return [a[i][i] for i in range(n)]


def effective(values, q: float) -> float:
    """D_q of a spectrum; what is below 1e-13 of the largest is rounding."""
    kept = [v for v in values if v > 1e-13 * max(values)]
    if q == 1:
        return math.exp(-sum(v * math.log(v) for v in kept))
    if math.isinf(q):
        return 1 / max(kept)
    return sum(v**q for v in kept) ** (1 / (1 - q))


def effective_number(vectors, weights, q: float) -> float:
    return effective(eigenvalues(state(vectors, weights)), q)


def partition(lists, list_weights, q: float) -> tuple[float, float, float]:
    """(alpha, beta, gamma) of lists given as (vectors, weights)."""
    states = [state(*each) for each in lists]
    total = sum(list_weights)
    w = [x / total for x in list_weights]
    gamma = effective(eigenvalues(mix(states, w)), q)
    spectra = [[v for v in eigenvalues(s) if v > 1e-13] for s in states]
    if q == 1:
        entropies = [-sum(v * math.log(v) for v in s) for s in spectra]
        alpha = math.exp(sum(a * b for a, b in zip(w, entropies, strict=True)))
    elif math.isinf(q):
        alpha = 1 / sum(a * max(s) for a, s in zip(w, spectra, strict=True))
    else:
        alpha = sum(a * sum(v**q for v in s) for a, s in zip(w, spectra, strict=True)) ** (1 / (1 - q))
    return alpha, gamma / alpha, gamma


def mutual_information(lists) -> float:
    """I(list; item) of equally weighted lists of identifiers, from the joint table."""
    joint = Counter()
    for u, items in enumerate(lists):
        for item in items:
            joint[u, item] += 1 / (len(lists) * len(items))
    by_item = Counter()
    for (_, item), p in joint.items():
        by_item[item] += p
    return sum(p * math.log(p / (by_item[item] / len(lists))) for (_, item), p in joint.items())


def entropy(counts) -> float:
    total = sum(counts)
    return -sum(c / total * math.log(c / total) for c in counts if c)


def leinster_cobbold(vectors, weights, q: float) -> float:
    units = [unit(v) for v in vectors]
    total = sum(weights)
    p = [w / total for w in weights]
    zp = [sum(max(0.0, dot(a, b)) * pb for b, pb in zip(units, p, strict=True)) for a in units]
    pairs = [(a, z) for a, z in zip(p, zp, strict=True) if a > 0]
    if q == 1:
        return math.prod(z**-a for a, z in pairs)
    if math.isinf(q):
        return 1 / max(z for _, z in pairs)
    return sum(a * z ** (q - 1) for a, z in pairs) ** (1 / (1 - q))


def coverage(vectors, shown, demand) -> float:
    units = [unit(v) for v in vectors]
    reached = [max([0.0, *(dot(units[i], u) for i in shown)]) for u in units]
    return sum(m * r for m, r in zip(demand, reached, strict=True)) / sum(demand)


def inverse(matrix: Matrix) -> Matrix:
    """Gauss-Jordan with pivoting."""
    n = len(matrix)
    a = [[*row, *[float(i == j) for j in range(n)]] for i, row in enumerate(matrix)]
    for c in range(n):
        pivot = max(range(c, n), key=lambda r: abs(a[r][c]))
        a[c], a[pivot] = a[pivot], a[c]
        a[c] = [x / a[c][c] for x in a[c]]
        for r in range(n):
            if r != c:
                a[r] = [x - a[r][c] * y for x, y in zip(a[r], a[c], strict=True)]
    return [row[n:] for row in a]


def given(vectors, known, ridge: float) -> Matrix:
    """K_{L|C}, entry by entry."""
    inside, outside = [unit(v) for v in vectors], [unit(v) for v in known]
    block = [[dot(a, b) + ridge * (i == j) for j, b in enumerate(outside)] for i, a in enumerate(outside)]
    inv = inverse(block) if outside else []
    across = [[dot(a, c) for c in outside] for a in inside]

    def explained(i: int, j: int) -> float:
        return sum(across[i][s] * inv[s][t] * across[j][t] for s in range(len(outside)) for t in range(len(outside)))

    n = len(inside)
    return [[dot(inside[i], inside[j]) - explained(i, j) for j in range(n)] for i in range(n)]


def conditional(vectors, known, q: float, ridge: float) -> tuple[float, float]:
    """(D(L|C), mean residual)."""
    k = given(vectors, known, ridge)
    n = len(k)
    r = [k[i][i] for i in range(n)]
    s = [max(x, 0.1) for x in r]
    t = [math.sqrt(max(0.0, 1 - a / b)) for a, b in zip(r, s, strict=True)]
    tilde = [[(k[i][j] / math.sqrt(s[i] * s[j]) + t[i] * t[j]) / n for j in range(n)] for i in range(n)]
    return effective(eigenvalues(tilde), q), sum(r) / n
