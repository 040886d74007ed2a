"""LensKit: item lists through its own RunAnalysis."""

import numpy as np
import pandas as pd
from _protocol import main
from lenskit.data import ItemList, ItemListCollection, from_interactions_df
from lenskit.metrics import RunAnalysis
from lenskit.metrics.ranking import (
    NDCG,
    AveragePrecision,
    ExposureGini,
    Hit,
    ListGini,
    MeanPopRank,
    Precision,
    Recall,
    RecipRank,
    entropy,
)


def numbers(one: dict) -> dict:
    train = from_interactions_df(pd.DataFrame(one["train"], columns=["user_id", "item_id"]))
    shown = {
        user: ItemList(item_ids=items, scores=scores, ordered=True)
        for user, items, scores in zip(one["users"], one["lists"], one["scores"], strict=True)
    }
    wanted: dict = {}
    for user, item in one["test"]:
        wanted.setdefault(user, []).append(item)
    outputs = ItemListCollection.from_dict(shown, "user_id")
    test = ItemListCollection.from_dict({user: ItemList(item_ids=items) for user, items in wanted.items()}, "user_id")
    k, n_items = one["k"], one["n_items"]
    names = sorted({label for labels in one["labels"] for label in labels})
    matrix = np.array([[float(name in labels) for name in names] for labels in one["labels"]])

    def measured(metric) -> float:  # noqa: ANN001
        analysis = RunAnalysis()
        analysis.add_metric(metric)
        result = analysis.measure(outputs, test)
        if isinstance(metric, ListGini | ExposureGini):
            return result.global_metrics()[metric.label]
        return result.list_summary().loc[metric.label, "mean"]

    return {
        "ListGini": lambda: measured(ListGini(items=n_items)),
        "ExposureGini": lambda: measured(ExposureGini(items=n_items)),
        "MeanPopRank": lambda: measured(MeanPopRank(train)),
        "entropy": lambda: np.nanmean(
            [entropy(shown[user], matrix[items]) for user, items in zip(shown, one["lists"], strict=True)]
        ),
        "NDCG": lambda: measured(NDCG(k)),
        "Recall": lambda: measured(Recall(k)),
        "Precision": lambda: measured(Precision(k)),
        "RecipRank": lambda: measured(RecipRank(k)),
        "AveragePrecision": lambda: measured(AveragePrecision(k)),
        "Hit": lambda: measured(Hit(k)),
    }


main(numbers)
