"""Within a list."""

import math

import reference_metrics as slow
import reference_within as within
from cases import EVENTS, HISTORY, LABEL_LISTS, RELEVANT, VECTORS, Case

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only"
POINTS = VECTORS.tolist()
ITEMS = EVENTS["item_id"].tolist()
RANKED = "bounded user_order_free renaming_free ranks_only"

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
        properties=f"{RANKED} padding_free empty_lists_neutral",
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
    # users 0 and 2 have test items with labels 4: none, 5: c, 6: a|c; of these, 5 stands in REPEAT
    "alpha_ndcg": Case(
        undefined=(0.0, 0.0, 0.0, 1.0),
        properties=RANKED,
        references={
            "alpha_ndcg": lambda u, items: within.alpha_ndcg(items, LABEL_LISTS, RELEVANT.get(u, []), 4),
            "alpha_ndcg@2": lambda u, items: within.alpha_ndcg(items, LABEL_LISTS, RELEVANT.get(u, []), 2),
            "alpha_ndcg@alpha=1,k=9": lambda u, items: within.alpha_ndcg(
                items, LABEL_LISTS, RELEVANT.get(u, []), 9, 1.0
            ),
        },
    ),
    "err_ia": Case(  # user 0 chose a (twice) and b before
        undefined=(0.0, 0.0, 0.0, 0.0),
        properties=f"{RANKED} padding_free",
        references={
            "err_ia": lambda u, items: within.err_ia(items, LABEL_LISTS, HISTORY.get(u, []), RELEVANT.get(u, [])),
            "err_ia@gain=0.3": lambda u, items: within.err_ia(
                items, LABEL_LISTS, HISTORY.get(u, []), RELEVANT.get(u, []), 0.3
            ),
        },
    ),
    "binomial_diversity": Case(  # a: 5 of 7 events, b: 4; nobody ever chose c, so three of it are all redundancy
        undefined=((2 / 7) ** (1 / 3), None, None, 0.0),
        properties=f"{ALWAYS} copy_aware",
        references={
            "binomial_diversity": lambda u, items: within.binomial_diversity(items, LABEL_LISTS, ITEMS, []),
            "binomial_diversity@alpha=0.5": lambda u, items: within.binomial_diversity(
                items, LABEL_LISTS, ITEMS, HISTORY.get(u, []), 0.5
            ),
        },
    ),
    "proportionality": Case(
        undefined=(0.0, None, None, "some"),
        properties=f"{RANKED} padding_free empty_lists_neutral",
        references={
            "proportionality": lambda u, items: within.proportionality(
                items, LABEL_LISTS, HISTORY.get(u, []), RELEVANT.get(u, [])
            )
        },
    ),
}
