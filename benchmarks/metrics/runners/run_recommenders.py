"""Recommenders (Microsoft), on data frames. It remembers answers by the content of a frame, so users differ each time.

Its intra-list similarity from vectors crosses the whole catalogue with itself whatever the lists: not run.
"""

from itertools import count

import numpy as np
import pandas as pd
import recommenders.evaluation.python_evaluation as evaluation
from _clock import main


def prepare(data):
    shift = count()

    def row(call):
        def of(n):
            first = next(shift) * 10_000_000
            train = pd.DataFrame({"userID": data.user + first, "itemID": data.item})
            shown = pd.DataFrame({"userID": np.repeat(np.arange(n) + first, data.k), "itemID": data.lists[:n].ravel()})
            return lambda: call(train, shown)

        return of

    return {
        "item_coverage": row(evaluation.catalog_coverage),
        "entropy": row(evaluation.distributional_coverage),
        "novelty": row(evaluation.novelty),
    }


main(prepare)
