"""rexmex."""

from collections import Counter

import numpy as np
from _protocol import histories, main
from rexmex.metrics import coverage, ranking


def numbers(one: dict) -> dict:
    lists, k = one["lists"], one["k"]
    trained = Counter(item for _, item in one["train"])
    n_users = len({user for user, _ in one["train"]})
    relevant = histories(one["test"], one["users"])
    pairs = [(user, item) for user, items in zip(one["users"], lists, strict=True) for item in items]
    return {
        "item_coverage": lambda: coverage.item_coverage((one["users"], list(trained)), pairs),
        "intra_list_similarity": lambda: ranking.intra_list_similarity(lists, np.array(one["vectors"])),
        "personalization": lambda: ranking.personalization(lists),
        "novelty": lambda: ranking.novelty(lists, dict(trained), n_users, k),
        "hits_at_k": lambda: np.mean(
            [ranking.hits_at_k(wanted, items, k) for wanted, items in zip(relevant, lists, strict=True)]
        ),
        "mean_average_precision_at_k": lambda: ranking.mean_average_precision_at_k(relevant, lists, k),
    }


main(numbers)
