"""Over time."""

from cases import Case

CASES: dict[str, Case] = {}
