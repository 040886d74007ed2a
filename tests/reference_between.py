"""Slow answers for metrics between lists, against history and over time: pure Python, from the definitions.

A list is a Python list of item rows, -1 empty and -2 unknown. ``None`` stands for undefined.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, pairwise

import references as core
from reference_metrics import known, label_shares


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values) if values else None


def cosine(a, b):
    return core.dot(core.unit(a), core.unit(b))


def personalization(lists):
    sets = [set(known(items)) for items in lists if known(items)]
    return mean([1 - len(a & b) / math.sqrt(len(a) * len(b)) for a, b in combinations(sets, 2)])


def jsd(p, q):
    """Jensen–Shannon divergence in nats, as the mean Kullback–Leibler divergence from the middle."""
    total = 0.0
    for one in (p, q):
        for key, value in one.items():
            if value > 0:
                total += value / 2 * math.log(value / ((p.get(key, 0) + q.get(key, 0)) / 2))
    return total


def by_rank(items, labels_of):
    """Distribution of things, 1/rank each, an item spread over its labels."""
    weights = {slot: 1 / (slot + 1) for slot, item in enumerate(items) if item >= 0}
    result = Counter()
    for slot, weight in weights.items():
        things = labels_of(items[slot])
        for thing in things:
            result[thing] += weight / sum(weights.values()) / len(things)
    return result


def fragmentation(lists, labels_of=lambda item: [item]):
    shown = [by_rank(items, labels_of) for items in lists if known(items)]
    return mean([jsd(p, q) / math.log(2) for p, q in combinations(shown, 2)])


def spectral_information(pools, vectors):
    """S(mean state) − mean S(state) of pools of lists, a pool weighing as many lists as it holds; None without any."""
    pools = [[known(items) for items in pool if known(items)] for pool in pools]
    pools = [pool for pool in pools if pool]
    if not pools:
        return None
    states, weights = [], []
    for pool in pools:
        each = [core.state([vectors[i] for i in items], [1.0] * len(items)) for items in pool]
        states.append(core.mix(each, [1 / len(each)] * len(each)))
        weights.append(len(pool))
    shares = [weight / sum(weights) for weight in weights]
    return entropy_of(core.mix(states, shares)) - sum(
        w * entropy_of(state) for w, state in zip(shares, states, strict=True)
    )


def entropy_of(state):
    return -sum(value * math.log(value) for value in core.eigenvalues(state) if value > 1e-13)


def qjsd(ours, theirs, vectors):
    a, b = (core.state([vectors[i] for i in items], weights) for items, weights in (ours, theirs))
    return max(0.0, entropy_of(core.mix([a, b], [0.5, 0.5])) - (entropy_of(a) + entropy_of(b)) / 2)


def item_weights(lists):
    """Items of lists and their weights, a list spreading 1."""
    result = Counter()
    for items in lists:
        for i in known(items):
            result[i] += 1 / len(known(items))
    return list(result), list(result.values())


def drift(windows, vectors):
    windows = [item_weights(lists) for lists in windows]
    windows = [each for each in windows if each[0]]
    steps = [math.sqrt(qjsd(a, b, vectors)) for a, b in pairwise(windows)]
    return mean(steps)


def calibration_kl(items, history, labels, alpha=0.01):
    if not known(items) or not history:
        return None
    p, q = label_shares(history, labels), label_shares(items, labels)
    return sum(v * math.log(v / ((1 - alpha) * q.get(c, 0) + alpha * v)) for c, v in p.items())


def calibration_js(items, history, labels):
    if not known(items) or not history:
        return None
    return jsd(label_shares(history, labels), label_shares(items, labels))


def calibration_qjsd(items, history, vectors):
    if not known(items) or not history:
        return None
    return qjsd((history, [1.0] * len(history)), (known(items), [1.0] * len(known(items))), vectors)


def distance(item, history, vectors):
    return 1 - sum(cosine(vectors[item], vectors[h]) for h in history) / len(history)


def unexpectedness(items, history, vectors):
    if not known(items) or not history:
        return None
    return mean([distance(i, history, vectors) for i in known(items)])


def serendipity(items, history, relevant, vectors):
    if not known(items) or not history or not relevant:
        return None
    total = 0.0
    for slot, i in enumerate(items):
        if i >= 0 and i in relevant and i not in items[:slot]:
            total += distance(i, history, vectors)
    return total / len(known(items))


def semantic_novelty(items, train_items, vectors):
    if not known(items) or not train_items:
        return None
    n = len(train_items)
    present = [sum(cosine(vectors[i], vectors[j]) ** 2 for j in train_items) / n for i in known(items)]
    return mean([-math.log(max(value, 1 / n)) for value in present])


def conditional(items, history, vectors, ridge=1e-3):
    """(D(L|C), mean residual)."""
    if not known(items) or not history:
        return None, None
    return core.conditional([vectors[i] for i in known(items)], [vectors[h] for h in history], 1, ridge)


def temporal_diversity(items, before):
    now, then = set(known(items)), set(known(before or []))
    return len(now - then) / len(now) if now and then else None


def temporal_novelty(items, all_before):
    now, then = set(known(items)), {i for each in all_before for i in known(each)}
    return len(now - then) / len(now) if now and then else None


def gamma(pools, vectors):
    """exp of the entropy of the mean state of all lists, which weigh the same."""
    rows, weights = item_weights([items for pool in pools for items in pool])
    return math.exp(entropy_of(core.state([vectors[i] for i in rows], weights))) if rows else None
