"""Over time."""

import math

import numpy as np
import reference_between as slow
from cases import BEFORE, VECTORS, Case

import recdiv as rd

ALWAYS = "bounded order_free user_order_free renaming_free padding_free empty_lists_neutral ranks_only"
ROWS = VECTORS.tolist()


def shown_before(n_lists, position):
    """User u was shown list u of BEFORE, in whatever rows the items stand."""
    return {"previous": rd.Recommendations(position[np.array(BEFORE)], users=np.arange(len(BEFORE)))}


def in_turn(items, users=None, scores=None):
    """List u is that of time u mod 3."""
    lists = np.arange(len(items)) if users is None else np.asarray(users)
    return rd.Recommendations(items, users=lists, scores=scores, time=lists % 3)


def windows(lists):
    return [lists[turn::3] for turn in range(3)]


def beta(lists):
    held = [any(i >= 0 for items in each for i in items) for each in windows(lists)]
    return math.exp(slow.spectral_information(windows(lists), ROWS)) if sum(held) > 1 else None


CASES = {
    "temporal_diversity": Case(  # list 0 of BEFORE holds 0 to 3
        undefined=(0.0, None, None, 1.0),
        properties=ALWAYS,
        given=shown_before,
        references={"temporal_diversity": lambda u, items: slow.temporal_diversity(items, BEFORE[u])},
    ),
    "temporal_novelty": Case(
        undefined=(0.0, None, None, 1.0),
        properties=ALWAYS,
        given=shown_before,
        references={"temporal_novelty": lambda u, items: slow.temporal_novelty(items, [BEFORE[u]])},
    ),
    "temporal_beta": Case(
        undefined=(None, None, None, None),
        properties=f"{ALWAYS} copy_aware mergeable",
        recs=in_turn,
        states={"times": [0, 1, 2]},
        references={"temporal_beta": beta},
    ),
    "drift": Case(
        undefined=(None, None, None, None),
        properties=f"{ALWAYS} copy_aware mergeable",
        recs=in_turn,
        states={"times": [0, 1, 2]},
        references={"drift": lambda lists: slow.drift(windows(lists), ROWS)},
    ),
}
