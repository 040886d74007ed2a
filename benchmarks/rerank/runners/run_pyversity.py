"""pyversity, one user after the other, as its interface has it: ``run_pyversity.py folder answer.json cell limit``."""

import json
import sys
from pathlib import Path

import numpy as np
from _clock import rate
from pyversity import Strategy, diversify

OPTIONS = {"ssd": {"append_bias": False}}


def main():
    """One cell, all methods: users a second, memory, and the first lists."""
    folder, answer, limit = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[4])
    relevance, n, k, compared, *methods = json.loads(sys.argv[3])
    vectors = np.load(folder / "vectors.npy")
    candidates = np.load(folder / f"candidates-{n}.npy")
    scores = np.load(folder / f"scores-{relevance}-{n}.npy")
    found = {}
    for method in methods:

        def lists(users, method=method):
            chosen = []
            for items, worth in zip(candidates[:users], scores[:users], strict=True):
                best = diversify(
                    embeddings=vectors[items], scores=worth, k=k, strategy=Strategy(method), diversity=0.5,
                    **OPTIONS.get(method, {}),
                )  # fmt: skip
                chosen.append(items[best.indices].tolist())
            return chosen

        found[method] = {**rate(lists, len(candidates), limit), "lists": lists(compared if method != "cover" else 0)}
    answer.write_text(json.dumps(found))


main()
