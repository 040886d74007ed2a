"""Between lists."""

import numpy as np
import reference_between as between
import reference_metrics as slow
from cases import LABEL_LISTS, VECTORS, Case

import recdiv as rd

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only mergeable"
SPECTRAL = {"properties": f"{ALWAYS} copy_aware", "compared_in": "test_diversity_partition.py"}


def in_groups(items, users=None, scores=None):
    """Users are in one of two interest groups."""
    lists = np.arange(len(items)) if users is None else np.asarray(users)
    return rd.Recommendations(items, users=lists, scores=scores, groups=lists % 2)


def by_category(lists):
    return between.fragmentation(lists, lambda item: LABEL_LISTS[item] or [("own", item)])


CASES = {
    "mutual_information": Case(
        undefined=(0.0, None, None, 0.0),
        properties=ALWAYS,
        references={"mutual_information": slow.mutual_information},
    ),
    "category_information": Case(
        undefined=(0.0, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={"category_information": lambda lists: slow.category_information(lists, LABEL_LISTS)},
    ),
    "alpha": Case(undefined=(1.0, None, None, 1.0), **SPECTRAL),
    "beta": Case(undefined=(1.0, None, None, 1.0), **SPECTRAL),
    "gamma": Case(undefined=(1.0, None, None, 1.0), **SPECTRAL),
    "chi": Case(undefined=(0.0, None, None, 0.0), **SPECTRAL),
    "chi_excess": Case(  # its draws follow the order of lists and slots
        undefined=(0.0, None, None, 0.0), properties="ranks_only", compared_in="test_diversity_partition.py"
    ),
    "interest_information": Case(
        undefined=(0.0, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        recs=in_groups,
        states={"labels": [0, 1]},
        references={
            "interest_information": lambda lists: between.spectral_information(
                [lists[::2], lists[1::2]], VECTORS.tolist()
            )
        },
    ),
    "personalization": Case(
        undefined=(None, None, None, None),
        properties=ALWAYS,
        references={"personalization": between.personalization},
    ),
    "fragmentation": Case(
        undefined=(None, None, None, None),
        properties="bounded user_order_free renaming_free padding_free empty_lists_neutral ranks_only mergeable",
        references={"fragmentation": between.fragmentation, "fragmentation@by=category": by_category},
    ),
}
