"""Exposure over all lists, popularity and novelty."""

import math

import reference_metrics as slow
from cases import EVENTS, Case, N

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only mergeable"

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
    "gini": Case(
        undefined=(1 - 1 / N, None, None, 1 - 1 / N),
        properties=ALWAYS,
        references={"gini": lambda lists: slow.gini(lists, N)},
    ),
    "novelty": Case(
        undefined=(math.log(7), None, None, math.log(7)),
        properties="bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only",
        references={"novelty": lambda u, items: slow.novelty(items, EVENTS["item_id"].tolist())},
    ),
}
