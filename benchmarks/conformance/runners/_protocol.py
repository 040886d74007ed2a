"""How every peer is asked: inputs as JSON in, the numbers it prints as JSON out. Runs in the peer's own environment."""

import json
import sys
import warnings
from pathlib import Path


def main(numbers) -> None:  # noqa: ANN001
    """Ask ``numbers(input)``, a dictionary of calls by name, for every input; what raises is printed as its error."""
    warnings.simplefilter("ignore")
    given, answer = map(Path, sys.argv[1:3])
    inputs = json.loads(given.read_text())
    answer.write_text(json.dumps({name: asked(numbers, one) for name, one in inputs.items()}))


def asked(numbers, one) -> dict:  # noqa: ANN001
    """Every number of one input, by the library's own name."""
    try:
        calls = numbers(one)
    except Exception as error:
        return {"*": {"error": _said(error)}}
    return {name: _answer(call) for name, call in calls.items()}


def _answer(call) -> dict:  # noqa: ANN001
    try:
        value = float(call())
    except Exception as error:
        return {"error": _said(error)}
    return {"value": value} if value == value else {"value": "NaN"}


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:160]


def histories(pairs, users) -> list:  # noqa: ANN001
    """The items of each user, in order."""
    return [[item for user, item in pairs if user == one] for one in users]
