"""RePlay, on polars and on pandas frames."""

import numpy as np
import pandas as pd
import polars as pl
from _clock import main
from replay import metrics


def prepare(data):
    def row(name, frame):
        def of(n):
            scores = np.tile(np.arange(data.k, 0, -1.0), n)
            shown = frame(
                {"query_id": np.repeat(np.arange(n), data.k), "item_id": data.lists[:n].ravel(), "rating": scores}
            )
            train = frame({"query_id": data.user, "item_id": data.item})
            metric = getattr(metrics, name)(data.k)
            return lambda: next(iter(metric(shown, train).values()))

        return of

    return {
        f"{ours}|{name}": row(theirs, frame)
        for ours, theirs in (("item_coverage", "Coverage"), ("novelty", "Surprisal"))
        for name, frame in (("polars", pl.DataFrame), ("pandas", pd.DataFrame))
    }


main(prepare)
