"""Which of two lists is more diverse: 115 people on twelve questions, and what metrics answer.

Porcaro, Gómez & Castillo (2022). Twelve questions are few: a metric that guesses is right on six, and one that is right
on ten could be that good by chance one time in 26. So every question is recorded, and two intervals stand beside each
agreement: over people (these questions, other people) and over questions and people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest

Floats = npt.NDArray[np.float64]
DRAWS = 2000


@dataclass(frozen=True)
class Votes:
    """Answers, as signs.

    Attributes:
        questions: their names, in order.
        blocks: what each is about: artist, track or both.
        sign: +1 for A, −1 for B, 0 for unsure, ``[people, questions]``.
    """

    questions: list[str]
    blocks: list[str]
    sign: npt.NDArray[np.int64]

    @property
    def majority(self) -> npt.NDArray[np.int64]:
        """What most of those who decided said, ``[questions]``; 0 for a tie."""
        return np.asarray(np.sign(self.sign.sum(0)))


def votes(answers: pd.DataFrame) -> Votes:
    """One row a person, one column a question."""
    table = answers.assign(sign=answers["answer"].map({"A": 1, "B": -1, "unsure": 0}))
    wide = table.pivot(index="participant", columns="question", values="sign")
    first = answers.drop_duplicates("question")
    wide = wide[first["question"].tolist()]
    return Votes(wide.columns.tolist(), first["block"].tolist(), wide.to_numpy(dtype=np.int64))


def agreement(choice: npt.NDArray[Any], given: Votes, *, rng: int = 0) -> dict[str, Any]:
    """How often ``choice`` (sign a question; 0 or NaN: no answer, half right) is what people said.

    ``majority`` counts questions; ``people`` is the share of decided answers, with an interval over people and one
    over questions and people.
    """
    answered = np.isfinite(choice)
    sign = np.sign(np.nan_to_num(choice))[None, :]
    right = np.where(given.sign == 0, np.nan, (sign * given.sign + 1) / 2)
    right[:, ~answered] = np.nan
    hit = (sign[0] * given.majority + 1) / 2
    generator = np.random.default_rng(rng)
    n_people, n_questions = right.shape
    over_people, over_both = np.empty(DRAWS), np.empty(DRAWS)
    for draw in range(DRAWS):
        people = right[generator.integers(0, n_people, n_people)]
        over_people[draw] = _mean(people)
        over_both[draw] = _mean(people[:, generator.integers(0, n_questions, n_questions)])
    asked = int(answered.sum())
    sure = round(float(hit[answered].sum()) - 1e-9)  # a tie that makes a half is rounded down
    return {
        "questions": asked,
        "majority": float(hit[answered].sum()),
        "p": round(float(binomtest(sure, asked, 0.5).pvalue), 4),
        "people": _number(float(np.nanmean(right)), over_people),
        "questions_and_people": _number(float(np.nanmean(right)), over_both),
        "by_question": [None if not there else float(value) for value, there in zip(hit, answered, strict=True)],
    }


def _mean(answers: Floats) -> float:
    """Of what was answered; NaN where a draw holds no answer."""
    given = answers[np.isfinite(answers)]
    return float(given.mean()) if len(given) else float("nan")


def _number(value: float, draws: Floats) -> dict[str, float]:
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def human_agreement(given: Votes, *, rng: int = 0) -> dict[str, Any]:
    """The mark to be measured by: a person against the majority of the others, and a person against another.

    ``best`` is the most a single answer a question can reach against these people: that of the majority itself.
    """
    others = np.sign(given.sign.sum(0) - given.sign)
    valid = (given.sign != 0) & (others != 0)
    each = np.where(valid, given.sign == others, np.nan).astype(float)
    up, down = (given.sign > 0).sum(0), (given.sign < 0).sum(0)
    n = up + down
    pair = (up * (up - 1) + down * (down - 1)) / (n * (n - 1))
    generator = np.random.default_rng(rng)
    draws = [np.nanmean(each[generator.integers(0, len(each), len(each))]) for _ in range(DRAWS)]
    return {
        "against_the_others": _number(float(np.nanmean(each)), np.array(draws)),
        "two_people": round(float(pair.mean()), 4),
        "best": round(float(np.maximum(up, down).sum() / n.sum()), 4),
        "unsure": round(float((given.sign == 0).mean()), 4),
    }
