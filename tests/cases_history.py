"""Against history."""

from cases import Case

CASES: dict[str, Case] = {}
