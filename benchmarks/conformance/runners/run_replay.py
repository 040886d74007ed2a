"""RePlay, on data frames."""

import pandas as pd
from _protocol import main
from replay import metrics


def numbers(one: dict) -> dict:
    train, test = (pd.DataFrame(one[part], columns=["query_id", "item_id"]) for part in ("train", "test"))
    rows = [
        (user, item, score)
        for user, items, scores in zip(one["users"], one["lists"], one["scores"], strict=True)
        for item, score in zip(items, scores, strict=True)
    ]
    shown = pd.DataFrame(rows, columns=["query_id", "item_id", "rating"])
    base = pd.DataFrame(
        [
            (user, item, -rank)
            for user, items in zip(one["users"], one["base"], strict=True)
            for rank, item in enumerate(items)
        ],
        columns=["query_id", "item_id", "rating"],
    )
    first = [labels[0] if labels else "" for labels in one["labels"]]  # it knows one category an item
    k = one["k"]

    def only(metric, *data: pd.DataFrame) -> float:  # noqa: ANN001
        return next(iter(metric(*data).values()))

    def categories() -> float:
        kept = shown.assign(category_id=[first[item] for item in shown["item_id"]])
        return only(metrics.CategoricalDiversity(k), kept)

    return {
        "Coverage": lambda: only(metrics.Coverage(k), shown, train),
        "Novelty": lambda: only(metrics.Novelty(k), shown, train),
        "Surprisal": lambda: only(metrics.Surprisal(k), shown, train),
        "Unexpectedness": lambda: only(metrics.Unexpectedness(k), shown, base),
        "CategoricalDiversity": categories,
        **{
            name: lambda name=name: only(getattr(metrics, name)(k), shown, test)
            for name in ("NDCG", "Recall", "Precision", "MRR", "MAP", "HitRate")
        },
    }


main(numbers)
