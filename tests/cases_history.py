"""Against history."""

import math

import reference_between as slow
import reference_pool
from cases import EVENTS, HISTORY, LABEL_LISTS, MINORITY, RELEVANT, VECTORS, Case

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only"
ROWS = VECTORS.tolist()
TRAINED = EVENTS["item_id"].tolist()


def of_history(function, *rest):
    return lambda u, items: function(items, HISTORY.get(u, []), *rest)


OWN = [held or [("own", item)] for item, held in enumerate(LABEL_LISTS)]
# user 0 did 0 and 1, with labels a and a|b: shares 3/4 and 1/4
P = {"a": 0.75, "b": 0.25}
KL_OF_B = 0.75 * math.log(100) + 0.25 * math.log(0.25 / (0.99 + 0.0025))
JS_OF_B = (0.75 * math.log(2) + 0.25 * math.log(0.4) + math.log(1.6)) / 2
KL_OF_C = math.log(100)

CASES = {
    "calibration_kl": Case(  # item 2 is b, item 5 is c
        undefined=(KL_OF_B, None, None, KL_OF_C),
        properties=f"{ALWAYS} copy_aware",
        references={
            "calibration_kl": of_history(slow.calibration_kl, LABEL_LISTS),
            "calibration_kl@alpha=0.2": of_history(slow.calibration_kl, LABEL_LISTS, 0.2),
            "calibration_kl@by=category,discount=reciprocal": lambda u, items: reference_pool.calibration(
                items, HISTORY.get(u, []), OWN, by_kl=True
            ),
        },
    ),
    "calibration_js": Case(
        undefined=(JS_OF_B, None, None, math.log(2)),
        properties=f"{ALWAYS} copy_aware",
        references={
            "calibration_js": of_history(slow.calibration_js, LABEL_LISTS),
            "calibration_js@longest=1": lambda u, items: slow.calibration_js(
                items, HISTORY.get(u, [])[-1:], LABEL_LISTS
            ),
            "calibration_js@missing=out,discount=reciprocal": of_history(reference_pool.calibration, LABEL_LISTS),
            "calibration_js@by=minority,missing=out,discount=reciprocal": of_history(
                reference_pool.calibration, [[] if m is None else [m] for m in MINORITY]
            ),
        },
    ),
    "calibration_qjsd": Case(
        undefined=("some", None, None, "some"),
        properties=f"{ALWAYS} copy_aware",
        references={"calibration_qjsd": of_history(slow.calibration_qjsd, ROWS)},
    ),
    "unexpectedness": Case(
        undefined=tuple(slow.unexpectedness(items, HISTORY[0], ROWS) for items in ([2], [], [-2], [5, 5, 5])),
        properties=f"{ALWAYS} copy_aware",
        references={"unexpectedness": of_history(slow.unexpectedness, ROWS)},
    ),
    "serendipity": Case(  # user 0 went for 4 and 5
        undefined=(0.0, None, None, "some"),
        properties=ALWAYS,
        references={
            "serendipity": lambda u, items: slow.serendipity(items, HISTORY.get(u, []), RELEVANT.get(u, []), ROWS)
        },
    ),
    "semantic_novelty": Case(
        undefined=tuple(slow.semantic_novelty(items, TRAINED, ROWS) for items in ([2], [], [-2], [5, 5, 5])),
        properties=f"{ALWAYS} copy_aware",
        references={"semantic_novelty": lambda u, items: slow.semantic_novelty(items, TRAINED, ROWS)},
    ),
    "conditional_effective_number": Case(
        undefined=(1.0, None, None, 1.0),
        properties=f"{ALWAYS} copy_aware",
        references={
            "conditional_effective_number": lambda u, items: slow.conditional(items, HISTORY.get(u, []), ROWS)[0],
            "conditional_effective_number@part=residual": lambda u, items: slow.conditional(
                items, HISTORY.get(u, []), ROWS
            )[1],
        },
    ),
}
