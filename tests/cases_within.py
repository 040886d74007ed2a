"""Within a list."""

import reference_metrics as slow
from cases import LABEL_LISTS, VECTORS, Case

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only"

CASES = {
    "category_entropy": Case(
        undefined=(0.0, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={"category_entropy": lambda u, items: slow.category_entropy(items, LABEL_LISTS)},
    ),
    "ild": Case(
        undefined=(None, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={"ild": lambda u, items: slow.ild(items, VECTORS.tolist())},
    ),
    "effective_number": Case(
        undefined=(1.0, None, None, 1.0), properties=f"{ALWAYS} copy_aware", compared_in="test_diversity.py"
    ),
    "leinster_cobbold": Case(
        undefined=(1.0, None, None, 1.0), properties=f"{ALWAYS} copy_aware", compared_in="test_diversity.py"
    ),
}
