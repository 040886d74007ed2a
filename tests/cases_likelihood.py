"""To a language model: one with a table of probabilities, so that every answer is known."""

import math

import numpy as np
import pandas as pd
import torch
from cases import HISTORY, Case, N

import recdiv as rd

ALWAYS = "user_order_free renaming_free padding_free empty_lists_neutral ranks_only"

# p(next item | last item), 0.8 in all: the rest goes to texts that are no item. Row N: after nothing.
TABLE = np.random.default_rng(7).dirichlet(np.ones(N), size=N + 1) * 0.8
TITLES = [f"item {i}" + " more" * i for i in range(N)]
LENGTHS = [i + 3 for i in range(N)]  # words and the end


class TableScorer:
    """A bigram model of items: the last one read is all it remembers."""

    def __init__(self, table=TABLE):
        self.table, self.asked = table, []

    def log_likelihood(self, texts, *, contexts=None):
        contexts = [()] * len(texts) if contexts is None else contexts
        self.asked += list(zip(texts, contexts, strict=True))
        last = [TITLES.index(context[-1]) if context else N for context in contexts]
        now = [TITLES.index(text) for text in texts]
        return torch.tensor([math.log(self.table[a][b]) for a, b in zip(last, now, strict=True)], dtype=torch.float64)

    def lengths(self, texts):
        return torch.tensor([len(text.split()) + 1 for text in texts])


def with_a_scorer(n_lists, position):
    """Titles of the items, in whatever rows they stand, and the model."""
    frame = pd.DataFrame({"item_id": range(N), "title": TITLES}).iloc[np.argsort(position)]
    return {"catalog": rd.Catalog(frame), "scorer": TableScorer()}


def log_p(item, last, over):
    row = TABLE[N if last is None else last]
    return math.log(row[item] / (sum(row) if over == "catalogue" else 1))


def mean(values):
    return sum(values) / len(values) if values else None


def surprisal(u, items, per="item", over="texts", longest=20):
    history = HISTORY.get(u, [])[-longest:]
    known = [i for i in items if i >= 0] if history else []
    return mean([-log_p(i, history[-1], over) / (LENGTHS[i] if per == "token" else 1) for i in known])


def pmi(u, items, per="item", over="texts"):
    history = HISTORY.get(u, [])
    known = [i for i in items if i >= 0] if history else []
    gains = [(i, log_p(i, history[-1], over) - log_p(i, None, over)) for i in known]
    return mean([gain / (LENGTHS[i] if per == "token" else 1) for i, gain in gains])


def redundancy(u, items, per="item", over="texts"):
    known = [i for i in items if i >= 0]
    pairs = list(zip(known[1:], known[:-1], strict=True))
    gains = [(i, log_p(i, last, over) - log_p(i, None, over)) for i, last in pairs]
    return mean([gain / (LENGTHS[i] if per == "token" else 1) for i, gain in gains])


def of(function, **options):
    return lambda u, items: function(u, items, **options)


CASES = {
    "surprisal": Case(
        undefined=tuple(surprisal(0, items) for items in ([2], [], [-2], [5, 5, 5])),
        properties=f"{ALWAYS} bounded order_free",
        given=with_a_scorer,
        references={
            "surprisal": of(surprisal),
            "surprisal@per=token": of(surprisal, per="token"),
            "surprisal@over=catalogue": of(surprisal, over="catalogue"),
            "surprisal@longest=1": of(surprisal, longest=1),
        },
    ),
    "pmi": Case(
        undefined=tuple(pmi(0, items) for items in ([2], [], [-2], [5, 5, 5])),
        properties=f"{ALWAYS} order_free",
        given=with_a_scorer,
        references={
            "pmi": of(pmi),
            "pmi@per=token": of(pmi, per="token"),
            "pmi@over=catalogue": of(pmi, over="catalogue"),
        },
    ),
    "redundancy": Case(
        undefined=tuple(redundancy(0, items) for items in ([2], [], [-2], [5, 5, 5])),
        properties=ALWAYS,
        given=with_a_scorer,
        references={
            "redundancy": of(redundancy),
            "redundancy@per=token": of(redundancy, per="token"),
            "redundancy@over=catalogue": of(redundancy, over="catalogue"),
        },
    ),
}
