"""Vendi-Score: a set at a time, averaged over lists here (it has no notion of a system)."""

import numpy as np
import vendi_score.vendi as vendi
from _protocol import main


def numbers(one: dict) -> dict:
    vectors = np.array(one["vectors"], dtype=float)

    def mean(score) -> float:  # noqa: ANN001
        return np.mean([score(vectors[items]) for items in one["lists"]])

    def intdiv(x: np.ndarray) -> float:
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        return vendi.intdiv_K(x @ x.T)

    return {
        "score_X": lambda: mean(vendi.score_X),
        "score_X@q=2": lambda: mean(lambda x: vendi.score_X(x, q=2)),
        "score_dual": lambda: mean(vendi.score_dual),
        "score_dual@q=2": lambda: mean(lambda x: vendi.score_dual(x, q=2)),
        "intdiv_K": lambda: mean(intdiv),
    }


main(numbers)
