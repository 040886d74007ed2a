"""Interpolated Kneser-Ney from its definition, in plain Python, on lists of tokens."""

from __future__ import annotations


def discount(counts):
    once = sum(1 for n in counts.values() if n == 1)
    twice = sum(1 for n in counts.values() if n == 2)
    return once / (once + 2 * twice) if once else 0.5


def ngrams(documents, order, begin, n):
    """Counts of n-grams for a model of some order: how often at the top, in how many contexts below it."""
    longest = {}
    for ids in documents:
        padded = [begin] * (order - 1) + list(ids)
        for end in range(order - 1, len(padded)):
            gram = tuple(padded[end - order + 1 : end + 1])
            longest[gram] = longest.get(gram, 0) + 1
    while order > n:
        shorter = {}
        for gram in longest:
            shorter[gram[1:]] = shorter.get(gram[1:], 0) + 1
        longest, order = shorter, order - 1
    return longest


def probability(documents, order, begin, size, before, token, n=None):
    """p of a token after others, by the recursion from the longest context to none."""
    n = order if n is None else n
    if n == 0:
        return 1 / size
    counts = ngrams(documents, order, begin, n)
    d = discount(counts)
    context = tuple(([begin] * (order - 1) + list(before))[len(before) + order - n :])
    lower = probability(documents, order, begin, size, before, token, n - 1)
    after = {gram[-1]: count for gram, count in counts.items() if gram[:-1] == context}
    if not after:
        return lower
    total = sum(after.values())
    return max(after.get(token, 0) - d, 0) / total + d * len(after) / total * lower
