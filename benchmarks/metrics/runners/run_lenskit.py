"""LensKit: item lists through its own RunAnalysis, as its users do."""

import pandas as pd
from _clock import main
from lenskit.data import ItemList, ItemListCollection, from_interactions_df
from lenskit.metrics import RunAnalysis
from lenskit.metrics.ranking import ListGini, MeanPopRank


def prepare(data):
    train = from_interactions_df(pd.DataFrame({"user_id": data.user, "item_id": data.item}).drop_duplicates())

    def row(make, whole):
        def of(n):
            shown = {user: ItemList(item_ids=items, ordered=True) for user, items in enumerate(data.lists[:n])}
            outputs = ItemListCollection.from_dict(shown, "user_id")
            metric = make()
            analysis = RunAnalysis()
            analysis.add_metric(metric)

            def call():
                result = analysis.measure(outputs, outputs)
                return (
                    result.global_metrics()[metric.label] if whole else result.list_summary().loc[metric.label, "mean"]
                )

            return call

        return of

    return {
        "gini": row(lambda: ListGini(items=data.n_items), True),
        "average_popularity": row(lambda: MeanPopRank(train), False),
    }


main(prepare)
