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


def facility_location(scores, items, k, delta, sim, history):
    r = relevance(scores)

    def value(chosen):
        reach = [max([0.0, *(sim[j][items[c]] for c in chosen), *(sim[j][h] for h in history)]) for j in items]
        return (1 - delta) / k * sum(r[c] for c in chosen) + delta * sum(reach) / len(items)

    return build(scores, items, k, lambda chosen, c: value([*chosen, c]) - value(chosen))


METHODS = {"topk": topk, "mmr": mmr, "msd": msd, "dpp": dpp, "facility_location": facility_location}
