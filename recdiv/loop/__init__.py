"""The closed loop: recommend, choose, log, learn, and what becomes of diversity.

``run(Config(...))`` plays it with people whose wishes are known, and measures every round.
"""

from __future__ import annotations

from recdiv.loop._config import EXAMPLE, Config
from recdiv.loop._run import Result, run
from recdiv.loop._world import World, make_world

__all__ = ["EXAMPLE", "Config", "Result", "World", "make_world", "run"]
