"""The closed loop: recommend, choose, log, learn, and what becomes of diversity.

``run(Config(...))`` plays it with people whose wishes are known, and measures every round.
"""

from __future__ import annotations

from recdiv.loop._config import EXAMPLE, Config
from recdiv.loop._run import Result, run
from recdiv.loop._seeds import against, change, over_seeds, stacked
from recdiv.loop._world import World, make_world

__all__ = ["EXAMPLE", "Config", "Result", "World", "against", "change", "make_world", "over_seeds", "run", "stacked"]
