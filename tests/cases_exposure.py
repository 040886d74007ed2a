"""Exposure over all lists, popularity and novelty."""

import math

import reference_metrics as slow
from cases import EVENTS, HISTORY, LABEL_LISTS, RELEVANT, Case, N

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only mergeable"

LISTWISE = "bounded user_order_free renaming_free padding_free empty_lists_neutral ranks_only"
EQUAL, LOG = [1.0] * 4, [1 / math.log2(r + 1) for r in range(1, 5)]
SEEN = EVENTS["item_id"].tolist()


def unknown_to(i):
    """Share of the users in training who have nothing to do with item i."""
    users = EVENTS.groupby("item_id")["user_id"].nunique()
    return 1 - users.get(i, 0) / EVENTS["user_id"].nunique()


def surprise(i):
    return math.log(len(SEEN) / max(SEEN.count(i), 1))


CASES = {
    "item_count": Case(
        undefined=(1.0, None, None, 1.0),
        properties=f"{ALWAYS} monotone",
        references={"item_count": slow.item_count},
    ),
    "item_coverage": Case(
        undefined=(1 / N, None, None, 1 / N),
        properties=f"{ALWAYS} monotone",
        references={"item_coverage": lambda lists: slow.item_coverage(lists, N)},
    ),
    "category_coverage": Case(  # seven items: labels a, b, c, and two without a label
        undefined=(1 / 5, None, None, 1 / 5),
        properties=f"{ALWAYS} monotone copy_aware",
        references={"category_coverage": lambda lists: slow.category_coverage(lists, LABEL_LISTS)},
    ),
    "effective_catalog_size": Case(
        undefined=(1.0, None, None, 1.0),
        properties=ALWAYS,
        references={
            "effective_catalog_size": lambda lists: (
                None if slow.entropy(lists) is None else math.exp(slow.entropy(lists))
            )
        },
    ),
    "entropy": Case(undefined=(0.0, None, None, 0.0), properties=ALWAYS, references={"entropy": slow.entropy}),
    "concentration": Case(
        undefined=(1.0, None, None, 1.0), properties=ALWAYS, references={"concentration": slow.concentration}
    ),
    "gini": Case(
        undefined=(1 - 1 / N, None, None, 1 - 1 / N),
        properties=ALWAYS,
        references={"gini": lambda lists: slow.gini(lists, N)},
    ),
    "tail_share": Case(
        undefined=(0.0, None, None, 1.0),
        properties=ALWAYS,
        references={
            "tail_share": lambda lists: slow.tail_share(lists, SEEN, N, 0.2, EQUAL),
            "tail_share@share=0.3": lambda lists: slow.tail_share(lists, SEEN, N, 0.3, EQUAL),
            "tail_share@discount=log": lambda lists: slow.tail_share(lists, SEEN, N, 0.2, LOG),
        },
    ),
    "average_popularity": Case(
        undefined=(1.0, None, None, 0.0),
        properties=f"{LISTWISE} order_free",
        references={
            "average_popularity": lambda u, items: slow.average_popularity(items, SEEN, EQUAL),
            "average_popularity@discount=log": lambda u, items: slow.average_popularity(items, SEEN, LOG),
        },
    ),
    "popularity_lift": Case(  # user 0 likes what 2 and 3 do
        undefined=(1 / 2.5 - 1, None, None, -1.0),
        properties=ALWAYS,
        compared_in="test_popularity.py",
    ),
    "log_popularity_difference": Case(
        undefined=(-math.log(6) / 2, None, None, -math.log(6) / 2),
        properties="order_free user_order_free renaming_free padding_free ranks_only empty_lists_neutral",
        references={
            "log_popularity_difference": lambda u, items: slow.log_popularity_difference(
                items, HISTORY.get(u, []), SEEN
            )
        },
    ),
    "epc": Case(
        undefined=(0.75, None, None, 1.0),
        properties=LISTWISE,
        references={
            "epc": lambda u, items: slow.expected_novelty(items, unknown_to, LOG),
            "epc@discount=none": lambda u, items: slow.expected_novelty(items, unknown_to, EQUAL),
            "epc@relevance=test": lambda u, items: slow.expected_novelty(items, unknown_to, LOG, RELEVANT.get(u, [])),
        },
    ),
    "efd": Case(
        undefined=(math.log(7), None, None, math.log(7)),
        properties=LISTWISE,
        references={
            "efd": lambda u, items: slow.expected_novelty(items, surprise, LOG),
            "efd@relevance=test,discount=none": lambda u, items: slow.expected_novelty(
                items, surprise, EQUAL, RELEVANT.get(u, [])
            ),
        },
    ),
    "novelty": Case(
        undefined=(math.log(7), None, None, math.log(7)),
        properties="bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only",
        references={"novelty": lambda u, items: slow.novelty(items, EVENTS["item_id"].tolist())},
    ),
}
