"""Within a list."""

import math

import reference_metrics as slow
import reference_within as within
from cases import LABEL_LISTS, RELEVANT, VECTORS, Case

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only"
POINTS = VECTORS.tolist()

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
    "ild_euclidean": Case(
        undefined=(None, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={"ild_euclidean": lambda u, items: within.ild_euclidean(items, POINTS)},
    ),
    "ild_hamming": Case(
        undefined=(None, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={
            "ild_hamming": lambda u, items: within.ild_hamming(items, LABEL_LISTS),
            "ild_hamming@missing=same": lambda u, items: within.ild_hamming(items, LABEL_LISTS, "same"),
        },
    ),
    "ild_jaccard": Case(
        undefined=(None, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={
            "ild_jaccard": lambda u, items: within.ild_jaccard(items, LABEL_LISTS),
            "ild_jaccard@missing=same": lambda u, items: within.ild_jaccard(items, LABEL_LISTS, "same"),
        },
    ),
    "min_distance": Case(
        undefined=(None, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={"min_distance": lambda u, items: within.min_distance(items, POINTS)},
    ),
    "eild": Case(  # user 0 has test items 4 and 5
        undefined=(None, None, None, 0.0),
        properties="bounded user_order_free renaming_free padding_free empty_lists_neutral ranks_only",
        references={
            "eild": lambda u, items: within.eild(items, POINTS, RELEVANT.get(u, [])),
            "eild@discount=rbp": lambda u, items: within.eild(items, POINTS, RELEVANT.get(u, []), "rbp"),
        },
    ),
    "log_det": Case(
        undefined=(None, None, None, math.log(3.001 * 0.001**2 / 1.001**3)),
        properties=f"{ALWAYS} copy_aware",
        references={
            "log_det": lambda u, items: within.log_det(items, POINTS),
            "log_det@ridge=0.5": lambda u, items: within.log_det(items, POINTS, 0.5),
        },
    ),
    "graph_entropy": Case(
        undefined=(None, None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={"graph_entropy": lambda u, items: within.graph_entropy(items, POINTS)},
    ),
    "subtopic_recall": Case(
        undefined=(1 / 3, None, None, 1 / 3),
        properties=f"{ALWAYS} copy_aware",
        references={"subtopic_recall": lambda u, items: within.subtopic_recall(items, LABEL_LISTS)},
    ),
}
