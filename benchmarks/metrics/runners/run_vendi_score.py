"""Vendi-Score, one list after the other: it has no notion of a system."""

import numpy as np
import vendi_score.vendi as vendi
from _clock import main


def prepare(data):
    def row(score):
        return lambda n: lambda: np.mean([score(data.vectors[items]) for items in data.lists[:n]])

    return {"effective_number": row(vendi.score_X), "effective_number@q=2": row(lambda x: vendi.score_dual(x, q=2))}


main(prepare)
