"""RecBole: its metric classes on what its collector would hand them."""

import torch
from _clock import main
from recbole.evaluator import metrics
from recbole.evaluator.collector import DataStruct

NAMES = {"item_coverage": "ItemCoverage", "gini": "GiniIndex", "entropy": "ShannonEntropy",
         "average_popularity": "AveragePopularity", "tail_share": "TailPercentage"}  # fmt: skip


class Settings(dict):
    """A configuration that knows nothing more."""

    def __missing__(self, key):
        return None


def prepare(data):
    settings = Settings(topk=[data.k], metric_decimal_place=12)
    counter = data.popularity()

    def row(name):
        def of(n):
            struct = DataStruct()
            struct.set("rec.items", torch.from_numpy(data.lists[:n]))
            struct.set("data.num_items", data.n_items)
            struct.set("data.count_items", counter)
            metric = getattr(metrics, name)(settings)
            return lambda: next(iter(metric.calculate_metric(struct).values()))

        return of

    return {ours: row(theirs) for ours, theirs in NAMES.items()}


main(prepare)
