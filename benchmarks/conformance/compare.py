"""Rows of the comparison: what was printed, ours under that convention, and whether they are one number."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from benchmarks.conformance import ours
from benchmarks.conformance.environments import PEERS, SOURCE_ONLY, printed
from benchmarks.conformance.formulas import formulas
from benchmarks.conformance.inputs import INPUTS
from benchmarks.conformance.runners._protocol import asked
from recdiv.metrics._registry import Convention, conventions

Row = dict[str, Any]
Printed = dict[str, dict[str, dict[str, Any]]]  # input -> the library's name -> {"value": ...} or {"error": ...}

NOBODY = "not in the catalogue"
WHY = {  # where we cannot print what they do
    NOBODY: "an item outside the catalogue has no identity here: put it in",
    "repeats": "its joins take an item held twice for four",
}


def names() -> list[str]:
    """All libraries with a convention, those that are run first."""
    return [*PEERS, *SOURCE_ONLY]


def claims(name: str) -> dict[str, Convention]:
    """Conventions of one library and of its further numbers, by the library's own name for them."""
    mine = [each for each in conventions() if each.library == name or each.library.startswith(f"{name}-")]
    return {each.printed_as: each for each in mine}


def answers(name: str) -> Printed:
    """What a library prints for every input: run, or by its formulas."""
    if name in PEERS:
        found: Printed = json.loads(printed(PEERS[name], json.dumps(INPUTS)))
        return found
    numbers = formulas(name)
    return {key: asked(numbers, one) for key, one in INPUTS.items()}


def rows(name: str, said: Printed) -> Iterator[Row]:
    """One row a number.

    Raises:
        KeyError: if the library prints something that no convention claims.
    """
    claimed = claims(name)
    for key, numbers in said.items():
        for title, answer in numbers.items():
            if title == "*":  # the input as a whole was refused
                yield from (_row(name, key, each, each.printed_as, answer) for each in claimed.values())
            else:
                yield _row(name, key, claimed[title.partition("@")[0]], title, answer)


def _row(name: str, key: str, convention: Convention, title: str, answer: dict[str, Any]) -> Row:
    _, at, options = title.partition("@")
    metric = convention.metric + at + options
    mine = ours.value(metric, convention.library, INPUTS[key])
    theirs: float | str = answer.get("error", "") or float(answer["value"])
    head = {
        "library": convention.library, "printed_as": title, "metric": metric, "input": key,
        "source": "run" if name in PEERS else "formula",
    }  # fmt: skip
    if isinstance(theirs, str):
        return {**head, "status": "refused", "printed": theirs, "ours": _plain(mine)}
    agrees = ours.same(theirs, mine)
    apart = None if isinstance(mine, str) or math.isnan(theirs - mine) else abs(theirs - mine)
    status = "same" if agrees else "different"
    row = {**head, "status": status, "printed": _plain(theirs), "ours": _plain(mine), "difference": apart}
    known = key == NOBODY or (convention.library, convention.metric, key) == ("recommenders", "ndcg", "repeats")
    return {**row, "why": WHY[key]} if known and not agrees else row


def _plain(value: float | str) -> float | str:
    """JSON has no word for NaN."""
    return "NaN" if isinstance(value, float) and math.isnan(value) else value
