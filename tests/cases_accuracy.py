"""Accuracy, and whether lists are what they should be."""

import math

import reference_metrics as slow
from cases import RELEVANT, Case

CASES = {
    "validity": Case(
        undefined=(1.0, None, 0.0, 1 / 3),
        properties="bounded order_free user_order_free renaming_free empty_lists_neutral ranks_only",
        references={"validity": lambda u, items: slow.validity(items)},
    ),
    "recall": Case(
        undefined=(0.0, 0.0, 0.0, 0.5),
        properties="bounded order_free user_order_free renaming_free padding_free ranks_only",
        references={
            "recall": lambda u, items: slow.recall(items, RELEVANT.get(u, [])),
            "recall@2": lambda u, items: slow.recall(items[:2], RELEVANT.get(u, [])),
        },
    ),
    "precision": Case(
        undefined=(0.0, 0.0, 0.0, 1 / 3),
        properties="bounded order_free user_order_free renaming_free ranks_only",
        references={
            "precision": lambda u, items: slow.precision(items, RELEVANT.get(u, []), 4),
            "precision@2": lambda u, items: slow.precision(items, RELEVANT.get(u, []), 2),
            "precision@9": lambda u, items: slow.precision(items, RELEVANT.get(u, []), 9),
        },
    ),
    "hit_rate": Case(
        undefined=(0.0, 0.0, 0.0, 1.0),
        properties="bounded order_free user_order_free renaming_free padding_free ranks_only",
        references={
            "hit_rate": lambda u, items: slow.hit_rate(items, RELEVANT.get(u, [])),
            "hit_rate@1": lambda u, items: slow.hit_rate(items[:1], RELEVANT.get(u, [])),
        },
    ),
    "mrr": Case(
        undefined=(0.0, 0.0, 0.0, 1.0),
        properties="bounded user_order_free renaming_free padding_free ranks_only",
        references={
            "mrr": lambda u, items: slow.mrr(items, RELEVANT.get(u, [])),
            "mrr@2": lambda u, items: slow.mrr(items[:2], RELEVANT.get(u, [])),
        },
    ),
    "map": Case(
        undefined=(0.0, 0.0, 0.0, 0.5),
        properties="bounded user_order_free renaming_free ranks_only",
        references={
            "map": lambda u, items: slow.average_precision(items, RELEVANT.get(u, []), 4),
            "map@1": lambda u, items: slow.average_precision(items, RELEVANT.get(u, []), 1),
            "map@9": lambda u, items: slow.average_precision(items, RELEVANT.get(u, []), 9),
        },
    ),
    "ndcg": Case(
        undefined=(0.0, 0.0, 0.0, 1 / (1 + 1 / math.log2(3))),
        properties="bounded user_order_free renaming_free ranks_only",
        references={
            "ndcg": lambda u, items: slow.ndcg(items, RELEVANT.get(u, []), 4),
            "ndcg@2": lambda u, items: slow.ndcg(items, RELEVANT.get(u, []), 2),
            "ndcg@9": lambda u, items: slow.ndcg(items, RELEVANT.get(u, []), 9),
        },
    ),
}
