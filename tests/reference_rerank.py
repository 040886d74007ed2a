"""Re-rankers from their definitions: one user, plain loops, a similarity matrix, nothing shared with the library."""

import math

import numpy as np

SAME = 1e-10


def relevance(scores):
    low, high = min(scores), max(scores)
    return [1.0 if high == low else (s - low) / (high - low) for s in scores]


def build(scores, items, k, worth):
    """Greedy on ``worth(list, item)``; ties by score, then by the lower row."""
    order = sorted(range(len(items)), key=lambda c: (-scores[c], items[c]))
    chosen = []
    while len(chosen) < min(k, len(items)):
        left = [c for c in order if c not in chosen]
        values = [worth(chosen, c) for c in left]
        chosen.append(next(c for c, v in zip(left, values, strict=True) if v >= max(values) - SAME))
    return [items[c] for c in chosen]


def topk(scores, items, k, delta, sim, history):
    return build(scores, items, k, lambda chosen, c: scores[c])


def mmr(scores, items, k, delta, sim, history):
    r = relevance(scores)

    def worth(chosen, c):
        seen = [sim[items[c]][items[j]] for j in chosen] + [sim[items[c]][h] for h in history]
        return (1 - delta) * r[c] - delta * max(seen, default=0.0)

    return build(scores, items, k, worth)


def msd(scores, items, k, delta, sim, history):
    r = relevance(scores)

    def value(chosen):
        """K times the objective, pair by pair."""
        pairs = [1 - sim[items[a]][items[b]] for n, a in enumerate(chosen) for b in chosen[:n]]
        known = [1 - sim[items[a]][h] for a in chosen for h in history]
        return (
            (1 - delta) * sum(r[a] for a in chosen)
            + 2 * delta / max(k - 1, 1) * sum(pairs)
            + delta * sum(known) / max(len(history), 1)
        )

    return build(scores, items, k, lambda chosen, c: value([*chosen, c]) - value(chosen))


def dpp(scores, items, k, delta, sim, history, window=0):
    r = relevance(scores)

    def worth(chosen, c):
        recent = chosen if not window else chosen[max(0, len(chosen) - window + 1) :]
        basis = [*history, *(items[j] for j in recent)]
        return (1 - delta) * r[c] + delta * math.log(max(residual(sim, basis, items[c]), 1e-8))

    return build(scores, items, k, worth)


def residual(sim, basis, item):
    """Squared length of what a least-squares fit by the basis leaves of an item."""
    if not basis:
        return 1.0
    gram = np.array([[sim[a][b] for b in basis] for a in basis])
    cross = np.array([sim[a][item] for a in basis])
    return 1.0 - cross @ np.linalg.pinv(gram, rcond=1e-10, hermitian=True) @ cross


def ssd(scores, items, k, delta, sim, history, window=0):
    """On vectors, with a Gram–Schmidt process written out and a queue that forgets."""
    values, directions = np.linalg.eigh(np.array(sim))
    vectors = directions * np.sqrt(np.maximum(values, 0))
    r, kept, queue = relevance(scores), [], []

    def left(item):
        x = vectors[item].copy()
        for b in [*kept, *queue]:
            x -= (x @ b) * b
        return x

    def direction(item):
        x = left(item)
        return x / np.linalg.norm(x) if x @ x > 1e-8 else np.zeros_like(x)

    for h in history:
        kept.append(direction(h))

    def worth(chosen, c):
        x = left(items[c])
        return (1 - delta) * r[c] + delta * math.sqrt(max(x @ x, 1e-8))

    order = sorted(range(len(items)), key=lambda c: (-scores[c], items[c]))
    chosen = []
    while len(chosen) < min(k, len(items)):
        rest = [c for c in order if c not in chosen]
        values = [worth(chosen, c) for c in rest]
        chosen.append(next(c for c, v in zip(rest, values, strict=True) if v >= max(values) - SAME))
        queue.append(direction(items[chosen[-1]]))
        if window and len(queue) > window - 1:
            queue.pop(0)
    return [items[c] for c in chosen]


