"""The metrics within a list once more, slowly, from their definitions: loops over Python lists, in float64.

A list is a Python list of item rows, -1 empty and -2 unknown; a slot's rank is its place; ``None`` is undefined.
"""

from __future__ import annotations

import math
from itertools import combinations, permutations

from reference_metrics import known


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def apart(i, j, vectors):
    return 0.0 if i == j else max(0.0, 1 - cosine(vectors[i], vectors[j]))


def pairs(items, distance):
    return [distance(a, b) for a, b in combinations(known(items), 2)]


def mean_pair(items, distance):
    values = pairs(items, distance)
    return sum(values) / len(values) if values else None


def ild_euclidean(items, vectors):
    def between(i, j):
        a, b = (math.sqrt(sum(x * x for x in vectors[each])) for each in (i, j))
        return math.dist([x / a for x in vectors[i]], [x / b for x in vectors[j]])

    return mean_pair(items, between)


def min_distance(items, vectors):
    return min(pairs(items, lambda i, j: apart(i, j, vectors)), default=None)


def label_sets(labels, missing):
    return [set(own) or {("none", row if missing == "own" else -1)} for row, own in enumerate(labels)]


def ild_hamming(items, labels, missing="own"):
    sets = label_sets(labels, missing)
    columns = len({name for own in labels for name in own}) + (not all(labels))
    return mean_pair(items, lambda i, j: len(sets[i] ^ sets[j]) / max(columns, 2))


def ild_jaccard(items, labels, missing="own"):
    sets = label_sets(labels, missing)
    return mean_pair(items, lambda i, j: 1 - len(sets[i] & sets[j]) / len(sets[i] | sets[j]))


def attention(rank, discount):
    return {"none": 1.0, "log": 1 / math.log2(rank + 1), "rbp": 0.9 ** (rank - 1)}[discount]


def first_hits(items, relevant):
    """Places of relevant items, each at its first slot."""
    return [r for r, item in enumerate(items) if item in relevant and item not in items[:r]]


def eild(items, vectors, relevant=None, discount="log"):
    filled = [r for r, item in enumerate(items) if item >= 0]
    if len(filled) < 2 or (relevant is not None and not relevant):
        return None
    good = filled if relevant is None else first_hits(items, relevant)
    total = 0.0
    for i in good:
        others = [(attention(1 + max(0, j - i - 1), discount), items[j]) for j in good if j != i]
        if others:
            mean = sum(w * apart(items[i], j, vectors) for w, j in others) / sum(w for w, _ in others)
            total += attention(i + 1, discount) * mean
    return total / sum(attention(i + 1, discount) for i in filled)


def log_det(items, vectors, ridge=1e-3):
    """By the sum over all permutations (Leibniz): the definition of a determinant."""
    rows = known(items)
    if len(rows) < 2:
        return None
    matrix = [[(1 - apart(i, j, vectors) + ridge * (a == b)) / (1 + ridge) for b, j in enumerate(rows)]
              for a, i in enumerate(rows)]  # fmt: skip
    total = 0.0
    for order in permutations(range(len(rows))):
        sign = (-1) ** sum(order[a] > order[b] for a, b in combinations(range(len(rows)), 2))
        total += sign * math.prod(matrix[a][b] for a, b in enumerate(order))
    return math.log(total)


def graph_entropy(items, vectors):
    rows = known(items)
    if len(rows) < 3:
        return None
    value = 0.0
    for a, i in enumerate(rows):
        far = [apart(i, j, vectors) for b, j in enumerate(rows) if b != a]
        value -= sum(d / sum(far) * math.log(d / sum(far)) for d in far if d > 0)
    return value


def subtopic_recall(items, labels):
    every = {name for own in labels for name in own}
    if not known(items) or not every:
        return None
    return len({name for i in known(items) for name in labels[i]}) / len(every)


