"""RecTools, on data frames."""

import pandas as pd
from _protocol import main
from rectools import metrics
from rectools.metrics.distances import PairwiseHammingDistanceCalculator


def numbers(one: dict) -> dict:
    k = one["k"]
    train, test = (pd.DataFrame(one[part], columns=["user_id", "item_id"]) for part in ("train", "test"))
    rows = [
        (user, item, rank)
        for user, items in zip(one["users"], one["lists"], strict=True)
        for rank, item in enumerate(items, start=1)
    ]
    shown = pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])
    names = sorted({label for labels in one["labels"] for label in labels})
    features = pd.DataFrame([[float(name in labels) for name in names] for labels in one["labels"]])
    hamming = PairwiseHammingDistanceCalculator(features)
    catalog = list(range(one["n_items"]))
    return {
        "CatalogCoverage": lambda: metrics.CatalogCoverage(k).calc(shown, catalog),
        "IntraListDiversity": lambda: metrics.IntraListDiversity(k, distance_calculator=hamming).calc(shown),
        "MeanInvUserFreq": lambda: metrics.MeanInvUserFreq(k).calc(shown, train),
        "AvgRecPopularity": lambda: metrics.AvgRecPopularity(k).calc(shown, train),
        "Serendipity": lambda: metrics.Serendipity(k).calc(shown, test, train, catalog),
        **{
            name: lambda name=name: getattr(metrics, name)(k).calc(shown, test)
            for name in ("Precision", "Recall", "HitRate", "MRR", "MAP", "NDCG")
        },
    }


main(numbers)
