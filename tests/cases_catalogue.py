"""The whole catalogue."""

from cases import Case

CASES = {
    "semantic_coverage": Case(
        undefined=("some", None, None, "some"),
        properties="bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only "
        "monotone copy_aware",
        compared_in="test_diversity.py",
    ),
}
