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


def category_coverage(lists, labels):
    def things(i):
        return labels[i] or [("no label", i)]

    shown = {label for items in lists for i in known(items) for label in things(i)}
    return len(shown) / len({label for i in range(len(labels)) for label in things(i)}) if shown else None


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


def hit_ranks(items, relevant):
    """Ranks (from 1) at which a relevant item stands for the first time; None where nothing is relevant."""
    relevant = set(relevant)
    return [r for r, i in enumerate(items, 1) if i in relevant and i not in items[: r - 1]] if relevant else None


def precision(items, relevant, k):
    ranks = hit_ranks(items[:k], relevant)
    return None if ranks is None else len(ranks) / k


def hit_rate(items, relevant):
    ranks = hit_ranks(items, relevant)
    return None if ranks is None else float(bool(ranks))


def mrr(items, relevant):
    ranks = hit_ranks(items, relevant)
    return None if ranks is None else 1 / ranks[0] if ranks else 0.0


def average_precision(items, relevant, k):
    ranks = hit_ranks(items[:k], relevant)
    if ranks is None:
        return None
    return sum(n / rank for n, rank in enumerate(ranks, 1)) / min(k, len(set(relevant)))


def concentration(lists):
    """Share of ordered pairs of exposures, an exposure with itself among them, that show the same item."""
    everything = [i for items in lists for i in known(items)]
    return sum(a == b for a in everything for b in everything) / len(everything) ** 2 if everything else None


def tail_share(lists, train_items, n_items, share, weights):
    counts = Counter(train_items)
    tail = {
        i
        for i in range(n_items)
        if sum(counts[j] for j in range(n_items) if counts[j] <= counts[i]) <= share * len(train_items)
    }
    shown = [(w, i) for items in lists for w, i in zip(weights, items, strict=True) if i >= 0]
    return sum(w for w, i in shown if i in tail) / sum(w for w, _ in shown) if shown else None


def average_popularity(items, train_items, weights):
    counts = Counter(train_items)
    held = [(w, counts[i]) for w, i in zip(weights, items, strict=True) if i >= 0]
    return sum(w * x for w, x in held) / sum(w for w, _ in held) if held else None


def log_popularity_difference(items, history, train_items):
    counts = Counter(train_items)

    def mean_log(rows):
        return sum(math.log(max(counts[i], 1)) for i in rows) / len(rows)

    return mean_log(known(items)) - mean_log(history) if known(items) and history else None


def popularity_lift(lists, histories, train_items):
    """Of lists with the history of each one's user."""
    counts = Counter(train_items)
    pairs = [(known(items), history) for items, history in zip(lists, histories, strict=True)]
    pairs = [(items, history) for items, history in pairs if items and history]
    if not pairs:
        return None
    recommended, liked = (
        sum(sum(counts[i] for i in pair[side]) / len(pair[side]) for pair in pairs) / len(pairs) for side in (0, 1)
    )
    return (recommended - liked) / liked


def expected_novelty(items, novelty, weights, relevant=None):
    """Of EPC and EFD: ``novelty`` of an item, and what is relevant (None: everything)."""
    held = [(r, w, i) for r, (w, i) in enumerate(zip(weights, items, strict=True)) if i >= 0]
    if not held or relevant == []:
        return None
    gains = [relevant is None or (i in relevant and i not in items[:r]) for r, _, i in held]
    return sum(w * g * novelty(i) for g, (_, w, i) in zip(gains, held, strict=True)) / sum(w for _, w, _ in held)