def gained(items, labels, alpha, counted=None):
    """Discounted gain of a list; only places in ``counted`` gain, each item once."""
    total, before = 0.0, {}
    for r, item in enumerate(items):
        if item < 0 or item in items[:r] or (counted is not None and item not in counted):
            continue
        for name in labels[item]:
            total += (1 - alpha) ** before.get(name, 0) / math.log2(r + 2)
            before[name] = before.get(name, 0) + 1
    return total


def greedy_order(candidates, labels, alpha, k):
    """Best next item again and again; of equally good ones the first in the order of label names."""
    left, order, before = sorted(set(candidates), key=lambda i: sorted(labels[i])), [], {}
    while left and len(order) < k:
        gain = [sum((1 - alpha) ** before.get(name, 0) for name in labels[i]) for i in left]
        best = left.pop(gain.index(max(gain)))
        order.append(best)
        for name in labels[best]:
            before[name] = before.get(name, 0) + 1
    return order


def alpha_ndcg(items, labels, relevant, k, alpha=0.5):
    items = items[:k]
    candidates = range(len(labels)) if relevant is None else relevant
    ideal = gained(greedy_order(candidates, labels, alpha, k), labels, alpha)
    if not ideal or (relevant is None and not known(items)):
        return None
    return gained(items, labels, alpha, relevant) / ideal


def interest(history, labels):
    """Share of each label among the labels of a history."""
    names = [name for i in history for name in labels[i]]
    return {name: names.count(name) / len(names) for name in names}


def err_ia(items, labels, history, relevant, gain=0.5):
    every = sorted({name for own in labels for name in own})
    share = dict.fromkeys(every, 1 / len(every)) if history is None else interest(history, labels)
    if not share or not (known(items) if relevant is None else relevant):
        return None
    total = 0.0
    for name, p in share.items():
        unsatisfied = 1.0
        for r, item in enumerate(items):
            if item < 0 or item in items[:r] or (relevant is not None and item not in relevant):
                continue
            if name in labels[item]:
                total += p * gain * unsatisfied / (r + 1)
                unsatisfied *= 1 - gain
    return total


def binomial_diversity(items, labels, events, history, alpha=0.0):
    """``events``: items of all training interactions; ``history``: those of the user."""
    rows = known(items)
    n, names = len(rows), sorted({name for own in labels for name in own})
    count = {name: sum(name in labels[i] for i in rows) for name in names}
    present = [name for name in names if count[name]]
    if not present or not events or (alpha and not history):
        return None

    def share(name, chosen):
        return sum(name in labels[i] for i in chosen) / len(chosen)

    def chance(name):
        return (1 - alpha) * share(name, events) + (alpha * share(name, history) if alpha else 0)

    def at_least(s, p):
        return sum(math.comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(s, n + 1))

    value = 1.0
    for name in names:
        p = chance(name)
        if not count[name]:
            value *= (1 - p) ** (n / len(names))
        elif p == 0:
            value *= float(count[name] == 1)
        else:
            value *= (at_least(count[name], p) / at_least(1, p)) ** (1 / len(present))
    return value


def proportionality(items, labels, history, relevant=None):
    wanted = {name: sum(name in labels[i] for i in history) / len(history) for i in history for name in labels[i]}
    if not known(items) or not wanted or (relevant is not None and not relevant):
        return None
    count, rank, wasted, values = dict.fromkeys(wanted, 0), 0, 0, []
    for r, item in enumerate(items):
        if item == -1:
            continue
        rank += 1
        good = item >= 0 if relevant is None else item in relevant and item not in items[:r]
        wasted += relevant is not None and not good
        for name in labels[item] if good else ():
            if name in wanted:
                count[name] += 1
        short = sum(max(0.0, p * rank - count[name]) ** 2 for name, p in wanted.items()) + wasted**2 / 2
        worst = sum((p * rank) ** 2 for p in wanted.values()) + (relevant is not None) * rank**2 / 2
        if item >= 0:
            values.append(1 - short / worst)
    return sum(values) / len(values)
