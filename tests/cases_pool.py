"""Beside what there is to be shown."""

import reference_pool as slow
from cases import LABEL_LISTS, MINORITY, SENTIMENT, Case

ALWAYS = "bounded user_order_free renaming_free padding_free empty_lists_neutral ranks_only copy_aware"
WITH_MISSING = [labels or ["nothing"] for labels in LABEL_LISTS]


def each(function, *known, **options):
    return lambda u, items: function(items, *known, **options)


def of_one(function, *known):
    """Answers where the only list is [2], empty, unknown, or [5, 5, 5]."""
    return tuple(function(items, *known) for items in ([2], [], [-2], [5, 5, 5]))


CASES = {
    "representation": Case(
        undefined=of_one(slow.representation, LABEL_LISTS),
        properties=ALWAYS,
        references={
            "representation": each(slow.representation, LABEL_LISTS),
            "representation@missing=same,discount=none": each(slow.representation, WITH_MISSING, discount=lambda r: 1),
            "representation@target=even": each(slow.representation, LABEL_LISTS, even=True),
        },
    ),
    "alternative_voices": Case(
        undefined=of_one(slow.alternative_voices, MINORITY),
        properties=ALWAYS,
        references={
            "alternative_voices": each(slow.alternative_voices, MINORITY),
            "alternative_voices@discount=rbp": each(
                slow.alternative_voices, MINORITY, discount=lambda r: 0.9 ** (r - 1)
            ),
        },
    ),
    "activation": Case(
        undefined=of_one(slow.activation, SENTIMENT),
        properties=ALWAYS,
        references={
            "activation": each(slow.activation, SENTIMENT),
            "activation@bins=3": each(slow.activation, SENTIMENT, bins=3),
        },
    ),
}
