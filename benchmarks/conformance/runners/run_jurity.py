"""Jurity, with all users at once."""

import pandas as pd
from _protocol import main
from jurity.recommenders import DiversityRecoMetrics


def numbers(one: dict) -> dict:
    rows = [
        (user, item, score)
        for user, items, scores in zip(one["users"], one["lists"], one["scores"], strict=True)
        for item, score in zip(items, scores, strict=True)
    ]
    shown = pd.DataFrame(rows, columns=["user_id", "item_id", "clicks"])
    features = pd.DataFrame(one["vectors"]).add_prefix("f").assign(item_id=range(len(one["vectors"])))
    whole = {"click_column": "clicks", "k": one["k"], "user_sample_size": None, "num_runs": 1}

    def inter() -> float:
        return DiversityRecoMetrics.InterListDiversity(**whole).get_score(None, shown.copy())

    def intra() -> float:
        metric = DiversityRecoMetrics.IntraListDiversity(item_features=features, **whole)
        return metric.get_score(None, shown.copy())

    return {"InterListDiversity": inter, "IntraListDiversity": intra}


main(numbers)
