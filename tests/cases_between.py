"""Between lists."""

import reference_metrics as slow
from cases import LABEL_LISTS, Case

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only mergeable"
SPECTRAL = {"properties": f"{ALWAYS} copy_aware", "compared_in": "test_diversity_partition.py"}

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
}
