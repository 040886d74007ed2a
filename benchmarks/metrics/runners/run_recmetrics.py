"""recmetrics, on lists of lists."""

import pandas as pd
import recmetrics
from _clock import main


def prepare(data):
    seen, users = data.popularity(), len(set(data.user.tolist()))
    features = pd.DataFrame(data.vectors)

    def row(call):
        def of(n):
            lists = data.lists[:n].tolist()
            return lambda: call(lists)

        return of

    return {
        "item_coverage": row(lambda lists: recmetrics.prediction_coverage(lists, list(range(data.n_items)))),
        "novelty": row(lambda lists: recmetrics.novelty(lists, seen, users, data.k)[0]),
        "personalization": row(recmetrics.personalization),
        "ild": row(lambda lists: recmetrics.intra_list_similarity(lists, features)),
    }


main(prepare)