def facility_location(scores, items, k, delta, sim, history):
    r = relevance(scores)

    def value(chosen):
        reach = [max([0.0, *(sim[j][items[c]] for c in chosen), *(sim[j][h] for h in history)]) for j in items]
        return (1 - delta) / k * sum(r[c] for c in chosen) + delta * sum(reach) / len(items)

    return build(scores, items, k, lambda chosen, c: value([*chosen, c]) - value(chosen))


def entropy(scores, items, k, delta, sim, history, q=1.0):
    r = relevance(scores)

    def worth(chosen, c):
        with_it = [*history, *(items[j] for j in chosen), items[c]]
        return (1 - delta) * r[c] + delta * effective_number([[sim[a][b] for b in with_it] for a in with_it], q)

    return build(scores, items, k, worth)


def effective_number(gram, q):
    """From all eigenvalues of the matrix."""
    p = np.linalg.eigvalsh(np.array(gram) / len(gram))
    p = p[p > 1e-13]
    if q == 1:
        return math.exp(-sum(x * math.log(x) for x in p))
    return 1 / max(p) if math.isinf(q) else sum(x**q for x in p) ** (1 / (1 - q))


METHODS = {
    "topk": topk,
    "mmr": mmr,
    "msd": msd,
    "dpp": dpp,
    "ssd": ssd,
    "facility_location": facility_location,
    "entropy": entropy,
}


def spread(labels):
    """Label shares of one item, or of several together."""
    held = [item for item in labels if item]
    return {f: sum(1 / len(item) for item in held if f in item) / len(held) for item in held for f in item}


def interests(labels, history, names):
    """What a history shows; every label alike where it shows nothing."""
    return spread([labels[h] for h in history]) or {f: 1 / len(names) for f in names}


def xquad(scores, items, k, delta, labels, wanted):
    r = relevance(scores)

    def worth(chosen, c):
        unmet = {f: math.prod(1 - spread([labels[items[j]]]).get(f, 0) for j in chosen) for f in wanted}
        meets = spread([labels[items[c]]])
        return (1 - delta) * r[c] + delta * sum(wanted[f] * meets.get(f, 0) * unmet[f] for f in wanted)

    return build(scores, items, k, worth)


def pm2(scores, items, k, delta, labels, wanted, focus=0.5):
    r = relevance(scores)

    def worth(chosen, c):
        left = [item for n, item in enumerate(items) if n not in chosen]
        seats = {f: sum(spread([labels[items[j]]]).get(f, 0) for j in chosen) for f in wanted}
        owed = {f: wanted[f] / (2 * seats[f] + 1) for f in sorted(wanted) if any(f in labels[i] for i in left)}
        most = max(owed.values(), default=0)
        if most == 0:
            return (1 - delta) * r[c]
        first = next(f for f in owed if owed[f] >= most * (1 - 1e-12))
        meets = spread([labels[items[c]]])
        others = sum(owed[f] / most * meets.get(f, 0) for f in owed if f != first)
        return (1 - delta) * r[c] + delta * (focus * meets.get(first, 0) + (1 - focus) * others)

    return build(scores, items, k, worth)


def calibrated(scores, items, k, delta, labels, wanted, alpha=0.01):
    r = relevance(scores)

    def value(chosen):
        held = {f: sum(spread([labels[items[j]]]).get(f, 0) for j in chosen) / k for f in wanted}
        lost = sum(p * math.log(p / ((1 - alpha) * held[f] + alpha * p)) for f, p in wanted.items() if p > 0)
        return (1 - delta) / k * sum(r[j] for j in chosen) + delta * (1 - lost / math.log(1 / alpha))

    return build(scores, items, k, lambda chosen, c: value([*chosen, c]) - value(chosen))


LABELLED = {"xquad": xquad, "pm2": pm2, "calibrated": calibrated}


def tail_quota(scores, items, k, delta, popularity, share=0.2):
    total = sum(popularity)
    tail = {i for i, x in enumerate(popularity) if sum(y for y in popularity if y <= x) <= share * total}
    left, chosen = sorted(range(len(items)), key=lambda c: (-scores[c], items[c])), []
    while left and len(chosen) < k:
        due = math.floor(delta * (len(chosen) + 1) + 0.5) > sum(items[c] in tail for c in chosen)
        chosen.append(next((c for c in left if items[c] in tail), left[0]) if due else left[0])
        left.remove(chosen[-1])
    return [items[c] for c in chosen]
