"""recmetrics."""

from collections import Counter

import pandas as pd
import recmetrics
from _protocol import histories, main


def numbers(one: dict) -> dict:
    lists, k = one["lists"], one["k"]
    trained = dict(Counter(item for _, item in one["train"]))
    n_users = len({user for user, _ in one["train"]})
    wanted = histories(one["test"], one["users"])
    return {
        "prediction_coverage": lambda: recmetrics.prediction_coverage(lists, list(trained)),
        "novelty": lambda: recmetrics.novelty(lists, trained, n_users, k)[0],
        "personalization": lambda: recmetrics.personalization(lists),
        "intra_list_similarity": lambda: recmetrics.intra_list_similarity(lists, pd.DataFrame(one["vectors"])),
        "recommender_precision": lambda: recmetrics.recommender_precision(lists, wanted),
        "recommender_recall": lambda: recmetrics.recommender_recall(lists, wanted),
        "mark": lambda: recmetrics.mark(wanted, lists, k),
    }


main(numbers)
