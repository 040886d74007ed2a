"""Recommenders (Microsoft), on data frames."""

import numpy as np
import pandas as pd
import recommenders.evaluation.python_evaluation as evaluation
from _protocol import main

PAIR = ["userID", "itemID"]


def numbers(one: dict) -> dict:
    train, test = (pd.DataFrame(one[part], columns=PAIR).assign(rating=1.0) for part in ("train", "test"))
    rows = [
        (user, item, score)
        for user, items, scores in zip(one["users"], one["lists"], one["scores"], strict=True)
        for item, score in zip(items, scores, strict=True)
    ]
    shown = pd.DataFrame(rows, columns=[*PAIR, "prediction"])
    hits = {tuple(pair) for pair in one["test"]}
    relevant = shown[PAIR].assign(relevance=[float((user, item) in hits) for user, item, _ in rows])
    vectors = [np.array(vector) for vector in one["vectors"]]
    features = pd.DataFrame({"itemID": range(len(vectors)), "features": vectors})
    by_text = {"item_feature_df": features, "item_sim_measure": "item_feature_vector"}
    k = one["k"]
    return {
        "catalog_coverage": lambda: evaluation.catalog_coverage(train[PAIR], shown[PAIR]),
        "distributional_coverage": lambda: evaluation.distributional_coverage(train[PAIR], shown[PAIR]),
        "novelty": lambda: evaluation.novelty(train[PAIR], shown[PAIR]),
        "diversity": lambda: evaluation.diversity(train[PAIR], shown[PAIR], **by_text),
        "serendipity": lambda: evaluation.serendipity(train[PAIR], relevant, col_relevance="relevance", **by_text),
        "precision_at_k": lambda: evaluation.precision_at_k(test, shown, k=k),
        "recall_at_k": lambda: evaluation.recall_at_k(test, shown, k=k),
        "map_at_k": lambda: evaluation.map_at_k(test, shown, k=k),
        "ndcg_at_k": lambda: evaluation.ndcg_at_k(test, shown, k=k),
    }


main(numbers)
