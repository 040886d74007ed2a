"""The metrics once more, slowly, from their definitions: pure Python, float64, loops over lists of Python integers.

A list is a Python list of item rows, -1 empty and -2 unknown. ``None`` stands for undefined.
"""

from __future__ import annotations

import math
from collections import Counter


def known(items):
    return [i for i in items if i >= 0]


def shares(values):
    counts = Counter(values)
    total = sum(counts.values())
    return {key: count / total for key, count in counts.items()}


def shannon(weights):
    return -sum(p * math.log(p) for p in weights if p > 0)


def item_count(lists):
    return len({i for items in lists for i in known(items)}) or None


def item_coverage(lists, n_items):
    n = item_count(lists)
    return None if n is None else n / n_items


def entropy(lists):
    everything = [i for items in lists for i in known(items)]
    return shannon(shares(everything).values()) if everything else None


def gini(lists, n_items):
    """Mean absolute difference between all pairs of items, over twice the mean."""
    counts = Counter(i for items in lists for i in known(items))
    if not counts:
        return None
    x = [counts.get(i, 0) for i in range(n_items)]
    return sum(abs(a - b) for a in x for b in x) / (2 * n_items * sum(x))


def label_shares(items, labels):
    """Share of each label in a list; an item without a label is a label of its own."""
    result = Counter()
    for i in known(items):
        own = labels[i] or [("own", i)]
        for label in own:
            result[label] += 1 / len(own) / len(known(items))
    return result


def information(distributions):
    """Mean Kullback–Leibler divergence of each distribution from their mean (not a difference of entropies)."""
    distributions = [each for each in distributions if each]
    if not distributions:
        return None
    mean = Counter()
    for each in distributions:
        for key, p in each.items():
            mean[key] += p / len(distributions)
    return sum(p * math.log(p / mean[key]) for each in distributions for key, p in each.items()) / len(distributions)


def mutual_information(lists):
    return information([shares(known(items)) for items in lists])


def category_information(lists, labels):
    return information([label_shares(items, labels) for items in lists])


def category_entropy(items, labels):
    return shannon(label_shares(items, labels).values()) if known(items) else None


def ild(items, vectors):
    """Mean cosine distance over ordered pairs of different slots."""
    rows = [vectors[i] for i in known(items)]
    if len(rows) < 2:
        return None

    def cosine(a, b):
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        return dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))

    pairs = [(a, b) for a in range(len(rows)) for b in range(len(rows)) if a != b]
    return sum(1 - cosine(rows[a], rows[b]) for a, b in pairs) / len(pairs)


def ndcg(items, relevant, k):
    relevant = set(relevant)
    if not relevant:
        return None
    gain, seen = 0.0, set()
    for rank, item in enumerate(items[:k], start=1):
        if item in relevant and item not in seen:
            seen.add(item)
            gain += 1 / math.log2(rank + 1)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))


def recall(items, relevant):
    relevant = set(relevant)
    return len(relevant & set(items)) / len(relevant) if relevant else None


def novelty(items, train_items):
    if not known(items) or not train_items:
        return None
    counts = Counter(train_items)
    return sum(math.log(len(train_items) / max(counts[i], 1)) for i in known(items)) / len(known(items))


def validity(items):
    filled = [i for i in items if i != -1]
    if not filled:
        return None
    good = sum(i >= 0 and i not in filled[:position] for position, i in enumerate(filled))
    return good / len(filled)
