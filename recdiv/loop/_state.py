"""What a loop has come to: everything the next round depends on, kept on disk whole or not at all."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv.loop._choose import Choices
from recdiv.loop._config import Config
from recdiv.loop._world import Floats, Ints, World
from recdiv.recommend import Recommender
from recdiv.tables import Interactions

Row = tuple[int, float, str, str, str, float]  # round, day, group, view, measure, value


@dataclass
class State:
    """The loop so far.

    Attributes:
        world: whose loop it is.
        round: rounds that are done.
        user, item, at, slot: every choice of the loop in order: row of the user, row of the item, the round (from 1),
            the slot of the list it came from (0: none).
        passed: how often each item was shown to each user and passed over, ``[U, I]``.
        exposure: how often each round showed each item, one ``[I]`` a round.
        diversity: of the re-ranker in the next round.
        gamma: of the first round's lists; 0 before it.
        rows: the frame so far.
    """

    world: World
    diversity: float
    round: int = 0
    user: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    item: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    at: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    slot: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    passed: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 0), dtype=np.int32))
    exposure: list[Ints] = field(default_factory=list)
    gamma: float = 0.0
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.passed.size:
            self.passed = np.zeros((self.world.n_users, self.world.n_items), dtype=np.int32)

    def had(self) -> npt.NDArray[np.bool_]:
        """What each user had before or in the loop, ``[U, I]``."""
        had = np.zeros(self.passed.shape, dtype=bool)
        history = self.world.history
        had[self.world.rows_of(history.users)[history.user], history.item] = True
        had[self.user, self.item] = True
        return had

    def left(self, had: npt.NDArray[np.bool_], config: Config) -> Floats:
        """What boredom and fatigue leave of each wish, ``[U, I]`` in [0, 1]."""
        things = np.zeros((self.world.n_users, int(self.world.thing.max()) + 1), dtype=bool)
        user, item = had.nonzero()
        things[user, self.world.thing[item]] = True
        bored = np.where(things[:, self.world.thing], config.boredom, 1.0)
        return np.asarray(bored * config.fatigue**self.passed)

    def add(self, lists: Ints, made: Choices) -> None:
        """Log a round: its lists and the choices made of them and beside them."""
        self.round += 1
        self.user, self.item = np.append(self.user, made.user), np.append(self.item, made.item)
        self.slot = np.append(self.slot, made.slot)
        self.at = np.append(self.at, np.full(len(made.user), self.round))
        shown = np.zeros(self.passed.shape, dtype=bool)
        row, slot = (lists >= 0).nonzero()
        shown[row, lists[row, slot]] = True
        self.exposure.append(shown.sum(0))
        shown[made.user, made.item] = False
        self.passed += shown

    def histories(self) -> list[Ints]:
        """Item rows of each user of the world, oldest first."""
        before = self.world.history.histories(self.world.users)
        order = np.argsort(self.user, kind="stable")
        parts = np.split(self.item[order], np.cumsum(np.bincount(self.user, minlength=self.world.n_users))[:-1])
        return [np.concatenate(pair) for pair in zip(before, parts, strict=True)]

    def training(self, days: Floats, keep: npt.NDArray[np.bool_] | None = None) -> Interactions:
        """What is known by now: the history and all choices of the loop, or those to ``keep`` of all of them."""
        old = self.world.history.frame[["user_id", "item_id", "timestamp"]]
        step = (days[1] - days[0]) if len(days) > 1 else 1.0
        place = np.arange(len(self.at)) / max(len(self.at), 1)  # one after the other within a round
        new = pd.DataFrame(
            {
                "user_id": self.world.users[self.user],
                "item_id": self.world.catalog.item_ids[self.item],
                "timestamp": days[self.at - 1] + step * place if len(self.at) else place,
            }
        )
        frame = pd.concat([old, new], ignore_index=True) if len(new) else old
        return Interactions(frame if keep is None else frame.loc[keep], self.world.catalog)

    def save(self, folder: Path, model: Recommender) -> None:
        """Write all of it to ``folder``; a kill at any moment leaves this state or the one before."""
        name = f"model-{self.round}"
        model.save(folder / name)
        buffer = io.BytesIO()
        arrays = {name: getattr(self, name) for name in (*_KEPT, "passed")}
        told = {"round": self.round, "diversity": self.diversity, "gamma": self.gamma, "rows": self.rows}
        words = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)
        np.savez_compressed(buffer, told=words, exposure=np.array(self.exposure), **arrays)
        unfinished = folder / f".state.{os.getpid()}"
        unfinished.write_bytes(buffer.getvalue())
        os.replace(unfinished, folder / STATE)
        for old in folder.glob("model-*"):
            if old.name != name:
                shutil.rmtree(old, ignore_errors=True)

    @classmethod
    def read(cls, folder: Path, world: World) -> State:
        """What ``save`` wrote.

        Raises:
            ValueError: if the file is cut short or of another world.
        """
        try:
            with np.load(folder / STATE, allow_pickle=False) as found:
                arrays = {name: found[name] for name in (*_KEPT, "passed")}
                exposure, told = list(found["exposure"]), json.loads(found["told"].tobytes())
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"folder {str(folder)!r} holds a checkpoint that cannot be read: {error}") from None
        if arrays["passed"].shape != (world.n_users, world.n_items):
            raise ValueError(f"folder {str(folder)!r} holds a checkpoint of {arrays['passed'].shape} users and items")
        rows: list[Any] = [tuple(row) for row in told.pop("rows")]
        return cls(world, exposure=exposure, rows=rows, **arrays, **told)


_KEPT = ("user", "item", "at", "slot")
STATE = "state.npz"
