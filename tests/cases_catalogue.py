"""The whole catalogue."""

import reference_between as slow
from cases import VECTORS, Case, N

ROWS = VECTORS.tolist()


def gamma_ratio(lists):
    variety = slow.gamma([lists], ROWS)
    return None if variety is None else variety / slow.gamma([[[i] for i in range(N)]], ROWS)


CASES = {
    "semantic_coverage": Case(
        undefined=("some", None, None, "some"),
        properties="bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only "
        "monotone copy_aware",
        compared_in="test_diversity.py",
    ),
    "gamma_ratio": Case(
        undefined=("some", None, None, "some"),
        properties="bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only "
        "copy_aware mergeable",
        references={"gamma_ratio": gamma_ratio},
    ),
}
