"""Rows of the comparison: what was printed, ours under that convention, and whether they are one number."""

from __future__ import annotations

import hashlib
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
ALSO_BY_FORMULA = {"lenskit": ("ILS",)}  # numbers of a newer version than this Python can run
WHY = {  # where we cannot print what they do
    NOBODY: "an item outside the catalogue has no identity here: put it in",
    "repeats": "its joins take an item held twice for four",
}


def names() -> list[str]:
    """All libraries with a convention, those that are run first."""
    return [*PEERS, *SOURCE_ONLY]


def fingerprint() -> str:
    """SHA-256 of the inputs."""
    return hashlib.sha256(json.dumps(INPUTS).encode()).hexdigest()


def claims(name: str) -> dict[str, Convention]:
    """Conventions of one library and of its further numbers, by the library's own name for them."""
    mine = [each for each in conventions() if each.library == name or each.library.startswith(f"{name}-")]
    return {each.printed_as: each for each in mine}


def answers(name: str) -> Printed:
    """What a library prints for every input: run, or by its formulas."""
    found: Printed = json.loads(printed(PEERS[name], json.dumps(INPUTS))) if name in PEERS else {}
    if name in (*SOURCE_ONLY, *ALSO_BY_FORMULA):
        numbers = formulas(name)
        return {key: {**found.get(key, {}), **asked(numbers, one)} for key, one in INPUTS.items()}
    return found


def rows(name: str, said: Printed) -> Iterator[Row]:
    """One row a number.

    Raises:
        KeyError: if the library prints something that no convention claims.
    """
    claimed = claims(name)
    for key, numbers in said.items():
        if "*" in numbers:  # the input as a whole was refused
            numbers = dict.fromkeys(claimed, numbers["*"])
        for title, answer in numbers.items():
            yield _row(name, key, claimed[title.partition("@")[0]], title, answer)


def _row(name: str, key: str, convention: Convention, title: str, answer: dict[str, Any]) -> Row:
    _, at, options = title.partition("@")
    metric = convention.metric + at + options
    mine = ours.value(metric, convention.library, INPUTS[key])
    theirs: float | str = answer.get("error", "") or float(answer["value"])
    head = {
        "library": convention.library, "printed_as": title, "metric": metric, "input": key,
        "source": "run" if name in PEERS and title not in ALSO_BY_FORMULA.get(name, ()) else "formula",
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
